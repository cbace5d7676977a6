//! Name constraints (RFC 5280 §4.2.1.10): the names that a CA may speak of. `rfc822Name` and `directoryName` are understood.

use super::Certificate;
use super::facts::{DIRECTORY_NAME, RFC822_NAME, directory_name, general_name_form};
use super::read::{Malformed, Named as _};
use crate::asn1::{Reader, Value, tag};

/// The extension nameConstraints of a CA.
#[derive(Debug)]
pub(crate) struct NameConstraints {
    permitted: Subtrees,
    excluded: Subtrees,
    is_critical: bool,
}

#[derive(Debug, Default)]
struct Subtrees {
    emails: Vec<Box<str>>,
    /// In the form that is compared, and for people.
    directory_names: Vec<(Box<[u8]>, Box<str>)>,
    /// Kinds of GeneralName with a constraint that is not understood: bit n for `[n]`.
    not_understood: u16,
}

/// What stands against a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Objection {
    /// The name is excluded by this constraint, or lies outside the permitted ones.
    NotPermitted { name: Box<str>, constraint: NameRule },
    /// A critical constraint of a kind that is not understood meets a name of that kind.
    NotUnderstood,
    /// More comparisons than the budget has left.
    Budget,
}

coded! {
    /// What a name constraint demands.
    pub enum NameRule {
        /// The names that are permitted; the first few of them.
        Permitted { names: Box<str> } = "names-permitted",
            "permitted: {names}",
            "ammessi: {names}";
        /// A name that is excluded, with all below it.
        Excluded { name: Box<str> } = "name-excluded",
            "excluded: \"{name}\"",
            "escluso: \"{name}\"";
        /// Where addresses are constrained, one without a domain cannot be judged.
        AddressWithDomain = "address-with-domain",
            "a mail address with a domain",
            "un indirizzo di posta con un dominio";
    }
}

/// How many comparisons of a name with a constraint one search may make: thousands of names under thousands of constraints would be quadratic.
/// OpenSSL allows 2^20 a certificate; AgID CA1 has some hundreds of constraints, and its certificates one or two names.
pub(super) const COMPARISONS: usize = 1 << 17;

impl NameConstraints {
    pub(super) fn read(extension: Value<'_>, is_critical: bool) -> Result<Self, Malformed> {
        let mut fields = extension.reader();
        let permitted = subtrees(fields.optional(tag::context_constructed(0)).named("nameConstraints")?)?;
        let excluded = subtrees(fields.optional(tag::context_constructed(1)).named("nameConstraints")?)?;
        fields.finish().named("nameConstraints")?;
        Ok(Self { permitted, excluded, is_critical })
    }

    /// Whether everything that `certificate` names is permitted. `budget` loses one a comparison.
    pub(super) fn check(&self, certificate: &Certificate, budget: &mut usize) -> Result<(), Objection> {
        let alternative = certificate.extensions().alternative_names.as_ref();
        let subject = &certificate.0.subject;

        // RFC 5280: an address in the subject counts where the extension gives none.
        let alternative_emails = certificate.emails();
        let emails = if alternative_emails.is_empty() { &*subject.emails } else { alternative_emails };
        for email in emails {
            self.check_email(email, budget)?;
        }

        if !subject.key.is_empty() {
            self.check_directory_name(&subject.key, &subject.text, budget)?;
        }
        for (key, text) in alternative.map(|names| &*names.directory_names).unwrap_or_default() {
            self.check_directory_name(key, text, budget)?;
        }

        let mut forms = alternative.map_or(0, |names| names.forms) | 1 << DIRECTORY_NAME;
        if !emails.is_empty() {
            forms |= 1 << RFC822_NAME;
        }
        let not_understood = self.permitted.not_understood | self.excluded.not_understood;
        if self.is_critical && forms & not_understood != 0 { Err(Objection::NotUnderstood) } else { Ok(()) }
    }

    fn check_email(&self, email: &str, budget: &mut usize) -> Result<(), Objection> {
        if self.permitted.emails.is_empty() && self.excluded.emails.is_empty() {
            return Ok(());
        }
        let Some((local_part, domain)) = email.rsplit_once('@') else {
            return Err(Objection::NotPermitted { name: email.into(), constraint: NameRule::AddressWithDomain });
        };
        let matches = |constraint: &str| email_matches(local_part, domain, constraint);
        spend(budget, self.permitted.emails.len().saturating_add(self.excluded.emails.len()))?;
        // No domain at all is read as "every address" where it excludes and as "none" where it permits.
        if let Some(constraint) = self.excluded.emails.iter().find(|constraint| constraint.is_empty() || matches(constraint)) {
            return Err(Objection::NotPermitted { name: email.into(), constraint: NameRule::Excluded { name: constraint.clone() } });
        }
        if self.permitted.emails.is_empty() || self.permitted.emails.iter().any(|constraint| matches(constraint)) {
            return Ok(());
        }
        Err(Objection::NotPermitted { name: email.into(), constraint: permitted(&mut self.permitted.emails.iter().map(|text| &**text)) })
    }

    fn check_directory_name(&self, key: &[u8], text: &str, budget: &mut usize) -> Result<(), Objection> {
        let (permitted_names, excluded_names) = (&self.permitted.directory_names, &self.excluded.directory_names);
        spend(budget, permitted_names.len().saturating_add(excluded_names.len()))?;
        // A name lies in a subtree when it begins with all the relative names of the subtree's base.
        let within = |base: &(Box<[u8]>, Box<str>)| key.starts_with(&base.0);
        if let Some((_, constraint)) = excluded_names.iter().find(|base| within(base)) {
            return Err(Objection::NotPermitted { name: text.into(), constraint: NameRule::Excluded { name: constraint.clone() } });
        }
        if permitted_names.is_empty() || permitted_names.iter().any(within) {
            return Ok(());
        }
        Err(Objection::NotPermitted { name: text.into(), constraint: permitted(&mut permitted_names.iter().map(|(_, text)| &**text)) })
    }
}

fn spend(budget: &mut usize, comparisons: usize) -> Result<(), Objection> {
    *budget = budget.checked_sub(comparisons).ok_or(Objection::Budget)?;
    Ok(())
}

/// The permitted names for an error: the first few of what can be hundreds.
fn permitted(names: &mut dyn Iterator<Item = &str>) -> NameRule {
    const SHOWN: usize = 4;
    let mut names = names.peekable();
    let mut text = String::new();
    for (index, name) in names.by_ref().take(SHOWN).enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        text.push('"');
        text.extend(name.chars().take(200));
        text.push('"');
    }
    if names.peek().is_some() {
        text.push_str(", …");
    }
    NameRule::Permitted { names: text.into() }
}

/// The three forms of RFC 5280: `user@host` is that mailbox (local part exactly), `host` any mailbox on that host itself, `.domain` any
/// mailbox on a host below it. `@host`, which some CAs write, is read as `host`.
fn email_matches(local_part: &str, domain: &str, constraint: &str) -> bool {
    match constraint.rsplit_once('@') {
        Some(("", host)) => domain.eq_ignore_ascii_case(host),
        Some((user, host)) => user == local_part && domain.eq_ignore_ascii_case(host),
        None if constraint.starts_with('.') => domain
            .len()
            .checked_sub(constraint.len())
            .filter(|before| *before > 0)
            .and_then(|before| domain.get(before..))
            .is_some_and(|end| end.eq_ignore_ascii_case(constraint)),
        None => !constraint.is_empty() && domain.eq_ignore_ascii_case(constraint),
    }
}

fn subtrees(list: Option<Value<'_>>) -> Result<Subtrees, Malformed> {
    const WHAT: &str = "nameConstraints";
    let mut read = Subtrees::default();
    let Some(list) = list else { return Ok(read) };
    let mut walk = list.reader();
    while !walk.is_empty() {
        let mut fields: Reader<'_> = walk.expect(tag::SEQUENCE).named(WHAT)?.reader();
        let base = fields.read().named(WHAT)?;
        let form = general_name_form(base)?;
        // RFC 5280 forbids a minimum other than 0 and any maximum: a constraint with one is of another kind.
        let minimum = fields.optional(tag::context(0)).named(WHAT)?;
        let is_plain = minimum.is_none_or(|minimum| minimum.content == [0]) && fields.is_empty();
        match form {
            RFC822_NAME if is_plain && base.content.is_ascii() => {
                read.emails.push(base.content.iter().map(|octet| char::from(*octet)).collect());
            }
            DIRECTORY_NAME if is_plain => {
                let name = directory_name(base)?;
                read.directory_names.push((name.key, name.text));
            }
            form => read.not_understood |= 1 << form,
        }
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r22_the_forms_of_mail_constraints() {
        let matches = |email: &str, constraint: &str| {
            let (local_part, domain) = email.rsplit_once('@').unwrap();
            email_matches(local_part, domain, constraint)
        };
        for (email, constraint, expected) in [
            ("a@pec.example", "pec.example", true),
            ("a@PEC.example", "pec.EXAMPLE", true),
            ("a@sub.pec.example", "pec.example", false),
            ("a@xpec.example", "pec.example", false),
            ("a@sub.pec.example", ".pec.example", true),
            ("a@SUB.PEC.example", ".pec.example", true),
            ("a@pec.example", ".pec.example", false),
            ("a@.pec.example", ".pec.example", false),
            ("a@xpec.example", ".pec.example", false),
            ("a@pec.example", "a@pec.example", true),
            ("a@pec.example", "a@PEC.example", true),
            ("A@pec.example", "a@pec.example", false),
            ("b@pec.example", "a@pec.example", false),
            ("b@pec.example", "@pec.example", true),
            ("\"x@y\"@pec.example", "pec.example", true),
            ("a@pec.example", "", false),
            ("a@", "", false),
        ] {
            assert_eq!(matches(email, constraint), expected, "{email} under {constraint}");
        }
    }
}
