//! What a replaced region still holds is saved, and compared with what was restored in its place.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeboat_aws::{Objects, backups};
use lifeboat_core::{
    Epoch, Failure,
    backup::{BackupKey, BackupName, File, Kind, Manifest},
    fence,
    lost::{self, Lost},
};
use serde_json::Value;

use crate::{
    Backup, FILE, Salvaged,
    create::{save, seal},
    find,
    unpack::{UnpackError, unpack},
};

pub(crate) async fn salvage<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    winner: Epoch,
    against: &BackupKey,
    now: Timestamp,
) -> Result<Salvaged, Failure> {
    let state = backup.state().await?;
    fence::replaced(&state, &backup.configuration.region, winner)?;
    let own = state.epoch;
    let mut lost = Lost::default();
    let mut held = BTreeMap::new();
    for service in backup.services() {
        match read(backup, service) {
            Ok(data) => drop(held.insert(service, data)),
            Err(why) => drop(lost.unknown.insert(service.to_owned(), why)),
        }
    }
    let key = BackupKey {
        epoch: own,
        name: BackupName::new(Kind::Salvage, now),
        region: backup.configuration.region.clone(),
    };
    let salvage = match saved_already(backup, own).await? {
        Some(key) => key,
        None => {
            let services: Vec<&str> = held.keys().copied().collect();
            let files = save(backup, &services, &key).await?;
            seal(backup, key, files).await?.backup
        }
    };
    let restored = match find::manifest(backup, against).await {
        // Whoever cannot read what was restored cannot say what it lacked, and what is held is saved all the same.
        Err(Failure::NotVerified(why)) => Err(why),
        other => Ok(other?),
    };
    for (service, held) in held {
        let kept = match &restored {
            Ok(restored) => restored_data(backup, restored, service).await,
            Err(why) => Err(Failure::NotVerified(why.clone())),
        };
        match kept {
            Ok(kept) => drop(
                lost.services
                    .insert(service.into(), lost::lost(&held, &kept)),
            ),
            Err(Failure::NotVerified(why)) => drop(lost.unknown.insert(service.into(), why)),
            Err(other) => return Err(other),
        }
    }
    Ok(Salvaged { salvage, lost })
}

/// A region that lost its data with its disk has nothing to save, and that is no reason to try for ever.
fn read<C: Objects, B: Objects>(backup: &Backup<'_, C, B>, service: &str) -> Result<Value, String> {
    let held = backup.folder(service).join(FILE);
    let bytes = std::fs::read(&held).map_err(|why| format!("{}: {why}", held.display()))?;
    serde_json::from_slice(&bytes).map_err(|why| format!("{}: {why}", held.display()))
}

/// Asked twice, a region is salvaged once: the same data is not saved again.
async fn saved_already<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    own: Epoch,
) -> Result<Option<BackupKey>, Failure> {
    let me = &backup.configuration.region;
    let all = backups::all(backup.backups, Kind::Salvage).await?;
    for key in all
        .into_iter()
        .filter(|k| k.epoch == own && k.region == *me)
    {
        let manifest = find::manifest(backup, &key).await?;
        if is_still_here(backup, &manifest)? {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

fn is_still_here<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &Manifest,
) -> Result<bool, Failure> {
    for file in &manifest.files {
        let data = backup.folder(&file.service).join(FILE);
        if !backup.io("read", &data, crate::unpack::holds(&data, file))? {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn restored_data<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &Manifest,
    service: &str,
) -> Result<Value, Failure> {
    let find = |file: &&File| file.service == service;
    let file = manifest.files.iter().find(find).ok_or_else(|| {
        Failure::NotVerified(format!("{} has no {service}", manifest.backup.manifest()))
    })?;
    let scratch = tempfile::tempdir();
    let scratch = backup.io("create", std::path::Path::new("a scratch folder"), scratch)?;
    let (packed, data) = (scratch.path().join("packed"), scratch.path().join("data"));
    if !backup.backups.download(&file.key, &packed).await? {
        return Err(Failure::NotVerified(format!("{} is gone", file.key)));
    }
    match unpack(&packed, &data, file) {
        Ok(()) => {}
        Err(UnpackError::Io(why)) => return backup.io("unpack", &packed, Err(why)),
        Err(UnpackError::NotVerified(why)) => {
            return Err(Failure::NotVerified(format!("{}: {why}", file.key)));
        }
    }
    let data = backup.io("read", &data, std::fs::read(&data))?;
    serde_json::from_slice(&data).map_err(|e| Failure::NotVerified(format!("{}: {e}", file.key)))
}
