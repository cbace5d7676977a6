//! NIST's vectors of RSA signatures (CAVS, FIPS 186), for the digests known here. They are 2 MB, so `tests/vectors/fetch.sh` brings them
//! into `target/vectors`; where they are not, the tests say so and pass.

use std::fs;
use std::path::Path;

use postacert::crypto::{DigestAlgorithm, SignatureScheme};

use super::{Case, Judge, Verdict, pss, rsa_spki, skipped, unhex};

#[test]
fn rsa_pkcs1() {
    judge("nist-rsa-pkcs1", "SigVer15_186-3.rsp", 360, |digest, _| SignatureScheme::RsaPkcs1 { digest });
}

#[test]
fn rsa_pss() {
    judge("nist-rsa-pss", "SigVerPSS_186-3.rsp", 360, |digest, salt| pss(digest, digest, salt));
}

fn judge(suite: &str, file: &str, at_least: usize, scheme: fn(DigestAlgorithm, usize) -> SignatureScheme) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let Ok(text) = fs::read_to_string(target.join("vectors").join(file)) else {
        skipped(&format!("{file} is not in {}/vectors; tests/vectors/fetch.sh brings it", target.display()));
        return;
    };
    let mut judge = Judge::new(suite);
    let mut bits = "";
    let (mut modulus, mut exponent, mut digest, mut message, mut signature, mut salt) = (vec![], vec![], None, vec![], vec![], 0);
    let mut number = 0;
    for line in text.lines() {
        if let Some(section) = line.strip_prefix("[mod = ") {
            bits = section.trim_end_matches(']');
        }
        let Some((key, value)) = line.split_once(" = ") else { continue };
        match key.trim() {
            "n" => modulus = unhex(value),
            "SHAAlg" => digest = value.parse::<DigestAlgorithm>().ok(),
            "e" => exponent = unhex(value),
            "Msg" => message = unhex(value),
            "S" => signature = unhex(value),
            // An empty salt is written as one zero byte.
            "SaltVal" => salt = if value == "00" { 0 } else { value.len() / 2 },
            "Result" => {
                number += 1;
                let Some(digest) = digest else { continue };
                judge.judge(&Case {
                    set: bits,
                    id: &number.to_string(),
                    spki: &rsa_spki(&modulus, &exponent),
                    scheme: scheme(digest, salt),
                    message: &message,
                    signature: &signature,
                    wanted: if value.starts_with('P') { Verdict::Holds } else { Verdict::Refused },
                });
            }
            _ => {}
        }
    }
    judge.end(at_least);
}
