use std::collections::BTreeMap;

use super::*;
use crate::configuration::sample;

fn order(verb: Verb) -> Order {
    Order {
        verb,
        reason: "because".into(),
        by: Some("arn:aws:iam::111122223333:user/ada".into()),
        execution: Some("arn:aws:states:us-west-2:1:execution:m:a".into()),
    }
}

/// A planned execution at work in the standby, which stands still for this.
fn held(awaits: Option<Awaits>) -> RegionState {
    let configuration = sample("us-west-2");
    let mut state = RegionState::genesis(&configuration.pair().unwrap());
    let mut lease = Lease::new("a", Mode::Planned, &BTreeMap::new());
    lease.hold = awaits.map(|awaits| Hold {
        awaits,
        since: Timestamp::UNIX_EPOCH,
        token: "token".into(),
    });
    state.lease = Some(lease);
    state
}

fn obey(state: &RegionState, verb: Verb) -> Result<Obeyed, Failure> {
    order(verb).obey(state, &Region::new("us-west-2").unwrap())
}

#[test]
fn every_question_is_answered_by_its_own_verbs_only() {
    for awaits in [Awaits::Resume, Awaits::Approval, Awaits::Commit] {
        let state = held(Some(awaits));
        for verb in [
            Verb::Resume,
            Verb::Approve,
            Verb::Reject,
            Verb::Commit,
            Verb::Cancel,
        ] {
            let obeyed = obey(&state, verb);
            if awaits.verbs().contains(&verb) {
                let obeyed = obeyed.unwrap();
                assert_eq!(obeyed.token.as_deref(), Some("token"));
                assert_eq!(obeyed.state.lease.unwrap().hold, None);
            } else {
                assert_eq!(obeyed.unwrap_err().name(), "Refused");
            }
        }
    }
}

#[test]
fn an_execution_is_paused_before_its_next_step_and_resumed_whether_it_stands_still_already_or_not()
{
    let paused = obey(&held(None), Verb::Pause).unwrap().state;
    assert_eq!(
        paused.lease.as_ref().unwrap().paused.as_deref(),
        Some("because")
    );
    let resumed = obey(&paused, Verb::Resume).unwrap();
    assert_eq!((resumed.state, resumed.token), (held(None), None));
    let mut standing = held(Some(Awaits::Resume));
    standing.lease.as_mut().unwrap().paused = Some("because".into());
    let resumed = obey(&standing, Verb::Resume).unwrap();
    assert_eq!(resumed.state, held(None));
    assert!(obey(&held(None), Verb::Resume).is_err());
}

#[test]
fn only_a_planned_execution_that_has_moved_nobody_becomes_unplanned() {
    let turned = obey(&held(None), Verb::Turn).unwrap().state;
    assert_eq!(turned.lease.as_ref().unwrap().mode, Mode::Unplanned);
    assert_eq!(
        obey(&turned, Verb::Turn).unwrap().state,
        turned,
        "said twice"
    );
    let mut moved = held(None);
    moved.active = Region::new("us-west-2").unwrap();
    assert!(obey(&moved, Verb::Turn).is_err());
    let mut drill = held(None);
    drill.lease.as_mut().unwrap().mode = Mode::Drill;
    assert!(
        obey(&drill, Verb::Turn)
            .unwrap_err()
            .to_string()
            .contains("is drill")
    );
}

#[test]
fn an_acknowledgement_ends_the_cool_down_and_needs_no_execution() {
    let mut cooling = held(None);
    cooling.lease = None;
    cooling.cool_down_until = Some(Timestamp::MAX);
    cooling.automatic_starts = vec![Timestamp::UNIX_EPOCH];
    let acknowledge = Order {
        execution: None,
        ..order(Verb::Acknowledge)
    };
    let state = acknowledge.obey(&cooling, &cooling.active).unwrap().state;
    assert_eq!(
        (state.cool_down_until, state.automatic_starts.len()),
        (None, 0)
    );
}

#[test]
fn an_order_to_another_execution_or_to_none_is_refused_and_says_who_is_at_work() {
    let mut other = order(Verb::Pause);
    other.execution = Some("b".into());
    let me = Region::new("us-west-2").unwrap();
    let refused = other.obey(&held(None), &me).unwrap_err().to_string();
    assert_eq!(refused, "a is at work in us-west-2, not b");
    let mut nobody = held(None);
    nobody.lease = None;
    assert!(
        obey(&nobody, Verb::Pause)
            .unwrap_err()
            .to_string()
            .contains("no execution")
    );
}

#[test]
fn an_order_says_why_and_whom_it_means() {
    for (reason, execution, field) in [(" ", Some("a".into()), "reason"), ("x", None, "execution")]
    {
        let order = Order {
            verb: Verb::Approve,
            reason: reason.into(),
            by: None,
            execution,
        };
        assert!(order.validate().unwrap_err().to_string().contains(field));
    }
    let long = Order {
        reason: "ü".repeat(501),
        ..order(Verb::Pause)
    };
    assert!(long.validate().is_err());
    for by in ["", "ada\n", &"a".repeat(301)] {
        let order = Order {
            by: Some(by.into()),
            ..order(Verb::Pause)
        };
        let refused = order.validate().unwrap_err().to_string();
        assert!(refused.starts_with("by: "), "{refused}");
    }
    for verb in Verb::ALL {
        assert_eq!(serde_json::to_value(verb).unwrap(), verb.word());
    }
}
