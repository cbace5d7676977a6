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
    (
        "2.2.1",
        "The access point refuses what fails the formal checks, accepts what passes, and stores what is infected",
        &[
            "s2_2_1_a_message_is_accepted_and_goes_to_all",
            "s3_1_1_each_formal_fault_alone",
            "s3_1_3_a_virus_is_told_and_the_message_stored",
        ],
    ),
    (
        "2.2.1",
        "Recipients' domains are sought in managedDomains, case-insensitively; notifications relate the typology of each",
        &[
            "s2_2_1_domains_are_found_whatever_their_case_and_providers_are_told_apart_by_their_records",
            "s3_1_4_external_recipients_get_the_envelope_and_give_nothing_back",
        ],
    ),
    (
        "2.2.2",
        "A correct envelope is taken in charge and forwarded to the delivery point",
        &["s2_2_2_an_envelope_is_taken_in_charge_and_handed_on_unmodified"],
    ),
    (
        "2.2.2",
        "What comes from a provider and is not correct MUST be propagated in an anomaly envelope",
        &["s3_2_2_an_altered_envelope_is_an_anomaly"],
    ),
    (
        "2.2.2",
        "What fails existence, origin or validity of the signature is ordinary mail",
        &["s2_2_2_a_signature_in_doubt_is_ordinary_mail_and_the_reason_is_told", "s3_2_2_ordinary_mail_is_an_anomaly_or_refused"],
    ),
    ("2.2.2", "Virus checks of ordinary mail SHALL keep it out of PEC", &["s2_2_2_a_virus_in_ordinary_mail_is_discarded"]),
    (
        "2.2.2",
        "The sending provider MUST send a virus-induced non-delivery notification to the sender's mailbox",
        &["s3_2_4_the_sender_is_told_of_a_virus_once", "s3_2_3_a_virus_at_the_incoming_point"],
    ),
    (
        "2.2.3, 3.3.2",
        "The message MUST be delivered unmodified; receipts are for valid transport envelopes alone",
        &["s2_2_2_an_envelope_is_taken_in_charge_and_handed_on_unmodified", "s2_2_3_nothing_but_an_envelope_gives_a_receipt"],
    ),
    (
        "2.2.4",
        "Infected messages MUST be stored by the provider that detects them, for 30 months",
        &["s3_1_3_a_virus_is_told_and_the_message_stored", "s3_2_3_an_infected_envelope_is_stored_and_each_recipient_told_of"],
    ),
    (
        "2.2.5",
        "The service mailbox gets what providers tell each other, and users never do",
        &["s2_2_5_what_providers_tell_each_other_never_reaches_a_user"],
    ),
    (
        "2.3",
        "Any and all operations MUST be logged, with eight things each",
        &["s2_3_every_operation_is_logged_with_all_that_is_asked_for", "s2_3_a_record_says_all_eight_things"],
    ),
    (
        "3.1.1",
        "What fails the tests MUST NOT be accepted, and a notification of non-acceptance is emitted",
        &["s3_1_1_each_formal_fault_alone", "s3_1_1_formal_faults_together", "s3_1_2_a_formal_refusal"],
    ),
    ("3.1.2", "Above a further bound of size the error is left to SMTP", &["s3_1_2_above_the_second_bound_smtp_refuses"]),
    ("3.1.3", "A virus MUST be refused with a notification that says so", &["s3_1_3_a_virus_at_the_access_point"]),
    (
        "3.1.6",
        "A notice after 12 hours of silence, another by 24 hours without delivery, not before 22",
        &[
            "s3_1_6_nothing_heard_gives_two_notices",
            "s3_1_6_taken_in_charge_alone_gives_one_notice",
            "s3_1_6_each_edge_to_the_second",
            "s3_1_6_the_final_notice_at_22_hours_and_not_before",
        ],
    ),
    (
        "3.2.1",
        "One presa-in-carico for all recipients of the provider MUST be sent to the sending provider",
        &["s3_2_1_one_notification_is_for_all_recipients_here"],
    ),
    (
        "3.2.3",
        "Infected PEC messages MUST NOT be forwarded; a separate notification for every recipient MUST be sent",
        &["s3_2_3_a_virus_at_the_incoming_point", "s3_2_3_an_infected_envelope_is_stored_and_each_recipient_told_of"],
    ),
    (
        "3.3.2.1",
        "A delivery notification MUST be issued for every recipient; ambiguity counts as a primary recipient",
        &["s3_3_2_the_kind_of_receipt_for_to_and_cc", "s3_3_2_a_stored_envelope_gives_the_receipt_that_is_due", "a_doubt_counts_as_to"],
    ),
    (
        "3.3.3",
        "What cannot be delivered is told to the sender",
        &["s3_3_3_what_cannot_be_delivered", "s3_3_3_a_failure_gives_a_notice_of_non_delivery"],
    ),
    (
        "3.4",
        "Messages MUST be processed when sender and receiver belong to the same domain",
        &["s3_4_sender_and_recipient_of_one_domain", "s3_4_an_envelope_of_ones_own_users_is_handled_alike"],
    ),
    ("3.5", "The complete transaction in its twelve steps", &["s3_5_complete_transaction_in_twelve_steps"]),
    (
        "4.1",
        "All events of a transaction MUST employ a sole temporal value",
        &["s3_3_2_a_stored_envelope_gives_the_receipt_that_is_due", "s4_1_the_same_entropy_gives_the_same_bytes"],
    ),
];

/// What is not the affair of a library of messages, and why.
const OUT_OF_SCOPE: &[(&str, &str, &str)] = &[
    ("2.2.1, 5.2", "User authentication MUST precede access", "a provider's service: the access point is told who was authenticated"),
    ("2.2.2", "Idle time limit of 24 hours, CRL update interval", "a provider's mail server; the lists are the caller's"),
    ("2.2.2, 3.1.3, 5.4", "Virus checks of all messages", "the verdict is the caller's; what follows from it is decided here"),
    ("2.2.2", "The sending provider MUST check which viruses its anti-virus does not know", "a person's work"),
    ("2.2.4, 2.3", "Storage and log kept for 30 months, and unmodified", "the caller's store; each output says until when"),
    ("2.2.6", "A service address MUST be registered", "a provider's entry in the directory"),
    ("3.3.2.2, 5.3", "Transit on machines of the PEC network, over TLS", "transport"),
    ("4.5, 5.6, 7", "Directory kept up to date, fetched over HTTPS", "the caller fetches; no message shows it"),
    ("5.1", "Keys in hardware", "a device; `Signer`, `ToSign` and `Pending` reach it"),
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
