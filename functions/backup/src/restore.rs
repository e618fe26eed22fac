use std::{
    fs, io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use lifeboat_aws::{Objects, backups};
use lifeboat_core::{
    Failure,
    backup::{self, BackupKey, Choice, Content, Kind, Restored},
    run::name_of,
};

use crate::{
    Backup, FILE,
    event::Execution,
    find,
    unpack::{UnpackError, holds, unpack},
};

/// Everything is fetched and verified beside the data before any of it is put in place.
pub(crate) async fn restore<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    choice: Choice,
    execution: Option<&Execution>,
    clock: impl Fn() -> Timestamp,
) -> Result<Restored, Failure> {
    let started = clock();
    may_restore(backup, execution).await?;
    let (key, files) = chosen(backup, choice).await?;
    let mut fetched = vec![];
    for file in &files {
        let folder = backup.folder(&file.service);
        if let Some(ready) = fetch(backup, file, &folder).await? {
            fetched.push((file, ready));
        }
    }
    let by = execution.map_or_else(
        || started.strftime("%Y%m%d-%H%M%S").to_string(),
        |e| name_of(&e.arn).to_owned(),
    );
    for (file, _) in &fetched {
        let data = backup.folder(&file.service).join(FILE);
        backup.io("keep", &data, keep(&data, &by))?;
    }
    for (file, ready) in &fetched {
        // All that takes time is over, and the right to write may have gone meanwhile.
        may_restore(backup, execution).await?;
        let data = backup.folder(&file.service).join(FILE);
        backup.io("put in place", &data, put_in_place(&data, ready))?;
    }
    Ok(restored(key, &files, started, clock()))
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
    let scratch = backup.folder(SCRATCH);
    remove(backup, &scratch)?;
    let (key, files) = chosen(backup, choice).await?;
    for file in &files {
        fetch(backup, file, &scratch.join(&file.service)).await?;
    }
    remove(backup, &scratch)?;
    Ok(restored(key, &files, started, clock()))
}

/// Under the data directory, and no name of a service.
pub(crate) const SCRATCH: &str = ".scratch";

fn remove<C: Objects, B: Objects>(backup: &Backup<'_, C, B>, folder: &Path) -> Result<(), Failure> {
    let removed = match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    backup.io("remove", folder, removed)
}

/// A backup, and the files of it that this region's services have.
async fn chosen<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    choice: Choice,
) -> Result<(BackupKey, Vec<backup::File>), Failure> {
    let all = backups::all(backup.backups, Kind::Backup).await?;
    let key = backup::choose(&all, choice)?.clone();
    let mut files = find::manifest(backup, &key).await?.files;
    files.retain(|file| backup.services().contains(&file.service.as_str()));
    Ok((key, files))
}

fn restored(
    backup: BackupKey,
    files: &[backup::File],
    started: Timestamp,
    finished: Timestamp,
) -> Restored {
    let content = |file: &backup::File| Content {
        bytes: file.bytes,
        sha256: file.sha256.clone(),
    };
    let services = files.iter().map(|f| (f.service.clone(), content(f)));
    Restored {
        backup,
        started,
        finished,
        services: services.collect(),
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

/// Verified data in a folder; none where its file is exactly this data already.
async fn fetch<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    file: &backup::File,
    folder: &Path,
) -> Result<Option<PathBuf>, Failure> {
    backup.io("create", folder, fs::create_dir_all(folder))?;
    let data = folder.join(FILE);
    if backup.io("read", &data, holds(&data, file))? {
        return Ok(None);
    }
    let packed = folder.join(format!("{FILE}.fetched"));
    let ready = folder.join(format!("{FILE}.verified"));
    if !backup.backups.download(&file.key, &packed).await? {
        return Err(Failure::NotVerified(format!(
            "{} is in the manifest and not in the bucket; choose another backup",
            file.key
        )));
    }
    let unpacked = unpack(&packed, &ready, file);
    backup.io("remove", &packed, fs::remove_file(&packed))?;
    match unpacked {
        Ok(()) => Ok(Some(ready)),
        Err(UnpackError::Io(why)) => backup.io("write", &ready, Err(why)),
        Err(UnpackError::NotVerified(why)) => Err(Failure::NotVerified(format!(
            "{}: {why}; nothing was changed, choose another backup",
            file.key
        ))),
    }
}

fn put_in_place(data: &Path, ready: &Path) -> io::Result<()> {
    fs::rename(ready, data)?;
    match data.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// What is replaced is kept beside it; done again after being killed half-way, it comes to the same. Copied, because Linux
/// forbids a hard link to another user's file. Under its own name it is whole.
fn keep(data: &Path, by: &str) -> io::Result<()> {
    let kept = data.with_file_name(format!("{FILE}.replaced-by-{by}"));
    if !fs::exists(data)? || fs::exists(&kept)? {
        return Ok(());
    }
    let half = data.with_extension("half");
    fs::copy(data, &half)?;
    fs::File::open(&half)?.sync_all()?;
    fs::rename(half, kept)
}
