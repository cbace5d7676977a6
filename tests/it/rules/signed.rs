//! What is signed, what is shown: R1 to R8.

use postacert::{Check, CheckState, ContentKind, Message, MessageClass, Outcome, PecKind};

use crate::fixtures::{at, read, verifier};
use crate::support::judged::{judge, judge_file};
use crate::support::mail::{replaced, signed_span, with, with_field, without};

const RECEIPT: &str = "valid/accettazione.eml";

#[test]
fn r01_only_a_root_multipart_signed_of_two_parts_is_signed() {
    judge_file(RECEIPT).clean();
    // Deeper inside, or attached, under the very headers of the good one: ordinary mail.
    for name in ["hostile/daticert-accanto.eml", "hostile/ricevuta-allegata.eml", "valid/lista.eml"] {
        let judged = judge_file(name);
        judged.failed(Check::Structure, "not-pec");
        assert_eq!((judged.class, judged.proven.as_ref()), (MessageClass::Ordinary, None), "{name}");
        assert_eq!(judged.checks.signature, CheckState::NotChecked, "{name}");
        let raw = read(name);
        let message = Message::parse(&raw).unwrap();
        assert_eq!(message.signed().unwrap_err().code(), "not-pec");
        assert!(message.unverified_content().is_none(), "{name}");
    }
    // But what is carried can be opened, and proves of itself what it proves: with its own header outside its part, all but the From.
    let raw = read("hostile/ricevuta-allegata.eml");
    let message = Message::parse(&raw).unwrap();
    let carried: Vec<_> = message.carried_messages().collect();
    assert_eq!(carried[0].bytes(), read(RECEIPT));
    judge(carried[0].bytes()).clean();
    let raw = read("valid/lista.eml");
    let message = Message::parse(&raw).unwrap();
    let wrapped = message.carried_messages().next().unwrap();
    let judged = judge(wrapped.bytes());
    assert_eq!(judged.checks.signature, CheckState::Good);
    judged.failed(Check::Authority, "from-not-signer");

    let third = judge_file("hostile/terza-parte.eml");
    third.failed(Check::Structure, "signed-part-count");
    let raw = read(RECEIPT);
    let boundary = format!("--{}", boundary(&raw));
    let signature = replaced(&raw, "Content-Type: application/x-pkcs7-signature; name=\"smime.p7s\"", "X-Y: z");
    assert!(judge(&signature).has_finding("signature-type"), "the second part is the signature, whatever it calls itself");
    let one = &raw[..raw.windows(boundary.len()).rposition(|w| w == boundary.as_bytes()).unwrap()];
    let end = one.windows(boundary.len()).rposition(|w| w == boundary.as_bytes()).unwrap();
    let one = [&raw[..end], format!("{boundary}--\r\n").as_bytes()].concat();
    assert_eq!(
        judge(&one).failed(Check::Structure, "signed-part-count"),
        "multipart/signed has 1 parts where exactly two belong (the message itself)"
    );
}

fn boundary(raw: &[u8]) -> String {
    let message = Message::parse(raw).unwrap();
    message.root().content_type().parameter("boundary").unwrap().into_owned()
}

#[test]
fn r02_nothing_outside_the_signed_bytes_is_attested() {
    // Preamble, epilogue and outer header hold other certification data, another kind, another sender.
    let good = judge_file(RECEIPT).proven.unwrap();
    for name in ["hostile/preambolo-daticert.eml", "hostile/epilogo-daticert.eml"] {
        let (raw, plain) = (read(name), read(RECEIPT));
        assert_eq!(raw[signed_span(&raw)], plain[signed_span(&plain)], "{name}: the same signed bytes");
        assert_eq!(judge_file(name).proven.unwrap(), good, "{name}");
    }
    let outside = with(
        &read(RECEIPT),
        &["X-Mittente: altri@ordinaria.example", "X-Riferimento-Message-ID: <falso@x>", "Reply-To: altri@ordinaria.example"],
    );
    assert_eq!(judge(&outside).proven.unwrap(), good);
    // A third part makes it no message at all; the carried original's own daticert.xml is never read.
    assert_eq!(judge_file("hostile/terza-parte.eml").proven, None);
    assert_eq!(judge_file("hostile/daticert-solo-annidato.eml").proven, None);
    let carried = judge_file("valid/posta-certificata-originale-pec.eml");
    assert!(carried.proven.unwrap().contains("tipo=\"posta-certificata\""));
}

#[test]
fn r03_the_bytes_that_are_hashed_are_the_bytes_that_are_parsed() {
    // The signed span alone decides both: data and digest follow it to the byte.
    let raw = read(RECEIPT);
    let message = Message::parse(&raw).unwrap();
    let signed = message.signed().unwrap();
    assert_eq!(signed.bytes(), &raw[signed.offset()..][..signed.bytes().len()]);
    let report = verifier().verify(&message, at());
    let digest = postacert::crypto::digest(postacert::crypto::DigestAlgorithm::Sha256, signed.bytes());
    assert_eq!(report.signed_digest(), Some(digest));
    assert_eq!(report.evidence().unwrap().signed_digest(), digest);
    // What is read is inside of what was hashed.
    let daticert =
        message.root().children().next().unwrap().children().find(|part| part.name().as_deref() == Some("daticert.xml")).unwrap();
    assert!(signed.offset() < daticert.offset() && daticert.offset() + daticert.raw().len() < signed.offset() + signed.bytes().len());
    // Delimiter-like text in the middle of a line ends neither.
    judge_file("variant/delimitatore-in-riga.eml").clean();
}

#[test]
fn r04_there_is_one_daticert_and_it_is_a_direct_child() {
    for name in [
        "daticert-certdata",
        "daticert-maiuscole",
        "daticert-octet-stream",
        "daticert-qp",
        "daticert-7bit",
        "daticert-nome-2231",
        "daticert-nome-2047",
    ] {
        judge_file(&format!("variant/{name}.eml")).clean();
    }
    assert!(judge_file("hostile/daticert-due-uguali.eml").flagged("daticert-twice").contains("part 1.3"));
    // By name, or by its root element.
    for name in ["hostile/daticert-due-diversi.eml", "hostile/daticert-radice.eml"] {
        let judged = judge_file(name);
        judged.failed(Check::Content, "daticert-ambiguous");
        assert_eq!((judged.class, judged.proven.as_ref()), (MessageClass::Irregular, None), "{name}");
    }
    // Never deeper: neither in the original nor in a multipart beside it.
    for name in ["hostile/daticert-manca.eml", "hostile/daticert-solo-annidato.eml", "hostile/daticert-piu-dentro.eml"] {
        assert_eq!(
            judge_file(name).failed(Check::Content, "daticert-missing"),
            "there is no daticert.xml among the direct parts of the signed entity (part 1)"
        );
    }
    judge_file("variant/parti-in-piu.eml").clean();
}

#[test]
fn r04_there_is_one_original_message_rfc822_or_named_postacert() {
    for name in [
        "variant/postacert-senza-nome.eml",
        "variant/postacert-altro-tipo.eml",
        "variant/postacert-base64.eml",
        "variant/parti-scambiate.eml",
    ] {
        let raw = read(name);
        let message = Message::parse(&raw).unwrap();
        let content = verifier().verify(&message, at()).into_verified().unwrap();
        let original = content.value().original().unwrap_or_else(|| panic!("{name} has an original"));
        assert!(original.message().unwrap().claims().subject().is_some(), "{name}");
    }
    assert!(judge_file("variant/postacert-base64.eml").flagged("encoded-message").contains("content-transfer-encoding"));
    assert_eq!(
        judge_file("hostile/originale-due.eml").flagged("original-twice"),
        "two parts could be the original message; the first was taken (part 1.4)"
    );
}

/// A change of the outer header, the code of the finding it must give, and what its sentence must hold: both sides.
type Claim<'c> = (&'c str, Vec<u8>, &'c str, &'c [&'c str]);

#[test]
fn r05_claims_that_disagree_are_findings_that_name_both_sides() {
    let receipt = read(RECEIPT);
    let envelope = read("valid/posta-certificata-completa.eml");
    let virus = read("valid/rilevazione-virus.eml");
    let refused = read("valid/non-accettazione-virus.eml");
    let altered = |raw: &[u8], name: &str, value: &str| with_field(raw, name, value);
    let subject = "ACCETTAZIONE: Trasmissione del verbale di collaudo";
    let claims: &[Claim<'_>] = &[
        (
            "another kind",
            altered(&receipt, "X-Ricevuta", "avvenuta-consegna"),
            "claim-mismatch",
            &["X-Ricevuta", "avvenuta-consegna", "\"accettazione\""],
        ),
        (
            "another kind of envelope",
            altered(&without(&receipt, "X-Ricevuta"), "X-Trasporto", "posta-certificata"),
            "claim-mismatch",
            &["X-Trasporto", "posta-certificata", "accettazione"],
        ),
        (
            "a receipt under X-Trasporto: errore",
            altered(&without(&receipt, "X-Ricevuta"), "X-Trasporto", "errore"),
            "claim-mismatch",
            &["X-Trasporto", "errore", "accettazione"],
        ),
        (
            "an envelope under X-Ricevuta",
            altered(&without(&envelope, "X-Trasporto"), "X-Ricevuta", "accettazione"),
            "claim-mismatch",
            &["X-Ricevuta", "accettazione", "posta-certificata"],
        ),
        (
            "another kind of receipt",
            altered(&envelope, "X-TipoRicevuta", "sintetica"),
            "claim-mismatch",
            &["X-TipoRicevuta", "sintetica", "completa"],
        ),
        (
            "a virus that nobody found",
            altered(&receipt, "X-VerificaSicurezza", "errore"),
            "claim-mismatch",
            &["X-VerificaSicurezza", "errore", "nessuno"],
        ),
        (
            "another sender",
            altered(&virus, "X-Mittente", "altri@ordinaria.example"),
            "claim-mismatch",
            &["X-Mittente", "altri@ordinaria.example", "mario.rossi@pec.gestoreuno.example"],
        ),
        (
            "another reference",
            altered(&receipt, "X-Riferimento-Message-ID", "<falso@altrove.example>"),
            "claim-mismatch",
            &["X-Riferimento-Message-ID", "falso@altrove.example", "TX4Q$"],
        ),
        (
            "another subject",
            altered(&receipt, "Subject", "ACCETTAZIONE: Altro"),
            "claim-mismatch",
            &["Subject", "ACCETTAZIONE: Altro", subject],
        ),
        (
            "another kind in the subject",
            altered(&receipt, "Subject", &subject.replace("ACCETTAZIONE", "CONSEGNA")),
            "claim-mismatch",
            &["Subject", "CONSEGNA: T", subject],
        ),
        (
            "another date",
            altered(&receipt, "Date", "Sat, 01 Feb 2020 10:00:00 +0100"),
            "claim-mismatch",
            &["Date", "Sat, 01 Feb 2020", "\"2026-"],
        ),
        ("no date at all", altered(&receipt, "Date", "ieri"), "claim-mismatch", &["Date", "ieri", "\"2026-"]),
        (
            "another identifier",
            altered(&envelope, "Message-ID", "<altro@pec.gestoreuno.example>"),
            "claim-mismatch",
            &["Message-ID", "altro@pec", "opec21008."],
        ),
        ("no identifier", without(&envelope, "Message-ID"), "claim-mismatch", &["Message-ID", "\"\"", "opec21008."]),
        ("both kinds of header", with(&receipt, &["X-Trasporto: posta-certificata"]), "pec-header-both", &["X-Ricevuta", "X-Trasporto"]),
        ("neither", without(&receipt, "X-Ricevuta"), "pec-header-missing", &["X-Ricevuta", "X-Trasporto"]),
        ("an unknown receipt", altered(&receipt, "X-Ricevuta", "forse"), "pec-header-unknown", &["X-Ricevuta", "forse"]),
        ("an unknown envelope", altered(&envelope, "X-Trasporto", "forse"), "pec-header-unknown", &["X-Trasporto", "forse"]),
        ("an unknown kind of receipt", altered(&envelope, "X-TipoRicevuta", "lunga"), "pec-header-unknown", &["X-TipoRicevuta", "lunga"]),
        (
            "an unknown security check",
            altered(&refused, "X-VerificaSicurezza", "forse"),
            "pec-header-unknown",
            &["X-VerificaSicurezza", "forse"],
        ),
        (
            "another Sender",
            with(&receipt, &["Sender: truffa@ordinaria.example"]),
            "sender-mismatch",
            &["truffa@ordinaria.example", "posta-certificata@pec.gestoreuno.example"],
        ),
    ];
    for (what, raw, code, sides) in claims {
        let judged = judge(raw);
        assert_eq!(judged.summary(), (Outcome::Passed, MessageClass::Certified), "{what}: {judged:#?}");
        let said: Vec<&str> = judged.findings.iter().filter(|f| f.0 == *code).map(|f| &*f.1).collect();
        assert!(said.iter().any(|text| sides.iter().all(|side| text.contains(side))), "{what}: {said:?} without {sides:?}");
    }
    for name in
        ["X-Ricevuta: accettazione", "X-Trasporto: errore", "X-TipoRicevuta: breve", "X-VerificaSicurezza: errore", "X-Mittente: a@b.it"]
    {
        let twice = judge(&with(&receipt, &[name, name]));
        assert!(twice.flagged("duplicate-header").contains(name.split(':').next().unwrap()), "{name}");
    }
    assert!(judge(&with(&receipt, &["X-Riferimento-Message-ID: <x@y>"])).flagged("duplicate-header").contains("X-Riferimento-Message-ID"));
}

#[test]
fn r05_what_agrees_is_no_finding() {
    let receipt = read(RECEIPT);
    judge(&without(&receipt, "Sender")).clean();
    judge(&with(&receipt, &["Sender: Posta <posta-certificata@PEC.gestoreuno.example>"])).clean();
    judge(&with_field(&receipt, "X-Ricevuta", "Accettazione")).clean();
    judge(&with_field(&receipt, "Subject", "=?utf-8?q?ACCETTAZIONE=3A?=\r\n Trasmissione  del verbale di\r\n collaudo")).clean();
    judge(&without(&receipt, "Message-ID")).clean();
    judge_file("valid/accettazione-accenti.eml").clean();
}

#[test]
fn r05_the_kind_comes_from_the_signed_data_alone() {
    for (claim, raw) in [
        ("X-Ricevuta: avvenuta-consegna", with_field(&read(RECEIPT), "X-Ricevuta", "avvenuta-consegna")),
        ("X-Trasporto: errore", with_field(&without(&read(RECEIPT), "X-Ricevuta"), "X-Trasporto", "errore")),
        ("none", without(&read(RECEIPT), "X-Ricevuta")),
    ] {
        let message = Message::parse(&raw).unwrap();
        let content = verifier().verify(&message, at()).into_verified().unwrap();
        assert_eq!(content.value().kind(), ContentKind::Certified(PecKind::Acceptance), "{claim}");
        assert_eq!(content.notification().unwrap().value().kind(), PecKind::Acceptance, "{claim}");
        assert!(content.transport_envelope().is_err(), "{claim}");
    }
}

#[test]
fn r06_only_one_well_formed_from_binds() {
    let receipt = read(RECEIPT);
    let signer = "posta-certificata@pec.gestoreuno.example";
    let bare = without(&receipt, "From");
    let binds = |from: &str| judge(&with_field(&receipt, "From", from));
    for from in [
        signer.to_owned(),
        format!("<{signer}>"),
        format!("\"truffa@ordinaria.example\" <{signer}>"),
        format!("{signer} (truffa@ordinaria.example)"),
        "posta-certificata@PEC.GestoreUno.example".to_owned(),
        format!("=?utf-8?q?Posta_Certificata?=\r\n <{signer}>"),
    ] {
        let judged = binds(&from);
        assert_eq!(
            (judged.summary(), judged.checks.authority),
            ((Outcome::Passed, MessageClass::Certified), CheckState::Good),
            "{from}: {judged:#?}"
        );
    }
    for from in [
        format!("{signer}, altri@ordinaria.example"),
        format!("{signer}, {signer}"),
        format!("gestore: {signer};"),
        "undisclosed:;".to_owned(),
        "posta-certificata@".to_owned(),
        "<>".to_owned(),
        String::new(),
        format!("<{signer}"),
        format!("\"{signer}\" <truffa@ordinaria.example>"),
        format!("truffa@ordinaria.example ({signer})"),
        format!("=?utf-8?q?{signer}?= <truffa@ordinaria.example>"),
        format!("{signer}\0"),
        format!("{signer} altri"),
    ] {
        let judged = binds(&from);
        judged.failed(Check::Authority, "from-not-signer");
        assert_eq!(judged.class, MessageClass::Irregular, "{from}");
    }
    let none = judge(&bare);
    assert_eq!(none.failed(Check::Authority, "from-not-signer"), format!("the From address (none) is not the signer's ({signer})"));
    for second in [signer, "altri@ordinaria.example", ""] {
        judge(&with(&receipt, &[&format!("From: {second}")])).failed(Check::Authority, "from-not-signer");
        judge(&replaced(&receipt, "\r\nTo: ", &format!("\r\nFrom: {second}\r\nTo: "))).failed(Check::Authority, "from-not-signer");
    }
}

#[test]
fn r07_readable_text_feeds_no_verdict() {
    // A receipt with its text in text/plain alone, and one whose text was changed by who could sign it, are the same to the verdict; a
    // delivery's words in the text of an acceptance count for nothing.
    let plain = judge_file("variant/testo-semplice.eml");
    plain.clean();
    let proven = plain.proven.unwrap();
    assert!(proven.contains("tipo=\"accettazione\""));
    // And a text without data proves nothing, whatever it says.
    let judged = judge_file("hostile/daticert-manca.eml");
    assert_eq!((judged.outcome, judged.class, judged.proven), (Outcome::Failed, MessageClass::Irregular, None));
}

#[test]
fn r08_an_anomaly_envelope_is_never_certified() {
    for name in ["valid/anomalia-ordinaria.eml", "valid/anomalia-pec-corrotta.eml"] {
        let raw = read(name);
        let message = Message::parse(&raw).unwrap();
        let report = verifier().verify(&message, at());
        assert_eq!((report.outcome(), report.class()), (Outcome::Passed, MessageClass::Anomaly), "{name}");
        let content = report.into_verified().unwrap();
        assert_eq!(content.value().kind(), ContentKind::Anomaly);
        assert!(content.value().data().is_none() && content.value().original().is_some());
        assert!(content.notification().is_err() && content.transport_envelope().is_err());
    }
    let raw = read("valid/anomalia-ordinaria.eml");
    // Without the header, or with another one, it is nothing.
    for changed in
        [without(&raw, "X-Trasporto"), with_field(&raw, "X-Trasporto", "posta-certificata"), with_field(&raw, "X-Trasporto", "forse")]
    {
        let judged = judge(&changed);
        judged.failed(Check::Content, "daticert-missing");
        assert_eq!(judged.class, MessageClass::Irregular);
    }
    judge_file("hostile/anomalia-non-detta.eml").failed(Check::Content, "daticert-missing");
    judge_file("hostile/anomalia-vuota.eml").failed(Check::Content, "anomaly-without-message");
    let more = judge_file("variant/anomalia-con-allegato.eml");
    assert_eq!(more.summary(), (Outcome::Passed, MessageClass::Anomaly));
    assert!(more.finding("anomaly-extra-part").contains("part 1.3"));
    // And the header alone makes no anomaly envelope of a receipt.
    judge_file("hostile/anomalia-finta.eml").flagged("claim-mismatch");
    // Its From must be of the provider, too: nothing else in it is signed by name.
    judge(&with_field(&raw, "From", "posta-certificata@pec.gestoreuno.example")).failed(Check::Authority, "wrong-authority");
}
