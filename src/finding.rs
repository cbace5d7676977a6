//! What was noticed in a message: one table of conditions, each with its code, its sentence and its place.

use core::fmt;

/// One row of a table of conditions: what [`FindingKind::TABLE`] and the tables of the error types are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CodeRow {
    /// The stable kebab-case name.
    pub code: &'static str,
    /// The English sentence, with the names of its values in braces.
    pub text: &'static str,
    /// What it means, in a sentence or two.
    pub meaning: &'static str,
}

/// Where in a message something was noticed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Place {
    /// The MIME section as IMAP numbers it (`"1.2"`), empty for the message itself; `None` where no part is concerned.
    pub part: Option<Box<str>>,
    /// The offset in bytes from the beginning of the message, where one byte can be pointed at.
    pub offset: Option<usize>,
}

impl Place {
    /// No particular place.
    pub(crate) const NONE: Self = Self { part: None, offset: None };

    /// A byte of the message, in the part whose section number is given.
    pub(crate) fn at(part: &str, offset: usize) -> Self {
        Self { part: Some(part.into()), offset: Some(offset) }
    }

    /// A whole part.
    pub(crate) fn part(part: &str) -> Self {
        Self { part: Some(part.into()), offset: None }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.part.as_deref(), self.offset) {
            (None, None) => Ok(()),
            (None, Some(o)) => write!(f, "offset {o}"),
            (Some(""), None) => write!(f, "the message itself"),
            (Some(""), Some(o)) => write!(f, "the message itself, offset {o}"),
            (Some(p), None) => write!(f, "part {p}"),
            (Some(p), Some(o)) => write!(f, "part {p}, offset {o}"),
        }
    }
}

/// The seven things a verification looks at, in the order of a [`Report`](crate::Report).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Check {
    /// Is it a signed PEC message at all, framed without ambiguity?
    Structure,
    /// Does the mathematics of the signature hold over the signed bytes?
    Signature,
    /// Is the signer's certificate of the right profile, and does a path lead to a trust anchor or a listing?
    Chain,
    /// Were the certificates valid at the time that counts?
    Time,
    /// Was none of them revoked?
    Revocation,
    /// Was this provider entitled to attest these addresses, and does it speak from its own?
    Authority,
    /// Do the certification data read well, and are they of a lawful form?
    Content,
}

impl Check {
    /// All seven, in order.
    pub const ALL: [Self; 7] =
        [Self::Structure, Self::Signature, Self::Chain, Self::Time, Self::Revocation, Self::Authority, Self::Content];

    /// The lower-case word of the check.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Structure => "structure",
            Self::Signature => "signature",
            Self::Chain => "chain",
            Self::Time => "time",
            Self::Revocation => "revocation",
            Self::Authority => "authority",
            Self::Content => "content",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Something noticed: a departure from the rules, or two statements that disagree.
///
/// A finding alone never changes an outcome under the default policy; where one decided, it is the finding of a
/// [`Reason`](crate::Reason).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    kind: FindingKind,
    place: Place,
}

impl Finding {
    pub(crate) fn new(kind: FindingKind, place: Place) -> Self {
        Self { kind, place }
    }

    /// What was noticed.
    #[must_use]
    pub fn kind(&self) -> &FindingKind {
        &self.kind
    }

    /// The stable kebab-case name of what was noticed.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// Where it was noticed.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }
}

impl From<FindingKind> for Finding {
    fn from(kind: FindingKind) -> Self {
        Self::new(kind, Place::NONE)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if self.place != Place::NONE {
            write!(f, " ({})", self.place)?;
        }
        Ok(())
    }
}

coded! {
    /// Every condition that a message, a signature, a certificate or a directory can be found in.
    pub enum FindingKind {
        // -- the message as bytes --
        /// The file begins with the `From ` line of an mbox; the message is read from the next line on.
        MboxFromLine = "mbox-from-line", "the message begins with an mbox `From ` line, which was left out";
        /// Some lines end in CR LF, some in LF alone.
        MixedLineEndings = "mixed-line-endings", "lines end now in CR LF, now in LF alone";
        /// A CR that no LF follows.
        BareCr = "bare-cr", "a carriage return stands without its line feed";
        /// A NUL byte, which no mail may hold.
        NulByte = "nul-byte", "a NUL byte, which no mail may hold";
        /// A line beyond the limit.
        LineTooLong { limit: usize } = "line-too-long", "a line is longer than {limit} bytes";
        /// The signature holds only over the message with CR LF line ends: it was stored by a tool that keeps LF alone.
        ConvertedLineEndings = "converted-line-endings", "the signature holds over the message with its LF line ends made CR LF again";

        // -- header fields --
        /// A header line that is no field.
        HeaderMalformed = "header-malformed", "a header line has no field name";
        /// More fields than the limit: those beyond were not read.
        TooManyHeaderFields { limit: usize } = "too-many-header-fields", "the header has more than {limit} fields; those beyond were not read";
        /// A part's header beyond the limit: the fields beyond were not read.
        HeaderTooLong { limit: usize } = "header-too-long", "the header of a part is longer than {limit} bytes; what lies beyond was not read";
        /// A field beyond the limit: it was not read.
        HeaderFieldTooLong { name: Box<str>, limit: usize } = "header-field-too-long", "the field {name} is longer than {limit} bytes and was not read";
        /// A field that may stand once stands twice.
        DuplicateHeader { name: Box<str> } = "duplicate-header", "the field {name} stands more than once";
        /// A parameter stands twice in one field.
        DuplicateParameter { header: Box<str>, name: Box<str> } = "duplicate-parameter", "the parameter {name} stands more than once in {header}";
        /// The RFC 2231 form of a parameter and its plain form say different things.
        ParameterConflict { header: Box<str>, name: Box<str> } = "parameter-conflict", "the parameter {name} of {header} has two forms that disagree";
        /// A structured field that could not be read.
        HeaderUnreadable { name: Box<str> } = "header-unreadable", "the field {name} could not be read";

        // -- MIME framing --
        /// A multipart without the boundary parameter.
        BoundaryMissing = "boundary-missing", "a multipart has no boundary";
        /// A multipart whose boundary is empty.
        BoundaryEmpty = "boundary-empty", "a multipart has an empty boundary";
        /// A boundary longer than RFC 2046 allows.
        BoundaryTooLong { limit: usize } = "boundary-too-long", "a boundary has more than {limit} characters";
        /// One open boundary is the beginning of another, so that delimiters can be read two ways.
        BoundaryPrefix = "boundary-prefix", "a boundary is the beginning of another that is open";
        /// A multipart that ends without its close delimiter.
        NoCloseDelimiter = "no-close-delimiter", "a multipart ends without its closing delimiter";
        /// A multipart without any delimiter.
        NoDelimiter = "no-delimiter", "a multipart has no part";
        /// A multipart under base64 or quoted-printable, which RFC 2045 §6.4 forbids.
        EncodedMultipart = "encoded-multipart", "a multipart has a content-transfer-encoding";
        /// A message/rfc822 under base64 or quoted-printable (forbidden by RFC 2046 §5.2.1, yet met): it was decoded.
        EncodedMessage = "encoded-message", "an attached message has a content-transfer-encoding; it was decoded";
        /// An entity nested beyond the limit: it was kept whole, unopened.
        DepthLimit { limit: usize } = "depth-limit", "entities are nested deeper than {limit}; what lies deeper was not opened";
        /// More entities than the limit: the rest was kept whole, unopened.
        PartsLimit { limit: usize } = "parts-limit", "there are more than {limit} parts; the rest was not opened";
        /// A content-transfer-encoding that no standard knows: the bytes were taken as they are.
        UnknownEncoding { encoding: Box<str> } = "unknown-encoding", "the content-transfer-encoding {encoding} is unknown";
        /// Base64 with something in it that is neither of its alphabet nor white space.
        BadBase64 = "bad-base64", "base64 holds characters that are not of its alphabet, or is cut short";
        /// Quoted-printable with an `=` that no line end and no two hexadecimal digits follow: it was kept.
        BadQuotedPrintable = "bad-quoted-printable", "quoted-printable holds an `=` that begins nothing";
        /// More than two parts under multipart/signed.
        ExtraSignedPart { found: usize } = "extra-signed-part", "multipart/signed has {found} parts where two belong";

        // -- the signed structure --
        /// Nothing here is signed as PEC: ordinary mail.
        NotPec = "not-pec", "this is not a PEC message: the message itself is not multipart/signed";
        /// A header names a PEC type, but nothing is signed.
        PecHeaderUnsigned { name: Box<str> } = "pec-header-unsigned", "{name} claims a PEC message, but the message is not signed";
        /// multipart/signed without its two parts.
        SignedPartCount { found: usize } = "signed-part-count", "multipart/signed has {found} parts where exactly two belong";
        /// The second part of multipart/signed is not a PKCS#7 signature.
        SignatureType { found: Box<str> } = "signature-type", "the signature part is of type {found}, not application/(x-)pkcs7-signature";
        /// The `protocol` parameter is absent or names something else.
        SignatureProtocol { found: Box<str> } = "signature-protocol", "the protocol of multipart/signed is \"{found}\", not application/(x-)pkcs7-signature";
        /// The signed entity is not multipart/mixed.
        SignedEntityType { found: Box<str> } = "signed-entity-type", "the signed entity is of type {found}, not multipart/mixed";
        /// An unsigned part stands beside the signed ones.
        OutsideSignature = "outside-signature", "text or parts stand outside the signed bytes; nothing certifies them";

        // -- the signature --
        /// The CMS signature could not be read.
        Cms { error: crate::cms::CmsError } = "cms", "the signature could not be read: {error}";
        /// The CMS carries content of its own beside the detached one (CVE-2018-18509).
        OpaqueContent = "content-inside-signature", "the signature carries a content of its own, beside the one it stands next to";
        /// Line breaks follow the CMS structure.
        CmsTrailingLineBreaks = "cms-trailing-line-breaks", "line breaks follow the signature's structure";
        /// The signed bytes were changed: their digest is not the signed one.
        DigestMismatch = "digest-mismatch", "the signed bytes were changed after signing: their digest is not the signed one";
        /// The digest agrees, the signature over it does not hold.
        SignatureMismatch = "signature-mismatch", "the signature does not hold under the signer's key";
        /// The signature holds over the attributes in DER order only, not as they were sent.
        AttributesReordered = "attributes-reordered", "the signature holds over the signed attributes in DER order, not in the order they were sent";
        /// The signature or its key is of a kind that the algorithms in use do not know.
        UnsupportedAlgorithm { name: Box<str> } = "unsupported-algorithm", "the algorithm {name} is not supported";
        /// No backend for public-key algorithms was compiled in or given.
        NoAlgorithms = "no-algorithms", "no public-key algorithms are compiled in: build with a backend or give one";
        /// The public key is malformed or refused (RSA below 1024 bits, an even exponent, exponent 1).
        KeyRefused { why: Box<str> } = "key-refused", "the signer's key was refused: {why}";
        /// The message digest is SHA-1, as several providers still sign; a strict policy refuses.
        WeakDigest { name: Box<str> } = "weak-digest", "the message was signed with the weak digest {name}";
        /// A certificate is signed with SHA-1, or its RSA key is short.
        WeakAlgorithm { subject: Box<str>, what: Box<str> } = "weak-algorithm", "the certificate of {subject} rests on {what}";
        /// MD5 proves nothing.
        BrokenAlgorithm { name: Box<str> } = "broken-algorithm", "{name} is broken and proves nothing";
        /// The RSA exponent is 3: lawful, but old implementations were forged against with it.
        SmallExponent = "small-exponent", "the signer's RSA exponent is 3";
        /// `micalg` names another digest than the signature uses.
        MicalgMismatch { claimed: Box<str>, used: Box<str> } = "micalg-mismatch", "micalg says {claimed}, the signature uses {used}";

        // -- the signer's certificate and its path --
        /// No certificate for the signer, neither in the message nor in the directory.
        SignerCertificateMissing = "signer-certificate-missing", "the signer's certificate is neither in the message nor in the directory";
        /// The signer's certificate was found in the directory only.
        SignerCertificateNotEmbedded = "signer-certificate-not-embedded", "the signer's certificate is not in the message; the directory's was used";
        /// Two different certificates answer to the signer's identifier.
        SignerCertificateAmbiguous = "signer-certificate-ambiguous", "two different certificates in the message answer to the signer's identifier";
        /// The signer's certificate could not be read.
        Certificate { error: crate::x509::CertificateError } = "certificate", "the signer's certificate could not be read: {error}";
        /// The signer's certificate departs from RFC 6109 §5.5.
        Profile { problem: crate::x509::ProfileProblem } = "profile", "the signer's certificate departs from RFC 6109 §5.5: {problem}";
        /// The signer's certificate is not listed in the directory.
        NotListed { subject: Box<str> } = "not-listed", "the signer's certificate ({subject}) is not in the directory of PEC providers";
        /// The certificate is listed under two providers, so it speaks for neither.
        ListedTwice { providers: Box<str> } = "listed-twice", "the signer's certificate is listed under two providers ({providers}), so it speaks for neither";
        /// No path leads from the signer to an anchor.
        NoPath { error: crate::x509::PathError } = "no-path", "no path leads from the signer's certificate to a trust anchor: {error}";
        /// Without a directory, only certificates with the PEC policy count.
        NoPecPolicy = "no-pec-policy", "the signer's certificate lacks the PEC policy 1.3.76.16.3.1.1, and no directory lists it";
        /// Without a directory, only CAs that issue PEC certificates count.
        IssuerNotAccepted { issuer: Box<str> } = "issuer-not-accepted", "the issuer {issuer} is not one that is accepted as issuing PEC certificates";

        // -- time and revocation --
        /// A certificate was expired at the time that counts.
        Expired { subject: Box<str>, not_after: Box<str> } = "out-of-bounds-no-proof", "the certificate of {subject} expired on {not_after} and no trusted time shows the signature to be older";
        /// A certificate was not yet valid at the time that counts.
        NotYetValid { subject: Box<str>, not_before: Box<str> } = "not-yet-valid", "the certificate of {subject} is valid only from {not_before}";
        /// The time is the message's own word.
        SelfAssertedTime = "self-asserted-time", "the only time known is the one that the provider wrote into the message";
        /// A certificate was revoked at or before the time that counts.
        Revoked { subject: Box<str>, date: Box<str> } = "revoked-no-proof", "the certificate of {subject} was revoked on {date} and no trusted time shows the signature to be older";
        /// A certificate was revoked after the time that counts.
        RevokedLater { subject: Box<str>, date: Box<str> } = "revoked-later", "the certificate of {subject} was revoked later, on {date}";
        /// Nothing is known of a certificate's revocation, and the policy asks for it.
        RevocationUnknown { subject: Box<str>, why: Box<str> } = "revocation-unknown", "nothing is known of the revocation of the certificate of {subject}: {why}";
        /// A revocation list could not be used.
        CrlUnusable { why: Box<str> } = "crl-unusable", "a revocation list could not be used: {why}";
        /// The certification data have no time to judge by.
        NoCertificationTime = "no-certification-time", "the certification data give no time to judge by";
        /// The signer's clock and the certification data are far apart.
        SigningTimeApart { seconds: i64 } = "signing-time-apart", "the signing time and the time of the certification data are {seconds} seconds apart";
        /// The message says it is older than its signer's certificate.
        OlderThanCertificate = "older-than-certificate", "the certification data are older than the signer's certificate";

        // -- authority --
        /// The outer From is not the signer's address.
        FromNotSigner { from: Box<str>, signer: Box<str> } = "from-not-signer", "the From address ({from}) is not the signer's ({signer})";
        /// The From is another address of a domain that the signer's provider manages.
        FromOtherAddress { from: Box<str>, signer: Box<str> } = "from-other-address", "the From address {from} is not in the signer's certificate ({signer}), but its domain is the provider's";
        /// The provider attests an address whose domain it does not manage.
        WrongAuthority { provider: Box<str>, domain: Box<str>, what: Box<str> } = "wrong-authority", "{provider} does not manage the domain {domain} of the {what}";
        /// The directory is from another time than the verification.
        DirectoryOutOfDate { as_of: Box<str>, at: Box<str> } = "directory-out-of-date", "the directory is of {as_of}, too far from {at}";

        // -- the certification data --
        /// No certification data where they are due.
        CertdataMissing = "daticert-missing", "there is no daticert.xml among the direct parts of the signed entity";
        /// Two candidates for the certification data that differ.
        CertdataAmbiguous = "daticert-ambiguous", "there are two different daticert.xml";
        /// Two candidates for the certification data, the same to the byte.
        CertdataTwice = "daticert-twice", "daticert.xml stands twice, the same both times";
        /// The certification data could not be read.
        Certdata { error: crate::certdata::CertdataError } = "daticert", "daticert.xml could not be read: {error}";
        /// The certification data read, with a departure.
        CertdataDeparture { departure: crate::certdata::CertdataDeparture } = "daticert-departure", "daticert.xml departs from its form: {departure}";
        /// The part that carries the certification data is an odd one.
        CertdataPart { what: Box<str> } = "daticert-part", "daticert.xml arrives in an unusual part: {what}";
        /// The provider named in the data is not the one of the directory.
        ProviderNameMismatch { signed: Box<str>, listed: Box<str> } = "provider-name-mismatch", "gestore-emittente says \"{signed}\", the directory \"{listed}\"";
        /// An anomaly envelope that carries no message.
        AnomalyWithoutMessage = "anomaly-without-message", "the anomaly envelope carries no message";
        /// An anomaly envelope with parts other than its text and the received message.
        AnomalyExtraPart = "anomaly-extra-part", "the anomaly envelope carries more than its text and the received message";

        // -- outer claims against signed data --
        /// An outer header field says something else than the signed data.
        ClaimMismatch { field: &'static str, claimed: Box<str>, signed: Box<str> } = "claim-mismatch", "{field} says \"{claimed}\", the signed data \"{signed}\"";
        /// Neither X-Ricevuta nor X-Trasporto is there.
        PecHeaderMissing = "pec-header-missing", "neither X-Ricevuta nor X-Trasporto is there";
        /// Both X-Ricevuta and X-Trasporto are there.
        PecHeaderBoth = "pec-header-both", "X-Ricevuta and X-Trasporto are both there";
        /// A PEC header with a value that no rule knows.
        PecHeaderUnknown { field: &'static str, value: Box<str> } = "pec-header-unknown", "{field} has the unknown value \"{value}\"";
        /// The Sender is not the From.
        SenderMismatch { from: Box<str>, sender: Box<str> } = "sender-mismatch", "Sender ({sender}) is not From ({from})";

        // -- form by kind --
        /// The original message is missing where it is due.
        OriginalMissing = "original-missing", "the original message is missing";
        /// The original message is there where it is forbidden.
        OriginalForbidden = "original-forbidden", "an original message is there where the rules forbid it";
        /// Two parts could be the original message.
        OriginalTwice = "original-twice", "two parts could be the original message; the first was taken";
        /// An `errore` that this type of message may not have.
        FaultNotAllowed { fault: Box<str>, kind: Box<str> } = "errore-not-allowed", "errore \"{fault}\" is not lawful in {kind}";
        /// `consegna` names somebody who is not among the recipients.
        RecipientNotListed { recipient: Box<str> } = "consegna-not-listed", "consegna names {recipient}, who is not among the destinatari";
        /// `consegna` or `ricezione` is missing where the rules want it.
        RecipientMissing { element: &'static str } = "recipient-missing", "{element} is missing";
        /// `ricevuta` is missing where the rules want it.
        ReceiptKindMissing = "ricevuta-missing", "the type of receipt (ricevuta) is missing";
        /// A named part of a brief receipt without its hash.
        BriefPartUnhashed { name: Box<str> } = "brief-part-unhashed", "the brief receipt carries \"{name}\" itself, not its hash";
        /// A hash of a brief receipt that is not 40 hexadecimal digits.
        BriefHashMalformed { name: Box<str> } = "brief-hash-malformed", "the hash \"{name}\" of the brief receipt is not 40 hexadecimal digits";
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Finding {
    /// Its code, its sentence, and where it was noticed.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct as _;
        let mut row = serializer.serialize_struct("Finding", 4)?;
        row.serialize_field("code", self.code())?;
        row.serialize_field("text", &self.kind.to_string())?;
        row.serialize_field("part", &self.place.part)?;
        row.serialize_field("offset", &self.place.offset)?;
        row.end()
    }
}
