//! R31: no panic, no deep stack, no time or memory beyond linear, on input made to provoke them.

use std::time::{Duration, Instant};

use postacert::Limits;
use postacert::mime::{LineScan, Tree};

/// Reads everything that there is to read, on a stack of 2 MiB; gives the number of entities.
fn read_all(raw: Vec<u8>) -> usize {
    let start = Instant::now();
    let reader = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
        let limits = Limits::default();
        let Ok(tree) = Tree::parse(&raw, &limits) else { return 0 };
        let mut scan = LineScan::new(&limits);
        for entity in tree.entities() {
            scan.look(entity.header_bytes(), entity.offset());
            let _ = (entity.name(), entity.section(), entity.ambiguities().count(), entity.delimiters().count());
            for field in entity.headers() {
                let _ = (field.text(), field.message_id());
                if ["from", "to", "cc"].iter().any(|name| field.is(name)) {
                    let _ = field.addresses();
                }
            }
            if !entity.is_opened() {
                let _ = entity.decode();
            }
        }
        let _ = scan.findings(&tree.root());
        tree.entities().count()
    });
    let count = reader.unwrap().join().unwrap();
    // A quadratic step would take minutes.
    assert!(start.elapsed() < Duration::from_secs(20));
    count
}

fn multipart(boundary: &str) -> String {
    format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n")
}

#[test]
fn r31_a_hundred_thousand_nested_multiparts() {
    let raw: String = (0..100_000).map(|i| multipart(&format!("b{i}x"))).collect();
    assert_eq!(read_all(raw.into_bytes()), 32);
    let one_boundary = multipart("b").repeat(100_000);
    assert_eq!(read_all(one_boundary.into_bytes()), 1_000);
}

#[test]
fn r31_a_million_header_lines() {
    assert_eq!(read_all(b"A: b\n".repeat(400_000)), 1);
    assert_eq!(read_all(b"garbage\n".repeat(250_000)), 1);
    let inner = [multipart("b").as_bytes(), &b"A: b\n".repeat(1_000_000)].concat();
    assert_eq!(read_all(inner), 2);
    let folded = [multipart("b").as_bytes(), b"A: b\n", &b" c\n".repeat(1_000_000)].concat();
    assert_eq!(read_all(folded), 2);
}

#[test]
fn r31_one_line_of_a_hundred_megabytes() {
    let body = [&b"Subject: x\r\n\r\n"[..], &vec![b'x'; 100 << 20]].concat();
    assert_eq!(read_all(body), 1);
    let part = [multipart("b").as_bytes(), &vec![b'-'; 10 << 20]].concat();
    assert_eq!(read_all(part), 2);
}

#[test]
fn r31_dashes_with_many_open_boundaries() {
    let common = "b".repeat(60);
    let open: String = (0..31).map(|i| multipart(&format!("{common}{i:02}x"))).collect();
    let dashes = [open.as_bytes(), b"\r\n", &b"\n--".repeat(3 << 20)].concat();
    assert_eq!(read_all(dashes), 32);
    let near = format!("\n--{common}30").repeat(100_000);
    assert_eq!(read_all([open.as_bytes(), b"\r\n", near.as_bytes()].concat()), 32);
    let padded = format!("\r\n--{common}30x{}y", " ".repeat(5_000)).repeat(1_000);
    assert_eq!(read_all([open.as_bytes(), padded.as_bytes()].concat()), 32);
}

#[test]
fn r31_parts_and_parameters_without_end() {
    assert_eq!(read_all([multipart("b").as_bytes(), &b"--b\r\n".repeat(500_000)].concat()), 1_000);
    for parameter in ["a=;", "a*1=;", "a*=b;", ";", "\"", "(", "(\\", "=", "filename*0*=u'';", "filename=;"] {
        let value = parameter.repeat((60 << 10) / parameter.len());
        for field in ["Content-Type: multipart/mixed;", "Content-Disposition: x;"] {
            assert_eq!(read_all(format!("{field}{value}\r\n\r\n").into_bytes()), 1);
        }
    }
    let names: String = (0..8_000).map(|i| format!("n{i}=a;")).collect();
    assert_eq!(read_all(format!("Content-Type: text/plain; {names}\r\n\r\n").into_bytes()), 1);
    let sections: String = (0..3_000).rev().map(|i| format!("name*{i}*=%41;")).collect();
    assert_eq!(read_all(format!("Content-Type: text/plain; {sections}\r\n\r\n").into_bytes()), 1);
}

#[test]
fn r31_addresses_and_encoded_words_without_end() {
    for piece in ["(", "\"", "<", "<a@b>,", ",", ":", "g:;", ";", "a@b,", "a.", "@", "[", "\\", "(a)", "=?", "=?a?q?", "=?a?q?b?= ", "?="] {
        let value = piece.repeat((256 << 10) / piece.len());
        assert_eq!(read_all(format!("To: {value}\r\n\r\n").into_bytes()), 1);
    }
}

#[test]
fn r31_bodies_of_garbage() {
    for encoding in ["base64", "quoted-printable"] {
        for piece in ["=", "=\n", " ", "\n", "A", "A=", "\0", "=4", "== ", " \t\r"] {
            let body = piece.repeat((1 << 20) / piece.len());
            assert_eq!(read_all(format!("Content-Transfer-Encoding: {encoding}\r\n\r\n{body}").into_bytes()), 1);
        }
    }
}
