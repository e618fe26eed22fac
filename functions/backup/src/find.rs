use std::cmp::Reverse;

use jiff::Timestamp;
use lifeboat_aws::{Below, Objects, backups};
use lifeboat_core::{
    Failure,
    backup::{self, BackupKey, Choice, Kind, Manifest, Previous, keep::KeptCopy, newest},
};

use crate::{Backup, Outcome, create::link, keep};

/// Every backup and every copy that is kept, the newest first.
pub(crate) async fn list<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
) -> Result<Outcome, Failure> {
    let mut backups = backups::all(backup.backups, Kind::Backup).await?;
    backups.sort_by_key(|key| Reverse((key.epoch, key.name.at)));
    let kept = keep::standing(backup).await?;
    let configuration = backup.configuration;
    let notes = configuration.stays(&configuration.region).into_iter();
    let notes = notes.collect();
    Ok(Outcome::Listed {
        backups,
        kept,
        notes,
    })
}

/// A backup that was asked for, and where it lies.
pub(crate) struct Meant<B> {
    pub key: BackupKey,
    /// Its manifest and its packs, under the keys by which they name each other.
    pub from: Below<B>,
    /// Why it cannot be read yet.
    pub cold: Option<String>,
}

/// Among all others, or as a copy that is kept where only that is left. A copy is taken by its name alone.
pub(crate) async fn meant<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    all: &[BackupKey],
    choice: Choice,
) -> Result<Meant<B>, Failure> {
    let unknown = match backup::choose(all, choice) {
        Ok(key) => {
            return Ok(Meant {
                key: key.clone(),
                from: Below::new(backup.backups, ""),
                cold: None,
            });
        }
        Err(unknown) => unknown,
    };
    let copies = match choice {
        Choice::Named(_) => keep::standing(backup).await?,
        Choice::Newest | Choice::Before(_) => vec![],
    };
    let named = |copy: &KeptCopy| choice == Choice::Named(copy.backup.name);
    let copy = copies.into_iter().find(named).ok_or(unknown)?;
    Ok(Meant {
        from: Below::new(backup.backups, copy.backup.kept()),
        cold: keep::cold(backup, &copy),
        key: copy.backup,
    })
}

/// The manifest of a backup that lies there, checked; an error where it is not what it should be.
pub(crate) async fn manifest<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    from: &impl Objects,
    key: &BackupKey,
) -> Result<Manifest, Failure> {
    existing(backup, from, key).await?.ok_or_else(|| {
        Failure::NotVerified(format!("{} is gone; choose another backup", key.manifest()))
    })
}

/// The same where there may be none.
pub(crate) async fn existing<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    from: &impl Objects,
    key: &BackupKey,
) -> Result<Option<Manifest>, Failure> {
    let Some(found) = from.get(&key.manifest()).await? else {
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
