//! How long answers are waited for.

use std::time::Duration;

use futures::{Stream, StreamExt, stream};
use lifeboat_core::{Failure, Region};
use tokio::time::Instant;

use crate::event::Action;

/// Of this region: one moment up to which everything that begins together is waited for, so that questions that follow from each
/// other's answers take no longer than one of them may.
#[derive(Debug, Clone)]
pub(crate) struct Wait {
    until: Instant,
    patience: Duration,
    region: Region,
}

impl Wait {
    pub(crate) fn begin(action: Action, region: &Region) -> Self {
        let patience = action.patience();
        Self {
            until: Instant::now() + patience,
            patience,
            region: region.clone(),
        }
    }

    /// A region that is slow with its own answers must not keep the probe from saying what it saw of the other.
    pub(crate) async fn get<T>(
        &self,
        operation: &str,
        object: &str,
        answer: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout_at(self.until, answer).await {
            Ok(answer) => answer,
            Err(_) => {
                let why = format!("no answer within {} s", self.patience.as_secs_f32());
                Err(Failure::unavailable(operation, object, &self.region, why))
            }
        }
    }
}

/// So many questions of one kind are under way at a time: each beyond that would be a connection, a handshake and memory of its
/// own, where it can have those of one that was answered.
pub(crate) const AT_ONCE: usize = 50;

/// The answers as they come: none waits for one that was asked before it.
pub(crate) fn at_once<T>(
    asked: impl IntoIterator<Item = impl Future<Output = T>>,
) -> impl Stream<Item = T> {
    stream::iter(asked).buffer_unordered(AT_ONCE)
}

/// All of them.
pub(crate) async fn each<T>(asked: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    at_once(asked).collect().await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn never_more_than_fifty_are_asked_at_once_and_one_that_hangs_holds_nobody_up() {
        let region = Region::new("us-west-2").unwrap();
        let wait = &Wait::begin(Action::Probe, &region);
        let (now, most) = (&Cell::new(0), &Cell::new(0));
        let asked = (0..3 * AT_ONCE).map(async |number| {
            now.set(now.get() + 1);
            most.set(most.get().max(now.get()));
            let answer = async {
                match number < 5 {
                    true => std::future::pending::<()>().await,
                    false => tokio::time::sleep(Duration::from_millis(100)).await,
                }
                Ok(number)
            };
            let answer = wait.get("describe", "it", answer).await;
            now.set(now.get() - 1);
            answer.ok()
        });
        let begun = Instant::now();
        let answers = each(asked).await;
        assert_eq!(most.get(), AT_ONCE);
        let none = answers.iter().filter(|answer| answer.is_none()).count();
        assert_eq!((answers.len(), none), (3 * AT_ONCE, 5));
        assert_eq!(begun.elapsed(), Action::Probe.patience());
    }
}
