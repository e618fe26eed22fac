//! A restore into a scratch place beside the data: all of it, then read back from the disk. It touches nothing else, and one
//! service after the other lies there, so that it takes no more room than the largest. What has its place elsewhere is read
//! from the bucket, every byte of it.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use lifeboat_aws::Objects;
use lifeboat_core::{
    Failure,
    backup::{self, Manifest},
    configuration::Place,
};
use rustix::fs::{Advice, fadvise};
use tokio::task::spawn_blocking;

use crate::{
    Backup, files,
    folder::Folder,
    source::Place as _,
    unpack::{check_through, unpack},
};

/// How many bytes were restored and found right, while it is at it.
pub(crate) type Right = AtomicU64;

pub(crate) async fn rehearse<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    from: &impl Objects,
    manifest: &Manifest,
    services: impl Iterator<Item = &str>,
    may: impl AsyncFn() -> Result<(), Failure>,
    right: &Right,
) -> Result<(), Failure> {
    let data = Folder::new(PathBuf::from(&backup.configuration.data_directory));
    for service in services {
        may().await?;
        let files = manifest.services.get(service).into_iter().flatten();
        let own = &backup.configuration.own().services[service];
        if own.place != Place::Folder {
            // There is no place beside it.
            let wanted: Vec<_> = files.map(|(path, file)| (file, path.to_string())).collect();
            check_through(backup, from, manifest, &wanted).await?;
            let bytes = wanted.iter().map(|(file, _)| file.bytes).sum();
            right.fetch_add(bytes, Ordering::Relaxed);
            continue;
        }
        // What one that was killed left goes first.
        backup.io("begin in", &data, data.begin())?;
        backup.io("end in", &data, data.end())?;
        let wanted =
            files.map(|(path, file)| (file, data.stage().join(service).join(path.as_str())));
        let wanted: Vec<(&backup::File, PathBuf)> = wanted.collect();
        let done = match unpack(backup, from, manifest, &wanted).await {
            Ok(()) => read_back(backup, manifest, &wanted, right).await,
            Err(failure) => Err(failure),
        };
        backup.io("end in", &data, data.end())?;
        done?;
    }
    Ok(())
}

async fn read_back<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &Manifest,
    wanted: &[(&backup::File, PathBuf)],
    right: &Right,
) -> Result<(), Failure> {
    for (file, at) in wanted {
        let path = at.clone();
        let read = spawn_blocking(move || read(&path)).await;
        let read = read.map_err(io::Error::other).flatten();
        let (length, content) = backup.io("read", at.display(), read)?;
        if (length, content) != (file.bytes, file.content) {
            return Err(Failure::NotVerified(format!(
                "{} of {} holds {length} bytes that make {content}, where {} bytes that make {} were restored; see whether the file system is well",
                at.display(),
                manifest.backup.name,
                file.bytes,
                file.content
            )));
        }
        right.fetch_add(length, Ordering::Relaxed);
    }
    Ok(())
}

fn read(path: &Path) -> io::Result<(u64, backup::ContentId)> {
    let file = File::open(path)?;
    // From the disk, not from memory.
    fadvise(&file, 0, None, Advice::DontNeed)?;
    files::content(file)
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Arc};

    use lifeboat_aws::{Control, memory::Memory};
    use lifeboat_core::{Epoch, backup::BackupKey, configuration};

    use super::*;
    use crate::nothing::Nothing;

    #[tokio::test]
    async fn what_lies_on_the_disk_and_is_not_what_was_promised_is_no_proof() {
        let configuration = configuration::sample("us-west-2");
        let bucket = |name| Memory::new(name, &configuration.region);
        let (control, backups) = (Control::new(bucket("control")), bucket("backups"));
        let backup = Backup {
            configuration: &configuration,
            control: &control,
            backups: &backups,
            beyond: Arc::new(Nothing),
            level: 1,
            until: jiff::Timestamp::MAX,
        };
        let key = BackupKey {
            epoch: Epoch(0),
            region: configuration.home.clone(),
            name: "backup-20241123-120000".parse().unwrap(),
        };
        let manifest = backup::sample(&key, ["users"]);
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("db.json");
        fs::write(&at, "right").unwrap();
        let (bytes, content) = read(&at).unwrap();
        let promised = backup::File {
            bytes,
            content,
            ..manifest.services["users"].values().next().unwrap().clone()
        };
        let wanted = [(&promised, at.clone())];
        let right = Right::default();
        let read = read_back(&backup, &manifest, &wanted, &right).await;
        assert_eq!((read, right.load(Ordering::Relaxed)), (Ok(()), 5));
        for wrong in ["wrong", "rightly", ""] {
            fs::write(&at, wrong).unwrap();
            let failed = read_back(&backup, &manifest, &wanted, &right).await;
            let failed = failed.unwrap_err();
            assert_eq!(failed.name(), "NotVerified");
            assert!(failed.to_string().contains("db.json"), "{failed}");
        }
        fs::remove_file(&at).unwrap();
        let gone = read_back(&backup, &manifest, &wanted, &right).await;
        assert_eq!(gone.unwrap_err().name(), "Unavailable");
    }
}
