//! The timeline of a message: a line for each recipient, from the acceptance on.
//!
//! Places are percents of the width, so that a line fits any screen and sheet while marks and letters keep their size.

use std::fmt::Write as _;

use postacert::dossier::{Dossier, Progress, ReceiptRecord};
use postacert::{PecKind, Timestamp, UnixTime};

use super::Tone;
use crate::dossier::kind_word;
use crate::lang::dossier::Labels;

/// The scale: seconds after the acceptance, and how far along the line they are, in percents. Most receipts come within seconds, and those that
/// matter after 12 and 24 hours; between two of these the scale is logarithmic.
const KNOTS: [(f64, f64); 6] = [(0.0, 3.0), (60.0, 28.0), (3_600.0, 48.0), (43_200.0, 68.0), (86_400.0, 84.0), (2_592_000.0, 98.0)];

const TICKS: [(&str, usize); 5] = [("0", 0), ("1 min", 1), ("1 h", 2), ("12 h", 3), ("24 h", 4)];

/// The scale of one message.
pub(super) struct Scale {
    origin: Option<UnixTime>,
    now: UnixTime,
}

impl Scale {
    /// From the first acceptance or, where there is none, the first receipt.
    pub(super) fn of(dossier: &Dossier, now: UnixTime) -> Self {
        let receipts = dossier.receipts();
        let accepted = receipts.iter().find(|receipt| matches!(receipt.kind, PecKind::Acceptance | PecKind::NonAcceptance));
        Self { origin: accepted.or(receipts.first()).map(|receipt| receipt.when.instant()), now }
    }

    fn place(&self, when: UnixTime) -> f64 {
        let seconds = self.origin.map_or(0, |origin| origin.seconds_until(when));
        place(seconds as f64)
    }

    /// How long after the beginning: `+1 min 4 s`.
    pub(super) fn since(&self, when: Timestamp, words: &Labels) -> Option<String> {
        let seconds = self.origin?.seconds_until(when.instant());
        let sign = if seconds < 0 { '−' } else { '+' };
        let (secs, mins, hours, days) = {
            let s = seconds.unsigned_abs();
            (s % 60, s / 60 % 60, s / 3_600 % 24, s / 86_400)
        };
        let parts = [(days, words.days), (hours, "h"), (mins, "min"), (secs, "s")];
        let parts: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).take(2).map(|(count, unit)| format!("{count} {unit}")).collect();
        (!parts.is_empty()).then(|| format!("{sign}{}", parts.join(" ")))
    }

    /// The scale above the lines.
    pub(super) fn axis(&self, words: &Labels) -> String {
        let mut out = format!("<svg class=\"axis\" role=\"img\" aria-label=\"{}\">", words.timeline);
        for (label, knot) in TICKS {
            let _ = write!(out, "<text x=\"{}%\" y=\"14\" text-anchor=\"middle\">{label}</text>", KNOTS[knot].1);
        }
        out + "</svg>"
    }

    /// The line of a recipient, with a mark for each receipt.
    pub(super) fn lane(&self, receipts: &[&ReceiptRecord], progress: &Progress, words: &Labels) -> String {
        let mut out = String::from("<svg class=\"lane\" aria-hidden=\"true\">");
        for (_, knot) in TICKS {
            let x = KNOTS[knot].1;
            let _ = write!(out, "<line class=\"tick\" x1=\"{x}%\" x2=\"{x}%\" y1=\"0\" y2=\"28\"/>");
        }
        let places: Vec<f64> = receipts.iter().map(|receipt| self.place(receipt.when.instant())).collect();
        let first = places.iter().copied().fold(f64::INFINITY, f64::min);
        let last = places.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if first.is_finite() {
            // What is still awaited, and of whom nothing will come.
            let open = match progress {
                Progress::External { .. } => Some(98.0),
                progress if !progress.is_final() => Some(self.place(self.now)),
                _ => None,
            };
            if let Some(end) = open.filter(|end| *end > last) {
                let _ = write!(out, "<line class=\"open\" x1=\"{last:.1}%\" x2=\"{end:.1}%\" y1=\"14\" y2=\"14\"/>");
            }
            let tone = Tone::of_progress(progress).class();
            let _ = write!(out, "<line class=\"way {tone}\" x1=\"{first:.1}%\" x2=\"{last:.1}%\" y1=\"14\" y2=\"14\"/>");
        }
        for (receipt, x) in receipts.iter().zip(&places) {
            let (mark, word) = (mark(receipt, progress), kind_word(receipt.kind, words));
            let _ = write!(out, "<use href=\"#{mark}\" x=\"{x:.1}%\" y=\"14\"><title>{word}</title></use>");
        }
        out + "</svg>"
    }
}

fn place(seconds: f64) -> f64 {
    let (first, last) = (KNOTS[0], KNOTS[KNOTS.len() - 1]);
    if seconds < first.0 {
        return first.1 - 2.0; // before the acceptance: the clocks differ, or the receipts do not fit
    }
    let segment = KNOTS.windows(2).find(|ends| seconds < ends[1].0);
    segment.map_or(last.1, |ends| {
        let ((from, left), (to, right)) = (ends[0], ends[1]);
        left + (right - left) * (1.0 + seconds - from).ln() / (1.0 + to - from).ln()
    })
}

fn mark(receipt: &ReceiptRecord, progress: &Progress) -> &'static str {
    match (receipt.kind, progress) {
        (PecKind::Acceptance, _) => "m-start",
        (PecKind::Delivery, _) => "m-done",
        // The final notice.
        (PecKind::DeliveryTimeout, Progress::TimedOut { when }) if *when == receipt.when => "m-fail",
        (PecKind::DeliveryTimeout, _) => "m-late",
        (PecKind::NonAcceptance | PecKind::NonDelivery | PecKind::VirusDetection, _) => "m-fail",
        _ => "m-taken",
    }
}
