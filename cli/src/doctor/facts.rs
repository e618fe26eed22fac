//! What was seen of one region.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use lifeboat_aws::ecs::Services;
use lifeboat_image_sync::ready::Ready;

use crate::denied;

/// Each by itself: a question without an answer hides nothing of the others.
#[derive(Debug)]
pub struct Seen {
    pub standing: Standing,
    pub services: Told<Services>,
    /// What each service's tasks are started by, by its name.
    pub starts: BTreeMap<String, Told<Start>>,
    /// What the execution roles may do.
    pub execution: Vec<Allowed>,
    /// By name.
    pub groups: BTreeMap<String, Told<Group>>,
    /// Whether the backups bucket keeps older versions.
    pub versioned: Told<bool>,
    pub replication: Told<Replication>,
    /// What the role may do that copies backups.
    pub copier: Vec<Allowed>,
    /// Whom the policy of the markers bucket lets read.
    pub readers: Told<Vec<IpNet>>,
    /// From where Route 53 checks.
    pub checkers: Told<Vec<IpNet>>,
    pub lifecycle: Told<Vec<Rule>>,
}

#[derive(Debug)]
pub enum Standing {
    Active,
    Passive {
        /// The execution that holds its lease.
        lease: Option<String>,
        ready: Told<Box<Ready>>,
    },
    /// Neither region says which one is active.
    Unknown(String),
}

impl Standing {
    pub fn active(&self) -> Option<bool> {
        match self {
            Self::Active => Some(true),
            Self::Passive { .. } => Some(false),
            Self::Unknown(_) => None,
        }
    }
}

pub type Told<T> = Result<T, Silence>;

/// Why something was not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    pub because: String,
    /// What whoever asks this must be allowed, and on what.
    pub right: (&'static str, String),
}

impl Silence {
    /// What to do about it.
    pub fn advice(&self) -> String {
        let (action, resource) = &self.right;
        denied::lacking(&self.because, action, resource).unwrap_or_else(|| {
            "Ask again; where it stays silent, `lifeboat status` says whether the region answers at all".into()
        })
    }
}

/// How tasks of a service are started.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Start {
    /// Pulls the images and writes the logs.
    pub role: Option<String>,
    /// The log groups that its containers write to.
    pub groups: BTreeSet<String>,
}

/// Whether a role may do something.
#[derive(Debug)]
pub struct Allowed {
    pub role: String,
    pub resource: String,
    /// The actions that it may not do.
    pub denied: Told<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Missing,
    KeptForEver,
    Kept { days: i64 },
}

/// How a bucket is copied elsewhere; nothing where it is not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replication {
    pub role: Option<String>,
    pub rules: Vec<Copies>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copies {
    pub id: String,
    pub enabled: bool,
    /// None where it is about some of the objects only, by their tags.
    pub prefix: Option<String>,
    /// The bucket.
    pub to: String,
}

/// Of a bucket's lifecycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    pub id: String,
    pub enabled: bool,
    /// None where it is about some of the objects only, by their tags or sizes.
    pub prefix: Option<String>,
    pub removes: Removes,
    /// Into cheaper storage.
    pub moves: bool,
}

/// What a rule ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Removes {
    pub older_versions: bool,
    pub unfinished_uploads: bool,
    /// Objects by their age alone.
    pub objects: bool,
}
