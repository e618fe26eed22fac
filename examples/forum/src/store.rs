//! The records of one role in one `db.json`: `{"posts":[{"id":…,"created":…,…}]}`.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::durable::{self, FileError, Lock};
use crate::roles::Role;

pub const FILE: &str = "db.json";
pub const LOCK: &str = "db.lock";

#[derive(Debug, Error)]
pub enum StoreError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("read {}: {reason}; it was left as it is: restore it from a backup, or move it away to begin empty", path.display())]
    Unusable { path: PathBuf, reason: String },
    #[error("make an id: {0}")]
    Random(#[from] rustix::io::Errno),
}

#[derive(Clone, Debug)]
pub struct Store {
    role: Role,
    file: PathBuf,
    lock: PathBuf,
}

impl Store {
    /// Opens the folder's `db.json`. An absent one is begun empty; one that is there is never overwritten.
    pub fn open(folder: &Path, role: Role) -> Result<Self, StoreError> {
        let store = Store {
            role,
            file: folder.join(FILE),
            lock: folder.join(LOCK),
        };
        let lock = Lock::take(&store.lock)?;
        match store.read() {
            Err(StoreError::File(error)) if error.is_not_found() => {
                let empty = Map::from_iter([(role.name().to_owned(), Value::Array(Vec::new()))]);
                store.write(&empty, &lock)?;
            }
            Err(error) => return Err(error),
            Ok(_) => {}
        }
        Ok(store)
    }

    pub fn role(&self) -> Role {
        self.role
    }

    /// Every record, oldest first. Needs no lock: the file is only ever replaced whole.
    pub fn records(&self) -> Result<Vec<Value>, StoreError> {
        let mut document = self.read()?;
        Ok(std::mem::take(self.list(&mut document)?))
    }

    pub fn record(&self, id: &str) -> Result<Option<Value>, StoreError> {
        Ok(self
            .records()?
            .into_iter()
            .find(|record| record["id"] == id))
    }

    /// Adds a record and answers it with its id once it is on the disk.
    pub fn append(&self, mut record: Map<String, Value>) -> Result<Value, StoreError> {
        let lock = Lock::take(&self.lock)?;
        let mut document = self.read()?;
        let now = Timestamp::now();
        record.insert("id".to_owned(), Value::String(new_id(now)?));
        record.insert("created".to_owned(), Value::String(format!("{now:.3}")));
        let record = Value::Object(record);
        self.list(&mut document)?.push(record.clone());
        self.write(&document, &lock)?;
        Ok(record)
    }

    fn read(&self) -> Result<Map<String, Value>, StoreError> {
        let bytes = durable::read(&self.file)?;
        let mut document = serde_json::from_slice(&bytes)
            .map_err(|error| self.unusable(&format!("not a JSON object: {error}")))?;
        self.list(&mut document)?;
        Ok(document)
    }

    fn list<'a>(
        &self,
        document: &'a mut Map<String, Value>,
    ) -> Result<&'a mut Vec<Value>, StoreError> {
        match document.get_mut(self.role.name()) {
            Some(Value::Array(records)) => Ok(records),
            _ => Err(self.unusable(&format!("no list named `{}` in it", self.role))),
        }
    }

    fn write(&self, document: &Map<String, Value>, lock: &Lock) -> Result<(), StoreError> {
        let bytes =
            serde_json::to_vec(document).map_err(|error| self.unusable(&error.to_string()))?;
        Ok(durable::replace(&self.file, &bytes, lock)?)
    }

    fn unusable(&self, reason: &str) -> StoreError {
        StoreError::Unusable {
            path: self.file.clone(),
            reason: reason.to_owned(),
        }
    }
}

/// Sorts by time and is random, not counted: a number given out after the newest backup must not come back,
/// after a restore, as the name of another record.
fn new_id(now: Timestamp) -> Result<String, StoreError> {
    let mut random = [0; 8];
    rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())?;
    Ok(format!(
        "{:012x}{:016x}",
        now.as_millisecond(),
        u64::from_be_bytes(random)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::fs;
    use std::thread;

    fn user(name: &str) -> Map<String, Value> {
        Map::from_iter([("name".to_owned(), Value::from(name))])
    }

    #[test]
    fn an_absent_file_is_begun_empty() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), Role::Users).expect("a new store");
        assert_eq!(store.records().expect("the records"), Vec::<Value>::new());
        assert_eq!(
            fs::read_to_string(folder.path().join(FILE)).expect("the file"),
            r#"{"users":[]}"#
        );
    }

    #[test]
    fn a_record_is_there_after_a_restart_with_its_id_and_its_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let made = Store::open(folder.path(), Role::Users)
            .expect("a store")
            .append(user("Ada"))
            .expect("a record");
        let again = Store::open(folder.path(), Role::Users).expect("the store again");
        let id = made["id"].as_str().expect("an id");
        assert_eq!(again.record(id).expect("a look"), Some(made.clone()));
        assert!(
            made["created"]
                .as_str()
                .expect("a time")
                .parse::<Timestamp>()
                .is_ok()
        );
        assert_eq!(again.record("another").expect("a look"), None);
    }

    #[test]
    fn a_file_that_cannot_be_used_is_refused_and_left_as_it_is() {
        for content in [
            "",
            "not JSON",
            r#"["users"]"#,
            r#"{"posts":[]}"#,
            r#"{"users":{}}"#,
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            let file = folder.path().join(FILE);
            fs::write(&file, content).expect("the file");
            let error = Store::open(folder.path(), Role::Users)
                .expect_err("must be refused")
                .to_string();
            assert!(
                error.contains("db.json") && error.contains("restore it from a backup"),
                "{error}"
            );
            assert_eq!(fs::read_to_string(&file).expect("the file"), content);
        }
    }

    #[test]
    fn a_file_that_vanishes_or_breaks_while_the_task_runs_takes_no_record() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join(FILE);
        let store = Store::open(folder.path(), Role::Users).expect("a store");
        fs::remove_file(&file).expect("the file removed");
        assert!(store.append(user("Ada")).is_err());
        assert!(!file.exists());
        fs::write(&file, "{").expect("the file broken");
        assert!(store.append(user("Ada")).is_err());
        assert_eq!(fs::read_to_string(&file).expect("the file"), "{");
    }

    #[test]
    fn what_a_restore_put_there_is_kept_beside_a_new_record() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), Role::Users).expect("a store");
        let restored = r#"{"users":[{"id":"7","created":1732406400000,"name":"Bo","joined":"early"}],"version":2}"#;
        fs::write(folder.path().join(FILE), restored).expect("the restored file");
        store.append(user("Ada")).expect("a record");
        let text = fs::read_to_string(folder.path().join(FILE)).expect("the file");
        assert!(
            text.contains(r#""joined":"early""#) && text.contains(r#""version":2"#),
            "{text}"
        );
        assert_eq!(store.records().expect("the records").len(), 2);
    }

    #[test]
    fn writers_at_the_same_time_lose_nothing_and_no_id_is_given_twice() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), Role::Users).expect("a store");
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let store = store.clone();
                thread::spawn(move || {
                    (0..25)
                        .map(|n| {
                            store
                                .append(user(&format!("{writer}-{n}")))
                                .expect("a record")
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let made: Vec<Value> = writers
            .into_iter()
            .flat_map(|writer| writer.join().expect("a writer"))
            .collect();
        let stored = store.records().expect("the records");
        let ids: HashSet<_> = stored
            .iter()
            .filter_map(|record| record["id"].as_str())
            .collect();
        assert_eq!((made.len(), stored.len(), ids.len()), (100, 100, 100));
        assert!(made.iter().all(|record| stored.contains(record)));
    }
}
