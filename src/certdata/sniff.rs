//! Whether some bytes would be certification data to somebody, well-formed or not.

use super::encoding::decode;

/// Whether this is XML whose root element is `postacert`, with or without a prefix. It need not be well-formed: a second candidate for the
/// certification data is a danger because another reader might take it.
/// Bytes that are in no encoding are looked at as they are, and behind a document type declaration any `postacert` element counts: what a
/// careful reader refuses, a careless one may take.
pub(crate) fn has_postacert_root(xml: &[u8]) -> bool {
    let text = decode(xml).map_or_else(|_| String::from_utf8_lossy(xml), |decoded| decoded.text);
    let mut rest = text.trim_start_matches(|c: char| c == '\u{feff}' || c.is_whitespace());
    loop {
        let end = match rest {
            _ if rest.starts_with("<?") => "?>",
            _ if rest.starts_with("<!--") => "-->",
            _ if rest.starts_with("<!") => return rest.contains("<postacert") || rest.contains(":postacert"),
            _ => break,
        };
        let Some((_, after)) = rest.split_once(end) else { return false };
        rest = after.trim_start();
    }
    let Some(tag) = rest.strip_prefix('<') else { return false };
    let name = tag.split(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).next().unwrap_or_default();
    name.rsplit(':').next() == Some("postacert")
}

#[cfg(test)]
mod tests {
    use super::has_postacert_root;

    #[test]
    fn finds_the_root_behind_everything_that_may_stand_before_it() {
        for xml in [
            "<postacert/>",
            "<?xml version=\"1.0\"?>\n<!-- <a> -->\n<!DOCTYPE postacert [ <!ENTITY a '>'> ]>\n<postacert tipo='x'>",
            "\u{feff}<!DOCTYPE postacert SYSTEM \"x\"><postacert>",
            "<p:postacert xmlns:p='u'/>",
            "<!DOCTYPE postacert [ <!ENTITY a \"]\"> ]><postacert/>",
            "<!DOCTYPE postacert SYSTEM \"a>b\"><postacert/>",
            "<?xml version='1.0' encoding='ISO-8859-15'?><postacert/>",
        ] {
            assert!(has_postacert_root(xml.as_bytes()), "{xml}");
        }
        assert!(has_postacert_root(b"<postacert/><!-- \xff -->"));
        for xml in ["", "<a><postacert/></a>", "<postacerta/>", "%PDF-1.4", "<!-- <postacert/>"] {
            assert!(!has_postacert_root(xml.as_bytes()), "{xml}");
        }
    }
}
