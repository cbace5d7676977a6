//! Writes a directory as LDIF: the same directory always as the same bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::BaseRoot;
use super::provider::Provider;

/// RFC 2849's own examples and OpenLDAP fold here.
const COLUMNS: usize = 76;

pub(super) fn directory<'p>(root: Option<&BaseRoot>, providers: impl Iterator<Item = &'p Provider>) -> String {
    let mut out = String::from("version: 1\n");
    if let Some(root) = root {
        base_root(&mut out, root);
    }
    for p in providers {
        provider(&mut out, p);
    }
    out
}

fn base_root(out: &mut String, root: &BaseRoot) {
    out.push('\n');
    field(out, "dn", "o=postacert");
    for class in ["top", "organization", "LDIFLocationURLObject"] {
        field(out, "objectClass", class);
    }
    field(out, "o", "postacert");
    fields(out, "LDIFLocationURL", root.location_url.as_deref());
    fields(out, "description", root.descriptions.iter().map(|d| &**d));
}

fn provider(out: &mut String, p: &Provider) {
    out.push('\n');
    field(out, "dn", p.dn());
    field(out, "objectClass", "top");
    field(out, "objectClass", "provider");
    field(out, "providerName", p.name());
    fields(out, "providerUnit", p.unit());
    for listed in p.certificates() {
        fields(out, "providerCertificateHash", listed.hash_as_written());
        line(out, &format!("providerCertificate;binary:: {}", BASE64.encode(listed.certificate().der())));
    }
    fields(out, "mailReceipt", p.mail_receipt_text());
    fields(out, "LDIFLocationURL", p.ldif_location_url());
    fields(out, "managedDomains", p.domains().iter().map(|d| d.as_str()));
    fields(out, "description", p.descriptions());
}

fn fields<'v>(out: &mut String, name: &str, values: impl IntoIterator<Item = &'v str>) {
    values.into_iter().for_each(|value| field(out, name, value));
}

fn field(out: &mut String, name: &str, value: &str) {
    if is_safe(value) {
        line(out, &format!("{name}: {value}"));
    } else {
        line(out, &format!("{name}:: {}", BASE64.encode(value)));
    }
}

/// RFC 2849's SAFE-STRING, and no blank at its end (note 8).
fn is_safe(value: &str) -> bool {
    // A tab is safe to RFC 2849, but readers trim it.
    !value.starts_with([' ', '\t', ':', '<'])
        && !value.ends_with([' ', '\t'])
        && value.bytes().all(|b| b.is_ascii() && !matches!(b, 0 | b'\n' | b'\r'))
}

/// Folds a line, which is ASCII.
fn line(out: &mut String, text: &str) {
    let mut rest = text;
    let mut width = COLUMNS;
    while let Some((head, tail)) = rest.split_at_checked(width).filter(|(_, tail)| !tail.is_empty()) {
        out.extend([head, "\n "]);
        rest = tail;
        width = COLUMNS - 1;
    }
    out.extend([rest, "\n"]);
}
