//! The three points of a provider, and what happens when time passes.

mod delivery;
mod state;
mod stored;
mod timeouts;
