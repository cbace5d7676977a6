//! `pec dossier`: where messages are found, what is said of them.

use std::fs;
use std::path::Path;

use postacert::ReceiptKind;
use serde_json::Value;

use super::{Ran, TRUST, at, codes, fixtures, keys, run, run_with_input, scratch};
use crate::support::letters::{Fate, Letter, many, of_every_fate};

/// `pec dossier` with the fixtures' trust, at their time.
pub(super) fn dossier(arguments: &[&str]) -> Ran {
    let at = at();
    run(&[&["dossier"][..], &TRUST, &["--at", &at], arguments].concat())
}

/// Writes the receipts of letters into a folder.
pub(super) fn post(folder: &Path, letters: &[Letter]) {
    for (name, bytes) in letters.iter().flat_map(Letter::receipts) {
        fs::write(folder.join(name), bytes).unwrap();
    }
}

pub(super) fn delivered(number: u64) -> Letter {
    Letter::new(number, "Disdetta", &[("bruno@pec.gestoreuno.example", Fate::Delivered(4, ReceiptKind::Complete))])
}

/// An mbox file of messages, with `>` before the lines that look like separators.
pub(super) fn mbox(messages: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut file = Vec::new();
    for message in messages {
        file.extend_from_slice(b"From posta-certificata@pec.gestoreuno.example Fri Nov 20 09:30:00 2026\r\n");
        for line in message.split_inclusive(|byte| *byte == b'\n') {
            let quotes = line.iter().take_while(|byte| **byte == b'>').count();
            if line[quotes..].starts_with(b"From ") {
                file.push(b'>');
            }
            file.extend_from_slice(line);
        }
        file.extend_from_slice(b"\r\n");
    }
    file
}

fn summaries(ran: &Ran) -> Vec<String> {
    ran.objects().iter().map(|object| object["summary"].as_str().unwrap().to_owned()).collect()
}

// -- what is said --

#[test]
fn a_table_says_what_became_of_the_message_for_each_recipient() {
    let folder = scratch("dossier-table");
    post(&folder, &[of_every_fate(1)]);
    let ran = dossier(&[folder.to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.starts_with("Richiesta di accesso agli atti del procedimento n. 4471/2026\n"), "{}", ran.out);
    let line = |start: &str| ran.out.lines().find(|line| line.contains(start)).unwrap_or_else(|| panic!("{start}: {}", ran.out)).to_owned();
    assert!(line("  outcome ").ends_with(" failed"), "{}", ran.out);
    for (recipient, word) in [
        ("  protocollo@cert.duepostale.example", None),
        ("  dario@mail.example (not a PEC mailbox)", None),
        ("  tace@cert.duepostale.example", Some("accepted       2026-11-20 09:30:00 +01:00")),
        ("  virus@cert.duepostale.example", Some("virus          2026-11-20 09:30:30 +01:00")),
    ] {
        let line = line(recipient);
        assert!(word.is_none_or(|word| line.ends_with(word)), "{line}");
    }
    for expected in [
        "not delivered  2026-11-20 09:30:12 +01:00",
        "given up       2026-11-21 09:30:10 +01:00",
        "late           2026-11-20 21:30:05 +01:00",
        "delivered      2026-11-20 09:31:35 +01:00",
        "no receipt due 2026-11-20 09:30:00 +01:00",
        "5.1.1 - Servizi Postali Due - indirizzo non valido",
        "- 2026-11-20 09:30:03 +01:00  taken in charge",
        "- 2026-11-20 09:30:04 +01:00  delivery (complete)",
    ] {
        assert!(ran.out.contains(expected), "{expected}: {}", ran.out);
    }
    assert_eq!(ran.err.trim(), "messages sent: 1, receipts: 12");
    let ran = dossier(&["--lang", "it", folder.to_str().unwrap()]);
    assert!(
        ran.out.contains("consegnato     20/11/2026 09:31:35 +01:00") && ran.out.contains("  esito            non riuscito\n"),
        "{}",
        ran.out
    );
    assert_eq!(ran.err.trim(), "messaggi inviati: 1, ricevute: 12");
}

#[test]
fn tables_of_dossiers_fit_eighty_columns() {
    let folder = scratch("dossier-columns");
    post(&folder, &[of_every_fate(99)]);
    post(&folder, &many(12));
    let long = |line: &&str| line.chars().count() > 80 && line.split_whitespace().all(|word| word.chars().count() < 40);
    for language in ["en", "it"] {
        let ran = dossier(&["--lang", language, folder.to_str().unwrap()]);
        assert_eq!(ran.out.lines().find(long), None);
        assert!(ran.out.lines().all(|line| line.trim_end() == line), "no blanks at the end of a line: {}", ran.out);
    }
}

#[test]
fn json_is_one_object_a_message() {
    let folder = scratch("dossier-json");
    post(&folder, &[of_every_fate(1)]);
    let ran = dossier(&["--json", folder.to_str().unwrap()]);
    assert_eq!(ran.code, 1);
    let text = ran.out.replace(folder.to_str().unwrap(), "FOLDER");
    let found: Value = serde_json::from_str(&text).unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/command_line/dossier.expected.json");
    if std::env::var_os("POSTACERT_WRITE_DOCS").is_some() {
        fs::write(&golden, serde_json::to_string_pretty(&found).unwrap() + "\n").unwrap();
    }
    let expected: Value = serde_json::from_str(&fs::read_to_string(golden).unwrap()).unwrap();
    assert_eq!(found, expected, "found:\n{}", serde_json::to_string_pretty(&found).unwrap());
    assert_eq!(
        keys(&found),
        ["identificativo", "subject", "sender", "summary", "orphan", "receipts", "recipients", "missing", "issues", "unproven", "bounces"]
    );
}

#[test]
fn json_of_messages_comes_in_the_order_of_their_dates_and_is_the_same_whatever_the_order_of_the_files() {
    let folder = scratch("dossier-order");
    post(&folder, &many(10));
    let mut files: Vec<String> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path().to_str().unwrap().to_owned()).collect();
    files.sort();
    let forward = dossier(&[vec!["--json"], files.iter().map(String::as_str).collect()].concat());
    let back = dossier(&[vec!["--json"], files.iter().rev().map(String::as_str).collect()].concat());
    assert_eq!(forward.out, back.out);
    let dates: Vec<String> = forward.objects().iter().map(|object| object["receipts"][0]["when"].as_str().unwrap().to_owned()).collect();
    assert!(dates.len() == 10 && dates.is_sorted(), "{dates:?}");
}

#[test]
fn an_orphan_is_shown_as_one() {
    let folder = scratch("dossier-orphan");
    post(&folder, &[delivered(1)]);
    fs::remove_file(folder.join("1-accettazione.eml")).unwrap();
    let ran = dossier(&["--json", folder.to_str().unwrap()]);
    let object = ran.object();
    assert_eq!((&object["orphan"], &object["missing"][0]["code"]), (&true.into(), &"missing-acceptance".into()));
    assert_eq!(object["recipients"][0]["progress"], "delivered");
    assert!(dossier(&[folder.to_str().unwrap()]).out.contains("  ! The acceptance is not here"));
}

#[test]
fn what_does_not_fit_is_told_with_the_names_of_the_files() {
    let folder = scratch("dossier-issues");
    post(&folder, &[delivered(1)]);
    fs::write(folder.join("1-refused.eml"), delivered(1).refusal()).unwrap();
    let ran = dossier(&["--json", folder.to_str().unwrap()]);
    assert_eq!((ran.code, codes(&ran.object()["issues"]).contains(&"accepted-and-refused")), (1, true), "{}", ran.out);
    assert!(dossier(&[folder.to_str().unwrap()]).out.contains("  ! the message was both accepted and refused"));
    // A receipt about somebody to whom the message was not sent.
    let mut other = delivered(1);
    other.recipients = vec![("sindaco@comune.duepostale.example".into(), Fate::Delivered(9, ReceiptKind::Complete))];
    fs::write(folder.join("stranger.eml"), &other.receipts()[2].1).unwrap();
    let ran = dossier(&[folder.to_str().unwrap()]);
    let unwrapped = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(unwrapped.contains("stranger.eml is about sindaco@comune.duepostale.example, to whom"), "{}", ran.out);
}

#[test]
fn what_is_overdue_is_told() {
    let folder = scratch("dossier-overdue");
    post(&folder, &[Letter::new(1, "x", &[("bruno@pec.gestoreuno.example", Fate::Nothing)])]);
    let folder = folder.to_str().unwrap();
    let missing = |at: &str| {
        let ran = run(&[&["dossier", "--json"][..], &TRUST, &["--at", at, folder]].concat());
        ran.object()["missing"][0].clone()
    };
    assert_eq!(missing("2026-11-20T10:30:00+01:00")["overdue"], "not-overdue");
    assert_eq!(missing("2026-11-20T21:30:00+01:00")["overdue"], "overdue-12h");
    let last = missing("2026-11-21T09:30:00+01:00");
    assert_eq!((&last["overdue"], &last["recipient"]), (&"overdue-24h".into(), &"bruno@pec.gestoreuno.example".into()));
    assert!(dossier(&[folder]).out.contains("! nothing final has come of bruno@"));
    let told = dossier(&["--lang", "it", folder]).out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("accettato il 20/11/2026 08:30:00 UTC (oltre 24 ore)"), "as all other times are written: {told}");
    let early = run(&[&["dossier"][..], &TRUST, &["--at", "2026-11-20T10:30:00+01:00", folder]].concat());
    assert!(!early.out.contains('!'), "it is awaited, not late: {}", early.out);
}

#[test]
fn the_table_of_the_readme_is_what_is_printed() {
    let files = ["accettazione", "avvenuta-consegna-completa"].map(|name| format!("valid/{name}.eml"));
    let at = at();
    let ran = run(&["dossier", "--directory", "directory/directory.ldif", "--at", &at, &files[0], &files[1]]);
    // Lines are broken by the lengths of the paths.
    let words = |text: &str| text.replace("tests/fixtures/", "").split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let readme = include_str!("../../../README.md");
    let table = readme.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    assert_eq!(words(table), words(&ran.out), "{}", ran.err);
}

// -- what counts --

#[test]
fn only_what_is_verified_counts() {
    let folder = scratch("dossier-forged");
    post(&folder, &[delivered(1)]);
    let path = folder.join("1-consegna-1.eml");
    let forged = String::from_utf8(fs::read(&path).unwrap()).unwrap().replace("consegnato nella casella", "consegnato nella cosella");
    fs::write(&path, forged).unwrap();
    let ran = dossier(&["--json", folder.to_str().unwrap()]);
    let object = ran.object();
    assert_eq!((ran.code, &object["summary"]), (1, &"warning".into()), "days after, its receipt has not come");
    assert_eq!(object["recipients"][0]["progress"], "accepted");
    let unproven = &object["unproven"][0];
    assert_eq!((&unproven["outcome"], &unproven["kind"]), (&"failed".into(), &"avvenuta-consegna".into()));
    assert_eq!(codes(&unproven["reasons"]), ["digest-mismatch"]);
    assert_eq!(ran.err.trim(), "messages sent: 1, receipts: 2, not verified: 1");
    let ran = dossier(&[folder.to_str().unwrap()]);
    assert!(ran.out.contains("  Says it belongs here, and is not proven\n"), "{}", ran.out);
    // Without the others nothing is known of the message.
    let ran = dossier(&[path.to_str().unwrap()]);
    assert!(ran.code == 1 && ran.out.starts_with("Receipts that are not proven\n") && ran.out.contains("digest"), "{}", ran.out);
}

#[test]
fn other_mail_and_duplicates_are_counted() {
    let folder = scratch("dossier-counts");
    post(&folder, &[delivered(1)]);
    fs::copy(folder.join("1-consegna-1.eml"), folder.join("1-consegna-2.eml")).unwrap();
    for name in ["ordinaria.eml", "posta-certificata-completa.eml", "anomalia-ordinaria.eml"] {
        fs::copy(fixtures().join("valid").join(name), folder.join(name)).unwrap();
    }
    fs::write(folder.join("notes.txt"), "no mail").unwrap();
    let ran = dossier(&["--json", folder.to_str().unwrap()]);
    assert_eq!((ran.code, ran.err.trim()), (0, "messages sent: 1, receipts: 3, duplicates: 1, no receipts: 3"));
    let copies = &ran.object()["recipients"][0]["receipts"][1]["copies"];
    assert!(copies[0].as_str().unwrap().ends_with("1-consegna-2.eml"), "{copies}");
}

#[test]
fn of_copies_the_first_in_the_order_of_the_names_is_the_file() {
    let folder = scratch("dossier-copies");
    for name in ["b", "a", "c"] {
        fs::create_dir(folder.join(name)).unwrap();
        fs::write(folder.join(name).join("x.eml"), delivered(1).acceptance()).unwrap();
    }
    let object = dossier(&["--json", folder.to_str().unwrap()]).object();
    let receipt = &object["receipts"][0];
    assert!(
        receipt["file"].as_str().unwrap().ends_with("a/x.eml") && receipt["copies"][0].as_str().unwrap().ends_with("b/x.eml"),
        "{receipt}"
    );
}

#[test]
fn a_header_that_claims_a_receipt_is_not_passed_over() {
    let folder = scratch("dossier-claim");
    fs::write(folder.join("x.eml"), "X-Ricevuta: avvenuta-consegna\nSubject: CONSEGNA: Disdetta\n\nConsegnato, davvero.\n").unwrap();
    let ran = dossier(&[folder.to_str().unwrap()]);
    assert_eq!((ran.code, ran.err.trim()), (1, "messages sent: 0, receipts: 0, not verified: 1"));
    assert!(ran.out.contains("x.eml: failed"), "{}", ran.out);
}

/// The bounce of an envelope, as a mail system writes it.
pub(super) fn bounce(letter: &Letter, recipient: &str, why: &str) -> String {
    format!(
        "From: mailer-daemon@mail.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\n\r\nNo such user.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.mail.example\r\n\r\n\
         Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; {why}\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{}>\r\n--b--\r\n",
        letter.id()
    )
}

#[test]
fn a_bounce_is_shown_beside_the_message_and_counts_for_nothing() {
    let folder = scratch("dossier-bounce");
    let letter = Letter::new(1, "Disdetta", &[("dario@mail.example", Fate::External)]);
    post(&folder, std::slice::from_ref(&letter));
    fs::write(folder.join("bounce.eml"), bounce(&letter, "dario@mail.example", "550 5.1.1 no such user")).unwrap();
    fs::write(folder.join("other.eml"), bounce(&delivered(2), "dario@mail.example", "550 5.1.1 no such user")).unwrap();
    let ran = dossier(&["--json", folder.to_str().unwrap()]);
    let object = ran.object();
    assert_eq!((ran.code, &object["summary"], &object["recipients"][0]["progress"]), (0, &"accepted".into(), &"external".into()));
    let bounces = object["bounces"].as_array().unwrap();
    assert_eq!((bounces.len(), &bounces[0]["recipient"], &bounces[0]["action"]), (1, &"dario@mail.example".into(), &"failed".into()));
    assert_eq!(bounces[0]["why"], "550 5.1.1 no such user");
    let ran = dossier(&[folder.to_str().unwrap()]);
    assert!(
        ran.out.contains("  Ordinary mail says, and nobody proves\n    - dario@mail.example: failed (550 5.1.1 no such user):"),
        "{}",
        ran.out
    );
}

#[test]
fn exit_codes_tell_threaded_from_failed_from_trouble() {
    let folder = scratch("dossier-exit");
    let path = folder.to_str().unwrap();
    assert_eq!(dossier(&[path]).code, 0, "nothing is nothing bad");
    post(&folder, &[delivered(1)]);
    assert_eq!(dossier(&[path]).code, 0);
    post(&folder, &[of_every_fate(2)]);
    assert_eq!(dossier(&[path]).code, 1);
    let ran = dossier(&["--json", path, "no-such-file.eml"]);
    assert_eq!((ran.code, ran.objects().len()), (2, 2));
    assert!(ran.err.starts_with("pec: no-such-file.eml: ") && ran.err.ends_with("unreadable: 1\n"), "{}", ran.err);
    assert_eq!(run(&["dossier"]).code, 2);
    assert_eq!(run(&["dossier", path, "--basis", "archive"]).code, 2);
}

// -- where messages are found --

#[test]
fn folders_are_looked_through_and_links_not_followed() {
    let folder = scratch("dossier-folders");
    let deep = folder.join("a/b/c");
    fs::create_dir_all(&deep).unwrap();
    post(&deep, &[delivered(1)]);
    fs::rename(deep.join("1-accettazione.eml"), folder.join("accettazione.EML")).unwrap();
    fs::create_dir(folder.join(".hidden")).unwrap();
    post(&folder.join(".hidden"), &[delivered(2)]);
    #[cfg(unix)]
    std::os::unix::fs::symlink(&folder, deep.join("circle")).unwrap();
    let ran = dossier(&["--json", folder.to_str().unwrap()]);
    assert_eq!((ran.code, summaries(&ran)), (0, vec!["delivered".to_owned()]), "{}", ran.err);
}

#[test]
fn maildir_has_its_messages_in_cur_and_new() {
    let maildir = scratch("dossier-maildir");
    for folder in ["cur", "new", "tmp", ".Inviata/cur", ".Inviata/new", ".Inviata/tmp"] {
        fs::create_dir_all(maildir.join(folder)).unwrap();
    }
    let receipts = delivered(1).receipts();
    fs::write(maildir.join("cur/1732.M1P2.host:2,S"), &receipts[0].1).unwrap();
    fs::write(maildir.join("new/1732.M3P4.host"), &receipts[1].1).unwrap();
    fs::write(maildir.join(".Inviata/cur/1732.M5P6.host:2,"), &receipts[2].1).unwrap();
    fs::write(maildir.join("tmp/1732.M7P8.eml"), delivered(2).acceptance()).unwrap();
    fs::write(maildir.join("dovecot-uidlist"), "3 V1 N1").unwrap();
    let ran = dossier(&["--json", maildir.to_str().unwrap()]);
    assert_eq!((ran.code, summaries(&ran)), (0, vec!["delivered".to_owned()]), "{}", ran.err);
    // One of its folders alone.
    let ran = dossier(&["--json", maildir.join("cur").to_str().unwrap()]);
    assert_eq!(summaries(&ran), ["warning"], "days after, its receipt has not come");
}

#[test]
fn an_mbox_is_one_by_its_beginning() {
    let folder = scratch("dossier-mbox");
    let letters = many(5);
    let all = mbox(letters.iter().flat_map(Letter::receipts).map(|(_, bytes)| bytes));
    fs::write(folder.join("Inbox"), &all).unwrap();
    fs::write(folder.join("Inbox.msf"), "// <!-- <mdb:mork:z v=\"1.4\"/> -->").unwrap();
    let ran = dossier(&["--json", folder.to_str().unwrap()]);
    assert_eq!((ran.objects().len(), ran.err.contains("duplicates")), (5, false), "{}", ran.err);
    let file = ran.objects()[0]["receipts"][0]["file"].as_str().unwrap().to_owned();
    assert!(file.contains("Inbox#"), "{file}");
    // And from standard input.
    let at = at();
    let piped = run_with_input(&[&["dossier", "--json"][..], &TRUST, &["--at", &at, "-"]].concat(), &all);
    assert_eq!(piped.objects().len(), 5, "{}", piped.err);
}

#[test]
fn quotes_of_an_mbox_are_undone_where_only_that_verifies() {
    let mut letter = delivered(1);
    letter.original = b"Subject: x\r\nMIME-Version: 1.0\r\n\r\nHello,\r\nFrom Rome with love\r\n>From Milan too\r\n".to_vec();
    let receipts = letter.receipts().into_iter().map(|(_, bytes)| bytes);
    let folder = scratch("dossier-mboxrd");
    let path = folder.join("in.mbox");
    let file = mbox(receipts);
    assert!(file.windows(8).any(|bytes| bytes == b"\n>From R"), "it is quoted");
    fs::write(&path, file).unwrap();
    let ran = dossier(&["--json", path.to_str().unwrap()]);
    assert_eq!((ran.code, summaries(&ran)), (0, vec!["delivered".to_owned()]), "{}", ran.err);
}

#[test]
fn a_large_mbox_of_all_sorts_is_read_in_pieces() {
    let path = scratch("dossier-large").join("large.mbox");
    let ordinary = [b"Subject: x\r\n\r\n".to_vec(), b"Nel mezzo del cammin di nostra vita\r\n".repeat(30_000)].concat();
    let letter = delivered(1);
    let messages = letter.receipts().into_iter().map(|(_, bytes)| bytes);
    let messages = messages.flat_map(|bytes| std::iter::once(bytes).chain(std::iter::repeat_n(ordinary.clone(), 6)));
    fs::write(&path, mbox(messages)).unwrap();
    assert!(fs::metadata(&path).unwrap().len() > 15_000_000);
    let ran = dossier(&["--json", path.to_str().unwrap()]);
    assert_eq!((ran.code, ran.err.trim()), (0, "messages sent: 1, receipts: 3, no receipts: 18"));
    assert!(ran.object()["recipients"][0]["receipts"][1]["file"].as_str().unwrap().ends_with("large.mbox#15"), "{}", ran.out);
    fs::remove_file(path).unwrap();
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_read() {
    let folder = scratch("dossier-unreadable");
    post(&folder, &[delivered(1)]);
    std::os::unix::fs::symlink(folder.join("nowhere"), folder.join("broken.eml")).unwrap();
    fs::write(folder.join("empty.eml"), "").unwrap();
    fs::write(folder.join("none.mbox"), "From here on nothing is a separator\n\nFrom there neither\n").unwrap();
    let ran = dossier(&["--json", folder.to_str().unwrap()]);
    assert_eq!((ran.code, summaries(&ran)), (2, vec!["delivered".to_owned()]));
    assert!(ran.err.contains("broken.eml: ") && ran.err.contains("none.mbox: ") && ran.err.contains("unreadable: 2"), "{}", ran.err);
}
