//! What is due when time passes (RFC 6109 §2.1.1.1.2, §3.1.6).

use std::collections::HashSet;
use std::time::{Duration, Instant};

use postacert::compose::Entropy;
use postacert::provider::{Committed, Delay, MailboxOutcome, Operator, Output, Settings, Stage, State};
use postacert::{Fault, Notification, TimeoutNotice, Timestamp, TransportEnvelope, UnixTime};
use serde_json::json;

use super::stored::{
    ENTROPY, OPERATOR, ORIGINAL, UNO, address, arrival, arrived, delivery_to, delta, envelope, events, followed, later, message_id, now,
    pec_id, proven, received, records, sent, settled, state,
};
use crate::support::composed::KEY;

const HOUR: i64 = 3_600;
const ANNA: &str = "anna@pec.gestoreuno.example";
const BRUNO: &str = "bruno@cert.duepostale.example";

fn message() -> TransportEnvelope {
    sent("busta1@pec.gestoreuno.example", now().instant(), &[BRUNO])
}

fn waiting(stage: &str, delay: &str) -> State {
    state(vec![followed(&message(), &[(BRUNO, stage, delay)])])
}

fn run_with(operator: &Operator, state: &State, entropy: &Entropy, at: Timestamp) -> Committed {
    operator.timeouts().run(state, entropy, at).unwrap().sign_with(&*KEY).unwrap()
}

fn run(state: &State, at: Timestamp) -> Committed {
    run_with(&OPERATOR, state, &ENTROPY, at)
}

fn with_settings(change: impl FnOnce(&mut Settings)) -> Operator {
    let mut settings = Settings::default();
    change(&mut settings);
    OPERATOR.clone().with_settings(settings).unwrap()
}

fn deadline(state: &State) -> Option<UnixTime> {
    OPERATOR.timeouts().next_deadline(state)
}

fn at(secs: i64) -> Option<UnixTime> {
    Some(later(secs).instant())
}

/// The messages that are delivered, with their mailboxes.
fn delivered(committed: &Committed) -> Vec<(&str, &[u8])> {
    let delivered = committed.outputs.iter().filter_map(|output| match output {
        Output::Deliver { delivery, message, .. } => Some((delivery.mailbox.as_str(), &**message)),
        _ => None,
    });
    delivered.collect()
}

#[test]
fn s3_1_6_each_edge_to_the_second() {
    const FIRST: &[&str] = &["first-notice-issued"];
    const FINAL: &[&str] = &["final-notice-issued"];
    let table: [(&str, &str, i64, &[&str]); 18] = [
        ("silent", "untold", -HOUR, &[]),
        ("silent", "untold", 0, &[]),
        ("silent", "untold", 12 * HOUR - 1, &[]),
        ("silent", "untold", 12 * HOUR, FIRST),
        ("silent", "untold", 24 * HOUR - 1, FIRST),
        ("silent", "untold", 24 * HOUR, FINAL),
        ("silent", "untold", 1_000 * HOUR, FINAL),
        ("silent", "told", 24 * HOUR - 1, &[]),
        ("silent", "told", 24 * HOUR, FINAL),
        ("taken-in-charge", "untold", 12 * HOUR, &[]),
        ("taken-in-charge", "untold", 24 * HOUR - 1, &[]),
        ("taken-in-charge", "untold", 24 * HOUR, FINAL),
        ("taken-in-charge", "told", 24 * HOUR - 1, &[]),
        ("taken-in-charge", "told", 24 * HOUR, FINAL),
        ("delivered", "untold", 1_000 * HOUR, &[]),
        ("not-delivered", "told", 1_000 * HOUR, &[]),
        ("timed-out", "untold", 1_000 * HOUR, &[]),
        ("timed-out", "told", 1_000 * HOUR, &[]),
    ];
    for (stage, delay, secs, due) in table {
        let mut state = waiting(stage, delay);
        let deadline_passed = deadline(&state).is_some_and(|deadline| deadline <= later(secs).instant());
        let committed = run(&state, later(secs));
        assert_eq!(events(&committed), due, "{stage}, {delay}, {secs} s");
        assert_eq!(deadline_passed, !due.is_empty(), "{stage}, {delay}, {secs} s");
        assert_eq!(committed.delta.is_empty(), due.is_empty());
        state.apply(&committed.delta);
        assert!(run(&state, later(secs)).outputs.is_empty(), "nothing is told twice");
        assert!(deadline(&state).is_none_or(|deadline| deadline > later(secs).instant()), "{stage}, {delay}, {secs} s");
    }
}

#[test]
fn s3_1_6_nothing_back_two_notices() {
    let mut state = waiting("silent", "untold");
    let bruno = address(BRUNO);
    assert_eq!(deadline(&state), at(12 * HOUR));
    let table = [
        (
            12,
            "4.4.1 - Gestore Uno PEC S.p.A. - nessun riscontro dal gestore del destinatario",
            "nelle prime dodici ore",
            TimeoutNotice::Unknown,
        ),
        (24, "5.4.1 - Gestore Uno PEC S.p.A. - tempo massimo superato", "nelle ventiquattro ore", TimeoutNotice::Final),
    ];
    for (hours, reason, text, notice) in table {
        let when = later(hours * HOUR);
        let committed = run_with(&OPERATOR, &state, &ENTROPY.derive("run", hours as u64), when);
        let [(mailbox, raw)] = delivered(&committed)[..] else { panic!("{committed:?}") };
        assert_eq!(mailbox, ANNA);
        let (Notification::DeliveryTimeout(facts), None) = proven(raw, when) else { panic!("{hours}") };
        assert_eq!((facts.recipient(), facts.fault(), facts.notice()), (&bruno, Fault::Other, notice));
        assert_eq!(facts.reason().unwrap().raw(), reason);
        let (told, accepted) = (facts.transaction(), message().transaction().clone());
        assert_eq!((told.id(), told.subject(), told.recipients()), (accepted.id(), accepted.subject(), accepted.recipients()));
        assert_eq!((told.provider(), told.when()), (Some(UNO), when));
        assert!(postacert::Message::parse(raw).unwrap().mail().text().unwrap().contains(text));

        let [record] = records(&committed)[..] else { panic!("{committed:?}") };
        assert_eq!((record.id.as_str(), record.when, &*record.sender), ("busta1@pec.gestoreuno.example", when, ANNA));
        assert_eq!((&record.recipients[..], &*record.subject, &*record.provider), (core::slice::from_ref(&bruno), "Richiesta", UNO));
        assert_eq!((&record.related[..], &*record.note), (&[message_id(raw).into()][..], reason));
        assert!(committed.outputs.iter().all(|output| output.transaction() == accepted.id()));

        // The notice is a delivery like any other, and nothing is due of it.
        state.apply(&committed.delta);
        let Output::Deliver { delivery, message, .. } = &committed.outputs[1] else { panic!() };
        assert_eq!(state.awaited().collect::<Vec<_>>(), core::slice::from_ref(delivery));
        let point = OPERATOR.delivery_point();
        let stored = point.settle(&state, delivery, message, MailboxOutcome::Stored, &ENTROPY, when).unwrap().sign_with(&*KEY).unwrap();
        assert_eq!((events(&stored), &*records(&stored)[0].subject), (vec!["delivered"], "Richiesta"));
        state.apply(&stored.delta);
        assert_eq!(state.awaited().count(), 0);
    }
    let fate = state.fate(&pec_id("busta1@pec.gestoreuno.example"), &bruno).unwrap();
    assert_eq!((fate.stage, fate.delay), (Stage::TimedOut, Delay::Told));
    assert_eq!(deadline(&state), None);
}

#[test]
fn s3_1_6_a_receipt_between_the_notices_stops_the_second() {
    for (heard, then) in [("delivered", None), ("not-delivered", None), ("taken-in-charge", at(24 * HOUR))] {
        let mut state = waiting("silent", "untold");
        state.apply(&run(&state, later(12 * HOUR)).delta);
        assert_eq!(deadline(&state), at(24 * HOUR));
        state.apply(&delta(vec![json!({"heard": {"id": "busta1@pec.gestoreuno.example", "recipients": [BRUNO], "stage": heard}})]));
        assert_eq!(deadline(&state), then, "{heard}");
    }
}

#[test]
fn s3_1_6_the_final_notice_may_come_after_22_hours() {
    let operator = with_settings(|settings| (settings.first_notice_secs, settings.final_notice_secs) = (10 * HOUR, 22 * HOUR));
    let state = waiting("silent", "untold");
    assert_eq!(operator.timeouts().next_deadline(&state), at(10 * HOUR));
    let told = |secs| events(&run_with(&operator, &state, &ENTROPY, later(secs)));
    assert_eq!(told(10 * HOUR - 1), [""; 0]);
    assert_eq!(told(10 * HOUR), ["first-notice-issued"]);
    assert_eq!(told(22 * HOUR - 1), ["first-notice-issued"]);
    assert_eq!(told(22 * HOUR), ["final-notice-issued"]);
}

#[test]
fn s3_1_6_one_notice_for_each_recipient_the_longest_waiting_first() {
    let (id, old) = (|n: i64| format!("b{n}@pec.gestoreuno.example"), |n: i64| later(-n * HOUR).instant());
    let many = |n: i64, recipients: &[&str]| {
        let fates: Vec<_> = recipients.iter().map(|to| (*to, "silent", "untold")).collect();
        followed(&sent(&id(n), old(n), recipients), &fates)
    };
    let mut state = state(vec![
        many(30, &["f@a.example", "B@a.example", "a@a.example"]),
        many(25, &["a@a.example"]),
        many(13, &["c@a.example", "a@a.example"]),
        many(12, &["a@a.example"]),
        many(11, &["a@a.example"]),
    ]);
    let operator = with_settings(|settings| settings.batch = 2);
    let (mut told, mut ids, mut runs) = (Vec::new(), HashSet::new(), 0);
    while operator.timeouts().next_deadline(&state).is_some_and(|deadline| deadline <= now().instant()) {
        let committed = run_with(&operator, &state, &ENTROPY.derive("run", runs), now());
        assert!((1..=2).contains(&delivered(&committed).len()));
        for record in records(&committed) {
            let event = record.event.as_str().trim_end_matches("-notice-issued");
            told.push(format!("{} {} {event}", record.id.as_str().trim_end_matches("@pec.gestoreuno.example"), record.recipients[0]));
        }
        ids.extend(delivered(&committed).into_iter().map(|(_, raw)| message_id(raw)));
        state.apply(&committed.delta);
        runs += 1;
    }
    let due = [
        "b30 a@a.example final",
        "b30 B@a.example final",
        "b30 f@a.example final",
        "b25 a@a.example final",
        "b13 a@a.example first",
        "b13 c@a.example first",
        "b12 a@a.example first",
    ];
    assert_eq!(told, due);
    assert_eq!((ids.len(), runs), (7, 4), "each is a message of its own");
    assert_eq!(operator.timeouts().next_deadline(&state), at(HOUR));
}

#[test]
fn s4_1_the_same_entropy_gives_the_same_bytes() {
    let state = waiting("silent", "untold");
    assert_eq!(run(&state, later(13 * HOUR)), run(&state, later(13 * HOUR)));
    let other = run_with(&OPERATOR, &state, &Entropy::new([8; 32]), later(13 * HOUR));
    assert_ne!(message_id(delivered(&other)[0].1), message_id(delivered(&run(&state, later(13 * HOUR)))[0].1));
}

#[test]
fn s3_1_6_a_clock_that_goes_backwards_does_no_harm() {
    let mut state = waiting("silent", "untold");
    state.apply(&run(&state, later(25 * HOUR)).delta);
    for secs in [13 * HOUR, 25 * HOUR, -HOUR, 12 * HOUR, 48 * HOUR] {
        assert!(run(&state, later(secs)).outputs.is_empty());
    }
    // Accepted in what now is the future: the terms count from there.
    let state = waiting("silent", "untold");
    assert!(run(&state, later(-100 * HOUR)).outputs.is_empty());
    assert_eq!(deadline(&state), at(12 * HOUR));
}

#[test]
fn a_term_beyond_the_last_year_never_comes() {
    let near = UnixTime::MAX.checked_add_secs(-13 * HOUR).unwrap();
    let envelope = sent("busta1@pec.gestoreuno.example", near, &[BRUNO]);
    let at = |delay| state(vec![followed(&envelope, &[(BRUNO, "silent", delay)])]);
    assert_eq!(deadline(&at("untold")), near.checked_add_secs(12 * HOUR));
    let (state, last) = (at("told"), Timestamp::new(UnixTime::MAX, 0).unwrap());
    assert_eq!((deadline(&state), run(&state, last).outputs.len()), (None, 0));
    // No certificate lasts that long. What is due stays due, until there is another.
    let error = OPERATOR.timeouts().run(&at("untold"), &ENTROPY, last).unwrap_err();
    assert_eq!(error.code(), "provider-not-valid");
}

#[test]
fn s3_2_3_virus_detections_left_over_are_written_after_the_notices() {
    let service = "ricezione@cert.duepostale.example";
    let facts = received(postacert::ReceiptKind::Complete);
    let content = json!({"infected": {"facts": facts, "service_mailbox": service, "virus": "W32/\"Prova\"\n"}});
    let mailboxes = ["bruno@pec.gestoreuno.example", "carla@pec.studio.gestoreuno.example"];
    let due: Vec<_> = mailboxes.iter().map(|mailbox| (*mailbox, json!({"virus-detection": {"recipient": mailbox}}))).collect();
    let waiting = sent("busta1@pec.gestoreuno.example", later(-30 * HOUR).instant(), &[BRUNO]);
    let mut state = state(vec![arrival(&content, &due), followed(&waiting, &[(BRUNO, "silent", "told")])]);
    let operator = with_settings(|settings| settings.batch = 2);

    let first = run_with(&operator, &state, &ENTROPY, now());
    assert_eq!(events(&first), ["final-notice-issued", "virus-detection-issued"]);
    assert_eq!(settled(&first.delta), [&delivery_to(mailboxes[0])]);
    state.apply(&first.delta);
    assert_eq!(operator.timeouts().next_deadline(&state), Some(now().instant()), "when it arrived");
    let second = run_with(&operator, &state, &ENTROPY.derive("run", 1), now());
    assert_eq!(events(&second), ["virus-detection-issued"]);
    state.apply(&second.delta);
    assert_eq!(operator.timeouts().next_deadline(&state), None);
    assert!(run_with(&operator, &state, &ENTROPY, now()).outputs.is_empty());

    for (committed, recipient) in [(&first, mailboxes[0]), (&second, mailboxes[1])] {
        let Some(Output::Send { transaction, mail_from, rcpt_to, message }) = committed.outputs.last() else { panic!("{committed:?}") };
        assert_eq!(transaction, facts.transaction().id());
        assert_eq!((mail_from, &rcpt_to[..]), (OPERATOR.identity().address(), &[address(service)][..]));
        let (Notification::VirusDetection(detection), None) = proven(message, now()) else { panic!("no detection") };
        assert_eq!((detection.recipient().as_str(), detection.fault()), (recipient, Fault::Virus));
        assert_eq!(detection.reason().unwrap().raw(), "5.5.1 - Gestore Uno PEC S.p.A. - virus rilevato: W32/\"Prova\"");
        let record = records(committed).into_iter().next_back().unwrap();
        assert_eq!((&*record.provider, &record.related[..]), ("Servizi Postali Due S.r.l.", &[message_id(message).into()][..]));
    }
}

#[test]
fn what_can_never_be_written_is_owed_no_more() {
    let mailbox = "bruno@pec.gestoreuno.example";
    let content = json!({"other": {"transaction": "log1@pec.gestoreuno.example"}});
    let mut state = state(vec![arrival(&content, &[(mailbox, json!({"virus-detection": {"recipient": mailbox}}))])]);
    assert_eq!(deadline(&state), at(0));
    let committed = run(&state, now());
    assert_eq!((committed.outputs.len(), settled(&committed.delta)), (0, vec![&delivery_to(mailbox)]));
    state.apply(&committed.delta);
    assert_eq!(deadline(&state), None);
}

#[test]
fn a_hundred_thousand_messages_do_not_slow_it_down() {
    const MESSAGES: i64 = 100_000;
    let template = serde_json::to_string(&followed(&sent("ID", now().instant(), &[BRUNO]), &[(BRUNO, "silent", "untold")])).unwrap();
    let all: Vec<_> = (0..MESSAGES).map(|n| template.replace("\"ID\"", &format!("\"b{n}@a.example\""))).collect();
    let mut state: State = serde_json::from_str(&format!("[{}]", all.join(","))).unwrap();
    state.apply(&delta(vec![followed(&message(), &[(BRUNO, "taken-in-charge", "untold")])]));

    // Looking through all of them so often would take minutes.
    let start = Instant::now();
    for _ in 0..1_000 {
        assert_eq!(deadline(&state), at(12 * HOUR));
        let pending = OPERATOR.timeouts().run(&state, &ENTROPY, later(12 * HOUR - 1)).unwrap();
        assert_eq!(pending.to_sign().len(), 0);
    }
    let pending = OPERATOR.timeouts().run(&state, &ENTROPY, later(12 * HOUR)).unwrap();
    assert_eq!(pending.to_sign().len(), 100);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn ten_thousand_recipients_are_told_a_batch_at_a_time() {
    let recipients: Vec<String> = (0..10_000).map(|n| format!("u{n:04}@cert.duepostale.example")).collect();
    let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
    let envelope = sent("busta1@pec.gestoreuno.example", now().instant(), &recipients);
    let fates: Vec<_> = recipients.iter().map(|to| (*to, "silent", "untold")).collect();
    let mut state = state(vec![followed(&envelope, &fates)]);
    let operator = with_settings(|settings| settings.batch = 5);
    for first in [0, 5, 9_995] {
        // All before were told already.
        let told: Vec<_> =
            recipients[..first].iter().map(|to| json!({"delayed": {"id": "busta1@pec.gestoreuno.example", "recipient": to}})).collect();
        state.apply(&delta(told));
        let committed = run_with(&operator, &state, &ENTROPY, later(12 * HOUR));
        let told: Vec<_> = records(&committed).into_iter().map(|record| record.recipients[0].as_str()).collect();
        assert_eq!(told, recipients[first..first + 5]);
        state.apply(&committed.delta);
    }
    assert_eq!(deadline(&state), at(24 * HOUR));
}

/// A subject that leaves no room for a header.
fn endless(envelope: &TransportEnvelope) -> TransportEnvelope {
    let transaction = envelope.transaction().clone().with_subject(&"lungo ".repeat(400_000)).unwrap();
    TransportEnvelope::new(transaction, envelope.receipt())
}

#[test]
fn r31_a_message_of_which_no_notice_can_be_written_keeps_no_other_waiting() {
    let (old, service) = (later(-30 * HOUR).instant(), "ricezione@cert.duepostale.example");
    let silent = [(BRUNO, "silent", "untold")];
    let infected =
        json!({"infected": {"facts": endless(&received(postacert::ReceiptKind::Complete)), "service_mailbox": service, "virus": "x"}});
    let mailbox = "bruno@pec.gestoreuno.example";
    let mut state = state(vec![
        followed(&endless(&sent("a@a.example", old, &[BRUNO])), &silent),
        followed(&sent("b@a.example", old, &[BRUNO]), &silent),
        arrival(&infected, &[(mailbox, json!({"virus-detection": {"recipient": mailbox}}))]),
    ]);
    let committed = run(&state, now());
    assert_eq!(events(&committed), ["notification-impossible", "final-notice-issued", "notification-impossible"]);
    let record = records(&committed)[0];
    assert_eq!((record.id.as_str(), record.related.len()), ("a@a.example", 0));
    assert!(record.note.starts_with("the header would have "), "{}", record.note);
    assert_eq!((committed.outputs.len(), delivered(&committed).len()), (4, 1));
    state.apply(&committed.delta);
    assert_eq!(deadline(&state), None);

    // Nor does a delivery wait for ever for its receipt.
    let facts = received(postacert::ReceiptKind::Concise);
    let raw = envelope(&facts, ORIGINAL);
    let state = arrived(&endless(&facts), &raw, postacert::ReceiptKind::Concise);
    for (outcome, event) in [(MailboxOutcome::Stored, "delivered"), (MailboxOutcome::Full, "not-delivered")] {
        let point = OPERATOR.delivery_point();
        let pending = point.settle(&state, &delivery_to(mailbox), &raw, outcome, &ENTROPY, now()).unwrap();
        let committed = pending.sign_with(&*KEY).unwrap();
        assert_eq!(events(&committed), [event, "notification-impossible"]);
        assert_eq!((committed.outputs.len(), settled(&committed.delta)), (2, vec![&delivery_to(mailbox)]));
    }
}
