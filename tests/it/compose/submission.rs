//! RFC 6109 §3.1.1: the formal checks, and the mail that meets them.

use postacert::compose::{FormalRefusal, SizeLimits, Submission, SubmissionError, formal_checks};
use postacert::{Address, Limits, Message, ReceiptKind};
use proptest::prelude::*;

const GOOD: &str =
    "From: Mario <a@pec.example>\r\nTo: b@pec.example, Ufficio <c@PEC.example>\r\nCc: d@pec.example\r\nBcc:\r\nSubject: s\r\n\r\nciao\r\n";

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn addresses(texts: &[&str]) -> Vec<Address> {
    texts.iter().map(|text| address(text)).collect()
}

fn refusals(raw: &[u8], rcpt_to: &[&str], sizes: SizeLimits) -> Vec<FormalRefusal> {
    let message = Message::parse(raw).unwrap();
    formal_checks(&message, &address("a@pec.example"), &addresses(rcpt_to), sizes)
}

fn codes(raw: &str, rcpt_to: &[&str]) -> Vec<&'static str> {
    refusals(raw.as_bytes(), rcpt_to, SizeLimits::default()).iter().map(FormalRefusal::code).collect()
}

#[test]
fn a_mail_in_order_passes() {
    for rcpt_to in [&["b@pec.example", "c@pec.example", "d@pec.example"][..], &["c@pec.example"], &["d@PEC.EXAMPLE", "d@pec.example"]] {
        assert_eq!(codes(GOOD, rcpt_to), Vec::<&str>::new());
    }
    assert_eq!(codes(&GOOD.replace("\r\n", "\n"), &["b@pec.example"]), Vec::<&str>::new());
}

/// What is changed in the good mail, and the refusals that follow.
#[test]
fn each_check_has_its_refusal() {
    let table: [(&str, &str, &[&str]); 40] = [
        ("From: Mario <a@pec.example>\r\n", "", &["from-missing"]),
        ("Mario <a@pec.example>", "", &["from-malformed"]),
        ("Mario <a@pec.example>", "Mario <a@>", &["from-malformed"]),
        ("Mario <a@pec.example>", "gruppo: a@pec.example;", &["from-malformed"]),
        ("Mario <a@pec.example>", "a@pec.example, e@pec.example", &["from-several"]),
        ("Subject: s", "from: a@pec.example", &["from-several"]),
        ("Mario <a@pec.example>", "\"a@pec.example\" <e@pec.example>", &["sender-mismatch"]),
        ("Mario <a@pec.example>", "A@pec.example", &["sender-mismatch"]),
        ("To: b@pec.example, Ufficio <c@PEC.example>\r\n", "", &["to-missing", "recipient-not-in-to-or-cc"]),
        ("b@pec.example, Ufficio <c@PEC.example>", "", &["to-empty", "recipient-not-in-to-or-cc"]),
        ("b@pec.example, Ufficio <c@PEC.example>", "undisclosed-recipients:;", &["to-empty", "recipient-not-in-to-or-cc"]),
        ("Ufficio <c@PEC.example>", "Ufficio <c@PEC", &["to-malformed"]),
        ("Ufficio <c@PEC.example>", "c@a..b", &["to-malformed"]),
        ("d@pec.example", "d@", &["cc-malformed"]),
        ("Bcc:", "bcc: e@pec.example", &["bcc-not-empty"]),
        ("Bcc:", "Bcc:\r\n (hidden)", &["bcc-not-empty"]),
        ("Subject: s", "Resent-Bcc: e@pec.example", &["bcc-not-empty"]),
        ("Subject: s", "Resent-Bcc:\r\nRESENT-BCC: e@pec.example", &["bcc-not-empty"]),
        ("Bcc:", "Bcc: e@pec.example\r\nResent-Bcc: f@pec.example", &["bcc-not-empty", "bcc-not-empty"]),
        ("Subject: s", "Resent-Bcc: \r\nResent-To: e@pec.example\r\nResent-Cc: f@pec.example\r\nresent-bcc:", &[]),
        ("Subject: s", "Subject: s\r\nSUBJECT: t", &["field-twice"]),
        ("Subject: s", "To: e@pec.example", &["field-twice"]),
        ("Subject: s", "Message-ID: <a@b>\r\nMessage-ID: <a@b>\r\nDate: x\r\ndate: x", &["field-twice", "field-twice"]),
        ("Subject: s", "no field", &["header-malformed"]),
        ("From: Mario", "From x@y Sun\r\nFrom: Mario", &["header-malformed"]),
        ("Subject: s", "Subject: perché", &["header-not-ascii"]),
        ("Subject: s", "Subject: s\u{b}t\u{7f}", &["header-control"]),
        ("ciao", "ci\u{c}ao", &[]),
        ("Subject: s", "Subject: s\0", &["nul-byte"]),
        ("ciao", "ci\0ao", &["nul-byte"]),
        ("Subject: s", "Subject: s\rX: y", &["bare-cr"]),
        ("ciao", "ciao\r.\r\n", &["bare-cr"]),
        ("ciao\r\n", "ciao\n.\n", &["mixed-line-ends"]),
        ("Subject: s\r\n", "Subject: s\n", &["mixed-line-ends"]),
        ("ciao", "perché in the body", &[]),
        ("Subject: s", "X-TipoRicevuta: breve", &[]),
        ("b@pec.example, ", "(x) b@pec.example (y),, ", &["to-malformed"]),
        ("Cc: d@pec.example", "Cc:", &[]),
        ("Bcc:\r\n", "", &[]),
        ("Mario <a@pec.example>", "=?utf-8?q?Mario_=C3=A8?=\r\n <a@pec.example> (qui)", &[]),
    ];
    for (from, to, wanted) in table {
        assert!(GOOD.contains(from), "{from}");
        assert_eq!(codes(&GOOD.replacen(from, to, 1), &["b@pec.example"]), wanted, "{from:?} -> {to:?}");
    }
}

/// RFC 5322 §3.6.6: the field "functions identically" to Bcc.
#[test]
fn a_resent_blind_copy_is_one() {
    let raw = GOOD.replace("Subject: s", "Resent-Bcc: e@pec.example");
    let found = refusals(raw.as_bytes(), &["b@pec.example"], SizeLimits::default());
    let offset = raw.find("Resent-Bcc").unwrap();
    assert_eq!(found, [FormalRefusal::BccNotEmpty { name: "Resent-Bcc", offset }]);
    assert_eq!(found[0].to_string(), format!("the field Resent-Bcc is not empty (offset {offset})"));
}

#[test]
fn every_recipient_must_be_named() {
    let found = refusals(GOOD.as_bytes(), &["b@pec.example", "x@pec.example", "B@pec.example"], SizeLimits::default());
    let recipient = |text| FormalRefusal::RecipientNotListed { recipient: address(text) };
    assert_eq!(found, [recipient("x@pec.example"), recipient("B@pec.example")]);
    assert_eq!(codes(GOOD, &[]), ["no-recipient"]);
}

#[test]
fn lines_have_998_bytes_at_most() {
    for (length, wanted) in [(998, &[][..]), (999, &["line-too-long"])] {
        assert_eq!(codes(&GOOD.replace("ciao", &"x".repeat(length)), &["b@pec.example"]), wanted);
        assert_eq!(codes(&GOOD.replace("Subject: s", &format!("X: {}", "x".repeat(length - 3))), &["b@pec.example"]), wanted);
    }
}

#[test]
fn size_by_recipients_is_limited() {
    let size = GOOD.len() as u64;
    let mut sizes = SizeLimits::of(size * 2);
    assert_eq!(refusals(GOOD.as_bytes(), &["b@pec.example", "c@pec.example"], sizes), []);
    sizes.total_bytes -= 1;
    let total = FormalRefusal::TotalTooLarge { bytes: size, recipients: 2, limit: size * 2 - 1 };
    assert_eq!(refusals(GOOD.as_bytes(), &["b@pec.example", "c@pec.example"], sizes), [total]);
    sizes.message_bytes = size - 1;
    let message = FormalRefusal::MessageTooLarge { bytes: size, limit: size - 1 };
    assert_eq!(refusals(GOOD.as_bytes(), &["b@pec.example"], sizes), std::slice::from_ref(&message));
    assert_eq!(refusals(GOOD.as_bytes(), &["b@pec.example"], SizeLimits::of(size - 1)), [message]);
    (sizes.message_bytes, sizes.total_bytes) = (size, size - 1);
    let total = FormalRefusal::TotalTooLarge { bytes: size, recipients: 1, limit: size - 1 };
    assert_eq!(refusals(GOOD.as_bytes(), &["b@pec.example"], sizes), [total]);
    assert_eq!(SizeLimits::default().total_bytes, 30 * 1024 * 1024);
}

#[test]
fn all_that_is_wrong_is_told() {
    let raw = "From: e@pec.example\r\nno field\r\nBcc: x\r\nCc: <\r\n\r\nci\rao\n";
    assert_eq!(
        codes(raw, &["b@pec.example"]),
        [
            "header-malformed",
            "bare-cr",
            "mixed-line-ends",
            "sender-mismatch",
            "to-missing",
            "cc-malformed",
            "recipient-not-in-to-or-cc",
            "bcc-not-empty"
        ]
    );
}

#[test]
fn ten_thousand_recipients_pass_and_header_fields_beyond_the_limits_do_not() {
    let many: Vec<String> = (0..10_000).map(|n| format!("ufficio.{n}@comune.example")).collect();
    let raw = format!("From: a@pec.example\r\nTo: {}\r\n\r\n", many.join(",\r\n "));
    let texts: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(refusals(raw.as_bytes(), &texts, SizeLimits::of(u64::MAX)), []);
    let raw = format!("{}{}", "X: y\r\n".repeat(10_001), raw);
    assert!(refusals(raw.as_bytes(), &texts[..1], SizeLimits::of(u64::MAX)).iter().any(|r| r.code() == "header-beyond-limits"));
}

#[test]
fn every_refusal_names_its_rule() {
    let message = "From: x\r\nTo: b@pec.example\r\n\r\n";
    let found = refusals(message.as_bytes(), &["b@pec.example"], SizeLimits::default());
    assert_eq!((found[0].rule(), found[0].to_string()), ("RFC 6109 §3.1.1", "the field From holds no valid address (offset 0)".to_owned()));
    let error = SubmissionError::Refused(found);
    assert_eq!(
        error.to_string(),
        "the mail fails the formal checks of PEC: the field From holds no valid address (offset 0) (RFC 6109 §3.1.1)"
    );
}

fn submit(mail: &str, receipt: ReceiptKind) -> Result<Submission, SubmissionError> {
    Submission::new(mail.as_bytes(), address("a@pec.example"), addresses(&["b@pec.example"]), receipt)
}

#[test]
fn a_submission_says_which_receipt_it_wants() {
    let mail = GOOD.replace("Subject: s", "Message-ID: <x@y>\r\nSubject: s");
    let submission = submit(&mail, ReceiptKind::Concise).unwrap();
    assert_eq!(submission.bytes(), format!("X-TipoRicevuta: sintetica\r\n{mail}").as_bytes());
    assert_eq!((submission.receipt(), submission.message_id().unwrap().as_str()), (ReceiptKind::Concise, "x@y"));
    let (mail_from, rcpt_to, bytes) = submission.into_parts();
    assert_eq!((mail_from, rcpt_to), (address("a@pec.example"), addresses(&["b@pec.example"])));
    assert!(bytes.ends_with(b"\r\n\r\nciao\r\n"));

    let mail = GOOD.replace("Subject: s", "x-tiporicevuta:\r\n breve\r\nSubject: s\r\nX-TipoRicevuta: completa");
    let wanted = GOOD.replace("Subject: s", "X-TipoRicevuta: completa\r\nSubject: s");
    assert_eq!(submit(&mail, ReceiptKind::Complete).unwrap().bytes(), wanted.as_bytes());

    let mail = GOOD.replace("\r\n", "\n");
    assert_eq!(submit(&mail, ReceiptKind::Brief).unwrap().bytes(), format!("X-TipoRicevuta: breve\n{mail}").as_bytes());
}

#[test]
fn a_submission_without_agreement_is_refused() {
    let error = submit(&GOOD.replace("Bcc:", "Bcc: x@y"), ReceiptKind::Complete).unwrap_err();
    assert_eq!(error.refusals().iter().map(FormalRefusal::code).collect::<Vec<_>>(), ["bcc-not-empty"]);
    let mut limits = Limits::default();
    limits.message_bytes = 10;
    let rcpt_to = addresses(&["b@pec.example"]);
    let error =
        Submission::new_with(GOOD.as_bytes(), address("a@pec.example"), rcpt_to, ReceiptKind::Brief, SizeLimits::default(), &limits)
            .unwrap_err();
    assert_eq!((error.to_string(), error.refusals().len()), ("the message is longer than 10 bytes".to_owned(), 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_checks_fail(raw in prop::collection::vec(any::<u8>(), 0..300), header in "((From|To|Cc|Bcc|X-TipoRicevuta|x)( )?:[ -~]{0,20}\r?\n){0,8}") {
        for raw in [raw.clone(), header.clone().into_bytes(), [header.as_bytes(), &raw].concat()] {
            let _ = refusals(&raw, &["b@pec.example"], SizeLimits::default());
            let text = String::from_utf8_lossy(&raw);
            if let Ok(submission) = submit(&text, ReceiptKind::Brief) {
                let message = Message::parse(submission.bytes()).unwrap();
                prop_assert_eq!(message.root().fields("X-TipoRicevuta").count(), 1);
                prop_assert_eq!(message.claims().from_address(), Some(address("a@pec.example")));
            }
        }
    }
}
