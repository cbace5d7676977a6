//! How strict a verification is, and which time it counts from.

use core::fmt;
use core::str::FromStr;

use crate::time::UnixTime;

/// What a verifier does where the rules leave a choice. Three are ready made; each choice can be set.
///
/// ```
/// use postacert::Policy;
///
/// assert_eq!(Policy::default().name(), "default");
/// assert_eq!(Policy::strict().with_clock_tolerance(60).name(), "strict, adjusted");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    base: Base,
    adjusted: bool,
    pub(crate) sha1_digest: Leniency,
    pub(crate) weak_certificate: Leniency,
    pub(crate) certification_time: Leniency,
    pub(crate) profile: Leniency,
    pub(crate) revocation: RevocationDemand,
    pub(crate) directory_tolerance: i64,
    pub(crate) clock_tolerance: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Base {
    Default,
    Strict,
    Archive,
}

/// What becomes of a message where something weak is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Leniency {
    /// It is taken, with a finding.
    Accept,
    /// The outcome is indeterminate.
    Doubt,
    /// The outcome is failed.
    Refuse,
}

/// Whether a certificate of whose revocation nothing is known may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum RevocationDemand {
    /// It may; the check is then reported as not made, never as good.
    WhereKnown,
    /// It may not: the outcome is indeterminate.
    Always,
}

/// A week: providers refresh their copy every day (RFC 6109 §4.5).
const DIRECTORY_TOLERANCE: i64 = 7 * 24 * 3600;
/// Five minutes: real signing times lie within a second of the certification data, a queue before an HSM may add some.
const CLOCK_TOLERANCE: i64 = 300;

impl Default for Policy {
    /// SHA-1 message digests pass with a finding; certificates signed with SHA-1 and RSA-1024 keys are doubtful; the message's own time
    /// proves nothing.
    fn default() -> Self {
        Self {
            base: Base::Default,
            adjusted: false,
            sha1_digest: Leniency::Accept,
            weak_certificate: Leniency::Doubt,
            certification_time: Leniency::Doubt,
            profile: Leniency::Accept,
            revocation: RevocationDemand::WhereKnown,
            directory_tolerance: DIRECTORY_TOLERANCE,
            clock_tolerance: CLOCK_TOLERANCE,
        }
    }
}

impl Policy {
    /// Nothing weak passes, every departure from the certificate profile of RFC 6109 §5.5 fails, and revocation must be known.
    #[must_use]
    pub fn strict() -> Self {
        Self {
            base: Base::Strict,
            sha1_digest: Leniency::Refuse,
            weak_certificate: Leniency::Refuse,
            profile: Leniency::Refuse,
            revocation: RevocationDemand::Always,
            ..Self::default()
        }
    }

    /// For mail of past years: the algorithms of its time pass with a finding, and so does the message's own time
    /// ([`VerificationTime::certification`]).
    #[must_use]
    pub fn archive() -> Self {
        Self { base: Base::Archive, weak_certificate: Leniency::Accept, certification_time: Leniency::Accept, ..Self::default() }
    }

    /// `default`, `strict` or `archive`, with `, adjusted` after it when a choice was set differently.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match (self.base, self.adjusted) {
            (Base::Default, false) => "default",
            (Base::Default, true) => "default, adjusted",
            (Base::Strict, false) => "strict",
            (Base::Strict, true) => "strict, adjusted",
            (Base::Archive, false) => "archive",
            (Base::Archive, true) => "archive, adjusted",
        }
    }

    /// What becomes of a SHA-1 message digest.
    #[must_use]
    pub fn with_sha1_digest(self, leniency: Leniency) -> Self {
        Self { sha1_digest: leniency, adjusted: true, ..self }
    }

    /// What becomes of a certificate signed with SHA-1, or with an RSA key under 2,048 bits.
    #[must_use]
    pub fn with_weak_certificate(self, leniency: Leniency) -> Self {
        Self { weak_certificate: leniency, adjusted: true, ..self }
    }

    /// What becomes of a message that is judged by its own time.
    #[must_use]
    pub fn with_certification_time(self, leniency: Leniency) -> Self {
        Self { certification_time: leniency, adjusted: true, ..self }
    }

    /// What becomes of departures from the certificate profile of RFC 6109 §5.5 that real certificates have.
    #[must_use]
    pub fn with_profile(self, leniency: Leniency) -> Self {
        Self { profile: leniency, adjusted: true, ..self }
    }

    /// Whether revocation must be known.
    #[must_use]
    pub fn with_revocation(self, revocation: RevocationDemand) -> Self {
        Self { revocation, adjusted: true, ..self }
    }

    /// How far, in seconds, the date of a directory may lie from the verification time: a week at first.
    #[must_use]
    pub fn with_directory_tolerance(self, seconds: u32) -> Self {
        Self { directory_tolerance: i64::from(seconds), adjusted: true, ..self }
    }

    /// How far apart, in seconds, the signing time, the `Date` and the time of the certification data may lie before that is a finding: five
    /// minutes at first.
    #[must_use]
    pub fn with_clock_tolerance(self, seconds: u32) -> Self {
        Self { clock_tolerance: i64::from(seconds), adjusted: true, ..self }
    }
}

/// The instant a message is judged by, and why that instant is believed.
///
/// It is always the caller's: the library has no clock, and a time that a message gives of itself is its signer's word, which
/// proves no existence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VerificationTime {
    basis: TimeBasis,
    at: Option<UnixTime>,
}

/// Why an instant is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum TimeBasis {
    /// It is the present.
    Now,
    /// The caller says that the message existed then.
    Asserted,
    /// The certification data say so: the provider's own word.
    Certification,
    /// A trusted time stamp over the message, which the caller has checked.
    Timestamp,
    /// An archive took the message in then, and has kept it unchanged.
    Archive,
}

impl TimeBasis {
    /// The lower-case word of the command line and of the evidence.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Now => "now",
            Self::Asserted => "asserted",
            Self::Certification => "certification",
            Self::Timestamp => "timestamp",
            Self::Archive => "archive",
        }
    }
}

impl fmt::Display for TimeBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for TimeBasis {
    type Err = UnknownBasis;

    fn from_str(word: &str) -> Result<Self, UnknownBasis> {
        let all = [Self::Now, Self::Asserted, Self::Certification, Self::Timestamp, Self::Archive];
        all.into_iter().find(|basis| basis.as_str() == word).ok_or(UnknownBasis)
    }
}

/// A word that is no [`TimeBasis`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownBasis;

impl fmt::Display for UnknownBasis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the basis of a verification time is one of now, asserted, certification, timestamp and archive")
    }
}

impl core::error::Error for UnknownBasis {}

impl VerificationTime {
    /// An instant and why it is believed, as a record of an earlier verification has them.
    /// [`TimeBasis::Certification`] takes no instant: the message has it.
    #[must_use]
    pub fn on(basis: TimeBasis, at: UnixTime) -> Self {
        Self { basis, at: (basis != TimeBasis::Certification).then_some(at) }
    }

    /// The present, as the caller's clock has it.
    #[must_use]
    pub fn now(at: UnixTime) -> Self {
        Self { basis: TimeBasis::Now, at: Some(at) }
    }

    /// A past instant at which, the caller says, the message already existed.
    #[must_use]
    pub fn asserted(at: UnixTime) -> Self {
        Self { basis: TimeBasis::Asserted, at: Some(at) }
    }

    /// The time of the message's own certification data: indeterminate by default, since it is the signer's word; accepted, with a finding, by
    /// [`Policy::archive`].
    #[must_use]
    pub fn certification() -> Self {
        Self { basis: TimeBasis::Certification, at: None }
    }

    /// The time of a trusted time stamp over the message.
    #[must_use]
    pub fn timestamp(at: UnixTime) -> Self {
        Self { basis: TimeBasis::Timestamp, at: Some(at) }
    }

    /// The time at which an archive took the message in.
    #[must_use]
    pub fn archive(at: UnixTime) -> Self {
        Self { basis: TimeBasis::Archive, at: Some(at) }
    }

    /// Why the instant is believed.
    #[must_use]
    pub fn basis(self) -> TimeBasis {
        self.basis
    }

    /// The instant; [`VerificationTime::certification`] has none of its own.
    #[must_use]
    pub fn instant(self) -> Option<UnixTime> {
        self.at
    }
}
