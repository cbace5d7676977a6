//! The line of a record, written and read.

use core::fmt::{self, Write as _};
use core::str::FromStr;

use super::{LogRecord, LogRecordError};
use crate::language::is_wild;

/// How an empty value of a list is written.
const EMPTY: &str = "\\e";

impl fmt::Display for LogRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "when={}\tevent={}\tid=", self.when, self.event)?;
        write_value(self.id.as_str(), f)?;
        f.write_str("\tsender=")?;
        write_value(&self.sender, f)?;
        f.write_str("\trecipients=")?;
        write_list(self.recipients.iter().map(|address| address.as_str()), f)?;
        f.write_str("\tsubject=")?;
        write_value(&self.subject, f)?;
        f.write_str("\trelated=")?;
        write_list(self.related.iter().map(|id| &**id), f)?;
        f.write_str("\tprovider=")?;
        write_value(&self.provider, f)?;
        f.write_str("\tnote=")?;
        write_value(&self.note, f)
    }
}

fn write_list<'v>(values: impl Iterator<Item = &'v str>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, value) in values.enumerate() {
        f.write_str(if index == 0 { "" } else { "," })?;
        if value.is_empty() {
            f.write_str(EMPTY)?;
        }
        write_escaped(value, |c| c == ',' || is_escaped(c), f)?;
    }
    Ok(())
}

fn write_value(value: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write_escaped(value, is_escaped, f)
}

fn write_escaped(value: &str, is_escaped: impl Fn(char) -> bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for c in value.chars() {
        match c {
            '\\' => f.write_str("\\\\")?,
            '\t' => f.write_str("\\t")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            c if is_escaped(c) => write!(f, "\\u{{{:x}}}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    Ok(())
}

fn is_escaped(c: char) -> bool {
    c == '\\' || is_wild(c)
}

impl FromStr for LogRecord {
    type Err = LogRecordError;

    /// Reads a line, without its line end.
    fn from_str(line: &str) -> Result<Self, LogRecordError> {
        let mut fields = Fields { rest: Some(line), offset: 0 };
        let when = fields.take("when")?;
        let event = fields.take("event")?;
        let id = fields.take("id")?;
        let sender = fields.take("sender")?.read()?;
        let recipients = fields.take("recipients")?;
        let subject = fields.take("subject")?.read()?;
        let related = fields.take("related")?;
        let provider = fields.take("provider")?.read()?;
        let note = fields.take("note")?.read()?;
        if fields.rest.is_some() {
            return Err(LogRecordError::Tail { offset: fields.offset });
        }
        let address = |value: Value<'_>| {
            let offset = value.offset;
            value.read_listed()?.parse().map_err(|error| LogRecordError::Recipient { error, offset })
        };
        Ok(Self {
            when: when.text.parse().map_err(|error| LogRecordError::Time { error, offset: when.offset })?,
            event: event.text.parse().map_err(|_| LogRecordError::Event { offset: event.offset })?,
            id: id.read()?.parse().map_err(|error| LogRecordError::Id { error, offset: id.offset })?,
            sender: sender.into(),
            recipients: recipients.list().map(address).collect::<Result<_, _>>()?,
            subject: subject.into(),
            related: related.list().map(|value| value.read_listed().map(String::into_boxed_str)).collect::<Result<_, _>>()?,
            provider: provider.into(),
            note: note.into(),
        })
    }
}

/// The fields of a line that are still to be read.
struct Fields<'l> {
    /// What follows the last tab; nothing behind the last field.
    rest: Option<&'l str>,
    offset: usize,
}

impl<'l> Fields<'l> {
    fn take(&mut self, name: &'static str) -> Result<Value<'l>, LogRecordError> {
        let missing = LogRecordError::Field { name, offset: self.offset };
        let Some(rest) = self.rest else { return Err(missing) };
        let (field, rest) = rest.split_once('\t').map_or((rest, None), |(field, rest)| (field, Some(rest)));
        let Some(text) = field.strip_prefix(name).and_then(|value| value.strip_prefix('=')) else { return Err(missing) };
        let end = self.offset.saturating_add(field.len());
        *self = Self { rest, offset: end.saturating_add(1) };
        Ok(Value { text, offset: end.saturating_sub(text.len()) })
    }
}

/// A value as it is written.
#[derive(Clone, Copy)]
struct Value<'l> {
    text: &'l str,
    offset: usize,
}

impl<'l> Value<'l> {
    fn list(self) -> impl Iterator<Item = Self> {
        let mut offset = self.offset;
        let values = if self.text.is_empty() { None } else { Some(self.text.split(',')) };
        values.into_iter().flatten().map(move |text| {
            let value = Value { text, offset };
            offset = offset.saturating_add(text.len()).saturating_add(1);
            value
        })
    }

    fn read_listed(self) -> Result<String, LogRecordError> {
        if self.text == EMPTY { Ok(String::new()) } else { self.read() }
    }

    fn read(self) -> Result<String, LogRecordError> {
        let mut out = String::with_capacity(self.text.len());
        let mut rest = self.text;
        while let Some((plain, special)) = rest.find(is_escaped).and_then(|at| rest.split_at_checked(at)) {
            out.push_str(plain);
            let offset = self.offset.saturating_add(self.text.len().saturating_sub(special.len()));
            let escape = special.strip_prefix('\\').ok_or(LogRecordError::Character { offset })?;
            let (c, behind) = escaped(escape).ok_or(LogRecordError::Escape { offset })?;
            out.push(c);
            rest = behind;
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// The character that is meant by what follows a backslash, and the rest.
fn escaped(text: &str) -> Option<(char, &str)> {
    let mut chars = text.chars();
    let c = match chars.next()? {
        '\\' => '\\',
        't' => '\t',
        'n' => '\n',
        'r' => '\r',
        'u' => {
            let (digits, rest) = chars.as_str().strip_prefix('{')?.split_once('}')?;
            let hex = matches!(digits.len(), 1..=6) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            let number = if hex { u32::from_str_radix(digits, 16).ok()? } else { return None };
            return Some((char::from_u32(number)?, rest));
        }
        _ => return None,
    };
    Some((c, chars.as_str()))
}
