//! The delivery point: what is due when a message was, or could not be, put into a mailbox (RFC 6109 §2.2.3, §3.3).

use super::output::DeliveryId;
use super::state::State;
use super::{Operator, Pending, ProviderError};
use crate::compose::Entropy;
use crate::time::Timestamp;

/// What came of a delivery, as the mailbox store says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MailboxOutcome<'a> {
    /// The message lies in the mailbox.
    Stored,
    /// There is no such mailbox.
    NoSuchMailbox,
    /// The mailbox is full.
    Full,
    /// The mailbox is closed.
    Disabled,
    /// It failed for good for another reason, told in a few words.
    Failed(&'a str),
}

/// Where mail goes into mailboxes (`punto di consegna`, RFC 6109 §2.2.3).
#[derive(Debug, Clone, Copy)]
pub struct DeliveryPoint<'o> {
    operator: &'o Operator,
}

impl<'o> DeliveryPoint<'o> {
    pub(super) fn new(operator: &'o Operator) -> Self {
        Self { operator }
    }

    /// Takes the outcome of a delivery.
    pub fn settle<'a>(
        &self,
        state: &State,
        delivery: &DeliveryId,
        message: &'a [u8],
        outcome: MailboxOutcome<'_>,
        entropy: &Entropy,
        now: Timestamp,
    ) -> Result<Pending, ProviderError> {
        let _ = (self.operator, state, delivery, message, outcome, entropy, now);
        Err(ProviderError::Time)
    }
}
