//! Evidence bundles: what is changed is found and named, and what is verified again is the same.

use std::sync::LazyLock;

use postacert::dossier::{BundleBuilder, BundleError, BundleFault, Dossier, FileName, FileRole, Manifest, Proof, Receipt};
use postacert::{Directory, Message, Policy, VerificationTime, Verifier};

use super::post::{BRUNO, post, recorded, verified};
use crate::fixtures::{at, read, verifier};
use crate::support::judged::{directory, listed, with_policy};

static VERIFIER: LazyLock<Verifier> = LazyLock::new(verifier);

/// Of one message, made by OpenSSL.
const RECEIPTS: [&str; 4] = ["accettazione.eml", "avvenuta-consegna-completa.eml", "preavviso-12h.eml", "presa-in-carico.eml"];

type Files = Vec<(String, Vec<u8>)>;

fn files() -> Files {
    let mut files: Files = RECEIPTS.iter().map(|name| ((*name).to_owned(), read(&format!("valid/{name}")))).collect();
    files.push(("originale.eml".to_owned(), b"From: mario.rossi@pec.gestoreuno.example\r\n\r\nciao\r\n".to_vec()));
    files
}

fn name(name: &str) -> FileName {
    name.parse().unwrap()
}

fn dossier_of(files: &Files) -> Dossier {
    let mut receipts =
        files.iter().filter(|(name, _)| RECEIPTS.contains(&name.as_str())).map(|(_, raw)| Receipt::of(&verified(raw)).unwrap());
    let mut dossier = Dossier::new(receipts.next().unwrap());
    for receipt in receipts {
        dossier.add(receipt).unwrap();
    }
    dossier
}

fn add(builder: &mut BundleBuilder<'_>, verifier: &Verifier, time: VerificationTime, file: &(String, Vec<u8>)) -> Result<(), BundleError> {
    let message = Message::parse(&file.1).unwrap();
    builder.receipt(name(&file.0), &file.1, &verifier.verify(&message, time))
}

fn bundled(files: &Files, verifier: &Verifier, time: VerificationTime) -> Manifest {
    let dossier = dossier_of(files);
    let mut builder = BundleBuilder::new(&dossier);
    for file in files {
        match file.0.as_str() {
            "originale.eml" => builder.original(name(&file.0), &file.1).unwrap(),
            _ => add(&mut builder, verifier, time, file).unwrap(),
        }
    }
    builder.finish()
}

fn manifest() -> Manifest {
    bundled(&files(), &VERIFIER, at())
}

fn lent(files: &Files) -> impl Iterator<Item = (&str, &[u8])> {
    files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
}

fn codes(faults: &[BundleFault]) -> Vec<&'static str> {
    faults.iter().map(BundleFault::code).collect()
}

#[test]
fn a_bundle_says_what_each_file_proves() {
    let manifest = manifest();
    assert_eq!((manifest.files.len(), manifest.absent.len(), &*manifest.summary), (5, 0, "accepted"));
    let proves: Vec<_> = manifest
        .files
        .iter()
        .map(|file| match &file.role {
            FileRole::Receipt { proves, about, .. } => Some((*proves, about.len())),
            _ => None,
        })
        .collect();
    let expected =
        [Some((Proof::Acceptance, 0)), Some((Proof::Delivery, 1)), None, Some((Proof::Silence, 1)), Some((Proof::TakenInCharge, 2))];
    assert_eq!(proves, expected);
}

#[test]
fn r23_verified_again_everything_is_the_same() {
    let files = files();
    let times = [at(), VerificationTime::now(at().instant().unwrap()), VerificationTime::archive(at().instant().unwrap())];
    for time in times {
        let manifest = bundled(&files, &VERIFIER, time);
        assert_eq!(manifest.check(lent(&files)), []);
        assert_eq!(manifest.verify_again(&VERIFIER, lent(&files)), []);
        assert_eq!(manifest.verify_again(&VERIFIER, lent(&files).collect::<Vec<_>>().into_iter().rev()), [], "in any order");
    }
    // By the messages' own dates, which the archive's policy believes.
    let archive = with_policy(Policy::archive());
    let manifest = bundled(&files, &archive, VerificationTime::certification());
    assert_eq!(manifest.verify_again(&archive, lent(&files)), []);
}

#[test]
fn every_changed_byte_of_every_file_is_found_and_named() {
    let (files, manifest) = (files(), manifest());
    let mut changed = 0;
    for (at, (name, bytes)) in files.iter().enumerate() {
        let entry = manifest.files.iter().find(|file| file.name.as_str() == name).unwrap();
        let mut bytes = bytes.clone();
        for place in 0..bytes.len() {
            let bit = 1 << (place % 8);
            bytes[place] ^= bit;
            let Err(BundleFault::FileChanged { name: named, .. }) = entry.check(&bytes) else { panic!("{name}: byte {place}") };
            assert_eq!(named.as_str(), name);
            bytes[place] ^= bit;
            changed += 1;
        }
        // The whole bundle names that file and no other; so with a byte less, or more.
        for other in [&bytes[1..], &bytes[..bytes.len() - 1], &[&bytes[..], b"\n"].concat()] {
            let mut files = files.clone();
            files[at].1 = other.to_vec();
            let faults = manifest.check(lent(&files));
            let [BundleFault::FileChanged { name: named, .. }] = &faults[..] else { panic!("{faults:?}") };
            assert_eq!(named.as_str(), name);
            assert_eq!(manifest.verify_again(&VERIFIER, lent(&files))[0], faults[0]);
        }
    }
    assert!(changed > 20_000);
}

#[test]
fn missing_and_unknown_files_are_named() {
    let (all, manifest) = (files(), manifest());
    for at in 0..all.len() {
        let mut files = all.clone();
        let (gone, _) = files.remove(at);
        assert_eq!(manifest.check(lent(&files)), [BundleFault::FileMissing { name: name(&gone) }]);
        assert_eq!(manifest.verify_again(&VERIFIER, lent(&files)), [BundleFault::FileMissing { name: name(&gone) }]);
    }
    let mut more = all.clone();
    more.push(("../altro".to_owned(), Vec::new()));
    assert_eq!(manifest.check(lent(&more)), [BundleFault::FileUnknown { name: "../altro".into() }]);
    // Under another name a file is both.
    let mut renamed = all;
    renamed[0].0 = "Accettazione.eml".to_owned();
    assert_eq!(codes(&manifest.check(lent(&renamed))), ["bundle-file-unknown", "bundle-file-missing"]);
}

#[test]
fn another_directory_or_policy_is_named() {
    let (files, manifest) = (files(), manifest());
    let fields = |verifier: &Verifier| -> Vec<String> {
        let faults = manifest.verify_again(verifier, lent(&files));
        faults
            .iter()
            .map(|fault| if let BundleFault::RecordDiffers { field, .. } = fault { (*field).to_owned() } else { fault.code().to_owned() })
            .collect()
    };
    assert_eq!(fields(&with_policy(Policy::archive())), ["policy"; 4]);
    // Of the same providers, from another day.
    let dated = Verifier::builder().directory(directory().with_date(at().instant().unwrap())).build().unwrap();
    assert_eq!(fields(&dated), ["directory_as_of"; 4]);
    // One that does not list them: they do not pass, and the directory is why.
    let other = Directory::from_ldif(&read("directory/short.ldif")).unwrap();
    let told = fields(&Verifier::builder().directory(other).build().unwrap());
    assert!(told.contains(&"directory".to_owned()), "{told:?}");
    // The same directory without the anchors, or anchors without a directory.
    assert_eq!(fields(&listed().build().unwrap()), ["path"; 4]);
    assert_eq!(fields(&crate::support::judged::anchored().build().unwrap())[0], "directory");
}

#[test]
fn what_a_manifest_tells_otherwise_is_named() {
    let files = files();
    let faults = |change: &dyn Fn(&mut Manifest)| {
        let mut manifest = manifest();
        change(&mut manifest);
        manifest.verify_again(&VERIFIER, lent(&files))
    };
    let role = |field: &'static str, change: &dyn Fn(&mut FileRole)| {
        let faults = faults(&|manifest| change(&mut manifest.files[0].role));
        let [BundleFault::RecordDiffers { name, field: found, .. }] = &faults[..] else { panic!("{faults:?}") };
        assert_eq!((name.as_str(), *found), ("accettazione.eml", field));
    };
    role("id", &|role| {
        if let FileRole::Receipt { id, .. } = role {
            *id = postacert::Fingerprint::of(b"")
        }
    });
    role("kind", &|role| {
        if let FileRole::Receipt { kind, .. } = role {
            *kind = postacert::PecKind::Delivery
        }
    });
    role("when", &|role| {
        if let FileRole::Receipt { when, .. } = role {
            *when = "2020-01-01T00:00:00Z".parse().unwrap()
        }
    });
    role("about", &|role| {
        if let FileRole::Receipt { about, .. } = role {
            about.push(BRUNO.parse().unwrap())
        }
    });
    role("proves", &|role| {
        if let FileRole::Receipt { proves, .. } = role {
            *proves = Proof::Delivery
        }
    });
    let record = |field, change: &dyn Fn(&mut postacert::dossier::VerificationRecord)| {
        role(field, &|role| {
            if let FileRole::Receipt { verification, .. } = role {
                change(verification)
            }
        });
    };
    record("signed_digest", &|record| record.signed_digest = "sha256 00".into());
    record("signer", &|record| record.signer = postacert::Fingerprint::of(b""));
    record("subject", &|record| record.subject = "CN=altri".into());
    record("policy", &|record| record.policy = "strict".into());
    record("directory", &|record| record.directory = None);
    record("directory_as_of", &|record| record.directory_as_of = at().instant());
    record("provider", &|record| record.provider = None);
    record("path", &|record| record.path.clear());
    record("checks", &|record| record.checks.clear());
    let faults_of = faults(&|manifest| {
        if let FileRole::Receipt { verification, .. } = &mut manifest.files[0].role {
            verification.checks[4].1 = "bad".into();
        }
    });
    assert!(
        faults_of[0].to_string().ends_with("differs in checks: found \"revocation good\", recorded \"revocation bad\""),
        "{faults_of:?}"
    );
    record("findings", &|record| record.findings.push("lf-only".into()));

    let about = |change: &dyn Fn(&mut Manifest)| codes(&faults(change));
    let other = "altro@pec.gestoreuno.example";
    assert_eq!(about(&|manifest| manifest.id = other.parse().unwrap()), ["bundle-other-message"; 4]);
    assert_eq!(about(&|manifest| manifest.sender = other.parse().unwrap()), ["bundle-other-message"; 4]);
    assert_eq!(about(&|manifest| manifest.subject = "altro".into()), ["bundle-other-message"; 4]);
    assert_eq!(about(&|manifest| manifest.summary = "delivered".into()), ["bundle-summary-differs"]);
    assert_eq!(about(&|manifest| drop(manifest.recipients.pop())), ["bundle-progress-differs"]);
    assert_eq!(about(&|manifest| manifest.recipients[0].progress = "refused".into()), ["bundle-progress-differs"]);
    assert_eq!(about(&|manifest| manifest.recipients[0].when = None), ["bundle-progress-differs"]);
    assert_eq!(about(&|manifest| manifest.recipients.swap(0, 1)), Vec::<&str>::new(), "their order says nothing");
    let invented = manifest().recipients[0].clone();
    let invent = |manifest: &mut Manifest| {
        let mut invented = invented.clone();
        invented.address = other.parse().unwrap();
        manifest.recipients.push(invented);
    };
    assert_eq!(about(&invent), ["bundle-progress-differs"]);
    // Of two entries for one recipient the one that is right does not hide the other.
    let twice = |manifest: &mut Manifest| {
        let mut invented = manifest.recipients[0].clone();
        invented.progress = "refused".into();
        manifest.recipients.insert(0, invented);
    };
    assert_eq!(about(&twice), ["bundle-progress-differs"]);
    assert_eq!(about(&|manifest| manifest.recipients.push(manifest.recipients[0].clone())), ["bundle-progress-differs"]);
    assert_eq!(about(&|manifest| manifest.absent.push(postacert::Fingerprint::of(b""))), ["bundle-incomplete"]);
    // A file, or all of them, taken out of the manifest and the folder.
    let mut less = manifest();
    less.files.retain(|file| file.name.as_str() != "avvenuta-consegna-completa.eml");
    let kept = files.iter().filter(|(name, _)| name != "avvenuta-consegna-completa.eml").cloned().collect();
    assert_eq!(codes(&less.verify_again(&VERIFIER, lent(&kept))), ["bundle-progress-differs", "bundle-summary-differs"]);
    less.files.clear();
    assert_eq!(less.verify_again(&VERIFIER, []).len(), 4);
}

#[test]
fn hostile_manifests_are_named_for_what_they_are() {
    let files = files();
    let mut twice = manifest();
    twice.files.push(twice.files[0].clone());
    assert_eq!(codes(&twice.check(lent(&files))), ["bundle-file-twice"]);
    // Of two entries with one name the one that is right does not hide the other.
    twice.files.last_mut().unwrap().sha256 = postacert::Fingerprint::of(b"");
    assert_eq!(codes(&twice.check(lent(&files))), ["bundle-file-twice", "bundle-file-changed"]);
    // Of two files with one name, too.
    for at in [0, files.len()] {
        let mut two = files.clone();
        two.insert(at, (files[0].0.clone(), b"altro".to_vec()));
        assert_eq!(codes(&manifest().verify_again(&VERIFIER, lent(&two)))[0], "bundle-file-changed", "{at}");
    }
    // The same receipt as two files.
    let mut copied = manifest();
    let mut copy = copied.files[0].clone();
    copy.name = name("copia.eml");
    copied.files.push(copy);
    let mut with_copy = files.clone();
    with_copy.push(("copia.eml".to_owned(), files[0].1.clone()));
    assert_eq!(copied.check(lent(&with_copy)), []);
    assert_eq!(codes(&copied.verify_again(&VERIFIER, lent(&with_copy))), ["bundle-file-twice"]);

    let mut later = manifest();
    (later.version, later.format) = (u32::MAX, "altro\u{202e}\n".into());
    let faults = later.check(lent(&files));
    assert_eq!(codes(&faults), ["bundle-format"]);
    assert!(!faults[0].to_string().contains('\n'), "{}", faults[0]);
    let mut large = manifest();
    large.files[0].bytes = u64::MAX;
    assert_eq!(codes(&large.check(lent(&files))), ["bundle-file-changed"]);
    let mut time = manifest();
    let FileRole::Receipt { verification, .. } = &mut time.files[0].role else { panic!("a receipt") };
    verification.basis = "believed".into();
    assert_eq!(codes(&time.verify_again(&VERIFIER, lent(&files))), ["bundle-time"]);
    let FileRole::Receipt { verification, .. } = &mut time.files[0].role else { panic!("a receipt") };
    (verification.basis, verification.instant) = ("asserted".into(), postacert::UnixTime::MAX);
    assert_eq!(codes(&time.verify_again(&VERIFIER, lent(&files))), ["bundle-no-longer-passed"]);
    // What is no receipt, and no message, said to be one.
    let mut envelope = manifest();
    let raw = read("valid/posta-certificata-completa.eml");
    envelope.files[0].sha256 = postacert::Fingerprint::of(&raw);
    envelope.files[0].bytes = raw.len() as u64;
    let mut with_envelope = files.clone();
    with_envelope[0].1 = raw;
    assert!(codes(&envelope.verify_again(&VERIFIER, lent(&with_envelope))).contains(&"bundle-other-message"));
}

#[test]
fn names_of_files_are_names_of_files_everywhere() {
    let longest = "a".repeat(200);
    for good in ["a", "1.eml", "1700000000.M1P2.host=2,S", "a@b+c=d-e_f.eml", "console.eml", "com10", "lpt", &longest] {
        assert_eq!(good.parse::<FileName>().is_ok(), !good.contains(','), "{good}");
    }
    let long = "a".repeat(201);
    let bad = [
        "", ".", "..", "../a", "a/b", "/a", "\\a", "a\\b", "C:a", "a:b", ".a", "-a", "_a", "a.", "a b", " a", "a\n", "a\0", "à", "con",
        "NUL.eml", "aux.", "COM1", "lpt9.txt", "a*", "a?", "a\"", "a<", "a|b", &long,
    ];
    for bad in bad {
        assert!(bad.parse::<FileName>().is_err(), "{bad:?}");
    }
}

#[test]
fn only_what_was_verified_and_is_of_the_dossier_goes_into_a_bundle() {
    let files = files();
    let dossier = dossier_of(&files);
    let mut builder = BundleBuilder::new(&dossier);
    add(&mut builder, &VERIFIER, at(), &files[0]).unwrap();
    let mut code = |file: (&str, Vec<u8>)| add(&mut builder, &VERIFIER, at(), &(file.0.to_owned(), file.1)).unwrap_err().code();
    assert_eq!(code(("altro.eml", files[0].1.clone())), "bundle-receipt-twice");
    assert_eq!(code(("ACCETTAZIONE.eml", files[1].1.clone())), "bundle-name-twice");
    assert_eq!(code(("b.eml", read("hostile/testo-alterato.eml"))), "bundle-not-passed");
    assert_eq!(code(("c.eml", read("valid/posta-certificata-completa.eml"))), "bundle-not-in-dossier");
    assert_eq!(code(("d.eml", post().acceptance(0))), "bundle-not-in-dossier");
    // Of the same message, and not added.
    assert_eq!(code(("e.eml", read("valid/errore-consegna-no-dest.eml"))), "bundle-not-in-dossier");
    // Another file's report.
    let message = Message::parse(&files[1].1).unwrap();
    let report = VERIFIER.verify(&message, at());
    assert_eq!(builder.receipt(name("f.eml"), &files[0].1, &report).unwrap_err().code(), "bundle-other-bytes");
    // The three that were not added are absent.
    assert_eq!(builder.finish().absent.len(), 3);
    // What is merely recorded is no evidence.
    let recorded = recorded(&dossier);
    let mut builder = BundleBuilder::new(&recorded);
    assert_eq!(add(&mut builder, &VERIFIER, at(), &files[0]).unwrap_err().code(), "bundle-not-in-dossier");
}

#[cfg(feature = "serde")]
mod json {
    use super::*;

    fn text(manifest: &Manifest) -> String {
        format!("{}\n", serde_json::to_string_pretty(manifest).unwrap())
    }

    #[test]
    fn the_json_of_a_manifest_is_the_same_each_time_and_as_it_was() {
        let manifest = manifest();
        let mut reversed = files();
        reversed.reverse();
        assert_eq!(text(&bundled(&reversed, &VERIFIER, at())), text(&manifest), "whatever the order of the files");
        let found = text(&manifest);
        assert_eq!(serde_json::from_str::<Manifest>(&found).unwrap(), manifest);
        // But for the library's version, which is not the form's.
        let found = found.replace(&format!("\"{}\"", library(&manifest)), "\"postacert\"");
        let expected = crate::fixtures::folder().join("expected/manifest.json");
        if std::env::var_os("POSTACERT_WRITE_GOLDEN").is_some() {
            std::fs::write(&expected, &found).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&expected).unwrap(), found, "POSTACERT_WRITE_GOLDEN=1 writes {}", expected.display());
    }

    fn library(manifest: &Manifest) -> String {
        let FileRole::Receipt { verification, .. } = &manifest.files[0].role else { panic!("a receipt") };
        verification.library.to_string()
    }

    #[test]
    fn hostile_json_is_refused_or_named_and_never_panics() {
        let (files, json) = (files(), text(&manifest()));
        let edits = [
            ("accettazione.eml", "../accettazione.eml"),
            ("accettazione.eml", "nul"),
            ("accettazione.eml", "/etc/passwd"),
            ("accettazione.eml", ""),
            ("\"version\": 1", "\"version\": -1"),
            ("\"version\": 1", "\"version\": 4294967296"),
            ("\"version\": 1", "\"version\": 2"),
            ("\"bytes\": ", "\"bytes\": 1"),
            ("\"bytes\": ", "\"bytes\": 9999999999999999999999"),
            // Another basis, or another instant that is no worse, rests on the word of whoever made the bundle.
            ("2026-11-22T03:51:00Z", "9999-12-31T23:59:59Z"),
            ("2026-11-22T03:51:00Z", "0001-01-01T00:00:00Z"),
            ("\"accettazione\"", "\"posta-certificata\""),
            ("\"sha256\": \"", "\"sha256\": \"+"),
            ("\"delivery\"", "\"acceptance\""),
            ("sha256 ", "md5 "),
            ("\"good\"", "\"bad\""),
        ];
        for (from, to) in edits {
            let edited = json.replace(from, to);
            assert_ne!(edited, json, "{from}");
            if let Ok(manifest) = serde_json::from_str::<Manifest>(&edited) {
                assert_ne!(manifest.verify_again(&VERIFIER, lent(&files)), [], "{from} to {to}");
            }
        }
        // Cut off anywhere it is refused.
        for end in (0..json.len() - 2).step_by(97) {
            assert!(serde_json::from_str::<Manifest>(&json[..end]).is_err());
        }
    }
}
