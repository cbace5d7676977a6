//! Bytes and MIME framing: R16, R17, R31.

use postacert::{Check, CheckState, LineForm, Message, MessageClass, Outcome};

use crate::fixtures::{at, read, verifier};
use crate::support::judged::{judge, judge_file};
use crate::support::mail::{replaced, signed_span, with, with_field};

const RECEIPT: &str = "valid/accettazione.eml";

#[test]
fn r16_raw_bytes_first_then_crlf_where_there_is_no_cr() {
    let raw = read("variant/solo-lf.eml");
    let message = Message::parse(&raw).unwrap();
    let report = verifier().verify(&message, at());
    assert_eq!((report.outcome(), report.line_form()), (Outcome::Passed, Some(LineForm::Crlf)));
    assert_eq!(report.evidence().unwrap().line_form(), LineForm::Crlf);
    assert_eq!(
        judge(&raw).flagged("converted-line-endings"),
        "the signature holds over the message with its LF line ends made CR LF again (part 1)"
    );
    judge_file("variant/mbox-lf.eml").flagged("converted-line-endings");
    // The original is given in the form that was signed.
    let (lf, crlf) = (read("variant/solo-lf-busta.eml"), read("valid/posta-certificata-breve.eml"));
    let original = |raw: &[u8]| {
        let message = Message::parse(raw).unwrap();
        verifier().verify(&message, at()).into_verified().unwrap().value().original().unwrap().bytes().to_vec()
    };
    assert_eq!(original(&lf), original(&crlf));
    // One CR in the signed bytes, and nothing is converted.
    let span = signed_span(&raw);
    let first = raw[span.clone()].iter().position(|byte| *byte == b'\n').unwrap() + span.start;
    let mixed = [&raw[..first], b"\r", &raw[first..]].concat();
    judge(&mixed).failed(Check::Signature, "digest-mismatch");
    // A receipt whose CR LF is one LF short fails, too.
    let whole = read(RECEIPT);
    let span = signed_span(&whole);
    let at = whole[span.clone()].windows(2).position(|w| w == b"\r\n").unwrap() + span.start;
    judge(&[&whole[..at], &whole[at + 1..]].concat()).failed(Check::Signature, "digest-mismatch");
    judge(&[&whole[..at + 1], &whole[at + 2..]].concat()).failed(Check::Signature, "digest-mismatch");
}

#[test]
fn r16_mixed_line_ends_bare_cr_and_nul_are_findings() {
    let raw = read(RECEIPT);
    assert!(judge(&replaced(&raw, "\r\nX-Ricevuta", "\nX-Ricevuta")).flagged("mixed-line-endings").contains("CR LF"));
    assert!(judge(&with(&raw, &["X-Prova: a\rb"])).flagged("bare-cr").contains("offset 10"));
    assert!(judge(&with(&raw, &["X-Prova: a\0b"])).flagged("nul-byte").contains("offset 10"));
    judge_file("hostile/nul.eml").flagged("nul-byte");
}

#[test]
fn r17_ambiguous_framing_at_the_root_is_fatal_for_verification_not_for_reading() {
    let raw = read(RECEIPT);
    let multipart = "Content-Type: multipart/signed;";
    let plain = |from: &str, to: &str| replaced(&raw, from, to);
    let boundary = Message::parse(&raw).unwrap().root().content_type().parameter("boundary").unwrap().into_owned();
    let parameter = format!("boundary=\"{boundary}\"");
    for (code, changed) in [
        ("duplicate-header", plain(multipart, &format!("Content-Type: multipart/signed; {parameter}\r\n{multipart}"))),
        ("duplicate-header", with(&raw, &["Content-Transfer-Encoding: 7bit", "Content-Transfer-Encoding: 7bit"])),
        ("duplicate-parameter", plain(&parameter, &format!("{parameter}; {parameter}"))),
        ("duplicate-parameter", plain("micalg=", "micalg=sha1; micalg=")),
        ("parameter-conflict", plain(&parameter, &format!("{parameter}; boundary*=us-ascii''altro"))),
        ("encoded-multipart", with(&raw, &["Content-Transfer-Encoding: base64"])),
        ("encoded-multipart", with(&raw, &["Content-Transfer-Encoding: quoted-printable"])),
        ("no-close-delimiter", plain(&format!("--{boundary}--\r\n"), "")),
        ("boundary-empty", plain(&parameter, "boundary=\"\"")),
    ] {
        let judged = judge(&changed);
        judged.failed(Check::Structure, code);
        assert!(matches!(judged.class, MessageClass::Ordinary), "{code}: {judged:#?}");
        assert_eq!(judged.proven, None);
        // It was read all the same.
        let message = Message::parse(&changed).unwrap();
        assert_eq!(message.claims().from_address().unwrap().as_str(), "posta-certificata@pec.gestoreuno.example");
        assert!(message.mail().text().is_some() || code == "boundary-empty", "{code}");
    }
    for (name, code) in [
        ("boundary-lungo", "boundary-too-long"),
        ("boundary-prefisso", "boundary-prefix"),
        ("boundary-prefisso-interno", "boundary-prefix"),
        ("content-type-due-dopo", "duplicate-header"),
    ] {
        judge_file(&format!("hostile/{name}.eml")).failed(Check::Structure, code);
    }
    // What is lawful is not ambiguous: the same words in an encoding that changes nothing.
    for encoding in ["7bit", "8bit", "binary", "8BIT"] {
        judge(&with(&raw, &[&format!("Content-Transfer-Encoding: {encoding}")])).clean();
    }
    for name in ["boundary-coppia", "boundary-punteggiatura", "boundary-senza-virgolette", "senza-preambolo", "intestazioni-ripiegate"] {
        judge_file(&format!("variant/{name}.eml")).clean();
    }
}

#[test]
fn r17_it_is_fatal_in_the_signature_part_and_among_the_signed_children() {
    let raw = read(RECEIPT);
    let encoding = "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7s\"";
    let twice = replaced(&raw, encoding, &format!("Content-Transfer-Encoding: 7bit\r\n{encoding}"));
    judge(&twice).failed(Check::Structure, "duplicate-header");
    judge_file("hostile/base64-sporco.eml").failed(Check::Structure, "bad-base64");
    for (name, code) in [("daticert-codifica-due", "duplicate-header"), ("daticert-base64-sporco", "bad-base64")] {
        let judged = judge_file(&format!("hostile/{name}.eml"));
        judged.failed(Check::Structure, code);
        assert_eq!((judged.checks.signature, judged.proven), (CheckState::Good, None), "{name}: the mathematics hold");
    }
    // White space in base64 is lawful.
    let start = Message::parse(&raw).unwrap().root().children().nth(1).unwrap().body_offset();
    let spaced = [&raw[..start + 10], b" \t\r\n\r\n  ", &raw[start + 10..]].concat();
    judge(&spaced).clean();
}

#[test]
fn r17_inside_the_original_it_is_the_senders_affair() {
    let judged = judge_file("variant/originale-senza-chiusura.eml");
    assert_eq!(judged.summary(), (Outcome::Passed, MessageClass::Certified), "{judged:#?}");
    let raw = read("variant/originale-senza-chiusura.eml");
    let message = Message::parse(&raw).unwrap();
    let content = verifier().verify(&message, at()).into_verified().unwrap();
    let original = content.value().original().unwrap();
    let codes: Vec<_> = original.message().unwrap().findings().iter().map(|finding| finding.code()).collect();
    assert!(codes.contains(&"no-close-delimiter"), "{codes:?}");
    judge_file("variant/postacert-base64.eml").flagged("encoded-message");
}

/// Hostile shapes, on a stack of 2 MiB: each gets a verdict. (`properties` has every truncation and mutation, `mime` every limit.)
#[test]
fn r31_hostile_shapes_get_a_verdict_on_a_small_stack() {
    let raw = read(RECEIPT);
    let deep_mime = {
        let open: String = (0..100_000).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}x\r\n\r\n--b{n}x\r\n")).collect();
        open.into_bytes()
    };
    let deep_rfc822 = b"Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
    let shapes = [
        deep_mime,
        deep_rfc822,
        with(&raw, &["X-A: b"; 50_000]),
        with_field(&raw, "X-Long", &"x".repeat(1 << 20)),
        with_field(&raw, "From", &"(".repeat(60_000)),
        with_field(&raw, "Subject", &"=?utf-8?q?a?= ".repeat(4_000)),
        with_field(&raw, "To", &"a@b.it, ".repeat(20_000)),
        vec![b'-'; 1 << 20],
        b"\r\n".repeat(1 << 19),
        [b"Content-Type: multipart/signed; boundary=b\r\n\r\n".to_vec(), b"--b\r\n\r\n".repeat(100_000)].concat(),
    ];
    let judged = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
        let verifier = verifier();
        for raw in &shapes {
            if let Ok(message) = Message::parse(raw) {
                let report = verifier.verify(&message, at());
                let _ = (report.to_string(), message.mail().text(), message.carried_messages().count());
            }
        }
        shapes.len()
    });
    assert_eq!(judged.unwrap().join().unwrap(), 10);
}
