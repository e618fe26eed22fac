//! An execution stands still for a person: for as long as it takes, because its lease lives as long as it does.

use lifeboat_core::{
    Failure,
    person::{Answered, Awaits, Verb},
    request::Mode,
    run::{Question, Run, Step, Waiting},
    state::Hold,
};

use crate::{World, steps::guard};

pub(crate) async fn hold(world: &impl World, run: &Run, token: &str) -> Result<String, Failure> {
    run.validate(&world.configuration().region)?;
    guard(world, Step::Approve, run).await?;
    let Some(Waiting {
        person: Some(question),
        what,
        ..
    }) = &run.waiting
    else {
        let expected = "a run that waits for a person";
        return Err(lifeboat_core::Invalid::new("run.waiting", expected, "none").into());
    };
    let state = world
        .change_state(&|state| {
            let mut state = state.clone();
            let lease = state.lease.as_mut();
            if let Some(lease) = lease.filter(|l| l.execution == run.execution) {
                let resumed = question.awaits == Awaits::Resume && lease.paused.is_none();
                lease.hold = (!resumed).then(|| Hold {
                    awaits: question.awaits,
                    since: world.now(),
                    token: token.to_owned(),
                });
            }
            Ok(state)
        })
        .await?;
    if state.lease.is_some_and(|lease| lease.hold.is_some()) {
        tell(world, run, question, what).await?;
        return Ok(format!("waits: {what}"));
    }
    // Resumed before it stood still.
    let answered = Answered {
        verb: Verb::Resume,
        reason: "resumed already".into(),
        by: None,
        at: world.now(),
    };
    world.answer(token, &answered).await?;
    Ok("resumed already".into())
}

async fn tell(
    world: &impl World,
    run: &Run,
    question: &Question,
    what: &str,
) -> Result<(), Failure> {
    let application = &world.configuration().application;
    let verbs = question.awaits.verbs().iter().map(|verb| {
        format!(
            "lifeboat {} --to {} --execution {} --reason \"…\"",
            verb.word(),
            run.target,
            run.name()
        )
    });
    let verbs: Vec<String> = verbs.collect();
    let otherwise = match (question.awaits, run.request.mode) {
        (Awaits::Approval, Mode::Unplanned) => {
            "nobody is moved and it fails; what was brought up stays up"
        }
        (Awaits::Approval | Awaits::Resume, _) => {
            "it fails, and is put back where users were not moved yet"
        }
        (Awaits::Commit, _) => "it fails as it stands: users stay where they are",
    };
    let subject = format!("{application}: {} waits for a person", run.name());
    let text = format!(
        "The {} execution {} towards {} stands still: {what}\nAnswer within {} minutes with:\n- {}\nWithout an answer {otherwise}.",
        run.request.mode.as_str(),
        run.execution,
        run.target,
        question.seconds / 60,
        verbs.join("\n- ")
    );
    world.notify(&subject, &text).await
}
