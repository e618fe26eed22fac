use lifeboat_backup::{Outcome, Question, Reply};
use lifeboat_core::{
    Failure, ReplyId,
    configuration::function_name,
    reply::Asked,
    run::{Run, Step},
};

use super::{Progress, patiently};
use crate::World;

/// What the source replied, or how far that has come. What it does takes as long as it takes.
pub(super) enum Heard {
    Reply(Outcome),
    NotYet(Progress),
}

/// Puts the question, and in a later call reads the reply.
pub(super) async fn ask(
    world: &impl World,
    run: &mut Run,
    step: Step,
    to: Question,
    what: &str,
) -> Result<Heard, Failure> {
    match hear(world, run, step, &to).await {
        Ok(Some(outcome)) => Ok(Heard::Reply(outcome)),
        Ok(None) => Ok(Heard::NotYet(Progress::Waiting(format!(
            "{what} of {}",
            run.source
        )))),
        Err(why) => patiently(run, Err(why)).map(Heard::NotYet),
    }
}

async fn hear(
    world: &impl World,
    run: &mut Run,
    step: Step,
    to: &Question,
) -> Result<Option<Outcome>, Failure> {
    let now = world.now();
    let put = match &run.asked {
        None => Asked::first(ReplyId::of_step(run.lease()?, step, now), now),
        Some(asked) => match world.peer_reply(&asked.id).await? {
            Some(reply) => {
                // After a failure it is asked anew, and what it says now is not read again.
                run.asked = None;
                return heard(world, reply).map(Some);
            }
            None if asked.overdue(now) => asked.again(now),
            None => return Ok(None),
        },
    };
    world.ask_peer(&put.id, to).await?;
    run.asked = Some(put);
    Ok(None)
}

/// In the words of the other region's function.
pub(crate) fn heard(world: &impl World, reply: Reply) -> Result<Outcome, Failure> {
    let configuration = world.configuration();
    let function = function_name(&configuration.peer().functions.backup);
    reply.heard(function, configuration.peer_region())
}
