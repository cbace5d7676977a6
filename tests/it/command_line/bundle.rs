//! `pec bundle`: the files are kept as they are, and every change of one is found.

use std::fs;
use std::path::{Path, PathBuf};

use super::dossier::{delivered, mbox, post};
use super::{Ran, TRUST, at, codes, files_and_folders, run, scratch};
use crate::support::letters::{Letter, of_every_fate};

fn make(id: &str, out: &Path, arguments: &[&str]) -> Ran {
    let at = at();
    let basis = ["--at", &at, "--basis", "archive", "--out", out.to_str().unwrap(), "--id", id];
    run(&[&["bundle", "make"][..], &TRUST, &basis, arguments].concat())
}

fn check(folder: &Path, arguments: &[&str]) -> Ran {
    run(&[&["bundle", "check"][..], &TRUST, arguments, &[folder.to_str().unwrap()]].concat())
}

/// A bundle of a letter with every fate, and the receipts that it was made of.
fn bundle(name: &str) -> (PathBuf, PathBuf) {
    let folder = scratch(name);
    let (receipts, out) = (folder.join("receipts"), folder.join("bundle"));
    fs::create_dir(&receipts).unwrap();
    post(&receipts, &[of_every_fate(1), delivered(2)]);
    let ran = make(of_every_fate(1).id().as_str(), &out, &[receipts.to_str().unwrap()]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    (receipts, out)
}

#[test]
fn files_are_kept_byte_for_byte_under_safe_names() {
    let (receipts, out) = bundle("bundle-bytes");
    let names = files_and_folders(&out);
    assert_eq!(names.len(), 13, "{names:?}");
    assert_eq!((&*names[0], &*names[12]), ("01-accettazione.eml", "manifest.json"));
    assert!(names.contains(&"03-avvenuta-consegna-bruno.verdi@pec.gestoreuno.example.eml".to_owned()), "{names:?}");
    let mut originals: Vec<Vec<u8>> =
        of_every_fate(1).receipts().into_iter().map(|(name, _)| fs::read(receipts.join(name)).unwrap()).collect();
    let mut kept: Vec<Vec<u8>> = names[..12].iter().map(|name| fs::read(out.join(name)).unwrap()).collect();
    originals.sort();
    kept.sort();
    assert!(originals == kept, "the very bytes");
}

#[test]
fn a_bundle_is_the_same_each_time_wherever_its_files_came_from() {
    let (receipts, out) = bundle("bundle-same");
    let manifest = fs::read_to_string(out.join("manifest.json")).unwrap();
    assert!(manifest.starts_with("{\n  \"format\": \"postacert evidence bundle\",\n") && manifest.ends_with("}\n"), "{manifest}");
    assert!(!manifest.contains(receipts.to_str().unwrap()), "no path of this machine is in it");
    let file = receipts.parent().unwrap().join("all.mbox");
    fs::write(&file, mbox(of_every_fate(1).receipts().into_iter().rev().map(|(_, bytes)| bytes))).unwrap();
    let again = receipts.parent().unwrap().join("again");
    let ran = make(of_every_fate(1).id().as_str(), &again, &[file.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(fs::read_to_string(again.join("manifest.json")).unwrap(), manifest);
    assert_eq!(check(&again, &[]).code, 0);
}

#[test]
fn quotes_of_an_mbox_do_not_reach_the_bundle() {
    let folder = scratch("bundle-mboxrd");
    let mut letter = delivered(1);
    letter.original = b"Subject: x\r\nMIME-Version: 1.0\r\n\r\nHello,\r\nFrom Rome with love\r\n\r\n".to_vec();
    let file = folder.join("in.mbox");
    let mut receipts = letter.receipts();
    receipts[0].1.extend_from_slice(b"\r\n"); // a blank line of the message's own at its end
    fs::write(&file, mbox(receipts.iter().map(|(_, bytes)| bytes.clone()))).unwrap();
    let out = folder.join("bundle");
    let ran = make(letter.id().as_str(), &out, &[file.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let names = files_and_folders(&out);
    let kept: Vec<Vec<u8>> = names[..3].iter().map(|name| fs::read(out.join(name)).unwrap()).collect();
    assert!(receipts.iter().map(|(_, bytes)| bytes).eq(&kept), "{names:?}");
}

#[test]
fn the_original_mail_is_kept_beside() {
    let folder = scratch("bundle-original");
    post(&folder, &[delivered(1)]);
    let (mail, out) = (folder.join("mail"), folder.join("bundle"));
    fs::write(&mail, "Subject: Disdetta\n\nDisdico.\n").unwrap();
    let id = delivered(1).id();
    assert_eq!(make(id.as_str(), &out, &["--original", mail.to_str().unwrap(), folder.to_str().unwrap()]).code, 0);
    assert_eq!(fs::read(out.join("original.eml")).unwrap(), fs::read(&mail).unwrap());
    assert_eq!(check(&out, &[]).code, 0);
}

#[test]
fn a_sound_bundle_is_called_so() {
    let (_, out) = bundle("bundle-sound");
    let ran = check(&out, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert!(ran.out.ends_with("the bundle is sound\n"), "{}", ran.out);
    // What that rests on: whoever wrote the manifest chose it.
    let judged = format!("at {} UTC (archive), policy default\n", at().replace('T', " ").trim_end_matches('Z'));
    assert!(ran.out.split_whitespace().collect::<Vec<_>>().join(" ").contains(judged.trim()), "{}", ran.out);
    let object = check(&out, &["--json"]).object();
    assert_eq!(object["judged"], serde_json::json!([{ "at": at(), "basis": "archive", "policy": "default" }]));
    let object = check(&out, &["--json"]).object();
    assert_eq!((&object["outcome"], &object["files"], codes(&object["faults"]).len()), (&"passed".into(), &12.into(), 0));
    assert!(check(&out, &["--lang", "it"]).out.ends_with("il fascicolo di prova è integro\n"));
}

#[test]
fn every_fault_is_named() {
    let (_, out) = bundle("bundle-faults");
    let faults = || {
        let ran = check(&out, &["--json"]);
        assert_eq!(ran.code, 1, "{}", ran.out);
        let faults = ran.object()["faults"].clone();
        (codes(&faults).iter().map(ToString::to_string).collect::<Vec<_>>(), faults.to_string())
    };
    // A byte after the signature, where no signature sees it.
    let path = out.join("01-accettazione.eml");
    let sound = fs::read(&path).unwrap();
    fs::write(&path, [&sound[..], b"\r\n"].concat()).unwrap();
    let (found, text) = faults();
    assert!(found == ["bundle-file-changed"] && text.contains("01-accettazione.eml"), "{text}");
    // A byte within.
    let mut changed = sound.clone();
    let at = changed.windows(9).position(|bytes| bytes == b"accettato").unwrap();
    changed[at] = b'A';
    fs::write(&path, changed).unwrap();
    let (found, text) = faults();
    assert!(found == ["bundle-file-changed", "bundle-no-longer-passed"], "{text}");
    fs::remove_file(&path).unwrap();
    let (found, text) = faults();
    assert!(found.contains(&"bundle-file-missing".to_owned()) && text.contains("01-accettazione.eml"), "{text}");
    fs::write(&path, sound).unwrap();
    fs::write(out.join("more.eml"), "x").unwrap();
    let (found, text) = faults();
    assert!(found == ["bundle-file-unknown"] && text.contains("more.eml"), "{text}");
    fs::remove_file(out.join("more.eml")).unwrap();
    assert_eq!(check(&out, &[]).code, 0);
    // The manifest says something else than the files.
    let path = out.join("manifest.json");
    let manifest = fs::read_to_string(&path).unwrap();
    fs::write(&path, manifest.replace("given up on", "delivered on").replace("\"timed-out\"", "\"delivered\"")).unwrap();
    let (found, text) = faults();
    assert!(found.contains(&"bundle-progress-differs".to_owned()), "{text}");
    // Another trust than recorded.
    fs::write(&path, manifest).unwrap();
    let ran = run(&["bundle", "check", "--json", "--anchors", "pki/root.pem", "--certs", "pki/issuing.pem", out.to_str().unwrap()]);
    assert!(ran.code == 1 && codes(&ran.object()["faults"]).contains(&"bundle-record-differs"), "{}", ran.out);
    // No bundle.
    assert_eq!(check(out.parent().unwrap(), &[]).code, 2);
    fs::write(&path, "{}").unwrap();
    let ran = check(&out, &[]);
    assert!(ran.code == 2 && ran.err.contains("manifest.json: "), "{}", ran.err);
}

#[test]
fn a_bundle_is_made_of_verified_receipts_in_a_folder_of_its_own() {
    let folder = scratch("bundle-refused");
    let receipts = folder.join("receipts");
    fs::create_dir(&receipts).unwrap();
    post(&receipts, &[delivered(1)]);
    let (id, path) = (delivered(1).id(), receipts.to_str().unwrap());
    let ran = make("nobody@pec.gestoreuno.example", &folder.join("none"), &[path]);
    assert!(ran.code == 1 && ran.err.contains("nobody@pec.gestoreuno.example: no receipts found"), "{}", ran.err);
    assert!(!folder.join("none").exists());
    let ran = make(id.as_str(), &receipts, &[path]);
    assert!(ran.code == 2 && ran.err.contains("not empty"), "{}", ran.err);
    assert_eq!(files_and_folders(&receipts).len(), 3, "nothing was written");
    assert_eq!(make(id.as_str(), &folder.join("stdin"), &["-"]).code, 2);
    // A forged receipt is told, and left out.
    let forged = receipts.join("1-consegna-1.eml");
    let text = fs::read_to_string(&forged).unwrap().replace("consegnato nella casella", "consegnato nella cosella");
    fs::write(&forged, text).unwrap();
    let out = folder.join("out");
    let ran = make(id.as_str(), &out, &[path]);
    assert!(ran.code == 1 && ran.err.contains("1-consegna-1.eml: not proven: "), "{}", ran.err);
    assert_eq!(files_and_folders(&out), ["01-accettazione.eml", "02-presa-in-carico-bruno@pec.gestoreuno.example.eml", "manifest.json"]);
}

#[test]
fn messages_under_one_identifier_are_not_mixed() {
    let folder = scratch("bundle-twins");
    let mut twin: Letter = delivered(1);
    twin.subject = "Another".into();
    fs::write(folder.join("a.eml"), delivered(1).acceptance()).unwrap();
    fs::write(folder.join("b.eml"), twin.acceptance()).unwrap();
    let ran = make(twin.id().as_str(), &folder.join("out"), &[folder.to_str().unwrap()]);
    assert!(ran.code == 2 && ran.err.contains("several messages"), "{}", ran.err);
    assert!(!folder.join("out").exists());
}
