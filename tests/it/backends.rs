//! The backends that are compiled in, one by one and as one that insists that they agree.

use postacert::crypto::{Algorithms, Digest, DigestAlgorithm, Hasher, KeyError, KeyKind, PreparedKey, SignatureError, SignatureScheme};

#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) name: &'static str,
    pub(crate) algorithms: Box<dyn Algorithms>,
}

/// By the names that `tests/vectors/exceptions.json` uses.
pub(crate) fn all() -> Vec<Backend> {
    vec![
        #[cfg(feature = "rustcrypto")]
        Backend { name: "rustcrypto", algorithms: Box::new(postacert::crypto::RustCrypto) },
        #[cfg(feature = "aws-lc-rs")]
        Backend { name: "aws-lc-rs", algorithms: Box::new(postacert::crypto::AwsLc) },
    ]
}

/// Whether a backend has no means to check a scheme: that of aws-lc, where it cannot ask RustCrypto, in the four cases its documentation names.
pub(crate) fn lacks(backend: &str, scheme: SignatureScheme, key: KeyKind) -> bool {
    let KeyKind::Rsa { bits, .. } = key else { return false };
    let alone = backend == "aws-lc-rs" && !cfg!(feature = "rustcrypto");
    match scheme {
        SignatureScheme::RsaPkcs1 { digest } => alone && digest == DigestAlgorithm::Sha384 && bits < 2048,
        SignatureScheme::RsaPss { digest, mgf_digest, salt_len } => {
            // A salt that does not fit is refused by whoever knows the sizes; MGF1 with another digest is no backend's matter.
            let fits = salt_len + digest.output_len() + 2 <= (bits - 1).div_ceil(8);
            digest != mgf_digest || (alone && fits && (digest == DigestAlgorithm::Sha1 || bits < 2048))
        }
        _ => false,
    }
}

/// All of them at once: panics where they differ in what they take, refuse, or say about it.
#[cfg_attr(not(feature = "rustcrypto"), allow(dead_code, reason = "one backend agrees with itself"))]
#[derive(Debug)]
pub(crate) struct Agreeing;

#[cfg_attr(not(feature = "rustcrypto"), allow(dead_code, reason = "one backend agrees with itself"))]
#[derive(Debug)]
struct AgreeingKey(Vec<(&'static str, Box<dyn PreparedKey>)>);

impl Algorithms for Agreeing {
    fn hasher(&self, algorithm: DigestAlgorithm) -> Box<dyn Hasher> {
        Box::new(AgreeingHasher(all().iter().map(|backend| backend.algorithms.hasher(algorithm)).collect()))
    }

    fn prepare(&self, spki_der: &[u8]) -> Result<Box<dyn PreparedKey>, KeyError> {
        let answers: Vec<_> = all().into_iter().map(|backend| (backend.name, backend.algorithms.prepare(spki_der))).collect();
        let kinds = answers.iter().map(|(name, answer)| (name, answer.as_ref().map(|key| key.kind())));
        same(kinds, &format!("the key {spki_der:02x?}")).map_err(KeyError::clone)?;
        Ok(Box::new(AgreeingKey(answers.into_iter().map(|(name, answer)| (name, answer.unwrap())).collect())))
    }
}

impl PreparedKey for AgreeingKey {
    fn kind(&self) -> KeyKind {
        self.0[0].1.kind()
    }

    fn verify(&self, scheme: SignatureScheme, digest: &Digest, signature: &[u8]) -> Result<(), SignatureError> {
        let answers = self.0.iter().map(|(name, key)| (name, key.verify(scheme, digest, signature)));
        same(answers, &format!("{scheme} over {digest:?}, signature {signature:02x?}"))
    }
}

#[cfg_attr(not(feature = "rustcrypto"), allow(dead_code, reason = "one backend agrees with itself"))]
struct AgreeingHasher(Vec<Box<dyn Hasher>>);

impl Hasher for AgreeingHasher {
    fn update(&mut self, bytes: &[u8]) {
        self.0.iter_mut().for_each(|hasher| hasher.update(bytes));
    }

    fn finish(self: Box<Self>) -> Digest {
        same(self.0.into_iter().enumerate().map(|(at, hasher)| (at, hasher.finish())), "a digest")
    }
}

#[cfg_attr(not(feature = "rustcrypto"), allow(dead_code, reason = "one backend agrees with itself"))]
fn same<N: std::fmt::Debug, T: PartialEq + std::fmt::Debug>(answers: impl IntoIterator<Item = (N, T)>, of: &str) -> T {
    let mut answers = answers.into_iter();
    let (name, first) = answers.next().expect("a backend is compiled in");
    for (other, answer) in answers {
        assert_eq!(answer, first, "{other:?} and {name:?} differ in {of}");
    }
    first
}

/// What verification makes of a fixture is the same with either backend: nothing but time tells them apart.
#[cfg(all(feature = "rustcrypto", feature = "aws-lc-rs"))]
#[test]
fn every_fixture_comes_out_the_same_with_either_backend() {
    use crate::fixtures::{at, certificates, folder, read};
    use postacert::crypto::AwsLc;
    use postacert::{Directory, Message, Verifier};

    let builder = || {
        let directory = Directory::from_ldif(&read("directory/directory.ldif")).unwrap();
        Verifier::builder().directory(directory).anchors(certificates("pki/root.pem")).intermediates(certificates("pki/issuing.pem"))
    };
    let (one, other) = (builder().build().unwrap(), builder().algorithms(AwsLc).build().unwrap());
    let mut run = 0;
    for kind in ["valid", "variant", "hostile"] {
        for entry in std::fs::read_dir(folder().join(kind)).unwrap() {
            let path = entry.unwrap().path();
            let raw = std::fs::read(&path).unwrap();
            let Ok(message) = Message::parse(&raw) else { continue };
            let (first, second) = (one.verify(&message, at()), other.verify(&message, at()));
            assert_eq!(format!("{first:?}"), format!("{second:?}"), "{}", path.display());
            run += 1;
        }
    }
    assert!(run > 200, "{run}");
}
