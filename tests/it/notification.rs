//! Tests of the module `notification`.
