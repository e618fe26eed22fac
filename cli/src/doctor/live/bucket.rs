//! How a bucket is set up.

use aws_sdk_s3::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    types::{
        BucketVersioningStatus, ExpirationStatus, LifecycleRule, ReplicationRule,
        ReplicationRuleStatus,
    },
};
use ipnet::IpNet;
use lifeboat_aws::explain;
use lifeboat_core::{Failure, Region};
use serde_json::Value;

use super::checkers::range;
use crate::doctor::{Copies, Removes, Replication, Rule};

pub(super) async fn versioned(
    client: &Client,
    bucket: &str,
    region: &Region,
) -> Result<bool, Failure> {
    let asked = client.get_bucket_versioning().bucket(bucket).send().await;
    let failed =
        |why| Failure::unavailable("look at", format!("versioning of {bucket}"), region, why);
    let found = asked.map_err(|error| failed(explain(&error)))?;
    Ok(found.status() == Some(&BucketVersioningStatus::Enabled))
}

pub(super) async fn replication(
    client: &Client,
    bucket: &str,
    region: &Region,
) -> Result<Replication, Failure> {
    let asked = client.get_bucket_replication().bucket(bucket).send().await;
    let failed =
        |why| Failure::unavailable("look at", format!("replication of {bucket}"), region, why);
    let found = match asked {
        Err(error) if none(&error, "ReplicationConfigurationNotFoundError") => None,
        Err(error) => return Err(failed(explain(&error))),
        Ok(found) => found.replication_configuration,
    };
    Ok(
        found.map_or_else(Replication::default, |found| Replication {
            role: Some(found.role).filter(|role| !role.is_empty()),
            rules: found.rules.iter().map(copies).collect(),
        }),
    )
}

pub(super) async fn lifecycle(
    client: &Client,
    bucket: &str,
    region: &Region,
) -> Result<Vec<Rule>, Failure> {
    let asked = client.get_bucket_lifecycle_configuration().bucket(bucket);
    let failed =
        |why| Failure::unavailable("look at", format!("lifecycle of {bucket}"), region, why);
    match asked.send().await {
        Err(error) if none(&error, "NoSuchLifecycleConfiguration") => Ok(vec![]),
        Err(error) => Err(failed(explain(&error))),
        Ok(found) => Ok(found.rules().iter().map(rule).collect()),
    }
}

/// Without a policy, or without this statement of it, nobody is let in.
pub(super) async fn readers(
    client: &Client,
    bucket: &str,
    region: &Region,
) -> Result<Vec<IpNet>, Failure> {
    let asked = client.get_bucket_policy().bucket(bucket).send().await;
    let failed =
        |why| Failure::unavailable("look at", format!("the policy of {bucket}"), region, why);
    let policy = match asked {
        Err(error) if none(&error, "NoSuchBucketPolicy") => return Ok(vec![]),
        Err(error) => return Err(failed(explain(&error))),
        Ok(found) => found.policy.unwrap_or_default(),
    };
    let policy: Value = serde_json::from_str(&policy).map_err(|why| failed(why.to_string()))?;
    let mut statements = several(&policy["Statement"]).iter();
    let readers = statements.find(|one| one["Sid"] == "HealthCheckersReadTheMarkers");
    let ranges = readers.map(|one| several(&one["Condition"]["IpAddress"]["aws:SourceIp"]));
    let ranges = ranges.into_iter().flatten();
    let ranges = ranges.map(|one| range(one.as_str().unwrap_or_default()).map_err(failed));
    ranges.collect()
}

/// A list of one may be written without the list.
fn several(value: &Value) -> &[Value] {
    match value {
        Value::Array(all) => all,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

/// There is no such setting, which is an answer.
fn none<E: ProvideErrorMetadata>(error: &SdkError<E>, code: &str) -> bool {
    error.code() == Some(code)
}

/// Of a filter without tags or sizes; one that is empty is about everything.
fn about(prefix: Option<&str>, narrower: bool) -> Option<String> {
    (!narrower).then(|| prefix.unwrap_or_default().to_owned())
}

fn copies(rule: &ReplicationRule) -> Copies {
    let filter = rule.filter();
    let and = filter.and_then(|filter| filter.and());
    let prefix = filter.and_then(|filter| filter.prefix());
    let prefix = prefix.or_else(|| and?.prefix());
    let tag = filter.is_some_and(|filter| filter.tag().is_some());
    let narrower = tag || and.is_some_and(|and| !and.tags().is_empty());
    let to = rule.destination().map(|to| to.bucket());
    let to = to.unwrap_or_default().rsplit(':').next();
    Copies {
        id: rule.id().unwrap_or_default().to_owned(),
        enabled: *rule.status() == ReplicationRuleStatus::Enabled,
        prefix: about(prefix, narrower),
        to: to.unwrap_or_default().to_owned(),
    }
}

fn rule(rule: &LifecycleRule) -> Rule {
    let filter = rule.filter();
    let sized = filter.is_some_and(|filter| {
        filter.tag().is_some()
            || filter.and().is_some()
            || filter.object_size_greater_than().is_some()
            || filter.object_size_less_than().is_some()
    });
    let older = rule.noncurrent_version_expiration();
    let uploads = rule.abort_incomplete_multipart_upload();
    let age = rule.expiration();
    Rule {
        id: rule.id().unwrap_or_default().to_owned(),
        enabled: *rule.status() == ExpirationStatus::Enabled,
        prefix: about(filter.and_then(|filter| filter.prefix()), sized),
        removes: Removes {
            older_versions: older.is_some_and(|older| older.noncurrent_days().is_some()),
            unfinished_uploads: uploads.is_some_and(|one| one.days_after_initiation().is_some()),
            objects: age.is_some_and(|age| age.days().is_some() || age.date().is_some()),
        },
        moves: !rule.transitions().is_empty(),
    }
}

#[cfg(test)]
mod tests;
