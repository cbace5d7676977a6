//! Delimiters, spans and what is ambiguous about them.

use super::{codes, outline, part, tree};

const ENVELOPE: &[u8] = b"From: a@b\r\n\
Content-Type: multipart/signed; protocol=\"application/x-pkcs7-signature\"; boundary=\"----OUT\"\r\n\
\r\n\
This is an S/MIME signed message\r\n\
\r\n\
------OUT\r\n\
Content-Type: multipart/mixed; boundary=\"--in=_1\"\r\n\
\r\n\
----in=_1\r\n\
\r\n\
text\r\n\
\r\n\
----in=_1\r\n\
Content-Type: message/rfc822; name=postacert.eml\r\n\
\r\n\
Content-Type: multipart/mixed; boundary=x\r\n\
\r\n\
--x\r\n\
--x--\r\n\
----in=_1--\r\n\
inner epilogue\r\n\
------OUT\r\n\
Content-Type: application/x-pkcs7-signature\r\n\
\r\n\
AAAA\r\n\
------OUT--\r\n\
outer epilogue\r\n";

#[test]
fn r03_the_signed_span_ends_before_the_line_end_of_the_delimiter() {
    let tree = tree(ENVELOPE);
    let signed = part(&tree, "1");
    assert!(tree.root().is("Multipart", "SIGNED"));
    assert_eq!(signed.raw(), &ENVELOPE[signed.offset()..][..signed.raw().len()]);
    assert!(signed.raw().starts_with(b"Content-Type: multipart/mixed"));
    assert!(signed.raw().ends_with(b"----in=_1--\r\ninner epilogue"));
    assert_eq!(signed.epilogue(), b"inner epilogue");
    assert_eq!(tree.root().preamble(), b"This is an S/MIME signed message\r\n");
    assert_eq!(tree.root().epilogue(), b"outer epilogue\r\n");
    assert_eq!(part(&tree, "2").body(), b"AAAA");
    assert_eq!(codes(&tree), [""; 0]);
}

#[test]
fn an_attached_message_is_a_leaf() {
    let tree = tree(ENVELOPE);
    let original = part(&tree, "1.2");
    assert!(original.is("message", "rfc822") && original.children().count() == 0);
    assert_eq!(original.body(), b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x--");
    assert_eq!(original.name().unwrap(), "postacert.eml");
    assert_eq!(tree.entities().count(), 5);
}

#[test]
fn lf_only_input_has_the_same_tree() {
    let lf: Vec<u8> = ENVELOPE.iter().copied().filter(|b| *b != b'\r').collect();
    assert_eq!(outline(&tree(&lf)), outline(&tree(ENVELOPE)).replace("\\r", ""));
}

#[test]
fn sections_parents_and_children_are_linked() {
    let tree = tree(ENVELOPE);
    let sections: Vec<_> = tree.entities().map(|e| e.section()).collect();
    assert_eq!(sections, ["", "1", "1.1", "1.2", "2"]);
    let children: Vec<_> = tree.root().children().map(|e| e.section()).collect();
    assert_eq!(children, ["1", "2"]);
    assert_eq!(tree.root().children().len(), 2);
    assert!(part(&tree, "1.2").parent() == Some(part(&tree, "1")));
    assert!(tree.root().parent().is_none());
}

fn mixed(body: &str) -> Vec<u8> {
    format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{body}").into_bytes()
}

#[test]
fn r17_a_delimiter_counts_only_at_a_line_start_and_alone_on_its_line() {
    let raw = mixed("--b\r\n\r\nx --b\r\n--bc\r\n --b\r\n--b-\r\n--b--x\r\n--b x\r\n--b \t\r\n\r\ny\r\n--b-- \t\r\nz");
    let tree = tree(&raw);
    let bodies: Vec<_> = tree.root().children().map(|e| e.body()).collect();
    assert_eq!(bodies, [&b"x --b\r\n--bc\r\n --b\r\n--b-\r\n--b--x\r\n--b x"[..], b"y"]);
    assert_eq!(tree.root().epilogue(), b"z");
    assert_eq!(codes(&tree), [""; 0]);
}

#[test]
fn the_first_line_of_a_body_and_the_end_of_the_input_may_be_delimiters() {
    let raw = mixed("--b\r\n\r\nx\r\n--b--");
    let tree = tree(&raw);
    assert_eq!(outline(&tree), " multipart/mixed \"--b\\r\\n\\r\\nx\\r\\n--b--\"\n1 text/plain \"x\"\n");
    assert_eq!((tree.root().preamble(), tree.root().epilogue()), (&b""[..], &b""[..]));
    assert_eq!(codes(&tree), [""; 0]);
}

#[test]
fn parts_without_body_or_header_are_empty() {
    for (body, raws) in [
        ("--b\r\n--b\r\n\r\n--b\r\nA: b\r\n\r\n--b\r\nA: b\r\n--b--", ["", "", "A: b\r\n", "A: b"]),
        ("--b\n--b\n\n--b\nA: b\n\n--b\nA: b\n--b--", ["", "", "A: b\n", "A: b"]),
    ] {
        let raw = mixed(body);
        let tree = tree(&raw);
        let found: Vec<_> = tree.root().children().map(|e| core::str::from_utf8(e.raw()).unwrap()).collect();
        assert_eq!(found, raws);
        assert!(tree.root().children().all(|e| e.body().is_empty()));
    }
}

#[test]
fn the_delimiter_lines_are_reachable() {
    let raw = mixed("pre\r\n--b\r\n\r\nx\r\n--b  \r\n\r\ny\r\n--b--\r\n");
    let tree = tree(&raw);
    let lines: Vec<_> = tree.root().delimiters().map(|(_, line)| line).collect();
    assert_eq!(lines, [&b"\r\n--b\r\n"[..], b"\r\n--b  \r\n", b"\r\n--b--\r\n"]);
    assert!(tree.root().delimiters().all(|(at, line)| raw[at..].starts_with(line)));
}

#[test]
fn r17_an_outer_delimiter_ends_inner_multiparts() {
    let raw = mixed("--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--b\r\n\r\ny\r\n--c--\r\n--b--\r\n");
    let tree = tree(&raw);
    assert_eq!(codes(&tree), ["1 no-close-delimiter"]);
    assert_eq!(part(&tree, "1").body(), b"--c\r\n\r\nx");
    assert_eq!(part(&tree, "1.1").body(), b"x");
    assert_eq!(part(&tree, "2").body(), b"y\r\n--c--");
}

#[test]
fn an_empty_inner_part_shares_its_line_end_with_the_outer_delimiter() {
    let raw = mixed("--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n--b--");
    let tree = tree(&raw);
    let (outer, inner) = (part(&tree, "1"), part(&tree, "1.1"));
    assert!(outer.raw().ends_with(b"\r\n\r\n--c"));
    assert_eq!((inner.raw(), inner.offset()), (&b""[..], outer.offset() + outer.raw().len()));
}

#[test]
fn r17_framing_that_can_be_read_two_ways_is_found() {
    let mixed_with = |parameter: &str| format!("Content-Type: multipart/mixed{parameter}\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n");
    let long = "b".repeat(71);
    let table = [
        ("", vec!["- boundary-missing"]),
        ("; boundary=\"\"", vec!["- boundary-empty"]),
        ("; boundary=\" \"", vec!["- boundary-empty"]),
        ("; boundary=", vec!["- boundary-empty"]),
        ("; boundary=other", vec!["- no-delimiter"]),
        ("; boundary=b; boundary=c", vec!["- duplicate-parameter"]),
        ("; boundary=b; BOUNDARY=b", vec!["- duplicate-parameter"]),
        ("; boundary=b; boundary*=us-ascii''c", vec!["- parameter-conflict"]),
        ("; boundary=b; boundary*=us-ascii''%62", vec![]),
        ("; boundary=b; x*1=a; x*1*=b", vec!["- duplicate-parameter"]),
        ("; boundary=\"b", vec!["- header-unreadable"]),
        ("; boundary=b c", vec!["- header-unreadable"]),
        ("; boundary=b (", vec!["- header-unreadable"]),
        ("\r\nContent-type: text/plain", vec!["- duplicate-header", "- boundary-missing"]),
        ("; boundary=b\r\nContent-Transfer-Encoding: base64", vec!["- encoded-multipart"]),
        ("; boundary=b\r\nContent-Transfer-Encoding: quoted-printable", vec!["- encoded-multipart"]),
        ("; boundary=b\r\nContent-Transfer-Encoding: binary", vec![]),
        ("; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\nContent-Transfer-Encoding: 8bit", vec!["- duplicate-header"]),
        (&format!("; boundary={long}"), vec!["- boundary-too-long", "- no-delimiter"]),
    ];
    for (parameter, expected) in table {
        let raw = mixed_with(parameter).into_bytes();
        let tree = tree(&raw);
        assert_eq!(codes(&tree), expected, "{parameter}");
        assert_eq!(tree.root().ambiguities().count(), expected.len(), "{parameter}");
        assert!(tree.findings().all(|(_, f)| f.place().offset.is_some()));
    }
}

#[test]
fn r17_no_close_delimiter_and_only_a_close_delimiter() {
    for (body, code) in [("--b\r\n\r\nx\r\n", "- no-close-delimiter"), ("--b--\r\n", "- no-delimiter"), ("", "- no-delimiter")] {
        assert_eq!(codes(&tree(&mixed(body))), [code], "{body}");
    }
    assert_eq!(part(&tree(&mixed("--b\r\n\r\nx\r\n")), "1").body(), b"x\r\n");
}

#[test]
fn r17_a_boundary_that_begins_another_is_found() {
    for inner in ["b", "bc", "bc/=d"] {
        let raw =
            mixed(&format!("--b\r\nContent-Type: multipart/mixed; boundary={inner}\r\n\r\n--{inner}\r\n\r\nx\r\n--{inner}--\r\n--b--\r\n"));
        let tree = tree(&raw);
        assert_eq!(codes(&tree)[0], "1 boundary-prefix", "{inner}");
        assert_eq!(part(&tree, "1.1").body(), b"x");
    }
    // One after the other is no ambiguity.
    let raw = mixed(
        "--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n\
         --b\r\nContent-Type: multipart/mixed; boundary=cc\r\n\r\n--cc\r\n\r\ny\r\n--cc--\r\n--b--\r\n",
    );
    assert_eq!(codes(&tree(&raw)), [""; 0]);
}

#[test]
fn what_follows_a_close_delimiter_is_epilogue() {
    let raw = mixed("--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\ny\r\n--b--\r\n");
    let tree = tree(&raw);
    assert_eq!(tree.root().children().len(), 1);
    assert_eq!(tree.root().epilogue(), b"--b\r\n\r\ny\r\n--b--\r\n");
}

#[test]
fn boundaries_are_met_in_every_dress() {
    for (written, line) in [
        ("\"a\\ b\"", "a b"),
        ("\"----=_Part'()+_,-./:=?x\"", "----=_Part'()+_,-./:=?x"),
        ("----=_Part'()+_,-./:=?x", "----=_Part'()+_,-./:=?x"),
        ("\"b\" (a comment; boundary=c)", "b"),
        ("\r\n\t\"b\"", "b"),
        ("\"trailing \"", "trailing"),
        ("\"say \\\"b\\\"\"", "say \"b\""),
        ("\"b\";", "b"),
    ] {
        let raw = format!("Content-Type: multipart/mixed; a=b;\r\n boundary={written}\r\n\r\n--{line}\r\n\r\nx\r\n--{line}--\r\n");
        let tree = tree(raw.as_bytes());
        assert_eq!(part(&tree, "1").body(), b"x", "{written}");
        assert_eq!(codes(&tree), [""; 0], "{written}");
    }
    let sectioned = "Content-Type: multipart/mixed; boundary*1=d; boundary*0=abc\r\n\r\n--abcd\r\n\r\nx\r\n--abcd--\r\n";
    assert_eq!(part(&tree(sectioned.as_bytes()), "1").body(), b"x");
}

#[test]
fn anything_at_all_parses() {
    for (raw, body) in [
        (&b""[..], &b""[..]),
        (b"\r\n", b""),
        (b"\n\nx", b"\nx"),
        (b"Subject: x", b""),
        (b"Subject: x\r\n", b""),
        (b"Subject: x\r\n\r\n", b""),
        (b"no header at all", b""),
        (b"\0\xff\r\r\n\r\nbody", b"body"),
        (b"Content-Type: multipart/mixed; boundary=b", b""),
    ] {
        let tree = tree(raw);
        assert_eq!((tree.root().raw(), tree.root().body()), (raw, body));
    }
}

#[test]
fn the_line_of_an_mbox_is_left_out() {
    let raw = b"From a@b Sun May 25 10:10:10 2025\r\nSubject: x\r\n\r\nbody";
    let from = tree(raw);
    assert_eq!(from.mbox_line(), b"From a@b Sun May 25 10:10:10 2025\r\n");
    assert_eq!((from.root().offset(), from.root().field("subject").unwrap().offset()), (35, 35));
    assert_eq!((from.root().body(), from.raw()), (&b"body"[..], &raw[..]));
    assert_eq!(codes(&from), ["- mbox-from-line"]);
    assert_eq!(from.root().ambiguities().count(), 0);
    let spaced = tree(b"From : a@b\r\n\r\n");
    assert_eq!((spaced.mbox_line(), codes(&spaced).len()), (&b""[..], 0));
    assert_eq!(spaced.root().field("from").unwrap().text(), "a@b");
}

#[test]
fn the_parts_of_a_digest_are_messages() {
    let raw = b"Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nA: b\r\n--b\r\nContent-Type: text/html\r\n\r\n--b--";
    let tree = tree(raw);
    let types: Vec<_> = tree.root().children().map(|e| e.content_type().to_string()).collect();
    assert_eq!(types, ["message/rfc822", "text/html"]);
}
