//! Could the passive region take over right now?

pub mod definition;
mod passive;
mod room;
mod secret;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Failure,
    backup::BackupKey,
    gate::{Gate, Position, Priorities},
    marker::Seen,
};

pub use definition::Definition;
pub use passive::{closed, target};
pub use room::{Need, Quota, addresses, quota};
pub use secret::{Name, Needed, secrets};

/// What is seen of one service in its own region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceFacts {
    pub service: Fact,
    pub image: Fact,
    /// Users may write; asked of a region that serves.
    #[serde(default, skip_serializing_if = "Fact::is_there")]
    pub writes: Fact,
    /// Its tasks are started as the other region starts them.
    #[serde(default, skip_serializing_if = "Fact::is_there")]
    pub definition: Fact,
    /// As many tasks are wanted as it rests at, and scaling starts none; asked of a passive region.
    #[serde(default, skip_serializing_if = "Fact::is_there")]
    pub closed: Fact,
    /// Its target groups are there, and where tasks run users are answered.
    #[serde(default, skip_serializing_if = "Fact::is_there")]
    pub target: Fact,
    /// What its tasks and its data need of secrets and parameters is in this region.
    #[serde(default, skip_serializing_if = "Fact::is_there")]
    pub secrets: Fact,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "because")]
pub enum Fact {
    #[default]
    There,
    Missing(String),
    CannotTell(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub services: BTreeMap<String, ServiceFacts>,
    /// Or why it could not be looked for.
    pub newest_backup: Result<Option<BackupKey>, String>,
    pub rpo_seconds: i64,
    /// Why none comes from the other region.
    pub none_comes: Option<String>,
    pub reclaim: Seen,
    pub addresses: Fact,
    pub quota: Fact,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    pub verdict: Verdict,
    pub services: BTreeMap<String, ServiceFacts>,
    /// A backup that is not older than the objective.
    pub backup: Fact,
    pub newest_backup: Option<BackupKey>,
    pub backup_age_seconds: Option<i64>,
    pub reclaim: Seen,
    /// The subnets have room for production.
    #[serde(default, skip_serializing_if = "Fact::is_there")]
    pub addresses: Fact,
    /// And so has the account's quota of Fargate.
    #[serde(default, skip_serializing_if = "Fact::is_there")]
    pub quota: Fact,
}

/// What it comes to that a check cannot tell. What is *missing* costs readiness, whatever missed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// An execution needs the same answer: without it nobody can say that the region is ready.
    Counts,
    /// It would be a warning ahead of time, from the other region or from a service that no execution asks: it is told and costs
    /// nothing, or the death of the other region would take this one's readiness along.
    IsNoted,
}

/// One check, as `lacks` names it.
#[derive(Debug)]
struct Check<'a> {
    what: String,
    fact: &'a Fact,
    doubt: Doubt,
}

impl Check<'_> {
    fn missing(&self) -> bool {
        matches!(self.fact, Fact::Missing(_))
    }

    fn doubtful(&self) -> bool {
        matches!(self.fact, Fact::CannotTell(_))
    }

    fn costs(&self) -> bool {
        self.missing() || (self.doubtful() && self.doubt == Doubt::Counts)
    }

    fn lack(&self) -> Option<String> {
        Some(format!("{}{}", self.what, self.fact.lack()?))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Ready,
    NotReady,
    CannotTell,
}

impl Fact {
    /// The first that is missing, else the first of which nobody can tell.
    pub fn worst(facts: impl IntoIterator<Item = Self>) -> Self {
        let rank = |fact: &Self| match fact {
            Self::Missing(_) => 0,
            Self::CannotTell(_) => 1,
            Self::There => 2,
        };
        facts.into_iter().min_by_key(rank).unwrap_or_default()
    }

    fn is_there(&self) -> bool {
        *self == Self::There
    }

    fn lack(&self) -> Option<String> {
        match self {
            Self::There => None,
            Self::Missing(why) => Some(why.clone()),
            Self::CannotTell(why) => Some(format!("cannot tell: {why}")),
        }
    }
}

impl ServiceFacts {
    fn all(&self) -> [(&'static str, &Fact, Doubt); 7] {
        use Doubt::{Counts, IsNoted};
        [
            ("service", &self.service, Counts),
            ("image", &self.image, Counts),
            ("writes", &self.writes, Counts),
            ("definition", &self.definition, IsNoted),
            ("scaling", &self.closed, IsNoted),
            ("target", &self.target, Counts),
            ("secrets", &self.secrets, IsNoted),
        ]
    }

    fn checks(&self) -> impl Iterator<Item = Check<'_>> {
        let all = self.all().into_iter();
        all.map(|(what, fact, doubt)| Check {
            what: format!("{what}: "),
            fact,
            doubt,
        })
    }

    /// What keeps this service from being brought up.
    pub fn lacks(&self) -> Vec<String> {
        let lacks = self.checks().filter(Check::costs);
        lacks.filter_map(|check| check.lack()).collect()
    }
}

impl Readiness {
    fn checks(&self) -> impl Iterator<Item = Check<'_>> {
        use Doubt::{Counts, IsNoted};
        let services = self.services.iter().flat_map(|(name, facts)| {
            facts.checks().map(move |mut check| {
                check.what = format!("{name}: {}", check.what);
                check
            })
        });
        let whole = [
            ("", &self.backup, Counts),
            ("addresses: ", &self.addresses, IsNoted),
            ("quota: ", &self.quota, IsNoted),
        ];
        let whole = whole.map(|(what, fact, doubt)| Check {
            what: what.into(),
            fact,
            doubt,
        });
        services.chain(whole)
    }

    fn verdict(&self) -> Verdict {
        let missing = self.checks().any(|check| check.missing());
        match missing || self.reclaim == Seen::Present {
            true => Verdict::NotReady,
            false if self.checks().any(|check| check.costs()) => Verdict::CannotTell,
            false => Verdict::Ready,
        }
    }

    /// Everything that keeps this region from being ready.
    pub fn lacks(&self) -> Vec<String> {
        let lacks = self.checks().filter(Check::costs);
        let lacks = lacks.filter_map(|check| check.lack());
        let reclaim = (self.reclaim == Seen::Present).then(|| RECLAIM_RAISED.to_owned());
        lacks.chain(reclaim).collect()
    }

    /// What could not be told and costs nothing.
    pub fn doubts(&self) -> Vec<String> {
        let noted = self
            .checks()
            .filter(|check| check.doubtful() && !check.costs());
        noted.filter_map(|check| check.lack()).collect()
    }
}

pub(crate) const RECLAIM_RAISED: &str =
    "the marker reclaim is still raised, so traffic could not leave home";

/// Whether users of a region that serves may write. In a passive one a closed gate is nothing: an execution opens it before
/// any task starts.
pub fn writes(gate: &Gate, seen: Result<&Priorities, &Failure>) -> Fact {
    match seen.map(|seen| gate.position(seen)) {
        Ok(Position::Open) => Fact::There,
        Ok(Position::Closed) => Fact::Missing(
            "its gate is closed, so writes are answered 503: right while a planned execution moves its users away, and otherwise to be opened (see the runbook)"
                .into(),
        ),
        Ok(Position::Astray) => Fact::Missing(
            "the rules of its gate are not where they belong; apply this region's Terraform".into(),
        ),
        Err(failure) => Fact::CannotTell(failure.to_string()),
    }
}

pub fn judge(facts: Facts, now: Timestamp) -> Readiness {
    let (newest_backup, unknown) = match facts.newest_backup {
        Ok(newest) => (newest, None),
        Err(why) => (None, Some(why)),
    };
    let age = newest_backup
        .as_ref()
        .map(|b| now.as_second() - b.name.at.as_second());
    let none_comes = facts.none_comes.map(|why| format!("; {why}"));
    let none_comes = none_comes.unwrap_or_default();
    let backup = match (age, unknown) {
        (_, Some(why)) => Fact::CannotTell(format!("backups: {why}")),
        (None, None) => Fact::Missing(format!("there is no backup in this region{none_comes}")),
        (Some(age), None) if age > facts.rpo_seconds => Fact::Missing(format!(
            "the newest backup is {age} s old, more than the objective of {} s{none_comes}",
            facts.rpo_seconds
        )),
        (Some(_), None) => Fact::There,
    };
    let mut readiness = Readiness {
        verdict: Verdict::CannotTell,
        services: facts.services,
        backup,
        newest_backup,
        backup_age_seconds: age,
        reclaim: facts.reclaim,
        addresses: facts.addresses,
        quota: facts.quota,
    };
    readiness.verdict = readiness.verdict();
    readiness
}
