//! Registries that lie, rot, and send us elsewhere.

use lifeboat_image_sync::{Outcome, reference::Digest};
use serde_json::json;

use crate::{
    fake::{Fake, INDEX},
    world::{World, push, reconcile},
};

#[tokio::test]
async fn a_rotten_blob_is_not_taken_over_and_nothing_is_tagged() {
    let world = World::new().await;
    let digest = world.own.image("forum/users", Some("v2"), "2");
    let layer = "2".repeat(300_000);
    let rotten = Digest::of(layer.as_bytes()).to_string();
    world.own.inner().rotten.insert(rotten.clone());
    let failure = world
        .handle(push("forum/users", Some("v2"), &digest))
        .await
        .unwrap_err();
    assert_eq!(failure.name(), "NotVerified");
    let expected = format!("the blob forum/users@{rotten} in us-east-1 has the digest sha256:");
    assert!(failure.to_string().starts_with(&expected), "{failure}");
    assert_eq!(world.peer.tag("forum/users", "v2"), None);
    assert!(!world.peer.holds_blob("forum/users", layer.as_bytes()));
    let puts = world
        .peer
        .writes()
        .into_iter()
        .filter(|line| line.starts_with("PUT"));
    assert!(
        !puts
            .into_iter()
            .any(|line| line.contains(&rotten.replace(':', "%3A"))),
        "the peer never got all of it"
    );
}

#[tokio::test]
async fn a_rotten_manifest_is_not_taken_over() {
    let world = World::new().await;
    for tag in [Some("v2"), None] {
        let digest = world.own.image("forum/users", tag, "2");
        world.own.inner().rotten.insert(digest.clone());
        let failure = world
            .handle(push("forum/users", tag, &digest))
            .await
            .unwrap_err();
        assert_eq!(failure.name(), "NotVerified");
        assert!(failure.to_string().contains(&digest), "{failure}");
    }
    assert_eq!(world.peer.writes(), [""; 0]);
}

#[tokio::test]
async fn an_upload_goes_on_at_a_relative_an_absolute_and_a_named_location() {
    let world = World::new().await;
    let named = format!("https://{}", world.configuration.peer().registry.host);
    for (version, location) in [
        ("1", String::new()),
        ("2", world.peer.endpoint.clone()),
        ("3", named),
    ] {
        world.peer.inner().location = location;
        let digest = world.own.image("forum/users", Some(version), version);
        world
            .copied(push("forum/users", Some(version), &digest))
            .await;
        assert_eq!(world.peer.tag("forum/users", version), Some(digest));
    }
}

#[tokio::test]
async fn an_upload_to_a_foreign_host_is_refused_and_nothing_reaches_it() {
    let world = World::new().await;
    let foreign = Fake::start().await;
    world.peer.inner().location = foreign.endpoint.clone();
    let digest = world.own.image("forum/users", Some("v2"), "2");
    let failure = world
        .handle(push("forum/users", Some("v2"), &digest))
        .await
        .unwrap_err();
    assert_eq!(failure.name(), "Refused");
    assert!(
        failure.to_string().contains("which is not the registry"),
        "{failure}"
    );
    assert!(foreign.log().is_empty());
}

#[tokio::test]
async fn a_blob_in_storage_behind_the_registry_is_fetched_without_the_credential() {
    let world = World::new().await;
    let digest = world.own.image("forum/users", Some("v2"), "2");
    let storage = Fake::start().await;
    storage.image("forum/users", None, "2");
    world.own.inner().storage = Some(storage.endpoint.clone());
    world.copied(push("forum/users", Some("v2"), &digest)).await;
    assert_eq!(world.peer.tag("forum/users", "v2"), Some(digest));
    assert_eq!(storage.log().len(), 3);
    assert_eq!(storage.inner().credentials_seen, 0);
}

#[tokio::test]
async fn a_failure_of_the_storage_shows_neither_the_signed_address_nor_what_the_storage_quotes() {
    let world = World::new().await;
    let digest = world.own.image("forum/users", Some("v2"), "2");
    let storage = Fake::start().await;
    storage.inner().forbidden = Some("<Error><StringToSign>quoted</StringToSign></Error>".into());
    let gone = crate::world::nowhere().await;
    for endpoint in [storage.endpoint.clone(), gone] {
        world.own.inner().storage = Some(endpoint);
        let failure = world
            .handle(push("forum/users", Some("v2"), &digest))
            .await
            .unwrap_err()
            .to_string();
        assert!(
            failure.starts_with("read blob forum/users@sha256:"),
            "{failure}"
        );
        assert!(
            !failure.contains("signed") && !failure.contains("quoted"),
            "{failure}"
        );
    }
    assert_eq!(world.peer.tag("forum/users", "v2"), None);
}

#[tokio::test]
async fn redirects_that_never_end_are_refused() {
    let world = World::new().await;
    let digest = world.own.image("forum/users", Some("v2"), "2");
    let turning = format!("{}/v2/forum/users/blobs", world.own.endpoint);
    world.own.inner().storage = Some(turning);
    let failure = world
        .handle(push("forum/users", Some("v2"), &digest))
        .await
        .unwrap_err();
    assert!(
        failure.to_string().ends_with("sent on more than 5 times"),
        "{failure}"
    );
}

#[tokio::test]
async fn a_list_whose_child_is_missing_is_refused() {
    let world = World::new().await;
    let child = Digest::of(b"missing");
    let list = json!({"manifests": [{"mediaType": "x", "digest": child, "size": 7}]});
    let digest = world.own.manifest("forum/users", Some("v2"), INDEX, &list)["digest"]
        .as_str()
        .unwrap()
        .to_owned();
    let failure = world
        .handle(push("forum/users", Some("v2"), &digest))
        .await
        .unwrap_err();
    assert_eq!(failure.name(), "Refused");
    assert!(
        failure
            .to_string()
            .contains(&format!("names {child}, which is not there")),
        "{failure}"
    );
    assert_eq!(world.peer.writes(), [""; 0]);
}

#[tokio::test]
async fn a_tag_that_the_peer_does_not_let_move_is_refused_in_the_registrys_words() {
    let world = World::new().await;
    world.own.image("forum/posts", Some("stable"), "1");
    let kept = world.peer.image("forum/users", Some("stable"), "1");
    let brought = world.own.image("forum/users", Some("stable"), "2");
    world.peer.inner().immutable = true;
    let failure = world.handle(reconcile()).await.unwrap_err();
    assert_eq!(failure.name(), "Refused");
    let expected = format!(
        "write image forum/users:stable in us-west-2: the registry answered 400 Bad Request: TAG_INVALID says the fake; \
         forum/users:stable goes on naming {kept}, and {brought} is there by its digest: remove the old tag, or push under a new one"
    );
    assert_eq!(failure.to_string(), expected);
    assert_eq!(world.peer.tag("forum/users", "stable"), Some(kept));
    assert!(world.peer.content("forum/users", &brought).is_some());
    assert_ne!(
        world.outcome(push("forum/posts", Some("stable"), "")).await,
        Outcome::Copied { images: vec![] }
    );
}
