//! Mailbox files.

use std::io::Write as _;
use std::process::{Command, Stdio};

use postacert::mbox::{FromLines, Mbox, MboxError, Splitter};
use postacert::{Limits, Message};
use proptest::prelude::*;

use crate::fixtures::read;

const FROM: &str = "From a@x.example Sun Nov 22 10:00:00 2026\n";

fn bodies(file: &[u8]) -> Vec<String> {
    Mbox::new(file).map(|message| String::from_utf8_lossy(message.bytes()).into_owned()).collect()
}

/// What a splitter gives, the file cut into pieces of this size, and the bytes before the first separator.
fn split(file: &[u8], size: usize, from_lines: FromLines, limits: &Limits) -> (Vec<Result<Vec<u8>, MboxError>>, u64) {
    let mut splitter = Splitter::new(from_lines, limits);
    let mut all = Vec::new();
    for piece in file.chunks(size) {
        splitter.push(piece);
        while let Some(message) = splitter.next_message() {
            all.push(message.map(|message| message.bytes().to_vec()));
        }
    }
    splitter.finish();
    while let Some(message) = splitter.next_message() {
        all.push(message.map(|message| message.bytes().to_vec()));
    }
    (all, splitter.preamble_len())
}

#[test]
fn a_message_is_without_its_separator_and_one_blank_line() {
    assert_eq!(
        bodies(format!("{FROM}A: 1\n\none\n\n{FROM}A: 2\n\ntwo\n\n\n{FROM}A: 3").as_bytes()),
        ["A: 1\n\none\n", "A: 2\n\ntwo\n\n", "A: 3"]
    );
    let crlf = format!("{FROM}A: 1\n\none\n\n{FROM}A: 2\n\ntwo\n\n").replace('\n', "\r\n");
    assert_eq!(bodies(crlf.as_bytes()), ["A: 1\r\n\r\none\r\n", "A: 2\r\n\r\ntwo\r\n"]);
    assert_eq!(bodies(format!("{FROM}{FROM}\n{FROM}").as_bytes()), ["", "", ""]);
    assert_eq!(bodies(b""), [""; 0]);
}

#[test]
fn what_stands_before_the_first_separator_is_no_message() {
    let file = format!("garbage\nFrom nobody\n\n{FROM}A: 1\n");
    let mbox = Mbox::new(file.as_bytes());
    assert_eq!(mbox.preamble(), b"garbage\nFrom nobody\n\n");
    assert_eq!(mbox.map(|message| (message.range().start, message.range().end)).collect::<Vec<_>>(), [(63, 68)]);
    let mbox = Mbox::new(b"Subject: no mbox\n\nciao\n");
    assert_eq!((mbox.preamble().len(), mbox.count()), (23, 0));
}

#[test]
fn rfc4155_a_separator_bears_a_date() {
    for line in [
        "From a@x.example Sun Nov 22 10:00:00 2026",
        "From a@x.example Sun Nov  1 10:00:00 2026",
        "From - Mon Jan 01 00:00:00 1965",
        "From MAILER-DAEMON Fri Jul  8 12:08 2011",
        "From 1850@xxx Mon Jun 01 12:00:00 +0000 2015",
        "From a@x.example Sun Nov 22 10:00:00 CET 2026",
        "From a@x.example Sun Nov 22 10:00:00 2026 +0100",
        "From ???@??? Sun Nov 22 10:00:00 2026",
        "From \"Sun Nov\"@x.example  Sun Nov 22 10:00:00 2026 remote from y",
    ] {
        for end in ["\n", "\r\n", ""] {
            assert_eq!(Mbox::new(format!("x\n{line}{end}").as_bytes()).count(), 1, "{line}");
        }
    }
    for line in [
        "From a@x.example",
        "From Rome with love",
        "From Sun Nov 22 10:00",
        "From a Sun Nov 22 1000 2026",
        "From a Sun Nov 222 10:00:00 2026",
        "From a Sun Nov 22 10:00:00 26",
        "From a Dom Nov 22 10:00:00 2026",
        "from a@x.example Sun Nov 22 10:00:00 2026",
        " From a@x.example Sun Nov 22 10:00:00 2026",
        ">From a@x.example Sun Nov 22 10:00:00 2026",
    ] {
        assert_eq!(Mbox::new(format!("{line}\n").as_bytes()).count(), 0, "{line}");
    }
    let long = format!("From {} Sun Nov 22 10:00:00 2026\n", "a".repeat(2_000));
    assert_eq!(Mbox::new(long.as_bytes()).count(), 0, "no separator is that long");
}

#[test]
fn separators_without_a_date_count_behind_blank_lines_if_asked_for() {
    let file = b"From a\nA: 1\nFrom b\n\nFrom : c\n\nFrom d\nA: 2\n\r\nFrom e\r\n";
    let messages: Vec<_> = Mbox::with_from_lines(file, FromLines::AfterBlankLine).map(|message| message.from_line()).collect();
    assert_eq!(messages, [&b"From a\n"[..], b"From d\n", b"From e\r\n"]);
    assert_eq!(Mbox::new(file).count(), 0);
}

#[test]
fn mboxrd_quotes_are_taken_off_only_if_asked_for() {
    let file = format!("{FROM}>From a\n>>>From b\n> From c\nx >From d\n>From\n>>From e");
    let message = Mbox::new(file.as_bytes()).next().unwrap();
    assert_eq!(message.bytes(), b">From a\n>>>From b\n> From c\nx >From d\n>From\n>>From e");
    assert_eq!(&*message.without_mboxrd_quotes(), b"From a\n>>From b\n> From c\nx >From d\n>From\n>From e");
    let file = format!("{FROM}x\n");
    let plain = Mbox::new(file.as_bytes()).next().unwrap();
    assert!(matches!(plain.without_mboxrd_quotes(), std::borrow::Cow::Borrowed(_)));
}

#[test]
fn a_signed_message_comes_out_of_a_mailbox_as_it_went_in() {
    let [one, two] = ["valid/accettazione.eml", "valid/posta-certificata-completa.eml"].map(read);
    let file = [FROM.as_bytes(), &one, b"\n", FROM.as_bytes(), &two, b"\n"].concat();
    let messages: Vec<_> = Mbox::new(&file).collect();
    assert_eq!(messages.len(), 2);
    for (message, original) in messages.iter().zip([&one, &two]) {
        assert_eq!(message.bytes(), original.as_slice());
        assert!(Message::parse(message.bytes()).unwrap().signed().is_ok());
    }
}

#[test]
fn r31_a_message_beyond_the_limit_is_named_and_the_others_follow() {
    let mut limits = Limits::default();
    limits.message_bytes = 100;
    let big = |bytes: usize| "x\n".repeat(bytes / 2);
    let file = format!("{FROM}{}\n{FROM}{}\n{FROM}small\n\n{FROM}{}", big(100), big(102), big(1_000_000));
    let too_long = |offset| Err(MboxError::MessageTooLong { offset, limit: 100 });
    let from = FROM.len() as u64;
    let due = [Ok(big(100).into_bytes()), too_long(2 * from + 101), Ok(b"small\n".to_vec()), too_long(4 * from + 101 + 103 + 7)];
    for size in [1, 2, 3, 7, 100, 4096, file.len()] {
        assert_eq!(split(file.as_bytes(), size, FromLines::Dated, &limits).0, due, "pieces of {size}");
    }
    assert_eq!(due[1].as_ref().unwrap_err().to_string(), "the message at offset 185 of the file is longer than 100 bytes");
}

#[test]
fn r31_memory_is_bounded_by_the_limit_and_a_piece() {
    let mut limits = Limits::default();
    limits.message_bytes = 10_000;
    let piece = vec![b'x'; 1 << 16];
    let before_and_after = allocation_counter::measure(|| {
        let mut splitter = Splitter::new(FromLines::Dated, &limits);
        for start in [&b""[..], FROM.as_bytes(), b"\nFrom "] {
            splitter.push(start);
            for _ in 0..200 {
                splitter.push(&piece);
                while splitter.next_message().is_some() {}
            }
        }
    });
    assert!(before_and_after.bytes_max < 1 << 20, "{before_and_after:?}");
}

#[test]
fn r31_hostile_files_take_linear_time() {
    let start = std::time::Instant::now();
    for file in [
        "From ".repeat(400_000),
        "From \n".repeat(400_000),
        FROM.repeat(50_000),
        format!("{FROM}{}", ">".repeat(2_000_000)),
        format!("{FROM}{}", ">From \n".repeat(300_000)),
        format!("{FROM}{}", ">From ".repeat(300_000)),
        "From Sun Sun Sun Sun Sun Sun Sun ".repeat(60_000),
        "\n".repeat(2_000_000),
        "\r".repeat(2_000_000),
    ] {
        let messages = Mbox::new(file.as_bytes()).filter(|message| message.without_mboxrd_quotes().len() <= message.bytes().len()).count();
        assert_eq!(split(file.as_bytes(), 1, FromLines::Dated, &Limits::default()).0.len(), messages);
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

/// Python's `mailbox` takes every line `From ` for a separator, so the files have no others.
#[test]
fn python_finds_the_same_messages() {
    const SCRIPT: &str = "import sys, mailbox\n\
        for message in (box := mailbox.mbox(sys.argv[1])).keys(): print(box.get_bytes(message).hex())\n";
    let (one, two) = (read("variant/mbox-lf.eml"), read("valid/ordinaria-multipart.eml"));
    // It reads line ends as the system's, so LF.
    let lf = |raw: &[u8]| raw.iter().copied().filter(|byte| *byte != b'\r').collect::<Vec<_>>();
    let file =
        [&lf(&one), b"\n".as_slice(), FROM.as_bytes(), &lf(&two), b"\n\n", FROM.as_bytes(), b"\n", FROM.as_bytes(), b"A: b"].concat();
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mbox-{}", std::process::id()));
    std::fs::File::create(&path).unwrap().write_all(&file).unwrap();
    let output = match Command::new("python3").args(["-c", SCRIPT]).arg(&path).stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) => return eprintln!("skipped: there is no python3 command ({error})"),
    };
    std::fs::remove_file(&path).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let ours: Vec<String> = Mbox::new(&file).map(|message| message.bytes().iter().map(|byte| format!("{byte:02x}")).collect()).collect();
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().collect::<Vec<_>>(), ours);
    assert_eq!(ours.len(), 4);
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(FROM.to_owned()),
        Just(FROM.trim_end().to_owned() + "\r\n"),
        Just("\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("From x\n".to_owned()),
        Just(">From x\n".to_owned()),
        Just("Fro".to_owned()),
        Just("\r".to_owned()),
        "[a-z ]{0,9}\n",
    ]
}

proptest! {
    #[test]
    fn any_cutting_gives_the_same_messages(lines in proptest::collection::vec(line(), 0..30), sizes in proptest::collection::vec(1usize..60, 1..20)) {
        let file = lines.concat().into_bytes();
        for from_lines in [FromLines::Dated, FromLines::AfterBlankLine] {
            let whole: Vec<_> = Mbox::with_from_lines(&file, from_lines).map(|m| (m.range(), m.from_line().to_vec(), m.bytes().to_vec())).collect();
            let mut splitter = Splitter::new(from_lines, &Limits::default());
            let mut pieces = Vec::new();
            let (mut rest, mut sizes) = (&file[..], sizes.iter().cycle());
            while !rest.is_empty() {
                let (piece, after) = rest.split_at(*sizes.next().unwrap().min(&rest.len()));
                splitter.push(piece);
                // Who does not take them at once gets them later.
                while let Some(m) = (piece.len() % 2 == 0).then(|| splitter.next_message()).flatten() {
                    let m = m.unwrap();
                    pieces.push((m.range(), m.from_line().to_vec(), m.bytes().to_vec()));
                }
                rest = after;
            }
            splitter.finish();
            while let Some(m) = splitter.next_message() {
                let m = m.unwrap();
                pieces.push((m.range(), m.from_line().to_vec(), m.bytes().to_vec()));
            }
            prop_assert_eq!(pieces, whole);
        }
    }

    #[test]
    fn what_is_put_in_comes_out(messages in proptest::collection::vec("([a-z>]{0,9}\n){0,9}", 0..9)) {
        let file: String = messages.iter().map(|message| format!("{FROM}{message}\n")).collect();
        prop_assert_eq!(bodies(file.as_bytes()), messages);
    }

    #[test]
    fn mboxrd_quoting_is_undone(lines in proptest::collection::vec(prop_oneof!["(>){0,3}From [a-z]{0,5}\n", "[>a-zF ]{0,8}\n"], 0..20)) {
        let quoted: String = lines.iter().map(|line| if line.trim_start_matches('>').starts_with("From ") { format!(">{line}") } else { line.clone() }).collect();
        let file = format!("{FROM}{quoted}\n");
        let message = Mbox::new(file.as_bytes()).next().unwrap();
        prop_assert_eq!(message.bytes(), quoted.as_bytes());
        prop_assert_eq!(message.without_mboxrd_quotes().into_owned(), lines.concat().into_bytes());
    }
}
