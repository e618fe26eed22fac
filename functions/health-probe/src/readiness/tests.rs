use lifeboat_core::{
    configuration,
    liveness::Answer,
    readiness::{Fact, Verdict},
    request::Mode,
    scaling::Bounds,
    state::Lease,
};
use tokio::time::Instant;

use super::*;
use crate::memory::{InMemory, after};

async fn judged(world: &InMemory) -> Readiness {
    looked(world, Action::Probe).await
}

async fn looked(world: &InMemory, action: Action) -> Readiness {
    let pair = world.configuration.pair().unwrap();
    let state = world.control().state(&pair).await.unwrap();
    let own = observe(world, action, after(0)).await;
    let serves = world.configuration.region == world.configuration.home;
    own.judge(&world.configuration, Some(&state), serves, after(0))
}

fn missing(fact: &Fact, says: &str) {
    match fact {
        Fact::Missing(why) => assert!(why.contains(says), "{why}"),
        other => panic!("{says}: {other:?}"),
    }
}

#[tokio::test]
async fn a_region_with_all_that_its_services_need_is_ready_in_both_roles() {
    for region in ["us-west-2", "us-east-1"] {
        let readiness = judged(&InMemory::seen_from(region)).await;
        assert_eq!(readiness.verdict, Verdict::Ready, "{readiness:?}");
        assert_eq!(readiness.doubts(), [""; 0]);
    }
}

#[tokio::test]
async fn tasks_that_would_be_started_otherwise_than_in_the_other_region_cost_readiness() {
    let world = InMemory::seen_from("us-west-2");
    let mut other = world.definition.borrow().clone();
    other.cpu = Some("512".into());
    world.peer_definition.replace(Some(other));
    let readiness = judged(&world).await;
    assert_eq!(readiness.verdict, Verdict::NotReady);
    let users = &readiness.services["users"].definition;
    missing(users, "cpu is 256 in us-west-2 and 512 in us-east-1");
}

#[tokio::test]
async fn a_dead_peer_costs_this_region_no_readiness() {
    let world = InMemory::seen_from("us-west-2");
    world.peer_is_dead(true);
    let readiness = judged(&world).await;
    assert_eq!(readiness.verdict, Verdict::Ready, "{readiness:?}");
    assert_eq!(readiness.doubts().len(), 2);
    let says = "users: definition: cannot tell: describe services in us-east-1: timed out";
    assert!(
        readiness.doubts().contains(&says.to_owned()),
        "{readiness:?}"
    );
}

#[tokio::test]
async fn a_passive_regions_services_must_be_closed_unless_an_execution_brought_them_up() {
    let world = InMemory::seen_from("us-west-2");
    let open = Bounds {
        minimum: 2,
        maximum: 10,
        suspended: false,
    };
    world.services.borrow_mut().get_mut("users").unwrap().bounds = Some(open);
    let readiness = judged(&world).await;
    assert_eq!(readiness.verdict, Verdict::NotReady);
    missing(&readiness.services["users"].closed, "between 2 and 10");
    assert_eq!(readiness.services["posts"].closed, Fact::There);
    let mut state = world.genesis();
    state.lease = Some(Lease::new("a", Mode::Drill, &BTreeMap::new()));
    world.set_state(&state);
    assert_eq!(judged(&world).await.verdict, Verdict::Ready);
}

#[tokio::test]
async fn a_target_group_that_is_gone_and_tasks_that_do_not_answer_are_named() {
    let world = InMemory::seen_from("us-west-2");
    world.gone.borrow_mut().insert("group".into());
    let readiness = judged(&world).await;
    missing(
        &readiness.services["users"].target,
        "group is not in us-west-2",
    );
    let world = InMemory::seen_from("us-east-1");
    world.own_answer.replace(Answer::Bad("status 503".into()));
    let readiness = judged(&world).await;
    missing(&readiness.services["posts"].target, "status 503");
    // Where no task runs nobody is asked.
    let world = InMemory::seen_from("us-west-2");
    world.own_answer.replace(Answer::Bad("status 503".into()));
    assert_eq!(judged(&world).await.verdict, Verdict::Ready);
}

#[tokio::test]
async fn secrets_of_tasks_and_of_data_are_looked_for_in_this_region() {
    let mut world = InMemory::seen_from("us-west-2");
    let mut users = readiness::definition::Container::default();
    let parameter = "arn:aws:ssm:us-west-2:1:parameter/forum/key".to_owned();
    users.secrets.insert("KEY".into(), parameter);
    let mut definition = world.definition.borrow().clone();
    definition.containers.insert("users".into(), users);
    world.definition.replace(definition);
    // One of the two names that the ARN may mean is enough.
    world.gone.borrow_mut().insert("forum/key".into());
    assert_eq!(judged(&world).await.verdict, Verdict::Ready);
    world.gone.borrow_mut().insert("/forum/key".into());
    let readiness = judged(&world).await;
    missing(
        &readiness.services["posts"].secrets,
        "parameter forum/key or /forum/key",
    );
    world.gone.borrow_mut().clear();
    let region = world.configuration.region.clone();
    let own = world.configuration.regions.get_mut(&region).unwrap();
    let export = configuration::sample_export("https://users.forum.test/export");
    own.services.get_mut("users").unwrap().place = configuration::Place::Http(export);
    let readiness = judged(&world).await;
    missing(&readiness.services["users"].secrets, "not of us-west-2");
}

#[tokio::test]
async fn room_is_asked_for_what_production_has_beyond_what_runs() {
    let world = InMemory::seen_from("us-west-2");
    let mut state = world.genesis();
    state.capacity = [("users".to_owned(), 30)].into();
    world.set_state(&state);
    // Thirty of users, and the minimum of posts, which is two.
    world
        .free
        .replace([("a".to_owned(), 20), ("b".to_owned(), 11)].into());
    let readiness = judged(&world).await;
    missing(
        &readiness.addresses,
        "needs 32 more addresses, and a, b have 31 free",
    );
    world.free.borrow_mut().insert("b".into(), 12);
    assert_eq!(judged(&world).await.verdict, Verdict::Ready);
    let quota = readiness::Quota {
        vcpus: 8.0,
        used: 0.5,
    };
    *world.quota.borrow_mut() = Ok(quota);
    let readiness = judged(&world).await;
    missing(&readiness.quota, "needs 8 more vCPUs");
    let home = InMemory::seen_from("us-east-1");
    home.set_state(&state);
    home.free
        .replace([("a".to_owned(), 0), ("b".to_owned(), 27)].into());
    assert_eq!(judged(&home).await.addresses, Fact::There);
}

#[tokio::test(start_paused = true)]
async fn what_hangs_hides_nothing_else_and_all_of_it_takes_no_longer_than_one_answer_may() {
    for (hangs, doubted, verdict) in [
        ("definition", "definition", Verdict::Ready),
        ("group", "target", Verdict::CannotTell),
        ("subnets", "addresses", Verdict::Ready),
        ("quota", "quota", Verdict::Ready),
    ] {
        for action in [Action::Probe, Action::Look] {
            let world = InMemory::seen_from("us-west-2");
            world.hangs.borrow_mut().insert(hangs.to_owned());
            let begun = Instant::now();
            let readiness = looked(&world, action).await;
            assert_eq!(readiness.verdict, verdict, "{hangs}");
            let told = [readiness.doubts(), readiness.lacks()].concat();
            assert!(told.iter().any(|told| told.contains(doubted)), "{told:?}");
            let took = begun.elapsed();
            assert!(took <= action.patience() * 3 / 2, "{hangs}: {took:?}");
            assert_eq!(readiness.backup, Fact::There);
            assert_eq!(readiness.services["users"].image, Fact::There);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_hangs_leaves_every_other_fact_as_it_is() {
    let world = InMemory::seen_from("us-west-2");
    world.gone.borrow_mut().insert("group".into());
    let well = judged(&world).await;
    world.hangs.borrow_mut().insert("peer services".into());
    let mut hanging = judged(&world).await;
    for facts in hanging.services.values_mut() {
        assert!(matches!(facts.definition, Fact::CannotTell(_)));
        facts.definition = Fact::There;
    }
    assert_eq!(hanging, well);
}
