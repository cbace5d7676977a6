//! The fields of a delivery status (RFC 3464 §2.1).

use core::fmt;
use core::str::FromStr;

use crate::address::Address;
use crate::certdata::{StatusCode, Written};
use crate::language::Language;
use crate::mime::{outer_fields, outer_header};
use crate::time::{TimeError, Timestamp};

/// One field of a delivery status.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StatusField {
    name: Box<str>,
    value: Box<str>,
}

impl StatusField {
    /// Its name as written. Names are compared without case.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its value on one line, nothing decoded. Whoever wrote it may have written anything.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// Contiguous fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Group(Vec<StatusField>);

impl Group {
    pub(super) fn fields(&self) -> &[StatusField] {
        &self.0
    }

    /// The value of the first field of this name.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|field| field.name.eq_ignore_ascii_case(name)).map(StatusField::value)
    }

    pub(super) fn typed(&self, name: &str) -> Option<Typed> {
        self.text(name).map(Typed::read)
    }

    pub(super) fn date(&self, name: &str) -> Option<Result<Timestamp, TimeError>> {
        self.text(name).map(Timestamp::from_rfc5322)
    }
}

/// The fields about the message, and those about each recipient; `None` where there are more than `limit` of them.
///
/// The groups are parted by blank lines. Where a mail system left out the first blank line, the fields about the first recipient begin with the
/// first that can only be about one.
pub(super) fn groups(status: &[u8], limit: usize) -> Option<(Group, Vec<RecipientStatus>)> {
    let mut left = limit;
    let mut groups = Vec::new();
    let mut rest = status;
    while !rest.is_empty() {
        let (lines, after) = rest.split_at_checked(outer_header(rest).end)?;
        let mut group = Vec::new();
        for field in outer_fields(lines) {
            left = left.checked_sub(1)?;
            group.push(StatusField { name: field.name().into(), value: field.unfolded().into() });
        }
        if !group.is_empty() {
            groups.push(Group(group));
        }
        // The blank line.
        rest = after.strip_prefix(b"\r\n").or_else(|| after.strip_prefix(b"\n")).unwrap_or(after);
    }
    let mut groups = groups.into_iter();
    let mut message = groups.next().unwrap_or_default();
    let about_one = |field: &StatusField| ABOUT_ONE.iter().any(|name| field.name.eq_ignore_ascii_case(name));
    let first = message.0.iter().position(about_one).map(|at| Group(message.0.split_off(at)));
    Some((message, first.into_iter().chain(groups).map(RecipientStatus).collect()))
}

const ABOUT_ONE: [&str; 4] = ["Original-Recipient", "Final-Recipient", "Action", "Status"];

/// What a report says of one recipient (RFC 3464 §2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecipientStatus(Group);

impl RecipientStatus {
    /// The recipient as the sender wrote it (`Original-Recipient`).
    #[must_use]
    pub fn original_recipient(&self) -> Option<Typed> {
        self.0.typed("Original-Recipient")
    }

    /// The recipient as the reporting mail system had it (`Final-Recipient`).
    #[must_use]
    pub fn final_recipient(&self) -> Option<Typed> {
        self.0.typed("Final-Recipient")
    }

    /// What became of the message (`Action`).
    #[must_use]
    pub fn action(&self) -> Option<Written<Action>> {
        self.0.text("Action").map(|text| Written::read(without_comment(text)))
    }

    /// Why, as a code (`Status`).
    #[must_use]
    pub fn status(&self) -> Option<Written<StatusCode>> {
        self.0.text("Status").map(|text| Written::read(without_comment(text)))
    }

    /// The mail system that the diagnostic comes from (`Remote-MTA`); where there is none, it comes from the reporting one.
    #[must_use]
    pub fn remote_mta(&self) -> Option<Typed> {
        self.0.typed("Remote-MTA")
    }

    /// What that mail system said (`Diagnostic-Code`), such as `smtp; 550 5.1.1 no such user`.
    #[must_use]
    pub fn diagnostic_code(&self) -> Option<Typed> {
        self.0.typed("Diagnostic-Code")
    }

    /// When delivery was last tried (`Last-Attempt-Date`).
    ///
    /// # Errors
    /// When it is no date of RFC 5322.
    #[must_use]
    pub fn last_attempt_date(&self) -> Option<Result<Timestamp, TimeError>> {
        self.0.date("Last-Attempt-Date")
    }

    /// How the log of the last mail system names the attempt (`Final-Log-ID`).
    #[must_use]
    pub fn final_log_id(&self) -> Option<&str> {
        self.0.text("Final-Log-ID")
    }

    /// Until when delivery will be tried (`Will-Retry-Until`).
    ///
    /// # Errors
    /// When it is no date of RFC 5322.
    #[must_use]
    pub fn will_retry_until(&self) -> Option<Result<Timestamp, TimeError>> {
        self.0.date("Will-Retry-Until")
    }

    /// Every field, in order, the unknown ones too.
    #[must_use]
    pub fn fields(&self) -> &[StatusField] {
        self.0.fields()
    }
}

/// The word before a comment: `failed (gave up)`.
fn without_comment(text: &str) -> &str {
    text.split_once('(').map_or(text, |(word, _)| word).trim()
}

/// A value of which the type is said: an address, the name of a mail system, a diagnostic (RFC 3464 §2.1.2).
///
/// ```
/// use postacert::dsn::Typed;
///
/// let typed = Typed::read("rfc822; anna@posta.example");
/// assert_eq!((typed.kind(), typed.value()), ("rfc822", "anna@posta.example"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Typed {
    kind: Box<str>,
    value: Box<str>,
}

impl Typed {
    /// Reads what stands before and behind the first semicolon. Without one, all of it is the value.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let (kind, value) = text.split_once(';').unwrap_or(("", text));
        Self { kind: kind.trim().into(), value: value.trim().into() }
    }

    /// The type as written, `rfc822`, `dns` or `smtp` as a rule; upper and lower case mean the same. Empty where none is said.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The value as an address of Internet mail, if the type is `rfc822`, `utf-8` or none: some write angle brackets around it.
    #[must_use]
    pub fn address(&self) -> Option<Address> {
        if !["rfc822", "utf-8", ""].iter().any(|kind| self.kind.eq_ignore_ascii_case(kind)) {
            return None;
        }
        let bare = self.value.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(&self.value);
        bare.parse().ok()
    }
}

impl fmt::Display for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the semicolon, one in the value would be taken for it.
        let plain = self.kind.is_empty() && !self.value.contains(';');
        if plain { f.write_str(&self.value) } else { write!(f, "{}; {}", self.kind, self.value) }
    }
}

/// What became of a message for one recipient, as a mail system claims (RFC 3464 §2.3.3).
///
/// ```
/// use postacert::dsn::Action;
///
/// assert_eq!("Failed".parse(), Ok(Action::Failed));
/// assert_eq!(Action::Failed.as_wire(), "failed");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Action {
    /// It could not be delivered, and that is the last word.
    Failed,
    /// It could not be delivered so far.
    Delayed,
    /// It was delivered.
    Delivered,
    /// It went on to a mail system that will not report success.
    Relayed,
    /// It was delivered, and sent on to several others.
    Expanded,
}

impl Action {
    /// Every action, in the order of RFC 3464.
    pub const ALL: [Self; 5] = [Self::Failed, Self::Delayed, Self::Delivered, Self::Relayed, Self::Expanded];

    /// The word on the wire.
    #[must_use]
    pub const fn as_wire(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed => "delayed",
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
            Self::Expanded => "expanded",
        }
    }

    /// The same in words, in a language.
    #[must_use]
    pub fn in_language(self, language: Language) -> &'static str {
        match self {
            Self::Failed => language.pick("failed", "non consegnato"),
            Self::Delayed => language.pick("delayed", "in ritardo"),
            Self::Delivered => language.pick("delivered", "consegnato"),
            Self::Relayed => language.pick("relayed", "inoltrato"),
            Self::Expanded => language.pick("delivered, and sent on to several others", "consegnato e inoltrato a più destinatari"),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_wire())
    }
}

/// Reads the word in any case.
impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        Self::ALL.into_iter().find(|action| action.as_wire().eq_ignore_ascii_case(text)).ok_or(UnknownAction)
    }
}

/// A word that is none of those of RFC 3464 §2.3.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownAction;

impl fmt::Display for UnknownAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the actions are failed, delayed, delivered, relayed and expanded")
    }
}

impl core::error::Error for UnknownAction {}
