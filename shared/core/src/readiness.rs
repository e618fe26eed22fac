//! Could the passive region take over right now?

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Failure,
    backup::BackupKey,
    gate::{Gate, Position, Priorities},
    marker::Seen,
};

/// What is seen of one service in its own region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceFacts {
    pub service: Fact,
    pub image: Fact,
    /// Users may write; asked of a region that serves.
    #[serde(default, skip_serializing_if = "Fact::is_there")]
    pub writes: Fact,
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
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readiness {
    pub verdict: Verdict,
    pub services: BTreeMap<String, ServiceFacts>,
    /// A backup that is not older than the objective.
    pub backup: Fact,
    pub newest_backup: Option<BackupKey>,
    pub backup_age_seconds: Option<i64>,
    pub reclaim: Seen,
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
    fn all(&self) -> [(&'static str, &Fact); 3] {
        [
            ("service", &self.service),
            ("image", &self.image),
            ("writes", &self.writes),
        ]
    }

    /// What keeps this service from being brought up.
    pub fn lacks(&self) -> Vec<String> {
        let lacks = self.all().into_iter();
        lacks
            .filter_map(|(what, fact)| Some(format!("{what}: {}", fact.lack()?)))
            .collect()
    }
}

impl Readiness {
    /// Everything that keeps this region from being ready.
    pub fn lacks(&self) -> Vec<String> {
        let services = self.services.iter().flat_map(|(name, facts)| {
            let lacks = facts.lacks().into_iter();
            lacks.map(move |lack| format!("{name}: {lack}"))
        });
        let backup = self.backup.lack();
        let reclaim = (self.reclaim == Seen::Present).then(|| RECLAIM_RAISED.to_owned());
        services.chain(backup).chain(reclaim).collect()
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
    let services = facts.services.values().flat_map(ServiceFacts::all);
    let all: Vec<&Fact> = services.map(|(_, fact)| fact).chain([&backup]).collect();
    let lack = all.iter().any(|fact| matches!(fact, Fact::Missing(_)));
    let doubt = all.iter().any(|fact| matches!(fact, Fact::CannotTell(_)));
    let verdict = match (lack || facts.reclaim == Seen::Present, doubt) {
        (true, _) => Verdict::NotReady,
        (false, true) => Verdict::CannotTell,
        (false, false) => Verdict::Ready,
    };
    Readiness {
        verdict,
        services: facts.services,
        backup,
        newest_backup,
        backup_age_seconds: age,
        reclaim: facts.reclaim,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Epoch, Region};

    fn facts() -> Facts {
        let there = ServiceFacts {
            service: Fact::There,
            image: Fact::There,
            writes: Fact::There,
        };
        let backup = BackupKey {
            epoch: Epoch(0),
            region: Region::new("us-east-1").unwrap(),
            name: "backup-20241123-120000".parse().unwrap(),
        };
        Facts {
            services: [("users".to_owned(), there)].into(),
            newest_backup: Ok(Some(backup)),
            rpo_seconds: 3600,
            none_comes: None,
            reclaim: Seen::Absent,
        }
    }

    fn noon(after: i64) -> Timestamp {
        Timestamp::from_second(
            "2024-11-23T12:00:00Z"
                .parse::<Timestamp>()
                .unwrap()
                .as_second()
                + after,
        )
        .unwrap()
    }

    #[test]
    fn everything_there_and_fresh_is_ready() {
        assert_eq!(judge(facts(), noon(60)).verdict, Verdict::Ready);
    }

    #[test]
    fn an_old_backup_or_none_or_a_left_over_reclaim_is_not_ready() {
        assert_eq!(judge(facts(), noon(3601)).verdict, Verdict::NotReady);
        assert_eq!(
            judge(
                Facts {
                    newest_backup: Ok(None),
                    ..facts()
                },
                noon(0)
            )
            .verdict,
            Verdict::NotReady
        );
        assert_eq!(
            judge(
                Facts {
                    reclaim: Seen::Present,
                    ..facts()
                },
                noon(0)
            )
            .verdict,
            Verdict::NotReady
        );
    }

    #[test]
    fn why_no_backup_comes_is_told_where_one_is_missing_or_old() {
        let off = Facts {
            none_comes: Some("it is off".into()),
            ..facts()
        };
        assert_eq!(judge(off.clone(), noon(60)).verdict, Verdict::Ready);
        let none = Facts {
            newest_backup: Ok(None),
            ..off.clone()
        };
        for (facts, at) in [(off, 3601), (none, 0)] {
            let lacks = judge(facts, noon(at)).lacks().concat();
            assert!(lacks.ends_with("; it is off"), "{lacks}");
        }
    }

    #[test]
    fn a_region_that_serves_behind_a_closed_gate_says_so() {
        let gate = crate::gate::sample("us-east-1", "users");
        let open = gate.at(Position::Open);
        assert_eq!(writes(&gate, Ok(&open)), Fact::There);
        let region = Region::new("us-east-1").unwrap();
        let silent = Failure::unavailable("describe", "rules", &region, "throttled");
        for (seen, verdict, word) in [
            (Ok(&gate.at(Position::Closed)), Verdict::NotReady, "503"),
            (Ok(&Priorities::new()), Verdict::NotReady, "Terraform"),
            (Err(&silent), Verdict::CannotTell, "throttled"),
        ] {
            let mut shut = facts();
            shut.services.get_mut("users").unwrap().writes = writes(&gate, seen);
            let readiness = judge(shut, noon(0));
            assert_eq!(readiness.verdict, verdict);
            let lacks = readiness.lacks().concat();
            let told = lacks.starts_with("users: writes: ") && lacks.contains(word);
            assert!(told, "{lacks}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_neither_ready_nor_not() {
        let mut doubtful = facts();
        doubtful.services.get_mut("users").unwrap().image = Fact::CannotTell("timed out".into());
        let readiness = judge(doubtful, noon(0));
        assert_eq!(readiness.verdict, Verdict::CannotTell);
        assert_eq!(readiness.lacks(), ["users: image: cannot tell: timed out"]);
        let unlisted = Facts {
            newest_backup: Err("throttled".into()),
            ..facts()
        };
        let readiness = judge(unlisted, noon(0));
        assert_eq!(readiness.verdict, Verdict::CannotTell);
        assert_eq!(readiness.lacks(), ["cannot tell: backups: throttled"]);
    }
}
