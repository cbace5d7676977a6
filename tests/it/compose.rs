//! Tests of the module `compose`.

mod brief;
mod original;
mod submission;
