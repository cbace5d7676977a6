//! From tokens to certification data: which element may stand where, what is fatal and what is a departure.

use std::borrow::Cow;

use super::xml::{At, Attribute, Token, Tokens, clip, is_white_space, trim, with_line_feeds};
use super::{
    CertdataDeparture, CertdataError, CertdataErrorKind, CertificationData, ExtendedError, Fault, PecKind, Recipient, RecipientKind,
    Written, XmlEncoding, encoding,
};
use crate::limits::Limits;
use crate::time::{Timestamp, ZoneForm};

/// As many departures as anyone will read; a hostile document could have a million.
const DEPARTURES: usize = 64;

pub(super) fn read(xml: &[u8], limits: &Limits) -> Result<(CertificationData, Vec<CertdataDeparture>), CertdataError> {
    if xml.len() > limits.certdata_bytes {
        let kind = CertdataErrorKind::TooLarge { limit: limits.certdata_bytes };
        return Err(CertdataError { kind, offset: limits.certdata_bytes, line: 1 });
    }
    let decoded = encoding::decode(xml).map_err(|at| placed(at, ""))?;
    let document = || {
        let tokens = Tokens::new(&decoded.text, limits)?;
        let mut reader = Reader { tokens, departures: Vec::new(), max_recipients: limits.certdata_recipients };
        if decoded.encoding != XmlEncoding::Utf8 {
            reader.depart(CertdataDeparture::Encoding { encoding: decoded.encoding });
        }
        if let Some(declared) = &decoded.contradiction {
            reader.depart(CertdataDeparture::EncodingContradiction { declared: declared.clone(), found: decoded.encoding });
        }
        let data = reader.document()?;
        Ok((data, reader.departures))
    };
    document().map_err(|at| placed(at, &decoded.text))
}

fn placed(At { kind, offset }: At, text: &str) -> CertdataError {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    CertdataError { kind, offset, line: memchr::memchr_iter(b'\n', before).count().saturating_add(1) }
}

struct Reader<'a> {
    tokens: Tokens<'a>,
    departures: Vec<CertdataDeparture>,
    /// Of each list: `destinatari` and, in a receipt of taking in charge, the same addresses again as `ricezione`.
    max_recipients: usize,
}

/// What `intestazione` holds, as it is found.
#[derive(Default)]
struct Header<'a> {
    sender: Option<Cow<'a, str>>,
    recipients: Vec<Recipient>,
    reply_to: Option<Cow<'a, str>>,
    subject: Option<Cow<'a, str>>,
}

/// What `dati` holds, as it is found.
#[derive(Default)]
struct Data<'a> {
    provider: Option<Cow<'a, str>>,
    when: Option<Timestamp>,
    id: Option<Cow<'a, str>>,
    message_id: Option<Cow<'a, str>>,
    receipt: Option<Cow<'a, str>>,
    recipient: Option<Cow<'a, str>>,
    received_for: Vec<Written<crate::address::Address>>,
    extended_error: Option<Cow<'a, str>>,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<CertificationData, At> {
        let Token::Start(name) = self.tokens.next()? else { return self.fail(CertdataErrorKind::NoRoot) };
        if name != "postacert" {
            return self.fail(match name.split_once(':') {
                Some((_, "postacert")) => CertdataErrorKind::NamespacedRoot,
                _ => CertdataErrorKind::UnknownRoot { name: clip(name) },
            });
        }
        if self.tokens.doctype_seen() {
            self.depart(CertdataDeparture::Doctype);
        }
        if self.tokens.namespaced() {
            return self.fail(CertdataErrorKind::NamespacedRoot);
        }
        let [kind, fault] = self.attributes("postacert", ["tipo", "errore"]);
        let Some(kind) = kind else { return self.fail(CertdataErrorKind::Missing { element: "tipo" }) };
        let kind = match trim(&kind).parse::<PecKind>() {
            Ok(kind) => kind,
            Err(_) => return self.fail(CertdataErrorKind::UnknownKind { value: clip(&kind) }),
        };
        let fault = fault.as_deref().map_or_else(|| Fault::None.into(), |text| Written::read(trim(text)));
        if fault.value().is_none() {
            self.depart(CertdataDeparture::UnknownValue { what: "errore", value: clip(fault.text()) });
        }
        let (mut header, mut data) = (None, None);
        self.children("postacert", &["intestazione", "dati"], |r, element| match element {
            "intestazione" => r.once(element, &mut header, Self::header),
            _ => r.once(element, &mut data, Self::data),
        })?;
        // Nothing but white space, comments and processing instructions may follow; the tokens see to that.
        let Token::Eof = self.tokens.next()? else { return self.fail(CertdataErrorKind::OutsideRoot) };
        let header = self.required(header, "intestazione")?;
        let data = self.required(data, "dati")?;
        self.assemble(kind, fault, header, data)
    }

    fn assemble(&mut self, kind: PecKind, fault: Written<Fault>, header: Header<'a>, data: Data<'a>) -> Result<CertificationData, At> {
        let sender = self.required(header.sender, "mittente")?;
        if header.recipients.is_empty() {
            return self.fail(CertdataErrorKind::Missing { element: "destinatari" });
        }
        let when = self.required(data.when, "data")?;
        let id = self.required(data.id, "identificativo")?;
        if kind == PecKind::Delivery && data.recipient.as_ref().is_none_or(|text| text.is_empty()) {
            return self.fail(CertdataErrorKind::Missing { element: "consegna" });
        }
        let sender = if sender.is_empty() { self.empty("mittente") } else { self.address("mittente", &sender) };
        for (value, element) in [(&header.reply_to, "risposte"), (&data.provider, "gestore-emittente")] {
            if value.is_none() {
                self.depart(CertdataDeparture::Missing { element });
            }
        }
        let id = if id.is_empty() { self.empty("identificativo") } else { self.identifier("identificativo", &id) };
        let message_id = data.message_id.map(|text| if text.is_empty() { self.empty("msgid") } else { self.identifier("msgid", &text) });
        let receipt = data.receipt.map(|text| {
            let receipt = Written::read(&text);
            if receipt.value().is_none() {
                self.depart(CertdataDeparture::UnknownValue { what: "ricevuta tipo", value: clip(&text) });
            }
            receipt
        });
        Ok(CertificationData {
            kind,
            fault,
            sender,
            recipients: header.recipients,
            reply_to: header.reply_to.map(boxed),
            subject: header.subject.map(boxed),
            provider: data.provider.map(boxed),
            when,
            id,
            message_id,
            receipt,
            recipient: data.recipient.map(|text| self.address("consegna", &text)),
            received_for: data.received_for,
            extended_error: data.extended_error.map(|text| ExtendedError::read(&text)),
        })
    }

    fn header(&mut self, element: &'static str) -> Result<Header<'a>, At> {
        let mut header = Header::default();
        self.plain(element);
        self.children(element, &["mittente", "destinatari", "risposte", "oggetto"], |r, element| match element {
            "mittente" => r.once(element, &mut header.sender, Self::plain_value),
            "destinatari" => {
                r.room_after(header.recipients.len())?;
                let recipient = r.recipient(element)?;
                header.recipients.push(recipient);
                Ok(())
            }
            "risposte" => r.once(element, &mut header.reply_to, Self::plain_value),
            _ => r.once(element, &mut header.subject, Self::plain_value),
        })?;
        Ok(header)
    }

    fn recipient(&mut self, element: &'static str) -> Result<Recipient, At> {
        let [kind] = self.attributes(element, ["tipo"]);
        let kind = kind.as_deref().map_or_else(|| RecipientKind::Certified.into(), |text| Written::read(trim(text)));
        if kind.value().is_none() {
            self.depart(CertdataDeparture::UnknownValue { what: "destinatari tipo", value: clip(kind.text()) });
        }
        let text = self.value(element)?;
        Ok(Recipient { address: self.address(element, &text), kind })
    }

    fn data(&mut self, element: &'static str) -> Result<Data<'a>, At> {
        const ORDER: [&str; 8] =
            ["gestore-emittente", "data", "identificativo", "msgid", "ricevuta", "consegna", "ricezione", "errore-esteso"];
        let mut data = Data::default();
        self.plain(element);
        self.children(element, &ORDER, |r, element| match element {
            "gestore-emittente" => r.once(element, &mut data.provider, Self::plain_value),
            "data" => r.once(element, &mut data.when, Self::time),
            "identificativo" => r.once(element, &mut data.id, Self::plain_value),
            "msgid" => r.once(element, &mut data.message_id, Self::plain_value),
            "ricevuta" => r.once(element, &mut data.receipt, Self::receipt),
            "consegna" => r.once(element, &mut data.recipient, Self::plain_value),
            "ricezione" => {
                r.room_after(data.received_for.len())?;
                let text = r.plain_value(element)?;
                let address = r.address(element, &text);
                data.received_for.push(address);
                Ok(())
            }
            _ => r.once(element, &mut data.extended_error, Self::plain_value),
        })?;
        Ok(data)
    }

    fn time(&mut self, element: &'static str) -> Result<Timestamp, At> {
        let start = self.tokens.offset();
        let [zone] = self.attributes(element, ["zona"]);
        let zone = self.required(zone, "zona")?;
        let (mut day, mut time) = (None, None);
        self.children(element, &["giorno", "ora"], |r, element| match element {
            "giorno" => r.once(element, &mut day, Self::plain_value),
            _ => r.once(element, &mut time, Self::plain_value),
        })?;
        let day = self.required(day, "giorno")?;
        let time = self.required(time, "ora")?;
        match Timestamp::from_certdata(&day, &time, trim(&zone)) {
            Ok((when, form)) => {
                if form == ZoneForm::Colon {
                    self.depart(CertdataDeparture::ZoneWithColon);
                }
                Ok(when)
            }
            Err(error) => Err(At { kind: CertdataErrorKind::Time { error }, offset: start }),
        }
    }

    /// `ricevuta` is empty: its attribute says everything.
    fn receipt(&mut self, element: &'static str) -> Result<Cow<'a, str>, At> {
        let [kind] = self.attributes(element, ["tipo"]);
        if !self.value(element)?.is_empty() {
            self.depart(CertdataDeparture::StrayText { element });
        }
        Ok(trimmed(kind.unwrap_or_default()))
    }

    // -- elements and attributes --

    /// Reads what an element holds up to its end tag: known children go to `child`, in any order; others are left out whole.
    fn children(
        &mut self,
        parent: &'static str,
        order: &[&'static str],
        mut child: impl FnMut(&mut Self, &'static str) -> Result<(), At>,
    ) -> Result<(), At> {
        let mut latest = 0;
        let mut stray = false;
        loop {
            match self.tokens.next()? {
                Token::Start(name) => {
                    let known = order.iter().zip(0..).find(|(known, _)| **known == name);
                    match known.filter(|_| !self.tokens.namespaced()) {
                        Some((&element, rank)) => {
                            if rank < latest {
                                self.depart(CertdataDeparture::Order { element });
                            }
                            latest = rank;
                            child(self, element)?;
                        }
                        None => {
                            self.depart(CertdataDeparture::UnknownElement { name: clip(name), parent });
                            self.skip()?;
                        }
                    }
                }
                Token::Text(text) => stray |= !is_white_space(text),
                Token::Char(c) => stray |= !matches!(c, ' ' | '\t' | '\r' | '\n'),
                Token::End | Token::Eof => break,
            }
        }
        if stray {
            self.depart(CertdataDeparture::StrayText { element: parent });
        }
        Ok(())
    }

    /// Reads an element that may stand once.
    fn once<T>(
        &mut self,
        element: &'static str,
        slot: &mut Option<T>,
        read: impl FnOnce(&mut Self, &'static str) -> Result<T, At>,
    ) -> Result<(), At> {
        if slot.is_some() {
            return self.fail(CertdataErrorKind::Duplicate { element });
        }
        *slot = Some(read(self, element)?);
        Ok(())
    }

    /// Reads past the end tag of the element just begun, whatever is in it.
    fn skip(&mut self) -> Result<(), At> {
        let outside = self.tokens.depth().saturating_sub(1);
        while self.tokens.depth() > outside {
            self.tokens.next()?;
        }
        Ok(())
    }

    /// The character data of an element without attributes.
    fn plain_value(&mut self, element: &'static str) -> Result<Cow<'a, str>, At> {
        self.plain(element);
        self.value(element)
    }

    /// The whole character data of an element, without the white space around it.
    fn value(&mut self, element: &'static str) -> Result<Cow<'a, str>, At> {
        let mut value = Cow::Borrowed("");
        loop {
            match self.tokens.next()? {
                Token::Text(text) if value.is_empty() => value = with_line_feeds(text),
                Token::Text(text) => value.to_mut().push_str(&with_line_feeds(text)),
                Token::Char(c) => {
                    // The rest will follow: `&lt;` begins every message identifier.
                    let text = value.to_mut();
                    text.reserve(64);
                    text.push(c);
                }
                Token::Start(_) => return self.fail(CertdataErrorKind::ChildInValue { element }),
                Token::End | Token::Eof => return Ok(trimmed(value)),
            }
        }
    }

    /// An element that has no attributes of its own.
    fn plain(&mut self, element: &'static str) {
        let [] = self.attributes(element, []);
    }

    /// Sorts the attributes of the tag just begun into the ones wanted; the others are departures.
    fn attributes<const N: usize>(&mut self, element: &'static str, wanted: [&str; N]) -> [Option<Cow<'a, str>>; N] {
        let mut found = [const { None }; N];
        let mut attributes = self.tokens.attributes();
        for Attribute { name, value } in attributes.drain(..) {
            if let Some((_, slot)) = wanted.iter().zip(&mut found).find(|(w, _)| **w == name) {
                *slot = Some(value);
            } else if name == "xmlns" || name.starts_with("xmlns:") {
                self.depart(CertdataDeparture::Namespace { element });
            } else {
                self.depart(CertdataDeparture::UnknownAttribute { name: clip(name), element });
            }
        }
        self.tokens.recycle(attributes);
        found
    }

    // -- values --

    fn address(&mut self, element: &'static str, text: &str) -> Written<crate::address::Address> {
        let address = Written::read(text);
        if address.value().is_none() {
            self.depart(CertdataDeparture::NoAddress { element, value: clip(text) });
        }
        address
    }

    fn identifier<T: core::str::FromStr>(&mut self, element: &'static str, text: &str) -> Written<T> {
        let id = Written::read(text);
        if id.value().is_none() {
            self.depart(CertdataDeparture::NoIdentifier { element, value: clip(text) });
        }
        id
    }

    fn empty<T: core::str::FromStr>(&mut self, element: &'static str) -> Written<T> {
        self.depart(CertdataDeparture::Empty { element });
        Written::read("")
    }

    /// Whether a list of so many recipients may have one more.
    fn room_after(&self, recipients: usize) -> Result<(), At> {
        if recipients >= self.max_recipients {
            return self.fail(CertdataErrorKind::TooManyRecipients { limit: self.max_recipients });
        }
        Ok(())
    }

    fn required<T>(&self, value: Option<T>, element: &'static str) -> Result<T, At> {
        match value {
            Some(value) => Ok(value),
            None => self.fail(CertdataErrorKind::Missing { element }),
        }
    }

    fn depart(&mut self, departure: CertdataDeparture) {
        match self.departures.len() {
            0..DEPARTURES => self.departures.push(departure),
            DEPARTURES => self.departures.push(CertdataDeparture::More { limit: DEPARTURES }),
            _ => {}
        }
    }

    fn fail<T>(&self, kind: CertdataErrorKind) -> Result<T, At> {
        Err(At { kind, offset: self.tokens.offset() })
    }
}

fn trimmed(value: Cow<'_, str>) -> Cow<'_, str> {
    match value {
        Cow::Borrowed(s) => Cow::Borrowed(trim(s)),
        Cow::Owned(s) if trim(&s).len() == s.len() => Cow::Owned(s),
        Cow::Owned(s) => Cow::Owned(trim(&s).to_owned()),
    }
}

fn boxed(value: Cow<'_, str>) -> Box<str> {
    value.into()
}
