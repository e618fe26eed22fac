//! May an execution start? Facts in, a verdict out, with every fact that was weighed.

mod fact;
mod remedy;
mod weigh;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Configuration, RegionState, lease,
    liveness::Verdict as Alive,
    probe::ProbeReport,
    request::{Mode, Request},
};

pub use fact::{Asker, Fact, Need};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub verdict: Verdict,
    pub facts: Vec<Weighed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Start,
    Refuse,
    /// Cannot tell; an automatic one is decided again while the alarm lasts.
    Hold,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Yes,
    No,
    CannotTell,
}

/// One fact, as it was when it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weighed {
    pub fact: Fact,
    pub answer: Answer,
    pub why: String,
    /// Whether the one who asked needs it.
    pub needed: bool,
    /// Why a person started in spite of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overridden: Option<String>,
}

/// What is known when it is decided.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    pub configuration: &'a Configuration,
    pub own: &'a RegionState,
    /// What became of the execution that holds the lease here.
    pub owner: Option<&'a lease::Owner>,
    pub peer: Result<&'a RegionState, &'a str>,
    pub probe: &'a ProbeReport,
    /// The execution that asks; holding the lease already does not stand in its own way.
    pub execution: Option<&'a str>,
}

impl Facts<'_> {
    /// Whether the execution that asks holds the lease already.
    fn leased(&self) -> bool {
        self.execution.is_some() && self.own.owner() == self.execution
    }
}

pub fn decide(request: &Request, facts: &Facts<'_>, now: Timestamp) -> Decision {
    let mode = effective_mode(request, facts.probe);
    let asker = Asker::of(mode, request.requested_by);
    judge(asker, request, |fact| facts.weigh(fact, mode, now))
}

/// What a plan speaks of: the mode that would be the right one now.
pub fn effective_mode(request: &Request, probe: &ProbeReport) -> Mode {
    match (request.of.unwrap_or(request.mode), probe.liveness.verdict) {
        (Mode::Plan, Alive::Down) => Mode::Unplanned,
        (Mode::Plan, Alive::Serving | Alive::Impaired | Alive::CannotTell) => Mode::Planned,
        (mode @ (Mode::Drill | Mode::Planned | Mode::Unplanned), _) => mode,
    }
}

fn judge(asker: Asker, request: &Request, weigh: impl Fn(Fact) -> (Answer, String)) -> Decision {
    let facts = Fact::ALL.into_iter().filter_map(|fact| {
        let needed = match asker.needs(fact) {
            Need::Must | Need::May => true,
            Need::Said => false,
            Need::Not => return None,
        };
        let (answer, why) = weigh(fact);
        let overridden = request.overrides.get(&fact).cloned();
        Some(Weighed {
            fact,
            answer,
            why,
            needed,
            overridden: overridden.filter(|_| asker.needs(fact) == Need::May),
        })
    });
    let facts: Vec<Weighed> = facts.collect();
    let stands = |answer| facts.iter().any(|f| f.blocks() && f.answer == answer);
    let verdict = match (stands(Answer::No), stands(Answer::CannotTell)) {
        (true, _) => Verdict::Refuse,
        (false, true) => Verdict::Hold,
        (false, false) => Verdict::Start,
    };
    Decision { verdict, facts }
}

impl Weighed {
    /// Whether it keeps the execution from starting.
    pub fn blocks(&self) -> bool {
        self.needed && self.overridden.is_none() && self.answer != Answer::Yes
    }
}

impl Decision {
    /// Every fact in words; first what stands in the way.
    pub fn reasons(&self) -> Vec<String> {
        let (blocking, others): (Vec<_>, Vec<_>) = self.facts.iter().partition(|f| f.blocks());
        let all = blocking.into_iter().chain(others);
        all.map(Weighed::to_string).collect()
    }

    /// What was not in favour, also where it stopped nobody or a person overrode it.
    pub fn doubts(&self) -> Vec<String> {
        let doubts = self.facts.iter().filter(|f| f.answer != Answer::Yes);
        doubts.map(Weighed::to_string).collect()
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::CannotTell => "cannot tell",
        })
    }
}

impl fmt::Display for Weighed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            fact, answer, why, ..
        } = self;
        match (&self.overridden, self.needed, answer) {
            (Some(reason), ..) => write!(f, "{fact}: {answer}, overridden ({reason}): {why}"),
            (None, false, Answer::No | Answer::CannotTell) => {
                write!(f, "{fact}: {answer}, which stops nobody here: {why}")
            }
            (None, ..) => write!(f, "{fact}: {answer}: {why}"),
        }
    }
}

#[cfg(test)]
mod tests;
