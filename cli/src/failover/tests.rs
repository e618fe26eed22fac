use std::future::{pending, ready};

use lifeboat_aws::memory::Memory;
use lifeboat_core::{
    Epoch, Region, RegionState,
    configuration::sample,
    decide::{Answer as Weight, Fact, Weighed},
    failure::Caught,
    plan::{Effect, Plan},
    request::RequestedBy,
    run,
};
use serde_json::Value;

use super::*;
use crate::{
    person::memory::Somebody,
    workflow::{Standing, memory::Scripted},
};

const ADA: &str = "arn:aws:iam::111122223333:user/ada";

fn order(to: &str, mode: Mode) -> Order {
    Order {
        to: Region::new(to).unwrap(),
        mode,
        reason: "a drill".into(),
        by: None,
        of: None,
        plan: None,
        tasks: None,
        overrides: vec![],
        course: Course::AtOnce,
    }
}

fn a_plan() -> Plan {
    let what = "take the lease".into();
    let region = Region::new("us-west-2").unwrap();
    let (before, after) = (String::new(), String::new());
    let effect = Effect {
        region,
        what,
        before,
        after,
    };
    Plan {
        mode: Mode::Planned,
        effects: vec![effect],
        digest: "d1".into(),
    }
}

/// A plan that came to its end.
fn a_planned(facts: Vec<Weighed>) -> Standing {
    let mut run = run::sample(Mode::Plan);
    run.plan = Some(a_plan());
    run.decision.facts = facts;
    Standing::Succeeded(serde_json::to_value(run).unwrap())
}

fn not_down() -> Weighed {
    Weighed {
        fact: Fact::ActiveRegionDown,
        answer: Weight::No,
        why: "it serves".into(),
        needed: true,
        overridden: None,
    }
}

fn reach<'a>(
    configuration: &'a Configuration,
    order: &Order,
    standings: impl IntoIterator<Item = Standing>,
) -> Reach<'a, Memory, Scripted> {
    let side = order.side(configuration).unwrap();
    let control = |side| {
        let region = configuration.region_of(side);
        Control::new(Memory::new("control", region))
    };
    Reach {
        configuration,
        side,
        target: control(side),
        other: control(side.other()),
        reports: Memory::new("backups", configuration.region_of(side)),
        workflow: Scripted::new(standings.into_iter().map(Ok)),
        pause: Duration::from_millis(1),
    }
}

async fn carried_out(
    reach: &Reach<'_, Memory, Scripted>,
    order: &Order,
    consent: Consent,
    somebody: &mut Somebody,
) -> Result<Answer, Trouble> {
    let now = "2024-11-23T12:05:09Z".parse().unwrap();
    let caller = ready(Some(ADA.to_owned()));
    reach
        .carry_out(order, caller, consent, now, somebody, pending())
        .await
}

fn started(reach: &Reach<'_, Memory, Scripted>) -> Vec<String> {
    let started = reach.workflow.started.borrow();
    started.iter().map(|(name, _)| name.clone()).collect()
}

#[tokio::test]
async fn a_plan_is_started_in_the_target_and_told_without_a_question() {
    let configuration = sample("us-east-1");
    let order = order("us-west-2", Mode::Plan);
    let reach = reach(&configuration, &order, [a_planned(vec![])]);
    let mut somebody = Somebody::default();
    let outcome = carried_out(&reach, &order, Consent::Given, &mut somebody).await;
    let answer = outcome.unwrap();
    assert_eq!(answer.exit_code(), 0);
    let text = &answer.text;
    assert!(text.contains("  1. us-west-2: take the lease"), "{text}");
    assert_eq!(answer.document["plan"]["digest"], "d1");
    let started = reach.workflow.started.borrow();
    let (name, request) = &started[0];
    assert_eq!(name, "forum-plan-20241123-120509");
    assert_eq!(request.requested_by, RequestedBy::Person);
}

#[tokio::test]
async fn who_types_anything_but_the_target_starts_nothing() {
    let configuration = sample("us-east-1");
    let order = order("us-west-2", Mode::Unplanned);
    for mut somebody in [
        Somebody::who_types("yes"),
        Somebody::who_types("us-east-1\n"),
        Somebody::default(),
    ] {
        let reach = reach(&configuration, &order, [a_planned(vec![])]);
        let outcome = carried_out(&reach, &order, Consent::Ask, &mut somebody).await;
        assert_eq!(outcome.unwrap_err().exit_code(), 2);
        assert_eq!(started(&reach), ["forum-plan-20241123-120509"]);
    }
}

#[tokio::test]
async fn who_types_the_target_has_agreed_to_the_plan_that_was_shown_and_gets_the_report() {
    let configuration = sample("us-east-1");
    let mut order = order("us-west-2", Mode::Unplanned);
    order.overrides = vec![(Fact::ActiveRegionDown, "I was there".into())];
    let standings = [
        a_planned(vec![not_down()]),
        Standing::Succeeded(Value::Null),
    ];
    let reach = reach(&configuration, &order, standings);
    let mut somebody = Somebody::who_types("us-west-2\n");
    let outcome = carried_out(&reach, &order, Consent::Ask, &mut somebody).await;
    let answer = outcome.unwrap();
    assert!(somebody.heard("  1. us-west-2: take the lease"));
    assert!(somebody.heard("us-east-1 is presumed dead"));
    let names = [
        "forum-plan-20241123-120509",
        "forum-unplanned-20241123-120509",
    ];
    assert_eq!(started(&reach), names);
    let plan = &reach.workflow.started.borrow()[0].1;
    assert_eq!((plan.of, plan.overrides.len()), (Some(Mode::Unplanned), 0));
    let begun = &reach.workflow.started.borrow()[1].1;
    assert_eq!(begun.plan.as_deref(), Some("d1"));
    let missing = "no report at backups/reports/us-west-2/forum-unplanned-20241123-120509.json";
    assert!(answer.text.contains(missing), "{answer:?}");
}

#[tokio::test]
async fn what_would_be_refused_is_not_asked_about_and_the_answer_is_no() {
    let configuration = sample("us-east-1");
    let order = order("us-west-2", Mode::Unplanned);
    let reach = reach(&configuration, &order, [a_planned(vec![not_down()])]);
    let mut somebody = Somebody::who_types("us-west-2\n");
    let outcome = carried_out(&reach, &order, Consent::Ask, &mut somebody).await;
    let answer = outcome.unwrap();
    assert_eq!(answer.exit_code(), 3);
    assert!(
        answer
            .text
            .contains("because of active_region_down. Nothing was started")
    );
    assert!(somebody.heard("it serves") && !somebody.heard("Type us-west-2"));
    assert_eq!(started(&reach).len(), 1);
}

#[tokio::test]
async fn a_dry_run_ends_with_the_plan_of_that_mode() {
    let configuration = sample("us-east-1");
    let mut order = order("us-west-2", Mode::Planned);
    order.course = Course::DryRun;
    for (facts, code) in [(vec![], 0), (vec![not_down()], 3)] {
        let reach = reach(&configuration, &order, [a_planned(facts)]);
        let mut somebody = Somebody::default();
        let outcome = carried_out(&reach, &order, Consent::Given, &mut somebody).await;
        let answer = outcome.unwrap();
        assert_eq!(answer.exit_code(), code);
        assert!(
            answer.text.contains("--mode planned --plan d1"),
            "{answer:?}"
        );
        assert_eq!(started(&reach), ["forum-plan-20241123-120509"]);
    }
}

#[tokio::test]
async fn an_execution_is_followed_again_by_its_name_and_one_that_nobody_knows_is_a_failure() {
    let configuration = sample("us-east-1");
    let order = order("us-west-2", Mode::Unplanned);
    let standings = [Standing::Running, Standing::Succeeded(Value::Null)];
    let reach = reach(&configuration, &order, standings);
    let mut somebody = Somebody::default();
    let answer = reach.follow("forum-7", &mut somebody, pending()).await;
    assert!(
        answer
            .unwrap()
            .text
            .contains("reports/us-west-2/forum-7.json")
    );
    assert!(started(&reach).is_empty());
    let region = Region::new("us-west-2").unwrap();
    let unknown = Failure::unavailable("look at", "forum-8", &region, "ExecutionDoesNotExist");
    reach.workflow.knows_none(unknown);
    let trouble = reach
        .follow("forum-8", &mut somebody, pending())
        .await
        .unwrap_err();
    assert!(
        trouble
            .to_string()
            .contains("Is forum-8 an execution in us-west-2?")
    );
}

#[tokio::test]
async fn the_report_is_read_in_the_targets_own_bucket() {
    let configuration = sample("us-east-1");
    let order = order("us-west-2", Mode::Unplanned);
    let reach = reach(&configuration, &order, [Standing::Succeeded(Value::Null)]);
    let report = timeline::tests::report(Mode::Unplanned);
    let name = "forum-unplanned-20241123-120509";
    let json = serde_json::to_vec(&report).unwrap();
    reach.reports.set(&Report::key(&report.to, name), json);
    let mut somebody = Somebody::default();
    let outcome = carried_out(&reach, &order, Consent::Given, &mut somebody).await;
    let answer = outcome.unwrap();
    assert!(answer.text.starts_with(&timeline::render(&report)));
    assert_eq!(
        answer.document["report"],
        serde_json::to_value(&report).unwrap()
    );
}

#[tokio::test]
async fn the_region_that_is_active_already_is_refused_before_anything_starts() {
    let configuration = sample("us-east-1");
    let order = order("us-east-1", Mode::Planned);
    let reach = reach(&configuration, &order, []);
    let mut somebody = Somebody::default();
    let outcome = carried_out(&reach, &order, Consent::Given, &mut somebody).await;
    let trouble = outcome.unwrap_err();
    assert_eq!(trouble.exit_code(), 2);
    assert!(
        trouble
            .to_string()
            .contains("us-east-1, which is active already")
    );
    assert!(started(&reach).is_empty());
    let nobody_tells = pending::<Option<String>>();
    let now = Timestamp::UNIX_EPOCH;
    let refused = reach
        .carry_out(
            &order,
            nobody_tells,
            Consent::Given,
            now,
            &mut somebody,
            pending(),
        )
        .await;
    assert_eq!(refused.unwrap_err(), trouble);
}

#[tokio::test]
async fn whoever_asks_stands_in_every_request_and_who_is_not_known_is_not_kept_from_it() {
    let configuration = sample("us-east-1");
    let order = order("us-west-2", Mode::Unplanned);
    for caller in [Some(ADA.to_owned()), None] {
        let standings = [a_planned(vec![]), Standing::Succeeded(Value::Null)];
        let reach = reach(&configuration, &order, standings);
        let mut somebody = Somebody::who_types("us-west-2\n");
        let asked = reach.carry_out(
            &order,
            ready(caller.clone()),
            Consent::Ask,
            Timestamp::UNIX_EPOCH,
            &mut somebody,
            pending(),
        );
        asked.await.unwrap();
        let started = reach.workflow.started.borrow();
        let mut all = started.iter();
        assert!(all.all(|(_, request)| request.by == caller), "{started:?}");
        assert_eq!(started.len(), 2);
    }
}

#[tokio::test]
async fn a_home_that_never_heard_of_being_replaced_can_be_returned_to() {
    let configuration = sample("us-east-1");
    let order = order("us-east-1", Mode::Planned);
    let reach = reach(&configuration, &order, [Standing::Succeeded(Value::Null)]);
    let mut standby = RegionState::genesis(&configuration.pair().unwrap());
    (standby.epoch, standby.active) = (Epoch(1), configuration.standby.clone());
    let state = serde_json::to_vec(&standby).unwrap();
    reach.other.bucket().set("state.json", state);
    let mut somebody = Somebody::default();
    let outcome = carried_out(&reach, &order, Consent::Given, &mut somebody).await;
    assert_eq!(outcome.unwrap().exit_code(), 0);
    assert_eq!(started(&reach).len(), 1);
}

#[tokio::test]
async fn a_dead_other_region_is_never_needed() {
    let configuration = sample("us-east-1");
    let order = order("us-west-2", Mode::Unplanned);
    let reach = reach(&configuration, &order, [Standing::Succeeded(Value::Null)]);
    reach.other.bucket().dead.set(true);
    let mut somebody = Somebody::default();
    let outcome = carried_out(&reach, &order, Consent::Given, &mut somebody).await;
    assert_eq!(outcome.unwrap().exit_code(), 0);
}

#[tokio::test]
async fn a_failed_execution_is_a_failure_with_its_message() {
    let configuration = sample("us-east-1");
    let order = order("us-west-2", Mode::Planned);
    let caught = Caught {
        error: "TimedOut".into(),
        cause: r#"{"errorMessage":"quiesce: waited 181 s"}"#.into(),
    };
    let reach = reach(&configuration, &order, [Standing::Failed(caught)]);
    let mut somebody = Somebody::default();
    let outcome = carried_out(&reach, &order, Consent::Given, &mut somebody).await;
    let trouble = outcome.unwrap_err();
    assert_eq!(trouble.exit_code(), 1);
    let text = trouble.to_string();
    assert!(
        text.starts_with("TimedOut: quiesce: waited 181 s"),
        "{text}"
    );
}

#[tokio::test]
async fn who_goes_away_is_told_that_the_execution_goes_on_and_how_to_follow_it_again() {
    let configuration = sample("us-east-1");
    let order = order("us-west-2", Mode::Unplanned);
    for (patience, stands) in [(0, "may have begun"), (1, "goes on")] {
        let reach = reach(&configuration, &order, [Standing::Running]);
        let gone = async {
            for _ in 0..patience {
                tokio::task::yield_now().await;
            }
        };
        let mut somebody = Somebody::default();
        let now = Timestamp::UNIX_EPOCH;
        let outcome = reach
            .carry_out(
                &order,
                ready(None),
                Consent::Given,
                now,
                &mut somebody,
                gone,
            )
            .await;
        let trouble = outcome.unwrap_err();
        assert_eq!(trouble.exit_code(), 130);
        let text = trouble.to_string();
        assert!(text.contains(&format!("{stands} in us-west-2")), "{text}");
        let look = "lifeboat follow --to us-west-2 --execution forum-unplanned-19700101-000000 --region us-west-2 --control-bucket 123456789012-forum-control-us-west-2";
        assert!(text.contains(look), "{text}");
    }
}
