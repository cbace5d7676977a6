//! Whether some bytes would be certification data to somebody, well-formed or not.

use super::encoding::decode;

/// Whether this is XML whose root element is `postacert`, with or without a prefix. It need not be well-formed: a second candidate for the
/// certification data is a danger because another reader might take it.
pub(crate) fn has_postacert_root(xml: &[u8]) -> bool {
    let Ok(decoded) = decode(xml) else { return false };
    let mut rest = decoded.text.trim_start();
    loop {
        let end = match rest {
            _ if rest.starts_with("<?") => "?>",
            _ if rest.starts_with("<!--") => "-->",
            _ if rest.starts_with("<!") => {
                // An internal subset ends with `]` before the `>`.
                let closes = rest.find(['[', '>']);
                if closes.is_some_and(|at| rest.as_bytes().get(at) == Some(&b'[')) { "]" } else { ">" }
            }
            _ => break,
        };
        let Some((_, after)) = rest.split_once(end) else { return false };
        rest = after.trim_start_matches(|c: char| c.is_ascii_whitespace() || (end == "]" && c == '>'));
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
        ] {
            assert!(has_postacert_root(xml.as_bytes()), "{xml}");
        }
        for xml in ["", "<a><postacert/></a>", "<postacerta/>", "%PDF-1.4", "<!-- <postacert/>"] {
            assert!(!has_postacert_root(xml.as_bytes()), "{xml}");
        }
    }
}
