//! Raw bytes -> tree -> the same raw bytes; and structure -> bytes -> the same structure.

use postacert::Limits;
use postacert::mime::{Entity, Tree};
use proptest::prelude::*;

use super::{codes, outline, tree};

/// An entity's bytes put together from what the tree says of it. Recursion is as deep as the tree, so at most 32.
fn reassemble(entity: Entity<'_, '_>) -> Vec<u8> {
    let header = entity.header_bytes();
    let blank_line = &entity.raw()[header.len()..entity.body_offset() - entity.offset()];
    let mut bytes = [header, blank_line].concat();
    if !entity.is_opened() {
        bytes.extend_from_slice(entity.body());
        return bytes;
    }
    bytes.extend_from_slice(entity.preamble());
    let parts = entity.children().map(|child| (child.offset(), 1, reassemble(child)));
    let mut pieces: Vec<_> = entity.delimiters().map(|(at, line)| (at, 0, line.to_vec())).chain(parts).collect();
    // An empty part at the offset of a delimiter comes before it; so it does not matter where it is put.
    pieces.sort_by_key(|(at, kind, _)| (*at, *kind));
    bytes.extend(pieces.into_iter().flat_map(|(_, _, piece)| piece));
    bytes.extend_from_slice(entity.epilogue());
    bytes
}

fn assert_reassembles(raw: &[u8], limits: &Limits) {
    let tree = Tree::parse(raw, limits).unwrap();
    assert_eq!([tree.mbox_line(), &reassemble(tree.root())].concat(), raw);
    for entity in tree.entities() {
        assert_eq!(&raw[entity.offset()..][..entity.raw().len()], entity.raw());
        for field in entity.headers() {
            assert_eq!(&raw[field.offset()..][..field.raw().len()], field.raw());
        }
        if let Some(parent) = entity.parent() {
            let (inner, outer) = (entity.raw().as_ptr_range(), parent.body().as_ptr_range());
            assert!(outer.start <= inner.start && inner.end <= outer.end);
        }
        for finding in entity.findings() {
            assert!(finding.place().offset.unwrap() <= raw.len());
        }
        let _ = (entity.decode(), entity.decode_text(), entity.name(), entity.content_type().boundary());
    }
}

/// Bytes that look like mail: what matters to the parser comes often.
fn mail_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "\r\n",
        "\n",
        "\r",
        "--",
        "--b",
        "--c",
        "--b--",
        "b",
        "c",
        " ",
        "\t",
        "x: y",
        "text",
        "\0",
        "From ",
        "\r\n\r\n",
        "\r\n--b\r\n",
        "\r\n--c\r\n",
        "\n--c--\n",
        "Content-Type: multipart/mixed; boundary=b\r\n",
        "Content-Type: multipart/digest; boundary=c\n",
        "Content-Type: multipart/mixed; boundary=bc\r\n\r\n",
        "Content-Type: message/rfc822\r\n",
        "Content-Transfer-Encoding: base64\r\n",
        "Content-Disposition: inline; filename*0*=utf-8''a%",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mail_like_bytes_reassemble(raw in mail_like(), parts in 1..6_usize, depth in 1..4_usize) {
        assert_reassembles(&raw, &Limits::default());
        let mut limits = Limits::default();
        (limits.mime_parts, limits.mime_depth, limits.header_fields) = (parts, depth, 2);
        assert_reassembles(&raw, &limits);
    }

    #[test]
    fn multiparts_of_mail_like_bytes_reassemble(raw in mail_like()) {
        assert_reassembles(&[b"Content-Type: multipart/mixed; boundary=b\r\n\r\n", raw.as_slice()].concat(), &Limits::default());
    }

    #[test]
    fn any_bytes_reassemble(raw in prop::collection::vec(any::<u8>(), 0..200)) {
        assert_reassembles(&raw, &Limits::default());
    }
}

/// A message as its writer means it.
#[derive(Debug, Clone)]
enum Part {
    Leaf { name: String, text: String },
    Multi { preamble: Option<String>, parts: Vec<Part>, epilogue: Option<String> },
}

fn a_part() -> impl Strategy<Value = Part> {
    let text = || "[a-z\r\n-]{0,20}".prop_map(|t| t.replace('\r', "").replace('\n', "\r\n"));
    let leaf = ("[a-z]{1,8}", text()).prop_map(|(name, text)| Part::Leaf { name, text });
    leaf.prop_recursive(4, 24, 4, move |inner| {
        (prop::option::of(text()), prop::collection::vec(inner, 1..4), prop::option::of(text()))
            .prop_map(|(preamble, parts, epilogue)| Part::Multi { preamble, parts, epilogue })
    })
}

impl Part {
    fn write(&self, boundaries: &mut u32) -> String {
        match self {
            Self::Leaf { name, text } => format!("Content-Type: text/x-{name}\r\n\r\n{text}"),
            Self::Multi { preamble, parts, epilogue } => {
                *boundaries += 1;
                let boundary = format!("={boundaries:03}");
                let mut out = format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n");
                out.extend(preamble.iter().flat_map(|text| [text, "\r\n"]));
                for part in parts {
                    out.push_str(&format!("--{boundary}\r\n{}\r\n", part.write(boundaries)));
                }
                out.push_str(&format!("--{boundary}--"));
                out.extend(epilogue.iter().flat_map(|text| ["\r\n", text]));
                out
            }
        }
    }

    fn assert_is(&self, entity: Entity<'_, '_>) {
        match self {
            Self::Leaf { name, text } => {
                assert!(entity.is("text", &format!("x-{name}")));
                assert_eq!(entity.body(), text.as_bytes());
            }
            Self::Multi { preamble, parts, epilogue } => {
                assert_eq!(entity.preamble(), preamble.as_deref().unwrap_or_default().as_bytes());
                assert_eq!(entity.epilogue(), epilogue.as_deref().unwrap_or_default().as_bytes());
                assert_eq!(entity.children().len(), parts.len());
                entity.children().zip(parts).for_each(|(child, part)| part.assert_is(child));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(part in a_part()) {
        let crlf = part.write(&mut 0);
        let read = tree(crlf.as_bytes());
        prop_assert_eq!(codes(&read), Vec::<String>::new());
        part.assert_is(read.root());
        let lf = crlf.replace("\r\n", "\n");
        prop_assert_eq!(outline(&tree(lf.as_bytes())), outline(&read).replace("\\r", ""));
    }

    /// R3: the bytes of a part are a message of their own with the same tree, so that hashing and reading them agree.
    #[test]
    fn r03_a_part_read_alone_is_the_same(part in a_part()) {
        let raw = part.write(&mut 0);
        for entity in tree(raw.as_bytes()).entities() {
            let alone = tree(entity.raw());
            let prefix = entity.section();
            let within = |section: &str| section == prefix || prefix.is_empty() || section.starts_with(&format!("{prefix}."));
            let here: Vec<_> = tree(raw.as_bytes()).entities().filter(|e| within(&e.section())).map(|e| e.raw().to_vec()).collect();
            prop_assert_eq!(here, alone.entities().map(|e| e.raw().to_vec()).collect::<Vec<_>>());
        }
    }
}
