//! Random days in the life of a world.

use postacert::provider::OrdinaryMail;

use super::choices::Choices;
use super::mail::{Letter, What};
use super::trust::Keys;
use super::{Condition, Faults, HOUR, World, audit};

const ABSENT: &str = "nessuno";
const VIRUSES: [&str; 2] = ["VIRUS-A", "VIRUS-B"];

/// Some providers, some faults, some letters, two days; then a week without faults. All that must hold is looked at on the way and at the end.
/// Gives the world as it is then.
pub(crate) fn run(choices: Choices) -> World {
    let mut world = random_world(choices);
    let letters = 1 + world.choices.below(5);
    for _ in 0..letters {
        let pause = world.choices.below(8 * HOUR as usize) as i64;
        world.drive(pause);
        something_changes(&mut world);
        something_comes(&mut world);
    }
    let pause = world.choices.below(30 * HOUR as usize) as i64;
    world.drive(pause);
    calm(&mut world);
    world.drive(7 * 24 * HOUR);
    audit::at_the_end(&world);
    world
}

/// The property of the fuzz target: the bytes are the choices.
pub(crate) fn of_bytes(bytes: &[u8]) {
    if bytes.len() <= 1_000 {
        drop(run(Choices::Bytes(bytes.to_vec(), 0)));
    }
}

fn random_world(mut choices: Choices) -> World {
    let providers = *choices.of(&[2, 2, 2, 5]);
    let mut world = World::new(providers, Keys::Cheap, choices);
    let rates = [0, 0, 5, 15, 40];
    let rate = |world: &mut World| *world.choices.of(&rates);
    world.faults = Faults {
        lost: rate(&mut world),
        retried: rate(&mut world),
        doubled: rate(&mut world),
        altered: rate(&mut world),
        slow: rate(&mut world),
        crashed: rate(&mut world),
        restarted: rate(&mut world),
        device: rate(&mut world),
        cut: Vec::new(),
    };
    for host in 0..providers {
        world.hosts[host].antivirus = VIRUSES[..world.choices.below(3)].to_vec();
        let (batch, final_notice) = (*world.choices.of(&[100, 1, 2]), *world.choices.of(&[24, 22, 23]));
        let ordinary_mail = *world.choices.of(&[OrdinaryMail::Deliver, OrdinaryMail::Deliver, OrdinaryMail::Refuse]);
        world.settings(host, |settings| {
            (settings.batch, settings.final_notice_secs, settings.ordinary_mail) = (batch, final_notice * HOUR, ordinary_mail);
        });
        for user in ["anna", "bruno", "carla"] {
            world.open(&user_of(&world, host, user));
        }
    }
    world
}

fn user_of(world: &World, host: usize, user: &str) -> String {
    format!("{user}@{}", world.hosts[host].operator.identity().address().domain())
}

/// Before the next letter.
fn something_changes(world: &mut World) {
    let providers = world.hosts.len();
    let host = world.choices.below(providers);
    match world.choices.below(14) {
        1 => {
            let condition = *world.choices.of(&[Condition::Open, Condition::Full, Condition::Closed, Condition::Broken]);
            // Only anna writes letters, and hears what became of them.
            let user = *world.choices.of(&["bruno", "carla"]);
            let mailbox = user_of(world, host, user);
            world.set(&mailbox, condition);
        }
        2 => world.hosts[host].down = true,
        3 => world.hosts[host].down = false,
        4 => {
            let to = world.choices.below(providers);
            world.faults.cut.push((host, to));
        }
        5 => world.faults.cut.clear(),
        6 => {
            world.change(0, |party| {
                party.listed = vec!["uno", "uno-renewed"];
                party.certificate = "uno-renewed";
            });
            // Everybody hears of the certificate before it is used.
            (0..providers).rev().for_each(|host| world.learn(host));
        }
        8 | 9 => replay(world),
        7 => world.hosts[host].antivirus = VIRUSES[..world.choices.below(3)].to_vec(),
        _ => {}
    }
}

/// Somebody sends again what lies in a mailbox, to whomever.
fn replay(world: &mut World) {
    let mailboxes = world.hosts.iter().flat_map(|host| host.mailboxes.values());
    let found: Vec<_> = mailboxes.flat_map(|mailbox| &mailbox.mail).cloned().collect();
    if found.is_empty() {
        return;
    }
    let stored = world.choices.of(&found);
    // What a provider tells its own users has come by no network.
    if matches!(stored.seen.what, What::Envelope | What::Delivery | What::TakenInCharge | What::VirusDetection) {
        let host = world.choices.below(world.hosts.len());
        let user = *world.choices.of(&["anna", "bruno", "ricezione", ABSENT]);
        let to = user_of(world, host, user);
        world.mail_from_outside("mario@mail.example", &[&to], &stored.raw);
    }
}

fn something_comes(world: &mut World) {
    let from = world.choices.below(world.hosts.len());
    let anna = user_of(world, from, "anna");
    let mut letter = Letter::new(&anna, &[]);
    for _ in 0..=world.choices.below(5) {
        let host = world.choices.below(world.hosts.len());
        let who = *world.choices.of(&["bruno", "carla", "bruno", "anna", ABSENT]);
        let external = world.choices.percent(10);
        let recipient = if external { "mario@mail.example".to_owned() } else { user_of(world, host, who) };
        if letter.to.contains(&recipient) || letter.cc.contains(&recipient) {
            continue;
        }
        if letter.to.is_empty() || !world.choices.percent(30) {
            letter.to.push(recipient);
        } else {
            letter.cc.push(recipient);
        }
    }
    letter.receipt = *world.choices.of(&[None, None, Some("completa"), Some("breve"), Some("sintetica")]);
    letter.subject = format!("Lettera {}", world.transcript.len());
    letter.body = match world.choices.below(20) {
        19 => VIRUSES[0].to_owned(),
        18 => VIRUSES[1].to_owned(),
        _ => "ciao".to_owned(),
    };
    match world.choices.below(12) {
        11 => {
            let to: Vec<&str> = letter.to.iter().map(String::as_str).filter(|to| !to.contains("@mail.example")).take(1).collect();
            if !to.is_empty() {
                world.mail_from_outside("mario@mail.example", &to, &letter.bytes());
            }
        }
        10 => {
            letter.fields = "Bcc: nascosto@mail.example\r\n".to_owned();
            world.submit(&letter);
        }
        _ => drop(world.submit(&letter)),
    }
}

/// No more accidents.
fn calm(world: &mut World) {
    world.faults = Faults::default();
    world.hosts.iter_mut().for_each(|host| host.down = false);
}
