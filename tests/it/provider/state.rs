//! What is remembered from one decision to the next.

use postacert::provider::{Delta, Fate, Stage, State};
use postacert::{Address, UnixTime};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::stored::{OPERATOR, address, delivery_to, delta, followed, later, pec_id, received, sent, state};

const ID: &str = "busta1@pec.gestoreuno.example";
const BRUNO: &str = "bruno@cert.duepostale.example";
const CARLA: &str = "Carla@Cert.DuePostale.example";

fn heard(id: &str, recipients: &[&str], stage: &str) -> Value {
    json!({"heard": {"id": id, "recipients": recipients, "stage": stage}})
}

fn waiting() -> State {
    state(vec![followed(&sent(ID, later(0).instant(), &[BRUNO, CARLA]), &[(BRUNO, "silent", "untold"), (CARLA, "silent", "untold")])])
}

fn stage(state: &State, recipient: &str) -> Stage {
    state.fate(&pec_id(ID), &address(recipient)).unwrap().stage
}

/// The state as it comes back from a store.
#[track_caller]
fn restored(state: &State) -> State {
    let restored: State = serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap();
    assert_eq!(&restored, state, "with what derives from it");
    restored
}

#[test]
fn s2_1_1_1_2_a_receipt_is_heard_after_the_final_notice() {
    for (late, then) in [
        ("taken-in-charge", Stage::TimedOut),
        ("delivered", Stage::Delivered),
        ("not-delivered", Stage::NotDelivered),
        ("silent", Stage::TimedOut),
    ] {
        let mut state = waiting();
        state.apply(&delta(vec![heard(ID, &[BRUNO], "timed-out"), heard(ID, &[BRUNO], late)]));
        assert_eq!((stage(&state, BRUNO), stage(&state, CARLA)), (then, Stage::Silent), "{late}");
        restored(&state);
    }
}

#[test]
fn r28_of_receipts_that_contradict_each_other_the_first_stays() {
    for (first, kept) in [("delivered", Stage::Delivered), ("not-delivered", Stage::NotDelivered)] {
        for later in ["silent", "taken-in-charge", "timed-out", "not-delivered", "delivered"] {
            let mut state = waiting();
            state.apply(&delta(vec![heard(ID, &[BRUNO], first), heard(ID, &[BRUNO], later)]));
            assert_eq!(stage(&state, BRUNO), kept, "{first}, then {later}");
        }
    }
}

#[test]
fn r28_receipts_spell_addresses_as_they_like_and_name_whom_they_like() {
    let mut state = waiting();
    state.apply(&delta(vec![heard(ID, &["cARLA@cert.duepostale.EXAMPLE", "franco@cert.duepostale.example"], "delivered")]));
    state.apply(&delta(vec![heard("altra@pec.gestoreuno.example", &[BRUNO], "delivered")]));
    assert_eq!((stage(&state, CARLA), stage(&state, BRUNO)), (Stage::Delivered, Stage::Silent));
    let known: Vec<(&Address, Fate)> = state.recipients(&pec_id(ID)).collect();
    assert_eq!(known.iter().map(|(to, _)| to.as_str()).collect::<Vec<_>>(), [BRUNO, CARLA], "as the sender spelled them");
    assert_eq!(state.fate(&pec_id(ID), &address("franco@cert.duepostale.example")), None);
    assert_eq!(state.recipients(&pec_id("altra@pec.gestoreuno.example")).count(), 0);
}

#[test]
fn to_follow_a_message_again_forgets_nothing() {
    let mut state = waiting();
    state.apply(&delta(vec![heard(ID, &[BRUNO], "delivered")]));
    state.apply(&Delta::from(waiting()));
    assert_eq!(stage(&state, BRUNO), Stage::Delivered);
}

fn arrival(n: u8, at: UnixTime, mailboxes: &[(u8, &str)]) -> Value {
    let due = |due: &str, mailbox: u8| match due {
        "virus" => json!({"virus-detection": {"recipient": format!("m{mailbox}@pec.gestoreuno.example")}}),
        "receipt" => json!({"receipt": {"recipient": "bruno@pec.gestoreuno.example", "kind": "breve"}}),
        _ => json!("nothing"),
    };
    let mailboxes: Value = mailboxes
        .iter()
        .map(|(mailbox, what)| {
            (format!("m{mailbox}@pec.gestoreuno.example"), json!({"at": at, "due": due(what, *mailbox), "progress": "awaited"}))
        })
        .collect();
    let facts = received(postacert::ReceiptKind::Complete);
    let content = match n % 3 {
        0 => json!({"other": {"transaction": "log1@pec.gestoreuno.example"}}),
        1 => json!({"infected": {"facts": facts, "service_mailbox": "ricezione@cert.duepostale.example", "virus": "W32/\u{0}\n\u{1f4a3}"}}),
        _ => json!({"envelope": {"facts": facts, "message": fingerprint(n)}}),
    };
    json!({"arrived": {"message": fingerprint(n), "arrival": {"content": content, "mailboxes": mailboxes}}})
}

fn fingerprint(n: u8) -> String {
    format!("{n:02x}").repeat(32)
}

fn settled(n: u8, mailbox: u8) -> Value {
    json!({"settled": {"delivery": {"arrival": fingerprint(n), "mailbox": format!("m{mailbox}@pec.gestoreuno.example")}}})
}

#[test]
fn r28_the_same_message_for_further_mailboxes_adds_them() {
    let mut state = state(vec![arrival(1, later(0).instant(), &[(0, "virus"), (1, "virus")]), settled(1, 0)]);
    state.apply(&delta(vec![arrival(1, later(60).instant(), &[(0, "virus"), (1, "virus"), (2, "virus")])]));
    let awaited: Vec<String> = state.awaited().map(|delivery| delivery.mailbox.to_string()).collect();
    assert_eq!(awaited, ["m1@pec.gestoreuno.example", "m2@pec.gestoreuno.example"]);
    assert_eq!(OPERATOR.timeouts().next_deadline(&state), Some(later(0).instant()), "the time of the first arrival");
    restored(&state);
    state.apply(&delta(vec![settled(1, 1), settled(1, 2), settled(1, 3), settled(2, 0)]));
    assert_eq!((state.awaited().count(), OPERATOR.timeouts().next_deadline(&state)), (0, None));
}

#[test]
fn what_is_over_is_forgotten_and_nothing_else() {
    let at = |secs| later(secs).instant();
    let submitted = |n: u8, secs| json!({"submitted": {"submission": fingerprint(n), "id": format!("b{n}@a.example"), "at": at(secs)}});
    let one = |id: &str, secs, stage| followed(&sent(id, at(secs), &[BRUNO]), &[(BRUNO, stage, "told")]);
    let remembered = vec![
        submitted(1, 10),
        one("new@a.example", 10, "delivered"),
        one("old-open@a.example", 0, "taken-in-charge"),
        arrival(0, at(10), &[(0, "nothing")]),
        settled(0, 0),
        arrival(1, at(0), &[(0, "virus"), (1, "nothing")]),
        // It came for this mailbox later than for others, and may come again.
        arrival(2, at(10), &[(1, "receipt")]),
        settled(2, 1),
    ];
    let over = vec![
        submitted(2, 9),
        one("old-delivered@a.example", 9, "delivered"),
        one("old-told@a.example", 0, "timed-out"),
        arrival(1, at(9), &[(2, "virus")]),
        settled(1, 2),
        arrival(2, at(9), &[(0, "receipt")]),
        settled(2, 0),
    ];
    let kept = state(remembered.clone());
    let mut all = state([remembered, over].concat());
    assert_ne!(all, kept);
    all.apply(&State::forget(at(10)));
    assert_eq!(all, kept);
    all.apply(&State::forget(at(0)));
    assert_eq!(restored(&all), kept);
}

#[test]
fn what_is_stored_reads_well_and_nothing_else_is_read() {
    let text = serde_json::to_string(&waiting()).unwrap();
    assert!(text.starts_with(r#"[{"followed":{"envelope":"#), "{text}");
    assert!(text.contains(r#"["bruno@cert.duepostale.example",{"stage":"silent","delay":"untold"}]"#), "{text}");
    for broken in [
        r#"[{"settled":{"delivery":{"arrival":"a0","mailbox":"a@b.example"}}}]"#,
        r#"[{"settled":{"delivery":{"arrival":"zz","mailbox":"nobody"}}}]"#,
        r#"[{"forged":{}}]"#,
        r#"[{"heard":{"id":"x","recipients":[],"stage":"perhaps"}}]"#,
        r#"{}"#,
    ] {
        assert!(serde_json::from_str::<State>(broken).is_err(), "{broken}");
    }
    assert_eq!(serde_json::from_str::<State>("[]").unwrap(), State::new());
    assert_eq!(serde_json::to_value(delivery_to("a@b.example")).unwrap()["mailbox"], "a@b.example");
}

/// What one decision may change.
fn any_decision() -> impl Strategy<Value = Vec<Value>> {
    let (id, secs) = ((0..4_u8).prop_map(|n| format!("b{n}@a.example")), -100..100_i64);
    let to = || prop::collection::vec(prop::sample::select(vec!["a@x.example", "B@x.example", "b@X.example", "c@x.example"]), 1..4);
    let stage = prop::sample::select(vec!["silent", "taken-in-charge", "timed-out", "not-delivered", "delivered"]);
    let fate = (stage.clone(), prop::sample::select(vec!["untold", "told"]));
    let follow = (id.clone(), secs.clone(), to(), fate, any::<u8>()).prop_map(|(id, secs, to, (stage, delay), n)| {
        let fates: Vec<_> = to.iter().map(|to| (*to, stage, delay)).collect();
        let at = later(secs).instant();
        vec![json!({"submitted": {"submission": fingerprint(n), "id": id, "at": at}}), followed(&sent(&id, at, &to), &fates)]
    });
    let hear = (id.clone(), to(), stage).prop_map(|(id, to, stage)| vec![heard(&id, &to, stage)]);
    let delay = (id, to()).prop_map(|(id, to)| vec![json!({"delayed": {"id": id, "recipient": to[0]}})]);
    let what = prop::sample::select(vec!["virus", "receipt", "nothing"]);
    let arrive =
        (0..6_u8, secs.clone(), prop::collection::vec((0..4_u8, what), 0..4), 0..4_u8).prop_map(|(n, secs, mailboxes, written)| {
            let first = mailboxes.iter().take(written.into()).map(|(mailbox, _)| settled(n, *mailbox)).collect::<Vec<_>>();
            [vec![arrival(n, later(secs).instant(), &mailboxes)], first].concat()
        });
    let settle = (0..6_u8, 0..4_u8).prop_map(|(n, mailbox)| vec![settled(n, mailbox)]);
    let forget = secs.prop_map(|secs| serde_json::from_value(serde_json::to_value(State::forget(later(secs).instant())).unwrap()).unwrap());
    prop_oneof![3 => follow, 4 => hear, 2 => delay, 3 => arrive, 3 => settle, 1 => forget]
}

proptest! {
    #[test]
    fn whatever_happens_the_state_is_that_of_its_changes(decisions in prop::collection::vec(any_decision(), 1..30)) {
        let (mut state, mut all) = (State::new(), Delta::default());
        for decision in decisions {
            let decision = delta(decision);
            state.apply(&decision);
            let once = state.clone();
            state.apply(&decision);
            prop_assert_eq!(&state, &once, "to apply it twice is to apply it once");
            all.append(decision);
            // Equality is that of the indexes too, and these are made anew.
            prop_assert_eq!(&State::from(Delta::from(state.clone())), &state);
            prop_assert_eq!(&restored(&state), &state);
            prop_assert_eq!(&State::from(all.clone()), &state, "all changes from the beginning give it too");
        }
    }
}
