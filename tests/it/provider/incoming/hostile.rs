//! Every hostile fixture at the incoming point: nothing that does not pass has an effect, and nothing is lost.

use postacert::provider::{OrdinaryMail, Output, VirusVerdict};
use postacert::{Message, Outcome, VerificationTime};

use super::{Gestore, MARIO, PROTOCOLLO, VERIFIER, accepted, due, heard, lines, messages, now};
use crate::fixtures::{folder, read};

/// Envelopes that are certified: what stands around what is signed is not in order, and nobody goes by that; or the original is missing (R34).
const GENUINE: [&str; 2] = ["hostile/forma-senza-originale.eml", "hostile/identificativo-smentito.eml"];

#[test]
fn a_hostile_message_has_no_effect_and_is_not_lost() {
    let (uno, due_) = (Gestore::uno(), Gestore::due());
    let refusing = [Gestore::uno(), Gestore::due()].map(|gestore| gestore.with(|settings| settings.ordinary_mail = OrdinaryMail::Refuse));
    let (mut run, mut genuine) = (0, Vec::new());
    for folder_name in ["hostile", "finds"] {
        for entry in std::fs::read_dir(folder().join(folder_name)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if !name.ends_with(".eml") {
                continue;
            }
            run += 1;
            let name = format!("{folder_name}/{name}");
            let raw = read(&name);
            let message = Message::parse(&raw).unwrap();
            let passed = VERIFIER.verify(&message, VerificationTime::now(now().instant())).outcome() == Outcome::Passed;
            for (gestore, to) in [(&uno, MARIO), (&due_, PROTOCOLLO), (&refusing[0], MARIO), (&refusing[1], PROTOCOLLO)] {
                let state = accepted();
                let committed = gestore.receive(&state, &[to], &raw);
                let (said, delivered) =
                    (lines(&committed), committed.outputs.iter().filter(|o| matches!(o, Output::Deliver { .. })).count());
                let refused = committed.outputs.iter().filter(|o| matches!(o, Output::Refuse { .. })).count();
                assert!(delivered + refused >= 1, "{name}: {said:?}");
                let receipts = due(&committed).iter().any(|(_, due, _)| due != "nothing");
                // Found by fuzzing, and nothing wrong with them.
                let sound = name.starts_with("finds/") || GENUINE.contains(&&*name);
                let certified = receipts && passed && sound && to == PROTOCOLLO;
                assert_eq!(receipts, certified, "{name}: {said:?}");
                genuine.extend(certified.then(|| name.clone()));
                assert_eq!(!messages(&committed, "presa-in-carico").is_empty() && receipts, certified, "{name}: {said:?}");
                if !passed {
                    assert_eq!(delivered + refused, 1, "{name}: {said:?}");
                    assert!(heard(&committed).is_empty(), "{name}: {said:?}");
                    assert!(!committed.outputs.iter().any(|o| matches!(o, Output::Send { .. })), "{name}: {said:?}");
                    assert!(refused == 1 || messages(&committed, "anomalia").len() == 1, "{name}: {said:?}");
                }
                // Nor does the anti-virus make anything certain.
                let infected = gestore.receive_with(&state, &[to], &raw, VirusVerdict::Infected("EICAR"));
                assert!(heard(&infected).is_empty(), "{name}");
                assert!(!infected.outputs.iter().any(|o| matches!(o, Output::Deliver { .. })), "{name}");
                assert_eq!(infected.outputs.iter().any(|o| matches!(o, Output::Send { .. })), certified, "{name}");
            }
        }
    }
    assert!(run > 120, "{run}");
    assert!(GENUINE.iter().all(|name| genuine.iter().any(|genuine| genuine == name)), "{genuine:?}");
}
