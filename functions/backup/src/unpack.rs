//! Files from a backup, written and verified where nobody reads them yet.

use std::{
    collections::VecDeque,
    fmt::Display,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    pin::pin,
    sync::mpsc::sync_channel,
    thread,
};

use futures::{
    Stream, StreamExt, TryStreamExt,
    stream::{self, FuturesUnordered},
};
use lifeboat_aws::Objects;
use lifeboat_core::{
    Failure,
    backup::{self, ContentId, Harm, Manifest},
};
use lifeboat_pack::Hasher;
use tokio::{sync::mpsc, task::spawn_blocking};

use crate::{Backup, fetch::fetch, files};

/// One after the other, with a few chunks in memory. One that an earlier try has finished is left as it is.
pub(crate) async fn unpack<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    from: &impl Objects,
    manifest: &Manifest,
    wanted: &[(&backup::File, PathBuf)],
) -> Result<(), Failure> {
    let mut missing = vec![];
    for (file, to) in wanted {
        if !backup.io("read", to.display(), files::holds(to, file))? {
            missing.push((*file, to));
        }
    }
    if let Some((_, to)) = missing.first() {
        room(backup, to, missing.iter().map(|(file, _)| file.bytes).sum())?;
    }
    let chunks = missing
        .clone()
        .into_iter()
        .flat_map(|(file, _)| file.chunks.iter().copied());
    let (to, coming) = mpsc::channel(AHEAD);
    let fetching = async move {
        let mut coming = pin!(fetch(from, &manifest.packs, chunks));
        while let Some(chunks) = coming.next().await {
            // Who has stopped writing says why.
            if to.send(chunks).await.is_err() {
                break;
            }
        }
    };
    // Side by side: while one waits for the disk the other reads on.
    let ((), written) = tokio::join!(fetching, write_all(backup, manifest, missing, coming));
    written
}

/// How many times that much of a pack is asked for waits to be written.
const AHEAD: usize = 2;

/// Files that are being written at the same time.
const WRITING: usize = 4;

async fn write_all<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &Manifest,
    files: Vec<(&backup::File, &PathBuf)>,
    mut coming: mpsc::Receiver<Result<Vec<Vec<u8>>, Failure>>,
) -> Result<(), Failure> {
    let mut there = VecDeque::<Vec<u8>>::new();
    let mut writing = FuturesUnordered::new();
    for (file, to) in files {
        let (chunks, from) = mpsc::channel(1);
        let path = to.clone();
        let written = spawn_blocking(move || write(&path, from));
        writing.push(async move {
            let written = written.await.map_err(io::Error::other).flatten();
            (file, to, written)
        });
        for _ in &file.chunks {
            let chunk = loop {
                match there.pop_front() {
                    Some(chunk) => break chunk,
                    None => there.extend(coming.recv().await.unwrap_or_else(|| {
                        Err(backup.failed("read", to.display(), "its chunks ended too early"))
                    })?),
                }
            };
            if chunks.send(chunk).await.is_err() {
                return Err(why(backup, manifest, writing).await);
            }
        }
        drop(chunks);
        // A file's last bytes reach the disk while the next ones are on their way.
        while writing.len() > WRITING {
            if let Some(written) = writing.next().await {
                check(backup, manifest, written)?;
            }
        }
    }
    while let Some(written) = writing.next().await {
        check(backup, manifest, written)?;
    }
    Ok(())
}

/// As much of a file is written before it is on its way to the disk, so that its end does not wait for all of it.
const BEHIND: usize = 16 << 20;

/// Chunk after chunk as they come, and whether it is on the disk; what has become of it.
fn write(to: &Path, mut chunks: mpsc::Receiver<Vec<u8>>) -> io::Result<ContentId> {
    fs::create_dir_all(to.parent().unwrap_or(Path::new("/")))?;
    // Only what is complete has its name, so that whoever takes it over need not ask whether somebody still writes it.
    let part = files::beside(to);
    let file = File::create(&part)?;
    let content = thread::scope(|scope| {
        let mut flushing = None;
        let flush = || {
            let (due, dues) = sync_channel(1);
            let disk = &file;
            let flushed = scope.spawn(move || dues.iter().try_for_each(|()| disk.sync_data()));
            (due, flushed)
        };
        let mut disk = &file;
        let mut hasher = Hasher::default();
        let mut behind = 0;
        while let Some(chunk) = chunks.blocking_recv() {
            hasher.update(&chunk);
            disk.write_all(&chunk)?;
            behind += chunk.len();
            if behind >= BEHIND {
                // A file that never has so much needs no thread.
                let (due, _) = flushing.get_or_insert_with(flush);
                if due.try_send(()).is_ok() {
                    behind = 0;
                }
            }
        }
        if let Some((due, flushed)) = flushing {
            drop(due);
            // An error of the disk is told once: who has heard it there would not hear it below.
            flushed
                .join()
                .map_err(|_| io::Error::other("it broke off"))??;
        }
        io::Result::Ok(hasher.finish())
    })?;
    file.sync_all()?;
    fs::rename(part, to)?;
    Ok(content)
}

/// What has become of a file.
type Written<'a> = (&'a backup::File, &'a PathBuf, io::Result<ContentId>);

/// One of these has broken off: in what way.
async fn why<'a, C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &Manifest,
    mut writing: impl Stream<Item = Written<'a>> + Unpin,
) -> Failure {
    while let Some(written) = writing.next().await {
        if let Err(why) = check(backup, manifest, written) {
            return why;
        }
    }
    backup.failed("write", "the restored files", "it broke off")
}

fn check<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &Manifest,
    (file, to, written): Written<'_>,
) -> Result<(), Failure> {
    let found = backup.io("write", to.display(), written)?;
    kept(backup, manifest, file, to.display(), found)
}

/// Whether this is what the manifest promises of a file: each chunk is what its name says, so it is the manifest that is wrong.
fn kept<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &Manifest,
    file: &backup::File,
    at: impl Display,
    found: ContentId,
) -> Result<(), Failure> {
    if found == file.content {
        return Ok(());
    }
    let why = format!(
        "its chunks make {found} of {at}, where it promises {}",
        file.content
    );
    let key = manifest.backup.manifest();
    Err(backup.backups.harmed(&key, Harm::Damaged(why)))
}

/// Reads these files of a backup to see that they are there and right; nothing is written.
pub(crate) async fn check_through<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    from: &impl Objects,
    manifest: &Manifest,
    wanted: &[(&backup::File, String)],
) -> Result<(), Failure> {
    let chunks = wanted.iter().flat_map(|(file, _)| file.chunks.iter());
    let coming = fetch(from, &manifest.packs, chunks.copied());
    let coming = coming.map_ok(|chunks| stream::iter(chunks.into_iter().map(Ok)));
    let mut coming = pin!(coming.try_flatten());
    for (file, at) in wanted {
        let mut hasher = Hasher::default();
        for _ in &file.chunks {
            let chunk = coming
                .next()
                .await
                .unwrap_or_else(|| Err(backup.failed("read", at, "its chunks ended too early")))?;
            hasher.update(&chunk);
        }
        kept(backup, manifest, file, at, hasher.finish())?;
    }
    Ok(())
}

/// A disk that would be full half-way is found before anything is written.
pub(crate) fn room<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    to: &Path,
    needed: u64,
) -> Result<(), Failure> {
    let there = to.ancestors().find(|folder| folder.is_dir());
    let there = there.unwrap_or(Path::new("/"));
    let disk = rustix::fs::statvfs(there).map_err(Into::into);
    let disk = backup.io("look at", there.display(), disk)?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    match free >= needed {
        true => Ok(()),
        false => Err(Failure::Refused(format!(
            "{} has {free} bytes free and the restore needs {needed} beside the data that it replaces; make room there and try again",
            there.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A device that is always full stands where the file is made ready.
    #[test]
    fn a_disk_that_is_full_half_way_is_no_file_and_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("db.json");
        std::os::unix::fs::symlink("/dev/full", files::beside(&to)).unwrap();
        let (chunks, from) = mpsc::channel(1);
        chunks.try_send(b"more".to_vec()).unwrap();
        drop(chunks);
        let why = write(&to, from).unwrap_err();
        let region = lifeboat_core::Region::new("us-west-2").unwrap();
        let failure = files::failed("write", to.display(), &region, why);
        assert_eq!(failure.name(), "Refused");
        assert!(failure.to_string().contains("make room there"), "{failure}");
        assert!(!to.exists());
    }
}
