//! RFC 6109 §5.5: what a provider's signing certificate must look like, and which departures matter.

use super::Certificate;
use super::facts::{KeyPurposes, Known};

/// How much a departure weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
pub enum Severity {
    /// RFC 6109 advises against it: always a finding only.
    Note,
    /// RFC 6109 forbids it, but certificates of real providers do it, or it does no harm: a finding, and a failure under a strict policy.
    Strict,
    /// The certificate does not entitle its holder to sign mail.
    Fatal,
}

coded! {
    /// A departure of a signer's certificate from RFC 6109 §5.5, or from what RFC 5280 asks of the certificate of a signer.
    pub enum ProfileProblem {
        /// A CA signs certificates; its key must not sign mail.
        SignerIsCa = "signer-is-ca",
            "the signer is a certificate authority",
            "il firmatario è un'autorità di certificazione";
        /// basicConstraints is there, though it says CA:FALSE (§5.5.2: it must not be present). Aruba's certificate of 2014 has it.
        BasicConstraintsPresent = "basic-constraints-present",
            "the extension basicConstraints is present",
            "è presente l'estensione basicConstraints";
        /// keyUsage is missing (§5.5.2).
        KeyUsageMissing = "key-usage-missing",
            "the extension keyUsage is missing",
            "manca l'estensione keyUsage";
        /// keyUsage does not allow signatures.
        NoDigitalSignature = "no-digital-signature",
            "keyUsage does not hold digitalSignature",
            "keyUsage non contiene digitalSignature";
        /// keyUsage is not critical (§5.5.2). Aruba's certificate of 2014 has it so.
        KeyUsageNotCritical = "key-usage-not-critical",
            "the extension keyUsage is not critical",
            "l'estensione keyUsage non è critica";
        /// extKeyUsage allows other things than mail only.
        NoEmailProtection = "no-email-protection",
            "extKeyUsage does not hold emailProtection",
            "extKeyUsage non contiene emailProtection";
        /// authorityKeyIdentifier is missing (§5.5.2).
        AuthorityKeyIdMissing = "authority-key-id-missing",
            "the extension authorityKeyIdentifier is missing",
            "manca l'estensione authorityKeyIdentifier";
        /// authorityKeyIdentifier lacks its keyIdentifier (§5.5.2).
        AuthorityKeyIdEmpty = "authority-key-id-empty",
            "the extension authorityKeyIdentifier has no keyIdentifier",
            "l'estensione authorityKeyIdentifier è senza keyIdentifier";
        /// authorityKeyIdentifier is critical (§5.5.2).
        AuthorityKeyIdCritical = "authority-key-id-critical",
            "the extension authorityKeyIdentifier is critical",
            "l'estensione authorityKeyIdentifier è critica";
        /// subjectKeyIdentifier is missing (§5.5.2).
        SubjectKeyIdMissing = "subject-key-id-missing",
            "the extension subjectKeyIdentifier is missing",
            "manca l'estensione subjectKeyIdentifier";
        /// subjectKeyIdentifier is critical (§5.5.2).
        SubjectKeyIdCritical = "subject-key-id-critical",
            "the extension subjectKeyIdentifier is critical",
            "l'estensione subjectKeyIdentifier è critica";
        /// subjectAltName is missing (§5.5.2).
        AlternativeNameMissing = "alternative-name-missing",
            "the extension subjectAltName is missing",
            "manca l'estensione subjectAltName";
        /// subjectAltName gives no mail address (§5.5.2).
        AlternativeNameWithoutAddress = "alternative-name-without-address",
            "the extension subjectAltName holds no mail address",
            "l'estensione subjectAltName non contiene alcun indirizzo di posta";
        /// subjectAltName is critical (§5.5.2).
        AlternativeNameCritical = "alternative-name-critical",
            "the extension subjectAltName is critical",
            "l'estensione subjectAltName è critica";
        /// A mail address in the subject's name (§5.5.1: should not be).
        AddressInSubject { address: Box<str> } = "address-in-subject",
            "the subject's name holds the mail address \"{address}\"",
            "il nome del titolare contiene l'indirizzo di posta \"{address}\"";
        /// The provider's name is neither the common name nor the organization of the subject (§5.5.1).
        ProviderNameMissing { provider: Box<str>, subject: Box<str> } = "provider-name-missing",
            "the provider \"{provider}\" is neither CN nor O of the subject {subject}",
            "il gestore \"{provider}\" non è né CN né O del titolare {subject}";
        /// The certificate is of version 1 or 2 (§5.5.3 shows 3, and extensions need it).
        Version { found: u8 } = "certificate-version",
            "the certificate is of version {found}, not 3",
            "il certificato è della versione {found}, non 3";
        /// An extension that §5.5.2 does not name is critical.
        AddedCriticalExtension { oid: Box<str> } = "added-critical-extension",
            "the added extension {oid} is critical",
            "l'estensione aggiunta {oid} è critica";
        /// A critical extension that is not understood: RFC 5280 §4.2 forbids to use the certificate.
        UnknownCriticalExtension { oid: Box<str> } = "unknown-critical-extension",
            "the critical extension {oid} is not known",
            "l'estensione critica {oid} non è conosciuta";
        /// The same extension twice: which one counts is anybody's guess, and RFC 5280 §4.2 forbids it.
        DuplicateExtension { oid: Box<str> } = "duplicate-extension",
            "the extension {oid} stands twice",
            "l'estensione {oid} compare due volte";
    }
}

/// Every departure of a signer's certificate from the profile, in the order of RFC 6109's text. `provider_name` is the provider's name as
/// the directory has it, if there is one.
pub(crate) fn profile(certificate: &Certificate, provider_name: Option<&str>) -> Vec<(ProfileProblem, Severity)> {
    use ProfileProblem as P;
    use Severity::{Fatal, Note, Strict};

    let extensions = certificate.extensions();
    let subject = &certificate.0.subject;
    let mut problems = Vec::new();
    let mut add = |applies: bool, problem: ProfileProblem, severity: Severity| {
        if applies {
            problems.push((problem, severity));
        }
    };

    add(certificate.version() != 3, P::Version { found: certificate.version() }, Strict);
    if let Some(oid) = &extensions.duplicate {
        add(true, P::DuplicateExtension { oid: oid.clone() }, Fatal);
    }

    if let Some(provider) = provider_name {
        let is_named = subject.common_names.iter().chain(&subject.organizations).any(|name| is_same_name(name, provider));
        add(!is_named, P::ProviderNameMissing { provider: provider.into(), subject: subject.text.clone() }, Strict);
    }
    if let Some(address) = subject.emails.first() {
        add(true, P::AddressInSubject { address: address.clone() }, Note);
    }

    match extensions.basic_constraints {
        Some(constraints) if constraints.is_ca => add(true, P::SignerIsCa, Fatal),
        Some(_) => add(true, P::BasicConstraintsPresent, Strict),
        None => {}
    }

    match extensions.key_usage {
        None => add(true, P::KeyUsageMissing, Strict),
        Some(usage) => {
            add(!usage.digital_signature, P::NoDigitalSignature, Fatal);
            add(!extensions.is_critical(Known::KeyUsage), P::KeyUsageNotCritical, Strict);
        }
    }
    add(matches!(extensions.key_purposes, Some(KeyPurposes::Other)), P::NoEmailProtection, Fatal);

    let has_authority_key_id = extensions.has(Known::AuthorityKeyId);
    add(!has_authority_key_id, P::AuthorityKeyIdMissing, Strict);
    add(has_authority_key_id && extensions.authority_key_id.is_none(), P::AuthorityKeyIdEmpty, Strict);
    add(extensions.is_critical(Known::AuthorityKeyId), P::AuthorityKeyIdCritical, Strict);

    add(!extensions.has(Known::SubjectKeyId), P::SubjectKeyIdMissing, Strict);
    add(extensions.is_critical(Known::SubjectKeyId), P::SubjectKeyIdCritical, Strict);

    let has_alternative_name = extensions.has(Known::SubjectAltName);
    add(!has_alternative_name, P::AlternativeNameMissing, Strict);
    add(has_alternative_name && extensions.emails().is_empty(), P::AlternativeNameWithoutAddress, Strict);
    add(extensions.is_critical(Known::SubjectAltName), P::AlternativeNameCritical, Strict);

    match (&extensions.unknown_critical, extensions.added_critical()) {
        (Some(oid), _) => add(true, P::UnknownCriticalExtension { oid: oid.clone() }, Fatal),
        (None, Some(oid)) => add(true, P::AddedCriticalExtension { oid }, Strict),
        (None, None) => {}
    }
    problems
}

/// Whether two names are the same but for case and white space (RFC 6109 §4.5: directory strings compare so).
fn is_same_name(one: &str, other: &str) -> bool {
    one.split_whitespace().flat_map(|word| [" ", word]).flat_map(str::chars).flat_map(char::to_lowercase).eq(other
        .split_whitespace()
        .flat_map(|word| [" ", word])
        .flat_map(str::chars)
        .flat_map(char::to_lowercase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provider_names_compare_without_case_and_space() {
        assert!(is_same_name(" Gestore  Uno\tPEC ", "gestore uno pec"));
        assert!(!is_same_name("GestoreUno", "Gestore Uno"));
        assert!(!is_same_name("Gestore Uno PEC", "Gestore Uno"));
    }
}
