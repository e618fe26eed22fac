//! Images that no service names, and that a pattern means.

use lifeboat_core::configuration::ImagePattern;
use lifeboat_image_sync::Outcome;
use serde_json::{Value, json};

use crate::{
    fake::INDEX,
    world::{World, push, reconcile},
};

/// A world in which the services' images are where they belong.
pub(crate) async fn with(patterns: Value) -> World {
    let mut world = World::new().await;
    world.configuration.images = serde_json::from_value::<Vec<ImagePattern>>(patterns).unwrap();
    for repository in ["forum/users", "forum/posts"] {
        world.own.image(repository, Some("stable"), "1");
        world.peer.image(repository, Some("stable"), "1");
    }
    world
}

#[tokio::test]
async fn a_push_that_a_pattern_means_goes_into_the_repository_of_the_same_name() {
    let world = with(
        json!([{"repository": "team/*", "tags": ["v*"]}, {"repository": "all", "tags": ["*"]}]),
    )
    .await;
    let digest = world.own.image("team/tools/lint", Some("v1"), "1");
    let event = push("team/tools/lint", Some("v1"), &digest);
    assert_eq!(world.copied(event).await, ["team/tools/lint:v1"]);
    assert_eq!(
        world.peer.tag("team/tools/lint", "v1"),
        Some(digest.clone())
    );

    let untagged = world.own.image("all", None, "2");
    let copied = world.copied(push("all", None, &untagged)).await;
    assert_eq!(copied, [format!("all:{untagged}")]);

    for (repository, tag) in [
        ("team/tools/lint", Some("dev")),
        ("team/tools/lint", None),
        ("teams", Some("v1")),
    ] {
        let outcome = world.outcome(push(repository, tag, &digest)).await;
        let Outcome::Ignored { reason } = outcome else {
            panic!("{outcome:?}")
        };
        assert!(reason.contains(", and no pattern means "), "{reason}");
    }
}

#[tokio::test]
async fn a_reconcile_brings_every_tag_that_a_pattern_means_and_leaves_the_others() {
    let world = with(json!([{"repository": "team/*", "tags": ["v*", "stable"]}])).await;
    for (repository, tag) in [
        ("team/a", "v1"),
        ("team/a", "dev"),
        ("team/b", "stable"),
        ("other", "v1"),
    ] {
        world.own.image(repository, Some(tag), tag);
    }
    world.own.image("team/b", None, "nameless");
    let copied = world.copied(reconcile()).await;
    assert_eq!(copied, ["team/a:v1", "team/b:stable"]);
    assert_eq!(world.outcome(reconcile()).await, Outcome::UpToDate);
    assert_eq!(world.peer.tag("team/a", "dev"), None);
    assert_eq!(world.peer.tag("other", "v1"), None);
}

#[tokio::test]
async fn a_tag_of_a_services_repository_goes_where_the_services_images_are() {
    let mut world = with(json!([{"repository": "forum/*", "tags": ["v*"]}])).await;
    let peer = world.configuration.peer_region().clone();
    let resources = world.configuration.regions.get_mut(&peer).unwrap();
    resources.services.get_mut("users").unwrap().repository = "copies/users".into();
    world.peer.image("copies/users", Some("stable"), "1");
    world.own.image("forum/users", Some("v2"), "2");
    assert_eq!(world.copied(reconcile()).await, ["copies/users:v2"]);
}

#[tokio::test]
async fn a_repository_that_the_peer_lacks_is_created_where_that_is_configured_and_refused_elsewhere()
 {
    let mut world = with(json!([{"repository": "team/*", "tags": ["*"]}])).await;
    world.own.image("team/a", Some("v1"), "1");
    world.peer.inner().strict = true;
    let failure = world.handle(reconcile()).await.unwrap_err();
    assert_eq!(failure.name(), "Refused");
    let expected = "create the repository team/a in us-west-2, and copy again";
    assert!(failure.to_string().contains(expected), "{failure}");
    world.configuration.create_missing_repositories = true;
    assert_eq!(world.copied(reconcile()).await, ["team/a:v1"]);
    let created = world.peer.writes();
    let mut created = created.iter().filter(|line| line.starts_with("CREATE"));
    assert!(created.all(|line| line == "CREATE team/a"));
}

#[tokio::test]
async fn of_a_list_only_the_chosen_platforms_are_brought_and_then_it_is_up_to_date() {
    let mut world = with(json!([{"repository": "team/a", "tags": ["v1"]}])).await;
    world.configuration.platforms = vec!["linux/arm64".into()];
    let children = ["amd64", "arm64"].map(|platform| {
        let digest = world.own.image("team/a", None, platform);
        json!({"mediaType": "x", "digest": digest, "size": 1, "platform": {"os": "linux", "architecture": platform}})
    });
    let list = json!({"schemaVersion": 2, "manifests": children});
    world.own.manifest("team/a", Some("v1"), INDEX, &list);
    let chosen = children[1]["digest"].as_str().unwrap();
    assert_eq!(
        world.copied(reconcile()).await,
        [format!("team/a:{chosen}")]
    );
    let other = children[0]["digest"].as_str().unwrap();
    assert!(world.peer.content("team/a", other).is_none());
    assert_eq!(world.outcome(reconcile()).await, Outcome::UpToDate);
    world.configuration.platforms = vec!["arm64".into()];
    let failure = world.handle(reconcile()).await.unwrap_err();
    assert!(failure.to_string().starts_with("platforms: "), "{failure}");
}
