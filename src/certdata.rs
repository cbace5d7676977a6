//! Certification data.
/// Error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertdataError;
/// Departure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertdataDeparture;
impl core::fmt::Display for CertdataError {
    fn fmt(&self, _: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        Ok(())
    }
}
impl core::fmt::Display for CertdataDeparture {
    fn fmt(&self, _: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        Ok(())
    }
}
