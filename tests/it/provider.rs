//! The three points of a provider, and what happens when time passes.

mod access;
mod delivery;
mod incoming;
mod log;
mod setup;
mod state;
mod stored;
mod timeouts;
mod world;
mod world_faults;
mod world_hostile;
