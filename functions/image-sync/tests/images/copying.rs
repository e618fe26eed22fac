use lifeboat_image_sync::Outcome;
use serde_json::json;

use crate::{
    fake::{IMAGE, INDEX, TOKEN},
    world::{World, push, reconcile},
};

#[tokio::test]
async fn a_push_copies_the_image_byte_by_byte_and_its_tag_last() {
    let world = World::new().await;
    let digest = world.own.image("forum/users", Some("v2"), "2");
    assert_eq!(
        world.copied(push("forum/users", Some("v2"), &digest)).await,
        ["forum/users:v2"]
    );
    assert_eq!(world.peer.tag("forum/users", "v2"), Some(digest.clone()));
    assert_eq!(
        world.peer.content("forum/users", &digest),
        world.own.content("forum/users", &digest)
    );
    assert!(
        world
            .peer
            .holds_blob("forum/users", "2".repeat(300_000).as_bytes())
    );
    assert_eq!(
        world.peer.writes().last().unwrap(),
        "PUT /v2/forum/users/manifests/v2"
    );
    assert_eq!(world.own.writes(), [""; 0]);
}

#[tokio::test]
async fn what_the_peer_has_already_costs_a_push_two_requests_and_a_reconcile_a_list_of_each_repository()
 {
    let world = World::new().await;
    for repository in ["forum/users", "forum/posts"] {
        world.own.image(repository, Some("stable"), "1");
    }
    assert_eq!(world.copied(reconcile()).await.len(), 2);
    world.own.inner().log.clear();
    world.peer.inner().log.clear();
    assert_eq!(world.outcome(reconcile()).await, Outcome::UpToDate);
    let lists = ["LIST forum/posts", "LIST forum/users"];
    assert_eq!(
        (world.own.log(), world.peer.log()),
        (
            lists.map(str::to_owned).into(),
            lists.map(str::to_owned).into()
        )
    );

    world.peer.inner().log.clear();
    let event = push("forum/users", Some("stable"), "");
    assert_eq!(world.outcome(event).await, Outcome::UpToDate);
    let looks = world.peer.log();
    assert_eq!(looks, ["HEAD /v2/forum/users/manifests/stable"]);
}

#[tokio::test]
async fn a_tag_that_names_another_image_in_the_peer_is_moved_and_only_what_is_new_is_sent() {
    let world = World::new().await;
    world.own.image("forum/posts", Some("stable"), "1");
    world.peer.image("forum/posts", Some("stable"), "1");
    world.peer.image("forum/users", Some("stable"), "1");
    let digest = world.own.image("forum/users", Some("stable"), "2");
    assert_eq!(world.copied(reconcile()).await, ["forum/users:stable"]);
    assert_eq!(world.peer.tag("forum/users", "stable"), Some(digest));
    let uploads = world
        .peer
        .writes()
        .iter()
        .filter(|line| line.starts_with("PUT") && line.contains("/blobs/"))
        .count();
    assert_eq!(uploads, 2, "the layer that both share stays where it is");
}

#[tokio::test]
async fn an_image_without_a_tag_is_copied_by_its_digest() {
    let world = World::new().await;
    let digest = world.own.image("forum/users", None, "2");
    let event = push("forum/users", None, &digest);
    assert_eq!(
        world.copied(event.clone()).await,
        [format!("forum/users:{digest}")]
    );
    assert!(world.peer.content("forum/users", &digest).is_some());
    assert_eq!(world.outcome(event).await, Outcome::UpToDate);
}

#[tokio::test]
async fn a_service_that_is_pinned_to_a_digest_is_reconciled_by_it() {
    let mut world = World::new().await;
    world.own.image("forum/posts", Some("stable"), "1");
    let digest = world.own.image("forum/users", None, "2");
    for resources in world.configuration.regions.values_mut() {
        resources.services.get_mut("users").unwrap().image = format!("x/forum/users@{digest}");
    }
    world.copied(reconcile()).await;
    assert!(world.peer.content("forum/users", &digest).is_some());
}

#[tokio::test]
async fn a_list_is_copied_after_its_children() {
    let world = World::new().await;
    let children: Vec<_> = ["amd64", "arm64"]
        .map(|platform| {
            let digest = world.own.image("forum/users", None, platform);
            json!({"mediaType": "x", "digest": digest, "size": 1, "platform": {"architecture": platform}})
        })
        .into();
    let list = json!({"schemaVersion": 2, "manifests": children});
    let listed = world.own.manifest("forum/users", Some("v2"), INDEX, &list);
    let digest = listed["digest"].as_str().unwrap();
    world.copied(push("forum/users", Some("v2"), digest)).await;
    let (media_type, _) = world.peer.content("forum/users", digest).unwrap();
    assert_eq!(media_type, INDEX);
    for child in children {
        assert!(
            world
                .peer
                .content("forum/users", child["digest"].as_str().unwrap())
                .is_some()
        );
    }
}

#[tokio::test]
async fn an_image_in_two_lists_of_different_depth_is_written_before_both() {
    let world = World::new().await;
    let image = world.own.image("forum/users", None, "1");
    let image = json!({"mediaType": IMAGE, "digest": image, "size": 1});
    let inner = json!({"schemaVersion": 2, "manifests": [image]});
    let inner = world.own.manifest("forum/users", None, INDEX, &inner);
    let outer = json!({"schemaVersion": 2, "manifests": [inner, image]});
    let outer = world.own.manifest("forum/users", Some("v2"), INDEX, &outer);
    let digest = outer["digest"].as_str().unwrap();
    world.copied(push("forum/users", Some("v2"), digest)).await;
    let order = |digest: &serde_json::Value| {
        let line = format!(
            "PUT /v2/forum/users/manifests/{}",
            digest["digest"].as_str().unwrap()
        );
        world.peer.log().iter().position(|other| *other == line)
    };
    assert!(order(&image).unwrap() < order(&inner).unwrap());
}

#[tokio::test]
async fn a_layer_that_two_repositories_share_is_sent_once() {
    let world = World::new().await;
    world.own.image("forum/users", Some("stable"), "1");
    world.own.image("forum/posts", Some("stable"), "2");
    assert_eq!(world.copied(reconcile()).await.len(), 2);
    let uploads = world
        .peer
        .writes()
        .iter()
        .filter(|line| line.starts_with("PUT") && line.contains("/blobs/"))
        .count();
    assert_eq!(
        uploads, 5,
        "two configurations, two layers, and the shared one"
    );
    assert!(
        world.peer.holds_blob("forum/users", b"base")
            && world.peer.holds_blob("forum/posts", b"base")
    );
}

#[tokio::test]
async fn a_repository_may_have_another_name_in_the_peer() {
    let mut world = World::new().await;
    let peer = world.configuration.peer_region().clone();
    let resources = world.configuration.regions.get_mut(&peer).unwrap();
    resources.services.get_mut("users").unwrap().repository = "copies/users".into();
    let digest = world.own.image("forum/users", Some("v2"), "2");
    assert_eq!(
        world.copied(push("forum/users", Some("v2"), &digest)).await,
        ["copies/users:v2"]
    );
    assert_eq!(world.peer.tag("copies/users", "v2"), Some(digest));
}

#[tokio::test]
async fn a_configured_image_that_is_gone_is_named_and_the_others_are_copied() {
    let world = World::new().await;
    let digest = world.own.image("forum/users", Some("stable"), "1");
    let failure = world.handle(reconcile()).await.unwrap_err();
    assert_eq!(failure.name(), "Refused");
    let expected = "forum/posts:stable is not in the registry of us-east-1: push it";
    assert!(failure.to_string().starts_with(expected), "{failure}");
    assert_eq!(world.peer.tag("forum/users", "stable"), Some(digest));
}

#[tokio::test]
async fn an_image_that_cannot_be_copied_does_not_keep_the_others_from_it() {
    let world = World::new().await;
    let rotten = world.own.image("forum/posts", Some("stable"), "1");
    world.own.inner().rotten.insert(rotten);
    let digest = world.own.image("forum/users", Some("stable"), "2");
    assert_eq!(
        world.handle(reconcile()).await.unwrap_err().name(),
        "NotVerified"
    );
    assert_eq!(world.peer.tag("forum/users", "stable"), Some(digest));
}

#[tokio::test]
async fn no_failure_shows_the_credential() {
    let world = World::new().await;
    let digest = world.own.image("forum/users", Some("v2"), "2");
    world.own.inner().forbidden = Some(format!("Authorization: Basic {TOKEN}"));
    let failure = world
        .handle(push("forum/users", Some("v2"), &digest))
        .await
        .unwrap_err();
    assert_eq!(
        failure.to_string(),
        "read image forum/users:v2 in us-east-1: answered 403 Forbidden"
    );
}
