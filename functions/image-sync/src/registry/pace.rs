//! How fast a registry lets itself be asked.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::{Timestamp, fmt::rfc2822};
use reqwest::{Response, StatusCode, header::RETRY_AFTER};
use tokio::{sync::Notify, time::Instant};

/// More never go to one registry at once.
const MOST: usize = 32;
const PAUSE: Duration = Duration::from_millis(500);
const DOUBLED: u32 = 4;

/// What everybody who asks the same registry shares: one that is told to wait makes all wait, and fewer go on.
#[derive(Debug)]
pub(super) struct Pace {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    allowed: usize,
    running: usize,
    /// Good answers since the number that is allowed last changed.
    good: usize,
    /// How often in a row it was too much.
    refused: u32,
    until: Option<Instant>,
}

impl State {
    const START: Self = Self {
        allowed: MOST,
        running: 0,
        good: 0,
        refused: 0,
        until: None,
    };

    fn good(&mut self) {
        self.refused = 0;
        self.good += 1;
        if self.good >= self.allowed && self.allowed < MOST {
            self.allowed += 1;
            self.good = 0;
        }
    }

    /// Answers how long nobody asks now. Those that were under way together count once.
    fn throttled(&mut self, now: Instant, asked: Option<Duration>) -> Duration {
        if self.until.is_none_or(|until| until <= now) {
            self.allowed = (self.allowed / 2).max(1);
            self.good = 0;
            self.refused += 1;
        }
        let own = PAUSE * 2_u32.pow(self.refused.saturating_sub(1).min(DOUBLED));
        // One that says "at once" and means it never would be asked without end.
        let until = now + asked.map_or(own, |asked| asked.max(PAUSE));
        let until = self.until.map_or(until, |other| other.max(until));
        self.until = Some(until);
        until - now
    }
}

impl Pace {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State::START),
            changed: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A turn; or how long the registry wants no request, where that is longer than anybody here waits.
    pub(super) async fn turn(&self, patience: Duration) -> Result<Turn<'_>, Duration> {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let until = {
                let mut state = self.state();
                let until = state.until.filter(|until| *until > Instant::now());
                if until.is_none() && state.running < state.allowed {
                    state.running += 1;
                    return Ok(Turn(self));
                }
                until
            };
            let pause = until.map(|until| until - Instant::now());
            if let Some(pause) = pause.filter(|pause| *pause > patience) {
                return Err(pause);
            }
            match until {
                Some(until) => tokio::time::sleep_until(until).await,
                None => changed.await,
            }
        }
    }

    pub(super) fn good(&self) {
        self.state().good();
    }

    pub(super) fn throttled(&self, asked: Option<Duration>) -> Duration {
        self.state().throttled(Instant::now(), asked)
    }
}

/// One request that is under way.
#[derive(Debug)]
pub(super) struct Turn<'a>(&'a Pace);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.state().running -= 1;
        self.0.changed.notify_waiters();
    }
}

/// Whether an answer says that it was too much, and how long it wants peace where it says that. A registry that is
/// unavailable and does not say how long is broken, not busy.
pub(super) fn busy(answer: &Response) -> Option<Option<Duration>> {
    let after = answer.headers().get(RETRY_AFTER);
    let after = after.and_then(|value| value.to_str().ok());
    let after = after.and_then(|value| pause(value, Timestamp::now()));
    match (answer.status(), after) {
        (StatusCode::TOO_MANY_REQUESTS, after) => Some(after),
        (StatusCode::SERVICE_UNAVAILABLE, Some(after)) => Some(Some(after)),
        _ => None,
    }
}

/// Seconds or a date, as HTTP has it.
fn pause(value: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = rfc2822::parse(value).ok()?.timestamp();
    Some(Duration::try_from(now.duration_until(date)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_much_halves_what_is_allowed_once_and_good_answers_bring_it_back() {
        let (now, mut state) = (Instant::now(), State::START);
        assert_eq!(state.throttled(now, None), PAUSE);
        assert_eq!(state.throttled(now, None), PAUSE);
        assert_eq!(state.allowed, MOST / 2);
        let later = now + PAUSE;
        assert_eq!(state.throttled(later, None), PAUSE * 2);
        assert_eq!(state.allowed, MOST / 4);
        for _ in 0..MOST * MOST {
            state.good();
        }
        assert_eq!((state.allowed, state.refused), (MOST, 0));
    }

    #[test]
    fn what_the_registry_asks_for_is_granted_and_never_shortened_by_another_answer() {
        let (now, mut state) = (Instant::now(), State::START);
        let long = Duration::from_secs(20);
        assert_eq!(state.throttled(now, Some(long)), long);
        assert_eq!(state.throttled(now, Some(Duration::from_secs(1))), long);
        let mut state = State::START;
        assert_eq!(state.throttled(now, Some(Duration::ZERO)), PAUSE);
    }

    #[test]
    fn a_pause_is_read_as_seconds_and_as_a_date() {
        let now = Timestamp::from_second(784_111_777).unwrap();
        assert_eq!(pause("120", now), Some(Duration::from_secs(120)));
        let soon = pause("Sun, 06 Nov 1994 08:49:47 GMT", now);
        assert_eq!(soon, Some(Duration::from_secs(10)));
        let past = pause("Sun, 06 Nov 1994 08:49:07 GMT", now);
        assert_eq!(past, Some(Duration::ZERO));
        assert_eq!(pause("soon", now), None);
    }

    #[tokio::test]
    async fn everybody_waits_for_the_pause_and_for_a_free_turn() {
        let pace = Pace::new();
        pace.throttled(Some(Duration::from_millis(30)));
        let begun = Instant::now();
        pace.state().allowed = 1;
        let patience = Duration::from_secs(1);
        let first = pace.turn(patience).await.unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(30));
        let waiting = tokio::time::timeout(Duration::from_millis(20), pace.turn(patience)).await;
        assert!(waiting.is_err());
        drop(first);
        drop(pace.turn(patience).await.unwrap());
        pace.throttled(Some(patience * 3600));
        assert!(pace.turn(patience).await.is_err());
    }
}
