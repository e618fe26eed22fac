use std::future::pending;

use lifeboat_aws::memory::Memory;
use lifeboat_core::{
    Epoch, Region, RegionState,
    configuration::sample,
    failure::Caught,
    plan::{Effect, Plan},
    request::RequestedBy,
    run,
};
use serde_json::Value;

use super::*;
use crate::workflow::{Standing, memory::Scripted};

#[derive(Debug, Default)]
struct Somebody {
    told: Vec<String>,
    types: Option<String>,
}

impl Somebody {
    fn who_types(text: &str) -> Self {
        Self {
            types: Some(text.into()),
            ..Self::default()
        }
    }

    fn heard(&self, text: &str) -> bool {
        self.told.iter().any(|line| line.contains(text))
    }
}

impl Person for Somebody {
    fn say(&mut self, line: &str) {
        self.told.push(line.to_owned());
    }

    fn ask(&mut self, question: &str) -> Option<String> {
        self.told.push(question.to_owned());
        self.types.take()
    }
}

fn order(to: &str, mode: Mode) -> Order {
    Order {
        to: Region::new(to).unwrap(),
        mode,
        reason: "a drill".into(),
        of: None,
        plan: None,
        tasks: None,
        overrides: vec![],
        yes: true,
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
) -> Result<(), Trouble> {
    let now = "2024-11-23T12:05:09Z".parse().unwrap();
    reach
        .carry_out(order, consent, now, somebody, pending())
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
    let mut run = run::sample(Mode::Plan);
    run.plan = Some(a_plan());
    let output = serde_json::to_value(run).unwrap();
    let reach = reach(&configuration, &order, [Standing::Succeeded(output)]);
    let mut somebody = Somebody::default();
    let outcome = carried_out(&reach, &order, Consent::Given, &mut somebody).await;
    assert_eq!(outcome, Ok(()));
    assert!(
        somebody.heard("  1. us-west-2: take the lease"),
        "{somebody:?}"
    );
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
        let reach = reach(&configuration, &order, []);
        let outcome = carried_out(&reach, &order, Consent::Ask, &mut somebody).await;
        assert_eq!(outcome.unwrap_err().exit_code(), 2);
        assert!(started(&reach).is_empty());
    }
}

#[tokio::test]
async fn who_types_the_target_has_agreed_and_gets_the_report() {
    let configuration = sample("us-east-1");
    let order = order("us-west-2", Mode::Unplanned);
    let reach = reach(&configuration, &order, [Standing::Succeeded(Value::Null)]);
    let mut somebody = Somebody::who_types("us-west-2\n");
    let outcome = carried_out(&reach, &order, Consent::Ask, &mut somebody).await;
    assert_eq!(outcome, Ok(()));
    assert!(somebody.heard("us-east-1 is presumed dead"));
    assert_eq!(started(&reach), ["forum-unplanned-20241123-120509"]);
    let missing = "no report at backups/reports/us-west-2/forum-unplanned-20241123-120509.json";
    assert!(somebody.heard(missing), "{somebody:?}");
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
    assert_eq!(outcome, Ok(()));
    assert!(somebody.heard(&timeline::render(&report)), "{somebody:?}");
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
    assert_eq!(outcome, Ok(()));
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
    assert_eq!(outcome, Ok(()));
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
async fn who_goes_away_is_told_that_the_execution_goes_on_and_how_to_look() {
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
            .carry_out(&order, Consent::Given, now, &mut somebody, gone)
            .await;
        let trouble = outcome.unwrap_err();
        assert_eq!(trouble.exit_code(), 130);
        let text = trouble.to_string();
        assert!(text.contains(&format!("{stands} in us-west-2")), "{text}");
        let look = "lifeboat status --region us-west-2 --control-bucket 123456789012-forum-control-us-west-2";
        assert!(text.contains(look), "{text}");
    }
}
