//! By hand: what a region would run, read again.

use std::time::Duration;

use lifeboat_core::{Failure, image::Said};
use lifeboat_image_sync::{
    Answer,
    reference::Digest,
    reread::{Found, Reread},
};
use serde_json::json;

use crate::{
    fake::Removes,
    readiness::{THERE, passive, reconciled, record},
    world::{World, check, reconcile},
};

async fn verified(world: &World) -> Reread {
    match world.handle(json!({"action": "verify"})).await.unwrap() {
        Answer::Reread(reread) => reread,
        other => panic!("{other:?}"),
    }
}

fn ready(world: &World) -> bool {
    let record = record(world).unwrap();
    matches!(record.says("users", record.at), Said::Held(_))
}

fn flip(world: &World) -> Digest {
    let layer = Digest::of("1".repeat(300_000).as_bytes());
    world.own.inner().rotten.insert(layer.to_string());
    layer
}

#[tokio::test]
async fn a_byte_that_has_flipped_costs_readiness_until_it_is_read_and_found_right() {
    let (world, digest) = passive().await;
    reconciled(&world).await;
    let name = format!("forum/users@{digest}");
    let first = verified(&world).await;
    assert_eq!(first.read, [(name.clone(), Found::Good)].into());
    assert!(first.bytes > 300_000 && ready(&world));

    let layer = flip(&world);
    assert!({
        reconciled(&world).await;
        ready(&world)
    });
    let found = verified(&world).await;
    let Found::Damaged(steps) = &found.read[&name] else {
        panic!("{found:?}")
    };
    assert!(steps[0].starts_with(&format!("the blob {layer} in forum/users in us-east-1")));
    assert!(!ready(&world));
    reconciled(&world).await;
    assert!(!ready(&world), "a reconcile does not read it");

    world.own.inner().rotten.clear();
    verified(&world).await;
    assert!(ready(&world));
}

#[tokio::test]
async fn what_may_be_replaced_is_replaced_from_the_other_region() {
    let (world, digest) = passive().await;
    reconciled(&world).await;
    flip(&world);
    world.own.inner().removes = Removes::Wholly;
    let found = verified(&world).await;
    let found = &found.read[&format!("forum/users@{digest}")];
    assert!(matches!(found, Found::Repaired(_)), "{found:?}");
    assert!(ready(&world));
}

/// Another image runs, and no pin names the one before it.
async fn moved_on(world: &World) -> String {
    let other = world.peer.runnable("forum/users", None, "3", "amd64");
    world.clusters.run("users", THERE, &other);
    reconciled(world).await;
    let mut inner = world.clusters.inner();
    inner
        .families
        .values_mut()
        .for_each(|pins| pins.truncate(1));
    other
}

#[tokio::test]
async fn damage_of_what_nothing_names_for_a_while_is_remembered_and_read_again() {
    let (world, digest) = passive().await;
    reconciled(&world).await;
    flip(&world);
    let name = format!("forum/users@{digest}");
    verified(&world).await;
    let other = moved_on(&world).await;
    reconciled(&world).await;
    assert!(record(&world).unwrap().damaged.contains_key(&name));
    world.clusters.run("users", THERE, &digest);
    reconciled(&world).await;
    assert!(!ready(&world));

    world.clusters.run("users", THERE, &other);
    world.own.inner().rotten.clear();
    assert_eq!(verified(&world).await.read[&name], Found::Good);
    assert!(record(&world).unwrap().damaged.is_empty());
}

#[tokio::test]
async fn damage_is_forgotten_with_an_image_that_is_gone_and_nobody_needs() {
    let (world, digest) = passive().await;
    reconciled(&world).await;
    flip(&world);
    verified(&world).await;
    world.own.forget("forum/users", &digest);
    reconciled(&world).await;
    assert!(
        !ready(&world),
        "it was brought again, and its layer may be the same"
    );
    moved_on(&world).await;
    world.own.forget("forum/users", &digest);
    reconciled(&world).await;
    assert!(record(&world).unwrap().damaged.is_empty());
}

#[tokio::test]
async fn a_damaged_image_is_refused_by_the_workflows_check_until_it_was_read_and_found_right() {
    let (world, names) = two().await;
    let layer = Digest::of("users".repeat(300_000).as_bytes());
    world.own.inner().rotten.insert(layer.to_string());
    verified(&world).await;
    let failure = world.handle(check()).await.unwrap_err();
    assert_eq!(failure.name(), "Refused");
    let text = failure.to_string();
    let expected = format!("users needs {}, and the blob {layer} ", names[1]);
    assert!(text.starts_with(&expected), "{text}");
    assert!(
        text.contains("run verify of image-sync in us-east-1"),
        "{text}"
    );

    world.own.inner().rotten.clear();
    verified(&world).await;
    assert!(world.handle(check()).await.is_ok());
}

/// Both services run an image, and an invocation has little time.
async fn two() -> (World, [String; 2]) {
    let mut world = World::new().await;
    let names = ["posts", "users"].map(|service| {
        let repository = format!("forum/{service}");
        let digest = world
            .own
            .runnable(&repository, Some("stable"), service, "amd64");
        let image = format!("127.0.0.1:5001/{repository}:stable");
        world.clusters.template(service, &image);
        world.clusters.run(service, &image, &digest);
        format!("{repository}@{digest}")
    });
    world.time = Some(Duration::from_secs(2));
    (world, names)
}

/// In this time so many blobs can be read, beside the two configurations that tell whether the images are there.
async fn cut_short(world: &World, blobs: u32) -> Result<Reread, Failure> {
    world.own.inner().downloads_left = Some(2 + blobs);
    let answer = world.handle(json!({"action": "verify"})).await;
    world.own.inner().downloads_left = None;
    match answer? {
        Answer::Reread(found) => Ok(found),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_that_is_cut_short_says_what_is_left_and_each_invocation_gets_further() {
    let (world, names) = two().await;
    for left in [2, 1] {
        let failure = cut_short(&world, 2).await.unwrap_err();
        assert_eq!(failure.name(), "Unfinished");
        let text = failure.to_string();
        assert!(text.contains(&names[1]) && text.contains("verify again within a day"));
        let reading = record(&world).unwrap().reading.unwrap();
        assert_eq!(reading.images.len(), 2 - left, "{text}");
    }
    // Of six blobs one is of both images.
    let found = cut_short(&world, 1).await.unwrap();
    let good = names.map(|name| (name, Found::Good));
    assert_eq!(found.read, good.into());
    assert_eq!(record(&world).unwrap().reading, None);
}

#[tokio::test]
async fn what_was_found_before_the_end_came_stands_in_the_record_and_in_the_last_answer() {
    let (world, names) = two().await;
    let layer = Digest::of("posts".repeat(300_000).as_bytes());
    world.own.inner().rotten.insert(layer.to_string());
    let failure = cut_short(&world, 3).await.unwrap_err().to_string();
    assert!(
        failure.contains(&format!("Damaged: {}.", names[0])),
        "{failure}"
    );
    assert!(record(&world).unwrap().damaged[&names[0]].contains(layer.as_str()));
    let _ = world.handle(reconcile()).await;
    let found = verified(&world).await;
    assert!(matches!(found.read[&names[0]], Found::Damaged(_)));
    assert_eq!(found.read[&names[1]], Found::Good);
}

#[tokio::test]
async fn whoever_is_ended_in_the_middle_has_noted_each_image_that_was_read() {
    let (mut world, names) = two().await;
    world.time = None;
    let ended = tokio::time::timeout(Duration::from_secs(2), cut_short(&world, 3));
    assert!(ended.await.is_err(), "it had time for all");
    let reading = record(&world).unwrap().reading.unwrap();
    assert_eq!(reading.images, [names[0].clone()].into());
}

#[tokio::test]
async fn where_nothing_is_known_to_run_and_of_a_service_that_there_is_not_it_says_so() {
    let world = World::new().await;
    let nothing = world.handle(json!({"action": "verify"})).await.unwrap_err();
    assert_eq!(nothing.name(), "Refused");
    let unknown = json!({"action": "verify", "service": "nobody"});
    let failure = world.handle(unknown).await.unwrap_err();
    assert!(failure.to_string().starts_with("service: "), "{failure}");
}
