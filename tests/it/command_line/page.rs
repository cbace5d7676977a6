//! `pec dossier --html`: a page that fetches nothing and that no subject, name or identifier gets out of its place in.

use std::fs;

use base64::Engine as _;
use postacert::ReceiptKind;
use sha2::{Digest as _, Sha256};

use super::dossier::{bounce, delivered, dossier, post};
use super::{Ran, scratch};
use crate::support::letters::{Fate, Letter, many, of_every_fate};

/// Makes the page of these letters; the files stay in the scratch folder, where one can look at them.
fn page(name: &str, letters: &[Letter], arguments: &[&str]) -> (String, Ran) {
    let folder = scratch(name);
    let (receipts, file) = (folder.join("receipts"), folder.join("page.html"));
    fs::create_dir(&receipts).unwrap();
    post(&receipts, letters);
    let ran = dossier(&[&[receipts.to_str().unwrap(), "--html", file.to_str().unwrap()], arguments].concat());
    (fs::read_to_string(file).unwrap_or_default(), ran)
}

/// The page without its style, whose digest the page itself names.
fn without_style(page: &str) -> String {
    let (before, rest) = page.split_once("<style>").expect("there is a style");
    let (style, after) = rest.split_once("</style>").unwrap();
    let digest = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(style));
    assert!(before.contains(&format!("content=\"default-src 'none'; style-src 'sha256-{digest}'\"")), "the policy names this style");
    assert!(!style.contains("url(") && !style.contains("@import") && !style.contains('<'));
    format!("{before}{after}")
}

/// The tags of a page, and the text between them. Ours have attributes in double quotes only, and `<` and `>` nowhere else.
fn tags(page: &str) -> (Vec<String>, String) {
    let (mut tags, mut text) = (Vec::new(), String::new());
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let end = at + rest[at..].find('>').expect("each tag ends");
        tags.push(rest[at + 1..end].to_owned());
        rest = &rest[end + 1..];
    }
    text.push_str(rest);
    (tags, text)
}

const ELEMENTS: [&str; 45] = [
    "html", "head", "meta", "title", "body", "main", "header", "footer", "section", "article", "div", "p", "h1", "h2", "h3", "h4", "ul",
    "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "a", "b", "span", "bdi", "svg", "defs", "g", "use", "line",
    "circle", "path", "rect", "text", "wbr", "!doctype", "!--", "/svg", "",
];

/// The page, without the places where lines may break; first it is shown to be sound: nothing is run or fetched, every element is one that we write and is closed, and no character hides or turns.
#[track_caller]
fn is_sound(page: &str) -> String {
    let body = without_style(page);
    let (tags, text) = tags(&body);
    let mut open = Vec::new();
    for tag in &tags {
        let name = tag.split([' ', '\n']).next().unwrap();
        assert!(ELEMENTS.contains(&name.trim_start_matches('/').trim_end_matches('/')), "<{tag}>");
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "</{name}>");
        } else if !tag.ends_with('/') && !tag.ends_with("--") && !["meta", "wbr", "!doctype"].contains(&name) {
            open.push(name);
        }
        let mut attributes = tag.split('"');
        while let (Some(before), Some(value)) = (attributes.next(), attributes.next()) {
            let attribute = before.rsplit(' ').next().unwrap().trim_end_matches('=');
            assert!(!attribute.starts_with("on") && !["src", "style", "srcset", "action"].contains(&attribute), "<{tag}>");
            assert!(attribute != "href" || value.starts_with('#'), "<{tag}>");
        }
        assert!(!tag.contains('\'') || tag.contains("Content-Security-Policy"), "<{tag}>");
    }
    assert!(open.is_empty(), "{open:?}");
    let markup = tags.join("\n").to_lowercase();
    assert!(!body.to_lowercase().contains("<script"));
    assert!(!["url(", "javascript:", "http:", "https:", "data:"].iter().any(|word| markup.contains(word)), "{markup}");
    for (at, _) in text.match_indices('&') {
        let entity = text[at..].split(';').next().unwrap();
        assert!(["&amp", "&lt", "&gt", "&quot", "&#39"].contains(&entity), "{entity}");
    }
    let steers =
        |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    assert!(!body.contains(steers));
    page.replace("<wbr>", "")
}

#[test]
fn a_page_of_one_message_shows_everything() {
    let (page, ran) = page("page-one", &[of_every_fate(1)], &["--lang", "it"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let page = is_sound(&page);
    assert!(page.starts_with("<!doctype html>\n") && page.contains("<html lang=\"it\">"));
    for expected in [
        "Fascicolo PEC",
        "<bdi>Richiesta di accesso agli atti del procedimento n. 4471/2026</bdi>",
        "<bdi>protocollo@cert.duepostale.example</bdi>",
        "casella non PEC",
        "5.1.1 - Servizi Postali Due - indirizzo non valido",
        "20/11/2026 09:31:35 +01:00 <span class=\"since\">+1 min 35 s</span>",
        "1-consegna-2.eml",
        "firmata da <bdi>Servizi Postali Due S.r.l.</bdi>",
        "<use href=\"#m-done\"",
        "<use href=\"#m-late\"",
        "<use href=\"#m-fail\"",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    assert_eq!(page.matches("<svg class=\"lane\"").count(), 8, "a line for each recipient");
    assert!(!page.contains("class=\"card overview\""));
}

#[test]
fn a_page_of_a_hundred_messages_has_an_overview() {
    let (page, ran) = page("page-hundred", &many(100), &[]);
    assert_eq!((ran.code, ran.err.trim()), (1, "messages sent: 100, receipts: 390"), "{}", ran.err);
    let page = is_sound(&page);
    assert_eq!((page.matches("<article ").count(), page.matches("<a href=\"#m").count()), (100, 100));
    for number in 1..=100 {
        assert!(page.contains(&format!("href=\"#m{number}\"")) && page.contains(&format!("id=\"m{number}\"")));
    }
}

#[test]
fn hostile_words_stay_in_their_places() {
    let long = "è".repeat(5_000);
    let whims = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onmouseover='alert(1)",
        "</bdi></h2></article><h1>delivered",
        "</style><style>*{display:none}</style>",
        "&lt;script&gt; &amp; &#x3c;",
        "\u{202e}gpj.exe\u{202c} \u{2066}x \u{200f}",
        "<!-- --><![CDATA[ url(http://evil.example)",
        "javascript:alert(1)",
        &long,
    ];
    let mut letters: Vec<Letter> = Vec::new();
    for (number, whim) in (0..).zip(whims) {
        let mut letter =
            Letter::new(number, whim, &[("\"<script>a</script>\"@pec.gestoreuno.example", Fate::Delivered(4, ReceiptKind::Brief))]);
        letter.sender = "\"'><svg/onload=a>\"@pec.gestoreuno.example".into();
        letters.push(letter);
    }
    let (page, ran) = page("page-hostile", &letters, &[]);
    assert_eq!(ran.err.trim(), "messages sent: 10, receipts: 30");
    let page = is_sound(&page);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && page.contains("\\u{202e}gpj.exe"), "escaped, not lost");
    assert!(page.contains("&amp;lt;script&amp;gt;"), "what was escaped before is shown as it was written");
    assert!(page.len() < 150_000, "a long subject is cut: {}", page.len());
    assert_eq!(page.matches("<article ").count(), whims.len());
}

#[test]
fn hostile_names_of_files_and_reasons_stay_in_their_places() {
    let folder = scratch("page-names");
    let receipts = folder.join("<b onclick=a>'\"&amp;\u{202e}");
    fs::create_dir(&receipts).unwrap();
    let reason = "5.1.1 - <script>x</script> - \"'&";
    let letter = Letter::new(1, "x", &[("bruno@pec.gestoreuno.example", Fate::NotDelivered(4, postacert::Fault::Other, reason))]);
    post(&receipts, std::slice::from_ref(&letter));
    let mut forged = fs::read(receipts.join("1-accettazione.eml")).unwrap();
    let at = forged.windows(9).position(|bytes| bytes == b"accettato").unwrap();
    forged[at] = b'A';
    fs::write(receipts.join("<forged>.eml"), &forged).unwrap();
    fs::write(receipts.join("bounce.eml"), bounce(&letter, "<i>\"@x", "550 <img src=x>\u{202e}")).unwrap();
    let file = folder.join("page.html");
    let ran = dossier(&[receipts.to_str().unwrap(), "--html", file.to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let page = fs::read_to_string(file).unwrap();
    let page = is_sound(&page);
    assert!(page.contains("550 &lt;img src=x&gt;\\u{202e}"), "{page}");
    assert!(page.contains("&lt;forged&gt;.eml") && page.contains("5.1.1 - &lt;script&gt;x&lt;/script&gt; - &quot;&#39;&amp;"), "{page}");
}

#[test]
fn hostile_headers_around_what_is_signed_stay_in_their_places() {
    let folder = scratch("page-headers");
    post(&folder, &[delivered(1)]);
    let path = folder.join("1-accettazione.eml");
    let receipt = String::from_utf8(fs::read(&path).unwrap()).unwrap();
    let at = receipt.find("Subject: ").unwrap();
    let hostile = format!("{}Subject: <script>\u{0}\u{1b}[2J</script>{}\r\nX-Old-{}", &receipt[..at], "<b>".repeat(4_000), &receipt[at..]);
    fs::write(&path, hostile).unwrap();
    let file = folder.join("page.html");
    let ran = dossier(&[folder.to_str().unwrap(), "--html", file.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let page = is_sound(&fs::read_to_string(file).unwrap());
    assert!(page.contains("<span class=\"noticed\">") && page.contains("&lt;script&gt;"), "what the header says is told: {page}");
}

#[test]
fn what_is_not_proven_is_apart_and_says_why() {
    let folder = scratch("page-forged");
    post(&folder, &[delivered(1)]);
    let path = folder.join("1-consegna-1.eml");
    let forged = fs::read_to_string(&path).unwrap().replace("consegnato nella casella", "consegnato nella cosella");
    fs::write(&path, forged).unwrap();
    let file = folder.join("page.html");
    dossier(&[folder.to_str().unwrap(), "--html", file.to_str().unwrap()]);
    let page = fs::read_to_string(&file).unwrap();
    let page = is_sound(&page);
    let (before, apart) = page.split_once("<section class=\"unproven\">").expect("it is apart");
    assert!(!before.contains("1-consegna-1.eml"), "nothing of it counts");
    assert!(apart.contains("1-consegna-1.eml") && apart.contains("the signed bytes were changed"), "{apart}");
    // Of no message that is known.
    dossier(&[path.to_str().unwrap(), "--html", file.to_str().unwrap()]);
    let page = fs::read_to_string(&file).unwrap();
    let page = is_sound(&page);
    assert!(page.contains("class=\"card strays\"") && !page.contains("<article "));
}

#[test]
fn only_a_page_is_overwritten() {
    let folder = scratch("page-overwrite");
    post(&folder, &[delivered(1)]);
    let message = folder.join("1-accettazione.eml");
    let before = fs::read(&message).unwrap();
    let ran = dossier(&["--html", message.to_str().unwrap(), folder.to_str().unwrap()]);
    assert!(ran.code == 2 && ran.err.contains("1-accettazione.eml: the file is there"), "{}", ran.err);
    assert_eq!(fs::read(&message).unwrap(), before);
    let page = folder.join("page.html");
    for _ in 0..2 {
        assert_eq!(dossier(&["--html", page.to_str().unwrap(), folder.to_str().unwrap()]).code, 0);
    }
}
