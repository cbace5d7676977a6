//! A provider's record: its main environment, or a secondary one.

use super::domains::DomainSet;
use super::finding::{DirectoryError, DirectoryErrorKind};
use super::name;
use crate::address::{Address, Domain};
use crate::x509::Certificate;

/// A provider (*gestore*) as the directory lists it: one record, which is that of its main environment or of a secondary one
/// (RFC 6109 §4.5.7, §4.5.9).
///
/// Read from a [`Directory`](crate::Directory), or made by hand for a [`DirectoryBuilder`](crate::DirectoryBuilder):
///
/// ```
/// use postacert::Provider;
///
/// let unit = Provider::secondary("Gestore Uno S.p.A.", "Ambiente interno")?.with_domain("interna.gestore.example".parse()?);
/// assert_eq!(unit.dn(), "providerUnit=Ambiente interno,providerName=Gestore Uno S.p.A.,o=postacert");
/// assert!(unit.manages(&"Interna.Gestore.example".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[doc(alias = "gestore")]
pub struct Provider {
    pub(super) dn: Box<str>,
    pub(super) main_name: Box<str>,
    pub(super) name: Box<str>,
    pub(super) unit: Option<Box<str>>,
    pub(super) certificates: Vec<ListedCertificate>,
    pub(super) mail_receipt: Option<MailReceipt>,
    pub(super) domains: DomainSet,
    pub(super) ldif_location_url: Option<Box<str>>,
    pub(super) descriptions: Vec<Box<str>>,
    pub(super) line: Option<usize>,
}

/// A certificate that a provider signs with, and the hash that stands beside it (RFC 6109 §4.5.1, §4.5.2).
#[derive(Debug, Clone)]
pub struct ListedCertificate {
    pub(super) certificate: Certificate,
    pub(super) hash_as_written: Option<Box<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MailReceipt {
    pub(super) text: Box<str>,
    pub(super) address: Option<Address>,
}

impl Provider {
    /// The main environment of a provider, with nothing but its name (`providerName`).
    ///
    /// # Errors
    ///
    /// If the name is empty.
    pub fn main(name: &str) -> Result<Self, DirectoryError> {
        Self::new(name, None)
    }

    /// A secondary environment (`providerUnit`) of the provider with this name.
    ///
    /// # Errors
    ///
    /// If one of the names is empty.
    pub fn secondary(name: &str, unit: &str) -> Result<Self, DirectoryError> {
        Self::new(name, Some(unit))
    }

    fn new(name: &str, unit: Option<&str>) -> Result<Self, DirectoryError> {
        let (name, unit) = (name.trim(), unit.map(str::trim));
        if name.is_empty() || unit == Some("") {
            return Err(DirectoryErrorKind::NameEmpty.into());
        }
        Ok(Self {
            dn: name::compose(name, unit).into(),
            main_name: name.into(),
            name: name.into(),
            unit: unit.map(Into::into),
            certificates: Vec::new(),
            mail_receipt: None,
            domains: DomainSet::default(),
            ldif_location_url: None,
            descriptions: Vec::new(),
            line: None,
        })
    }

    /// The record with one more certificate, and its SHA-1 hash beside it; nothing changes if it is there already.
    #[must_use]
    pub fn with_certificate(mut self, certificate: Certificate) -> Self {
        if !self.certificates.iter().any(|c| c.certificate.der() == certificate.der()) {
            let hash_as_written = Some(hex(certificate.sha1()).into());
            self.certificates.push(ListedCertificate { certificate, hash_as_written });
        }
        self
    }

    /// The record with the mailbox that takes in presa-in-carico and virus notices (`mailReceipt`).
    #[must_use]
    pub fn with_mail_receipt(mut self, address: Address) -> Self {
        self.mail_receipt = Some(MailReceipt { text: address.as_str().into(), address: Some(address) });
        self
    }

    /// The record with one more domain (`managedDomains`); nothing changes if it is there already.
    #[must_use]
    pub fn with_domain(mut self, domain: Domain) -> Self {
        self.domains.insert(domain);
        self
    }

    /// The record with the address of the provider's own signed LDIF file (`LDIFLocationURL`).
    ///
    /// # Errors
    ///
    /// For a secondary environment, whose record must not have one (RFC 6109 §4.5.6).
    pub fn with_ldif_location_url(mut self, url: &str) -> Result<Self, DirectoryError> {
        if self.unit.is_some() {
            return Err(DirectoryErrorKind::UnitLocation.into());
        }
        let url = url.trim();
        self.ldif_location_url = if url.is_empty() { None } else { Some(url.into()) };
        Ok(self)
    }

    /// The record with one more description; an empty one adds nothing.
    #[must_use]
    pub fn with_description(mut self, description: &str) -> Self {
        if !description.is_empty() {
            self.descriptions.push(description.into());
        }
        self
    }

    /// The provider's name (`providerName`) as the record gives it; as its distinguished name does, if the attribute is missing.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the provider that this record belongs to: the `providerName` of its distinguished name.
    ///
    /// This, not [`name`](Self::name), says which main environment a secondary one is of: in the example of RFC 6109 §4.5.10
    /// the two differ in the record of the secondary environment. Case and blanks do not count when names are compared.
    #[must_use]
    pub fn main_name(&self) -> &str {
        &self.main_name
    }

    /// The name of the secondary environment (`providerUnit`); `None` for the main one.
    #[must_use]
    pub fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    /// The record's distinguished name, as written.
    #[must_use]
    pub fn dn(&self) -> &str {
        &self.dn
    }

    /// Its certificates, each once, in order.
    #[must_use]
    pub fn certificates(&self) -> &[ListedCertificate] {
        &self.certificates
    }

    /// The mailbox for presa-in-carico and virus notices (`mailReceipt`), if it is an address.
    #[must_use]
    pub fn mail_receipt(&self) -> Option<&Address> {
        self.mail_receipt.as_ref()?.address.as_ref()
    }

    /// What stands in `mailReceipt`, address or not.
    #[must_use]
    pub fn mail_receipt_text(&self) -> Option<&str> {
        self.mail_receipt.as_ref().map(|m| &*m.text)
    }

    /// The domains it manages, each once, in order and as written.
    #[must_use]
    pub fn domains(&self) -> &[Domain] {
        self.domains.as_slice()
    }

    /// Whether this record lists the domain: itself, not one above or below it, and in whatever case. In constant time.
    ///
    /// The domains of other environments of the same provider do not count: a record speaks for its own.
    #[must_use]
    pub fn manages(&self, domain: &Domain) -> bool {
        self.domains.contains(domain)
    }

    /// Where the provider publishes its own signed LDIF file (`LDIFLocationURL`). Nothing here ever opens it.
    #[must_use]
    pub fn ldif_location_url(&self) -> Option<&str> {
        self.ldif_location_url.as_deref()
    }

    /// What `description` says; several values in order.
    pub fn descriptions(&self) -> impl ExactSizeIterator<Item = &str> {
        self.descriptions.iter().map(|d| &**d)
    }

    /// The line of the LDIF file, from 1, that the record begins on; `None` if it was not read from one.
    #[must_use]
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

/// Equal if they say the same, in whatever line of whatever file.
impl PartialEq for Provider {
    fn eq(&self, other: &Self) -> bool {
        self.dn == other.dn
            && self.main_name == other.main_name
            && self.name == other.name
            && self.unit == other.unit
            && self.certificates == other.certificates
            && self.mail_receipt == other.mail_receipt
            && self.domains == other.domains
            && self.ldif_location_url == other.ldif_location_url
            && self.descriptions == other.descriptions
    }
}

impl Eq for Provider {}

impl ListedCertificate {
    /// The certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The `providerCertificateHash` that stands beside it: the certificate's SHA-1 in hexadecimal digits, if the directory is
    /// right. It is an index and proves nothing.
    #[must_use]
    pub fn hash_as_written(&self) -> Option<&str> {
        self.hash_as_written.as_deref()
    }
}

impl PartialEq for ListedCertificate {
    fn eq(&self, other: &Self) -> bool {
        self.certificate.der() == other.certificate.der() && self.hash_as_written == other.hash_as_written
    }
}

impl Eq for ListedCertificate {}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|b| [b >> 4, b & 15]).filter_map(|d| char::from_digit(d.into(), 16)).collect()
}
