//! Names, keys, manifests and the choice of a backup.

mod manifest;
mod name;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Epoch, Failure, Invalid, Region, RegionState};

pub use manifest::{File, Manifest};
pub use name::{BackupName, Kind};

/// Where a backup lies. The key carries epoch and region, so that the newest is found by listing alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupKey {
    pub epoch: Epoch,
    pub name: BackupName,
    pub region: Region,
}

impl BackupKey {
    pub fn folder(&self) -> String {
        format!(
            "{}{:010}/{}/{}/",
            self.name.kind.prefix(),
            self.epoch.0,
            self.region,
            self.name
        )
    }

    pub fn manifest(&self) -> String {
        format!("{}manifest.json", self.folder())
    }

    pub fn data(&self, service: &str) -> String {
        format!("{}{service}.json.gz", self.folder())
    }

    /// The backup whose manifest this key is; anything else in the bucket is no backup.
    pub fn of_manifest(key: &str) -> Option<Self> {
        let [folder, epoch, region, name, "manifest.json"] = key.split('/').collect::<Vec<_>>()[..]
        else {
            return None;
        };
        let name: BackupName = name.parse().ok()?;
        let matches = name.kind.prefix().trim_end_matches('/') == folder;
        (matches && epoch.len() == 10).then_some(())?;
        Some(Self {
            epoch: Epoch(epoch.parse().ok()?),
            region: Region::new(region).ok()?,
            name,
        })
    }
}

/// What a restore put in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restored {
    pub backup: BackupKey,
    pub started: Timestamp,
    pub finished: Timestamp,
    /// Service by service; a service whose data was the backup's already was left alone.
    pub services: Contents,
}

/// What each service's data is.
pub type Contents = BTreeMap<String, Content>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    pub bytes: u64,
    pub sha256: String,
}

/// Highest epoch first, then time.
pub fn newest<'a>(backups: impl IntoIterator<Item = &'a BackupKey>) -> Option<&'a BackupKey> {
    backups
        .into_iter()
        .filter(|b| b.name.kind == Kind::Backup)
        .max_by_key(|b| (b.epoch, b.name.at))
}

/// Which backup a restore takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Choice {
    Newest,
    Named(BackupName),
}

impl TryFrom<String> for Choice {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        if text == "newest" {
            Ok(Self::Newest)
        } else {
            text.parse().map(Self::Named)
        }
    }
}

impl From<Choice> for String {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Newest => "newest".into(),
            Choice::Named(name) => name.to_string(),
        }
    }
}

/// The backup to restore; one of a lower epoch than the newest is refused.
pub fn choose(backups: &[BackupKey], choice: Choice) -> Result<&BackupKey, Invalid> {
    let newest = newest(backups)
        .ok_or_else(|| Invalid::new("backup", "at least one complete backup", "none"))?;
    let Choice::Named(name) = choice else {
        return Ok(newest);
    };
    let named = backups
        .iter()
        .filter(|b| b.name == name)
        .max_by_key(|b| b.epoch)
        .ok_or_else(|| {
            Invalid::new(
                "backup",
                format!("an existing backup (the newest is {})", newest.name),
                name,
            )
        })?;
    if named.epoch < newest.epoch {
        return Err(Invalid::new(
            "backup",
            format!(
                "a backup of epoch {} (the newest is {})",
                newest.epoch, newest.name
            ),
            format!("{name} of epoch {}", named.epoch),
        ));
    }
    Ok(named)
}

/// Whether a restore may begin, or be put in place: for an execution that has not activated this region yet, or by hand.
pub fn may_restore(
    me: &Region,
    state: &RegionState,
    execution: Option<(&str, Epoch)>,
) -> Result<(), Failure> {
    match execution {
        Some((execution, epoch)) => state
            .prepared_by(execution, epoch, me)
            .map_err(Failure::Stale),
        None if state.lease.is_some() => Err(Failure::Refused(format!(
            "an execution is at work in {me}; it restores by itself"
        ))),
        None if state.highest(None).1 == *me => Err(Failure::Refused(format!(
            "{me} serves, and its tasks write: a restore here would be lost or overwrite their data"
        ))),
        None => Ok(()),
    }
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
