//! EMSA-PSS-VERIFY (RFC 8017 §9.1.2), for any salt and any two digests.
//!
//! Why not the one of `rsa` 0.9: it wants one digest for both uses, it adds up a salt length that may overflow, and it takes a number that is
//! not below the modulus and, where the block is a byte shorter than the modulus, any value of that byte.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use super::{Digest, DigestAlgorithm, digest::hasher};

/// Whether `block`, the decrypted signature as a big-endian number of `bits` bits or fewer, encodes `digest` with a salt of `salt_len` bytes.
pub(super) fn holds(block: &[u8], bits: usize, digest: &Digest, mgf_digest: DigestAlgorithm, salt_len: usize) -> bool {
    inspect(block, bits, digest, mgf_digest, salt_len).unwrap_or(false)
}

/// `None` where something is too short to be what it should.
fn inspect(block: &[u8], bits: usize, digest: &Digest, mgf_digest: DigestAlgorithm, salt_len: usize) -> Option<bool> {
    let len = bits.div_ceil(8);
    let unused = u32::try_from(len.checked_mul(8)?.checked_sub(bits)?).ok()?;
    let mut encoded = vec![0; len.checked_sub(block.len())?];
    encoded.extend_from_slice(block);

    let (&trailer, rest) = encoded.split_last()?;
    let (masked, hash) = rest.split_at_checked(rest.len().checked_sub(digest.algorithm().output_len())?)?;
    let mut data = masked.to_vec();
    unmask(&mut data, hash, mgf_digest);
    let first = data.first_mut()?;
    let lawful_bits = u8::MAX.checked_shr(unused)?;
    if trailer != 0xBC || masked.first()? & !lawful_bits != 0 {
        return Some(false);
    }
    *first &= lawful_bits;

    let (padding, salt) = data.split_at_checked(data.len().checked_sub(salt_len)?)?;
    let (one, zeros) = padding.split_last()?;
    if *one != 1 || zeros.iter().any(|octet| *octet != 0) {
        return Some(false);
    }
    let mut again = hasher(digest.algorithm());
    again.update(&[0; 8]);
    again.update(digest.as_bytes());
    again.update(salt);
    Some(again.finish().as_bytes() == hash)
}

/// MGF1 (RFC 8017 §B.2.1), XORed over `data`.
fn unmask(data: &mut [u8], seed: &[u8], algorithm: DigestAlgorithm) {
    for (counter, chunk) in (0_u32..).zip(data.chunks_mut(algorithm.output_len())) {
        let mut mask = hasher(algorithm);
        mask.update(seed);
        mask.update(&counter.to_be_bytes());
        for (octet, mask) in chunk.iter_mut().zip(mask.finish().as_bytes()) {
            *octet ^= mask;
        }
    }
}
