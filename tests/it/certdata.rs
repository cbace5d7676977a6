//! Tests of certification data: what is read, what is refused, what is a departure.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use postacert::{
    CertdataDeparture as Departure, CertdataErrorKind as Kind, CertificationData, ExtendedError, Fault, Limits, PecKind, ReceiptKind,
    RecipientKind, TimeError, TimeField, XmlEncoding,
};
use proptest::prelude::*;

const DELIVERY: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<postacert tipo="avvenuta-consegna" errore="nessuno">
    <intestazione>
        <mittente>mario.rossi@pec.example</mittente>
        <destinatari tipo="certificato">b@cert.example</destinatari>
        <destinatari tipo="esterno">a@mail.example</destinatari>
        <destinatari tipo="certificato">b@cert.example</destinatari>
        <risposte>mario.rossi@pec.example</risposte>
        <oggetto>Richiesta: &lt;perché&gt; &amp; come</oggetto>
    </intestazione>
    <dati>
        <gestore-emittente>Gestore Due S.r.l.</gestore-emittente>
        <data zona="+0200">
            <giorno>25/05/2025</giorno>
            <ora>10:10:18</ora>
        </data>
        <identificativo>opec2941.20250525101010.12345.678.1.52@pec.example</identificativo>
        <msgid>&lt;SN05IE$951DEC16@pec.example&gt;</msgid>
        <ricevuta tipo="completa"/>
        <consegna>b@cert.example</consegna>
    </dati>
</postacert>
"#;

fn parse(xml: &str) -> (CertificationData, Vec<Departure>) {
    CertificationData::parse(xml.as_bytes()).unwrap_or_else(|e| panic!("{e} in {xml}"))
}

fn departures(xml: &str) -> Vec<Departure> {
    parse(xml).1
}

fn refusal(xml: &str) -> Kind {
    match CertificationData::parse(xml.as_bytes()) {
        Ok((data, _)) => panic!("read {data:?} from {xml}"),
        Err(e) => e.kind().clone(),
    }
}

/// The delivery receipt with something replaced, which must be there.
fn with(old: &str, new: &str) -> String {
    assert!(DELIVERY.contains(old), "{old}");
    DELIVERY.replacen(old, new, 1)
}

/// The delivery receipt with something inserted before an element.
fn before(tag: &str, new: &str) -> String {
    with(tag, &format!("{new}{tag}"))
}

#[test]
fn every_element_is_read_and_written_again() {
    let (data, departures) = parse(DELIVERY);
    assert_eq!(departures, []);
    assert_eq!(data.kind(), PecKind::Delivery);
    assert_eq!(data.fault().value(), Some(&Fault::None));
    assert_eq!(data.sender().value(), Some(&"mario.rossi@pec.example".parse().unwrap()));
    let recipients: Vec<_> = data.recipients().iter().map(|r| (r.address().text(), *r.kind().value().unwrap())).collect();
    let (certified, external) = (RecipientKind::Certified, RecipientKind::External);
    assert_eq!(recipients, [("b@cert.example", certified), ("a@mail.example", external), ("b@cert.example", certified)]);
    assert_eq!(data.reply_to(), Some("mario.rossi@pec.example"));
    assert_eq!(data.subject(), Some("Richiesta: <perché> & come"));
    assert_eq!(data.provider(), Some("Gestore Due S.r.l."));
    assert_eq!(data.when().to_string(), "2025-05-25T10:10:18+02:00");
    assert_eq!(data.id().text(), "opec2941.20250525101010.12345.678.1.52@pec.example");
    let message_id = data.message_id().unwrap();
    assert_eq!((message_id.text(), message_id.value().unwrap().as_str()), ("<SN05IE$951DEC16@pec.example>", "SN05IE$951DEC16@pec.example"));
    assert_eq!(data.receipt().unwrap().value(), Some(&ReceiptKind::Complete));
    assert_eq!(data.recipient().unwrap().text(), "b@cert.example");
    assert_eq!((data.received_for(), data.extended_error()), (&[][..], None));
    assert_eq!(data.to_xml(), DELIVERY);
}

#[test]
fn what_may_be_absent_is() {
    let xml = "<postacert tipo='presa-in-carico'><intestazione><mittente>a@b</mittente><destinatari>c@d</destinatari><risposte/></intestazione>\
               <dati><gestore-emittente>G</gestore-emittente><data zona='-0330'><giorno>01/01/2025</giorno><ora>23:59:60</ora></data>\
               <identificativo>&lt;x@y&gt;</identificativo><ricezione>c@d</ricezione><ricezione>c@d</ricezione>\
               <errore-esteso>5.1.1 - G - no</errore-esteso></dati></postacert>";
    let (data, departures) = parse(xml);
    assert_eq!(departures, []);
    assert_eq!((data.fault().text(), data.fault().value()), ("nessuno", Some(&Fault::None)));
    assert_eq!(data.recipients()[0].kind().text(), "certificato");
    assert_eq!((data.reply_to(), data.subject(), data.message_id(), data.receipt()), (Some(""), None, None, None));
    assert_eq!((data.id().text(), data.id().value().unwrap().as_str()), ("<x@y>", "x@y"));
    assert_eq!(data.received_for().len(), 2);
    assert_eq!(data.when().to_string(), "2025-01-01T23:59:60-03:30");
    assert_eq!(parse(&data.to_xml()).0, data);
}

#[test]
fn r30_the_encoding_is_what_mark_or_declaration_say() {
    let latin1 = |s: &str| s.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect::<Vec<u8>>();
    let expected = parse(DELIVERY).0;
    let read = |xml: &[u8]| {
        let (data, departures) = CertificationData::parse(xml).unwrap();
        assert_eq!(data, expected);
        (XmlEncoding::of(xml).unwrap(), departures)
    };
    let declared = |name: &str| DELIVERY.replace("UTF-8", name);
    let utf16 = |s: &str, order: fn(u16) -> [u8; 2]| s.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    let of = |encoding| Departure::Encoding { encoding };

    assert_eq!(read(DELIVERY.as_bytes()), (XmlEncoding::Utf8, vec![]));
    assert_eq!(read(declared("utf-8").as_bytes()), (XmlEncoding::Utf8, vec![]));
    assert_eq!(read(format!("\u{feff}{DELIVERY}").as_bytes()), (XmlEncoding::Utf8, vec![]));
    assert_eq!(read(DELIVERY.strip_prefix(r#"<?xml version="1.0" encoding="UTF-8"?>"#).unwrap().as_bytes()).1, []);
    assert_eq!(read(&latin1(&declared("ISO-8859-1"))), (XmlEncoding::Iso8859_1, vec![of(XmlEncoding::Iso8859_1)]));
    assert_eq!(read(&latin1(&declared("Windows-1252"))), (XmlEncoding::Windows1252, vec![of(XmlEncoding::Windows1252)]));
    let big = utf16(&format!("\u{feff}{}", declared("UTF-16")), u16::to_be_bytes);
    assert_eq!(read(&big), (XmlEncoding::Utf16Be, vec![of(XmlEncoding::Utf16Be)]));
    let little = utf16(&format!("\u{feff}{}", declared("utf-16")), u16::to_le_bytes);
    assert_eq!(read(&little).0, XmlEncoding::Utf16Le);
    assert_eq!(read(&utf16(&declared("UTF-16LE"), u16::to_le_bytes)).1, [of(XmlEncoding::Utf16Le)]);

    // a byte order mark outweighs the declaration
    let contradiction = |declared: &str, found| Departure::EncodingContradiction { declared: declared.into(), found };
    let (_, found) = read(format!("\u{feff}{}", declared("ISO-8859-1")).as_bytes());
    assert_eq!(found, [contradiction("ISO-8859-1", XmlEncoding::Utf8)]);
    let (_, found) = read(&utf16(&format!("\u{feff}{DELIVERY}"), u16::to_le_bytes));
    assert_eq!(found, [of(XmlEncoding::Utf16Le), contradiction("UTF-8", XmlEncoding::Utf16Le)]);

    let euro = [with("perché", "\u{80}").replace("UTF-8", "windows-1252")].map(|s| latin1(&s));
    assert_eq!(CertificationData::parse(&euro[0]).unwrap().0.subject(), Some("Richiesta: <€> & come"));
}

#[test]
fn r30_bytes_that_are_not_of_their_encoding_are_refused() {
    let kind = |xml: &[u8]| CertificationData::parse(xml).unwrap_err().kind().clone();
    let invalid = |encoding| Kind::InvalidEncoding { encoding };
    let spoiled = |name: &str, bytes: &[u8]| {
        let xml = DELIVERY.replace("UTF-8", name).replace("perché", "@");
        let at = xml.find("@&gt;").unwrap();
        [&xml.as_bytes()[..at], bytes, &xml.as_bytes()[at + 1..]].concat()
    };
    assert_eq!(kind(&spoiled("UTF-8", b"\xe9")), invalid(XmlEncoding::Utf8));
    assert_eq!(kind(&spoiled("UTF-8", b"\xed\xa0\x80")), invalid(XmlEncoding::Utf8));
    assert_eq!(kind(&spoiled("US-ASCII", "é".as_bytes())), invalid(XmlEncoding::Ascii));
    assert_eq!(kind(&spoiled("windows-1252", b"\x81")), invalid(XmlEncoding::Windows1252));
    assert_eq!(kind(b"\xff\xfe<\0p\0o"), invalid(XmlEncoding::Utf16Le));
    assert_eq!(kind(b"\xfe\xff\0<\xd8\x00\0p"), invalid(XmlEncoding::Utf16Be));
    let unsupported = |name: &str| Kind::UnsupportedEncoding { name: name.into() };
    assert_eq!(kind(&spoiled("EBCDIC-CP-IT", b"e")), unsupported("EBCDIC-CP-IT"));
    assert_eq!(kind(&spoiled("UTF-16", b"e")), unsupported("UTF-16"));
    assert_eq!(kind(b"\xff\xfe\0\0<\0\0\0"), unsupported("UTF-32"));
}

#[test]
fn r30_what_is_not_well_formed_is_refused() {
    let root = |s: &str| format!("{s}{}", DELIVERY.split_once("?>\n").unwrap().1);
    let undefined = |name: &str| Kind::UndefinedEntity { name: name.into() };
    let duplicate = |name: &str| Kind::DuplicateAttribute { name: name.into() };
    for (xml, kind) in [
        (String::new(), Kind::NoRoot),
        ("  <!-- nothing -->".into(), Kind::NoRoot),
        ("postacert".into(), Kind::OutsideRoot),
        // characters
        (with("perché", "\0"), Kind::Character),
        (with("perché", "\u{b}"), Kind::Character),
        (with("perché", "\u{ffff}"), Kind::Character),
        (with("tipo=\"esterno\"", "tipo=\"\u{1}\""), Kind::Character),
        (before("<dati>", "<!--\u{1}-->"), Kind::Character),
        (before("<dati>", "<?x \u{fffe}?>"), Kind::Character),
        // the document as a whole
        (DELIVERY.trim_end().strip_suffix('>').unwrap().into(), Kind::Truncated),
        (with("</postacert>", ""), Kind::Truncated),
        (with("</oggetto>", ""), Kind::EndTag),
        (format!("{DELIVERY}<postacert/>"), Kind::OutsideRoot),
        (format!("{DELIVERY}x"), Kind::OutsideRoot),
        (format!("{DELIVERY}\u{a0}"), Kind::OutsideRoot),
        (format!("{DELIVERY}&#32;"), Kind::OutsideRoot),
        (format!("{DELIVERY}<![CDATA[ ]]>"), Kind::OutsideRoot),
        (format!("{DELIVERY}</postacert>"), Kind::EndTag),
        (format!("{DELIVERY}<!-- "), Kind::Truncated),
        (format!("\u{feff}\u{feff}{DELIVERY}"), Kind::OutsideRoot),
        (root("x"), Kind::OutsideRoot),
        // the declaration
        (format!(" {DELIVERY}"), Kind::Declaration),
        (format!("<!-- -->{DELIVERY}"), Kind::Declaration),
        (root("<?xml version='1.1'?>"), Kind::Declaration),
        (root("<?xml encoding='UTF-8'?>"), Kind::Declaration),
        (root("<?xml version='1.0' encoding='UTF-8' standalone='maybe'?>"), Kind::Declaration),
        (root("<?xml version='1.0' encoding='-8'?>"), Kind::Declaration),
        (root("<?xml version='1.0' version='1.0'?>"), Kind::Declaration),
        (root("<?xml version='1.0' standalone='no' encoding='UTF-8'?>"), Kind::Declaration),
        (root("<?xml version='1.0'encoding='UTF-8'?>"), Kind::Declaration),
        (root("<?xml ?>"), Kind::Declaration),
        (root("<?xml?>"), Kind::Declaration),
        (root("<?XML version='1.0'?>"), Kind::ProcessingInstruction),
        // markup
        (before("<dati>", "<?xml x?>"), Kind::Declaration),
        (before("<dati>", "<?Xml?>"), Kind::ProcessingInstruction),
        (before("<dati>", "<? x?>"), Kind::ProcessingInstruction),
        (before("<dati>", "<!-- a -- b -->"), Kind::Comment),
        (before("<dati>", "<!-- a --->"), Kind::Comment),
        (before("<dati>", "<!-->"), Kind::Truncated),
        (before("<dati>", "<!x>"), Kind::Markup),
        (before("<dati>", "<![cdata[x]]>"), Kind::Markup),
        (before("<dati>", "< a/>"), Kind::Name),
        (before("<dati>", "<>"), Kind::Name),
        (before("<dati>", "<1/>"), Kind::Name),
        (before("<dati>", "<a$/>"), Kind::Attribute),
        (before("<dati>", "<a/ >"), Kind::Attribute),
        (before("<dati>", "</ a>"), Kind::EndTag),
        (with("</dati>", "</dati x='1'>"), Kind::EndTag),
        (before("perché", "]]>"), Kind::CdataEnd),
        (before("perché", "<"), Kind::Attribute),
        // attributes
        (with(" errore=\"nessuno\"", " errore"), Kind::Attribute),
        (with(" errore=\"nessuno\"", " errore=nessuno"), Kind::Attribute),
        (with(" errore=\"nessuno\"", "errore=\"nessuno\""), Kind::Attribute),
        (with(" errore=\"nessuno\"", " errore=\"<\""), Kind::Attribute),
        (with(" errore=\"nessuno\"", " errore=\"&\""), Kind::Reference),
        (with(" errore=\"nessuno\"", " errore=\"&no;\""), undefined("no")),
        (with(" errore=\"nessuno\"", " tipo=\"avvenuta-consegna\""), duplicate("tipo")),
        (before("<dati>", "<x a='1' b='2' a='1'/>"), duplicate("a")),
        (before("<dati>", "<x a='1' 1='2'/>"), Kind::Attribute),
        // references
        (before("perché", "&"), Kind::Reference),
        (before("perché", "&amp "), Kind::Reference),
        (before("perché", "&;"), Kind::Reference),
        (before("perché", "& amp;"), Kind::Reference),
        (before("perché", "&nbsp;"), undefined("nbsp")),
        (before("perché", "&AMP;"), undefined("AMP")),
        (before("perché", "&#0;"), Kind::Reference),
        (before("perché", "&#x1;"), Kind::Reference),
        (before("perché", "&#xD800;"), Kind::Reference),
        (before("perché", "&#xFFFE;"), Kind::Reference),
        (before("perché", "&#X41;"), Kind::Reference),
        (before("perché", "&#+65;"), Kind::Reference),
        (before("perché", "&#;"), Kind::Reference),
        (before("perché", "&#x;"), Kind::Reference),
        (before("perché", "&#99999999999999999999;"), Kind::Reference),
    ] {
        assert_eq!(refusal(&xml), kind, "{xml}");
    }
}

#[test]
fn r30_no_entity_but_the_five_and_nothing_is_fetched() {
    let doctype = |d: &str| with("<postacert", &format!("{d}<postacert"));
    let lawful = [
        "<!DOCTYPE postacert>",
        "<!DOCTYPE postacert PUBLIC \"posta certificata\" \"https://pec.example/postacert.dtd\">\n<?xml-stylesheet type=\"text/xsl\" href=\"x\"?>",
        "<!DOCTYPE postacert SYSTEM 'file:///etc/passwd' >",
        "<!DOCTYPE\tpostacert SYSTEM \"a>b\">",
    ];
    for d in lawful {
        assert_eq!(departures(&doctype(d)), [Departure::Doctype], "{d}");
    }
    for (d, kind) in [
        ("<!DOCTYPE postacert []>", Kind::InternalSubset),
        ("<!DOCTYPE postacert [<!ENTITY a 'b'>]>", Kind::InternalSubset),
        ("<!DOCTYPE postacert[<!ENTITY a SYSTEM 'file:///etc/passwd'>]>", Kind::InternalSubset),
        ("<!DOCTYPE postacert SYSTEM 'x' [<!ENTITY a 'b'>]>", Kind::InternalSubset),
        ("<!DOCTYPE postacert><!DOCTYPE postacert>", Kind::Doctype),
        ("<!doctype postacert>", Kind::Doctype),
        ("<!DOCTYPEpostacert>", Kind::Doctype),
        ("<!DOCTYPE>", Kind::Doctype),
        ("<!DOCTYPE postacert PUBLIC 'x'>", Kind::Doctype),
        ("<!DOCTYPE postacert PUBLIC '{}' 'x'>", Kind::Doctype),
        ("<!DOCTYPE postacert SYSTEM x>", Kind::Doctype),
        ("<!DOCTYPE postacert SYSTEM 'x' y>", Kind::Doctype),
        ("<!DOCTYPE postacert system 'x'>", Kind::Doctype),
    ] {
        assert_eq!(refusal(&doctype(d)), kind, "{d}");
    }
    assert_eq!(refusal(&before("<dati>", "<!DOCTYPE postacert>")), Kind::Doctype);
    assert_eq!(refusal(&format!("{DELIVERY}<!DOCTYPE postacert>")), Kind::Doctype);
    let (data, _) = parse(&with("perché", "&lt;&gt;&amp;&apos;&quot;&#101;&#x1F4E7;&#13;"));
    assert_eq!(data.subject(), Some("Richiesta: <<>&'\"e📧\r> & come"));
}

#[test]
fn r30_the_root_is_postacert_without_namespace() {
    let root =
        |s: &str| DELIVERY.replace("<postacert", &format!("<{s}")).replace("</postacert", &format!("</{}", s.split(' ').next().unwrap()));
    assert_eq!(refusal(&root("p:postacert xmlns:p=\"urn:x\"")), Kind::NamespacedRoot);
    assert_eq!(refusal(&root("p:postacert")), Kind::NamespacedRoot);
    assert_eq!(refusal(&root("postacert xmlns=\"urn:x\"")), Kind::NamespacedRoot);
    assert_eq!(refusal(&root("Postacert")), Kind::UnknownRoot { name: "Postacert".into() });
    assert_eq!(departures(&root("postacert xmlns=\"\"")), [Departure::Namespace { element: "postacert" }]);
    assert_eq!(departures(&root("postacert xmlns:x=\"urn:x\"")), [Departure::Namespace { element: "postacert" }]);
    // an element that is in a namespace is another element
    let unknown = |name: &str, parent| Departure::UnknownElement { name: name.into(), parent };
    assert_eq!(departures(&with("<oggetto>", "<oggetto xmlns='urn:x'>")), [unknown("oggetto", "intestazione")]);
    assert_eq!(parse(&with("<oggetto>", "<oggetto xmlns='urn:x'>")).0.subject(), None);
    assert_eq!(refusal(&with("<mittente>", "<mittente xmlns='urn:x'>")), Kind::Missing { element: "mittente" });
    assert_eq!(departures(&with("<mittente>", "<mittente xmlns:y='urn:x'>")), [Departure::Namespace { element: "mittente" }]);
}

#[test]
fn r30_a_value_is_its_whole_character_data_trimmed() {
    for (inside, subject) in [
        (" \r\n\t Richiesta \n", "Richiesta"),
        ("Rich<!-- c -->ie<?pi x?>sta", "Richiesta"),
        ("<![CDATA[Rich]]>ie<![CDATA[sta]]>", "Richiesta"),
        ("<![CDATA[ <b> & ]]]]><![CDATA[> ]]>", "<b> & ]]>"),
        ("&#32;Richiesta&#9;", "Richiesta"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("\u{a0}Richiesta\u{3000}", "\u{a0}Richiesta\u{3000}"),
        ("", ""),
        ("<![CDATA[]]>", ""),
    ] {
        let (data, departures) = parse(&with("Richiesta: &lt;perché&gt; &amp; come", inside));
        assert_eq!((data.subject(), departures), (Some(subject), vec![]), "{inside}");
    }
    let (data, _) = parse(&with("mario.rossi@pec.example</mittente>", "\n  mario.<!---->rossi@<![CDATA[pec]]>.example\n</mittente>"));
    assert_eq!(data.sender().value().map(|a| a.as_str()), Some("mario.rossi@pec.example"));
    let (data, _) = parse(&with("tipo=\"esterno\"", "tipo='\n est&#x65;rno '"));
    assert_eq!(data.recipients()[1].kind().value(), Some(&RecipientKind::External));
}

#[test]
fn r30_a_single_element_twice_is_fatal() {
    for (element, xml) in [
        ("intestazione", before("<dati>", "<intestazione/>")),
        ("dati", before("</postacert>", "<dati/>")),
        ("mittente", before("<risposte>", "<mittente>x@y</mittente>")),
        ("risposte", before("<oggetto>", "<risposte/>")),
        ("oggetto", before("<oggetto>", "<oggetto/>")),
        ("gestore-emittente", before("<data ", "<gestore-emittente/>")),
        ("data", before("<data ", "<data zona='+0200'><giorno>25/05/2025</giorno><ora>10:10:18</ora></data>")),
        ("giorno", before("<ora>", "<giorno>25/05/2025</giorno>")),
        ("ora", before("<ora>", "<ora>10:10:18</ora>")),
        ("identificativo", before("<msgid>", "<identificativo/>")),
        ("msgid", before("<msgid>", "<msgid/>")),
        ("ricevuta", before("<ricevuta ", "<ricevuta tipo='breve'></ricevuta>")),
        ("consegna", before("<consegna>", "<consegna/>")),
        ("errore-esteso", before("</dati>", "<errore-esteso/><errore-esteso/>")),
    ] {
        assert_eq!(refusal(&xml), Kind::Duplicate { element }, "{xml}");
    }
}

#[test]
fn r30_an_element_inside_a_value_is_fatal() {
    for element in
        ["mittente", "destinatari", "risposte", "oggetto", "gestore-emittente", "giorno", "ora", "identificativo", "msgid", "consegna"]
    {
        assert_eq!(refusal(&before(&format!("</{element}>"), "<b/>")), Kind::ChildInValue { element });
    }
    assert_eq!(
        refusal(&with("<ricevuta tipo=\"completa\"/>", "<ricevuta tipo='completa'><b/></ricevuta>")),
        Kind::ChildInValue { element: "ricevuta" }
    );
}

#[test]
fn r30_unknown_elements_are_left_out_whole() {
    let decoy = "<extra><identificativo>decoy</identificativo><b><consegna>decoy@x</consegna></b></extra>";
    let unknown = |name: &str, parent| Departure::UnknownElement { name: name.into(), parent };
    let (data, departures) = parse(&before("<identificativo>", decoy));
    assert_eq!(departures, [unknown("extra", "dati")]);
    assert_eq!(data, parse(DELIVERY).0);
    // the right name in the wrong place is unknown there
    let (data, departures) = parse(&before("<intestazione>", "<identificativo>decoy</identificativo>"));
    assert_eq!((data, departures), (parse(DELIVERY).0, vec![unknown("identificativo", "postacert")]));
    let (data, departures) = parse(&before("<giorno>", "<p:giorno>01/01/1970</p:giorno><x/>"));
    assert_eq!((data, departures), (parse(DELIVERY).0, vec![unknown("p:giorno", "data"), unknown("x", "data")]));
}

#[test]
fn r30_stray_text_order_and_attributes_are_departures() {
    let stray = |element| Departure::StrayText { element };
    assert_eq!(departures(&before("<oggetto>", "xx<!-- -->yy")), [stray("intestazione")]);
    assert_eq!(departures(&before("<dati>", "&amp;")), [stray("postacert")]);
    assert_eq!(departures(&before("<ora>", "<![CDATA[x]]>")), [stray("data")]);
    assert_eq!(departures(&before("<ora>", "&#32;")), []);
    assert_eq!(departures(&with("<ricevuta tipo=\"completa\"/>", "<ricevuta tipo='completa'>x</ricevuta>")), [stray("ricevuta")]);
    let order = |element| Departure::Order { element };
    let swapped = DELIVERY.replace("<consegna>b@cert.example</consegna>", "");
    assert_eq!(departures(&swapped.replace("<msgid>", "<consegna>b@cert.example</consegna><msgid>")), [order("msgid")]);
    assert_eq!(departures(&before("</intestazione>", "<destinatari>c@d</destinatari>")), [order("destinatari")]);
    assert_eq!(
        departures(&with("<mittente>", "<mittente lingua='it'>")),
        [Departure::UnknownAttribute { name: "lingua".into(), element: "mittente" }]
    );
    let two = departures(&with("<postacert", "<postacert versione='1' xml:lang='it'"));
    assert_eq!(two.len(), 2);
}

#[test]
fn r30_addresses_and_identifiers_out_of_form_are_kept_as_written() {
    let no = |element, value: &str| Departure::NoAddress { element, value: value.into() };
    let (data, departures) = parse(&with("mario.rossi@pec.example</mittente>", "Màrio &lt;m@pec.example&gt;</mittente>"));
    assert_eq!((data.sender().text(), data.sender().value()), ("Màrio <m@pec.example>", None));
    assert_eq!(departures, [no("mittente", "Màrio <m@pec.example>")]);
    assert_eq!(self::departures(&with("a@mail.example", "")), [no("destinatari", "")]);
    assert_eq!(self::departures(&with("<consegna>b@cert.example", "<consegna>nobody")), [no("consegna", "nobody")]);
    assert_eq!(self::departures(&before("</dati>", "<ricezione>x</ricezione>")), [no("ricezione", "x")]);
    let no = |element, value: &str| Departure::NoIdentifier { element, value: value.into() };
    assert_eq!(self::departures(&with("SN05IE$", "SN05 IE$")), [no("msgid", "<SN05 IE$951DEC16@pec.example>")]);
    assert_eq!(self::departures(&with("<identificativo>", "<identificativo>à")).len(), 1);
}

#[test]
fn r26_an_impossible_time_makes_the_data_unusable() {
    let time = |e| Kind::Time { error: e };
    assert_eq!(refusal(&with("25/05/2025", "31/02/2025")), time(TimeError::OutOfRange { field: TimeField::Day }));
    assert_eq!(refusal(&with("25/05/2025", "25/05/10000")), time(TimeError::Malformed { field: TimeField::Year }));
    assert_eq!(refusal(&with("25/05/2025", "２５/05/2025")), time(TimeError::Malformed { field: TimeField::Day }));
    assert_eq!(refusal(&with("10:10:18", "24:00:00")), time(TimeError::OutOfRange { field: TimeField::Hour }));
    assert_eq!(refusal(&with("+0200", "CEST")), time(TimeError::Malformed { field: TimeField::Zone }));
    assert_eq!(departures(&with("+0200", "+02:00")), [Departure::ZoneWithColon]);
    assert_eq!(departures(&with("10:10:18", "10:10:60")), []);
}

#[test]
fn r34_what_nothing_can_replace_is_fatal() {
    let without = |element: &str| {
        let (start, end) = (format!("<{element}>"), format!("</{element}>"));
        let (a, b) = (DELIVERY.find(&start).unwrap(), DELIVERY.rfind(&end).unwrap() + end.len());
        format!("{}{}", &DELIVERY[..a], &DELIVERY[b..])
    };
    for element in ["mittente", "intestazione", "dati", "giorno", "ora", "identificativo", "consegna"] {
        assert_eq!(refusal(&without(element)), Kind::Missing { element });
    }
    let whole_time = "<data zona=\"+0200\">\n            <giorno>25/05/2025</giorno>\n            <ora>10:10:18</ora>\n        </data>";
    assert_eq!(refusal(&with(whole_time, "")), Kind::Missing { element: "data" });
    assert_eq!(refusal(&with(" zona=\"+0200\"", "")), Kind::Missing { element: "zona" });
    assert_eq!(refusal(&with(" tipo=\"avvenuta-consegna\"", "")), Kind::Missing { element: "tipo" });
    let no_recipients = DELIVERY.replace("<destinatari", "<x").replace("</destinatari", "</x");
    assert_eq!(refusal(&no_recipients), Kind::Missing { element: "destinatari" });
    assert_eq!(refusal(&with("avvenuta-consegna", "raccomandata")), Kind::UnknownKind { value: "raccomandata".into() });
    assert_eq!(refusal(&with("avvenuta-consegna", "Avvenuta-Consegna")), Kind::UnknownKind { value: "Avvenuta-Consegna".into() });
    // only a delivery must name its recipient
    assert_eq!(departures(&without("consegna").replace("avvenuta-consegna", "errore-consegna")), []);
}

#[test]
fn r34_what_can_be_missed_is_a_departure() {
    let missing = |element| Departure::Missing { element };
    let empty = |element| Departure::Empty { element };
    let unknown = |what, value: &str| Departure::UnknownValue { what, value: value.into() };
    assert_eq!(departures(&with("<risposte>mario.rossi@pec.example</risposte>", "")), [missing("risposte")]);
    assert_eq!(departures(&with("<gestore-emittente>Gestore Due S.r.l.</gestore-emittente>", "")), [missing("gestore-emittente")]);
    assert_eq!(departures(&with("mario.rossi@pec.example</mittente>", " </mittente>")), [empty("mittente")]);
    assert_eq!(departures(&with("opec2941.20250525101010.12345.678.1.52@pec.example", "")), [empty("identificativo")]);
    assert_eq!(departures(&with("errore=\"nessuno\"", "errore=\"boh\"")), [unknown("errore", "boh")]);
    assert_eq!(departures(&with("tipo=\"esterno\"", "tipo=\"boh\"")), [unknown("destinatari tipo", "boh")]);
    assert_eq!(departures(&with("tipo=\"completa\"", "tipo=\"boh\"")), [unknown("ricevuta tipo", "boh")]);
    assert_eq!(departures(&with(" tipo=\"completa\"", "")), [unknown("ricevuta tipo", "")]);
    let (data, _) = parse(&with("tipo=\"esterno\"", "tipo=\"boh\""));
    assert_eq!((data.recipients()[1].kind().text(), data.recipients()[1].kind().value()), ("boh", None));
}

#[test]
fn limits_hold_at_n_and_not_beyond() {
    let limits = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        limits
    };
    let parse = |xml: &str, limits: &Limits| CertificationData::parse_with(xml.as_bytes(), limits).map_err(|e| e.kind().clone());

    let mut exact = Limits::default();
    exact.certdata_bytes = DELIVERY.len();
    assert!(parse(DELIVERY, &exact).is_ok());
    exact.certdata_bytes -= 1;
    assert_eq!(parse(DELIVERY, &exact), Err(Kind::TooLarge { limit: DELIVERY.len() - 1 }));

    let nested = |n: usize| before("</postacert>", &format!("{}{}", "<x>".repeat(n - 1), "</x>".repeat(n - 1)));
    assert!(parse(&nested(8), &Limits::default()).is_ok());
    assert_eq!(parse(&nested(9), &Limits::default()), Err(Kind::TooDeep { limit: 8 }));
    assert!(parse(&before("</postacert>", "<x><x><x><x><x><x><x/></x></x></x></x></x></x>"), &Limits::default()).is_ok());
    assert!(parse(DELIVERY, &limits(|l| l.certdata_depth = 4)).is_ok());
    assert_eq!(parse(DELIVERY, &limits(|l| l.certdata_depth = 3)), Err(Kind::TooDeep { limit: 3 }));

    let attributes = |n: usize| {
        let all = (0..n).fold(String::new(), |mut s, i| {
            let _ = write!(s, " a{i}=''");
            s
        });
        before("</postacert>", &format!("<x{all}/>"))
    };
    assert!(parse(&attributes(8), &Limits::default()).is_ok());
    assert_eq!(parse(&attributes(9), &Limits::default()), Err(Kind::TooManyAttributes { limit: 8 }));
    assert_eq!(parse(&attributes(60_000), &Limits::default()), Err(Kind::TooManyAttributes { limit: 8 }));

    let recipients = |to: usize, received: usize| {
        let xml = before("<risposte>", &"<destinatari>a@b</destinatari>".repeat(to - 3));
        xml.replace("</dati>", &format!("{}</dati>", "<ricezione>a@b</ricezione>".repeat(received)))
    };
    assert!(parse(&recipients(10_000, 0), &Limits::default()).is_ok());
    assert!(parse(&recipients(10_000, 10_000), &Limits::default()).is_ok());
    assert_eq!(parse(&recipients(10_001, 0), &Limits::default()), Err(Kind::TooManyRecipients { limit: 10_000 }));
    assert_eq!(parse(&recipients(3, 10_001), &Limits::default()), Err(Kind::TooManyRecipients { limit: 10_000 }));
}

#[test]
fn the_list_of_departures_is_bounded() {
    let unknown = |n: usize| departures(&before("</dati>", &"<x/>".repeat(n)));
    assert_eq!((unknown(64).len(), unknown(64).last().map(Departure::code)), (64, Some("daticert-unknown-element")));
    assert_eq!((unknown(65).len(), unknown(65).last()), (65, Some(&Departure::More { limit: 64 })));
    assert_eq!(unknown(100_000).len(), 65);
    let long = format!("<{}/>", "x".repeat(100_000));
    let Departure::UnknownElement { name, .. } = &departures(&before("</dati>", &long))[0] else { panic!() };
    assert!(name.len() < 200);
}

#[test]
fn errors_say_what_and_where() {
    let e = CertificationData::parse(with("25/05/2025", "31/02/2025").as_bytes()).unwrap_err();
    assert_eq!(e.to_string(), "data cannot be read: the day of the time is out of range (line 13, offset 591)");
    assert_eq!((e.code(), e.line(), e.offset()), ("daticert-time", 13, 591));
    assert!(DELIVERY[591..].starts_with("<data "));
    let e = CertificationData::parse(with("</oggetto>", "</x>").as_bytes()).unwrap_err();
    assert_eq!((e.line(), &with("</oggetto>", "</x>")[e.offset()..][..4]), (9, "</x>"));
    let e = CertificationData::parse(with("perché", "&nbsp;").as_bytes()).unwrap_err();
    assert_eq!(e.to_string(), "the entity nbsp is not defined (line 9, offset 453)");
    let codes: Vec<_> = Kind::TABLE.iter().chain(Departure::TABLE).map(|row| row.code).collect();
    let unique: std::collections::HashSet<_> = codes.iter().collect();
    assert_eq!(unique.len(), codes.len());
}

#[test]
fn extended_errors_are_taken_apart_where_they_can_be() {
    for (raw, code, provider, text) in [
        ("5.1.1 - ARUBA PEC S.p.A. - indirizzo non valido", "5.1.1", Some("ARUBA PEC S.p.A."), Some("indirizzo non valido")),
        (
            "5.5.1, Aruba Pec S.p.A., presenza di un virus nel messaggio",
            "5.5.1",
            Some("Aruba Pec S.p.A."),
            Some("presenza di un virus nel messaggio"),
        ),
        ("5.4.1 - scaduto - G - fine", "5.4.1", Some("scaduto"), Some("G - fine")),
        ("4.123.456 tempo scaduto", "4.123.456", None, Some("tempo scaduto")),
        ("5.2.2 - casella piena", "5.2.2", None, Some("casella piena")),
        ("5.2.2", "5.2.2", None, None),
        ("5.2.2 -  -", "5.2.2", None, Some("-")),
    ] {
        let e: ExtendedError = raw.parse().unwrap();
        assert_eq!(e.code().map(|c| c.to_string()).as_deref(), Some(code), "{raw}");
        assert_eq!((e.provider(), e.text(), e.raw()), (provider, text, raw));
    }
    for raw in ["", "[W32/Prova.A]", "5.1", "5.1.1.1 x", "51.1.1", "5..1", "5.1.1234", "superato il tempo massimo di 12 ore", "٥.1.1"] {
        let e: ExtendedError = raw.parse().unwrap();
        assert_eq!((e.code(), e.provider(), e.text(), e.raw()), (None, None, None, raw));
    }
    assert_eq!(
        "a\0".parse::<ExtendedError>().unwrap_err().to_string(),
        "the text has a character at offset 1 that no XML document may hold"
    );
}

/// Documents spoiled at random, always the same ones.
fn mutants(count: usize) -> Vec<String> {
    const PIECES: [&str; 46] = [
        "<",
        ">",
        "&",
        ";",
        "/",
        "!",
        "?",
        "\"",
        "'",
        "=",
        " ",
        "-",
        ":",
        "]]>",
        "<!--",
        "-->",
        "--",
        "<!-- c -->",
        "<?x",
        "?>",
        "<?x y?>",
        "<?xml ?>",
        "<![CDATA[",
        "<![CDATA[x]]>",
        "&amp;",
        "&#0;",
        "&#65;",
        "&x;",
        " a='1'",
        " a=\"1\" a=\"2\"",
        "\0",
        "\u{1}",
        "\u{fffe}",
        "\u{feff}",
        "è",
        "\u{7f}",
        "<a/>",
        "</a>",
        "<a>",
        "<a></a>",
        "<a b='>'/>",
        " xmlns:x='urn:x'",
        "<!DOCTYPE postacert>",
        "<!DOCTYPE postacert SYSTEM 'x'>",
        "\r",
        "\t",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64; // xorshift64
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let base: Vec<char> = with("<dati>", "<!-- dati --><?pi x?><dati>").replace("come<", "<![CDATA[come]]><").chars().collect();
    let mut out = Vec::new();
    while out.len() < count {
        let mut doc = base.clone();
        for _ in 0..=next(3) {
            let at = next(doc.len());
            match next(4) {
                0 => drop(doc.remove(at)),
                1 => {
                    let end = (at + next(40)).min(doc.len());
                    let slice: Vec<char> = doc[at..end].to_vec();
                    let to = next(doc.len());
                    doc.splice(to..to, slice);
                }
                _ => {
                    // half of the time near markup, where it hurts
                    let at = if next(2) == 0 { doc[at..].iter().position(|c| "<>&\"".contains(*c)).map_or(at, |i| at + i) } else { at };
                    doc.splice(at..at, PIECES[next(PIECES.len())].chars());
                }
            }
        }
        out.push(doc.into_iter().collect());
    }
    out
}

#[test]
fn r30_we_take_nothing_that_another_parser_calls_not_well_formed() {
    let (mut taken, mut looser) = (Vec::new(), 0);
    for xml in mutants(6_000) {
        let Ok((data, _)) = CertificationData::parse(xml.as_bytes()) else { continue };
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        // roxmltree takes a byte order mark away, too
        match roxmltree::Document::parse_with_options(&xml, options) {
            Ok(theirs) => {
                // ... and what both read is the same
                let root = theirs.root_element();
                let value = |parent: &str, name: &str| {
                    let parent = root.children().find(|n| n.has_tag_name(parent)).unwrap();
                    let found = parent.children().find(|n| n.has_tag_name(name) && n.tag_name().namespace().is_none());
                    found.map(|n| n.children().filter_map(|c| if c.is_text() { c.text() } else { None }).collect::<String>())
                };
                // a carriage return right before a reference stays one in roxmltree, against XML 1.0 §2.11
                let trim = |s: Option<String>| s.map(|s| s.replace('\r', "\n").trim_matches([' ', '\t', '\n']).to_owned());
                assert_eq!(trim(value("intestazione", "mittente")).as_deref(), Some(data.sender().text()), "{xml}");
                assert_eq!(trim(value("intestazione", "oggetto")).as_deref(), data.subject(), "{xml}");
                assert_eq!(trim(value("dati", "identificativo")).as_deref(), Some(data.id().text()), "{xml}");
                assert_eq!(trim(value("dati", "consegna")).as_deref(), data.recipient().map(|r| r.text()), "{xml}");
                taken.push(xml);
            }
            // Namespaces in XML 1.0 is another recommendation: prefixes without a declaration are well-formed XML.
            Err(
                roxmltree::Error::UnknownNamespace(..)
                | roxmltree::Error::DuplicatedNamespace(..)
                | roxmltree::Error::InvalidElementNamePrefix(..),
            ) => looser += 1,
            // A name that ends in a colon, or has two, is none for roxmltree; `Name` of XML 1.0 may hold any number.
            Err(roxmltree::Error::InvalidName(_) | roxmltree::Error::InvalidChar2(..)) if xml.contains(':') => looser += 1,
            Err(e) => panic!("we read what roxmltree refuses ({e}): {xml}"),
        }
    }
    assert!(taken.len() > 500 && looser < taken.len(), "taken {}, looser {looser}", taken.len());
    with_xmllint(&taken);
}

/// Holds documents that we read against libxml2, if it is here.
fn with_xmllint(documents: &[String]) {
    let folder = std::env::temp_dir().join(format!("postacert-xmllint-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (i, xml) in documents.iter().enumerate() {
        std::fs::File::create(folder.join(format!("{i:04}.xml"))).unwrap().write_all(xml.as_bytes()).unwrap();
    }
    let mut command = Command::new("xmllint");
    command.args(["--noout", "--nonet"]).args((0..documents.len()).map(|i| format!("{i:04}.xml")));
    let output = command.current_dir(&folder).stdin(Stdio::null()).output();
    std::fs::remove_dir_all(&folder).unwrap();
    match output {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(_) => eprintln!("skipped: no xmllint here"),
    }
}

prop_compose! {
    /// A text that XML can hold.
    fn text()(s in "[ -~àèé€📧\t\r\n]{0,40}|\\PC{0,20}") -> String {
        s.replace(['\u{fffe}', '\u{ffff}'], "")
    }
}

proptest! {
    #[test]
    fn bytes_never_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0..DELIVERY.len(), at in 0..DELIVERY.len()) {
        let _ = CertificationData::parse(&bytes);
        let _ = CertificationData::parse(&DELIVERY.as_bytes()[..cut]);
        let spliced = [&DELIVERY.as_bytes()[..at], &bytes, &DELIVERY.as_bytes()[at..]].concat();
        let _ = CertificationData::parse(&spliced);
    }

    #[test]
    fn markup_never_makes_it_panic(s in "([<>&;/!?\"'=\\[\\]:a# \u{feff}-]|<!--|-->|<!DOCTYPE|<!\\[CDATA\\[|\\]\\]>|<\\?xml|\\?>|&#x|<a|</a>){0,30}") {
        let _ = CertificationData::parse(s.as_bytes());
        let _ = CertificationData::parse(before("<dati>", &s).as_bytes());
    }

    #[test]
    fn what_is_written_is_read(subject in text(), provider in text(), error in text()) {
        let escape = |s: &str| s.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#13;");
        let xml = with("Richiesta: &lt;perché&gt; &amp; come", &escape(&subject)).replace("Gestore Due S.r.l.", &escape(&provider));
        let xml = xml.replace("</dati>", &format!("<errore-esteso>{}</errore-esteso></dati>", escape(&error)));
        let (data, _) = parse(&xml);
        let trim = |s: &str| s.trim_matches([' ', '\t', '\r', '\n']).to_owned();
        prop_assert_eq!(data.subject().map(str::to_owned), Some(trim(&subject)));
        prop_assert_eq!(data.provider().map(str::to_owned), Some(trim(&provider)));
        let written = data.to_xml();
        prop_assert_eq!(&parse(&written).0, &data);
        prop_assert_eq!(parse(&written).0.to_xml(), written);
    }
}

#[cfg(feature = "serde")]
#[test]
fn certification_data_are_validated_when_deserialized() {
    let (data, _) = parse(DELIVERY);
    let json = serde_json::to_value(&data).unwrap();
    assert_eq!((json["kind"].as_str(), json["recipient"].as_str()), (Some("avvenuta-consegna"), Some("b@cert.example")));
    assert_eq!(serde_json::from_value::<CertificationData>(json.clone()).unwrap(), data);
    for (field, value) in [
        ("kind", serde_json::json!("x")),
        ("subject", serde_json::json!("\u{0}")),
        ("recipients", serde_json::json!([])),
        ("recipient", serde_json::json!(null)),
        ("when", serde_json::json!("2025-02-31T10:10:10Z")),
    ] {
        let mut json = json.clone();
        json[field] = value;
        assert!(serde_json::from_value::<CertificationData>(json).is_err(), "{field}");
    }
}
