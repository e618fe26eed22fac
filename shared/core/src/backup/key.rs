use serde::{Deserialize, Serialize};

use super::{BackupName, Kind};
use crate::{Epoch, Region};

/// Which backup, and where its manifest lies. The key carries epoch and region, so that the newest is found by listing alone.
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

    /// The backup whose manifest this key is; anything else in the bucket is no backup.
    pub fn of_manifest(key: &str) -> Option<Self> {
        let [folder, epoch, region, name, "manifest.json"] = key.split('/').collect::<Vec<_>>()[..]
        else {
            return None;
        };
        let name: BackupName = name.parse().ok()?;
        let matches = name.kind.prefix().trim_end_matches('/') == folder;
        (matches && epoch.len() == 10).then_some(())?;
        let found = Self {
            epoch: Epoch(epoch.parse().ok()?),
            region: Region::new(region).ok()?,
            name,
        };
        // One spelling: a number is also read with a sign before it.
        (found.manifest() == key).then_some(found)
    }
}

/// Highest epoch first, then time.
pub fn newest<'a>(backups: impl IntoIterator<Item = &'a BackupKey>) -> Option<&'a BackupKey> {
    backups
        .into_iter()
        .filter(|b| b.name.kind == Kind::Backup)
        .max_by_key(|b| (b.epoch, b.name.at))
}
