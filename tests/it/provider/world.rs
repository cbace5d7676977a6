//! Every flow of RFC 6109 §3 between providers, with all that each party gets.

use postacert::provider::{Event, OrdinaryMail, Stage};

use crate::support::world::choices::Choices;
use crate::support::world::mail::{Letter, address};
use crate::support::world::trust::{Keys, parties};
use crate::support::world::{Condition, HOUR, Happened, MINUTE, Point, World, audit};

const ANNA: &str = "anna@pec.gestoreuno.example";
const ALDO: &str = "aldo@pec.gestoreuno.example";
const BRUNO: &str = "bruno@cert.duepostale.example";
const BIANCA: &str = "bianca@cert.duepostale.example";
const NOBODY: &str = "nessuno@cert.duepostale.example";
const SERVICE_1: &str = "ricezione@pec.gestoreuno.example";
const SERVICE_2: &str = "ricezione@cert.duepostale.example";
const MARIO: &str = "mario@mail.example";

/// Two providers, without accidents.
fn two() -> World {
    of(2, Keys::Cheap)
}

fn of(providers: usize, keys: Keys) -> World {
    let mut world = World::new(providers, keys, Choices::Bytes(Vec::new(), 0));
    for mailbox in [ANNA, ALDO, BRUNO, BIANCA] {
        world.open(mailbox);
    }
    world
}

/// Until nobody awaits anything.
fn finish(world: &mut World) {
    world.drive(8 * 24 * HOUR);
    audit::at_the_end(world);
}

fn happened(world: &World, from: usize) -> Vec<(usize, Point, String, Vec<String>)> {
    let all = world.transcript[from..].iter().cloned();
    all.map(|Happened { host, point, got, gave }| (host, point, got, gave)).collect()
}

fn step(host: usize, point: Point, got: &str, gave: &[&str]) -> (usize, Point, String, Vec<String>) {
    (host, point, got.to_owned(), gave.iter().map(|gave| (*gave).to_owned()).collect())
}

fn letter(to: &[&str]) -> Letter {
    Letter::new(ANNA, to)
}

#[test]
fn s3_5_complete_transaction_in_twelve_steps() {
    for keys in [Keys::Cheap, Keys::Rsa] {
        let mut world = of(2, keys);
        // The sending user sends an email to the provider's access point (1), which checks it and emits the acceptance (2), and creates the
        // transport envelope and forwards it to the receiving provider's incoming point (3).
        world.submit(&letter(&[BRUNO]));
        let acceptance = format!("deliver accettazione to {ANNA}");
        let envelope = format!("send posta-certificata to {BRUNO}");
        assert_eq!(happened(&world, 0), [step(0, Point::Access, "mail", &[&acceptance, &envelope])]);
        world.drive(MINUTE);
        let happened = happened(&world, 1);
        let about = |host, point, got: &str| {
            let found: Vec<_> = happened.iter().filter(|(h, p, g, _)| (*h, *p, g.as_str()) == (host, point, got)).collect();
            assert_eq!(found.len(), 1, "{got} at {point:?} of {host} in {happened:#?}");
            found[0].3.clone()
        };
        let nothing: [&str; 0] = [];
        assert_eq!(about(0, Point::Delivery, "accettazione"), nothing);
        // The receiver's incoming point verifies the envelope and creates the acceptance between servers (4), and forwards the envelope to its
        // delivery point (7).
        let taken = format!("send presa-in-carico {BRUNO} to {SERVICE_1}");
        let forwarded = format!("deliver posta-certificata to {BRUNO}");
        assert_eq!(about(1, Point::Incoming, "posta-certificata"), [taken, forwarded]);
        // The sender's incoming point verifies it and forwards it to the delivery point (5), which saves it in the service mailbox (6).
        let taken = format!("presa-in-carico {BRUNO}");
        assert_eq!(about(0, Point::Incoming, &taken), [format!("deliver {taken} to {SERVICE_1}")]);
        assert_eq!(about(0, Point::Delivery, &taken), nothing);
        assert_eq!(world.mailbox(SERVICE_1), [taken]);
        // The receiver's delivery point saves the envelope in the recipient's mailbox (8), and sends a delivery notification (9).
        let receipt = format!("avvenuta-consegna completa {BRUNO}");
        assert_eq!(about(1, Point::Delivery, "posta-certificata"), [format!("send {receipt} to {ANNA}")]);
        // The sender's incoming point verifies it and forwards it (10), and the delivery point saves it in the user's mailbox (11).
        assert_eq!(about(0, Point::Incoming, &receipt), [format!("deliver {receipt} to {ANNA}")]);
        assert_eq!(about(0, Point::Delivery, &receipt), nothing);
        assert_eq!(world.mailbox(ANNA), ["accettazione", &receipt]);
        // The receiving user has the message at his disposition (12).
        assert_eq!(world.mailbox(BRUNO), ["posta-certificata"]);
        assert_eq!(happened.len(), 7, "and nothing else: {happened:#?}");
        finish(&mut world);
        assert_eq!(world.mailbox(ANNA).len(), 2, "no notice follows");
    }
}

#[test]
fn s3_1_2_a_formal_refusal() {
    let mut world = two();
    let formal = [
        Letter { fields: "Bcc: nascosto@mail.example\r\n".to_owned(), ..letter(&[BRUNO]) },
        Letter { fields: format!("From: {ANNA}\r\n"), ..letter(&[BRUNO]) },
    ];
    let cases = formal.iter().map(|letter| (letter.bytes(), letter.recipients()));
    let others = [
        (letter(&[BRUNO]).bytes(), vec![address(BIANCA)]),
        (Letter::new(ALDO, &[BRUNO]).bytes(), vec![address(BRUNO)]),
        (b"From: anna@pec.gestoreuno.example\r\nSubject: x\r\n\r\nciao\r\n".to_vec(), vec![address(BRUNO)]),
        (b"To: bruno@cert.duepostale.example\r\n\r\nciao\r\n".to_vec(), vec![address(BRUNO)]),
    ];
    for (count, (message, rcpt_to)) in cases.chain(others).enumerate() {
        let handed = world.submit_as(&address(ANNA), &rcpt_to, &message);
        assert!(handed.refused.is_none(), "the notice says it: {:?}", handed.refused);
        finish(&mut world);
        assert_eq!(world.mailbox(ANNA), vec!["non-accettazione altro"; count + 1]);
    }
    for nothing in [BRUNO, BIANCA, ALDO, SERVICE_1, SERVICE_2] {
        assert_eq!(world.mailbox(nothing), [""; 0], "{nothing}");
    }
    assert!(world.ledger.accepted.is_empty());
}

#[test]
fn s3_1_2_above_the_second_bound_smtp_refuses() {
    let mut world = two();
    world.settings(0, |settings| settings.smtp_bytes = 10_000);
    let handed = world.submit(&Letter { body: "x\r\n".repeat(4_000), ..letter(&[BRUNO]) });
    assert_eq!(handed.refused.map(|reply| reply.code), Some(552));
    finish(&mut world);
    assert_eq!(world.mailbox(ANNA), [""; 0]);
    let refused: Vec<_> = world.hosts[0].log.iter().filter(|record| record.event == Event::SubmissionRefused).collect();
    assert_eq!(refused.len(), 1, "{:#?}", world.hosts[0].log);
}

#[test]
fn s3_1_3_a_virus_at_the_access_point() {
    let mut world = two();
    world.hosts[0].antivirus = vec!["VIRUS-A"];
    world.submit(&Letter { body: "VIRUS-A".to_owned(), ..letter(&[BRUNO, MARIO]) });
    finish(&mut world);
    assert_eq!(world.mailbox(ANNA), ["non-accettazione virus"]);
    assert_eq!((world.mailbox(BRUNO).len(), world.outside.len()), (0, 0));
    assert_eq!(world.hosts[0].infected.len(), 1, "it is stored (RFC 6109 §2.2.4)");
}

#[test]
fn s3_2_3_a_virus_at_the_incoming_point() {
    let mut world = two();
    world.hosts[1].antivirus = vec!["VIRUS-B"];
    world.submit(&Letter { body: "VIRUS-B".to_owned(), ..letter(&[BRUNO, BIANCA, ALDO]) });
    finish(&mut world);
    // One detection a recipient, to the sending provider, which tells its user (§3.2.4). The other recipient's provider knows no such virus.
    let mut got = world.mailbox(SERVICE_1);
    got.sort();
    // An envelope with a virus is correct all the same, and taken in charge (§2.2.2).
    let taken = [format!("presa-in-carico {ALDO}"), format!("presa-in-carico {BRUNO} {BIANCA}")];
    assert_eq!(got[..2], taken);
    assert_eq!(got[2..], [format!("rilevazione-virus {BIANCA}"), format!("rilevazione-virus {BRUNO}")]);
    let mut got = world.mailbox(ANNA);
    got.sort();
    let wanted = [
        "accettazione".to_owned(),
        format!("avvenuta-consegna completa {ALDO}"),
        format!("errore-consegna virus {BIANCA}"),
        format!("errore-consegna virus {BRUNO}"),
    ];
    assert_eq!(got, wanted);
    assert_eq!((world.mailbox(BRUNO).len(), world.mailbox(BIANCA).len(), world.mailbox(ALDO).len()), (0, 0, 1));
    assert_eq!((world.hosts[0].infected.len(), world.hosts[1].infected.len()), (0, 1));
}

#[test]
fn s2_2_2_a_virus_in_ordinary_mail_is_discarded() {
    let mut world = two();
    world.hosts[1].antivirus = vec!["VIRUS-B"];
    world.mail_from_outside(MARIO, &[BRUNO], b"From: mario@mail.example\r\nTo: bruno@cert.duepostale.example\r\n\r\nVIRUS-B\r\n");
    finish(&mut world);
    assert_eq!(world.mailbox(BRUNO), [""; 0]);
    assert!(world.hosts[1].log.iter().any(|record| record.event == Event::ArrivalDiscarded), "{:#?}", world.hosts[1].log);
}

#[test]
fn s3_3_3_what_cannot_be_delivered() {
    for (condition, fault) in
        [(None, "no-dest"), (Some(Condition::Full), "altro"), (Some(Condition::Closed), "altro"), (Some(Condition::Broken), "altro")]
    {
        let mut world = two();
        let to = condition.map_or(NOBODY, |condition| {
            world.set(BIANCA, condition);
            BIANCA
        });
        let id = world.submit(&letter(&[BRUNO, to])).transaction;
        finish(&mut world);
        assert_eq!(world.mailbox(SERVICE_1), [format!("presa-in-carico {BRUNO} {to}")], "one for all (RFC 6109 §3.2.1)");
        let mut got = world.mailbox(ANNA);
        got.sort();
        let wanted = ["accettazione".to_owned(), format!("avvenuta-consegna completa {BRUNO}"), format!("errore-consegna {fault} {to}")];
        assert_eq!(got, wanted);
        let fate = |to| world.hosts[0].state.fate(&id, &address(to)).map(|fate| fate.stage);
        assert_eq!((fate(BRUNO), fate(to)), (Some(Stage::Delivered), Some(Stage::NotDelivered)));
    }
}

#[test]
fn s3_1_6_nothing_heard_gives_two_notices() {
    let mut world = two();
    world.faults.cut = vec![(0, 1)];
    let begun = world.now;
    let id = world.submit(&letter(&[BRUNO, ALDO])).transaction;
    let at = |world: &mut World, seconds| world.drive_until(begun.checked_add_secs(seconds).unwrap());
    at(&mut world, 12 * HOUR - 1);
    assert_eq!(world.mailbox(ANNA), ["accettazione".to_owned(), format!("avvenuta-consegna completa {ALDO}")]);
    at(&mut world, 12 * HOUR + 1);
    assert_eq!(world.mailbox(ANNA)[2..], [format!("preavviso-errore-consegna 12h {BRUNO}")]);
    at(&mut world, 24 * HOUR - 1);
    assert_eq!(world.mailbox(ANNA).len(), 3);
    at(&mut world, 24 * HOUR + 1);
    assert_eq!(world.mailbox(ANNA)[3..], [format!("preavviso-errore-consegna 24h {BRUNO}")]);
    let fate = |world: &World| world.hosts[0].state.fate(&id, &address(BRUNO)).unwrap().stage;
    assert_eq!(fate(&world), Stage::TimedOut);
    // A receipt after the final notice overtakes it (RFC 6109 §2.1.1.1.2).
    world.faults.cut.clear();
    finish(&mut world);
    assert_eq!(world.mailbox(ANNA)[4..], [format!("avvenuta-consegna completa {BRUNO}")]);
    assert_eq!(fate(&world), Stage::Delivered);
}

#[test]
fn s3_1_6_taken_in_charge_alone_gives_one_notice() {
    let mut world = two();
    let id = world.submit(&letter(&[BRUNO])).transaction;
    world.drive(1);
    // It has arrived, and is not delivered.
    world.hosts[1].down = true;
    world.drive(23 * HOUR);
    assert_eq!(world.mailbox(SERVICE_1), [format!("presa-in-carico {BRUNO}")]);
    assert_eq!(world.hosts[0].state.fate(&id, &address(BRUNO)).unwrap().stage, Stage::TakenInCharge);
    assert_eq!(world.mailbox(ANNA), ["accettazione"]);
    world.drive(2 * HOUR);
    assert_eq!(world.mailbox(ANNA)[1..], [format!("preavviso-errore-consegna 24h {BRUNO}")]);
    world.hosts[1].down = false;
    finish(&mut world);
    assert_eq!(world.mailbox(ANNA)[2..], [format!("avvenuta-consegna completa {BRUNO}")]);
}

#[test]
fn s3_1_6_delivered_between_the_notices_gives_the_first_alone() {
    let mut world = two();
    world.faults.cut = vec![(0, 1)];
    world.submit(&letter(&[BRUNO]));
    world.drive(13 * HOUR);
    world.faults.cut.clear();
    finish(&mut world);
    let (first, receipt) = (format!("preavviso-errore-consegna 12h {BRUNO}"), format!("avvenuta-consegna completa {BRUNO}"));
    assert_eq!(world.mailbox(ANNA), ["accettazione", &first, &receipt]);
}

#[test]
fn s3_1_6_the_final_notice_at_22_hours_and_not_before() {
    let mut world = two();
    world.settings(0, |settings| settings.final_notice_secs = 22 * HOUR);
    world.faults.lost = 100;
    let begun = world.now;
    world.submit(&letter(&[BRUNO]));
    world.drive_until(begun.checked_add_secs(22 * HOUR - 1).unwrap());
    assert_eq!(world.mailbox(ANNA).len(), 2);
    world.drive(2);
    assert_eq!(world.mailbox(ANNA)[2..], [format!("preavviso-errore-consegna 24h {BRUNO}")]);
    finish(&mut world);
}

#[test]
fn s3_4_sender_and_recipient_of_one_domain() {
    let mut world = two();
    world.submit(&letter(&[ALDO]));
    finish(&mut world);
    assert_eq!(world.mailbox(ANNA), ["accettazione".to_owned(), format!("avvenuta-consegna completa {ALDO}")]);
    assert_eq!(world.mailbox(ALDO), ["posta-certificata"]);
    assert_eq!(world.mailbox(SERVICE_1), [format!("presa-in-carico {ALDO}")]);
    assert!(world.transcript.iter().all(|happened| happened.host == 0));
    assert!(world.transcript.iter().any(|happened| happened.point == Point::Incoming && happened.got == "posta-certificata"));
}

#[test]
fn s3_1_4_external_recipients_get_the_envelope_and_give_nothing_back() {
    let mut world = two();
    let id = world.submit(&letter(&[MARIO, BRUNO])).transaction;
    let only = world.submit(&Letter { subject: "Altra".to_owned(), ..letter(&[MARIO]) }).transaction;
    finish(&mut world);
    let outside: Vec<_> = world.outside.iter().map(|(to, message)| (to.to_string(), world.see(message).name)).collect();
    assert_eq!(outside, vec![(MARIO.to_owned(), "posta-certificata".to_owned()); 2]);
    assert_eq!(world.mailbox(ANNA).len(), 3, "{:?}", world.mailbox(ANNA));
    let state = &world.hosts[0].state;
    assert_eq!(state.fate(&id, &address(MARIO)), None);
    assert_eq!(state.recipients(&only).count(), 0);
}

#[test]
fn s3_3_2_the_kind_of_receipt_for_to_and_cc() {
    for (asked, to) in [(None, "completa"), (Some("completa"), "completa"), (Some("breve"), "breve"), (Some("sintetica"), "sintetica")] {
        let mut world = two();
        let letter = Letter { cc: vec![BIANCA.to_owned()], receipt: asked, ..letter(&[BRUNO]) };
        world.submit(&letter);
        finish(&mut world);
        let mut got = world.mailbox(ANNA);
        got.sort();
        // Who stands in Cc gives a concise receipt, whatever was asked for (RFC 6109 §3.3.2.1).
        let mut wanted =
            vec!["accettazione".to_owned(), format!("avvenuta-consegna {to} {BRUNO}"), format!("avvenuta-consegna sintetica {BIANCA}")];
        wanted.sort();
        assert_eq!(got, wanted, "{asked:?}");
    }
}

#[test]
fn s3_2_2_ordinary_mail_is_an_anomaly_or_refused() {
    let mail = b"From: mario@mail.example\r\nTo: bruno@cert.duepostale.example\r\nSubject: x\r\n\r\nciao\r\n";
    let mut world = two();
    world.mail_from_outside(MARIO, &[BRUNO, BIANCA, NOBODY], mail);
    world.mail_from_outside("", &[BRUNO], b"From: Mailer <>\r\n\r\nciao\r\n");
    finish(&mut world);
    assert_eq!((world.mailbox(BRUNO), world.mailbox(BIANCA)), (vec!["anomalia".to_owned(); 2], vec!["anomalia".to_owned()]));
    assert!(world.outside.is_empty(), "nobody is told");
    assert!(world.hosts.iter().all(|host| host.mailboxes.values().all(|mailbox| mailbox.mail.len() < 3)));

    let mut world = two();
    world.settings(1, |settings| settings.ordinary_mail = OrdinaryMail::Refuse);
    world.mail_from_outside(MARIO, &[BRUNO], mail);
    finish(&mut world);
    assert_eq!(world.mailbox(BRUNO), [""; 0]);
    assert!(world.hosts[1].log.iter().any(|record| record.event == Event::ArrivalRefused));
}

#[test]
fn s3_2_2_an_altered_envelope_is_an_anomaly() {
    let mut world = two();
    world.submit(&letter(&[BRUNO]));
    let envelope = sent_envelope(&world);
    let altered = String::from_utf8(envelope).unwrap().replacen("ciao", "CIAO", 1).into_bytes();
    let mut world = two();
    world.mail_from_outside(ANNA, &[BRUNO], &altered);
    finish(&mut world);
    assert_eq!(world.mailbox(BRUNO), ["anomalia"]);
    assert_eq!(world.mailbox(ANNA), [""; 0]);
    assert_eq!(world.mailbox(SERVICE_1), [""; 0]);
}

/// The envelope that is on its way to the second provider.
fn sent_envelope(world: &World) -> Vec<u8> {
    let mut copy = World::new(2, Keys::Cheap, Choices::Bytes(Vec::new(), 0));
    copy.open(ANNA);
    copy.open(BRUNO);
    copy.submit(&letter(&[BRUNO]));
    copy.drive(MINUTE);
    let raw = copy.hosts[1].mailboxes[&address(BRUNO)].mail[0].raw.clone();
    assert_eq!(world.transcript[0], copy.transcript[0], "the same steps");
    raw.to_vec()
}

#[test]
fn five_providers_and_a_stranger() {
    let mut world = of(5, Keys::Cheap);
    let all: Vec<String> = world.hosts.iter().map(|host| format!("carla@{}", host.operator.identity().address().domain())).collect();
    all.iter().for_each(|carla| world.open(carla));
    let mut to: Vec<&str> = all.iter().map(String::as_str).collect();
    to.extend([BRUNO, MARIO, NOBODY]);
    world.submit(&letter(&to));
    finish(&mut world);
    let mut got = world.mailbox(ANNA);
    got.sort();
    let mut wanted: Vec<_> = all.iter().map(|carla| format!("avvenuta-consegna completa {carla}")).collect();
    wanted.extend(["accettazione".to_owned(), format!("avvenuta-consegna completa {BRUNO}"), format!("errore-consegna no-dest {NOBODY}")]);
    wanted.sort();
    assert_eq!(got, wanted);
    assert_eq!(world.mailbox(SERVICE_1).len(), 5, "one from each provider: {:?}", world.mailbox(SERVICE_1));
    assert_eq!(world.outside.len(), 1);
    assert!(all.iter().all(|carla| world.mailbox(carla) == ["posta-certificata"]));
}

#[test]
fn the_least_of_fifty_recipients() {
    let mut world = two();
    let all: Vec<String> = (0..50).map(|n| format!("u{n}@cert.duepostale.example")).collect();
    all.iter().for_each(|user| world.open(user));
    let to: Vec<&str> = all.iter().map(String::as_str).collect();
    world.submit(&letter(&to));
    finish(&mut world);
    assert_eq!(world.mailbox(ANNA).len(), 51);
    assert_eq!(world.mailbox(SERVICE_1).len(), 1);
}

#[test]
fn ten_thousand_recipients_of_five_providers() {
    let mut world = of(5, Keys::Cheap);
    let domains: Vec<String> = world.hosts.iter().map(|host| host.operator.identity().address().domain().to_string()).collect();
    let all: Vec<String> = (0..10_000).map(|n| format!("u{n}@{}", domains[n % 5])).collect();
    let to: Vec<&str> = all.iter().map(String::as_str).collect();
    world.settings(0, |settings| settings.sizes.total_bytes = u64::MAX);
    let id = world.submit(&letter(&to)).transaction;
    assert_eq!(world.hosts[0].state.recipients(&id).count(), 10_000);
    let sent = world.transcript[0].gave.iter().filter(|gave| gave.starts_with("send posta-certificata to ")).count();
    assert_eq!(sent, 5, "one a provider");
    // Each receipt names all recipients: a few of the deliveries will do.
    let one = &world.hosts[1].operator.identity().address().domain().to_string();
    world.open(&format!("u1@{one}"));
    for _ in 0..12 {
        let until = world.now.checked_add_secs(HOUR).unwrap();
        assert!(world.step(until));
    }
    let taken = world.transcript.iter().filter(|happened| happened.point == Point::Incoming && happened.got == "posta-certificata");
    for happened in taken {
        assert_eq!(happened.gave.len(), 2_001, "presa-in-carico, and a delivery for each recipient");
    }
}

#[test]
fn a_provider_that_is_new_while_mail_is_in_flight() {
    // The sender's provider knows of the third; the third's letters reach one that does not know it yet: an anomaly there, and silence here.
    let mut world = of(2, Keys::Cheap);
    let mut five = World::of(parties(3), Keys::Cheap, Choices::Bytes(Vec::new(), 0));
    five.open("carla@pec.gestoretre.test");
    five.open(BRUNO);
    // Provider two has the directory of yesterday.
    five.hosts.swap_remove(1);
    let knows_two = std::mem::replace(&mut world.hosts, five.hosts.drain(..).collect());
    let mut knows_two = knows_two.into_iter();
    let second = knows_two.nth(1).unwrap();
    world.hosts.insert(1, second);
    // Now: 0 = uno (of three), 1 = due (of two), 2 = tre (of three).
    world.open(BRUNO);
    let letter = Letter::new("carla@pec.gestoretre.test", &[BRUNO]);
    world.submit(&letter);
    finish(&mut world);
    assert_eq!(world.mailbox(BRUNO), ["anomalia"]);
    assert_eq!(
        world.mailbox("carla@pec.gestoretre.test").len(),
        3,
        "acceptance, and two notices: {:?}",
        world.mailbox("carla@pec.gestoretre.test")
    );
}

#[test]
fn a_domain_that_changes_its_provider_after_submission() {
    let mut world = two();
    let moved = "studio.cert.duepostale.example";
    let moving = format!("sara@{moved}");
    world.open(&moving);
    let id = world.submit(&letter(&[&moving])).transaction;
    // It arrives at the old provider, which no longer manages the domain and so cannot attest its delivery.
    world.change(1, |party| party.domains.retain(|domain| domain != moved));
    world.change(0, |party| party.domains.push(moved.to_owned()));
    world.learn(0);
    world.learn(1);
    world.drive(8 * 24 * HOUR);
    let stage = world.hosts[0].state.fate(&id, &address(&moving)).unwrap().stage;
    assert_eq!(stage, Stage::TimedOut);
    assert_eq!(world.mailbox(ANNA)[0], "accettazione");
    assert!(world.mailbox(ANNA).len() >= 2, "the sender hears of it: {:?}", world.mailbox(ANNA));
}

#[test]
fn a_domain_that_changes_its_provider_before_delivery() {
    let mut world = two();
    let moved = "studio.cert.duepostale.example";
    let moving = format!("sara@{moved}");
    world.open(&moving);
    let id = world.submit(&letter(&[&moving])).transaction;
    world.drive(1);
    assert_eq!(world.transcript.last().map(|happened| &*happened.got), Some("posta-certificata"), "it has arrived");
    world.change(1, |party| party.domains.retain(|domain| domain != moved));
    world.change(0, |party| party.domains.push(moved.to_owned()));
    world.learn(0);
    world.learn(1);
    world.drive(8 * 24 * HOUR);
    // Nobody would believe the old provider's receipt: none is written. Its presa-in-carico, on the way meanwhile, was not believed either.
    assert_eq!(world.hosts[0].state.fate(&id, &address(&moving)).unwrap().stage, Stage::TimedOut);
    let notices = ["12h", "24h"].map(|notice| format!("preavviso-errore-consegna {notice} {moving}"));
    assert_eq!(world.mailbox(ANNA)[1..], notices);
    let events: Vec<_> = world.hosts[1].log.iter().map(|record| record.event).collect();
    assert!(events.ends_with(&[Event::Delivered, Event::NotificationImpossible]), "{events:?}");
}

#[test]
fn a_certificate_renewed_while_mail_is_in_flight() {
    let mut world = two();
    world.submit(&letter(&[BRUNO]));
    world.change(0, |party| {
        party.listed = vec!["uno", "uno-renewed"];
        party.certificate = "uno-renewed";
    });
    world.learn(1);
    world.learn(0);
    world.submit(&Letter { subject: "Altra".to_owned(), ..letter(&[BRUNO]) });
    finish(&mut world);
    assert_eq!(world.mailbox(BRUNO), ["posta-certificata"; 2]);
    assert_eq!(world.mailbox(ANNA).len(), 4);

    // One that is used before others can know of it gives an anomaly, and nothing is certified.
    let mut world = two();
    world.change(0, |party| {
        party.listed = vec!["uno", "uno-renewed"];
        party.certificate = "uno-renewed";
    });
    world.learn(0);
    world.submit(&letter(&[BRUNO]));
    finish(&mut world);
    assert_eq!(world.mailbox(BRUNO), ["anomalia"]);
    assert_eq!(world.mailbox(ANNA).len(), 3, "{:?}", world.mailbox(ANNA));
}

#[test]
fn a_submission_that_comes_again_is_certified_once() {
    let mut world = two();
    let first = world.submit(&letter(&[BRUNO]));
    world.drive(HOUR);
    let again = world.submit(&letter(&[BRUNO]));
    assert_eq!(again.transaction, first.transaction);
    assert!(again.refused.is_none());
    finish(&mut world);
    assert_eq!((world.mailbox(ANNA).len(), world.mailbox(BRUNO).len()), (2, 1));
    // Long after it is a letter like another.
    world.submit(&letter(&[BRUNO]));
    finish(&mut world);
    assert_eq!((world.mailbox(ANNA).len(), world.mailbox(BRUNO).len()), (4, 2));
}

#[test]
fn what_is_over_is_forgotten_and_what_is_not_stays() {
    let mut world = two();
    let over = world.submit(&letter(&[BRUNO])).transaction;
    world.drive(HOUR);
    world.faults.cut = vec![(0, 1)];
    let open = world.submit(&Letter { subject: "Altra".to_owned(), ..letter(&[BRUNO]) }).transaction;
    world.drive(HOUR);
    for host in 0..2 {
        let forget = postacert::provider::State::forget(world.now);
        world.hosts[host].state.apply(&forget);
    }
    let fate = |world: &World, id| world.hosts[0].state.fate(id, &address(BRUNO)).map(|fate| fate.stage);
    assert_eq!((fate(&world, &over), fate(&world, &open)), (None, Some(Stage::Silent)));
    world.drive(23 * HOUR);
    assert_eq!(fate(&world, &open), Some(Stage::TimedOut));
}

#[test]
fn a_recipient_may_be_spelled_otherwise_than_its_mailbox() {
    let mut world = two();
    let shouted = "Bruno@CERT.duepostale.EXAMPLE";
    let id = world.submit(&letter(&[shouted])).transaction;
    finish(&mut world);
    assert_eq!(world.hosts[0].state.fate(&id, &address(BRUNO)).map(|fate| fate.stage), Some(Stage::Delivered));
    assert_eq!(world.mailbox(BRUNO), ["posta-certificata"]);
    assert_eq!(world.mailbox(ANNA)[1..], [format!("avvenuta-consegna completa {shouted}")]);
}
