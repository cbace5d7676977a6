//! Every limit, at its value and one beyond.

use postacert::Limits;
use postacert::mime::{FieldSize, LineScan, MimeErrorKind, Tree};

use super::codes;

fn limits(set: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    set(&mut limits);
    limits
}

fn found(raw: &[u8], limits: &Limits) -> Vec<String> {
    codes(&Tree::parse(raw, limits).unwrap())
}

#[test]
fn message_bytes() {
    let limits = limits(|l| l.message_bytes = 10);
    assert!(Tree::parse(b"A: b\r\n\r\nxy", &limits).is_ok());
    let error = Tree::parse(b"A: b\r\n\r\nxyz", &limits).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (&MimeErrorKind::MessageTooLong { limit: 10 }, 10));
    assert_eq!(error.to_string(), "the message is longer than 10 bytes");
}

#[test]
fn header_bytes_of_the_message() {
    let limits = limits(|l| l.header_bytes = 12);
    assert!(Tree::parse(b"A: b\r\nC: d\r\n\r\nbody", &limits).is_ok());
    assert!(Tree::parse(b"From x\nA: b\r\nC: d\r\n\r\nbody", &limits).is_ok());
    let error = Tree::parse(b"A: b\r\nC: de\r\n\r\nbody", &limits).unwrap_err();
    assert_eq!((error.kind().code(), error.offset()), ("header-too-long", 12));
    assert_eq!(error.to_string(), "the header of the message is longer than 12 bytes");
}

#[test]
fn header_bytes_of_a_part() {
    let outer = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n";
    let limits = limits(|l| l.header_bytes = 50);
    let raw = format!("{outer}A: {}\r\nB: {}\r\n\r\n--b--", "a".repeat(20), "b".repeat(20));
    assert_eq!(found(raw.as_bytes(), &limits), [""; 0]);
    let raw = format!("{outer}A: {}\r\nB: {}\r\n\r\nbody\r\n--b--", "a".repeat(20), "b".repeat(21));
    let tree = Tree::parse(raw.as_bytes(), &limits).unwrap();
    assert_eq!(codes(&tree), ["1 header-too-long"]);
    let part = tree.root().children().next().unwrap();
    assert_eq!((part.headers().count(), part.body(), part.header_bytes().len()), (1, &b"body"[..], 51));
}

#[test]
fn header_fields() {
    let limits = limits(|l| l.header_fields = 2);
    assert_eq!(found(b"A: b\r\nC: d\r\n\r\n", &limits), [""; 0]);
    let tree = Tree::parse(b"A: b\r\nC: d\r\nE: f\r\nG: h\r\n\r\n", &limits).unwrap();
    assert_eq!(codes(&tree), ["- too-many-header-fields"]);
    assert_eq!(tree.root().headers().count(), 2);
}

#[test]
fn header_field_bytes_and_recipients_field_bytes() {
    let limits = limits(|l| (l.header_field_bytes, l.recipients_field_bytes) = (10, 20));
    for (name, limit) in [("From", 10), ("To", 20), ("cC", 20), ("Too", 10)] {
        let field = |length: usize| format!("{name}: {}\r\n\r\n", "a".repeat(length - name.len() - 2));
        assert_eq!(found(field(limit).as_bytes(), &limits), [""; 0]);
        let raw = field(limit + 1);
        let tree = Tree::parse(raw.as_bytes(), &limits).unwrap();
        assert_eq!(codes(&tree), ["- header-field-too-long"]);
        assert!(tree.findings().next().unwrap().1.to_string().contains(&format!("the field {name} is longer than {limit} bytes")));
        let field = tree.root().headers().next().unwrap();
        assert_eq!((field.size(), field.text().as_ref()), (FieldSize::TooLong, ""));
        assert_eq!(field.raw_value().len(), limit - name.len());
        assert!(field.addresses().malformed().is_some() && field.message_id().is_none());
    }
    let raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--";
    let tree = Tree::parse(raw, &limits).unwrap();
    assert_eq!(codes(&tree), ["- header-field-too-long"]);
    assert!(tree.root().is("text", "plain") && tree.root().ambiguities().count() == 1);
}

#[test]
fn boundary_chars() {
    for (length, codes) in [(70, &[][..]), (71, &["- boundary-too-long"])] {
        let b = "b".repeat(length);
        let raw = format!("Content-Type: multipart/mixed; boundary={b}\r\n\r\n--{b}\r\n\r\nx\r\n--{b}--");
        assert_eq!(found(raw.as_bytes(), &Limits::default()), codes);
    }
}

/// A leaf inside `levels` multiparts.
fn nested(levels: usize) -> Vec<u8> {
    let open = (0..levels).map(|i| format!("Content-Type: multipart/mixed; boundary=b{i}x\r\n\r\n--b{i}x\r\n"));
    let close = (0..levels).rev().map(|i| format!("\r\n--b{i}x--"));
    open.chain(["\r\nleaf".into()]).chain(close).collect::<String>().into_bytes()
}

#[test]
fn mime_depth() {
    let limits = limits(|l| l.mime_depth = 4);
    // The leaf is the fourth, then the fifth.
    let raw = nested(3);
    let tree = Tree::parse(&raw, &limits).unwrap();
    assert_eq!((codes(&tree).len(), tree.entities().count()), (0, 4));
    let raw = nested(4);
    let tree = Tree::parse(&raw, &limits).unwrap();
    assert_eq!((codes(&tree), tree.entities().count()), (vec!["1.1.1 depth-limit".to_owned()], 4));
    let opaque = tree.entities().last().unwrap();
    assert!(opaque.is("multipart", "mixed") && !opaque.is_opened() && opaque.body().ends_with(b"leaf\r\n--b3x--"));
}

#[test]
fn mime_parts() {
    let limits = limits(|l| l.mime_parts = 3);
    let raw = |parts: usize| format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--", "--b\r\n\r\nx\r\n".repeat(parts));
    assert_eq!(found(raw(2).as_bytes(), &limits), [""; 0]);
    let raw = raw(3);
    let tree = Tree::parse(raw.as_bytes(), &limits).unwrap();
    assert_eq!((codes(&tree), tree.entities().count()), (vec!["- parts-limit".to_owned()], 3));
    assert_eq!(tree.root().epilogue(), b"\r\n--b\r\n\r\nx\r\n--b--");
}

#[test]
fn line_bytes() {
    let limits = limits(|l| l.line_bytes = 5);
    let tree = Tree::parse(b"", &limits).unwrap();
    let scan = |text: &[u8]| {
        let mut scan = LineScan::new(&limits);
        scan.look(text, 0);
        scan.findings(&tree.root()).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(scan(b"12345\r\n12345\r\n12345"), [""; 0]);
    assert_eq!(scan(b"1\r\n123456\r\n"), ["a line is longer than 5 bytes (the message itself, offset 3)"]);
    assert_eq!(scan(b"1\n123456"), ["a line is longer than 5 bytes (the message itself, offset 2)"]);
}

static_assertions::assert_impl_all!(Tree<'static>: Send, Sync, Clone);
static_assertions::assert_impl_all!(postacert::mime::MimeError: std::error::Error, Send, Sync);
