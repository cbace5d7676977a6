//! Making what providers and senders put on the wire (RFC 6109 §3).

mod brief;
mod header;
mod original;
mod recipients;
mod submission;

pub use brief::{Brief, BriefForm, HashedPart, brief, brief_with};
pub use original::{Relabelled, relabel};
pub use recipients::PrimaryRecipients;
pub use submission::{FormalRefusal, SizeLimits, Submission, SubmissionError, formal_checks};
