use std::path::PathBuf;

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
    files, find,
    source::{OURS, Source},
    unpack::unpack,
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
    let manifest = chosen(backup, choice).await?;
    let sources = backup.sources();
    let mut changes = vec![];
    for source in &sources {
        changes.extend(differences(backup, &manifest, source)?);
    }
    let wanted = changes.iter().filter_map(|change| match change {
        Change::Put { file, at, .. } => Some((*file, files::beside(at))),
        Change::Remove { .. } => None,
    });
    unpack(backup, &manifest, &wanted.collect::<Vec<_>>()).await?;
    keep(backup, &changes, clock()).await?;
    for change in &changes {
        // All that takes time is over, and the right to write may have gone meanwhile.
        may_restore(backup, execution).await?;
        match change {
            Change::Put { at, .. } => {
                let put = files::put_in_place(at, &files::beside(at));
                backup.io("put in place", at, put)?;
            }
            Change::Remove { at, .. } => backup.io("remove", at, files::remove(at))?,
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
    let scratch = backup.folder(&format!("{OURS}scratch"));
    backup.io("remove", &scratch, files::remove_folder(&scratch))?;
    let manifest = chosen(backup, choice).await?;
    let mut wanted = vec![];
    for source in backup.sources() {
        for (path, file) in manifest.services.get(&source.service).into_iter().flatten() {
            wanted.push((file, scratch.join(&source.service).join(path.as_str())));
        }
    }
    unpack(backup, &manifest, &wanted).await?;
    backup.io("remove", &scratch, files::remove_folder(&scratch))?;
    Ok(restored(backup, &manifest, started, clock()))
}

/// What a restore does to one file.
enum Change<'a> {
    Put {
        source: &'a Source,
        file: &'a backup::File,
        at: PathBuf,
        replaces: bool,
    },
    /// The backup has no such file.
    Remove { source: &'a Source, at: PathBuf },
}

fn differences<'a, C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &'a Manifest,
    source: &'a Source,
) -> Result<Vec<Change<'a>>, Failure> {
    let held: Vec<FilePath> = match source.folder.is_dir() {
        true => backup.io("list", &source.folder, source.find())?.files,
        false => vec![],
    };
    let mut changes = vec![];
    let promised = manifest.services.get(&source.service);
    for (path, file) in promised.into_iter().flatten() {
        let at = source.at(path);
        if let Some(link) = path
            .folders()
            .map(|above| source.folder.join(above))
            .find(|f| f.is_symlink())
        {
            return Err(Failure::Refused(format!(
                "{} is a link, and a restore follows none out of the service's data; remove it and try again",
                link.display()
            )));
        }
        if !backup.io("read", &at, files::holds(&at, file))? {
            let replaces = held.binary_search(path).is_ok();
            changes.push(Change::Put {
                source,
                file,
                at,
                replaces,
            });
        }
    }
    let unknown = |path: &&FilePath| promised.is_none_or(|files| !files.contains_key(*path));
    for path in held.iter().filter(unknown) {
        let at = source.at(path);
        changes.push(Change::Remove { source, at });
    }
    Ok(changes)
}

/// What the services have that will be replaced, as a backup of its own; one that was killed is kept again from where it is.
async fn keep<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    changes: &[Change<'_>],
    now: Timestamp,
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
    save_aside(backup, Kind::Replaced, epoch, sources, now)
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
