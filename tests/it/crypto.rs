//! Tests of the module `crypto`.
