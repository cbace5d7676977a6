//! Tests of the module `directory`.

use postacert::{Directory, DirectoryBuilder, DirectoryErrorKind, DirectoryFindingKind as Kind, Domain, Limits, Listing, Provider};
use proptest::prelude::*;

// Certificates of `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=a`, and b, and c, with their SHA-1.
const A: &str = "MIIBEzCBuwIUFR+1jYnTh5Joygn1nAobGrhjs3IwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBYTAgFw0yNjExMjIwMjIzMTRaGA8yMDUxMDcxNDAyMjMxNFowDDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPhAKSNho0pxysXCYcQFk+YBzdpY0glMtCG1ELYcnDeE9yrrWEDWq+QeLRZw0NlLmabTjvDfLJKcwbr8ROuWD84wCgYIKoZIzj0EAwIDRwAwRAIgQi83dh04yg9eFL+6Je4Tk1xkcTs9MasSfjcHmfHB0VECIHKGeyc0mOJwc/mf+GNgeckGixKqwp/nXrCKImqG//Jj";
const A_HASH: &str = "BD733AA81B2DB3D176E919BCAAB747447F77B466";
const B: &str = "MIIBFTCBuwIUU8urHGITK2rhJOfQmQ2GjJ+l3eEwCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBYjAgFw0yNjExMjIwMjIzMTRaGA8yMDUxMDcxNDAyMjMxNFowDDEKMAgGA1UEAwwBYjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABAGbmptQOqP9HfhElo04UjutEurG/qY5oqdP71sbPvgTr8co9ieWrtG5OdZoQzS1X2ufQPv+4b/Ao4FxUfuqnZwwCgYIKoZIzj0EAwIDSQAwRgIhAKpFfKg5h3tBI1ZbP4ewYpJvtM5M5/BHmvqDN7dg/VbVAiEAxvAu5TsMOuw9QhmtcJuRyUkRTPn1JQBGWMx9rezDwTg=";
const B_HASH: &str = "b017a91a9fcfd4c6852129ebafd6c93e2f4e0fc7";
const C: &str = "MIIBFDCBuwIUU7uRD+h7mwwImTJ6wwL0nh4s0b8wCgYIKoZIzj0EAwIwDDEKMAgGA1UEAwwBYzAgFw0yNjExMjIwMjIzMTRaGA8yMDUxMDcxNDAyMjMxNFowDDEKMAgGA1UEAwwBYzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABKB7DFsNXEtjNLE1dzBjT6yFlpzKbMp9CYRiZilQzVxRY/T2AipIyweS7SW6OH5vHsx3yyMmvl2JF15r6X3MFPAwCgYIKoZIzj0EAwIDSAAwRQIgAxaaZFdC4zRShzUK+mNAgDndod3Qfx18Frd0v9Lw7OoCIQCw8DGy/t5kQhzxa+c+GJncdB19AUVmmSTU47Y35ljRKg==";
const C_HASH: &str = "ED0340A9DB55538CC1983F874C88C7E42EDBC8DC";

/// The main environment of a provider, on nine lines: dn, two classes, name, hash, certificate, mailbox, domain, blank.
fn main_record(name: &str, hash: &str, certificate: &str, domain: &str) -> String {
    format!(
        "dn: providerName={name},o=postacert\nobjectClass: top\nobjectClass: provider\nproviderName: {name}\n\
         providerCertificateHash: {hash}\nproviderCertificate;binary:: {certificate}\nmailReceipt: r@{domain}\nmanagedDomains: {domain}\n\n"
    )
}

/// A secondary environment, on ten lines: as above, with its unit's name after the provider's.
fn unit_record(name: &str, unit: &str, hash: &str, certificate: &str, domain: &str) -> String {
    main_record(name, hash, certificate, domain)
        .replace("dn: ", &format!("dn: providerUnit={unit},"))
        .replace("\nproviderCertificateHash", &format!("\nproviderUnit: {unit}\nproviderCertificateHash"))
}

fn two() -> String {
    main_record("Uno S.p.A.", A_HASH, A, "pec.uno.example") + &main_record("Due S.r.l.", B_HASH, B, "Pec.Due.example")
}

fn load(ldif: &str) -> Directory {
    let directory = Directory::from_ldif(ldif.as_bytes()).unwrap();
    // Whatever is wrong with a directory: what was read of it is written, and read, the same.
    let again = Directory::from_ldif(directory.to_ldif().as_bytes()).unwrap();
    assert_eq!(again.providers(), directory.providers());
    assert_eq!(again.to_ldif(), directory.to_ldif());
    directory
}

fn findings(directory: &Directory) -> Vec<(usize, &'static str)> {
    directory.findings().iter().map(|f| (f.line(), f.code())).collect()
}

fn names(directory: &Directory) -> Vec<&str> {
    directory.providers().iter().map(Provider::name).collect()
}

fn domain(s: &str) -> Domain {
    s.parse().unwrap()
}

fn der(base64: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(base64).unwrap()
}

/// The certificate of a record, by the way of a directory: the names of those who list it, and what kind of listing it is.
fn listing(directory: &Directory, base64: &str) -> (&'static str, Vec<String>) {
    let listing = directory.lookup_der(&der(base64));
    let tell = |ps: &[&Provider]| ps.iter().map(|p| p.unit().unwrap_or(p.name()).to_owned()).collect();
    match &listing {
        Listing::None => ("none", vec![]),
        Listing::One(p) => ("one", tell(&[p])),
        Listing::Shared(ps) => ("shared", tell(ps)),
        Listing::Conflict(ps) => ("conflict", tell(ps)),
        _ => unreachable!(),
    }
}

static_assertions::assert_impl_all!(Directory: Send, Sync, Clone, std::panic::UnwindSafe);
static_assertions::assert_impl_all!(postacert::DirectoryError: std::error::Error, Send, Sync);

/// A name that cannot be read leaves the attribute to say whose the record is.
#[test]
fn r21_names_of_records() {
    let name = "dn: providerName=Uno S.p.A.,o=postacert";
    for (dn, findings_there) in [
        ("dn: Uno", vec![(1, "record-name-malformed")]),
        ("dn: providerName=Uno S.p.A.", vec![(1, "record-name-unusual")]),
        ("dn: cn=x,providerName=Uno S.p.A.,o=postacert", vec![(1, "record-name-unusual")]),
        ("dn: providerName=Uno S\\2ep.A., o=PostaCert", vec![]),
    ] {
        let d = load(&two().replace(name, dn));
        assert_eq!((names(&d), findings(&d)), (vec!["Uno S.p.A.", "Due S.r.l."], findings_there), "{dn}");
    }
    let d = load(&two().replace(name, "dn: Uno").replace("providerName: Uno S.p.A.\n", ""));
    assert_eq!(names(&d), ["Due S.r.l."]);
    assert_eq!(findings(&d), [(1, "record-name-malformed"), (1, "attribute-missing"), (1, "record-nameless")]);
}

#[test]
fn r21_a_directory_is_read_as_it_is_written() {
    let root = "version: 1\n\ndn: o=postacert\nobjectclass: top\nobjectclass: organization\nobjectClass: LDIFLocationURLObject\no: postacert\n\
                LDIFLocationURL: https://igpec.example/igpec.ldif.p7m\ndescription: Base root for the PEC providers directory\n\n";
    let ldif = format!("{root}{}{}", two(), unit_record("Uno S.p.A.", "Interno", C_HASH, C, "interna.uno.example"))
        .replace("managedDomains: pec.uno.example", "LDIFLocationURL: https://uno.example/x.p7m\nmanagedDomains: pec.uno.example\nmanagedDomains: Cert.example\ndescription: a\ndescription:: w6A=");
    let d = load(&ldif);
    assert_eq!(findings(&d), []);
    assert_eq!(names(&d), ["Uno S.p.A.", "Due S.r.l.", "Uno S.p.A."]);
    assert_eq!((d.provider_count(), d.certificate_count(), d.domain_count()), (3, 3, 4));
    assert_eq!(d.ldif_location_url(), Some("https://igpec.example/igpec.ldif.p7m"));
    use sha2::Digest as _;
    assert_eq!(d.sha256()[..], sha2::Sha256::digest(&ldif)[..]);

    let uno = &d.providers()[0];
    assert_eq!((uno.line(), uno.unit(), uno.dn()), (Some(11), None, "providerName=Uno S.p.A.,o=postacert"));
    assert_eq!(uno.mail_receipt().unwrap().as_str(), "r@pec.uno.example");
    assert_eq!(uno.ldif_location_url(), Some("https://uno.example/x.p7m"));
    assert_eq!(uno.domains().iter().map(Domain::as_str).collect::<Vec<_>>(), ["pec.uno.example", "Cert.example"]);
    assert_eq!(uno.descriptions().collect::<Vec<_>>(), ["a", "à"]);
    assert_eq!(uno.certificates()[0].hash_as_written(), Some(A_HASH));
    assert_eq!(uno.certificates()[0].certificate().der(), der(A));
    assert_eq!((d.providers()[2].unit(), d.providers()[2].ldif_location_url()), (Some("Interno"), None));
    assert_eq!(d.environments(&d.providers()[2]).map(|p| p.unit()).collect::<Vec<_>>(), [None, Some("Interno")]);
    assert_eq!(d.environments(&d.providers()[1]).count(), 1);
}

#[test]
fn r21_forms_that_are_read_the_same() {
    let plain = load(&two());
    assert_eq!(findings(&plain), []);
    let ldif = two();
    let fold = |line: &str, at: usize| -> String {
        line.as_bytes().chunks(at).map(|c| std::str::from_utf8(c).unwrap()).collect::<Vec<_>>().join("\n ")
    };
    let forms = [
        ("folded, in names too", ldif.lines().map(|l| fold(l, 7) + "\n").collect::<String>()),
        ("value on the continuation line", ldif.replace("Hash: ", "Hash:\n  ").replace("binary:: ", "binary::\n      ")),
        ("CR LF", ldif.replace('\n', "\r\n")),
        ("CR LF, folded", ldif.lines().map(|l| fold(l, 20).replace('\n', "\r\n") + "\r\n").collect()),
        ("BOM", format!("\u{feff}{ldif}")),
        ("version", format!("version: 1\n{ldif}")),
        ("comments", format!("# one\n  folded\n{}", ldif.replace("objectClass: top", "# dn: o=x\n y: z\n#\nobjectClass: top"))),
        (
            "upper case",
            ldif.replace("dn:", "DN:")
                .replace("provider", "PROVIDER")
                .replace("managedDomains", "MANAGEDDOMAINS")
                .replace("binary", "BINARY"),
        ),
        ("no blank lines", ldif.replace("\n\n", "\n")),
        ("more blank lines", ldif.replace("\n\n", "\n\n  \n\n")),
        ("trailing blanks", ldif.lines().map(|l| if l.is_empty() { "\n".into() } else { format!("{l}  \t\n") }).collect()),
        ("no blanks after colons", ldif.replace(": ", ":")),
        ("more blanks after colons", ldif.replace(": ", ":   ")),
        ("base64 names", ldif.replace("dn: providerName=Uno S.p.A.,o=postacert", "dn:: cHJvdmlkZXJOYW1lPVVubyBTLnAuQS4sbz1wb3N0YWNlcnQ=")),
        ("base64 domains", ldif.replace("managedDomains: pec.uno.example", "managedDomains:: cGVjLnVuby5leGFtcGxl")),
        ("without ;binary", ldif.replace(";binary", "")),
        ("no line end at the end", ldif.trim_end().to_owned()),
        ("other attributes", ldif.replace("objectClass: top", "objectClass: top\ncreatorsName: cn=x\nx-y;lang-it:: !!!")),
    ];
    for (what, form) in forms {
        assert_ne!(form, ldif, "{what}");
        let d = load(&form);
        // The distinguished name is kept as written.
        let lower = |d: &Directory| d.to_ldif().to_lowercase();
        assert_eq!(lower(&d), lower(&plain), "{what}");
        assert_eq!(findings(&d), [], "{what}");
    }
}

#[test]
fn r21_url_values_are_never_opened() {
    let ldif = two().replace("mailReceipt: r@pec.uno.example", "mailReceipt:< file:///etc/passwd\ndescription:<http://x.example/");
    let d = load(&ldif);
    assert_eq!(names(&d), ["Uno S.p.A.", "Due S.r.l."]);
    assert_eq!(findings(&d), [(1, "attribute-missing"), (7, "ldif-url-value"), (8, "ldif-url-value")]);
    assert_eq!(d.providers()[0].mail_receipt_text(), None);
    assert_eq!(
        d.findings()[1].to_string(),
        "line 7 (providerName=Uno S.p.A.,o=postacert): the value of mailReceipt is to be fetched from file:///etc/passwd: nothing is fetched, the value was left out"
    );
    let d = load(&two().replacen("dn: ", "dn:< file:///etc/passwd\nx: ", 1));
    assert_eq!((names(&d), findings(&d)), (vec!["Due S.r.l."], vec![(1, "ldif-url-value")]));
    let d = load(&two().replacen("binary:: ", "binary:< file:///etc/", 1));
    assert_eq!(findings(&d), [(1, "attribute-missing"), (5, "certificate-hash-alone"), (6, "ldif-url-value")]);
}

#[test]
fn r21_includes_and_change_records_are_refused() {
    let ldif = format!(
        "include: file:///x.ldif\n\n{}dn: providerName=X,o=postacert\ncontrol: 1.2.3 true\nchangetype: delete\n\n\
         dn: providerName=Y,o=postacert\nchangetype: modify\nadd: managedDomains\nmanagedDomains: y.example\n-\n\n",
        main_record("Uno", A_HASH, A, "uno.example").replace("mailReceipt", "include: /y.ldif\nmailReceipt")
    );
    let d = load(&ldif);
    assert_eq!(names(&d), ["Uno"]);
    assert_eq!(findings(&d), [(1, "ldif-include"), (9, "ldif-include"), (14, "ldif-change-record"), (18, "ldif-change-record")]);
    assert!(d.by_domain(&domain("y.example")).is_none());
}

#[test]
fn r21_a_bad_record_does_not_lose_the_others() {
    let bad = [
        ("dn:: !!!\nproviderName: X\nmanagedDomains: x.example\n\n", "ldif-bad-base64"),
        ("providerName: X\nmanagedDomains: x.example\n\n", "ldif-outside-record"),
        ("dn: cn=X,o=other\nobjectClass: person\ncn: X\n\n", "record-unknown"),
        ("dn: X\nobjectClass: person\n\n", "record-name-malformed"),
        ("no line\n\n", "ldif-line-malformed"),
        (" managedDomains: x.example\n\n", "ldif-stray-continuation"),
        ("version: 2\n", "ldif-version"),
        ("\u{0}\u{1}\u{2}\n\n", "ldif-line-malformed"),
    ];
    for (text, code) in bad {
        for ldif in [format!("{text}{}", two()), format!("{}{text}", two())] {
            let d = load(&ldif);
            assert_eq!(names(&d), ["Uno S.p.A.", "Due S.r.l."], "{text}");
            assert!(d.findings().iter().any(|f| f.code() == code), "{text}: {:?}", d.findings());
            assert!(d.by_domain(&domain("x.example")).is_none(), "{text}");
        }
    }
}

#[test]
fn r21_a_bad_value_does_not_lose_its_record() {
    type Case<'c> = (&'c str, &'c str, &'c [(usize, &'c str)]);
    let cases: [Case<'_>; 12] = [
        ("binary:: MI", "binary:: !!", &[(1, "attribute-missing"), (6, "ldif-bad-base64")]),
        ("binary:: MI", "binary:: AAAAMI", &[(1, "attribute-missing"), (6, "certificate-unreadable")]),
        ("binary:: MI", "binary: MI", &[(1, "attribute-missing"), (6, "certificate-as-text")]),
        ("managedDomains: pec.uno.example", "managedDomains: pec uno", &[(1, "attribute-missing"), (8, "domain-malformed")]),
        ("managedDomains: pec.uno.example", "managedDomains: [192.0.2.1]", &[(1, "attribute-missing"), (8, "domain-malformed")]),
        ("managedDomains: ", "managedDomains: è.it\nmanagedDomains: ", &[(8, "domain-malformed")]),
        ("mailReceipt: r@pec.uno.example", "mailReceipt: nobody", &[(7, "mail-receipt-malformed")]),
        ("mailReceipt: r@pec.uno.example", "mailReceipt: \"r r\"@pec.uno.example", &[(7, "mail-receipt-malformed")]),
        (A_HASH, "BD733", &[(5, "certificate-hash-malformed"), (5, "certificate-hash-mismatch")]),
        (A_HASH, B_HASH, &[(5, "certificate-hash-mismatch")]),
        (
            "providerName: Uno",
            "providerName:: /w==\nproviderName: Uno",
            &[(4, "ldif-not-utf-8"), (1, "provider-name-differs"), (5, "attribute-twice")],
        ),
        ("mailReceipt", "no colon\nmailReceipt", &[(7, "ldif-line-malformed")]),
    ];
    for (from, to, expected) in cases {
        let ldif = two().replacen(from, to, 1);
        assert_ne!(ldif, two());
        let d = load(&ldif);
        assert_eq!(d.providers().len(), 2, "{to}");
        let mut expected = expected.to_vec();
        expected.sort_by_key(|f| f.0);
        assert_eq!(findings(&d), expected, "{to}");
    }
}

#[test]
fn r21_missing_attributes_are_named() {
    for (line, attribute) in [
        ("objectClass: provider\n", "objectClass provider"),
        ("providerName: Uno S.p.A.\n", "providerName"),
        ("mailReceipt: r@pec.uno.example\n", "mailReceipt"),
        ("managedDomains: pec.uno.example\n", "managedDomains"),
    ] {
        let d = load(&two().replacen(line, "", 1));
        assert_eq!(names(&d), ["Uno S.p.A.", "Due S.r.l."]);
        assert_eq!(findings(&d), [(1, "attribute-missing")], "{attribute}");
        assert!(matches!(d.findings()[0].kind(), Kind::AttributeMissing { attribute: a } if *a == attribute));
    }
    let d = load(&two().replacen(&format!("providerCertificateHash: {A_HASH}\n"), "", 1));
    assert_eq!(findings(&d), [(1, "attribute-missing"), (5, "certificate-hash-missing")]);
    assert_eq!(listing(&d, A).0, "one");
    let d = load(&two().replacen(&format!("providerCertificate;binary:: {A}\n"), "", 1));
    assert_eq!(findings(&d), [(1, "attribute-missing"), (5, "certificate-hash-alone")]);
}

#[test]
fn r21_single_values_twice() {
    for (name, value) in [("providerName", "Other"), ("mailReceipt", "x@y.example"), ("LDIFLocationURL", "https://x.example/")] {
        let ldif = two().replacen("managedDomains", &format!("LDIFLocationURL: https://uno.example/\n{name}: {value}\nmanagedDomains"), 1);
        let d = load(&ldif);
        assert_eq!(findings(&d), [(9, "attribute-twice")], "{name}");
        let uno = &d.providers()[0];
        assert_eq!(
            (uno.name(), uno.mail_receipt_text(), uno.ldif_location_url()),
            ("Uno S.p.A.", Some("r@pec.uno.example"), Some("https://uno.example/"))
        );
    }
}

#[test]
fn r21_hashes_and_certificates_in_any_order() {
    let record = |lines: &str| {
        main_record("Uno", A_HASH, A, "uno.example")
            .replace(&format!("providerCertificateHash: {A_HASH}\nproviderCertificate;binary:: {A}\n"), lines)
    };
    let h = |hash: &str| format!("providerCertificateHash: {hash}\n");
    let c = |certificate: &str| format!("providerCertificate;binary:: {certificate}\n");
    let hashes = |d: &Directory| d.providers()[0].certificates().iter().map(|c| c.hash_as_written().map(str::to_owned)).collect::<Vec<_>>();
    let some = |s: &str| Some(s.to_owned());

    let d = load(&record(&(h(C_HASH) + &h(A_HASH) + &c(A) + &c(B) + &h(B_HASH) + &c(C))));
    assert_eq!((findings(&d), hashes(&d)), (vec![], vec![some(A_HASH), some(B_HASH), some(C_HASH)]));

    let wrong = "0".repeat(40);
    let d = load(&record(&(h(A_HASH) + &h(&wrong) + &c(B) + &c(A))));
    assert_eq!((findings(&d), hashes(&d)), (vec![(6, "certificate-hash-mismatch")], vec![some(&wrong), some(A_HASH)]));
    // R15: the hash is an index and proves nothing; the certificate is listed all the same.
    assert_eq!(listing(&d, B).0, "one");
    let text = format!("line 6 (providerName=Uno,o=postacert): providerCertificateHash says {wrong}, the certificate's SHA-1 is {B_HASH}");
    assert_eq!(d.findings()[0].to_string(), text);

    let d = load(&record(&(h(A_HASH) + &c(A) + &c(B))));
    assert_eq!((findings(&d), hashes(&d)), (vec![(7, "certificate-hash-missing")], vec![some(A_HASH), None]));

    // A certificate that cannot be read takes its hash with it.
    let d = load(&record(&(h(&wrong) + &c("AAAA") + &h(B_HASH) + &c(B))));
    assert_eq!((findings(&d), hashes(&d)), (vec![(6, "certificate-unreadable")], vec![some(B_HASH)]));

    // The same certificate twice counts once.
    let d = load(&record(&(h(A_HASH) + &c(A) + &h(A_HASH) + &c(A))));
    assert_eq!((findings(&d), hashes(&d)), (vec![(8, "certificate-twice")], vec![some(A_HASH)]));
    assert_eq!(listing(&d, A), ("one", vec!["Uno".to_owned()]));
}

#[test]
fn r21_a_certificate_of_two_providers_is_a_conflict() {
    let ldif = two() + &main_record("Tre", A_HASH, A, "tre.example");
    let d = load(&ldif);
    assert_eq!(findings(&d), [(24, "certificate-conflict")]);
    assert_eq!(
        d.findings()[0].to_string(),
        "line 24 (providerName=Tre,o=postacert): the certificate is also listed under Uno S.p.A. (line 1), so it speaks for neither"
    );
    assert_eq!(listing(&d, A), ("conflict", vec!["Uno S.p.A.".to_owned(), "Tre".to_owned()]));
    let conflict = d.lookup_der(&der(A));
    assert_eq!(conflict.provider(), None);
    assert!(!conflict.manages(&domain("pec.uno.example")) && !conflict.manages(&domain("tre.example")));
    assert_eq!(listing(&d, B), ("one", vec!["Due S.r.l.".to_owned()]));
    assert_eq!(listing(&d, C), ("none", vec![]));
}

#[test]
fn r19_a_certificate_speaks_for_the_record_that_lists_it() {
    let d = load(&(two() + &unit_record("uno s.p.a.", "Interno", C_HASH, C, "interna.uno.example")));
    assert_eq!(findings(&d), []);
    let [main, unit] = [d.lookup_der(&der(A)), d.lookup_der(&der(C))];
    assert!(main.manages(&domain("PEC.uno.EXAMPLE")) && !main.manages(&domain("interna.uno.example")));
    assert!(unit.manages(&domain("interna.uno.example")) && !unit.manages(&domain("pec.uno.example")));
    // Itself, not one above or below it.
    for other in ["uno.example", "x.pec.uno.example", "pec.uno.example.x", "pecuno.example"] {
        assert!(!main.manages(&domain(other)), "{other}");
    }
    assert_eq!(main.provider().map(Provider::name), Some("Uno S.p.A."));
    assert_eq!(unit.provider().and_then(Provider::unit), Some("Interno"));
    let certificate = d.providers()[0].certificates()[0].certificate();
    assert_eq!(d.lookup(certificate), main);
    assert_eq!(d.certificate(certificate.sha256()).map(|c| c.der()), Some(certificate.der()));
    assert_eq!(d.lookup_sha256(&[0; 32]), Listing::None);
}

#[test]
fn r15_a_certificate_is_found_by_its_bytes_alone() {
    // Another certificate under this one's hash: neither is taken for the other.
    let d = load(&main_record("Uno", B_HASH, A, "uno.example"));
    assert_eq!((listing(&d, A).0, listing(&d, B).0), ("one", "none"));
    let mut changed = der(A);
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(d.lookup_der(&changed), Listing::None);
    assert_eq!(d.lookup_der(&[]), Listing::None);
}

/// As in the second example of RFC 6109 §4.5.10, whose secondary environment also gives another `providerName`, and whose folded
/// name loses a blank.
#[test]
fn r19_main_and_secondary_environment_may_share_a_certificate() {
    let ldif = main_record("Anonymous Certified Mail S.p.A.", A_HASH, A, "mail.example")
        + &unit_record("Anonymous Certified Mail S.p.A.", "Secondary Environment", A_HASH, A, "management.example")
            .replace("providerName=Anonymous Certified", " providerName=Anonymous\n Certified")
            .replace("providerName: Anonymous ", "providerName: ");
    let d = load(&ldif);
    assert_eq!(findings(&d), [(10, "provider-name-differs")]);
    assert_eq!(listing(&d, A), ("shared", vec!["Anonymous Certified Mail S.p.A.".to_owned(), "Secondary Environment".to_owned()]));
    let shared = d.lookup_der(&der(A));
    assert!(shared.manages(&domain("mail.example")) && shared.manages(&domain("management.example")));
    assert_eq!(shared.provider(), d.providers().first());
    assert_eq!((d.providers()[1].name(), d.providers()[1].main_name()), ("Certified Mail S.p.A.", "AnonymousCertified Mail S.p.A."));
}

#[test]
fn r21_secondary_environments() {
    let unit = unit_record("Uno S.p.A.", "Interno", C_HASH, C, "interna.uno.example");
    let d = load(&(two() + &unit.replace("mailReceipt", "LDIFLocationURL: https://x.example/\nmailReceipt")));
    assert_eq!(findings(&d), [(26, "unit-location-url")]);
    assert_eq!(d.providers()[2].ldif_location_url(), None);

    let d = load(&(two() + &unit.replace("Uno S.p.A.", "Tre")));
    assert_eq!(findings(&d), [(19, "unit-without-main")]);

    let d = load(&(two() + &unit.replace("\nproviderUnit: Interno", "")));
    assert_eq!((findings(&d), d.providers()[2].unit()), (vec![(19, "provider-unit-differs")], Some("Interno")));
    let d = load(&(two() + &unit.replace("dn: providerUnit=Interno,providerName=Uno S.p.A.", "dn: providerName=Uno")));
    let expected = vec![(19, "provider-name-differs"), (19, "provider-unit-differs"), (19, "unit-without-main")];
    assert_eq!((findings(&d), d.providers()[2].unit()), (expected, Some("Interno")));
}

#[test]
fn r21_records_of_the_same_name() {
    let d = load(&(two() + &main_record("UNO  S.P.A.", C_HASH, C, "tre.example")));
    assert_eq!((names(&d), findings(&d)), (vec!["Uno S.p.A.", "Due S.r.l."], vec![(19, "record-twice")]));
    assert!(d.by_domain(&domain("tre.example")).is_none());
    assert_eq!(listing(&d, C).0, "none");
}

#[test]
fn r21_domains_claimed_twice() {
    let ldif = two().replace(
        "managedDomains: Pec.Due.example",
        "managedDomains: Pec.Due.example\nmanagedDomains: PEC.UNO.example\nmanagedDomains: pec.due.EXAMPLE",
    );
    let d = load(&ldif);
    assert_eq!(findings(&d), [(18, "domain-claimed-twice"), (19, "domain-twice")]);
    let text = "line 18 (providerName=Due S.r.l.,o=postacert): the domain PEC.UNO.example is also listed by providerName=Uno S.p.A.,o=postacert (line 1)";
    assert_eq!(d.findings()[0].to_string(), text);
    let claimants = |s: &str| d.claimants(&domain(s)).map(Provider::name).collect::<Vec<_>>();
    assert_eq!(claimants("pec.uno.example"), ["Uno S.p.A.", "Due S.r.l."]);
    assert_eq!(claimants("pec.due.example"), ["Due S.r.l."]);
    assert_eq!(claimants("due.example"), [""; 0]);
    assert_eq!(d.by_domain(&domain("Pec.Uno.example")).map(Provider::name), Some("Uno S.p.A."));
    assert_eq!(d.domain_count(), 3);
}

#[test]
fn r19_the_date_of_a_directory_is_the_callers_word() {
    let t = postacert::UnixTime::from_secs(1_748_000_000).unwrap();
    let d = load(&two());
    assert_eq!(d.as_of(), None);
    assert_eq!(d.with_date(t).as_of(), Some(t));
}

#[test]
fn bytes_that_are_no_directory() {
    let error = |bytes: &[u8]| Directory::from_ldif(bytes).unwrap_err();
    for bytes in [&b""[..], b"\n\n", b"Subject: x\n\nHello\n", b"\xff\xfe\x00\x01", b"version: 1\n"] {
        assert_eq!(error(bytes).kind(), &DirectoryErrorKind::NotLdif, "{bytes:?}");
    }
    // Signed: not read as LDIF, though the LDIF in it would read well.
    let wrapped = [b"\x30\x80\x06\x09*\x86H\x86\xf7\r\x01\x07\x02\n".to_vec(), two().into_bytes()].concat();
    assert_eq!(error(&wrapped).kind(), &DirectoryErrorKind::Signed);
    assert_eq!(error(b"-----BEGIN PKCS7-----\n").code(), "directory-signed");
    let e = error(b"dn: o=postacert\no: postacert\n\ndn: cn=x,o=y\ncn: x\n");
    assert_eq!(e.kind(), &DirectoryErrorKind::NoProvider);
    assert_eq!(
        e.to_string(),
        "no provider's record could be read; line 4 (cn=x,o=y): the record is neither the base root nor a provider's and was left out"
    );
    assert_eq!(
        error(b"Hello\n").to_string(),
        "this is no LDIF file: no line begins a record (`dn:`); line 1: this is no line of LDIF (`name: value`): Hello"
    );
    assert_eq!(Provider::main(" ").unwrap_err().to_string(), "the name of a provider or of its secondary environment is empty");
    assert_eq!(Provider::secondary("a", "b").unwrap().with_ldif_location_url("https://x.example").unwrap_err().code(), "unit-location-url");
}

#[test]
fn limits_at_n_and_beyond() {
    let ldif = two();
    let limits = |change: fn(&mut Limits, usize), n: usize| {
        let mut l = Limits::default();
        change(&mut l, n);
        Directory::from_ldif_with(ldif.as_bytes(), &l)
    };
    let bytes = |l: &mut Limits, n| l.ldif_bytes = n;
    assert!(limits(bytes, ldif.len()).is_ok());
    let e = limits(bytes, ldif.len() - 1).unwrap_err();
    assert_eq!(e.kind(), &DirectoryErrorKind::TooLarge { bytes: ldif.len(), limit: ldif.len() - 1 });

    let longest = ldif.lines().map(str::len).max().unwrap();
    let line = |l: &mut Limits, n| l.ldif_line_bytes = n;
    assert_eq!(findings(&limits(line, longest).unwrap()), []);
    let d = limits(line, longest - 1).unwrap();
    let long = ldif.lines().position(|l| l.len() == longest).unwrap() + 1;
    assert!(findings(&d).contains(&(long, "ldif-line-too-long")), "{:?}", d.findings());

    let three = |n: usize| {
        let more: String = [(A_HASH, A), (B_HASH, B), (C_HASH, C)][..n]
            .iter()
            .map(|(h, c)| format!("providerCertificateHash: {h}\nproviderCertificate;binary:: {c}\n"))
            .collect();
        let ldif = main_record("Uno", A_HASH, A, "uno.example")
            .replace(&format!("providerCertificateHash: {A_HASH}\nproviderCertificate;binary:: {A}\n"), &more);
        let mut l = Limits::default();
        l.ldif_certificates = 2;
        Directory::from_ldif_with(ldif.as_bytes(), &l).unwrap()
    };
    assert_eq!((findings(&three(2)), three(2).certificate_count()), (vec![], 2));
    assert_eq!((findings(&three(3)), three(3).certificate_count()), (vec![(10, "certificates-limit")], 2));
}

#[test]
fn a_name_beyond_the_limit_does_not_give_its_lines_to_another_record() {
    let mut limits = Limits::default();
    limits.ldif_line_bytes = 600;
    let long = main_record(&"x".repeat(600), B_HASH, B, "x.example");
    for ldif in [two() + &long, two().trim_end().to_owned() + "\n" + &long, long.clone() + &two()] {
        let d = Directory::from_ldif_with(ldif.as_bytes(), &limits).unwrap();
        assert_eq!(names(&d), ["Uno S.p.A.", "Due S.r.l."]);
        assert!(d.by_domain(&domain("x.example")).is_none());
    }
}

#[test]
fn r31_findings_are_capped_and_short() {
    let ldif = two()
        + "dn: providerName="
        + &"y".repeat(10_000)
        + ",o=postacert\nobjectClass: provider\n"
        + &format!("managedDomains: -{}@\n", "x".repeat(300)).repeat(5_000);
    let d = load(&ldif);
    assert_eq!(d.findings().len(), 1_001);
    assert_eq!(d.findings()[1_000].code(), "findings-limit");
    assert!(d.findings().iter().all(|f| f.to_string().len() < 500));
}

#[test]
fn r31_half_a_million_domains_in_linear_time() {
    let mut ldif = String::with_capacity(20 << 20);
    for p in 0..10 {
        ldif += main_record(&format!("P{p}"), "x", "x", "p.example").trim_end();
        (0..50_000).for_each(|i| ldif += &format!("\nmanagedDomains: d{i}.p{p}.example"));
        ldif += "\n\n";
    }
    let started = std::time::Instant::now();
    let d = Directory::from_ldif(ldif.as_bytes()).unwrap();
    // Seconds even unoptimised on a slow machine; a quadratic reader would take hours.
    assert!(started.elapsed().as_secs() < 60);
    assert_eq!(d.domain_count(), 500_010);
    assert_eq!(d.by_domain(&domain("D49999.p9.example")).map(Provider::name), Some("P9"));
    assert_eq!(d.by_domain(&domain("d50000.p9.example")), None);
    assert_eq!(d.claimants(&domain("p.example")).count(), 10);
}

#[test]
fn r31_many_units_sharing_one_certificate_and_domain() {
    let mut ldif = main_record(&"P".repeat(3_000), A_HASH, A, "p.example");
    for u in 0..2_000 {
        ldif += &unit_record("P", &format!("u{u}"), A_HASH, A, "p.example");
    }
    let d = Directory::from_ldif(ldif.as_bytes()).unwrap();
    assert_eq!(listing(&d, A).0, "conflict");
    assert_eq!(d.claimants(&domain("p.example")).count(), 2_001);
}

#[test]
fn writing_folds_and_encodes() {
    let d = DirectoryBuilder::new()
        .provider(
            Provider::main("Gestore, \"Città\" S.p.A.")
                .unwrap()
                .with_description("a: b")
                .with_description(" blank")
                .with_description("end ")
                .with_description("<x")
                .with_description("#x")
                .with_description(":x")
                .with_description("due\nrighe")
                .with_description(&"0123456789".repeat(15)),
        )
        .build()
        .unwrap();
    let expected = "version: 1\n\ndn:: cHJvdmlkZXJOYW1lPUdlc3RvcmVcLCBcIkNpdHTDoFwiIFMucC5BLixvPXBvc3RhY2VydA=\n =\nobjectClass: top\nobjectClass: provider\n\
        providerName:: R2VzdG9yZSwgIkNpdHTDoCIgUy5wLkEu\ndescription: a: b\ndescription:: IGJsYW5r\ndescription:: ZW5kIA==\ndescription:: PHg=\n\
        description: #x\ndescription:: Ong=\ndescription:: ZHVlCnJpZ2hl\n\
        description: 012345678901234567890123456789012345678901234567890123456789012\n 345678901234567890123456789012345678901234567890123456789012345678901234567\n 890123456789\n";
    assert_eq!(d.to_ldif(), expected);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{1,30}", "\\PC{1,20}", any::<String>()]
}

prop_compose! {
    fn provider()(
        name in text().prop_filter("a name", |n| !n.trim().is_empty()),
        unit in proptest::option::of(text().prop_filter("a name", |n| !n.trim().is_empty())),
        certificates in proptest::sample::subsequence(vec![0usize, 1, 2], 0..=3),
        mailbox in proptest::option::of("[a-zA-Z0-9+._]{0,5}[a-z]@[A-Za-z0-9-]{1,8}\\.example"),
        domains in proptest::collection::vec("[A-Za-z0-9-]{1,8}\\.[a-z]{2,70}", 0..6),
        descriptions in proptest::collection::vec(text(), 0..3),
        url in proptest::option::of(text()),
    ) -> Provider {
        let all = load(&(two() + &main_record("Tre", C_HASH, C, "c.example")));
        let mut p = match &unit {
            None => Provider::main(&name).unwrap(),
            Some(unit) => Provider::secondary(&name, unit).unwrap(),
        };
        for i in certificates {
            p = p.with_certificate(all.providers()[i].certificates()[0].certificate().clone());
        }
        if let Some(a) = mailbox.and_then(|m| m.parse().ok()) {
            p = p.with_mail_receipt(a);
        }
        for d in domains {
            p = p.with_domain(domain(&d));
        }
        for d in descriptions {
            p = p.with_description(&d);
        }
        match url {
            Some(url) if unit.is_none() => p.with_ldif_location_url(&url).unwrap(),
            _ => p,
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back_equal(provider in provider(), url in proptest::option::of(text())) {
        let mut builder = DirectoryBuilder::new().provider(provider.clone());
        if let Some(url) = &url {
            builder = builder.ldif_location_url(url);
        }
        let d = builder.build().unwrap();
        prop_assert_eq!(d.providers(), std::slice::from_ref(&provider));
        prop_assert_eq!(d.ldif_location_url(), url.as_deref().map(str::trim).filter(|u| !u.is_empty()));
        prop_assert!(d.to_ldif().lines().all(|l| l.len() <= 76));
        let again = Directory::from_ldif(d.to_ldif().as_bytes()).unwrap();
        prop_assert_eq!(again.sha256(), d.sha256());
        prop_assert_eq!(again.to_ldif(), d.to_ldif());
    }

    #[test]
    fn r31_arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        let _ = Directory::from_ldif(&bytes);
    }

    /// Lines of real directories, and pieces of them, in any order.
    #[test]
    fn r31_shuffled_directories_never_panic(
        pieces in proptest::collection::vec((0usize..40, any::<bool>(), 0usize..20), 0..60),
        flips in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let real = two() + &unit_record("Uno S.p.A.", "Interno", C_HASH, C, "interna.uno.example") + "changetype: add\ndescription:< x\n y\n\n# c\n";
        let lines: Vec<&str> = real.lines().collect();
        let mut ldif = Vec::new();
        for (line, whole, end) in pieces {
            let line = lines[line % lines.len()];
            ldif.extend(if whole { line } else { line.get(..end).unwrap_or(line) }.bytes());
            ldif.extend(if end == 7 { &b"\n "[..] } else { b"\n" });
        }
        for (at, byte) in flips {
            if !ldif.is_empty() {
                let at = at.index(ldif.len());
                ldif[at] = byte;
            }
        }
        if let Ok(d) = Directory::from_ldif(&ldif) {
            let again = Directory::from_ldif(d.to_ldif().as_bytes()).unwrap();
            prop_assert_eq!(again.providers(), d.providers());
        }
    }
}
