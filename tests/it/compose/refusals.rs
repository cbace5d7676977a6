//! What RFC 6109 forbids is not composed, and the error names the rule.

use postacert::compose::{ComposeError, Draft, Entropy, Identity};
use postacert::{Address, CertificationData, Delivery, NonDelivery, ReceiptKind, TakenInCharge, TransportEnvelope};

use crate::fixtures::certificates;
use crate::support::composed::{ENTROPY, ORIGINAL, address, identity, to, transaction};

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
    for (recipient, reply_to, element) in [
        ("tipo='certificato'>b@cert.example", "", "risposte"),
        ("tipo='certificato'>non un indirizzo", "<risposte/>", "destinatari"),
        ("tipo='boh'>b@cert.example", "<risposte/>", "destinatari"),
    ] {
        let (data, _) = CertificationData::parse(xml(recipient, reply_to).as_bytes()).unwrap();
        let facts = NonDelivery::try_from(&data).unwrap();
        let sentence = format!("the facts lack {element}, or have it in another form than the DTD's (RFC 6109 §4.4)");
        refused(Draft::non_delivery(&identity(), &facts, &ENTROPY), "compose-element", &sentence);
    }
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
