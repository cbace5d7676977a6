//! The facts of a message, taken from its header and held against it.

use postacert::compose::{ComposeError, Draft, SizeLimits, formal_checks};
use postacert::{Address, Message, ReceiptKind, Recipient, RecipientKind, Transaction, TransportEnvelope};
use proptest::prelude::*;

use crate::support::composed::{ENTROPY, Facts, KEY, address, id, identity, proves_but, to, when};

fn facts_of(original: &[u8], mail_from: Address) -> Transaction {
    let to = Recipient::new(to(), RecipientKind::Certified);
    identity().transaction_of(&Message::parse(original).unwrap(), mail_from, vec![to], when(), id()).unwrap()
}

fn anna() -> Address {
    address("anna@pec.gestoreuno.example")
}

fn envelope<'a>(facts: &Transaction, receipt: ReceiptKind, original: &'a [u8]) -> Result<Draft<'a>, ComposeError> {
    Draft::transport_envelope(&identity(), &TransportEnvelope::new(facts.clone(), receipt), original, &ENTROPY)
}

/// Each: the header; then oggetto, risposte, msgid.
#[test]
fn the_facts_of_a_message_are_those_of_its_header() {
    let long = format!("Subject: {}\r\n", "x".repeat(100_000));
    let (subject, many) = ("x".repeat(100_000), format!("{}Subject: s\r\n", "A: b\r\n".repeat(20_000)));
    let table = [
        ("Subject: s\r\nReply-To: a@b\r\nMessage-ID: <x@y>\r\n", Some("s"), "a@b", Some("x@y")),
        ("", None, "", None),
        ("Subject:\r\nReply-To: \r\nMessage-ID:\r\n", None, "", None),
        ("subject: =?utf-8?q?perch=C3=A9?=\r\n\t=?iso-8859-1?q?_no=E8?=\r\n", Some("perché noè"), "", None),
        ("Subject: perché\r\n", Some("perché"), "", None),
        // An encoded word may hold what would be an address of its own once decoded.
        ("Reply-To:\r\n =?utf-8?q?a=2C?= <a@b>,\r\n c@d\r\n", None, "=?utf-8?q?a=2C?= <a@b>, c@d", None),
        // The first field counts as it does for readers; an empty Reply-To is none.
        ("Subject: s\r\nSubject: t\r\nReply-To:\r\nReply-To: a@b\r\nMessage-ID:\r\nMessage-ID: <x@y>\r\n", Some("s"), "a@b", Some("x@y")),
        ("Message-ID: <x y>\r\n", None, "", None),
        // What no XML may hold.
        ("Subject: a\0b\x0bc\u{ffff}\r\nReply-To: \x01a@b\r\n", Some("a\u{fffd}b\u{fffd}c\u{fffd}"), "\u{fffd}a@b", None),
        ("Subject: =?utf-8?q?a=00=0A=1B?= b\r\n", Some("a\u{fffd}\n\u{fffd} b"), "", None),
        // Beyond the limits of readers.
        (&long, Some(&subject), "", None),
        (&many, Some("s"), "", None),
    ];
    for (header, subject, reply_to, message_id) in table {
        let facts = facts_of(format!("{header}\r\nSubject: no\r\n").as_bytes(), anna());
        assert_eq!(facts.subject(), subject, "{header:?}");
        assert_eq!(facts.reply_to(), Some(reply_to), "{header:?}");
        assert_eq!(facts.message_id().map(|id| id.as_str()), message_id, "{header:?}");
        assert_eq!((facts.sender(), facts.provider(), facts.when(), facts.id()), (&anna(), Some(identity().provider()), when(), &id()));
    }
    assert!(identity().transaction_of(&Message::parse(b"").unwrap(), anna(), vec![], when(), id()).is_err(), "no recipient");
}

/// Each: the original, the oggetto and risposte of the facts, the kind of receipt, what is said.
#[test]
fn s3_1_5_the_facts_of_an_envelope_are_those_of_its_original() {
    use ReceiptKind::{Brief, Complete};
    let from = "From: anna@pec.gestoreuno.example\r\n";
    let anna_s = "the facts say that the original message is from anna@pec.gestoreuno.example, but its From is";
    let table: &[(&str, &str, &str, ReceiptKind, &str, &str)] = &[
        ("From: b@pec.example\r\n", "", "", Complete, "compose-sender", &format!("{anna_s} \"b@pec.example\" (RFC 6109 §3.1.1)")),
        ("From: Anna@pec.gestoreuno.example\r\n", "", "", Complete, "compose-sender", "\"Anna@pec.gestoreuno.example\""),
        (&format!("{from}{from}"), "", "", Complete, "compose-sender", "but its From is \"anna@"),
        ("From: anna@pec.gestoreuno.example, b@c\r\n", "", "", Complete, "compose-sender", "b@c\""),
        ("From: nobody\r\n", "", "", Complete, "compose-sender", "\"nobody\""),
        (
            "Subject: s\r\n",
            "t",
            "",
            Complete,
            "compose-subject",
            "the subject is \"t\", but that of the original message is \"s\" (RFC 6109 §4.4)",
        ),
        ("Subject: s\r\n", "", "", Complete, "compose-subject", "the subject is \"\", but"),
        ("", "s", "", Complete, "compose-subject", "original message is \"\""),
        ("Reply-To: a@b\r\n", "", "c@d", Complete, "compose-reply-to", "Reply-To is \"c@d\", but that of the original message is \"a@b\""),
        ("Reply-To: a@b\r\n", "", "", Complete, "compose-reply-to", "Reply-To is \"\""),
        ("", "", "a@b", Complete, "compose-reply-to", "original message is \"\""),
        (
            "X-TipoRicevuta: breve\r\n",
            "",
            "",
            Complete,
            "compose-receipt",
            "the receipt completa, but the X-TipoRicevuta of the original message for breve",
        ),
        ("x-tiporicevuta: COMPLETA\r\n", "", "", Brief, "compose-receipt", "the receipt breve"),
        ("Message-ID: <x@y>\r\n", "", "", Complete, "compose-message-identifier", "the original message is m@y, but it is x@y"),
        // And what agrees.
        (from, "", "", Complete, "", ""),
        ("From: Anna <anna@PEC.gestoreuno.example>\r\n", "", "", Brief, "", ""),
        ("From:\r\n", "", "", Complete, "", ""),
        ("Subject: a\r\n  b\tc\r\n", "a b c", "", Complete, "", ""),
        ("Subject: =?utf-8?q?=E8?= x\r\n", "\u{fffd} x", "", Complete, "", ""),
        ("Reply-To: =?utf-8?q?=C3=A0?= <a@b>\r\n", "", "=?utf-8?q?=C3=A0?= <a@b>", Complete, "", ""),
        ("Reply-To: =?utf-8?q?=C3=A0?= <a@b>\r\n", "", "à <a@b>", Complete, "", ""),
        ("X-TipoRicevuta: breve\r\n", "", "", Brief, "", ""),
        ("X-TipoRicevuta: boh\r\n", "", "", Brief, "", ""),
        ("Message-ID: <m@y>\r\n", "", "", Complete, "", ""),
    ];
    for (header, subject, reply_to, receipt, code, sentence) in table {
        // The facts may name an identifier that the original has not.
        let facts = facts_of(b"", anna()).with_message_id("m@y".parse().unwrap());
        let facts = facts.with_subject(subject).unwrap().with_reply_to(reply_to).unwrap();
        let original = format!("{header}\r\nciao\r\n");
        match envelope(&facts, *receipt, original.as_bytes()) {
            Ok(_) => assert_eq!(*code, "", "{header:?}"),
            Err(error) => {
                assert_eq!(error.code(), *code, "{header:?}: {error}");
                assert!(error.to_string().contains(sentence), "{error}");
            }
        }
    }
}

#[test]
fn what_an_error_quotes_is_short() {
    let original = format!("Subject: {}\r\n\r\n", "x".repeat(1 << 20));
    let error = envelope(&facts_of(b"", anna()), ReceiptKind::Complete, original.as_bytes()).unwrap_err();
    assert!(error.to_string().len() < 300);
}

/// Headers of all sorts, of lawful pieces and others.
fn header_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        &b"From: anna@pec.gestoreuno.example\r\n"[..],
        b"FROM: =?utf-8?q?Ann=C3=A0?=\r\n <anna@pec.gestoreuno.example>\r\n",
        b"From: a@b, c@d\r\n",
        b"From:\r\n",
        b"To: bruno@pec.gestoreuno.example\r\n",
        b"Subject: s\r\n",
        b"Subject: =?utf-8?b?PT91dGYtOD9RP3g/PQ==?=\r\n",
        b"Subject: =?utf-16?b?2D0=?= =?x?q?=00=0D=0A?=\r\n",
        b"Subject: a \t b \x0c\r\n \r\n c\0\r\n",
        b"Subject: \xe8\xff \xc3\xa8 \xef\xbf\xbf\r\n",
        b"SUBJECT:\xc2\xa0x\xc2\x85y\xe2\x80\xa8\r\n",
        b"Subject:\r\n\t\r\n",
        b"Reply-To: a@b,\r\n\tc@d\r\n",
        b"Reply-To: =?utf-8?q?=C3=A0=00?= <a@b>\r\n",
        b"Reply-To: \xe8 <a@b>\r\n",
        b"Reply-To: a@b\rc@d\r\n",
        b"reply-to:\n\n",
        b"Message-ID: <x@y>\r\n",
        b"Message-ID: x y\r\n",
        b"X-TipoRicevuta: breve\r\n",
        b"Received: \0\r\n",
        b"Bcc: x@y\r\n",
        b"garbage\r\n",
        b"\r\n",
        b" ",
        b"From a@b\n",
    ]);
    prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn facts_taken_from_a_message_agree_with_it(original in header_like()) {
        let message = Message::parse(&original).unwrap();
        let from = message.claims().from_address();
        let facts = facts_of(&original, from.clone().unwrap_or_else(anna));
        let receipt = message.claims().receipt_kind().and_then(|word| word.value().copied()).unwrap_or(ReceiptKind::Complete);
        match envelope(&facts, receipt, &original) {
            Ok(draft) => {
                let raw = draft.sign_with(&*KEY).unwrap();
                let facts = Facts::Envelope(TransportEnvelope::new(facts, receipt));
                // Fields of the original that stand twice do so in the envelope.
                proves_but(&raw, &facts, &["encoded-message", "nul-byte", "bare-cr", "mixed-line-endings", "header-malformed"]);
            }
            // Nothing else is wrong with a message that the formal checks let pass.
            Err(error) => {
                prop_assert!(["compose-bcc", "compose-sender", "compose-inherited-field"].contains(&error.code()), "{error}");
                prop_assert!(error.code() != "compose-sender" || from.is_none(), "{error}");
                prop_assert!(!formal_checks(&message, &anna(), &[to()], SizeLimits::default()).is_empty(), "{error}");
            }
        }
    }
}
