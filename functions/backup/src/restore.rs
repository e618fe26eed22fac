use std::{io, path::PathBuf};

use jiff::Timestamp;
use lifeboat_aws::{Objects, backups};
use lifeboat_core::{
    Failure,
    backup::{self, Choice, FilePath, Kind, Manifest, Restored},
};

use crate::{
    Backup,
    contents::content,
    create::save_aside,
    event::Execution,
    files::{self, OURS},
    find,
    source::Source,
    unpack::{check_through, room, unpack},
};

/// Everything is fetched and verified beside the data, and what will be replaced is a backup of its own, before any of it
/// is put in place.
pub(crate) async fn restore<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    choice: Choice,
    execution: Option<&Execution>,
    clock: impl Fn() -> Timestamp,
) -> Result<Restored, Failure> {
    let started = clock();
    may_restore(backup, execution).await?;
    let sources = backup.sources();
    may_execute(backup, execution)?;
    let manifest = chosen(backup, choice).await?;
    let mut changes = vec![];
    for source in &sources {
        changes.extend(differences(backup, &manifest, source).await?);
    }
    let (mut wanted, mut later) = (vec![], vec![]);
    for change in &changes {
        let Change::Put {
            source, path, file, ..
        } = change
        else {
            continue;
        };
        match source.place.beside(path) {
            Some(beside) => wanted.push((*file, beside)),
            None => later.push((*file, source.place.at(path))),
        }
    }
    unpack(backup, &manifest, &wanted).await?;
    check_through(backup, &manifest, &later).await?;
    let scratch = tempfile::tempdir();
    let scratch = backup.io("create", "a scratch folder", scratch)?;
    let largest = later.iter().map(|(file, _)| file.bytes).max();
    room(backup, scratch.path(), largest.unwrap_or_default())?;
    keep(backup, &changes, &clock).await?;
    for change in &changes {
        let ready = match change {
            Change::Put {
                source, path, file, ..
            } => match source.place.beside(path) {
                Some(beside) => beside,
                None => {
                    let ready = scratch.path().join("ready");
                    unpack(backup, &manifest, &[(*file, ready.clone())]).await?;
                    ready
                }
            },
            Change::Remove { .. } => PathBuf::new(),
        };
        // All that takes time is over, and the right to write may have gone meanwhile.
        may_restore(backup, execution).await?;
        match change {
            Change::Put { source, path, .. } => {
                let put = source.put(path, &ready).await;
                backup.io("put in place", source.place.at(path), put)?;
            }
            Change::Remove { source, path } => {
                let removed = source.remove(path).await;
                backup.io("remove", source.place.at(path), removed)?;
            }
        }
    }
    Ok(restored(backup, &manifest, started, clock()))
}

/// The same as far as it can be seen without touching the services' data. What one that was killed left is removed.
pub(crate) async fn rehearse<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    choice: Choice,
    execution: Option<&Execution>,
    clock: impl Fn() -> Timestamp,
) -> Result<Restored, Failure> {
    let started = clock();
    may_restore(backup, execution).await?;
    may_execute(backup, execution)?;
    let scratch = backup.folder(&format!("{OURS}scratch"));
    let removed = files::remove_folder(&scratch);
    backup.io("remove", scratch.display(), removed)?;
    let manifest = chosen(backup, choice).await?;
    let (mut wanted, mut elsewhere) = (vec![], vec![]);
    for source in backup.sources() {
        for (path, file) in manifest.services.get(&source.service).into_iter().flatten() {
            match source.place.beside(path) {
                Some(_) => {
                    wanted.push((file, scratch.join(&source.service).join(path.as_str())));
                }
                None => elsewhere.push((file, source.place.at(path))),
            }
        }
    }
    unpack(backup, &manifest, &wanted).await?;
    check_through(backup, &manifest, &elsewhere).await?;
    let removed = files::remove_folder(&scratch);
    backup.io("remove", scratch.display(), removed)?;
    Ok(restored(backup, &manifest, started, clock()))
}

/// An execution restores while no task runs, and not every service could be given its data then.
fn may_execute<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    execution: Option<&Execution>,
) -> Result<(), Failure> {
    let services = backup.configuration.own().services.iter();
    let mut by_hand = services.filter_map(|(name, own)| Some((name, own.place.by_hand()?)));
    match (execution, by_hand.next()) {
        (Some(_), Some((service, why))) => Err(Failure::Refused(format!("{service}: {why}"))),
        _ => Ok(()),
    }
}

/// What a restore does to one file.
enum Change<'a> {
    Put {
        source: &'a Source,
        path: FilePath,
        file: &'a backup::File,
        replaces: bool,
    },
    /// The backup has no such file.
    Remove { source: &'a Source, path: FilePath },
}

async fn differences<'a, C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &'a Manifest,
    source: &'a Source,
) -> Result<Vec<Change<'a>>, Failure> {
    let held = match source.find().await {
        // Nothing was ever there.
        Err(why) if why.kind() == io::ErrorKind::NotFound => vec![],
        found => backup.io("list", &source.place, found)?.files,
    };
    let mut changes = vec![];
    let promised = manifest.services.get(&source.service);
    for (path, file) in promised.into_iter().flatten() {
        if let Some(why) = source.place.bars(path) {
            return Err(Failure::Refused(why));
        }
        let holds = source.holds(path, file).await;
        if !backup.io("read", source.place.at(path), holds)? {
            let replaces = held.binary_search(path).is_ok();
            let path = path.clone();
            changes.push(Change::Put {
                source,
                path,
                file,
                replaces,
            });
        }
    }
    let unknown = |path: &&FilePath| promised.is_none_or(|files| !files.contains_key(*path));
    for path in held.iter().filter(unknown) {
        let path = path.clone();
        changes.push(Change::Remove { source, path });
    }
    Ok(changes)
}

/// What the services have that will be replaced, as a backup of its own; one that was killed is kept again from where it is.
async fn keep<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    changes: &[Change<'_>],
    clock: impl Fn() -> Timestamp,
) -> Result<(), Failure> {
    let mut sources: Vec<Source> = vec![];
    for change in changes {
        let (Change::Put {
            source,
            replaces: true,
            ..
        }
        | Change::Remove { source, .. }) = change
        else {
            continue;
        };
        if sources.iter().all(|kept| kept.service != source.service) {
            sources.push((*source).clone());
        }
    }
    if sources.is_empty() {
        return Ok(());
    }
    let epoch = backup.state().await?.epoch;
    save_aside(backup, Kind::Replaced, epoch, sources, clock)
        .await
        .map(drop)
}

/// A backup that has something of each of this region's services.
async fn chosen<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    choice: Choice,
) -> Result<Manifest, Failure> {
    let all = backups::all(backup.backups, Kind::Backup).await?;
    let key = backup::choose(&all, choice)?.clone();
    find::manifest(backup, &key).await
}

fn restored<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &Manifest,
    started: Timestamp,
    finished: Timestamp,
) -> Restored {
    let services = manifest.services.iter();
    let ours = services.filter(|(service, _)| backup.services().contains(&service.as_str()));
    Restored {
        backup: manifest.backup.clone(),
        started,
        finished,
        services: ours.map(|(s, files)| (s.clone(), content(files))).collect(),
    }
}

async fn may_restore<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    execution: Option<&Execution>,
) -> Result<(), Failure> {
    let state = backup.state().await?;
    let by = execution.map(|by| (by.arn.as_str(), by.epoch));
    backup::may_restore(&backup.configuration.region, &state, by)
}
