//! The options, as clap reads them.

use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use postacert::{PecId, Policy, UnixTime, VerificationTime};

use crate::lang::Lang;

/// Reads and verifies PEC (Posta Elettronica Certificata, RFC 6109), Italy's certified e-mail.
#[derive(Debug, Parser)]
#[command(name = "pec", version, max_term_width = 80, after_help = TOP_EXAMPLES)]
pub(crate) struct Cli {
    /// The language of texts for people; JSON and codes stay as they are
    #[arg(long, global = true, value_enum, default_value_t, hide_possible_values = true, value_name = "en|it")]
    pub(crate) lang: Lang,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Says what is proven of messages, and why
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(VerifyArgs),
    /// Shows a message as a person reads it; verifies nothing
    #[command(after_help = SHOW_EXAMPLES)]
    Show(ShowArgs),
    /// Saves the carried message, daticert.xml and the attachments; verifies nothing
    #[command(after_help = EXTRACT_EXAMPLES)]
    Extract(ExtractArgs),
    /// Lists the providers, certificates and domains of a provider directory
    #[command(after_help = DIRECTORY_EXAMPLES)]
    Directory(DirectoryArgs),
    /// Follows sent messages by their receipts: what became of each, for each recipient
    #[command(after_help = DOSSIER_EXAMPLES)]
    Dossier(DossierArgs),
    /// Keeps the files that prove what became of a message, and checks them again
    #[command(subcommand)]
    Bundle(BundleCommand),
    /// Writes one message of each kind into a folder, signed with throw-away keys
    #[command(after_help = COMPOSE_EXAMPLES)]
    Compose(ComposeArgs),
}

const COMPOSE_EXAMPLES: &str = "\
Examples:
  pec compose --out messages
  pec verify --anchors messages/root.pem messages/*.eml

The keys are those of the tests, known to everybody: the messages prove nothing.";

/// What `pec compose` is told.
#[derive(Debug, Args)]
pub(crate) struct ComposeArgs {
    /// The folder to write to; it is made if it is not there, and nothing in it is overwritten
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Write the text as HTML too
    #[arg(long)]
    pub(crate) html: bool,
}

const TOP_EXAMPLES: &str = "\
Examples:
  pec verify                         verify the bundled samples
  pec verify message.eml             verify a message, trusting the public roots
  pec show message.eml               read a message, believing nothing
  pec help verify                    every option of `pec verify`

Exit code: 0 everything passed, 1 something did not, 2 wrong usage or unreadable files.";

const VERIFY_EXAMPLES: &str = "\
Examples:
  pec verify message.eml
      trusts the public roots and the authorities known to issue PEC certificates
  pec verify --directory igpec.ldif message.eml
      the signer must be listed, and must manage the domains it speaks for
  pec verify --at 2021-03-01T12:00:00Z --basis archive old/*.eml
      judges old mail by the time at which your archive took it in
  pec verify --basis certification --policy archive old.eml
      judges old mail by its own word, with a finding that says so
  pec verify --json *.eml | jq -r 'select(.outcome != \"passed\") | .file'
      one JSON object a line, in the order of the files

Exit code: 0 all passed, 1 some did not, 2 wrong usage or unreadable files.";

const SHOW_EXAMPLES: &str = "\
Examples:
  pec show message.eml
  pec show --lang it message.eml
  curl -s https://mail.example/message.eml | pec show -";

const EXTRACT_EXAMPLES: &str = "\
Nothing is written outside DIR, and nothing there is overwritten: where a name
is taken, a number is added. Names are made harmless first.

Examples:
  pec extract receipt.eml --out receipt";

const DIRECTORY_EXAMPLES: &str = "\
Examples:
  pec directory igpec.ldif
  pec directory --directory-signer agid.pem igpec.ldif.p7m
  pec directory --json igpec.ldif";

const DOSSIER_EXAMPLES: &str = "\
Folders are looked through for .eml and mbox files and Maildir, but not through
links to folders. Only receipts count, and only verified ones.

Examples:
  pec dossier Maildir
  pec dossier --html dossier.html --lang it receipts/ old.mbox
  pec dossier --basis archive --at 2021-03-01T12:00:00Z archive.mbox
  pec dossier --json Maildir | jq -r 'select(.summary != \"delivered\") | .subject'

Exit code: 0 every receipt was verified and no message failed or is to be looked
at, 1 some did not, 2 wrong usage or unreadable files.";

const BUNDLE_MAKE_EXAMPLES: &str = "\
The files are copied as they are, byte for byte, and manifest.json says what
each proves and how it was verified. Nothing is overwritten.

Examples:
  pec bundle make --out evidence --id opec1@pec.example Maildir

Exit code: 0 done, 1 no verified receipt, or one that was not verified, claims to
be of the message, 2 wrong usage or unreadable files.";

const BUNDLE_CHECK_EXAMPLES: &str = "\
The time is that of the manifest; the trust is yours, and must be the one that
the bundle was made with.

Examples:
  pec bundle check evidence

Exit code: 0 the bundle is sound, 1 it has faults, which are named, 2 wrong usage
or unreadable files.";

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Messages to verify, `-` for standard input; none: the bundled samples
    pub(crate) files: Vec<PathBuf>,
    /// How strict to be: strict refuses weak algorithms and wants revocation lists, archive takes the algorithms of past years
    #[arg(long, value_enum, default_value_t)]
    pub(crate) policy: PolicyName,
    /// Print one JSON object per line and file
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) time: TimeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DossierArgs {
    /// Messages (.eml), folders, Maildir or mbox files with receipts; `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// How strict to be: strict refuses weak algorithms and wants revocation lists, archive takes the algorithms of past years
    #[arg(long, value_enum, default_value_t)]
    pub(crate) policy: PolicyName,
    /// Print one JSON object per line and sent message
    #[arg(long)]
    pub(crate) json: bool,
    /// Write a page for people too, to be looked at or printed; only such a page is overwritten
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) time: TimeArgs,
}

/// What `pec bundle` does.
#[derive(Debug, Subcommand)]
pub(crate) enum BundleCommand {
    /// Copies the receipts of a message into a folder, with a manifest
    #[command(after_help = BUNDLE_MAKE_EXAMPLES)]
    Make(BundleMakeArgs),
    /// Compares the files of such a folder with its manifest, and verifies them again
    #[command(after_help = BUNDLE_CHECK_EXAMPLES)]
    Check(BundleCheckArgs),
}

#[derive(Debug, Args)]
pub(crate) struct BundleMakeArgs {
    /// Messages (.eml), folders, Maildir or mbox files to look for the receipts in
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The folder to write to; it is made, or must be empty
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The message: its identificativo, as `pec dossier` prints it
    #[arg(long, value_name = "IDENTIFICATIVO")]
    pub(crate) id: PecId,
    /// The original mail, where you have kept it
    #[arg(long, value_name = "FILE")]
    pub(crate) original: Option<PathBuf>,
    /// How strict to be: strict refuses weak algorithms and wants revocation lists, archive takes the algorithms of past years
    #[arg(long, value_enum, default_value_t)]
    pub(crate) policy: PolicyName,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
    #[command(flatten)]
    pub(crate) time: TimeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct BundleCheckArgs {
    /// The folder with manifest.json
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// How strict to be; as the manifest says if not given
    #[arg(long, value_enum)]
    pub(crate) policy: Option<PolicyName>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

/// Whom to trust.
#[derive(Debug, Args)]
#[command(next_help_heading = "Trust")]
pub(crate) struct TrustArgs {
    /// The provider directory: LDIF, or its signed form (.p7m) with --directory-signer
    #[arg(long, value_name = "FILE")]
    pub(crate) directory: Option<PathBuf>,
    /// When the directory was as it is in the file (RFC 3339)
    #[arg(long, value_name = "RFC3339", requires = "directory")]
    pub(crate) directory_date: Option<UnixTime>,
    /// The certificate under which a signed directory is believed (PEM or DER)
    #[arg(long, value_name = "FILE", requires = "directory")]
    pub(crate) directory_signer: Option<PathBuf>,
    /// Certificates of authorities to trust (PEM or DER); the public roots if neither this nor --directory is given
    #[arg(long, value_name = "FILE")]
    pub(crate) anchors: Vec<PathBuf>,
    /// Certificates that may help to find a path, untrusted (PEM or DER)
    #[arg(long, value_name = "FILE")]
    pub(crate) certs: Vec<PathBuf>,
    /// Without --directory, who may issue PEC certificates: the authorities known to do so, or those in a file
    #[arg(long, value_name = "known|FILE", default_value = "known")]
    pub(crate) issuers: Issuers,
    /// Revocation lists (PEM or DER)
    #[arg(long, value_name = "FILE")]
    pub(crate) crl: Vec<PathBuf>,
}

/// By which time to judge.
#[derive(Debug, Args)]
#[command(next_help_heading = "Time")]
pub(crate) struct TimeArgs {
    /// Judge by this time (RFC 3339); by the present if not given
    #[arg(long, value_name = "RFC3339")]
    pub(crate) at: Option<UnixTime>,
    /// Why that time is believed; asserted with --at, now without it
    #[arg(long, value_enum)]
    pub(crate) basis: Option<Basis>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The message, `-` for standard input
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ExtractArgs {
    /// The message, `-` for standard input
    pub(crate) file: PathBuf,
    /// The folder to write to; made if it is not there
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DirectoryArgs {
    /// The directory: LDIF, or its signed form (.p7m) with --directory-signer
    pub(crate) file: PathBuf,
    /// The certificate under which a signed directory is believed (PEM or DER)
    #[arg(long, value_name = "FILE")]
    pub(crate) directory_signer: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// `--issuers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Issuers {
    Known,
    File(PathBuf),
}

impl FromStr for Issuers {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "known" { Self::Known } else { Self::File(text.into()) })
    }
}

/// `--policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum PolicyName {
    #[default]
    Default,
    Strict,
    Archive,
}

impl PolicyName {
    pub(crate) fn policy(self) -> Policy {
        match self {
            Self::Default => Policy::default(),
            Self::Strict => Policy::strict(),
            Self::Archive => Policy::archive(),
        }
    }
}

/// `--basis`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Basis {
    /// It is the present
    Now,
    /// You say that the message existed then
    Asserted,
    /// The message says so itself (takes no --at)
    Certification,
    /// A trusted time stamp, which you have checked, says so
    Timestamp,
    /// An archive took the message in then and has kept it unchanged
    Archive,
}

impl TimeArgs {
    /// The time to judge by, for a command; `clock` is asked for the present only where the options leave it open.
    pub(crate) fn time(&self, command: &[&str], clock: impl FnOnce() -> UnixTime) -> Result<VerificationTime, clap::Error> {
        let needs_at = |word: &str| usage(command, format!("--basis {word} needs a time: --at"));
        match (self.basis, self.at) {
            (None | Some(Basis::Now), None) => Ok(VerificationTime::now(clock())),
            (Some(Basis::Now), Some(at)) => Ok(VerificationTime::now(at)),
            (None | Some(Basis::Asserted), Some(at)) => Ok(VerificationTime::asserted(at)),
            (Some(Basis::Timestamp), Some(at)) => Ok(VerificationTime::timestamp(at)),
            (Some(Basis::Archive), Some(at)) => Ok(VerificationTime::archive(at)),
            (Some(Basis::Certification), None) => Ok(VerificationTime::certification()),
            (Some(Basis::Certification), Some(_)) => {
                Err(usage(command, "--basis certification takes no --at: the time is the message's own".into()))
            }
            (Some(Basis::Asserted), None) => Err(needs_at("asserted")),
            (Some(Basis::Timestamp), None) => Err(needs_at("timestamp")),
            (Some(Basis::Archive), None) => Err(needs_at("archive")),
        }
    }
}

impl VerifyArgs {
    /// Without a FILE the bundled samples are verified, with the trust and the time that belong to them.
    pub(crate) fn check_samples(&self) -> Result<(), clap::Error> {
        let TrustArgs { directory, directory_date: _, directory_signer: _, anchors, certs, issuers, crl } = &self.trust;
        let trust = directory.is_some() || !anchors.is_empty() || !certs.is_empty() || *issuers != Issuers::Known || !crl.is_empty();
        let time = self.time.at.is_some() || self.time.basis.is_some();
        if trust || time || self.policy != PolicyName::Default {
            let message = "no FILE to verify; without one, the bundled samples are verified, with trust and time of their own";
            return Err(usage(&["verify"], message.into()));
        }
        Ok(())
    }
}

/// An error in how the options of a command go together, told as clap tells its own.
fn usage(command: &[&str], message: String) -> clap::Error {
    let mut cli = Cli::command();
    cli.build();
    let named = command.iter().fold(&mut cli, |named, name| named.find_subcommand_mut(name).expect("it is a command"));
    named.error(clap::error::ErrorKind::ArgumentConflict, message)
}
