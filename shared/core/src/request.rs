use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Invalid, SCHEMA,
    decide::{Asker, Fact},
    stored::check_schema,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Says what it would do and changes nothing.
    Plan,
    /// Brings the passive region up, restores into a scratch place, tests it, tears everything down. Users notice nothing.
    Drill,
    /// Both regions are alive and nothing may be lost. A failback is this, towards home.
    Planned,
    /// The other region is presumed dead.
    Unplanned,
}

impl Mode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Drill => "drill",
            Self::Planned => "planned",
            Self::Unplanned => "unplanned",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestedBy {
    Alarm,
    Person,
    /// Drills only.
    Schedule,
}

/// The input of an execution, whoever starts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub schema: u32,
    pub mode: Mode,
    pub requested_by: RequestedBy,
    pub reason: String,
    /// Which person, as AWS knows them, where whoever started it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The mode that a plan is for; the one that would be right now unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Mode>,
    /// The digest of a plan: when the facts are others than that plan's, nothing is begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// How many tasks of each service a drill brings up; production's number unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks: Option<u32>,
    /// What a person starts it in spite of, each with why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub overrides: BTreeMap<Fact, String>,
}

const REASON: usize = 500;

/// Neither empty nor longer than anybody reads.
pub(crate) fn check_reason(field: String, reason: &str) -> Result<(), Invalid> {
    let characters = reason.chars().count();
    if reason.trim().is_empty() || characters > REASON {
        let expected = format!("1 to {REASON} characters saying why");
        return Err(Invalid::new(field, expected, characters));
    }
    Ok(())
}

/// An ARN has fewer, and nobody needs more to be known by.
const BY: usize = 300;

pub(crate) fn check_by(field: &str, by: Option<&str>) -> Result<(), Invalid> {
    let says = |by: &str| (1..=BY).contains(&by.chars().count()) && !by.contains(char::is_control);
    match by {
        Some(by) if !says(by) => {
            let expected = format!("1 to {BY} characters on one line");
            Err(Invalid::new(field, expected, format!("{by:?}")))
        }
        Some(_) | None => Ok(()),
    }
}

impl Request {
    pub fn new(mode: Mode, requested_by: RequestedBy, reason: impl Into<String>) -> Self {
        Self {
            schema: SCHEMA,
            mode,
            requested_by,
            reason: reason.into(),
            by: None,
            of: None,
            plan: None,
            tasks: None,
            overrides: BTreeMap::new(),
        }
    }

    /// Overrules a fact, for a reason.
    pub fn overriding(mut self, fact: Fact, reason: impl Into<String>) -> Self {
        self.overrides.insert(fact, reason.into());
        self
    }

    pub fn validate(&self) -> Result<(), Invalid> {
        check_schema("request.schema", self.schema)?;
        check_reason("request.reason".into(), &self.reason)?;
        check_by("request.by", self.by.as_deref())?;
        let expected = match (self.requested_by, self.mode) {
            (RequestedBy::Person, _)
            | (RequestedBy::Alarm, Mode::Unplanned)
            | (RequestedBy::Schedule, Mode::Drill) => None,
            (RequestedBy::Alarm, _) => Some("unplanned for an alarm"),
            (RequestedBy::Schedule, _) => Some("drill for a schedule"),
        };
        if let Some(expected) = expected {
            return Err(Invalid::new("request.mode", expected, self.mode.as_str()));
        }
        if self.tasks.is_some() && self.mode != Mode::Drill {
            return Err(Invalid::new(
                "request.tasks",
                "only with mode drill",
                self.mode.as_str(),
            ));
        }
        if self.tasks == Some(0) {
            return Err(Invalid::new("request.tasks", "at least 1", 0));
        }
        if self.of.is_some() && (self.mode != Mode::Plan || self.of == Some(Mode::Plan)) {
            let expected = "drill, planned or unplanned, and only with mode plan";
            return Err(Invalid::new("request.of", expected, self.mode.as_str()));
        }
        if self.plan.is_some() && self.mode == Mode::Plan {
            return Err(Invalid::new(
                "request.plan",
                "the digest of a plan, for another mode",
                self.mode.as_str(),
            ));
        }
        for (fact, reason) in &self.overrides {
            let field = format!("request.overrides.{}", fact.word());
            self.may_override(*fact, &field)?;
            check_reason(field, reason)?;
        }
        Ok(())
    }

    fn may_override(&self, fact: Fact, field: &str) -> Result<(), Invalid> {
        let mode = self.mode.as_str();
        let expected = match (self.mode, self.requested_by) {
            (Mode::Plan, _) => "no override: a plan starts nothing and shows every fact".to_owned(),
            (_, RequestedBy::Alarm | RequestedBy::Schedule) => {
                "no override: only a person may override a fact".to_owned()
            }
            (Mode::Drill | Mode::Planned | Mode::Unplanned, RequestedBy::Person) => {
                let may = Asker::of(self.mode, self.requested_by).may_override();
                if may.contains(&fact) {
                    return Ok(());
                }
                let words: Vec<&str> = may.into_iter().map(Fact::word).collect();
                format!(
                    "one of what a person may override in mode {mode}: {}",
                    words.join(", ")
                )
            }
        };
        Err(Invalid::new(field, expected, fact.word()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_mode_is_refused_and_the_known_ones_are_named() {
        let refused = serde_json::from_str::<Request>(
            r#"{"schema":1,"mode":"sideways","requested_by":"person","reason":"x"}"#,
        );
        let message = refused.unwrap_err().to_string();
        assert!(
            message.contains("sideways")
                && message.contains("`plan`, `drill`, `planned`, `unplanned`"),
            "{message}"
        );
    }

    #[test]
    fn an_unknown_field_is_refused() {
        let refused = serde_json::from_str::<Request>(
            r#"{"schema":1,"mode":"plan","requested_by":"person","reason":"x","force":true}"#,
        );
        assert!(refused.unwrap_err().to_string().contains("force"));
    }

    #[test]
    fn only_a_person_overrides_and_only_what_may_be_overridden_each_with_a_reason() {
        let ask = |mode, by, fact, reason: &str| {
            let request = Request::new(mode, by, "x").overriding(fact, reason);
            request.validate().map_err(|invalid| invalid.to_string())
        };
        use Mode::{Plan, Planned, Unplanned};
        use RequestedBy::{Alarm, Person};
        for (mode, fact) in [
            (Unplanned, Fact::ActiveRegionDown),
            (Unplanned, Fact::BackupFresh),
            (Planned, Fact::ActiveRegionServes),
        ] {
            assert_eq!(ask(mode, Person, fact, "I saw it"), Ok(()));
        }
        for (mode, by, fact, reason, says) in [
            (
                Unplanned,
                Alarm,
                Fact::ActiveRegionDown,
                "x",
                "only a person",
            ),
            (
                Plan,
                Person,
                Fact::BackupFresh,
                "x",
                "a plan starts nothing",
            ),
            (
                Unplanned,
                Person,
                Fact::LeaseFree,
                "x",
                "active_region_down",
            ),
            (
                Unplanned,
                Person,
                Fact::Passive,
                "x",
                "request.overrides.passive",
            ),
            (Unplanned, Person, Fact::BackupThere, "x", "backup_fresh"),
            (
                Planned,
                Person,
                Fact::ActiveRegionDown,
                "x",
                "active_region_serves",
            ),
            (
                Planned,
                Person,
                Fact::PeerReadable,
                "x",
                "may override in mode planned",
            ),
            (
                Unplanned,
                Person,
                Fact::BackupFresh,
                " ",
                "1 to 500 characters",
            ),
        ] {
            let refused = ask(mode, by, fact, reason).unwrap_err();
            assert!(refused.contains(says), "{refused}");
        }
        let long = "ü".repeat(501);
        assert!(ask(Unplanned, Person, Fact::BackupFresh, &long).is_err());
    }

    #[test]
    fn an_override_of_an_unknown_fact_is_refused_and_the_known_ones_are_named() {
        let refused = serde_json::from_str::<Request>(
            r#"{"schema":1,"mode":"unplanned","requested_by":"person","reason":"x","overrides":{"epoch":"x"}}"#,
        );
        let message = refused.unwrap_err().to_string();
        assert!(
            message.contains("epoch") && message.contains("active_region_down"),
            "{message}"
        );
    }

    #[test]
    fn a_request_says_why_an_alarm_starts_only_unplanned_and_a_schedule_only_drills() {
        for mode in [Mode::Plan, Mode::Planned, Mode::Unplanned] {
            let refused = Request::new(mode, RequestedBy::Schedule, "x").validate();
            assert!(refused.is_err(), "{mode:?}");
        }
        let drill = Request::new(Mode::Drill, RequestedBy::Schedule, "x");
        assert!(drill.validate().is_ok());
        let sure = drill.overriding(Fact::BackupFresh, "x").validate();
        assert!(sure.unwrap_err().to_string().contains("only a person"));

        assert!(
            Request::new(Mode::Plan, RequestedBy::Person, " ")
                .validate()
                .is_err()
        );
        assert!(
            Request::new(Mode::Planned, RequestedBy::Alarm, "x")
                .validate()
                .is_err()
        );
        assert!(
            Request::new(Mode::Unplanned, RequestedBy::Alarm, "ü".repeat(500))
                .validate()
                .is_ok()
        );
    }
}
