//! Was this provider entitled to attest these addresses, and does it speak from its own (R6, R19, R20)?

use super::Verifier;
use super::judge::Judge;
use super::signature::Signed;
use crate::address::{Address, Domain};
use crate::certdata::{CertificationData, PecKind, Written};
use crate::directory::{Listing, Provider};
use crate::finding::{Check, FindingKind};
use crate::message::{Claims, Reading};
use crate::time::UnixTime;

/// For whom a listed certificate speaks: the record that lists it, or the records of one provider that do.
#[derive(Debug, Clone, Copy)]
struct Speaker<'l> {
    provider: &'l Provider,
    listing: &'l Listing<'l>,
}

impl<'l> Speaker<'l> {
    fn of(listing: &'l Listing<'l>) -> Option<Self> {
        listing.provider().map(|provider| Self { provider, listing })
    }
}

impl Verifier {
    /// The outer From must be the signer's; with a directory, the addresses that the signed data attest must be of domains that the signer's
    /// provider manages. With anchors alone nobody knows who manages a domain: the check is then not made, unless From already fails it.
    pub(super) fn check_authority(
        &self,
        claims: &Claims<'_, '_>,
        signed: &Signed,
        reading: &Reading<'_>,
        at: Option<UnixTime>,
        judge: &mut Judge,
    ) {
        let Some(signer) = &signed.signer else { return };
        let listing = self.directory.as_ref().map(|d| d.lookup(signer.certificate()));
        let speaker = listing.as_ref().and_then(Speaker::of);
        if self.directory.is_some() && speaker.is_none() {
            // Not listed, or listed twice: the chain says so already, and there is nobody whose domains could be looked up.
            return;
        }
        check_from(claims, signed, speaker, judge);
        let Some((speaker, directory)) = speaker.zip(self.directory.as_deref()) else { return };
        if let Some(data) = &reading.data {
            check_attested(data, speaker, judge);
            note_provider_name(data, speaker, judge);
        }
        if let (Some(as_of), Some(at)) = (directory.as_of(), at)
            && as_of.as_secs().abs_diff(at.as_secs()) > self.policy.directory_tolerance.unsigned_abs()
        {
            let finding = FindingKind::DirectoryOutOfDate { as_of: as_of.to_string().into(), at: at.to_string().into() };
            judge.unknown(Check::Authority, finding);
        }
        judge.good(Check::Authority);
    }
}

/// The From's addr-spec is in the signer's certificate; with a directory another address of a managed domain is a finding (R20), and the
/// domain must be managed in any case (RFC 6109 §7).
fn check_from(claims: &Claims<'_, '_>, signed: &Signed, speaker: Option<Speaker<'_>>, judge: &mut Judge) {
    let Some(signer) = &signed.signer else { return };
    let emails = signer.certificate().emails();
    let named = || emails.join(", ").into();
    let Some(from) = claims.from_address() else {
        let from = claims.text("From").map(Into::into);
        return judge.bad(Check::Authority, FindingKind::FromNotSigner { from, signer: named() });
    };
    let is_signer = emails.iter().any(|email| email.parse::<Address>().is_ok_and(|email| email == from));
    let managed = speaker.map(|s| s.listing.manages(from.domain()));
    match (is_signer, managed) {
        (true, None | Some(true)) => {}
        (false, Some(true)) => judge.note(FindingKind::FromOtherAddress { from: from.as_str().into(), signer: named() }),
        (false, None) => judge.bad(Check::Authority, FindingKind::FromNotSigner { from: Some(from.as_str().into()), signer: named() }),
        (_, Some(false)) => {
            if !is_signer {
                judge.bad(Check::Authority, FindingKind::FromNotSigner { from: Some(from.as_str().into()), signer: named() });
            }
            if let Some(speaker) = speaker {
                judge.bad(Check::Authority, wrong(speaker, from.domain().as_str(), "sender (From)"));
            }
        }
    }
}

/// R19: which of the signed addresses a provider attests by itself, kind by kind.
fn check_attested(data: &CertificationData, speaker: Speaker<'_>, judge: &mut Judge) {
    let mut demand = |address: Option<&Written<Address>>, what: &'static str| {
        let Some(address) = address else { return judge.bad(Check::Authority, FindingKind::RecipientMissing { element: what }) };
        // Only an empty mittente is a finding (R34): it attests nobody. The others are what the message is about.
        if address.text().is_empty() && what != "mittente" {
            return judge.bad(Check::Authority, FindingKind::RecipientMissing { element: what });
        }
        if !address.text().is_empty() && !manages(speaker, address) {
            judge.bad(Check::Authority, wrong(speaker, domain_text(address), what));
        }
    };
    match data.kind() {
        PecKind::Acceptance | PecKind::NonAcceptance | PecKind::TransportEnvelope | PecKind::DeliveryTimeout => {
            demand(Some(data.sender()), "mittente");
        }
        PecKind::Delivery | PecKind::VirusDetection => demand(data.recipient(), "consegna"),
        PecKind::TakenInCharge => {
            if data.received_for().is_empty() {
                demand(None, "ricezione");
            }
            for address in data.received_for() {
                demand(Some(address), "ricezione");
            }
        }
        PecKind::NonDelivery => {
            // The sender's provider (after a virus) or the recipient's may write it.
            let recipient_is_ours = data.recipient().is_some_and(|recipient| manages(speaker, recipient));
            if !recipient_is_ours {
                demand(Some(data.sender()), "mittente");
            }
        }
    }
}

fn manages(speaker: Speaker<'_>, address: &Written<Address>) -> bool {
    match address.value() {
        Some(address) => speaker.listing.manages(address.domain()),
        // Kept as written with a finding (R30); its domain can be asked for all the same, if it is one address: a local part beyond ASCII, say.
        None => {
            let text = address.text();
            let is_one = text.matches('@').count() == 1
                && !text.starts_with('@')
                && !text.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | ';' | '<' | '>' | '"' | '(' | ')'));
            is_one && domain_text(address).parse::<Domain>().is_ok_and(|domain| speaker.listing.manages(&domain))
        }
    }
}

fn domain_text(address: &Written<Address>) -> &str {
    match address.value() {
        Some(address) => address.domain().as_str(),
        None => address.text().rsplit_once('@').map_or(address.text(), |(_, domain)| domain),
    }
}

fn wrong(speaker: Speaker<'_>, domain: &str, what: &'static str) -> FindingKind {
    FindingKind::WrongAuthority { provider: speaker.provider.name().into(), domain: domain.into(), what }
}

/// `gestore-emittente` is the provider's own wording of its name: a difference is worth saying, no more (R34).
fn note_provider_name(data: &CertificationData, speaker: Speaker<'_>, judge: &mut Judge) {
    let Some(signed) = data.provider() else { return };
    let listed = speaker.provider.main_name();
    let same = signed == listed || signed.split_whitespace().map(str::to_lowercase).eq(listed.split_whitespace().map(str::to_lowercase));
    if !same {
        judge.note(FindingKind::ProviderNameMismatch { signed: signed.into(), listed: listed.into() });
    }
}
