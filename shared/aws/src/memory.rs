//! A bucket in memory, for the tests of whole functions without a cloud.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    path::Path,
};

use lifeboat_core::{Failure, Region};

use crate::objects::{Object, Objects, Only, Stored, Write};

#[derive(Debug)]
pub struct Memory {
    name: String,
    region: Region,
    objects: RefCell<BTreeMap<String, Object>>,
    version: Cell<u64>,
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
            version: Cell::new(0),
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

    fn io<T>(&self, file: &Path, outcome: std::io::Result<T>) -> Result<T, Failure> {
        outcome.map_err(|e| Failure::unavailable("copy", file.display(), &self.region, e))
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

    async fn upload(&self, key: &str, file: &Path, _sha256: &[u8]) -> Result<(), Failure> {
        self.may_write(key)?;
        let body = self.io(file, std::fs::read(file))?;
        self.set(key, body);
        Ok(())
    }

    async fn download(&self, key: &str, file: &Path) -> Result<bool, Failure> {
        self.answer("download", key)?;
        let Some(body) = self.body(key) else {
            return Ok(false);
        };
        self.io(file, std::fs::write(file, body))?;
        Ok(true)
    }
}
