//! The workflow that brings many images, and what Terraform plans for patterns.

use std::{collections::BTreeSet, process::Stdio};

use lifeboat_tests::{shell, terraform::JOIN, tools};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::{file, planned, text, workflow::matched};

const WORKFLOW: &str = "infra/modules/image-sync/workflow.asl.json";

fn states() -> Value {
    crate::json(WORKFLOW)["States"].clone()
}

#[test]
fn every_payload_has_the_keys_of_a_sample_event() {
    let states = states();
    let bring = &states["Bring"]["ItemProcessor"]["States"]["Sync"];
    for (task, sample) in [(&states["List"], "list-after"), (bring, "sync-images")] {
        let payload = task["Arguments"]["Payload"].as_object().unwrap();
        let sample = crate::json(&format!("events/image-sync/{sample}.json"));
        let keys = |object: &serde_json::Map<String, Value>| {
            object.keys().cloned().collect::<BTreeSet<_>>()
        };
        assert_eq!(keys(payload), keys(sample.as_object().unwrap()));
        assert_eq!(payload["action"], sample["action"]);
        assert_eq!(task["Arguments"]["FunctionName"], "${image_sync}");
    }
}

#[test]
fn what_is_unfinished_goes_on_and_every_error_that_is_matched_is_somebodys() {
    let states = states();
    let sync = &states["Bring"]["ItemProcessor"]["States"]["Sync"];
    assert_eq!(sync["Retry"][0]["ErrorEquals"], json!(["Unfinished"]));
    assert_eq!(sync["Retry"][0]["MaxAttempts"], 20);
    assert!(matched(&states).contains(&"Unfinished".to_owned()));
}

#[test]
fn a_batch_that_fails_stops_no_other() {
    let states = states();
    let catch = &states["Bring"]["ItemProcessor"]["States"]["Sync"]["Catch"][0];
    assert_eq!(catch["ErrorEquals"], json!(["States.ALL"]));
    let next = &states["Bring"]["ItemProcessor"]["States"][catch["Next"].as_str().unwrap()];
    assert_eq!(next["End"], true);
}

/// Answers of the function, by state; what it was asked, and how the execution ends.
async fn walk(answers: Value) -> Value {
    let python = tools::emulators_python().await.unwrap();
    let mut walk = shell::command(python)
        .arg(file("tests/local-cloud/walk.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let told = json!({"workflow": crate::json(WORKFLOW), "answers": answers}).to_string();
    let mut stdin = walk.stdin.take().unwrap();
    stdin.write_all(told.as_bytes()).await.unwrap();
    drop(stdin);
    let walked = walk.wait_with_output().await.unwrap();
    assert!(walked.status.success(), "{walked:?}");
    serde_json::from_slice(&walked.stdout).unwrap()
}

fn batch(tag: &str) -> Value {
    json!([{"repository": "forum/users", "reference": tag}])
}

fn list(after: Option<&str>) -> Value {
    let order = "forum-images-20241123-12";
    json!(["List", {"action": "list", "order": order, "after": after}])
}

fn sync(tag: &str) -> Value {
    json!(["Sync", {"action": "sync", "images": batch(tag)}])
}

#[tokio::test]
async fn images_that_cannot_be_brought_keep_no_later_list_from_it_and_the_first_is_named_at_the_end()
 {
    let copied = json!({"outcome": "copied"});
    let refused = json!({"error": "Refused", "cause": "too large"});
    let walked = walk(json!({
        "List": [
            {"batches": [batch("v1"), batch("v2"), batch("v3")], "images": 5, "last": "1 a"},
            {"batches": [batch("v4")], "images": 5, "last": "1 b"},
            {"batches": [batch("v5")], "images": 5, "last": null},
        ],
        "Sync": [copied, refused, refused, refused, copied],
    }))
    .await;
    let asked = json!([
        list(None),
        sync("v1"),
        sync("v2"),
        sync("v3"),
        list(Some("1 a")),
        sync("v4"),
        list(Some("1 b")),
        sync("v5"),
    ]);
    assert_eq!(walked["asked"], asked);
    assert_eq!(walked["end"], "Failed");
    let cause = "3 batches were not brought. The first one, forum/users v2 and 0 more: too large";
    assert_eq!(walked["said"], json!({"Error": "Refused", "Cause": cause}));
}

#[tokio::test]
async fn where_all_is_brought_or_nothing_differs_it_succeeds() {
    let copied = json!({"outcome": "copied"});
    let whole = |batches: &[Value]| json!([{"batches": batches, "images": 1, "last": null}]);
    let some = json!({"List": whole(&[batch("v1")]), "Sync": [copied]});
    for answers in [some, json!({"List": whole(&[])})] {
        assert_eq!(walk(answers).await["end"], "Brought");
    }
}

#[test]
fn terraform_reads_no_directive_of_its_own_in_it() {
    let text = text(WORKFLOW);
    assert!(!text.contains("%{"));
    assert_eq!(
        text.matches("${").count(),
        text.matches("${image_sync}").count()
    );
}

#[tokio::test]
async fn a_pattern_is_the_roles_the_rules_and_the_configurations_and_a_bad_one_is_refused() {
    planned(JOIN, "images").await;
}
