//! RFC 6109 §2.2.1: the original with the provider's identifier.

use postacert::compose::relabel;
use postacert::mime::Tree;
use postacert::{Limits, PecId};
use proptest::prelude::*;

fn relabelled(original: &str) -> (String, Option<String>) {
    let id = "pec1@p.example".parse().unwrap();
    let done = relabel(original.as_bytes(), &id);
    (String::from_utf8(done.to_vec()).unwrap(), done.message_id().map(ToString::to_string))
}

/// Each: the original, what it becomes, the identifier found.
#[test]
fn the_identifier_is_replaced_and_related() {
    let table = [
        (
            "From: a@b\r\nMessage-ID: <x@y>\r\nSubject: s\r\n\r\nbody",
            "From: a@b\r\nMessage-ID: <pec1@p.example>\r\nX-Riferimento-Message-ID: <x@y>\r\nSubject: s\r\n\r\nbody",
            Some("x@y"),
        ),
        // Any case, any folding, a blank before the colon, a comment.
        (
            "MESSAGE-id :\r\n\t<x@y>\r\n (c)\r\nTo: c\r\n\r\n",
            "Message-ID: <pec1@p.example>\r\nX-Riferimento-Message-ID: <x@y>\r\nTo: c\r\n\r\n",
            Some("x@y"),
        ),
        // Without brackets.
        ("Message-ID: x@y\r\n\r\n", "Message-ID: <pec1@p.example>\r\nX-Riferimento-Message-ID: <x@y>\r\n\r\n", Some("x@y")),
        // LF stays LF, header and body.
        ("A: b\nMessage-ID: <x@y>\n\nbody\n", "A: b\nMessage-ID: <pec1@p.example>\nX-Riferimento-Message-ID: <x@y>\n\nbody\n", Some("x@y")),
        ("A: b\n\nbody\n", "Message-ID: <pec1@p.example>\nA: b\n\nbody\n", None),
        // No identifier: no reference.
        ("A: b\r\n\r\nMessage-ID: <in@body>\r\n", "Message-ID: <pec1@p.example>\r\nA: b\r\n\r\nMessage-ID: <in@body>\r\n", None),
        ("A: b\r\nMessage-ID:  \r\n\r\n", "A: b\r\nMessage-ID: <pec1@p.example>\r\n\r\n", None),
        // A name in a value or at the beginning of a longer one is no such field.
        (
            "A: Message-ID: <x@y>\r\nMessage-IDs: <x@y>\r\n\r\n",
            "Message-ID: <pec1@p.example>\r\nA: Message-ID: <x@y>\r\nMessage-IDs: <x@y>\r\n\r\n",
            None,
        ),
        // Several: the first that has one counts.
        (
            "Message-ID:\r\nA: b\r\nMessage-ID: <x@y>\r\nMessage-ID: <z@y>\r\n\r\n",
            "Message-ID: <pec1@p.example>\r\nX-Riferimento-Message-ID: <x@y>\r\nA: b\r\n\r\n",
            Some("x@y"),
        ),
        // Left over or forged.
        (
            "x-riferimento-message-id: <forged@y>\r\nA: b\r\nMessage-ID: <x@y>\r\nX-Riferimento-Message-ID: <f@y>\r\n\r\n",
            "Message-ID: <pec1@p.example>\r\nX-Riferimento-Message-ID: <x@y>\r\nA: b\r\n\r\n",
            Some("x@y"),
        ),
        ("A: b\r\nX-Riferimento-Message-ID: <forged@y>\r\n\r\n", "A: b\r\nMessage-ID: <pec1@p.example>\r\n\r\n", None),
        // No identifier of a lawful form: related as it was written.
        ("Message-ID: <x y\r\n z>\r\n\r\n", "Message-ID: <pec1@p.example>\r\nX-Riferimento-Message-ID: <x y\r\n z>\r\n\r\n", None),
        ("Message-ID:<perché@y>\r\n\r\n", "Message-ID: <pec1@p.example>\r\nX-Riferimento-Message-ID:<perché@y>\r\n\r\n", None),
        // Hardly a message at all.
        ("", "Message-ID: <pec1@p.example>\r\n", None),
        ("\r\nonly a body", "Message-ID: <pec1@p.example>\r\n\r\nonly a body", None),
        ("\n", "Message-ID: <pec1@p.example>\n\n", None),
        ("A: b", "Message-ID: <pec1@p.example>\r\nA: b", None),
        ("Message-ID: <x@y>", "Message-ID: <pec1@p.example>\r\nX-Riferimento-Message-ID: <x@y>\r\n", Some("x@y")),
        ("A: b\nMessage-ID: <x@y>", "A: b\nMessage-ID: <pec1@p.example>\nX-Riferimento-Message-ID: <x@y>\n", Some("x@y")),
        ("just some words\r\nA: b\r\n\r\n", "Message-ID: <pec1@p.example>\r\njust some words\r\nA: b\r\n\r\n", None),
        // What would continue the new field stands before it.
        (" blank\r\n\tmore\r\nA: b\r\n\r\n", " blank\r\n\tmore\r\nMessage-ID: <pec1@p.example>\r\nA: b\r\n\r\n", None),
        (" blank", " blank\r\nMessage-ID: <pec1@p.example>\r\n", None),
        (" blank\r\n\r\nbody", " blank\r\nMessage-ID: <pec1@p.example>\r\n\r\nbody", None),
        // The line of an mbox.
        ("From a@b Sun\nA: b\n\nbody", "From a@b Sun\nMessage-ID: <pec1@p.example>\nA: b\n\nbody", None),
        ("From a@b Sun", "From a@b Sun\r\nMessage-ID: <pec1@p.example>\r\n", None),
    ];
    for (original, wanted, id) in table {
        let (text, found) = relabelled(original);
        assert_eq!((text.as_str(), found.as_deref()), (wanted, id), "{original:?}");
    }
}

#[test]
fn long_identifiers_keep_to_the_lines_of_mail() {
    let id: PecId = format!("{}@p.example", "a".repeat(985)).parse().unwrap();
    let original = format!("Message-ID:\r\n <{}@y>\r\n\r\n", "x".repeat(980));
    let text = String::from_utf8(relabel(original.as_bytes(), &id).to_vec()).unwrap();
    assert!(text.lines().all(|line| line.len() <= 998));
    let tree = Tree::parse(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(tree.root().field("Message-ID").unwrap().message_id().as_deref(), Some(id.as_str()));
    assert_eq!(tree.root().field("X-Riferimento-Message-ID").unwrap().message_id().unwrap().len(), 982);
}

#[test]
fn fields_beyond_the_limits_are_replaced_as_well() {
    let many = "A: b\r\n".repeat(20_000);
    let original = format!("{many}Message-ID: <x@y>\r\n{many}\r\nbody");
    let (text, id) = relabelled(&original);
    assert_eq!(text, format!("{many}Message-ID: <pec1@p.example>\r\nX-Riferimento-Message-ID: <x@y>\r\n{many}\r\nbody"));
    assert_eq!(id.as_deref(), Some("x@y"));
}

/// The bytes without the fields that the provider writes, found by a way of its own.
fn without_ids(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut in_header, mut gone, mut first) = (true, false, true);
    for line in raw.split_inclusive(|b| *b == b'\n') {
        let mbox = std::mem::take(&mut first) && line.starts_with(b"From ") && !line[5..].trim_ascii_start().starts_with(b":");
        let text = String::from_utf8_lossy(line).to_ascii_lowercase();
        in_header &= text != "\n" && text != "\r\n";
        if in_header && !mbox && !text.starts_with([' ', '\t']) {
            let name = text.split(':').next().unwrap().trim_end_matches([' ', '\t']);
            gone = text.contains(':') && (name == "message-id" || name == "x-riferimento-message-id");
        }
        if !in_header || !gone {
            out.extend_from_slice(line);
        }
    }
    out
}

fn header_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "\r\n",
        "\n",
        "\r",
        " ",
        "\t",
        ":",
        "From ",
        "Message-ID: <a@b>\r\n",
        "message-id:\n <c@d>\n",
        "Message-ID : x y\r\n",
        "Message-Id:\r\n",
        "X-Riferimento-Message-ID: <e@f>\r\n",
        "Subject: s\r\n",
        "To: t\n",
        "garbage\r\n",
        "\r\n\r\n",
        "è",
        "\0",
    ]);
    prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_other_byte_stays(original in header_like(), id in "[!-;=?-~]{1,100}") {
        let id: PecId = id.parse().unwrap();
        let done = relabel(&original, &id);
        let bytes = done.to_vec();
        // Only a last line without an end gets one, where a field has to come behind it.
        let (before, after) = (without_ids(&original), without_ids(&bytes));
        prop_assert!(after == before || [&before[..], b"\n"].concat() == after || [&before[..], b"\r\n"].concat() == after);

        let tree = Tree::parse(&bytes, &Limits::default()).unwrap();
        let root = tree.root();
        let written: Vec<_> = root.fields("Message-ID").map(|field| field.unfolded().into_owned()).collect();
        prop_assert_eq!(written, [format!("<{id}>")]);
        let references: Vec<_> = root.fields("X-Riferimento-Message-ID").collect();
        prop_assert!(references.len() <= 1);
        if let Some(id) = done.message_id() {
            prop_assert_eq!(references[0].unfolded().into_owned(), format!("<{id}>"));
        }
        prop_assert_eq!(done.pieces().concat(), bytes);
    }
}
