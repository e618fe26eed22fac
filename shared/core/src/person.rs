//! What a person says to an execution that is at work.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Failure, Invalid, Region, RegionState,
    request::{Mode, check_by, check_reason},
    run::name_of,
    state::{Hold, Lease},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Stop before the next step.
    Pause,
    Resume,
    /// The source stopped answering midway: a planned execution goes on as an unplanned one.
    Turn,
    Approve,
    Reject,
    /// What has moved stays.
    Commit,
    /// What has moved is to go back; whoever says so starts the planned execution that does it.
    Cancel,
    /// The cool-down ends, and the day's automatic starts are forgotten.
    Acknowledge,
}

impl Verb {
    pub const ALL: [Verb; 8] = [
        Verb::Pause,
        Verb::Resume,
        Verb::Turn,
        Verb::Approve,
        Verb::Reject,
        Verb::Commit,
        Verb::Cancel,
        Verb::Acknowledge,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Turn => "turn",
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Commit => "commit",
            Self::Cancel => "cancel",
            Self::Acknowledge => "acknowledge",
        }
    }
}

/// What an execution stands still for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Awaits {
    Resume,
    Approval,
    Commit,
}

impl Awaits {
    /// The verbs that answer it.
    pub fn verbs(self) -> &'static [Verb] {
        match self {
            Self::Resume => &[Verb::Resume],
            Self::Approval => &[Verb::Approve, Verb::Reject],
            Self::Commit => &[Verb::Commit, Verb::Cancel],
        }
    }
}

/// A verb with its reason, which stands in the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    pub verb: Verb,
    pub reason: String,
    /// Who says so, as AWS knows them; the command asks for it, and whoever speaks to the function itself may leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The execution that is meant, by its name or ARN; needed by all verbs that speak to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    pub verb: Verb,
    pub reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    pub at: Timestamp,
}

/// What an order makes of a region's state, and the token that goes back to the state machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obeyed {
    pub state: RegionState,
    pub token: Option<String>,
}

impl Order {
    pub fn validate(&self) -> Result<(), Invalid> {
        check_reason("reason".into(), &self.reason)?;
        check_by("by", self.by.as_deref())?;
        if self.execution.is_none() && self.verb != Verb::Acknowledge {
            let expected = "the name of the execution that is meant";
            return Err(Invalid::new("execution", expected, "none"));
        }
        Ok(())
    }

    pub fn obey(&self, state: &RegionState, me: &Region) -> Result<Obeyed, Failure> {
        self.validate()?;
        let mut state = state.clone();
        if self.verb == Verb::Acknowledge {
            (state.cool_down_until, state.automatic_starts) = (None, vec![]);
            return Ok(Obeyed { state, token: None });
        }
        let moved = state.active == *me;
        let lease = self.addressed(&mut state, me)?;
        let mut token = None;
        match self.verb {
            Verb::Pause => lease.paused = Some(self.reason.clone()),
            Verb::Turn if lease.mode == Mode::Planned && !moved => {
                lease.mode = Mode::Unplanned;
                lease.turned = Some(self.reason.clone());
            }
            Verb::Turn if lease.turned.is_some() => {}
            Verb::Turn => {
                return Err(Failure::Refused(format!(
                    "{} is {}{}; only a planned execution that has not moved users becomes unplanned",
                    name_of(&lease.execution),
                    lease.mode.as_str(),
                    if moved { " and has moved them" } else { "" }
                )));
            }
            Verb::Resume if lease.hold.is_none() && lease.paused.is_some() => lease.paused = None,
            Verb::Resume | Verb::Approve | Verb::Reject | Verb::Commit | Verb::Cancel => {
                if self.asked(lease)?.awaits == Awaits::Resume {
                    lease.paused = None;
                }
                token = lease.hold.take().map(|hold| hold.token);
            }
            Verb::Acknowledge => {}
        }
        Ok(Obeyed { state, token })
    }

    /// The lease of the execution that is meant.
    fn addressed<'a>(
        &self,
        state: &'a mut RegionState,
        me: &Region,
    ) -> Result<&'a mut Lease, Failure> {
        let meant = self.execution.as_deref().map_or("", name_of);
        let Some(lease) = &mut state.lease else {
            return Err(Failure::Refused(format!(
                "no execution is at work in {me}; there is nothing to {}",
                self.verb.word()
            )));
        };
        match name_of(&lease.execution) {
            name if name == meant => Ok(lease),
            other => Err(Failure::Refused(format!(
                "{other} is at work in {me}, not {meant}"
            ))),
        }
    }

    fn asked<'a>(&self, lease: &'a Lease) -> Result<&'a Hold, Failure> {
        let name = name_of(&lease.execution);
        match &lease.hold {
            Some(hold) if hold.awaits.verbs().contains(&self.verb) => Ok(hold),
            Some(hold) => {
                let verbs = hold.awaits.verbs().iter().map(|verb| verb.word());
                let verbs: Vec<&str> = verbs.collect();
                Err(Failure::Refused(format!(
                    "{name} waits for another answer: {}",
                    verbs.join(" or ")
                )))
            }
            None => Err(Failure::Refused(format!(
                "{name} does not wait for a person; there is nothing to {}",
                self.verb.word()
            ))),
        }
    }
}

#[cfg(test)]
mod tests;
