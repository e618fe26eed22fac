//! By hand: what a region would run, read again.

use lifeboat_core::image::Said;
use lifeboat_image_sync::{
    Answer,
    reference::Digest,
    reread::{Found, Reread},
};
use serde_json::json;

use crate::{
    fake::Removes,
    readiness::{passive, reconciled, record},
    world::World,
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

#[tokio::test]
async fn where_nothing_is_known_to_run_and_of_a_service_that_there_is_not_it_says_so() {
    let world = World::new().await;
    let nothing = world.handle(json!({"action": "verify"})).await.unwrap_err();
    assert_eq!(nothing.name(), "Refused");
    let unknown = json!({"action": "verify", "service": "nobody"});
    let failure = world.handle(unknown).await.unwrap_err();
    assert!(failure.to_string().starts_with("service: "), "{failure}");
}
