//! What the signed entity of a PEC message holds: its certification data and the message it carries.

use super::{CarriedMessage, Message};
use crate::certdata::{CertificationData, PecKind, XmlEncoding, has_postacert_root};
use crate::finding::{Finding, FindingKind, Place};
use crate::language::Language;
use crate::limits::Limits;
use crate::mime::{Decoded, Entity, TransferEncoding};

/// What kind of PEC message this is, by its signed content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContentKind {
    /// With certification data: a notification or a transport envelope, as their `tipo` says.
    Certified(PecKind),
    /// Without: an anomaly envelope (`X-Trasporto: errore`, RFC 6109 §3.2.2).
    #[doc(alias = "X-Trasporto: errore")]
    Anomaly,
}

impl ContentKind {
    /// What such a message is called, in a language: `anomaly envelope`, `busta di anomalia`.
    #[must_use]
    pub fn in_language(self, language: Language) -> &'static str {
        match self {
            Self::Certified(kind) => kind.in_language(language),
            Self::Anomaly => language.pick("anomaly envelope", "busta di anomalia"),
        }
    }

    /// The word on the wire: the `tipo` of the certification data, or `anomalia`.
    #[must_use]
    pub fn as_wire(self) -> &'static str {
        match self {
            Self::Certified(kind) => kind.as_wire(),
            Self::Anomaly => "anomalia",
        }
    }
}

/// What the signed bytes of a PEC message say, and what they carry.
///
/// The *certification data* are what the provider attests. The *carried message* was written by its sender: the provider attests to have
/// carried these bytes, not what they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content<'a> {
    kind: ContentKind,
    data: Option<CertificationData>,
    original: Option<CarriedMessage<'a>>,
    anomaly_text: Option<Box<str>>,
}

impl<'a> Content<'a> {
    /// The kind, from the signed data.
    #[must_use]
    pub fn kind(&self) -> ContentKind {
        self.kind
    }

    /// The certification data; an anomaly envelope has none.
    #[must_use]
    pub fn data(&self) -> Option<&CertificationData> {
        self.data.as_ref()
    }

    /// The message carried inside: the original of a transport envelope or a delivery receipt, the received mail of an anomaly envelope.
    #[must_use]
    pub fn original(&self) -> Option<&CarriedMessage<'a>> {
        self.original.as_ref()
    }

    /// What the provider says in an anomaly envelope to people: nothing else in it tells the reason (RFC 6109 §3.2.2). Every provider words it in its own way, so
    /// it is to be shown and never read by a program. `None` for other messages, and where there is no text.
    ///
    /// ```
    /// # use postacert::{Directory, Message, Verifier, VerificationTime};
    /// # let directory = Directory::from_ldif(include_bytes!("../../tests/fixtures/directory/directory.ldif"))?;
    /// # let verifier = Verifier::builder().directory(directory).build()?;
    /// # let time = VerificationTime::asserted("2026-12-01T12:00:00Z".parse()?);
    /// # let raw = include_bytes!("../../tests/fixtures/valid/anomalia-ordinaria.eml");
    /// let content = verifier.verify(&Message::parse(raw)?, time).into_verified()?;
    /// let text = content.value().anomaly_text().ok_or("no text")?;
    /// assert!(text.contains("Tali dati non sono stati certificati per il seguente errore"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn anomaly_text(&self) -> Option<&str> {
        self.anomaly_text.as_deref()
    }

    /// The same, owning the carried bytes.
    #[must_use]
    pub fn into_owned(self) -> Content<'static> {
        let original = self.original.map(CarriedMessage::into_owned);
        Content { kind: self.kind, data: self.data, original, anomaly_text: self.anomaly_text }
    }

    pub(crate) fn into_parts(self) -> (Option<CertificationData>, Option<CarriedMessage<'a>>) {
        (self.data, self.original)
    }
}

/// The content of a signed entity **that nothing has verified**: good for a display that says so, never for a decision.
///
/// There is no way from here to a [`Verified`](crate::Verified).
#[derive(Debug, Clone)]
pub struct UnverifiedContent<'a> {
    kind: Option<ContentKind>,
    data: Option<CertificationData>,
    error: Option<Finding>,
    original: Option<CarriedMessage<'a>>,
}

impl<'a> UnverifiedContent<'a> {
    /// The kind it claims to be; `None` where there is nothing readable to say so.
    #[must_use]
    pub fn kind(&self) -> Option<ContentKind> {
        self.kind
    }

    /// The certification data, if they could be read.
    #[must_use]
    pub fn data(&self) -> Option<&CertificationData> {
        self.data.as_ref()
    }

    /// Why the certification data could not be read.
    #[must_use]
    pub fn data_error(&self) -> Option<&Finding> {
        self.error.as_ref()
    }

    /// The message carried inside.
    #[must_use]
    pub fn original(&self) -> Option<&CarriedMessage<'a>> {
        self.original.as_ref()
    }
}

impl<'a> From<Reading<'a>> for UnverifiedContent<'a> {
    fn from(reading: Reading<'a>) -> Self {
        let kind = reading.kind();
        Self { kind, data: reading.data, error: reading.fatal.into_iter().next(), original: reading.original }
    }
}

/// In which form of the signed bytes the signature holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum LineForm {
    /// As they were received.
    AsReceived,
    /// With every LF made CR LF: the message was stored with LF alone.
    Crlf,
}

/// What was found in the signed entity, with everything noticed on the way.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    pub(crate) data: Option<CertificationData>,
    pub(crate) original: Option<CarriedMessage<'a>>,
    /// `X-Trasporto: errore` stands in the outer header and there is no daticert.
    pub(crate) anomaly: bool,
    anomaly_text: Option<Box<str>>,
    /// What makes the content unusable.
    pub(crate) fatal: Vec<Finding>,
    pub(crate) findings: Vec<Finding>,
    /// Base64 garbage in daticert: ambiguous framing (R17).
    pub(crate) framing: Option<Finding>,
}

impl<'a> Reading<'a> {
    /// Reads the first child of a root multipart/signed; `None` where there is none. Of the limits, those of the certification data count.
    pub(crate) fn of(message: &Message<'a>, form: LineForm, limits: &Limits) -> Option<Self> {
        let signed = message.signed_entity()?;
        let mut reading =
            Self { data: None, original: None, anomaly: false, anomaly_text: None, fatal: Vec::new(), findings: Vec::new(), framing: None };
        if !signed.is("multipart", "mixed") {
            let found = signed.content_type().to_string().into();
            reading.note(FindingKind::SignedEntityType { found }, &signed);
        }
        let parts = Parts::of(&signed);
        reading.read_original(&parts, form);
        reading.read_certdata(message, &signed, &parts, limits);
        if reading.anomaly {
            reading.judge_anomaly(&signed);
        }
        Some(reading)
    }

    pub(crate) fn kind(&self) -> Option<ContentKind> {
        match &self.data {
            Some(data) => Some(ContentKind::Certified(data.kind())),
            None => self.anomaly.then_some(ContentKind::Anomaly),
        }
    }

    /// The content, if it can be used at all.
    pub(crate) fn into_content(self) -> Option<Content<'a>> {
        let kind = self.kind()?;
        self.fatal.is_empty().then_some(Content { kind, data: self.data, original: self.original, anomaly_text: self.anomaly_text })
    }

    /// The one direct child that is message/rfc822 or named postacert.eml (R4).
    fn read_original(&mut self, parts: &Parts<'_, 'a>, form: LineForm) {
        let Some(first) = parts.original else { return };
        if let Some(second) = parts.second_original {
            self.note(FindingKind::OriginalTwice, &second);
        }
        let (carried, finding) = CarriedMessage::signed(first, form);
        self.findings.extend(finding);
        self.original = Some(carried);
    }

    /// The one direct child that is named daticert.xml or certdata.xml (R4).
    fn read_certdata(&mut self, message: &Message<'a>, signed: &Entity<'_, 'a>, parts: &Parts<'_, 'a>, limits: &Limits) {
        let Some(first) = parts.certdata else {
            let claims_anomaly = message.claims().transport().as_deref() == Some("errore");
            self.anomaly = claims_anomaly;
            if !claims_anomaly {
                self.fatal.push(Finding::new(FindingKind::CertdataMissing, Place::part(&signed.section())));
            }
            return;
        };
        let decoded = first.decode();
        for (other, named) in &parts.rivals {
            let Some(rival) = (if *named { Some(other.decode()) } else { unnamed_certdata(other) }) else { continue };
            if rival.bytes() == decoded.bytes() {
                self.note(FindingKind::CertdataTwice, other);
            } else {
                self.fatal.push(Finding::new(FindingKind::CertdataAmbiguous, Place::part(&other.section())));
            }
        }
        if first.encoding() == TransferEncoding::Unknown {
            // R4 wants a lawful encoding: what one reader decodes another takes as it is.
            let encoding = first.field("Content-Transfer-Encoding").map(|f| f.unfolded().trim().into()).unwrap_or_default();
            self.framing = Some(Finding::new(FindingKind::UnknownEncoding { encoding }, Place::part(&first.section())));
        }
        if let Some(finding) = decoded.finding() {
            if first.encoding() == TransferEncoding::Base64 {
                self.framing = Some(finding.clone());
            } else {
                self.findings.push(finding.clone());
            }
        }
        match CertificationData::parse_with(decoded.bytes(), limits) {
            Ok((data, departures)) => {
                self.note_charset(&first, decoded.bytes());
                for departure in departures {
                    self.note(FindingKind::CertdataDeparture { departure }, &first);
                }
                self.data = Some(data);
            }
            Err(error) => self.fatal.push(Finding::new(FindingKind::Certdata { error }, Place::part(&first.section()))),
        }
    }

    /// The part's charset parameter, if there is one, should agree with what the XML says of itself.
    fn note_charset(&mut self, part: &Entity<'_, 'a>, xml: &[u8]) {
        let content_type = part.content_type();
        let (Some(charset), Ok(encoding)) = (content_type.parameter("charset"), XmlEncoding::of(xml)) else { return };
        if !encoding.agrees_with(&charset) {
            self.note(FindingKind::CertdataPart { charset: charset.into(), encoding }, part);
        }
    }

    /// An anomaly envelope carries one message and its text, nothing else (RFC 6109 §3.2.2, R8).
    fn judge_anomaly(&mut self, signed: &Entity<'_, 'a>) {
        if self.original.is_none() {
            self.fatal.push(Finding::new(FindingKind::AnomalyWithoutMessage, Place::part(&signed.section())));
        }
        let extra = signed.children().find(|e| {
            let text = e.is("text", "plain") || e.is("text", "html") || e.is("multipart", "alternative");
            !is_original(e) && (!text || e.name().is_some() || unnamed_certdata(e).is_some())
        });
        if let Some(extra) = extra {
            self.note(FindingKind::AnomalyExtraPart, &extra);
        }
        self.anomaly_text = signed.children().find_map(|part| plain_text(&part)).map(Into::into);
    }

    fn note(&mut self, kind: FindingKind, entity: &Entity<'_, 'a>) {
        self.findings.push(Finding::new(kind, Place::part(&entity.section())));
    }
}

/// The plain text that a part is, or of the alternatives that it is.
fn plain_text(part: &Entity<'_, '_>) -> Option<String> {
    let is_text = |part: &Entity<'_, '_>| part.is("text", "plain") && part.name().is_none();
    let mut alternatives = part.children().filter(|_| part.is("multipart", "alternative"));
    if is_text(part) { Some(part.decode_text()) } else { alternatives.find(is_text).map(|text| text.decode_text()) }
}

/// `daticert.xml` on the wire; RFC 6109 §4.3.3 prints `certdata.xml`.
pub(super) fn is_certdata_name(name: &str) -> bool {
    let name = name.trim();
    name.eq_ignore_ascii_case("daticert.xml") || name.eq_ignore_ascii_case("certdata.xml")
}

/// What the direct children of the signed entity are, by type and name.
struct Parts<'t, 'a> {
    original: Option<Entity<'t, 'a>>,
    second_original: Option<Entity<'t, 'a>>,
    /// The first that is named as certification data are.
    certdata: Option<Entity<'t, 'a>>,
    /// What else somebody might take for certification data, and whether it is named so: all but whole messages and multiparts.
    rivals: Vec<(Entity<'t, 'a>, bool)>,
}

impl<'t, 'a> Parts<'t, 'a> {
    fn of(signed: &Entity<'t, 'a>) -> Self {
        let mut parts = Self { original: None, second_original: None, certdata: None, rivals: Vec::new() };
        for part in signed.children() {
            let kind = part.content_type();
            let is_message = kind.is("message", "rfc822");
            let (mut is_original, mut is_certdata) = (is_message, false);
            for name in part.names() {
                is_original |= is_original_name(&name);
                is_certdata |= is_certdata_name(&name);
            }
            if is_original && parts.original.is_none() {
                parts.original = Some(part);
            } else if is_original && parts.second_original.is_none() {
                parts.second_original = Some(part);
            }
            let holds_parts = is_message || kind.is_kind("multipart");
            if is_certdata && parts.certdata.is_none() {
                parts.certdata = Some(part);
            } else if is_certdata || (!is_original && !holds_parts) {
                parts.rivals.push((part, is_certdata));
            }
        }
        parts
    }
}

/// The content of a part that is XML with the root `postacert` though it is not named so. Its first bytes tell for most parts, so that a large
/// attachment is not decoded for it.
fn unnamed_certdata<'a>(part: &Entity<'_, 'a>) -> Option<Decoded<'a>> {
    const PREFIX: usize = 4096;
    if part.content_type().is_kind("multipart") || part.is("message", "rfc822") {
        return None;
    }
    let begins_as_xml = |bytes: &[u8]| {
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0 | 0xef | 0xbb | 0xbf | 0xfe | 0xff));
        first.is_none_or(|byte| *byte == b'<')
    };
    if begins_as_xml(&part.decode_prefix(PREFIX)) {
        let decoded = part.decode();
        if has_postacert_root(decoded.bytes()) {
            return Some(decoded);
        }
    }
    // A reader that takes an unknown encoding for base64 would see this.
    let hidden = part.encoding() == TransferEncoding::Unknown && {
        let (bytes, _) = TransferEncoding::Base64.decode(part.body());
        begins_as_xml(&bytes) && has_postacert_root(&bytes)
    };
    hidden.then(|| part.decode())
}

fn is_original_name(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case("postacert.eml")
}

fn is_original(entity: &Entity<'_, '_>) -> bool {
    entity.is("message", "rfc822") || entity.names().any(|name| is_original_name(&name))
}
