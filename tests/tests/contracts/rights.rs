//! A right that nobody uses is one too many. That none is missing the drill shows: it runs with IAM enforced.

use std::path::Path;

use lifeboat_tests::functions::FUNCTIONS;

use crate::{
    file,
    infrastructure::{ALLOWED, modules},
};

/// How a function makes use of a right.
enum Use {
    /// By a call of this name.
    Call(String),
    /// By what it is given, whatever its code does.
    Given,
}

fn used(action: &str) -> Use {
    let (service, name) = action.split_once(':').unwrap();
    let call = |text: &str| Use::Call(text.to_owned());
    match (service, name) {
        // Lambda writes the log, makes network interfaces and mounts the file system; S3 asks KMS; a role is passed within a definition.
        ("logs" | "kms" | "elasticfilesystem", _) | ("iam", "PassRole") => Use::Given,
        ("ec2", "DescribeSubnets") => call("DescribeSubnets"),
        ("ec2", _) => Use::Given,
        // What a registry asks of IAM where it is spoken to by its own protocol.
        ("ecr", "BatchCheckLayerAvailability" | "BatchGetImage" | "GetDownloadUrlForLayer")
        | ("ecr", "InitiateLayerUpload" | "UploadLayerPart" | "CompleteLayerUpload" | "PutImage") => {
            call("/v2/")
        }
        ("lambda", "InvokeFunction") => call(".invoke()"),
        ("s3", "ListBucket") => call(".list_objects_v2()"),
        ("s3", "GetObjectRetention") => call(".head_object()"),
        ("s3", "PutObjectTagging") => call("tagging("),
        // Signed by hand, without an SDK.
        ("servicequotas" | "ssm", name) | ("secretsmanager", name @ "DescribeSecret") => call(name),
        (_, name) => Use::Call(format!(".{}()", snake(name))),
    }
}

/// `DescribeServices` is `describe_services` in an SDK.
fn snake(name: &str) -> String {
    let mut found = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !found.is_empty() {
            found.push('_');
        }
        found.push(letter.to_ascii_lowercase());
    }
    found
}

fn code(folder: &Path) -> String {
    let mut found = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found += &code(&path);
        } else if path.file_name().is_some_and(|name| name != "tests.rs") {
            // Calls stand on lines of their own, or behind what they are called on.
            let text = std::fs::read_to_string(&path).unwrap();
            found += text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        }
    }
    found
}

#[test]
fn every_right_of_a_function_is_used_by_a_call_of_its_own() {
    let shared = code(&file("shared/aws/src"));
    for function in FUNCTIONS {
        let code = shared.clone() + &code(&file(&format!("functions/{function}/src")));
        let path = format!("{function}/main.tf");
        let (_, actions) = ALLOWED.iter().find(|(of, _)| *of == path).unwrap();
        for action in *actions {
            if let Use::Call(call) = used(action) {
                assert!(
                    code.contains(&call),
                    "{path} gives {action}, and no {call} is in its code"
                );
            }
        }
    }
}

/// Services of AWS that a policy admits without a condition, by the file that does so; each says why beside it.
const UNCONDITIONAL: [(&str, &str); 1] = [("replication/main.tf", "s3.amazonaws.com")];

/// The innermost braces around a place in a text.
fn block(text: &str, at: usize) -> &str {
    let edge = |letters: &mut dyn Iterator<Item = (usize, char)>, inwards: char, outwards: char| {
        let mut depth = 0;
        let mut edge = letters.filter(|(_, letter)| [inwards, outwards].contains(letter));
        let found = edge.find(|(_, letter)| {
            depth += if *letter == inwards { 1 } else { -1 };
            depth < 0
        });
        found.unwrap().0
    };
    let begin = edge(&mut text[..at].char_indices().rev(), '}', '{');
    let end = edge(&mut text[at..].char_indices(), '{', '}');
    &text[begin..=at + end]
}

/// Otherwise another account could have the service act here for it. An ARN names the account too.
#[test]
fn every_policy_that_admits_a_service_of_aws_says_for_which_account_or_resource_it_acts() {
    let mut unconditional = vec![];
    for (path, text) in modules() {
        for (at, admits) in text.match_indices("Principal = { Service = \"") {
            let service = text[at + admits.len()..].split('"').next().unwrap();
            let statement = block(&text, at);
            let (_, condition) = statement.split_once("Condition = {").unwrap_or_default();
            let account = condition.contains("StringEquals = { \"aws:SourceAccount\" = ");
            let resource = ["ArnEquals", "ArnLike"]
                .iter()
                .any(|names| condition.contains(&format!("{names} = {{ \"aws:SourceArn\" = ")));
            if !account && !resource {
                unconditional.push((path.clone(), service.to_owned()));
            }
        }
        let written = text.match_indices(".amazonaws.com\"");
        let written =
            written.filter(|(at, _)| !text[..*at].rsplit('"').next().unwrap().contains('$'));
        let passed = text.matches("\"iam:PassedToService\"").count();
        let permitted = text.matches("  principal     = \"").count();
        let admitted = text.matches("Principal = { Service = \"").count();
        // None is admitted in other words than those that were looked for.
        assert_eq!(written.count(), passed + permitted + admitted, "{path}");
    }
    let expected = UNCONDITIONAL.map(|(path, service)| (path.to_owned(), service.to_owned()));
    assert_eq!(unconditional, expected);
}
