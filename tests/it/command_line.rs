//! The command line `pec`, run as its users run it.
#![cfg(feature = "rustcrypto")]

#[cfg(feature = "serde")]
mod bundle;
mod dossier;
mod page;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

const TRUST: [&str; 10] = [
    "--directory",
    "directory/directory.ldif",
    "--anchors",
    "pki/root.pem",
    "--certs",
    "pki/issuing.pem",
    "--crl",
    "pki/root.crl",
    "--crl",
    "pki/issuing.crl",
];

/// The built example. `cargo test` builds it; a run of this test binary alone may have to.
fn pec() -> &'static Path {
    static PEC: OnceLock<PathBuf> = OnceLock::new();
    PEC.get_or_init(|| {
        let test = std::env::current_exe().expect("this test is a program");
        let profile = test.parent().and_then(Path::parent).expect("tests lie in target/PROFILE/deps");
        let pec = profile.join("examples").join(format!("pec{}", std::env::consts::EXE_SUFFIX));
        if !pec.exists() {
            let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            cargo.args(["build", "--example", "pec", "--target-dir"]).arg(profile.parent().expect("target/PROFILE"));
            if cfg!(feature = "serde") {
                cargo.args(["--features", "serde"]);
            }
            if profile.ends_with("release") {
                cargo.arg("--release");
            }
            let status = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().expect("cargo runs");
            assert!(status.success(), "the example builds");
        }
        pec
    })
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn at() -> String {
    fs::read_to_string(fixtures().join("at.txt")).unwrap().trim().to_owned()
}

/// A folder of its own for a test, empty.
fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("command_line").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[derive(Debug)]
pub(crate) struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it ended by itself"),
            out: String::from_utf8(output.stdout).expect("texts are UTF-8"),
            err: String::from_utf8(output.stderr).expect("texts are UTF-8"),
        }
    }
}

impl Ran {
    /// The objects of the lines, of which there is nothing else.
    pub(crate) fn objects(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
    }

    fn object(&self) -> Value {
        let mut objects = self.objects();
        assert_eq!(objects.len(), 1, "{self:?}");
        objects.remove(0)
    }
}

/// Runs `pec` among the fixtures.
fn run(arguments: &[&str]) -> Ran {
    Command::new(pec()).args(arguments).current_dir(fixtures()).stdin(Stdio::null()).output().unwrap().into()
}

fn run_with_input(arguments: &[&str], input: &[u8]) -> Ran {
    let mut command = Command::new(pec());
    command.args(arguments).current_dir(fixtures()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap().into()
}

/// `pec verify` with the fixtures' trust, at their time.
pub(crate) fn verify(arguments: &[&str]) -> Ran {
    let at = at();
    let mut all = vec!["verify"];
    all.extend(TRUST);
    all.extend(["--at", at.as_str()]);
    all.extend(arguments);
    run(&all)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn codes(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|item| item["code"].as_str().expect("a code")).collect()
}

// -- verify --json --

#[test]
fn json_has_the_shape_that_was_promised() {
    let ran = verify(&["--json", "valid/avvenuta-consegna-completa.eml"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let object = ran.object();
    let top =
        ["file", "outcome", "class", "reasons", "findings", "checks", "content", "signer", "digest", "signing_time", "message_sha256"];
    assert_eq!(keys(&object), top);
    assert_eq!(keys(&object["checks"]), ["structure", "signature", "chain", "time", "revocation", "authority", "content"]);
    let content = [
        "proof",
        "kind",
        "errore",
        "receipt",
        "identificativo",
        "msgid",
        "sender",
        "recipients",
        "reply_to",
        "subject",
        "consegna",
        "ricezione",
        "errore_esteso",
        "provider",
        "when",
        "original",
    ];
    assert_eq!(keys(&object["content"]), content);
    assert_eq!(keys(&object["content"]["original"]), ["bytes", "sha256"]);
    assert_eq!(keys(&object["signer"]), ["subject", "issuer", "serial", "sha256", "email", "provider"]);
}

#[test]
fn json_says_what_the_signed_data_say() {
    let file = "valid/avvenuta-consegna-completa.eml";
    let object = verify(&["--json", file]).object();
    let content = &object["content"];
    assert_eq!((&object["file"], &object["outcome"], &object["class"]), (&file.into(), &"passed".into(), &"certified".into()));
    assert_eq!((&object["reasons"], &object["findings"]), (&Value::Array(vec![]), &Value::Array(vec![])));
    assert_eq!(
        (&content["proof"], &content["kind"], &content["errore"]),
        (&"verified".into(), &"avvenuta-consegna".into(), &"nessuno".into())
    );
    assert_eq!((&content["receipt"], &content["errore_esteso"]), (&"completa".into(), &Value::Null));
    assert_eq!(content["sender"], "mario.rossi@pec.gestoreuno.example");
    assert_eq!(content["recipients"][0], serde_json::json!(["protocollo@cert.duepostale.example", "certificato"]));
    assert_eq!(content["recipients"][2], serde_json::json!(["info@ordinaria.example", "esterno"]));
    assert_eq!(content["consegna"], "protocollo@cert.duepostale.example");
    assert_eq!(content["ricezione"], serde_json::json!([]));
    let id = content["identificativo"].as_str().unwrap();
    assert!(id.ends_with("@pec.gestoreuno.example") && !id.starts_with('<'), "{id}");
    let msgid = content["msgid"].as_str().unwrap();
    assert!(msgid.starts_with('<') && msgid.ends_with('>'), "brackets as written: {msgid}");
    let when = content["when"].as_str().unwrap();
    assert!(when.ends_with("+01:00") || when.ends_with("+02:00"), "the offset as written: {when}");
    assert_eq!(object["digest"], "sha256");
    assert_eq!(object["signer"]["provider"], "Servizi Postali Due S.r.l.");
    assert_eq!(object["signer"]["email"], serde_json::json!(["posta-certificata@cert.duepostale.example"]));
    let serial = object["signer"]["serial"].as_str().unwrap();
    assert!(!serial.is_empty() && serial.chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase()), "{serial}");
    assert_eq!(object["message_sha256"], sha256(&fs::read(fixtures().join(file)).unwrap()));
    assert!(object["checks"].as_object().unwrap().values().all(|state| state == "good"), "{}", object["checks"]);
}

/// The column of a table with tabs, by its name.
fn column<'t>(header: &str, row: &'t str, name: &str) -> &'t str {
    let index = header.split('\t').position(|column| column == name).expect("the column is there");
    row.split('\t').nth(index).expect("each row has all columns")
}

#[test]
fn json_gives_one_line_a_file_in_order_and_what_each_must_give() {
    let index = fs::read_to_string(fixtures().join("index.tsv")).unwrap();
    let (header, rows) = index.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let mut arguments = vec!["--json"];
    arguments.extend(rows.iter().map(|row| column(header, row, "file")));
    let ran = verify(&arguments);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let objects = ran.objects();
    assert!(rows.len() > 100 && objects.len() == rows.len(), "{} of {}", objects.len(), rows.len());
    for (row, object) in rows.iter().zip(&objects) {
        let file = column(header, row, "file");
        assert_eq!(object["file"], file, "in the order given");
        let is_one_of = |name: &str, value: &Value| column(header, row, name).split('|').any(|one| value == one);
        assert!(is_one_of("outcome", &object["outcome"]) && is_one_of("class", &object["class"]), "{row}\n{object}");
        let (reasons, findings) = (codes(&object["reasons"]), codes(&object["findings"]));
        let code = column(header, row, "code");
        assert!(code == "-" || code.split('|').any(|code| reasons.contains(&code)), "{row}\n{reasons:?}");
        let due = column(header, row, "findings");
        assert!(due == "-" || due.split(' ').all(|code| findings.contains(&code)), "{row}\n{findings:?}");
        let passed = object["outcome"] == "passed";
        assert_eq!(passed, reasons.is_empty(), "a reason unless it passed: {file}");
        if !object["content"].is_null() {
            assert_eq!(object["content"]["proof"] == "verified", passed, "{file}");
        }
    }
}

#[test]
fn json_of_an_anomaly_has_only_kind_and_original() {
    let object = verify(&["--json", "valid/anomalia-ordinaria.eml"]).object();
    assert_eq!((&object["outcome"], &object["class"]), (&"passed".into(), &"anomaly".into()));
    for (key, value) in object["content"].as_object().unwrap() {
        match key.as_str() {
            "proof" => assert_eq!(value, "verified"),
            "kind" => assert_eq!(value, "anomalia"),
            "original" => assert!(value["bytes"].as_u64().unwrap() > 0),
            "recipients" | "ricezione" => assert_eq!(value, &serde_json::json!([])),
            _ => assert!(value.is_null(), "{key}: {value}"),
        }
    }
}

#[test]
fn json_of_a_forgery_keeps_what_can_be_read_and_calls_it_unverified() {
    let object = verify(&["--json", "hostile/testo-alterato.eml"]).object();
    assert_eq!((&object["outcome"], &object["class"]), (&"failed".into(), &"ordinary".into()));
    assert_eq!((&object["checks"]["signature"], codes(&object["reasons"])), (&"bad".into(), vec!["digest-mismatch"]));
    assert_eq!((&object["content"]["proof"], &object["content"]["kind"]), (&"unverified".into(), &"accettazione".into()));
    assert!(object["signer"]["subject"].is_string() && object["digest"] == "sha256" && object["signing_time"].is_string());
}

#[test]
fn json_is_there_for_garbage_too() {
    let folder = scratch("garbage");
    let all_bytes: Vec<u8> = (0..=255).cycle().take(4_096).collect();
    let long_header = [b"Subject: ".to_vec(), vec![b'a'; 3 << 20], b"\r\n\r\n".to_vec()].concat();
    let cases: [(&str, &[u8], &str); 4] = [
        ("empty.eml", b"", "not-pec"),
        ("bytes.eml", &all_bytes, "not-pec"),
        ("half.eml", b"Content-Type: multipart/signed; boundary=x\r\n\r\n--x\r\n", "signed-part-count"),
        ("header.eml", &long_header, "header-too-long"),
    ];
    for (name, bytes, code) in cases {
        let path = folder.join(name);
        fs::write(&path, bytes).unwrap();
        let ran = verify(&["--json", path.to_str().unwrap()]);
        let object = ran.object();
        assert_eq!((ran.code, &object["outcome"], &object["class"]), (1, &"failed".into(), &"ordinary".into()), "{name}");
        assert!(codes(&object["reasons"]).contains(&code), "{name}: {object}");
        assert_eq!(object["message_sha256"], sha256(bytes), "{name}");
        assert_eq!(object["checks"]["structure"], "bad", "{name}");
    }
}

#[test]
fn a_file_beyond_the_limit_fails_and_is_hashed_whole() {
    let path = scratch("large").join("large.eml");
    let size = (128 << 20) + 5;
    fs::File::create(&path).unwrap().set_len(size).unwrap();
    let ran = verify(&["--json", path.to_str().unwrap()]);
    let object = ran.object();
    assert_eq!((ran.code, &object["outcome"], codes(&object["reasons"])), (1, &"failed".into(), vec!["message-too-long"]));
    assert_eq!(object["message_sha256"], sha256(&vec![0; usize::try_from(size).unwrap()]));
    fs::remove_file(path).unwrap();
}

// -- files and exit codes --

#[test]
fn exit_codes_tell_passed_from_not_passed_from_trouble() {
    assert_eq!(verify(&["valid/accettazione.eml"]).code, 0);
    assert_eq!(verify(&["valid/accettazione.eml", "valid/presa-in-carico.eml"]).code, 0);
    assert_eq!(verify(&["valid/accettazione.eml", "valid/ordinaria.eml"]).code, 1);
    let ran = verify(&["--json", "valid/accettazione.eml", "no-such-file.eml", "valid/ordinaria.eml"]);
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.objects().iter().map(|object| object["file"].clone()).collect::<Vec<_>>(),
        ["valid/accettazione.eml", "valid/ordinaria.eml"]
    );
    assert!(ran.err.starts_with("pec: no-such-file.eml: "), "{}", ran.err);
}

#[test]
fn standard_input_is_a_file_too() {
    let message = fs::read(fixtures().join("valid/accettazione.eml")).unwrap();
    let at = at();
    let ran = run_with_input(&[&["verify"][..], &TRUST, &["--json", "--at", &at, "-"]].concat(), &message);
    let object = ran.object();
    assert_eq!((ran.code, &object["file"], &object["outcome"]), (0, &"-".into(), &"passed".into()));
}

#[test]
fn options_that_do_not_go_together_are_wrong_usage() {
    let file = "valid/accettazione.eml";
    let cases: [&[&str]; 10] = [
        &["verify", file, "--basis", "archive"],
        &["verify", file, "--basis", "timestamp"],
        &["verify", file, "--basis", "asserted"],
        &["verify", file, "--basis", "certification", "--at", "2026-01-01T00:00:00Z"],
        &["verify", file, "--basis", "yesterday"],
        &["verify", file, "--at", "2026-02-30T00:00:00Z"],
        &["verify", file, "--directory-date", "2026-01-01T00:00:00Z"],
        &["verify", "--policy", "strict"],
        &["verify", "--anchors", "pki/root.pem"],
        &["extract", file],
    ];
    for arguments in cases {
        let ran = run(arguments);
        assert!(ran.code == 2 && ran.out.is_empty() && ran.err.starts_with("error: "), "{arguments:?}: {ran:?}");
    }
}

#[test]
fn trust_that_cannot_be_read_is_told_by_its_file() {
    let cases: [(&[&str], &str); 6] = [
        (&["--directory", "no-such-file.ldif"], "no-such-file.ldif"),
        (&["--directory", "at.txt"], "at.txt"),
        (&["--anchors", "at.txt"], "at.txt"),
        (&["--certs", "at.txt"], "at.txt"),
        (&["--crl", "at.txt"], "at.txt"),
        (&["--issuers", "no-such-file.pem"], "no-such-file.pem"),
    ];
    for (options, file) in cases {
        let ran = run(&[&["verify", "valid/accettazione.eml"][..], options].concat());
        assert!(ran.code == 2 && ran.out.is_empty() && ran.err.starts_with(&format!("pec: {file}: ")), "{options:?}: {ran:?}");
    }
}

#[test]
fn bases_and_policies_reach_the_verifier() {
    let outcome = |arguments: &[&str]| {
        let all = [&["verify", "--json"][..], &TRUST, arguments, &["valid/accettazione.eml"]].concat();
        let object = run(&all).object();
        (object["outcome"].as_str().unwrap().to_owned(), codes(&object["reasons"]).iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let at = at();
    let passed = ("passed".to_owned(), vec![]);
    for basis in ["now", "asserted", "timestamp", "archive"] {
        assert_eq!(outcome(&["--at", &at, "--basis", basis]), passed, "{basis}");
    }
    assert_eq!(outcome(&["--at", &at]), passed);
    assert_eq!(outcome(&["--at", &at, "--policy", "strict"]), passed);
    assert_eq!(outcome(&["--basis", "certification"]), ("indeterminate".to_owned(), vec!["self-asserted-time".to_owned()]));
    assert_eq!(outcome(&["--basis", "certification", "--policy", "archive"]), passed);
    let expired = ("indeterminate".to_owned(), vec!["out-of-bounds-no-proof".to_owned()]);
    assert_eq!(outcome(&["--at", "2090-01-01T00:00:00Z", "--basis", "archive"]), expired);
    let stale = ("indeterminate".to_owned(), vec!["directory-out-of-date".to_owned()]);
    assert_eq!(outcome(&["--at", &at, "--directory-date", "2020-01-01T00:00:00Z"]), stale);
}

#[test]
fn anchors_alone_need_an_accepted_issuer() {
    let at = at();
    let anchors = ["verify", "--json", "--anchors", "pki/root.pem", "--certs", "pki/issuing.pem", "--at", &at];
    let object = run(&[&anchors[..], &["valid/accettazione.eml"]].concat()).object();
    assert_eq!((&object["outcome"], &object["checks"]["authority"]), (&"passed".into(), &"not-checked".into()));
    let object = run(&[&anchors[..], &["--issuers", "pki/issuing.pem", "valid/accettazione.eml"]].concat()).object();
    assert_eq!(object["outcome"], "passed");
    let object = run(&[&anchors[..], &["--issuers", "pki/users-ca.pem", "valid/accettazione.eml"]].concat()).object();
    assert_eq!((&object["outcome"], codes(&object["reasons"])), (&"failed".into(), vec!["issuer-not-accepted"]));
}

#[test]
fn without_trust_options_the_public_roots_count() {
    let at = at();
    let object = run(&["verify", "--json", "--at", &at, "valid/accettazione.eml"]).object();
    assert_eq!(
        (&object["outcome"], &object["checks"]["signature"], &object["checks"]["chain"]),
        (&"failed".into(), &"good".into(), &"bad".into())
    );
    assert!(codes(&object["reasons"]).contains(&"no-path"));
}

// -- texts --

#[test]
fn without_a_file_the_samples_are_verified() {
    let ran = run(&["verify"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    let names = fs::read_to_string(fixtures().join("bundled.txt")).unwrap();
    let mut at = 0;
    for name in names.lines().filter(|line| !line.is_empty()) {
        at += ran.out[at..].find(name).unwrap_or_else(|| panic!("{name} in its place"));
    }
    assert!(ran.out.contains(" passed ") && ran.out.contains(" anomaly") && !ran.out.contains(" failed "), "{}", ran.out);
    assert!(!ran.out.contains('\x1b'), "no colours where there is no terminal");
    assert_eq!(run(&["verify", "--json"]).objects().len(), names.lines().filter(|line| !line.is_empty()).count());
}

#[test]
fn a_text_says_outcome_reason_proof_and_claims() {
    let ran = verify(&["valid/accettazione.eml"]);
    assert!(ran.out.starts_with("valid/accettazione.eml: passed, certified\n"), "{}", ran.out);
    assert!(ran.out.contains("\nProven\n") && ran.out.contains("acceptance receipt (accettazione)"), "{}", ran.out);
    let ran = verify(&["hostile/testo-alterato.eml"]);
    assert!(ran.out.contains("\nWhy\n") && ran.out.contains("\nClaimed, not proven\n") && !ran.out.contains("\nProven\n"), "{}", ran.out);
    let ran = verify(&["--lang", "it", "valid/accettazione.eml"]);
    assert!(
        ran.out.starts_with("valid/accettazione.eml: superata, certificata\n") && ran.out.contains("ricevuta di accettazione"),
        "{}",
        ran.out
    );
    let ran = verify(&["--lang", "it", "hostile/testo-alterato.eml"]);
    assert!(ran.out.contains("i byte firmati sono stati modificati dopo la firma"), "{}", ran.out);
    let ran = run(&["--lang", "it", "directory", "valid/accettazione.eml"]);
    assert!(ran.out.contains("questo non è un file LDIF"), "{}", ran.out);
    let ran = run(&["--lang", "it", "verify", "--anchors", "valid/accettazione.eml", "valid/accettazione.eml"]);
    assert!(ran.err.contains("elemento malformato (certificato)"), "{}", ran.err);
}

#[test]
fn texts_fit_eighty_columns() {
    let long = |line: &&str| line.chars().count() > 80 && line.split_whitespace().all(|word| word.chars().count() < 60);
    for arguments in [
        &["verify"][..],
        &["show", "valid/posta-certificata-completa.eml"],
        &["directory", "directory/directory.ldif"],
        &["help", "verify"],
        &["help", "dossier"],
    ] {
        let ran = run(arguments);
        assert_eq!(ran.out.lines().find(long), None, "{arguments:?}");
    }
}

#[test]
fn show_says_that_nothing_is_verified_and_shows_the_rest() {
    let ran = run(&["show", "valid/posta-certificata-completa.eml"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let unwrapped = ran.out.replace('\n', " ");
    assert!(
        unwrapped.contains("Nothing below is verified") && unwrapped.contains("pec verify valid/posta-certificata-completa.eml"),
        "{}",
        ran.out
    );
    for expected in
        ["transport envelope (posta-certificata)", "1.3 message/rfc822 \"postacert.eml\"", "The message carried inside", "  | Buongiorno,"]
    {
        assert!(ran.out.contains(expected), "{expected}: {}", ran.out);
    }
    let ran = run(&["show", "valid/lista.eml"]);
    assert!(ran.out.contains("This is no PEC message") && ran.out.contains("Messages inside"), "{}", ran.out);
}

/// A message of its sender's whims, in every place that is shown: an escape sequence, a C1 control, a change of reading direction.
fn whims(whim: &str) -> Vec<u8> {
    let percent: String = whim.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let word: String = whim.bytes().map(|byte| format!("={byte:02X}")).collect();
    format!(
        "From: =?utf-8?q?{word}?= <a@b.example>\r\nTo: \"{whim}\" <c@d.example>\r\nSubject: =?utf-8?q?{word}?=\r\nX-Ricevuta: {whim}\r\n\
         Message-ID: <{whim}@x>\r\nDate: {whim}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         hello {whim}\r\n--b\r\nContent-Type: application/{whim}; name*=utf-8''{percent}.pdf\r\n\r\nx\r\n--b--\r\n"
    )
    .into_bytes()
}

#[test]
fn nothing_in_a_mail_steers_the_terminal() {
    let folder = scratch("whims");
    for whim in ["\x1b[2J\x1b]0;owned\x07", "\u{9b}31m", "\u{202e}gpj", "\u{2066}x\u{2069}", "\x08\x7f"] {
        let path = folder.join("whim.eml");
        fs::write(&path, whims(whim)).unwrap();
        let path = path.to_str().unwrap();
        let out = folder.join("out");
        for arguments in
            [&["show", path][..], &["verify", path], &["verify", "--json", path], &["extract", path, "--out", out.to_str().unwrap()]]
        {
            let ran = run(arguments);
            let harmful = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            assert!(!ran.out.contains(harmful) && !ran.err.contains(harmful), "{arguments:?}: {:?}", ran.out);
        }
    }
    let shown = run(&["show", folder.join("whim.eml").to_str().unwrap()]).out;
    assert!(shown.contains("hello \\u{8}\\u{7f}"), "escaped, not lost: {shown}");
    let name = "no\x1b[31m.eml";
    assert!(run(&["show", name]).err.contains("no\\u{1b}[31m.eml"), "names of files too");
}

// -- extract --

#[test]
fn extract_writes_the_very_bytes() {
    let folder = scratch("extract");
    let file = "valid/posta-certificata-breve.eml";
    let ran = run(&["extract", file, "--out", folder.to_str().unwrap()]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(ran.out.contains("Nothing of this was verified"), "{}", ran.out);
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["daticert.xml", "misure.csv", "postacert.eml", "smime.p7s", "verbale.pdf"]);
    let original = &verify(&["--json", file]).object()["content"]["original"];
    let written = fs::read(folder.join("postacert.eml")).unwrap();
    assert_eq!((&original["bytes"], &original["sha256"]), (&written.len().into(), &sha256(&written).into()));
    assert!(fs::read_to_string(folder.join("daticert.xml")).unwrap().contains("<postacert tipo=\"posta-certificata\""));
    assert!(fs::read(folder.join("verbale.pdf")).unwrap().starts_with(b"%PDF"));
}

fn with_attachments(names: &[&str]) -> Vec<u8> {
    let mut message = String::from("Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n");
    for (index, name) in names.iter().enumerate() {
        let name: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        message +=
            &format!("--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''{name}\r\n\r\n{index}\r\n");
    }
    (message + "--b--\r\n").into_bytes()
}

/// Every file below a folder with its content, sorted.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        assert!(entry.file_type().unwrap().is_file() || entry.file_type().unwrap().is_symlink(), "{entry:?}");
        found.push((entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap_or_default()));
    }
    found.sort();
    found
}

#[test]
fn extract_never_leaves_its_folder() {
    let folder = scratch("names");
    let names = [
        "../../up.txt",
        "/etc/absolute",
        "..\\..\\up.txt",
        "C:\\drive.txt",
        ".hidden",
        "...",
        "..",
        "CON",
        "nul.txt",
        "Com1.tar.gz",
        "LPT¹",
        "a\0b",
        "-rf",
        "tail. .",
        "new\nline",
        "x\u{202e}fdp.exe",
        "stream:data",
    ];
    let path = folder.join("names.eml");
    fs::write(&path, with_attachments(&names)).unwrap();
    let out = folder.join("out");
    let ran = run(&["extract", path.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let written = files(&out);
    assert_eq!(written.len(), names.len(), "each has a file of its own: {written:?}");
    for (name, _) in &written {
        assert!(!name.starts_with(['.', '-']) && !name.contains(['/', '\\', ':']) && !name.ends_with(['.', ' ']), "{name}");
        assert!(!name.chars().any(|c| c.is_control() || c == '\u{202e}'), "{name:?}");
        let stem = name.split('.').next().unwrap().to_uppercase();
        assert!(!["CON", "NUL", "COM1", "LPT¹"].contains(&&*stem), "{name}");
    }
    let beside: Vec<_> = files_and_folders(&folder);
    assert_eq!(beside, ["names.eml", "out"]);
}

fn files_and_folders(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn extract_bounds_the_length_of_names() {
    let folder = scratch("long");
    let (long, wide) = (format!("{}.pdf", "a".repeat(5_000)), format!("{}.pdf", "è".repeat(300)));
    let path = folder.join("long.eml");
    fs::write(&path, with_attachments(&[&long, &long, &wide])).unwrap();
    let out = folder.join("out");
    assert_eq!(run(&["extract", path.to_str().unwrap(), "--out", out.to_str().unwrap()]).code, 0);
    let written = files(&out);
    assert_eq!(written.len(), 3);
    assert!(written.iter().all(|(name, _)| name.len() < 200 && name.ends_with(".pdf")), "{written:?}");
}

#[test]
fn extract_never_overwrites_and_follows_no_link() {
    let folder = scratch("overwrite");
    let out = folder.join("out");
    fs::create_dir(&out).unwrap();
    fs::write(out.join("a.pdf"), "mine").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.join("elsewhere"), out.join("a-2.pdf")).unwrap();
    #[cfg(not(unix))]
    fs::write(out.join("a-2.pdf"), "").unwrap();
    let path = folder.join("a.eml");
    fs::write(&path, with_attachments(&["a.pdf", "A.pdf", "a.pdf"])).unwrap();
    assert_eq!(run(&["extract", path.to_str().unwrap(), "--out", out.to_str().unwrap()]).code, 0);
    assert!(!folder.join("elsewhere").exists(), "a link was followed");
    let written = files(&out);
    assert_eq!(written.len(), 5, "{written:?}");
    assert!(written.contains(&("a.pdf".into(), "mine".into())), "{written:?}");
    for content in ["0", "1", "2"] {
        assert_eq!(written.iter().filter(|(_, written)| written == content).count(), 1, "{written:?}");
    }
}

#[test]
fn a_senders_attachment_is_not_taken_for_the_providers() {
    let folder = scratch("impostor");
    let ran = run(&["extract", "valid/posta-certificata-inoltrata.eml", "--out", folder.to_str().unwrap()]);
    assert_eq!(ran.code, 0);
    let names = files_and_folders(&folder);
    assert!(names.contains(&"postacert.eml".to_owned()) && names.contains(&"original-postacert.eml".to_owned()), "{names:?}");
    let inner = folder.join("original-postacert.eml");
    assert_eq!(verify(&["--json", inner.to_str().unwrap()]).object()["outcome"], "passed", "the forwarded envelope, by itself");
}

// -- compose --

#[test]
fn what_compose_writes_verify_passes() {
    let at = at();
    for form in [&[][..], &["--html"]] {
        let folder = scratch("compose");
        let written = run(&[&["compose", "--out", folder.to_str().unwrap()], form].concat());
        assert_eq!((written.code, written.err.as_str()), (0, ""));
        let mut messages: Vec<String> = files(&folder).into_iter().map(|(name, _)| name).filter(|name| name.ends_with(".eml")).collect();
        messages.sort();
        assert_eq!(messages.len(), 14, "{messages:?}");
        assert_eq!(written.out.lines().count(), messages.len() + 1, "each file is told: {}", written.out);
        let root = folder.join("root.pem");
        for name in messages {
            let file = folder.join(&name);
            let (root, file) = (root.to_str().unwrap(), file.to_str().unwrap());
            let ran = run(&["verify", "--json", "--directory", TRUST[1], "--anchors", root, "--at", &at, file]);
            let object = ran.object();
            assert_eq!(
                (ran.code, &object["outcome"], &object["checks"]["chain"]),
                (0, &"passed".into(), &"good".into()),
                "{name}: {object}"
            );
            assert_eq!(object["class"], if name == "anomalia.eml" { "anomaly" } else { "certified" }, "{name}");
        }
        // It never overwrites.
        assert_eq!(run(&[&["compose", "--out", folder.to_str().unwrap()], form].concat()).code, 2);
    }
}

// -- directory --

#[test]
fn directory_counts_and_names() {
    let ran = run(&["directory", "--json", "directory/short.ldif"]);
    let object = ran.object();
    assert_eq!((ran.code, keys(&object)), (0, vec!["file", "outcome", "providers", "certificates", "domains", "findings", "reasons"]));
    assert_eq!((&object["file"], &object["outcome"]), (&"directory/short.ldif".into(), &"passed".into()));
    assert!(
        object["providers"].as_u64().unwrap() >= 3
            && object["certificates"].as_u64().unwrap() >= 3
            && object["domains"].as_u64().unwrap() >= 3
    );
    let ran = run(&["directory", "directory/short.ldif"]);
    assert_eq!(ran.code, 0);
    for expected in
        ["Gestore Uno PEC S.p.A.", "secondary environment of Gestore Uno", "valid 2020-01-01T00:00:00Z", "pec.gestoreuno.example"]
    {
        assert!(ran.out.contains(expected), "{expected}: {}", ran.out);
    }
}

#[test]
fn directory_tells_findings_by_line() {
    let object = run(&["directory", "--json", "directory/hostile-url-value.ldif"]).object();
    assert_eq!((&object["outcome"], codes(&object["findings"])), (&"passed".into(), vec!["ldif-url-value"]));
    assert!(object["findings"][0]["text"].as_str().unwrap().starts_with("line "));
    assert!(run(&["directory", "directory/hostile-url-value.ldif"]).out.contains("\nNoticed\n  - line "));
}

#[test]
fn directory_that_is_none_fails_with_a_reason() {
    let ran = run(&["directory", "--json", "at.txt"]);
    let object = ran.object();
    assert_eq!((ran.code, &object["outcome"], codes(&object["reasons"])), (1, &"failed".into(), vec!["directory-not-ldif"]));
    assert_eq!(run(&["directory", "at.txt"]).code, 1);
    assert_eq!(run(&["directory", "no-such-file.ldif"]).code, 2);
}

#[test]
fn a_signed_directory_needs_its_signer() {
    let ran = run(&["directory", "directory/short.ldif.p7m"]);
    assert!(ran.code == 2 && ran.err.contains("--directory-signer"), "{ran:?}");
}
