//! The readable texts, whole, as a reader sees them (RFC 6109 §3, §4.3.1).

use postacert::mime::Entity;
use postacert::{Message, Recipient, RecipientKind, TakenInCharge, Transaction};

use crate::support::composed::{Facts, PROVIDER, address, compose, compose_html, every_kind, id, original, proves, to, transaction, when};

const SUBJECT: &str = "Però <b>\u{20ac}</b> & \"'[U+20AC]";

/// Every text but for its last line, the identifier, which all have but that of the anomaly envelope.
const TEXTS: [(&str, &str); 14] = [
    (
        "accettazione",
        "Ricevuta di accettazione\r\n\
         \r\n\
         Il giorno 22/11/2026 alle ore 03:52:07 (+0100) il messaggio\r\n\
         \"Però <b>[U+20AC]</b> & \"'[U+20AC]\" proveniente da \"anna@pec.gestoreuno.example\"\r\n\
         ed indirizzato a:\r\n\
         bruno@pec.gestoreuno.example (\"posta certificata\")\r\n\
         carla@pec.studio.gestoreuno.example (\"posta certificata\")\r\n\
         dario@mail.example (\"posta ordinaria\")\r\n\
         è stato accettato dal sistema ed inoltrato.\r\n",
    ),
    (
        "non-accettazione",
        "Errore nell'accettazione del messaggio\r\n\
         \r\n\
         Il giorno 22/11/2026 alle ore 03:52:07 (+0100) nel messaggio\r\n\
         \"Però <b>[U+20AC]</b> & \"'[U+20AC]\" proveniente da \"anna@pec.gestoreuno.example\"\r\n\
         ed indirizzato a:\r\n\
         bruno@pec.gestoreuno.example\r\n\
         carla@pec.studio.gestoreuno.example\r\n\
         dario@mail.example\r\n\
         è stato rilevato un problema che ne impedisce l'accettazione\r\n\
         a causa di 5.7.1 - G - \"To\" <manca> & basta.\r\n\
         Il messaggio non è stato accettato.\r\n",
    ),
    (
        "non-accettazione-virus",
        "Errore nell'accettazione del messaggio per presenza di virus\r\n\
         \r\n\
         Il giorno 22/11/2026 alle ore 03:52:07 (+0100) nel messaggio\r\n\
         \"Però <b>[U+20AC]</b> & \"'[U+20AC]\" proveniente da \"anna@pec.gestoreuno.example\"\r\n\
         ed indirizzato a:\r\n\
         bruno@pec.gestoreuno.example\r\n\
         carla@pec.studio.gestoreuno.example\r\n\
         dario@mail.example\r\n\
         è stato rilevato un problema di sicurezza 5.5.1 - G - [W32/Prova.A].\r\n\
         Il messaggio non è stato accettato.\r\n",
    ),
    (
        "posta-certificata-completa",
        "Messaggio di posta certificata\r\n\
         \r\n\
         Il giorno 22/11/2026 alle ore 03:52:07 (+0100) il messaggio\r\n\
         \"Però <b>[U+20AC]</b> & \"'[U+20AC]\" è stato inviato da \"anna@pec.gestoreuno.example\"\r\n\
         indirizzato a:\r\n\
         bruno@pec.gestoreuno.example\r\n\
         carla@pec.studio.gestoreuno.example\r\n\
         dario@mail.example\r\n\
         Il messaggio originale è incluso in allegato.\r\n",
    ),
    (
        "presa-in-carico",
        "Ricevuta di presa in carico\r\n\
         \r\n\
         Il giorno 22/11/2026 alle ore 03:52:07 (+0100) il messaggio\r\n\
         \"Però <b>[U+20AC]</b> & \"'[U+20AC]\" proveniente da \"anna@pec.gestoreuno.example\"\r\n\
         ed indirizzato a:\r\n\
         bruno@pec.gestoreuno.example\r\n\
         carla@pec.studio.gestoreuno.example\r\n\
         è stato accettato dal sistema.\r\n",
    ),
    (
        "rilevazione-virus",
        "Avviso di rilevazione virus informatico\r\n\
         \r\n\
         Il giorno 22/11/2026 alle ore 03:52:07 (+0100) nel messaggio\r\n\
         \"Però <b>[U+20AC]</b> & \"'[U+20AC]\" proveniente da \"anna@pec.gestoreuno.example\"\r\n\
         e destinato all'utente \"bruno@pec.gestoreuno.example\"\r\n\
         è stato rilevato un problema di sicurezza 5.5.1 - G - [W32/Prova.A].\r\n",
    ),
    (
        "avvenuta-consegna-completa",
        "Ricevuta di avvenuta consegna\r\n\
         \r\n\
         Il giorno 22/11/2026 alle ore 03:52:07 (+0100) il messaggio\r\n\
         \"Però <b>[U+20AC]</b> & \"'[U+20AC]\" proveniente da \"anna@pec.gestoreuno.example\"\r\n\
         ed indirizzato a \"bruno@pec.gestoreuno.example\"\r\n\
         è stato consegnato nella casella di destinazione.\r\n",
    ),
    (
        "avvenuta-consegna-breve",
        "Ricevuta breve di avvenuta consegna\r\n\
         \r\n\
         Il giorno 22/11/2026 alle ore 03:52:07 (+0100) il messaggio\r\n\
         \"Però <b>[U+20AC]</b> & \"'[U+20AC]\" proveniente da \"anna@pec.gestoreuno.example\"\r\n\
         ed indirizzato a \"bruno@pec.gestoreuno.example\"\r\n\
         è stato consegnato nella casella di destinazione.\r\n",
    ),
    (
        "avvenuta-consegna-sintetica",
        "Ricevuta sintetica di avvenuta consegna\r\n\
         \r\n\
         Il giorno 22/11/2026 alle ore 03:52:07 (+0100) il messaggio\r\n\
         \"Però <b>[U+20AC]</b> & \"'[U+20AC]\" proveniente da \"anna@pec.gestoreuno.example\"\r\n\
         ed indirizzato a \"bruno@pec.gestoreuno.example\"\r\n\
         è stato consegnato nella casella di destinazione.\r\n",
    ),
    (
        "errore-consegna-no-dest",
        "Avviso di mancata consegna\r\n\
         \r\n\
         Il giorno 22/11/2026 alle ore 03:52:07 (+0100) nel messaggio\r\n\
         \"Però <b>[U+20AC]</b> & \"'[U+20AC]\" proveniente da \"anna@pec.gestoreuno.example\"\r\n\
         e destinato all'utente \"bruno@pec.gestoreuno.example\"\r\n\
         è stato rilevato un errore 5.1.1 - G - indirizzo non valido.\r\n\
         Il messaggio è stato rifiutato dal sistema.\r\n",
    ),
    (
        "errore-consegna-virus",
        "Avviso di mancata consegna per virus informatico\r\n\
         \r\n\
         Il giorno 22/11/2026 alle ore 03:52:07 (+0100) nel messaggio\r\n\
         \"Però <b>[U+20AC]</b> & \"'[U+20AC]\"\r\n\
         destinato all'utente \"bruno@pec.gestoreuno.example\"\r\n\
         è stato rilevato un problema di sicurezza 5.5.1 - G - [W32/Prova.A].\r\n\
         Il messaggio non è stato consegnato.\r\n",
    ),
    (
        "preavviso-12h",
        "Avviso di mancata consegna\r\n\
         \r\n\
         Il giorno 22/11/2026 alle ore 03:52:07 (+0100) il messaggio\r\n\
         \"Però <b>[U+20AC]</b> & \"'[U+20AC]\" proveniente da \"anna@pec.gestoreuno.example\"\r\n\
         e destinato all'utente \"bruno@pec.gestoreuno.example\"\r\n\
         non è stato consegnato nelle prime dodici ore dal suo invio.\r\n\
         Non escludendo che questo possa avvenire in seguito, si ritiene utile\r\n\
         considerare che l'invio potrebbe non andare a buon fine. Il sistema provvederà\r\n\
         comunque ad inviare un ulteriore avviso di mancata consegna se nelle prossime\r\n\
         dodici ore non vi sarà la conferma della ricezione da parte del destinatario.\r\n",
    ),
    (
        "preavviso-24h",
        "Avviso di mancata consegna\r\n\
         \r\n\
         Il giorno 22/11/2026 alle ore 03:52:07 (+0100) il messaggio\r\n\
         \"Però <b>[U+20AC]</b> & \"'[U+20AC]\" proveniente da \"anna@pec.gestoreuno.example\"\r\n\
         e destinato all'utente \"bruno@pec.gestoreuno.example\"\r\n\
         non è stato consegnato nelle ventiquattro ore successive al suo invio.\r\n\
         Si ritiene che la spedizione debba considerarsi non andata a buon fine.\r\n",
    ),
    (
        "anomalia",
        "Anomalia nel messaggio\r\n\
         \r\n\
         Il giorno 22/11/2026 alle ore 03:52:07 (+0100) è stato ricevuto\r\n\
         il messaggio \"Però <b>[U+20AC]</b> & \"'[U+20AC]\" proveniente da \"qualcuno@mail.example\"\r\n\
         ed indirizzato a:\r\n\
         bruno@pec.gestoreuno.example\r\n\
         Tali dati non sono stati certificati per il seguente errore:\r\n\
         firma \"<assente>\"\r\n\
         Il messaggio originale è incluso in allegato.\r\n",
    ),
];

/// The whole text that a message of this name has.
fn whole(name: &str) -> Option<String> {
    let (_, text) = TEXTS.iter().find(|(of, _)| *of == name)?;
    let last = if name == "anomalia" { String::new() } else { format!("Identificativo messaggio: {}\r\n", id()) };
    Some(format!("{text}{last}"))
}

/// ISO-8859-1, in which all of these texts can be written.
fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(c).unwrap()).collect()
}

/// The bytes of the text parts with their types: text/plain, and text/html if it is there.
fn parts(raw: &[u8]) -> Vec<(String, Vec<u8>)> {
    let message = Message::parse(raw).unwrap();
    let first = message.root().children().next().unwrap().children().next().unwrap();
    let texts: Vec<_> = if first.content_type().is_kind("multipart") { first.children().collect() } else { vec![first] };
    let part = |text: &Entity<'_, '_>| {
        let media = text.content_type();
        (format!("{media}; charset={}", media.parameter("charset").unwrap_or_default()), text.decode().bytes().to_vec())
    };
    texts.iter().map(part).collect()
}

#[test]
fn s3_every_text_is_the_italian_one_to_the_byte() {
    let mut seen = 0;
    for (name, facts) in every_kind(&transaction(SUBJECT)) {
        let Some(wanted) = whole(name) else { continue };
        for raw in [compose(&facts, &original(SUBJECT)), compose_html(&facts, &original(SUBJECT))] {
            let (media, text) = parts(&raw).swap_remove(0);
            assert_eq!(media, "text/plain; charset=iso-8859-1", "{name}");
            assert_eq!(text, latin1(&wanted), "{name}: {}", String::from_utf8_lossy(&text));
        }
        seen += 1;
    }
    assert_eq!(seen, TEXTS.len());
}

/// What HTML shows, a line for each that a `<br>` or a title ends, without blank ones. The references that are met in these texts are undone; a
/// character that ISO-8859-1 does not have is written as the plain text writes it.
fn shown(html: &str) -> Vec<String> {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        text += before;
        let (tag, behind) = after.split_once('>').expect("a tag ends");
        assert!(
            ["html", "head", "title", "body", "h3", "hr", "br", "/html", "/head", "/title", "/body", "/h3"].contains(&tag),
            "<{tag}> is active, or refers to something"
        );
        text += if matches!(tag, "br" | "/h3" | "/title") { "\n" } else { "" };
        rest = behind;
    }
    text += rest;
    let text = text.replace("\r\n", "");
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('&') {
        out += before;
        let (reference, behind) = after.split_once(';').expect("a reference ends");
        match reference.strip_prefix('#') {
            Some(number) => match number.parse().unwrap() {
                c @ 0..=0xff => out.push(char::from_u32(c).unwrap()),
                c => out += &format!("[U+{c:04X}]"),
            },
            None => out += [("amp", "&"), ("lt", "<"), ("gt", ">"), ("quot", "\"")].iter().find(|(name, _)| *name == reference).unwrap().1,
        }
        rest = behind;
    }
    out += rest;
    out.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
}

#[test]
fn s4_3_1_the_html_says_the_same_as_the_text_and_refers_to_nothing() {
    let mut seen = 0;
    for (name, facts) in every_kind(&transaction(SUBJECT)) {
        let Some(wanted) = whole(name) else { continue };
        let parts = parts(&compose_html(&facts, &original(SUBJECT)));
        let types: Vec<&str> = parts.iter().map(|(media, _)| media.as_str()).collect();
        assert_eq!(types, ["text/plain; charset=iso-8859-1", "text/html; charset=iso-8859-1"], "{name}");
        let html: String = parts[1].1.iter().map(|byte| char::from(*byte)).collect();
        let lines = shown(&html);
        let mut wanted: Vec<&str> = wanted.lines().filter(|line| !line.is_empty()).collect();
        // As the title of the page, and above its text.
        wanted.insert(0, wanted[0]);
        assert_eq!(lines, wanted, "{name}: {html}");
        seen += 1;
    }
    assert_eq!(seen, TEXTS.len());
}

#[test]
fn s3_2_1_a_taking_in_charge_tells_those_taken_in_charge_and_certifies_all() {
    let elena = address("elena@cert.duepostale.example");
    let recipients = [to(), elena.clone()].map(|to| Recipient::new(to, RecipientKind::Certified)).to_vec();
    let t = Transaction::new(address("anna@pec.gestoreuno.example"), recipients, PROVIDER, when(), id()).unwrap();
    let facts = Facts::Notification(TakenInCharge::new(t, vec![to()]).unwrap().into());
    for raw in [compose(&facts, b""), compose_html(&facts, b"")] {
        proves(&raw, &facts);
        let message = Message::parse(&raw).unwrap();
        let data = message.unverified_content().unwrap().data().unwrap().clone();
        assert_eq!(data.recipients().len(), 2);
        assert_eq!(data.received_for().len(), 1);
        for (media, text) in parts(&raw) {
            let text = String::from_utf8_lossy(&text);
            assert!(text.contains(to().as_str()) && !text.contains(elena.as_str()), "{media}: {text}");
        }
    }
}
