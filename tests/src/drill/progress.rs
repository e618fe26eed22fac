//! What a person sees while the drill runs: what is done, since when, and what is being waited for.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::Result;

const BETWEEN_QUESTIONS: Duration = Duration::from_millis(500);
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
        mut found: impl AsyncFnMut() -> Result<T>,
    ) -> Result<T> {
        let (begun, mut said, mut last) = (Instant::now(), Instant::now(), String::new());
        loop {
            let error = match found().await {
                Ok(value) => return Ok(value),
                Err(error) => error.to_string(),
            };
            if begun.elapsed() >= patience {
                let seconds = patience.as_secs();
                return Err(format!("{what}: not within {seconds} s: {error}").into());
            }
            if error != last && said.elapsed() >= BETWEEN_WORDS {
                self.say(&format!("  … {what}: {error}"));
                (said, last) = (Instant::now(), error);
            }
            tokio::time::sleep(BETWEEN_QUESTIONS).await;
        }
    }
}
