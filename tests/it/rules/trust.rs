//! Who may attest what: R18 to R22.

use postacert::{
    AcceptedIssuers, Check, CheckState, Directory, Message, MessageClass, Outcome, Policy, UnixTime, VerificationTime, Verifier,
};

use crate::fixtures::{at, certificates, read, verifier};
use crate::support::judged::{Judged, anchored, both, directory, judge, judge_file, judge_with, listed, with_policy};
use crate::support::mail::{with_field, without};

const RECEIPT: &str = "valid/accettazione.eml";

#[track_caller]
fn under(verifier: &Verifier, name: &str) -> Judged {
    judge_with(verifier, at(), &read(name))
}

#[test]
fn r18_a_directory_alone_is_enough_and_the_chain_is_not_checked() {
    let verifier = listed().build().unwrap();
    let judged = under(&verifier, RECEIPT);
    judged.clean();
    assert_eq!((judged.checks.chain, judged.checks.authority), (CheckState::NotChecked, CheckState::Good));
    let message = read(RECEIPT);
    let message = Message::parse(&message).unwrap();
    let report = verifier.verify(&message, at());
    let evidence = report.evidence().unwrap();
    assert_eq!(evidence.directory().unwrap().sha256, *directory().sha256());
    assert_eq!((evidence.path().len(), evidence.signer().provider()), (1, Some("Gestore Uno PEC S.p.A.")));
    for name in ["hostile/firmatario-utente.eml", "hostile/firmatario-estraneo.eml", "hostile/firmatario-impostore.eml"] {
        let judged = under(&verifier, name);
        judged.failed(Check::Chain, "not-listed");
        assert_eq!(judged.class, MessageClass::Ordinary, "{name}");
    }
    // Listed, though no path would lead to an anchor.
    assert_eq!(under(&verifier, "hostile/firmatario-da-foglia.eml").outcome, Outcome::Passed);
}

#[test]
fn r18_directory_and_anchors_must_both_agree() {
    let verifier = both().build().unwrap();
    under(&verifier, RECEIPT).clean();
    assert_eq!(under(&verifier, RECEIPT).checks.chain, CheckState::Good);
    // Listed without a path, a path without being listed.
    under(&verifier, "hostile/firmatario-da-foglia.eml").failed(Check::Chain, "no-path");
    under(&verifier, "hostile/firmatario-utente.eml").failed(Check::Chain, "not-listed");
    under(&verifier, "hostile/firmatario-estraneo.eml").failed(Check::Chain, "no-path");
    let elsewhere = Verifier::builder().directory(directory()).anchors(certificates("pki/outsider-root.pem")).build().unwrap();
    under(&elsewhere, RECEIPT).failed(Check::Chain, "no-path");
    let message = read(RECEIPT);
    let message = Message::parse(&message).unwrap();
    let report = verifier.verify(&message, at());
    let path: Vec<_> = report.evidence().unwrap().path().iter().map(|c| c.der().to_vec()).collect();
    let wanted: Vec<_> = ["pki/uno.pem", "pki/issuing.pem", "pki/root.pem"].map(|name| certificates(name)[0].der().to_vec()).into();
    assert_eq!(path, wanted);
}

#[test]
fn r18_anchors_alone_want_the_policy_and_an_accepted_issuer() {
    let verifier = anchored().build().unwrap();
    let judged = under(&verifier, RECEIPT);
    judged.clean();
    assert_eq!((judged.checks.chain, judged.checks.authority), (CheckState::Good, CheckState::NotChecked));
    assert_eq!(
        under(&verifier, "variant/profilo-no-policy.eml").failed(Check::Chain, "no-pec-policy"),
        "the signer's certificate lacks the PEC policy 1.3.76.16.3.1.1, and no directory lists it"
    );
    // Any mailbox with a certificate under the same public root: neither policy nor issuer.
    let user = under(&verifier, "hostile/firmatario-utente.eml");
    user.failed(Check::Chain, "issuer-not-accepted");
    assert_eq!(user.class, MessageClass::Ordinary);
    // A CA of the same name under another root.
    under(&verifier, "hostile/firmatario-estraneo.eml").failed(Check::Chain, "no-path");
    // Pinned: by subject and key, so the cross-certificate of the same authority is the same authority; another is not.
    let pinned = |name: &str| anchored().accepted_issuers(AcceptedIssuers::pinned(certificates(name))).build().unwrap();
    under(&pinned("pki/issuing.pem"), RECEIPT).clean();
    under(&pinned("pki/issuing-cross.pem"), RECEIPT).clean();
    under(&pinned("pki/users-ca.pem"), RECEIPT).failed(Check::Chain, "issuer-not-accepted");
    under(&pinned("pki/outsider-ca.pem"), RECEIPT).failed(Check::Chain, "issuer-not-accepted");
    let nobody = anchored().accepted_issuers(AcceptedIssuers::pinned([])).build().unwrap();
    under(&nobody, RECEIPT).failed(Check::Chain, "issuer-not-accepted");
    // Anchoring the issuing authority itself is no way around the list, nor is a leaf as an anchor.
    let users = Verifier::builder().anchors(certificates("pki/users-ca.pem")).build().unwrap();
    under(&users, "hostile/firmatario-utente.eml").failed(Check::Chain, "issuer-not-accepted");
    let leaf = Verifier::builder().anchors(certificates("pki/uno.pem")).build().unwrap();
    assert_eq!(under(&leaf, RECEIPT).outcome, Outcome::Failed);
}

#[test]
fn r18_there_is_no_trust_but_the_callers() {
    assert_eq!(Verifier::builder().build().unwrap_err().to_string(), "a verifier needs a provider directory or trust anchors");
    assert!(Verifier::builder().intermediates(certificates("pki/root.pem")).build().is_err());
}

#[test]
fn r19_every_kind_is_held_to_its_addresses() {
    // By the provider of the address: mittente, consegna, every ricezione, either of the two for errore-consegna.
    for name in [
        "accettazione",
        "accettazione-ambiente-secondario",
        "non-accettazione",
        "preavviso-12h",
        "posta-certificata-completa",
        "presa-in-carico",
        "avvenuta-consegna-completa",
        "rilevazione-virus",
        "errore-consegna-no-dest",
        "errore-consegna-no-dominio",
    ] {
        let judged = judge_file(&format!("valid/{name}.eml"));
        assert_eq!((judged.outcome, judged.checks.authority), (Outcome::Passed, CheckState::Good), "{name}: {judged:#?}");
    }
    assert_eq!(judge_file("variant/errore-consegna-virus-mittente.eml").checks.authority, CheckState::Good);
    // By another: the refusal names the provider, the domain and the element.
    let three = "Gestore Tre Posta S.c.a r.l.";
    for (name, provider, domain, element) in [
        ("autorita-accettazione", three, "pec.gestoreuno.example", "mittente"),
        ("autorita-non-accettazione", three, "pec.gestoreuno.example", "mittente"),
        ("autorita-busta", three, "pec.gestoreuno.example", "mittente"),
        ("autorita-preavviso", three, "pec.gestoreuno.example", "mittente"),
        ("autorita-consegna", three, "cert.duepostale.example", "consegna"),
        ("autorita-virus", three, "cert.duepostale.example", "consegna"),
        ("autorita-errore", three, "pec.gestoreuno.example", "mittente"),
        ("autorita-presa-in-carico", three, "cert.duepostale.example", "ricezione"),
        ("autorita-altro-ambiente", "Gestore Uno PEC S.p.A.", "interna.gestoreuno.example", "mittente"),
    ] {
        let judged = judge_file(&format!("hostile/{name}.eml"));
        assert_eq!(
            judged.failed(Check::Authority, "wrong-authority"),
            format!("{provider} does not manage the domain {domain} of the {element}"),
            "{name}"
        );
        assert_eq!(judged.class, MessageClass::Irregular, "{name}");
    }
    // Nobody to attest: not attested.
    assert_eq!(judge_file("hostile/forma-ricezione-manca.eml").failed(Check::Authority, "recipient-missing"), "ricezione is missing");
    judge_file("hostile/forma-errore-senza-consegna.eml").failed(Check::Authority, "wrong-authority");
}

#[test]
fn r19_domains_are_compared_exactly_but_for_ascii_case() {
    let manages = |domains: &str| {
        let ldif = String::from_utf8(read("directory/short.ldif"))
            .unwrap()
            .replace("\n ", "")
            .replace("managedDomains: pec.gestoreuno.example", domains);
        judge_with(&Verifier::builder().directory(Directory::from_ldif(ldif.as_bytes()).unwrap()).build().unwrap(), at(), &read(RECEIPT))
    };
    manages("managedDomains: PEC.GestoreUno.Example").clean();
    for other in [
        "gestoreuno.example",
        "ec.gestoreuno.example",
        "pec.gestoreuno.example.it",
        "xpec.gestoreuno.example",
        "*.gestoreuno.example",
        "example",
    ] {
        manages(&format!("managedDomains: {other}")).failed(Check::Authority, "wrong-authority");
    }
}

#[test]
fn r19_the_outer_from_is_of_a_managed_domain_whatever_the_kind() {
    for name in [
        "valid/accettazione.eml",
        "valid/avvenuta-consegna-completa.eml",
        "valid/posta-certificata-completa.eml",
        "valid/anomalia-ordinaria.eml",
    ] {
        let judged = judge(&with_field(&read(name), "From", "posta-certificata@pec.gestoretre.test"));
        let said = judged.failed(Check::Authority, "wrong-authority");
        assert!(said.ends_with("does not manage the domain pec.gestoretre.test of the sender (From)"), "{name}: {said}");
        assert_eq!(judged.class, MessageClass::Irregular, "{name}");
    }
}

#[test]
fn r19_a_directory_of_another_day_leaves_it_undecided() {
    let now: UnixTime = at().instant().unwrap();
    let day = 24 * 3600;
    let judged = |days: i64, policy: Policy| {
        let as_of = UnixTime::from_secs(now.as_secs() + days * day).unwrap();
        let verifier = both().directory(directory().with_date(as_of)).policy(policy).build().unwrap();
        judge_with(&verifier, at(), &read(RECEIPT))
    };
    for days in [-7, 0, 7] {
        judged(days, Policy::default()).clean();
    }
    for days in [-8, 8] {
        let far = judged(days, Policy::default());
        assert!(far.undecided(Check::Authority, "directory-out-of-date").contains(&now.to_string()));
        assert_eq!(far.class, MessageClass::Certified);
    }
    judged(-30, Policy::default().with_directory_tolerance(30 * 24 * 3600)).clean();
    judged(-1, Policy::default().with_directory_tolerance(3600)).undecided(Check::Authority, "directory-out-of-date");
    // Away from the verification's instant, not from the message's date.
    let later = VerificationTime::archive(UnixTime::from_secs(now.as_secs() + 60 * day).unwrap());
    let verifier = both().directory(directory().with_date(now)).build().unwrap();
    judge_with(&verifier, later, &read(RECEIPT)).undecided(Check::Authority, "directory-out-of-date");
    // Unknown: the evidence says that it is.
    let raw = read(RECEIPT);
    let message = Message::parse(&raw).unwrap();
    let snapshot = |verifier: &Verifier| verifier.verify(&message, at()).evidence().unwrap().directory().unwrap().as_of;
    assert_eq!((snapshot(&listed().build().unwrap()), snapshot(&verifier)), (None, Some(now)));
}

#[test]
fn r20_the_from_is_the_certificates_address() {
    let raw = read(RECEIPT);
    let other = with_field(&raw, "From", "sicurezza@pec.gestoreuno.example");
    let anchored = anchored().build().unwrap();
    // The local part exactly, the domain without case.
    for (from, binds) in [
        ("posta-certificata@pec.gestoreuno.example", true),
        ("posta-certificata@PEC.GESTOREUNO.EXAMPLE", true),
        ("Posta-Certificata@pec.gestoreuno.example", false),
        ("sicurezza@pec.gestoreuno.example", false),
        ("posta-certificata@cert.duepostale.example", false),
    ] {
        let judged = judge_with(&anchored, at(), &with_field(&raw, "From", from));
        if binds {
            judged.clean();
        } else {
            let said = judged.failed(Check::Authority, "from-not-signer").to_owned();
            assert_eq!(said, format!("the From address ({from}) is not the signer's (posta-certificata@pec.gestoreuno.example)"));
        }
    }
    // With a directory: a finding, as long as the domain is the provider's.
    assert_eq!(
        judge(&other).flagged("from-other-address"),
        "the From address sicurezza@pec.gestoreuno.example is not in the signer's certificate (posta-certificata@pec.gestoreuno.example), but its domain is the provider's"
    );
    judge(&with_field(&raw, "From", "posta-certificata@cert.duepostale.example")).failed(Check::Authority, "from-not-signer");
    // An address in the subject binds nothing: neither E nor CN.
    for name in ["variant/profilo-san-missing.eml", "variant/profilo-san-no-email.eml"] {
        judge_file(name).flagged("from-other-address");
        judge_with(&anchored, at(), &read(name)).failed(Check::Authority, "from-not-signer");
    }
    judge(&without(&raw, "From")).failed(Check::Authority, "from-not-signer");
}

#[test]
fn r21_a_flawed_directory_believes_no_less_and_no_more_than_it_says() {
    let judged = |name: &str, message: &str| {
        let directory = Directory::from_ldif(&read(&format!("directory/{name}.ldif"))).unwrap();
        judge_with(&Verifier::builder().directory(directory).build().unwrap(), at(), &read(message))
    };
    let delivery = "valid/avvenuta-consegna-completa.eml";
    for name in [
        "short",
        "folded",
        "crlf",
        "rfc-style",
        "other-case",
        "hostile-hash",
        "hostile-unit-url",
        "hostile-missing",
        "hostile-url-value",
        "hostile-change",
    ] {
        judged(name, RECEIPT).clean();
        judged(name, delivery).clean();
    }
    // A certificate under two providers is trusted for neither, the others are.
    let twice = judged("hostile-certificate-twice", delivery);
    assert!(twice.failed(Check::Chain, "listed-twice").contains("Gestore Quattro S.p.A."));
    assert_eq!(twice.class, MessageClass::Ordinary);
    judged("hostile-certificate-twice", RECEIPT).clean();
    // A bad value loses nobody else, and an order to add a domain adds none.
    judged("hostile-base64", RECEIPT).clean();
    let added = Directory::from_ldif(&read("directory/hostile-change.ldif")).unwrap();
    assert!(added.by_domain(&"posta.fuori.test".parse().unwrap()).is_none());
    // What lists no provider is no trust.
    assert!(Directory::from_ldif(b"").is_err() && Directory::from_ldif(&read("directory/short.ldif.p7m")).is_err());
}

#[test]
fn r22_the_signers_profile() {
    for name in ["bc-true", "ku-no-ds", "eku-server", "unknown-critical"] {
        for verifier in [both(), listed()] {
            let judged = under(&verifier.build().unwrap(), &format!("hostile/firmatario-{name}.eml"));
            judged.failed(Check::Chain, "profile");
        }
    }
    for name in [
        "bc-false",
        "ku-missing",
        "ku-not-critical",
        "email-in-subject",
        "san-missing",
        "san-no-email",
        "san-critical",
        "aki-missing",
        "ski-missing",
    ] {
        let file = format!("variant/profilo-{name}.eml");
        assert!(judge_file(&file).flagged("profile").starts_with("the signer's certificate departs from RFC 6109 §5.5: "), "{name}");
        judge_with(&with_policy(Policy::strict()), at(), &read(&file)).failed(Check::Chain, "profile");
    }
    // What deployed certificates add is fine, and so is no extKeyUsage, for a strict policy too.
    for file in [RECEIPT, "variant/profilo-eku-missing.eml"] {
        judge_with(&with_policy(Policy::strict()), at(), &read(file)).clean();
    }
}

#[test]
fn r22_the_path_to_the_anchor() {
    let verifier = both().build().unwrap();
    for (name, why) in [
        ("firmatario-da-foglia", "is not a certificate authority"),
        ("firmatario-fuori-vincoli", "may not speak of"),
        ("firmatario-estraneo", "was not found"),
    ] {
        let judged = under(&verifier, &format!("hostile/{name}.eml"));
        let said = judged.failed(Check::Chain, "no-path");
        assert!(said.contains(why) || name == "firmatario-estraneo", "{name}: {said}");
        assert_eq!(judged.class, MessageClass::Ordinary, "{name}");
    }
    // Signed with PSS, with ECDSA keys, by a CA with several certificates, in any order.
    for name in ["pss", "ecdsa-p256", "ecdsa-p384", "rsa4096", "certificato-incrociato", "ca-senza-vincoli", "certificati-in-piu"] {
        under(&verifier, &format!("variant/{name}.eml")).clean();
    }
    // Nobody's key signed it: the outsider's CA in the place of the real one.
    let forged = Verifier::builder().directory(directory()).anchors(certificates("pki/outsider-ca.pem")).build().unwrap();
    under(&forged, "variant/solo-firmatario.eml").failed(Check::Chain, "no-path");
    // A budget of one certificate is no path.
    let mut limits = postacert::Limits::default();
    limits.chain_certificates = 2;
    let short = both().limits(limits.clone()).build().unwrap();
    under(&short, RECEIPT).failed(Check::Chain, "no-path");
    limits.chain_certificates = 3;
    under(&both().limits(limits).build().unwrap(), RECEIPT).clean();
    assert_eq!(judge_with(&crate::fixtures::verifier(), at(), &read(RECEIPT)), judge_with(&self::verifier(), at(), &read(RECEIPT)));
}
