//! The whole of what `pec verify --json` says of the fixtures, compared with `tests/fixtures/expected`.
//!
//! A difference is left beside the expectation as `NAME.actual.json`. After the fixtures were made again, or the output was meant to change:
//! `POSTACERT_WRITE_GOLDEN=1 cargo test --all-features golden`, and read the difference before it is committed.
#![cfg(feature = "rustcrypto")]

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command_line::verify;
use crate::fixtures::folder;

/// Everything valid, what real providers send otherwise, and one hostile message of each kind of refusal.
const OTHERS: [&str; 14] = [
    "variant/ber.eml",
    "variant/sha1.eml",
    "variant/solo-lf-busta.eml",
    "variant/postacert-base64.eml",
    "variant/parti-scambiate.eml",
    "variant/daticert-latin1.eml",
    "hostile/testo-alterato.eml",
    "hostile/x-ricevuta-smentita.eml",
    "hostile/firmatario-utente.eml",
    "hostile/autorita-consegna.eml",
    "hostile/firmatario-scaduto.eml",
    "hostile/firmatario-revocato.eml",
    "hostile/daticert-tipo-ignoto.eml",
    "hostile/vuoto.eml",
];

#[test]
fn what_is_said_of_a_fixture_is_what_it_was() {
    let mut names: Vec<String> =
        fs::read_dir(folder().join("valid")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let mut files: Vec<String> = names.into_iter().map(|name| format!("valid/{name}")).collect();
    files.extend(OTHERS.map(str::to_owned));
    let mut arguments = vec!["--json"];
    arguments.extend(files.iter().map(String::as_str));
    let objects = verify(&arguments).objects();
    assert_eq!(objects.len(), files.len());
    let differing: Vec<_> = files.iter().zip(&objects).filter(|(file, object)| !is_expected(file, object)).map(|(file, _)| file).collect();
    assert!(differing.is_empty(), "differ from tests/fixtures/expected: {differing:#?}");
}

fn is_expected(file: &str, object: &Value) -> bool {
    let expected = folder().join("expected").join(Path::new(file).with_extension("json"));
    let actual = expected.with_extension("actual.json");
    let text = format!("{}\n", serde_json::to_string_pretty(object).unwrap());
    let write = |path: &Path| {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, &text).unwrap();
    };
    let _ = fs::remove_file(&actual);
    if std::env::var_os("POSTACERT_WRITE_GOLDEN").is_some() {
        write(&expected);
    }
    let same = fs::read_to_string(&expected).is_ok_and(|wanted| wanted == text);
    if !same {
        write(&actual);
    }
    same
}
