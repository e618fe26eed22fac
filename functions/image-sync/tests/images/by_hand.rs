//! What a person asks for is the same as what the schedule does, of less.

use lifeboat_image_sync::Outcome;
use serde_json::{Value, json};

use crate::{
    patterns::with,
    world::{World, reconcile},
};

fn sync(more: Value) -> Value {
    let mut event = json!({"action": "sync"});
    for (name, value) in more.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

async fn two_services() -> World {
    let world = World::new().await;
    for repository in ["forum/users", "forum/posts"] {
        world.own.image(repository, Some("stable"), "1");
    }
    world
}

#[tokio::test]
async fn everything_one_service_or_one_image_is_brought_as_a_reconcile_would() {
    let world = two_services().await;
    let users = sync(json!({"service": "users"}));
    assert_eq!(world.copied(users.clone()).await, ["forum/users:stable"]);
    assert_eq!(world.outcome(users).await, Outcome::UpToDate);
    world.own.image("forum/users", Some("v7"), "7");
    let image = json!([{"repository": "forum/users", "reference": "v7"}]);
    assert_eq!(
        world.copied(sync(json!({"images": image}))).await,
        ["forum/users:v7"]
    );
    assert_eq!(world.copied(sync(json!({}))).await, ["forum/posts:stable"]);
    assert_eq!(world.outcome(reconcile()).await, Outcome::UpToDate);
}

#[tokio::test]
async fn a_service_that_is_none_and_an_image_that_nobody_means_are_refused_before_anything_is_asked()
 {
    let world = with(json!([{"repository": "team/*", "tags": ["v*"]}])).await;
    for (event, said) in [
        (
            json!({"service": "threads"}),
            "service: expected one of users, posts, found \"threads\"",
        ),
        (
            json!({"images": [{"repository": "team/a", "reference": "v1"}, {"repository": "team/a", "reference": "dev"}]}),
            "images.1: expected an image of a service's repository, or one that image_patterns means, found team/a:dev",
        ),
    ] {
        let failure = world.handle(sync(event)).await.unwrap_err();
        assert_eq!(
            (failure.name(), failure.to_string().as_str()),
            ("Invalid", said)
        );
    }
    assert!(world.own.log().is_empty() && world.peer.log().is_empty());
}

#[tokio::test]
async fn an_image_that_this_region_has_not_is_refused_by_name_and_a_passive_region_brings_nothing()
{
    let world = two_services().await;
    let image = json!([{"repository": "forum/users", "reference": "v9"}]);
    let failure = world
        .handle(sync(json!({"images": image})))
        .await
        .unwrap_err();
    let expected = "forum/users:v9 is not in the registry of us-east-1: ";
    assert!(failure.to_string().starts_with(expected), "{failure}");
    world.activate_peer();
    let outcome = world.outcome(sync(json!({"service": "users"}))).await;
    assert!(matches!(outcome, Outcome::Passive { .. }), "{outcome:?}");
    assert_eq!(world.peer.writes(), [""; 0]);
}
