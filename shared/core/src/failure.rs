use std::fmt::Display;

use serde::{Deserialize, Serialize};

use crate::{Invalid, Region, backup::Harm};

/// Why a function could not do what it was asked. The workflow retries and catches by these names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The input does not validate; nothing was touched.
    #[error("{0}")]
    Invalid(#[from] Invalid),
    /// A decision went against it; the text says what would change it.
    #[error("{0}")]
    Refused(String),
    /// A person was asked and said no.
    #[error("a person said no: {0}")]
    Rejected(String),
    /// The epoch moved on, or the lease belongs to somebody else.
    #[error("{0}")]
    Stale(String),
    /// A call got no good answer; trying again may help.
    #[error("{0}")]
    Unavailable(Unavailable),
    /// What was waited for did not come.
    #[error("{0}")]
    TimedOut(String),
    /// Data is not what its manifest says.
    #[error("{0}")]
    NotVerified(String),
    /// The same of one object, by its name, so that it can be remembered.
    #[error("{0}")]
    Harmed(Harmed),
    /// The time of one invocation was not enough; what was done is kept, and the next one goes on.
    #[error("{0}")]
    Unfinished(String),
    /// What an execution failed with, said again under its own name.
    #[error("{}", .0.said())]
    Caught(Caught),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} {object} in {region}: {cause}")]
pub struct Unavailable {
    pub operation: String,
    pub object: String,
    pub region: String,
    pub cause: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{bucket}/{object} in {region} {harm}")]
pub struct Harmed {
    pub bucket: String,
    pub object: String,
    pub region: Region,
    pub harm: Harm,
}

impl Failure {
    pub const NAMES: [&str; 8] = [
        "Invalid",
        "Refused",
        "Rejected",
        "Stale",
        "Unavailable",
        "TimedOut",
        "NotVerified",
        "Unfinished",
    ];

    /// The error's name in the workflow.
    pub fn name(&self) -> &str {
        match self {
            Self::Invalid(_) => "Invalid",
            Self::Refused(_) => "Refused",
            Self::Rejected(_) => "Rejected",
            Self::Stale(_) => "Stale",
            Self::Unavailable(_) => "Unavailable",
            Self::TimedOut(_) => "TimedOut",
            Self::NotVerified(_) | Self::Harmed(_) => "NotVerified",
            Self::Unfinished(_) => "Unfinished",
            Self::Caught(caught) => &caught.error,
        }
    }

    /// What another function says that it failed with, under its own name; whatever else befell it may pass.
    pub fn of_function(function: &str, region: &Region, name: &str, message: &str) -> Self {
        let said = format!("{function} in {region}: {message}");
        match name {
            "Refused" | "Invalid" => Self::Refused(said),
            "Stale" => Self::Stale(said),
            "NotVerified" => Self::NotVerified(said),
            "TimedOut" => Self::TimedOut(said),
            "Unfinished" => Self::Unfinished(said),
            other => Self::unavailable("ask", function, region, format!("{other}: {message}")),
        }
    }

    pub fn unavailable(
        operation: impl Display,
        object: impl Display,
        region: &Region,
        cause: impl Display,
    ) -> Self {
        Self::Unavailable(Unavailable {
            operation: operation.to_string(),
            object: object.to_string(),
            region: region.to_string(),
            cause: cause.to_string(),
        })
    }
}

/// An error as a caller of a function sees it: its name, and what it said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caught {
    #[serde(rename = "Error")]
    pub error: String,
    #[serde(rename = "Cause", default)]
    pub cause: String,
}

impl Caught {
    /// A function's error arrives as the JSON of its type and message; a tired person wants the message.
    pub fn message(&self) -> String {
        format!("{}: {}", self.error, self.said())
    }

    fn said(&self) -> String {
        let json: Option<serde_json::Value> = serde_json::from_str(&self.cause).ok();
        let message = json.as_ref().and_then(|j| j.get("errorMessage")?.as_str());
        message.unwrap_or(&self.cause).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_operation_object_and_region() {
        let region = Region::new("us-west-2").unwrap();
        let failure =
            Failure::unavailable("read", "forum-control/state.json", &region, "timed out");
        assert_eq!(
            failure.to_string(),
            "read forum-control/state.json in us-west-2: timed out"
        );
        assert!(Failure::NAMES.contains(&failure.name()));
    }

    #[test]
    fn what_the_workflow_caught_is_shown_as_its_message() {
        let caught = Caught {
            error: "Stale".into(),
            cause: r#"{"errorType":"Stale","errorMessage":"epoch 1 is stale"}"#.into(),
        };
        assert_eq!(caught.message(), "Stale: epoch 1 is stale");
        let plain = Caught {
            error: "States.Timeout".into(),
            cause: "60 s".into(),
        };
        assert_eq!(plain.message(), "States.Timeout: 60 s");
        let again = Failure::Caught(caught);
        assert_eq!(
            (again.name(), again.to_string().as_str()),
            ("Stale", "epoch 1 is stale")
        );
    }
}
