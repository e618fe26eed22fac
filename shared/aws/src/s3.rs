mod about;

use std::{ops::Range, path::Path, time::Duration};

use aws_config::SdkConfig;
use aws_sdk_s3::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::{
        get_object::{GetObjectError, GetObjectOutput, builders::GetObjectFluentBuilder},
        put_object::{PutObjectError, PutObjectOutput},
    },
    primitives::{AggregatedBytes, ByteStream, DateTime, SdkBody},
    types::{
        ObjectLockRetention, ObjectLockRetentionMode, OptionalObjectAttributes, ReplicationStatus,
        RestoreStatus,
    },
};
use base64::Engine;
use jiff::Timestamp;
use lifeboat_core::{
    Failure, Region,
    backup::{
        About, Asked, Readable,
        follow::{Copied, Status},
    },
    liveness::Answer,
};

use crate::objects::{Object, Objects, Only, Part, Stored, Told, Write};
use crate::{explain, explain::because, sign};

use about::{about, described};

/// Between two writes that meet others.
const PAUSE: Duration = Duration::from_millis(100);

/// Slice by slice: the SDK's own `to_vec` goes byte by byte, which took half of a restore's time.
fn contiguous(body: AggregatedBytes) -> Vec<u8> {
    body.into_bytes().into()
}

/// A bucket of S3.
#[derive(Debug, Clone)]
pub struct Bucket {
    client: Client,
    name: String,
    region: Region,
}

impl Bucket {
    pub fn new(client: Client, name: impl Into<String>, region: Region) -> Self {
        Self {
            client,
            name: name.into(),
            region,
        }
    }

    fn object(&self, key: &str) -> GetObjectFluentBuilder {
        self.client.get_object().bucket(&self.name).key(key)
    }

    /// When the object was last written; none where there is no such object. An error says what it tells of the storage.
    pub async fn written(&self, key: &str) -> Result<Option<Timestamp>, Answer> {
        match self.object(key).send().await {
            Ok(found) => {
                let at = found.last_modified().map(|at| at.secs());
                let at = at.and_then(|at| Timestamp::from_second(at).ok());
                let unread = || Answer::Unclear(format!("nobody says when {key} was written"));
                at.map(Some).ok_or_else(unread)
            }
            Err(error) if absent(&error) => Ok(None),
            Err(error) => Err(sign(&error)),
        }
    }

    /// None where the condition did not hold. Where two of them meet S3 lets neither win, and asks for another try.
    async fn put_if(
        &self,
        key: &str,
        only: Only<'_>,
        about: Option<&About>,
        body: ByteStream,
    ) -> Result<Option<PutObjectOutput>, Failure> {
        let body = body.into_inner();
        let again = body.try_clone();
        let mut sent = self.put_where(key, only, about, body).await;
        if let (Err(error), Some(again)) = (&sent, again)
            && met(error)
        {
            tokio::time::sleep(PAUSE).await;
            sent = self.put_where(key, only, about, again).await;
        }
        match sent {
            Ok(put) => Ok(Some(put)),
            Err(error) if lost(&error) => Ok(None),
            // Whoever read and changed it reads it once more.
            Err(error) if met(&error) && matches!(only, Only::IfStill(_)) => Ok(None),
            Err(error) if met(&error) => {
                let why = "somebody else was writing it each time that it was tried, and whose write stands is not known; try again";
                Err(self.failed("write", key, why))
            }
            Err(error) => Err(self.failed("write", key, explain(&error))),
        }
    }

    async fn put_where(
        &self,
        key: &str,
        only: Only<'_>,
        about: Option<&About>,
        body: SdkBody,
    ) -> Result<PutObjectOutput, SdkError<PutObjectError>> {
        let put = self.client.put_object().bucket(&self.name).key(key);
        let put = match only {
            Only::IfAbsent => put.if_none_match("*"),
            Only::IfStill(etag) => put.if_match(etag),
        };
        let put = match about {
            Some(about) => described(put, about),
            None => put,
        };
        put.body(ByteStream::new(body)).send().await
    }

    /// A part that begins where the object has ended.
    async fn ended(&self, key: &str) -> Result<Option<Part>, Failure> {
        let head = self.client.head_object().bucket(&self.name).key(key);
        match head.send().await {
            Ok(found) => Ok(Some(Part {
                bytes: vec![],
                etag: found.e_tag().unwrap_or_default().to_owned(),
                length: found.content_length().unwrap_or_default().unsigned_abs(),
            })),
            Err(error) if absent(&error) => Ok(None),
            Err(error) => Err(self.failed("read", key, explain(&error))),
        }
    }

    /// What was answered; none where there is no such object.
    fn found(
        &self,
        operation: &str,
        key: &str,
        answer: Result<GetObjectOutput, SdkError<GetObjectError>>,
    ) -> Result<Option<GetObjectOutput>, Failure> {
        match answer {
            Ok(found) => Ok(Some(found)),
            Err(error) if absent(&error) => Ok(None),
            Err(error) if error.code() == Some("InvalidObjectState") => Err(self.cold(key)),
            Err(error) => Err(self.failed(operation, key, explain(&error))),
        }
    }

    /// Nobody reads it before a person has it brought back.
    fn cold(&self, key: &str) -> Failure {
        let Self { name, region, .. } = self;
        Failure::Refused(format!(
            "{name}/{key} in {region} is in Glacier. Bring back every object of its copy, which takes hours, and try again: aws s3api restore-object --region {region} --bucket {name} --key {key} --restore-request Days=7"
        ))
    }
}

/// A client for S3; where an endpoint was named, buckets stand in the path, since their names resolve nowhere.
pub fn client(config: &SdkConfig) -> Client {
    let builder =
        aws_sdk_s3::config::Builder::from(config).force_path_style(config.endpoint_url().is_some());
    Client::from_conf(builder.build())
}

impl Objects for Bucket {
    fn name(&self) -> &str {
        &self.name
    }

    fn region(&self) -> &Region {
        &self.region
    }

    async fn get_at_most(&self, key: &str, bytes: u64) -> Result<Option<Object>, Failure> {
        let answer = self.object(key).send().await;
        let Some(found) = self.found("read", key, answer)? else {
            return Ok(None);
        };
        let length = found.content_length().unwrap_or_default().unsigned_abs();
        if length > bytes {
            // Its body is dropped where it stands.
            return Err(self.too_long(key, length, bytes));
        }
        let etag = found.e_tag().unwrap_or_default().to_owned();
        let body = found.body.collect().await;
        let body = body.map_err(|e| self.failed("read", key, e))?;
        Ok(Some(Object {
            body: contiguous(body),
            etag,
        }))
    }

    async fn list(&self, prefix: &str) -> Result<Vec<Stored>, Failure> {
        let mut pages = self
            .client
            .list_objects_v2()
            .bucket(&self.name)
            .prefix(prefix)
            .optional_object_attributes(OptionalObjectAttributes::RestoreStatus)
            .into_paginator()
            .send();
        let mut all = vec![];
        while let Some(page) = pages.next().await {
            let page = page.map_err(|e| self.failed("list", prefix, explain(&e)))?;
            all.extend(page.contents().iter().map(|object| {
                let class = object.storage_class().map_or("STANDARD", |c| c.as_str());
                Stored {
                    class: class.to_owned(),
                    readable: Readable::of(class, object.restore_status().and_then(asked)),
                    key: object.key().unwrap_or_default().to_owned(),
                    bytes: object.size().unwrap_or_default().unsigned_abs(),
                    etag: object.e_tag().unwrap_or_default().to_owned(),
                    written: object
                        .last_modified()
                        .and_then(|at| Timestamp::from_second(at.secs()).ok())
                        .unwrap_or(Timestamp::MAX),
                }
            }));
        }
        Ok(all)
    }

    async fn put(&self, key: &str, body: Vec<u8>) -> Result<(), Failure> {
        let put = self.client.put_object().bucket(&self.name).key(key);
        let sent = put.body(body.into()).send().await;
        sent.map(drop)
            .map_err(|e| self.failed("write", key, explain(&e)))
    }

    async fn put_only(&self, key: &str, body: Vec<u8>, only: Only<'_>) -> Result<Write, Failure> {
        let body = ByteStream::from(body);
        let put = self.put_if(key, only, None, body).await?;
        Ok(put.map_or(Write::Lost, |_| Write::Done))
    }

    async fn delete(&self, key: &str) -> Result<(), Failure> {
        let delete = self.client.delete_object().bucket(&self.name).key(key);
        let sent = delete.send().await;
        sent.map(drop)
            .map_err(|e| self.failed("delete", key, explain(&e)))
    }

    async fn put_checked(&self, key: &str, body: Vec<u8>, sha256: &[u8]) -> Result<(), Failure> {
        let put = self.client.put_object().bucket(&self.name).key(key);
        let put = put.checksum_sha256(base64::engine::general_purpose::STANDARD.encode(sha256));
        // What is signed is the checksum, and S3 holds the body against that.
        let put = put.body(body.into()).customize();
        let sent = put.disable_payload_signing().send().await;
        sent.map(drop)
            .map_err(|e| self.failed("write", key, explain(&e)))
    }

    async fn copied(&self, key: &str) -> Result<Option<Copied>, Failure> {
        let head = self.client.head_object().bucket(&self.name).key(key);
        let found = match head.send().await {
            Ok(found) => found,
            Err(error) if absent(&error) => return Ok(None),
            Err(error) => return Err(self.failed("look at", key, explain(&error))),
        };
        let status = match found.replication_status() {
            Some(ReplicationStatus::Complete | ReplicationStatus::Completed) => Status::Completed,
            Some(ReplicationStatus::Replica) => Status::Replica,
            Some(ReplicationStatus::Pending) => Status::Pending,
            Some(ReplicationStatus::Failed) => Status::Failed,
            None => Status::Unmarked,
            Some(other) => {
                let why = format!("{other} is no replication status that this version knows");
                return Err(self.failed("look at", key, why));
            }
        };
        let written = found.last_modified().map(|at| at.secs());
        let written = written.and_then(|at| Timestamp::from_second(at).ok());
        let unread = || self.failed("look at", key, "nobody says when it was written");
        let written = written.ok_or_else(unread)?;
        Ok(Some(Copied { status, written }))
    }

    async fn copy(&self, from: &str, to: &str) -> Result<(), Failure> {
        let source = format!("{}/{from}", self.name);
        let copy = self.client.copy_object().bucket(&self.name).key(to);
        let sent = copy.copy_source(source).send().await;
        sent.map(drop)
            .map_err(|e| self.failed("copy", from, explain(&e)))
    }

    async fn locked(&self, key: &str) -> Result<Option<Timestamp>, Failure> {
        let head = self.client.head_object().bucket(&self.name).key(key);
        match head.send().await {
            Ok(found) => {
                let until = found.object_lock_retain_until_date().map(|at| at.secs());
                Ok(until.and_then(|at| Timestamp::from_second(at).ok()))
            }
            Err(error) if absent(&error) => Ok(None),
            Err(error) => Err(self.failed("look at", key, explain(&error))),
        }
    }

    async fn lock(&self, key: &str, until: Timestamp) -> Result<(), Failure> {
        let retention = ObjectLockRetention::builder()
            .mode(ObjectLockRetentionMode::Governance)
            .retain_until_date(DateTime::from_secs(until.as_second()));
        let put = self.client.put_object_retention().bucket(&self.name);
        let sent = put.key(key).retention(retention.build()).send().await;
        sent.map(drop)
            .map_err(|e| self.failed("lock", key, explain(&e)))
    }

    async fn put_file(
        &self,
        key: &str,
        file: &Path,
        about: &About,
        only: Only<'_>,
    ) -> Result<Option<String>, Failure> {
        let body = ByteStream::from_path(file).await;
        let body = body.map_err(|e| self.failed("write", key, because(&e)))?;
        let put = self.put_if(key, only, Some(about), body).await?;
        Ok(put.map(|put| put.e_tag().unwrap_or_default().to_owned()))
    }

    async fn look(&self, key: &str) -> Result<Option<Told>, Failure> {
        let head = self.client.head_object().bucket(&self.name).key(key);
        let found = match head.send().await {
            Ok(found) => found,
            Err(error) if absent(&error) => return Ok(None),
            Err(error) => return Err(self.failed("look at", key, explain(&error))),
        };
        let written = found.last_modified().map(|at| at.secs());
        let written = written.and_then(|at| Timestamp::from_second(at).ok());
        let unread = || self.failed("look at", key, "nobody says when it was written");
        let mut told = Told {
            bytes: found.content_length().unwrap_or_default().unsigned_abs(),
            etag: found.e_tag().unwrap_or_default().to_owned(),
            written: written.ok_or_else(unread)?,
            about: about(&found),
        };
        if let Some(1..) = found.tag_count() {
            let tags = self.client.get_object_tagging().bucket(&self.name);
            match tags.key(key).send().await {
                Ok(found) => {
                    let tags = found.tag_set().iter();
                    let tags = tags.map(|tag| (tag.key().to_owned(), tag.value().to_owned()));
                    told.about.tags = tags.collect();
                }
                Err(error) if absent(&error) => return Ok(None),
                Err(error) => {
                    return Err(self.failed("read the tags of", key, explain(&error)));
                }
            }
        }
        Ok(Some(told))
    }

    async fn get_part(&self, key: &str, range: Range<u64>) -> Result<Option<Part>, Failure> {
        // HTTP names the last byte, not the one after it.
        let bytes = format!("bytes={}-{}", range.start, range.end.saturating_sub(1));
        let answer = self.object(key).range(bytes).send().await;
        if matches!(&answer, Err(error) if error.code() == Some("InvalidRange")) {
            return self.ended(key).await;
        }
        let Some(found) = self.found("read", key, answer)? else {
            return Ok(None);
        };
        let etag = found.e_tag().unwrap_or_default().to_owned();
        let whole = found
            .content_range()
            .and_then(|range| range.rsplit('/').next());
        let length = whole.and_then(|length| length.parse().ok());
        let length = length.or_else(|| found.content_length().and_then(|all| all.try_into().ok()));
        let length =
            length.ok_or_else(|| self.failed("read", key, "it does not say its length"))?;
        let body = found.body.collect().await;
        let bytes = contiguous(body.map_err(|e| self.failed("read", key, e))?);
        Ok(Some(Part {
            bytes,
            etag,
            length,
        }))
    }
}

/// What became of an object that was asked back from an archive.
fn asked(status: &RestoreStatus) -> Option<Asked> {
    if status.is_restore_in_progress() == Some(true) {
        return Some(Asked::Coming);
    }
    let until = status.restore_expiry_date()?;
    Timestamp::from_second(until.secs()).ok().map(Asked::Until)
}

fn absent<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    matches!(error.code(), Some("NoSuchKey" | "NotFound"))
        || status(error) == Some(404) && error.code() != Some("NoSuchBucket")
}

/// The condition did not hold.
fn lost<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.code() == Some("PreconditionFailed") || status(error) == Some(412)
}

/// Two writes met, and neither is known to have won.
fn met<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    error.code() == Some("ConditionalRequestConflict") || status(error) == Some(409)
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error
        .raw_response()
        .map(|response| response.status().as_u16())
}

#[cfg(test)]
mod tests;
