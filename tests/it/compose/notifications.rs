//! What sections 2 to 4 of RFC 6109 ask of notifications, beyond that they read back: to whom they go, what they say, what they must not carry.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postacert::{Message, Notification, Outcome, Timestamp, VerificationTime, Verifier};

use crate::fixtures::{at, certificates};
use crate::support::composed::{Facts, ORIGINAL, compose, compose_html, every_kind, id, proves, transaction, when, with_report};

/// The notifications of every kind, with their names and facts.
fn notifications() -> Vec<(&'static str, Notification)> {
    let t = transaction("Richiesta").with_reply_to("\"Altri\" <altri@pec.gestoreuno.example>").unwrap();
    let all: Vec<_> = every_kind(&t)
        .into_iter()
        .filter_map(|(name, facts)| match facts {
            Facts::Notification(notification) => Some((name, notification)),
            Facts::Envelope(_) | Facts::Anomaly => None,
        })
        .collect();
    assert_eq!(all.len(), 14);
    all
}

/// The outer fields that are not the text of a subject, as they read.
fn outer(raw: &[u8]) -> Vec<(String, String)> {
    let message = Message::parse(raw).unwrap();
    message.root().headers().map(|field| (field.name().to_ascii_lowercase(), field.unfolded().into_owned())).collect()
}

#[test]
fn s2_1_the_certificates_come_with_the_message() {
    // The root alone is known: the signer's certificate and its issuer's are taken from the message.
    let verifier = Verifier::builder().anchors(certificates("pki/root.pem")).build().unwrap();
    for (name, facts) in every_kind(&transaction("Richiesta")) {
        let raw = compose(&facts, ORIGINAL);
        let report =
            Message::parse(&raw).map(|message| verifier.verify(&message, VerificationTime::asserted(at().instant().unwrap())).outcome());
        assert_eq!(report, Ok(Outcome::Passed), "{name}");
    }
}

#[test]
fn s2_1_notifications_go_to_the_reverse_path_whatever_reply_to_says() {
    let original = [b"Reply-To: \"Altri\" <altri@pec.gestoreuno.example>\r\n", ORIGINAL].concat();
    for (name, notification) in notifications() {
        let raw = compose(&Facts::Notification(notification), &original);
        let fields = outer(&raw);
        let of = |name: &str| fields.iter().filter(|(of, _)| of == name).map(|(_, value)| value.as_str()).collect::<Vec<_>>();
        let service = matches!(name, "presa-in-carico" | "rilevazione-virus");
        let to = if service { "ricezione@pec.gestoreuno.example" } else { "anna@pec.gestoreuno.example" };
        assert_eq!((of("to"), of("cc"), of("bcc"), of("reply-to")), (vec![to], vec![], vec![], vec![]), "{name}");
        assert!(!fields.iter().any(|(_, value)| value.contains("altri@")), "{name}: {fields:?}");
    }
}

#[test]
fn s2_1_1_1_1_a_taking_in_charge_names_no_user_in_its_header() {
    let users = ["anna@", "bruno@", "carla@", "dario@"];
    let (_, taken) = notifications().into_iter().find(|(name, _)| *name == "presa-in-carico").unwrap();
    let raw = compose(&Facts::Notification(taken), ORIGINAL);
    let fields = outer(&raw);
    assert!(fields.contains(&("to".to_owned(), "ricezione@pec.gestoreuno.example".to_owned())), "{fields:?}");
    assert!(!fields.iter().any(|(_, value)| users.iter().any(|user| value.contains(user))), "{fields:?}");
}

#[test]
fn s2_2_1_every_message_of_a_transaction_tells_both_identifiers() {
    for (name, facts) in every_kind(&transaction("Richiesta")) {
        if facts == Facts::Anomaly {
            continue;
        }
        let raw = compose(&facts, ORIGINAL);
        assert_eq!(Message::parse(&raw).unwrap().claims().reference().unwrap().text(), "<abc$1@client.example>", "{name}");
        with_report(&raw, |report| {
            let data = report.verified().unwrap().value().data().unwrap();
            assert_eq!(data.id().value(), Some(&id()), "{name}");
            assert_eq!(data.message_id().unwrap().value().unwrap().as_str(), "abc$1@client.example", "{name}");
        });
    }
}

/// In §3.1.2, §3.1.3, §3.1.6, §3.2.3 in so many words; the others carry it nowhere in their descriptions (§3.1.4, §3.2.1, §3.2.4, §3.3.2.3, §3.3.3).
#[test]
fn s3_what_must_not_carry_the_original_has_nothing_of_it() {
    let secret = b"-- corpo che non deve uscire --";
    let original = [ORIGINAL, secret].concat();
    let mut carrying = Vec::new();
    for (name, notification) in notifications() {
        let facts = Facts::Notification(notification);
        for raw in [compose(&facts, &original), compose_html(&facts, &original)] {
            let message = Message::parse(&raw).unwrap();
            let types: Vec<String> =
                message.root().children().next().unwrap().children().skip(1).map(|part| part.content_type().to_string()).collect();
            let has =
                |sought: &[u8]| message.entities().any(|part| part.decode().bytes().windows(sought.len()).any(|bytes| bytes == sought));
            let there = has(secret) || has(STANDARD.encode(secret).as_bytes());
            if types == ["application/xml"] {
                assert!(!there, "{name}");
            } else {
                assert_eq!(types, ["application/xml", "message/rfc822"], "{name}");
                assert!(there, "{name}");
                carrying.push(name);
            }
        }
    }
    carrying.dedup();
    assert_eq!(carrying, ["avvenuta-consegna-completa", "avvenuta-consegna-breve"]);
}

/// §3.1.3, §3.2.3, §3.2.4: to the user in words, and to programs in the data.
#[test]
fn s3_the_reason_is_in_the_text_and_in_the_data() {
    let mut seen = Vec::new();
    for (name, notification) in notifications() {
        let reason = match &notification {
            Notification::NonAcceptance(n) => n.reason().unwrap().raw().to_owned(),
            Notification::VirusDetection(n) => n.reason().unwrap().raw().to_owned(),
            Notification::NonDelivery(n) => n.reason().unwrap().raw().to_owned(),
            _ => continue,
        };
        let facts = Facts::Notification(notification);
        let raw = compose(&facts, ORIGINAL);
        proves(&raw, &facts);
        let message = Message::parse(&raw).unwrap();
        let text = message.root().children().next().unwrap().children().next().unwrap().decode_text();
        let before = match name {
            "non-accettazione" => "a causa di ",
            _ if name.ends_with("virus") => "è stato rilevato un problema di sicurezza ",
            _ => "è stato rilevato un errore ",
        };
        assert!(text.contains(&format!("{before}{reason}.\r\n")), "{name}: {text}");
        let data = message.unverified_content().unwrap().data().unwrap().clone();
        assert_eq!(data.extended_error().unwrap().raw(), reason, "{name}");
        seen.push(name);
    }
    assert_eq!(seen.len(), 7, "{seen:?}");
    for name in ["non-accettazione-virus", "rilevazione-virus", "errore-consegna-virus"] {
        assert!(seen.contains(&name), "{name}");
    }
}

#[test]
fn s4_1_one_time_is_told_everywhere() {
    for (name, facts) in every_kind(&transaction("Richiesta")) {
        let raw = compose(&facts, ORIGINAL);
        let message = Message::parse(&raw).unwrap();
        assert_eq!(message.claims().date().unwrap(), Ok(when()), "{name}: Date");
        let text = message.root().children().next().unwrap().children().next().unwrap().decode_text();
        assert!(text.contains("Il giorno 22/11/2026 alle ore 03:52:07 (+0100) "), "{name}: {text}");
        with_report(&raw, |report| {
            assert_eq!(report.signing_time(), Some(when().instant()), "{name}: signingTime");
            let data = report.verified().unwrap().value().data().map(|data| data.when());
            let wanted: Option<Timestamp> = (facts != Facts::Anomaly).then(when);
            assert_eq!(data, wanted, "{name}: daticert");
        });
    }
}
