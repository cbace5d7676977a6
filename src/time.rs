//! Instants and times as they are written: in certification data, in `Date` fields, in RFC 3339.

#![warn(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use core::fmt;
use core::str::FromStr;

use crate::language::{Language, Say, spoken};

const SECONDS_PER_DAY: i64 = 86_400;
/// 0001-01-01T00:00:00Z.
const FIRST: i64 = -62_135_596_800;
/// 9999-12-31T23:59:59Z.
const LAST: i64 = 253_402_300_799;
/// The greatest distance from UTC that is written with two digits of hours: 23 h 59 min.
const MAX_OFFSET: i16 = 24 * 60 - 1;

/// An instant: seconds since 1970-01-01T00:00:00Z, leap seconds not counted, within the years 1 to 9999.
///
/// It reads (`FromStr`) and prints (`Display`) RFC 3339; it prints in UTC.
///
/// ```
/// use postacert::UnixTime;
///
/// let t: UnixTime = "2025-05-25T10:10:10+02:00".parse()?;
/// assert_eq!(t.as_secs(), 1_748_160_610);
/// assert_eq!(t.to_string(), "2025-05-25T08:10:10Z");
/// # Ok::<(), postacert::TimeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "String", into = "String"))]
pub struct UnixTime(i64);

impl UnixTime {
    /// 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(FIRST);
    /// 9999-12-31T23:59:59Z.
    pub const MAX: Self = Self(LAST);

    /// The instant so many seconds after (or before) 1970-01-01T00:00:00Z; `None` outside the years 1 to 9999.
    #[must_use]
    pub const fn from_secs(seconds: i64) -> Option<Self> {
        if seconds < FIRST || seconds > LAST { None } else { Some(Self(seconds)) }
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0
    }

    /// The instant so many seconds later (earlier, if negative); `None` outside the years 1 to 9999.
    #[must_use]
    pub const fn checked_add_secs(self, seconds: i64) -> Option<Self> {
        match self.0.checked_add(seconds) {
            Some(sum) => Self::from_secs(sum),
            None => None,
        }
    }

    /// The seconds from this instant to another: negative if the other came first.
    #[must_use]
    pub const fn seconds_until(self, other: Self) -> i64 {
        other.0.saturating_sub(self.0) // both lie within 2^39, so nothing saturates
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Fields::of(self.0).write_rfc3339(f)?;
        f.write_str("Z")
    }
}

impl FromStr for UnixTime {
    type Err = TimeError;

    fn from_str(s: &str) -> Result<Self, TimeError> {
        Timestamp::from_rfc3339(s).map(Timestamp::instant)
    }
}

impl TryFrom<String> for UnixTime {
    type Error = TimeError;

    fn try_from(s: String) -> Result<Self, TimeError> {
        s.parse()
    }
}

impl From<UnixTime> for String {
    fn from(t: UnixTime) -> Self {
        t.to_string()
    }
}

/// A time as somebody wrote it: an instant and the distance from UTC of the clock it was read from.
///
/// Two are equal if both agree: `10:10:10+02:00` and `08:10:10Z` are the same [`instant`](Self::instant), not the same
/// `Timestamp`. A second 60 is lawful (RFC 3339 §5.7, RFC 6109 §4.2): it is kept and printed, and its instant is that of
/// second 59. The year, in UTC and as written, is one of 1 to 9999.
///
/// It reads (`FromStr`) and prints (`Display`) RFC 3339.
///
/// ```
/// use postacert::Timestamp;
///
/// let t = Timestamp::from_rfc5322("Sun, 25 May 2025 10:10:18 +0200 (CEST)")?;
/// assert_eq!(t.to_string(), "2025-05-25T10:10:18+02:00");
/// assert_eq!(t.to_rfc5322(), "Sun, 25 May 2025 10:10:18 +0200");
/// # Ok::<(), postacert::TimeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(try_from = "String", into = "String"))]
pub struct Timestamp {
    instant: UnixTime,
    offset_minutes: i16,
    second: LeapSecond,
}

/// Whether the second was written 60.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum LeapSecond {
    No,
    Yes,
}

/// How the zone of certification data (`zona`) was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ZoneForm {
    /// `+0200`, as RFC 6109 §4.4 wants it.
    Plain,
    /// `+02:00`, a departure.
    Colon,
}

/// What [`Timestamp::to_certdata`] gives: the three values of the `data` element of certification data (RFC 6109 §4.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertdataTime {
    /// `giorno`: `25/05/2025`.
    pub day: String,
    /// `ora`: `10:10:10`.
    pub time: String,
    /// `zona`: `+0200`.
    pub zone: String,
}

impl Timestamp {
    /// The instant as a clock shows it that is so many minutes ahead of UTC (behind, if negative).
    ///
    /// # Errors
    /// An offset of 24 hours or more, or a local date outside the years 1 to 9999.
    pub const fn new(instant: UnixTime, offset_minutes: i16) -> Result<Self, TimeError> {
        if offset_minutes < -MAX_OFFSET || offset_minutes > MAX_OFFSET {
            return Err(TimeError::OutOfRange { field: TimeField::Zone });
        }
        if instant.checked_add_secs(seconds(offset_minutes)).is_none() {
            return Err(TimeError::OutOfRange { field: TimeField::Year });
        }
        Ok(Self { instant, offset_minutes, second: LeapSecond::No })
    }

    /// The instant meant.
    #[must_use]
    pub const fn instant(self) -> UnixTime {
        self.instant
    }

    /// Minutes that the clock was ahead of UTC.
    #[must_use]
    pub const fn offset_minutes(self) -> i16 {
        self.offset_minutes
    }

    /// Reads the three values of certification data's `data` (RFC 6109 §4.2, §4.4): `giorno` (`25/05/2025`), `ora`
    /// (`10:10:10`) and `zona` (`+0200`, or the departure `+02:00`, which is reported).
    ///
    /// ```
    /// use postacert::{Timestamp, ZoneForm};
    ///
    /// let (t, form) = Timestamp::from_certdata("25/05/2025", "10:10:10", "+0200")?;
    /// assert_eq!((t.to_string().as_str(), form), ("2025-05-25T10:10:10+02:00", ZoneForm::Plain));
    /// assert!(Timestamp::from_certdata("31/02/2025", "10:10:10", "+0200").is_err());
    /// # Ok::<(), postacert::TimeError>(())
    /// ```
    ///
    /// # Errors
    /// Another form, or a day or hour that no calendar or clock has; the field is named.
    pub fn from_certdata(giorno: &str, ora: &str, zona: &str) -> Result<(Self, ZoneForm), TimeError> {
        let mut s = Scanner::new(giorno);
        let day = s.two(TimeField::Day)?;
        s.expect(b'/', TimeField::Day)?;
        let month = s.two(TimeField::Month)?;
        s.expect(b'/', TimeField::Month)?;
        let year = s.four(TimeField::Year)?;
        s.end(TimeField::Year)?;
        let mut s = Scanner::new(ora);
        let (hour, minute, second) = s.clock()?;
        s.end(TimeField::Second)?;
        let (offset, form) = match zona.as_bytes() {
            [_, _, _, b':', ..] => (Scanner::new(zona).whole_offset(ZoneForm::Colon)?, ZoneForm::Colon),
            _ => (Scanner::new(zona).whole_offset(ZoneForm::Plain)?, ZoneForm::Plain),
        };
        Ok((Fields { year, month, day, hour, minute, second }.at(offset)?, form))
    }

    /// Reads the value of a `Date` field (RFC 5322 §3.3 and the obsolete forms of §4.3): comments, folding white space, years of
    /// two and three digits, zones by name, missing day of the week or seconds. The day of the week is not held against the date.
    /// Zones named by one letter, or by letters that RFC 5322 gives no value, count as UTC, as it says.
    ///
    /// # Errors
    /// Another form, or a day or hour that no calendar or clock has; the field is named.
    pub fn from_rfc5322(value: &str) -> Result<Self, TimeError> {
        let mut s = Scanner::new(value);
        s.skip_cfws()?;
        if s.peek().is_some_and(|b| b.is_ascii_alphabetic()) {
            let name = s.letters();
            if !WEEKDAYS.iter().any(|d| d.as_bytes().eq_ignore_ascii_case(name)) {
                return Err(TimeError::Malformed { field: TimeField::Weekday });
            }
            s.skip_cfws()?;
            s.expect(b',', TimeField::Weekday)?;
            s.skip_cfws()?;
        }
        let day = s.number(1, 2, TimeField::Day)?;
        s.skip_cfws()?;
        let name = s.letters();
        let month = (1u32..).zip(MONTHS).find(|(_, m)| m.as_bytes().eq_ignore_ascii_case(name));
        let month = month.ok_or(TimeError::Malformed { field: TimeField::Month })?.0;
        s.skip_cfws()?;
        let digits = s.digits();
        let written = decimal(digits).ok_or(TimeError::Malformed { field: TimeField::Year })?;
        let year = match digits.len() {
            2 if written < 50 => written.saturating_add(2000),
            2 | 3 => written.saturating_add(1900),
            4.. => written,
            _ => return Err(TimeError::Malformed { field: TimeField::Year }),
        };
        s.skip_cfws()?;
        let hour = s.two(TimeField::Hour)?;
        s.skip_cfws()?;
        s.expect(b':', TimeField::Hour)?;
        s.skip_cfws()?;
        let minute = s.two(TimeField::Minute)?;
        s.skip_cfws()?;
        let mut second = 0;
        if s.peek() == Some(b':') {
            s.skip();
            s.skip_cfws()?;
            second = s.two(TimeField::Second)?;
            s.skip_cfws()?;
        }
        let offset = match s.peek() {
            Some(b'+' | b'-') => s.offset(ZoneForm::Plain)?,
            _ => named_zone(s.letters())?,
        };
        s.skip_cfws()?;
        s.end(TimeField::Zone)?;
        Fields { year, month, day, hour, minute, second }.at(offset)
    }

    /// Reads RFC 3339: `2025-05-25T10:10:10+02:00`. A fraction of a second is read and dropped; `t`, `z` and a blank for the `T` are
    /// lawful.
    ///
    /// # Errors
    /// Another form, or a day or hour that no calendar or clock has; the field is named.
    pub fn from_rfc3339(s: &str) -> Result<Self, TimeError> {
        let mut s = Scanner::new(s);
        let year = s.four(TimeField::Year)?;
        s.expect(b'-', TimeField::Year)?;
        let month = s.two(TimeField::Month)?;
        s.expect(b'-', TimeField::Month)?;
        let day = s.two(TimeField::Day)?;
        match s.peek() {
            Some(b'T' | b't' | b' ') => s.skip(),
            _ => return Err(TimeError::Malformed { field: TimeField::Day }),
        }
        let (hour, minute, second) = s.clock()?;
        if s.peek() == Some(b'.') {
            s.skip();
            if s.digits().is_empty() {
                return Err(TimeError::Malformed { field: TimeField::Second });
            }
        }
        let offset = match s.peek() {
            Some(b'Z' | b'z') => {
                s.skip();
                0
            }
            _ => s.offset(ZoneForm::Colon)?,
        };
        s.end(TimeField::Zone)?;
        Fields { year, month, day, hour, minute, second }.at(offset)
    }

    /// Writes the value of a `Date` field: `Sun, 25 May 2025 10:10:10 +0200`.
    #[must_use]
    pub fn to_rfc5322(self) -> String {
        let Fields { year, month, day, hour, minute, second } = self.fields();
        let weekday = self.local().div_euclid(SECONDS_PER_DAY).saturating_add(4).rem_euclid(7); // 1970-01-01 was a Thursday
        let name = |names: &[&'static str], i: Option<usize>| i.and_then(|i| names.get(i)).copied().unwrap_or_default();
        let weekday = name(&WEEKDAYS, usize::try_from(weekday).ok());
        let month = name(&MONTHS, (month as usize).checked_sub(1));
        format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} {}", self.zone(""))
    }

    /// Writes the three values that certification data hold (RFC 6109 §4.4).
    #[must_use]
    pub fn to_certdata(self) -> CertdataTime {
        let Fields { year, month, day, hour, minute, second } = self.fields();
        CertdataTime {
            day: format!("{day:02}/{month:02}/{year:04}"),
            time: format!("{hour:02}:{minute:02}:{second:02}"),
            zone: self.zone("").to_string(),
        }
    }

    fn local(self) -> i64 {
        self.instant.0.saturating_add(seconds(self.offset_minutes))
    }

    fn fields(self) -> Fields {
        let mut fields = Fields::of(self.local());
        if self.second == LeapSecond::Yes {
            fields.second = 60;
        }
        fields
    }

    fn zone(self, colon: &'static str) -> impl fmt::Display {
        let sign = if self.offset_minutes < 0 { '-' } else { '+' };
        let minutes = self.offset_minutes.unsigned_abs();
        Zone { sign, hours: minutes / 60, minutes: minutes % 60, colon }
    }
}

crate::language::same_in_all_languages!(Timestamp, UnixTime);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fields().write_rfc3339(f)?;
        write!(f, "{}", self.zone(":"))
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(s: &str) -> Result<Self, TimeError> {
        Self::from_rfc3339(s)
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimeError;

    fn try_from(s: String) -> Result<Self, TimeError> {
        s.parse()
    }
}

impl From<Timestamp> for String {
    fn from(t: Timestamp) -> Self {
        t.to_string()
    }
}

coded! {
    /// Why a time cannot be read: which of its fields, and what is wrong with it.
    pub enum TimeError {
        /// The field is missing, or not written as its form wants it.
        Malformed { field: TimeField } = "time-malformed",
            "the {field} of the time is missing or not of its form",
            "nella data e ora il campo {field} manca o non è della sua forma";
        /// The field has a value that no calendar or clock has, or that lies beyond the years 1 to 9999.
        OutOfRange { field: TimeField } = "time-out-of-range",
            "the {field} of the time is out of range",
            "nella data e ora il campo {field} è fuori dai limiti";
    }
}

impl core::error::Error for TimeError {}

/// A field of a written time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeField {
    /// The day of the week.
    Weekday,
    /// The year.
    Year,
    /// The month.
    Month,
    /// The day of the month.
    Day,
    /// The hour.
    Hour,
    /// The minute.
    Minute,
    /// The second.
    Second,
    /// The distance from UTC (`zona`).
    Zone,
    /// A comment, left open.
    Comment,
}

spoken!(TimeField);

impl Say for TimeField {
    fn say(&self, language: Language, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Weekday => language.pick("weekday", "giorno della settimana"),
            Self::Year => language.pick("year", "anno"),
            Self::Month => language.pick("month", "mese"),
            Self::Day => language.pick("day", "giorno"),
            Self::Hour => language.pick("hour", "ora"),
            Self::Minute => language.pick("minute", "minuto"),
            Self::Second => language.pick("second", "secondo"),
            Self::Zone => language.pick("zone", "zona"),
            Self::Comment => language.pick("comment", "commento"),
        })
    }
}

const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

struct Zone {
    sign: char,
    hours: u16,
    minutes: u16,
    colon: &'static str,
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:02}{}{:02}", self.sign, self.hours, self.colon, self.minutes)
    }
}

const fn seconds(offset_minutes: i16) -> i64 {
    (offset_minutes as i64).saturating_mul(60)
}

/// RFC 5322 §4.3: the ten names with a value; every other name of lawful length says nothing of the distance from UTC.
fn named_zone(name: &[u8]) -> Result<i16, TimeError> {
    let hours = match name.to_ascii_uppercase().as_slice() {
        b"EDT" => -4,
        b"EST" | b"CDT" => -5,
        b"CST" | b"MDT" => -6,
        b"MST" | b"PDT" => -7,
        b"PST" => -8,
        [b'A'..=b'I' | b'K'..=b'Z'] | [_, _] | [_, _, _] | [_, _, _, _] | [_, _, _, _, _] => 0_i16,
        _ => return Err(TimeError::Malformed { field: TimeField::Zone }),
    };
    Ok(hours.saturating_mul(60))
}

/// A date and a time of day, as a calendar and a clock on the wall show them.
struct Fields {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
}

impl Fields {
    /// The date and time of day so many seconds after 1970-01-01T00:00:00 (Howard Hinnant's `civil_from_days`).
    #[allow(clippy::arithmetic_side_effects, reason = "seconds within the years 1 to 9999 bound every value far below 2^63")]
    fn of(seconds: i64) -> Self {
        let (days, rest) = (seconds.div_euclid(SECONDS_PER_DAY), seconds.rem_euclid(SECONDS_PER_DAY));
        let z = days + 719_468;
        let (era, day_of_era) = (z.div_euclid(146_097), z.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153; // 0 is March
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        let narrow = |v: i64| u32::try_from(v).unwrap_or_default();
        Self {
            year: narrow(year),
            month: narrow(month),
            day: narrow(day_of_year - (153 * shifted_month + 2) / 5 + 1),
            hour: narrow(rest / 3_600),
            minute: narrow(rest / 60 % 60),
            second: narrow(rest % 60),
        }
    }

    /// The moment when a clock so many minutes ahead of UTC shows this.
    fn at(&self, offset_minutes: i16) -> Result<Timestamp, TimeError> {
        let bounds = [
            (self.year, 1, 9_999, TimeField::Year),
            (self.month, 1, 12, TimeField::Month),
            (self.day, 1, self.days_in_month(), TimeField::Day),
            (self.hour, 0, 23, TimeField::Hour),
            (self.minute, 0, 59, TimeField::Minute),
            (self.second, 0, 60, TimeField::Second),
        ];
        if let Some((.., field)) = bounds.into_iter().find(|&(v, min, max, _)| v < min || v > max) {
            return Err(TimeError::OutOfRange { field });
        }
        let instant = self.seconds_of_wall().checked_sub(seconds(offset_minutes)).and_then(UnixTime::from_secs);
        let instant = instant.ok_or(TimeError::OutOfRange { field: TimeField::Year })?;
        let second = if self.second == 60 { LeapSecond::Yes } else { LeapSecond::No };
        Ok(Timestamp { second, ..Timestamp::new(instant, offset_minutes)? })
    }

    /// Seconds after 1970-01-01T00:00:00 on the same wall (Howard Hinnant's `days_from_civil`); second 60 counts as 59.
    #[allow(clippy::arithmetic_side_effects, reason = "called with fields within their bounds only")]
    fn seconds_of_wall(&self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let shifted_month = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        days * SECONDS_PER_DAY + i64::from(self.hour) * 3_600 + i64::from(self.minute) * 60 + i64::from(self.second.min(59))
    }

    fn days_in_month(&self) -> u32 {
        let leap = self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    fn write_rfc3339(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second } = self;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

/// Reads a written time from left to right.
struct Scanner<'a> {
    rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    fn new(s: &'a str) -> Self {
        Self { rest: s.as_bytes() }
    }

    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    fn skip(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or_default();
    }

    fn expect(&mut self, byte: u8, field: TimeField) -> Result<(), TimeError> {
        match self.rest.split_first() {
            Some((&first, rest)) if first == byte => {
                self.rest = rest;
                Ok(())
            }
            _ => Err(TimeError::Malformed { field }),
        }
    }

    fn end(&self, field: TimeField) -> Result<(), TimeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(TimeError::Malformed { field }) }
    }

    fn take_while(&mut self, wanted: impl Fn(&u8) -> bool) -> &'a [u8] {
        let length = self.rest.iter().position(|b| !wanted(b)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn digits(&mut self) -> &'a [u8] {
        self.take_while(u8::is_ascii_digit)
    }

    fn letters(&mut self) -> &'a [u8] {
        self.take_while(u8::is_ascii_alphabetic)
    }

    /// A number of so many ASCII digits.
    fn number(&mut self, least: usize, most: usize, field: TimeField) -> Result<u32, TimeError> {
        let digits = self.digits();
        if digits.len() < least || digits.len() > most {
            return Err(TimeError::Malformed { field });
        }
        decimal(digits).ok_or(TimeError::Malformed { field })
    }

    fn two(&mut self, field: TimeField) -> Result<u32, TimeError> {
        self.number(2, 2, field)
    }

    fn four(&mut self, field: TimeField) -> Result<u32, TimeError> {
        self.number(4, 4, field)
    }

    /// `hh:mm:ss`.
    fn clock(&mut self) -> Result<(u32, u32, u32), TimeError> {
        let hour = self.two(TimeField::Hour)?;
        self.expect(b':', TimeField::Hour)?;
        let minute = self.two(TimeField::Minute)?;
        self.expect(b':', TimeField::Minute)?;
        Ok((hour, minute, self.two(TimeField::Second)?))
    }

    /// `+hhmm` or `+hh:mm`, in minutes.
    fn offset(&mut self, form: ZoneForm) -> Result<i16, TimeError> {
        const MALFORMED: TimeError = TimeError::Malformed { field: TimeField::Zone };
        let sign: i16 = match self.peek() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Err(MALFORMED),
        };
        self.skip();
        let (hours, minutes) = match form {
            ZoneForm::Plain => {
                let both = self.four(TimeField::Zone)?;
                (both / 100, both % 100)
            }
            ZoneForm::Colon => {
                let hours = self.two(TimeField::Zone)?;
                self.expect(b':', TimeField::Zone)?;
                (hours, self.two(TimeField::Zone)?)
            }
        };
        if hours > 23 || minutes > 59 {
            return Err(TimeError::OutOfRange { field: TimeField::Zone });
        }
        let total = hours.saturating_mul(60).saturating_add(minutes);
        i16::try_from(total).map(|t| t.saturating_mul(sign)).map_err(|_| MALFORMED)
    }

    fn whole_offset(mut self, form: ZoneForm) -> Result<i16, TimeError> {
        let offset = self.offset(form)?;
        self.end(TimeField::Zone)?;
        Ok(offset)
    }

    /// Skips comments (nested, with quoted pairs) and folding white space.
    fn skip_cfws(&mut self) -> Result<(), TimeError> {
        let mut depth = 0usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'(' => depth = depth.saturating_add(1),
                b')' if depth > 0 => depth = depth.saturating_sub(1),
                b'\\' if depth > 0 => self.skip(),
                b' ' | b'\t' | b'\r' | b'\n' => {}
                _ if depth > 0 => {}
                _ => break,
            }
            self.skip();
        }
        if depth == 0 { Ok(()) } else { Err(TimeError::Malformed { field: TimeField::Comment }) }
    }
}

/// The number that ASCII digits write; `None` if there are none or too many.
fn decimal(digits: &[u8]) -> Option<u32> {
    core::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_ten_thousand_years_survives() {
        for day in (FIRST / SECONDS_PER_DAY)..=(LAST / SECONDS_PER_DAY) {
            let fields = Fields::of(day * SECONDS_PER_DAY);
            assert_eq!(fields.seconds_of_wall(), day * SECONDS_PER_DAY);
            assert!(fields.day <= fields.days_in_month() && (1..=12).contains(&fields.month) && (1..=9_999).contains(&fields.year));
        }
    }
}
