//! Changes to messages that leave their signed bytes as they are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postacert::Message;
use proptest::prelude::*;

use super::der::Node;

/// The message with one text, which must be there once, in the place of another. Neither need be UTF-8.
pub(crate) fn replaced(raw: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at: Vec<usize> = raw.windows(from.len()).enumerate().filter(|(_, w)| *w == from.as_bytes()).map(|(at, _)| at).collect();
    let [at] = at[..] else { panic!("{from:?} is there {} times", at.len()) };
    [&raw[..at], to.as_bytes(), &raw[at + from.len()..]].concat()
}

/// Where the fields of the outer header with this name stand, folded lines and line ends included.
fn fields(raw: &[u8], name: &str) -> Vec<std::ops::Range<usize>> {
    let message = Message::parse(raw).unwrap();
    let fields = message.root().headers().filter(|field| field.is(name));
    fields.map(|field| field.offset()..field.offset() + field.raw().len()).map(|range| whole_lines(raw, range)).collect()
}

fn whole_lines(raw: &[u8], range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    if raw[range.clone()].ends_with(b"\n") {
        return range;
    }
    let end = raw[range.end..].iter().position(|byte| *byte == b'\n').expect("a field ends") + 1;
    range.start..range.end + end
}

/// Without the outer fields of this name.
pub(crate) fn without(raw: &[u8], name: &str) -> Vec<u8> {
    let mut out = raw.to_vec();
    for range in fields(raw, name).into_iter().rev() {
        out.drain(range);
    }
    out
}

/// With these outer header lines, each `Name: value`, before all others.
pub(crate) fn with(raw: &[u8], lines: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in lines {
        out.extend(line.as_bytes());
        out.extend(b"\r\n");
    }
    out.extend(raw);
    out
}

/// With another value in the outer field of this name, or with the field if there was none.
pub(crate) fn with_field(raw: &[u8], name: &str, value: &str) -> Vec<u8> {
    with(&without(raw, name), &[&format!("{name}: {value}")])
}

/// The decoded signature.
pub(crate) fn signature(raw: &[u8]) -> Vec<u8> {
    let message = Message::parse(raw).unwrap();
    let part = message.root().children().nth(1).expect("a signature part");
    part.decode().into_bytes().into_owned()
}

/// With another signature.
pub(crate) fn with_signature(raw: &[u8], signature: &[u8]) -> Vec<u8> {
    let message = Message::parse(raw).unwrap();
    let part = message.root().children().nth(1).expect("a signature part");
    let (start, end) = (part.body_offset(), part.body_offset() + part.body().len());
    let mut out = raw[..start].to_vec();
    for line in STANDARD.encode(signature).as_bytes().chunks(64) {
        out.extend(line);
        out.extend(b"\r\n");
    }
    out.extend(&raw[end..]);
    out
}

/// With the signature changed as a tree of DER values.
pub(crate) fn with_cms(raw: &[u8], change: impl FnOnce(&mut Node)) -> Vec<u8> {
    let mut cms = Node::read(&signature(raw));
    change(&mut cms);
    with_signature(raw, &cms.write())
}

/// The range of the signed bytes.
pub(crate) fn signed_span(raw: &[u8]) -> std::ops::Range<usize> {
    let message = Message::parse(raw).unwrap();
    let signed = message.signed().expect("a signed message");
    signed.offset()..signed.offset() + signed.bytes().len()
}

/// Mail of pieces that mean something, in an order that mostly means nothing.
pub(crate) fn mail_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "\r\n",
        "\n",
        "\r",
        "--",
        " ",
        "x: y\r\n",
        "text",
        "\0",
        "è",
        "From ",
        "\r\n\r\n",
        "\r\n--b\r\n",
        "\r\n--c\r\n",
        "\n--c--\n",
        "\r\n--b--\r\n",
        "garbage\r\n",
        "MIME-Version: 1.0\r\n",
        "Content-Type: multipart/mixed; boundary=b\r\n",
        "Content-Type: multipart/signed; boundary=c\r\n\r\n",
        "Content-Type: multipart/digest; boundary=c; name=d\n",
        "Content-Type: multipart/x; name=bc\r\n\r\n",
        "Content-Type: message/rfc822\r\n",
        "Content-Type: a/b; name=\"x y\"\r\n",
        "Content-Type: a/b; name=\"z.hash\"\r\n\r\n",
        "Content-Type: application/pkcs7-mime; name=x\r\n",
        "Content-Disposition: inline; filename*0*=utf-8''a%",
        "Content-Disposition: attachment; filename=\"a\r\n b\"\r\n\r\n",
        "Content-Disposition: attachment; filename=\"\"\n",
        "Content-Transfer-Encoding: base64\r\n",
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
        "11f6ad8ec52a2984abaafd7c3b516503785c2072",
        "Message-ID: <a@b>\r\n",
        "--b",
        "--c",
        "--b--",
        "x: y",
        "Content-Type: multipart/mixed; boundary=bc\r\n\r\n",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}
