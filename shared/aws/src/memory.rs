//! A bucket in memory, for the tests of whole functions without a cloud.

use std::{
    collections::BTreeMap,
    fmt,
    ops::Range,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use lifeboat_core::{
    Failure, Region,
    backup::{
        About, Asked, Readable,
        follow::{Copied, Status},
    },
};
use sha2::{Digest, Sha256};

use crate::objects::{Object, Objects, Only, Part, Stored, Told, Write};

/// Whoever has a clone of it has the same bucket.
#[derive(Debug, Clone)]
pub struct Memory {
    name: String,
    region: Region,
    objects: Arc<Mutex<BTreeMap<String, (Object, Timestamp)>>>,
    statuses: Arc<Mutex<BTreeMap<String, Status>>>,
    locks: Arc<Mutex<BTreeMap<String, Timestamp>>>,
    /// Of objects that are in another storage class than most.
    classes: Arc<Mutex<BTreeMap<String, Class>>>,
    abouts: Arc<Mutex<BTreeMap<String, About>>>,
    /// How long what is written is locked.
    pub locks_for: Setting<Option<SignedDuration>>,
    /// What it says of the copy of an object that is written.
    pub replicates: Setting<Status>,
    /// What it takes for the time.
    pub now: Setting<Timestamp>,
    /// How often it was asked what there is to tell of an object.
    pub looked: Setting<u32>,
    /// While set, nothing answers.
    pub dead: Setting<bool>,
    /// Whoever reads a part of an object whose key begins so waits for ever.
    pub hangs: Setting<Option<String>>,
    /// The write after this many others fails, as if the process was killed there.
    pub writes_left: Setting<Option<u32>>,
    /// What somebody else does after each part that is read.
    pub meddler: Setting<Option<Meddler>>,
}

/// What a test sets, whoever looks at it.
#[derive(Debug, Clone, Default)]
pub struct Setting<T>(Arc<Mutex<T>>);

impl<T: Clone> Setting<T> {
    pub fn new(value: T) -> Self {
        Self(Arc::new(Mutex::new(value)))
    }

    pub fn get(&self) -> T {
        locked(&self.0).clone()
    }

    pub fn set(&self, value: T) {
        *locked(&self.0) = value;
    }
}

/// A test that failed while it held it has told why already.
fn locked<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As S3 calls it, and how soon what is in it can be read.
type Class = (String, Readable);

/// With the bucket, and the key that was read.
type Meddle = dyn Fn(&Memory, &str) + Send + Sync;

#[derive(Clone)]
pub struct Meddler(Arc<Meddle>);

impl Meddler {
    pub fn new(meddle: impl Fn(&Memory, &str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(meddle))
    }
}

impl fmt::Debug for Meddler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meddler")
    }
}

impl Memory {
    pub fn new(name: &str, region: &Region) -> Self {
        Self {
            name: name.into(),
            region: region.clone(),
            objects: Arc::default(),
            statuses: Arc::default(),
            locks: Arc::default(),
            classes: Arc::default(),
            abouts: Arc::default(),
            locks_for: Setting::new(None),
            replicates: Setting::new(Status::Pending),
            now: Setting::new(Timestamp::UNIX_EPOCH),
            looked: Setting::new(0),
            dead: Setting::new(false),
            hangs: Setting::new(None),
            writes_left: Setting::new(None),
            meddler: Setting::new(None),
        }
    }

    pub fn keys(&self) -> Vec<String> {
        locked(&self.objects).keys().cloned().collect()
    }

    pub fn set(&self, key: &str, body: impl Into<Vec<u8>>) {
        let body = body.into();
        // What is the same has the same, as at S3.
        let etag = format!("\"{:x?}\"", &Sha256::digest(&body)[..8]);
        let object = Object { body, etag };
        locked(&self.objects).insert(key.into(), (object, self.now.get()));
        locked(&self.abouts).remove(key);
        self.mark(key, self.replicates.get());
        if let Some(lasts) = self.locks_for.get() {
            let until = self.now.get() + lasts;
            locked(&self.locks).insert(key.into(), until);
        }
    }

    /// What the storage says of its copy from now on.
    pub fn mark(&self, key: &str, status: Status) {
        locked(&self.statuses).insert(key.into(), status);
    }

    /// Where the lifecycle has moved it, and whether somebody has asked it back since.
    pub fn moved(&self, key: &str, class: &str, asked: Option<Asked>) {
        let moved = (class.to_owned(), Readable::of(class, asked));
        locked(&self.classes).insert(key.into(), moved);
    }

    fn class(&self, key: &str) -> Class {
        let class = locked(&self.classes).get(key).cloned();
        class.unwrap_or_else(|| ("STANDARD".into(), Readable::AtOnce))
    }

    /// What is in an archive is listed, and not read.
    fn read(&self, key: &str) -> Result<Option<Object>, Failure> {
        self.answer("read", key)?;
        match self.class(key).1 {
            Readable::AtOnce | Readable::Until { .. } => Ok(self.object(key)),
            Readable::Coming { .. } | Readable::Archived { .. } => Err(Failure::Refused(format!(
                "{}/{key} is in Glacier",
                self.name
            ))),
        }
    }

    /// What it tells of an object from now on, which counts as written.
    pub fn describe(&self, key: &str, about: About) {
        if let Some((_, written)) = locked(&self.objects).get_mut(key) {
            *written = self.now.get();
        }
        locked(&self.abouts).insert(key.into(), about);
    }

    pub fn about(&self, key: &str) -> About {
        locked(&self.abouts).get(key).cloned().unwrap_or_default()
    }

    pub fn remove(&self, key: &str) {
        locked(&self.objects).remove(key);
    }

    pub fn body(&self, key: &str) -> Option<Vec<u8>> {
        self.object(key).map(|object| object.body)
    }

    fn object(&self, key: &str) -> Option<Object> {
        let objects = locked(&self.objects);
        objects.get(key).map(|(object, _)| object.clone())
    }

    /// What replication does.
    pub fn copy_to(&self, other: &Memory) {
        for (key, (object, _)) in locked(&self.objects).iter() {
            if other.body(key).as_ref() != Some(&object.body) {
                other.set(key, object.body.clone());
                other.mark(key, Status::Replica);
            }
            let came = locked(&self.statuses).get(key) == Some(&Status::Replica);
            if !came {
                self.mark(key, Status::Completed);
            }
        }
    }

    fn answer(&self, operation: &str, key: &str) -> Result<(), Failure> {
        match self.dead.get() {
            true => Err(self.failed(operation, key, "timed out")),
            false => Ok(()),
        }
    }

    fn may_write(&self, key: &str) -> Result<(), Failure> {
        self.answer("write", key)?;
        match self.writes_left.get() {
            Some(0) => Err(self.failed("write", key, "killed")),
            Some(left) => {
                self.writes_left.set(Some(left - 1));
                Ok(())
            }
            None => Ok(()),
        }
    }
}

impl Objects for Memory {
    fn name(&self) -> &str {
        &self.name
    }

    fn region(&self) -> &Region {
        &self.region
    }

    async fn get_at_most(&self, key: &str, bytes: u64) -> Result<Option<Object>, Failure> {
        let found = self.read(key)?;
        match found.as_ref().map(|object| object.body.len() as u64) {
            Some(length) if length > bytes => Err(self.too_long(key, length, bytes)),
            _ => Ok(found),
        }
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Stored>, Failure> {
        self.answer("list", prefix)?;
        let objects = locked(&self.objects);
        let found = objects.iter().filter(|(key, _)| key.starts_with(prefix));
        Ok(found
            .map(|(key, (object, written))| {
                let (class, readable) = self.class(key);
                Stored {
                    key: key.clone(),
                    bytes: object.body.len() as u64,
                    etag: object.etag.clone(),
                    written: *written,
                    class,
                    readable,
                }
            })
            .collect())
    }

    async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), Failure> {
        self.may_write(key)?;
        self.set(key, body);
        Ok(())
    }

    async fn put_only(&self, key: &str, body: Vec<u8>, only: Only<'_>) -> Result<Write, Failure> {
        self.may_write(key)?;
        let etag = self.object(key).map(|object| object.etag);
        let holds = match only {
            Only::IfAbsent => etag.is_none(),
            Only::IfStill(expected) => etag.as_deref() == Some(expected),
        };
        if !holds {
            return Ok(Write::Lost);
        }
        self.set(key, body);
        Ok(Write::Done)
    }

    async fn delete(&self, key: &str) -> Result<(), Failure> {
        self.may_write(key)?;
        self.remove(key);
        Ok(())
    }

    async fn put_checked(&self, key: &str, body: Vec<u8>, sha256: &[u8]) -> Result<(), Failure> {
        if Sha256::digest(&body)[..] != *sha256 {
            return Err(self.failed("write", key, "BadDigest"));
        }
        self.put(key, body).await
    }

    async fn copied(&self, key: &str) -> Result<Option<Copied>, Failure> {
        self.answer("look at", key)?;
        self.looked.set(self.looked.get() + 1);
        let objects = locked(&self.objects);
        Ok(objects.get(key).map(|(_, written)| Copied {
            status: locked(&self.statuses)[key],
            written: *written,
        }))
    }

    async fn copy(&self, from: &str, to: &str) -> Result<(), Failure> {
        self.may_write(to)?;
        let body = self
            .body(from)
            .ok_or_else(|| self.failed("copy", from, "NoSuchKey"))?;
        self.set(to, body);
        Ok(())
    }

    async fn locked(&self, key: &str) -> Result<Option<Timestamp>, Failure> {
        self.answer("look at", key)?;
        Ok(locked(&self.locks).get(key).copied())
    }

    async fn lock(&self, key: &str, until: Timestamp) -> Result<(), Failure> {
        self.may_write(key)?;
        locked(&self.locks).insert(key.into(), until);
        Ok(())
    }

    async fn put_file(
        &self,
        key: &str,
        file: &Path,
        about: &About,
        only: Only<'_>,
    ) -> Result<Option<String>, Failure> {
        let body = std::fs::read(file).map_err(|why| self.failed("write", key, why))?;
        match self.put_only(key, body, only).await? {
            Write::Done => {
                self.describe(key, about.clone());
                Ok(self.object(key).map(|object| object.etag))
            }
            Write::Lost => Ok(None),
        }
    }

    async fn look(&self, key: &str) -> Result<Option<Told>, Failure> {
        self.answer("look at", key)?;
        self.looked.set(self.looked.get() + 1);
        let objects = locked(&self.objects);
        Ok(objects.get(key).map(|(object, written)| Told {
            bytes: object.body.len() as u64,
            etag: object.etag.clone(),
            written: *written,
            about: self.about(key),
        }))
    }

    async fn get_part(&self, key: &str, range: Range<u64>) -> Result<Option<Part>, Failure> {
        if self
            .hangs
            .get()
            .is_some_and(|hangs| key.starts_with(&hangs))
        {
            std::future::pending::<()>().await;
        }
        let Some(Object { body, etag }) = self.read(key)? else {
            return Ok(None);
        };
        if let Some(Meddler(meddle)) = self.meddler.get() {
            meddle(self, key);
        }
        let length = body.len() as u64;
        let (start, end) = (range.start.min(length), range.end.min(length));
        let bytes = body[start as usize..end as usize].to_vec();
        Ok(Some(Part {
            bytes,
            etag,
            length,
        }))
    }
}
