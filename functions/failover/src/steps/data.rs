//! Which backup is restored, and that it is here.

use lifeboat_backup::Outcome;
use lifeboat_core::{
    Failure,
    backup::{BackupKey, newest},
    request::Mode,
    run::Run,
};

use super::{Progress, patiently};
use crate::World;

/// Planned: the source's tasks are gone, so this backup holds everything.
pub(super) async fn final_backup(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    if run.request.mode != Mode::Planned {
        return last_backup(world, run).await;
    }
    if run.source_stopped.is_none() {
        return Err(Failure::Refused(
            "the source was not seen to stop; a backup now could miss writes".into(),
        ));
    }
    let taken = match world.take_backup().await {
        Ok(Outcome::Created { manifest }) => Ok(manifest.backup),
        Ok(other) => Err(Failure::Refused(format!(
            "{} took no final backup: {other:?}",
            run.source
        ))),
        Err(why) => Err(why),
    };
    let noted = taken.map(|backup| {
        let note = backup.name.to_string();
        run.backup = Some(backup);
        Progress::Done(note)
    });
    patiently(run, noted)
}

pub(super) async fn await_replica(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    let Some(backup) = &run.backup else {
        return last_backup(world, run).await;
    };
    if world.whole(backup).await? {
        return Ok(Progress::Done(backup.name.to_string()));
    }
    if run.request.mode != Mode::Planned {
        // Its source was given up before it came through.
        run.backup = None;
        return last_backup(world, run).await;
    }
    Ok(Progress::Waiting(format!(
        "{} to be whole in {}",
        backup.name, run.target
    )))
}

/// Planned: nothing is lost when what was restored is what the source holds, now that nobody writes.
pub(super) async fn compare(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    if run.request.mode != Mode::Planned {
        return Ok(Progress::Skipped);
    }
    let held = match world.contents().await {
        Ok(held) => held,
        Err(why) => return patiently(run, Err(why)),
    };
    let restored = run.restored.as_ref().map(|restored| &restored.services);
    for (service, content) in &held {
        let here = restored.and_then(|restored| restored.get(service));
        if here != Some(content) {
            return Err(Failure::NotVerified(format!(
                "what {service} has in {} ({} bytes, SHA-256 {}) is not what was restored in {}: something wrote there; nothing was moved",
                run.source, content.bytes, content.sha256, run.target
            )));
        }
    }
    run.compared = Some(world.now());
    Ok(Progress::Done(format!(
        "{} services, byte for byte",
        held.len()
    )))
}

/// How long a backup may take that the source was asked for and has accepted.
const COMES_SECONDS: i64 = 30;

/// Unplanned: the source may still answer; if it does not, what is here is what there is.
pub(super) async fn last_backup(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    if run.backup.is_some() {
        return super::done();
    }
    let (asked, now) = (run.asked, world.now());
    let ask = async {
        match (run.request.mode, asked) {
            (Mode::Drill, _) | (_, Some(_)) => None,
            (_, None) => Some(world.ask_for_backup().await),
        }
    };
    let (told, best) = tokio::join!(ask, newest_whole(world));
    let source = match told {
        Some(Ok(())) => {
            run.asked = Some(now);
            let what = format!("a last backup of {}", run.source);
            return Ok(Progress::Waiting(what));
        }
        Some(Err(_)) => "the source did not answer",
        None if asked.is_some() => "the source was asked",
        None => "a drill asks for none",
    };
    let best = best?.ok_or_else(|| {
        Failure::Refused(format!(
            "there is no whole backup in {}; nothing was changed",
            run.target
        ))
    })?;
    if let Some(asked) = asked {
        let came = best.name.at.as_second() >= asked.as_second();
        let waited = now.as_second() - asked.as_second();
        if !came && waited < COMES_SECONDS {
            let what = format!("a last backup of {}", run.source);
            return Ok(Progress::Waiting(what));
        }
    }
    let note = format!("{}; {source}", best.name);
    run.backup = Some(best);
    Ok(Progress::Done(note))
}

async fn newest_whole(world: &impl World) -> Result<Option<BackupKey>, Failure> {
    let mut backups = world.backups().await?;
    while let Some(best) = newest(&backups).cloned() {
        if world.whole(&best).await? {
            return Ok(Some(best));
        }
        backups.retain(|backup| *backup != best);
    }
    Ok(None)
}
