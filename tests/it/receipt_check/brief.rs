//! Copies that agree: every form of original, every habit of providers.

use postacert::compose::{brief, relabel};
use postacert::receipt_check::{BriefCheck, CheckOutcome, HashInput, HashedContent, HashedEnd, HashedLines};
use postacert::{Limits, Message};
use proptest::prelude::*;

use super::{CSV, PDF, TEXT, agrees, compared, found, hash_part, mixed, multipart, sha1};
use crate::fixtures;
use crate::support::mail::mail_like;

/// Sections of the parts whose hash matches, after our own provider has made the copy.
fn made_and_compared(original: &str) -> Vec<String> {
    let copy = brief(original.as_bytes()).unwrap();
    let check = BriefCheck::compare(copy.bytes(), original.as_bytes()).unwrap();
    assert_eq!((check.outcome(), check.findings()), (CheckOutcome::Agrees, &[][..]), "{check}");
    let matched: Vec<_> = check.matches().iter().map(|found| (found.section(), found.name().unwrap(), found.sha1())).collect();
    assert_eq!(matched, copy.parts().iter().map(|part| (part.section(), part.hash_name(), part.sha1())).collect::<Vec<_>>());
    check.matches().iter().map(|found| found.section().to_owned()).collect()
}

#[test]
fn s3_3_2_2_every_form_of_original_agrees_with_its_brief_copy() {
    let message = "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nhello";
    let signature = "Content-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nMIIB";
    let encoded = |encoding: &str, body: &str| {
        format!("Content-Type: a/b;\r\n name*=utf-8''perch%C3%A9\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}")
    };
    let table = [
        (mixed(&[TEXT, PDF, CSV]), vec!["2", "3"]),
        (mixed(&[TEXT]), vec![]),
        ("Subject: x\r\n\r\nciao\r\n".into(), vec![]),
        (format!("Subject: x\r\n{PDF}"), vec![""]),
        (mixed(&[&multipart("alternative", "c", &[TEXT, CSV]), &multipart("related", "d", &[TEXT, PDF])]), vec!["1.2", "2.2"]),
        (mixed(&[message, &message.replace("rfc822", "rfc822; name=posta.eml"), TEXT]), vec!["1", "2"]),
        (format!("Subject: x\r\n{message}"), vec![""]),
        (format!("Subject: x\r\n{}", multipart("digest", "c", &["\r\nSubject: y\r\n\r\nz", TEXT])), vec!["1"]),
        (format!("Subject: x\r\n{}", multipart("signed", "c", &[&multipart("mixed", "d", &[TEXT, PDF]), signature])), vec!["1.2"]),
        ("Subject: x\r\nContent-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\nMIIB\r\n".into(), vec![]),
        (mixed(&["Content-Type: application/pkcs7-mime; name=smime.p7m\r\n\r\nMIIB\r\n"]), vec!["1"]),
        (mixed(&[&encoded("base64", "JVBE"), &encoded("quoted-printable", "=C3=A8\r\n"), &encoded("8bit", "è\r\n")]), vec!["1", "2", "3"]),
        (mixed(&["Content-Type: a/b; name=\"=?iso-8859-1?q?perch=E9?=\"\r\n\r\nx"]), vec!["1"]),
        (mixed(&[&format!("Content-Type: a/b; name={}\r\n\r\nx", "n".repeat(5000))]), vec!["1"]),
        // A file of the sender's that is called so.
        (mixed(&["Content-Type: a/b; name=c.hash\r\n\r\nx"]), vec!["1"]),
    ];
    for (original, sections) in table {
        assert_eq!(made_and_compared(&original), sections, "{original}");
        assert_eq!(made_and_compared(&original.replace("\r\n", "\n")), sections, "{original}, with LF");
        assert_eq!(made_and_compared(original.trim_end_matches("\r\n")), sections, "{original}, without its last line end");
        // Without a close delimiter.
        assert_eq!(made_and_compared(original.trim_end().trim_end_matches("--")), sections, "{original}, cut");
    }
}

/// What a program of another made, with the identifiers that a provider writes.
#[test]
fn the_fixtures_agree() {
    let mut run = 0;
    for (original, receipt) in [
        ("originals/breve.eml", "valid/avvenuta-consegna-breve.eml"),
        ("originals/breve-nomi.eml", "valid/avvenuta-consegna-breve-nomi-2231.eml"),
    ] {
        let (original, receipt) = (fixtures::read(original), fixtures::read(receipt));
        let receipt = Message::parse(&receipt).unwrap();
        let content = fixtures::verifier().verify(&receipt, fixtures::at()).into_verified().unwrap();
        let copy = content.split().original.unwrap();
        let check = BriefCheck::of(&copy, &original).unwrap();
        assert_eq!(check.outcome(), CheckOutcome::Agrees, "{check}");
        assert!(check.findings().iter().all(|found| found.code().starts_with("provider-field-")), "{check}");
        assert!(!check.findings().is_empty());
        run += check.matches().len();
    }
    assert_eq!(run, 3);
}

/// The form in which a hash matches, of a part in a message with CR LF or with LF.
fn form_of(part: &str, hashed: &str, line_end: &str) -> (HashedContent, HashedLines, HashedEnd) {
    let (original, copy) = (mixed(&[TEXT, part]), mixed(&[TEXT, &hash_part("a.hash", &sha1(hashed.as_bytes()))]));
    let check = agrees(&copy.replace("\r\n", line_end), &original.replace("\r\n", line_end));
    let [found] = check.matches() else { panic!("{check}") };
    let HashInput { content, lines, end, .. } = found.input();
    (content, lines, end)
}

#[test]
fn r29_whatever_a_provider_hashes_is_found_and_named() {
    use {HashedContent as C, HashedEnd as E, HashedLines as L};
    let base64 = "Content-Type: a/b; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\nYQpi\r\nCg==\r\n";
    let table = [
        ("YQpi\r\nCg==\r\n", "\r\n", (C::Encoded, L::AsKept, E::AsKept)),
        ("YQpi\r\nCg==", "\r\n", (C::Encoded, L::AsKept, E::Without)),
        ("YQpi\r\nCg==\r\n\r\n", "\r\n", (C::Encoded, L::AsKept, E::With)),
        ("YQpi\nCg==\n", "\r\n", (C::Encoded, L::Lf, E::AsKept)),
        ("YQpi\nCg==", "\r\n", (C::Encoded, L::Lf, E::Without)),
        ("YQpi\nCg==\n\n", "\r\n", (C::Encoded, L::Lf, E::With)),
        ("a\nb\n", "\r\n", (C::Decoded, L::AsKept, E::AsKept)),
        ("a\nb", "\r\n", (C::Decoded, L::AsKept, E::Without)),
        ("a\r\nb\r\n", "\r\n", (C::Decoded, L::Crlf, E::AsKept)),
        ("a\r\nb", "\r\n", (C::Decoded, L::Crlf, E::Without)),
        ("a\nb\n\r\n", "\r\n", (C::Decoded, L::AsKept, E::With)),
        ("YQpi\nCg==\n", "\n", (C::Encoded, L::AsKept, E::AsKept)),
        ("YQpi\r\nCg==\r\n", "\n", (C::Encoded, L::Crlf, E::AsKept)),
        ("YQpi\r\nCg==", "\n", (C::Encoded, L::Crlf, E::Without)),
        ("YQpi\r\nCg==\r\n\r\n", "\n", (C::Encoded, L::Crlf, E::With)),
    ];
    for (hashed, line_end, wanted) in table {
        assert_eq!(form_of(base64, hashed, line_end), wanted, "{hashed:?}");
    }
    let quoted = "Content-Type: a/b; name=a\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A8=\r\n!\r\nx";
    assert_eq!(form_of(quoted, "è!\r\nx", "\r\n"), (C::Decoded, L::AsKept, E::AsKept));
    assert_eq!(form_of(quoted, "è!\nx", "\r\n"), (C::Decoded, L::Lf, E::AsKept));
    // One line without an end: what is added is what tells.
    let plain = "Content-Type: a/b; name=a\r\n\r\nx";
    assert_eq!(form_of(plain, "x\n", "\r\n"), (C::Encoded, L::Lf, E::With));
    assert_eq!(form_of(plain, "x\r\n", "\n"), (C::Encoded, L::Crlf, E::With));
    // A kept message that has lost its last line end.
    let (kept, hash) = ("Subject: x\r\nContent-Type: a/b; name=a\r\n\r\nx", hash_part("a.hash", &sha1(b"x\r\n")));
    let input = agrees(&format!("Subject: x\r\n{hash}"), kept).matches()[0].input();
    assert_eq!((input.lines, input.end), (L::Crlf, E::With));
    // Both kinds of line end.
    let mixed = "Content-Type: a/b; name=a\r\n\r\nx\r\ny\u{0}";
    for (hashed, lines) in [("x\r\ny\u{0}", L::AsKept), ("x\ny\u{0}", L::Lf)] {
        assert_eq!(form_of(mixed, hashed, "\r\n"), (C::Encoded, lines, E::AsKept));
    }
    let (original, copy) =
        (super::mixed(&["Content-Type: a/b; name=a\r\n\r\nx\r\ny\nz"]), super::mixed(&[&hash_part("a.hash", &sha1(b"x\r\ny\r\nz"))]));
    assert_eq!(agrees(&copy, &original).matches()[0].input().lines, L::Crlf);
}

#[test]
fn a_hash_may_be_written_in_other_ways() {
    let hash = sha1(b"1;2\r\n3;4");
    let original = mixed(&[CSV]);
    for text in [hash.to_uppercase(), format!("\r\n {hash} \r\n\r\n")] {
        agrees(&mixed(&[&hash_part("b.csv.hash", &text)]), &original);
    }
    for part in [
        format!("Content-Type: text/plain\r\nContent-Disposition: inline; filename=\"b.csv.HASH\"\r\n\r\n{hash}"),
        format!("Content-Type: application/octet-stream; name*=utf-8''b%2Ecsv.hash\r\n\r\n{hash}"),
        format!("Content-Type: text/plain; name=b.csv.hash\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=\r\n{hash}=\r\n"),
    ] {
        agrees(&mixed(&[&part]), &original);
    }
}

#[test]
fn names_are_compared_as_they_are_read() {
    let forms = [
        "name=\"perché no.pdf\"",
        "name=\"=?utf-8?q?perch=C3=A9_no.pdf?=\"",
        "name=\"=?iso-8859-1?B?cGVyY2jpIG5vLnBkZg==?=\"",
        "name*=utf-8''perch%C3%A9%20no.pdf",
        "name*0*=iso-8859-1''perch%E9;\r\n name*1=\" no.pdf\"",
        "charset=x\r\nContent-Disposition: attachment; filename*=utf-8'it'perch%C3%A9%20no.pdf",
    ];
    let hash = sha1(b"x");
    for original in forms {
        let original = mixed(&[&format!("Content-Type: a/b; {original}\r\n\r\nx")]);
        for copy in forms {
            let copy = copy.replace("no.pdf", "no.pdf.hash").replace("IG5vLnBkZg==", "IG5vLnBkZi5oYXNo");
            let check = agrees(&mixed(&[&format!("Content-Type: text/plain; {copy}\r\n\r\n{hash}")]), &original);
            assert_eq!(check.matches()[0].name(), Some("perché no.pdf.hash"));
        }
    }
}

/// Those who cannot look into a multipart, or into a message with one, hash it whole.
#[test]
fn a_hash_may_stand_for_a_whole_multipart() {
    let inner = multipart("alternative", "c", &[TEXT, PDF]);
    let body = inner.split_once("\r\n\r\n").unwrap().1;
    let check = agrees(&mixed(&[TEXT, &hash_part("parti.hash", &sha1(body.as_bytes()))]), &mixed(&[TEXT, &inner]));
    assert_eq!(check.matches().len(), 1);
}

#[test]
fn a_part_with_a_name_may_be_there_itself() {
    let original = mixed(&[TEXT, PDF]);
    let check = compared(&original, &original);
    assert_eq!((check.outcome(), found(check.findings())), (CheckOutcome::Agrees, vec![("part-carried-whole", Some("2"), Some("2"))]));
    assert!(check.matches().is_empty());
}

#[test]
fn the_identifier_and_the_trace_of_a_provider_are_allowed() {
    let original = mixed(&[TEXT, PDF]);
    let copy = relabel(original.as_bytes(), &"opec1.20250525101010.1.1@pec.example".parse().unwrap()).to_vec();
    let copy = [b"Return-Path: <a@b>\r\nReceived: from x\r\n by y\r\n".to_vec(), brief(&copy).unwrap().bytes().to_vec()].concat();
    let check = BriefCheck::compare(&copy, original.as_bytes()).unwrap();
    assert_eq!(check.outcome(), CheckOutcome::Agrees);
    assert_eq!(
        found(check.findings()),
        [
            ("provider-field-added", Some(""), None),
            ("provider-field-added", Some(""), None),
            ("provider-field-replaced", Some(""), Some("")),
            ("provider-field-added", Some(""), None)
        ]
    );
}

#[test]
fn converted_line_ends_are_said_once() {
    let original = mixed(&[TEXT, PDF]);
    let copy = brief(original.as_bytes()).unwrap().into_bytes().into_owned();
    let check = BriefCheck::compare(&copy, original.replace("\r\n", "\n").as_bytes()).unwrap();
    assert_eq!((check.outcome(), found(check.findings())), (CheckOutcome::Agrees, vec![("line-ends-converted", None, None)]));
}

/// A multipart of these parts, and its brief copy, whatever their number.
fn numbered(parts: impl Iterator<Item = usize>) -> (String, String) {
    let part = |index: usize| format!("--b\r\nContent-Type: a/b; name=\"{index}\"\r\n\r\n{index}\r\n");
    let original = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--\r\n", parts.map(part).collect::<String>());
    let mut limits = Limits::default();
    limits.mime_parts = 1 << 20;
    let copy = postacert::compose::brief_with(original.as_bytes(), &limits).unwrap().into_bytes().into_owned();
    (original, String::from_utf8(copy).unwrap())
}

#[test]
fn a_hundred_thousand_parts_take_linear_time() {
    let (original, _) = numbered(0..99_999);
    let (_, reversed) = numbered((0..99_999).rev());
    let check = compared(&reversed, &original);
    // The one in the middle is where it was.
    assert_eq!((check.matches().len(), check.findings().len(), check.outcome()), (99_999, 99_998, CheckOutcome::Differs));
}

#[test]
fn many_parts_that_are_the_same_or_not_take_linear_time() {
    let (same, _) = numbered(core::iter::repeat_n(1, 9_998));
    let (_, extra) = numbered(core::iter::repeat_n(1, 9_999));
    assert_eq!(found(compared(&extra, &same).findings()), [("part-extra", Some("9999"), None)]);
    let (ours, copy) = numbered(0..9_999);
    assert_eq!(agrees(&copy, &ours).matches().len(), 9_999);
    let (_, others) = numbered(10_000..19_999);
    let check = compared(&others, &ours);
    assert_eq!((check.matches().len(), check.findings().len()), (0, 9_999));
    // One more in front moves all that follow.
    let (more, _) = numbered((20_000..20_001).chain(0..9_999));
    let check = compared(&copy, &more);
    assert_eq!((check.matches().len(), check.findings().len()), (9_999, 10_000));
}

#[test]
fn beyond_the_limits_nothing_is_said_that_is_not_known() {
    let (original, copy) = numbered(0..20);
    let mut limits = Limits::default();
    limits.mime_parts = 10;
    let compared = |copy: &str| BriefCheck::compare_with(copy.as_bytes(), original.as_bytes(), &limits).unwrap();
    assert_eq!(compared(&original).outcome(), CheckOutcome::Agrees, "it is the same to the byte");
    let check = compared(&copy);
    assert_eq!((check.outcome(), found(check.findings())), (CheckOutcome::Undecided, vec![("beyond-limits", Some(""), Some(""))]));
    limits.mime_parts = 21;
    assert_eq!(BriefCheck::compare_with(copy.as_bytes(), original.as_bytes(), &limits).unwrap().outcome(), CheckOutcome::Agrees);
}

fn holds(original: &[u8], limits: &Limits) {
    let copy = postacert::compose::brief_with(original, limits).unwrap();
    let check = BriefCheck::compare_with(copy.bytes(), original, limits).unwrap();
    assert_eq!(check.outcome(), CheckOutcome::Agrees, "{check}");
    assert_eq!(check.matches().len(), copy.parts().len());
    for (found, part) in check.matches().iter().zip(copy.parts()) {
        assert_eq!((found.section(), found.original_section()), (part.section(), part.section()));
        assert_eq!((found.name(), found.sha1()), (Some(part.hash_name()), part.sha1()));
    }
}

#[test]
fn a_cr_that_ends_a_header_without_a_body_is_no_difference() {
    for original in [
        &b"Content-Disposition: attachment; filename=\"\"\n\r"[..],
        b"Content-Type: message/rfc822\r\n\r",
        b"Content-Type: a/b; name=x\n\r",
    ] {
        holds(original, &Limits::default());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_original_agrees_with_its_brief_copy(raw in mail_like(), depth in 1..4_usize) {
        holds(&raw, &Limits::default());
        let mut limits = Limits::default();
        limits.mime_depth = depth;
        holds(&raw, &limits);
        holds(&[b"Content-Type: multipart/mixed; boundary=b\r\n\r\n", raw.as_slice()].concat(), &limits);
        let lf: Vec<u8> = raw.into_iter().filter(|byte| *byte != b'\r').collect();
        holds(&lf, &Limits::default());
    }

    #[test]
    fn any_bytes_agree_with_their_brief_copy(raw in prop::collection::vec(any::<u8>(), 0..200)) {
        holds(&raw, &Limits::default());
    }

    #[test]
    fn any_two_messages_are_compared(one in mail_like(), other in mail_like()) {
        let check = BriefCheck::compare(&one, &other).unwrap();
        prop_assert!(!check.to_string().is_empty());
    }
}
