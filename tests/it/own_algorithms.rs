//! A backend of the caller's own, whatever is compiled in.

use postacert::crypto::{Algorithms, Digest, KeyError, KeyKind, PreparedKey, SignatureError, SignatureScheme};
use postacert::{Message, Outcome, Verifier};

use crate::fixtures::{at, certificates, read};

/// Says the same of every signature.
#[derive(Debug, Clone)]
struct Oracle(Result<(), SignatureError>);

impl Algorithms for Oracle {
    fn prepare(&self, _: &[u8]) -> Result<Box<dyn PreparedKey>, KeyError> {
        Ok(Box::new(self.clone()))
    }
}

impl PreparedKey for Oracle {
    fn kind(&self) -> KeyKind {
        KeyKind::Rsa { bits: 2048, exponent_is_3: false }
    }

    fn verify(&self, scheme: SignatureScheme, digest: &Digest, _: &[u8]) -> Result<(), SignatureError> {
        assert_eq!(scheme.digest(), digest.algorithm());
        self.0.clone()
    }
}

#[test]
fn the_callers_algorithms_are_asked_and_no_others() {
    // Its signature is false, and the oracle's word is taken all the same.
    let forged = read("hostile/cms-firma-alterata.eml");
    let genuine = read("valid/accettazione.eml");
    for (answer, outcome) in [(Ok(()), Outcome::Passed), (Err(SignatureError::Mismatch), Outcome::Failed)] {
        let trust = Verifier::builder()
            .directory(postacert::Directory::from_ldif(&read("directory/directory.ldif")).unwrap())
            .anchors(certificates("pki/root.pem"))
            .intermediates(certificates("pki/issuing.pem"));
        let verifier = trust.algorithms(Oracle(answer.clone())).build().unwrap();
        for raw in [&forged, &genuine] {
            let report = verifier.verify(&Message::parse(raw).unwrap(), at());
            assert_eq!(report.outcome(), outcome, "{answer:?}: {report:?}");
        }
    }
}
