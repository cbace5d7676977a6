//! How far a long piece of work is: a bar on standard error, if that is a terminal.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Before this nobody waits.
const SHORT: Duration = Duration::from_millis(400);

/// The bar is drawn again after this at the earliest.
const PAUSE: Duration = Duration::from_millis(80);

/// Columns of the bar itself.
const COLUMNS: u64 = 40;

/// A bar that fills up: `[########------------]  42 %  1234`, the last being a count of what was done, such as messages.
#[derive(Debug)]
pub(crate) struct Bar {
    total: u64,
    done: u64,
    count: u64,
    drawn: State,
}

#[derive(Debug)]
enum State {
    NoTerminal,
    Hidden { due: Instant },
    Shown { due: Instant },
}

impl Bar {
    /// A bar that is full at `total`, of whichever unit.
    pub(crate) fn new(total: u64) -> Self {
        let drawn = if io::stderr().is_terminal() { State::Hidden { due: Instant::now() + SHORT } } else { State::NoTerminal };
        Self { total, done: 0, count: 0, drawn }
    }

    pub(crate) fn done(&self) -> u64 {
        self.done
    }

    pub(crate) fn advance_to(&mut self, done: u64) {
        self.done = done;
        self.draw();
    }

    /// One thing more was done.
    pub(crate) fn count(&mut self) {
        self.count += 1;
        self.draw();
    }

    fn draw(&mut self) {
        let (State::Hidden { due } | State::Shown { due }) = self.drawn else { return };
        let now = Instant::now();
        if now < due {
            return;
        }
        let part = |of: u64| (self.done.min(self.total) * of).checked_div(self.total).unwrap_or(0);
        let filled = part(COLUMNS);
        let (bar, rest) = ("#".repeat(filled as usize), "-".repeat((COLUMNS - filled) as usize));
        let mut err = io::stderr();
        let _ = write!(err, "\r[{bar}{rest}] {:3} %  {}", part(100), self.count);
        let _ = err.flush();
        self.drawn = State::Shown { due: now + PAUSE };
    }

    /// Takes the bar away, so that something else can be printed; it comes back by itself.
    pub(crate) fn clear(&mut self) {
        if let State::Shown { .. } = self.drawn {
            let _ = write!(io::stderr(), "\r\x1b[K");
            self.drawn = State::Hidden { due: Instant::now() + PAUSE };
        }
    }
}
