use std::path::Path;

use jiff::Timestamp;
use lifeboat_aws::{
    Objects, backups,
    objects::{Only, Write},
};
use lifeboat_core::{
    Failure, Invalid,
    backup::{BackupKey, BackupName, File, Kind, Manifest, Turn, turn},
};

use crate::{
    Backup, FILE, Outcome, find,
    pack::{PackError, pack},
};

pub(crate) async fn create<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    now: Timestamp,
) -> Result<Outcome, Failure> {
    let epoch = match whose_turn(backup).await? {
        Turn::Active(epoch) => epoch,
        Turn::Passive { epoch, reason } => return Ok(Outcome::Passive { epoch, reason }),
    };
    let key = BackupKey {
        epoch,
        name: BackupName::new(Kind::Backup, now),
        region: backup.configuration.region.clone(),
    };
    // Asked twice in one second: what the first wrote must stay what its manifest says.
    if let Some(manifest) = find::existing(backup, &key).await? {
        return Ok(Outcome::Created { manifest });
    }
    let files = save(backup, &backup.services(), &key).await?;
    // It took time: whoever lost the right to write meanwhile leaves files that nobody will read.
    if let Turn::Passive { epoch, reason } = whose_turn(backup).await? {
        return Ok(Outcome::Passive { epoch, reason });
    }
    let manifest = seal(backup, key, files).await?;
    Ok(Outcome::Created { manifest })
}

async fn whose_turn<C: Objects, B: Objects>(backup: &Backup<'_, C, B>) -> Result<Turn, Failure> {
    let state = backup.state().await?;
    let backups = backups::all(backup.backups, Kind::Backup).await?;
    Ok(turn(&backup.configuration.region, &state, &backups))
}

/// These services' data as it is now. All of it is packed and checked before anything is written.
pub(crate) async fn save<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    services: &[&str],
    key: &BackupKey,
) -> Result<Vec<File>, Failure> {
    let scratch = tempfile::tempdir();
    let scratch = backup.io("create", Path::new("a scratch folder"), scratch)?;
    let mut packed = vec![];
    for service in services.iter().copied() {
        let source = backup.folder(service).join(FILE);
        let target = scratch.path().join(service);
        let sums = pack(&source, &target).map_err(|why| unusable(service, &source, &why))?;
        packed.push((service, target, sums));
    }
    let mut files = vec![];
    for (service, file, sums) in packed {
        let name = key.data(service);
        let upload = backup.backups.upload(&name, &file, &sums.compressed.sha256);
        upload.await?;
        files.push(File {
            service: service.to_owned(),
            key: name,
            sha256: hex::encode(sums.data.sha256),
            bytes: sums.data.bytes,
            compressed_sha256: hex::encode(sums.compressed.sha256),
            compressed_bytes: sums.compressed.bytes,
        });
    }
    Ok(files)
}

/// The manifest comes last. Two that were taken in the same second are one: the first.
pub(crate) async fn seal<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    key: BackupKey,
    files: Vec<File>,
) -> Result<Manifest, Failure> {
    let manifest = Manifest::new(&backup.configuration.application, key.clone(), files);
    let json = serde_json::to_vec_pretty(&manifest)
        .map_err(|e| Invalid::new(key.manifest(), "a manifest that JSON can hold", e))?;
    let name = key.manifest();
    let written = backup.backups.put_only(&name, json, Only::IfAbsent).await?;
    match written {
        Write::Done => Ok(manifest),
        Write::Lost => find::manifest(backup, &key).await,
    }
}

fn unusable(service: &str, source: &Path, why: &PackError) -> Failure {
    Invalid::new(
        format!("data of {service}"),
        format!("{} holding JSON", source.display()),
        why,
    )
    .into()
}
