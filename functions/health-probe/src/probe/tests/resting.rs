//! The tasks that a passive region rests at.

use lifeboat_aws::ecs::Deployed;
use lifeboat_core::scaling::Bounds;
use lifeboat_core::state::{Fence, FenceProgress};

use super::*;

/// Nothing of posts runs in this standby, and two tasks of it are to be warm.
fn cold() -> InMemory {
    InMemory::seen_from("us-west-2").warm()
}

fn started(world: &InMemory) -> Vec<(String, u32, bool)> {
    let started = world.started.borrow();
    let started = started.iter();
    started
        .map(|(service, to)| (service.clone(), to.desired, to.bounds.suspended))
        .collect()
}

#[tokio::test]
async fn a_passive_region_starts_the_tasks_that_it_rests_at_once_and_is_ready_then() {
    let world = cold();
    assert_eq!(probe(&world).await.readiness.verdict, Ready::NotReady);
    assert_eq!(started(&world), [("posts".to_owned(), 2, true)]);
    let rests = probe(&world).await;
    assert_eq!(rests.readiness.verdict, Ready::Ready, "{rests:?}");
    assert_eq!(started(&world).len(), 1, "twice is once");
    // What holds nothing is in nobody's way.
    assert_eq!((rests.idle, rests.tasks), (Idle::Yes, Tasks::Of([].into())));
    assert!(world.stopped.borrow().is_empty());
}

#[tokio::test]
async fn whoever_only_looks_starts_nothing() {
    let world = cold();
    handle(LOOK, &world, after(0)).await.unwrap();
    assert_eq!(started(&world), []);
}

#[tokio::test]
async fn more_tasks_than_a_region_rests_at_are_told_and_left_to_whoever_wants_them() {
    let world = cold();
    let posts = |change: fn(&mut Deployed)| {
        change(world.services.borrow_mut().get_mut("posts").unwrap());
    };
    posts(|posts| (posts.desired, posts.running) = (3, 3));
    assert_eq!(probe(&world).await.readiness.verdict, Ready::NotReady);
    assert!(started(&world).is_empty() && world.stopped.borrow().is_empty());
    // Half of it: a probe that was killed between bounds and number.
    posts(|posts| {
        (posts.desired, posts.running) = (0, 0);
        posts.bounds = Some(Bounds {
            minimum: 2,
            maximum: 2,
            suspended: true,
        });
    });
    probe(&world).await;
    assert_eq!(started(&world).len(), 1);
}

#[tokio::test]
async fn no_task_is_started_to_rest_at_where_somebody_acts_may_act_or_is_owed_what_is_held() {
    let lease = Some(Lease::new("an execution", Mode::Planned, &BTreeMap::new()));
    let leased = |world: &InMemory| RegionState {
        lease: lease.clone(),
        ..world.genesis()
    };
    let owing = |world: &InMemory| RegionState {
        fence: Some(Fence {
            execution: "an execution".into(),
            restored: world.backup(-60),
            progress: FenceProgress::Pending,
        }),
        ..world.genesis()
    };
    let peer_is = |world: &InMemory, state: &RegionState| {
        let body = serde_json::to_vec(state).unwrap();
        world.peer_control.bucket().set("state.json", body);
    };
    type Prepare<'a> = &'a dyn Fn(&InMemory);
    let cases: [(&str, Prepare<'_>); 4] = [
        ("a lease here", &|world| world.set_state(&leased(world))),
        ("a lease there", &|world| peer_is(world, &leased(world))),
        ("a fence owed", &|world| peer_is(world, &owing(world))),
        ("a silent peer", &|world| world.peer_is_dead(true)),
    ];
    for (what, prepare) in cases {
        let world = cold();
        prepare(&world);
        drop(handle(PROBE, &world, after(0)).await);
        assert_eq!(started(&world), [], "{what}");
    }
}

#[tokio::test]
async fn a_lease_or_an_epoch_that_comes_between_the_look_and_the_effect_is_seen() {
    let taken = |world: &InMemory| {
        let mut taken = world.genesis();
        taken.epoch = Epoch(1);
        taken.lease = Some(Lease::new("an execution", Mode::Planned, &BTreeMap::new()));
        taken
    };
    let released = |world: &InMemory| RegionState {
        lease: None,
        ..taken(world)
    };
    for state in [taken(&cold()), released(&cold())] {
        let world = cold();
        // The second time right before the effect.
        world.becomes.replace(Some((2, state)));
        probe(&world).await;
        assert_eq!(world.asked.get(), 2);
        assert_eq!(started(&world), []);
    }
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_hangs_is_given_up_before_whoever_takes_the_lease_stops_waiting_for_it() {
    let world = cold();
    world.hangs.borrow_mut().insert("scaling".into());
    let begun = tokio::time::Instant::now();
    let failed = handle(PROBE, &world, after(0)).await.unwrap_err();
    assert!(failed.to_string().contains("the next probe"), "{failed}");
    let took = begun.elapsed();
    assert!(took < lifeboat_core::lease::SETTLED_AFTER.unsigned_abs());
    world.hangs.borrow_mut().clear();
    probe(&world).await;
    assert_eq!(started(&world).len(), 1);
}

#[tokio::test]
async fn a_replaced_region_has_no_warm_task_until_its_next_lease() {
    let world = InMemory::seen_from("us-east-1").warm();
    world.peer_takes_over(1);
    for _ in 0..2 {
        let fenced = probe(&world).await;
        assert!(fenced.fenced.is_some());
        assert_eq!(started(&world), []);
    }
    // As any drill leaves it.
    let mut passive = own_state(&world).await;
    (passive.epoch, passive.active) = (Epoch(2), world.configuration.standby.clone());
    world.set_state(&passive);
    probe(&world).await;
    assert_eq!(started(&world), [("posts".to_owned(), 2, true)]);
}
