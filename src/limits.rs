//! Bounds on what is read, each with its source.

/// Bounds on what the parsers and the verifier take. Each is the greatest value still accepted; what lies beyond is a named
/// error or a finding, never a silent cut.
///
/// ```
/// let mut limits = postacert::Limits::default();
/// limits.message_bytes = 10 << 20;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a message. Aruba takes 100 MB; base64 of the 30 MB that RFC 6109 §3.1.1 guarantees is 41 MB.
    pub message_bytes: usize,
    /// Bytes of the outer header. Postfix takes 100 KB, Gmail 500 KB; 10,000 recipients (`To`, 100 bytes each) need 1 MB.
    pub header_bytes: usize,
    /// Fields of one header.
    pub header_fields: usize,
    /// Bytes of one header field.
    pub header_field_bytes: usize,
    /// Bytes of one `To` or `Cc` field: 10,000 recipients.
    pub recipients_field_bytes: usize,
    /// Bytes of one line, where lines are looked at. RFC 5322 says 998; senders of HTML do not keep to it.
    pub line_bytes: usize,
    /// Characters of a boundary (RFC 2046 §5.1.1).
    pub boundary_chars: usize,
    /// Nesting of MIME entities. Postfix takes 100, rspamd 64; a PEC message needs 4 and its original some more.
    pub mime_depth: usize,
    /// MIME entities of one message.
    pub mime_parts: usize,
    /// Bytes of a decoded CMS signature (`smime.p7s`); a real one has 3 to 5 KB.
    pub cms_bytes: usize,
    /// Nesting of ASN.1 values in a CMS, and anew in its signed attributes. Certificates and revocation lists have 16 levels.
    pub asn1_depth: usize,
    /// Certificates in one CMS; real ones carry two.
    pub cms_certificates: usize,
    /// Revocation lists in one CMS.
    pub cms_crls: usize,
    /// Signed, and unsigned, attributes of a signer.
    pub cms_attributes: usize,
    /// Certificates of a path, the signer's and the anchor's included.
    pub chain_certificates: usize,
    /// Signatures checked while a path is sought (webpki: 100).
    pub chain_signatures: usize,
    /// Bytes of a decoded `daticert.xml`: room for 10,000 `destinatari` and as many `ricezione` of 150 bytes each; a `To` of 10,000
    /// recipients leaves 100 to each.
    pub certdata_bytes: usize,
    /// Nesting of XML elements in it; the DTD needs 4.
    pub certdata_depth: usize,
    /// Attributes of one XML tag; the DTD needs 2.
    pub certdata_attributes: usize,
    /// Recipients in it: so many `destinatari`, and besides so many `ricezione`, since all recipients of a message may be with one provider.
    pub certdata_recipients: usize,
    /// Bytes of the status in a delivery status notification (RFC 3464): 10,000 recipients, 400 bytes each.
    pub report_bytes: usize,
    /// Fields in it: 10,000 recipients, ten each.
    pub report_fields: usize,
    /// Bytes of an invoice that is opened (`.xml.p7m`). SdI takes 5 MB, and messages of 30 MB.
    pub invoice_bytes: usize,
    /// Bytes of a directory in LDIF.
    pub ldif_bytes: usize,
    /// Bytes of one of its lines, unfolded.
    pub ldif_line_bytes: usize,
    /// Certificates of one provider's record.
    pub ldif_certificates: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 128 << 20,
            header_bytes: 2 << 20,
            header_fields: 10_000,
            header_field_bytes: 64 << 10,
            recipients_field_bytes: 1 << 20,
            line_bytes: 1 << 20,
            boundary_chars: 70,
            mime_depth: 32,
            mime_parts: 1_000,
            cms_bytes: 1 << 20,
            asn1_depth: 16,
            cms_certificates: 16,
            cms_crls: 16,
            cms_attributes: 32,
            chain_certificates: 6,
            chain_signatures: 32,
            certdata_bytes: 4 << 20,
            certdata_depth: 8,
            certdata_attributes: 8,
            certdata_recipients: 10_000,
            report_bytes: 4 << 20,
            report_fields: 100_000,
            invoice_bytes: 32 << 20,
            ldif_bytes: 256 << 20,
            ldif_line_bytes: 1 << 20,
            ldif_certificates: 64,
        }
    }
}
