use serde::{Deserialize, Serialize};

use crate::{Invalid, SCHEMA, check_schema};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Says what it would do and changes nothing.
    Plan,
    /// Both regions are alive and nothing may be lost. A failback is this, towards home.
    Planned,
    /// The other region is presumed dead.
    Unplanned,
}

impl Mode {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
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
}

impl Request {
    pub fn new(mode: Mode, requested_by: RequestedBy, reason: impl Into<String>) -> Self {
        Self {
            schema: SCHEMA,
            mode,
            requested_by,
            reason: reason.into(),
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
            message.contains("sideways") && message.contains("`plan`, `planned`, `unplanned`"),
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
