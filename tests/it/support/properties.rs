//! What must hold whatever the bytes are. The fuzz targets call these functions with inputs of their own, `cargo test` with the committed
//! corpus (`fuzz/corpus`).
//!
//! Each takes bytes and returns, or panics where the library does not keep its word.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use postacert::compose::{ComposeError, Draft, Entropy, Identity, InMemoryKey, ReadableForm, relabel};
use postacert::dossier::{Added, Dossier, DossierIndex, DossierRecord, Receipt, Standing};
use postacert::dsn::{DeliveryReport, Typed};
use postacert::mbox::{FromLines, Mbox, Splitter};
use postacert::receipt_check::{BriefCheck, CheckOutcome, CopyCheck, Weight};
use postacert::{
    Acceptance, Address, Certificate, CertificationData, Crl, Delivery, DeliveryTimeout, Directory, Fault, Fingerprint, Limits, Message,
    NonAcceptance, NonDelivery, Notification, Outcome, PecKind, ReceiptKind, Recipient, RecipientKind, Report, Transaction,
    TransportEnvelope, UnixTime, VerificationTime, Verifier, VerifierBuilder,
};

/// A property, by the name of its fuzz target.
pub type Property = fn(&[u8]);

/// Every property, by the name of its fuzz target.
pub const ALL: [(&str, Property); 12] = [
    ("message", message),
    ("certdata", certdata),
    ("cms", cms),
    ("ldif", ldif),
    ("certificate_and_crl", certificate_and_crl),
    ("verify", verify),
    ("compose_parse_verify", compose_parse_verify),
    ("brief", brief),
    ("brief_check", brief_check),
    ("dsn", dsn),
    ("mbox", mbox),
    ("dossier_ops", dossier_ops),
];

/// Any bytes: what the tree of parts says of them are those very bytes, each exactly once, and everything a reader can ask has an answer.
/// Carried messages are opened in turn.
pub fn message(bytes: &[u8]) {
    let mut total = 0usize;
    read_message(bytes, 0, &mut total);
}

/// How many messages are opened for one input, and how deep: a message can carry a thousand.
const OPENED: usize = 64;
const DEPTH: usize = 4;

fn read_message(bytes: &[u8], depth: usize, opened: &mut usize) {
    *opened += 1;
    let Ok(message) = Message::parse(bytes) else {
        return;
    };
    assert_eq!(message.raw(), bytes, "the bytes are kept");
    for finding in message.findings() {
        assert!(!finding.code().is_empty() && !finding.to_string().is_empty());
        assert!(finding.place().offset.is_none_or(|o| o <= bytes.len()), "a place lies in the message: {finding}");
    }

    // bytes -> tree -> bytes
    let root = message.root();
    assert_eq!(root.offset() + root.raw().len(), bytes.len(), "nothing stands behind the message");
    let mut open = vec![root];
    while let Some(entity) = open.pop() {
        let (from, raw) = (entity.offset(), entity.raw());
        assert_eq!(raw, &bytes[from..from + raw.len()], "the span of section {:?}", entity.section());
        assert!(raw.starts_with(entity.header_bytes()) && raw.ends_with(entity.body()));
        assert_eq!(entity.body_offset() + entity.body().len(), from + raw.len());
        if entity.is_opened() {
            let mut pieces: Vec<(usize, &[u8])> = vec![(entity.body_offset(), entity.preamble())];
            pieces.extend(entity.delimiters());
            pieces.extend(entity.children().map(|child| (child.offset(), child.raw())));
            pieces.push((from + raw.len() - entity.epilogue().len(), entity.epilogue()));
            pieces.sort_by_key(|(offset, piece)| (*offset, piece.len()));
            let mut at = entity.body_offset();
            for (offset, piece) in pieces {
                assert_eq!(offset, at, "the parts of section {:?} are its whole body, in order", entity.section());
                at += piece.len();
            }
            assert_eq!(at, from + raw.len());
        }
        for field in entity.headers() {
            let _ = (field.text(), field.addresses(), field.message_id());
        }
        let _ = (entity.name(), entity.disposition(), entity.content_type().to_string());
        if entity.children().next().is_none() {
            let decoded = entity.decode();
            assert!(decoded.bytes().len() <= entity.body().len(), "no transfer encoding makes a body longer");
            let _ = entity.decode_text();
        }
        open.extend(entity.children());
    }

    // What is signed, and what is claimed.
    if let Ok(signed) = message.signed() {
        let first = root.children().next().expect("a signed part is a child of the root");
        assert!(root.is("multipart", "signed") && root.children().count() == 2);
        assert_eq!((signed.offset(), signed.bytes()), (first.offset(), first.raw()));
    }
    let claims = message.claims();
    let _ = (claims.subject(), claims.date(), claims.from(), claims.from_address(), claims.sender(), claims.to());
    let mail = message.mail();
    let _ = (mail.text(), mail.html());
    for attachment in mail.attachments() {
        let _ = (attachment.name(), attachment.media_type(), attachment.encoded_len());
    }
    if let Some(content) = message.unverified_content() {
        let _ = (content.kind(), content.data(), content.data_error().map(ToString::to_string), content.original());
    }
    for carried in message.carried_messages() {
        if depth == DEPTH || *opened == OPENED {
            break;
        }
        assert!(carried.bytes().len() <= bytes.len() * 2, "a carried message is no longer than with a CR before every LF");
        read_message(carried.bytes(), depth + 1, opened);
    }
}

/// Any bytes as `daticert.xml`: what is read can be written, reads back equal, and is written to the same bytes again; what is one of
/// the notifications gives the data it was made from.
pub fn certdata(xml: &[u8]) {
    let (data, departures) = match CertificationData::parse(xml) {
        Ok(read) => read,
        Err(error) => {
            assert!(!error.code().is_empty() && !error.to_string().is_empty());
            return;
        }
    };
    for departure in departures {
        assert!(!departure.to_string().is_empty());
    }
    let written = data.to_xml();
    let (again, _) =
        CertificationData::parse(written.as_bytes()).unwrap_or_else(|e| panic!("what was written does not read: {e}\n{written}"));
    assert_eq!(again, data, "value -> bytes -> value");
    assert_eq!(again.to_xml(), written, "bytes -> value -> bytes");

    match Notification::try_from(&data) {
        Ok(notification) => {
            let back = CertificationData::from(&notification);
            assert_eq!(Notification::try_from(&back).expect("the data of a notification are one"), notification);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(envelope) = TransportEnvelope::try_from(&data) {
        let back = CertificationData::from(&envelope);
        assert_eq!(TransportEnvelope::try_from(&back).expect("the data of an envelope are one"), envelope);
    }
}

/// Any bytes in the place of the signature of a good message: they pass only if they hold the very signature value that the provider made,
/// and name the provider's certificate as the signer's.
pub fn cms(signature: &[u8]) {
    let world = World::get();
    let raw = world.receipt.with_signature(signature);
    let message = Message::parse(&raw).expect("it is small");
    let report = world.verify(&message);
    if report.outcome() == Outcome::Passed {
        let value = &world.receipt.signature_value;
        assert!(signature.windows(value.len()).any(|w| w == value), "it passed without the provider's signature");
        let signer = report.signer().expect("who passed has signed");
        assert_eq!(signer.certificate(), &world.receipt.signer);
    }
}

/// Any bytes as a directory in LDIF: what is read can be written and reads back the same, and every listed certificate and domain is found.
pub fn ldif(bytes: &[u8]) {
    let directory = match Directory::from_ldif(bytes) {
        Ok(directory) => directory,
        Err(error) => {
            assert!(!error.code().is_empty() && !error.to_string().is_empty());
            return;
        }
    };
    for finding in directory.findings() {
        assert!(!finding.to_string().is_empty());
    }
    for provider in directory.providers() {
        for domain in provider.domains() {
            assert!(provider.manages(domain));
            assert!(directory.claimants(domain).any(|p| p.dn() == provider.dn()), "{domain} is found");
        }
        for listed in provider.certificates() {
            assert_ne!(directory.lookup(listed.certificate()), postacert::Listing::None, "a listed certificate is found");
        }
    }
    let written = directory.to_ldif();
    let again = Directory::from_ldif(written.as_bytes()).unwrap_or_else(|e| panic!("what was written does not read: {e}\n{written}"));
    assert_eq!(again.to_ldif(), written, "bytes -> value -> bytes");
    assert_eq!(again.provider_count(), directory.provider_count());
    assert_eq!(again.certificate_count(), directory.certificate_count());
    assert_eq!(again.domain_count(), directory.domain_count());
}

/// Any bytes as certificates and as revocation lists: what is read keeps its bytes; and a list that the issuer did not sign changes no
/// verdict, whatever it says.
pub fn certificate_and_crl(bytes: &[u8]) {
    if let Ok(certificate) = Certificate::from_der(bytes) {
        assert_eq!(certificate.der(), bytes, "the bytes are kept");
        let _ = (certificate.subject(), certificate.issuer(), certificate.serial(), certificate.emails());
        let _ = (certificate.not_before(), certificate.not_after(), certificate.sha256(), certificate.sha1());
    }
    if let Ok(certificates) = Certificate::from_pem_or_der(bytes) {
        for certificate in certificates {
            assert_eq!(Certificate::from_der(certificate.der()).as_ref(), Ok(&certificate));
        }
    }
    let Ok(lists) = Crl::from_pem_or_der(bytes) else {
        return;
    };
    for list in &lists {
        assert!(Crl::from_der(list.der()).is_ok());
        let _ = (list.issuer(), list.this_update(), list.next_update(), list.len());
    }
    let world = World::get();
    let verifier = world.builder().crls(lists).build().expect("there is trust");
    let message = Message::parse(&world.receipt.raw).expect("it is small");
    let report = verifier.verify(&message, world.time);
    assert_eq!(report.outcome(), world.verify(&message).outcome(), "no list of its issuer's names the signer: {report}");
}

/// Any bytes as a message: it passes only if its signed bytes are, to the byte, those of a message that a provider signed; and the verdict
/// does not depend on what the verifier has seen before.
pub fn verify(bytes: &[u8]) {
    let world = World::get();
    let Ok(message) = Message::parse(bytes) else {
        return;
    };
    let report = world.verify(&message);
    if report.outcome() == Outcome::Passed {
        let signed = message.signed().expect("what passed is signed").bytes();
        assert!(world.signed.contains(&crlf(signed)), "it passed, but nobody signed these bytes");
    }
    if report.signer().is_some() {
        let fresh = world.builder().build().expect("there is trust").verify(&message, world.time);
        assert_eq!((fresh.outcome(), fresh.checks()), (report.outcome(), report.checks()), "a memory does not change a verdict");
    }
}

/// What is to be said of every report.
fn consistent(report: &Report<'_>) {
    assert_eq!(report.outcome() == Outcome::Passed, report.verified().is_some(), "passed and proven are one");
    assert_eq!(report.outcome() == Outcome::Passed, report.reasons().is_empty(), "what does not pass says why");
    assert!(!report.to_string().is_empty());
    for reason in report.reasons() {
        assert!(!reason.code().is_empty() && !reason.to_string().is_empty());
    }
}

/// Any bytes as the facts of a message, and as what it carries: what is composed passes, says the same, carries the same bytes, and is
/// composed to the same bytes again. The first byte chooses the kind, the next line is the subject, the rest is the original.
pub fn compose_parse_verify<'a>(bytes: &'a [u8]) {
    let Some((&choice, rest)) = bytes.split_first() else {
        return;
    };
    let (subject, original) = rest.split_at(rest.iter().position(|b| *b == b'\n').map_or(0, |at| at + 1));
    let subject = String::from_utf8_lossy(subject);
    let world = World::get();
    let composer = Composer::get();
    let Ok(transaction) = composer.transaction.clone().with_subject(&subject) else {
        return; // a character that XML cannot hold
    };
    let to = || "bruno@pec.gestoreuno.example".parse().expect("an address");
    let kind = ReceiptKind::ALL[usize::from(choice) % 3];
    let (identity, entropy) = (&composer.identities[usize::from(choice >> 7)], Entropy::new([choice; 32]));
    // An envelope's facts are those of its original.
    let read = Message::parse(original).expect("it is small");
    let sender = transaction.sender().clone();
    let (recipients, when, id) = (transaction.recipients().to_vec(), transaction.when(), transaction.id().clone());
    let own = identity.transaction_of(&read, sender, recipients, when, id).expect("there is a recipient");
    let envelope = TransportEnvelope::new(own, kind);
    let delivery = Delivery::new(transaction.clone(), to(), kind);
    let refusal = subject.parse().ok().and_then(|reason| NonAcceptance::new(transaction, Fault::Other, Some(reason)).ok());
    type Compose<'c, 'a> = Box<dyn Fn() -> Result<Draft<'a>, ComposeError> + 'c>;
    let (which, compose): (u8, Compose<'_, 'a>) = match (choice >> 2) % 3 {
        0 => (0, Box::new(|| Draft::transport_envelope(identity, &envelope, original, &entropy))),
        1 => (1, Box::new(|| Draft::delivery(identity, &delivery, original, &entropy))),
        _ => match &refusal {
            Some(refusal) => (2, Box::new(|| Draft::non_acceptance(identity, refusal, &entropy))),
            None => return,
        },
    };
    let draft = match compose() {
        Ok(draft) => draft,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let entity = draft.entity();
    let raw = draft.sign_with(&composer.key).expect("the key is the certificate's");
    assert_eq!(raw, compose().expect("it was composed once").sign_with(&composer.key).expect("and signed"), "the same bytes again");

    let message = Message::parse(&raw).expect("it is small");
    let report = world.verify(&message);
    assert_eq!(report.outcome(), Outcome::Passed, "{report}");
    assert_eq!(message.signed().expect("it is signed").bytes(), entity);
    let content = report.verified().expect("it passed").value();
    let data = content.data().expect("it has certification data");
    match which {
        0 => assert_eq!(TransportEnvelope::try_from(data).as_ref(), Ok(&envelope)),
        1 => assert_eq!(Notification::try_from(data), Ok(delivery.clone().into())),
        _ => assert_eq!(Notification::try_from(data).ok(), refusal.clone().map(Notification::from)),
    }
    let due = match (which, kind) {
        (0, _) => Some(relabel(original, envelope.transaction().id()).to_vec()),
        (1, ReceiptKind::Complete) => Some(original.to_vec()),
        (1, ReceiptKind::Brief) => Some(postacert::compose::brief(original).expect("it is small").bytes().to_vec()),
        _ => None,
    };
    assert_eq!(content.original().map(|original| original.bytes().to_vec()), due, "what is carried is exact");
}

/// Any bytes as an original: its brief copy has the same parts in the same places, those with a name hashed, and all else as it was.
pub fn brief(original: &[u8]) {
    let Ok(brief) = postacert::compose::brief(original) else {
        return;
    };
    if brief.parts().is_empty() {
        assert_eq!(brief.bytes(), original);
        return;
    }
    // As many parts as are hashed.
    let mut limits = Limits::default();
    limits.mime_parts = 100_000;
    let [before, after] =
        [original, brief.bytes()].map(|bytes| Message::parse_with(bytes, &limits).expect("it was read, and has not become much longer"));
    let sections = |message: &Message<'_>| message.entities().map(|entity| entity.section()).collect::<Vec<_>>();
    assert_eq!(sections(&before), sections(&after), "the structure is kept");
    let hashed: HashSet<&str> = brief.parts().iter().map(|part| part.section()).collect();
    for (old, new) in before.entities().zip(after.entities()) {
        if hashed.contains(old.section().as_str()) {
            assert!(new.is("text", "plain") && new.body().trim_ascii().len() == 40, "section {:?}", old.section());
        } else if old.children().next().is_none() {
            assert_eq!(old.raw(), new.raw(), "section {:?} stays", old.section());
        }
    }
}

/// Any bytes as a kept original, and, behind the first NUL, as a copy: the brief copy made of an original agrees with it, as the original itself
/// does; of any two messages the same is said each time, and a copy that agrees has as many parts.
pub fn brief_check(bytes: &[u8]) {
    let (original, copy) = bytes.split_at(bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len()));
    let copy = copy.strip_prefix(b"\0").unwrap_or(copy);
    let Ok(brief) = postacert::compose::brief(original) else {
        return;
    };
    let check = check_brief(brief.bytes(), original);
    assert_eq!(check.outcome(), CheckOutcome::Agrees, "{check}");
    let matched: Vec<_> = check.matches().iter().map(|found| (found.section(), found.sha1())).collect();
    assert_eq!(matched, brief.parts().iter().map(|part| (part.section(), part.sha1())).collect::<Vec<_>>());
    assert_eq!(check_brief(original, original).outcome(), CheckOutcome::Agrees);
    let complete = CopyCheck::compare(original, original).expect("it was read");
    assert_eq!((complete.outcome(), complete.findings()), (CheckOutcome::Agrees, &[][..]));

    if Message::parse(copy).is_err() {
        return;
    }
    let check = check_brief(copy, original);
    assert_eq!(check, check_brief(copy, original));
    let weightiest = check.findings().iter().map(|finding| finding.weight()).max().unwrap_or(Weight::Allowed);
    assert_eq!(check.outcome() as u8, weightiest as u8, "the weightiest finding decides");
    assert!(!CopyCheck::compare(copy, original).expect("both were read").to_string().is_empty());
    let leaves = |raw: &[u8]| {
        let message = Message::parse(raw).expect("it was read");
        message.entities().filter(|entity| !entity.is_opened()).count()
    };
    // A hash may stand for a whole multipart.
    assert!(check.outcome() == CheckOutcome::Differs || leaves(copy) <= leaves(original), "{check}");
}

fn check_brief(copy: &[u8], original: &[u8]) -> BriefCheck {
    let check = BriefCheck::compare(copy, original).expect("both were read");
    assert!(!check.in_language(postacert::Language::Italian).to_string().is_empty());
    check
}

/// Any bytes as a bounce: what is read of it has an answer to every question, and every field stands in the status.
pub fn dsn(bytes: &[u8]) {
    let Ok(message) = Message::parse(bytes) else {
        return;
    };
    let report = match DeliveryReport::of(&message) {
        Ok(report) => report,
        Err(error) => return assert!(!error.code().is_empty() && !error.to_string().is_empty()),
    };
    let _ = (report.reporting_mta(), report.gateway(), report.received_from_mta(), report.original_envelope_id(), report.arrival_date());
    let mut length = report.fields().iter().map(|field| field.name().len() + 1).sum::<usize>();
    for recipient in report.recipients() {
        assert!(!recipient.fields().is_empty(), "somebody is named, or something is said");
        length += recipient.fields().iter().map(|field| field.name().len() + 1).sum::<usize>();
        let _ = (recipient.action(), recipient.status(), recipient.last_attempt_date(), recipient.will_retry_until());
        let _ = (recipient.diagnostic_code(), recipient.remote_mta(), recipient.final_log_id(), recipient.claimed_recipient());
        let named = [recipient.final_recipient(), recipient.original_recipient()];
        for typed in named.into_iter().flatten() {
            assert_eq!(Typed::read(&typed.to_string()), typed, "value -> text -> value");
        }
    }
    assert!(length <= bytes.len(), "no field is invented");
    let _ = (report.claimed_message_id(), report.claimed_reference());
    if let Some(returned) = report.returned() {
        assert!(returned.carried().bytes().len() <= bytes.len());
    }
}

/// Any bytes as a mailbox file: its messages, the lines before them, and the blank lines behind them, are the whole file, in order; and however it
/// is cut into pieces, they are the same. The first byte is the size of the pieces.
pub fn mbox(bytes: &[u8]) {
    let Some((&size, file)) = bytes.split_first() else {
        return;
    };
    for from_lines in [FromLines::Dated, FromLines::AfterBlankLine] {
        let mbox = Mbox::with_from_lines(file, from_lines);
        let mut at = mbox.preamble().len();
        let mut whole = Vec::new();
        for message in mbox.clone() {
            let range = message.range().start as usize..message.range().end as usize;
            let gap = &file[at..range.start];
            assert!(gap.ends_with(message.from_line()) && message.from_line().starts_with(b"From "));
            assert!(matches!(&gap[..gap.len() - message.from_line().len()], b"" | b"\n" | b"\r\n"), "only a blank line is left out");
            assert_eq!(message.bytes(), &file[range.clone()], "the very bytes");
            assert!(message.without_mboxrd_quotes().len() <= message.bytes().len());
            at = range.end;
            whole.push((message.from_line().to_vec(), range, message.bytes().to_vec()));
        }
        assert!(matches!(&file[at..], b"" | b"\n" | b"\r\n") || whole.is_empty());

        let mut splitter = Splitter::new(from_lines, &Limits::default());
        let mut split = Vec::new();
        let mut take = |splitter: &mut Splitter| {
            while let Some(message) = splitter.next_message() {
                let message = message.expect("it is small");
                let range = message.range().start as usize..message.range().end as usize;
                split.push((message.from_line().to_vec(), range, message.bytes().to_vec()));
            }
        };
        for piece in file.chunks(usize::from(size).max(1)) {
            splitter.push(piece);
            take(&mut splitter);
        }
        splitter.finish();
        take(&mut splitter);
        assert_eq!(split, whole, "pieces of {size}");
        assert_eq!(splitter.preamble_len(), mbox.preamble().len() as u64);
    }
}

/// Any bytes as what happens to two dossiers of a message: receipts, verified or from records that somebody changed, are added or merged. In the
/// end both merge into the same, either way round; the verified receipts have it as if nothing else had come; and everything has an answer.
pub fn dossier_ops(bytes: &[u8]) {
    let receipts = receipts();
    let mut dossiers = [Dossier::new(receipts[0].clone()), Dossier::new(receipts[0].clone())];
    let mut verified = Dossier::new(receipts[0].clone());
    let mut index = DossierIndex::new();
    for operation in bytes.chunks_exact(4).take(64) {
        let &[what, which, other, value] = operation else { continue };
        let receipt = &receipts[usize::from(which) % receipts.len()];
        let one = Dossier::new(receipt.clone());
        let dossier = &mut dossiers[usize::from(what >> 7)];
        index.add(receipt.clone());
        match what % 4 {
            0 => {
                let known = dossier.standing(&receipt.id());
                match dossier.add(receipt.clone()) {
                    Ok(Added::New) => assert_eq!(known, None),
                    Ok(Added::Confirmed) => assert_eq!(known, Some(Standing::Recorded)),
                    Ok(Added::Duplicate) => assert_eq!(known, Some(Standing::Verified)),
                    other => assert!(other.is_err() && one.id() != dossier.id(), "{other:?}"),
                }
                let _ = verified.add(receipt.clone());
            }
            1 => {
                let _ = dossier.merge(one.clone());
                let _ = verified.merge(one);
            }
            2 => {
                let mut record = DossierRecord::from(&one);
                change(&mut record, &DossierRecord::from(&*dossier), other, value);
                index.merge(record.clone().into());
                let _ = dossier.merge(record.into());
            }
            _ => {
                let kept = Dossier::from(DossierRecord::from(&*dossier));
                assert_eq!(DossierRecord::from(&kept), DossierRecord::from(&*dossier), "a record comes back as it was");
                assert!(kept.recipients().iter().all(|status| status.standing() == Standing::Recorded), "and proves nothing");
                dossier.merge(kept).expect("it is of the same message");
            }
        }
    }
    let [one, other] = &dossiers;
    let [mut left, mut right] = dossiers.clone();
    left.merge(other.clone()).expect("it is of the same message");
    right.merge(one.clone()).expect("it is of the same message");
    assert_eq!(answers(&left), answers(&right), "merged either way round");
    assert_eq!(left, right);
    for status in verified.recipients().iter().filter(|status| status.progress().is_final()) {
        let all = left.recipients();
        let found = all.iter().find(|other| other.address().as_str().eq_ignore_ascii_case(status.address().as_str()));
        let found = found.expect("no recipient is lost");
        assert_eq!((found.progress(), found.standing()), (status.progress(), Standing::Verified), "no record takes away a final word");
    }
    assert_eq!(index.receipts(), index.iter().map(|dossier| dossier.receipts().len()).sum::<usize>());
    index.iter().for_each(|dossier| drop(answers(dossier)));
}

/// What somebody might write into a record.
fn change(record: &mut DossierRecord, other: &DossierRecord, which: u8, value: u8) {
    let instants = [UnixTime::MIN, UnixTime::MAX, UnixTime::from_secs(1_795_316_400 + 3_600 * i64::from(value)).expect("this century")];
    let Some(receipt) = record.receipts.first_mut() else { return };
    match which % 9 {
        0 => receipt.id = other.receipts[usize::from(value) % other.receipts.len()].id,
        1 => receipt.kind = PecKind::ALL[usize::from(value) % PecKind::ALL.len()],
        2 => receipt.when = instants[usize::from(value) % 3].to_string().parse().expect("a time"),
        3 => receipt.recipients = other.recipients.iter().map(|recipient| recipient.address.clone()).collect(),
        4 => receipt.fault = Fault::ALL[usize::from(value) % Fault::ALL.len()],
        5 => receipt.original = Some(Fingerprint::of(&[value])),
        6 => record.recipients.iter_mut().for_each(|recipient| recipient.accepted = None),
        7 => record.recipients.iter_mut().for_each(|recipient| recipient.accepted = Some(RecipientKind::External)),
        _ => record.recipients.clear(),
    }
}

/// All that a dossier tells.
fn answers(dossier: &Dossier) -> String {
    let standings: Vec<_> = dossier.receipts().iter().map(|receipt| dossier.standing(&receipt.id)).collect();
    let missing = [UnixTime::MIN, UnixTime::MAX].map(|now| dossier.missing(now));
    let record = DossierRecord::from(dossier);
    format!("{record:?}{:?}{:?}{:?}{standings:?}{missing:?}", dossier.recipients(), dossier.issues(), dossier.summary())
}

/// Receipts of one message, and last some of another; composed and verified once.
fn receipts() -> &'static [Receipt<'static>] {
    static RECEIPTS: OnceLock<Vec<Receipt<'static>>> = OnceLock::new();
    RECEIPTS.get_or_init(|| {
        let (composer, world) = (Composer::get(), World::get());
        let address = |text: &str| -> Address { text.parse().expect("an address") };
        let (bruno, carla) = (address("bruno@pec.gestoreuno.example"), address("Carla@pec.gestoreuno.example"));
        let both = |kind| vec![Recipient::new(bruno.clone(), RecipientKind::Certified), Recipient::new(carla.clone(), kind)];
        let identity = &composer.identities[0];
        let mut receipts = Vec::new();
        let mut keep = |draft: Result<Draft<'_>, ComposeError>| {
            let raw = draft.and_then(|draft| draft.sign_with(&composer.key)).expect("it is composed");
            let report = world.verify(&Message::parse(&raw).expect("it is small")).into_verified().expect("it passes");
            receipts.push(Receipt::of(&report).expect("it is a receipt"));
        };
        for (id, kind) in [("a1", RecipientKind::Certified), ("a1", RecipientKind::External), ("a2", RecipientKind::Certified)] {
            for (hour, entropy) in [(0, 1), (12, 2), (24, 3)] {
                let id = format!("{id}@pec.gestoreuno.example").parse().expect("an id");
                let when = format!("2026-11-{:02}T{:02}:50:00+01:00", 22 + hour / 24, hour % 24).parse().expect("a time");
                let entropy = Entropy::new([entropy; 32]);
                let sender = address("anna@pec.gestoreuno.example");
                let transaction = Transaction::new(sender, both(kind), identity.provider(), when, id).expect("there are recipients");
                let t = || transaction.clone();
                let reason = |text: &str| text.parse().ok();
                let refusal = NonAcceptance::new(t(), Fault::Other, reason("5.7.1 - G - no")).expect("it is lawful");
                let not = NonDelivery::new(t(), carla.clone(), Fault::NoRecipient, reason("5.1.1 - G - no")).expect("it is lawful");
                keep(Draft::acceptance(identity, &Acceptance::new(t()), &entropy));
                keep(Draft::non_acceptance(identity, &refusal, &entropy));
                keep(Draft::non_delivery(identity, &not, &entropy));
                keep(Draft::delivery_timeout(identity, &DeliveryTimeout::new(t(), bruno.clone(), reason("4.4.1 - G - tardi")), &entropy));
                let delivery = |to: &Address, kind| Delivery::new(t(), to.clone(), kind);
                let original = format!("Subject: x\r\n\r\n{hour}");
                keep(Draft::delivery(identity, &delivery(&bruno, ReceiptKind::Complete), original.as_bytes(), &entropy));
                keep(Draft::delivery(identity, &delivery(&carla, ReceiptKind::Concise), b"", &entropy));
            }
        }
        receipts
    })
}

/// The fixtures' first provider, who composes.
struct Composer {
    /// Without and with HTML.
    identities: [Identity; 2],
    key: InMemoryKey,
    transaction: Transaction,
}

impl Composer {
    fn get() -> &'static Self {
        static COMPOSER: OnceLock<Composer> = OnceLock::new();
        COMPOSER.get_or_init(|| {
            let file = |name: &str| std::fs::read(fixtures().join(name)).unwrap_or_else(|e| panic!("fixture {name}: {e}"));
            let certificates = |name: &str| Certificate::from_pem_or_der(&file(name)).expect("a fixture's certificate");
            let identity = Identity::new("Gestore Uno PEC S.p.A.", certificates("pki/uno.pem").remove(0), certificates("pki/issuing.pem"));
            let identity = identity.expect("its certificate has one address");
            let to = Recipient::new("bruno@pec.gestoreuno.example".parse().expect("an address"), RecipientKind::Certified);
            let when = "2026-11-22T03:50:00+01:00".parse().expect("a time");
            let (sender, id) =
                ("anna@pec.gestoreuno.example".parse().expect("an address"), "a1@pec.gestoreuno.example".parse().expect("an id"));
            Self {
                identities: [identity.clone(), identity.clone().with_readable(ReadableForm::PlainAndHtml)],
                key: InMemoryKey::from_pem(file("pki/uno.key")).expect("a fixture's key"),
                transaction: Transaction::new(sender, vec![to], identity.provider(), when, id).expect("there is a recipient"),
            }
        })
    }
}

/// The trust and the messages of `tests/fixtures`.
struct World {
    directory: Arc<Directory>,
    anchors: Vec<Certificate>,
    intermediates: Vec<Certificate>,
    verifier: Verifier,
    time: VerificationTime,
    receipt: GoodMessage,
    /// What the providers of the fixtures have signed, in CRLF.
    signed: HashSet<Vec<u8>>,
}

/// A good message, taken apart around its signature.
struct GoodMessage {
    raw: Vec<u8>,
    before: usize,
    after: usize,
    signature_value: Vec<u8>,
    signer: Certificate,
}

impl World {
    fn get() -> &'static Self {
        static WORLD: OnceLock<World> = OnceLock::new();
        WORLD.get_or_init(Self::read)
    }

    fn read() -> Self {
        let file = |name: &str| std::fs::read(fixtures().join(name)).unwrap_or_else(|e| panic!("fixture {name}: {e}"));
        let text = |name: &str| String::from_utf8(file(name)).expect("it is text");
        let at: UnixTime = text("at.txt").trim().parse().expect("a time");
        let directory = Arc::new(Directory::from_ldif(&file("directory/directory.ldif")).expect("the fixture's directory"));
        let certificates = |name: &str| Certificate::from_pem_or_der(&file(name)).expect("a fixture's certificate");
        let (anchors, intermediates) = (certificates("pki/root.pem"), certificates("pki/issuing.pem"));
        let verifier = Self::trusting(&directory, &anchors, &intermediates).build().expect("there is trust");

        // Columns: file, group, kind, openssl, outcome…
        let index = text("index.tsv");
        let rows = index.lines().skip(1).map(|row| row.split('\t').collect::<Vec<_>>());
        let good = rows.filter(|row| row[3] == "ok" || row[4] == "passed").map(|row| file(row[0]));
        // The seeds are copies of fixtures, but the fixtures may have been made again since.
        let signed: HashSet<Vec<u8>> =
            good.chain(seeds()).filter_map(|raw| Some(crlf(Message::parse(&raw).ok()?.signed().ok()?.bytes()))).collect();
        assert!(signed.len() > 10, "the fixtures hold signed messages");

        let signer = certificates("pki/uno.pem").remove(0);
        let receipt = GoodMessage::of(file("valid/accettazione.eml"), signer);
        Self { directory, anchors, intermediates, verifier, time: VerificationTime::asserted(at), receipt, signed }
    }

    fn builder(&self) -> VerifierBuilder {
        Self::trusting(&self.directory, &self.anchors, &self.intermediates)
    }

    fn trusting(directory: &Arc<Directory>, anchors: &[Certificate], intermediates: &[Certificate]) -> VerifierBuilder {
        let builder = Verifier::builder().directory(Arc::clone(directory));
        builder.anchors(anchors.iter().cloned()).intermediates(intermediates.iter().cloned())
    }

    fn verify<'a>(&self, message: &Message<'a>) -> Report<'a> {
        let report = self.verifier.verify(message, self.time);
        consistent(&report);
        report
    }
}

impl GoodMessage {
    fn of(raw: Vec<u8>, signer: Certificate) -> Self {
        let message = Message::parse(&raw).expect("it is small");
        let part = message.root().children().nth(1).expect("a signature");
        let (before, after) = (part.body_offset(), part.body_offset() + part.body().len());
        // Signed by OpenSSL, without unsigned attributes: the value of the RSA-2048 signature is what DER ends with.
        let decoded = part.decode();
        let signature_value = decoded.bytes()[decoded.bytes().len() - 256..].to_vec();
        Self { before, after, signature_value, signer, raw }
    }

    fn with_signature(&self, signature: &[u8]) -> Vec<u8> {
        let mut raw = self.raw[..self.before].to_vec();
        for line in base64(signature).as_bytes().chunks(76) {
            raw.extend_from_slice(line);
            raw.extend_from_slice(b"\r\n");
        }
        raw.extend_from_slice(&self.raw[self.after..]);
        raw
    }
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = bytes.chunks(3).flat_map(|three| {
        let number = three.iter().fold(0, |n, &byte| n << 8 | usize::from(byte)) << (8 * (3 - three.len()));
        (0..4).map(move |i| if i > three.len() { '=' } else { char::from(DIGITS[number >> (18 - 6 * i) & 63]) })
    });
    digits.collect()
}

/// With every LF made CR LF that is not yet.
fn crlf(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 32);
    for (i, &byte) in bytes.iter().enumerate() {
        if byte == b'\n' && (i == 0 || bytes[i - 1] != b'\r') {
            out.push(b'\r');
        }
        out.push(byte);
    }
    out
}

/// The committed seeds of the target `verify`, without the finds, which nobody signed. None in a published package.
fn seeds() -> impl Iterator<Item = Vec<u8>> {
    let files = std::fs::read_dir(project().join("fuzz/corpus/verify")).into_iter().flatten();
    let seeds = files
        .map(|file| file.expect("it can be read").path())
        .filter(|path| !path.file_name().is_some_and(|n| n.as_encoded_bytes().starts_with(b"find-")));
    seeds.map(|path| std::fs::read(path).expect("it can be read"))
}

fn fixtures() -> PathBuf {
    project().join("tests/fixtures")
}

/// The folder of the crate itself, whoever includes this file: the fuzz targets are one folder down from it.
fn project() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    if here.ends_with("fuzz") { here.parent().expect("fuzz is in the project") } else { here }
}
