//! Tests of the module `vocabulary`.
