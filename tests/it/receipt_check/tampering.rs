//! Copies that do not agree: each thing done is called by its name, at its place.

use postacert::compose::brief;
use postacert::receipt_check::CheckOutcome;

use super::{CSV, PDF, TEXT, compared, found, hash_part, mixed, multipart, sha1};

type Found = Vec<(&'static str, Option<&'static str>, Option<&'static str>)>;

fn hashed(part: &str, name: &str) -> String {
    hash_part(name, &sha1(part.split_once("\r\n\r\n").unwrap().1.as_bytes()))
}

/// What is found when a copy of these parts is held against an original of these.
fn differs(copy: &[&str], original: &[&str], wanted: Found) {
    let check = compared(&mixed(copy), &mixed(original));
    assert_eq!(found(check.findings()), wanted, "{check}");
    assert_eq!(check.outcome(), CheckOutcome::Differs);
}

#[test]
fn r29_a_hash_of_something_else() {
    let (pdf, csv) = (hashed(PDF, "a.pdf.hash"), hashed(CSV, "b.csv.hash"));
    differs(&[TEXT, &pdf, &csv], &[TEXT, &PDF.replace("LjQK", "LjQL"), CSV], vec![("hash-differs", Some("2"), Some("2"))]);
    differs(&[TEXT, &pdf, &csv], &[TEXT, PDF, &CSV.replace("3;4", "3;5")], vec![("hash-differs", Some("3"), Some("3"))]);
    let check = compared(&mixed(&[&pdf]), &mixed(&[&PDF.replace("LjQK", "LjQL")]));
    assert_eq!(
        check.to_string(),
        "the copy does not agree with the original\n\
         difference: the hash \"a.pdf.hash\" is not that of \"a.pdf\" (copy: part 1; original: part 1)"
    );
}

#[test]
fn r29_a_hash_that_is_none() {
    for digits in [&sha1(b"x")[..39], "", &format!("{}0", sha1(b"x")), "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", &"0".repeat(300)] {
        let check = compared(&mixed(&[TEXT, &hash_part("a.pdf.hash", digits)]), &mixed(&[TEXT, PDF]));
        assert_eq!(found(check.findings()), [("hash-malformed", Some("2"), Some("2"))]);
        assert_eq!(check.outcome(), CheckOutcome::Undecided);
    }
}

#[test]
fn r29_a_part_too_many_or_too_few() {
    let (pdf, csv) = (hashed(PDF, "a.pdf.hash"), hashed(CSV, "b.csv.hash"));
    differs(&[TEXT, &pdf], &[TEXT, PDF, CSV], vec![("part-missing", None, Some("3"))]);
    differs(&[TEXT, &pdf, &csv], &[TEXT, PDF], vec![("part-extra", Some("3"), None)]);
    differs(&[TEXT, &pdf, TEXT], &[TEXT, PDF], vec![("part-extra", Some("3"), None)]);
    // In the middle: those behind it are elsewhere.
    differs(&[TEXT, &csv], &[TEXT, PDF, CSV], vec![("part-moved", Some("2"), Some("3")), ("part-missing", None, Some("2"))]);
    differs(&[TEXT, &pdf, &csv], &[TEXT, CSV], vec![("part-extra", Some("2"), None), ("part-moved", Some("3"), Some("2"))]);
}

#[test]
fn r29_parts_at_other_places() {
    let (pdf, csv) = (hashed(PDF, "a.pdf.hash"), hashed(CSV, "b.csv.hash"));
    let swapped = vec![("part-moved", Some("2"), Some("3")), ("part-moved", Some("3"), Some("2"))];
    differs(&[TEXT, &csv, &pdf], &[TEXT, PDF, CSV], swapped);
    let check = compared(&mixed(&[TEXT, &csv, &pdf]), &mixed(&[TEXT, PDF, CSV]));
    let matched: Vec<_> = check.matches().iter().map(|found| (found.section(), found.original_section())).collect();
    assert_eq!(matched, [("2", "3"), ("3", "2")]);
    // Out of a multipart, into another.
    let (one, other) = (multipart("mixed", "c", &[TEXT, PDF]), multipart("mixed", "d", &["x: y\r\n\r\nz"]));
    let (one_less, other_more) = (multipart("mixed", "c", &[TEXT]), multipart("mixed", "d", &["x: y\r\n\r\nz", &pdf]));
    differs(&[&one_less, &other_more], &[&one, &other], vec![("part-moved", Some("2.2"), Some("1.2"))]);
    // Texts, too.
    let text = "Content-Type: text/plain\r\n\r\nun altro testo\r\n";
    let swapped = vec![("part-moved", Some("1"), Some("2")), ("part-moved", Some("2"), Some("1"))];
    differs(&[text, TEXT], &[TEXT, text], swapped);
    // Of several of one content the first is taken first, and each once.
    let order = vec![
        ("part-moved", Some("1"), Some("3")),
        ("part-moved", Some("2"), Some("4")),
        ("part-moved", Some("3"), Some("1")),
        ("part-moved", Some("4"), Some("2")),
    ];
    differs(&[&pdf, &pdf, TEXT, &csv], &[TEXT, CSV, PDF, PDF], order);
    differs(&[TEXT, &pdf, &pdf], &[TEXT, PDF, CSV], vec![("hash-differs", Some("3"), Some("3"))]);
}

#[test]
fn r29_a_hash_under_another_name() {
    let wrong = |name: &str| {
        let check = compared(&mixed(&[TEXT, &hashed(PDF, name)]), &mixed(&[TEXT, PDF]));
        assert_eq!((found(check.findings()), check.matches().len()), (vec![("name-differs", Some("2"), Some("2"))], 1), "{name}");
        assert_eq!(check.outcome(), CheckOutcome::Differs);
    };
    ["b.pdf.hash", "a.pdf", "a.hash", ".hash", "A.pdf.hash", "a.pdf.hash.hash"].into_iter().for_each(wrong);
    // A message without a name is called as the provider likes; a long name may be cut, but not much.
    let (message, name) = ("Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny", "n".repeat(600));
    let outcome = |copy: &str, original: &str| compared(&mixed(&[copy]), &mixed(&[original])).outcome();
    assert_eq!(outcome(&hashed(message, "qualsiasi.hash"), message), CheckOutcome::Agrees);
    let named = message.replace("rfc822", &format!("rfc822; name={name}"));
    assert_eq!(outcome(&hashed(message, &format!("{}.hash", &name[..250])), &named), CheckOutcome::Agrees);
    assert_eq!(outcome(&hashed(message, &format!("{}.hash", &name[..249])), &named), CheckOutcome::Differs);
}

#[test]
fn texts_that_were_changed() {
    let (original, pdf) = (mixed(&[TEXT, PDF]), hashed(PDF, "a.pdf.hash"));
    let check = compared(&mixed(&[&TEXT.replace("a tutti", "a te"), &pdf]), &original);
    assert_eq!(found(check.findings()), [("part-changed", Some("1"), Some("1"))]);
    assert_eq!(check.findings()[0].copy().offset, Some(original.find("a tutti").unwrap() + 3));
    differs(&[&format!("{TEXT}x"), &pdf], &[TEXT, PDF], vec![("part-changed", Some("1"), Some("1"))]);
    differs(&[TEXT.trim_end(), &pdf], &[TEXT, PDF], vec![("part-changed", Some("1"), Some("1"))]);
    // The file itself, but another.
    differs(&[TEXT, &PDF.replace("LjQK", "LjQL")], &[TEXT, PDF], vec![("part-changed", Some("2"), Some("2"))]);
    // The same in another encoding, of which the header tells, too.
    let encoded = "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ncia=6F\r\na tutti\r\n";
    differs(&[encoded, &pdf], &[TEXT, PDF], vec![("part-reencoded", Some("1"), Some("1")), ("field-added", Some("1"), None)]);
    differs(&[TEXT, &PDF.replace("0x\r\nLj", "0xLj")], &[TEXT, PDF], vec![("part-reencoded", Some("2"), Some("2"))]);
    // A text in whose place its hash is says no less; one that is 40 digits is a text.
    let digits = |text: &str| format!("Content-Type: text/plain\r\n\r\n{text}");
    differs(&[&digits(&sha1(b"1"))], &[&digits(&sha1(b"2"))], vec![("part-changed", Some("1"), Some("1"))]);
}

#[test]
fn headers_of_parts_and_what_stands_around_them() {
    let (original, pdf) = (mixed(&[TEXT, PDF]), hashed(PDF, "a.pdf.hash"));
    let html = TEXT.replace("plain", "html");
    differs(&[&html, &pdf], &[TEXT, PDF], vec![("field-changed", Some("1"), Some("1"))]);
    differs(&[&format!("X-A: b\r\n{TEXT}"), &pdf], &[TEXT, PDF], vec![("field-added", Some("1"), None)]);
    differs(&[&format!("garbage\r\n{TEXT}"), &pdf], &[TEXT, PDF], vec![("header-changed", Some("1"), Some("1"))]);
    let copy = mixed(&[TEXT, &pdf]);
    for (from, to) in [("preamble", "Preamble"), ("--b--\r\n", "--b--\r\nepilogue\r\n")] {
        let check = compared(&copy.replace(from, to), &original);
        assert_eq!(found(check.findings()), [("outside-text-changed", Some(""), Some(""))]);
    }
    let subject = compared(&copy.replace("Subject: s", "Subject: t"), &original);
    assert_eq!(found(subject.findings()), [("field-changed", Some(""), Some(""))]);
    let kind = compared(&copy.replace("multipart/mixed", "multipart/alternative"), &original);
    assert_eq!(found(kind.findings()), [("field-changed", Some(""), Some(""))]);
}

#[test]
fn another_structure() {
    let pdf = hashed(PDF, "a.pdf.hash");
    // A multipart for a part, and the other way round.
    let inner = multipart("mixed", "c", &[TEXT, &pdf]);
    differs(&[&inner], &[TEXT], vec![("part-moved", Some("1.1"), Some("1")), ("part-extra", Some("1.2"), None)]);
    differs(
        &[TEXT],
        &[&multipart("mixed", "c", &[TEXT, PDF])],
        vec![("part-moved", Some("1"), Some("1.1")), ("part-missing", None, Some("1.2"))],
    );
    let check = compared("Subject: x\r\n\r\nciao\r\n", &mixed(&[TEXT, PDF]));
    assert_eq!(check.outcome(), CheckOutcome::Differs);
    assert!(found(check.findings()).contains(&("part-missing", None, Some("2"))));
    assert!(found(check.findings()).contains(&("part-extra", Some(""), None)));
}

#[test]
fn a_message_of_one_named_part() {
    let original = format!("From: a@b\r\nSubject: s\r\n{PDF}");
    let copy = String::from_utf8(brief(original.as_bytes()).unwrap().into_bytes().into_owned()).unwrap();
    let codes = |copy: &str, original: &str, code| assert_eq!(found(compared(copy, original).findings()), [(code, Some(""), Some(""))]);
    codes(&copy, &original.replace("LjQK", "LjQL"), "hash-differs");
    codes(&copy.replace("Subject: s", "Subject: t"), &original, "field-changed");
    codes(&copy, &original.replace("a.pdf", "b.pdf"), "name-differs");
}

/// Whichever byte of a kept original is changed, the copy does not agree any more, but for those that a provider may write.
#[test]
fn any_byte_of_the_original_counts() {
    let message = "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nhello";
    let original = mixed(&[TEXT, PDF, &multipart("alternative", "c", &[CSV, message])]);
    let copy = brief(original.as_bytes()).unwrap();
    let id = original.find("Message-ID").unwrap();
    let free = id..id + original[id..].find('\n').unwrap();
    let mut run = 0;
    for at in 0..original.len() {
        let mut changed = original.clone().into_bytes();
        changed[at] = if changed[at] == b'#' { b'%' } else { b'#' };
        let check = postacert::receipt_check::BriefCheck::compare(copy.bytes(), &changed).unwrap();
        if check.outcome() == CheckOutcome::Agrees {
            let line = original[..at].rfind('\n').map_or(0, |end| end + 1);
            let is_hashed_header = original[line..].starts_with("Content-") && !original[line..].starts_with("Content-Type: multipart");
            // The header of a part that was replaced is nowhere in the copy, except its name; the last line end is nobody's.
            assert!(
                free.contains(&at) || is_hashed_header || at + 2 >= original.len(),
                "{at}: {:?}\n{check}",
                String::from_utf8_lossy(&changed)
            );
        } else {
            run += 1;
        }
    }
    assert!(run > 250, "{run}");
}
