use lifeboat_core::{Failure, image::Images};
use lifeboat_image_sync::Answer;

use crate::world::{World, check, nowhere};

async fn images(world: &World) -> Result<Images, Failure> {
    match world.handle(check()).await? {
        Answer::Images(images) => Ok(images),
        other => panic!("{other:?}"),
    }
}

async fn with_both() -> (World, [String; 2]) {
    let world = World::new().await;
    let posts = world.own.image("forum/posts", Some("stable"), "1");
    let users = world.own.image("forum/users", Some("stable"), "2");
    (world, [posts, users])
}

#[tokio::test]
async fn every_services_digest_is_answered_without_a_word_to_the_peer() {
    let (mut world, [posts, users]) = with_both().await;
    // Whoever is being activated is not active yet.
    world.activate_peer();
    world.peer_dead = true;
    let images = images(&world).await.unwrap();
    assert_eq!(
        images.digests,
        [("posts".to_owned(), posts), ("users".to_owned(), users)].into()
    );
    assert!(images.repaired.is_empty() && images.started <= images.finished);
    assert!(world.peer.log().is_empty());
}

#[tokio::test]
async fn an_image_that_is_missing_here_is_fetched_from_the_peer() {
    let world = World::new().await;
    let posts = world.own.image("forum/posts", Some("stable"), "1");
    let users = world.peer.image("forum/users", Some("stable"), "2");
    let images = images(&world).await.unwrap();
    assert_eq!(images.repaired, ["users"]);
    assert_eq!(
        images.digests,
        [
            ("posts".to_owned(), posts),
            ("users".to_owned(), users.clone())
        ]
        .into()
    );
    assert_eq!(world.own.tag("forum/users", "stable"), Some(users));
    assert_eq!(world.peer.writes(), [""; 0]);
}

#[tokio::test]
async fn a_tag_that_is_here_is_never_changed_by_a_check() {
    let (world, [_, users]) = with_both().await;
    world.peer.image("forum/users", Some("stable"), "3");
    assert_eq!(images(&world).await.unwrap().digests["users"], users);
    assert_eq!(world.own.writes(), [""; 0]);
}

#[tokio::test]
async fn an_image_that_nobody_has_is_refused_with_what_to_do() {
    let world = World::new().await;
    world.own.image("forum/posts", Some("stable"), "1");
    let failure = images(&world).await.unwrap_err();
    assert_eq!(failure.name(), "Refused");
    assert_eq!(
        failure.to_string(),
        "users needs forum/users:stable, which is not in the registry of us-east-1 and could not be fetched \
         (it is not in us-west-2 either): push it, or restore it to the registry, and start again"
    );
}

#[tokio::test]
async fn a_dead_peer_cannot_repair_and_the_refusal_says_so() {
    let mut world = World::new().await;
    world.own.image("forum/posts", Some("stable"), "1");
    world.peer_dead = true;
    let tokenless = images(&world).await.unwrap_err();
    world.peer_dead = false;
    let peer = world.configuration.peer_region().clone();
    world
        .configuration
        .regions
        .get_mut(&peer)
        .unwrap()
        .registry
        .endpoint = nowhere().await;
    let silent = images(&world).await.unwrap_err();
    for failure in [tokenless, silent] {
        assert_eq!(failure.name(), "Refused");
        let text = failure.to_string();
        assert!(
            text.contains("users needs forum/users:stable") && text.contains("in us-west-2: "),
            "{text}"
        );
    }
}

#[tokio::test]
async fn what_the_peer_holds_rotten_is_not_taken() {
    let world = World::new().await;
    world.own.image("forum/posts", Some("stable"), "1");
    let digest = world.peer.image("forum/users", Some("stable"), "2");
    world.peer.inner().rotten.insert(digest);
    let failure = images(&world).await.unwrap_err();
    assert_eq!(failure.name(), "Refused");
    assert!(failure.to_string().contains("has the digest"), "{failure}");
    assert_eq!(world.own.tag("forum/users", "stable"), None);
}

#[tokio::test]
async fn an_own_registry_that_does_not_answer_is_unavailable_before_and_during_a_repair() {
    let mut world = World::new().await;
    world.own.image("forum/posts", Some("stable"), "1");
    world.peer.image("forum/users", Some("stable"), "2");
    world.own.inner().uploads_left = Some(0);
    assert_eq!(images(&world).await.unwrap_err().name(), "Unavailable");
    let own = world.configuration.region.clone();
    world
        .configuration
        .regions
        .get_mut(&own)
        .unwrap()
        .registry
        .endpoint = nowhere().await;
    let failure = images(&world).await.unwrap_err();
    assert_eq!(failure.name(), "Unavailable");
    assert!(failure.to_string().contains("in us-east-1: "), "{failure}");
}

#[tokio::test]
async fn a_pinned_service_is_checked_by_its_digest_whatever_the_tag_names_by_now() {
    let (world, [posts, _]) = with_both().await;
    let pinned = world.own.runnable("forum/users", None, "3", "amd64");
    world
        .clusters
        .template("users", &format!("127.0.0.1:5001/forum/users@{pinned}"));
    let found = images(&world).await.unwrap();
    let expected = [
        ("posts".to_owned(), posts),
        ("users".to_owned(), pinned.clone()),
    ];
    assert_eq!(found.digests, expected.into());
    assert!(found.repaired.is_empty() && world.peer.log().is_empty());

    world.own.forget("forum/users", &pinned);
    world.peer.runnable("forum/users", None, "3", "amd64");
    let found = images(&world).await.unwrap();
    assert_eq!(
        (found.digests["users"].as_str(), found.repaired),
        (pinned.as_str(), vec!["users".to_owned()])
    );
    assert!(world.own.content("forum/users", &pinned).is_some());
}

#[tokio::test]
async fn a_layer_that_is_missing_below_a_manifest_that_stands_is_sent_again_or_named() {
    for elsewhere in [true, false] {
        let (world, [_, users]) = with_both().await;
        let layer = "2".repeat(300_000);
        world.own.lose("forum/users", layer.as_bytes());
        if elsewhere {
            world.peer.image("forum/users", Some("stable"), "2");
            let images = images(&world).await.unwrap();
            assert_eq!(images.repaired, ["users"]);
            assert!(world.own.holds_blob("forum/users", layer.as_bytes()));
        } else {
            let failure = images(&world).await.unwrap_err();
            let digest = lifeboat_image_sync::reference::Digest::of(layer.as_bytes());
            let expected = format!(
                "users needs forum/users:stable, of which {digest} is not in the registry of us-east-1 and could not be fetched"
            );
            assert!(failure.to_string().starts_with(&expected), "{failure}");
        }
        assert_eq!(world.own.tag("forum/users", "stable"), Some(users));
    }
}

#[tokio::test]
async fn an_image_for_another_platform_is_refused_before_a_task_is_started() {
    let (world, _) = with_both().await;
    world
        .own
        .runnable("forum/users", Some("stable"), "3", "arm64");
    world
        .clusters
        .template("users", "127.0.0.1:5001/forum/users:stable");
    let failure = images(&world).await.unwrap_err();
    assert_eq!(failure.name(), "Refused");
    let text = failure.to_string();
    assert!(
        text.contains("is for linux/arm64, not for linux/amd64"),
        "{text}"
    );
}
