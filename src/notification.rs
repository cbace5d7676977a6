//! stub
use crate::certdata::CertificationData;
#[derive(Debug, Clone, PartialEq, Eq)]
/// x
pub struct Notification;
#[derive(Debug, Clone, PartialEq, Eq)]
/// x
pub struct TransportEnvelope;
#[derive(Debug, Clone, PartialEq, Eq)]
/// x
pub struct NotificationError;
impl TryFrom<&CertificationData> for Notification {
    type Error = NotificationError;
    fn try_from(_: &CertificationData) -> Result<Self, NotificationError> {
        Err(NotificationError)
    }
}
impl TryFrom<&CertificationData> for TransportEnvelope {
    type Error = NotificationError;
    fn try_from(_: &CertificationData) -> Result<Self, NotificationError> {
        Err(NotificationError)
    }
}
impl NotificationError {
    pub(crate) fn no_data() -> Self {
        Self
    }
}
