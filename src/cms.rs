//! CMS SignedData.
/// Error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CmsError;
impl core::fmt::Display for CmsError {
    fn fmt(&self, _: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        Ok(())
    }
}
