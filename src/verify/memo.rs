//! What a verifier remembers between messages: pure functions of bytes, never a verdict.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use crate::crypto::{Algorithms, KeyError, PreparedKey};
use crate::x509::{Certificate, CertificateError};
use sha2::Digest as _;

/// At most this many certificates are remembered; then everything is forgotten and it begins anew. Italy has some twenty providers with a
/// handful of certificates each.
const CAPACITY: usize = 256;

type Sha256 = [u8; 32];

/// What was signed (a certificate or a revocation list) and its issuer's certificate, by their SHA-256.
pub(super) type Link = (Sha256, Sha256);

/// Certificates parsed, keys prepared, and links (child, issuer) whose signature holds. Only what belongs to a path that reached an
/// anchor or a listing is remembered, and no failure ever, so that a hostile sender can neither fill it nor poison it.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    inner: RwLock<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    certificates: HashMap<Sha256, Known>,
    links: HashSet<Link>,
}

#[derive(Debug, Clone)]
struct Known {
    certificate: Certificate,
    key: Option<Arc<dyn PreparedKey>>,
}

impl Memo {
    /// The certificate of these bytes, parsed or remembered.
    pub(super) fn certificate(&self, der: &[u8]) -> Result<Certificate, CertificateError> {
        let digest: Sha256 = sha2::Sha256::digest(der).into();
        let known = self.read(|inner| inner.certificates.get(&digest).map(|known| known.certificate.clone()));
        known.map_or_else(|| Certificate::from_der(der), Ok)
    }

    /// The prepared key of a certificate, made or remembered.
    pub(super) fn key(&self, certificate: &Certificate, algorithms: &dyn Algorithms) -> Result<Arc<dyn PreparedKey>, KeyError> {
        let known = self.read(|inner| inner.certificates.get(certificate.sha256()).and_then(|known| known.key.clone()));
        known.map_or_else(|| algorithms.prepare(certificate.spki()).map(Arc::from), Ok)
    }

    /// Whether the signature of `child` (a certificate or a revocation list, by its SHA-256) is known to hold under `issuer`.
    pub(super) fn holds(&self, child: &Sha256, issuer: &Sha256) -> bool {
        self.read(|inner| inner.links.contains(&(*child, *issuer)))
    }

    /// Remembers the certificates of a path that reached trust, and the links that held on it.
    pub(super) fn remember(&self, certificates: &[(Certificate, Option<Arc<dyn PreparedKey>>)], links: &[Link]) {
        let news = self.read(|inner| {
            certificates.iter().any(|(c, key)| inner.certificates.get(c.sha256()).is_none_or(|known| known.key.is_none() && key.is_some()))
                || links.iter().any(|link| !inner.links.contains(link))
        });
        if !news {
            return;
        }
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if inner.certificates.len().saturating_add(certificates.len()) > CAPACITY
            || inner.links.len().saturating_add(links.len()) > CAPACITY
        {
            *inner = Inner::default();
        }
        for (certificate, key) in certificates {
            let known =
                inner.certificates.entry(*certificate.sha256()).or_insert_with(|| Known { certificate: certificate.clone(), key: None });
            if let Some(key) = key {
                known.key = Some(Arc::clone(key));
            }
        }
        inner.links.extend(links.iter().copied());
    }

    fn read<T>(&self, look: impl FnOnce(&Inner) -> T) -> T {
        look(&self.inner.read().unwrap_or_else(PoisonError::into_inner))
    }
}
