//! Where a world's accidents come from: a seed, or the bytes of a fuzzer.

/// A source of choices. Zero is the quiet one everywhere: no fault, no further step.
#[derive(Debug, Clone)]
pub(crate) enum Choices {
    /// SplitMix64.
    Seed(u64),
    /// These bytes, and zeros behind them.
    Bytes(Vec<u8>, usize),
}

impl Choices {
    /// One of so many, from 0.
    pub(crate) fn below(&mut self, choices: usize) -> usize {
        match self {
            Self::Seed(state) => {
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut z = *state;
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                ((z ^ (z >> 31)) % choices as u64) as usize
            }
            Self::Bytes(bytes, at) => {
                let width = if choices <= 256 { 1 } else { 3 };
                let chosen = (0..width).fold(0, |n, i| n << 8 | usize::from(bytes.get(*at + i).copied().unwrap_or_default()));
                *at += width;
                chosen % choices
            }
        }
    }

    /// Whether it happens, so many times in a hundred.
    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        // The last choices: zero is quiet.
        percent > 0 && self.below(100) >= 100 - percent
    }

    pub(crate) fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}
