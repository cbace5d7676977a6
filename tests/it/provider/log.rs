//! The line of a log record.

use std::collections::HashSet;

use postacert::provider::{Event, LogRecord, LogRecordError};
use proptest::prelude::*;

const LINE: &str = "when=2026-11-22T03:52:07+01:00\tevent=envelope-issued\tid=1f@pec.gestore.example\tsender=anna@pec.gestore.example\t\
    recipients=bruno@cert.example,carla@cert.example\tsubject=Offerta\trelated=1f@pec.gestore.example,2e@x\tprovider=Gestore Uno PEC S.p.A.\tnote=";

fn record() -> LogRecord {
    LINE.parse().unwrap()
}

#[test]
fn s2_3_the_line_names_all_that_is_asked_for() {
    let record = record();
    assert_eq!(record.to_string(), LINE);
    assert_eq!((record.id.as_str(), record.event), ("1f@pec.gestore.example", Event::EnvelopeIssued));
    assert_eq!(record.when.to_string(), "2026-11-22T03:52:07+01:00");
    assert_eq!((&*record.sender, &*record.subject), ("anna@pec.gestore.example", "Offerta"));
    assert_eq!(record.recipients.iter().map(|to| to.as_str()).collect::<Vec<_>>(), ["bruno@cert.example", "carla@cert.example"]);
    assert_eq!(record.related.iter().map(|id| &**id).collect::<Vec<_>>(), ["1f@pec.gestore.example", "2e@x"]);
    assert_eq!((&*record.provider, &*record.note), ("Gestore Uno PEC S.p.A.", ""));
}

#[test]
fn what_could_break_the_line_is_escaped() {
    let mut record = record();
    record.subject = "a\tb\r\nc\\d\0 \"x\" \u{1f600} \u{202e}è\u{85}, {}=".into();
    record.recipients = vec!["\"a, b\\\"\"@cert.example".parse().unwrap()];
    record.related = vec!["".into(), ",".into(), "\\e".into()];
    record.note = "note=\tevent=delivered".into();
    let line = record.to_string();
    assert_eq!(
        line.split('\t').skip(4).collect::<Vec<_>>(),
        [
            r#"recipients="a\u{2c} b\\""@cert.example"#,
            "subject=a\\tb\\r\\nc\\\\d\\u{0} \"x\" \u{1f600} \\u{202e}è\\u{85}, {}=",
            r"related=\e,\u{2c},\\e",
            "provider=Gestore Uno PEC S.p.A.",
            r"note=note=\tevent=delivered",
        ]
    );
    assert_eq!(line.parse(), Ok(record));
}

#[test]
fn lists_of_none_and_of_one_empty_value_are_not_the_same() {
    let mut none = record();
    none.related = Vec::new();
    none.recipients = Vec::new();
    let mut one = none.clone();
    one.related = vec!["".into()];
    assert_ne!(none.to_string(), one.to_string());
    assert_eq!((none.to_string().parse(), one.to_string().parse()), (Ok(none), Ok(one)));
}

#[test]
fn a_line_that_is_no_record_says_where_it_is_not() {
    let with = |what: &str, by: &str| {
        assert!(LINE.contains(what), "{what}");
        LINE.replacen(what, by, 1).parse::<LogRecord>().unwrap_err()
    };
    let at = |what: &str| LINE.find(what).unwrap();
    let subject = at("subject=");
    assert_eq!("".parse::<LogRecord>(), Err(LogRecordError::Field { name: "when", offset: 0 }));
    assert_eq!(with("subject=", "oggetto="), LogRecordError::Field { name: "subject", offset: subject });
    assert_eq!(with("subject=", "subject"), LogRecordError::Field { name: "subject", offset: subject });
    assert_eq!(with("\tnote=", ""), LogRecordError::Field { name: "note", offset: at("\tnote=") + 1 });
    assert_eq!(with("note=", "note=\t"), LogRecordError::Tail { offset: LINE.len() + 1 });
    assert_eq!(with("note=", "note=x\r"), LogRecordError::Character { offset: LINE.len() + 1 });
    assert_eq!(with("Offerta", "a\u{202e}"), LogRecordError::Character { offset: subject + 9 });
    for escape in ["\\", "\\x", "\\e", "\\u", "\\u{", "\\u{}", "\\u{d800}", "\\u{110000}", "\\u{+41}", "\\u{0000041}", "\\u41"] {
        assert_eq!(with("Offerta", &format!("è{escape}")), LogRecordError::Escape { offset: subject + 10 }, "{escape}");
    }
    assert_eq!(with("envelope-issued", "Delivered"), LogRecordError::Event { offset: at("envelope-issued") });
    let later = with("2026-11-22", "2026-11-31");
    assert!(matches!(later, LogRecordError::Time { offset: 5, .. }), "{later:?}");
    let id = with("id=1f", "id=1 f");
    assert!(matches!(id, LogRecordError::Id { offset, .. } if offset == at("1f@")), "{id:?}");
    let recipient = with("carla@cert", "carla");
    assert_eq!(recipient.to_string(), format!("at offset {}: the address has no @ after its local part (offset 13)", at("carla@cert")));
    assert_eq!(with("recipients=", "recipients=,").code(), "log-recipient");
}

#[test]
fn events_read_as_they_are_written() {
    let words: HashSet<_> = Event::ALL.iter().map(|event| event.as_str()).collect();
    assert_eq!(words.len(), Event::ALL.len());
    for event in Event::ALL {
        assert_eq!(event.to_string().parse(), Ok(*event));
        #[cfg(feature = "serde")]
        assert_eq!(serde_json::to_value(event).unwrap(), event.as_str());
    }
    assert_eq!("Submitted".parse::<Event>(), Err(LogRecordError::Event { offset: 0 }));
}

fn text() -> impl Strategy<Value = Box<str>> {
    prop_oneof![any::<String>(), "[\\t\\r\\n\\\\,=e{}u\"<> \u{2028}\u{202e}\u{0}\u{7f}\u{9b}]{0,30}", "\\PC{0,20}"]
        .prop_map(String::into_boxed_str)
}

proptest! {
    #[test]
    fn any_record_comes_back_from_one_line(
        texts in (text(), text(), text(), text()),
        related in proptest::collection::vec(text(), 0..4),
        recipients in proptest::collection::vec("[a-z]{1,5}|\"[ -!#-\\[\\]-~]{0,20}\"", 0..4),
        id in "[!-;=?-~]{1,40}",
        event in 0..Event::ALL.len(),
        seconds in -62_135_000_000_i64..253_402_000_000,
        offset in -1_439_i16..1_440,
    ) {
        let mut record = record();
        (record.sender, record.subject, record.provider, record.note) = texts;
        record.related = related;
        record.recipients = recipients.iter().map(|local| format!("{local}@cert.example").parse().unwrap()).collect();
        record.id = id.parse().unwrap();
        record.event = Event::ALL[event];
        if let Ok(when) = postacert::Timestamp::new(postacert::UnixTime::from_secs(seconds).unwrap(), offset) {
            record.when = when;
        }
        let line = record.to_string();
        prop_assert_eq!(line.split('\t').count(), 9);
        prop_assert!(!line.contains(|c: char| c != '\t' && c.is_control()) && !line.contains(['\u{2028}', '\u{2029}']), "{}", line);
        prop_assert_eq!(line.parse::<LogRecord>(), Ok(record.clone()));
        #[cfg(feature = "serde")]
        prop_assert_eq!(serde_json::from_value::<LogRecord>(serde_json::to_value(&record).unwrap()).unwrap(), record);
    }

    #[test]
    fn any_line_is_read_or_refused_at_a_place_in_it(line in any::<String>(), at in 0..LINE.len(), length in 0usize..20) {
        let end = (at + length).min(LINE.len());
        for line in [line.clone(), [&LINE[..at], &line, &LINE[end..]].concat()] {
            match line.parse::<LogRecord>() {
                Ok(record) => prop_assert_eq!(record.to_string().parse::<LogRecord>(), Ok(record)),
                Err(LogRecordError::Field { offset, .. } | LogRecordError::Tail { offset }) => prop_assert!(offset <= line.len() + 1),
                Err(LogRecordError::Character { offset } | LogRecordError::Escape { offset }) => prop_assert!(line[offset..].chars().next().is_some()),
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
    }
}
