//! Random schedules of faults: whatever goes wrong, every accepted recipient comes to exactly one end.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use postacert::provider::Event;

use crate::support::world::choices::Choices;
use crate::support::world::schedule;

/// `POSTACERT_SCHEDULES=n` sets how many, `POSTACERT_SEED=n` the first.
fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap_or_else(|error| panic!("{variable}={text}: {error}")))
}

#[test]
fn any_schedule_of_faults_keeps_the_promises() {
    let first = number("POSTACERT_SEED", 1);
    let schedules = number("POSTACERT_SCHEDULES", 400);
    let next = AtomicU64::new(first);
    let events = Mutex::new(BTreeSet::new());
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + schedules {
                return;
            }
            match catch_unwind(AssertUnwindSafe(|| schedule::run(Choices::Seed(seed)))) {
                Ok(world) => {
                    let logged = world.hosts.iter().flat_map(|host| &host.log).map(|record| record.event);
                    events.lock().unwrap().extend(logged);
                }
                Err(panic) => {
                    eprintln!("the schedule of POSTACERT_SEED={seed} POSTACERT_SCHEDULES=1 breaks a promise");
                    next.store(first + schedules, Ordering::Relaxed);
                    resume_unwind(panic);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    if schedules >= 400 {
        // No mail of these worlds is that large, and none leaves no room for a notification.
        let refused = [Event::SubmissionRefused, Event::NotificationImpossible];
        let missing: Vec<_> =
            Event::ALL.iter().filter(|event| !refused.contains(event) && !events.lock().unwrap().contains(event)).collect();
        assert!(missing.is_empty(), "the schedules reach everything but {missing:?}");
    }
}
