//! The fixed words of texts for people, in English and Italian. A language is one table; a word that is missing does not compile.
//!
//! The sentences of findings, reasons and errors come from the library, and so do its own words: outcomes, classes, kinds, checks.

pub(crate) mod dossier;

use clap::ValueEnum;
use postacert::mbox::MboxError;
use postacert::{CertificateError, CrlError, DirectoryError, Language, ParseError, SignedDirectoryError, VerifierError};

/// `--lang`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Lang {
    #[default]
    En,
    It,
}

impl Lang {
    /// The same language, as the library calls it.
    pub(crate) fn language(self) -> Language {
        match self {
            Self::En => Language::English,
            Self::It => Language::Italian,
        }
    }

    pub(crate) fn labels(self) -> &'static Labels {
        match self {
            Self::En => &EN,
            Self::It => &IT,
        }
    }
}

/// An error with its causes; the library's are said in the language, those of the system and of clap as they come.
pub(crate) fn causes(error: &anyhow::Error, language: Language) -> String {
    let said = |cause: &(dyn std::error::Error + 'static)| {
        None.or_else(|| Some(cause.downcast_ref::<CertificateError>()?.in_language(language).to_string()))
            .or_else(|| Some(cause.downcast_ref::<CrlError>()?.in_language(language).to_string()))
            .or_else(|| Some(cause.downcast_ref::<DirectoryError>()?.in_language(language).to_string()))
            .or_else(|| Some(cause.downcast_ref::<SignedDirectoryError>()?.in_language(language).to_string()))
            .or_else(|| Some(cause.downcast_ref::<VerifierError>()?.in_language(language).to_string()))
            .or_else(|| Some(cause.downcast_ref::<ParseError>()?.in_language(language).to_string()))
            .or_else(|| Some(cause.downcast_ref::<MboxError>()?.in_language(language).to_string()))
            .unwrap_or_else(|| cause.to_string())
    };
    error.chain().map(said).collect::<Vec<_>>().join(": ")
}

/// The words of one language.
#[derive(Debug)]
pub(crate) struct Labels {
    // kinds
    pub(crate) passed: &'static str,
    pub(crate) unknown_kind: &'static str,
    // headings
    pub(crate) why: &'static str,
    pub(crate) proven: &'static str,
    pub(crate) unproven: &'static str,
    pub(crate) checks: &'static str,
    pub(crate) noticed: &'static str,
    pub(crate) signature_heading: &'static str,
    pub(crate) file: &'static str,
    pub(crate) outcome: &'static str,
    pub(crate) class: &'static str,
    pub(crate) table_details: &'static str,
    // fields of certification data
    pub(crate) kind: &'static str,
    pub(crate) receipt: &'static str,
    pub(crate) fault: &'static str,
    pub(crate) extended_error: &'static str,
    pub(crate) sender: &'static str,
    pub(crate) recipients: &'static str,
    pub(crate) delivered_to: &'static str,
    pub(crate) received_for: &'static str,
    pub(crate) reply_to: &'static str,
    pub(crate) subject: &'static str,
    pub(crate) when: &'static str,
    pub(crate) provider: &'static str,
    pub(crate) identifier: &'static str,
    pub(crate) message_id: &'static str,
    pub(crate) original: &'static str,
    pub(crate) external: &'static str,
    pub(crate) and_more: &'static str,
    pub(crate) bytes: &'static str,
    pub(crate) thousands: char,
    // the signature
    pub(crate) signer: &'static str,
    pub(crate) issuer: &'static str,
    pub(crate) listed_as: &'static str,
    pub(crate) digest: &'static str,
    pub(crate) signing_time: &'static str,
    pub(crate) judged_at: &'static str,
    pub(crate) policy: &'static str,
    pub(crate) its_own_time: &'static str,
    pub(crate) signed_by: &'static str,
    pub(crate) nothing_signed: &'static str,
    // counts
    pub(crate) of: &'static str,
    pub(crate) samples_more: &'static str,
    pub(crate) samples_intro: &'static str,
    // show
    pub(crate) not_verified: &'static str,
    pub(crate) ordinary_mail: &'static str,
    pub(crate) signed_part_says: &'static str,
    pub(crate) header_says: &'static str,
    pub(crate) parts: &'static str,
    pub(crate) the_message_itself: &'static str,
    pub(crate) carried_message: &'static str,
    pub(crate) text: &'static str,
    pub(crate) html_only: &'static str,
    pub(crate) more_lines: &'static str,
    pub(crate) attachments: &'static str,
    pub(crate) messages_inside: &'static str,
    pub(crate) unnamed: &'static str,
    pub(crate) from: &'static str,
    pub(crate) to: &'static str,
    pub(crate) cc: &'static str,
    pub(crate) date: &'static str,
    // extract
    pub(crate) nothing_to_extract: &'static str,
    pub(crate) extracted_unverified: &'static str,
    pub(crate) part: &'static str,
    // directory
    pub(crate) providers: &'static str,
    pub(crate) certificates: &'static str,
    pub(crate) domains: &'static str,
    pub(crate) secondary_of: &'static str,
    pub(crate) valid: &'static str,
    pub(crate) no_certificate: &'static str,
    pub(crate) unusable: &'static str,
    pub(crate) dossier: &'static dossier::Labels,
}

static EN: Labels = Labels {
    passed: "passed",
    unknown_kind: "unknown kind",
    why: "Why",
    proven: "Proven",
    unproven: "Claimed, not proven",
    checks: "Checks",
    noticed: "Noticed",
    signature_heading: "Signature",
    file: "FILE",
    outcome: "OUTCOME",
    class: "CLASS",
    table_details: "kind, who, when   ! why   - noticed besides",
    kind: "kind",
    receipt: "receipt",
    fault: "error",
    extended_error: "error text",
    sender: "sender",
    recipients: "recipients",
    delivered_to: "delivered to",
    received_for: "received for",
    reply_to: "reply to",
    subject: "subject",
    when: "when",
    provider: "provider",
    identifier: "identifier",
    message_id: "Message-ID",
    original: "original",
    external: "not a PEC mailbox",
    and_more: "more",
    bytes: "bytes",
    thousands: ',',
    signer: "signer",
    issuer: "issuer",
    listed_as: "listed under",
    digest: "digest",
    signing_time: "signed at",
    judged_at: "judged at",
    policy: "policy",
    its_own_time: "its own time",
    signed_by: "signed by",
    nothing_signed: "nothing signed",
    of: "of",
    samples_more: "README.md (Try it) says how to see forged ones refused.",
    samples_intro: "The bundled samples, judged at",
    not_verified: "Nothing below is verified: anybody can write a message like this. To see what is proven",
    ordinary_mail: "This is no PEC message: the message itself is not signed as one.",
    signed_part_says: "The signed part says",
    header_says: "The header says",
    parts: "Parts",
    the_message_itself: "(message)",
    carried_message: "The message carried inside, as its sender wrote it",
    text: "Text",
    html_only: "the text is there as HTML only, and not shown",
    more_lines: "more lines",
    attachments: "Attachments",
    messages_inside: "Messages inside, each to be verified by itself (pec extract)",
    unnamed: "(no name)",
    from: "from",
    to: "to",
    cc: "cc",
    date: "date",
    nothing_to_extract: "nothing to save: no carried message, no attachment",
    extracted_unverified: "Nothing of this was verified. To see what is proven",
    part: "part",
    providers: "providers",
    certificates: "certificates",
    domains: "domains",
    secondary_of: "secondary environment of",
    valid: "valid",
    no_certificate: "no certificate",
    unusable: "unusable",
    dossier: &dossier::EN,
};

static IT: Labels = Labels {
    passed: "superata",
    unknown_kind: "tipo sconosciuto",
    why: "Perché",
    proven: "Provato",
    unproven: "Dichiarato, non provato",
    checks: "Controlli",
    noticed: "Osservazioni",
    signature_heading: "Firma",
    file: "FILE",
    outcome: "ESITO",
    class: "CLASSE",
    table_details: "tipo, chi, quando   ! perché   - osservazioni",
    kind: "tipo",
    receipt: "ricevuta",
    fault: "errore",
    extended_error: "errore esteso",
    sender: "mittente",
    recipients: "destinatari",
    delivered_to: "consegnato a",
    received_for: "ricevuto per",
    reply_to: "risposte a",
    subject: "oggetto",
    when: "quando",
    provider: "gestore",
    identifier: "identificativo",
    message_id: "Message-ID",
    original: "originale",
    external: "casella non PEC",
    and_more: "altri",
    bytes: "byte",
    thousands: '.',
    signer: "firmatario",
    issuer: "emesso da",
    listed_as: "elencato come",
    digest: "impronta",
    signing_time: "firmato il",
    judged_at: "giudicato al",
    policy: "criterio",
    its_own_time: "la sua stessa data",
    signed_by: "firmato da",
    nothing_signed: "niente di firmato",
    of: "su",
    samples_more: "README.md (Try it) dice come vedere rifiutati quelli falsi.",
    samples_intro: "Gli esempi inclusi, giudicati al",
    not_verified: "Niente di ciò che segue è verificato: chiunque può scrivere un messaggio così. Per sapere che cosa è provato",
    ordinary_mail: "Questo non è un messaggio PEC: il messaggio stesso non è firmato come tale.",
    signed_part_says: "La parte firmata dice",
    header_says: "L'intestazione dice",
    parts: "Parti",
    the_message_itself: "(messaggio)",
    carried_message: "Il messaggio trasportato, come il mittente lo ha scritto",
    text: "Testo",
    html_only: "il testo c'è solo in HTML, e non è mostrato",
    more_lines: "altre righe",
    attachments: "Allegati",
    messages_inside: "Messaggi all'interno, ciascuno da verificare a sé (pec extract)",
    unnamed: "(senza nome)",
    from: "da",
    to: "a",
    cc: "cc",
    date: "data",
    nothing_to_extract: "niente da salvare: nessun messaggio trasportato, nessun allegato",
    extracted_unverified: "Niente di questo è stato verificato. Per sapere che cosa è provato",
    part: "parte",
    providers: "gestori",
    certificates: "certificati",
    domains: "domini",
    secondary_of: "ambiente secondario di",
    valid: "valido",
    no_certificate: "nessun certificato",
    unusable: "inutilizzabile",
    dossier: &dossier::IT,
};
