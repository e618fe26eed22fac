//! Could the passive region take over right now?

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{backup::BackupKey, marker::Seen};

/// What is seen of one service in its own region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceFacts {
    pub service: Fact,
    pub image: Fact,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "because")]
pub enum Fact {
    There,
    Missing(String),
    CannotTell(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub services: BTreeMap<String, ServiceFacts>,
    pub newest_backup: Option<BackupKey>,
    pub rpo_seconds: i64,
    /// Only where this region is home, or the marker could be read.
    pub reclaim: Seen,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Readiness {
    pub verdict: Verdict,
    pub services: BTreeMap<String, Vec<String>>,
    pub reasons: Vec<String>,
    pub newest_backup: Option<BackupKey>,
    pub backup_age_seconds: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Ready,
    NotReady,
    CannotTell,
}

pub fn judge(facts: &Facts, now: Timestamp) -> Readiness {
    let mut doubt = false;
    let mut lack = false;
    let mut services = BTreeMap::new();
    for (name, seen) in &facts.services {
        let mut reasons = vec![];
        for (what, fact) in [("service", &seen.service), ("image", &seen.image)] {
            match fact {
                Fact::There => {}
                Fact::Missing(why) => {
                    lack = true;
                    reasons.push(format!("{what}: {why}"));
                }
                Fact::CannotTell(why) => {
                    doubt = true;
                    reasons.push(format!("{what}: cannot tell: {why}"));
                }
            }
        }
        services.insert(name.clone(), reasons);
    }
    let mut reasons = vec![];
    let age = facts
        .newest_backup
        .as_ref()
        .map(|b| now.as_second() - b.name.at.as_second());
    match age {
        None => reasons.push("there is no backup in this region".into()),
        Some(age) if age > facts.rpo_seconds => {
            reasons.push(format!(
                "the newest backup is {age} s old, more than the objective of {} s",
                facts.rpo_seconds
            ));
        }
        Some(_) => {}
    }
    if facts.reclaim == Seen::Present {
        reasons.push("the marker reclaim is still raised, so traffic could not leave home".into());
    }
    let verdict = match (lack || !reasons.is_empty(), doubt) {
        (true, _) => Verdict::NotReady,
        (false, true) => Verdict::CannotTell,
        (false, false) => Verdict::Ready,
    };
    Readiness {
        verdict,
        services,
        reasons,
        newest_backup: facts.newest_backup.clone(),
        backup_age_seconds: age,
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
        };
        let backup = BackupKey {
            epoch: Epoch(0),
            region: Region::new("us-east-1").unwrap(),
            name: "backup-20241123-120000".parse().unwrap(),
        };
        Facts {
            services: [("users".to_owned(), there)].into(),
            newest_backup: Some(backup),
            rpo_seconds: 3600,
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
        assert_eq!(judge(&facts(), noon(60)).verdict, Verdict::Ready);
    }

    #[test]
    fn an_old_backup_or_none_or_a_left_over_reclaim_is_not_ready() {
        assert_eq!(judge(&facts(), noon(3601)).verdict, Verdict::NotReady);
        assert_eq!(
            judge(
                &Facts {
                    newest_backup: None,
                    ..facts()
                },
                noon(0)
            )
            .verdict,
            Verdict::NotReady
        );
        assert_eq!(
            judge(
                &Facts {
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
    fn what_cannot_be_told_is_neither_ready_nor_not() {
        let mut doubtful = facts();
        doubtful.services.get_mut("users").unwrap().image = Fact::CannotTell("timed out".into());
        let readiness = judge(&doubtful, noon(0));
        assert_eq!(readiness.verdict, Verdict::CannotTell);
        assert_eq!(
            readiness.services["users"],
            ["image: cannot tell: timed out"]
        );
    }
}
