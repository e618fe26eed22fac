//! What an execution spent its time on, by its history.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use crate::{Context, Result};

/// The states in which the state machine waits for the world or for a person, and nothing of ours runs.
const WAITING: [&str; 2] = ["Wait", "Hold"];

/// All in milliseconds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) total: u64,
    pub(super) waiting: u64,
    /// Each step, asked again or not; what is between them belongs to none.
    pub(super) steps: BTreeMap<String, u64>,
    /// How often the state machine waited.
    pub(super) waits: usize,
}

impl Spent {
    pub(super) fn of(events: &[Value]) -> Result<Self> {
        let mut spent = Self::default();
        let mut entered = BTreeMap::new();
        for event in events {
            let at = milliseconds(event)?;
            if let Some(name) = event["stateEnteredEventDetails"]["name"].as_str() {
                entered.insert(name, at);
            }
            let left = event["stateExitedEventDetails"]["name"].as_str();
            if let Some((name, since)) = left.and_then(|name| entered.remove_entry(name)) {
                let took = at - since;
                if WAITING.contains(&name) {
                    spent.waiting += took;
                    spent.waits += 1;
                } else if event["type"] == "TaskStateExited" {
                    *spent.steps.entry(name.to_owned()).or_default() += took;
                }
            }
        }
        let first = events.first().context(|| "it is empty".to_owned())?;
        let last = events.last().unwrap_or(first);
        spent.total = milliseconds(last)? - milliseconds(first)?;
        Ok(spent)
    }

    /// Our own share.
    pub(super) fn own(&self) -> u64 {
        self.total - self.waiting
    }
}

impl fmt::Display for Spent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |milliseconds: u64| format!("{:.1} s", milliseconds as f64 / 1000.0);
        write!(
            formatter,
            "{}, of which {} waiting {} times and {} our own",
            seconds(self.total),
            seconds(self.waiting),
            self.waits,
            seconds(self.own())
        )
    }
}

fn milliseconds(event: &Value) -> Result<u64> {
    let seconds = event["timestamp"].as_f64();
    let seconds = seconds.context(|| format!("an event has no time: {event}"))?;
    Ok((seconds * 1000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entered(kind: &str, name: &str, at: f64) -> Value {
        json!({ "type": format!("{kind}StateEntered"), "timestamp": at, "stateEnteredEventDetails": { "name": name } })
    }

    fn left(kind: &str, name: &str, at: f64) -> Value {
        json!({ "type": format!("{kind}StateExited"), "timestamp": at, "stateExitedEventDetails": { "name": name } })
    }

    #[test]
    fn what_is_spent_outside_of_wait_and_hold_is_our_own_and_a_step_asked_again_counts_each_time() {
        let history = [
            json!({ "type": "ExecutionStarted", "timestamp": 100.0 }),
            entered("Task", "Quiesce", 100.25),
            left("Task", "Quiesce", 101.0),
            entered("Wait", "Wait", 101.0),
            left("Wait", "Wait", 104.0),
            entered("Task", "Quiesce", 104.0),
            left("Task", "Quiesce", 104.5),
            entered("Task", "Hold", 104.5),
            left("Task", "Hold", 164.5),
            json!({ "type": "ExecutionSucceeded", "timestamp": 165.0 }),
        ];
        let expected = Spent {
            total: 65_000,
            waiting: 63_000,
            steps: [("Quiesce".to_owned(), 1250)].into(),
            waits: 2,
        };
        let spent = Spent::of(&history).unwrap();
        assert_eq!(spent, expected);
        assert_eq!(spent.own(), 2000);
    }

    #[test]
    fn a_history_without_events_or_times_is_an_error() {
        assert!(Spent::of(&[]).is_err());
        assert!(Spent::of(&[json!({ "type": "ExecutionStarted" })]).is_err());
    }
}
