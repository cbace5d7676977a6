//! Tests of the module `mime`.
