//! RustCrypto.
/// RustCrypto.
pub struct RustCrypto;
