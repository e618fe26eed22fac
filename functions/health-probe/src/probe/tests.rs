use std::collections::BTreeMap;

use lifeboat_aws::Objects;
use lifeboat_core::{
    backup::{Damages, Harm, Proof, Proven},
    configuration,
    gate::{self, Position},
    idle::{Idle, Tasks},
    liveness::{Answer, Verdict as Alive},
    marker::{Marker, TOKEN},
    readiness::Verdict as Ready,
    request::Mode,
    state::Lease,
    users::Users,
};

use super::*;
use crate::memory::{InMemory, after};

mod resting;

const PROBE: Event = Event {
    action: Action::Probe,
};
const LOOK: Event = Event {
    action: Action::Look,
};

async fn probe(world: &InMemory) -> ProbeReport {
    handle(PROBE, world, after(0)).await.unwrap()
}

async fn status(world: &InMemory) -> Option<ProbeReport> {
    world.control().read(ProbeReport::KEY).await.unwrap()
}

async fn own_state(world: &InMemory) -> RegionState {
    world
        .control()
        .state(&world.configuration.pair().unwrap())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_well_pair_is_serving_and_ready_after_one_look() {
    let world = InMemory::seen_from("us-west-2");
    let report = probe(&world).await;
    assert_eq!(report.liveness.verdict, Alive::Serving);
    assert_eq!(
        report.readiness.verdict,
        Ready::Ready,
        "{:?}",
        report.readiness
    );
    assert_eq!(report.readiness.backup_age_seconds, Some(60));
    assert_eq!(world.pauses.get(), 0);
    let published = world.published.borrow().clone();
    let expected = [
        ("ActiveRegionServing", 1.0),
        ("BackupAgeSeconds", 60.0),
        ("DamagedObjects", 0.0),
        ("DrillAgeSeconds", 315_360_000.0),
        ("ProbeRuns", 1.0),
        ("ProofAgeSeconds", 315_360_000.0),
        ("Ready", 1.0),
    ];
    assert_eq!(published, expected.into());
    assert_eq!(status(&world).await, Some(report));
    assert_eq!(
        own_state(&world).await.peer,
        Some((&world.genesis()).into())
    );
}

#[tokio::test]
async fn a_dead_home_is_down_since_the_first_of_an_unbroken_row_of_looks() {
    let world = InMemory::seen_from("us-west-2");
    world.peer_is_dead(true);
    let first = probe(&world).await;
    assert_eq!(first.liveness.verdict, Alive::Down);
    assert_eq!(world.pauses.get(), 1);
    assert_eq!(first.down_since, Some(after(0)));
    assert_eq!(world.published.borrow()["ActiveRegionServing"], 0.0);
    let second = handle(PROBE, &world, after(60)).await.unwrap();
    assert_eq!((second.at, second.down_since), (after(60), Some(after(0))));
    world.peer_is_dead(false);
    let recovered = handle(PROBE, &world, after(120)).await.unwrap();
    assert_eq!(recovered.down_since, None);
    assert_eq!(world.published.borrow()["ActiveRegionServing"], 1.0);
}

#[tokio::test]
async fn whom_the_metric_wakes_finds_the_record_that_a_look_must_agree_with() {
    let world = InMemory::seen_from("us-west-2");
    world.peer_is_dead(true);
    probe(&world).await;
    assert_eq!(*world.written_before.borrow(), ["status.json"]);
}

#[tokio::test]
async fn a_look_is_one_look_and_finds_down_only_what_the_last_probe_found_down() {
    let world = InMemory::seen_from("us-west-2");
    let look = async |seconds| handle(LOOK, &world, after(seconds)).await.unwrap();
    world.peer_is_dead(true);
    let alone = look(0).await.liveness;
    assert_eq!(alone.verdict, Alive::CannotTell);
    assert!(alone.reasons.concat().contains("recorded nothing yet"));
    assert_eq!(world.pauses.get(), 0);
    probe(&world).await;
    assert_eq!(world.pauses.get(), 1);
    let agreed = look(30).await;
    assert_eq!(agreed.liveness.verdict, Alive::Down);
    assert_eq!(agreed.down_since, Some(after(0)));
    assert_eq!(look(151).await.liveness.verdict, Alive::CannotTell);
    world.peer_is_dead(false);
    assert_eq!(look(30).await.liveness.verdict, Alive::Serving);
    assert_eq!(world.pauses.get(), 1);
}

#[tokio::test]
async fn a_load_balancer_that_is_silent_beside_a_probe_that_is_silent_is_down_and_one_that_is_refused_cannot_tell()
 {
    let world = InMemory::seen_from("us-west-2");
    world.peer_serves.set(false);
    *world.heard.borrow_mut() = Ok(Some(after(-181)));
    assert_eq!(probe(&world).await.liveness.verdict, Alive::Down);
    for heard in [
        Ok(None),
        Err(Answer::Unclear("AccessDenied".into())),
        Ok(Some(after(-60))),
    ] {
        let mut world = InMemory::seen_from("us-west-2");
        world.configuration.down_quorum = 3;
        world.peer_serves.set(false);
        *world.heard.borrow_mut() = heard;
        assert_eq!(probe(&world).await.liveness.verdict, Alive::CannotTell);
    }
}

#[tokio::test]
async fn a_region_whose_own_storage_is_dead_cannot_tell_and_still_publishes() {
    let world = InMemory::seen_from("us-west-2");
    world.peer_is_dead(true);
    world.own_storage_is_dead();
    let report = handle(LOOK, &world, after(0)).await.unwrap();
    assert_eq!(report.liveness.verdict, Alive::CannotTell);
    assert_eq!(report.readiness.verdict, Ready::CannotTell);
    let failure = handle(PROBE, &world, after(0)).await.unwrap_err();
    assert!(failure.to_string().contains("in us-west-2"), "{failure}");
    assert_eq!(world.published.borrow()["ActiveRegionServing"], 0.0);
}

#[tokio::test]
async fn a_look_changes_nothing_and_publishes_nothing() {
    let world = InMemory::seen_from("us-east-1");
    world.peer_takes_over(1);
    let before = world.everything_written();
    let report = handle(LOOK, &world, after(0)).await.unwrap();
    assert_eq!(report.active.as_str(), "us-west-2");
    assert_eq!(world.everything_written(), before);
    assert!(world.published.borrow().is_empty() && world.stopped.borrow().is_empty());
}

#[tokio::test]
async fn an_overruled_home_raises_its_marker_before_it_stops_its_tasks_and_does_so_once() {
    let world = InMemory::seen_from("us-east-1");
    world.peer_takes_over(1);
    let report = probe(&world).await;
    let done = report.fenced.clone().unwrap();
    assert_eq!(
        done,
        "us-west-2 is active at epoch 1: raised fenced; users from 3 to 0; posts from 3 to 0"
    );
    assert_eq!(world.markers().body("fenced"), Some(TOKEN.into()));
    let fenced = vec!["fenced".to_owned()];
    let expected = [
        ("users".to_owned(), fenced.clone()),
        ("posts".to_owned(), fenced),
    ];
    assert_eq!(*world.stopped.borrow(), expected);
    assert_eq!(status(&world).await, Some(report));
    let marker = world.markers().get("fenced").await.unwrap();
    let again = probe(&world).await.fenced.unwrap();
    assert_eq!(
        again,
        "us-west-2 is active at epoch 1: fenced is raised; users is at 0; posts is at 0"
    );
    assert_eq!(world.markers().get("fenced").await.unwrap(), marker);
    assert_eq!(world.stopped.borrow().len(), 2);
    assert!(world.peer_markers.keys().is_empty());
}

#[tokio::test]
async fn an_overruled_home_fences_itself_while_the_peer_is_silent() {
    let world = InMemory::seen_from("us-east-1");
    let mut state = world.genesis();
    world.peer_takes_over(1);
    state = state.saw(&world.peer_state().await.unwrap());
    world.set_state(&state);
    world.peer_is_dead(true);
    assert!(probe(&world).await.fenced.is_some());
    assert_eq!(world.stopped.borrow().len(), 2);
}

#[tokio::test]
async fn tasks_are_stopped_even_where_the_marker_cannot_be_raised() {
    let world = InMemory::seen_from("us-east-1");
    world.peer_takes_over(1);
    world.markers().dead.set(true);
    let failure = handle(PROBE, &world, after(0)).await.unwrap_err();
    assert!(
        failure.to_string().contains("markers/fenced in us-east-1"),
        "{failure}"
    );
    assert_eq!(world.stopped.borrow().len(), 2);
    assert!(
        status(&world)
            .await
            .unwrap()
            .fenced
            .unwrap()
            .contains("could not raise fenced")
    );
}

#[tokio::test]
async fn a_standby_that_was_replaced_while_it_was_away_no_longer_claims_the_users() {
    let world = InMemory::seen_from("us-west-2");
    let mut state = world.genesis();
    (state.epoch, state.active) = (Epoch(1), world.configuration.standby.clone());
    world.set_state(&state);
    world.markers().set(Marker::Serve.key(), TOKEN);
    assert_eq!(
        probe(&world).await.fenced,
        None,
        "nobody was activated later"
    );
    assert_eq!(world.markers().keys(), ["serve"]);
    world.peer_takes_over(2);
    let fenced = probe(&world).await.fenced.unwrap();
    assert!(fenced.contains("serve is lowered"), "{fenced}");
    assert!(world.markers().keys().is_empty());
}

#[tokio::test]
async fn an_execution_that_brings_home_back_is_left_alone() {
    let world = InMemory::seen_from("us-east-1");
    let mut state = world.genesis();
    // As a lease leaves it.
    (state.epoch, state.lease) = (
        Epoch(2),
        Some(Lease::new("a", Mode::Planned, &BTreeMap::new())),
    );
    state.active = world.configuration.standby.clone();
    world.set_state(&state);
    world.peer_takes_over(1);
    assert_eq!(probe(&world).await.fenced, None);
    assert!(world.stopped.borrow().is_empty() && world.markers().keys().is_empty());
}

#[tokio::test]
async fn a_publish_that_fails_still_leaves_a_status_and_the_fence() {
    let world = InMemory::seen_from("us-east-1");
    world.peer_takes_over(1);
    world.publishing_fails.set(true);
    let failure = handle(PROBE, &world, after(0)).await.unwrap_err();
    assert_eq!(
        failure.to_string(),
        "publish metrics in us-east-1: throttled"
    );
    assert!(status(&world).await.unwrap().fenced.is_some());
    assert_eq!(own_state(&world).await.peer.unwrap().epoch, Epoch(1));
}

#[tokio::test]
async fn reclaim_is_lowered_only_when_the_standbys_marker_is_seen_absent() {
    let world = InMemory::seen_from("us-east-1");
    world.markers().set("reclaim", TOKEN);
    world.peer_markers.set("serve", TOKEN);
    let report = probe(&world).await;
    assert_eq!(report.readiness.verdict, Ready::NotReady);
    assert_eq!(world.markers().keys(), ["reclaim"]);
    world.peer_markers.delete("serve").await.unwrap();
    world.peer_markers.dead.set(true);
    probe(&world).await;
    assert_eq!(world.markers().keys(), ["reclaim"]);
    world.peer_markers.dead.set(false);
    probe(&world).await;
    assert!(world.markers().keys().is_empty());
}

#[tokio::test]
async fn production_capacity_is_remembered_where_it_runs_and_copied_where_it_may_be_needed() {
    let home = InMemory::seen_from("us-east-1");
    probe(&home).await;
    let state = own_state(&home).await;
    assert_eq!(
        state.capacity,
        [("posts".to_owned(), 3), ("users".to_owned(), 3)].into()
    );
    let standby = InMemory::seen_from("us-west-2");
    let body = home.control().bucket().body("state.json").unwrap();
    standby.peer_control.bucket().set("state.json", body);
    probe(&standby).await;
    assert_eq!(own_state(&standby).await.capacity, state.capacity);
}

#[tokio::test]
async fn what_production_needs_is_still_known_when_home_dies_with_its_tasks() {
    let home = InMemory::seen_from("us-east-1");
    probe(&home).await;
    for deployed in home.services.borrow_mut().values_mut() {
        (deployed.desired, deployed.running) = (0, 0);
    }
    let later = handle(PROBE, &home, after(60)).await.unwrap();
    assert_eq!(later.peaks["users"].highest(), 3);
    assert_eq!(own_state(&home).await.capacity["users"], 3);
    handle(PROBE, &home, after(25 * 3600 + 60)).await.unwrap();
    assert_eq!(own_state(&home).await.capacity["users"], 2);
}

#[tokio::test]
async fn a_fence_also_closes_a_service_without_tasks_that_scaling_could_still_start() {
    let world = InMemory::seen_from("us-east-1");
    world.peer_takes_over(1);
    if let Some(users) = world.services.borrow_mut().get_mut("users") {
        (users.desired, users.running) = (0, 0);
    }
    let fenced = probe(&world).await.fenced.unwrap();
    assert!(fenced.contains("users from 0 to 0"), "{fenced}");
    assert_eq!(world.stopped.borrow().len(), 2);
    let fenced = probe(&world).await.fenced.unwrap();
    assert!(fenced.contains("users is at 0"), "{fenced}");
}

#[tokio::test]
async fn a_backup_without_its_data_and_a_service_that_is_not_there_are_named() {
    let world = InMemory::seen_from("us-west-2");
    world
        .backups()
        .set(&world.backup(-10).manifest(), "manifest");
    world.services.borrow_mut().remove("posts");
    let readiness = handle(LOOK, &world, after(0)).await.unwrap().readiness;
    assert_eq!(readiness.newest_backup, Some(world.backup(-60)));
    assert_eq!(readiness.verdict, Ready::NotReady);
    assert_eq!(
        readiness.services["posts"].lacks(),
        ["service: it is not in cluster forum of us-west-2; apply this region's Terraform"]
    );
}

#[tokio::test]
async fn where_backups_do_not_cross_the_passive_region_says_what_that_means() {
    for (region, says) in [
        ("us-west-2", "us-west-2 has none to restore if us-east-1"),
        ("us-east-1", "no backup in this region"),
    ] {
        let mut world = InMemory::seen_from(region);
        world.configuration.cross_region_backup = false;
        for key in world.backups().keys() {
            world.backups().remove(&key);
        }
        let report = handle(LOOK, &world, after(0)).await.unwrap();
        let lacks = report.readiness.lacks().concat();
        assert!(lacks.contains(says), "{lacks}");
        assert_eq!(lacks.contains("is off"), region == "us-west-2", "{lacks}");
    }
}

#[tokio::test]
async fn which_services_have_tasks_is_told_in_the_region_that_serves_too() {
    for (region, running) in [("us-east-1", &["posts", "users"][..]), ("us-west-2", &[])] {
        let world = InMemory::seen_from(region);
        let report = handle(LOOK, &world, after(0)).await.unwrap();
        let running = running.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(report.tasks, Tasks::Of(running), "{region}");
    }
}

#[tokio::test]
async fn a_service_that_takes_its_data_itself_is_as_ready_as_any_other() {
    let mut world = InMemory::seen_from("us-west-2");
    let region = world.configuration.region.clone();
    let own = world.configuration.regions.get_mut(&region).unwrap();
    let mut export = configuration::sample_export("https://users.forum.test/export");
    export.secret = export.secret.replace("us-east-1", region.as_str());
    own.services.get_mut("users").unwrap().place = configuration::Place::Http(export);
    let readiness = handle(LOOK, &world, after(0)).await.unwrap().readiness;
    assert_eq!(readiness.verdict, Ready::Ready, "{readiness:?}");
}

#[tokio::test]
async fn a_closed_gate_is_told_where_users_write_and_is_nothing_where_nobody_does() {
    for (region, verdict) in [("us-east-1", Ready::NotReady), ("us-west-2", Ready::Ready)] {
        let mut world = InMemory::seen_from(region);
        let gate = gate::sample(region, "posts");
        world.priorities = gate.at(Position::Closed).into();
        world.configuration.gates = [("posts".to_owned(), gate)].into();
        let readiness = handle(LOOK, &world, after(0)).await.unwrap().readiness;
        assert_eq!(readiness.verdict, verdict, "{readiness:?}");
    }
}

#[tokio::test]
async fn a_peer_whose_state_cannot_be_understood_is_alive_and_a_fault() {
    let world = InMemory::seen_from("us-west-2");
    world
        .peer_control
        .bucket()
        .set("state.json", r#"{"schema":9}"#);
    let report = handle(LOOK, &world, after(0)).await.unwrap();
    assert_eq!(report.liveness.verdict, Alive::Serving);
    assert_eq!(
        handle(PROBE, &world, after(0)).await.unwrap_err().name(),
        "Invalid"
    );
    assert!(status(&world).await.is_some());
}

#[tokio::test]
async fn how_long_a_backup_is_on_its_way_is_published_where_backups_are_copied() {
    const LAG: &str = "ReplicationLagSeconds";
    let mut world = InMemory::seen_from("us-east-1");
    probe(&world).await;
    assert!(!world.published.borrow().contains_key(LAG));
    let followed = Followed {
        complete: None,
        waiting_since: Some(after(-90)),
        ..Followed::default()
    };
    let control = world.control();
    control.write(Followed::KEY, &followed).await.unwrap();
    probe(&world).await;
    assert_eq!(world.published.borrow()[LAG], 90.0);
    world.published.borrow_mut().clear();
    world.configuration.cross_region_backup = false;
    probe(&world).await;
    assert!(!world.published.borrow().contains_key(LAG));
}

#[tokio::test]
async fn how_much_is_damaged_is_published_in_either_region_and_a_record_that_is_torn_is_a_fault() {
    for region in ["us-east-1", "us-west-2"] {
        let world = InMemory::seen_from(region);
        let mut damages = Damages::default();
        for key in ["a", "b"] {
            damages.note(key, &Harm::Gone, None);
        }
        world.control().write(Damages::KEY, &damages).await.unwrap();
        probe(&world).await;
        assert_eq!(world.published.borrow()["DamagedObjects"], 2.0);
        world.control().bucket().set(Damages::KEY, "{");
        let torn = handle(PROBE, &world, after(60)).await.unwrap_err();
        assert!(torn.to_string().contains(Damages::KEY), "{torn}");
        let report = status(&world).await.unwrap();
        assert_eq!(
            (report.at, report.readiness.verdict),
            (after(60), Ready::Ready)
        );
    }
}

#[tokio::test]
async fn a_passive_region_is_idle_while_no_task_may_run_and_the_other_one_answers() {
    let world = InMemory::seen_from("us-west-2");
    assert_eq!(probe(&world).await.idle, Idle::Yes);
    let home = InMemory::seen_from("us-east-1");
    assert!(matches!(probe(&home).await.idle, Idle::No(_)));
    let why = async |world: &InMemory| match probe(world).await.idle {
        Idle::No(why) => why,
        Idle::Yes => "idle".into(),
    };
    // Nothing runs yet, but scaling may start some.
    let closed = world
        .services
        .borrow_mut()
        .get_mut("posts")
        .unwrap()
        .bounds
        .take();
    assert!(why(&world).await.contains("tasks of posts"));
    world.services.borrow_mut().get_mut("posts").unwrap().bounds = closed;
    world
        .services
        .borrow_mut()
        .get_mut("users")
        .unwrap()
        .pending = 1;
    assert!(why(&world).await.contains("tasks of users"));
    world
        .services
        .borrow_mut()
        .get_mut("users")
        .unwrap()
        .pending = 0;
    world.peer_is_dead(true);
    assert!(why(&world).await.contains("cannot be read"));
}

#[tokio::test]
async fn how_old_the_last_good_proof_is_is_published_and_what_cannot_be_read_is_not() {
    let world = InMemory::seen_from("us-west-2");
    let proof = |started, came| Proof::new(None, None, came, (started, started));
    let bucket = world.control().bucket();
    let good = serde_json::to_vec(&proof(after(-3600), Ok(7))).unwrap();
    bucket.set(Proof::KEY, good);
    probe(&world).await;
    assert_eq!(world.published.borrow()["ProofAgeSeconds"], 3600.0);
    bucket.set(Proof::KEY, "{");
    let report = probe(&world).await;
    assert!(matches!(report.proven, Proven::CannotTell(_)));
    assert!(!world.published.borrow().contains_key("ProofAgeSeconds"));
}

#[tokio::test]
async fn a_probe_records_its_last_look_with_how_long_each_service_took_and_a_look_keeps_nothing() {
    let world = InMemory::seen_from("us-west-2");
    let look = probe(&world).await.look.unwrap();
    assert_eq!(look.services["users"].milliseconds, 70);
    assert!(look.services["users"].good() && look.tasks.good() && look.heartbeat.good());
    world.peer_is_dead(true);
    let look = probe(&world).await.look.unwrap();
    assert!(matches!(look.services["users"].answer, Answer::Silent(_)));
    let report = handle(LOOK, &world, after(0)).await.unwrap();
    assert_eq!((report.look, report.users), (None, Users::NotLookedFor));
}

#[tokio::test]
async fn where_users_are_sent_is_told_and_decides_nothing() {
    let world = InMemory::seen_from("us-west-2");
    let home = world.configuration.home.clone();
    assert_eq!(probe(&world).await.users, Users::SentTo(home));
    let standby = world.configuration.standby.clone();
    let answered = world.names.borrow()["us-west-2.forum.test"].clone();
    world
        .names
        .borrow_mut()
        .insert("forum.test".into(), answered);
    let report = probe(&world).await;
    assert_eq!(report.users, Users::SentTo(standby));
    assert_eq!(report.active, world.configuration.home);
    let silent = Err("no answer within 1 s".to_owned());
    world.names.borrow_mut().insert("forum.test".into(), silent);
    let report = probe(&world).await;
    assert!(matches!(report.users, Users::CannotTell(_)));
    assert_eq!(report.readiness.verdict, Ready::Ready);
}

#[tokio::test(start_paused = true)]
async fn name_servers_that_hang_are_given_up_with_everything_else_told() {
    let world = InMemory::seen_from("us-west-2");
    world.hangs.borrow_mut().insert("forum.test".into());
    let report = probe(&world).await;
    assert!(matches!(report.users, Users::CannotTell(_)));
    assert_eq!(report.liveness.verdict, Alive::Serving);
    assert_eq!(report.readiness.verdict, Ready::Ready);
}

#[tokio::test]
async fn since_when_a_region_is_not_ready_is_kept_from_probe_to_probe() {
    let world = InMemory::seen_from("us-west-2");
    assert_eq!(probe(&world).await.unready_since, None);
    world
        .images_gone
        .borrow_mut()
        .push("forum/users (stable)".into());
    for seconds in [60, 120] {
        let report = handle(PROBE, &world, after(seconds)).await.unwrap();
        assert_eq!(report.unready_since, Some(after(60)));
    }
    world.images_gone.borrow_mut().clear();
    let report = handle(PROBE, &world, after(180)).await.unwrap();
    assert_eq!(report.unready_since, None);
}

#[tokio::test]
async fn a_passive_region_says_how_long_ago_it_was_seen_to_be_able() {
    let world = InMemory::seen_from("us-west-2");
    let drilled = Drilled {
        execution: "forum-drill-1".into(),
        started: after(-3600),
    };
    world.control().write(Drilled::KEY, &drilled).await.unwrap();
    let report = probe(&world).await;
    assert_eq!(report.drilled, Rehearsed::Last(drilled));
    assert_eq!(world.published.borrow()["DrillAgeSeconds"], 3600.0);
}

#[tokio::test]
async fn two_regions_that_call_themselves_active_are_told_and_one_is_not() {
    let world = InMemory::seen_from("us-west-2");
    probe(&world).await;
    assert!(!world.published.borrow().contains_key("TwoActive"));
    let mut own = world.genesis();
    (own.epoch, own.active) = (Epoch(1), world.configuration().region.clone());
    let body = serde_json::to_vec(&own).unwrap();
    world.control().bucket().set("state.json", body);
    probe(&world).await;
    assert_eq!(world.published.borrow()["TwoActive"], 1.0);
}
