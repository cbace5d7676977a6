//! Certificates.
/// Error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateError;
/// Error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileProblem;
/// Error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathError;
impl core::fmt::Display for CertificateError {
    fn fmt(&self, _: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        Ok(())
    }
}
impl core::fmt::Display for ProfileProblem {
    fn fmt(&self, _: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        Ok(())
    }
}
impl core::fmt::Display for PathError {
    fn fmt(&self, _: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        Ok(())
    }
}
