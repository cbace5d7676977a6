//! Who the providers of a world are, their keys, and what each of them knows of the others.

use std::path::Path;
use std::sync::Arc;

use postacert::compose::{Identity, Signer, SignerError, SigningRequest};
use postacert::crypto::{
    Algorithms, Digest, DigestAlgorithm, KeyError, KeyKind, PreparedKey, RustCrypto, SignatureError, SignatureScheme, digest,
};
use postacert::provider::Operator;
use postacert::{Address, Certificate, Directory, DirectoryBuilder, Domain, Provider, Verifier};

/// What a provider is: its record, and the certificate it signs with now.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    pub(crate) name: &'static str,
    /// The fixture with its certificate and key.
    pub(crate) certificate: &'static str,
    /// All the certificates in its record.
    pub(crate) listed: Vec<&'static str>,
    pub(crate) domains: Vec<String>,
}

/// Five certificates of the fixtures that bear different addresses.
pub(crate) fn parties(count: usize) -> Vec<Party> {
    let all = [
        ("Gestore Uno PEC S.p.A.", "uno", "pec.gestoreuno.example"),
        ("Servizi Postali Due S.r.l.", "due", "cert.duepostale.example"),
        ("Gestore Tre Posta S.c.a r.l.", "tre", "pec.gestoretre.test"),
        ("Quattro Interna S.p.A.", "uno-secondary", "interna.gestoreuno.example"),
        ("Cinque Fuori S.r.l.", "outside-constraints", "posta.fuori.test"),
    ];
    let party = |(name, certificate, domain): (_, _, &str)| Party {
        name,
        certificate,
        listed: vec![certificate],
        domains: vec![domain.to_owned(), format!("studio.{domain}")],
    };
    all.into_iter().take(count).map(party).collect()
}

impl Party {
    /// The domain that its own addresses are of.
    pub(crate) fn domain(&self) -> &str {
        &self.domains[0]
    }

    pub(crate) fn service_mailbox(&self) -> Address {
        format!("ricezione@{}", self.domain()).parse().expect("an address")
    }

    fn record(&self) -> Provider {
        let record = Provider::main(self.name).expect("it has a name").with_mail_receipt(self.service_mailbox());
        let record = self.listed.iter().fold(record, |record, name| record.with_certificate(certificate(name)));
        let domains = self.domains.iter().map(|domain| domain.parse::<Domain>().expect("a domain"));
        domains.fold(record, Provider::with_domain)
    }
}

/// The directory of these providers.
pub(crate) fn directory(parties: &[Party]) -> Arc<Directory> {
    let builder = parties.iter().fold(DirectoryBuilder::new(), |builder, party| builder.provider(party.record()));
    Arc::new(builder.build().expect("it is small"))
}

/// Who judges by this directory.
pub(crate) fn verifier(directory: &Arc<Directory>, keys: Keys) -> Verifier {
    Verifier::builder().directory(Arc::clone(directory)).algorithms(keys).build().expect("there is trust")
}

/// The points of this provider, which knows of the others what this directory says.
pub(crate) fn operator(party: &Party, directory: &Arc<Directory>, keys: Keys) -> Operator {
    let issuing = Certificate::from_pem_or_der(&fixture("pki/issuing.pem")).expect("a fixture's certificate");
    let identity = Identity::new(party.name, certificate(party.certificate), issuing).expect("its certificate has one address");
    Operator::new(identity, verifier(directory, keys)).expect("it is listed")
}

pub(crate) fn certificate(name: &str) -> Certificate {
    Certificate::from_pem_or_der(&fixture(&format!("pki/{name}.pem"))).expect("a fixture's certificate").remove(0)
}

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    // Of the package, or of the fuzz targets beside it.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let roots = [root.join("tests/fixtures"), root.join("../tests/fixtures")];
    let read = roots.iter().find_map(|root| std::fs::read(root.join(name)).ok());
    read.unwrap_or_else(|| panic!("no fixture {name}"))
}

/// How a world signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    /// With a hash of the public key and what is signed: it takes no time, and who has not the certificate cannot do it by accident.
    Cheap,
    /// With the fixtures' RSA keys.
    Rsa,
}

impl Keys {
    pub(crate) fn signer(self, name: &str) -> Box<dyn Signer> {
        match self {
            Self::Cheap => Box::new(CheapKey::of(public_key(certificate(name).der()))),
            Self::Rsa => {
                let pem = fixture(&format!("pki/{name}.key"));
                Box::new(postacert::compose::InMemoryKey::from_pem(pem).expect("a fixture's key"))
            }
        }
    }
}

impl Algorithms for Keys {
    fn prepare(&self, spki_der: &[u8]) -> Result<Box<dyn PreparedKey>, KeyError> {
        match self {
            Self::Cheap => Ok(Box::new(CheapKey::of(spki_der))),
            Self::Rsa => RustCrypto.prepare(spki_der),
        }
    }
}

/// The `SubjectPublicKeyInfo` of a certificate: the seventh field of what is signed (RFC 5280 §4.1).
fn public_key(certificate: &[u8]) -> &[u8] {
    let (_, certificate) = header_and_rest(certificate);
    let (_, mut fields) = header_and_rest(certificate);
    for _ in 0..6 {
        fields = fields.split_at(length(fields)).1;
    }
    fields.split_at(length(fields)).0
}

/// Of a value of DER: what stands before its content, and all that follows.
fn header_and_rest(der: &[u8]) -> (&[u8], &[u8]) {
    der.split_at(2 + if der[1] < 0x80 { 0 } else { usize::from(der[1] & 0x7f) })
}

/// Of the whole first value.
fn length(der: &[u8]) -> usize {
    let (header, _) = header_and_rest(der);
    let content = match header[2..] {
        [] => usize::from(header[1]),
        ref digits => digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)),
    };
    header.len() + content
}

#[derive(Debug)]
struct CheapKey([u8; 32]);

impl CheapKey {
    fn of(spki: &[u8]) -> Self {
        Self(digest(DigestAlgorithm::Sha256, spki).as_bytes().try_into().expect("it is as long"))
    }

    /// As long as an RSA signature.
    fn signature(&self, signed: &Digest) -> Vec<u8> {
        digest(DigestAlgorithm::Sha256, &[&self.0, signed.as_bytes()].concat()).as_bytes().repeat(8)
    }
}

impl PreparedKey for CheapKey {
    fn kind(&self) -> KeyKind {
        KeyKind::Rsa { bits: 2048, exponent_is_3: false }
    }

    fn verify(&self, _: SignatureScheme, digest: &Digest, signature: &[u8]) -> Result<(), SignatureError> {
        if signature == self.signature(digest) { Ok(()) } else { Err(SignatureError::Mismatch) }
    }
}

impl Signer for CheapKey {
    fn scheme(&self, digest: DigestAlgorithm) -> SignatureScheme {
        SignatureScheme::RsaPkcs1 { digest }
    }

    fn sign(&self, request: &SigningRequest<'_>) -> Result<Vec<u8>, SignerError> {
        Ok(self.signature(request.digest()))
    }
}
