use jiff::Timestamp;
use lifeboat_aws::{Objects, backups};
use lifeboat_core::{
    Failure,
    backup::{BackupKey, Kind, Manifest, Previous, newest},
};

use crate::{Backup, create::link};

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
    let manifest = Manifest::parse(&found.body, &backup.configuration.application, key)?;
    if key.name.kind == Kind::Backup {
        manifest.covers(backup.services())?;
    }
    Ok(Some(manifest))
}

/// What the next backup builds on.
pub(crate) struct Newest {
    pub manifest: Manifest,
    pub link: Previous,
    pub written: Timestamp,
}

/// The newest backup; where its manifest cannot be read the next one begins anew, and keeps the link to what it should be.
pub(crate) async fn newest_readable<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    all: &[BackupKey],
) -> Result<Option<Newest>, Failure> {
    let Some(key) = newest(all) else {
        return Ok(None);
    };
    let listed = backup.backups.list(&key.manifest()).await?;
    let written = listed.first().map_or(Timestamp::MIN, |o| o.written);
    let Some(found) = backup.backups.get(&key.manifest()).await? else {
        return Ok(None);
    };
    let link = link(key, &found.body);
    let application = &backup.configuration.application;
    match Manifest::parse(&found.body, application, key) {
        Ok(manifest) => Ok(Some(Newest {
            manifest,
            link,
            written,
        })),
        Err(why) => {
            tracing::warn!("{why}; this backup stores everything anew");
            Ok(None)
        }
    }
}
