use serde::{Deserialize, Serialize};

use crate::{Invalid, SCHEMA, check_schema};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestedBy {
    Alarm,
    Person,
}

/// The input of an execution, whoever starts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub schema: u32,
    pub mode: Mode,
    pub requested_by: RequestedBy,
    pub reason: String,
    /// The mode that a plan is for; the one that would be right now unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Mode>,
    /// The digest of a plan: when the facts are others than that plan's, nothing is begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// How many tasks of each service a drill brings up; production's number unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks: Option<u32>,
}

impl Request {
    pub fn new(mode: Mode, requested_by: RequestedBy, reason: impl Into<String>) -> Self {
        Self {
            schema: SCHEMA,
            mode,
            requested_by,
            reason: reason.into(),
            of: None,
            plan: None,
            tasks: None,
        }
    }

    pub fn validate(&self) -> Result<(), Invalid> {
        check_schema("request.schema", self.schema)?;
        let characters = self.reason.chars().count();
        if self.reason.trim().is_empty() || characters > 500 {
            return Err(Invalid::new(
                "request.reason",
                "1 to 500 characters saying why",
                characters,
            ));
        }
        if self.requested_by == RequestedBy::Alarm && self.mode != Mode::Unplanned {
            return Err(Invalid::new(
                "request.mode",
                "unplanned for an alarm",
                self.mode.as_str(),
            ));
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
        Ok(())
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
    fn a_request_says_why_and_an_alarm_starts_only_unplanned() {
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
