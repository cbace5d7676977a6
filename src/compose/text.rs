//! The readable part of a message: the Italian texts, all in one table, and their two forms (RFC 6109 §4.3.1).

use crate::time::Timestamp;

/// Which text a message has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Wording {
    Acceptance,
    NonAcceptance,
    NonAcceptanceVirus,
    TransportEnvelope,
    TakenInCharge,
    Delivery,
    BriefDelivery,
    ConciseDelivery,
    NonDelivery,
    NonDeliveryVirus,
    Timeout12h,
    Timeout24h,
    VirusDetection,
    Anomaly,
}

/// A text as RFC 6109 §3 models it in English and providers write it in Italian.
struct Row {
    title: &'static str,
    /// After `Il giorno … alle ore … (…) `. A `\n` begins a line; `{dest…}` stands for the recipients, one a line.
    body: &'static str,
}

/// Every text, once: one edit corrects a wording everywhere.
const fn row(wording: Wording) -> Row {
    match wording {
        Wording::Acceptance => Row {
            title: "Ricevuta di accettazione",
            body: "il messaggio\n\"{oggetto}\" proveniente da \"{mittente}\"\ned indirizzato a:\n{destinatari con tipo}\nè stato accettato dal sistema ed inoltrato.",
        },
        Wording::NonAcceptance => Row {
            title: "Errore nell'accettazione del messaggio",
            body: "nel messaggio\n\"{oggetto}\" proveniente da \"{mittente}\"\ned indirizzato a:\n{destinatari}\nè stato rilevato un problema che ne impedisce l'accettazione\na causa di {errore}.\nIl messaggio non è stato accettato.",
        },
        Wording::NonAcceptanceVirus => Row {
            title: "Errore nell'accettazione del messaggio per presenza di virus",
            body: "nel messaggio\n\"{oggetto}\" proveniente da \"{mittente}\"\ned indirizzato a:\n{destinatari}\nè stato rilevato un problema di sicurezza {errore}.\nIl messaggio non è stato accettato.",
        },
        Wording::TransportEnvelope => Row {
            title: "Messaggio di posta certificata",
            body: "il messaggio\n\"{oggetto}\" è stato inviato da \"{mittente}\"\nindirizzato a:\n{destinatari}\nIl messaggio originale è incluso in allegato.",
        },
        Wording::TakenInCharge => Row {
            title: "Ricevuta di presa in carico",
            body: "il messaggio\n\"{oggetto}\" proveniente da \"{mittente}\"\ned indirizzato a:\n{destinatari}\nè stato accettato dal sistema.",
        },
        Wording::Delivery => Row { title: "Ricevuta di avvenuta consegna", body: DELIVERED },
        Wording::BriefDelivery => Row { title: "Ricevuta breve di avvenuta consegna", body: DELIVERED },
        Wording::ConciseDelivery => Row { title: "Ricevuta sintetica di avvenuta consegna", body: DELIVERED },
        Wording::NonDelivery => Row {
            title: "Avviso di mancata consegna",
            body: "nel messaggio\n\"{oggetto}\" proveniente da \"{mittente}\"\ne destinato all'utente \"{destinatario}\"\nè stato rilevato un errore {errore}.\nIl messaggio è stato rifiutato dal sistema.",
        },
        Wording::NonDeliveryVirus => Row {
            title: "Avviso di mancata consegna per virus informatico",
            body: "nel messaggio\n\"{oggetto}\"\ndestinato all'utente \"{destinatario}\"\nè stato rilevato un problema di sicurezza {errore}.\nIl messaggio non è stato consegnato.",
        },
        Wording::Timeout12h => Row {
            title: "Avviso di mancata consegna",
            body: "il messaggio\n\"{oggetto}\" proveniente da \"{mittente}\"\ne destinato all'utente \"{destinatario}\"\nnon è stato consegnato nelle prime dodici ore dal suo invio.\nNon escludendo che questo possa avvenire in seguito, si ritiene utile\nconsiderare che l'invio potrebbe non andare a buon fine. Il sistema provvederà\ncomunque ad inviare un ulteriore avviso di mancata consegna se nelle prossime\ndodici ore non vi sarà la conferma della ricezione da parte del destinatario.",
        },
        Wording::Timeout24h => Row {
            title: "Avviso di mancata consegna",
            body: "il messaggio\n\"{oggetto}\" proveniente da \"{mittente}\"\ne destinato all'utente \"{destinatario}\"\nnon è stato consegnato nelle ventiquattro ore successive al suo invio.\nSi ritiene che la spedizione debba considerarsi non andata a buon fine.",
        },
        Wording::VirusDetection => Row {
            title: "Avviso di rilevazione virus informatico",
            body: "nel messaggio\n\"{oggetto}\" proveniente da \"{mittente}\"\ne destinato all'utente \"{destinatario}\"\nè stato rilevato un problema di sicurezza {errore}.",
        },
        Wording::Anomaly => Row {
            title: "Anomalia nel messaggio",
            body: "è stato ricevuto\nil messaggio \"{oggetto}\" proveniente da \"{mittente}\"\ned indirizzato a:\n{destinatari}\nTali dati non sono stati certificati per il seguente errore:\n{errore}\nIl messaggio originale è incluso in allegato.",
        },
    }
}

const DELIVERED: &str = "il messaggio\n\"{oggetto}\" proveniente da \"{mittente}\"\ned indirizzato a \"{destinatario}\"\nè stato consegnato nella casella di destinazione.";

/// What a text says of its message. Lists are one a line.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts<'f> {
    pub(super) when: Option<Timestamp>,
    pub(super) subject: &'f str,
    pub(super) sender: &'f str,
    /// The recipients that the text is true of, with what the acceptance says of their kind.
    pub(super) recipients: Vec<(&'f str, &'static str)>,
    pub(super) recipient: &'f str,
    pub(super) error: &'f str,
    pub(super) id: Option<&'f str>,
}

/// A readable text: its title and its lines, not yet in any form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Readable {
    title: &'static str,
    lines: Vec<String>,
}

impl Readable {
    pub(super) fn new(wording: Wording, facts: &Facts<'_>) -> Self {
        let Row { title, body } = row(wording);
        let mut text = facts.when.map(written).unwrap_or_default();
        fill(body, facts, &mut text);
        if let Some(id) = facts.id {
            text.push_str("\nIdentificativo messaggio: ");
            push(id, &mut text);
        }
        Self { title, lines: text.split('\n').map(str::to_owned).collect() }
    }

    /// As text/plain in ISO-8859-1, with CR LF.
    pub(super) fn plain(&self) -> Vec<u8> {
        let mut out = latin1(self.title, plain_escape);
        out.extend_from_slice(b"\r\n\r\n");
        for line in &self.lines {
            out.append(&mut latin1(line, plain_escape));
            out.extend_from_slice(b"\r\n");
        }
        out
    }

    /// As text/html in ISO-8859-1: the same information, nothing referred to, nothing active.
    pub(super) fn html(&self) -> Vec<u8> {
        let title = html_escaped(self.title);
        let mut out =
            latin1(&format!("<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<h3>{title}</h3>\r\n<hr><br>\r\n"), html_escape);
        for line in &self.lines {
            out.append(&mut latin1(&html_escaped(line), html_escape));
            out.extend_from_slice(b"<br>\r\n");
        }
        out.extend_from_slice(b"</body>\r\n</html>\r\n");
        out
    }
}

/// `Il giorno 25/05/2023 alle ore 10:11:12 (+0200) `: the zone without a colon, as providers write it.
fn written(when: Timestamp) -> String {
    let written = when.to_certdata();
    format!("Il giorno {} alle ore {} ({}) ", written.day, written.time, written.zone)
}

/// Puts the facts into the places of a text, in one pass, so that a fact that looks like a place stays a fact.
fn fill(body: &str, facts: &Facts<'_>, out: &mut String) {
    let mut rest = body;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((place, behind)) = after.split_once('}') else { break };
        match place {
            "oggetto" => push(facts.subject, out),
            "mittente" => push(facts.sender, out),
            "destinatario" => push(facts.recipient, out),
            "errore" => push(facts.error, out),
            "destinatari" => list(facts, |_| "", out),
            _ => list(facts, |kind| kind, out),
        }
        rest = behind;
    }
    out.push_str(rest);
}

fn list(facts: &Facts<'_>, kind_of: impl Fn(&'static str) -> &'static str, out: &mut String) {
    for (index, (recipient, kind)) in facts.recipients.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        push(recipient, out);
        let kind = kind_of(kind);
        if !kind.is_empty() {
            out.push_str(" (\"");
            out.push_str(kind);
            out.push_str("\")");
        }
    }
}

/// Adds a value on one line: a line break or another control character in it is written as a blank.
fn push(value: &str, out: &mut String) {
    out.extend(value.chars().map(|c| if c.is_control() { ' ' } else { c }));
}

/// Writes text in ISO-8859-1. What that cannot hold is written out by `escape`.
fn latin1(text: &str, escape: fn(char) -> String) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        match u8::try_from(c) {
            // The upper control characters of ISO-8859-1 are shown as windows-1252 by most readers.
            Ok(byte) if !(0x80..0xa0).contains(&byte) => out.push(byte),
            _ => out.extend_from_slice(escape(c).as_bytes()),
        }
    }
    out
}

/// `[U+1F600]`: readable. It does not tell the character from a text that was written so; the certification data have the text as it is.
fn plain_escape(c: char) -> String {
    format!("[U+{:04X}]", u32::from(c))
}

fn html_escape(c: char) -> String {
    format!("&#{};", u32::from(c))
}

fn html_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    fn facts<'f>(subject: &'f str) -> Facts<'f> {
        Facts {
            when: Some("2023-05-25T10:11:12+02:00".parse().unwrap()),
            subject,
            sender: "a@b.example",
            recipients: vec![("c@d.example", "posta certificata"), ("e@f.example", "posta ordinaria")],
            recipient: "c@d.example",
            error: "5.1.1",
            id: Some("id@b.example"),
        }
    }

    #[test]
    fn a_text_reads_as_providers_write_it() {
        let text = String::from_utf8(
            Readable::new(Wording::Acceptance, &facts("x")).plain().iter().map(|b| if *b < 128 { *b } else { b'?' }).collect(),
        );
        assert_eq!(
            text.unwrap(),
            "Ricevuta di accettazione\r\n\r\nIl giorno 25/05/2023 alle ore 10:11:12 (+0200) il messaggio\r\n\"x\" proveniente da \"a@b.example\"\r\n\
             ed indirizzato a:\r\nc@d.example (\"posta certificata\")\r\ne@f.example (\"posta ordinaria\")\r\n? stato accettato dal sistema ed inoltrato.\r\n\
             Identificativo messaggio: id@b.example\r\n"
        );
    }

    #[test]
    fn what_latin_1_cannot_hold_is_written_out_and_nothing_is_active() {
        let readable = Readable::new(Wording::Delivery, &facts("<script>\r\n{mittente} \u{20ac}\u{1f600} è & \"'"));
        let plain = readable.plain();
        let text: String = plain.iter().map(|b| char::from(*b)).collect();
        assert!(text.contains("\"<script>  {mittente} [U+20AC][U+1F600] è & \"'\" proveniente"), "{text}");
        let html: String = readable.html().iter().map(|b| char::from(*b)).collect();
        assert!(html.contains("&lt;script&gt;  {mittente} &#8364;&#128512; è &amp; &quot;&#39;&quot;"), "{html}");
        assert!(!html.contains("<script"));
    }
}
