//! A bucket in memory, for the tests of whole functions without a cloud.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    ops::Range,
};

use jiff::{SignedDuration, Timestamp};
use lifeboat_core::{
    Failure, Region,
    backup::follow::{Copied, Status},
};
use sha2::{Digest, Sha256};

use crate::objects::{Object, Objects, Only, Stored, Write};

#[derive(Debug)]
pub struct Memory {
    name: String,
    region: Region,
    objects: RefCell<BTreeMap<String, Object>>,
    written: RefCell<BTreeMap<String, Timestamp>>,
    statuses: RefCell<BTreeMap<String, Status>>,
    locks: RefCell<BTreeMap<String, Timestamp>>,
    /// How long what is written is locked.
    pub locks_for: Cell<Option<SignedDuration>>,
    /// What it says of the copy of an object that is written.
    pub replicates: Cell<Status>,
    /// What it takes for the time.
    pub now: Cell<Timestamp>,
    version: Cell<u64>,
    /// How often it was asked for the copy of an object.
    pub looked: Cell<u32>,
    /// While set, nothing answers.
    pub dead: Cell<bool>,
    /// The write after this many others fails, as if the process was killed there.
    pub writes_left: Cell<Option<u32>>,
}

impl Memory {
    pub fn new(name: &str, region: &Region) -> Self {
        Self {
            name: name.into(),
            region: region.clone(),
            objects: RefCell::default(),
            written: RefCell::default(),
            statuses: RefCell::default(),
            locks: RefCell::default(),
            locks_for: Cell::new(None),
            replicates: Cell::new(Status::Pending),
            now: Cell::new(Timestamp::UNIX_EPOCH),
            version: Cell::new(0),
            looked: Cell::new(0),
            dead: Cell::new(false),
            writes_left: Cell::new(None),
        }
    }

    pub fn keys(&self) -> Vec<String> {
        self.objects.borrow().keys().cloned().collect()
    }

    pub fn set(&self, key: &str, body: impl Into<Vec<u8>>) {
        self.version.set(self.version.get() + 1);
        let etag = format!("\"{}\"", self.version.get());
        let object = Object {
            body: body.into(),
            etag,
        };
        self.objects.borrow_mut().insert(key.into(), object);
        self.written.borrow_mut().insert(key.into(), self.now.get());
        self.mark(key, self.replicates.get());
        if let Some(lasts) = self.locks_for.get() {
            let until = self.now.get() + lasts;
            self.locks.borrow_mut().insert(key.into(), until);
        }
    }

    /// What the storage says of its copy from now on.
    pub fn mark(&self, key: &str, status: Status) {
        self.statuses.borrow_mut().insert(key.into(), status);
    }

    pub fn remove(&self, key: &str) {
        self.objects.borrow_mut().remove(key);
    }

    pub fn body(&self, key: &str) -> Option<Vec<u8>> {
        self.objects
            .borrow()
            .get(key)
            .map(|object| object.body.clone())
    }

    /// What replication does.
    pub fn copy_to(&self, other: &Memory) {
        for (key, object) in self.objects.borrow().iter() {
            if other.body(key).as_ref() != Some(&object.body) {
                other.set(key, object.body.clone());
                other.mark(key, Status::Replica);
            }
            let came = self.statuses.borrow().get(key) == Some(&Status::Replica);
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

    async fn get(&self, key: &str) -> Result<Option<Object>, Failure> {
        self.answer("read", key)?;
        Ok(self.objects.borrow().get(key).cloned())
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Stored>, Failure> {
        self.answer("list", prefix)?;
        let objects = self.objects.borrow();
        let found = objects.iter().filter(|(key, _)| key.starts_with(prefix));
        Ok(found
            .map(|(key, object)| Stored {
                key: key.clone(),
                bytes: object.body.len() as u64,
                written: self.written.borrow()[key],
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
        let etag = self.objects.borrow().get(key).map(|o| o.etag.clone());
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
        self.objects.borrow_mut().remove(key);
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
        let there = self.objects.borrow().contains_key(key);
        Ok(there.then(|| Copied {
            status: self.statuses.borrow()[key],
            written: self.written.borrow()[key],
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
        Ok(self.locks.borrow().get(key).copied())
    }

    async fn lock(&self, key: &str, until: Timestamp) -> Result<(), Failure> {
        self.may_write(key)?;
        self.locks.borrow_mut().insert(key.into(), until);
        Ok(())
    }

    async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Option<Vec<u8>>, Failure> {
        self.answer("read", key)?;
        let Some(body) = self.body(key) else {
            return Ok(None);
        };
        let part = body.get(range.start as usize..range.end as usize);
        let part = part.ok_or_else(|| Failure::NotVerified(format!("{key} ends too early")))?;
        Ok(Some(part.to_vec()))
    }
}
