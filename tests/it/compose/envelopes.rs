//! What envelopes inherit from the message they carry, to the byte.

use postacert::{Message, ReceiptKind, Transaction, TransportEnvelope};

use crate::support::composed::{Facts, compose, every_kind, id, proves, transaction};

/// What the original says, as facts relate it.
fn facts() -> Transaction {
    transaction("Richiesta").with_reply_to("=?utf-8?B?w6A=?= <altro@mail.example>,(uno)  b@c.example").unwrap()
}

/// Fields of a name in any case, with blanks in every place of the value, folded in every way.
const RETURN_PATH: &str = "RETURN-path:<anna@pec.gestoreuno.example>\r\n";
const RECEIVED: [&str; 2] = [
    "reCeived: from b.example (b.example [192.0.2.2])  \r\n\tby  access.gestoreuno.example;\r\n   Sun, 22 Nov 2026 03:50:00 +0100 (CET)\r\n",
    "Received:from a.example\t\r\n by b.example; Sun, 22 Nov 2026 03:49:00 +0100\r\n",
];
const TO: &str = "tO:   \"Bruno \\\"B.\\\", ufficio\"  <bruno@PEC.gestoreuno.example> ,\r\n\t carla@pec.studio.gestoreuno.example\r\n";
const CC: &str = "cc:=?ISO-8859-1?q?D=E0rio?=\r\n <dario@mail.example>  \r\n";
const REPLY_TO: &str = "Reply-to:\r\n =?utf-8?B?w6A=?= <altro@mail.example>,(uno)\r\n  b@c.example\r\n";
const MESSAGE_ID: &str = "message-Id:\r\n\t<abc$1@client.example> \r\n";

/// Others stand between, whose names are like those.
fn original() -> String {
    [
        RECEIVED[0],
        "X-Received: by x.example\r\n",
        RETURN_PATH,
        "Received-SPF: pass\r\n",
        RECEIVED[1],
        "From: Anna <anna@pec.gestoreuno.example>\r\n",
        CC,
        "Apparently-To: x@y.example\r\n",
        TO,
        "X-To: To: x@y.example\r\n",
        MESSAGE_ID,
        "Sender: segreteria@pec.gestoreuno.example\r\n",
        REPLY_TO,
        "Date: Sat, 21 Nov 2026 10:00:00 +0100\r\nSubject: Richiesta\r\n\r\nReceived: not a field\r\n",
    ]
    .concat()
}

/// The names of the fields of a header, in their order.
fn names(raw: &[u8]) -> Vec<String> {
    Message::parse(raw).unwrap().root().headers().map(|field| field.name().to_ascii_lowercase()).collect()
}

/// The bytes of all fields of a name, in their order.
fn bytes(raw: &[u8], name: &str) -> Vec<String> {
    let message = Message::parse(raw).unwrap();
    message.root().fields(name).map(|field| String::from_utf8(field.raw().to_vec()).unwrap()).collect()
}

fn text(raw: &[u8], name: &str) -> String {
    let message = Message::parse(raw).unwrap();
    let mut fields = message.root().fields(name);
    let value = fields.next().unwrap_or_else(|| panic!("{name} is missing")).unfolded().into_owned();
    assert!(fields.next().is_none(), "{name} is there twice");
    value
}

#[test]
fn s2_1_1_2_every_envelope_inherits_five_fields_to_the_byte_and_in_order() {
    let original = original();
    let inherited = [RECEIVED[0], RETURN_PATH, RECEIVED[1], CC, TO, REPLY_TO].concat();
    let mut seen = 0;
    for (name, facts) in every_kind(&facts()) {
        if matches!(facts, Facts::Notification(_)) {
            continue;
        }
        let raw = compose(&facts, original.as_bytes());
        assert!(raw.starts_with(inherited.as_bytes()), "{name}: {}", String::from_utf8_lossy(&raw[..1_200]));
        for (field, wanted) in
            [("Return-Path", &[RETURN_PATH][..]), ("Received", &RECEIVED), ("To", &[TO]), ("Cc", &[CC]), ("Reply-To", &[REPLY_TO])]
        {
            assert_eq!(bytes(&raw, field), wanted, "{name}: {field}");
        }
        for none in ["X-Received", "Received-SPF", "Apparently-To", "X-To"] {
            assert!(bytes(&raw, none).is_empty(), "{name}: {none}");
        }
        proves(&raw, &facts);
        seen += 1;
    }
    assert_eq!(seen, 4);
    // What is not there is not made up.
    let raw = compose(&Facts::Anomaly, b"Subject: Richiesta\r\n\r\n");
    for none in ["Return-Path", "Received", "To", "Cc"] {
        assert!(bytes(&raw, none).is_empty(), "{none}");
    }
}

#[test]
fn s3_1_5_a_transport_envelope_inherits_five_fields_and_writes_the_others_itself() {
    let facts = Facts::Envelope(TransportEnvelope::new(facts(), ReceiptKind::Brief));
    let raw = compose(&facts, original().as_bytes());
    let own = [
        "x-trasporto",
        "date",
        "from",
        "sender",
        "message-id",
        "x-tiporicevuta",
        "subject",
        "x-riferimento-message-id",
        "mime-version",
        "content-type",
    ];
    assert_eq!(names(&raw)[..6], ["received", "return-path", "received", "cc", "to", "reply-to"]);
    assert_eq!(names(&raw)[6..], own);
    assert_eq!(text(&raw, "X-Trasporto"), "posta-certificata");
    assert_eq!(text(&raw, "Date"), "Sun, 22 Nov 2026 03:52:07 +0100");
    assert_eq!(text(&raw, "Subject"), "POSTA CERTIFICATA: Richiesta");
    for field in ["From", "Sender"] {
        assert_eq!(text(&raw, field), "\"Per conto di: anna@pec.gestoreuno.example\" <posta-certificata@pec.gestoreuno.example>");
    }
    assert_eq!(text(&raw, "Message-ID"), format!("<{}>", id()));
    assert_eq!(text(&raw, "X-Riferimento-Message-ID"), "<abc$1@client.example>");
    assert_eq!(text(&raw, "X-TipoRicevuta"), "breve");
}

#[test]
fn s3_2_2_an_anomaly_envelope_inherits_the_identifier_too_and_writes_the_others_itself() {
    let original = original();
    let raw = compose(&Facts::Anomaly, original.as_bytes());
    let own = ["x-trasporto", "date", "subject", "from", "sender", "message-id", "mime-version", "content-type"];
    assert_eq!(names(&raw)[..6], ["received", "return-path", "received", "cc", "to", "reply-to"]);
    assert_eq!(names(&raw)[6..], own);
    assert_eq!(bytes(&raw, "Message-ID"), [MESSAGE_ID]);
    assert_eq!(text(&raw, "X-Trasporto"), "errore");
    assert_eq!(text(&raw, "Date"), "Sun, 22 Nov 2026 03:52:07 +0100", "when it arrived");
    assert_eq!(text(&raw, "Subject"), "ANOMALIA MESSAGGIO: Richiesta");
    for field in ["From", "Sender"] {
        assert_eq!(text(&raw, field), "\"Per conto di: qualcuno@mail.example\" <posta-certificata@pec.gestoreuno.example>");
    }
    // The message itself is the last part, and the whole of it.
    let message = Message::parse(&raw).unwrap();
    let parts: Vec<_> = message.root().children().next().unwrap().children().collect();
    assert_eq!(parts.len(), 2);
    assert_eq!(parts[1].decode().bytes(), original.as_bytes());
    // The reverse path answers where there is nothing to inherit.
    let raw = compose(&Facts::Anomaly, original.replace(REPLY_TO, "").as_bytes());
    assert_eq!(text(&raw, "Reply-To"), "qualcuno@mail.example");
}
