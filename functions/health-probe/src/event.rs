use std::time::Duration;

use lifeboat_core::Invalid;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    pub action: Action,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Action {
    /// Looks, publishes, remembers, fences.
    Probe,
    /// Looks once, beside what the last probe recorded, and changes nothing.
    Look,
}

impl Action {
    /// How long this region's own answers are waited for: a probe can wait for those that had to be asked for again, and
    /// whoever only looks is in a hurry.
    pub(crate) fn patience(self) -> Duration {
        match self {
            Self::Probe => Duration::from_secs(10),
            Self::Look => Duration::from_millis(1500),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Probe => "probe",
            Self::Look => "look",
        }
    }
}

/// Serde's own derive would name the unknown value, but not the field.
impl TryFrom<String> for Action {
    type Error = Invalid;
    fn try_from(word: String) -> Result<Self, Invalid> {
        [Self::Probe, Self::Look]
            .into_iter()
            .find(|action| action.word() == word)
            .ok_or_else(|| Invalid::new("action", "probe or look", format!("{word:?}")))
    }
}

impl From<Action> for String {
    fn from(action: Action) -> Self {
        action.word().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifeboat_aws::parse_event;
    use serde_json::json;

    #[test]
    fn the_sample_events_are_events_of_this_function() {
        for (text, action) in [
            (
                include_str!("../../../events/health-probe/probe.json"),
                Action::Probe,
            ),
            (
                include_str!("../../../events/health-probe/look.json"),
                Action::Look,
            ),
        ] {
            let sample: serde_json::Value = serde_json::from_str(text).unwrap();
            let event: Event = parse_event(sample.clone()).unwrap();
            assert_eq!(event, Event { action });
            assert_eq!(serde_json::to_value(event).unwrap(), sample);
        }
    }

    #[test]
    fn an_unknown_action_and_an_unknown_field_are_refused_by_name() {
        for (event, named) in [
            (
                json!({"action": "fence"}),
                "action: expected probe or look, found \"fence\"",
            ),
            (json!({"action": "probe", "force": true}), "force"),
            (json!({}), "action"),
        ] {
            let refused = parse_event::<Event>(event).unwrap_err();
            assert_eq!(refused.name(), "Invalid");
            assert!(refused.to_string().contains(named), "{refused}");
        }
    }
}
