//! How long the peer lacks what was pushed, as people and the alarm are told.

use jiff::{SignedDuration, Timestamp};
use lifeboat_image_sync::{Outcome, lag::Lags};
use serde_json::json;

use crate::{
    patterns::with,
    world::{World, push, reconcile},
};

/// Whole minutes, repository by repository.
fn minutes(world: &World) -> Vec<(String, i64)> {
    let lags: Lags = world.lags.take();
    let lags = lags.into_iter();
    lags.map(|(name, lag)| (name, lag.as_mins())).collect()
}

fn ago(minutes: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_mins(minutes)
}

#[tokio::test]
async fn a_push_lags_from_its_event_until_the_image_was_seen_in_the_peer() {
    let world = World::new().await;
    let digest = world.own.image("forum/users", Some("v2"), "2");
    let mut event = push("forum/users", Some("v2"), &digest);
    event["time"] = json!(ago(7).to_string());
    world.copied(event.clone()).await;
    assert_eq!(minutes(&world), [("forum/users".to_owned(), 7)]);
    let last = world.peer.log().pop().unwrap();
    assert!(
        last.starts_with("HEAD") && last.contains("/blobs/"),
        "{last}"
    );
    assert_eq!(world.outcome(event).await, Outcome::UpToDate);
    assert!(minutes(&world).is_empty(), "it came before this event");
}

#[tokio::test]
async fn a_reconcile_tells_each_repositorys_lag_and_nothing_of_what_is_up_to_date() {
    let world = with(json!([{"repository": "team/*", "tags": ["*"]}])).await;
    world.own.inner().pushed = Some(ago(9));
    world.own.image("team/a", Some("v1"), "1");
    let up_to_date = [("forum/posts".to_owned(), 0), ("forum/users".to_owned(), 0)];
    let lags = |late| [up_to_date.as_slice(), &[("team/a".to_owned(), late)]].concat();
    world.copied(reconcile()).await;
    assert_eq!(minutes(&world), lags(9));
    assert_eq!(world.outcome(reconcile()).await, Outcome::UpToDate);
    assert_eq!(minutes(&world), lags(0));
    // A tag that moved to an image that is there is no image that is missing.
    world.own.image("team/a", Some("latest"), "1");
    world.copied(reconcile()).await;
    assert_eq!(minutes(&world), lags(0));
}

#[tokio::test]
async fn what_cannot_be_copied_goes_on_ageing_and_a_passive_region_tells_nothing() {
    let world = World::new().await;
    for repository in ["forum/users", "forum/posts"] {
        world.own.image(repository, Some("stable"), "1");
    }
    world.own.inner().pushed = Some(ago(50));
    world.peer.inner().status = Some(500);
    assert_eq!(
        world.handle(reconcile()).await.unwrap_err().name(),
        "Unavailable"
    );
    let old = ["forum/posts", "forum/users"].map(|name| (name.to_owned(), 50));
    assert_eq!(minutes(&world), old);
    world.activate_peer();
    world.outcome(reconcile()).await;
    assert!(minutes(&world).is_empty());
}

#[tokio::test]
async fn no_copy_fails_because_nobody_could_be_told_how_long_it_took() {
    let mut world = World::new().await;
    world.publishing_fails = true;
    for repository in ["forum/users", "forum/posts"] {
        world.own.image(repository, Some("stable"), "1");
    }
    assert_eq!(world.copied(reconcile()).await.len(), 2);
}

#[tokio::test]
async fn what_a_registry_took_and_lost_again_did_not_arrive() {
    let world = World::new().await;
    let digest = world.own.image("forum/users", Some("v2"), "2");
    world.peer.inner().loses = true;
    let mut event = push("forum/users", Some("v2"), &digest);
    event["time"] = json!(ago(7).to_string());
    let failure = world.handle(event).await.unwrap_err();
    assert_eq!(failure.name(), "NotVerified");
    let expected = "forum/users:v2 was copied to us-west-2, whose registry took all of it, and is not whole there: ";
    assert!(failure.to_string().starts_with(expected), "{failure}");
    assert!(minutes(&world).is_empty());
}
