//! What a check says, to people and in JSON.

use postacert::Language;
use postacert::receipt_check::{CheckOutcome, CopyCheck, Weight};

use super::{CSV, PDF, TEXT, compared, hash_part, mixed, sha1};

#[test]
fn a_check_in_both_languages() {
    let original = mixed(&[TEXT, PDF, CSV]);
    let decoded = sha1(b"%PDF-1.4\n%");
    let copy = format!("Received: x\r\n{}", mixed(&[TEXT, &hash_part("a.pdf.hash", &decoded), &hash_part("b.csv.hash", "0")]));
    let check = compared(&copy, &original);
    assert_eq!(check.outcome(), CheckOutcome::Undecided);
    assert_eq!(
        check.to_string(),
        format!(
            "whether the copy agrees with the original cannot be told\n\
             part 2: SHA-1 {decoded} matches part 2 (a.pdf.hash), over the decoded body\n\
             allowed: the provider added the field Received (copy: the message itself, offset 0)\n\
             open question: the hash \"b.csv.hash\" is not 40 hexadecimal digits (copy: part 3; original: part 3)"
        )
    );
    assert_eq!(
        check.in_language(Language::Italian).to_string(),
        format!(
            "non si può dire se la copia corrisponda all'originale\n\
             parte 2: SHA-1 {decoded} corrisponde a parte 2 (a.pdf.hash), calcolata su il corpo decodificato\n\
             consentito: il gestore ha aggiunto il campo Received (copia: il messaggio stesso, posizione 0)\n\
             questione aperta: l'impronta \"b.csv.hash\" non è composta da 40 cifre esadecimali (copia: parte 3; originale: parte 3)"
        )
    );
}

#[test]
fn words_and_order_of_outcomes_and_weights() {
    assert_eq!(
        [CheckOutcome::Agrees, CheckOutcome::Undecided, CheckOutcome::Differs].map(CheckOutcome::as_str),
        ["agrees", "undecided", "differs"]
    );
    assert_eq!([Weight::Allowed, Weight::Open, Weight::Difference].map(Weight::as_str), ["allowed", "open", "difference"]);
    assert!(Weight::Allowed < Weight::Open && Weight::Open < Weight::Difference);
    assert_eq!(CheckOutcome::Differs.to_string(), "the copy does not agree with the original");
}

#[test]
fn names_stay_on_their_line() {
    let part = "Content-Type: a/b; name*=utf-8''x%0Ay%1B\r\n\r\nz";
    let check = compared(&mixed(&[TEXT]), &mixed(&[TEXT, part]));
    assert_eq!(check.to_string().lines().count(), 2);
}

#[test]
fn too_large_is_an_error() {
    let mut limits = postacert::Limits::default();
    limits.message_bytes = 10;
    let error = CopyCheck::compare_with(b"a: b\r\n\r\n", b"a: b\r\n\r\nciao", &limits).unwrap_err();
    assert_eq!(error.code(), "message-too-long");
}

#[cfg(feature = "serde")]
#[test]
fn a_check_as_json() {
    let check = compared(&mixed(&[TEXT, &hash_part("b.csv.hash", &sha1(b"1;2\n3;4"))]), &mixed(&[TEXT, CSV, PDF]));
    let json = serde_json::to_value(&check).unwrap();
    assert_eq!(json["outcome"], "differs");
    assert_eq!(json["matches"][0]["input"], serde_json::json!({ "content": "encoded", "lines": "lf", "end": "as-kept" }));
    assert_eq!(
        json["findings"][0],
        serde_json::json!({
            "code": "part-missing", "weight": "difference", "text": "\"a.pdf\" of the original is not in the copy",
            "copy_part": null, "copy_offset": null, "original_part": "3", "original_offset": null
        })
    );
}
