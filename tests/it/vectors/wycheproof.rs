//! Wycheproof's vectors: RSA PKCS#1 v1.5, RSA-PSS, ECDSA on P-256 and P-384, for the digests known here.

use postacert::crypto::{DigestAlgorithm, SignatureScheme};
use wycheproof::{HashFunction, Mgf, TestResult, ecdsa, rsa_pkcs1_verify, rsa_pss_verify};

use super::{Case, Judge, Verdict, pss};

fn known(hash: HashFunction) -> Option<DigestAlgorithm> {
    match hash {
        HashFunction::Sha1 => Some(DigestAlgorithm::Sha1),
        HashFunction::Sha2_256 => Some(DigestAlgorithm::Sha256),
        HashFunction::Sha2_384 => Some(DigestAlgorithm::Sha384),
        HashFunction::Sha2_512 => Some(DigestAlgorithm::Sha512),
        _ => None,
    }
}

fn wanted(result: TestResult) -> Verdict {
    match result {
        TestResult::Valid => Verdict::Holds,
        TestResult::Invalid => Verdict::Refused,
        TestResult::Acceptable => Verdict::Open,
    }
}

/// Judges the tests of a group; the groups of the three kinds have the same fields but are of different types.
macro_rules! judge_group {
    ($judge:expr, $set:expr, $group:expr, $scheme:expr) => {
        for test in &$group.tests {
            $judge.judge(&Case {
                set: $set,
                id: &test.tc_id.to_string(),
                spki: &$group.der,
                scheme: $scheme,
                message: &test.msg,
                signature: &test.sig,
                wanted: wanted(test.result),
            });
        }
    };
}

#[test]
fn rsa_pkcs1() {
    let mut judge = Judge::new("wycheproof-rsa-pkcs1");
    for name in rsa_pkcs1_verify::TestName::all() {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            if let Some(digest) = known(group.hash) {
                judge_group!(judge, &format!("{name:?}"), group, SignatureScheme::RsaPkcs1 { digest });
            }
        }
    }
    judge.end(3000);
}

#[test]
fn rsa_pss() {
    let mut judge = Judge::new("wycheproof-rsa-pss");
    for name in rsa_pss_verify::TestName::all() {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let digests = known(group.hash).zip(group.mgf_hash.and_then(known));
            if let (Some((digest, mgf_digest)), Mgf::Mgf1) = (digests, group.mgf) {
                judge_group!(judge, &format!("{name:?}"), group, pss(digest, mgf_digest, group.salt_size));
            }
        }
    }
    judge.end(1500);
}

#[test]
fn ecdsa() {
    use ecdsa::{TestGroupTypeId, TestName as T};
    let mut judge = Judge::new("wycheproof-ecdsa");
    for name in
        [T::EcdsaSecp256r1Sha256, T::EcdsaSecp256r1Sha512, T::EcdsaSecp384r1Sha256, T::EcdsaSecp384r1Sha384, T::EcdsaSecp384r1Sha512]
    {
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            assert_eq!(group.test_type, TestGroupTypeId::Ecdsa);
            judge_group!(judge, &format!("{name:?}"), group, SignatureScheme::Ecdsa { digest: known(group.hash).unwrap() });
        }
    }
    judge.end(2400);
}
