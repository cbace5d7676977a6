//! What a report says to people, in both languages, to the letter.

use postacert::{Directory, FindingKind, Language, Message, Report, UnixTime, VerificationTime, Verifier};

use crate::fixtures::{at, read, verifier};

/// The report in both languages, with what changes each time the fixtures are made replaced by its name.
fn said(report: &Report<'_>) -> [String; 2] {
    let data = report.verified().map(|v| v.value().data()).or_else(|| report.unverified_content().map(|c| c.data())).flatten();
    Language::ALL.map(|language| {
        let mut text = report.in_language(language).to_string();
        if let Some(data) = data {
            let when = data.when().to_certdata();
            let (year_first, day_first) = (data.when().to_string(), &when.day);
            let english = format!("{} at {} ({})", &year_first[..10], when.time, when.zone);
            let italian = format!("{day_first} alle {} ({})", when.time, when.zone);
            text = text.replace(&english, "WHEN").replace(&italian, "WHEN").replace(data.id().text(), "ID");
        }
        let at = report.instant().map(|at| at.to_string()).unwrap_or_default();
        if at.is_empty() { text } else { text.replace(&at, "AT") }
    })
}

fn judged(name: &str, verifier: &Verifier, time: VerificationTime) -> [String; 2] {
    let raw = read(name);
    let message = Message::parse(&raw).unwrap();
    let report = verifier.verify(&message, time);
    assert_eq!(report.to_string(), report.in_language(Language::English).to_string());
    said(&report)
}

fn directory_alone() -> Verifier {
    let directory = Directory::from_ldif(&read("directory/directory.ldif")).unwrap();
    Verifier::builder().directory(directory).build().unwrap()
}

#[test]
fn a_delivery_receipt_that_passed() {
    let [english, italian] = judged("valid/avvenuta-consegna-completa.eml", &verifier(), at());
    assert_eq!(
        english,
        "verification passed: a certified PEC message\n\
         delivery receipt (complete): Servizi Postali Due S.r.l. attests that it delivered, on WHEN, the message of \
         mario.rossi@pec.gestoreuno.example to protocollo@cert.duepostale.example\n\
         subject: Trasmissione del verbale di collaudo\n\
         identifier: ID; Message-ID of the original <TX4Q$A81F22B0C47D4E2A9B7E1B3C95D0F118@pec.gestoreuno.example>\n\
         message inside: 839 bytes; attested is that they were carried, not that what they say is true\n\
         signed by CN=Posta Certificata,O=Servizi Postali Due S.r.l.,C=IT; certificate issued by \
         CN=AgID CA1,O=Agenzia per l'Italia Digitale,C=IT, valid from 2020-01-01T00:00:00Z to 2049-12-31T00:00:00Z\n\
         listed as Servizi Postali Due S.r.l. in a directory of providers whose date is not known\n\
         judged at AT, when, as the caller says, the message existed; policy: default"
    );
    assert_eq!(
        italian,
        "verifica superata: un messaggio PEC certificato\n\
         ricevuta di avvenuta consegna (completa): Servizi Postali Due S.r.l. attesta di aver consegnato, il WHEN, il messaggio di \
         mario.rossi@pec.gestoreuno.example a protocollo@cert.duepostale.example\n\
         oggetto: Trasmissione del verbale di collaudo\n\
         identificativo: ID; Message-ID dell'originale <TX4Q$A81F22B0C47D4E2A9B7E1B3C95D0F118@pec.gestoreuno.example>\n\
         messaggio contenuto: 839 byte; è attestato il loro trasporto, non che dicano il vero\n\
         firmato da CN=Posta Certificata,O=Servizi Postali Due S.r.l.,C=IT; certificato emesso da \
         CN=AgID CA1,O=Agenzia per l'Italia Digitale,C=IT, valido dal 2020-01-01T00:00:00Z al 2049-12-31T00:00:00Z\n\
         elencato come Servizi Postali Due S.r.l. in un indice dei gestori di cui non è nota la data\n\
         giudicato al AT, quando, a detta di chi verifica, il messaggio esisteva; criterio: predefinito"
    );
}

#[test]
fn a_receipt_whose_certificate_has_expired_proves_nothing_and_says_what_is_open() {
    let later: UnixTime = "2050-12-01T12:00:00Z".parse().unwrap();
    let [english, italian] = judged("valid/accettazione.eml", &directory_alone(), VerificationTime::now(later));
    assert_eq!(
        english,
        "verification indeterminate: if the open questions were answered well, a certified PEC message\n\
         unverified: it claims to be a PEC message (acceptance receipt), but nothing that it says is proven\n\
         open question (time): the certificate of CN=Posta Certificata,O=Gestore Uno PEC S.p.A.,C=IT expired on 2049-12-31T00:00:00Z and no \
         trusted time shows the signature to be older\n\
         signed by CN=Posta Certificata,O=Gestore Uno PEC S.p.A.,C=IT; certificate issued by \
         CN=AgID CA1,O=Agenzia per l'Italia Digitale,C=IT, valid from 2020-01-01T00:00:00Z to 2049-12-31T00:00:00Z\n\
         listed as Gestore Uno PEC S.p.A. in a directory of providers whose date is not known\n\
         judged at AT, the present, by the caller's clock; policy: default\n\
         not checked (chain): no trust anchors were given; only the directory says whose certificate this is\n\
         not checked (revocation): no revocation list at hand tells; that a certificate was revoked would not have been noticed"
    );
    assert_eq!(
        italian,
        "verifica indeterminata: se le questioni aperte avessero risposta favorevole, un messaggio PEC certificato\n\
         non verificato: si presenta come messaggio PEC (ricevuta di accettazione), ma nulla di ciò che dice è provato\n\
         questione aperta (tempo): il certificato di CN=Posta Certificata,O=Gestore Uno PEC S.p.A.,C=IT è scaduto il 2049-12-31T00:00:00Z e \
         nessuna data certa mostra che la firma è anteriore\n\
         firmato da CN=Posta Certificata,O=Gestore Uno PEC S.p.A.,C=IT; certificato emesso da \
         CN=AgID CA1,O=Agenzia per l'Italia Digitale,C=IT, valido dal 2020-01-01T00:00:00Z al 2049-12-31T00:00:00Z\n\
         elencato come Gestore Uno PEC S.p.A. in un indice dei gestori di cui non è nota la data\n\
         giudicato al AT, il presente, secondo l'orologio di chi verifica; criterio: predefinito\n\
         non controllato (catena): nessuna autorità fidata è stata indicata; di chi sia il certificato lo dice solo l'indice dei gestori\n\
         non controllato (revoca): nessun elenco delle revoche disponibile lo dice; l'eventuale revoca di un certificato non sarebbe \
         stata notata"
    );
}

#[test]
fn a_receipt_with_two_signers_leaves_nothing_to_look_at() {
    let [english, italian] = judged("hostile/cms-due-firmatari.eml", &verifier(), at());
    let (_, offset) = english.split_once("(offset ").unwrap();
    let (offset, _) = offset.split_once(')').unwrap();
    assert_eq!(
        english,
        format!(
            "verification failed: ordinary mail, which nothing certifies\n\
             unverified: it claims to be a PEC message (acceptance receipt), but nothing that it says is proven\n\
             problem (signature): the signature could not be read: there is more than one signer (offset {offset}) (part 2)\n\
             judged at AT, when, as the caller says, the message existed; policy: default\n\
             not checked (chain, time, revocation, authority): there was nothing left to look at"
        )
    );
    assert_eq!(
        italian,
        format!(
            "verifica non superata: posta ordinaria, che nulla certifica\n\
             non verificato: si presenta come messaggio PEC (ricevuta di accettazione), ma nulla di ciò che dice è provato\n\
             problema (firma): la firma non è leggibile: c'è più di un firmatario (posizione {offset}) (parte 2)\n\
             giudicato al AT, quando, a detta di chi verifica, il messaggio esisteva; criterio: predefinito\n\
             non controllato (catena, tempo, revoca, competenza): non restava nulla da controllare"
        )
    );
}

#[test]
fn an_anomaly_envelope_attests_next_to_nothing() {
    let [english, italian] = judged("valid/anomalia-ordinaria.eml", &verifier(), at());
    let head = |text: &str| text.lines().take(3).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        head(&english),
        [
            "verification passed: an anomaly envelope: a PEC provider wrapped mail that is not valid PEC, and certifies nothing of it",
            "anomaly envelope: Servizi Postali Due S.r.l. attests that it received the message inside, and neither who wrote it nor when",
            "message inside: 372 bytes, as they were received",
        ]
    );
    assert_eq!(
        head(&italian),
        [
            "verifica superata: una busta di anomalia: un gestore PEC ha imbustato posta che non è PEC valida, senza certificarne nulla",
            "busta di anomalia: Servizi Postali Due S.r.l. attesta di aver ricevuto il messaggio contenuto, non chi l'ha scritto né quando",
            "messaggio contenuto: 372 byte, come sono stati ricevuti",
        ]
    );
}

#[test]
fn ordinary_mail_is_said_to_be_just_that() {
    let message = Message::parse(b"From: a@b.example\r\nSubject: ACCETTAZIONE\r\n\r\nCiao\r\n").unwrap();
    let report = verifier().verify(&message, VerificationTime::certification());
    assert_eq!(
        report.in_language(Language::Italian).to_string(),
        "verifica non superata: posta ordinaria, che nulla certifica\n\
         non verificato: nulla di ciò che questo messaggio dice è provato\n\
         problema (struttura): questo non è un messaggio PEC: il messaggio stesso non è multipart/signed\n\
         non controllato (firma, catena, tempo, revoca, competenza, contenuto): non restava nulla da controllare"
    );
    let error = report.into_verified().unwrap_err();
    assert_eq!(
        error.in_language(Language::Italian).to_string(),
        "la verifica non è superata: questo non è un messaggio PEC: il messaggio stesso non è multipart/signed"
    );
}

#[test]
fn data_that_cannot_be_read_contradict_no_header() {
    for (name, contradicts) in
        [("hostile/daticert-senza-zona.eml", false), ("hostile/daticert-manca.eml", false), ("hostile/anomalia-finta.eml", true)]
    {
        let raw = read(name);
        let report_of = Message::parse(&raw).unwrap();
        let report = verifier().verify(&report_of, at());
        assert_eq!(report.findings().iter().any(|f| f.code() == "claim-mismatch"), contradicts, "{name}: {report}");
    }
}

#[test]
fn no_text_of_the_input_begins_a_line_of_its_own() {
    let subject = "\nSubject: ";
    let forged = "\nSubject: =?utf-8?q?x=0Averification_passed:_a_certified_PEC_message=1B[2J=E2=80=AE?=\nX-Old-Subject: ";
    let text = String::from_utf8(read("valid/accettazione.eml")).unwrap().replacen(subject, forged, 1);
    let message = Message::parse(text.as_bytes()).unwrap();
    let report = verifier().verify(&message, at());
    let mismatch = report.findings().iter().find(|f| f.code() == "claim-mismatch").unwrap_or_else(|| panic!("{report}"));
    assert!(mismatch.to_string().starts_with("Subject says \"x\u{fffd}verification passed: a certified PEC message\u{fffd}[2J\u{fffd}\""));
    assert_eq!(report.to_string().matches("verification passed").count(), 2);
    assert_eq!(report.to_string().lines().filter(|line| line.starts_with("verification")).count(), 1);
}

#[test]
fn sentences_say_the_values_inside_them_in_their_own_language() {
    let error = Directory::from_ldif(b"\x30\x82").unwrap_err();
    assert!(error.in_language(Language::Italian).to_string().starts_with("questo non è un file LDIF"), "{error}");

    let missing = FindingKind::FromNotSigner { from: None, signer: "a@b.example".into() };
    assert_eq!(missing.to_string(), "the From address (none) is not the signer's (a@b.example)");
    assert_eq!(missing.in_language(Language::Italian).to_string(), "l'indirizzo From (nessuno) non è del firmatario (a@b.example)");

    let error = postacert::Certificate::from_der(b"\x30\x05").unwrap_err();
    assert_eq!(error.to_string(), "the certificate is malformed: the value goes on beyond the end of the data (byte 0)");
    assert_eq!(
        error.in_language(Language::Italian).to_string(),
        "elemento malformato (certificato): il valore continua oltre la fine dei dati (byte 0)"
    );
}
