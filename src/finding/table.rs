//! The table of everything that a message can be found in: code, sentences and meaning of each condition.

coded! {
    /// Every condition that a message, a signature, a certificate or a directory can be found in.
    pub enum FindingKind {
        // -- the message as bytes --
        /// The file begins with the `From ` line of an mbox; the message is read from the next line on.
        MboxFromLine = "mbox-from-line",
            "the message begins with an mbox `From ` line, which was left out",
            "il messaggio comincia con una riga mbox `From `, che è stata tralasciata";
        /// Some lines end in CR LF, some in LF alone.
        MixedLineEndings = "mixed-line-endings",
            "lines end now in CR LF, now in LF alone",
            "le righe finiscono ora con CR LF, ora con il solo LF";
        /// A CR that no LF follows.
        BareCr = "bare-cr",
            "a carriage return stands without its line feed",
            "un ritorno a capo (CR) è senza il suo LF";
        /// A NUL byte, which no mail may hold.
        NulByte = "nul-byte",
            "a NUL byte, which no mail may hold",
            "c'è un byte NUL, che nessun messaggio può contenere";
        /// A line beyond the limit.
        LineTooLong { limit: usize } = "line-too-long",
            "a line is longer than {limit} bytes",
            "una riga supera {limit} byte";
        /// The signature holds only over the message with CR LF line ends: it was stored by a tool that keeps LF alone.
        ConvertedLineEndings = "converted-line-endings",
            "the signature holds over the message with its LF line ends made CR LF again",
            "la firma regge sul messaggio dopo aver riportato a CR LF le sue righe che finiscono con il solo LF";

        // -- header fields --
        /// A header line that is no field.
        HeaderMalformed = "header-malformed",
            "a header line has no field name",
            "una riga dell'intestazione è senza il nome di un campo";
        /// More fields than the limit: those beyond were not read.
        TooManyHeaderFields { limit: usize } = "too-many-header-fields",
            "the header has more than {limit} fields; those beyond were not read",
            "l'intestazione ha più di {limit} campi; quelli oltre il limite non sono stati letti";
        /// A part's header beyond the limit: the fields beyond were not read.
        HeaderTooLong { limit: usize } = "header-too-long",
            "the header of a part is longer than {limit} bytes; what lies beyond was not read",
            "l'intestazione di una parte supera {limit} byte; il resto non è stato letto";
        /// A field beyond the limit: it was not read.
        HeaderFieldTooLong { name: Box<str>, limit: usize } = "header-field-too-long",
            "the field {name} is longer than {limit} bytes and was not read",
            "il campo {name} supera {limit} byte e non è stato letto";
        /// A field that may stand once stands twice.
        DuplicateHeader { name: Box<str> } = "duplicate-header",
            "the field {name} stands more than once",
            "il campo {name} compare più di una volta";
        /// A parameter stands twice in one field.
        DuplicateParameter { header: Box<str>, name: Box<str> } = "duplicate-parameter",
            "the parameter {name} stands more than once in {header}",
            "il parametro {name} compare più di una volta in {header}";
        /// The RFC 2231 form of a parameter and its plain form say different things.
        ParameterConflict { header: Box<str>, name: Box<str> } = "parameter-conflict",
            "the parameter {name} of {header} has two forms that disagree",
            "il parametro {name} di {header} ha due forme discordanti";
        /// A structured field that could not be read.
        HeaderUnreadable { name: Box<str> } = "header-unreadable",
            "the field {name} could not be read",
            "il campo {name} non è leggibile";

        // -- MIME framing --
        /// A multipart without the boundary parameter.
        BoundaryMissing = "boundary-missing",
            "a multipart has no boundary",
            "una parte multipart non ha il delimitatore";
        /// A multipart whose boundary is empty.
        BoundaryEmpty = "boundary-empty",
            "a multipart has an empty boundary",
            "una parte multipart ha il delimitatore vuoto";
        /// A boundary longer than RFC 2046 allows.
        BoundaryTooLong { limit: usize } = "boundary-too-long",
            "a boundary has more than {limit} characters",
            "un delimitatore ha più di {limit} caratteri";
        /// One open boundary is the beginning of another, so that delimiters can be read two ways.
        BoundaryPrefix = "boundary-prefix",
            "a boundary is the beginning of another that is open",
            "un delimitatore è l'inizio di un altro ancora aperto";
        /// A multipart that ends without its close delimiter.
        NoCloseDelimiter = "no-close-delimiter",
            "a multipart ends without its closing delimiter",
            "una parte multipart finisce senza il delimitatore di chiusura";
        /// A multipart without any delimiter.
        NoDelimiter = "no-delimiter",
            "a multipart has no part",
            "una parte multipart non contiene alcuna parte";
        /// A multipart under base64 or quoted-printable, which RFC 2045 §6.4 forbids.
        EncodedMultipart = "encoded-multipart",
            "a multipart has a content-transfer-encoding",
            "una parte multipart ha una content-transfer-encoding";
        /// A message/rfc822 under base64 or quoted-printable (forbidden by RFC 2046 §5.2.1, yet met): it was decoded.
        EncodedMessage = "encoded-message",
            "an attached message has a content-transfer-encoding; it was decoded",
            "un messaggio allegato ha una content-transfer-encoding; è stato decodificato";
        /// An entity nested beyond the limit: it was kept whole, unopened.
        DepthLimit { limit: usize } = "depth-limit",
            "entities are nested deeper than {limit}; what lies deeper was not opened",
            "le parti sono annidate oltre {limit} livelli; quelle più profonde non sono state aperte";
        /// More entities than the limit: the rest was kept whole, unopened.
        PartsLimit { limit: usize } = "parts-limit",
            "there are more than {limit} parts; the rest was not opened",
            "ci sono più di {limit} parti; le altre non sono state aperte";
        /// A content-transfer-encoding that no standard knows: the bytes were taken as they are.
        UnknownEncoding { encoding: Box<str> } = "unknown-encoding",
            "the content-transfer-encoding {encoding} is unknown",
            "la content-transfer-encoding {encoding} è sconosciuta";
        /// Base64 with something in it that is neither of its alphabet nor white space.
        BadBase64 = "bad-base64",
            "base64 holds characters that are not of its alphabet, or is cut short",
            "il base64 contiene caratteri estranei al suo alfabeto, o è troncato";
        /// Quoted-printable with an `=` that no line end and no two hexadecimal digits follow: it was kept.
        BadQuotedPrintable = "bad-quoted-printable",
            "quoted-printable holds an `=` that begins nothing",
            "il quoted-printable contiene un `=` che non introduce nulla";

        // -- the signed structure --
        /// Nothing here is signed as PEC: ordinary mail.
        NotPec = "not-pec",
            "this is not a PEC message: the message itself is not multipart/signed",
            "questo non è un messaggio PEC: il messaggio stesso non è multipart/signed";
        /// A header names a PEC type, but nothing is signed.
        PecHeaderUnsigned { name: Box<str> } = "pec-header-unsigned",
            "{name} claims a PEC message, but the message is not signed",
            "{name} dichiara un messaggio PEC, ma il messaggio non è firmato";
        /// multipart/signed without its two parts.
        SignedPartCount { found: usize } = "signed-part-count",
            "multipart/signed has {found} parts where exactly two belong",
            "multipart/signed ha {found} parti, mentre devono essere due";
        /// The second part of multipart/signed is not a PKCS#7 signature.
        SignatureType { found: Box<str> } = "signature-type",
            "the signature part is of type {found}, not application/(x-)pkcs7-signature",
            "la parte della firma è del tipo {found}, non application/(x-)pkcs7-signature";
        /// The `protocol` parameter is absent or names something else.
        SignatureProtocol { found: Box<str> } = "signature-protocol",
            "the protocol of multipart/signed is \"{found}\", not application/(x-)pkcs7-signature",
            "il protocol di multipart/signed è \"{found}\", non application/(x-)pkcs7-signature";
        /// The signed entity is not multipart/mixed.
        SignedEntityType { found: Box<str> } = "signed-entity-type",
            "the signed entity is of type {found}, not multipart/mixed",
            "la parte firmata è del tipo {found}, non multipart/mixed";

        // -- the signature --
        /// The CMS signature could not be read.
        Cms { error: crate::cms::CmsError } = "cms",
            "the signature could not be read: {error}",
            "la firma non è leggibile: {error}";
        /// The CMS carries content of its own beside the detached one (CVE-2018-18509).
        OpaqueContent = "content-inside-signature",
            "the signature carries a content of its own, beside the one it stands next to",
            "la firma porta un contenuto proprio, oltre a quello a cui è affiancata";
        /// Line breaks follow the CMS structure.
        CmsTrailingLineBreaks = "cms-trailing-line-breaks",
            "line breaks follow the signature's structure",
            "dopo la struttura della firma ci sono degli a capo";
        /// The signed bytes were changed: their digest is not the signed one.
        DigestMismatch = "digest-mismatch",
            "the signed bytes were changed after signing: their digest is not the signed one",
            "i byte firmati sono stati modificati dopo la firma: la loro impronta non è quella firmata";
        /// The digest agrees, the signature over it does not hold.
        SignatureMismatch = "signature-mismatch",
            "the signature does not hold under the signer's key",
            "la firma non regge con la chiave del firmatario";
        /// The signature holds over the attributes in DER order only, not as they were sent.
        AttributesReordered = "attributes-reordered",
            "the signature holds over the signed attributes in DER order, not in the order they were sent",
            "la firma regge sugli attributi firmati nell'ordine DER, non nell'ordine in cui sono stati inviati";
        /// The signature or its key is of a kind that the algorithms in use do not know.
        UnsupportedAlgorithm { name: Box<str> } = "unsupported-algorithm",
            "the algorithm {name} is not supported",
            "l'algoritmo {name} non è supportato";
        /// No backend for public-key algorithms was compiled in or given.
        NoAlgorithms = "no-algorithms",
            "no public-key algorithms are compiled in: build with a backend or give one",
            "nessun algoritmo a chiave pubblica è stato compilato: occorre compilarne uno o fornirlo";
        /// The public key is malformed or refused (RSA below 1024 bits, an even exponent, exponent 1).
        KeyRefused { error: crate::crypto::KeyError } = "key-refused",
            "the signer's key was refused: {error}",
            "la chiave del firmatario è stata rifiutata: {error}";
        /// The message digest is SHA-1, as several providers still sign; a strict policy refuses.
        WeakDigest { name: Box<str> } = "weak-digest",
            "the message was signed with the weak digest {name}",
            "il messaggio è stato firmato con l'impronta debole {name}";
        /// A certificate is signed with SHA-1, or its RSA key is short.
        WeakAlgorithm { subject: Box<str>, weakness: Weakness } = "weak-algorithm",
            "the certificate of {subject} rests on {weakness}",
            "il certificato di {subject} si fonda su {weakness}";
        /// MD5 proves nothing.
        BrokenAlgorithm { name: Box<str> } = "broken-algorithm",
            "{name} is broken and proves nothing",
            "{name} non è più sicuro e non prova nulla";
        /// The RSA exponent is 3: lawful, but old implementations were forged against with it.
        SmallExponent = "small-exponent",
            "the signer's RSA exponent is 3",
            "l'esponente RSA del firmatario è 3";
        /// `micalg` names another digest than the signature uses.
        MicalgMismatch { claimed: Box<str>, used: Box<str> } = "micalg-mismatch",
            "micalg says {claimed}, the signature uses {used}",
            "micalg dice {claimed}, la firma usa {used}";

        // -- the signer's certificate and its path --
        /// No certificate for the signer, neither in the message nor in the directory.
        SignerCertificateMissing = "signer-certificate-missing",
            "the signer's certificate is neither in the message nor in the directory",
            "il certificato del firmatario non è né nel messaggio né nell'indice dei gestori";
        /// The signer's certificate was found in the directory only.
        SignerCertificateNotEmbedded = "signer-certificate-not-embedded",
            "the signer's certificate is not in the message; the directory's was used",
            "il certificato del firmatario non è nel messaggio; è stato usato quello dell'indice dei gestori";
        /// Two different certificates answer to the signer's identifier.
        SignerCertificateAmbiguous = "signer-certificate-ambiguous",
            "two different certificates in the message answer to the signer's identifier",
            "due certificati diversi nel messaggio rispondono all'identificativo del firmatario";
        /// The signer's certificate could not be read.
        Certificate { error: crate::x509::CertificateError } = "certificate",
            "the signer's certificate could not be read: {error}",
            "il certificato del firmatario non è leggibile: {error}";
        /// The signer's certificate departs from RFC 6109 §5.5.
        Profile { problem: crate::x509::ProfileProblem } = "profile",
            "the signer's certificate departs from RFC 6109 §5.5: {problem}",
            "il certificato del firmatario si discosta dalla RFC 6109 §5.5: {problem}";
        /// The signer's certificate is not listed in the directory.
        NotListed { subject: Box<str> } = "not-listed",
            "the signer's certificate ({subject}) is not in the directory of PEC providers",
            "il certificato del firmatario ({subject}) non è nell'indice dei gestori PEC";
        /// The certificate is listed under two providers, so it speaks for neither.
        ListedTwice { providers: Box<str> } = "listed-twice",
            "the signer's certificate is listed under two providers ({providers}), so it speaks for neither",
            "il certificato del firmatario è elencato sotto due gestori ({providers}), perciò non vale per nessuno dei due";
        /// No path leads from the signer to an anchor.
        NoPath { error: crate::x509::PathError } = "no-path",
            "no path leads from the signer's certificate to a trust anchor: {error}",
            "nessun percorso porta dal certificato del firmatario a un'autorità fidata: {error}";
        /// Without a directory, only certificates with the PEC policy count.
        NoPecPolicy = "no-pec-policy",
            "the signer's certificate lacks the PEC policy 1.3.76.16.3.1.1, and no directory lists it",
            "il certificato del firmatario non ha la policy PEC 1.3.76.16.3.1.1, e nessun indice dei gestori lo elenca";
        /// Without a directory, only CAs that issue PEC certificates count.
        IssuerNotAccepted { issuer: Box<str> } = "issuer-not-accepted",
            "the issuer {issuer} is not one that is accepted as issuing PEC certificates",
            "l'emittente {issuer} non è fra quelli accettati per i certificati PEC";

        // -- time and revocation --
        /// A certificate was expired at the time that counts.
        Expired { subject: Box<str>, not_after: Box<str> } = "out-of-bounds-no-proof",
            "the certificate of {subject} expired on {not_after} and no trusted time shows the signature to be older",
            "il certificato di {subject} è scaduto il {not_after} e nessuna data certa mostra che la firma è anteriore";
        /// A certificate was not yet valid at the time that counts.
        NotYetValid { subject: Box<str>, not_before: Box<str> } = "not-yet-valid",
            "the certificate of {subject} is valid only from {not_before}",
            "il certificato di {subject} è valido solo dal {not_before}";
        /// The time is the message's own word.
        SelfAssertedTime = "self-asserted-time",
            "the only time known is the one that the provider wrote into the message",
            "l'unica data nota è quella che il gestore ha scritto nel messaggio";
        /// A certificate was revoked at or before the time that counts.
        Revoked { subject: Box<str>, date: Box<str> } = "revoked-no-proof",
            "the certificate of {subject} was revoked on {date} and no trusted time shows the signature to be older",
            "il certificato di {subject} è stato revocato il {date} e nessuna data certa mostra che la firma è anteriore";
        /// A certificate was revoked after the time that counts.
        RevokedLater { subject: Box<str>, date: Box<str> } = "revoked-later",
            "the certificate of {subject} was revoked later, on {date}",
            "il certificato di {subject} è stato revocato in seguito, il {date}";
        /// Nothing is known of a certificate's revocation, and the policy asks for it.
        RevocationUnknown { subject: Box<str>, why: crate::x509::RevocationGap } = "revocation-unknown",
            "nothing is known of the revocation of the certificate of {subject}: {why}",
            "non si sa se il certificato di {subject} sia stato revocato: {why}";
        /// The certification data have no time to judge by.
        NoCertificationTime = "no-certification-time",
            "the certification data give no time to judge by",
            "i dati di certificazione non danno una data in base a cui giudicare";
        /// The signer's clock and the certification data are far apart.
        SigningTimeApart { seconds: i64 } = "signing-time-apart",
            "the signing time and the time of the certification data are {seconds} seconds apart",
            "la data della firma e quella dei dati di certificazione distano {seconds} secondi";
        /// The message says it is older than its signer's certificate.
        OlderThanCertificate = "older-than-certificate",
            "the certification data are older than the signer's certificate",
            "i dati di certificazione sono anteriori al certificato del firmatario";

        // -- authority --
        /// The outer From is not the signer's address.
        FromNotSigner { from: Option<Box<str>>, signer: Box<str> } = "from-not-signer",
            "the From address ({from}) is not the signer's ({signer})",
            "l'indirizzo From ({from}) non è del firmatario ({signer})";
        /// The From is another address of a domain that the signer's provider manages.
        FromOtherAddress { from: Box<str>, signer: Box<str> } = "from-other-address",
            "the From address {from} is not in the signer's certificate ({signer}), but its domain is the provider's",
            "l'indirizzo From {from} non è nel certificato del firmatario ({signer}), ma il suo dominio è del gestore";
        /// The provider attests an address whose domain it does not manage.
        WrongAuthority { provider: Box<str>, domain: Box<str>, what: &'static str } = "wrong-authority",
            "{provider} does not manage the domain {domain} of the {what}",
            "{provider} non gestisce il dominio {domain} ({what})";
        /// The directory is from another time than the verification.
        DirectoryOutOfDate { as_of: Box<str>, at: Box<str> } = "directory-out-of-date",
            "the directory is of {as_of}, too far from {at}",
            "l'indice dei gestori è del {as_of}, troppo lontano dal {at}";

        // -- the certification data --
        /// No certification data where they are due.
        CertdataMissing = "daticert-missing",
            "there is no daticert.xml among the direct parts of the signed entity",
            "fra le parti dirette della parte firmata non c'è daticert.xml";
        /// Two candidates for the certification data that differ.
        CertdataAmbiguous = "daticert-ambiguous",
            "there are two different daticert.xml",
            "ci sono due daticert.xml diversi";
        /// Two candidates for the certification data, the same to the byte.
        CertdataTwice = "daticert-twice",
            "daticert.xml stands twice, the same both times",
            "daticert.xml compare due volte, identico";
        /// The certification data could not be read.
        Certdata { error: crate::certdata::CertdataError } = "daticert",
            "daticert.xml could not be read: {error}",
            "daticert.xml non è leggibile: {error}";
        /// The certification data read, with a departure.
        CertdataDeparture { departure: crate::certdata::CertdataDeparture } = "daticert-departure",
            "daticert.xml departs from its form: {departure}",
            "daticert.xml si discosta dalla sua forma: {departure}";
        /// The part that carries the certification data is an odd one.
        CertdataPart { charset: Box<str>, encoding: crate::certdata::XmlEncoding } = "daticert-part",
            "daticert.xml arrives in an unusual part: its charset parameter says {charset}, the XML is in {encoding}",
            "daticert.xml arriva in una parte insolita: il suo parametro charset dice {charset}, l'XML è in {encoding}";
        /// The provider named in the data is not the one of the directory.
        ProviderNameMismatch { signed: Box<str>, listed: Box<str> } = "provider-name-mismatch",
            "gestore-emittente says \"{signed}\", the directory \"{listed}\"",
            "gestore-emittente dice \"{signed}\", l'indice dei gestori \"{listed}\"";
        /// An anomaly envelope that carries no message.
        AnomalyWithoutMessage = "anomaly-without-message",
            "the anomaly envelope carries no message",
            "la busta di anomalia non contiene alcun messaggio";
        /// An anomaly envelope with parts other than its text and the received message.
        AnomalyExtraPart = "anomaly-extra-part",
            "the anomaly envelope carries more than its text and the received message",
            "la busta di anomalia contiene altro oltre al suo testo e al messaggio ricevuto";

        // -- outer claims against signed data --
        /// An outer header field says something else than the signed data.
        ClaimMismatch { field: &'static str, claimed: Box<str>, signed: Box<str> } = "claim-mismatch",
            "{field} says \"{claimed}\", the signed data \"{signed}\"",
            "{field} dice \"{claimed}\", i dati firmati \"{signed}\"";
        /// Neither X-Ricevuta nor X-Trasporto is there.
        PecHeaderMissing = "pec-header-missing",
            "neither X-Ricevuta nor X-Trasporto is there",
            "non c'è né X-Ricevuta né X-Trasporto";
        /// Both X-Ricevuta and X-Trasporto are there.
        PecHeaderBoth = "pec-header-both",
            "X-Ricevuta and X-Trasporto are both there",
            "ci sono sia X-Ricevuta sia X-Trasporto";
        /// A PEC header with a value that no rule knows.
        PecHeaderUnknown { field: &'static str, value: Box<str> } = "pec-header-unknown",
            "{field} has the unknown value \"{value}\"",
            "{field} ha il valore sconosciuto \"{value}\"";
        /// The Sender is not the From.
        SenderMismatch { from: Box<str>, sender: Box<str> } = "sender-mismatch",
            "Sender ({sender}) is not From ({from})",
            "Sender ({sender}) non è From ({from})";

        // -- form by kind --
        /// The original message is missing where it is due.
        OriginalMissing = "original-missing",
            "the original message is missing",
            "manca il messaggio originale";
        /// The original message is there where it is forbidden.
        OriginalForbidden = "original-forbidden",
            "an original message is there where the rules forbid it",
            "c'è un messaggio originale dove le regole lo vietano";
        /// Two parts could be the original message.
        OriginalTwice = "original-twice",
            "two parts could be the original message; the first was taken",
            "due parti potrebbero essere il messaggio originale; è stata presa la prima";
        /// An `errore` that this type of message may not have.
        FaultNotAllowed { fault: Box<str>, kind: Box<str> } = "errore-not-allowed",
            "errore \"{fault}\" is not lawful in {kind}",
            "errore \"{fault}\" non è ammesso in {kind}";
        /// `consegna` names somebody who is not among the recipients.
        RecipientNotListed { recipient: Box<str> } = "consegna-not-listed",
            "consegna names {recipient}, who is not among the destinatari",
            "consegna indica {recipient}, che non è fra i destinatari";
        /// `consegna` or `ricezione` is missing where the rules want it.
        RecipientMissing { element: &'static str } = "recipient-missing",
            "{element} is missing",
            "manca {element}";
        /// `ricevuta` is missing where the rules want it.
        ReceiptKindMissing = "ricevuta-missing",
            "the type of receipt (ricevuta) is missing",
            "manca il tipo di ricevuta (ricevuta)";
        /// A named part of a brief receipt without its hash.
        BriefPartUnhashed { name: Box<str> } = "brief-part-unhashed",
            "the brief receipt carries \"{name}\" itself, not its hash",
            "la ricevuta breve porta \"{name}\" stesso, non la sua impronta";
        /// A hash of a brief receipt that is not 40 hexadecimal digits.
        BriefHashMalformed { name: Box<str> } = "brief-hash-malformed",
            "the hash \"{name}\" of the brief receipt is not 40 hexadecimal digits",
            "l'impronta \"{name}\" della ricevuta breve non è fatta di 40 cifre esadecimali";
    }
}

coded! {
    /// What is weak in a certificate.
    pub enum Weakness {
        /// The certificate is signed with SHA-1, under which two contents can be given one digest.
        Sha1Signature = "sha1-signature",
            "a SHA-1 signature",
            "una firma con SHA-1";
        /// Its RSA key has fewer than 2048 bits.
        ShortRsaKey { bits: usize } = "short-rsa-key",
            "an RSA key of {bits} bits",
            "una chiave RSA di {bits} bit";
    }
}
