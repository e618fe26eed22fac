use jiff::{SignedDuration, Timestamp};
use lifeboat_aws::{
    Objects, backups,
    objects::{Only, Write},
};
use lifeboat_core::{
    Epoch, Failure, Invalid,
    backup::{
        self, BackupKey, BackupName, Kind, LONGEST_MANIFEST, Manifest, Previous, Turn,
        prune::LONGEST_BACKUP, turn,
    },
};
use sha2::{Digest, Sha256};

use crate::{
    Backup, Created, Outcome,
    find::{self, Before, Newest},
    known::Known,
    save::{Came, Saved, save},
    source::Source,
    unfinished,
};

pub(crate) async fn create<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    clock: impl Fn() -> Timestamp,
) -> Result<Outcome, Failure> {
    let started = clock();
    let (turn, all) = whose_turn(backup).await?;
    let epoch = match turn {
        Turn::Active(epoch) => epoch,
        Turn::Passive { epoch, reason } => return Ok(Outcome::Passive { epoch, reason }),
    };
    let region = backup.configuration.region.clone();
    let named = backup::name(&region, epoch, started, &all);
    let key = BackupKey {
        epoch,
        name: named.name,
        region,
    };
    // Asked twice in one second: the first is both.
    if let Some(manifest) = find::existing(backup, backup.backups, &key).await? {
        return Ok(created(backup, &manifest, 0));
    }
    let before = find::before(backup, &all).await?;
    let begins = match &before {
        Before::Unknown(why) => Some(why.clone()),
        Before::Nothing | Before::Newest(_) => None,
    };
    let newest = before.newest();
    let (mut saved, left) = gather(backup, &key, backup.sources(), newest.as_ref(), &clock).await?;
    saved
        .warnings
        .extend(named.warning.into_iter().chain(begins));
    // It took time: whoever lost the right to write meanwhile leaves packs that nobody will miss.
    if let (Turn::Passive { epoch, reason }, _) = whose_turn(backup).await? {
        return Ok(Outcome::Passive { epoch, reason });
    }
    let sent = saved.sent;
    let previous = newest.map(|newest| newest.link);
    let manifest = seal(backup, key, saved, previous, (started, clock())).await?;
    if left {
        unfinished::remove(backup).await;
    }
    Ok(created(backup, &manifest, sent))
}

/// Whoever reads it knows what else there is to know of it.
fn created<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &Manifest,
    sent: u64,
) -> Outcome {
    let configuration = backup.configuration;
    let mut created = Created::of(manifest, sent);
    created
        .warnings
        .extend(configuration.stays(&configuration.region));
    Outcome::Created(created)
}

/// Everything that the sources have, and whether there is something left of an earlier invocation. Where the time of this one
/// is not enough it fails, and the next one goes on.
async fn gather<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    key: &BackupKey,
    sources: Vec<Source>,
    newest: Option<&Newest>,
    clock: impl Fn() -> Timestamp,
) -> Result<(Saved, bool), Failure> {
    let (unfinished, left) = unfinished::read(backup, key, newest).await?;
    let known = Known::of(backup, newest, unfinished, clock()).await?;
    match save(backup, sources, known, &clock).await? {
        Came::Whole(saved) => Ok((saved, left)),
        Came::Unfinished(saved, half) => {
            let previous = newest.map(|newest| newest.link.clone());
            let so_far = (saved, half);
            Err(unfinished::hand_over(backup, key, so_far, previous, clock()).await)
        }
    }
}

/// And every backup that it was judged by.
async fn whose_turn<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
) -> Result<(Turn, Vec<BackupKey>), Failure> {
    let state = backup.state().await?;
    let all = backups::all(backup.backups, Kind::Backup).await?;
    Ok((turn(&backup.configuration.region, &state, &all), all))
}

/// What would be lost otherwise, whatever it is, as a backup of its own kind that nobody restores by itself.
pub(crate) async fn save_aside<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    kind: Kind,
    epoch: Epoch,
    sources: Vec<Source>,
    clock: impl Fn() -> Timestamp,
) -> Result<BackupKey, Failure> {
    let now = clock();
    let key = BackupKey {
        epoch,
        name: BackupName::new(kind, now),
        region: backup.configuration.region.clone(),
    };
    let all = backups::all(backup.backups, Kind::Backup).await?;
    let newest = find::before(backup, &all).await?.newest();
    let sources = sources.into_iter().map(Source::unchecked).collect();
    let (saved, left) = gather(backup, &key, sources, newest.as_ref(), &clock).await?;
    let manifest = seal(backup, key, saved, None, (now, clock())).await?;
    if left {
        unfinished::remove(backup).await;
    }
    Ok(manifest.backup)
}

/// The manifest comes last. Of two backups that were taken in the same second the first is the backup; the other's packs are no
/// part of it and of no harm, because a pack's name is what is in it. What is kept aside may be of other services than what
/// another invocation keeps in that second, and nobody else has it: it takes the next second that is free.
async fn seal<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    key: BackupKey,
    saved: Saved,
    previous: Option<Previous>,
    (started, finished): (Timestamp, Timestamp),
) -> Result<Manifest, Failure> {
    let mut manifest = manifest(backup, &key, saved, previous, (started, finished));
    still_there(backup, &manifest).await?;
    loop {
        let key = manifest.backup.clone();
        if let Write::Done = write(backup, &manifest, &key).await? {
            return Ok(manifest);
        }
        let there = find::manifest(backup, backup.backups, &key).await?;
        if key.name.kind == Kind::Backup || there.services == manifest.services {
            return Ok(there);
        }
        let next = key.name.at + SignedDuration::from_secs(1);
        manifest.backup.name = BackupName::new(key.name.kind, next);
    }
}

async fn write<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &Manifest,
    key: &BackupKey,
) -> Result<Write, Failure> {
    let name = key.manifest();
    // What nobody would read must not be written.
    manifest.check(&backup.configuration.application, key)?;
    let json = serde_json::to_vec(manifest)
        .map_err(|e| Invalid::new(&name, "a manifest that JSON can hold", e))?;
    if json.len() as u64 > LONGEST_MANIFEST {
        return Err(Failure::Refused(format!(
            "{name} would have {} bytes, and nobody reads one of more than {LONGEST_MANIFEST}: there are too many files; put some of the services into an application of their own",
            json.len()
        )));
    }
    backup.backups.put_only(&name, json, Only::IfAbsent).await
}

pub(crate) fn manifest<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    key: &BackupKey,
    saved: Saved,
    previous: Option<Previous>,
    (started, finished): (Timestamp, Timestamp),
) -> Manifest {
    Manifest {
        format: backup::FORMAT,
        application: backup.configuration.application.clone(),
        backup: key.clone(),
        started,
        finished,
        previous,
        warnings: saved.warnings,
        services: saved.services,
        packs: saved.packs,
    }
}

/// What a prune may have taken meanwhile is no backup: one that took this long, or of which a pack has gone.
async fn still_there<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &Manifest,
) -> Result<(), Failure> {
    let name = &manifest.backup.name;
    let took = manifest.finished.duration_since(manifest.started);
    if took > LONGEST_BACKUP {
        return Err(Failure::TimedOut(format!(
            "{name} took {} hours, and what it builds on may be gone; it is begun anew",
            took.as_hours()
        )));
    }
    let damages = backups::damages(backup.control).await;
    let packs = backups::Packs::of(backup.backups, damages).await?;
    match packs.lack_one_of(&manifest.packs) {
        None => Ok(()),
        Some(lack) => {
            let why = format!("meanwhile {lack}; it is begun anew");
            Err(backup.failed("take", name, why))
        }
    }
}

/// By which the next backup knows this one.
pub(crate) fn link(key: &BackupKey, manifest: &[u8]) -> Previous {
    Previous {
        backup: key.clone(),
        sha256: hex::encode(Sha256::digest(manifest)),
    }
}
