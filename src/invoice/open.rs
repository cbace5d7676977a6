//! An invoice out of its CAdES envelope.

use std::borrow::Cow;

use crate::cms::{CmsError, encapsulated};
use crate::limits::Limits;
use crate::pem;

coded! {
    /// Why an invoice file does not give its content.
    pub enum InvoiceError {
        /// It is an archive (`.zip`), which is not opened.
        Archive = "invoice-archive",
            "the file is a zip archive, which is not opened",
            "il file è un archivio zip, che non viene aperto";
        /// It is longer than [`Limits::invoice_bytes`](crate::Limits::invoice_bytes).
        TooLarge { limit: usize } = "invoice-too-large",
            "the invoice is longer than {limit} bytes",
            "la fattura supera {limit} byte";
        /// It is neither BER, nor base64 of it with or without the lines of PEM.
        NotCms = "invoice-not-cms",
            "the file is no signed file in BER, base64 or PEM",
            "il file non è un file firmato in BER, base64 o PEM";
        /// It is no signed file, or damaged.
        Cms { error: CmsError } = "invoice-cms",
            "the signed file cannot be read: {error}",
            "il file firmato non è leggibile: {error}";
        /// It holds a signature, and not what is signed.
        Detached = "invoice-detached",
            "the file holds a signature without the invoice",
            "il file contiene una firma senza la fattura";
        /// Signed again and again, beyond any use.
        TooManyEnvelopes { limit: usize } = "invoice-too-many-envelopes",
            "the invoice is in more than {limit} signed files, one in the other",
            "la fattura è in più di {limit} file firmati, uno dentro l'altro";
    }
}

impl core::error::Error for InvoiceError {}

impl From<CmsError> for InvoiceError {
    fn from(error: CmsError) -> Self {
        Self::Cms { error }
    }
}

/// Signed by the issuer, by an intermediary, and once more.
const ENVELOPES_MAX: usize = 4;

/// What is inside a `.p7m`, and inside a `.p7m` inside it.
pub(super) fn open<'a>(file: Cow<'a, [u8]>, limits: &Limits) -> Result<Cow<'a, [u8]>, InvoiceError> {
    if file.len() > limits.invoice_bytes {
        return Err(InvoiceError::TooLarge { limit: limits.invoice_bytes });
    }
    let mut inside = match unarmoured(file) {
        Armour::Ber(ber) => content(ber, limits)?,
        Armour::Other(_) => return Err(InvoiceError::NotCms),
    };
    for _ in 1..ENVELOPES_MAX {
        inside = match unarmoured(inside) {
            Armour::Ber(ber) => content(ber, limits)?,
            Armour::Other(invoice) => return Ok(invoice),
        };
    }
    match unarmoured(inside) {
        Armour::Ber(_) => Err(InvoiceError::TooManyEnvelopes { limit: ENVELOPES_MAX }),
        Armour::Other(invoice) => Ok(invoice),
    }
}

fn content<'a>(ber: Cow<'a, [u8]>, limits: &Limits) -> Result<Cow<'a, [u8]>, InvoiceError> {
    let inside = match ber {
        Cow::Borrowed(ber) => encapsulated(ber, limits.asn1_depth)?,
        Cow::Owned(ber) => encapsulated(&ber, limits.asn1_depth)?.map(|inside| Cow::Owned(inside.into_owned())),
    };
    inside.ok_or(InvoiceError::Detached)
}

enum Armour<'a> {
    /// A structure in BER, out of its armour.
    Ber(Cow<'a, [u8]>),
    /// What is none, as it came.
    Other(Cow<'a, [u8]>),
}

/// Takes off base64, with or without the lines of PEM around it. BER begins with a SEQUENCE, an invoice with `<` or a byte order mark.
fn unarmoured(file: Cow<'_, [u8]>) -> Armour<'_> {
    match file.trim_ascii_start().first() {
        Some(&SEQUENCE) if file.first() == Some(&SEQUENCE) => return Armour::Ber(file),
        // Of PEM, and of the base64 of a SEQUENCE.
        Some(b'-' | b'M') => {}
        _ => return Armour::Other(file),
    }
    let ber = match pem::begun(&file).next() {
        Some(block) => block.body().and_then(|body| pem::decode(&pem::strip(body))),
        None => pem::decode(&pem::strip(&file)),
    };
    match ber.filter(|ber| ber.first() == Some(&SEQUENCE)) {
        Some(ber) => Armour::Ber(Cow::Owned(ber)),
        None => Armour::Other(file),
    }
}

const SEQUENCE: u8 = 0x30;
