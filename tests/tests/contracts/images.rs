//! The workflow that brings many images, and what Terraform plans for patterns.

use std::collections::BTreeSet;

use lifeboat_tests::terraform::{JOIN, Terraform};
use serde_json::{Value, json};

use crate::{file, text, workflow::matched};

const WORKFLOW: &str = "infra/modules/image-sync/workflow.asl.json";

fn states() -> Value {
    crate::json(WORKFLOW)["States"].clone()
}

#[test]
fn every_payload_has_the_keys_of_a_sample_event() {
    let states = states();
    let bring = &states["Bring"]["ItemProcessor"]["States"]["Sync"];
    for (task, sample) in [(&states["List"], "list"), (bring, "sync-images")] {
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
fn a_batch_that_fails_stops_no_other_and_never_ends_green() {
    let states = states();
    let catch = &states["Bring"]["ItemProcessor"]["States"]["Sync"]["Catch"][0];
    assert_eq!(catch["ErrorEquals"], json!(["States.ALL"]));
    let next = &states["Bring"]["ItemProcessor"]["States"][catch["Next"].as_str().unwrap()];
    assert_eq!(next["End"], true);
    let choice = &states["All brought?"]["Choices"][0];
    assert!(choice["Condition"].as_str().unwrap().contains("failed"));
    assert_eq!(states[choice["Next"].as_str().unwrap()]["Type"], "Fail");
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
    let folder = tempfile::tempdir().unwrap();
    let terraform = Terraform::copy(folder.path().join("infra")).unwrap();
    // Terraform hashes a zip, and nobody opens it.
    let functions = folder.path().join("infra").join(JOIN).join("functions");
    std::fs::create_dir(&functions).unwrap();
    std::fs::write(functions.join("image-sync.zip"), "").unwrap();
    let tests = file("tests/samples/images.tftest.hcl");
    terraform.test(JOIN, &tests).await.unwrap();
}
