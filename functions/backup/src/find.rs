use std::cmp::Reverse;

use jiff::Timestamp;
use lifeboat_aws::{Below, Object, Objects, backups};
use lifeboat_core::{
    Failure,
    backup::{self, BackupKey, Choice, Harm, Kind, Manifest, Previous, keep::KeptCopy, newest},
};

use crate::{Backup, Outcome, create::link, damage, keep};

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
        let object = from.object(&key.manifest());
        let mend = backup::mend(backup.configuration, &object);
        Failure::NotVerified(format!("{object} is gone; {mend}"))
    })
}

/// The same where there may be none.
pub(crate) async fn existing<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    from: &impl Objects,
    key: &BackupKey,
) -> Result<Option<Manifest>, Failure> {
    let Some(found) = bytes(backup, from, key).await? else {
        return Ok(None);
    };
    let manifest = parse(backup, from, key, &found.body).await?;
    if key.name.kind == Kind::Backup {
        manifest.covers(backup.services())?;
    }
    Ok(Some(manifest))
}

/// A manifest as it lies in the bucket.
pub(crate) async fn bytes<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    from: &impl Objects,
    key: &BackupKey,
) -> Result<Option<Object>, Failure> {
    damage::remember(backup, backups::manifest(from, key).await).await
}

/// What is no manifest is damaged; what a newer version wrote is none of our business.
pub(crate) async fn parse<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    from: &impl Objects,
    key: &BackupKey,
    bytes: &[u8],
) -> Result<Manifest, Failure> {
    match Manifest::parse(bytes, &backup.configuration.application, key) {
        Err(Failure::NotVerified(why)) if !backup::is_newer(bytes) => {
            let object = from.object(&key.manifest());
            damage::note(backup, [(object.clone(), Harm::Damaged(why.clone()))]).await;
            let mend = backup::mend(backup.configuration, &object);
            Err(Failure::NotVerified(format!("{why}; {mend}")))
        }
        parsed => parsed,
    }
}

/// The newest backup, which the next one comes after.
pub(crate) struct Newest {
    pub link: Previous,
    pub written: Timestamp,
    /// What the next one builds on; none where it cannot be read.
    pub manifest: Option<Manifest>,
}

/// What the next backup comes after.
pub(crate) enum Before {
    Nothing,
    Newest(Box<Newest>),
    /// There are some, and nobody can say what the newest was: why.
    Unknown(String),
}

impl Before {
    pub(crate) fn newest(self) -> Option<Newest> {
        match self {
            Self::Newest(newest) => Some(*newest),
            Self::Nothing | Self::Unknown(_) => None,
        }
    }
}

/// Where its manifest makes no sense the next one stores everything anew, and keeps the link to what it was after. Where its
/// bytes cannot be had there is nothing to keep, and the next one begins a chain.
pub(crate) async fn before<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    all: &[BackupKey],
) -> Result<Before, Failure> {
    let Some(key) = newest(all) else {
        return Ok(Before::Nothing);
    };
    let unknown = |why: String| {
        let why = format!(
            "it begins a chain of its own, although {} was taken before it: {why}",
            key.name
        );
        tracing::warn!("{why}");
        Ok(Before::Unknown(why))
    };
    let listed = backup.backups.list(&key.manifest()).await?;
    let written = listed.first().map_or(Timestamp::MIN, |o| o.written);
    let found = match bytes(backup, backup.backups, key).await {
        Err(Failure::NotVerified(why)) => return unknown(why),
        other => other?,
    };
    let Some(found) = found else {
        return unknown("its manifest went since it was listed".into());
    };
    let link = link(key, &found.body);
    let manifest = match parse(backup, backup.backups, key, &found.body).await {
        Ok(manifest) => Some(manifest),
        Err(why) => {
            tracing::warn!("{why}; this backup stores everything anew");
            None
        }
    };
    Ok(Before::Newest(Box::new(Newest {
        link,
        written,
        manifest,
    })))
}
