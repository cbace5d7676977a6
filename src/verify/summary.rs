//! A report as the lines that a person needs, the weightiest first: what it came to, what is attested or that nothing is, why, who signed,
//! which time counted, what was not looked at, and what was noticed besides.

use core::fmt;

use super::policy::TimeBasis;
use super::report::{CheckState, MessageClass, Outcome, Report};
use crate::certdata::{CertificationData, Fault, PecKind, ReceiptKind, Written};
use crate::finding::Check;
use crate::language::{Language, Said, Say, spoken, write_tame};
use crate::message::{CarriedMessage, Content, ContentKind};
use crate::time::Timestamp;

use Language::{English, Italian};

/// More recipients than this are counted, not named.
const RECIPIENTS: usize = 8;

spoken!(Report<'_>);

impl Say for Report<'_> {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        verdict(self, language, f)?;
        match self.verified() {
            Some(verified) => attested(self, verified.value(), language, f)?,
            None => unverified(self, language, f)?,
        }
        for reason in self.reasons() {
            let weight = match self.checks().get(reason.check()) {
                CheckState::Bad => language.pick("problem", "problema"),
                _ => language.pick("open question", "questione aperta"),
            };
            write!(f, "\n{weight} ({}): {}", reason.check().in_language(language), reason.in_language(language))?;
        }
        signer(self, language, f)?;
        time(self, language, f)?;
        not_checked(self, language, f)?;
        for finding in self.findings() {
            write!(f, "\n{}: {}", language.pick("noticed", "osservazione"), finding.in_language(language))?;
        }
        Ok(())
    }
}

fn verdict(report: &Report<'_>, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let class = match report.class() {
        MessageClass::Certified => language.pick("a certified PEC message", "un messaggio PEC certificato"),
        MessageClass::Anomaly => language.pick(
            "an anomaly envelope: a PEC provider wrapped mail that is not valid PEC, and certifies nothing of it",
            "una busta di anomalia: un gestore PEC ha imbustato posta che non è PEC valida, senza certificarne nulla",
        ),
        MessageClass::Irregular => language.pick(
            "signed by a PEC provider, but not as the rules of PEC want it",
            "un messaggio firmato da un gestore PEC, ma non secondo le regole della PEC",
        ),
        MessageClass::Ordinary => language.pick("ordinary mail, which nothing certifies", "posta ordinaria, che nulla certifica"),
    };
    let outcome = report.outcome().in_language(language);
    write!(f, "{} {outcome}: ", language.pick("verification", "verifica"))?;
    match (report.outcome(), language) {
        (Outcome::Passed | Outcome::Failed, _) => f.write_str(class),
        (Outcome::Indeterminate, English) => write!(f, "if the open questions were answered well, {class}"),
        (Outcome::Indeterminate, Italian) => write!(f, "se le questioni aperte avessero risposta favorevole, {class}"),
    }
}

/// What a provider attests: who, what, when.
fn attested(report: &Report<'_>, content: &Content<'_>, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let listed = report.signer().and_then(|signer| signer.provider());
    let named = content.data().and_then(CertificationData::provider).filter(|name| !name.is_empty());
    let provider = Tame(named.or(listed).unwrap_or(language.pick("the provider that signed", "il gestore che ha firmato")));
    write!(f, "\n{}", content.kind().in_language(language))?;
    match (content.data(), language) {
        (Some(data), _) => {
            let receipt = data.receipt().and_then(|receipt| receipt.value());
            match receipt {
                Some(ReceiptKind::Complete) => f.write_str(language.pick(" (complete)", " (completa)"))?,
                Some(ReceiptKind::Brief) => f.write_str(language.pick(" (brief)", " (breve)"))?,
                Some(ReceiptKind::Concise) => f.write_str(language.pick(" (concise)", " (sintetica)"))?,
                None => {}
            }
            write!(f, ": {provider} {} {}", language.pick("attests that", "attesta"), Said { value: data, language })?;
            details(data, language, f)?;
        }
        (None, English) => write!(f, ": {provider} attests that it received the message inside, and neither who wrote it nor when")?,
        (None, Italian) => write!(f, ": {provider} attesta di aver ricevuto il messaggio contenuto, non chi l'ha scritto né quando")?,
    }
    content.original().map_or(Ok(()), |original| carried(content, original, language, f))
}

/// The clause that follows `attests that`, `attesta`.
impl Say for CertificationData {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sender = Addresses::one(self.sender(), language);
        let all = Addresses::new(self.recipients().iter().map(|recipient| recipient.address()), language);
        let taken = Addresses::new(self.received_for().iter(), language);
        let to = self.recipient().map_or_else(|| all.clone(), |recipient| Addresses::one(recipient, language));
        let when = When(self.when(), language);
        match (self.kind(), language) {
            (PecKind::Acceptance, English) => write!(f, "it accepted, on {when}, the message of {sender} to {all}"),
            (PecKind::Acceptance, Italian) => write!(f, "di aver accettato, il {when}, il messaggio di {sender} per {all}"),
            (PecKind::NonAcceptance, English) => write!(f, "it did not accept, on {when}, the message of {sender} to {all}"),
            (PecKind::NonAcceptance, Italian) => write!(f, "di non aver accettato, il {when}, il messaggio di {sender} per {all}"),
            (PecKind::TakenInCharge, English) => write!(f, "it took in charge, on {when}, the message of {sender} to {taken}"),
            (PecKind::TakenInCharge, Italian) => write!(f, "di aver preso in carico, il {when}, il messaggio di {sender} per {taken}"),
            (PecKind::Delivery, English) => write!(f, "it delivered, on {when}, the message of {sender} to {to}"),
            (PecKind::Delivery, Italian) => write!(f, "di aver consegnato, il {when}, il messaggio di {sender} a {to}"),
            (PecKind::TransportEnvelope, English) => write!(f, "it took, on {when}, the message inside from {sender} to {all}"),
            (PecKind::TransportEnvelope, Italian) => {
                write!(f, "di aver preso, il {when}, il messaggio contenuto da {sender} per {all}")
            }
            (PecKind::NonDelivery, English) => write!(f, "on {when} the message of {sender} could not be delivered to {to}"),
            (PecKind::NonDelivery, Italian) => write!(f, "che il {when} il messaggio di {sender} non è stato consegnato a {to}"),
            (PecKind::DeliveryTimeout, English) => {
                write!(f, "on {when} it had no word yet that the message of {sender} was delivered to {to}")
            }
            (PecKind::DeliveryTimeout, Italian) => {
                write!(f, "che al {when} non aveva ancora notizia della consegna del messaggio di {sender} a {to}")
            }
            (PecKind::VirusDetection, English) => write!(f, "it found a virus, on {when}, in the message of {sender} to {to}"),
            (PecKind::VirusDetection, Italian) => {
                write!(f, "di aver rilevato, il {when}, un virus nel messaggio di {sender} per {to}")
            }
        }
    }
}

/// The rest of what is attested, where it is there.
fn details(data: &CertificationData, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if let Some(fault) = data.fault().value().filter(|fault| **fault != Fault::None) {
        let meaning = match fault {
            Fault::None => "",
            Fault::NoRecipient => language.pick("there is no such mailbox", "la casella non esiste"),
            Fault::NoDomain => language.pick("there is no such domain", "il dominio non esiste"),
            Fault::Virus => language.pick("the message carries a virus", "il messaggio contiene un virus"),
            Fault::Other => language.pick("another reason", "altro motivo"),
        };
        write!(f, "\n{}: {meaning}", language.pick("error", "errore"))?;
        if let Some(text) = data.extended_error().map(|error| error.raw()).filter(|text| !text.is_empty()) {
            write!(f, " ({})", Tame(text))?;
        }
    }
    if let Some(subject) = data.subject() {
        write!(f, "\n{}: {}", language.pick("subject", "oggetto"), Tame(subject))?;
    }
    write!(f, "\n{}: {}", language.pick("identifier", "identificativo"), Tame(data.id().text()))?;
    match data.message_id() {
        Some(id) => write!(f, "; {} {}", language.pick("Message-ID of the original", "Message-ID dell'originale"), Tame(id.text())),
        None => Ok(()),
    }
}

/// What the presence of the carried message proves, and what it does not.
fn carried(content: &Content<'_>, original: &CarriedMessage<'_>, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let bytes = original.bytes().len();
    let brief = content.data().and_then(|data| data.receipt()?.value()) == Some(&ReceiptKind::Brief);
    match (language, content.kind()) {
        (English, ContentKind::Anomaly) => write!(f, "\nmessage inside: {bytes} bytes, as they were received"),
        (Italian, ContentKind::Anomaly) => write!(f, "\nmessaggio contenuto: {bytes} byte, come sono stati ricevuti"),
        (English, _) if brief => write!(f, "\nmessage inside: {bytes} bytes; in place of the attachments stand their digests"),
        (Italian, _) if brief => write!(f, "\nmessaggio contenuto: {bytes} byte; al posto degli allegati ci sono le loro impronte"),
        (English, _) => write!(f, "\nmessage inside: {bytes} bytes; attested is that they were carried, not that what they say is true"),
        (Italian, _) => write!(f, "\nmessaggio contenuto: {bytes} byte; è attestato il loro trasporto, non che dicano il vero"),
    }
}

fn unverified(report: &Report<'_>, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let kind = report.unverified_content().and_then(|content| content.kind()).map(|kind| kind.in_language(language));
    match (language, kind) {
        (English, None) => f.write_str("\nunverified: nothing that this message says is proven"),
        (Italian, None) => f.write_str("\nnon verificato: nulla di ciò che questo messaggio dice è provato"),
        (English, Some(kind)) => write!(f, "\nunverified: it claims to be a PEC message ({kind}), but nothing that it says is proven"),
        (Italian, Some(kind)) => {
            write!(f, "\nnon verificato: si presenta come messaggio PEC ({kind}), ma nulla di ciò che dice è provato")
        }
    }
}

fn signer(report: &Report<'_>, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(signer) = report.signer() else { return Ok(()) };
    let certificate = signer.certificate();
    let by = match report.checks().signature {
        CheckState::Good => language.pick("signed by", "firmato da"),
        _ => language.pick("not proven to be signed by", "non è provata la firma di"),
    };
    let (subject, issuer) = (Tame(signer.subject()), Tame(certificate.issuer()));
    let (from, to) = (certificate.not_before(), certificate.not_after());
    match language {
        English => write!(f, "\n{by} {subject}; certificate issued by {issuer}, valid from {from} to {to}")?,
        Italian => write!(f, "\n{by} {subject}; certificato emesso da {issuer}, valido dal {from} al {to}")?,
    }
    let (Some(provider), Some(directory)) = (signer.provider().map(Tame), report.directory()) else { return Ok(()) };
    match (language, directory.as_of) {
        (English, Some(date)) => write!(f, "\nlisted as {provider} in the directory of providers of {date}"),
        (Italian, Some(date)) => write!(f, "\nelencato come {provider} nell'indice dei gestori del {date}"),
        (English, None) => write!(f, "\nlisted as {provider} in a directory of providers whose date is not known"),
        (Italian, None) => write!(f, "\nelencato come {provider} in un indice dei gestori di cui non è nota la data"),
    }
}

fn time(report: &Report<'_>, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Some(at) = report.instant() else { return Ok(()) };
    let basis = match report.basis() {
        TimeBasis::Now => language.pick("the present, by the caller's clock", "il presente, secondo l'orologio di chi verifica"),
        TimeBasis::Asserted => {
            language.pick("when, as the caller says, the message existed", "quando, a detta di chi verifica, il messaggio esisteva")
        }
        TimeBasis::Certification => language
            .pick("the time that the message itself gives, which proves nothing", "la data che il messaggio dà di sé, che non prova nulla"),
        TimeBasis::Timestamp => language.pick("the time of a trusted time stamp", "la data di una marca temporale affidabile"),
        TimeBasis::Archive => language.pick("when an archive took the message in", "quando il messaggio è entrato in un archivio"),
    };
    let policy = Said { value: &report.policy(), language };
    match language {
        English => write!(f, "\njudged at {at}, {basis}; policy: {policy}"),
        Italian => write!(f, "\ngiudicato al {at}, {basis}; criterio: {policy}"),
    }
}

/// What was not looked at, and what follows. Where an earlier check left nothing to look at, that is all there is to say.
fn not_checked(report: &Report<'_>, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let prefix = language.pick("not checked", "non controllato");
    let mut pointless = Vec::new();
    for (check, state) in report.checks().iter() {
        if state != CheckState::NotChecked {
            continue;
        }
        let what_follows = match check {
            Check::Chain if !report.has_anchors => language.pick(
                "no trust anchors were given; only the directory says whose certificate this is",
                "nessuna autorità fidata è stata indicata; di chi sia il certificato lo dice solo l'indice dei gestori",
            ),
            Check::Revocation => language.pick(
                "no revocation list at hand tells; that a certificate was revoked would not have been noticed",
                "nessun elenco delle revoche disponibile lo dice; l'eventuale revoca di un certificato non sarebbe stata notata",
            ),
            Check::Authority if report.directory.is_none() => language.pick(
                "no directory was given; whether the provider manages the domains that it speaks for is not known",
                "nessun indice dei gestori è stato indicato; non si sa se il gestore gestisca i domini per cui parla",
            ),
            _ => "",
        };
        if what_follows.is_empty() || report.signer().is_none() {
            pointless.push(check.in_language(language));
        } else {
            write!(f, "\n{prefix} ({}): {what_follows}", check.in_language(language))?;
        }
    }
    if pointless.is_empty() {
        return Ok(());
    }
    let why = language.pick("there was nothing left to look at", "non restava nulla da controllare");
    write!(f, "\n{prefix} ({}): {why}", pointless.join(", "))
}

/// A text of the message, or of a certificate, on its line.
struct Tame<'t>(&'t str);

impl fmt::Display for Tame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_tame(self.0, f)
    }
}

/// A time as its provider wrote it, in the order that people of the language are used to.
struct When(Timestamp, Language);

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = self.0.to_certdata();
        match self.1 {
            English => {
                let mut parts = written.day.split('/').rev();
                let (year, month, day) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
                write!(f, "{year}-{month}-{day} at {} ({})", written.time, written.zone)
            }
            Italian => write!(f, "{} alle {} ({})", written.day, written.time, written.zone),
        }
    }
}

/// Addresses in a row, the first few by name.
#[derive(Clone)]
struct Addresses<'d> {
    shown: Vec<&'d str>,
    others: usize,
    language: Language,
}

impl<'d> Addresses<'d> {
    fn new(addresses: impl ExactSizeIterator<Item = &'d Written<crate::address::Address>>, language: Language) -> Self {
        let others = addresses.len().saturating_sub(RECIPIENTS);
        Self { shown: addresses.take(RECIPIENTS).map(Written::text).collect(), others, language }
    }

    fn one(address: &'d Written<crate::address::Address>, language: Language) -> Self {
        Self::new([address].into_iter(), language)
    }
}

impl fmt::Display for Addresses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, address) in self.shown.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { ", " })?;
            match *address {
                "" => f.write_str(self.language.pick("(no address)", "(nessun indirizzo)"))?,
                address => write_tame(address, f)?,
            }
        }
        match (self.others, self.language) {
            (0, _) => Ok(()),
            (more, English) => write!(f, " and {more} more"),
            (more, Italian) => write!(f, " e altri {more}"),
        }
    }
}
