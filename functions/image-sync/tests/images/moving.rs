//! What moves while an image is copied, or was moved before: the active region, a tag, the process itself.

use std::time::Duration;

use lifeboat_image_sync::Outcome;

use crate::world::{World, nowhere, push, reconcile};

#[tokio::test]
async fn a_passive_region_sends_nothing() {
    let world = World::new().await;
    let digest = world.own.image("forum/users", Some("stable"), "1");
    world.activate_peer();
    for event in [push("forum/users", Some("stable"), &digest), reconcile()] {
        let reason = "us-west-2 is active at epoch 1, us-east-1 is not".to_owned();
        assert_eq!(world.outcome(event).await, Outcome::Passive { reason });
    }
    assert!(world.own.log().is_empty() && world.peer.log().is_empty());
}

#[tokio::test]
async fn a_region_that_is_replaced_while_it_copies_does_not_tag() {
    let world = World::new().await;
    let digest = world.own.image("forum/users", Some("stable"), "1");
    world.peer.inner().upload_takes = Duration::from_millis(200);
    let replaced = async {
        while world.peer.writes().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.activate_peer();
    };
    let copying = world.handle(push("forum/users", Some("stable"), &digest));
    let (outcome, ()) = futures::join!(copying, replaced);
    let failure = outcome.unwrap_err();
    assert_eq!(failure.name(), "Stale");
    assert!(
        failure
            .to_string()
            .starts_with("forum/users:stable was not tagged: us-west-2 is active"),
        "{failure}"
    );
    assert_eq!(world.peer.tag("forum/users", "stable"), None);
}

#[tokio::test]
async fn a_late_push_brings_what_the_tag_names_now() {
    let world = World::new().await;
    let old = world.own.image("forum/users", Some("stable"), "1");
    let new = world.own.image("forum/users", Some("stable"), "2");
    world
        .copied(push("forum/users", Some("stable"), &old))
        .await;
    assert_eq!(world.peer.tag("forum/users", "stable"), Some(new));
}

#[tokio::test]
async fn a_tag_that_moves_while_it_is_copied_is_followed() {
    let world = World::new().await;
    let old = world.own.image("forum/users", Some("stable"), "1");
    world.peer.inner().upload_takes = Duration::from_millis(200);
    let moved = async {
        while world.peer.writes().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.own.image("forum/users", Some("stable"), "2")
    };
    let copying = world.copied(push("forum/users", Some("stable"), &old));
    let (_, new) = futures::join!(copying, moved);
    assert_eq!(world.peer.tag("forum/users", "stable"), Some(new));
}

#[tokio::test]
async fn a_push_whose_tag_is_gone_or_that_concerns_no_service_is_ignored() {
    let world = World::new().await;
    let digest = world.own.image("forum/users", None, "1");
    let mut elsewhere = push("forum/users", None, &digest);
    elsewhere["region"] = "us-west-2".into();
    let mut deleted = push("forum/users", None, &digest);
    deleted["detail"]["action-type"] = "DELETE".into();
    for (event, why) in [
        (
            push("forum/users", Some("gone"), &digest),
            "forum/users:gone is no longer in the registry of us-east-1",
        ),
        (
            push("other/thing", Some("stable"), &digest),
            "no service of forum runs images of other/thing, and no pattern means other/thing:stable",
        ),
        (
            elsewhere,
            "a push into the registry of us-west-2; this is us-east-1",
        ),
        (
            deleted,
            "DELETE with result SUCCESS is not a push that succeeded",
        ),
    ] {
        assert_eq!(
            world.outcome(event).await,
            Outcome::Ignored { reason: why.into() }
        );
    }
    assert_eq!(world.peer.writes(), [""; 0]);
}

#[tokio::test]
async fn a_tag_or_a_digest_that_is_none_is_refused_with_its_field() {
    let world = World::new().await;
    for (event, field) in [
        (
            push("forum/users", Some("../x"), ""),
            "event.detail.image-tag",
        ),
        (
            push("forum/users", None, "sha256:1"),
            "event.detail.image-digest",
        ),
    ] {
        let failure = world.handle(event).await.unwrap_err();
        assert_eq!(failure.name(), "Invalid");
        assert!(failure.to_string().starts_with(field), "{failure}");
    }
}

#[tokio::test]
async fn killed_between_two_blobs_and_run_again_it_ends_in_the_same_state() {
    let world = World::new().await;
    let digest = world.own.image("forum/users", Some("v2"), "2");
    world.peer.inner().uploads_left = Some(1);
    let event = push("forum/users", Some("v2"), &digest);
    let failure = world.handle(event.clone()).await.unwrap_err();
    assert_eq!(failure.name(), "Unavailable");
    assert_eq!(world.peer.tag("forum/users", "v2"), None);

    world.peer.inner().uploads_left = None;
    world.peer.inner().log.clear();
    world.copied(event.clone()).await;
    assert_eq!(world.peer.tag("forum/users", "v2"), Some(digest));
    let uploads = world
        .peer
        .writes()
        .iter()
        .filter(|line| line.starts_with("PUT") && line.contains("/blobs/"))
        .count();
    assert_eq!(uploads, 2, "what was there already is not sent again");
    assert_eq!(world.outcome(event).await, Outcome::UpToDate);
}

#[tokio::test]
async fn a_registry_that_stumbles_is_asked_again() {
    let world = World::new().await;
    let digest = world.own.image("forum/users", Some("v2"), "2");
    world.own.inner().hiccups = 2;
    world.copied(push("forum/users", Some("v2"), &digest)).await;
    world.own.inner().hiccups = 3;
    let failure = world
        .handle(push("forum/users", Some("v2"), &digest))
        .await
        .unwrap_err();
    assert_eq!(failure.name(), "Unavailable");
}

#[tokio::test]
async fn a_peer_that_does_not_answer_is_named() {
    let mut world = World::new().await;
    let digest = world.own.image("forum/users", Some("v2"), "2");
    let peer = world.configuration.peer_region().clone();
    world
        .configuration
        .regions
        .get_mut(&peer)
        .unwrap()
        .registry
        .endpoint = nowhere().await;
    let failure = world
        .handle(push("forum/users", Some("v2"), &digest))
        .await
        .unwrap_err();
    assert_eq!(failure.name(), "Unavailable");
    assert!(
        failure
            .to_string()
            .starts_with("read image forum/users:v2 in us-west-2: "),
        "{failure}"
    );
}
