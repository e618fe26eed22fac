//! An invocation whose time is over says what is left, and the next one goes on from there.

use std::time::Duration;

use lifeboat_image_sync::Outcome;
use serde_json::json;

use crate::{
    patterns::with,
    world::{StillClock, World, push, reconcile},
};

/// Sends of blobs to the peer.
fn sent(world: &World) -> usize {
    let writes = world.peer.writes();
    let blobs = writes
        .iter()
        .filter(|line| line.starts_with("PUT") && line.contains("/blobs/"));
    blobs.count()
}

#[tokio::test]
async fn what_is_not_done_in_time_is_named_and_each_invocation_gets_further() {
    let _clock = StillClock::new();
    let mut world = with(json!([{"repository": "team/*", "tags": ["*"]}])).await;
    for number in 0..30 {
        let name = format!("v{number:02}");
        world.own.image("team/a", Some(&name), &name);
    }
    world.peer.inner().upload_lasts = Duration::from_millis(60);
    world.time = Some(Duration::from_millis(400));
    let (mut invocations, mut last) = (1, 0);
    let said = loop {
        let failure = match world.handle(reconcile()).await {
            Ok(_) => break invocations,
            Err(failure) => failure,
        };
        assert_eq!(failure.name(), "Unfinished");
        let text = failure.to_string();
        assert!(
            text.starts_with("of ") && text.contains(" are not in us-west-2"),
            "{text}"
        );
        assert!(
            text.contains("team/a:v29") || text.contains(" more. "),
            "{text}"
        );
        assert!(sent(&world) > last, "nothing was sent");
        last = sent(&world);
        invocations += 1;
        assert!(invocations < 30);
    };
    assert!(said > 1, "there was time for all");
    // Two blobs of each image, and the one that all share. What was on its way when the time was over is sent again.
    let cut_short = 8 * (said - 1);
    assert!(
        (61..=61 + cut_short).contains(&sent(&world)),
        "{} in {said}",
        sent(&world)
    );
    assert_eq!(world.outcome(reconcile()).await, Outcome::UpToDate);
}

#[tokio::test]
async fn a_push_whose_time_is_over_fails_so_that_it_is_told_again() {
    let mut world = World::new().await;
    let digest = world.own.image("forum/users", Some("v2"), "2");
    world.peer.inner().upload_takes = Duration::from_secs(5);
    world.time = Some(Duration::from_millis(300));
    let event = push("forum/users", Some("v2"), &digest);
    let failure = world.handle(event.clone()).await.unwrap_err();
    assert_eq!(failure.name(), "Unfinished");
    assert!(failure.to_string().contains("forum/users:v2"), "{failure}");
    assert_eq!(world.peer.tag("forum/users", "v2"), None);
    world.peer.inner().upload_takes = Duration::ZERO;
    world.copied(event).await;
    assert_eq!(world.peer.tag("forum/users", "v2"), Some(digest));
}
