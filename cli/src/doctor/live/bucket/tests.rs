use aws_sdk_s3::{
    operation::{
        get_bucket_lifecycle_configuration::{
            GetBucketLifecycleConfigurationError, GetBucketLifecycleConfigurationOutput,
        },
        get_bucket_policy::{GetBucketPolicyError, GetBucketPolicyOutput},
        get_bucket_replication::{GetBucketReplicationError, GetBucketReplicationOutput},
        get_bucket_versioning::GetBucketVersioningOutput,
    },
    types::{
        AbortIncompleteMultipartUpload, Destination, LifecycleExpiration, LifecycleRuleFilter,
        NoncurrentVersionExpiration, ReplicationConfiguration, ReplicationRuleAndOperator,
        ReplicationRuleFilter, Tag, Transition,
    },
};
use aws_smithy_mocks::{mock, mock_client};
use serde_json::json;

use super::*;

fn region() -> Region {
    Region::new("us-west-2").unwrap()
}

fn coded<E>(code: &str, of: fn(aws_sdk_s3::error::ErrorMetadata) -> E) -> E {
    of(aws_sdk_s3::error::ErrorMetadata::builder()
        .code(code)
        .build())
}

#[tokio::test]
async fn only_a_bucket_that_says_enabled_keeps_older_versions() {
    for (status, expected) in [
        (Some(BucketVersioningStatus::Enabled), true),
        (Some(BucketVersioningStatus::Suspended), false),
        (None, false),
    ] {
        let output = GetBucketVersioningOutput::builder().set_status(status);
        let output = output.build();
        let rule = mock!(Client::get_bucket_versioning)
            .match_requests(|r| r.bucket() == Some("backups"))
            .then_output(move || output.clone());
        let client = mock_client!(aws_sdk_s3, [&rule]);
        let found = versioned(&client, "backups", &region()).await;
        assert_eq!(found, Ok(expected));
    }
}

fn copying(
    id: &str,
    status: ReplicationRuleStatus,
    filter: ReplicationRuleFilter,
) -> ReplicationRule {
    let to = Destination::builder().bucket("arn:aws:s3:::there");
    let rule = ReplicationRule::builder().id(id).status(status);
    let rule = rule.filter(filter).destination(to.build().unwrap());
    rule.build().unwrap()
}

#[tokio::test]
async fn rules_that_copy_are_told_with_what_they_are_about_and_where_to() {
    let tag = || Tag::builder().key("a").value("b").build().unwrap();
    let enabled = || ReplicationRuleStatus::Enabled;
    let filter = ReplicationRuleFilter::builder;
    let and = ReplicationRuleAndOperator::builder().prefix("packs/");
    let rules = vec![
        copying("a", enabled(), filter().prefix("backups/").build()),
        copying("b", ReplicationRuleStatus::Disabled, filter().build()),
        copying("c", enabled(), filter().tag(tag()).build()),
        copying(
            "d",
            enabled(),
            filter().and(and.tags(tag()).build()).build(),
        ),
    ];
    let found = ReplicationConfiguration::builder()
        .role("arn:aws:iam::1:role/copier")
        .set_rules(Some(rules))
        .build()
        .unwrap();
    let output = GetBucketReplicationOutput::builder().replication_configuration(found);
    let output = output.build();
    let rule = mock!(Client::get_bucket_replication).then_output(move || output.clone());
    let client = mock_client!(aws_sdk_s3, [&rule]);
    let found = replication(&client, "backups", &region()).await.unwrap();
    assert_eq!(found.role.as_deref(), Some("arn:aws:iam::1:role/copier"));
    let told = found.rules.iter();
    let told = told.map(|rule| (rule.id.as_str(), rule.enabled, rule.prefix.as_deref()));
    let expected = [
        ("a", true, Some("backups/")),
        ("b", false, Some("")),
        ("c", true, None),
        ("d", true, None),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert!(found.rules.iter().all(|rule| rule.to == "there"));
}

#[tokio::test]
async fn what_a_rule_of_the_lifecycle_ends_is_told() {
    let rule = |id: &str| {
        LifecycleRule::builder()
            .id(id)
            .status(ExpirationStatus::Enabled)
    };
    let whole = || LifecycleRuleFilter::builder().prefix("").build();
    let older = NoncurrentVersionExpiration::builder().noncurrent_days(7);
    let uploads = AbortIncompleteMultipartUpload::builder().days_after_initiation(1);
    let moved = Transition::builder().days(30).build();
    let kept = LifecycleRuleFilter::builder().prefix("kept/").build();
    let markers = LifecycleExpiration::builder().expired_object_delete_marker(true);
    let age = LifecycleExpiration::builder().days(30);
    let small = LifecycleRuleFilter::builder().object_size_less_than(9);
    let rules = [
        rule("older")
            .filter(whole())
            .noncurrent_version_expiration(older.build()),
        rule("uploads")
            .filter(whole())
            .abort_incomplete_multipart_upload(uploads.build()),
        rule("cold").filter(kept).transitions(moved),
        rule("markers").filter(whole()).expiration(markers.build()),
        rule("age").filter(small.build()).expiration(age.build()),
    ];
    let rules = rules.map(|rule| rule.build().unwrap());
    let output = GetBucketLifecycleConfigurationOutput::builder().set_rules(Some(rules.into()));
    let output = output.build();
    let rule =
        mock!(Client::get_bucket_lifecycle_configuration).then_output(move || output.clone());
    let client = mock_client!(aws_sdk_s3, [&rule]);
    let found = lifecycle(&client, "backups", &region()).await.unwrap();
    let [older, uploads, cold, markers, age] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert!(older.removes.older_versions && !older.removes.objects && older.enabled);
    assert!(uploads.removes.unfinished_uploads && uploads.prefix.as_deref() == Some(""));
    assert!(cold.moves && cold.prefix.as_deref() == Some("kept/"));
    assert_eq!(markers.removes, Removes::default());
    assert!(age.removes.objects && age.prefix.is_none());
}

#[tokio::test]
async fn a_bucket_without_rules_says_so_and_one_that_may_not_be_asked_says_nothing() {
    for (none, refused) in [
        (true, "NoSuchLifecycleConfiguration"),
        (false, "AccessDenied"),
    ] {
        let rule = mock!(Client::get_bucket_lifecycle_configuration)
            .then_error(move || coded(refused, GetBucketLifecycleConfigurationError::generic));
        let client = mock_client!(aws_sdk_s3, [&rule]);
        let found = lifecycle(&client, "backups", &region()).await;
        assert_eq!(found.is_ok(), none, "{found:?}");
    }
    for (none, refused) in [
        (true, "ReplicationConfigurationNotFoundError"),
        (false, "AccessDenied"),
    ] {
        let rule = mock!(Client::get_bucket_replication)
            .then_error(move || coded(refused, GetBucketReplicationError::generic));
        let client = mock_client!(aws_sdk_s3, [&rule]);
        match replication(&client, "backups", &region()).await {
            Ok(found) => assert!(none && found == Replication::default()),
            Err(failure) => {
                let said = failure.to_string();
                assert_eq!(
                    said,
                    "look at replication of backups in us-west-2: AccessDenied"
                );
            }
        }
    }
}

async fn readers_by(policy: &str) -> Result<Vec<String>, String> {
    let output = GetBucketPolicyOutput::builder().policy(policy).build();
    let rule = mock!(Client::get_bucket_policy)
        .match_requests(|r| r.bucket() == Some("markers"))
        .then_output(move || output.clone());
    let client = mock_client!(aws_sdk_s3, [&rule]);
    let found = readers(&client, "markers", &region()).await;
    let found = found.map_err(|failure| failure.to_string())?;
    Ok(found.iter().map(IpNet::to_string).collect())
}

#[tokio::test]
async fn who_may_read_the_markers_is_what_that_statement_says_as_a_list_or_by_itself() {
    let tls = json!({ "Sid": "OnlyOverTls", "Effect": "Deny" });
    let readers = |ranges: Value| {
        let condition = json!({ "IpAddress": { "aws:SourceIp": ranges } });
        json!({ "Sid": "HealthCheckersReadTheMarkers", "Condition": condition })
    };
    let both = json!(["192.0.2.0/24", "198.51.100.7"]);
    for (statement, expected) in [
        (
            json!([tls, readers(both)]),
            &["192.0.2.0/24", "198.51.100.7/32"][..],
        ),
        (readers("192.0.2.0/24".into()), &["192.0.2.0/24"]),
        (json!([tls]), &[]),
    ] {
        let policy = json!({ "Statement": statement }).to_string();
        assert_eq!(readers_by(&policy).await.unwrap(), expected);
    }
    for (policy, says) in [
        (
            json!({ "Statement": readers("everywhere".into()) }).to_string(),
            "\"everywhere\" is no",
        ),
        (
            "not JSON".into(),
            "look at the policy of markers in us-west-2: ",
        ),
    ] {
        let failed = readers_by(&policy).await.unwrap_err();
        assert!(failed.contains(says), "{failed}");
    }
}

#[tokio::test]
async fn without_a_policy_nobody_may_read_the_markers_and_a_refusal_says_nothing() {
    for (none, refused) in [(true, "NoSuchBucketPolicy"), (false, "AccessDenied")] {
        let rule = mock!(Client::get_bucket_policy)
            .then_error(move || coded(refused, GetBucketPolicyError::generic));
        let client = mock_client!(aws_sdk_s3, [&rule]);
        let found = readers(&client, "markers", &region()).await;
        assert_eq!(found.ok(), none.then(Vec::new));
    }
}
