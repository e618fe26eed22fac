//! A bucket, as much of it as the functions need.

use std::{fmt, ops::Range, path::Path};

use jiff::Timestamp;
use lifeboat_core::{
    Failure, Harmed, Region,
    backup::{About, Harm, Readable, follow::Copied},
};

/// An object as it was read: what it held, and the mark that tells one version from the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    pub body: Vec<u8>,
    pub etag: String,
}

/// An object as it stands in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub key: String,
    pub bytes: u64,
    pub etag: String,
    pub written: Timestamp,
    /// As S3 calls it.
    pub class: String,
    pub readable: Readable,
}

/// What is told of an object without what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub bytes: u64,
    pub etag: String,
    /// Also when only what is told of it was changed.
    pub written: Timestamp,
    pub about: About,
}

/// A part of an object, and which version it is of: parts of one etag are parts of one whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Fewer than were asked for where the object ends.
    pub bytes: Vec<u8>,
    pub etag: String,
    /// How long the object is.
    pub length: u64,
}

/// When a write is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Only<'a> {
    IfAbsent,
    IfStill(&'a str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    Done,
    /// The condition did not hold: somebody else was first.
    Lost,
}

/// How often an object is read and changed anew where somebody else is first each time.
pub const TRIES: usize = 5;

#[allow(async_fn_in_trait)]
pub trait Objects: Clone + fmt::Debug + Send + Sync + 'static {
    fn name(&self) -> &str;
    fn region(&self) -> &Region;

    /// What is longer than this is not what was looked for, and is not read.
    async fn get_at_most(&self, key: &str, bytes: u64) -> Result<Option<Object>, Failure>;

    fn get(&self, key: &str) -> impl Future<Output = Result<Option<Object>, Failure>> {
        self.get_at_most(key, u64::MAX)
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Stored>, Failure>;
    async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), Failure>;
    async fn put_only(&self, key: &str, body: Vec<u8>, only: Only<'_>) -> Result<Write, Failure>;
    /// Deleting what is not there is done already.
    async fn delete(&self, key: &str) -> Result<(), Failure>;
    /// Writes it once the storage has found that this is its SHA-256.
    async fn put_checked(&self, key: &str, body: Vec<u8>, sha256: &[u8]) -> Result<(), Failure>;
    /// Writes what a file holds, however long it is: the etag that it has then, and none where the condition did not hold.
    async fn put_file(
        &self,
        key: &str,
        file: &Path,
        about: &About,
        only: Only<'_>,
    ) -> Result<Option<String>, Failure>;
    /// None where there is no such object. Where it has tags this asks twice.
    async fn look(&self, key: &str) -> Result<Option<Told>, Failure>;
    /// As many of these bytes as there are; none where there is no such object.
    async fn get_part(&self, key: &str, range: Range<u64>) -> Result<Option<Part>, Failure>;

    /// These bytes of it, all of them; none where there is no such object.
    async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Option<Vec<u8>>, Failure> {
        if range.is_empty() {
            return Ok(Some(vec![]));
        }
        let (start, wanted) = (range.start, range.end - range.start);
        let Some(Part { bytes, .. }) = self.get_part(key, range).await? else {
            return Ok(None);
        };
        match bytes.len() as u64 {
            got if got == wanted => Ok(Some(bytes)),
            got => {
                let why = format!("it has only {got} of the {wanted} bytes from {start}");
                Err(self.harmed(key, Harm::Damaged(why)))
            }
        }
    }

    /// Reads, changes and writes; where somebody else was first, again. The change is given what the object holds, and says what
    /// it is to hold; none leaves it as it is.
    async fn rewrite<T>(
        &self,
        key: &str,
        change: impl Fn(Option<&[u8]>) -> Result<(T, Option<Vec<u8>>), Failure>,
    ) -> Result<T, Failure> {
        for _ in 0..TRIES {
            let found = self.get(key).await?;
            let (answer, body) = change(found.as_ref().map(|found| found.body.as_slice()))?;
            let Some(body) = body else {
                return Ok(answer);
            };
            let only = match &found {
                Some(found) => Only::IfStill(&found.etag),
                None => Only::IfAbsent,
            };
            if self.put_only(key, body, only).await? == Write::Done {
                return Ok(answer);
            }
        }
        let why = format!("somebody else was first {TRIES} times");
        Err(self.failed("change", key, why))
    }

    /// What becomes of its copy in the other region; none where there is no such object.
    async fn copied(&self, key: &str) -> Result<Option<Copied>, Failure>;
    /// Within the bucket, and read by nobody.
    async fn copy(&self, from: &str, to: &str) -> Result<(), Failure>;

    /// Until when nobody can delete it for good; none where it is not locked.
    async fn locked(&self, key: &str) -> Result<Option<Timestamp>, Failure>;
    async fn lock(&self, key: &str, until: Timestamp) -> Result<(), Failure>;

    /// What an object is called in the bucket.
    fn object(&self, key: &str) -> String {
        key.to_owned()
    }

    /// An object of this bucket that is not what it should be.
    fn harmed(&self, key: &str, harm: Harm) -> Failure {
        Failure::Harmed(Harmed {
            bucket: self.name().to_owned(),
            object: key.to_owned(),
            region: self.region().clone(),
            harm,
        })
    }

    /// What is longer than it may be.
    fn too_long(&self, key: &str, bytes: u64, most: u64) -> Failure {
        let why = format!("it has {bytes} bytes, and none has more than {most}");
        self.harmed(key, Harm::Damaged(why))
    }

    /// An error of this bucket, with everything a person needs to look.
    fn failed(&self, operation: &str, key: &str, cause: impl std::fmt::Display) -> Failure {
        Failure::unavailable(
            operation,
            format!("{}/{key}", self.name()),
            self.region(),
            cause,
        )
    }
}
