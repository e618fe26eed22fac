//! A part of a bucket as if it was one: what is below a prefix, under the rest of its keys.

use std::{ops::Range, path::Path};

use jiff::Timestamp;
use lifeboat_core::{
    Failure, Region,
    backup::{About, Harm, follow::Copied},
};

use crate::objects::{Object, Objects, Only, Part, Stored, Told, Write};

#[derive(Debug, Clone)]
pub struct Below<B> {
    bucket: B,
    prefix: String,
    /// As a person finds it.
    name: String,
}

impl<B: Objects> Below<B> {
    /// Without a prefix it is the bucket itself.
    pub fn new(bucket: &B, prefix: impl Into<String>) -> Self {
        let (bucket, prefix) = (bucket.clone(), prefix.into());
        let name = format!("{}/{prefix}", bucket.name());
        let name = name.trim_end_matches('/').to_owned();
        Self {
            bucket,
            prefix,
            name,
        }
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }
}

impl<B: Objects> Objects for Below<B> {
    fn name(&self) -> &str {
        &self.name
    }

    fn region(&self) -> &Region {
        self.bucket.region()
    }

    async fn get_at_most(&self, key: &str, bytes: u64) -> Result<Option<Object>, Failure> {
        self.bucket.get_at_most(&self.key(key), bytes).await
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Stored>, Failure> {
        let mut found = self.bucket.list(&self.key(prefix)).await?;
        for object in &mut found {
            object.key.drain(..self.prefix.len());
        }
        Ok(found)
    }

    async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), Failure> {
        self.bucket.put(&self.key(key), body).await
    }

    async fn put_only(&self, key: &str, body: Vec<u8>, only: Only<'_>) -> Result<Write, Failure> {
        self.bucket.put_only(&self.key(key), body, only).await
    }

    async fn delete(&self, key: &str) -> Result<(), Failure> {
        self.bucket.delete(&self.key(key)).await
    }

    async fn put_checked(&self, key: &str, body: Vec<u8>, sha256: &[u8]) -> Result<(), Failure> {
        self.bucket.put_checked(&self.key(key), body, sha256).await
    }

    async fn copied(&self, key: &str) -> Result<Option<Copied>, Failure> {
        self.bucket.copied(&self.key(key)).await
    }

    async fn copy(&self, from: &str, to: &str) -> Result<(), Failure> {
        self.bucket.copy(&self.key(from), &self.key(to)).await
    }

    async fn locked(&self, key: &str) -> Result<Option<Timestamp>, Failure> {
        self.bucket.locked(&self.key(key)).await
    }

    async fn lock(&self, key: &str, until: Timestamp) -> Result<(), Failure> {
        self.bucket.lock(&self.key(key), until).await
    }

    async fn put_file(
        &self,
        key: &str,
        file: &Path,
        about: &About,
        only: Only<'_>,
    ) -> Result<Option<String>, Failure> {
        let key = self.key(key);
        self.bucket.put_file(&key, file, about, only).await
    }

    async fn look(&self, key: &str) -> Result<Option<Told>, Failure> {
        self.bucket.look(&self.key(key)).await
    }

    async fn get_part(&self, key: &str, range: Range<u64>) -> Result<Option<Part>, Failure> {
        self.bucket.get_part(&self.key(key), range).await
    }

    fn object(&self, key: &str) -> String {
        self.bucket.object(&self.key(key))
    }

    fn harmed(&self, key: &str, harm: Harm) -> Failure {
        self.bucket.harmed(&self.key(key), harm)
    }

    fn failed(&self, operation: &str, key: &str, cause: impl std::fmt::Display) -> Failure {
        self.bucket.failed(operation, &self.key(key), cause)
    }
}
