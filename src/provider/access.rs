//! The access point: where users hand in their mail (RFC 6109 §2.2.1, §3.1).

use super::state::State;
use super::{Operator, Pending, ProviderError, VirusVerdict};
use crate::address::Address;
use crate::compose::Entropy;
use crate::time::Timestamp;

/// A mail that a user hands in.
#[derive(Debug, Clone, Copy)]
pub struct Submitted<'a> {
    /// Who has been authenticated: the address of the user's mailbox.
    pub user: &'a Address,
    /// The reverse path (`MAIL FROM`), which is certified as the sender.
    pub mail_from: &'a Address,
    /// The forward paths (`RCPT TO`), which are certified as the recipients.
    pub rcpt_to: &'a [Address],
    /// The mail.
    pub message: &'a [u8],
    /// What the anti-virus says of it.
    pub virus: VirusVerdict<'a>,
}

/// Where users hand in their mail (`punto di accesso`, RFC 6109 §2.2.1).
#[derive(Debug, Clone, Copy)]
pub struct AccessPoint<'o> {
    operator: &'o Operator,
}

impl<'o> AccessPoint<'o> {
    pub(super) fn new(operator: &'o Operator) -> Self {
        Self { operator }
    }

    /// Takes a mail.
    pub fn submit<'a>(
        &self,
        state: &State,
        submitted: &Submitted<'a>,
        entropy: &Entropy,
        now: Timestamp,
    ) -> Result<Pending<'a>, ProviderError> {
        let _ = (self.operator, state, submitted, entropy, now);
        Err(ProviderError::Time)
    }
}
