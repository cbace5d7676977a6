//! Tests of the module `certdata`.
