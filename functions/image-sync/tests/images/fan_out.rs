//! Many images are brought by the workflow, batch by batch.

use lifeboat_image_sync::{Answer, Outcome, fan_out::Batches};
use serde_json::json;

use crate::{
    patterns::with,
    world::{World, reconcile},
};

const MACHINE: &str = "arn:aws:states:us-east-1:1:stateMachine:forum-image-sync";

async fn list(world: &World) -> Batches {
    match world.handle(json!({"action": "list"})).await.unwrap() {
        Answer::Batches(batches) => batches,
        other => panic!("{other:?}"),
    }
}

/// Two repositories with so many tags of one image each.
async fn many(tags: usize) -> World {
    let mut world = with(json!([{"repository": "team/*", "tags": ["*"]}])).await;
    world.configuration.image_workflow = Some(MACHINE.into());
    for repository in ["team/a", "team/b"] {
        for number in 0..tags {
            world
                .own
                .image(repository, Some(&format!("v{number}")), "1");
        }
    }
    world
}

#[tokio::test]
async fn a_reconcile_that_finds_more_than_fifty_starts_one_workflow_and_copies_nothing() {
    let world = many(26).await;
    for _ in 0..2 {
        let Outcome::HandedOn { images, execution } = world.outcome(reconcile()).await else {
            panic!("not handed on")
        };
        assert_eq!(images, 52);
        assert!(
            execution.starts_with(&format!("{MACHINE}:forum-images-")),
            "{execution}"
        );
    }
    // The hour may have changed between the two.
    assert!((1..=2).contains(&world.started.borrow().len()));
    assert_eq!(world.peer.writes(), [""; 0]);
}

#[tokio::test]
async fn fifty_and_any_number_without_a_workflow_are_copied_at_once() {
    let world = many(25).await;
    assert_eq!(world.copied(reconcile()).await.len(), 50);
    assert!(world.started.borrow().is_empty());
    let mut world = many(26).await;
    world.configuration.image_workflow = None;
    assert_eq!(world.copied(reconcile()).await.len(), 52);
}

#[tokio::test]
async fn what_is_listed_and_brought_batch_by_batch_is_everything() {
    let world = many(26).await;
    let listed = list(&world).await;
    let sizes: Vec<usize> = listed.batches.iter().map(Vec::len).collect();
    assert_eq!(
        (listed.images, listed.last, sizes),
        (52, None, vec![25, 25, 2])
    );
    for batch in listed.batches {
        let count = batch.len();
        let copied = world
            .copied(json!({"action": "sync", "images": batch}))
            .await;
        assert_eq!(copied.len(), count);
    }
    assert_eq!(list(&world).await, Batches::default());
    assert_eq!(world.outcome(reconcile()).await, Outcome::UpToDate);
}

#[tokio::test]
async fn a_passive_region_lists_nothing_and_says_why() {
    let world = many(26).await;
    world.activate_peer();
    let listed = list(&world).await;
    assert!(listed.batches.is_empty() && listed.last.is_none());
    assert_eq!(
        listed.passive.as_deref(),
        Some("us-west-2 is active at epoch 1, us-east-1 is not")
    );
    assert!(world.own.log().is_empty());
}
