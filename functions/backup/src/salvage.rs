//! What a replaced region still holds is saved, and compared with what was restored in its place.

use jiff::Timestamp;
use lifeboat_aws::{Objects, backups};
use lifeboat_core::{
    Epoch, Failure,
    backup::{BackupKey, BackupName, File, Kind, Manifest},
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
    let own = backup.state().await?.epoch;
    if winner <= own {
        return Err(Failure::Stale(format!(
            "epoch {winner} replaces nobody: this region is at epoch {own}"
        )));
    }
    let restored = find::manifest(backup, against).await?;
    let key = BackupKey {
        epoch: own,
        name: BackupName::new(Kind::Salvage, now),
        region: backup.configuration.region.clone(),
    };
    let salvage = match saved_already(backup, own).await? {
        Some(key) => key,
        None => {
            let files = save(backup, &key).await?;
            seal(backup, key, files).await?.backup
        }
    };
    let mut services = std::collections::BTreeMap::new();
    for service in backup.services() {
        let held = backup.folder(service).join(FILE);
        let held = backup.io("read", &held, std::fs::read(&held))?;
        let held: Value = serde_json::from_slice(&held)
            .map_err(|e| Failure::NotVerified(format!("the data of {service}: {e}")))?;
        let kept = restored_data(backup, &restored, service).await?;
        services.insert(service.to_owned(), lost::lost(&held, &kept));
    }
    Ok(Salvaged {
        salvage,
        lost: Lost { services },
    })
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
