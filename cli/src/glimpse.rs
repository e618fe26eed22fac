//! A run as it passes by in a history.

use lifeboat_core::{decide::Decision, plan::Plan};
use serde::Deserialize;
use serde_json::Value;

/// As much of a `Run` as is shown while it goes on. Read tolerantly: the region may run a newer version than this command.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Glimpse {
    pub decision: Decision,
    #[serde(default)]
    pub plan: Option<Plan>,
    #[serde(default)]
    pub waiting: Option<Wanted>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Wanted {
    #[serde(rename = "for")]
    pub what: String,
}

/// The run in what a state handed on: as it is, or inside an answer of Lambda.
pub fn glimpse(handed_on: &Value) -> Option<Glimpse> {
    ["", "/Payload", "/run"]
        .into_iter()
        .filter_map(|place| handed_on.pointer(place))
        .find_map(|value| Glimpse::deserialize(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifeboat_core::{request::Mode, run};
    use serde_json::json;

    #[test]
    fn a_run_is_found_wherever_a_state_puts_it_and_whatever_a_newer_version_adds() {
        let mut run = serde_json::to_value(run::sample(Mode::Planned)).unwrap();
        run["colour"] = "green".into();
        run["waiting"] = json!({"step": "dance", "since": "now", "for": "users 0 of 2"});
        for handed_on in [
            run.clone(),
            json!({"StatusCode": 200, "Payload": run}),
            json!({"run": run, "tries": 3}),
        ] {
            let waiting = glimpse(&handed_on).unwrap().waiting.unwrap();
            assert_eq!(waiting.what, "users 0 of 2");
        }
    }

    #[test]
    fn anything_else_is_no_run() {
        for other in [
            Value::Null,
            json!("text"),
            json!({"digests": {}}),
            json!([1]),
        ] {
            assert_eq!(glimpse(&other), None);
        }
    }
}
