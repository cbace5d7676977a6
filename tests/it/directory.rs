//! Tests of the module `directory`.
