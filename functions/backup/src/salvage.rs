//! What a replaced region still holds is saved, and compared with what was restored in its place.

use std::{
    fmt::Display,
    fs::File,
    io::{self, BufReader, Read},
};

use jiff::Timestamp;
use lifeboat_aws::{Objects, backups};
use lifeboat_core::{
    Epoch, Failure,
    backup::{BackupKey, FilePath, Kind, Manifest},
    fence,
    lost::{Kept, Lost},
};

use crate::{Backup, Salvaged, create::save_aside, damage, find, source::Source, unpack::unpack};

pub(crate) async fn salvage<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    winner: Epoch,
    against: &BackupKey,
    clock: impl Fn() -> Timestamp,
) -> Result<Salvaged, Failure> {
    let state = backup.state().await?;
    fence::replaced(&state, &backup.configuration.region, winner)?;
    let own = state.epoch;
    let mut lost = Lost::default();
    let mut held = vec![];
    for source in backup.sources() {
        if let Some(why) = source.place.mute() {
            lost.unknown.insert(source.service, why);
            continue;
        }
        match source.find().await {
            Ok(found) if !found.files.is_empty() => held.push((source, found.files)),
            Ok(_) => drop(
                lost.unknown
                    .insert(source.service, "it has no data any more".into()),
            ),
            Err(why) => {
                let why = format!("{}: {why}", source.place);
                lost.unknown.insert(source.service, why);
            }
        }
    }
    let salvage = match saved_already(backup, own, &held).await? {
        Some(key) => key,
        None => {
            let sources = held.iter().map(|(source, _)| source.clone()).collect();
            save_aside(backup, Kind::Salvage, own, sources, clock).await?
        }
    };
    let restored = match find::manifest(backup, backup.backups, against).await {
        // Whoever cannot read what was restored cannot say what it lacked, and what is held is saved all the same.
        Err(Failure::NotVerified(why)) => Err(why),
        other => Ok(other?),
    };
    for (source, files) in held {
        let compared = match &restored {
            Ok(restored) => compare(backup, restored, &source, &files).await,
            Err(why) => Err(Failure::NotVerified(why.clone())),
        };
        let service = source.service;
        match compared {
            Ok(records) => drop(lost.services.insert(service, records)),
            Err(Failure::NotVerified(why)) => drop(lost.unknown.insert(service, why)),
            Err(other) => return Err(other),
        }
    }
    Ok(Salvaged { salvage, lost })
}

/// Asked twice, a region is salvaged once: the same data is not saved again.
async fn saved_already<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    own: Epoch,
    held: &[(Source, Vec<FilePath>)],
) -> Result<Option<BackupKey>, Failure> {
    let me = &backup.configuration.region;
    let all = backups::all(backup.backups, Kind::Salvage).await?;
    let ours = all
        .into_iter()
        .filter(|k| k.epoch == own && k.region == *me);
    for key in ours {
        let manifest = find::manifest(backup, backup.backups, &key).await?;
        if is_still_here(backup, &manifest, held).await? {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

async fn is_still_here<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &Manifest,
    held: &[(Source, Vec<FilePath>)],
) -> Result<bool, Failure> {
    if manifest.services.len() != held.len() {
        return Ok(false);
    }
    for (source, paths) in held {
        let saved = manifest.services.get(&source.service);
        let Some(saved) = saved.filter(|saved| saved.keys().eq(paths)) else {
            return Ok(false);
        };
        for (path, file) in saved {
            let holds = source.holds(path, file).await;
            if !backup.io("read", source.place.at(path), holds)? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// What the service holds in JSON that the restored backup lacks, record by record; of other files only that they differ.
async fn compare<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    restored: &Manifest,
    source: &Source,
    held: &[FilePath],
) -> Result<Vec<String>, Failure> {
    let saved = restored.services.get(&source.service).ok_or_else(|| {
        let (manifest, service) = (restored.backup.manifest(), &source.service);
        Failure::NotVerified(format!("{manifest} has nothing of {service}"))
    })?;
    let scratch = tempfile::tempdir();
    let scratch = backup.io("create", "a scratch folder", scratch)?;
    let mut lost = vec![];
    for path in held {
        let (at, there) = (source.place.at(path), saved.get(path));
        if let Some(file) = there
            && backup.io("read", &at, source.holds(path, file).await)?
        {
            continue;
        }
        if !path.as_str().ends_with(".json") {
            lost.push(format!("(the file {path})"));
            continue;
        }
        let mut kept = Kept::default();
        if let Some(file) = there {
            let before = scratch.path().join("before.json");
            let wanted = [(file, before.clone())];
            let unpacked = unpack(backup, backup.backups, restored, &wanted).await;
            damage::remember(backup, unpacked).await?;
            let learnt = File::open(&before).and_then(|file| Ok(kept.learn(buffered(file))?));
            learnt.map_err(|why| unclear(before.display(), &why))?;
        }
        let path = path.clone();
        let lacking = source.wait(move |place| {
            let held = place.open(&path)?.ok_or(io::ErrorKind::NotFound)?;
            Ok(kept.lacks(buffered(held))?)
        });
        lost.extend(lacking.await.map_err(|why| unclear(at, &why))?);
    }
    Ok(lost)
}

fn buffered<R: Read>(file: R) -> BufReader<R> {
    BufReader::with_capacity(1 << 16, file)
}

/// Whoever cannot read it cannot say what it lacks.
fn unclear(at: impl Display, why: &io::Error) -> Failure {
    Failure::NotVerified(format!("{at}: {why}"))
}
