use lifeboat_aws::{Objects, backups};
use lifeboat_core::{
    Failure,
    backup::{BackupKey, Kind, Manifest},
};

use crate::Backup;

pub(crate) async fn newest_first<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
) -> Result<Vec<BackupKey>, Failure> {
    let mut all = backups::all(backup.backups, Kind::Backup).await?;
    all.sort_by_key(|key| std::cmp::Reverse((key.epoch, key.name.at)));
    Ok(all)
}

/// The manifest of a backup, checked; an error where it is not what it should be.
pub(crate) async fn manifest<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    key: &BackupKey,
) -> Result<Manifest, Failure> {
    existing(backup, key).await?.ok_or_else(|| {
        Failure::NotVerified(format!("{} is gone; choose another backup", key.manifest()))
    })
}

/// The same where there may be none.
pub(crate) async fn existing<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    key: &BackupKey,
) -> Result<Option<Manifest>, Failure> {
    let Some(found) = backup.backups.get(&key.manifest()).await? else {
        return Ok(None);
    };
    let application = &backup.configuration.application;
    let services = match key.name.kind {
        Kind::Backup => backup.services(),
        // What a region had lost is not in its salvage.
        Kind::Salvage => vec![],
    };
    Manifest::parse(&found.body, application, key, &services).map(Some)
}
