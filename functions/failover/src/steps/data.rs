//! Which backup is restored, and that it is here.

use lifeboat_backup::{Outcome, Question};
use lifeboat_core::{
    Failure, ReplyId,
    backup::{BackupKey, Lack, Restored, newest},
    reply::Asked,
    request::Mode,
    run::{Run, Step},
};

use super::{
    Progress,
    ask::{Heard, ask},
};
use crate::World;

/// Planned: the source writes no more, so this backup holds everything.
pub(super) async fn final_backup(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    if run.request.mode != Mode::Planned {
        return last_backup(world, run).await;
    }
    if run.source_stopped.is_none() {
        return Err(Failure::Refused(
            "the source was not seen to stop; a backup now could miss writes".into(),
        ));
    }
    let create = Question::Create {};
    let backup = match ask(world, run, Step::FinalBackup, create, "the final backup").await? {
        Heard::Reply(Outcome::Created(created)) => created.backup,
        Heard::Reply(other) => {
            let why = format!("{} took no final backup: {other:?}", run.source);
            return Err(Failure::Refused(why));
        }
        Heard::NotYet(progress) => return Ok(progress),
    };
    let note = backup.name.to_string();
    run.backup = Some(backup);
    Ok(Progress::Done(note))
}

pub(super) async fn await_replica(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    let Some(backup) = &run.backup else {
        return last_backup(world, run).await;
    };
    let Some(lack) = world.lack(backup).await? else {
        return Ok(Progress::Done(backup.name.to_string()));
    };
    if run.request.mode != Mode::Planned {
        // Its source was given up before it came through.
        run.backup = None;
        return last_backup(world, run).await;
    }
    match lack {
        Lack::Manifest | Lack::Missing(_) | Lack::Short(_) => Ok(Progress::Waiting(format!(
            "{} to be whole in {}: {lack}",
            backup.name, run.target
        ))),
        // No waiting mends it, and nobody can write meanwhile.
        Lack::Flawed(_) | Lack::Damaged { .. } => Err(Failure::NotVerified(format!(
            "{} is here and of no use: {}; users were not moved",
            backup.name,
            lack.said(world.configuration(), backup)
        ))),
    }
}

/// Planned: nothing is lost when what was restored is what the source holds, now that nobody writes.
pub(super) async fn compare(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    if run.request.mode != Mode::Planned {
        return Ok(Progress::Skipped);
    }
    let contents = Question::Contents {};
    let held = match ask(world, run, Step::Compare, contents, "the contents").await? {
        Heard::Reply(Outcome::Contents { services }) => services,
        Heard::Reply(other) => {
            let why = format!("{} did not say what it holds: {other:?}", run.source);
            return Err(Failure::Refused(why));
        }
        Heard::NotYet(progress) => return Ok(progress),
    };
    let restored = run.restored.as_ref();
    for (service, content) in &held {
        // What is imported later is the backup's as well.
        let of = |r: &'_ Restored| {
            r.services
                .get(service)
                .or(r.to_import.get(service))
                .cloned()
        };
        let here = restored.and_then(of);
        if here.as_ref() != Some(content) {
            return Err(Failure::NotVerified(format!(
                "what {service} has in {} ({} bytes, BLAKE3 {}) is not what was restored in {}: something wrote there; nothing was moved",
                run.source, content.bytes, content.content, run.target
            )));
        }
    }
    run.compared = Some(world.now());
    Ok(Progress::Done(format!(
        "{} services, byte for byte",
        held.len()
    )))
}

/// Unplanned: the source may still answer; if it does not, what is here is what there is. Its backup comes here by itself,
/// so nobody asks the source what became of it.
pub(super) async fn last_backup(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    if run.backup.is_some() {
        return super::done();
    }
    let now = world.now();
    let asked = run.asked.take();
    let first = Asked::first(ReplyId::of_step(run.lease()?, Step::LastBackup, now), now);
    let ask = async {
        match (run.request.mode, &asked) {
            (Mode::Drill, _) | (_, Some(_)) => None,
            (_, None) => Some(world.ask_peer(&first.id, &Question::Create {}).await),
        }
    };
    let (told, best) = tokio::join!(ask, newest_whole(world));
    let waiting = Progress::Waiting(format!("a last backup of {}", run.source));
    let source = match told {
        Some(Ok(())) => {
            run.asked = Some(first);
            return Ok(waiting);
        }
        Some(Err(_)) => "the source did not answer",
        None if asked.is_some() => "the source was asked",
        None => "a drill asks for none",
    };
    let best = best?.map_err(|lacks| {
        Failure::Refused(format!(
            "there is no whole backup in {}; nothing was changed{lacks}",
            run.target
        ))
    })?;
    if let Some(asked) = asked {
        let came = best.name.at.as_second() >= asked.at.as_second();
        if !came && !asked.overdue(now) {
            run.asked = Some(asked);
            return Ok(waiting);
        }
    }
    let note = format!("{}; {source}", best.name);
    run.backup = Some(best);
    Ok(Progress::Done(note))
}

/// Where there is none: what keeps the newest from being it.
async fn newest_whole(world: &impl World) -> Result<Result<BackupKey, String>, Failure> {
    let mut backups = world.backups().await?;
    let mut lacks = String::new();
    while let Some(best) = newest(&backups).cloned() {
        match world.lack(&best).await? {
            None => return Ok(Ok(best)),
            Some(lack) if lacks.is_empty() => {
                let said = lack.said(world.configuration(), &best);
                lacks = format!(". The newest, {}: {said}", best.name);
            }
            Some(_) => {}
        }
        backups.retain(|backup| *backup != best);
    }
    Ok(Err(lacks))
}
