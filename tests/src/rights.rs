//! What a function's program can ask of AWS, and what its role is given.
//!
//! A program has in it what its own code leads to and nothing else: the linker leaves the rest out. So the operations of the SDKs that
//! are in it are those that it can ask for, in whatever crate the call stands and however seldom it is made. What a program asks
//! without an SDK stands in `ASKED_BY`, where a contract finds that all of it stands, and so does what a call needs beyond its name,
//! which nobody checks but AWS. Not seen are the resources and the conditions of a statement: the drill runs with IAM enforced.

use std::{collections::BTreeSet, process::Command};

use crate::{Context, Result, workspace};

/// IAM's name for a service, where an SDK has another one.
const SERVICES: [(&str, &str); 3] = [
    ("applicationautoscaling", "application-autoscaling"),
    ("elasticloadbalancingv2", "elasticloadbalancing"),
    ("sfn", "states"),
];

/// What an operation needs, where it is not the action of its name alone.
const OPERATIONS: [(&str, &[&str]); 7] = [
    // The definition names roles.
    (
        "ecs:RegisterTaskDefinition",
        &["ecs:RegisterTaskDefinition", "iam:PassRole"],
    ),
    ("lambda:Invoke", &["lambda:InvokeFunction"]),
    ("s3:CopyObject", &["s3:GetObject", "s3:PutObject"]),
    // Part of every client of S3, for directory buckets, of which there are none here.
    ("s3:CreateSession", &[]),
    // Who may not list is denied what is not there, which looks like a fault.
    ("s3:GetObject", &["s3:GetObject", "s3:ListBucket"]),
    ("s3:HeadObject", &["s3:GetObject", "s3:ListBucket"]),
    ("s3:ListObjectsV2", &["s3:ListBucket"]),
];

/// Whose calls need more than the operations that they are.
pub const BUCKET: &str = "<lifeboat_aws::s3::Bucket as lifeboat_aws::objects::Objects>";

/// What a function in the code needs beyond the operations of SDKs, by its module and its name.
pub const ASKED_BY: [(&str, &str, &[&str]); 15] = [
    // S3 tells of a lock only to who may read it, and takes tags with an object only from who may write them.
    (BUCKET, "locked", &["s3:GetObjectRetention"]),
    (BUCKET, "put_file", &["s3:PutObjectTagging"]),
    // Signed by hand.
    (
        "lifeboat_health_probe::aws::room",
        "free",
        &["ec2:DescribeSubnets"],
    ),
    (
        "lifeboat_health_probe::aws::room",
        "quota",
        &["servicequotas:GetServiceQuota"],
    ),
    (
        "lifeboat_health_probe::aws::secrets",
        "parameter",
        &["ssm:DescribeParameters"],
    ),
    (
        "lifeboat_health_probe::aws::secrets",
        "secret",
        &["secretsmanager:DescribeSecret"],
    ),
    // A registry is spoken to by its own protocol, and ECR asks IAM for this.
    (
        "lifeboat_image_sync::registry::blobs",
        "begin",
        &["ecr:InitiateLayerUpload"],
    ),
    (
        "lifeboat_image_sync::registry::blobs",
        "download",
        &["ecr:GetDownloadUrlForLayer"],
    ),
    (
        "lifeboat_image_sync::registry::blobs",
        "has_blob",
        &["ecr:BatchCheckLayerAvailability"],
    ),
    // No right lets ECR do it.
    ("lifeboat_image_sync::registry::blobs", "remove", &[]),
    (
        "lifeboat_image_sync::registry::blobs",
        "upload",
        &["ecr:CompleteLayerUpload", "ecr:UploadLayerPart"],
    ),
    (
        "lifeboat_image_sync::registry::manifests",
        "digest",
        &["ecr:BatchGetImage"],
    ),
    (
        "lifeboat_image_sync::registry::manifests",
        "manifest",
        &["ecr:BatchGetImage"],
    ),
    (
        "lifeboat_image_sync::registry::manifests",
        "put",
        &["ecr:PutImage"],
    ),
    (
        "lifeboat_image_sync::registry::referrers",
        "pages",
        &["ecr:BatchGetImage"],
    ),
];

/// The actions that a program needs, by its symbols.
pub fn asked(program: &str) -> Result<BTreeSet<String>> {
    let mut nm = Command::new("nm");
    let listed = nm.args(["--demangle", program]).output();
    let listed = listed.context(|| format!("list the symbols of {program}"))?;
    let symbols = String::from_utf8_lossy(&listed.stdout);
    let mut found = BTreeSet::new();
    let mut add = |actions: &[&str]| found.extend(actions.iter().map(|a| (*a).to_owned()));
    for symbol in symbols.lines() {
        if let Some(operation) = operation(symbol) {
            let other = OPERATIONS.iter().find(|(name, _)| *name == operation);
            match other {
                Some((_, actions)) => add(actions),
                None => add(&[&operation]),
            }
        }
        let by = ASKED_BY.iter().filter(|(of, name, _)| is(symbol, of, name));
        by.for_each(|(_, _, actions)| add(actions));
    }
    match found.is_empty() {
        true => Err(format!("{program} has no symbols: build it without stripping them").into()),
        false => Ok(found),
    }
}

/// Whether it is a function, or what is within one: `of::name`, or `of::<impl …>::name` where it is a method.
fn is(symbol: &str, of: &str, name: &str) -> bool {
    let Some((_, path)) = symbol.split_once(of) else {
        return false;
    };
    let path = match path.strip_prefix("::<impl ") {
        Some(method) => method.split_once('>').map_or("", |(_, path)| path),
        None => path,
    };
    let rest = path
        .strip_prefix("::")
        .and_then(|path| path.strip_prefix(name));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Of `aws_sdk_s3::operation::get_object::GetObject::orchestrate`, which sends it, that is `s3:GetObject`.
fn operation(symbol: &str) -> Option<String> {
    let (_, path) = symbol.split_once("aws_sdk_")?;
    let (service, path) = path.split_once("::operation::")?;
    let (path, _) = path.split_once("::orchestrate")?;
    let name = path.rsplit("::").next()?;
    let other = SERVICES.iter().find(|(sdk, _)| *sdk == service);
    let service = other.map_or(service, |(_, iam)| iam);
    Some(format!("{service}:{name}"))
}

/// The actions that a file of `infra/modules` allows or denies: what is written after `Action =`, one literal or a list of them.
pub fn actions(text: &str) -> Result<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("Action") {
        let Some(value) = text[at + "Action".len()..].trim_start().strip_prefix('=') else {
            continue;
        };
        let value = value.trim_start();
        let literals = match value.strip_prefix('[') {
            Some(list) => list.split(']').next(),
            None => value.split(['\n', ',']).next(),
        };
        let literals = literals.unwrap_or_default();
        let quoted: Vec<_> = literals.split('"').skip(1).step_by(2).collect();
        if quoted.is_empty() {
            return Err(format!("not literal: Action = {literals}").into());
        }
        found.extend(quoted.into_iter().map(str::to_owned));
    }
    Ok(found)
}

/// The actions that a function's own module gives its role. What every function is given, for Lambda and for S3 to act in its name or
/// to read what all of them read, stands in the module of functions.
pub fn given(function: &str) -> Result<BTreeSet<String>> {
    let path = workspace().join(format!("infra/modules/{function}/main.tf"));
    let text = std::fs::read_to_string(&path);
    actions(&text.context(|| format!("read {}", path.display()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_named_as_iam_names_it_and_what_does_not_send_is_none() {
        let sent = "00 t aws_sdk_sfn::operation::start_execution::StartExecution::orchestrate::{{closure}}";
        assert_eq!(operation(sent), Some("states:StartExecution".to_owned()));
        let read =
            "00 t aws_sdk_sfn::operation::start_execution::StartExecutionOutput::execution_arn";
        assert_eq!(operation(read), None);
    }

    #[test]
    fn a_method_is_known_by_its_whole_name_wherever_it_stands() {
        let put = "00 t <lifeboat_aws::s3::Bucket as lifeboat_aws::objects::Objects>::put_file::{{closure}}";
        assert!(is(put, BUCKET, "put_file"));
        assert!(!is(put, BUCKET, "put"));
        let begin = "00 t lifeboat_image_sync::registry::blobs::<impl lifeboat_image_sync::registry::Registry>::begin";
        assert!(is(begin, "lifeboat_image_sync::registry::blobs", "begin"));
        assert!(!is(begin, "lifeboat_image_sync::registry", "begin"));
    }
}
