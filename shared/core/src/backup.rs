//! Names, keys, manifests and the choice of a backup.

mod about;
pub mod chain;
mod choice;
pub mod damage;
pub mod follow;
mod id;
pub mod keep;
mod key;
mod manifest;
mod name;
mod path;
mod proof;
pub mod prune;
mod readable;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Epoch, Failure, Region, RegionState};

pub use about::About;
pub use chain::Chain;
pub use choice::{Choice, Flaw, Overrides, Refusal, choose, judge};
pub use damage::{Damages, Harm, Lack, mend};
pub use id::{ContentId, PackId};
pub use key::{BackupKey, newest};
#[cfg(any(test, feature = "samples"))]
pub use manifest::sample;
pub use manifest::{
    Chunk, FORMAT, File, Files, LONGEST_CHUNK, LONGEST_MANIFEST, LONGEST_PACK, Manifest,
    PACK_ENTRY, PackUse, Previous, Reading, is_newer, previous, reusable,
};
pub use name::{BackupName, Kind};
pub use path::FilePath;
pub use proof::{Proof, Proven, draw};
pub use readable::{Archive, Asked, Readable};

/// What a restore put in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    pub backup: BackupKey,
    pub started: Timestamp,
    pub finished: Timestamp,
    /// Service by service; a service whose data was the backup's already was left alone.
    pub services: Contents,
    /// What only running tasks can take, and are still to be given.
    #[serde(default, skip_serializing_if = "Contents::is_empty")]
    pub to_import: Contents,
}

/// What each service's data is.
pub type Contents = BTreeMap<String, Content>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    pub files: u64,
    pub bytes: u64,
    /// Of the names and contents of all files.
    pub content: ContentId,
}

/// Whether an execution's restore may begin, or be put in place: before it starts tasks here.
pub fn may_restore(
    me: &Region,
    state: &RegionState,
    (execution, epoch): (&str, Epoch),
) -> Result<(), Failure> {
    let may = state.prepared_by(execution, epoch, me);
    may.map_err(Failure::Stale)
}

/// Whether an execution may give its tasks the data that only they can take: they run, and no user has been sent there.
pub fn may_import(
    me: &Region,
    state: &RegionState,
    (execution, epoch): (&str, Epoch),
) -> Result<(), Failure> {
    let may = state.filled_by(execution, epoch, me);
    may.map_err(Failure::Stale)
}

/// How a backup is called that begins now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub name: BackupName,
    pub warning: Option<String>,
}

/// Its time, and later than any other of its epoch: a clock that went backwards must not make an old backup the newest.
/// One of this very second is the same backup.
pub fn name(me: &Region, epoch: Epoch, now: Timestamp, all: &[BackupKey]) -> Named {
    let name = BackupName::new(Kind::Backup, now);
    let ours = all
        .iter()
        .filter(|b| b.epoch == epoch && b.name.kind == Kind::Backup);
    let newest = ours
        .max_by_key(|b| b.name.at)
        .filter(|b| b.name.at > name.at);
    let Some(newest) = newest else {
        return Named {
            name,
            warning: None,
        };
    };
    let next = newest.name.at + SignedDuration::from_secs(1);
    Named {
        name: BackupName::new(Kind::Backup, next),
        warning: Some(format!(
            "the clock in {me} says {now}, and {} was taken already; this backup is named after that one, see whether the clock is right",
            newest.name
        )),
    }
}

/// What was read back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    pub backup: BackupKey,
    pub started: Timestamp,
    pub finished: Timestamp,
    pub packs: u64,
    pub bytes: u64,
    /// Whether it and those before it are what their successors say.
    pub chain: Chain,
}

/// Whether a region may write a backup, from what it can read in its own region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    Active(Epoch),
    Passive { epoch: Epoch, reason: String },
}

pub fn turn(me: &Region, state: &RegionState, backups: &[BackupKey]) -> Turn {
    let (epoch, active) = state.highest(None);
    if active != *me {
        return Turn::Passive {
            epoch,
            reason: format!("{active} is active at epoch {epoch}"),
        };
    }
    match newest(backups) {
        Some(b) if b.epoch > state.epoch && b.region != *me => Turn::Passive {
            epoch: b.epoch,
            reason: format!("{} has written {} at epoch {}", b.region, b.name, b.epoch),
        },
        // Not the highest that was seen: a lease of the other region is not an activation, and its epoch is for what it writes.
        _ => Turn::Active(state.epoch),
    }
}

#[cfg(test)]
mod tests;
