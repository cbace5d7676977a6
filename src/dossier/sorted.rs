//! Values in the order of their keys.

use core::cmp::Ordering;
use std::collections::BTreeMap;

/// So many are kept in a list.
const FEW: usize = 16;

/// What has a key in itself.
pub(super) trait Keyed {
    type Key: Ord;

    fn key(&self) -> Self::Key;

    /// The same as comparing the keys, without making one.
    fn order(&self, key: &Self::Key) -> Ordering;
}

/// Values in the order of their keys, each key once. A few are a list, which takes the least memory: nearly every message has few recipients and
/// receipts. Many are a tree, so that to add one does not take longer the more there are.
#[derive(Debug, Clone)]
pub(super) enum Sorted<T: Keyed> {
    Few(Vec<T>),
    Many(BTreeMap<T::Key, T>),
}

impl<T: Keyed> Sorted<T> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Few(list) => list.len(),
            Self::Many(tree) => tree.len(),
        }
    }

    pub(super) fn get(&self, key: &T::Key) -> Option<&T> {
        match self {
            Self::Few(list) => list.binary_search_by(|value| value.order(key)).ok().and_then(|at| list.get(at)),
            Self::Many(tree) => tree.get(key),
        }
    }

    /// The key must stay as it is.
    pub(super) fn get_mut(&mut self, key: &T::Key) -> Option<&mut T> {
        match self {
            Self::Few(list) => list.binary_search_by(|value| value.order(key)).ok().and_then(|at| list.get_mut(at)),
            Self::Many(tree) => tree.get_mut(key),
        }
    }

    /// Adds a value; one with the same key is replaced.
    pub(super) fn insert(&mut self, value: T) {
        let key = value.key();
        match self {
            Self::Few(list) => match list.binary_search_by(|known| known.order(&key)) {
                Ok(at) => {
                    if let Some(known) = list.get_mut(at) {
                        *known = value;
                    }
                }
                Err(at) if list.len() < FEW => {
                    // Most lists have one or two, and grow no more.
                    list.reserve_exact(if list.len() < 4 { 1 } else { FEW });
                    list.insert(at, value);
                }
                Err(_) => {
                    let mut tree: BTreeMap<_, _> = core::mem::take(list).into_iter().map(|known| (known.key(), known)).collect();
                    tree.insert(key, value);
                    *self = Self::Many(tree);
                }
            },
            Self::Many(tree) => drop(tree.insert(key, value)),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        let (few, many) = match self {
            Self::Few(list) => (list.as_slice(), None),
            Self::Many(tree) => (&[][..], Some(tree.values())),
        };
        few.iter().chain(many.into_iter().flatten())
    }

    pub(super) fn into_values(self) -> impl Iterator<Item = T> {
        let (few, many) = match self {
            Self::Few(list) => (list, None),
            Self::Many(tree) => (Vec::new(), Some(tree.into_values())),
        };
        few.into_iter().chain(many.into_iter().flatten())
    }
}

impl<T: Keyed> Default for Sorted<T> {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl<T: Keyed + PartialEq> PartialEq for Sorted<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: Keyed + Eq> Eq for Sorted<T> {}
