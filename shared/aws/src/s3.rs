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
    primitives::{ByteStream, DateTime, SdkBody},
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
            body: body.to_vec(),
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
        let bytes = body.map_err(|e| self.failed("read", key, e))?.to_vec();
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
mod tests {
    use super::*;
    use aws_sdk_s3::operation::head_object::HeadObjectOutput;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use aws_smithy_runtime_api::http::StatusCode;

    pub(super) fn bucket(client: Client) -> Bucket {
        Bucket::new(client, "control", Region::new("us-west-2").unwrap())
    }

    #[tokio::test]
    async fn an_object_that_is_not_there_is_no_error() {
        let rule = mock!(Client::get_object)
            .then_http_response(|| http_response(404, "<Error><Code>NoSuchKey</Code></Error>"));
        let client = mock_client!(aws_sdk_s3, [&rule]);
        assert_eq!(bucket(client).get("state.json").await, Ok(None));
    }

    #[tokio::test]
    async fn what_is_longer_than_it_may_be_is_not_read() {
        let rule = mock!(Client::get_object).then_output(|| {
            GetObjectOutput::builder()
                .content_length(5 << 30)
                .body(ByteStream::from_static(b"the first of many"))
                .build()
        });
        let client = mock_client!(aws_sdk_s3, [&rule]);
        let refused = bucket(client).get_at_most("manifest.json", 1 << 20).await;
        let refused = refused.unwrap_err();
        assert_eq!(refused.name(), "NotVerified");
        assert_eq!(
            refused.to_string(),
            "control/manifest.json in us-west-2 is damaged: it has 5368709120 bytes, and none has more than 1048576"
        );
    }

    #[tokio::test]
    async fn a_bucket_that_is_not_there_is_an_error_that_says_where() {
        let rule = mock!(Client::get_object).then_http_response(|| {
            let body = "<Error><Code>NoSuchBucket</Code><Message>gone</Message></Error>";
            http_response(404, body)
        });
        let client = mock_client!(aws_sdk_s3, [&rule]);
        let failure = bucket(client).get("state.json").await.unwrap_err();
        assert_eq!(failure.name(), "Unavailable");
        assert_eq!(
            failure.to_string(),
            "read control/state.json in us-west-2: NoSuchBucket gone"
        );
    }

    #[tokio::test]
    async fn when_an_object_was_written_is_told_and_a_refusal_is_no_silence() {
        let at = aws_sdk_s3::primitives::DateTime::from_secs(60);
        let found = mock!(Client::get_object)
            .then_output(move || GetObjectOutput::builder().last_modified(at).build());
        let client = mock_client!(aws_sdk_s3, [&found]);
        let written = bucket(client).written("status.json").await;
        assert_eq!(written, Ok(Some(Timestamp::from_second(60).unwrap())));
        for (status, code, told) in [
            (404, "NoSuchKey", Ok(None)),
            (
                403,
                "AccessDenied",
                Err(Answer::Unclear("AccessDenied".into())),
            ),
            (
                404,
                "NoSuchBucket",
                Err(Answer::Unclear("NoSuchBucket".into())),
            ),
            (503, "SlowDown", Err(Answer::Bad("SlowDown".into()))),
        ] {
            let rule = mock!(Client::get_object).then_http_response(move || {
                http_response(status, format!("<Error><Code>{code}</Code></Error>"))
            });
            let client = mock_client!(aws_sdk_s3, RuleMode::MatchAny, [&rule], |conf| conf
                .retry_config(aws_sdk_s3::config::retry::RetryConfig::disabled()));
            assert_eq!(bucket(client).written("status.json").await, told);
        }
    }

    /// What is answered to each try of a conditional write.
    async fn wrote(
        only: Only<'_>,
        answers: [(u16, &'static str); 2],
    ) -> (Result<Write, Failure>, usize) {
        let [first, second] = answers.map(|(status, code)| {
            // S3 may say an error with 200 as well.
            let body = match status {
                200 => String::new(),
                _ => format!("<Error><Code>{code}</Code></Error>"),
            };
            move || http_response(status, body.clone())
        });
        let rule = mock!(Client::put_object)
            .match_requests(|put| {
                put.if_match() == Some("\"1\"") || put.if_none_match() == Some("*")
            })
            .sequence()
            .http_response(first)
            .http_response(second)
            .build();
        let client = mock_client!(aws_sdk_s3, [&rule]);
        let write = bucket(client).put_only("state.json", vec![7], only).await;
        (write, rule.num_calls())
    }

    const STILL: Only<'static> = Only::IfStill("\"1\"");
    const SECOND: (u16, &str) = (412, "PreconditionFailed");
    const MET: (u16, &str) = (409, "ConditionalRequestConflict");

    #[tokio::test]
    async fn who_is_second_in_a_conditional_write_has_lost_without_an_error() {
        for only in [STILL, Only::IfAbsent] {
            let wrote = wrote(only, [SECOND, (200, "")]).await;
            assert_eq!(wrote, (Ok(Write::Lost), 1));
        }
    }

    #[tokio::test]
    async fn where_two_conditional_writes_meet_it_is_tried_once_more_and_nobody_is_said_to_have_won()
     {
        for only in [STILL, Only::IfAbsent] {
            assert_eq!(wrote(only, [MET, SECOND]).await, (Ok(Write::Lost), 2));
            assert_eq!(wrote(only, [MET, (200, "")]).await, (Ok(Write::Done), 2));
        }
        // Whoever read it before reads it again; whoever wrote it first cannot tell whose it is.
        assert_eq!(wrote(STILL, [MET, MET]).await, (Ok(Write::Lost), 2));
        let (write, tries) = wrote(Only::IfAbsent, [MET, MET]).await;
        let failure = write.unwrap_err();
        assert_eq!((failure.name(), tries), ("Unavailable", 2));
        let said = failure.to_string();
        assert!(
            said.starts_with("write control/state.json in us-west-2: somebody else was writing it"),
            "{said}"
        );
    }

    #[tokio::test]
    async fn a_first_write_asks_that_nothing_is_there() {
        let rule = mock!(Client::put_object)
            .match_requests(|put| put.if_none_match() == Some("*"))
            .then_output(|| PutObjectOutput::builder().build());
        let client = mock_client!(aws_sdk_s3, [&rule]);
        let write = bucket(client)
            .put_only("state.json", vec![], Only::IfAbsent)
            .await;
        assert_eq!(write, Ok(Write::Done));
    }

    #[tokio::test]
    async fn a_file_is_written_where_nobody_else_was_first_and_says_its_version() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        let put = mock!(Client::put_object)
            .match_requests(|put| put.if_match() == Some("\"1\""))
            .then_output(|| PutObjectOutput::builder().e_tag("\"2\"").build());
        let client = mock_client!(aws_sdk_s3, [&put]);
        let put = bucket(client)
            .put_file("a", file.path(), &About::default(), Only::IfStill("\"1\""))
            .await;
        assert_eq!(put, Ok(Some("\"2\"".into())));
        let lost = mock!(Client::put_object).then_http_response(|| {
            http_response(412, "<Error><Code>PreconditionFailed</Code></Error>")
        });
        let client = mock_client!(aws_sdk_s3, [&lost]);
        let put = bucket(client)
            .put_file("a", file.path(), &About::default(), Only::IfAbsent)
            .await;
        assert_eq!(put, Ok(None));
    }

    #[tokio::test]
    async fn what_becomes_of_a_copy_is_told_in_one_of_five_words() {
        for (said, status) in [
            (Some("COMPLETED"), Status::Completed),
            (Some("COMPLETE"), Status::Completed),
            (Some("REPLICA"), Status::Replica),
            (Some("PENDING"), Status::Pending),
            (Some("FAILED"), Status::Failed),
            (None, Status::Unmarked),
        ] {
            let said = said.map(ReplicationStatus::from);
            let rule = mock!(Client::head_object).then_output(move || {
                let at = DateTime::from_secs(60);
                let head = HeadObjectOutput::builder().last_modified(at);
                head.set_replication_status(said.clone()).build()
            });
            let client = mock_client!(aws_sdk_s3, [&rule]);
            let written = Timestamp::from_second(60).unwrap();
            let copied = bucket(client).copied("packs/1").await;
            assert_eq!(copied, Ok(Some(Copied { status, written })));
        }
        let gone = mock!(Client::head_object).then_http_response(|| http_response(404, ""));
        let client = mock_client!(aws_sdk_s3, [&gone]);
        assert_eq!(bucket(client).copied("packs/1").await, Ok(None));
        let refused = mock!(Client::head_object).then_http_response(|| http_response(403, ""));
        let client = mock_client!(aws_sdk_s3, [&refused]);
        let failure = bucket(client).copied("packs/1").await.unwrap_err();
        assert!(
            failure
                .to_string()
                .starts_with("look at control/packs/1 in us-west-2")
        );
    }

    #[tokio::test]
    async fn a_part_says_which_version_it_is_of_and_how_long_that_one_is() {
        let rule = mock!(Client::get_object)
            .match_requests(|get| get.range() == Some("bytes=4-7"))
            .then_output(|| {
                GetObjectOutput::builder()
                    .e_tag("\"1\"")
                    .content_range("bytes 4-5/6")
                    .content_length(2)
                    .body(ByteStream::from_static(b"ef"))
                    .build()
            });
        let client = mock_client!(aws_sdk_s3, [&rule]);
        let part = bucket(client).get_part("a", 4..8).await.unwrap();
        let (bytes, etag) = (b"ef".to_vec(), "\"1\"".to_owned());
        let length = 6;
        assert_eq!(
            part,
            Some(Part {
                bytes,
                etag,
                length
            })
        );
    }

    #[tokio::test]
    async fn an_object_that_has_become_cold_says_how_it_is_brought_back() {
        let rule = mock!(Client::get_object).then_http_response(|| {
            http_response(403, "<Error><Code>InvalidObjectState</Code></Error>")
        });
        let client = mock_client!(aws_sdk_s3, RuleMode::MatchAny, [&rule]);
        let bucket = bucket(client);
        for failure in [
            bucket.get("kept/1").await.unwrap_err(),
            bucket.get_range("kept/1", 0..1).await.unwrap_err(),
        ] {
            assert_eq!(failure.name(), "Refused");
            let command = "restore-object --region us-west-2 --bucket control --key kept/1 ";
            assert!(failure.to_string().contains(command), "{failure}");
        }
    }

    #[tokio::test]
    async fn a_lock_is_read_and_extended() {
        use aws_sdk_s3::operation::{
            head_object::HeadObjectOutput, put_object_retention::PutObjectRetentionOutput,
        };
        let until = Timestamp::from_second(60).unwrap();
        let head = mock!(Client::head_object).then_output(|| {
            let at = DateTime::from_secs(60);
            let head = HeadObjectOutput::builder();
            head.object_lock_retain_until_date(at).build()
        });
        let put = mock!(Client::put_object_retention)
            .match_requests(|put| {
                let retention = put.retention().unwrap();
                let at = retention.retain_until_date().map(|at| at.secs());
                retention.mode() == Some(&ObjectLockRetentionMode::Governance) && at == Some(60)
            })
            .then_output(|| PutObjectRetentionOutput::builder().build());
        let client = mock_client!(aws_sdk_s3, RuleMode::MatchAny, [&head, &put]);
        let bucket = bucket(client);
        assert_eq!(bucket.locked("packs/1").await, Ok(Some(until)));
        assert_eq!(bucket.lock("packs/1", until).await, Ok(()));
    }

    #[tokio::test]
    async fn a_copy_is_made_within_the_bucket() {
        use aws_sdk_s3::operation::copy_object::CopyObjectOutput;
        let rule = mock!(Client::copy_object)
            .match_requests(|copy| {
                copy.copy_source() == Some("control/packs/1") && copy.key() == Some("kept/packs/1")
            })
            .then_output(|| CopyObjectOutput::builder().build());
        let client = mock_client!(aws_sdk_s3, [&rule]);
        assert_eq!(bucket(client).copy("packs/1", "kept/packs/1").await, Ok(()));
    }

    #[tokio::test]
    async fn a_part_behind_the_end_is_empty_and_one_that_must_be_whole_says_what_it_lacks() {
        let ended = mock!(Client::get_object)
            .then_http_response(|| http_response(416, "<Error><Code>InvalidRange</Code></Error>"));
        let head = mock!(Client::head_object).then_output(|| {
            let found = aws_sdk_s3::operation::head_object::HeadObjectOutput::builder();
            found.e_tag("\"1\"").content_length(0).build()
        });
        let client = mock_client!(aws_sdk_s3, RuleMode::MatchAny, [&ended, &head]);
        let bucket = bucket(client);
        let part = bucket.get_part("a", 0..8).await.unwrap().unwrap();
        assert_eq!((part.bytes.len(), part.length), (0, 0));
        let short = bucket.get_range("a", 0..8).await.unwrap_err();
        assert_eq!(short.name(), "NotVerified");
        assert!(short.to_string().contains("0 of the 8 bytes"), "{short}");
    }

    pub(super) fn http_response(
        status: u16,
        body: impl Into<String>,
    ) -> aws_smithy_runtime_api::client::orchestrator::HttpResponse {
        let status = StatusCode::try_from(status).unwrap();
        aws_smithy_runtime_api::client::orchestrator::HttpResponse::new(status, body.into().into())
    }
}
