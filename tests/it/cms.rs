//! Tests of the module `cms`.
