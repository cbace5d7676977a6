//! Messages and trust for the benches: the fixtures, and larger messages put together from them and signed by the `openssl` command.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use postacert::{Certificate, Directory, Message, UnixTime, VerificationTime, Verifier, VerifierBuilder};

/// A message of a file of `tests/fixtures`.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixtures().join(name)).unwrap_or_else(|e| panic!("fixture {name}: {e}"))
}

/// The fixtures' directory and root, and the time they are judged by.
pub(crate) fn trust() -> (VerifierBuilder, VerificationTime) {
    let at: UnixTime = String::from_utf8(fixture("at.txt")).unwrap().trim().parse().unwrap();
    let directory = Directory::from_ldif(&fixture("directory/short.ldif")).unwrap();
    let anchors = Certificate::from_pem_or_der(&fixture("pki/root.pem")).unwrap();
    (Verifier::builder().directory(directory).anchors(anchors), VerificationTime::asserted(at))
}

/// A signed transport envelope of about so many bytes: its original has one attachment. `None` without the `openssl` command.
pub(crate) fn envelope(bytes: usize) -> Option<Vec<u8>> {
    let raw = fixture("valid/posta-certificata-completa.eml");
    let message = Message::parse(&raw).unwrap();
    let signed = message.signed().unwrap();
    let entity = message.root().children().next().unwrap();
    let carried = entity.children().find(|part| part.is("message", "rfc822")).unwrap();
    let (from, to) = (carried.body_offset() - signed.offset(), carried.body_offset() - signed.offset() + carried.body().len());

    let mut big = signed.bytes()[..from].to_vec();
    big.extend_from_slice(
        b"From: mario.rossi@pec.gestoreuno.example\r\nSubject: verbale\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=\"b1\"\r\n\r\n--b1\r\n\r\nin allegato\r\n\
        --b1\r\nContent-Type: application/pdf; name=\"verbale.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\n",
    );
    base64_lines(bytes.saturating_sub(raw.len()), &mut big);
    big.extend_from_slice(b"--b1--");
    big.extend_from_slice(&signed.bytes()[to..]);
    sign(&raw, &big)
}

/// The message with another signed entity, signed anew by the fixtures' first provider. `None` without the `openssl` command.
pub(crate) fn sign(raw: &[u8], entity: &[u8]) -> Option<Vec<u8>> {
    let message = Message::parse(raw).unwrap();
    let signed = message.signed().unwrap();
    let signature = message.root().children().nth(1).unwrap();
    let signature_end = signature.body_offset() + signature.body().len();

    let folder = std::env::temp_dir().join(format!("postacert-bench-{}-{}", std::process::id(), entity.len()));
    std::fs::create_dir_all(&folder).unwrap();
    let (input, output) = (folder.join("entity"), folder.join("p7s"));
    std::fs::write(&input, entity).unwrap();
    let pki = fixtures().join("pki");
    let status = Command::new("openssl")
        .args(["cms", "-sign", "-binary", "-md", "sha256", "-outform", "PEM", "-in"])
        .arg(&input)
        .arg("-out")
        .arg(&output)
        .arg("-signer")
        .arg(pki.join("uno.pem"))
        .arg("-inkey")
        .arg(pki.join("uno.key"))
        .arg("-certfile")
        .arg(pki.join("issuing.pem"))
        .stderr(Stdio::null())
        .status();
    let pem = std::fs::read_to_string(&output);
    std::fs::remove_dir_all(&folder).unwrap();
    if !status.is_ok_and(|s| s.success()) {
        return None;
    }
    let pem = pem.unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with("--")).flat_map(|line| [line, "\r\n"]).collect();
    let base64 = base64.trim_end();

    let mut out = raw[..signed.offset()].to_vec();
    out.extend_from_slice(entity);
    out.extend_from_slice(&raw[signed.offset() + signed.bytes().len()..signature.body_offset()]);
    out.extend_from_slice(base64.as_bytes());
    out.extend_from_slice(&raw[signature_end..]);
    Some(out)
}

/// About so many bytes of base64 of no regularity, in lines of 76.
pub(crate) fn base64_lines(bytes: usize, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..bytes / 78 {
        for _ in 0..76 {
            // xorshift64
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            out.push(DIGITS[(state >> 58) as usize]);
        }
        out.extend_from_slice(b"\r\n");
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}
