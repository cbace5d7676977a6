//! Domains in their order, each found in constant time.

use core::hash::{BuildHasher, Hasher};
use std::hash::RandomState;

use crate::address::Domain;

/// Domains in the order they were added, each once, whatever its case.
#[derive(Debug, Clone, Default)]
pub(super) struct DomainSet {
    list: Vec<Domain>,
    index: Index,
}

impl DomainSet {
    /// Adds a domain; `false` if it is there already.
    pub(super) fn insert(&mut self, domain: Domain) -> bool {
        let hash = self.index.hash(domain.as_str());
        let Ok(position) = u32::try_from(self.list.len()) else { return false };
        if self.position(hash, &domain).is_some() {
            return false;
        }
        self.index.insert(hash, position);
        self.list.push(domain);
        true
    }

    pub(super) fn contains(&self, domain: &Domain) -> bool {
        self.position(self.index.hash(domain.as_str()), domain).is_some()
    }

    pub(super) fn as_slice(&self) -> &[Domain] {
        &self.list
    }

    fn position(&self, hash: u32, domain: &Domain) -> Option<u32> {
        self.index.find(hash, |position| self.list.get(position as usize).is_some_and(|d| same(d, domain)))
    }
}

impl PartialEq for DomainSet {
    fn eq(&self, other: &Self) -> bool {
        // As written, too: what is written out again must be the same.
        self.list.len() == other.list.len() && self.list.iter().zip(&other.list).all(|(a, b)| a.as_str() == b.as_str())
    }
}

impl Eq for DomainSet {}

/// Whether two domains are the same (RFC 6109 §4.5.5: `caseIgnoreIA5Match`).
pub(super) fn same(a: &Domain, b: &Domain) -> bool {
    a.as_str().eq_ignore_ascii_case(b.as_str())
}

/// Finds the positions of names in a list that stands elsewhere.
///
/// A `HashMap` would hold every name a second time, in lower case, and directories have a hundred thousand. Open addressing
/// with linear probing, never more than half full; the hash is keyed, so that a directory cannot be made to collide.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    slots: Vec<Slot>,
    used: usize,
    keys: RandomState,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u32,
    /// `FREE` where the slot is.
    position: u32,
}

const FREE: u32 = u32::MAX;

impl Index {
    /// The hash of a name, the same for upper and lower case.
    pub(super) fn hash(&self, name: &str) -> u32 {
        let mut hasher = self.keys.build_hasher();
        let mut buffer = [0u8; 64];
        for chunk in name.as_bytes().chunks(buffer.len()) {
            if let Some(lower) = buffer.get_mut(..chunk.len()) {
                lower.copy_from_slice(chunk);
                lower.make_ascii_lowercase();
                hasher.write(lower);
            }
        }
        let hash = hasher.finish();
        (hash ^ (hash >> 32)) as u32
    }

    /// The position, among those of this hash, that `is_it` owns to.
    pub(super) fn find(&self, hash: u32, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        // At least half of the slots are free, so that this ends.
        loop {
            let slot = self.slots.get(at)?;
            if slot.position == FREE {
                return None;
            }
            if slot.hash == hash && is_it(slot.position) {
                return Some(slot.position);
            }
            at = at.wrapping_add(1) & mask;
        }
    }

    /// Adds a position that is not there yet.
    pub(super) fn insert(&mut self, hash: u32, position: u32) {
        if self.used >= self.slots.len() / 2 {
            self.grow();
        }
        self.used = self.used.saturating_add(1);
        place(&mut self.slots, Slot { hash, position });
    }

    fn grow(&mut self) {
        let size = self.slots.len().saturating_mul(2).max(8);
        let old = core::mem::replace(&mut self.slots, vec![Slot { hash: 0, position: FREE }; size]);
        for slot in old.into_iter().filter(|s| s.position != FREE) {
            place(&mut self.slots, slot);
        }
    }
}

fn place(slots: &mut [Slot], new: Slot) {
    let mask = slots.len().wrapping_sub(1);
    let mut at = new.hash as usize & mask;
    while let Some(slot) = slots.get_mut(at) {
        if slot.position == FREE {
            *slot = new;
            return;
        }
        at = at.wrapping_add(1) & mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(s: &str) -> Domain {
        s.parse().unwrap()
    }

    #[test]
    fn finds_all_and_nothing_else_in_order() {
        let mut set = DomainSet::default();
        for i in 0..5_000 {
            assert!(set.insert(domain(&format!("D{i}.example"))));
            assert!(!set.insert(domain(&format!("d{i}.EXAMPLE"))));
        }
        for i in 0..5_000 {
            assert!(set.contains(&domain(&format!("d{i}.Example"))), "{i}");
            assert!(!set.contains(&domain(&format!("d{i}.example.x"))), "{i}");
        }
        assert_eq!(set.as_slice().len(), 5_000);
        assert_eq!(set.as_slice()[4_321].as_str(), "D4321.example");
        assert!(!DomainSet::default().contains(&domain("a.example")));
    }

    #[test]
    fn names_that_collide_are_told_apart() {
        let mut index = Index::default();
        for position in 0..100 {
            index.insert(7, position);
        }
        assert_eq!(index.find(7, |p| p == 99), Some(99));
        assert_eq!(index.find(7, |p| p == 100), None);
        assert_eq!(index.find(8, |_| true), None);
    }

    #[test]
    fn long_names_hash_without_case() {
        let index = Index::default();
        let long = "Abc-".repeat(60);
        assert_eq!(index.hash(&long), index.hash(&long.to_lowercase()));
        assert_ne!(index.hash(&long), index.hash(&long[1..]));
    }
}
