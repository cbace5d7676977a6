//! What is due when time passes: the notices of silence (RFC 6109 §3.1.6), and virus detections that are still to be written.

use super::state::State;
use super::{Operator, Pending, ProviderError};
use crate::compose::Entropy;
use crate::time::{Timestamp, UnixTime};

/// What is due when time passes (RFC 6109 §3.1.6).
#[derive(Debug, Clone, Copy)]
pub struct Timeouts<'o> {
    operator: &'o Operator,
}

impl<'o> Timeouts<'o> {
    pub(super) fn new(operator: &'o Operator) -> Self {
        Self { operator }
    }

    /// When [`Timeouts::run`] next has something to do; `None` while nothing is awaited.
    #[must_use]
    pub fn next_deadline(&self, state: &State) -> Option<UnixTime> {
        let _ = (self.operator, state);
        None
    }

    /// Writes the notices that are due, at most [`Settings::batch`](super::Settings::batch) of them.
    pub fn run(&self, state: &State, entropy: &Entropy, now: Timestamp) -> Result<Pending, ProviderError> {
        let _ = (self.operator, state, entropy, now);
        Err(ProviderError::Time)
    }
}
