//! What is not certified (RFC 6109 §2.2.2, §3.2.2).

use postacert::compose::{Draft, Entropy};
use postacert::provider::{Event, OrdinaryMail, State, VirusVerdict};
use postacert::{Acceptance, Message};

use super::{Gestore, MARIO, UNO, address, due, kind, lines, log, messages, transaction};
use crate::fixtures::read;

const ANNA: &str = "anna@pec.gestoreuno.example";
/// From a provider, and irregular: its From is another provider's.
const IRREGULAR: &str = "hostile/from-altro-gestore.eml";

fn enclosed(to: &str) -> [String; 3] {
    [format!("log arrived {to}"), format!("log anomaly-issued {to}"), format!("deliver anomalia {to}")]
}

#[test]
fn s3_2_2_ordinary_mail_is_delivered_in_an_anomaly_envelope() {
    let (uno, message) = (Gestore::uno(), read("valid/ordinaria.eml"));
    let committed = uno.receive(&State::new(), &[MARIO, ANNA], &message);
    let both = format!("{MARIO} {ANNA}");
    let expected = [
        format!("log arrived {both}"),
        format!("log anomaly-issued {both}"),
        format!("deliver anomalia {MARIO}"),
        format!("deliver anomalia {ANNA}"),
    ];
    assert_eq!(lines(&committed), expected);
    let [one, other] = messages(&committed, "anomalia")[..] else { panic!() };
    assert_eq!(one, other, "one message for both");
    let envelope = Message::parse(one).unwrap();
    assert_eq!(envelope.carried_messages().next().unwrap().bytes(), message);
    assert_eq!(envelope.claims().transport().as_deref(), Some("errore"));
    let record = log(&committed, Event::AnomalyIssued);
    assert_eq!((&*record.note, &*record.sender, &*record.provider), ("messaggio di posta ordinaria", "chi@altrove.example", ""));
    let outer = Message::parse(&message).unwrap();
    let own = outer.claims().message_id().map(|id| id.value().unwrap().as_str().to_owned());
    assert_eq!(Some(&*record.related[0]), own.as_deref(), "it keeps its Message-ID");
    assert_eq!(envelope.claims().message_id().map(|id| id.value().unwrap().as_str().to_owned()), own);
    assert!(due(&committed).iter().all(|(_, due, _)| due == "nothing"));
}

#[test]
fn a_mail_without_message_id_gets_one_that_the_log_has() {
    let committed = Gestore::uno().receive(&State::new(), &[MARIO], b"From: x@y.example\r\n\r\nciao\r\n");
    let message = Message::parse(messages(&committed, "anomalia")[0]).unwrap();
    assert_eq!(log(&committed, Event::AnomalyIssued).related, [message.claims().message_id().unwrap().value().unwrap().as_str().into()]);
}

#[test]
fn ordinary_mail_is_refused_where_that_is_set_and_irregular_mail_never() {
    let uno = Gestore::uno().with(|settings| settings.ordinary_mail = OrdinaryMail::Refuse);
    for name in ["valid/ordinaria.eml", "valid/ordinaria-smime.eml", "hostile/firmatario-scaduto.eml", "hostile/firmatario-revocato.eml"] {
        let committed = uno.receive(&State::new(), &[MARIO], &read(name));
        let expected = [format!("log arrival-refused {MARIO}"), "refuse 550 5.7.1 ordinary mail is not accepted".into()];
        assert_eq!(lines(&committed), expected, "{name}");
        assert!(committed.delta.is_empty());
        assert!(!log(&committed, Event::ArrivalRefused).note.is_empty());
    }
    for name in [IRREGULAR, "hostile/autorita-consegna.eml", "valid/anomalia-ordinaria.eml", "hostile/daticert-manca.eml"] {
        let committed = uno.receive(&State::new(), &[MARIO], &read(name));
        assert_eq!(lines(&committed), enclosed(MARIO), "{name}");
    }
}

#[test]
fn s2_2_2_a_signature_in_doubt_is_ordinary_mail_and_the_reason_is_told() {
    for name in ["hostile/firmatario-scaduto.eml", "hostile/firmatario-futuro.eml", "hostile/firmatario-revocato.eml"] {
        let message = read(name);
        let committed = Gestore::uno().receive(&State::new(), &[MARIO], &message);
        assert_eq!(lines(&committed), enclosed(MARIO), "{name}");
        let record = log(&committed, Event::AnomalyIssued);
        assert_eq!(&*record.provider, "");
        assert_ne!(&*record.note, "messaggio di posta ordinaria");
        let envelope = messages(&committed, "anomalia")[0];
        let text = Message::parse(envelope).unwrap().mail().text().unwrap();
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat(&text).contains(&flat(&record.note)), "{name}: {text}\n{}", record.note);
    }
}

#[test]
fn an_infected_mail_is_dropped_if_ordinary_and_stored_if_a_provider_sent_it() {
    let (uno, virus) = (Gestore::uno(), VirusVerdict::Infected("EICAR"));
    for name in ["valid/ordinaria.eml", "hostile/firmatario-estraneo.eml", "hostile/firmatario-scaduto.eml"] {
        let committed = uno.receive_with(&State::new(), &[MARIO], &read(name), virus);
        assert_eq!(lines(&committed), [format!("log arrived {MARIO}"), format!("log arrival-discarded {MARIO}")], "{name}");
        assert_eq!(&*log(&committed, Event::ArrivalDiscarded).note, "EICAR");
        assert!(committed.delta.is_empty());
    }
    let mut state = State::new();
    let message = read(IRREGULAR);
    let committed = uno.receive_with(&state, &[MARIO], &message, virus);
    assert_eq!(lines(&committed), [format!("log arrived {MARIO}"), format!("log virus-stored {MARIO}"), "store EICAR".into()]);
    assert_eq!(&*log(&committed, Event::VirusStored).provider, UNO);
    state.apply(&committed.delta);
    assert_eq!(state.awaited().count(), 0);
    assert_eq!(lines(&uno.receive_with(&state, &[MARIO], &message, virus)), [format!("log arrival-repeated {MARIO}")]);
}

#[test]
fn the_same_mail_again_does_nothing_but_for_further_recipients() {
    let (uno, message, mut state) = (Gestore::uno(), read("valid/ordinaria.eml"), State::new());
    state.apply(&uno.receive(&state, &[MARIO], &message).delta);
    let again = uno.receive(&state, &[MARIO], &message);
    assert_eq!(lines(&again), [format!("log arrival-repeated {MARIO}")]);
    assert!(again.delta.is_empty());
    let further = uno.receive(&state, &[MARIO, ANNA], &message);
    let expected = [
        format!("log arrived {ANNA}"),
        format!("log arrival-repeated {MARIO}"),
        format!("log anomaly-issued {ANNA}"),
        format!("deliver anomalia {ANNA}"),
    ];
    assert_eq!(lines(&further), expected);
    state.apply(&further.delta);
    assert_eq!(state.awaited().map(|delivery| delivery.mailbox).collect::<Vec<_>>(), [address(ANNA), address(MARIO)]);
}

#[test]
fn a_mail_that_cannot_be_enclosed_is_refused() {
    // Its own header is as large as readers take, and the envelope inherits it.
    let received = |lines: usize| format!("Received: a{}\r\n", format!("\r\n {}", "x".repeat(992)).repeat(lines));
    let message = format!("{}{}X: {}\r\nFrom: x@y.example\r\n\r\nciao\r\n", received(65).repeat(32), received(26), "x".repeat(800));
    let committed = Gestore::uno().receive(&State::new(), &[MARIO], message.as_bytes());
    assert_eq!(lines(&committed), [format!("log arrival-refused {MARIO}"), "refuse 552 5.3.4 message too large".into()]);
    assert!(committed.delta.is_empty());
}

#[test]
fn an_envelope_whose_data_lack_the_sender_is_irregular() {
    for name in ["hostile/forma-mittente-vuoto.eml", "hostile/forma-identificativo-vuoto.eml"] {
        let message = read(name);
        assert_eq!(kind(&message), "accettazione", "{name}");
        let committed = Gestore::uno().receive(&State::new(), &[MARIO], &message);
        assert_eq!(lines(&committed), enclosed(MARIO), "{name}");
        assert_eq!(&*log(&committed, Event::AnomalyIssued).provider, UNO);
    }
}

#[test]
fn what_senders_write_stays_in_its_place() {
    // A reverse path and a virus that try to write header fields, and a subject with a line break inside.
    let uno = Gestore::uno();
    let message = b"From: x@y.example\r\nSubject: =?UTF-8?Q?a=0D=0AX-Ricevuta:_accettazione?=\r\n\r\nciao\r\n";
    let committed = uno.receive(&State::new(), &[MARIO], message);
    let envelope = Message::parse(messages(&committed, "anomalia")[0]).unwrap();
    assert!(envelope.claims().receipt().is_none());
    // An acceptance that uno itself signed, for another's user, is irregular too.
    let facts = Acceptance::new(transaction(UNO, "utente@pec.gestoretre.test", &[MARIO]));
    let draft = Draft::acceptance(uno.identity(), &facts, &Entropy::new([5; 32])).unwrap();
    assert_eq!(lines(&uno.receive(&State::new(), &[MARIO], &uno.sign(draft))), enclosed(MARIO));
}
