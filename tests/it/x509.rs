//! Tests of the module `x509`.
