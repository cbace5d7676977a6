//! Tests of the vocabulary: times, addresses, identifiers.

use std::collections::HashSet;

use postacert::{Address, AddressError, Domain, IdentError, MessageId, PecId, TimeError, TimeField, Timestamp, UnixTime, ZoneForm};
use proptest::prelude::*;

// -- time --

#[test]
fn r26_the_times_of_certification_data() {
    for (written, rfc3339) in [
        (("25/05/2025", "10:10:10", "+0200"), "2025-05-25T10:10:10+02:00"),
        (("29/02/2024", "00:00:00", "-0330"), "2024-02-29T00:00:00-03:30"),
        (("31/12/2016", "23:59:60", "+0000"), "2016-12-31T23:59:60+00:00"),
        (("01/01/0001", "02:00:00", "+0200"), "0001-01-01T02:00:00+02:00"),
        (("31/12/9999", "21:59:60", "-0200"), "9999-12-31T21:59:60-02:00"),
    ] {
        let (time, form) = Timestamp::from_certdata(written.0, written.1, written.2).unwrap();
        assert_eq!((time.to_string().as_str(), form), (rfc3339, ZoneForm::Plain));
        let back = time.to_certdata();
        assert_eq!((back.day.as_str(), back.time.as_str(), back.zone.as_str()), written);
    }
    let (time, form) = Timestamp::from_certdata("25/05/2025", "10:10:10", "+02:00").unwrap();
    assert_eq!((time.offset_minutes(), form), (120, ZoneForm::Colon));
}

#[test]
fn r26_impossible_times_are_refused_and_the_field_is_named() {
    use TimeField::*;
    for (day, time, zone, field, what) in [
        ("31/02/2025", "10:10:10", "+0200", Day, "range"),
        ("29/02/2025", "10:10:10", "+0200", Day, "range"),
        ("29/02/1900", "10:10:10", "+0200", Day, "range"),
        ("31/04/2025", "10:10:10", "+0200", Day, "range"),
        ("00/01/2025", "10:10:10", "+0200", Day, "range"),
        ("01/00/2025", "10:10:10", "+0200", Month, "range"),
        ("01/13/2025", "10:10:10", "+0200", Month, "range"),
        ("01/01/0000", "10:10:10", "+0200", Year, "range"),
        ("01/01/0001", "00:00:00", "+0001", Year, "range"),
        ("31/12/9999", "23:59:59", "-0001", Year, "range"),
        ("01/01/10000", "10:10:10", "+0200", Year, "form"),
        ("01/01/99", "10:10:10", "+0200", Year, "form"),
        ("1/01/2025", "10:10:10", "+0200", Day, "form"),
        ("01-01-2025", "10:10:10", "+0200", Day, "form"),
        ("٠١/٠١/٢٠٢٥", "10:10:10", "+0200", Day, "form"),
        ("01/01/2025 ", "10:10:10", "+0200", Year, "form"),
        ("", "10:10:10", "+0200", Day, "form"),
        ("01/01/2025", "24:00:00", "+0200", Hour, "range"),
        ("01/01/2025", "10:60:00", "+0200", Minute, "range"),
        ("01/01/2025", "10:10:61", "+0200", Second, "range"),
        ("01/01/2025", "10:10", "+0200", Minute, "form"),
        ("01/01/2025", "10:10:1", "+0200", Second, "form"),
        ("01/01/2025", "１０:10:10", "+0200", Hour, "form"),
        ("01/01/2025", "-1:10:10", "+0200", Hour, "form"),
        ("01/01/2025", "10:10:10", "0200", Zone, "form"),
        ("01/01/2025", "10:10:10", "+200", Zone, "form"),
        ("01/01/2025", "10:10:10", "+02000", Zone, "form"),
        ("01/01/2025", "10:10:10", "+0160", Zone, "range"),
        ("01/01/2025", "10:10:10", "+2400", Zone, "range"),
        ("01/01/2025", "10:10:10", "+02:0", Zone, "form"),
        ("01/01/2025", "10:10:10", "CEST", Zone, "form"),
        ("01/01/2025", "10:10:10", "", Zone, "form"),
    ] {
        let expected = if what == "range" { TimeError::OutOfRange { field } } else { TimeError::Malformed { field } };
        assert_eq!(Timestamp::from_certdata(day, time, zone), Err(expected), "{day} {time} {zone}");
    }
}

#[test]
fn dates_of_rfc_5322_in_all_their_forms() {
    for (value, rfc3339) in [
        ("Sun, 25 May 2025 10:10:18 +0200 (CEST)", "2025-05-25T10:10:18+02:00"),
        ("25 May 2025 10:10 +0200", "2025-05-25T10:10:00+02:00"),
        ("sun,25 mAY 2025 10:10:18 -0000", "2025-05-25T10:10:18+00:00"),
        ("Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", "1997-11-21T09:55:06-06:00"),
        (" (a (nested \\) (one)) )\r\n Thu,\r\n\t13 Feb 69 23:32 -0330 (Newfoundland Time)", "1969-02-13T23:32:00-03:30"),
        ("21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06+00:00"),
        ("1 Jan 25 00:00:00 EST", "2025-01-01T00:00:00-05:00"),
        ("1 Jan 125 00:00:00 PDT", "2025-01-01T00:00:00-07:00"),
        ("1 Jan 2025 00:00:00 Z", "2025-01-01T00:00:00+00:00"),
        ("1 Jan 2025 00:00:00 CEST", "2025-01-01T00:00:00+00:00"),
        ("Mon, 25 May 2025 10:10:60 +0200", "2025-05-25T10:10:60+02:00"),
        ("Sun, 25 May 2025 10:10:18 +0200 (città)", "2025-05-25T10:10:18+02:00"),
    ] {
        assert_eq!(Timestamp::from_rfc5322(value).map(|t| t.to_string()).as_deref(), Ok(rfc3339), "{value}");
    }
    use TimeField::*;
    for (value, field) in [
        ("", Day),
        ("Xxx, 25 May 2025 10:10:18 +0200", Weekday),
        ("Sun 25 May 2025 10:10:18 +0200", Weekday),
        ("125 May 2025 10:10:18 +0200", Day),
        ("25 Mai 2025 10:10:18 +0200", Month),
        ("25 May 5 10:10:18 +0200", Year),
        ("25 May 99999999999 10:10:18 +0200", Year),
        ("25 May 2025 1:10:18 +0200", Hour),
        ("25 May 2025 10.10 +0200", Hour),
        ("25 May 2025 10:10:18", Zone),
        ("25 May 2025 10:10:18 J", Zone),
        ("25 May 2025 10:10:18 +02:00", Zone),
        ("25 May 2025 10:10:18 +0200 CEST", Zone),
        ("25 May 2025 10:10:18 +0200 (CEST", Comment),
        ("25 May 2025 (\\", Comment),
    ] {
        assert_eq!(Timestamp::from_rfc5322(value), Err(TimeError::Malformed { field }), "{value}");
    }
    let outside = [("31 Feb 2025 10:10:18 +0200", Day), ("25 May 10000 10:10:18 +0200", Year), ("25 May 2025 24:00:00 +0200", Hour)];
    for (value, field) in outside {
        assert_eq!(Timestamp::from_rfc5322(value), Err(TimeError::OutOfRange { field }), "{value}");
    }
}

#[test]
fn rfc_3339_in_and_out() {
    for (value, printed) in [
        ("2025-05-25T10:10:10+02:00", "2025-05-25T10:10:10+02:00"),
        ("2025-05-25t10:10:10.123456789z", "2025-05-25T10:10:10+00:00"),
        ("2025-05-25 10:10:60-00:00", "2025-05-25T10:10:60+00:00"),
    ] {
        assert_eq!(value.parse::<Timestamp>().map(|t| t.to_string()).as_deref(), Ok(printed));
    }
    let bad = [
        "",
        "2025-05-25",
        "2025-05-25T10:10:10",
        "2025-05-25T10:10:10+0200",
        "2025-05-25T10:10:10.Z",
        "2025-05-25T10:10:10Z ",
        "+2025-05-25T10:10:10Z",
    ];
    for value in bad {
        assert!(value.parse::<Timestamp>().is_err(), "{value}");
    }
    assert_eq!("2025-05-25T10:10:10+02:00".parse::<UnixTime>().unwrap().to_string(), "2025-05-25T08:10:10Z");
}

#[test]
fn the_bounds_of_time() {
    assert_eq!(UnixTime::MIN.to_string(), "0001-01-01T00:00:00Z");
    assert_eq!(UnixTime::MAX.to_string(), "9999-12-31T23:59:59Z");
    assert_eq!(UnixTime::from_secs(UnixTime::MIN.as_secs() - 1), None);
    assert_eq!(UnixTime::MAX.checked_add_secs(1), None);
    assert_eq!(UnixTime::MAX.checked_add_secs(i64::MAX), None);
    assert_eq!(UnixTime::MIN.seconds_until(UnixTime::MAX), 315_537_897_599);
    assert!(Timestamp::new(UnixTime::MAX, 1).is_err() && Timestamp::new(UnixTime::MIN, -1).is_err());
    assert!(Timestamp::new(UnixTime::MIN, 1439).is_ok() && Timestamp::new(UnixTime::MIN, 1440).is_err());
    assert!(Timestamp::new(UnixTime::MAX, i16::MIN).is_err());
}

#[test]
fn two_timestamps_are_equal_if_instant_and_zone_are() {
    let [a, b, c] =
        ["2025-05-25T10:10:10+02:00", "2025-05-25T08:10:10Z", "2025-05-25T10:10:10+02:00"].map(|s| s.parse::<Timestamp>().unwrap());
    assert_eq!(a.instant(), b.instant());
    assert_ne!(a, b);
    assert_eq!(a, c);
    let [leap, before] = ["2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"].map(|s| s.parse::<Timestamp>().unwrap());
    assert_eq!(leap.instant(), before.instant());
    assert_ne!(leap, before);
}

#[test]
fn time_errors_read_as_sentences() {
    let e = Timestamp::from_certdata("31/02/2025", "10:10:10", "+0200").unwrap_err();
    assert_eq!((e.to_string().as_str(), e.code()), ("the day of the time is out of range", "time-out-of-range"));
    let e = Timestamp::from_certdata("31/01/2025", "10:10:10", "").unwrap_err();
    assert_eq!(e.to_string(), "the zone of the time is missing or not of its form");
}

// -- addresses --

#[test]
fn addresses_are_those_of_rfc_5322() {
    let long_local = "a".repeat(64);
    let long_domain = "d".repeat(255);
    for (address, local, domain) in [
        ("mario.rossi@pec.example", "mario.rossi", "pec.example"),
        ("a@b", "a", "b"),
        ("!#$%&'*+-/=?^_`{|}~@x_y.example", "!#$%&'*+-/=?^_`{|}~", "x_y.example"),
        ("\"a b\\\"@\\\\\"@pec.example", "\"a b\\\"@\\\\\"", "pec.example"),
        ("\"\"@pec.example", "\"\"", "pec.example"),
        ("a@[192.0.2.1]", "a", "[192.0.2.1]"),
        (&format!("{long_local}@b"), &long_local, "b"),
        (&format!("a@{long_domain}"), "a", &long_domain),
    ] {
        let parsed: Address = address.parse().unwrap();
        assert_eq!((parsed.as_str(), parsed.local_part(), parsed.domain().as_str()), (address, local, domain));
        assert_eq!(parsed.to_string(), address);
        assert_eq!(parsed.domain().clone(), domain.parse::<Domain>().unwrap());
    }
}

#[test]
fn what_is_no_address_is_refused_with_its_place() {
    use AddressError::*;
    for (address, error) in [
        ("", Empty),
        ("mario", MissingAt { offset: 5 }),
        ("mario rossi@pec.example", MissingAt { offset: 5 }),
        ("@pec.example", LocalPart { offset: 0 }),
        (".a@b", LocalPart { offset: 0 }),
        ("a..b@c", LocalPart { offset: 2 }),
        ("a.@c", LocalPart { offset: 2 }),
        ("<a@b>", LocalPart { offset: 0 }),
        ("è@b", LocalPart { offset: 0 }),
        ("\"a@b", LocalPart { offset: 4 }),
        ("\"a\r\n\"@b", LocalPart { offset: 2 }),
        ("a@", Domain { offset: 2 }),
        ("a@b@c", Domain { offset: 3 }),
        ("a@b.", Domain { offset: 4 }),
        ("a@.b", Domain { offset: 2 }),
        ("a@b..c", Domain { offset: 4 }),
        ("a@pec.è", Domain { offset: 6 }),
        ("a@b ", Domain { offset: 3 }),
        ("a@b\0", Domain { offset: 3 }),
        ("a@[]", Domain { offset: 3 }),
        ("a@[1", Domain { offset: 2 }),
        ("a@[1[]", Domain { offset: 4 }),
        (&format!("{}@b", "a".repeat(65)), LocalPartTooLong { limit: 64 }),
        (&format!("a@{}", "d".repeat(256)), DomainTooLong { limit: 255 }),
    ] {
        assert_eq!(address.parse::<Address>(), Err(error), "{address}");
    }
    assert_eq!("a b".parse::<postacert::Domain>(), Err(Domain { offset: 1 }));
}

#[test]
fn addresses_compare_the_domain_without_case_and_the_local_part_exactly() {
    let [a, b, c] = ["Mario@PEC.example", "Mario@pec.EXAMPLE", "mario@pec.example"].map(|s| s.parse::<Address>().unwrap());
    assert_eq!(a, b);
    assert_ne!(b, c);
    assert_eq!(HashSet::from([a.clone(), b.clone()]).len(), 1);
    assert_eq!(a.cmp(&b), std::cmp::Ordering::Equal);
    assert_eq!(HashSet::from([a.domain().clone(), c.domain().clone()]).len(), 1);
    assert_eq!(a.clone().as_str(), "Mario@PEC.example");
}

// -- identifiers --

#[test]
fn identifiers_are_compared_without_their_brackets_and_with_their_case() {
    for id in ["opec2941.20250525@pec.example", "3F2504E0-4F89-11D3-9A0C-0305E82C3301", "SN05IE$951@x", "a"] {
        assert_eq!(format!("<{id}>").parse::<PecId>().unwrap(), id.parse().unwrap());
        assert_eq!(format!("<{id}>").parse::<MessageId>().unwrap().as_str(), id);
    }
    assert_ne!("A@b".parse::<PecId>(), "a@b".parse());
    use IdentError::*;
    for (id, error) in [
        ("", Empty),
        ("<>", Empty),
        ("<a", Brackets),
        ("a>", Brackets),
        ("<", Brackets),
        ("a b", Character { offset: 1 }),
        ("<a<b>", Character { offset: 2 }),
        ("aè", Character { offset: 1 }),
        ("a\r\nb", Character { offset: 1 }),
        (&"a".repeat(999), TooLong { limit: 998 }),
    ] {
        assert_eq!(id.parse::<PecId>(), Err(error.clone()), "{id}");
        assert_eq!(id.parse::<MessageId>(), Err(error), "{id}");
    }
    assert!("a".repeat(998).parse::<PecId>().is_ok());
}

// -- properties --

prop_compose! {
    fn any_timestamp()(seconds in UnixTime::MIN.as_secs()..=UnixTime::MAX.as_secs(), offset in -1439i16..=1439) -> Option<Timestamp> {
        Timestamp::new(UnixTime::from_secs(seconds).unwrap(), offset).ok()
    }
}

proptest! {
    #[test]
    fn every_time_survives_all_its_forms(time in any_timestamp().prop_filter_map("its local year is out of range", |t| t)) {
        prop_assert_eq!(time.to_string().parse::<Timestamp>(), Ok(time));
        prop_assert_eq!(Timestamp::from_rfc5322(&time.to_rfc5322()).map(|t| (t.instant(), t.offset_minutes())), Ok((time.instant(), time.offset_minutes())));
        let c = time.to_certdata();
        prop_assert_eq!(Timestamp::from_certdata(&c.day, &c.time, &c.zone), Ok((time, ZoneForm::Plain)));
        prop_assert_eq!(time.instant().to_string().parse::<UnixTime>(), Ok(time.instant()));
    }

    #[test]
    fn no_text_makes_the_vocabulary_panic(s in any::<String>(), t in "[-0-9/:+ TZ,()\\\\a-zA-Z]{0,40}") {
        for s in [&s, &t] {
            let _ = (Timestamp::from_rfc5322(s), Timestamp::from_rfc3339(s), Timestamp::from_certdata(s, s, s));
            let _ = (s.parse::<PecId>(), s.parse::<MessageId>());
            if let Ok(address) = s.parse::<Address>() {
                prop_assert_eq!(address.to_string(), s.as_str());
            }
        }
    }

    #[test]
    fn every_address_is_its_parts(local in "[a-z0-9!#_-]{1,20}(\\.[a-z0-9]{1,10}){0,3}|\"[ -!#-\\[\\]-~]{0,30}\"", domain in "[a-zA-Z0-9-]{1,20}(\\.[a-zA-Z0-9]{1,10}){0,4}|\\[[!-Z^-~]{1,20}\\]") {
        let address: Address = format!("{local}@{domain}").parse().unwrap();
        prop_assert_eq!(address.local_part(), &local);
        prop_assert_eq!(address.domain(), &domain.parse().unwrap());
        prop_assert_eq!(&format!("{local}@{}", domain.to_uppercase()).parse::<Address>().unwrap(), &address);
    }
}

#[cfg(feature = "serde")]
#[test]
fn the_vocabulary_is_validated_when_deserialized() {
    let json = r#"["a@b","b","<x@y>","<x@y>","2025-05-25T10:10:10Z","2025-05-25T10:10:10+02:00"]"#;
    type All = (Address, Domain, PecId, MessageId, UnixTime, Timestamp);
    let all: All = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&all).unwrap(), json.replace("<x@y>", "x@y"));
    assert!(serde_json::from_str::<Address>("\"a\"").is_err());
    assert!(serde_json::from_str::<Domain>("\"a b\"").is_err());
    assert!(serde_json::from_str::<PecId>("\"\"").is_err());
    assert!(serde_json::from_str::<Timestamp>("\"2025-02-31T10:10:10Z\"").is_err());
}
