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
        .match_requests(|put| put.if_match() == Some("\"1\"") || put.if_none_match() == Some("*"))
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
async fn where_two_conditional_writes_meet_it_is_tried_once_more_and_nobody_is_said_to_have_won() {
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
