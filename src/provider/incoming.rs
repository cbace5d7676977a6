//! The incoming point: where mail of other servers arrives (RFC 6109 §2.2.2, §3.2).

use super::state::State;
use super::{Operator, Pending, ProviderError, VirusVerdict};
use crate::address::Address;
use crate::compose::Entropy;
use crate::time::Timestamp;

/// A mail that another server hands over.
#[derive(Debug, Clone, Copy)]
pub struct Arrived<'a> {
    /// The reverse path (`MAIL FROM`) as it was written, without angle brackets; empty for the null path.
    pub mail_from: &'a str,
    /// The forward paths (`RCPT TO`).
    pub rcpt_to: &'a [Address],
    /// The mail.
    pub message: &'a [u8],
    /// What the anti-virus says of it.
    pub virus: VirusVerdict<'a>,
}

/// Where mail of other servers arrives (`punto di ricezione`, RFC 6109 §2.2.2).
#[derive(Debug, Clone, Copy)]
pub struct IncomingPoint<'o> {
    operator: &'o Operator,
}

impl<'o> IncomingPoint<'o> {
    pub(super) fn new(operator: &'o Operator) -> Self {
        Self { operator }
    }

    /// Takes a mail.
    pub fn receive<'a>(&self, state: &State, arrived: &Arrived<'a>, entropy: &Entropy, now: Timestamp) -> Result<Pending, ProviderError> {
        let _ = (self.operator, state, arrived, entropy, now);
        Err(ProviderError::Time)
    }
}
