//! What envelopes take over from the header of a message, and in whose name they come.

use std::io::Write as _;
use std::process::{Command, Stdio};

use postacert::compose::{Draft, Entropy, Received};
use postacert::{Address, Message, ReceiptKind, Recipient, RecipientKind, Transaction, TransportEnvelope};

use crate::support::composed::{ENTROPY, Facts, KEY, PROVIDER, address, id, identity, proves_but, to, when};

/// The fault of what is carried.
const THEIRS: [&str; 6] = ["encoded-message", "header-malformed", "nul-byte", "bare-cr", "line-too-long", "mixed-line-endings"];

fn anomaly(mail_from: &str, message: &[u8]) -> Vec<u8> {
    let (rcpt_to, entropy) = ([to()], Entropy::new([3; 32]));
    let received = Received { mail_from, rcpt_to: &rcpt_to, when: when(), reason: "posta ordinaria" };
    let raw = Draft::anomaly_envelope(&identity(), &received, message, &entropy).unwrap().sign_with(&*KEY).unwrap();
    assert_eq!(proves_but(&raw, &Facts::Anomaly, &THEIRS).unwrap(), message, "the message inside is untouched");
    let header = &raw[..raw.windows(4).position(|w| w == b"\r\n\r\n").unwrap()];
    let lines: Vec<&[u8]> = header.split(|b| *b == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect();
    for line in lines {
        assert!(line.len() <= 998 && line.iter().all(|b| matches!(b, b'\t' | b' '..=b'~')), "{}", String::from_utf8_lossy(line));
        assert!(!line.trim_ascii().is_empty());
    }
    raw
}

/// The values of the fields of this name, unfolded.
fn fields(raw: &[u8], name: &str) -> Vec<String> {
    Message::parse(raw).unwrap().root().fields(name).map(|field| field.unfolded().into_owned()).collect()
}

fn display(raw: &[u8], name: &str) -> String {
    let message = Message::parse(raw).unwrap();
    let list = message.root().field(name).unwrap().addresses();
    let only = list.single().unwrap_or_else(|| panic!("{name}: {list:?}"));
    assert_eq!(only.address(), identity().address().as_str());
    only.name().unwrap().to_owned()
}

fn transport(sender: &Address, original: &[u8]) -> Result<Vec<u8>, String> {
    let to = Recipient::new(to(), RecipientKind::Certified);
    let facts = Transaction::new(sender.clone(), vec![to], PROVIDER, when(), id()).unwrap();
    let facts = TransportEnvelope::new(facts, ReceiptKind::Complete);
    let draft = Draft::transport_envelope(&identity(), &facts, original, &ENTROPY).map_err(|error| error.to_string())?;
    Ok(draft.sign_with(&*KEY).unwrap())
}

#[test]
fn s2_1_the_display_name_is_the_sender_s_whole_address() {
    let long = format!("{}@{}.example", "l".repeat(64), "d".repeat(245).replacen("ddddddddddddddd", "dddddddddddddd.", 16));
    let senders = [
        "anna@pec.gestoreuno.example",
        "o'neil+x{y}@pec.gestoreuno.example",
        "=?utf-8?q?Banca?=@pec.gestoreuno.example",
        "=?utf-8?b?YUBi?=@pec.gestoreuno.example",
        "\"anna <b@c.example>, \\\"d\\\" \\\\\"@pec.gestoreuno.example",
        "\"a  b\"@pec.gestoreuno.example",
        "\"(c)\"@[127.0.0.1]",
        &long,
    ];
    let mut raws = Vec::new();
    for sender in senders {
        let raw = transport(&address(sender), b"Subject:\r\n\r\nciao\r\n").unwrap();
        raws.push((format!("Per conto di: {sender}"), raw));
    }
    // Those of ordinary mail may be anything.
    for sender in ["perché@mail.example", "a@b, c@d <e@f>", "\u{202e}\u{1f600}@mail.example", &"x".repeat(2_000)] {
        raws.push((format!("Per conto di: {sender}"), anomaly(sender, b"")));
    }
    for (wanted, raw) in &raws {
        for name in ["From", "Sender"] {
            assert_eq!(display(raw, name), *wanted);
        }
    }
    // What is plain can be read without decoding.
    assert!(fields(&raws[0].1, "From")[0].starts_with("\"Per conto di: anna@pec.gestoreuno.example\" <"));
    assert!(fields(&raws[2].1, "From")[0].starts_with("=?utf-8?B?"));
    python_agrees(&raws);
}

/// Python's `email` reads the same display names, and one address. Its newer reader puts a blank between the encoded words of a phrase, against
/// RFC 2047 §6.2, so that there blanks do not count; its older one does not.
fn python_agrees(raws: &[(String, Vec<u8>)]) {
    const SCRIPT: &str = r#"
import email, email.header, email.policy, email.utils, json, sys
for line in sys.stdin.readlines():
    wanted, raw = json.loads(line)
    message = email.message_from_bytes(bytes(raw), policy=email.policy.SMTP)
    older = email.message_from_bytes(bytes(raw), policy=email.policy.compat32)
    for name in ["From", "Sender"]:
        [address] = message[name].addresses
        assert not message[name].defects, message[name].defects
        assert "".join(address.display_name.split()) == "".join(wanted.split()), (address.display_name, wanted)
        display, spec = email.utils.parseaddr(older[name])
        display = str(email.header.make_header(email.header.decode_header(display)))
        assert display == wanted, (display, wanted)
        assert address.addr_spec == spec == "posta-certificata@pec.gestoreuno.example", (address, spec)
"#;
    let spawned = Command::new("python3").args(["-c", SCRIPT]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut python = match spawned {
        Ok(python) => python,
        Err(error) => return eprintln!("skipped: there is no python3 command ({error})"),
    };
    let mut input = python.stdin.take().unwrap();
    for (wanted, raw) in raws {
        writeln!(input, "{}", serde_json::json!([wanted, raw])).unwrap();
    }
    drop(input);
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn s2_1_1_2_a_field_that_cannot_stay_as_it_is_is_refused_in_a_transport_envelope() {
    let anna = address("anna@pec.gestoreuno.example");
    let long = format!("x: {}", "x".repeat(996));
    for name in ["Return-Path", "Received", "To", "Cc"] {
        let said = format!(
            "the field {name} cannot be inherited unmodified: it has a control character, one that is not ASCII, or a line over 998 bytes \
             (RFC 6109 §2.1.1.2)"
        );
        for value in ["a\0b", "a\rb", "a\x0bb", "a\x0cb", "è", "a\r\n \x1b[2J", &long] {
            for header in [format!("{name}: {value}\r\n"), format!("{}:\r\n {value}\n", name.to_uppercase())] {
                assert_eq!(transport(&anna, format!("{header}\r\nciao\r\n").as_bytes()).unwrap_err(), said, "{header:?}");
                // Elsewhere in the header it stays inside.
                let elsewhere = header.replacen(':', "s:", 1);
                assert!(transport(&anna, format!("{elsewhere}\r\nciao\r\n").as_bytes()).is_ok(), "{elsewhere:?}");
            }
        }
        let fits = format!("{name}: {}\r\n\r\nciao\r\n", "x".repeat(996 - name.len()));
        let raw = transport(&anna, fits.as_bytes()).unwrap();
        assert!(raw.starts_with(&fits.as_bytes()[..1_000]), "{name}");
    }
    let from = "From: \"\x0b\" <anna@pec.gestoreuno.example>\r\n\r\n";
    assert!(transport(&anna, from.as_bytes()).unwrap_err().starts_with("the field From cannot be inherited"));
}

/// A blank before the colon was lawful once (RFC 5322 §4.5.1). Whoever does not read that takes the line, and all below it, for the body.
#[test]
fn s2_1_1_2_no_field_is_inherited_with_a_blank_before_its_colon() {
    let original = b"To : bruno@pec.gestoreuno.example\r\nCc\t :\r\n c : d@e.example\r\nReply-To : Anna <x@y.example>\r\n\r\nciao\r\n";
    let facts = Transaction::new(
        address("anna@pec.gestoreuno.example"),
        vec![Recipient::new(to(), RecipientKind::Certified)],
        PROVIDER,
        when(),
        id(),
    );
    let facts = TransportEnvelope::new(facts.unwrap().with_reply_to("Anna <x@y.example>").unwrap(), ReceiptKind::Complete);
    let transport = Draft::transport_envelope(&identity(), &facts, original, &ENTROPY).unwrap().sign_with(&*KEY).unwrap();
    let mended = [b"Received : \0\r\n", &original[..]].concat();
    let anomaly = anomaly("anna@mail.example", &mended);
    let anomaly = anomaly.strip_prefix(b"Received:\r\n").unwrap();
    for raw in [&transport, anomaly] {
        let inherited = b"To: bruno@pec.gestoreuno.example\r\nCc:\r\n c : d@e.example\r\nReply-To: Anna <x@y.example>\r\nX-Trasporto: ";
        assert!(raw.starts_with(inherited), "{}", String::from_utf8_lossy(&raw[..200]));
    }
}

#[test]
fn s2_1_a_missing_reply_to_is_made_from_the_from() {
    let anna = address("anna@pec.gestoreuno.example");
    let made = |header: &str| fields(&transport(&anna, format!("{header}\r\nciao\r\n").as_bytes()).unwrap(), "Reply-To");
    assert_eq!(made("From: Anna <anna@pec.gestoreuno.example>\r\n"), ["Anna <anna@pec.gestoreuno.example>"]);
    assert_eq!(made("From: anna@pec.gestoreuno.example\r\nReply-To: \r\n"), ["anna@pec.gestoreuno.example"], "an empty one is none");
    assert_eq!(made("From:\r\n"), ["anna@pec.gestoreuno.example"]);
    assert_eq!(made(""), ["anna@pec.gestoreuno.example"]);
    // The name of the field makes the line longer.
    let name = "n".repeat(998 - "From:  <anna@pec.gestoreuno.example>".len());
    assert_eq!(made(&format!("From: {name} <anna@pec.gestoreuno.example>\r\n")), [format!("{name} <anna@pec.gestoreuno.example>")]);
    let name = "n".repeat(998 - "From:<anna@pec.gestoreuno.example>".len());
    assert_eq!(made(&format!("From:{name}<anna@pec.gestoreuno.example>\r\n")), ["anna@pec.gestoreuno.example"]);
}

#[test]
fn s3_2_2_an_anomaly_envelope_mends_what_it_inherits() {
    let many = "a@b.example, ".repeat(1_000);
    let long = format!("To: {many}\r\n");
    let hopeless = "x".repeat(999);
    // Each: the header received; a field of the envelope, and its values.
    let table: [(&str, &str, &[&str]); 9] = [
        ("To: a@b.example,\r\n\tc@d.example\r\n", "To", &["a@b.example,\tc@d.example"]),
        ("To: a\0b\rBcc: c@d\x0b\x0c\x1b\x7fe\r\n", "To", &["a b Bcc: c@d    e"]),
        ("Cc: Niccolò <a@b.example>\r\n", "Cc", &["Niccol?? <a@b.example>"]),
        (&long, "To", &[many.trim_end()]),
        (&format!("Received: {hopeless}\r\nReceived: x\r\n"), "Received", &["x"]),
        (&format!("Reply-To: {hopeless}\r\n"), "Reply-To", &["qualcuno@mail.example"]),
        ("Reply-To:\r\n \r\n", "Reply-To", &["qualcuno@mail.example"]),
        ("Message-ID: \r\nMessage-ID: <x\0y>\r\n", "Message-ID", &["<x y>"]),
        ("Received: \rx\r\nReturn-Path:\r\n", "Return-Path", &[""]),
    ];
    for (header, name, values) in table {
        let raw = anomaly("<qualcuno@mail.example>", format!("{header}Subject: s\0\r\n\r\nciao\r\n").as_bytes());
        assert_eq!(fields(&raw, name), values, "{header:?}");
        assert!(fields(&raw, "Bcc").is_empty());
    }
    // One that is missing, or cannot be mended, is made.
    for header in ["", "Message-ID:\r\n \t\r\n", &format!("Message-ID:<{hopeless}>\r\n")] {
        let ids = fields(&anomaly("a@b.example", format!("{header}\r\n").as_bytes()), "Message-ID");
        assert!(ids.len() == 1 && ids[0].ends_with("@pec.gestoreuno.example>"), "{ids:?}");
    }
}

#[test]
fn s3_2_2_a_null_reverse_path_is_said_in_words() {
    let dsn = b"From: Mail System <mailer-daemon@mail.example>\r\nSubject: s\r\n\r\nciao\r\n";
    for null in ["", "<>", " < > "] {
        let raw = anomaly(null, dsn);
        assert_eq!(display(&raw, "From"), "Per conto di: mailer-daemon@mail.example");
        assert_eq!(fields(&raw, "Reply-To"), ["mailer-daemon@mail.example"]);
        for unreadable in [&b""[..], b"From:\r\n\r\n", b"From: a@b, c@d\r\n\r\n", b"From: a@b\r\nFrom: a@b\r\n\r\n"] {
            let raw = anomaly(null, unreadable);
            assert_eq!(display(&raw, "From"), "Per conto di: mittente sconosciuto");
            assert_eq!(fields(&raw, "Reply-To"), Vec::<String>::new());
            let message = Message::parse(&raw).unwrap();
            let text = message.mail().text().unwrap();
            assert!(text.contains("proveniente da \"mittente sconosciuto\""), "{text}");
        }
    }
    assert_eq!(display(&anomaly("<a@b.example>", dsn), "From"), "Per conto di: a@b.example", "the path counts where there is one");
}
