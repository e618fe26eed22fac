//! What a person is asked where the configuration wants it.

use lifeboat_core::{
    Failure,
    person::{Answered, Awaits, Verb},
    request::Mode,
    run::{Question, Run},
};

use super::Progress;
use crate::World;

/// By plan before the source stops, for its users would wait as long as the person; otherwise when everything is up.
pub(super) fn approve(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    let configuration = world.configuration();
    if run.approved.is_some() || !configuration.approval.asked(run.request.mode) {
        return Ok(Progress::Skipped);
    }
    match &run.answered {
        Some(answered) if answered.verb == Verb::Approve => {
            run.approved = Some(answered.clone());
            let reason = &answered.reason;
            Ok(Progress::Done(format!("approved: {reason}")))
        }
        Some(Answered {
            verb: Verb::Reject,
            reason,
            ..
        }) => Err(Failure::Rejected(reason.clone())),
        Some(_) | None => Ok(Progress::Asks(
            format!("may users be moved from {} to {}?", run.source, run.target),
            Question {
                awaits: Awaits::Approval,
                seconds: configuration.approval_seconds,
            },
        )),
    }
}

/// After users were moved by plan.
pub(super) fn commit(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    let seconds = world.configuration().commit_seconds;
    if seconds == 0 || run.request.mode != Mode::Planned {
        return Ok(Progress::Skipped);
    }
    match &run.answered {
        Some(answered @ Answered { verb, reason, .. }) if Awaits::Commit.verbs().contains(verb) => {
            let note = format!("{}: {reason}", verb.word());
            run.committed = Some(answered.clone());
            Ok(Progress::Done(note))
        }
        Some(_) | None => Ok(Progress::Asks(
            format!("{} serves; does it stay so?", run.target),
            Question {
                awaits: Awaits::Commit,
                seconds,
            },
        )),
    }
}
