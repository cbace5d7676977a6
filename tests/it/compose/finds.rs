//! What was once composed wrongly, and must not be again.

use postacert::compose::{ComposeError, Draft};
use postacert::{Message, Notification, ReceiptKind, Recipient, RecipientKind, Transaction, TransportEnvelope};

use crate::support::composed::{
    ENTROPY, Facts, PROVIDER, address, compose, compose_html, every_kind, id, identity, proves, transaction, when, with_report,
};

/// The header field lost the tab, and did not say the same address as the data.
#[test]
fn a_tab_in_a_quoted_local_part_comes_back() {
    let sender = address("\"anna\tmaria \\\"x\\\\\\\t\"@pec.gestoreuno.example");
    let recipients = vec![
        Recipient::new(address("\"\tbruno\t\"@pec.gestoreuno.example"), RecipientKind::Certified),
        Recipient::new(address("\"da <rio>, @\t\"@mail.example"), RecipientKind::External),
    ];
    let t = Transaction::new(sender.clone(), recipients, PROVIDER, when(), id()).and_then(|t| t.with_subject("Richiesta")).unwrap();
    let original = format!("From: {sender}\r\nSubject: Richiesta\r\n\r\nciao\r\n").into_bytes();
    for (name, facts) in every_kind(&t) {
        for raw in [compose(&facts, &original), compose_html(&facts, &original)] {
            proves(&raw, &facts);
            let message = Message::parse(&raw).unwrap();
            let to = message.claims().to().and_then(|to| Some(to.single()?.address().to_owned()));
            let service = matches!(name, "presa-in-carico" | "rilevazione-virus");
            if let Facts::Notification(_) = facts
                && !service
            {
                assert_eq!(to.as_deref(), Some(sender.as_str()), "{name}");
            }
            if let Facts::Notification(Notification::VirusDetection(_)) = facts {
                assert_eq!(message.claims().original_sender().unwrap().value(), Some(&sender));
            }
        }
    }
}

fn envelope(t: Transaction, original: &[u8]) -> Result<Draft<'_>, ComposeError> {
    Draft::transport_envelope(&identity(), &TransportEnvelope::new(t, ReceiptKind::Complete), original, &ENTROPY)
}

/// Readers look at 10,000 fields, of 64 KiB each, in 2 MiB: a Bcc behind them, or larger than they are, was not seen.
#[test]
fn a_bcc_does_not_hide_behind_the_limits_of_a_header() {
    let bcc = "Bcc: nascosto@mail.example\r\n";
    let many = "X: y\r\n".repeat(10_001);
    let long = format!("X:{}", " y\r\n".repeat(50_000));
    let large = "X: 0123456789\r\n".repeat(9_000) + &format!("Y:{}", "\tz0123456789\r\n".repeat(150_000));
    let itself = format!("Bcc:{} nascosto@mail.example\r\n", "\r\n  ".repeat(20_000));
    for (what, header) in [
        ("many fields", many.clone() + bcc),
        ("a long field", long.clone() + bcc),
        ("more than 2 MiB", large.clone() + bcc),
        ("itself longer than a field", itself),
        ("a blank before the colon", many.clone() + "bCC\t : nascosto@mail.example\r\n"),
    ] {
        let original = format!("{header}\r\nciao\r\n");
        let Err(error) = envelope(transaction("x"), original.as_bytes()) else { panic!("hidden: {what}") };
        assert_eq!(error.code(), "compose-bcc", "{what}");
    }
    for (what, header) in [("many fields", many), ("a long field", long), ("more than 2 MiB", large)] {
        let original = format!("Subject: x\r\n{header}\r\nBcc: in the body\r\n");
        assert!(envelope(transaction("x"), original.as_bytes()).is_ok(), "{what}, and no Bcc");
    }
}

/// Facts that knew of no identifier were taken, and the envelope and all its receipts said nothing of that which the original had.
#[test]
fn an_identifier_of_a_strange_form_is_not_lost() {
    let unknown = |subject| {
        let recipients = transaction(subject).recipients().to_vec();
        Transaction::new(address("anna@pec.gestoreuno.example"), recipients, PROVIDER, when(), id()).unwrap()
    };
    for (field, found) in [
        ("Message-ID: abc$1@client.example", "abc$1@client.example"),
        ("message-id :\r\n\t<abc$1@client.example>\r\n (by hand)", "abc$1@client.example"),
        ("Message-ID: <no-at-sign>", "no-at-sign"),
        ("Message-ID: <a@b@c[1]\\\"'&;>", "a@b@c[1]\\\"'&;"),
        ("Message-ID: < blanks@around >", "blanks@around"),
        ("Message-ID:\r\nMessage-ID: <second@client.example>", "second@client.example"),
    ] {
        let original = format!("From: anna@pec.gestoreuno.example\r\n{field}\r\n\r\nciao\r\n");
        let Err(error) = envelope(unknown("x"), original.as_bytes()) else { panic!("{field} is lost") };
        assert_eq!(error.to_string(), format!("the facts name no identifier of the original message, which has {found} (RFC 6109 §2.2.1)"));
        let facts = Facts::Envelope(TransportEnvelope::new(unknown("x").with_message_id(found.parse().unwrap()), ReceiptKind::Complete));
        let raw = compose(&facts, original.as_bytes());
        let carried = proves(&raw, &facts).unwrap();
        for message in [&raw, &carried] {
            let message = Message::parse(message).unwrap();
            assert_eq!(message.root().field("X-Riferimento-Message-ID").unwrap().message_id().as_deref(), Some(found), "{field}");
        }
        with_report(&raw, |report| {
            let data = report.verified().unwrap().value().data().unwrap();
            assert_eq!(data.message_id().unwrap().value().unwrap().as_str(), found);
        });
    }
    // One that is no identifier at all is in no data; the original goes on with it as it was written.
    let original = "Message-ID: <two words\r\n here>\r\nFrom: anna@pec.gestoreuno.example\r\n\r\nciao\r\n";
    let facts = Facts::Envelope(TransportEnvelope::new(unknown("x"), ReceiptKind::Complete));
    let carried = proves(&compose(&facts, original.as_bytes()), &facts).unwrap();
    let written = format!("Message-ID: <{}>\r\nX-Riferimento-Message-ID: <two words\r\n here>\r\n", id());
    assert!(carried.starts_with(written.as_bytes()), "{}", String::from_utf8_lossy(&carried));
}
