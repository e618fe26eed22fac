//! A way to stop a service's writes while its reads go on: listener rules that answer the methods that write with 503. They
//! stand behind the rule that forwards, where they never match, and are moved before it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// By service.
pub type Gates = BTreeMap<String, Gate>;

/// Of a listener's rules, by ARN. The lowest is asked first.
pub type Priorities = BTreeMap<String, u32>;

/// The rules of one service: AWS takes three values in a condition, so one cannot name every method.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Gate(pub Vec<Rule>);

#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rule {
    pub rule: String,
    /// Its priority behind the rule that forwards, and the one before it.
    pub open: u32,
    pub closed: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    Open,
    Closed,
    /// Some of its rules are missing, or are where nobody here puts them.
    Astray,
}

impl Gate {
    pub fn at(&self, position: Position) -> Priorities {
        let rules = self.0.iter().filter_map(|rule| {
            let priority = match position {
                Position::Open => rule.open,
                Position::Closed => rule.closed,
                Position::Astray => return None,
            };
            Some((rule.rule.clone(), priority))
        });
        rules.collect()
    }

    pub fn position(&self, seen: &Priorities) -> Position {
        let are = |position| {
            let mut rules = self.at(position).into_iter().peekable();
            rules.peek().is_some()
                && rules.all(|(rule, priority)| seen.get(&rule) == Some(&priority))
        };
        if are(Position::Closed) {
            Position::Closed
        } else if are(Position::Open) {
            Position::Open
        } else {
            Position::Astray
        }
    }
}

/// The services whose gates are not seen in this position.
pub fn elsewhere<'a>(gates: &'a Gates, position: Position, seen: &Priorities) -> Vec<&'a str> {
    let elsewhere = gates
        .iter()
        .filter(|(_, gate)| gate.position(seen) != position);
    elsewhere.map(|(service, _)| service.as_str()).collect()
}

/// Seconds until the longest write has ended that was let in before the gates closed: a load balancer drains no rule.
pub fn drains(closed: Timestamp, longest_seconds: u32, now: Timestamp) -> i64 {
    let passed = now.as_second() - closed.as_second();
    (i64::from(longest_seconds) - passed).max(0)
}

/// What one region reads of the other's `configuration.json`, whose other fields may be of a newer version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Told {
    #[serde(default)]
    pub gates: Gates,
}

#[cfg(any(test, feature = "samples"))]
pub fn sample(region: &str, service: &str) -> Gate {
    let rule = |name: &str, open, closed| Rule {
        rule: format!(
            "arn:aws:elasticloadbalancing:{region}:123456789012:listener-rule/app/forum-{region}/{service}/{name}"
        ),
        open,
        closed,
    };
    Gate(vec![rule("1", 11, 8), rule("2", 12, 9)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        sample("us-east-1", "posts")
    }

    #[test]
    fn a_gate_is_open_or_closed_only_where_every_rule_is() {
        for position in [Position::Open, Position::Closed] {
            assert_eq!(gate().position(&gate().at(position)), position);
        }
        let mut half = gate().at(Position::Open);
        half.insert(gate().0[0].rule.clone(), 8);
        assert_eq!(gate().position(&half), Position::Astray);
        assert_eq!(gate().position(&Priorities::new()), Position::Astray);
    }

    #[test]
    fn a_gate_without_rules_closes_nothing() {
        let none = Gate(vec![]);
        assert_eq!(none.position(&Priorities::new()), Position::Astray);
    }

    #[test]
    fn whoever_is_not_where_it_should_be_is_named() {
        let gates = Gates::from([("posts".to_owned(), gate())]);
        let closed = gate().at(Position::Closed);
        assert_eq!(elsewhere(&gates, Position::Open, &closed), ["posts"]);
        assert!(elsewhere(&gates, Position::Closed, &closed).is_empty());
    }

    #[test]
    fn a_write_that_was_let_in_is_waited_for_as_long_as_the_longest_takes() {
        let at = |second| Timestamp::from_second(second).unwrap();
        for (now, left) in [(100, 10), (109, 1), (110, 0), (200, 0)] {
            assert_eq!(drains(at(100), 10, at(now)), left);
        }
    }

    #[test]
    fn the_other_regions_gates_are_read_from_a_newer_configuration_too() {
        let newer = serde_json::json!({"schema": 9, "surprise": 1, "gates": {"posts": gate()}});
        let told: Told = serde_json::from_value(newer).unwrap();
        assert_eq!(told.gates["posts"], gate());
        let older = serde_json::json!({"schema": 1});
        let told: Told = serde_json::from_value(older).unwrap();
        assert_eq!(told, Told::default());
    }
}
