//! What is composed reads back as what it was made of, and verifies.

use postacert::compose::{BriefForm, Draft, brief, relabel};
use postacert::{
    Acceptance, Address, Delivery, Message, Outcome, ReceiptKind, Recipient, RecipientKind, TakenInCharge, Transaction, TransportEnvelope,
};
use proptest::prelude::*;

use crate::support::composed::{
    ENTROPY, Facts, KEY, ORIGINAL, PROVIDER, address, compose, compose_html, draft, encoded, every_kind, id, identity, original, proves,
    proves_but, to, transaction, when, with_report,
};
use crate::support::mail::signed_span;

/// The value of the only field of this name.
fn field(raw: &[u8], name: &str) -> Option<String> {
    let message = Message::parse(raw).unwrap();
    let mut fields = message.root().fields(name);
    let value = fields.next().map(|field| field.text().trim().to_owned());
    assert!(fields.next().is_none(), "{name} is there twice");
    value
}

/// What a message of these facts carries of an original.
pub(super) fn carried(facts: &Facts, original: &[u8]) -> Option<Vec<u8>> {
    use postacert::Notification::Delivery;
    match facts {
        Facts::Envelope(e) => Some(relabel(original, e.transaction().id()).to_vec()),
        Facts::Notification(Delivery(d)) if d.receipt() == ReceiptKind::Complete => Some(original.to_vec()),
        Facts::Notification(Delivery(d)) if d.receipt() == ReceiptKind::Brief => Some(brief(original).unwrap().bytes().to_vec()),
        Facts::Notification(_) => None,
        Facts::Anomaly => Some(original.to_vec()),
    }
}

#[test]
fn every_kind_reads_back_and_verifies() {
    for (name, facts) in every_kind(&transaction("Richiesta")) {
        println!("{name}");
        let plain = compose(&facts, ORIGINAL);
        assert_eq!(proves(&plain, &facts), carried(&facts, ORIGINAL), "{name}");
        assert_eq!(compose(&facts, ORIGINAL), plain, "{name}: the same bytes again");
        let html = compose_html(&facts, ORIGINAL);
        assert_eq!(proves(&html, &facts), carried(&facts, ORIGINAL), "{name}");
        assert_ne!(html, plain);
    }
}

#[test]
fn headers_are_those_of_the_sections() {
    const PREFIXES: [(&str, &str); 18] = [
        ("accettazione", "ACCETTAZIONE"),
        ("non-accettazione", "AVVISO DI NON ACCETTAZIONE"),
        ("non-accettazione-virus", "AVVISO DI NON ACCETTAZIONE PER VIRUS"),
        ("posta-certificata-completa", "POSTA CERTIFICATA"),
        ("posta-certificata-breve", "POSTA CERTIFICATA"),
        ("posta-certificata-sintetica", "POSTA CERTIFICATA"),
        ("presa-in-carico", "PRESA IN CARICO"),
        ("rilevazione-virus", "PROBLEMA DI SICUREZZA"),
        ("avvenuta-consegna-completa", "CONSEGNA"),
        ("avvenuta-consegna-breve", "CONSEGNA"),
        ("avvenuta-consegna-sintetica", "CONSEGNA"),
        ("errore-consegna-no-dest", "AVVISO DI MANCATA CONSEGNA"),
        ("errore-consegna-no-dominio", "AVVISO DI MANCATA CONSEGNA"),
        ("errore-consegna-altro", "AVVISO DI MANCATA CONSEGNA"),
        ("errore-consegna-virus", "AVVISO DI MANCATA CONSEGNA PER VIRUS"),
        ("preavviso-12h", "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO"),
        ("preavviso-24h", "AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO"),
        ("anomalia", "ANOMALIA MESSAGGIO"),
    ];
    for ((name, facts), (same, prefix)) in every_kind(&transaction("Richiesta")).into_iter().zip(PREFIXES) {
        assert_eq!(name, same);
        let raw = compose(&facts, ORIGINAL);
        let of = |field_name| field(&raw, field_name);
        assert_eq!(of("Subject").unwrap(), format!("{prefix}: Richiesta"));
        assert_eq!(of("Date").unwrap(), "Sun, 22 Nov 2026 03:52:07 +0100", "{name}: the offset as it was given");
        assert_eq!(of("From"), of("Sender"), "{name}: RFC 6109 §2.1");
        let virus = matches!(name, "non-accettazione-virus" | "errore-consegna-virus");
        assert_eq!(of("X-VerificaSicurezza"), virus.then(|| "errore".to_owned()), "{name}");
        let message = Message::parse(&raw).unwrap();
        assert_eq!(message.claims().from().unwrap().single().unwrap().address(), "posta-certificata@pec.gestoreuno.example");
        if let Facts::Notification(notification) = &facts {
            assert_eq!(of("X-Ricevuta").unwrap(), notification.kind().as_wire());
            let service = matches!(name, "presa-in-carico" | "rilevazione-virus");
            let to = if service { "ricezione@pec.gestoreuno.example" } else { "anna@pec.gestoreuno.example" };
            assert_eq!(of("To").unwrap(), to, "{name}");
            assert_eq!(of("X-Riferimento-Message-ID").unwrap(), "<abc$1@client.example>");
            assert_ne!(of("Message-ID").unwrap(), format!("<{}>", id()), "{name}: a receipt has its own");
            assert_eq!(of("X-Mittente"), (name == "rilevazione-virus").then(|| "anna@pec.gestoreuno.example".to_owned()));
            assert_eq!((of("X-Trasporto"), of("Reply-To"), of("Received")), (None, None, None));
        }
    }
}

#[test]
fn an_envelope_inherits_fields_as_they_stand() {
    let facts = Facts::Envelope(TransportEnvelope::new(transaction("Richiesta"), ReceiptKind::Brief));
    let raw = compose(&facts, ORIGINAL);
    let inherited = &ORIGINAL[..ORIGINAL.windows(10).position(|w| w == b"Message-ID").unwrap()];
    assert!(raw.starts_with(inherited), "Return-Path and Received, in their order, folds and all");
    let recipients = b"\r\nTo: bruno@pec.gestoreuno.example,\r\n\tcarla@pec.studio.gestoreuno.example\r\nCc: dario@mail.example\r\n";
    assert!(raw.windows(recipients.len()).any(|w| w == recipients));
    assert_eq!(field(&raw, "X-Trasporto").unwrap(), "posta-certificata");
    assert_eq!(field(&raw, "X-TipoRicevuta").unwrap(), "breve");
    assert_eq!(field(&raw, "Message-ID").unwrap(), format!("<{}>", id()));
    assert_eq!(field(&raw, "X-Riferimento-Message-ID").unwrap(), "<abc$1@client.example>");
    assert_eq!(field(&raw, "Reply-To").unwrap(), "Anna <anna@pec.gestoreuno.example>", "made from From");
    assert!(field(&raw, "From").unwrap().starts_with("\"Per conto di: anna@pec.gestoreuno.example\""));

    let with_reply = [b"Reply-To: =?utf-8?q?=C3=A0?= <altro@mail.example>,\r\n b@c.example\r\n", ORIGINAL].concat();
    let facts = transaction("Richiesta").with_reply_to("=?utf-8?q?=C3=A0?= <altro@mail.example>, b@c.example").unwrap();
    let facts = Facts::Envelope(TransportEnvelope::new(facts, ReceiptKind::Brief));
    let raw = compose(&facts, &with_reply);
    assert!(raw.starts_with(b"Reply-To: =?utf-8?q?=C3=A0?= <altro@mail.example>,\r\n b@c.example\r\n"));
    field(&raw, "Reply-To").unwrap();

    // Nothing was asked, nothing is said: a complete receipt is due.
    let complete = Facts::Envelope(TransportEnvelope::new(transaction("Richiesta"), ReceiptKind::Complete));
    assert_eq!(field(&compose(&complete, ORIGINAL), "X-TipoRicevuta"), None);
    let asked = [b"X-TipoRicevuta: completa\r\n", ORIGINAL].concat();
    assert_eq!(field(&compose(&complete, &asked), "X-TipoRicevuta").unwrap(), "completa");
}

#[test]
fn an_anomaly_envelope_has_its_text_and_the_message_alone() {
    let raw = compose(&Facts::Anomaly, ORIGINAL);
    assert_eq!(field(&raw, "X-Trasporto").unwrap(), "errore");
    assert_eq!(field(&raw, "Message-ID").unwrap(), "<abc$1@client.example>", "inherited");
    assert_eq!(field(&raw, "Reply-To").unwrap(), "qualcuno@mail.example");
    assert_eq!(field(&raw, "X-Riferimento-Message-ID"), None);
    let message = Message::parse(&raw).unwrap();
    let parts: Vec<String> = message.root().children().next().unwrap().children().map(|part| part.content_type().to_string()).collect();
    assert_eq!(parts.len(), 2, "{parts:?}");
    assert!(parts[0].starts_with("text/plain") && parts[1].starts_with("message/rfc822"), "{parts:?}");
    let empty = compose(&Facts::Anomaly, b"");
    assert!(field(&empty, "Message-ID").is_some());
    assert_eq!(proves(&empty, &Facts::Anomaly).unwrap(), b"");
}

#[test]
fn all_that_is_composed_is_of_seven_bits() {
    let subject = "Però \u{20ac} \u{1f600}";
    let original = original(subject);
    for (name, facts) in every_kind(&transaction(subject)) {
        for raw in [compose(&facts, &original), compose_html(&facts, &[&original[..], b"\xe8\0\n"].concat())] {
            assert!(raw.iter().all(|b| matches!(b, b'\r' | b'\n' | b'\t' | b' '..=b'~')), "{name}");
            let lines = raw.split(|b| *b == b'\n');
            assert!(lines.clone().all(|line| line.len() <= 999 && (line.is_empty() || line.ends_with(b"\r"))), "{name}");
            assert_eq!(raw.iter().filter(|b| **b == b'\r').count(), lines.count() - 1, "{name}");
        }
    }
}

/// Originals that are hard on those who carry them.
fn hard_originals() -> Vec<(&'static str, Vec<u8>)> {
    let own = compose(&Facts::Notification(Acceptance::new(transaction("x")).into()), b"");
    let boundary = {
        let message = Message::parse(&own).unwrap();
        format!("--{}", message.root().content_type().parameter("boundary").unwrap())
    };
    vec![
        ("empty", vec![]),
        ("no header", b"\r\nciao\r\n".to_vec()),
        ("no body", b"Subject: x\r\nFrom: anna@pec.gestoreuno.example\r\n\r\n".to_vec()),
        ("no end of header", b"Subject: x".to_vec()),
        ("LF only", b"Subject: x\nMIME-Version: 1.0\n\nciao\n".to_vec()),
        ("LF and CR LF", b"Subject: x\r\n\r\nuno\ndue\r\n".to_vec()),
        ("CR only", b"Subject: x\r\rciao\r".to_vec()),
        ("8 bits", "Subject: perché\r\n\r\ncittà €\r\n".as_bytes().to_vec()),
        ("NUL", b"Subject: x\r\n\r\na\0b\r\n".to_vec()),
        ("a long line", [&b"Subject: x\r\n\r\n"[..], &b"x".repeat(5_000), b"\r\n"].concat()),
        ("an mbox line", b"From anna Sun Nov 22 03:52:07 2026\r\nSubject: x\r\n\r\nciao\r\n".to_vec()),
        ("lines like boundaries", format!("Subject: x\r\n\r\n{boundary}\r\n{boundary}--\r\n--\r\n----=_x\r\n").into_bytes()),
        ("lines that mail servers touch", b"Subject: x\r\n\r\n.\r\n..\r\nFrom a\r\n \r\n\r\n".to_vec()),
        ("no last line end", b"Subject: x\r\n\r\nciao".to_vec()),
        ("many last line ends", b"Subject: x\r\n\r\nciao\r\n\r\n\r\n".to_vec()),
        ("its own daticert.xml", own.clone()),
        (
            "its own postacert.eml",
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/xml; name=daticert.xml\r\n\r\n<postacert/>\r\n\
              --b\r\nContent-Type: message/rfc822; name=postacert.eml\r\n\r\nSubject: y\r\n\r\nz\r\n--b--\r\n"
                .to_vec(),
        ),
        (
            "S/MIME, opaque",
            b"Content-Type: application/pkcs7-mime; name=smime.p7m; smime-type=enveloped-data\r\nContent-Transfer-Encoding: base64\r\n\r\nMIIB\r\n"
                .to_vec(),
        ),
        (
            "S/MIME, detached",
            b"Content-Type: multipart/signed; boundary=s; protocol=\"application/pkcs7-signature\"\r\n\r\n--s\r\n\
              Content-Type: application/pdf; name=a.pdf\r\n\r\nx\r\n--s\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\ny\r\n--s--\r\n"
                .to_vec(),
        ),
        ("a boundary unclosed", b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nciao".to_vec()),
    ]
}

#[test]
fn hard_originals_arrive_to_the_byte() {
    // The subject of an anomaly envelope is the original's.
    for (what, original) in hard_originals() {
        let t = transaction("x");
        for (name, facts) in every_kind(&t).into_iter().filter(|(name, _)| !name.ends_with("sintetica")) {
            println!("{name}: {what}");
            // What the original says of itself is what the facts must say.
            let facts = match facts {
                Facts::Envelope(e) => {
                    let message = Message::parse(&original).unwrap();
                    let sender = message.claims().from_address().unwrap_or_else(|| t.sender().clone());
                    let own = identity().transaction_of(&message, sender, t.recipients().to_vec(), t.when(), t.id().clone()).unwrap();
                    Facts::Envelope(TransportEnvelope::new(own, e.receipt()))
                }
                other => other,
            };
            let raw = compose(&facts, &original);
            // What the original's own form is worth is not the envelope's matter.
            let theirs =
                ["encoded-message", "header-malformed", "multipart-unclosed", "mixed-line-endings", "nul-byte", "line-too-long", "bare-cr"];
            assert_eq!(proves_but(&raw, &facts, &theirs), carried(&facts, &original), "{name}: {what}");
        }
    }
    let opaque = hard_originals().into_iter().find(|(what, _)| *what == "S/MIME, opaque").unwrap().1;
    assert_eq!(brief(&opaque).unwrap().form(), BriefForm::OpaqueSmime);
}

#[test]
fn thirty_megabytes_are_carried() {
    let line = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_\r\n";
    let mut original = b"Subject: x\r\n\r\n".to_vec();
    while original.len() < 30 << 20 {
        original.extend_from_slice(line);
    }
    let facts = Facts::Notification(Delivery::new(transaction("x"), to(), ReceiptKind::Complete).into());
    let raw = compose(&facts, &original);
    assert!(raw.len() < original.len() + 12_000);
    // It would have grown to twice the size, had it not been made large enough at once.
    assert!(raw.capacity() < original.len() + 20_000);
    assert_eq!(proves(&raw, &facts).unwrap(), original);
}

#[test]
fn ten_thousand_recipients() {
    let addresses: Vec<_> = (0..10_000).map(|i| address(&format!("utente.{i:05}@pec.gestoreuno.example"))).collect();
    let recipients = addresses.iter().map(|a| Recipient::new(a.clone(), RecipientKind::Certified)).collect();
    let t = Transaction::new(address("anna@pec.gestoreuno.example"), recipients, PROVIDER, when(), id()).unwrap();
    let list: Vec<&str> = addresses.iter().map(postacert::Address::as_str).collect();
    let original = format!("From: anna@pec.gestoreuno.example\r\nTo: {}\r\n\r\nciao\r\n", list.join(",\r\n ")).into_bytes();
    let taken = TakenInCharge::new(t.clone(), addresses).unwrap();
    for facts in [
        Facts::Envelope(TransportEnvelope::new(t.clone(), ReceiptKind::Complete)),
        Facts::Notification(Acceptance::new(t).into()),
        Facts::Notification(taken.into()),
    ] {
        proves(&compose(&facts, &original), &facts);
    }
}

#[test]
fn a_tampered_byte_fails() {
    let facts = Facts::Notification(Delivery::new(transaction("x"), to(), ReceiptKind::Complete).into());
    let mut raw = compose_html(&facts, ORIGINAL);
    for at in signed_span(&raw) {
        raw[at] ^= 1;
        with_report(&raw, |report| assert_ne!(report.outcome(), Outcome::Passed, "byte {at}"));
        raw[at] ^= 1;
    }
    proves(&raw, &facts);
}

#[test]
fn the_draft_tells_what_will_be_signed() {
    for (_, facts) in every_kind(&transaction("Richiesta")) {
        let draft: Draft<'_> = draft(&identity(), &facts, ORIGINAL, &ENTROPY).unwrap();
        let entity = draft.entity();
        let raw = draft.sign_with(&*KEY).unwrap();
        assert_eq!(Message::parse(&raw).unwrap().signed().unwrap().bytes(), entity);
    }
}

/// Subjects and texts that try to be more than that.
fn nasty() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("a\r\nBcc: vittima@mail.example\r\n\r\ncorpo".to_owned()),
        Just("\"<a@b>\" & 'x' ]]> <!-- --> <script>alert(1)</script> =?utf-8?B?eA==?=".to_owned()),
        Just("{mittente} {oggetto} {".to_owned()),
        Just("è".repeat(5_000)),
        Just("x".repeat(10_240)),
        Just("parola ".repeat(1_500)),
        Just("\u{1f600}\u{200d}\u{1f525} \u{202e}rtl \u{feff} \u{7f}\u{85}\u{9f}".to_owned()),
        "[ -~]{0,200}",
        "[ \\t\\r\\n\"<>&'=?_.,;:@\\\\-]{0,60}",
        any::<String>().prop_map(|s| s
            .chars()
            .filter(|c| !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}'))
            .collect()),
    ]
}

/// Addresses of every form, in the domains of the fixtures' first provider: quoted ones hold blanks, tabs, and quoted pairs.
fn any_address() -> impl Strategy<Value = Address> {
    let quoted = prop_oneof!["[ \\t]", "[ -!#-\\[\\]-~]", "\\\\[\\t -~]"];
    let local = prop_oneof![
        "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]{1,20}(\\.[a-zA-Z0-9+_-]{1,10}){0,2}",
        proptest::collection::vec(quoted, 0..30).prop_map(|pieces| format!("\"{}\"", pieces.concat())),
    ];
    let domain = prop::sample::select(vec!["pec.gestoreuno.example", "PEC.studio.GestoreUno.example"]);
    (local, domain).prop_map(|(local, domain)| address(&format!("{local}@{domain}")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_facts_come_back(
        sender in any_address(),
        recipient in any_address(),
        subject in nasty(),
        reply_to in nasty(),
        reason in nasty(),
        message_id in proptest::option::of("[!-;=?-~]{1,900}"),
        which in 0usize..18,
        seed: [u8; 32],
        body in nasty(),
    ) {
        let recipients = vec![
            Recipient::new(recipient.clone(), RecipientKind::Certified),
            Recipient::new(address("\"dario\t rossi\"@mail.example"), RecipientKind::External),
        ];
        let mut t = Transaction::new(sender.clone(), recipients, PROVIDER, when(), id()).unwrap();
        t = t.with_subject(&subject).unwrap().with_reply_to(&reply_to).unwrap();
        if let Some(id) = &message_id {
            t = t.with_message_id(id.parse().unwrap());
        }
        let (name, facts) = every_kind(&t).swap_remove(which);
        let facts = match facts {
            Facts::Notification(postacert::Notification::NonDelivery(n)) if reason.contains(|c: char| c.is_ascii_graphic()) => Facts::Notification(
                postacert::NonDelivery::new(t.clone(), recipient.clone(), n.fault(), Some(reason.parse().unwrap())).unwrap().into(),
            ),
            other => other,
        };
        let header = format!("From: {sender}\r\nSubject: {}\r\nReply-To: {}\r\n\r\n", encoded(&subject), encoded(&reply_to));
        let original = [header.as_bytes(), body.as_bytes()].concat();
        let entropy = postacert::compose::Entropy::new(seed);
        let raw = draft(&identity(), &facts, &original, &entropy).unwrap().sign_with(&*KEY).unwrap();
        let again = draft(&identity(), &facts, &original, &entropy).unwrap().sign_with(&*KEY).unwrap();
        prop_assert_eq!(&raw, &again);
        // An original of 8 bits goes in base64.
        prop_assert_eq!(proves_but(&raw, &facts, &["encoded-message"]), carried(&facts, &original), "{}", name);
        let message = Message::parse(&raw).unwrap();
        prop_assert!(message.root().field("Bcc").is_none() && message.root().field("corpo").is_none());
        prop_assert!(message.root().headers().count() < 16);
        // NUL has no place in any of the facts.
        prop_assert!(t.with_subject("a\0b").is_err());
    }
}
