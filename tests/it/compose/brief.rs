//! RFC 6109 §3.3.2.2: hashes in the place of attachments.

use std::borrow::Cow;

use postacert::compose::{BriefForm, brief, brief_with};
use postacert::crypto::{DigestAlgorithm, digest};
use postacert::mime::{Entity, LineEnds, Tree};
use postacert::{Limits, Message};
use proptest::prelude::*;

use crate::fixtures;
use crate::support::mail::mail_like;

fn sha1(bytes: &[u8]) -> String {
    digest(DigestAlgorithm::Sha1, bytes).to_string()
}

/// The brief form, as text.
fn made(original: &str) -> String {
    String::from_utf8(brief(original.as_bytes()).unwrap().into_bytes().into_owned()).unwrap()
}

/// Section, name and hash of each part replaced.
fn parts(original: &[u8]) -> Vec<(String, String, String)> {
    let brief = brief(original).unwrap();
    brief.parts().iter().map(|part| (part.section().to_owned(), part.hash_name().to_owned(), part.sha1().to_string())).collect()
}

fn sections(original: &str) -> Vec<String> {
    parts(original.as_bytes()).into_iter().map(|(section, ..)| section).collect()
}

fn mixed(parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("--b\r\n{part}\r\n")).collect();
    format!("Subject: s\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n{parts}--b--\r\nepilogue\r\n")
}

const TEXT: &str = "Content-Type: text/plain\r\n\r\nciao\r\n";

fn hash_part(kind: &str, name: &str, content: &str) -> String {
    format!(
        "Content-Type: text/plain; charset=\"us-ascii\"; name=\"{name}\"\r\nContent-Disposition: {kind}; filename=\"{name}\"\r\n\
         Content-Transfer-Encoding: 7bit\r\n\r\n{}",
        sha1(content.as_bytes())
    )
}

/// What providers' brief receipts hold, made by another program, is what we make of the senders' copies.
#[test]
fn the_fixtures_come_out_the_same() {
    let mut run = 0;
    for (original, receipt) in [
        ("originals/breve.eml", "valid/avvenuta-consegna-breve.eml"),
        ("originals/breve-nomi.eml", "valid/avvenuta-consegna-breve-nomi-2231.eml"),
    ] {
        let (original, receipt) = (fixtures::read(original), fixtures::read(receipt));
        let receipt = Message::parse(&receipt).unwrap();
        let carried = receipt.carried_messages().next().unwrap();
        let (theirs, brief) = (carried.message().unwrap(), brief(&original).unwrap());
        let ours = Message::parse(brief.bytes()).unwrap();
        // The carried copy has lost the last line end to the delimiter, and its header has the provider's identifiers.
        assert_eq!(ours.root().body().trim_ascii_end(), theirs.root().body().trim_ascii_end());
        run += brief.parts().len();
    }
    assert_eq!(run, 3);
}

#[test]
fn named_parts_are_replaced_and_all_else_stays() {
    let pdf = "Content-Type: application/pdf; name=\"a.pdf\"\r\nContent-ID: <1@x>\r\n\r\nJVBE\r\n\r\n";
    let image = "content-disposition: INLINE;\r\n filename=b.png\r\n\r\n";
    let original = mixed(&[TEXT, pdf, "\r\nno name", image]);
    let wanted =
        mixed(&[TEXT, &hash_part("attachment", "a.pdf.hash", "JVBE\r\n\r\n"), "\r\nno name", &hash_part("inline", "b.png.hash", "")]);
    assert_eq!(made(&original), wanted);
    assert_eq!(brief(original.as_bytes()).unwrap().form(), BriefForm::Hashed);
}

#[test]
fn nothing_named_is_the_original_itself() {
    for original in [mixed(&[TEXT, "\r\n"]), "Subject: s\r\n\r\nciao".into(), String::new(), "\r\n".into()] {
        let brief = brief(original.as_bytes()).unwrap();
        assert_eq!((brief.form(), brief.parts().len()), (BriefForm::NothingToHash, 0));
        assert!(matches!(brief.into_bytes(), Cow::Borrowed(bytes) if bytes == original.as_bytes()));
    }
}

#[test]
fn opaque_smime_stays_whole() {
    for kind in ["application/pkcs7-mime", "Application/X-PKCS7-Mime"] {
        let original = format!("Content-Type: {kind}; smime-type=enveloped-data; name=smime.p7m\r\n\r\nMIIB\r\n");
        let brief_form = brief(original.as_bytes()).unwrap();
        assert_eq!((brief_form.form(), brief_form.bytes()), (BriefForm::OpaqueSmime, original.as_bytes()));
        // Deeper inside it is an attachment.
        assert_eq!(sections(&mixed(&[&original])), ["1"]);
    }
}

#[test]
fn the_signature_of_signed_mail_stays() {
    let signature = "Content-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nMIIB";
    let pdf = "Content-Type: application/pdf; name=a.pdf\r\n\r\nJVBE";
    let signed = |first: &str, second: &str| {
        format!("Content-Type: multipart/signed; boundary=s; name=x\r\n\r\n--s\r\n{first}\r\n--s\r\n{second}\r\n--s--\r\n")
    };
    let inner = mixed(&[TEXT, pdf]);
    assert_eq!(made(&signed(&inner, signature)), signed(&mixed(&[TEXT, &hash_part("attachment", "a.pdf.hash", "JVBE")]), signature));
    assert_eq!(sections(&signed(pdf, signature)), ["1"]);
    // A signature of several parts stays with them; a third part is no part of S/MIME.
    assert_eq!(sections(&signed(pdf, &inner)), ["1"]);
    assert_eq!(sections(&signed(pdf, &format!("{signature}\r\n--s\r\n{pdf}"))), ["1", "3"]);
    // Only the root is S/MIME.
    assert_eq!(sections(&mixed(&[&signed(&inner, signature)])), ["1.1.2", "1.2"]);
}

#[test]
fn attached_messages_are_replaced_whole() {
    let message = "Subject: x\r\n\r\nhello";
    let nameless = format!("Content-Type: message/rfc822\r\n\r\n{message}");
    let named = format!(
        "Content-Type: message/rfc822; name=\"posta.eml\"\r\n\r\n{}",
        mixed(&["Content-Type: a/b; name=c\r\n\r\n"]).replace("boundary=b", "boundary=c").replace("--b", "--c")
    );
    let empty = "Content-Type: message/rfc822; name=\"\"\r\n\r\n";
    let found = parts(mixed(&[&nameless, &named, empty]).as_bytes());
    assert_eq!(found[0], ("1".into(), "messaggio.hash".into(), sha1(message.as_bytes())));
    assert_eq!((&*found[1].0, &*found[1].1), ("2", "posta.eml.hash"));
    assert_eq!(found[2].1, "messaggio.hash");
    assert_eq!(found.len(), 3);
    // The parts of a digest are messages though they do not say so.
    let digest = mixed(&["\r\nSubject: x\r\n\r\nhello", TEXT]).replace("/mixed", "/digest");
    assert_eq!(sections(&digest), ["1"]);
    assert_eq!(made(&nameless), format!("{}", hash_part("attachment", "messaggio.hash", message)));
}

#[test]
fn a_multipart_with_a_name_is_looked_into() {
    let inner = mixed(&[TEXT, "Content-Type: a/b; name=c\r\n\r\n"]).replace("boundary=b", "boundary=c; name=d").replace("--b", "--c");
    assert_eq!(sections(&mixed(&[&inner])), ["1.2"]);
    // Without a boundary it is one part: `multipart/x-zip` is met for archives.
    assert_eq!(sections(&mixed(&["Content-Type: multipart/x-zip; name=a.zip\r\n\r\nUEsD"])), ["1"]);
}

#[test]
fn a_message_of_one_named_part_keeps_its_other_fields() {
    let original = "From: a@b\r\nContent-Type: application/pdf;\r\n name=a.pdf\r\nMIME-Version: 1.0\r\ngarbage\r\nContent-Transfer-Encoding: base64\r\n\
                    CONTENT-MD5: xyz\r\nSubject: s\r\n\r\nJVBE\r\nRg==\r\n";
    let part = hash_part("attachment", "a.pdf.hash", "JVBE\r\nRg==");
    let (fields, hash) = part.split_once("\r\n\r\n").unwrap();
    let wanted = format!("From: a@b\r\n{fields}\r\nMIME-Version: 1.0\r\ngarbage\r\nSubject: s\r\n\r\n{hash}\r\n");
    assert_eq!(made(original), wanted);
    assert_eq!(parts(original.as_bytes())[0].0, "");
    // Without a blank line, without a line end, behind the line of an mbox.
    assert_eq!(made("Content-Type: a/b; name=a.pdf"), hash_part("attachment", "a.pdf.hash", ""));
    let original = "From x Sun\r\nContent-Type: a/b; name=a.pdf\r\nSubject: s";
    let (fields, hash) =
        hash_part("attachment", "a.pdf.hash", "").split_once("\r\n\r\n").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert_eq!(made(original), format!("From x Sun\r\n{fields}\r\nSubject: s\r\n\r\n{hash}"));
}

#[test]
fn lf_is_hashed_as_crlf_and_stays_lf() {
    let original = mixed(&[TEXT, "Content-Type: application/pdf; name=a.pdf\r\n\r\nJVBE\r\nRg==\r\n"]);
    let (crlf, lf) = (made(&original), made(&original.replace("\r\n", "\n")));
    assert_eq!(lf, crlf.replace("\r\n", "\n"));
    assert!(crlf.contains(&sha1(b"JVBE\r\nRg==\r\n")));
    // Mixed line ends are hashed as they are.
    let original = original.replace("Rg==\r\n", "Rg==\n");
    assert!(made(&original).contains(&sha1(b"JVBE\r\nRg==\n")));
}

#[test]
fn eight_bit_and_binary_parts_are_hashed_as_they_are() {
    let body: Vec<u8> = (0..=255).cycle().take(5000).collect();
    let mut original = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: a/b; name=\"c\"\r\n\r\n".to_vec();
    original.extend_from_slice(&body);
    original.extend_from_slice(b"\r\n--b--\r\n");
    assert_eq!(parts(&original), [("1".into(), "c.hash".into(), sha1(&body))]);
}

#[test]
fn broken_framing_keeps_its_structure() {
    let pdf = "Content-Type: application/pdf; name=a.pdf\r\n\r\nJVBE\r\n";
    // No close delimiter: the end of the message ends the part, and its last line end is nobody's content.
    let original = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{pdf}");
    let wanted = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{}\r\n", hash_part("attachment", "a.pdf.hash", "JVBE"));
    assert_eq!(made(&original), wanted);
    // A header that a delimiter ends.
    let original = mixed(&["Content-Type: a/b; name=a.pdf"]);
    assert_eq!(made(&original), mixed(&[&hash_part("attachment", "a.pdf.hash", "")]));
    let mut limits = Limits::default();
    limits.message_bytes = 10;
    assert_eq!(brief_with(original.as_bytes(), &limits).unwrap_err().code(), "message-too-long");
}

/// No attachment goes without a hash for lying too deep.
#[test]
fn a_multipart_too_deep_to_look_into_is_hashed_whole() {
    let level = |level: usize, inner: &str| {
        format!("Content-Type: multipart/mixed; boundary=b{level}x\r\n\r\n--b{level}x\r\n{inner}\r\n--b{level}x--")
    };
    let nested = |levels: usize| (0..levels).fold("Content-Type: a/b; name=a.pdf\r\n\r\nJVBE".to_owned(), |inner, at| level(at, &inner));
    let (section, name, _) = parts(nested(31).as_bytes()).remove(0);
    assert_eq!((section, name), ("1.".repeat(30) + "1", "a.pdf.hash".into()));
    for levels in [32, 1_000] {
        let found = parts(nested(levels).as_bytes());
        let body = nested(levels - 31).split_once("\r\n\r\n").unwrap().1.to_owned();
        assert_eq!(found, [("1.".repeat(30) + "1", "parti.hash".into(), sha1(body.as_bytes()))]);
        holds(nested(levels).as_bytes(), &Limits::default());
    }
    let named = nested(32).replace("boundary=b0x", "boundary=b0x; name=c.zip");
    assert_eq!(parts(named.as_bytes())[0].1, "c.zip.hash");
}

#[test]
fn every_part_is_hashed_or_there_is_an_error() {
    // Of a hundred thousand parts the root is one.
    let many = |parts: usize| {
        "Content-Type: multipart/mixed; boundary=b\r\n".to_owned() + &"\r\n--b\r\nContent-Type:a/b;name=c\r\n\r\n".repeat(parts - 1)
    };
    assert_eq!(brief(many(100_000).as_bytes()).unwrap().parts().len(), 99_999);
    let beyond = many(100_001);
    let error = brief(beyond.as_bytes()).unwrap_err();
    assert_eq!((error.code(), error.to_string()), ("too-many-parts", "the message has more than 100000 parts".to_owned()));
    assert_eq!(error.mime().offset(), beyond.rfind("--b").unwrap());
    let mut limits = Limits::default();
    (limits.mime_parts, limits.mime_depth) = (5, 2);
    assert_eq!(brief_with(many(5).as_bytes(), &limits).unwrap().parts().len(), 4);
    assert_eq!(brief_with(many(6).as_bytes(), &limits).unwrap_err().code(), "too-many-parts");
}

/// The name as it is read from the new part, of one that a parameter names.
fn renamed(parameter: &str) -> String {
    let original = mixed(&[&format!("Content-Type: a/b;\r\n {parameter}\r\n\r\nx")]);
    let bytes = made(&original);
    holds(original.as_bytes(), &Limits::default());
    assert!(bytes.lines().all(|line| line.len() <= 998), "{bytes}");
    let tree = Tree::parse(bytes.as_bytes(), &Limits::default()).unwrap();
    let part = tree.entities().nth(1).unwrap();
    assert_eq!(
        part.headers().map(|field| field.name()).collect::<Vec<_>>(),
        ["Content-Type", "Content-Disposition", "Content-Transfer-Encoding"]
    );
    let names: Vec<_> = part.names().collect();
    assert_eq!(names[0], names[1]);
    names[0].to_string()
}

#[test]
fn names_come_out_with_hash_behind_them() {
    let long = "x".repeat(3000);
    let table = [
        ("name=\"a b.pdf\"", "a b.pdf.hash"),
        ("name=a b.pdf", "a b.pdf.hash"),
        ("name=\"\"", ".hash"),
        ("name=\" a \"", " a .hash"),
        (r#"name="a\"b\\c;d""#, "a\"b\\c;d.hash"),
        ("name=\"=?utf-8?q?perch=C3=A9?=\"", "perché.hash"),
        ("name=\"=?iso-8859-1?B?6Q==?= =?iso-8859-1?B?6Q==?=\"", "éé.hash"),
        ("name*=utf-8''perch%C3%A9", "perché.hash"),
        ("name*0*=iso-8859-1''perch%E9;\r\n name*1=\" no\"", "perché no.hash"),
        ("name*=utf-8'it'%F0%9F%93%84%20%22x%22", "📄 \"x\".hash"),
        // What would be read as an encoded word, if it were written as it is.
        ("name*=utf-8''%3D%3Futf-8%3Fq%3Fx%3F%3D", "=?utf-8?q?x?=.hash"),
        // Nothing that a name holds gets out of it.
        ("name*=utf-8''a%22%0D%0A%0D%0A--b--%0D%0AX%3A%20y", "a\"\r\n\r\n--b--\r\nX: y.hash"),
        ("name*=utf-8''a%00%7F%09b", "a\0\u{7f}\tb.hash"),
        ("name*=utf-8''..%2F..%2Fetc%2Fpasswd", "../../etc/passwd.hash"),
        ("name=\"perché.pdf\"", "perché.pdf.hash"),
    ];
    for (parameter, wanted) in table {
        assert_eq!(renamed(parameter), wanted, "{parameter}");
    }
    assert_eq!(renamed(&format!("name=\"{}\"", &long[..880])), format!("{}.hash", &long[..880]));
    assert_eq!(renamed(&format!("name={long}")), format!("{long}.hash"));
    assert_eq!(renamed(&format!("name={}", "è".repeat(2000))), format!("{}.hash", "è".repeat(2000)));
    assert_eq!(renamed(&format!("name=x{}", "è".repeat(10_000))), format!("x{}.hash", "è".repeat(2047)));
    // A type that cannot be read has its parameters all the same.
    for unreadable in ["image", "", "application/", "a b/c"] {
        let original = mixed(&[&format!("Content-Type: {unreadable}; name=\"a.png\"\r\n\r\nx")]);
        assert_eq!(brief(original.as_bytes()).unwrap().parts()[0].hash_name(), "a.png.hash", "{unreadable:?}");
    }
    // The file name comes before the name, unless it is empty.
    assert_eq!(renamed("name=a\r\nContent-Disposition: attachment; filename=b"), "b.hash");
    assert_eq!(renamed("name=a\r\nContent-Disposition: attachment; filename=\"\""), "a.hash");
}

#[test]
fn many_parts_and_large_ones_take_linear_time() {
    let part = "Content-Type: a/b; name=c\r\n\r\nx";
    let original = mixed(&vec![part; 999]);
    assert_eq!(brief(original.as_bytes()).unwrap().parts().len(), 999);
    let large = mixed(&[&format!("{part}{}", "x\n".repeat(5_000_000))]);
    assert!(brief(large.as_bytes()).unwrap().bytes().len() < 500);
}

/// What must hold of any original: hashes where they must be, and every other byte where it was.
fn holds(original: &[u8], limits: &Limits) {
    let before = Tree::parse(original, limits).unwrap();
    let opaque = ["pkcs7-mime", "x-pkcs7-mime"].iter().any(|kind| before.root().is("application", kind));
    let brief = brief_with(original, limits);
    if before.findings().any(|(_, finding)| finding.code() == "parts-limit") && !opaque {
        assert_eq!(brief.unwrap_err().code(), "too-many-parts");
        return;
    }
    let brief = brief.unwrap();
    if brief.form() != BriefForm::Hashed {
        assert!(brief.parts().is_empty() && brief.bytes() == original);
        if brief.form() == BriefForm::OpaqueSmime {
            return;
        }
    }
    let after = Tree::parse(brief.bytes(), limits).unwrap();
    assert_eq!((before.entities().count(), before.mbox_line()), (after.entities().count(), after.mbox_line()));
    let mut hashed = brief.parts().iter().peekable();
    for (old, new) in before.entities().zip(after.entities()) {
        assert_eq!((old.section(), old.is_opened()), (new.section(), new.is_opened()));
        if hashed.peek().is_some_and(|part| part.section() == old.section()) {
            let part = hashed.next().unwrap();
            assert!(new.is("text", "plain") && !old.is_opened());
            assert_eq!(new.name().as_deref(), Some(part.hash_name()));
            assert_eq!(new.decode().bytes().trim_ascii_end(), part.sha1().to_string().as_bytes());
            assert_eq!(part.sha1().to_string(), hash_of(&old, original));
            let others = |entity: Entity<'_, '_>| -> Vec<u8> {
                let fields = entity.headers().filter(|field| !field.name().to_ascii_lowercase().starts_with("content-"));
                fields.flat_map(|field| field.raw().trim_ascii_end().to_vec()).collect()
            };
            if old.parent().is_none() && limits.header_fields > 100 {
                assert_eq!(others(old), others(new));
            }
        } else if old.is_opened() {
            assert_eq!((old.header_bytes(), old.preamble(), old.epilogue()), (new.header_bytes(), new.preamble(), new.epilogue()));
            let lines = |entity: Entity<'_, '_>| -> Vec<Vec<u8>> { entity.delimiters().map(|(_, line)| line.to_vec()).collect() };
            assert_eq!(lines(old), lines(new));
        } else {
            assert_eq!(old.raw(), new.raw());
            let signature = before.root().is("multipart", "signed") && old.section().split('.').next() == Some("2");
            let too_deep = old.findings().any(|finding| finding.code() == "depth-limit");
            assert!(signature || old.raw().is_empty() || (old.name().is_none() && !old.is("message", "rfc822") && !too_deep));
        }
    }
    assert!(hashed.next().is_none());
}

/// The hash by a way of its own.
fn hash_of(entity: &Entity<'_, '_>, original: &[u8]) -> String {
    let mut body = entity.body().to_vec();
    if entity.offset() + entity.raw().len() == original.len() {
        let text = body.strip_suffix(b"\r\n").or(body.strip_suffix(b"\n")).unwrap_or(&body).len();
        body.truncate(text);
    }
    if LineEnds::of(original) == LineEnds::LfOnly {
        body = body.iter().flat_map(|byte| if *byte == b'\n' { vec![b'\r', b'\n'] } else { vec![*byte] }).collect();
    }
    sha1(&body)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_structure_of_mail_like_bytes_is_kept(raw in mail_like(), parts in 1..6_usize, depth in 1..4_usize) {
        holds(&raw, &Limits::default());
        let mut limits = Limits::default();
        (limits.mime_parts, limits.mime_depth) = (parts, depth);
        holds(&raw, &limits);
        holds(&[b"Content-Type: multipart/mixed; boundary=b\r\n\r\n", raw.as_slice()].concat(), &limits);
        let lf: Vec<u8> = raw.into_iter().filter(|byte| *byte != b'\r').collect();
        holds(&lf, &Limits::default());
    }

    #[test]
    fn the_structure_of_any_bytes_is_kept(raw in prop::collection::vec(any::<u8>(), 0..200)) {
        holds(&raw, &Limits::default());
    }

    #[test]
    fn any_name_is_written_so_that_it_is_read_again(name in "\\PC{0,60}|[\\x00-\\x7f]{0,60}") {
        let percent: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        prop_assert_eq!(renamed(&format!("name*=utf-8''{percent}")), format!("{name}.hash"));
    }
}
