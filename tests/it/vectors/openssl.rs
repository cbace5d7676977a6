//! Signatures that the command `openssl` makes here and now, mutated in every way we could think of, and judged by it as well: our backends
//! say what it says. Where the command is missing, the tests say so and pass.
//!
//! These are the places where two implementations could part: lengths of modulus that leave PSS a byte short, exponents, salts, numbers not below the
//! modulus, zeros before a signature or taken from it, digests longer and shorter than the curve, and the forms of DER.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use postacert::crypto::{self, DigestAlgorithm, SignatureScheme};

use super::{Case, Judge, Verdict, der, integer, pss, skipped};

const DIGESTS: [DigestAlgorithm; 4] = [DigestAlgorithm::Sha1, DigestAlgorithm::Sha256, DigestAlgorithm::Sha384, DigestAlgorithm::Sha512];

/// RSA keys: bits and exponent. 1025 and 2049 bits leave the block of PSS a byte shorter than the modulus; 1031 and 2047 a bit or seven.
const RSA: [(usize, u64); 16] = [
    (1024, 3),
    (1024, 17),
    (1024, 65537),
    (1025, 65537),
    (1031, 3),
    (2047, 65537),
    (2048, 3),
    (2048, 17),
    (2048, 65537),
    (2048, 0x1_FFFF_FFFF),
    (2049, 65537),
    (3072, 3),
    (3072, 65537),
    (4096, 3),
    (4096, 17),
    (4096, 65537),
];

const CURVES: [&str; 2] = ["P-256", "P-384"];

/// One signature, and what `openssl` says of it.
struct Row {
    id: String,
    spki: Vec<u8>,
    scheme: SignatureScheme,
    message: Vec<u8>,
    signature: Vec<u8>,
    holds: bool,
}

#[test]
fn signatures_are_judged_as_openssl_judges_them() {
    let Ok(version) = Command::new("openssl").arg("version").output() else {
        skipped("there is no command openssl to compare signatures with");
        return;
    };
    let jobs: Vec<_> = RSA.iter().map(|key| Key::Rsa(*key)).chain(CURVES.map(Key::Curve)).collect();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let rows: Vec<Row> = thread::scope(|scope| {
        let work = || {
            let mut rows = Vec::new();
            while let Some(key) = jobs.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                rows.extend(Workshop::new(key).rows());
            }
            rows
        };
        let workers: Vec<_> = (0..thread::available_parallelism().map_or(2, usize::from)).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let version = String::from_utf8_lossy(&version.stdout);
    let (good, all) = (rows.iter().filter(|row| row.holds).count(), rows.len());
    assert!(good > 250 && all - good > 500, "{version}: {good} of {all} hold");
    let mut judge = Judge::new("openssl");
    for row in &rows {
        let Row { id, spki, scheme, message, signature, holds } = row;
        let wanted = if *holds { Verdict::Holds } else { Verdict::Refused };
        let (set, id) = id.split_once(' ').unwrap();
        judge.judge(&Case { set, id, spki, scheme: *scheme, message, signature, wanted });
    }
    judge.end(750);
}

#[derive(Debug, Clone, Copy)]
enum Key {
    Rsa((usize, u64)),
    Curve(&'static str),
}

/// A folder with a key, in which `openssl` signs and judges.
struct Workshop {
    key: Key,
    folder: PathBuf,
    spki: Vec<u8>,
}

impl Workshop {
    fn new(key: &Key) -> Self {
        let name = match key {
            Key::Rsa((bits, exponent)) => format!("rsa{bits}-{exponent}"),
            Key::Curve(curve) => (*curve).to_owned(),
        };
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("openssl-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut workshop = Self { key: *key, folder, spki: Vec::new() };
        let option = match key {
            Key::Rsa((bits, exponent)) => {
                // From 2,048 bits on OpenSSL gives a key of two primes an even length, whatever was asked for.
                let primes = if bits % 2 == 1 && *bits > 2000 { "-pkeyopt rsa_keygen_primes:3" } else { "" };
                format!("-algorithm RSA -pkeyopt rsa_keygen_bits:{bits} -pkeyopt rsa_keygen_pubexp:{exponent} {primes}")
            }
            Key::Curve(curve) => format!("-algorithm EC -pkeyopt ec_paramgen_curve:{curve}"),
        };
        assert!(workshop.openssl(&format!("genpkey {option} -out key.pem")), "{key:?}");
        assert!(workshop.openssl("pkey -in key.pem -pubout -outform DER -out key.der"));
        workshop.spki = fs::read(workshop.folder.join("key.der")).unwrap();
        if let Key::Rsa((bits, _)) = key {
            let modulus = modulus(&workshop.spki);
            assert_eq!(modulus.len() * 8 - modulus[0].leading_zeros() as usize, *bits);
        }
        workshop
    }

    fn openssl(&self, arguments: &str) -> bool {
        let output = Command::new("openssl").args(arguments.split_whitespace()).current_dir(&self.folder).output().unwrap();
        output.status.success()
    }

    /// `openssl pkeyutl` over the digest of a message. (`openssl dgst` cuts a signature that is too long, and so takes it.)
    fn pkeyutl(&self, arguments: &str, scheme: SignatureScheme, message: &[u8]) -> bool {
        let digest = scheme.digest();
        fs::write(self.folder.join("digest"), crypto::digest(digest, message).as_bytes()).unwrap();
        let padding = match scheme {
            SignatureScheme::RsaPss { mgf_digest, salt_len, .. } => {
                format!("-pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:{salt_len} -pkeyopt rsa_mgf1_md:{mgf_digest}")
            }
            _ => String::new(),
        };
        self.openssl(&format!("pkeyutl {arguments} -in digest -pkeyopt digest:{digest} {padding}"))
    }

    fn sign(&self, scheme: SignatureScheme, message: &[u8]) -> Option<Vec<u8>> {
        let done = self.pkeyutl("-sign -inkey key.pem -out signature", scheme, message);
        done.then(|| fs::read(self.folder.join("signature")).unwrap())
    }

    /// A row with the verdict of `openssl`.
    fn row(&self, what: &str, scheme: SignatureScheme, message: &[u8], signature: Vec<u8>) -> Row {
        fs::write(self.folder.join("signature"), &signature).unwrap();
        let holds = self.pkeyutl("-verify -pubin -inkey key.der -keyform DER -sigfile signature", scheme, message);
        let set = match self.key {
            Key::Rsa((bits, exponent)) => format!("rsa{bits}-{exponent}"),
            Key::Curve(curve) => curve.to_owned(),
        };
        let id = format!("{set} {what}");
        Row { id, spki: self.spki.clone(), scheme, message: message.to_vec(), signature, holds }
    }

    fn schemes(&self) -> Vec<SignatureScheme> {
        let Key::Rsa((bits, _)) = self.key else { return DIGESTS.map(|digest| SignatureScheme::Ecdsa { digest }).to_vec() };
        let mut schemes = DIGESTS.map(|digest| SignatureScheme::RsaPkcs1 { digest }).to_vec();
        for digest in DIGESTS {
            let room = ((bits - 1).div_ceil(8)).checked_sub(digest.output_len() + 2);
            let salts = [0, 20, 32, digest.output_len(), room.unwrap_or(0)];
            let mut salts: Vec<_> = salts.into_iter().filter(|salt| Some(*salt) <= room).collect();
            salts.sort_unstable();
            salts.dedup();
            schemes.extend(salts.into_iter().map(|salt| pss(digest, digest, salt)));
        }
        if self.has_more() {
            schemes
                .extend([pss(DigestAlgorithm::Sha256, DigestAlgorithm::Sha1, 20), pss(DigestAlgorithm::Sha1, DigestAlgorithm::Sha512, 20)]);
        }
        schemes
    }

    /// Whether this is a key that gets the dearer cases.
    fn has_more(&self) -> bool {
        matches!(self.key, Key::Rsa((1025 | 2049, _) | (2048, 65537)) | Key::Curve(_))
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for (number, scheme) in self.schemes().into_iter().enumerate() {
            let message = format!("message {number}\n").into_bytes();
            let signature = self.sign(scheme, &message).unwrap_or_else(|| panic!("{:?} {scheme}", self.key));
            rows.push(self.row("good", scheme, &message, signature.clone()));
            let mut flipped = signature.clone();
            let at = (number * 37 + 5) % flipped.len();
            flipped[at] ^= 1 << (number % 8);
            rows.push(self.row("flipped", scheme, &message, flipped));
            for (what, other) in self.other_schemes(number, scheme) {
                rows.push(self.row(what, other, &message, signature.clone()));
            }
            for (what, mutated) in self.mutations(number, &signature) {
                rows.push(self.row(what, scheme, &message, mutated));
            }
        }
        if self.has_more() {
            rows.extend(self.leading_zeros());
        }
        fs::remove_dir_all(&self.folder).unwrap();
        rows
    }

    /// The same signature, said to be of another scheme.
    fn other_schemes(&self, number: usize, scheme: SignatureScheme) -> Vec<(&'static str, SignatureScheme)> {
        match scheme {
            SignatureScheme::RsaPss { digest, mgf_digest, salt_len } => {
                let other = if number.is_multiple_of(2) { salt_len + 1 } else { salt_len.saturating_sub(1) };
                vec![("salt-mismatch", pss(digest, mgf_digest, other)), ("pss-as-pkcs1", SignatureScheme::RsaPkcs1 { digest })]
            }
            SignatureScheme::RsaPkcs1 { digest } => {
                vec![("pkcs1-as-pss", pss(digest, digest, 20)), ("other-digest", SignatureScheme::RsaPkcs1 { digest: after(digest) })]
            }
            SignatureScheme::Ecdsa { digest } => vec![("other-digest", SignatureScheme::Ecdsa { digest: after(digest) })],
            _ => Vec::new(),
        }
    }

    fn mutations(&self, number: usize, signature: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
        let mut all = match self.key {
            Key::Rsa(_) => rsa_mutations(&self.spki, signature),
            Key::Curve(curve) => ecdsa_mutations(curve, signature),
        };
        // Each costs two processes: without reason for more, two a signature, by turns.
        if !self.has_more() && all.len() > 2 {
            let turn = number * 2 % all.len();
            all.rotate_left(turn);
            all.truncate(2);
        }
        all
    }

    /// Signs until a signature begins with a zero byte (RSA), or a number of it is short (ECDSA), then takes the zero away, or adds one.
    fn leading_zeros(&self) -> Vec<Row> {
        let digest = DigestAlgorithm::Sha256;
        let scheme = if let Key::Curve(_) = self.key { SignatureScheme::Ecdsa { digest } } else { SignatureScheme::RsaPkcs1 { digest } };
        for number in 0..4000 {
            let message = format!("try {number}").into_bytes();
            let signature = self.sign(scheme, &message).unwrap();
            let short = match self.key {
                Key::Rsa(_) => signature[0] == 0,
                Key::Curve(curve) => numbers(&signature).iter().any(|number| number.len() < size_of_order(curve)),
            };
            if short {
                let without = if signature[0] == 0 { signature[1..].to_vec() } else { signature[..signature.len() - 1].to_vec() };
                let with = [&[0], &signature[..]].concat();
                return vec![
                    self.row("leading-zero", scheme, &message, signature),
                    self.row("leading-zero-taken", scheme, &message, without),
                    self.row("leading-zero-added", scheme, &message, with),
                ];
            }
        }
        panic!("no short signature");
    }
}

fn after(digest: DigestAlgorithm) -> DigestAlgorithm {
    DIGESTS[(DIGESTS.iter().position(|other| *other == digest).unwrap() + 1) % DIGESTS.len()]
}

fn rsa_mutations(spki: &[u8], signature: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let modulus = modulus(spki);
    let len = signature.len();
    let mut all = vec![
        ("empty", Vec::new()),
        (if signature[0] == 0 { "zero-taken" } else { "shorter" }, signature[1..].to_vec()),
        ("shorter-at-the-end", signature[..len - 1].to_vec()),
        ("longer", [&[0], signature].concat()),
        ("longer-at-the-end", [signature, &[0]].concat()),
        ("zero", vec![0; len]),
        ("one", [&vec![0; len - 1][..], &[1]].concat()),
        ("modulus", modulus.clone()),
        ("modulus-less-one", sum(&modulus, &vec![0xFF; len]).1),
        ("all-ones", vec![0xFF; len]),
    ];
    // The same number modulo the modulus, where it still fits: holds for whoever forgets RFC 8017 §5.2.2, step 1.
    let (carry, same) = sum(signature, &modulus);
    all.push(if carry { ("longer-twice", [&[0, 0], signature].concat()) } else { ("plus-modulus", same) });
    all
}

fn ecdsa_mutations(curve: &str, signature: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let order = order(curve);
    let [r, s] = numbers(signature);
    let of = |r: &[u8], s: &[u8]| der(0x30, &[integer(r), integer(s)].concat());
    let raw = |r: Vec<u8>, s: Vec<u8>| der(0x30, &[r, s].concat());
    let wide = |number: &[u8]| [&vec![0; order.len() - number.len()][..], number].concat();
    // The order less s: the other signature that holds.
    let negated = sum(&sum(&order, &wide(&s).iter().map(|octet| !octet).collect::<Vec<_>>()).1, &wide(&[1])).1;
    let content = [integer(&r), integer(&s)].concat();
    vec![
        ("empty", Vec::new()),
        ("s-negated", of(&r, &negated)),
        ("r-zero", of(&[], &s)),
        ("s-zero", of(&r, &[])),
        ("r-order", of(&order, &s)),
        ("s-order", of(&r, &order)),
        ("r-plus-order", {
            let (carry, more) = sum(&wide(&r), &order);
            of(&if carry { [&[1], &more[..]].concat() } else { more }, &s)
        }),
        ("swapped", of(&s, &r)),
        ("r-negative", raw(der(0x02, &[&[0xFF], &wide(&r)[..]].concat()), integer(&s))),
        ("r-padded", raw(der(0x02, &[&[0, 0], &wide(&r)[..]].concat()), integer(&s))),
        ("s-padded", raw(integer(&r), der(0x02, &[&[0, 0], &wide(&s)[..]].concat()))),
        ("long-length", [&[0x30, 0x81, u8::try_from(content.len()).unwrap()], &content[..]].concat()),
        ("indefinite", [&[0x30, 0x80], &content[..], &[0, 0]].concat()),
        ("trailing", [signature, &[0]].concat()),
        ("trailing-inside", der(0x30, &[&content[..], &[0x05, 0x00]].concat())),
        ("third-number", der(0x30, &[&content[..], &integer(&[1])].concat())),
        ("one-number", der(0x30, &integer(&r))),
        ("set-not-sequence", der(0x31, &content)),
        ("octets-not-integers", der(0x30, &[der(0x04, &r), der(0x04, &s)].concat())),
        ("fixed", [wide(&r), wide(&s)].concat()),
        ("cut", signature[..signature.len() - 1].to_vec()),
        ("enormous-r", of(&[1; 200], &s)),
    ]
}

/// The sum of two numbers of as many octets, and whether one was carried out of it.
fn sum(a: &[u8], b: &[u8]) -> (bool, Vec<u8>) {
    assert_eq!(a.len(), b.len());
    let mut out = vec![0; a.len()];
    let mut carry = 0_u16;
    for at in (0..a.len()).rev() {
        let total = u16::from(a[at]) + u16::from(b[at]) + carry;
        out[at] = u8::try_from(total & 0xFF).unwrap();
        carry = total >> 8;
    }
    (carry != 0, out)
}

/// The content of the value at the beginning, and what follows it.
fn take(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (header, length) = match bytes[1] {
        short @ 0..=0x7F => (2, usize::from(short)),
        0x81 => (3, usize::from(bytes[2])),
        _ => (4, usize::from(bytes[2]) << 8 | usize::from(bytes[3])),
    };
    (&bytes[header..header + length], &bytes[header + length..])
}

fn bare(integer: &[u8]) -> Vec<u8> {
    integer.iter().copied().skip_while(|octet| *octet == 0).collect()
}

fn modulus(spki: &[u8]) -> Vec<u8> {
    let (_, key) = take(take(spki).0);
    bare(take(take(&take(key).0[1..]).0).0)
}

/// r and s, without leading zeros.
fn numbers(signature: &[u8]) -> [Vec<u8>; 2] {
    let (r, rest) = take(take(signature).0);
    [bare(r), bare(take(rest).0)]
}

fn size_of_order(curve: &str) -> usize {
    order(curve).len()
}

fn order(curve: &str) -> Vec<u8> {
    super::unhex(match curve {
        "P-256" => "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        _ => "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    })
}
