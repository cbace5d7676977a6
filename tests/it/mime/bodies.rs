//! Transfer encodings, character sets, and the scan of lines.

use std::borrow::Cow;

use postacert::Limits;
use postacert::mime::{LineEnds, LineScan, TransferEncoding, Tree};

use super::{codes, tree};

/// The decoded body of an entity, and the offset in that body of its first fault.
fn decode(encoding: &str, body: &[u8]) -> (Vec<u8>, Option<usize>) {
    let head = format!("Content-Transfer-Encoding: {encoding}\r\n\r\n");
    let raw = [head.as_bytes(), body].concat();
    let tree = tree(&raw);
    let decoded = tree.root().decode();
    let fault = decoded.finding().map(|f| f.place().offset.unwrap() - head.len());
    (decoded.into_bytes().into_owned(), fault)
}

#[test]
fn r17_base64_is_decoded_as_far_as_it_goes_and_faults_are_placed() {
    for (body, bytes, fault) in [
        ("", "", None),
        ("Y2lhbw==", "ciao", None),
        ("Y2lh\r\nbw==\r\n", "ciao", None),
        (" Y 2\tl\nh b w = =\r\n\r\n", "ciao", None),
        ("Y2lhbzE=", "ciao1", None),
        ("Y2lh", "cia", None),
        ("Y2lhbw", "ciao", Some(6)),
        ("Y2lhbw=", "ciao", Some(7)),
        ("Y2lhbzE", "ciao1", Some(7)),
        ("Y2lhb", "cia", Some(5)),
        ("Y2!lhbw==", "ciao", Some(2)),
        ("Y2lhbw==Y2lh", "ciao", Some(8)),
        ("Y2lhbw=Y2lh", "ciao", Some(7)),
        ("Y2lhbw==\r\n-- \r\nfooter", "ciao", Some(10)),
        ("Y2lhbw===", "ciao", Some(8)),
        ("====", "", Some(0)),
        ("Y=", "", Some(1)),
        ("Y2lh\0", "cia", Some(4)),
        ("Y2lh\u{e8}", "cia", Some(4)),
        ("Y2lhbx==", "ciao", None),
    ] {
        let (found, place) = decode("base64", body.as_bytes());
        assert_eq!((String::from_utf8_lossy(&found).as_ref(), place), (bytes, fault), "{body:?}");
    }
}

#[test]
fn base64_of_any_length_and_line_length_decodes() {
    let bytes: Vec<u8> = (0..20_000_u32).map(|i| (i * 7 % 251) as u8).collect();
    use base64::Engine;
    for length in (0..20).chain([3071, 3072, 3073, 3074, 6143, 6144, 6145, 20_000]) {
        let text = base64::engine::general_purpose::STANDARD.encode(&bytes[..length]);
        for width in [1, 60, 76, 4095, 4096, 4097, 30_000] {
            let body: Vec<u8> = text.as_bytes().chunks(width).flat_map(|line| [line, b"\r\n"].concat()).collect();
            assert_eq!(decode("Base64", &body), (bytes[..length].to_vec(), None), "{length} {width}");
        }
    }
}

#[test]
fn padding_in_the_middle_is_a_fault_wherever_it_falls() {
    // A whole padded group at the end of the four kilobytes that are decoded at a time.
    let body = [vec![b'A'; 4092], b"QQ==".to_vec(), b"QUJD".to_vec()].concat();
    let (bytes, fault) = decode("base64", &body);
    assert_eq!((bytes.len(), bytes.last(), fault), (3070, Some(&b'A'), Some(4096)));
}

#[test]
fn quoted_printable_is_strict_where_it_can_be_and_keeps_what_is_malformed() {
    for (body, bytes, fault) in [
        ("=E8 stato=20accettato", &b"\xe8 stato accettato"[..], None),
        ("ex=\r\nample", b"example", None),
        ("ex=  \t\r\nample", b"example", None),
        ("ex=\nample\nx", b"example\nx", None),
        ("blanks  \t\r\nend \t", b"blanks\r\nend", None),
        ("blank=20\r\n", b"blank \r\n", None),
        ("=e8=aF", b"\xe8\xaf", None),
        ("at the end=", b"at the end", None),
        ("a=G1b", b"a=G1b", Some(1)),
        ("a==41", b"a=A", Some(1)),
        ("a=4", b"a=4", Some(1)),
        ("x\r\na=\rb=zz", b"x\r\na=\rb=zz", Some(4)),
        ("caff\u{e8}", "caff\u{e8}".as_bytes(), None),
        ("a\r\n\r\n", b"a\r\n\r\n", None),
        ("a=\r\n", b"a", None),
    ] {
        assert_eq!(decode("Quoted-Printable", body.as_bytes()), (bytes.to_vec(), fault), "{body:?}");
    }
}

#[test]
fn other_encodings_leave_the_bytes_where_they_are() {
    for (encoding, read) in [
        ("7bit", TransferEncoding::SevenBit),
        ("8BIT", TransferEncoding::EightBit),
        ("binary (as sent)", TransferEncoding::Binary),
        ("x-uuencode", TransferEncoding::Unknown),
        ("", TransferEncoding::Unknown),
    ] {
        let raw = format!("Content-Transfer-Encoding: {encoding}\r\n\r\n=E8\r\n");
        let tree = tree(raw.as_bytes());
        assert_eq!(tree.root().encoding(), read);
        assert!(matches!(tree.root().decode().into_bytes(), Cow::Borrowed(b"=E8\r\n")));
        let unknown: &[&str] = if read == TransferEncoding::Unknown { &["- unknown-encoding"] } else { &[] };
        assert_eq!(codes(&tree), unknown);
    }
    assert_eq!(tree(b"\r\nx").root().encoding(), TransferEncoding::SevenBit);
}

#[test]
fn r17_an_encoded_message_is_decoded_with_a_finding() {
    let tree = tree(b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nQTogYg==");
    assert_eq!(tree.root().decode().bytes(), b"A: b");
    assert_eq!(codes(&tree), ["- encoded-message"]);
    assert_eq!(tree.root().ambiguities().count(), 0);
}

#[test]
fn text_is_read_in_its_character_set() {
    for (parameter, body, text) in [
        ("", &b"perch\xe8"[..], "perchè"),
        ("", "perchè".as_bytes(), "perchè"),
        ("; charset=us-ascii", "perchè".as_bytes(), "perchè"),
        ("; charset=iso-8859-1", b"perch\xe8 \x80", "perchè €"),
        ("; charset=\"UTF-8\"", "perchè".as_bytes(), "perchè"),
        ("; charset=utf-8", b"perch\xe8", "perch\u{fffd}"),
        ("; charset=windows-1252", b"\x93ciao\x94", "“ciao”"),
        ("; charset=ISO-8859-15", b"\xa4", "€"),
        ("; charset=shift_jis", b"\x83n\x83\x8d\x81[", "ハロー"),
        ("; charset=utf-16le", b"a\0b\0c", "ab"),
        ("; charset=no-such", b"\xe8", "è"),
    ] {
        let raw = [format!("Content-Type: text/plain{parameter}\r\n\r\n").as_bytes(), body].concat();
        assert_eq!(tree(&raw).root().decode_text(), text, "{parameter}");
    }
}

#[test]
fn r31_every_character_set_takes_every_byte() {
    // Labels of every decoder that the map of character sets leads to.
    let labels = "850 866 arabic big5 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp1257 cp1258 euc-jp euc-kr gb18030 gbk \
        hz-gb-2312 ibm850 ibm866 iso-2022-jp iso-2022-kr iso-8859-1 iso-8859-2 iso-8859-3 iso-8859-4 iso-8859-5 iso-8859-6 iso-8859-7 \
        iso-8859-8 iso-8859-8-i iso-8859-9 iso-8859-10 iso-8859-11 iso-8859-13 iso-8859-14 iso-8859-15 iso-8859-16 koi8-r koi8-u macintosh \
        replacement shift_jis tis-620 us-ascii utf-7 utf-8 utf-16 utf-16be utf-16le windows-874 x-mac-cyrillic x-user-defined";
    for label in labels.split_ascii_whitespace() {
        let head = format!("Content-Type: text/plain; charset={label}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
        let mut raw = head.as_bytes().to_vec();
        for first in 0..=255_u8 {
            for tail in [&[][..], &[0x1b], b"$B", &[0x30, 0x81, 0x30], &[0x88, 0x62], &[0x80], &[0xff], b"+-", &[first]] {
                raw.truncate(head.len());
                raw.push(first);
                raw.extend_from_slice(tail);
                let _ = tree(&raw).root().decode_text();
            }
        }
    }
}

#[test]
fn r16_the_scan_of_lines_places_what_it_finds() {
    let limits = Limits::default();
    let scan = |pieces: &[&[u8]]| {
        let message = pieces.concat();
        let tree = Tree::parse(&message, &limits).unwrap();
        let mut scan = LineScan::new(&limits);
        let mut offset = 0;
        for piece in pieces {
            scan.look(piece, offset);
            offset += piece.len();
        }
        let findings = scan.findings(&tree.root());
        findings.iter().map(|f| format!("{} {}", f.code(), f.place().offset.unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(scan(&[b"a\r\nb\r\n", b"c\r\n\r\n"]), [""; 0]);
    assert_eq!(scan(&[b"a\nb\n"]), [""; 0]);
    assert_eq!(scan(&[b"a\r\nb\n"]), ["mixed-line-endings 4"]);
    assert_eq!(scan(&[b"a\n", b"\r\n"]), ["mixed-line-endings 2"]);
    assert_eq!(scan(&[b"a\rb\r\r\n"]), ["bare-cr 1"]);
    assert_eq!(scan(&[b"a\r"]), ["bare-cr 1"]);
    assert_eq!(scan(&[b"ab\0\0"]), ["nul-byte 2"]);
    assert_eq!(scan(&[]), [""; 0]);
}

#[test]
fn r16_a_look_tells_lf_only_bytes_from_others() {
    assert_eq!(LineEnds::of(b""), LineEnds::None);
    assert_eq!(LineEnds::of(b"a\nb"), LineEnds::LfOnly);
    assert_eq!(LineEnds::of(b"a\r\nb\n"), LineEnds::WithCr);
    assert_eq!(LineEnds::of(b"a\rb"), LineEnds::WithCr);
}
