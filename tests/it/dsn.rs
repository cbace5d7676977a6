//! Bounces of ordinary mail (RFC 3464).

use std::process::{Command, Stdio};

use postacert::dsn::{Action, DeliveryReport, DsnError, ReturnedForm, Typed};
use postacert::{Language, Message, StatusCode};
use proptest::prelude::*;

/// A report with this status and this third part, header and all.
fn bounce(status: &str, third: &str) -> String {
    let head = "From: MAILER-DAEMON@mx.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nNo.\n";
    let third = if third.is_empty() { String::new() } else { format!("--b\n{third}\n") };
    format!("{head}--b\nContent-Type: message/delivery-status\n\n{status}\n{third}--b--\n").replace('\n', "\r\n")
}

fn with_report<T>(raw: &str, look: impl FnOnce(DeliveryReport<'_>) -> T) -> T {
    let message = Message::parse(raw.as_bytes()).unwrap();
    look(DeliveryReport::of(&message).unwrap())
}

fn error(raw: &str) -> DsnError {
    DeliveryReport::of(&Message::parse(raw.as_bytes()).unwrap()).unwrap_err()
}

const FULL: &str = "Original-Envelope-Id: QQ314159\nReporting-MTA: dns; mx.example\nDSN-Gateway: dns; gw.example\n\
    Received-From-MTA: dns; pec.example (192.0.2.1)\nArrival-Date: Sun, 22 Nov 2026 10:00:00 +0100\nX-Altro: uno\n\n\
    Original-Recipient: rfc822;Anna@posta.example\nFinal-Recipient: RFC822; <a1@mx.example>\nACTION: Failed\nStatus: 5.1.10 (no mailbox)\n\
    Remote-MTA: dns; mx2.example\nDiagnostic-Code: smtp; 550-5.1.10 nobody;\n here\nLast-Attempt-Date: Sun, 22 Nov 2026 10:00:05 +0100\n\
    Final-Log-ID: 4711\nX-Altro: due\n\n\n\
    Final-Recipient: x400; /C=IT/ADMD=x/\nAction: delayed\nStatus: 4.4.7\nWill-Retry-Until: Tue, 24 Nov 2026 10:00:00 +0100";

#[test]
fn rfc3464_s2_every_field_is_read() {
    with_report(&bounce(FULL, ""), |report| {
        let typed = |kind: &str, value: &str| Some(Typed::read(&format!("{kind}; {value}")));
        assert_eq!(report.original_envelope_id(), Some("QQ314159"));
        assert_eq!(report.reporting_mta(), typed("dns", "mx.example"));
        assert_eq!(report.gateway(), typed("dns", "gw.example"));
        assert_eq!(report.received_from_mta(), typed("dns", "pec.example (192.0.2.1)"));
        assert_eq!(report.arrival_date().unwrap().unwrap().to_string(), "2026-11-22T10:00:00+01:00");
        assert_eq!(report.fields().last().map(|field| (field.name(), field.value())), Some(("X-Altro", "uno")));

        let [anna, other] = report.recipients() else { panic!("{:?}", report.recipients()) };
        assert_eq!(anna.original_recipient(), typed("rfc822", "Anna@posta.example"));
        assert_eq!(anna.final_recipient().unwrap().to_string(), "RFC822; <a1@mx.example>");
        assert_eq!(anna.final_recipient().unwrap().address(), "a1@mx.example".parse().ok());
        assert_eq!(anna.claimed_recipient(), "Anna@posta.example".parse().ok(), "as the sender wrote it");
        assert_eq!(anna.action().unwrap().value(), Some(&Action::Failed));
        let status = anna.status().unwrap();
        assert_eq!(status.value().map(|s| (s.class(), s.subject(), s.detail())), Some((5, 1, 10)));
        assert_eq!(anna.remote_mta(), typed("dns", "mx2.example"));
        assert_eq!(anna.diagnostic_code(), typed("smtp", "550-5.1.10 nobody; here"));
        assert_eq!(anna.last_attempt_date().unwrap().unwrap().to_string(), "2026-11-22T10:00:05+01:00");
        assert_eq!(anna.final_log_id(), Some("4711"));
        assert_eq!((anna.fields().len(), anna.will_retry_until()), (9, None));

        assert_eq!(other.final_recipient().unwrap().kind(), "x400");
        assert_eq!(other.claimed_recipient(), None, "it is no Internet address");
        assert_eq!(other.action().unwrap().value(), Some(&Action::Delayed));
        assert_eq!(other.will_retry_until().unwrap().unwrap().to_string(), "2026-11-24T10:00:00+01:00");
        assert_eq!((report.returned(), report.claimed_message_id(), report.claimed_reference()), (None, None, None));
    });
}

#[test]
fn lines_that_end_in_lf_and_encoded_statuses_read_the_same() {
    let crlf = bounce(FULL, "");
    let lf = crlf.replace('\r', "");
    let parts = with_report(&crlf, |report| report.recipients().to_vec());
    assert_eq!(with_report(&lf, |report| report.recipients().to_vec()), parts);
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(FULL.replace('\n', "\r\n"));
    let base64 = bounce(&format!("@{encoded}"), "").replace("-status\r\n\r\n@", "-status\r\nContent-Transfer-Encoding: base64\r\n\r\n");
    assert_eq!(with_report(&base64, |report| report.recipients().to_vec()), parts);
}

#[test]
fn what_is_out_of_form_is_kept_as_written() {
    let status = "Reporting-MTA: mx\n\nFinal-Recipient: nobody\nAction: bounced\nStatus: 5.1\nLast-Attempt-Date: ieri\nArrival-Date: oggi";
    with_report(&bounce(status, ""), |report| {
        assert_eq!(
            report.reporting_mta().map(|mta| (mta.kind().to_owned(), mta.value().to_owned())),
            Some((String::new(), "mx".to_owned()))
        );
        let recipient = &report.recipients()[0];
        assert_eq!((recipient.claimed_recipient(), recipient.final_recipient().unwrap().value()), (None, "nobody"));
        let (action, status) = (recipient.action().unwrap(), recipient.status().unwrap());
        assert_eq!((action.value(), action.text(), status.value(), status.text()), (None, "bounced", None, "5.1"));
        assert!(recipient.last_attempt_date().unwrap().is_err());
        assert_eq!(report.arrival_date(), None, "what stands among a recipient's fields is not the message's");
    });
}

#[test]
fn a_missing_blank_line_before_the_first_recipient_is_no_loss() {
    let status = "Reporting-MTA: dns; mx\nFinal-Recipient: rfc822; a@x.example\nAction: failed\n\nFinal-Recipient: rfc822; b@x.example";
    with_report(&bounce(status, ""), |report| {
        assert_eq!(report.fields().len(), 1);
        let named: Vec<_> = report.recipients().iter().map(|r| r.claimed_recipient().unwrap().to_string()).collect();
        assert_eq!(named, ["a@x.example", "b@x.example"]);
    });
    with_report(&bounce("Final-Recipient: rfc822; a@x.example", ""), |report| {
        assert_eq!((report.fields().len(), report.recipients().len()), (0, 1));
    });
    with_report(&bounce("", ""), |report| assert_eq!((report.fields().len(), report.recipients().len()), (0, 0)));
}

#[test]
fn what_was_sent_back_says_what_it_is_about_as_a_claim() {
    let header = "Message-ID: <opec1@pec.example>\nX-Riferimento-Message-ID: <abc$1@client.example>\nSubject: POSTA CERTIFICATA: x";
    for (kind, form) in [
        ("text/rfc822-headers", ReturnedForm::Headers),
        ("message/global-headers", ReturnedForm::Headers),
        ("message/rfc822", ReturnedForm::Message),
        ("message/global", ReturnedForm::Message),
    ] {
        let raw = bounce(FULL, &format!("Content-Type: {kind}\n\n{header}\n\nMessage-ID: <body@x.example>"));
        with_report(&raw, |report| {
            assert_eq!(report.claimed_message_id().unwrap().value(), "opec1@pec.example".parse().ok().as_ref());
            assert_eq!(report.claimed_reference().unwrap().value(), "abc$1@client.example".parse().ok().as_ref());
            let returned = report.returned().unwrap();
            assert_eq!(returned.form(), form);
            let message = returned.carried().message().unwrap();
            assert_eq!(message.claims().subject().as_deref(), Some("POSTA CERTIFICATA: x"));
        });
    }
    let google = bounce(&format!("X-Original-Message-ID: <1@x.example>\n{FULL}"), "");
    assert_eq!(with_report(&google, |report| report.claimed_message_id().unwrap().text().to_owned()), "<1@x.example>");
}

#[test]
fn other_messages_are_refused_by_name() {
    assert_eq!(error("Subject: x\r\n\r\nciao"), DsnError::NotAReport { found: "text/plain".into() });
    let report = bounce(FULL, "");
    assert_eq!(error(&report.replace("delivery-status; b", "disposition-notification; b")).code(), "other-report");
    assert_eq!(error(&report.replace("message/delivery-status", "text/plain")), DsnError::NoStatus);
    assert_eq!(
        error(&report.replace("report; report-type", "mixed; report-type")).to_string(),
        "the message is multipart/mixed, not multipart/report"
    );
    let nested = format!("Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n{report}\r\n--o--\r\n");
    assert_eq!(error(&nested).code(), "not-a-report", "only the root counts");
    with_report(&report.replace(" report-type=delivery-status;", ""), |report| assert_eq!(report.recipients().len(), 2));
}

#[test]
fn actions_and_codes_are_read_and_written() {
    for action in Action::ALL {
        assert_eq!(action.to_string().to_uppercase().parse(), Ok(action));
        assert!(Language::ALL.iter().all(|language| !action.in_language(*language).is_empty()));
    }
    assert_eq!("lost".parse::<Action>().unwrap_err().to_string(), "the actions are failed, delayed, delivered, relayed and expanded");
    let code: StatusCode = "4.4.7".parse().unwrap();
    assert_eq!(code.to_string(), "4.4.7");
    for text in ["", "5.1", "5.1.1.1", "5.1.1 ", "55.1.1", "5.1.1000", "x5.1.1"] {
        assert!(text.parse::<StatusCode>().is_err(), "{text}");
    }
}

/// The original of an anomaly envelope is the report.
#[cfg(feature = "rustcrypto")]
#[test]
fn a_bounce_is_read_inside_an_anomaly_envelope() {
    use crate::support::composed::{Facts, compose, with_report};
    let raw = compose(&Facts::Anomaly, bounce(FULL, "").as_bytes());
    with_report(&raw, |report| {
        let original = report.verified().unwrap().value().original().unwrap();
        assert_eq!(DeliveryReport::of(&original.message().unwrap()).unwrap().recipients().len(), 2);
    });
}

#[test]
fn r31_hostile_statuses_take_linear_time() {
    let start = std::time::Instant::now();
    for status in
        ["a: b\n\n".repeat(90_000), "a:\n ".repeat(90_000), "\n".repeat(1_000_000), "x\n".repeat(1_000_000), " \n".repeat(1_000_000)]
    {
        with_report(&bounce(&status, ""), |report| assert!(report.recipients().len() < 100_000));
    }
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

/// Python's `email` reads the status as a list of headers.
#[test]
fn python_reads_the_same_fields() {
    const SCRIPT: &str = "import sys, email\n\
        status = [p for p in email.message_from_bytes(sys.stdin.buffer.read()).walk() if p.get_content_type() == 'message/delivery-status'][0]\n\
        for group in status.get_payload():\n\
        \x20   for name, value in group.items(): print(f'{name}: {\"\".join(value.splitlines())}')\n";
    let raw = bounce(FULL, "");
    let child = Command::new("python3").args(["-c", SCRIPT]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return eprintln!("skipped: there is no python3 command ({error})"),
    };
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), raw.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let ours: String = with_report(&raw, |report| {
        let all = report.fields().iter().chain(report.recipients().iter().flat_map(|recipient| recipient.fields()));
        all.map(|field| format!("{}: {}\n", field.name(), field.value())).collect()
    });
    assert_eq!(String::from_utf8(output.stdout).unwrap(), ours);
}

proptest! {
    #[test]
    fn fields_that_are_written_are_read(groups in proptest::collection::vec(proptest::collection::vec(("X-[a-z]{1,8}", "[a-z;.@<>()]{0,9}"), 1..5), 1..6)) {
        let status: Vec<String> = groups.iter().map(|group| group.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()).collect();
        with_report(&bounce(&status.join("\n"), ""), |report| {
            let read = core::iter::once(report.fields()).chain(report.recipients().iter().map(|recipient| recipient.fields()));
            let read: Vec<Vec<_>> = read.map(|group| group.iter().map(|f| (f.name().to_owned(), f.value().to_owned())).collect()).collect();
            assert_eq!(read, groups);
        });
    }

    #[test]
    fn r31_any_bytes_are_read_or_refused(status in "[\\PC\r\n:; ]{0,200}", at in 0usize..400) {
        let mut raw = bounce(&status, "Content-Type: message/rfc822\n\nMessage-ID: <a@b>\n").into_bytes();
        raw.truncate(at.max(1));
        if let Ok(report) = DeliveryReport::of(&Message::parse(&raw).unwrap()) {
            let _ = (report.claimed_message_id(), report.claimed_reference());
        }
    }
}
