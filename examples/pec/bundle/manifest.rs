//! The manifest of a bundle as JSON. The library writes and reads it with its feature `serde` only.

#[cfg(feature = "serde")]
pub(super) use with_serde::{is_readable, read, text};
#[cfg(not(feature = "serde"))]
pub(super) use without_serde::{is_readable, read, text};

#[cfg(feature = "serde")]
mod with_serde {
    use anyhow::Result;
    use postacert::dossier::Manifest;

    #[allow(clippy::unnecessary_wraps, reason = "without the feature it fails")]
    pub(crate) fn is_readable() -> Result<()> {
        Ok(())
    }

    pub(crate) fn text(manifest: &Manifest) -> Result<String> {
        Ok(serde_json::to_string_pretty(manifest)? + "\n")
    }

    pub(crate) fn read(text: &[u8]) -> Result<Manifest> {
        Ok(serde_json::from_slice(text)?)
    }
}

#[cfg(not(feature = "serde"))]
mod without_serde {
    use anyhow::{Error, Result, anyhow};
    use postacert::dossier::Manifest;

    pub(crate) fn is_readable() -> Result<()> {
        Err(missing())
    }

    pub(crate) fn text(_: &Manifest) -> Result<String> {
        Err(missing())
    }

    pub(crate) fn read(_: &[u8]) -> Result<Manifest> {
        Err(missing())
    }

    fn missing() -> Error {
        anyhow!(
            "this program was built without the feature that bundles need: cargo run --release --features serde --example pec -- bundle"
        )
    }
}
