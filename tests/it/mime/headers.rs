//! Header fields: spans, folding, encoded words, addresses, parameters.

use postacert::mime::{FieldSize, Tree};

use super::{codes, tree};

#[test]
fn fields_have_exact_spans() {
    let raw = b"A: 1\r\nB :2\r\n\tmore \r\nC:\r\nD: last";
    let tree = tree(raw);
    let fields: Vec<_> = tree.root().headers().map(|f| (f.name(), f.raw_value(), f.offset())).collect();
    assert_eq!(fields, [("A", &b" 1"[..], 0), ("B", b"2\r\n\tmore ", 6), ("C", b"", 20), ("D", b" last", 24)]);
    let joined: Vec<u8> = tree.root().headers().flat_map(|f| f.raw().to_vec()).collect();
    assert_eq!(joined, raw);
    assert!(tree.root().headers().all(|f| f.size() == FieldSize::Within));
}

#[test]
fn names_have_no_case_and_fields_keep_their_order() {
    let tree = tree(b"X-Ricevuta: a\r\nFrom: c@d\r\nx-rICEVUTA: b\r\n\r\nX-Ricevuta: c");
    let root = tree.root();
    assert_eq!(root.field("X-RICEVUTA").unwrap().text(), "a");
    assert_eq!(root.fields("x-ricevuta").map(|f| f.text().into_owned()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(root.field("X-Ricevut").is_none());
}

#[test]
fn what_is_no_field_is_passed_over_with_one_finding() {
    for (raw, offset) in [
        (&b" folded nothing\r\nA: b\r\n\r\n"[..], 0),
        (b"A: b\r\nno colon\r\n continued: here\r\nno: colon in\xe8: name\r\n\r\n", 6),
        (b"A: b\r\n: no name\r\n\r\n", 6),
        (b"A: b\r\nCaff\xe8: x\r\n\r\n", 6),
        (b"A: b\r\ntwo words: x\r\n\r\n", 6),
        (b"A: b\r\nA", 6),
    ] {
        let tree = tree(raw);
        assert_eq!(tree.root().field("a").unwrap().text(), "b");
        assert_eq!(codes(&tree), ["- header-malformed"], "{raw:?}");
        assert_eq!(tree.findings().next().unwrap().1.place().offset, Some(offset));
    }
    let tree = tree(b"no colon\r\nA: b\r\n\r\nbody");
    assert_eq!((tree.root().headers().count(), tree.root().body()), (1, &b"body"[..]));
}

fn text(value: &[u8]) -> String {
    let raw = [b"Subject: ", value, b"\r\n\r\n"].concat();
    tree(&raw).root().field("subject").unwrap().text().into_owned()
}

#[test]
fn encoded_words_are_decoded() {
    for (value, decoded) in [
        (&b"plain"[..], "plain"),
        (b"=?iso-8859-1?Q?perch=E9_no=3F_=5F?=", "perché no? _"),
        (b"=?UTF-8?B?cGVyY2jDqQ==?=", "perché"),
        (b"=?utf-8*it?q?ciao?= a =?utf-8?q?tutti?=", "ciao a tutti"),
        (b"=?utf-8?q?uno?=\r\n =?utf-8?q?due?=", "unodue"),
        (b"=?utf-8?b?w6g=?= =?iso-8859-1?q?=E8?=", "èè"),
        // A character split between two words.
        (b"=?utf-8?q?perch=C3?= =?utf-8?q?=A9?=", "perché"),
        (b"POSTA CERTIFICATA: =?utf-8?q?x?=", "POSTA CERTIFICATA: x"),
        (b"(=?utf-8?q?x?=)", "(x)"),
        (b"=?utf-8?q?with blanks inside?=", "with blanks inside"),
        (b"=?utf-8?q?no end", "=?utf-8?q?no end"),
        (b"=?utf-8?x?a?= =?utf-8?q?b?=", "=?utf-8?x?a?= b"),
        (b"=??q?a?=", "=??q?a?="),
        (b"=?no-such?q?a=E8?=", "aè"),
        (b"=?utf-8?q?a=G1?=", "a=G1"),
        (b"=?utf-8?b?Y2lhbw?=", "ciao"),
        (b"caff\xe8", "caffè"),
        ("caffè".as_bytes(), "caffè"),
        (b"", ""),
        (b"=?", "=?"),
    ] {
        assert_eq!(text(value), decoded);
    }
}

/// The addresses read, then `g` for a group and `!` for something malformed; and what binds.
fn addresses(value: &str) -> (Vec<String>, String, Option<String>) {
    let raw = format!("From: {value}\r\n\r\n");
    let tree = tree(raw.as_bytes());
    let list = tree.root().field("from").unwrap().addresses();
    let found = list.mailboxes().iter().map(|m| match m.name() {
        Some(name) => format!("{name}|{}", m.address()),
        None => m.address().to_owned(),
    });
    let marks = format!("{}{}", "g".repeat(list.groups()), if list.malformed().is_some() { "!" } else { "" });
    (found.collect(), marks, list.single().map(|m| m.address().to_owned()))
}

#[test]
fn r06_one_address_alone_binds() {
    for (value, name, address) in [
        ("a@b.it", None, "a@b.it"),
        ("<a@b.it>", None, "a@b.it"),
        ("Mario Rossi <a@b.it>", Some("Mario Rossi"), "a@b.it"),
        ("\"Per conto di: x@y.it\" <posta-certificata@b.it>", Some("Per conto di: x@y.it"), "posta-certificata@b.it"),
        ("\"posta@x\" (posta@gestore) <evil@y>", Some("posta@x"), "evil@y"),
        ("evil@y (posta@gestore)", Some("posta@gestore"), "evil@y"),
        ("(posta@gestore, <x@y>) evil@y", Some("posta@gestore, <x@y>"), "evil@y"),
        ("\"a \\\"quoted\\\" <x@y>\" <evil@y>", Some("a \"quoted\" <x@y>"), "evil@y"),
        ("=?utf-8?q?posta=40gestore?= <evil@y>", Some("posta@gestore"), "evil@y"),
        ("=?utf-8?q?=3Cposta=40gestore=3E?= <evil@y>", Some("<posta@gestore>"), "evil@y"),
        ("Mario R. Rossi <a@b.it>", Some("Mario R. Rossi"), "a@b.it"),
        ("\"quoted local\"@b.it", None, "\"quoted local\"@b.it"),
        ("a . b @ c . it", None, "a.b@c.it"),
        ("a(x)@(y)b", Some("x"), "a@b"),
        ("<@r1,@r2:a@b>", None, "a@b"),
        ("a@[192.0.2.1]", None, "a@[192.0.2.1]"),
        ("\r\n <a@b>\r\n (nested (comment \\) here))", Some("nested (comment ) here)"), "a@b"),
    ] {
        let written = name.map_or(address.to_owned(), |n| format!("{n}|{address}"));
        assert_eq!(addresses(value), (vec![written], String::new(), Some(address.to_owned())), "{value}");
    }
}

#[test]
fn r06_none_several_groups_and_malformed_ones_bind_nothing() {
    for (value, found, marks) in [
        ("", &[][..], ""),
        (" ", &[], ""),
        ("a@b, c@d", &["a@b", "c@d"][..], ""),
        ("X <a@b>, \"y, z\" <c@d>", &["X|a@b", "y, z|c@d"], ""),
        ("gruppo: a@b, c@d;", &["a@b", "c@d"], "g"),
        ("undisclosed-recipients:;", &[], "g"),
        ("g: a@b;, c@d", &["a@b", "c@d"], "g"),
        ("g: a@b", &["a@b"], "g!"),
        ("<>", &[], "!"),
        ("<@>", &[], "!"),
        ("Nobody", &[], "!"),
        ("(only a comment)", &[], "!"),
        ("a@b,", &["a@b"], "!"),
        (",a@b", &["a@b"], "!"),
        ("a@b;", &[], "!"),
        ("a@b c@d", &[], "!"),
        ("a@b <c@d>", &[], "!"),
        ("<a@b> <c@d>", &[], "!"),
        ("<a@b> c", &[], "!"),
        ("<a@b", &[], "!"),
        ("a@b>", &[], "!"),
        ("<<a@b>>", &[], "!"),
        ("a@b@c", &[], "!"),
        ("a..b@c", &[], "!"),
        (".a@c", &[], "!"),
        ("a@b.", &[], "!"),
        ("a b@c", &[], "!"),
        ("a@b c", &[], "!"),
        ("a@\"b\"", &[], "!"),
        ("@b", &[], "!"),
        ("a@", &[], "!"),
        ("\"open <a@b>", &[], "!"),
        ("(open <a@b>", &[], "!"),
        ("<a@b\\>", &[], "!"),
        ("a@b\0", &[], "!"),
        ("<a@b,c@d>", &[], "!"),
        ("<a@b>, broken, <c@d>", &["a@b", "c@d"], "!"),
    ] {
        let found: Vec<String> = found.iter().map(|s| (*s).to_owned()).collect();
        let (read, read_marks, single) = addresses(value);
        assert_eq!((read, read_marks.as_str()), (found, marks), "{value}");
        assert_eq!(single, None, "{value}");
    }
}

#[test]
fn a_malformed_address_is_placed() {
    let tree = tree(b"To: a@b,\r\n broken, c@d\r\n\r\n");
    let list = tree.root().field("to").unwrap().addresses();
    assert_eq!((list.malformed(), list.mailboxes().len()), (Some(4), 2));
}

#[test]
fn message_ids_are_read_without_brackets() {
    for (value, id) in [
        ("<a$b@c>", Some("a$b@c")),
        (" \r\n <a@b> (comment)", Some("a@b")),
        ("<a@b> <c@d>", Some("a@b")),
        ("< a@b >", Some("a@b")),
        ("a@b", Some("a@b")),
        ("<a b@c>", None),
        ("<a@b", None),
        ("two words", None),
        ("<>", None),
        ("", None),
    ] {
        let raw = format!("Message-ID: {value}\r\n\r\n");
        assert_eq!(tree(raw.as_bytes()).root().field("message-id").unwrap().message_id().as_deref(), id, "{value}");
    }
}

#[test]
fn names_of_files_are_decoded_in_every_form() {
    let disposition = |p: &str| format!("Content-Disposition: attachment; {p}\r\n\r\n");
    for (raw, name) in [
        (disposition("filename=\"daticert.xml\""), "daticert.xml"),
        (disposition("FileName=daticert.xml"), "daticert.xml"),
        (disposition("filename=two words.pdf ; size=3"), "two words.pdf"),
        (disposition("filename=\"a \\\"b\\\" \\\\ c\""), "a \"b\" \\ c"),
        (disposition("filename*=UTF-8''caff%C3%A8%20nero.pdf"), "caffè nero.pdf"),
        (disposition("filename*=iso-8859-1'it'caff%E8"), "caffè"),
        (disposition("filename*0*=utf-8''caff%C3; filename*1*=%A8; filename*2=\" 2%20\""), "caffè 2%20"),
        (disposition("filename*1=\"t.xml\"; filename*0=\"daticer\""), "daticert.xml"),
        (disposition("filename*0=a; filename*2=c"), "a"),
        (disposition("filename=\"=?utf-8?q?caff=C3=A8?=\""), "caffè"),
        (disposition("filename==?iso-8859-1?Q?caff=E8.pdf?="), "caffè.pdf"),
        (disposition("filename=\"caff\u{e8}\""), "caffè"),
        (disposition("filename=\"a\r\n b\""), "a b"),
        (disposition("filename=first; filename=second"), "first"),
        (disposition("filename=\"\"; name=x"), ""),
        ("Content-Type: application/xml; name=\"a.xml\"\r\nContent-Disposition: inline; filename=\"b.xml\"\r\n\r\n".into(), "b.xml"),
        ("Content-Type: application/xml; name=\"a.xml\"\r\nContent-Disposition: inline\r\n\r\n".into(), "a.xml"),
        ("Content-Type: message/rfc822; name*=us-ascii''postacert.eml\r\n\r\n".into(), "postacert.eml"),
        (disposition("filename=../../etc/passwd"), "../../etc/passwd"),
    ] {
        assert_eq!(tree(raw.as_bytes()).root().name().unwrap(), name, "{raw}");
    }
    assert!(tree(b"Content-Type: text/plain\r\n\r\n").root().name().is_none());
}

#[test]
fn r17_two_forms_of_a_file_name_that_disagree_are_found() {
    for (parameters, expected) in [
        ("filename=\"daticert.xml\"; filename*=utf-8''daticert.xml", &[][..]),
        ("filename=\"=?utf-8?q?caff=C3=A8?=\"; filename*=utf-8''caff%C3%A8", &[]),
        ("filename=\"daticert.xml\"; filename*=utf-8''evil.xml", &["- parameter-conflict"]),
        ("filename*0=daticert; filename*1=.xml; filename=evil.xml", &["- parameter-conflict"]),
        ("filename*0=daticert; filename*1=.xml; filename=daticert.xml", &[]),
        ("filename=daticert.xml; filename*1=x", &["- parameter-conflict"]),
        ("filename*=utf-8''a; filename*0=a", &["- duplicate-parameter"]),
        ("filename=a; FILENAME=a; filename*=utf-8''b", &["- duplicate-parameter", "- parameter-conflict"]),
    ] {
        let raw = format!("Content-Disposition: inline; {parameters}\r\n\r\n");
        assert_eq!(codes(&tree(raw.as_bytes())), expected, "{parameters}");
    }
    let twice = b"Content-Disposition: inline\r\nContent-Disposition: inline\r\ncontent-disposition: inline\r\n\r\n";
    assert_eq!(codes(&tree(twice)), ["- duplicate-header"]);
}

#[test]
fn content_types_are_read_leniently() {
    for (value, kind, subtype, charset) in [
        ("text/html; charset=utf-8", "text", "html", Some("utf-8")),
        ("TEXT/HTML;CHARSET=\"utf-8\"", "TEXT", "HTML", Some("utf-8")),
        (" (a) text (b) / (c) html (d) ; (e) charset (f) = (g) utf-8 (h)", "text", "html", Some("utf-8")),
        ("text/html; ; ;charset=x;;", "text", "html", Some("x")),
        ("text/html; flag; charset=x", "text", "html", Some("x")),
        ("multipart/mixed; ", "multipart", "mixed", None),
        ("application/x-pkcs7-signature\r\n ;charset=a", "application", "x-pkcs7-signature", Some("a")),
        ("text", "text", "plain", None),
        ("text; charset=x", "text", "plain", Some("x")),
        ("/html", "text", "plain", None),
        ("", "text", "plain", None),
    ] {
        let raw = format!("Content-Type: {value}\r\n\r\n");
        let tree: Tree<'_> = tree(raw.as_bytes());
        let read = tree.root().content_type();
        assert_eq!((read.kind(), read.subtype(), read.parameter("Charset").as_deref()), (kind, subtype, charset), "{value}");
    }
    assert_eq!(codes(&tree(b"Content-Type: text\r\n\r\n")), ["- header-unreadable"]);
    assert_eq!(tree(b"").root().content_type().to_string(), "text/plain");
}

#[test]
fn dispositions_are_read() {
    let tree = tree(b"Content-Disposition: Inline; size=\"12\"\r\n\r\n");
    let disposition = tree.root().disposition().unwrap();
    assert!(disposition.is("inline") && !disposition.is("attachment"));
    assert_eq!((disposition.kind(), disposition.parameter("size").unwrap()), ("Inline", "12".into()));
    assert!(disposition.filename().is_none());
}
