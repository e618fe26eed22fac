//! In a process of its own, so that the system can say how much memory it took.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    cell::Cell,
    fs::{self, File},
    ops::Range,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures::future::BoxFuture;
use jiff::Timestamp;
use lifeboat_aws::{
    Control, Object, Objects, Part, Stored,
    memory::Memory,
    objects::{Only, Told, Write},
};
use lifeboat_backup::{Backup, Beyond, Event, Outcome, Secrets, Token, handle};
use lifeboat_core::{
    Failure, Region,
    backup::{About, Choice, Readable, follow::Copied},
    configuration,
};

const DATA: u64 = 2 << 30;

/// The smallest function there is.
const LIMIT: u64 = 128 << 20;

/// A bucket on the disk.
#[derive(Debug, Clone)]
struct Disk {
    folder: PathBuf,
    region: Region,
}

impl Disk {
    fn at(&self, key: &str) -> PathBuf {
        self.folder.join(key.replace('/', "!"))
    }
}

impl Objects for Disk {
    fn name(&self) -> &str {
        "disk"
    }

    fn region(&self) -> &Region {
        &self.region
    }

    async fn get_at_most(&self, key: &str, _: u64) -> Result<Option<Object>, Failure> {
        let body = fs::read(self.at(key)).ok();
        let etag = String::new();
        Ok(body.map(|body| Object { body, etag }))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Stored>, Failure> {
        let entries = fs::read_dir(&self.folder).unwrap().map(Result::unwrap);
        let stored = entries.map(|entry| Stored {
            key: entry.file_name().to_str().unwrap().replace('!', "/"),
            bytes: entry.metadata().unwrap().len(),
            etag: String::new(),
            written: Timestamp::now(),
            class: "STANDARD".into(),
            readable: Readable::AtOnce,
        });
        Ok(stored
            .filter(|stored| stored.key.starts_with(prefix))
            .collect())
    }

    async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), Failure> {
        fs::write(self.at(key), body).unwrap();
        Ok(())
    }

    async fn put_only(&self, key: &str, body: Vec<u8>, _: Only<'_>) -> Result<Write, Failure> {
        self.put(key, body).await.map(|()| Write::Done)
    }

    async fn delete(&self, key: &str) -> Result<(), Failure> {
        fs::remove_file(self.at(key)).unwrap();
        Ok(())
    }

    async fn put_checked(&self, key: &str, body: Vec<u8>, _: &[u8]) -> Result<(), Failure> {
        self.put(key, body).await
    }

    async fn copied(&self, _: &str) -> Result<Option<Copied>, Failure> {
        Ok(None)
    }

    async fn copy(&self, from: &str, to: &str) -> Result<(), Failure> {
        fs::copy(self.at(from), self.at(to)).unwrap();
        Ok(())
    }

    async fn locked(&self, _: &str) -> Result<Option<Timestamp>, Failure> {
        Ok(None)
    }

    async fn lock(&self, _: &str, _: Timestamp) -> Result<(), Failure> {
        Ok(())
    }

    async fn put_file(
        &self,
        key: &str,
        file: &Path,
        _: &About,
        _: Only<'_>,
    ) -> Result<Option<String>, Failure> {
        fs::copy(file, self.at(key)).unwrap();
        Ok(Some(String::new()))
    }

    async fn look(&self, _: &str) -> Result<Option<Told>, Failure> {
        Ok(None)
    }

    async fn get_part(&self, key: &str, range: Range<u64>) -> Result<Option<Part>, Failure> {
        let mut bytes = vec![0; (range.end - range.start) as usize];
        let file = File::open(self.at(key)).unwrap();
        file.read_exact_at(&mut bytes, range.start).unwrap();
        Ok(Some(Part {
            bytes,
            etag: String::new(),
            length: file.metadata().unwrap().len(),
        }))
    }
}

#[derive(Debug)]
struct Nothing;

impl Beyond<Disk> for Nothing {
    fn bucket(&self, name: &str) -> Disk {
        panic!("{name}")
    }
}

impl Secrets for Nothing {
    fn token<'a>(&'a self, secret: &'a str) -> BoxFuture<'a, Result<Token, Failure>> {
        panic!("{secret}")
    }
}

/// Holes, which are the longest chunks, and in each sixteenth block noise, which becomes no smaller.
fn write(file: &File) {
    const BLOCK: usize = 1 << 20;
    let mut state = 1u64;
    let mut block = vec![0; BLOCK];
    for at in (0..DATA).step_by(16 * BLOCK) {
        for eight in block.chunks_exact_mut(8) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            eight.copy_from_slice(&state.to_le_bytes());
        }
        file.write_all_at(&block, at).unwrap();
    }
    file.set_len(DATA).unwrap();
}

/// The most that this process ever had in memory.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    let kilobytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kilobytes << 10
}

#[tokio::test]
async fn two_gigabytes_are_backed_up_in_several_invocations_and_read_back_within_128_megabytes() {
    let [data, bucket] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let mut configuration = configuration::sample("us-east-1");
    configuration.data_directory = data.path().to_str().unwrap().into();
    for (service, length) in [("users", 5), ("posts", DATA)] {
        let folder = data.path().join(service);
        fs::create_dir(&folder).unwrap();
        let file = File::create(folder.join("db.bin")).unwrap();
        match length {
            DATA => write(&file),
            few => file.set_len(few).unwrap(),
        }
    }
    let backups = Disk {
        folder: bucket.path().into(),
        region: configuration.region.clone(),
    };
    let control = Control::new(Memory::new("control", &configuration.region));
    let backup = Backup {
        configuration: &configuration,
        control: &control,
        backups: &backups,
        beyond: Arc::new(Nothing),
        level: 1,
        until: Timestamp::from_second(300).unwrap(),
    };
    // A second for each chunk, so that one invocation is over after a good half of them.
    let (time, invocations) = (Cell::new(0), Cell::new(0));
    let clock = || {
        time.set(time.get() + 1);
        Timestamp::from_second(time.get()).unwrap()
    };
    let created = loop {
        time.set(0);
        invocations.set(invocations.get() + 1);
        match handle(&backup, Event::Create {}, clock).await {
            Ok(Outcome::Created(created)) => break created,
            Err(Failure::Unfinished(_)) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(created.bytes, DATA + 5);
    assert!((2..9).contains(&invocations.get()), "{invocations:?}");
    let newest = Choice::Newest;
    let verify = Event::Verify { backup: newest };
    handle(&backup, verify, Timestamp::now).await.unwrap();
    let peak = peak();
    assert!(peak < LIMIT, "{} MB", peak >> 20);
}
