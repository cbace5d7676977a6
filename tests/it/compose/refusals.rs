//! What RFC 6109 forbids is not composed, and the error names the rule.

use postacert::compose::{ComposeError, Draft, Entropy, Identity};
use postacert::{
    Acceptance, Address, CertificationData, Delivery, DeliveryTimeout, Fault, Limits, Message, NonAcceptance, NonDelivery, ReceiptKind,
    Recipient, RecipientKind, TakenInCharge, Transaction, TransportEnvelope, VirusDetection,
};

use crate::fixtures::certificates;
use crate::support::composed::{ENTROPY, ORIGINAL, PROVIDER, address, id, identity, to, transaction, when};

#[track_caller]
fn refused<T>(result: Result<T, ComposeError>, code: &str, sentence: &str) {
    let Err(error) = result else { panic!("composed, and not {code}") };
    assert_eq!((error.code(), error.to_string().as_str()), (code, sentence));
    assert!(sentence.contains("RFC 6109 §") && error.in_language(postacert::Language::Italian).to_string().contains("RFC 6109 §"));
}

fn service() -> Address {
    address("ricezione@pec.gestoreuno.example")
}

#[test]
fn the_sender_is_the_certificate_s_address() {
    assert_eq!(identity().address().as_str(), "posta-certificata@pec.gestoreuno.example");
    for name in ["san-missing", "san-no-email"] {
        let certificate = certificates(&format!("pki/{name}.pem")).remove(0);
        let sentence = format!("the certificate of {} does not bear exactly one mail address (RFC 6109 §2.1)", certificate.subject());
        refused(Identity::new("G", certificate, []), "compose-certificate-address", &sentence);
    }
}

#[test]
fn one_provider_does_not_certify_for_another() {
    let other = Identity::new("Altro S.p.A.", identity().certificate().clone(), []).unwrap();
    let facts = TransportEnvelope::new(transaction("Richiesta"), ReceiptKind::Complete);
    refused(
        Draft::transport_envelope(&other, &facts, ORIGINAL, &ENTROPY),
        "compose-other-provider",
        "the facts are certified by \"Gestore Uno PEC S.p.A.\", and \"Altro S.p.A.\" composes (RFC 6109 §4.4)",
    );
}

#[test]
fn s4_4_whoever_certifies_has_a_name() {
    for nameless in ["", " \t "] {
        let identity = Identity::new(nameless, identity().certificate().clone(), []).unwrap();
        let facts = transaction("Richiesta");
        let facts =
            Transaction::new(facts.sender().clone(), facts.recipients().to_vec(), nameless, facts.when(), facts.id().clone()).unwrap();
        let sentence = "the facts lack gestore-emittente, or have it in another form than the DTD's (RFC 6109 §4.4)";
        refused(Draft::acceptance(&identity, &Acceptance::new(facts), &ENTROPY), "compose-element", sentence);
    }
}

#[test]
fn a_receipt_concerns_a_recipient() {
    let stranger = || address("estraneo@pec.gestoreuno.example");
    let sentence = "estraneo@pec.gestoreuno.example is not among the recipients of the message (RFC 6109 §3.3.2)";
    let delivery = Delivery::new(transaction("x"), stranger(), ReceiptKind::Concise);
    refused(Draft::delivery(&identity(), &delivery, b"", &ENTROPY), "compose-not-a-recipient", sentence);
    let taken = TakenInCharge::new(transaction("x"), vec![to(), stranger()]).unwrap();
    refused(Draft::taken_in_charge(&identity(), &taken, &service(), &ENTROPY), "compose-not-a-recipient", sentence);
    // One without any is not even a fact.
    assert!(TakenInCharge::new(transaction("x"), vec![]).is_err());
}

/// A recipient that is listed as `esterno`.
fn dario() -> Address {
    address("dario@mail.example")
}

#[test]
fn s3_3_2_no_receipt_and_no_notice_for_a_recipient_outside_pec() {
    let t = || transaction("Richiesta");
    let why = || Some("5.1.1 - G - motivo".parse().unwrap());
    let sentence = |kind: &str, section: &str| {
        format!("{kind} cannot concern dario@mail.example, which is listed as no PEC mailbox (RFC 6109 §{section})")
    };
    let code = "compose-external-recipient";
    for kind in ReceiptKind::ALL {
        let delivery = Delivery::new(t(), dario(), *kind);
        refused(Draft::delivery(&identity(), &delivery, ORIGINAL, &ENTROPY), code, &sentence("avvenuta-consegna", "3.3.2"));
    }
    let timeout = DeliveryTimeout::new(t(), dario(), None);
    refused(Draft::delivery_timeout(&identity(), &timeout, &ENTROPY), code, &sentence("preavviso-errore-consegna", "3.1.6"));
    for (fault, section) in [(Fault::NoRecipient, "3.3.3"), (Fault::NoDomain, "3.3.3"), (Fault::Other, "3.3.3"), (Fault::Virus, "3.2.4")] {
        let failure = NonDelivery::new(t(), dario(), fault, why()).unwrap();
        refused(Draft::non_delivery(&identity(), &failure, &ENTROPY), code, &sentence("errore-consegna", section));
    }
    let virus = VirusDetection::new(t(), dario(), why());
    refused(Draft::virus_detection(&identity(), &virus, &service(), &ENTROPY), code, &sentence("rilevazione-virus", "3.2.3"));
    let taken = TakenInCharge::new(t(), vec![to(), dario()]).unwrap();
    refused(Draft::taken_in_charge(&identity(), &taken, &service(), &ENTROPY), code, &sentence("presa-in-carico", "3.2.1"));

    // Listed twice, it is a PEC mailbox if it is one once, in either order.
    for kinds in [[RecipientKind::External, RecipientKind::Certified], [RecipientKind::Certified, RecipientKind::External]] {
        let recipients = kinds.map(|kind| Recipient::new(to(), kind)).to_vec();
        let t = Transaction::new(address("anna@pec.gestoreuno.example"), recipients, PROVIDER, when(), id()).unwrap();
        assert!(Draft::delivery(&identity(), &Delivery::new(t, to(), ReceiptKind::Complete), ORIGINAL, &ENTROPY).is_ok());
    }
}

#[test]
fn s3_2_1_what_providers_tell_each_other_goes_to_no_user() {
    let taken = TakenInCharge::new(transaction("x"), vec![to()]).unwrap();
    let virus = VirusDetection::new(transaction("x"), to(), Some("5.5.1 - G - virus".parse().unwrap()));
    for user in ["anna@pec.gestoreuno.example", "ANNA@PEC.gestoreuno.example", "bruno@pec.gestoreuno.example"] {
        let sentence = |kind: &str, section: &str| {
            format!("{kind} goes to a service mailbox, and {user} is the sender, or a recipient that it is about, (RFC 6109 §{section})")
        };
        let (code, user) = ("compose-service-mailbox", address(user));
        refused(Draft::taken_in_charge(&identity(), &taken, &user, &ENTROPY), code, &sentence("presa-in-carico", "3.2.1"));
        refused(Draft::virus_detection(&identity(), &virus, &user, &ENTROPY), code, &sentence("rilevazione-virus", "3.2.3"));
    }
    // Somebody may have written to the service mailbox as well.
    let other = address("carla@pec.studio.gestoreuno.example");
    assert!(Draft::taken_in_charge(&identity(), &taken, &other, &ENTROPY).is_ok());
    assert!(Draft::taken_in_charge(&identity(), &taken, &service(), &ENTROPY).is_ok());
    assert!(Draft::virus_detection(&identity(), &virus, &service(), &ENTROPY).is_ok());
}

#[test]
fn s3_3_3_a_refusal_says_why() {
    let code = "compose-reason-missing";
    let sentence =
        |kind: &str, section: &str| format!("{kind} must say the reason, and errore-esteso is missing or empty (RFC 6109 §{section})");
    for reason in [None, Some(""), Some(" \t\n"), Some("\u{a0}\u{7f}")] {
        let why = || reason.map(|text| text.parse().unwrap());
        for (fault, section) in [(Fault::Other, "3.1.2"), (Fault::Virus, "3.1.3")] {
            let refusal = NonAcceptance::new(transaction("x"), fault, why()).unwrap();
            refused(Draft::non_acceptance(&identity(), &refusal, &ENTROPY), code, &sentence("non-accettazione", section));
        }
        for (fault, section) in [(Fault::NoRecipient, "3.3.3"), (Fault::Other, "3.3.3"), (Fault::Virus, "3.2.4")] {
            let failure = NonDelivery::new(transaction("x"), to(), fault, why()).unwrap();
            refused(Draft::non_delivery(&identity(), &failure, &ENTROPY), code, &sentence("errore-consegna", section));
        }
        let virus = VirusDetection::new(transaction("x"), to(), why());
        refused(Draft::virus_detection(&identity(), &virus, &service(), &ENTROPY), code, &sentence("rilevazione-virus", "3.2.3"));
        // The text of a timeout says all that there is to say.
        assert!(Draft::delivery_timeout(&identity(), &DeliveryTimeout::new(transaction("x"), to(), why()), &ENTROPY).is_ok());
    }
}

#[test]
fn no_more_is_written_than_readers_take() {
    let limits = Limits::default();
    let acceptance = |count: usize| {
        let recipients = (0..count).map(|i| Recipient::new(address(&format!("u{i}@pec.example")), RecipientKind::Certified)).collect();
        let t = Transaction::new(address("anna@pec.gestoreuno.example"), recipients, PROVIDER, when(), id()).unwrap();
        Draft::acceptance(&identity(), &Acceptance::new(t), &ENTROPY)
    };
    assert!(acceptance(limits.certdata_recipients).is_ok());
    let error = acceptance(limits.certdata_recipients + 1).unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        ("compose-too-many-recipients", "the facts have 10001 times destinatari, and readers take 10000")
    );
    let taken = TakenInCharge::new(transaction("x"), vec![to(); limits.certdata_recipients + 1]).unwrap();
    let error = Draft::taken_in_charge(&identity(), &taken, &service(), &ENTROPY).unwrap_err();
    assert_eq!(error.to_string(), "the facts have 10001 times ricezione, and readers take 10000");

    // One character of a reason is one byte of the data.
    let refusal = |bytes: usize| NonAcceptance::new(transaction("x"), Fault::Other, Some("x".repeat(bytes).parse().unwrap())).unwrap();
    let others = CertificationData::from(refusal(0)).to_xml().len();
    let full = limits.certdata_bytes - others;
    assert_eq!(CertificationData::from(refusal(full)).to_xml().len(), limits.certdata_bytes);
    assert!(Draft::non_acceptance(&identity(), &refusal(full), &ENTROPY).is_ok());
    let error = Draft::non_acceptance(&identity(), &refusal(full + 1), &ENTROPY).unwrap_err();
    assert_eq!(error.code(), "compose-certdata-too-long");
    assert_eq!(error.to_string(), "the certification data would have 4194305 bytes, and readers take 4194304");
}

#[test]
fn facts_of_others_are_held_against_the_dtd() {
    let xml = |recipient: &str, reply_to: &str| {
        format!(
            "<postacert tipo='errore-consegna' errore='no-dest'><intestazione><mittente>a@pec.example</mittente>\
             <destinatari {recipient}</destinatari>{reply_to}</intestazione><dati><gestore-emittente>Gestore Uno PEC S.p.A.</gestore-emittente>\
             <data zona='+0100'><giorno>22/11/2026</giorno><ora>03:00:00</ora></data><identificativo>x@y</identificativo>\
             <consegna>b@cert.example</consegna></dati></postacert>"
        )
    };
    for (recipient, reply_to, element) in
        [("tipo='certificato'>b@cert.example", "", "risposte"), ("tipo='boh'>b@cert.example", "<risposte/>", "destinatari")]
    {
        let (data, _) = CertificationData::parse(xml(recipient, reply_to).as_bytes()).unwrap();
        let facts = NonDelivery::try_from(&data).unwrap();
        let sentence = format!("the facts lack {element}, or have it in another form than the DTD's (RFC 6109 §4.4)");
        refused(Draft::non_delivery(&identity(), &facts, &ENTROPY), "compose-element", &sentence);
    }
}

/// Another provider's list is repeated to the letter, odd entries too; a list of one's own has none.
#[test]
fn s4_4_a_list_that_is_passed_on_stays_as_it_is() {
    let xml = |kind: &str, fault: &str| {
        format!(
            "<postacert tipo='{kind}' errore='{fault}'><intestazione><mittente>a@pec.example</mittente>\
             <destinatari tipo='certificato'>non un indirizzo</destinatari><destinatari tipo='certificato'>b@cert.example</destinatari><risposte/>\
             </intestazione><dati><gestore-emittente>Gestore Uno PEC S.p.A.</gestore-emittente>\
             <data zona='+0100'><giorno>22/11/2026</giorno><ora>03:00:00</ora></data><identificativo>x@y</identificativo>\
             <consegna>b@cert.example</consegna><errore-esteso>5.1.1 - G - no</errore-esteso></dati></postacert>"
        )
    };
    let (data, _) = CertificationData::parse(xml("errore-consegna", "no-dest").as_bytes()).unwrap();
    let facts = NonDelivery::try_from(&data).unwrap();
    let written = Draft::non_delivery(&identity(), &facts, &ENTROPY).unwrap().entity();
    let message = Message::parse(&written).unwrap();
    let xml_part = message.root().children().nth(1).unwrap().decode().into_bytes().into_owned();
    assert_eq!(CertificationData::parse(&xml_part).unwrap().0, data);
    let (data, _) = CertificationData::parse(xml("non-accettazione", "altro").as_bytes()).unwrap();
    let facts = NonAcceptance::try_from(&data).unwrap();
    let sentence = "the facts lack destinatari, or have it in another form than the DTD's (RFC 6109 §4.4)";
    refused(Draft::non_acceptance(&identity(), &facts, &ENTROPY), "compose-element", sentence);
}

#[test]
fn bcc_and_another_identifier_are_refused() {
    let facts = TransportEnvelope::new(transaction("Richiesta"), ReceiptKind::Complete);
    let with_bcc = [b"Bcc: nascosto@mail.example\r\n", ORIGINAL].concat();
    let sentence = "the original message has a Bcc field that is not empty (RFC 6109 §2.1)";
    refused(Draft::transport_envelope(&identity(), &facts, &with_bcc, &ENTROPY), "compose-bcc", sentence);
    let empty = [b"Bcc:  \r\n", ORIGINAL].concat();
    assert!(Draft::transport_envelope(&identity(), &facts, &empty, &ENTROPY).is_ok());
    refused(
        Draft::transport_envelope(&identity(), &facts, b"Message-ID: <altro@x>\r\n\r\n", &ENTROPY),
        "compose-message-identifier",
        "the facts say that the original message is abc$1@client.example, but it is altro@x (RFC 6109 §2.2.1)",
    );
}

#[test]
fn a_header_that_nobody_would_read_is_refused() {
    let facts = TransportEnvelope::new(transaction("Richiesta"), ReceiptKind::Complete);
    let original = ["Received: x\r\n".repeat(1 << 18).as_bytes(), ORIGINAL].concat();
    let Err(error) = Draft::transport_envelope(&identity(), &facts, &original, &ENTROPY) else { panic!("composed") };
    assert_eq!(error.code(), "compose-header-too-long");
}

#[test]
fn identifiers_are_of_the_form_and_do_not_repeat() {
    let domain = "pec.gestoreuno.example".parse().unwrap();
    let id = ENTROPY.pec_id(&domain);
    let (unique, host) = id.as_str().split_once('@').unwrap();
    assert!(unique.len() == 32 && unique.bytes().all(|b| b.is_ascii_alphanumeric()) && host == domain.as_str(), "{id}");
    let other = ENTROPY.pec_id(&"smtp1.gestoreuno.example".parse().unwrap());
    assert!(other.as_str().ends_with("@smtp1.gestoreuno.example"));
    let ids: std::collections::HashSet<_> = (0..1_000).map(|i| ENTROPY.derive("id", i).pec_id(&domain).to_string()).collect();
    assert_eq!(ids.len(), 1_000);
    assert_eq!(format!("{:?}", Entropy::new([9; 32])), "Entropy(…)");
}
