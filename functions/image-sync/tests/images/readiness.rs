//! Whether a region has what runs, by digest, and how it comes by what it lacks.

use lifeboat_core::image::{Held, Record, Use};
use lifeboat_image_sync::{Answer, ready::Ready};
use serde_json::json;

use crate::{
    fake::{Fake, IMAGE, INDEX},
    world::{World, reconcile},
};

pub(crate) const HERE: &str = "127.0.0.1:5001/forum/users:stable";
pub(crate) const THERE: &str = "127.0.0.1:5002/forum/users:stable";

/// Home is passive, and one task in the standby runs what its tag named when it was started.
pub(crate) async fn passive() -> (World, String) {
    let world = World::new().await;
    world.activate_peer();
    world.clusters.template("users", HERE);
    let digest = world.peer.runnable("forum/users", None, "1", "amd64");
    world
        .peer
        .runnable("forum/users", Some("stable"), "2", "amd64");
    world.clusters.run("users", THERE, &digest);
    (world, digest)
}

pub(crate) async fn reconciled(world: &World) -> Ready {
    match world.handle(reconcile()).await.unwrap() {
        Answer::Reconciled(reconciled) => reconciled.ready,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn record(world: &World) -> Option<Record> {
    let found = world.control.bucket().body(Record::KEY);
    found.map(|body| Record::parse(&body).unwrap())
}

#[tokio::test]
async fn the_digest_that_runs_is_brought_and_not_what_the_tag_names_by_now() {
    let (world, digest) = passive().await;
    let ready = reconciled(&world).await;
    let name = format!("forum/users@{digest}");
    assert_eq!(ready.repaired, [name]);
    assert!(
        ready.lacking.is_empty() && ready.silent.is_none(),
        "{ready:?}"
    );
    assert!(world.own.content("forum/users", &digest).is_some());
    assert_eq!(
        world.own.tag("forum/users", "stable"),
        None,
        "no tag is set"
    );
    assert_eq!(world.peer.writes(), [""; 0]);
    let record = record(&world).unwrap();
    let users = &record.services["users"].images[0];
    assert_eq!((&users.held, users.used), (&Held::Ready, Use::Running));
    assert_eq!((&record, record.seen), (&ready.found, Some(record.at)));
    assert!(reconciled(&world).await.repaired.is_empty());
}

#[tokio::test]
async fn what_neither_region_has_is_named_and_costs_readiness() {
    let (world, digest) = passive().await;
    world.peer.forget("forum/users", &digest);
    let ready = reconciled(&world).await;
    let expected = format!(
        "users needs forum/users@{digest} in us-east-1: it is not there, and could not be fetched (it is not in us-west-2 either)"
    );
    assert_eq!(ready.lacking, [expected]);
    let record = record(&world).unwrap();
    let held = &record.services["users"].images[0].held;
    assert!(matches!(held, Held::Missing(_)), "{held:?}");
}

#[tokio::test]
async fn what_a_lifecycle_rule_removed_here_while_it_runs_comes_back_from_the_other_region() {
    let world = World::new().await;
    world.clusters.template("users", HERE);
    let digest = world.peer.runnable("forum/users", None, "1", "amd64");
    for repository in ["users", "posts"] {
        world
            .own
            .runnable(&format!("forum/{repository}"), Some("stable"), "2", "amd64");
    }
    world.clusters.run("users", HERE, &digest);
    let ready = reconciled(&world).await;
    assert_eq!(ready.repaired, [format!("forum/users@{digest}")]);
    assert!(world.own.content("forum/users", &digest).is_some());
    assert!(ready.pins.is_empty() && world.clusters.effects().is_empty());
}

#[tokio::test]
async fn a_layer_that_is_gone_below_a_manifest_that_stands_is_sent_again() {
    let (world, digest) = passive().await;
    reconciled(&world).await;
    let layer = "1".repeat(300_000);
    world.own.lose("forum/users", layer.as_bytes());
    let ready = reconciled(&world).await;
    assert_eq!(ready.repaired, [format!("forum/users@{digest}")]);
    assert!(world.own.holds_blob("forum/users", layer.as_bytes()));
}

/// Answers its digest, and that of its one image.
fn list(registry: &Fake) -> (String, String) {
    let image = registry.runnable("forum/users", None, "1", "amd64");
    let (_, bytes) = registry.content("forum/users", &image).unwrap();
    let platform = json!({"os": "linux", "architecture": "amd64"});
    let named =
        json!({"mediaType": IMAGE, "digest": image, "size": bytes.len(), "platform": platform});
    let list = json!({"schemaVersion": 2, "manifests": [named]});
    let list = registry.manifest("forum/users", None, INDEX, &list);
    (list["digest"].as_str().unwrap().to_owned(), image)
}

#[tokio::test]
async fn an_image_that_is_gone_below_a_list_that_stands_is_brought_again() {
    let world = World::new().await;
    world.activate_peer();
    world.clusters.template("users", HERE);
    let (digest, image) = list(&world.peer);
    assert_eq!(list(&world.own), (digest.clone(), image.clone()));
    world.own.forget("forum/users", &image);
    world.own.lose("forum/users", b"base");
    world.clusters.run("users", THERE, &digest);
    let ready = reconciled(&world).await;
    assert_eq!(ready.repaired, [format!("forum/users@{digest}")]);
    assert!(world.own.content("forum/users", &image).is_some());
    assert!(world.own.holds_blob("forum/users", b"base"));
}

#[tokio::test]
async fn the_way_back_is_held_too_and_losing_it_costs_no_readiness() {
    let (world, first) = passive().await;
    reconciled(&world).await;
    let second = world.peer.runnable("forum/users", None, "3", "amd64");
    world.clusters.run("users", THERE, &second);
    reconciled(&world).await;
    world.own.forget("forum/users", &first);
    let ready = reconciled(&world).await;
    assert_eq!(ready.repaired, [format!("forum/users@{first}")]);
    let uses = ready.found.services["users"]
        .images
        .iter()
        .map(|image| image.used);
    let mut uses: Vec<Use> = uses.collect();
    uses.sort();
    assert_eq!(uses, [Use::Running, Use::Deployed]);
}

#[tokio::test]
async fn while_the_active_region_is_silent_what_was_pinned_last_stands_for_what_runs() {
    let (mut world, digest) = passive().await;
    reconciled(&world).await;
    let before = record(&world).unwrap();
    assert!(world.told.borrow().is_empty());
    world.clusters.inner().silent = true;
    world.peer_dead = true;
    let ready = reconciled(&world).await;
    assert!(ready.silent.unwrap().contains("in us-west-2: timed out"));
    let image = &ready.found.services["users"].images[0];
    assert_eq!(
        (image.digest.as_str(), image.used),
        (digest.as_str(), Use::Pinned)
    );
    assert_eq!(image.held, Held::Ready);
    assert_eq!(ready.found.seen, before.seen);
    assert_eq!(*world.told.borrow(), ["PeerSilent"], "each time");
    world.publishing_fails = true;
    assert!(reconciled(&world).await.silent.is_some());
}

#[tokio::test]
async fn asked_by_hand_it_says_all_that_and_changes_nothing() {
    let (world, digest) = passive().await;
    let Answer::Ready(ready) = world.handle(json!({"action": "ready"})).await.unwrap() else {
        panic!("not ready's answer")
    };
    let expected = format!("users needs forum/users@{digest} in us-east-1: it is not there");
    assert_eq!(ready.lacking, [expected]);
    assert!(world.own.writes().is_empty() && world.clusters.effects().is_empty());
    assert_eq!(record(&world), None);
}

#[tokio::test]
async fn a_copy_that_fails_keeps_nobody_from_knowing_what_is_ready() {
    let mut world = World::new().await;
    world.clusters.template("users", HERE);
    let digest = world
        .own
        .runnable("forum/users", Some("stable"), "1", "amd64");
    world.clusters.run("users", HERE, &digest);
    world.peer_dead = true;
    let failure = world.handle(reconcile()).await.unwrap_err();
    assert_eq!(failure.name(), "Unavailable");
    let record = record(&world).unwrap();
    assert_eq!(record.services["users"].images[0].held, Held::Ready);
}
