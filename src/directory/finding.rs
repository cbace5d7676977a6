//! What can be wrong with a directory: with a record, or with the whole.

use core::fmt;

use crate::language::{Language, Say, spoken};

coded! {
    /// What was noticed in a directory.
    pub enum DirectoryFindingKind {
        // -- lines --
        /// The line was left out.
        LineMalformed { line: Box<str> } = "ldif-line-malformed",
            "this is no line of LDIF (`name: value`): {line}",
            "questa non è una riga LDIF (`nome: valore`): {line}";
        /// The line was left out.
        LineTooLong { limit: usize } = "ldif-line-too-long",
            "the line, unfolded, is longer than {limit} bytes and was left out",
            "la riga, ricomposta, supera {limit} byte ed è stata tralasciata";
        /// A folded line must not begin after an empty one; what it says was left out.
        StrayContinuation = "ldif-stray-continuation",
            "the line begins with a blank but there is no line before it to continue",
            "la riga comincia con uno spazio ma prima non c'è una riga da continuare";
        /// LDIF can name a file or an address to take a value from. None is ever opened; the record is read without the value.
        UrlValue { attribute: Box<str>, url: Box<str> } = "ldif-url-value",
            "the value of {attribute} is to be fetched from {url}: nothing is fetched, the value was left out",
            "il valore di {attribute} andrebbe prelevato da {url}: niente viene prelevato, il valore è stato tralasciato";
        /// Some tools take an `include:` line as an order to read another file. It was left out.
        Include { url: Box<str> } = "ldif-include",
            "another file ({url}) is to be included: nothing is fetched, the line was left out",
            "andrebbe incluso un altro file ({url}): niente viene prelevato, la riga è stata tralasciata";
        /// A record that orders a change (`changetype:`, `control:`) is not a directory's content; the whole record was left out.
        ChangeRecord { attribute: Box<str> } = "ldif-change-record",
            "{attribute} makes this an order to change a directory, not a record of one; the record was left out",
            "{attribute} ne fa un ordine di modifica di un indice, non una sua voce; la voce è stata tralasciata";
        /// The value was left out, the rest of the record was read. If it is the record's name, the record was left out.
        BadBase64 { attribute: Box<str> } = "ldif-bad-base64",
            "the value of {attribute} is no base64",
            "il valore di {attribute} non è base64";
        /// The characters in question were replaced.
        NotUtf8 { attribute: Box<str> } = "ldif-not-utf-8",
            "the value of {attribute} is not UTF-8",
            "il valore di {attribute} non è UTF-8";
        /// Only version 1 exists (RFC 2849); the file was read as such.
        Version { version: Box<str> } = "ldif-version",
            "the file is of LDIF version {version}, which does not exist; it was read as version 1",
            "il file è della versione LDIF {version}, che non esiste; è stato letto come versione 1";
        /// What stands between records belongs to none and was left out.
        NoRecord { attribute: Box<str> } = "ldif-outside-record",
            "{attribute} stands in no record: a record begins with `dn:`; these lines were left out",
            "{attribute} non sta in alcuna voce: una voce comincia con `dn:`; queste righe sono state tralasciate";

        // -- records --
        /// The distinguished name cannot be read.
        NameMalformed = "record-name-malformed",
            "the distinguished name cannot be read",
            "il nome distinto non è leggibile";
        /// RFC 6109 §4.5 has `providerName=…,o=postacert` and `providerUnit=…,providerName=…,o=postacert`.
        NameUnusual = "record-name-unusual",
            "the distinguished name is none of RFC 6109's",
            "il nome distinto non è fra quelli della RFC 6109";
        /// Without a provider's name, neither as an attribute nor in the record's name, the record was left out.
        Nameless = "record-nameless",
            "the record names no provider and was left out",
            "la voce non indica alcun gestore ed è stata tralasciata";
        /// Neither the base root nor a provider; the record was left out.
        UnknownRecord = "record-unknown",
            "the record is neither the base root nor a provider's and was left out",
            "la voce non è né la radice né di un gestore ed è stata tralasciata";
        /// The first record of a name was read, the others were left out.
        RecordTwice { first: usize } = "record-twice",
            "a record with this name began on line {first} already; this one was left out",
            "una voce con questo nome comincia già alla riga {first}; questa è stata tralasciata";
        /// An attribute that RFC 6109 §4.5.9 wants is missing, or none of its values could be used.
        AttributeMissing { attribute: &'static str } = "attribute-missing",
            "the record has no {attribute}",
            "la voce non ha {attribute}";
        /// The first value was taken.
        AttributeTwice { attribute: &'static str } = "attribute-twice",
            "{attribute} may have one value only; the first was taken",
            "{attribute} può avere un solo valore; è stato preso il primo";
        /// The attribute `providerName` is not the name in the distinguished name, which is the one that says whose the record is.
        NameDiffers { attribute: Box<str>, dn: Box<str> } = "provider-name-differs",
            "providerName says \"{attribute}\", the distinguished name \"{dn}\"",
            "providerName dice \"{attribute}\", il nome distinto \"{dn}\"";
        /// The attribute `providerUnit` is not the unit in the distinguished name, or one of them is missing.
        UnitDiffers { attribute: Box<str>, dn: Box<str> } = "provider-unit-differs",
            "providerUnit says \"{attribute}\", the distinguished name \"{dn}\"",
            "providerUnit dice \"{attribute}\", il nome distinto \"{dn}\"";
        /// RFC 6109 §4.5.7 wants a record for the main environment of every provider.
        UnitWithoutMain { provider: Box<str> } = "unit-without-main",
            "a secondary environment of {provider}, which has no record of its main environment",
            "è un ambiente secondario di {provider}, che non ha la voce dell'ambiente principale";
        /// RFC 6109 §4.5.6 forbids it: the address is the main environment's. It was left out.
        UnitLocation = "unit-location-url",
            "the record of a secondary environment must not have an LDIFLocationURL",
            "la voce di un ambiente secondario non deve avere LDIFLocationURL";

        // -- certificates --
        /// The value was left out.
        NotACertificate { error: crate::x509::CertificateError } = "certificate-unreadable",
            "the value of providerCertificate is no certificate: {error}",
            "il valore di providerCertificate non è un certificato: {error}";
        /// The value is not base64 at all, so it cannot be a certificate; it was left out.
        CertificateAsText = "certificate-as-text",
            "providerCertificate must be in base64 (`providerCertificate;binary::`)",
            "providerCertificate deve essere in base64 (`providerCertificate;binary::`)";
        /// It counts once.
        CertificateTwice = "certificate-twice",
            "the record lists this certificate twice",
            "la voce elenca due volte questo certificato";
        /// The certificate speaks for neither provider.
        CertificateConflict { provider: Box<str>, line: usize } = "certificate-conflict",
            "the certificate is also listed under {provider} (line {line}), so it speaks for neither",
            "il certificato è elencato anche sotto {provider} (riga {line}), perciò non vale per nessuno dei due";
        /// Those beyond were not read.
        TooManyCertificates { limit: usize } = "certificates-limit",
            "the record has more than {limit} certificates; those beyond were not read",
            "la voce ha più di {limit} certificati; quelli oltre il limite non sono stati letti";
        /// The hash is an index and proves nothing: the certificate is listed all the same.
        HashMismatch { written: Box<str>, computed: Box<str> } = "certificate-hash-mismatch",
            "providerCertificateHash says {written}, the certificate's SHA-1 is {computed}",
            "providerCertificateHash dice {written}, lo SHA-1 del certificato è {computed}";
        /// The SHA-1 of a certificate has 40 hexadecimal digits.
        HashMalformed { written: Box<str> } = "certificate-hash-malformed",
            "providerCertificateHash is not 40 hexadecimal digits: {written}",
            "providerCertificateHash non è fatto di 40 cifre esadecimali: {written}";
        /// The certificate is listed all the same.
        HashMissing { computed: Box<str> } = "certificate-hash-missing",
            "no providerCertificateHash stands for the certificate with SHA-1 {computed}",
            "nessun providerCertificateHash corrisponde al certificato con SHA-1 {computed}";
        /// The record has more hashes than certificates.
        HashAlone { written: Box<str> } = "certificate-hash-alone",
            "the record has no certificate with the hash {written}",
            "la voce non ha un certificato con l'impronta {written}";

        // -- domains and mailboxes --
        /// The value was left out.
        DomainMalformed { written: Box<str> } = "domain-malformed",
            "this is no domain: {written}",
            "questo non è un dominio: {written}";
        /// It counts once.
        DomainTwice { domain: Box<str> } = "domain-twice",
            "the record lists the domain {domain} twice",
            "la voce elenca due volte il dominio {domain}";
        /// Both records speak for the domain; [`by_domain`](crate::Directory::by_domain) finds the first.
        DomainClaimedTwice { domain: Box<str>, dn: Box<str>, line: usize } = "domain-claimed-twice",
            "the domain {domain} is also listed by {dn} (line {line})",
            "il dominio {domain} è elencato anche da {dn} (riga {line})";
        /// RFC 6109 §4.5.4 allows dot-atoms only, on both sides of the `@`.
        MailReceiptMalformed { written: Box<str> } = "mail-receipt-malformed",
            "mailReceipt is no mail address of the form that RFC 6109 allows: {written}",
            "mailReceipt non è un indirizzo di posta della forma ammessa dalla RFC 6109: {written}";

        // -- the signed form --
        /// Bytes follow the signed structure; nothing certifies them, and they were not read.
        BytesAfterSignature { bytes: usize } = "bytes-after-signature",
            "{bytes} bytes follow the signed directory, and were not read",
            "{bytes} byte seguono l'indice firmato, e non sono stati letti";
        /// The directory is signed with SHA-1.
        WeakSignature = "directory-weak-digest",
            "the directory is signed with the weak digest SHA-1",
            "l'indice è firmato con l'impronta debole SHA-1";

        // -- all of them --
        /// Only the first so many findings are kept.
        TooManyFindings { limit: usize } = "findings-limit",
            "there are more than {limit} findings; those beyond are not told",
            "ci sono più di {limit} osservazioni; quelle oltre il limite non sono riportate";
    }
}

/// Something noticed in a directory, and where.
///
/// No finding keeps the rest of the directory from being used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryFinding {
    pub(super) kind: DirectoryFindingKind,
    pub(super) line: usize,
    pub(super) record: Option<Box<str>>,
}

impl DirectoryFinding {
    /// What was noticed.
    #[must_use]
    pub fn kind(&self) -> &DirectoryFindingKind {
        &self.kind
    }

    /// The stable kebab-case name of what was noticed.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// The line of the file, from 1; of a folded line, the first. 0 where no line is concerned, but the signature around the file.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// The distinguished name of the record concerned, shortened if it is long.
    #[must_use]
    pub fn record(&self) -> Option<&str> {
        self.record.as_deref()
    }
}

spoken!(DirectoryFinding, DirectoryError);

impl Say for DirectoryFinding {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = language.pick("line", "riga");
        match (self.line, &self.record) {
            (0, _) => {}
            (line, None) => write!(f, "{word} {line}: ")?,
            (line, Some(record)) => write!(f, "{word} {line} ({record}): ")?,
        }
        self.kind.say(language, f)
    }
}

coded! {
    /// Why a directory cannot be used, or made.
    pub enum DirectoryErrorKind {
        /// Nothing was read.
        TooLarge { bytes: usize, limit: usize } = "directory-too-large",
            "the directory has {bytes} bytes, more than {limit}",
            "l'indice è di {bytes} byte, più di {limit}";
        /// No line of it is LDIF that begins a record.
        NotLdif = "directory-not-ldif",
            "this is no LDIF file: no line begins a record (`dn:`)",
            "questo non è un file LDIF: nessuna riga comincia una voce (`dn:`)";
        /// The bytes begin as DER or PEM does.
        Signed = "directory-signed",
            "this is no LDIF file, but looks like a signed one (.p7m) or a certificate: it must be opened with the certificate of its signer",
            "questo non è un file LDIF, ma sembra un file firmato (.p7m) o un certificato: va aperto con il certificato di chi l'ha firmato";
        /// There are records, but none of a provider that could be read; the findings say why.
        NoProvider = "directory-without-provider",
            "no provider's record could be read",
            "non è stata letta alcuna voce di un gestore";
        /// A provider, or a secondary environment, must have a name.
        NameEmpty = "provider-name-empty",
            "the name of a provider or of its secondary environment is empty",
            "il nome di un gestore o del suo ambiente secondario è vuoto";
        /// RFC 6109 §4.5.6 forbids it.
        UnitLocation = "unit-location-url",
            "the record of a secondary environment must not have an LDIFLocationURL",
            "la voce di un ambiente secondario non deve avere LDIFLocationURL";
    }
}

/// Why the bytes as a whole are no directory, or why a record cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryError {
    kind: DirectoryErrorKind,
    findings: Vec<DirectoryFinding>,
}

impl DirectoryError {
    pub(super) fn new(kind: DirectoryErrorKind, findings: Vec<DirectoryFinding>) -> Self {
        Self { kind, findings }
    }

    /// What the matter is.
    #[must_use]
    pub fn kind(&self) -> &DirectoryErrorKind {
        &self.kind
    }

    /// The stable kebab-case name of the matter.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// What was noticed before the directory was given up.
    #[must_use]
    pub fn findings(&self) -> &[DirectoryFinding] {
        &self.findings
    }
}

impl From<DirectoryErrorKind> for DirectoryError {
    fn from(kind: DirectoryErrorKind) -> Self {
        Self::new(kind, Vec::new())
    }
}

impl Say for DirectoryError {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.say(language, f)?;
        match self.findings.first() {
            Some(first) => write!(f, "; {}", first.in_language(language)),
            None => Ok(()),
        }
    }
}

impl core::error::Error for DirectoryError {}

/// The first thousand findings; a broken file of many megabytes must not grow into many times its size.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<DirectoryFinding>,
}

const MAX_FINDINGS: usize = 1_000;

impl Findings {
    /// `kind` is only made if the finding is kept.
    pub(super) fn add(&mut self, line: usize, record: Option<&str>, kind: impl FnOnce() -> DirectoryFindingKind) {
        let kind = match self.list.len() {
            n if n < MAX_FINDINGS => kind(),
            MAX_FINDINGS => DirectoryFindingKind::TooManyFindings { limit: MAX_FINDINGS },
            _ => return,
        };
        self.list.push(DirectoryFinding { kind, line, record: record.map(|r| excerpt(r.as_bytes())) });
    }

    /// In the order of the file's lines.
    pub(super) fn into_vec(mut self) -> Vec<DirectoryFinding> {
        self.list.sort_by_key(|f| f.line);
        self.list
    }
}

/// The beginning of a text, printable, for a finding.
pub(super) fn excerpt(text: &[u8]) -> Box<str> {
    const MAX: usize = 120;
    let head = text.get(..MAX).unwrap_or(text);
    let mut out: String = String::from_utf8_lossy(head).chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.len() > MAX {
        out.push('…');
    }
    out.into()
}
