//! RFC 6109, requirement by requirement: which test shows that messages keep it, or why it does not concern a library of messages.
//!
//! `docs/conformance.md` is made from this table: `POSTACERT_WRITE_DOCS=1 cargo test --all-features --test it rfc6109`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// A requirement: section, what it says, and the tests that show it.
const SHOWN: &[(&str, &str, &[&str])] = &[
    (
        "2.1",
        "The X.509v3 certificate of the key MUST be included in the S/MIME structure",
        &["s2_1_the_certificates_come_with_the_message", "openssl_verifies_every_kind_and_no_changed_one"],
    ),
    ("2.1", "Certificates MUST abide by the profile", &["r22_the_signers_profile"]),
    (
        "2.1",
        "The sender address MUST coincide with the one in the certificate",
        &["the_sender_is_the_certificate_s_address", "headers_are_those_of_the_sections", "r20_the_from_is_the_certificates_address"],
    ),
    (
        "2.1",
        "Transport envelopes MUST indicate in From a single author's address, not the original's",
        &["s3_1_5_a_transport_envelope_inherits_five_fields_and_writes_the_others_itself", "r06_only_one_well_formed_from_binds"],
    ),
    ("2.1", "From and Sender MUST contain the same value", &["headers_are_those_of_the_sections"]),
    (
        "2.1",
        "Reply-To of the envelope MUST contain the unaltered value of the original's",
        &["s2_1_1_2_every_envelope_inherits_five_fields_to_the_byte_and_in_order", "an_envelope_inherits_fields_as_they_stand"],
    ),
    (
        "2.1",
        "Notifications MUST use the original sender's address of the reverse path",
        &["s2_1_notifications_go_to_the_reverse_path_whatever_reply_to_says"],
    ),
    (
        "2.1",
        "Notifications MUST be sent without taking Reply-To into account",
        &["s2_1_notifications_go_to_the_reverse_path_whatever_reply_to_says"],
    ),
    (
        "2.1",
        "Addressing data in Bcc MUST be considered invalid",
        &["bcc_and_another_identifier_are_refused", "a_bcc_does_not_hide_behind_the_limits_of_a_header", "each_check_has_its_refusal"],
    ),
    (
        "2.1.1.1.1",
        "A server-server acceptance MUST NOT be sent to the users",
        &["s2_1_1_1_1_a_taking_in_charge_names_no_user_in_its_header"],
    ),
    (
        "2.1.1.2",
        "Envelopes MUST inherit Received, To, Cc, Return-Path, Reply-To with their unmodified values",
        &["s2_1_1_2_every_envelope_inherits_five_fields_to_the_byte_and_in_order"],
    ),
    (
        "2.2.1",
        "The acceptance MUST contain user-readable text and an XML part",
        &["s3_every_text_is_the_italian_one_to_the_byte", "every_kind_reads_back_and_verifies", "python_reads_every_part"],
    ),
    ("2.2.1", "The PEC msgid MUST be unambiguous", &["identifiers_are_of_the_form_and_do_not_repeat"]),
    (
        "2.2.1",
        "Original message and envelope MUST contain Message-ID with the unique identifier",
        &["s3_1_5_a_transport_envelope_inherits_five_fields_and_writes_the_others_itself", "the_identifier_is_replaced_and_related"],
    ),
    ("2.2.1", "The msgid of the mail client SHALL be substituted by a PEC msgid", &["the_identifier_is_replaced_and_related"]),
    (
        "2.2.1",
        "The msgid MUST be inserted in the original, the notifications and the envelope",
        &[
            "s2_2_1_every_message_of_a_transaction_tells_both_identifiers",
            "the_identifier_is_replaced_and_related",
            "an_identifier_of_a_strange_form_is_not_lost",
        ],
    ),
    ("2.2.1", "The msgid is REQUIRED in the original as X-Riferimento-Message-ID", &["the_identifier_is_replaced_and_related"]),
    (
        "2.2.2",
        "A correct message is told from an irregular one and from ordinary mail (the checks after which it MUST be propagated)",
        &["every_fixture_comes_out_as_its_table_says", "r33_a_broken_chain_makes_ordinary_mail_a_revoked_one_does_not"],
    ),
    (
        "2.2.3",
        "A message at the Delivery Point is checked for its type by what is signed",
        &["r05_the_kind_comes_from_the_signed_data_alone"],
    ),
    (
        "3.1.1",
        "The Access Point MUST guarantee formal conformity, and verify From, To, both paths, Bcc and size",
        &["each_check_has_its_refusal", "all_that_is_wrong_is_told"],
    ),
    ("3.1.1", "Size by recipients MUST fall within the provider's limits", &["size_by_recipients_is_limited"]),
    (
        "3.1.1",
        "A message that does not pass MUST NOT be accepted",
        &["a_submission_without_agreement_is_refused", "every_refusal_names_its_rule"],
    ),
    (
        "3.1.2–3.3.3",
        "Parsing MUST be done on the XML part only",
        &["r05_the_kind_comes_from_the_signed_data_alone", "r07_readable_text_feeds_no_verdict"],
    ),
    (
        "3.1.2–3.3.3",
        "The message MUST follow the format of section 4.3",
        &["every_kind_reads_back_and_verifies", "all_that_is_composed_is_of_seven_bits", "python_reads_every_part"],
    ),
    (
        "3.1.2, 3.1.3",
        "A non-acceptance MUST NOT include the original message",
        &[
            "s3_what_must_not_carry_the_original_has_nothing_of_it",
            "python_reads_every_part",
            "r34_departures_of_form_are_findings_that_name_both_sides",
        ],
    ),
    (
        "3.1.3",
        "A non-acceptance for a virus MUST tell the user the reason",
        &["s3_every_text_is_the_italian_one_to_the_byte", "s3_the_reason_is_in_the_text_and_in_the_data"],
    ),
    (
        "3.1.5",
        "Inherited fields MUST be related unmodified",
        &[
            "s2_1_1_2_every_envelope_inherits_five_fields_to_the_byte_and_in_order",
            "s3_1_5_a_transport_envelope_inherits_five_fields_and_writes_the_others_itself",
        ],
    ),
    (
        "3.1.5",
        "X-Trasporto, Date, Subject, From, Reply-To, Message-ID, X-Riferimento-Message-ID, X-TipoRicevuta MUST be modified or inserted",
        &["s3_1_5_a_transport_envelope_inherits_five_fields_and_writes_the_others_itself", "an_envelope_inherits_fields_as_they_stand"],
    ),
    (
        "3.1.6",
        "A timeout notification MUST NOT include the original message",
        &["s3_what_must_not_carry_the_original_has_nothing_of_it", "python_reads_every_part"],
    ),
    (
        "3.2.2",
        "A message with errors MUST be inserted in an anomaly envelope",
        &["an_anomaly_envelope_has_its_text_and_the_message_alone", "hard_originals_arrive_to_the_byte"],
    ),
    (
        "3.2.2",
        "An anomaly envelope MUST inherit Received, To, Cc, Return-Path, Message-ID unmodified",
        &[
            "s2_1_1_2_every_envelope_inherits_five_fields_to_the_byte_and_in_order",
            "s3_2_2_an_anomaly_envelope_inherits_the_identifier_too_and_writes_the_others_itself",
        ],
    ),
    (
        "3.2.2",
        "X-Trasporto, Date, Subject, From, Reply-To MUST be modified or inserted",
        &["s3_2_2_an_anomaly_envelope_inherits_the_identifier_too_and_writes_the_others_itself"],
    ),
    (
        "3.2.2",
        "An anomaly envelope MUST NOT contain parts other than the entire message",
        &["an_anomaly_envelope_has_its_text_and_the_message_alone", "r08_an_anomaly_envelope_is_never_certified"],
    ),
    (
        "3.2.3",
        "A virus detection MUST NOT include the original message",
        &["s3_what_must_not_carry_the_original_has_nothing_of_it", "python_reads_every_part"],
    ),
    ("3.2.3", "Its body MUST contain the reason", &["s3_the_reason_is_in_the_text_and_in_the_data"]),
    ("3.2.4", "The reason MUST be specified in the message", &["s3_the_reason_is_in_the_text_and_in_the_data"]),
    ("3.3.2", "What is delivered MUST be unchanged", &["hard_originals_arrive_to_the_byte", "every_other_byte_stays"]),
    ("3.3.2.1", "Ambiguity in To and Cc MUST count as primary recipient", &["a_doubt_counts_as_to"]),
    (
        "3.3.2.1",
        "The complete copy of the original message MUST be included",
        &["every_kind_reads_back_and_verifies", "python_reads_every_part"],
    ),
    ("3.3.2.1", "A delivery notification is for one recipient, of those of the message", &["a_receipt_concerns_a_recipient"]),
    ("3.3.2.2", "The encoding of the message MUST NOT be altered", &["every_other_byte_stays", "hard_originals_arrive_to_the_byte"]),
    (
        "3.3.2.2",
        "Each part with a name or filename MUST be substituted by a text file with its hash",
        &["named_parts_are_replaced_and_all_else_stays", "names_come_out_with_hash_behind_them"],
    ),
    ("3.3.2.2", "The signature part of multipart/signed MUST be left unchanged", &["the_signature_of_signed_mail_stays"]),
    (
        "3.3.2.2",
        "The provider MUST extract the parts of the first part of multipart/signed, hash them and substitute them",
        &["the_signature_of_signed_mail_stays", "attached_messages_are_replaced_whole", "opaque_smime_stays_whole"],
    ),
    ("4.1", "A sole temporal value MUST be employed", &["s4_1_one_time_is_told_everywhere"]),
    (
        "4.3.1",
        "With HTML, two sub-parts MUST be present, text/plain and text/html",
        &["s4_3_1_the_html_says_the_same_as_the_text_and_refers_to_nothing", "python_reads_every_part"],
    ),
    (
        "4.3.1",
        "The HTML MUST contain the same information",
        &["s4_3_1_the_html_says_the_same_as_the_text_and_refers_to_nothing", "python_reads_every_part"],
    ),
    (
        "4.3.1",
        "The HTML MUST NOT contain references",
        &["s4_3_1_the_html_says_the_same_as_the_text_and_refers_to_nothing", "python_reads_every_part"],
    ),
    (
        "4.3.1",
        "The HTML MUST NOT have active content",
        &["s4_3_1_the_html_says_the_same_as_the_text_and_refers_to_nothing", "python_reads_every_part"],
    ),
    (
        "4.4",
        "#REQUIRED attributes of the DTD",
        &["xmllint_validates_every_daticert", "r34_what_is_missing_from_the_data_makes_it_irregular"],
    ),
    (
        "4.5",
        "The directory MUST be signed, its certificate inside",
        &["r21_der_and_ber_open_under_the_pinned_signer", "r21_a_changed_signature_is_found"],
    ),
    (
        "4.5",
        "Hashes and certificates, names, secondary units (4.5.1–4.5.9)",
        &["r21_missing_attributes_are_named", "r21_secondary_environments", "r21_hashes_and_certificates_in_any_order"],
    ),
    ("5.5", "Subject, rfc822Name, key usage, key identifiers, no basic constraints", &["r22_the_signers_profile"]),
];

/// What is not the affair of a library of messages, and why.
const OUT_OF_SCOPE: &[(&str, &str, &str)] = &[
    ("2.2.1, 5.2", "User authentication MUST precede access", "a provider's service; no message shows it"),
    ("2.2.2", "Idle time limit of 24 hours, CRL update interval", "a provider's operation; the lists are the caller's"),
    (
        "2.2.2, 3.1.3, 3.2.3, 5.4",
        "Virus checks; infected messages stored and not forwarded",
        "the verdict is the caller's; the notifications are composed here",
    ),
    ("2.2.4, 2.2.6, 2.3", "Special storage, service mailbox, log kept and unmodified", "a provider's store"),
    (
        "3.2.1, 3.2.3, 3.3.2.1",
        "A notification MUST be sent, for each recipient",
        "when to send is the providers' protocol; what is sent is composed here",
    ),
    ("3.3.2.2, 5.3", "Transit on machines of the PEC network, over TLS", "transport"),
    ("3.4", "Sender and receiver of the same domain MUST be processed", "no rule of messages tells them apart"),
    ("4.5, 5.6, 7", "Directory kept up to date, fetched over HTTPS", "the caller fetches; no message shows it"),
    ("5.1", "Keys in hardware", "a device; `Signer` and `ToSign` reach it"),
];

fn project(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn generated() -> String {
    let mut page = String::from(
        "# Conformance to RFC 6109\n\n<!-- Made from tests/it/rfc6109.rs: POSTACERT_WRITE_DOCS=1 cargo test --all-features --test it rfc6109 -->\n\n\
         Every MUST, MUST NOT, SHALL and REQUIRED of RFC 6109 that concerns messages, and the tests that show it. Requirements that one section repeats \
         in the words of another stand once.\n\n| section | requirement | tests |\n| --- | --- | --- |\n",
    );
    for (section, requirement, tests) in SHOWN {
        let tests: Vec<String> = tests.iter().map(|test| format!("`{test}`")).collect();
        writeln!(page, "| {section} | {requirement} | {} |", tests.join(", ")).unwrap();
    }
    page += "\n## Out of scope\n\n| section | requirement | why |\n| --- | --- | --- |\n";
    for (section, requirement, why) in OUT_OF_SCOPE {
        writeln!(page, "| {section} | {requirement} | {why} |").unwrap();
    }
    page
}

/// The names of all functions that follow `#[test]`, here and inside the modules, and of the properties of proptest.
fn tests() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![project("tests/it"), project("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap().path();
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            let Ok(source) = fs::read_to_string(entry) else { continue };
            for after in source.split("#[test]").skip(1) {
                if let Some((_, function)) = after.split_once("fn ") {
                    found.insert(function.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap().to_owned());
                }
            }
        }
    }
    found
}

#[test]
fn every_requirement_names_tests_that_exist() {
    let there = tests();
    assert!(there.len() > 300, "{}", there.len());
    for (section, requirement, tests) in SHOWN {
        assert!(!tests.is_empty(), "{section}: {requirement}");
        for test in *tests {
            assert!(there.contains(*test), "{section}: {requirement}: there is no test {test}");
        }
    }
    assert!(OUT_OF_SCOPE.iter().all(|(_, _, why)| !why.is_empty()));
}

#[test]
fn the_page_is_the_table() {
    let file = project("docs/conformance.md");
    if std::env::var_os("POSTACERT_WRITE_DOCS").is_some() {
        fs::write(&file, generated()).unwrap();
    }
    let page = fs::read_to_string(&file).unwrap_or_default();
    assert!(page == generated(), "docs/conformance.md is out of date: POSTACERT_WRITE_DOCS=1 cargo test --all-features --test it rfc6109");
}
