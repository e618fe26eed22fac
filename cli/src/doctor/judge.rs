//! From what was seen to what is right, what is wrong and what cannot be told, and what to do.

mod copying;
mod costs;
mod moving;
mod starting;
#[cfg(test)]
mod tests;

use lifeboat_core::{Configuration, Region, Side, configuration::RegionResources};
use serde::Serialize;

use super::{Allowed, Seen, Silence};

/// What is looked at, in the order in which a person asks: why do no services start, why does nothing cross, why would users not
/// move, what costs so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    Images,
    ExecutionRole,
    Logs,
    Replication,
    ReplicationRole,
    Versioning,
    Markers,
    Tasks,
    Lifecycle,
}

impl Check {
    pub const ALL: [Self; 9] = [
        Self::Images,
        Self::ExecutionRole,
        Self::Logs,
        Self::Replication,
        Self::ReplicationRole,
        Self::Versioning,
        Self::Markers,
        Self::Tasks,
        Self::Lifecycle,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::ExecutionRole => "execution role",
            Self::Logs => "logs",
            Self::Replication => "replication",
            Self::ReplicationRole => "replication role",
            Self::Versioning => "versioning",
            Self::Markers => "markers",
            Self::Tasks => "tasks",
            Self::Lifecycle => "lifecycle",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub check: Check,
    pub of: String,
    #[serde(flatten)]
    pub found: Found,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "found")]
pub enum Found {
    Right {
        says: Vec<String>,
    },
    Wrong {
        says: Vec<String>,
        advice: Vec<String>,
    },
    CannotTell {
        says: Vec<String>,
        advice: Vec<String>,
    },
}

/// All that concerns this region, by itself for each check.
pub fn judge(configuration: &Configuration, side: Side, seen: &Seen) -> Vec<Finding> {
    let case = Case {
        configuration,
        side,
    };
    let checks = Check::ALL.into_iter();
    let found = checks.filter_map(|check| {
        let (of, found) = match check {
            Check::Images => starting::images(&case, seen)?,
            Check::ExecutionRole => starting::execution_role(&case, seen),
            Check::Logs => starting::logs(&case, seen),
            Check::Replication => copying::replication(&case, seen),
            Check::ReplicationRole => copying::role(&case, seen)?,
            Check::Versioning => copying::versioning(&case, seen),
            Check::Markers => moving::markers(&case, seen),
            Check::Tasks => costs::tasks(&case, seen)?,
            Check::Lifecycle => costs::lifecycle(&case, seen),
        };
        Some(Finding { check, of, found })
    });
    found.collect()
}

/// Whose region it is, and how everything in it is called.
#[derive(Debug)]
struct Case<'a> {
    configuration: &'a Configuration,
    side: Side,
}

impl Case<'_> {
    fn region(&self) -> &Region {
        self.configuration.region_of(self.side)
    }

    fn other_region(&self) -> &Region {
        self.configuration.region_of(self.side.other())
    }

    fn own(&self) -> &RegionResources {
        self.configuration.resources(self.side)
    }

    /// A person knows it by its name.
    fn cluster(&self) -> &str {
        let cluster = &self.own().cluster;
        cluster.rsplit('/').next().unwrap_or(cluster)
    }

    fn bucket(&self) -> String {
        format!("bucket {}", self.own().backups_bucket)
    }

    /// What makes everything in this region.
    fn apply(&self) -> String {
        let root = match self.side {
            Side::Home => "home",
            Side::Standby => "standby",
        };
        format!("Apply infra/{root}")
    }
}

/// What was found on the way through many things.
#[derive(Debug, Default)]
struct Tally {
    wrong: Vec<String>,
    unknown: Vec<String>,
    /// What to do about the silences.
    ask: Vec<String>,
}

impl Tally {
    fn silent(&mut self, silence: &Silence) {
        let note = |all: &mut Vec<String>, line: String| {
            if !all.contains(&line) {
                all.push(line);
            }
        };
        note(&mut self.unknown, silence.because.clone());
        note(&mut self.ask, silence.advice());
    }

    fn allowed(&mut self, all: &[Allowed]) {
        for one in all {
            match &one.denied {
                Err(silence) => self.silent(silence),
                Ok(denied) if denied.is_empty() => {}
                Ok(denied) => self.wrong.push(format!(
                    "{} may not {} on {}",
                    one.role,
                    denied.join(", "),
                    one.resource
                )),
            }
        }
    }

    /// What is wrong is wrong whatever else cannot be told.
    fn found(self, right: impl Into<String>, advice: impl Into<String>) -> Found {
        let Self {
            mut wrong,
            unknown,
            ask,
        } = self;
        match (wrong.is_empty(), unknown.is_empty()) {
            (true, true) => Found::Right {
                says: vec![right.into()],
            },
            (true, false) => Found::CannotTell {
                says: unknown,
                advice: ask,
            },
            (false, _) => {
                wrong.extend(unknown.into_iter().map(|why| format!("cannot tell: {why}")));
                Found::Wrong {
                    says: wrong,
                    advice: [advice.into()].into_iter().chain(ask).collect(),
                }
            }
        }
    }
}

/// Nobody answered what was asked.
fn silent(silence: &Silence) -> Found {
    Found::CannotTell {
        says: vec![silence.because.clone()],
        advice: vec![silence.advice()],
    }
}

/// Which region is passive is not known.
fn nobody_says(why: &str) -> Found {
    Found::CannotTell {
        says: vec![why.to_owned()],
        advice: vec![
            "This is asked of a passive region only; `lifeboat status` says why no region answers"
                .into(),
        ],
    }
}
