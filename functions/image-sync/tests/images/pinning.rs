//! What the services of a passive region would start.

use lifeboat_core::{Epoch, RegionState, request::Mode, state::Lease};
use lifeboat_image_sync::ready::Pin;

use crate::{
    fake::Fake,
    readiness::{HERE, THERE, passive, reconciled},
    world::{World, push},
};

fn pinned(digest: &str) -> String {
    format!("127.0.0.1:5001/forum/users@{digest}")
}

#[tokio::test]
async fn a_service_of_the_passive_region_starts_what_runs_in_the_active_one() {
    let (world, digest) = passive().await;
    let ready = reconciled(&world).await;
    let arn = "arn:forum-users-pinned:1";
    assert_eq!(ready.pins["users"], Pin::Pinned(arn.into()));
    assert_eq!(world.clusters.starts("users"), pinned(&digest));
    let effects = [
        format!("register {arn}"),
        format!("point forum-users at {arn}"),
    ];
    assert_eq!(world.clusters.effects(), effects);
    reconciled(&world).await;
    assert_eq!(world.clusters.effects(), effects, "twice is once");
}

#[tokio::test]
async fn killed_between_the_two_effects_it_ends_the_same() {
    let (world, digest) = passive().await;
    world.clusters.inner().points_left = Some(0);
    let failure = world.handle(crate::world::reconcile()).await.unwrap_err();
    assert_eq!(failure.name(), "Unavailable");
    world.clusters.inner().points_left = None;
    reconciled(&world).await;
    let arn = "arn:forum-users-pinned:1";
    let effects = [
        format!("register {arn}"),
        format!("point forum-users at {arn}"),
    ];
    assert_eq!(world.clusters.effects(), effects);
    assert_eq!(world.clusters.starts("users"), pinned(&digest));
}

#[tokio::test]
async fn another_template_of_terraforms_is_pinned_anew_with_the_same_digest() {
    let (world, digest) = passive().await;
    reconciled(&world).await;
    world.clusters.template("users", HERE);
    reconciled(&world).await;
    assert_eq!(world.clusters.effects().len(), 2, "it says the same");
    world
        .clusters
        .template("users", "127.0.0.1:5001/forum/users:v2");
    reconciled(&world).await;
    assert_eq!(world.clusters.effects().len(), 2, "its tag is replaced");
    assert_eq!(world.clusters.starts("users"), pinned(&digest));
}

#[tokio::test]
async fn a_template_of_another_name_is_pinned_under_the_services_own() {
    let (mut world, digest) = passive().await;
    let side = world.configuration.region.clone();
    let resources = world.configuration.regions.get_mut(&side).unwrap();
    resources.services.get_mut("users").unwrap().template = Some("people".into());
    {
        let mut inner = world.clusters.inner();
        let template = inner.families.remove("forum-users").unwrap();
        inner.families.insert("people".into(), template);
    }
    let ready = reconciled(&world).await;
    let arn = "arn:forum-users-pinned:1";
    assert_eq!(ready.pins["users"], Pin::Pinned(arn.into()));
    assert_eq!(world.clusters.starts("users"), pinned(&digest));
}

#[tokio::test]
async fn what_is_not_ready_here_is_not_pinned() {
    let (world, digest) = passive().await;
    world.peer.forget("forum/users", &digest);
    let ready = reconciled(&world).await;
    let Pin::Kept(why) = &ready.pins["users"] else {
        panic!("{:?}", ready.pins)
    };
    assert!(why.ends_with("is not ready here"), "{why}");
    assert!(world.clusters.effects().is_empty());
    assert_eq!(world.clusters.starts("users"), HERE);
}

#[tokio::test]
async fn nobody_pins_while_an_execution_is_at_work() {
    let (world, _) = passive().await;
    world.set_state(&leased(&world));
    let ready = reconciled(&world).await;
    let expected = "forum-users was not pinned: an execution is at work";
    assert_eq!(ready.pins["users"], Pin::Kept(expected.into()));
    assert!(world.clusters.effects().is_empty());
}

fn leased(world: &World) -> RegionState {
    let mut state = RegionState::genesis(&world.configuration.pair().unwrap());
    state.epoch = Epoch(1);
    state.active = world.configuration.peer_region().clone();
    let capacity = Default::default();
    state.lease = Some(Lease::new("an execution", Mode::Planned, &capacity));
    state
}

#[tokio::test]
async fn who_comes_late_changes_nothing_of_what_an_execution_starts() {
    for activated in [true, false] {
        let (world, _) = passive().await;
        for repository in ["forum/users", "forum/posts"] {
            let stable = Some("stable");
            world.own.runnable(repository, stable, "2", "amd64");
        }
        let mut state = leased(&world);
        if activated {
            state.active = world.configuration.region.clone();
            (state.epoch, state.lease) = (Epoch(2), None);
        }
        let (bucket, body) = (world.control.bucket().clone(), serde_json::to_vec(&state));
        let body = body.unwrap();
        let meddle = move || bucket.set("state.json", body.clone());
        world.clusters.inner().meddle = Some(Box::new(meddle));
        let ready = reconciled(&world).await;
        assert!(
            matches!(ready.pins["users"], Pin::Kept(_)),
            "{:?}",
            ready.pins
        );
        assert_eq!(
            world.clusters.effects(),
            ["register arn:forum-users-pinned:1"]
        );
        assert_eq!(world.clusters.starts("users"), HERE);
    }
}

/// After a failover.
#[tokio::test]
async fn what_is_pushed_to_the_standby_goes_home_and_home_pins_it_while_the_standby_does_not() {
    let (home, standby) = (Fake::start().await, Fake::start().await);
    let there = World::between("us-west-2", standby.clone(), home.clone());
    let here = World::between("us-east-1", home.clone(), standby.clone());
    for world in [&there, &here] {
        let active = there.configuration.region.clone();
        world.activate(&active);
    }
    let digest = standby.runnable("forum/users", Some("stable"), "9", "amd64");
    standby.runnable("forum/posts", Some("stable"), "9", "amd64");
    let mut event = push("forum/users", Some("stable"), &digest);
    event["region"] = "us-west-2".into();
    assert_eq!(there.copied(event).await, ["forum/users:stable"]);
    assert_eq!(home.tag("forum/users", "stable"), Some(digest.clone()));

    there.clusters.template("users", THERE);
    here.clusters.template("users", HERE);
    for world in [&there, &here] {
        world.clusters.run("users", THERE, &digest);
    }
    let ready = reconciled(&there).await;
    assert!(ready.pins.is_empty() && there.clusters.effects().is_empty());
    assert_eq!(there.clusters.starts("users"), THERE);
    reconciled(&here).await;
    assert_eq!(here.clusters.starts("users"), pinned(&digest));
}
