//! The page of `pec dossier --html`: one file, without scripts, that fetches nothing.
//!
//! Subjects, addresses and reasons come from strangers. They are written by [`Text`] alone, and only between tags, never into an attribute.

mod timeline;

use std::fmt;
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use postacert::dossier::{Progress, ReceiptRecord, RecipientStatus, Standing, Summary};
use postacert::{Outcome, PecKind, RecipientKind};
use sha2::{Digest as _, Sha256};

use crate::args::TrustArgs;
use crate::dossier::{date, kind_word, notes, receipt_word, subject, when, word};
use crate::gather::{Gathered, How, Sent, Unproven};
use crate::lang::dossier::Labels;
use crate::terminal::{Look, printable};
use timeline::Scale;

/// Recipients of a message that a sheet has room for.
const SHORT: usize = 3;

/// What every page begins with.
pub(crate) const HEAD: &str = "<!doctype html>\n<!-- pec dossier -->\n";

const STYLE: &str = include_str!("page/style.css");
const MARKS: &str = include_str!("page/marks.svg");

/// A text of strangers: what HTML would take for markup, and characters that are not seen or turn the reading direction around, are escaped. It stays
/// on its line, has an end, and does not change the direction of what stands around it.
pub(crate) struct Text<'s>(pub(crate) &'s str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<bdi>")?;
        write!(f, "{}", Plain(self.0))?;
        f.write_str("</bdi>")
    }
}

/// The same for an address, an identifier or a path, which have no blanks to break a line at.
struct Breaking<'s>(&'s str);

impl fmt::Display for Breaking<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<bdi>")?;
        for piece in self.0.split_inclusive(['@', '.', '/', '\\', '#']) {
            write!(f, "{}<wbr>", Plain(piece))?;
        }
        f.write_str("</bdi>")
    }
}

/// The same without an element around it, for places that take none.
pub(crate) struct Plain<'s>(pub(crate) &'s str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in printable(self.0).chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => write!(f, "{c}")?,
            }
        }
        Ok(())
    }
}

/// Whom the receipts were verified under.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trust {
    Directory,
    Anchors,
    PublicRoots,
}

impl Trust {
    pub(crate) fn of(args: &TrustArgs) -> Self {
        match (&args.directory, args.anchors.is_empty()) {
            (Some(_), _) => Self::Directory,
            (None, false) => Self::Anchors,
            (None, true) => Self::PublicRoots,
        }
    }

    fn word(self, words: &Labels) -> &'static str {
        match self {
            Self::Directory => words.by_directory,
            Self::Anchors => words.by_anchors,
            Self::PublicRoots => words.by_roots,
        }
    }
}

/// Writes the page.
pub(crate) fn write(
    out: &mut impl Write,
    messages: &[Sent<'_>],
    gathered: &Gathered,
    how: &How,
    trust: Trust,
    look: Look,
) -> io::Result<()> {
    let page = Page { gathered, how, look, words: look.labels.dossier };
    page.head(out)?;
    page.title(out, messages, trust)?;
    if messages.len() > 1 {
        page.overview(out, messages)?;
    }
    for (index, message) in messages.iter().enumerate() {
        page.message(out, index + 1, message)?;
    }
    let strays = gathered.strays();
    if !strays.is_empty() {
        writeln!(out, "<section class=\"card strays\">\n<h2>{}</h2>\n<p>{}</p>", page.words.strays, page.words.strays_more)?;
        page.unproven(out, &strays)?;
        writeln!(out, "</section>")?;
    }
    page.foot(out)
}

struct Page<'p> {
    gathered: &'p Gathered,
    how: &'p How,
    look: Look,
    words: &'p Labels,
}

/// How something stands, which decides its colour and its mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Plain,
    Doubt,
    Bad,
}

impl Tone {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Plain => "plain",
            Self::Doubt => "doubt",
            Self::Bad => "bad",
        }
    }

    fn of_summary(summary: &Summary) -> Self {
        match summary {
            Summary::Delivered => Self::Good,
            Summary::Warning => Self::Doubt,
            Summary::Failed => Self::Bad,
            _ => Self::Plain,
        }
    }

    fn of_progress(progress: &Progress) -> Self {
        match progress {
            Progress::Delivered { .. } => Self::Good,
            Progress::Delayed { .. } => Self::Doubt,
            Progress::Refused { .. } | Progress::TimedOut { .. } | Progress::NotDelivered { .. } | Progress::Virus { .. } => Self::Bad,
            _ => Self::Plain,
        }
    }
}

/// A small drawing that goes before a word: two ticks, one, a warning, a cross.
fn icon(mark: &str) -> String {
    format!("<svg class=\"icon\" viewBox=\"-8 -8 16 16\" aria-hidden=\"true\"><use href=\"#{mark}\"/></svg>")
}

fn summary_icon(summary: &Summary) -> String {
    icon(match summary {
        Summary::Delivered => "i-ticks",
        Summary::Accepted => "i-tick",
        Summary::Warning => "i-warn",
        Summary::Failed => "i-cross",
        _ => "i-dots",
    })
}

impl Page<'_> {
    fn head(&self, out: &mut impl Write) -> io::Result<()> {
        let words = self.words;
        // Nothing is loaded, whatever the page should come to hold; of styles, only the one below counts.
        let style = STANDARD.encode(Sha256::digest(STYLE));
        write!(
            out,
            "{HEAD}<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{style}'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light\">\n\
             <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body id=\"top\">\n{MARKS}<main>\n",
            words.lang, words.title,
        )
    }

    fn title(&self, out: &mut impl Write, messages: &[Sent<'_>], trust: Trust) -> io::Result<()> {
        let (words, how) = (self.words, self.how);
        let at = how.time.instant().map_or_else(|| self.look.labels.its_own_time.to_owned(), |at| date(&at.to_string(), words));
        writeln!(out, "<header class=\"page\">\n<h1>{}</h1>", words.title)?;
        let (policy, basis) = (how.verifier.policy().name(), how.time.basis());
        writeln!(
            out,
            "<p class=\"how\">{} <b>{at}</b> ({basis}) · {} <b>{policy}</b> · {} <b>{}</b></p>",
            words.judged,
            self.look.labels.policy,
            words.trusting,
            trust.word(words),
        )?;
        writeln!(out, "<ul class=\"counts\">")?;
        writeln!(out, "<li class=\"all\">{} <b>{}</b></li>", words.messages, messages.len())?;
        for summary in [Summary::Delivered, Summary::Accepted, Summary::Submitted, Summary::Warning, Summary::Failed] {
            let count = messages.iter().filter(|message| message.dossier.summary_at(self.how.now) == summary).count();
            if count > 0 {
                let (class, word) = (Tone::of_summary(&summary).class(), summary.in_language(self.look.language));
                writeln!(out, "<li class=\"{class}\">{}{word} <b>{count}</b></li>", summary_icon(&summary))?;
            }
        }
        writeln!(out, "<li class=\"all\">{} <b>{}</b></li>", words.receipts, self.gathered.counts.receipts)?;
        if !self.gathered.unproven().is_empty() {
            writeln!(out, "<li class=\"bad\">{}{} <b>{}</b></li>", icon("i-cross"), words.not_verified, self.gathered.unproven().len())?;
        }
        writeln!(out, "</ul>\n</header>")
    }

    fn overview(&self, out: &mut impl Write, messages: &[Sent<'_>]) -> io::Result<()> {
        let (words, labels) = (self.words, self.look.labels);
        writeln!(
            out,
            "<section class=\"card overview\">\n<h2>{}</h2>\n<table>\n<thead><tr><th>{}</th><th>{}</th><th>{}</th><th class=\"n\">{}</th></tr></thead>\n<tbody>",
            words.overview, words.status, words.sent, labels.subject, words.progress,
        )?;
        for (index, message) in messages.iter().enumerate() {
            let summary = message.dossier.summary_at(self.how.now);
            let certified = message.recipients.iter().filter(|status| !matches!(status.progress(), Progress::External { .. }));
            let (all, delivered) = certified.fold((0, 0), |(all, delivered), status| {
                (all + 1, delivered + usize::from(matches!(status.progress(), Progress::Delivered { .. })))
            });
            let reached = if all == 0 { "–".to_owned() } else { format!("{delivered}/{all}") };
            let sent = message.dossier.receipts().first().map(|first| date(&first.when.to_string(), words)).unwrap_or_default();
            writeln!(
                out,
                "<tr><td>{}</td><td class=\"time\">{}</td><td><a href=\"#m{}\">{}</a><span class=\"from\">{}</span></td><td class=\"n\">{reached}</td></tr>",
                self.badge(&summary),
                sent.get(..16).unwrap_or(&sent),
                index + 1,
                Text(subject(message, words)),
                Breaking(message.dossier.sender().as_str()),
            )?;
        }
        writeln!(out, "</tbody>\n</table>\n</section>")
    }

    fn badge(&self, summary: &Summary) -> String {
        let (class, word) = (Tone::of_summary(summary).class(), summary.in_language(self.look.language));
        format!("<span class=\"badge {class}\">{}{word}</span>", summary_icon(summary))
    }

    fn message(&self, out: &mut impl Write, number: usize, message: &Sent<'_>) -> io::Result<()> {
        let (labels, words) = (self.look.labels, self.words);
        let (dossier, summary) = (message.dossier, message.dossier.summary_at(self.how.now));
        let scale = Scale::of(dossier, self.how.now);
        // It fits a sheet, and is not torn apart.
        let short = if message.recipients.len() <= SHORT { " short" } else { "" };
        writeln!(out, "<article class=\"card message {}{short}\" id=\"m{number}\">\n<header>", Tone::of_summary(&summary).class())?;
        writeln!(out, "<p class=\"status\">{}</p>\n<h2>{}</h2>\n<dl>", self.badge(&summary), Text(subject(message, words)))?;
        let facts = [(labels.sender, dossier.sender().as_str(), ""), (labels.identifier, dossier.id().as_str(), " class=\"id\"")];
        for (label, value, class) in facts {
            writeln!(out, "<div{class}><dt>{label}</dt><dd>{}</dd></div>", Breaking(value))?;
        }
        writeln!(out, "</dl>\n</header>")?;
        let notes = notes(message, self.gathered, self.how, self.look);
        if !notes.is_empty() {
            writeln!(out, "<div class=\"notes\">\n<h3>{}{}</h3>\n<ul>", icon("i-warn"), words.attention)?;
            for note in &notes {
                writeln!(out, "<li>{}</li>", Text(note))?;
            }
            writeln!(out, "</ul>\n</div>")?;
        }
        if !message.general.is_empty() {
            writeln!(out, "<section class=\"general\">\n<h3>{}</h3>", words.of_the_message)?;
            self.receipts(out, &message.general, &scale)?;
            writeln!(out, "</section>")?;
        }
        if !message.recipients.is_empty() {
            writeln!(out, "<div class=\"recipients\">\n{}", scale.axis(words))?;
            for status in &message.recipients {
                self.recipient(out, message, status, &scale)?;
            }
            writeln!(out, "</div>")?;
        }
        if !message.unproven.is_empty() {
            writeln!(out, "<section class=\"unproven\">\n<h3>{}{}</h3>", icon("i-cross"), words.unproven)?;
            self.unproven(out, &message.unproven)?;
            writeln!(out, "</section>")?;
        }
        if !message.bounces.is_empty() {
            writeln!(out, "<section class=\"notes\">\n<h3>{}{}</h3>\n<ul>", icon("i-warn"), words.bounces)?;
            for (bounce, recipient) in message.bounces.iter().flat_map(|bounce| bounce.recipients.iter().map(move |one| (bounce, one))) {
                write!(out, "<li><b>{}</b> {}", Breaking(&recipient.address), Text(&recipient.action))?;
                if let Some(why) = &recipient.why {
                    write!(out, " – {}", Text(why))?;
                }
                writeln!(out, " <span class=\"file\">{}</span></li>", Breaking(&bounce.place.to_string()))?;
            }
            writeln!(out, "</ul>\n</section>")?;
        }
        writeln!(out, "<p class=\"up\"><a href=\"#top\">↑ {}</a></p>\n</article>", words.top)
    }

    fn recipient(&self, out: &mut impl Write, message: &Sent<'_>, status: &RecipientStatus<'_>, scale: &Scale) -> io::Result<()> {
        let words = self.words;
        let progress = status.progress();
        let external = if status.kind() == RecipientKind::External {
            format!(" <span class=\"kind\">{}</span>", words.external_kind)
        } else {
            String::new()
        };
        let recorded = if status.standing() == Standing::Recorded { format!(" ({})", words.recorded) } else { String::new() };
        let tone = Tone::of_progress(progress).class();
        writeln!(out, "<section class=\"recipient\">\n<h4>{}{external}</h4>", Breaking(status.address().as_str()))?;
        write!(out, "<p class=\"outcome {tone}\"><b>{}</b>{recorded}", word(progress.code(), words))?;
        if let Some(when) = when(progress) {
            write!(out, " <span class=\"time\">{}</span>", date(&when.to_string(), words))?;
        }
        if let Some(reason) = status.reason() {
            write!(out, "<span class=\"reason\">{}</span>", Text(reason.raw()))?;
        }
        writeln!(out, "</p>")?;
        let whole = message.general.iter().copied().filter(|receipt| matches!(receipt.kind, PecKind::Acceptance | PecKind::NonAcceptance));
        let marks: Vec<&ReceiptRecord> = whole.chain(status.receipts().iter().copied()).collect();
        writeln!(out, "{}", scale.lane(&marks, progress, words))?;
        if status.receipts().is_empty() {
            writeln!(out, "<p class=\"none\">{}</p>", words.no_receipt_yet)?;
        } else {
            self.receipts(out, status.receipts(), scale)?;
        }
        writeln!(out, "</section>")
    }

    /// A table of verified receipts.
    fn receipts(&self, out: &mut impl Write, receipts: &[&ReceiptRecord], scale: &Scale) -> io::Result<()> {
        let words = self.words;
        writeln!(out, "<table class=\"receipts\"><tbody>")?;
        for receipt in receipts {
            let filed = self.gathered.filed(receipt);
            let since = scale.since(receipt.when, words).map(|since| format!(" <span class=\"since\">{since}</span>")).unwrap_or_default();
            write!(
                out,
                "<tr><td class=\"time\">{}{since}</td><td class=\"what\"><b>{}</b>",
                date(&receipt.when.to_string(), words),
                Plain(&receipt_word(receipt, words)),
            )?;
            if let Some(reason) = &receipt.reason {
                write!(out, "<span class=\"reason\">{}</span>", Text(reason.raw()))?;
            }
            if let Some(filed) = filed {
                write!(out, "<span class=\"file\">{}</span>", Breaking(&filed.place.to_string()))?;
                for copy in &filed.copies {
                    write!(out, "<span class=\"file\">{} {}</span>", words.copies, Breaking(&copy.to_string()))?;
                }
            }
            write!(out, "</td><td class=\"verdict\"><span class=\"good\">{}{}</span>", icon("i-tick"), words.verified)?;
            if let Some(filed) = filed {
                write!(out, "<span class=\"by\">{} {}</span>", words.signed_by, Text(&filed.signer))?;
                for finding in &filed.findings {
                    write!(out, "<span class=\"noticed\">{}</span>", Text(&finding.in_language(self.look.language).to_string()))?;
                }
            }
            writeln!(out, "</td></tr>")?;
        }
        writeln!(out, "</tbody></table>")
    }

    /// A table of what counts for nothing, and why.
    fn unproven(&self, out: &mut impl Write, unproven: &[&Unproven]) -> io::Result<()> {
        let words = self.words;
        writeln!(out, "<table class=\"receipts\"><tbody>")?;
        for unproven in unproven {
            let kind = unproven.claimed_kind.map_or(self.look.labels.unknown_kind, |kind| kind_word(kind, words));
            let (mark, tone) = match unproven.outcome {
                Outcome::Failed => ("i-cross", Tone::Bad),
                _ => ("i-warn", Tone::Doubt),
            };
            let outcome = unproven.outcome.in_language(self.look.language);
            write!(
                out,
                "<tr><td class=\"time\"></td><td class=\"what\"><b>{kind}</b><span class=\"file\">{}</span></td>\
                 <td class=\"verdict\"><span class=\"{}\">{}{outcome}</span>",
                Breaking(&unproven.place.to_string()),
                tone.class(),
                icon(mark),
            )?;
            for why in &unproven.why {
                write!(out, "<span class=\"noticed\">{}</span>", Text(&why.in_language(self.look.language)))?;
            }
            writeln!(out, "</td></tr>")?;
        }
        writeln!(out, "</tbody></table>")
    }

    fn foot(&self, out: &mut impl Write) -> io::Result<()> {
        let words = self.words;
        writeln!(out, "<footer>\n<h2>{}</h2>\n<ul class=\"legend\">", words.legend)?;
        let marks = [
            ("m-start", words.acceptance),
            ("m-taken", words.taken_in_charge),
            ("m-done", words.delivery),
            ("m-late", words.timeout),
            ("m-fail", words.non_delivery),
        ];
        for (mark, word) in marks {
            writeln!(out, "<li>{}{word}</li>", icon(mark))?;
        }
        writeln!(
            out,
            "</ul>\n<p>{}</p>\n<p class=\"made\">postacert {}</p>\n</footer>\n</main>\n</body>\n</html>",
            words.legend_text,
            env!("CARGO_PKG_VERSION")
        )
    }
}
