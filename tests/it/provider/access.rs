//! The access point (RFC 6109 §2.2.1, §3.1).

use std::fmt::Write as _;
use std::time::Instant;

use postacert::compose::{InMemoryKey, Signer as _, SizeLimits, relabel};
use postacert::provider::{Committed, Delay, Event, Operator, Output, Pending, ProviderError, Stage, State, Submitted, VirusVerdict};
use postacert::{
    Acceptance, Address, CertificationData, DirectoryBuilder, Fault, NonAcceptance, Provider, ReceiptKind, RecipientKind, Timestamp,
    TransportEnvelope, UnixTime, Verifier,
};
use proptest::prelude::*;

use super::setup::{
    GESTORE_DUE, GESTORE_UNO, UNO, address, addresses, all_of, delivered, entropy, events, identity, later, now, outer, proven, proven_but,
    records, sent, shape,
};
use crate::fixtures::{certificates, verifier};

const ANNA: &str = "anna@pec.gestoreuno.example";
const BRUNO: &str = "bruno@cert.duepostale.example";
const CARLA: &str = "carla@pec.gestoreuno.example";
const DARIO: &str = "dario@mail.example";
const MAIL: &str = "Received: from client.example\r\n by access.gestoreuno.example; Sun, 22 Nov 2026 03:50:00 +0100\r\n\
    Message-ID: <abc$1@client.example>\r\nFrom: Anna <anna@pec.gestoreuno.example>\r\nTo: bruno@cert.duepostale.example,\r\n \
    carla@pec.gestoreuno.example\r\nCc: dario@mail.example\r\nReply-To: ufficio@pec.gestoreuno.example\r\n\
    Subject: =?utf-8?q?Citt=C3=A0?=\r\nX-TipoRicevuta: breve\r\n\r\nciao\r\n";

/// A submission by Anna.
struct Mail {
    user: Address,
    mail_from: Address,
    rcpt_to: Vec<Address>,
    message: Vec<u8>,
    virus: VirusVerdict<'static>,
}

impl Mail {
    fn new(message: impl AsRef<[u8]>, rcpt_to: &[&str]) -> Self {
        let message = message.as_ref().to_vec();
        Self { user: address(ANNA), mail_from: address(ANNA), rcpt_to: addresses(rcpt_to), message, virus: VirusVerdict::Clean }
    }

    fn usual() -> Self {
        Self::new(MAIL, &[BRUNO, CARLA, DARIO])
    }

    fn submitted(&self) -> Submitted<'_> {
        let Self { user, mail_from, rcpt_to, message, virus } = self;
        Submitted { user, mail_from, rcpt_to, message, virus: *virus }
    }

    fn pending_at(&self, operator: &Operator, state: &State) -> Result<Pending, ProviderError> {
        operator.access_point().submit(state, &self.submitted(), &entropy(1), now())
    }

    fn submit_to(&self, operator: &Operator, state: &State) -> Committed {
        self.pending_at(operator, state).unwrap().sign_with(&*GESTORE_UNO.key).unwrap()
    }

    fn submit(&self) -> Committed {
        self.submit_to(&GESTORE_UNO.operator, &State::new())
    }
}

/// The one notice in a decision, proven to another provider.
#[track_caller]
fn notice(committed: &Committed) -> (CertificationData, Vec<u8>) {
    let [(id, message)] = delivered(committed)[..] else { panic!("{:?}", shape(committed)) };
    assert_eq!(id.mailbox.as_str(), ANNA);
    let (data, original) = proven(&GESTORE_DUE.operator, message);
    assert!(original.is_none(), "no notice to the sender carries the original");
    (data, message.to_vec())
}

/// The refusal that a non-acceptance tells, and nothing else happens.
#[track_caller]
fn not_accepted(committed: &Committed) -> String {
    assert_eq!(shape(committed), ["submitted", "non-acceptance-issued", "deliver"]);
    let refused = NonAcceptance::try_from(notice(committed).0).unwrap();
    assert_eq!(refused.fault(), Fault::Other);
    assert_eq!(*records(committed)[1].note, *refused.reason().unwrap().raw());
    refused.reason().unwrap().raw().to_owned()
}

/// What a decision was, in a state that nobody has seen yet.
fn after(committed: &Committed) -> State {
    let mut state = State::new();
    state.apply(&committed.delta);
    state
}

#[test]
fn s2_2_1_a_message_is_accepted_and_goes_to_all() {
    let mail = Mail::usual();
    let committed = mail.submit();
    let id = entropy(1).pec_id(&"pec.gestoreuno.example".parse().unwrap());
    all_of(&committed, &id);
    let issued = ["envelope-issued", "send"];
    assert_eq!(shape(&committed), [&["submitted", "acceptance-issued", "deliver"][..], &issued, &issued, &issued].concat());

    // §3.1.4
    let (data, acceptance) = notice(&committed);
    let accepted = Acceptance::try_from(&data).unwrap();
    let facts = accepted.transaction();
    assert_eq!((facts.sender().as_str(), facts.subject(), facts.provider()), (ANNA, Some("Città"), Some(UNO)));
    assert_eq!((facts.id(), facts.when(), facts.reply_to()), (&id, now(), Some("ufficio@pec.gestoreuno.example")));
    assert_eq!(facts.message_id().unwrap().as_str(), "abc$1@client.example");
    let kinds: Vec<_> = facts.recipients().iter().map(|to| (to.address().text(), *to.kind().value().unwrap())).collect();
    assert_eq!(kinds, [(BRUNO, RecipientKind::Certified), (CARLA, RecipientKind::Certified), (DARIO, RecipientKind::External)]);
    assert_eq!(outer(&acceptance, "X-Ricevuta").as_deref(), Some("accettazione"));

    // §3.1.5, §3.4: once to each provider, once to each domain outside, the same bytes
    let sent = sent(&committed);
    let paths: Vec<_> = sent.iter().map(|(from, to, _)| (from.as_str(), to.iter().map(Address::as_str).collect::<Vec<_>>())).collect();
    assert_eq!(paths, [(ANNA, vec![BRUNO]), (ANNA, vec![CARLA]), (ANNA, vec![DARIO])]);
    assert!(sent.iter().all(|(.., message)| message.as_ptr() == sent[0].2.as_ptr()), "not copied for each");
    let (data, original) = proven(&GESTORE_DUE.operator, sent[0].2);
    let envelope = TransportEnvelope::try_from(&data).unwrap();
    assert_eq!((envelope.transaction(), envelope.receipt()), (facts, ReceiptKind::Brief));
    assert_eq!(original.unwrap(), relabel(MAIL.as_bytes(), &id).to_vec());
    assert_eq!(outer(sent[0].2, "Message-ID"), Some(format!("<{id}>")));
    assert_eq!(outer(sent[0].2, "X-TipoRicevuta").as_deref(), Some("breve"));

    // §3.1.6
    let state = after(&committed);
    let followed: Vec<_> = state.recipients(&id).map(|(to, fate)| (to.as_str(), fate.stage, fate.delay)).collect();
    assert_eq!(followed, [(BRUNO, Stage::Silent, Delay::Untold), (CARLA, Stage::Silent, Delay::Untold)]);
    assert_eq!(state.awaited().collect::<Vec<_>>(), [delivered(&committed)[0].0.clone()], "the acceptance, until it is settled");
}

#[test]
fn s2_3_every_operation_is_logged_with_all_that_is_asked_for() {
    let committed = Mail::usual().submit();
    let id = committed.transaction.as_str();
    let (_, acceptance) = notice(&committed);
    let acceptance = outer(&acceptance, "Message-ID").unwrap();
    let said: Vec<_> = records(&committed)
        .into_iter()
        .map(|record| {
            assert_eq!((record.id.as_str(), record.when, &*record.sender), (id, now(), ANNA));
            assert_eq!((&*record.subject, &*record.provider), ("Città", UNO));
            let to: Vec<_> = record.recipients.iter().map(Address::as_str).collect();
            (record.event, to, record.related.iter().map(|id| &**id).collect::<Vec<_>>(), &*record.note)
        })
        .collect();
    let all = vec![BRUNO, CARLA, DARIO];
    assert_eq!(
        said,
        [
            (Event::Submitted, all.clone(), vec![], "abc$1@client.example"),
            (Event::AcceptanceIssued, all, vec![acceptance.trim_matches(['<', '>'])], ""),
            (Event::EnvelopeIssued, vec![BRUNO], vec![id], ""),
            (Event::EnvelopeIssued, vec![CARLA], vec![id], ""),
            (Event::EnvelopeIssued, vec![DARIO], vec![id], ""),
        ]
    );
    for output in &committed.outputs {
        if let Output::Log { record, keep_until } = output {
            // 30 months later it is May 2029.
            assert!(keep_until.to_string().as_str() >= "2029-05-22", "{keep_until}");
            assert_eq!(record.to_string().parse(), Ok(record.clone()));
        }
    }
}

#[test]
fn s3_4_sender_and_recipient_of_the_same_domain_need_an_envelope_too() {
    let mail = Mail::new(format!("From: {ANNA}\r\nTo: {CARLA}\r\n\r\nciao\r\n"), &[CARLA]);
    let committed = mail.submit();
    assert_eq!(shape(&committed), ["submitted", "acceptance-issued", "deliver", "envelope-issued", "send"]);
    let [(_, to, envelope)] = sent(&committed)[..] else { panic!() };
    assert_eq!(to, addresses(&[CARLA]));
    let facts = TransportEnvelope::try_from(proven(&GESTORE_DUE.operator, envelope).0).unwrap();
    assert_eq!((facts.receipt(), facts.transaction().subject(), facts.transaction().message_id()), (ReceiptKind::Complete, None, None));
    assert_eq!(outer(envelope, "X-TipoRicevuta"), None);
}

#[test]
fn s2_2_1_domains_are_found_whatever_their_case_and_providers_are_told_apart_by_their_records() {
    let to = [
        "uno@MAIL.example",
        "a@CERT.duepostale.example",
        "b@interna.gestoreuno.example",
        "c@comune.DuePostale.example",
        "d@altro.mail.example",
        "e@PEC.studio.gestoreuno.example",
        "f@mail.Example",
        "g@sub.cert.duepostale.example",
    ];
    let mail = Mail::new(format!("From: {ANNA}\r\nTo: {}\r\n\r\n", to.join(",\r\n ")), &to);
    let committed = mail.submit();
    let groups: Vec<Vec<&str>> = sent(&committed).into_iter().map(|(_, to, _)| to.iter().map(Address::as_str).collect()).collect();
    assert_eq!(groups, [vec![to[0], to[6]], vec![to[1], to[3]], vec![to[2]], vec![to[4]], vec![to[5]], vec![to[7]]]);
    let data = notice(&committed).0;
    let certified: Vec<_> =
        data.recipients().iter().filter(|to| to.kind().value() == Some(&RecipientKind::Certified)).map(|to| to.address().text()).collect();
    assert_eq!(certified, [to[1], to[2], to[3], to[5]]);
}

#[test]
fn only_external_recipients_are_not_followed() {
    let committed = Mail::new(format!("From: {ANNA}\r\nTo: {DARIO}\r\n\r\n"), &[DARIO]).submit();
    assert_eq!(sent(&committed).len(), 1);
    assert_eq!(after(&committed).recipients(&committed.transaction).count(), 0);
    assert!(!format!("{:?}", committed.delta).contains("Followed"));
}

#[test]
fn a_recipient_that_stands_twice_counts_once() {
    let mail = Mail::new(MAIL, &[BRUNO, CARLA, BRUNO, DARIO, "bruno@CERT.duepostale.example"]);
    let committed = mail.submit();
    assert_eq!(notice(&committed).0.recipients().len(), 3);
    assert_eq!(sent(&committed).iter().flat_map(|(_, to, _)| *to).count(), 3);
    // A PEC mailbox has one receipt, however it is spelled; outside of PEC a server may tell local parts apart by case.
    let twice = [BRUNO, "Bruno@cert.duepostale.example", DARIO, "Dario@mail.example"];
    let committed = Mail::new(format!("From: {ANNA}\r\nTo: {}\r\n\r\n", twice.join(", ")), &twice).submit();
    let expected = addresses(&[BRUNO, DARIO, "Dario@mail.example"]);
    assert_eq!(sent(&committed).iter().flat_map(|(_, to, _)| to.to_vec()).collect::<Vec<_>>(), expected);
    let certified = notice(&committed).0;
    assert_eq!(certified.recipients().iter().filter_map(|to| to.address().value()).cloned().collect::<Vec<_>>(), expected);
    assert_eq!(after(&committed).recipients(&committed.transaction).map(|(to, _)| to.as_str()).collect::<Vec<_>>(), [BRUNO]);
    // Size by recipients: three of them fit.
    let three = GESTORE_UNO.set(|settings| settings.sizes = SizeLimits::of(MAIL.len() as u64 * 3));
    assert_eq!(sent(&mail.submit_to(&three, &State::new())).len(), 3);
}

#[test]
fn s3_1_5_the_receipt_is_the_one_asked_for_or_the_complete_one() {
    for (asked, due) in [
        ("X-TipoRicevuta: sintetica\r\n", ReceiptKind::Concise),
        ("X-Tiporicevuta:\r\n BREVE \r\n", ReceiptKind::Brief),
        ("X-TipoRicevuta: completa\r\n", ReceiptKind::Complete),
        ("X-TipoRicevuta: brevissima\r\n", ReceiptKind::Complete),
        ("X-TipoRicevuta:\r\n", ReceiptKind::Complete),
        ("", ReceiptKind::Complete),
    ] {
        let committed = Mail::new(format!("From: {ANNA}\r\n{asked}To: {BRUNO}\r\n\r\n"), &[BRUNO]).submit();
        let data = proven(&GESTORE_DUE.operator, sent(&committed)[0].2).0;
        assert_eq!(TransportEnvelope::try_from(data).unwrap().receipt(), due, "{asked:?}");
    }
}

#[test]
fn s3_1_2_what_smtp_refuses_gets_no_notice() {
    let refusal = |operator: &Operator, change: &dyn Fn(&mut Mail)| {
        let mut mail = Mail::usual();
        change(&mut mail);
        let committed = mail.submit_to(operator, &State::new());
        assert_eq!(shape(&committed), ["submission-refused", "refuse"]);
        all_of(&committed, &entropy(1).pec_id(&"pec.gestoreuno.example".parse().unwrap()));
        assert!(committed.delta.is_empty());
        assert_eq!(mail.pending_at(operator, &State::new()).unwrap().to_sign().len(), 0);
        let Output::Refuse { reply, .. } = &committed.outputs[1] else { panic!() };
        let record = records(&committed)[0].clone();
        assert!(reply.text.is_ascii() && record.note.starts_with(&reply.to_string()), "{record:?}");
        assert_eq!((&*record.sender, record.recipients.len()), (mail.mail_from.as_str(), mail.rcpt_to.len()));
        assert_eq!(&*record.subject, "Città");
        (reply.code, reply.status.to_string(), record.note.to_string())
    };
    let uno = &GESTORE_UNO.operator;
    let (code, status, note) = refusal(uno, &|mail| mail.user = address("mallory@pec.gestoreuno.example"));
    assert_eq!((code, &*status), (553, "5.7.1"));
    assert!(note.ends_with(": mallory@pec.gestoreuno.example"), "{note}");
    // One user, however the mail program writes the address.
    let login = Mail { user: address("Anna@PEC.gestoreuno.example"), ..Mail::usual() };
    assert_eq!(shape(&login.submit())[0], "submitted");
    let foreign = |mail: &mut Mail| (mail.user, mail.mail_from) = (address(BRUNO), address(BRUNO));
    assert_eq!(refusal(uno, &foreign).1, "5.7.1");
    // Another environment of the same provider has a certificate of its own.
    let secondary = address("a@interna.gestoreuno.example");
    assert_eq!(refusal(uno, &|mail| (mail.user, mail.mail_from) = (secondary.clone(), secondary.clone())).0, 553);
    assert_eq!(refusal(uno, &|mail| mail.rcpt_to.clear()).0, 554);

    let size = GESTORE_UNO.set(|settings| settings.smtp_bytes = MAIL.len() as u64 - 1);
    assert_eq!(refusal(&size, &|_| ()).1, "5.3.4");
    // Infected or not: it is never taken.
    assert_eq!(refusal(&size, &|mail| mail.virus = VirusVerdict::Infected("W32/Prova.A")).0, 552);
    let just = GESTORE_UNO.set(|settings| settings.smtp_bytes = MAIL.len() as u64);
    assert_eq!(sent(&Mail::usual().submit_to(&just, &State::new())).len(), 3);

    let fifty = GESTORE_UNO.set(|settings| settings.recipients = 50);
    let many = |count: usize| (0..count).map(|n| address(&format!("r{n}@cert.duepostale.example"))).collect::<Vec<_>>();
    assert_eq!(refusal(&fifty, &|mail| mail.rcpt_to = many(51)), (550, "5.5.3".into(), "550 5.5.3 too many recipients".into()));
    let mut enough = Mail::usual();
    enough.rcpt_to = many(50);
    assert_eq!(shape(&enough.submit_to(&fifty, &State::new()))[0], "submitted");
}

#[test]
fn s3_1_1_each_formal_fault_alone() {
    let with = |what: &str, by: &str| {
        assert!(MAIL.contains(what), "{what}");
        MAIL.replacen(what, by, 1)
    };
    let to = "To: bruno@cert.duepostale.example,\r\n carla@pec.gestoreuno.example\r\n";
    let long = "x".repeat(999);
    for (mail, status, says) in [
        (with("Subject:", "Subject"), "5.6.0", "una riga che non è un campo"),
        (with("Subject: ", &format!("X-Lungo: {}\r\nSubject: ", "parola ".repeat(10_000))), "5.6.0", "troppo lunga per essere letta"),
        (with("=?utf-8?q?Citt=C3=A0?=", "Città"), "5.6.0", "un carattere non ASCII"),
        (with("ciao", "ci\0ao"), "5.6.0", "un NUL"),
        (with("ciao", "ci\rao"), "5.6.0", "un CR senza LF"),
        (with("ciao\r\n", "ciao\n"), "5.6.0", "due tipi di fine riga"),
        (with("ciao", &long), "5.6.0", "più lunga di 998 byte"),
        (with("Subject: ", "Subject: a\r\nSubject: "), "5.6.0", "due volte il campo Subject"),
        (with("From: Anna <anna@pec.gestoreuno.example>\r\n", ""), "5.1.7", "manca il campo From"),
        (with("From: Anna <anna@pec.gestoreuno.example>", "From: Anna"), "5.1.7", "From non contiene un indirizzo valido"),
        (with("From: ", "From: altra@pec.gestoreuno.example, "), "5.1.7", "più di un mittente"),
        (with("<anna@", "<Anna@"), "5.1.7", "MAIL FROM è anna@pec.gestoreuno.example, ma From è Anna@pec.gestoreuno.example"),
        (with(to, "Cc: bruno@cert.duepostale.example\r\n").replacen("Cc: dario@mail.example\r\n", "", 1), "5.1.3", "manca il campo To"),
        (with(to, "To: nessuno:;\r\n"), "5.1.3", "To non contiene indirizzi"),
        (with("To: ", "To: <>, "), "5.1.3", "To contiene qualcosa"),
        (with("Cc: dario@mail.example", "Cc: dario@mail.example, x"), "5.1.3", "Cc contiene qualcosa"),
        (with("Cc: dario@", "Cc: mario@"), "5.1.0", "dario@mail.example non è né in To né in Cc"),
        (with("Cc: ", "Bcc: nascosto@mail.example\r\nCc: "), "5.1.0", "Bcc non è vuoto"),
    ] {
        let committed = Mail::new(&mail, &[BRUNO, CARLA, DARIO]).submit();
        let reason = not_accepted(&committed);
        assert!(reason.starts_with(&format!("{status} - {UNO} - ")) && reason.contains(says), "{says}: {reason}");
        let data = notice(&committed).0;
        assert_eq!((data.sender().text(), data.recipients().len(), data.id().text()), (ANNA, 3, committed.transaction.as_str()));
        assert_eq!(after(&committed).recipients(&committed.transaction).count(), 0);
    }
    let size = MAIL.len() as u64;
    let small = GESTORE_UNO.set(|settings| settings.sizes = SizeLimits::of(size - 1));
    let reason = not_accepted(&Mail::new(MAIL, &[BRUNO]).submit_to(&small, &State::new()));
    assert_eq!(reason, format!("5.3.4 - {UNO} - il messaggio è di {size} byte, e se ne accettano {}", size - 1));
    let product = GESTORE_UNO.set(|settings| settings.sizes = SizeLimits::of(size * 3 - 1));
    let reason = not_accepted(&Mail::usual().submit_to(&product, &State::new()));
    assert!(reason.starts_with("5.3.4 - ") && reason.contains("per 3 destinatari"), "{reason}");
}

#[test]
fn s3_1_1_formal_faults_together() {
    let mail = "From: altro@pec.gestoreuno.example\nTo: bruno@cert.duepostale.example\r\nBcc: x@y.example\r\n\r\nci\0ao\r\n";
    let reason = not_accepted(&Mail::new(mail, &[BRUNO, DARIO]).submit());
    let words = ["un NUL", "due tipi di fine riga", "ma From è altro@", "dario@mail.example non è", "Bcc non è vuoto"];
    assert!(reason.starts_with("5.6.0 - ") && words.iter().all(|word| reason.contains(word)), "{reason}");
    assert_eq!(reason.matches("; ").count(), words.len() - 1, "{reason}");

    // The first ten, and how many more.
    let strangers: Vec<_> = (0..14).map(|n| format!("estraneo{n}@mail.example")).collect();
    let strangers: Vec<_> = strangers.iter().map(String::as_str).collect();
    let reason = not_accepted(&Mail::new(MAIL, &strangers).submit());
    assert!(reason.contains("estraneo9@") && !reason.contains("estraneo10@") && reason.ends_with("; e altri 4"), "{reason}");
    let long: Vec<_> = (0..14).map(|n| format!("{n}@{}.example", "l".repeat(200))).collect();
    let long: Vec<_> = long.iter().map(String::as_str).collect();
    let reason = not_accepted(&Mail::new(MAIL, &long).submit());
    assert!(reason.chars().count() == 1_000 && reason.ends_with("..."), "{reason}");
}

#[test]
fn s3_1_3_a_virus_is_told_and_the_message_stored() {
    // It wins over formal faults, since what is infected must be kept (§2.2.4).
    for message in [MAIL.to_owned(), MAIL.replace("Cc:", "Bcc:"), String::new(), "\0".repeat(70_000)] {
        let mut mail = Mail::new(&message, &[BRUNO, CARLA, DARIO]);
        mail.virus = VirusVerdict::Infected("W32/Prova.A");
        let committed = mail.submit();
        all_of(&committed, &entropy(1).pec_id(&"pec.gestoreuno.example".parse().unwrap()));
        assert_eq!(shape(&committed), ["submitted", "virus-stored", "store", "non-acceptance-issued", "deliver"]);
        let (data, raw) = notice(&committed);
        let refused = NonAcceptance::try_from(data).unwrap();
        assert_eq!(
            (refused.fault(), refused.reason().unwrap().raw()),
            (Fault::Virus, &*format!("5.5.1 - {UNO} - virus rilevato: W32/Prova.A"))
        );
        assert_eq!(outer(&raw, "X-VerificaSicurezza").as_deref(), Some("errore"));
        let Output::Store { virus, message: stored, keep_until, .. } = &committed.outputs[2] else { panic!() };
        assert_eq!((&**virus, &stored[..]), ("W32/Prova.A", message.as_bytes()));
        assert!(keep_until.to_string().as_str() >= "2029-05-22", "{keep_until}");
        assert_eq!(&*records(&committed)[1].note, "W32/Prova.A");
        // It is answered: a repetition gives nothing new.
        assert_eq!(events(&mail.submit_to(&GESTORE_UNO.operator, &after(&committed))), [Event::SubmissionRepeated]);
    }
}

#[test]
fn the_name_of_a_virus_may_be_anything() {
    for (name, said) in [
        ("a\r\nBcc: x@y\0\u{202e}\u{ffff}\u{fffe}b", "virus rilevato: a  Bcc: x@y    b"),
        ("<x> & \"y\" ]]> - z", "virus rilevato: <x> & \"y\" ]]> - z"),
        ("", "virus rilevato:"),
        ("\t \u{1f600} è", "virus rilevato:   \u{1f600} è"),
    ] {
        let mut mail = Mail::usual();
        mail.virus = VirusVerdict::Infected(name);
        let committed = mail.submit();
        let refused = NonAcceptance::try_from(notice(&committed).0).unwrap();
        assert_eq!(refused.reason().unwrap().raw(), format!("5.5.1 - {UNO} - {said}"));
        assert_eq!(refused.reason().unwrap().code().unwrap().to_string(), "5.5.1");
    }
    let mut mail = Mail::usual();
    let name: &'static str = "€".repeat(5_000).leak();
    mail.virus = VirusVerdict::Infected(name);
    let refused = NonAcceptance::try_from(notice(&mail.submit()).0).unwrap();
    assert_eq!(refused.reason().unwrap().raw().chars().count(), 1_000);
}

#[test]
fn a_submission_that_comes_again_is_certified_once() {
    let operator = &GESTORE_UNO.operator;
    let mail = Mail::usual();
    let first = mail.submit();
    let state = after(&first);
    let again = |mail: &Mail, seconds: i64| {
        let pending = operator.access_point().submit(&state, &mail.submitted(), &entropy(2), later(seconds)).unwrap();
        pending.sign_with(&*GESTORE_UNO.key).unwrap()
    };
    let turned = || Mail::new(MAIL, &[DARIO, BRUNO, CARLA]);
    let infected = || Mail { virus: VirusVerdict::Infected("x"), ..Mail::usual() };
    for (mail, seconds) in [(Mail::usual(), 0), (turned(), 60), (infected(), 60), (Mail::usual(), 5 * 86_400), (Mail::usual(), -60)] {
        let repeated = again(&mail, seconds);
        assert_eq!(shape(&repeated), ["submission-repeated"]);
        all_of(&repeated, &first.transaction);
        assert!(repeated.delta.is_empty());
        assert_eq!(records(&repeated)[0].recipients, mail.rcpt_to);
    }
    let other = |text: &str| Mail::new(MAIL.replace("ciao", text), &[BRUNO, CARLA, DARIO]);
    for (mail, seconds) in [(other("Ciao"), 60), (Mail::new(MAIL, &[BRUNO, CARLA]), 60), (Mail::usual(), 5 * 86_400 + 1)] {
        let new = again(&mail, seconds);
        assert_eq!(events(&new)[..2], [Event::Submitted, Event::AcceptanceIssued]);
        assert_ne!(new.transaction, first.transaction);
    }
    // A refusal is repeated as well.
    let refused = Mail::new("x", &[BRUNO]);
    let committed = refused.submit();
    assert_eq!(shape(&refused.submit_to(operator, &after(&committed))), ["submission-repeated"]);
    // To store a decision twice is to store it once.
    let mut twice = state.clone();
    twice.apply(&first.delta);
    assert_eq!(twice, state);
}

#[test]
fn the_same_randomness_gives_the_same_bytes() {
    let (operator, state) = (&GESTORE_UNO.operator, State::new());
    for mail in [Mail::usual(), Mail::new("x", &[BRUNO]), Mail { virus: VirusVerdict::Infected("x"), ..Mail::usual() }] {
        assert_eq!(mail.submit(), mail.submit());
        let other =
            operator.access_point().submit(&state, &mail.submitted(), &entropy(9), now()).unwrap().sign_with(&*GESTORE_UNO.key).unwrap();
        assert_ne!(other.transaction, mail.submit().transaction);
    }
    // No two messages of a decision share an identifier or a boundary.
    let committed = Mail::usual().submit();
    let related: Vec<_> = records(&committed).iter().flat_map(|record| record.related.iter().cloned()).collect();
    assert_ne!(related[0], related[1]);
    let boundary = |message: &[u8]| outer(message, "Content-Type").unwrap();
    assert_ne!(boundary(delivered(&committed)[0].1), boundary(sent(&committed)[0].2));
}

/// Whatever a decision is kept in, letters are kept in little more room than they take, and come back as they were.
#[test]
fn what_was_decided_can_be_stored() {
    let body = "parola ".repeat(100) + "\r\n";
    let committed = Mail::new(MAIL.to_owned() + &body.repeat(300), &[BRUNO]).submit();
    let bytes: usize = sent(&committed).iter().map(|(_, _, message)| message.len()).sum();
    assert!(bytes > 200_000);
    let stored = serde_json::to_string(&committed).unwrap();
    assert!(stored.len() < bytes * 3 / 2, "{} for {bytes}", stored.len());
    assert_eq!(serde_json::from_str::<Committed>(&stored).unwrap(), committed);
    let bad = stored.replacen("\"message\":\"", "\"message\":\"*", 1);
    assert!(serde_json::from_str::<Committed>(&bad).is_err());
}

#[test]
fn s5_1_the_signatures_may_be_made_elsewhere() {
    let (operator, state, mail) = (&GESTORE_UNO.operator, State::new(), Mail::usual());
    let pending = mail.pending_at(operator, &state).unwrap();
    let sign = |key: &InMemoryKey| pending.to_sign().map(|request| key.sign(&request).unwrap()).collect::<Vec<_>>();
    let signatures = sign(&GESTORE_UNO.key);
    assert_eq!(signatures.len(), 2, "the acceptance, and one envelope for all");
    assert_eq!(pending.clone().finish(&signatures).unwrap(), mail.submit());

    let refused = |signatures: &[Vec<u8>]| pending.clone().finish(signatures).unwrap_err();
    assert_eq!(refused(&signatures[..1]), ProviderError::Signatures { given: 1, wanted: 2 });
    assert_eq!(refused(&[]), ProviderError::Signatures { given: 0, wanted: 2 });
    assert_eq!(refused(&[signatures.clone(), signatures.clone()].concat()), ProviderError::Signatures { given: 4, wanted: 2 });
    let swapped = [signatures[1].clone(), signatures[0].clone()];
    let foreign = sign(&GESTORE_DUE.key);
    for wrong in [&swapped[..], &foreign, &[signatures[0].clone(), foreign[1].clone()], &[signatures[0].clone(), Vec::new()]] {
        assert_eq!(refused(wrong).code(), "provider-compose");
    }
    assert!(pending.sign_with(&*GESTORE_DUE.key).is_err());
    assert_eq!(state, State::new());
}

/// A directory of Gestore Uno and so many others, each with a domain.
fn among(providers: usize) -> Operator {
    let uno = Provider::main(UNO).unwrap().with_certificate(certificates("pki/uno.pem").remove(0));
    let uno = uno.with_mail_receipt(address("ricezione@pec.gestoreuno.example")).with_domain("pec.gestoreuno.example".parse().unwrap());
    let others =
        (0..providers).map(|n| Provider::main(&format!("Gestore {n}")).unwrap().with_domain(format!("pec{n}.example").parse().unwrap()));
    let directory = others.fold(DirectoryBuilder::new().provider(uno), DirectoryBuilder::provider).build().unwrap();
    let operator = Operator::new(identity(UNO, "uno"), Verifier::builder().directory(directory).build().unwrap()).unwrap();
    let mut settings = operator.settings().clone();
    settings.sizes = SizeLimits::of(64 << 30);
    operator.with_settings(settings).unwrap()
}

/// A message to so many recipients, of so many providers, each third outside of PEC.
fn to_many(recipients: usize, providers: usize) -> Mail {
    let address = |n: usize| match n % 3 {
        2 => format!("dario.{n}@mail{}.example", n % 11),
        _ => format!("bruno.{n}@pec{}.example", n % providers),
    };
    let (mut message, mut rcpt_to) = (format!("From: {ANNA}\r\nTo: "), Vec::new());
    for n in 0..recipients {
        let to = address(n);
        write!(message, "{}{to}", if n == 0 { "" } else { ",\r\n " }).unwrap();
        rcpt_to.push(to);
    }
    message.push_str("\r\nSubject: A tutti\r\n\r\nciao\r\n");
    Mail::new(message, &rcpt_to.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn one_fifty_and_ten_thousand_recipients() {
    let operator = among(50);
    for (recipients, groups) in [(1, 1), (50, 34 + 11), (10_000, 50 + 11)] {
        let mail = to_many(recipients, 50);
        let start = Instant::now();
        let committed = mail.submit_to(&operator, &State::new());
        eprintln!("{recipients} recipients: {:?}", start.elapsed());
        assert_eq!(notice(&committed).0.recipients().len(), recipients);
        let sent = sent(&committed);
        assert_eq!(sent.len(), groups, "{recipients}");
        assert_eq!(sent.iter().flat_map(|(_, to, _)| *to).count(), recipients);
        for (_, to, message) in &sent {
            assert!(to.iter().all(|address| address.domain() == to[0].domain()));
            assert_eq!(message.as_ptr(), sent[0].2.as_ptr());
        }
        let (data, _) = proven(&GESTORE_DUE.operator, sent[0].2);
        assert_eq!(data.recipients().len(), recipients);
        assert_eq!(after(&committed).recipients(&committed.transaction).count(), recipients - recipients / 3);
    }
    // One more is refused.
    let committed = to_many(10_001, 50).submit_to(&operator, &State::new());
    assert_eq!(shape(&committed), ["submission-refused", "refuse"]);
}

#[test]
fn a_header_that_cannot_be_read_is_a_formal_fault() {
    // Fields enough to exceed the limits of a header: the rest can be told all the same.
    let mail = ("X-A: ".to_owned() + &"b".repeat(900) + "\r\n").repeat(2_400) + MAIL;
    let committed = Mail::new(&mail, &[BRUNO, CARLA, DARIO]).submit();
    let reason = not_accepted(&committed);
    assert!(reason.starts_with(&format!("5.3.4 - {UNO} - l'intestazione ")), "{reason}");
    assert_eq!(notice(&committed).0.subject(), Some("Città"));
}

#[test]
fn a_header_that_cannot_be_told_is_refused_in_smtp() {
    let mail = MAIL.replacen("=?utf-8?q?Citt=C3=A0?=", &"parola\r\n ".repeat(300_000), 1);
    for virus in [VirusVerdict::Clean, VirusVerdict::Infected("W32/Prova.A")] {
        let committed = Mail { virus, ..Mail::new(&mail, &[BRUNO, CARLA, DARIO]) }.submit();
        let due: &[_] = match virus {
            VirusVerdict::Clean => &["submission-refused", "refuse"],
            _ => &["submission-refused", "virus-stored", "store", "refuse"],
        };
        assert_eq!(shape(&committed), due);
        assert!(committed.delta.is_empty());
        let Some(Output::Refuse { reply, .. }) = committed.outputs.last() else { panic!() };
        assert_eq!(reply.to_string(), "554 5.6.0 the header or the recipients are longer than a notice can tell");
    }
}

/// Two bytes of GB 2312 are three of UTF-8: the subject is longer in our hands than it came.
#[test]
fn a_subject_that_no_reader_would_take_is_refused_in_smtp() {
    let mail = |words: usize| {
        let subject = " =?gb2312?B?sKGwobChsKGwobChsKGwobChsKGwobCh?=\r\n".repeat(words);
        Mail::new(format!("From: {ANNA}\r\nTo: {BRUNO}\r\nSubject:{subject}\r\nciao\r\n"), &[BRUNO]).submit()
    };
    let committed = mail(1_000);
    proven(&GESTORE_DUE.operator, sent(&committed)[0].2);
    notice(&committed);
    assert_eq!(shape(&mail(1_400)), ["submission-refused", "refuse"]);
}

/// The prefix of a notice is longer than that of the acceptance.
#[test]
fn s3_1_6_what_is_accepted_leaves_room_for_the_notices() {
    let operator = &GESTORE_UNO.operator;
    let (mut accepted, mut refused) = (0, 0);
    for more in (0..1_400).step_by(20) {
        let subject =
            format!("{}{}", format!("{}\r\n ", "a".repeat(70)).repeat(880), "b".repeat(more / 2) + "\r\n " + &"c".repeat(more / 2));
        let committed = Mail::new(format!("From: {ANNA}\r\nTo: {BRUNO}\r\nSubject: {subject}\r\n\r\nciao\r\n"), &[BRUNO]).submit();
        let state = after(&committed);
        if state.recipients(&committed.transaction).count() == 0 {
            refused += 1;
            continue;
        }
        accepted += 1;
        let noticed = operator.timeouts().run(&state, &entropy(2), later(86_400)).unwrap().sign_with(&*GESTORE_UNO.key).unwrap();
        assert_eq!(events(&noticed), [Event::FinalNoticeIssued], "{more}");
    }
    assert!(accepted > 0 && refused > 0, "{accepted}, {refused}");
}

#[test]
fn what_an_envelope_cannot_inherit_is_a_formal_fault() {
    // Within the limits of what is read, but not together with what the envelope adds.
    let fields = ("Received: from x\r\n ".to_owned() + &"b".repeat(900) + "\r\n").repeat(2_276);
    let mail = fields + MAIL;
    assert!((2 << 20) - mail.len() < 1_024, "{}", mail.len());
    let committed = Mail::new(&mail, &[BRUNO, CARLA, DARIO]).submit();
    let reason = not_accepted(&committed);
    assert!(reason.starts_with(&format!("5.6.0 - {UNO} - l'intestazione avrebbe ")), "{reason}");
}

/// A record for each of many domains, each with the same subject, must not make of a mail a thousandfold of log.
#[test]
fn s2_3_a_long_subject_is_cut_in_the_log() {
    let to: Vec<String> = (0..100).map(|n| format!("dario@mail{n}.example")).collect();
    let subject = format!("{}\r\n ", "a".repeat(70)).repeat(850);
    let mail = format!("From: {ANNA}\r\nTo: {}\r\nSubject: {subject}b\r\n\r\nciao\r\n", to.join(",\r\n "));
    let committed = Mail::new(&mail, &to.iter().map(String::as_str).collect::<Vec<_>>()).submit();
    assert!(notice(&committed).0.subject().unwrap().len() > 60_000, "it is certified as it is");
    assert_eq!(sent(&committed).len(), 100);
    for record in records(&committed) {
        assert_eq!((record.subject.chars().count(), record.subject.ends_with("aaa...")), (1_000, true), "{:?}", record.event);
    }
}

/// Nobody would believe what is signed under a certificate that is not valid yet, or no more.
#[test]
fn s2_2_2_nothing_is_signed_outside_of_the_validity_of_the_certificate() {
    let (operator, certificate) = (&GESTORE_UNO.operator, GESTORE_UNO.identity().certificate());
    let mail = Mail::usual();
    let submit = |instant: UnixTime, seconds: i64| {
        let now = Timestamp::new(instant.checked_add_secs(seconds).unwrap(), 60).unwrap();
        operator.access_point().submit(&State::new(), &mail.submitted(), &entropy(1), now)
    };
    for (instant, seconds) in [(certificate.not_before(), -1), (certificate.not_after(), 1)] {
        let error = submit(instant, seconds).unwrap_err();
        assert_eq!(error.code(), "provider-not-valid");
        assert!(submit(instant, 0).is_ok());
    }
    // What needs no signature is decided all the same.
    let refused = Mail { user: address(CARLA), ..Mail::usual() };
    let late = Timestamp::new(certificate.not_after().checked_add_secs(1).unwrap(), 60).unwrap();
    assert!(operator.access_point().submit(&State::new(), &refused.submitted(), &entropy(1), late).is_ok());
}

#[test]
fn an_operator_knows_who_it_is() {
    let new = |provider: &str| Operator::new(identity(provider, "uno"), verifier());
    assert_eq!(new("Gestore\u{0}").unwrap_err().code(), "provider-facts");
    assert!(new(UNO).is_ok());
    for recipients in [49, 10_001] {
        let mut settings = GESTORE_UNO.operator.settings().clone();
        settings.recipients = recipients;
        let refused = GESTORE_UNO.operator.clone().with_settings(settings).unwrap_err();
        assert_eq!(refused, ProviderError::Setting { name: "recipients" });
    }
}

fn odd_header() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("Subject"),
        Just("Reply-To"),
        Just("Message-ID"),
        Just("X-TipoRicevuta"),
        Just("Received"),
        Just("Return-Path"),
        Just("X-Trasporto"),
        Just("X-Ricevuta"),
        Just("Content-Type"),
        Just("Cc"),
    ];
    let value = prop_oneof![
        "[ -~]{0,60}",
        "[\\t -~]{1,20}(\r\n [!-~]{1,20}){0,3}",
        Just("=?utf-8?q?a=00=0D=0AX-Ricevuta:_accettazione=EF=BF=BF=E2=80=AE?=".to_owned()),
        Just("=?iso-2022-jp?b?GyRCJCIbKEI=?=".to_owned()),
        Just("parola ".repeat(140)),
        Just("parola\r\n ".repeat(9_000)),
        Just("multipart/signed; boundary=\"x\"".to_owned()),
        any::<String>(),
    ];
    (name, value).prop_map(|(name, value)| format!("{name}: {value}\r\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_mail_is_an_error_and_all_that_is_written_is_proven(fields in proptest::collection::vec(odd_header(), 0..5), body in any::<String>()) {
        let mail = Mail::new(format!("{}From: {ANNA}\r\nTo: {BRUNO}\r\n\r\n{body}", fields.concat()), &[BRUNO]);
        let committed = mail.submit();
        match events(&committed)[1..] {
            [Event::AcceptanceIssued, Event::EnvelopeIssued] => {
                let accepted = Acceptance::try_from(notice(&committed).0).unwrap();
                // A body of more than 7 bits is carried in an encoding.
                let (data, original) = proven_but(&GESTORE_DUE.operator, sent(&committed)[0].2, &["encoded-message"]);
                let envelope = TransportEnvelope::try_from(data).unwrap();
                prop_assert_eq!(accepted.transaction(), envelope.transaction());
                prop_assert_eq!(original.unwrap(), relabel(&mail.message, &committed.transaction).to_vec());
            }
            [Event::NonAcceptanceIssued] => drop(not_accepted(&committed)),
            _ => prop_assert!(false, "{:?}", shape(&committed)),
        }
    }
}
