//! Certification data as XML, the same bytes for the same data.

use core::fmt::Write;

use super::CertificationData;

/// Writes the document in the form that providers write: UTF-8, four blanks a level, LF line ends.
pub(super) fn write(data: &CertificationData) -> String {
    let mut x = Writer { xml: String::with_capacity(2_048) };
    x.xml.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    x.start(0, "postacert", &[("tipo", data.kind.as_wire()), ("errore", data.fault.text())]);
    x.start(1, "intestazione", &[]);
    x.value(2, "mittente", &[], data.sender.text());
    for r in &data.recipients {
        x.value(2, "destinatari", &[("tipo", r.kind.text())], r.address.text());
    }
    x.optional(2, "risposte", data.reply_to.as_deref());
    x.optional(2, "oggetto", data.subject.as_deref());
    x.end(1, "intestazione");
    x.start(1, "dati", &[]);
    x.optional(2, "gestore-emittente", data.provider.as_deref());
    let when = data.when.to_certdata();
    x.start(2, "data", &[("zona", &when.zone)]);
    x.value(3, "giorno", &[], &when.day);
    x.value(3, "ora", &[], &when.time);
    x.end(2, "data");
    x.value(2, "identificativo", &[], data.id.text());
    x.optional(2, "msgid", data.message_id.as_ref().map(|w| w.text()));
    if let Some(receipt) = &data.receipt {
        x.tag(2, "ricevuta", &[("tipo", receipt.text())]);
        x.xml.push_str("/>\n");
    }
    x.optional(2, "consegna", data.recipient.as_ref().map(|w| w.text()));
    for r in &data.received_for {
        x.value(2, "ricezione", &[], r.text());
    }
    x.optional(2, "errore-esteso", data.extended_error.as_ref().map(|e| e.raw()));
    x.end(1, "dati");
    x.end(0, "postacert");
    x.xml
}

struct Writer {
    xml: String,
}

impl Writer {
    fn start(&mut self, level: usize, name: &str, attributes: &[(&str, &str)]) {
        self.tag(level, name, attributes);
        self.xml.push_str(">\n");
    }

    fn end(&mut self, level: usize, name: &str) {
        self.indent(level);
        self.put(format_args!("</{name}>\n"));
    }

    fn value(&mut self, level: usize, name: &str, attributes: &[(&str, &str)], value: &str) {
        self.tag(level, name, attributes);
        self.xml.push('>');
        self.escaped(value, |c| match c {
            // Reading would make a bare carriage return a line feed.
            '\r' => Some("&#13;"),
            _ => None,
        });
        self.put(format_args!("</{name}>\n"));
    }

    fn optional(&mut self, level: usize, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.value(level, name, &[], value);
        }
    }

    /// A start tag without its end, so that the caller decides whether the element is empty.
    fn tag(&mut self, level: usize, name: &str, attributes: &[(&str, &str)]) {
        self.indent(level);
        self.put(format_args!("<{name}"));
        for (attribute, value) in attributes {
            self.put(format_args!(" {attribute}=\""));
            self.escaped(value, |c| match c {
                '"' => Some("&quot;"),
                '\t' => Some("&#9;"),
                '\n' => Some("&#10;"),
                '\r' => Some("&#13;"),
                _ => None,
            });
            self.xml.push('"');
        }
    }

    fn indent(&mut self, level: usize) {
        (0..level).for_each(|_| self.xml.push_str("    "));
    }

    fn put(&mut self, what: core::fmt::Arguments<'_>) {
        let _ = self.xml.write_fmt(what); // a String takes everything
    }

    fn escaped(&mut self, text: &str, also: impl Fn(char) -> Option<&'static str>) {
        for c in text.chars() {
            match c {
                '&' => self.xml.push_str("&amp;"),
                '<' => self.xml.push_str("&lt;"),
                '>' => self.xml.push_str("&gt;"),
                _ => match also(c) {
                    Some(reference) => self.xml.push_str(reference),
                    None => self.xml.push(c),
                },
            }
        }
    }
}
