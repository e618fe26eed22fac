//! What a person sees while the drill runs: what is done, since when, and what is being waited for.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::{Result, wait};

/// What is waited for is said again when it changed, and not more often than this.
const BETWEEN_WORDS: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Progress {
    began: Instant,
    acts: Cell<u32>,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            acts: Cell::new(0),
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn act(&self, what: &str) {
        println!("\n{}. {what}", self.acts.replace(self.acts.get() + 1));
    }

    pub(super) fn say(&self, what: &str) {
        println!("{:7.1} s  {what}", self.elapsed().as_secs_f64());
    }

    /// Waits until a condition holds; the error says what was last found.
    pub(super) async fn until<T>(
        &self,
        what: &str,
        patience: Duration,
        found: impl AsyncFnMut() -> Result<T>,
    ) -> Result<T> {
        let (mut said, mut last) = (Instant::now(), String::new());
        let heard = |error: &str| {
            if error != last && said.elapsed() >= BETWEEN_WORDS {
                self.say(&format!("  … {what}: {error}"));
                (said, last) = (Instant::now(), error.to_owned());
            }
        };
        wait::until(what, patience, found, heard).await
    }
}
