//! What a verifier remembers between messages: pure functions of bytes, never a verdict.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use crate::crypto::{Algorithms, KeyError, PreparedKey};
use crate::x509::{Certificate, CertificateError};

/// At most this many certificates are remembered; then everything is forgotten and it begins anew. Italy has some twenty providers with a
/// handful of certificates each.
const CAPACITY: usize = 256;

type Sha256 = [u8; 32];
type Tail = [u8; 32];

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
    /// By the last bytes of their DER, where the signature is: no hash of a whole certificate is wanted to find one that came with a message,
    /// only a comparison.
    certificates: HashMap<Tail, Known>,
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
        let known = self.read(|inner| inner.known(der).map(|known| known.certificate.clone()));
        known.map_or_else(|| Certificate::from_der(der), Ok)
    }

    /// The prepared key of a certificate, made or remembered.
    pub(super) fn key(&self, certificate: &Certificate, algorithms: &dyn Algorithms) -> Result<Arc<dyn PreparedKey>, KeyError> {
        let known = self.read(|inner| inner.known(certificate.der()).and_then(|known| known.key.clone()));
        known.map_or_else(|| algorithms.prepare(certificate.spki()).map(Arc::from), Ok)
    }

    /// Whether the signature of `child` (a certificate or a revocation list, by its SHA-256) is known to hold under `issuer`.
    pub(super) fn holds(&self, child: &Sha256, issuer: &Sha256) -> bool {
        self.read(|inner| inner.links.contains(&(*child, *issuer)))
    }

    /// Remembers the certificates of a path that reached trust, their keys, and the links that held on it.
    pub(super) fn remember<'l>(
        &self,
        path: &[Certificate],
        key_of: impl Fn(&Certificate) -> Option<Arc<dyn PreparedKey>>,
        links: impl Iterator<Item = &'l Link> + Clone,
    ) {
        let news = self.read(|inner| {
            path.iter().any(|certificate| inner.known(certificate.der()).is_none_or(|known| known.key.is_none()))
                || links.clone().any(|link| !inner.links.contains(link))
        });
        if !news {
            return;
        }
        let found: Vec<_> = path.iter().map(|certificate| Known { certificate: certificate.clone(), key: key_of(certificate) }).collect();
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if inner.certificates.len().saturating_add(found.len()) > CAPACITY
            || inner.links.len().saturating_add(links.clone().count()) > CAPACITY
        {
            *inner = Inner::default();
        }
        for known in found {
            if let Some(tail) = known.certificate.der().last_chunk() {
                inner.certificates.insert(*tail, known);
            }
        }
        inner.links.extend(links);
    }

    fn read<T>(&self, look: impl FnOnce(&Inner) -> T) -> T {
        look(&self.inner.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    fn known(&self, der: &[u8]) -> Option<&Known> {
        self.certificates.get(der.last_chunk::<32>()?).filter(|known| known.certificate.der() == der)
    }
}
