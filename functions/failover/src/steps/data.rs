//! Which backup is restored, and that it is here.

use lifeboat_backup::Outcome;
use lifeboat_core::{Failure, backup::newest, request::Mode, run::Run};

use super::{Progress, patiently};
use crate::{Wait, World};

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
    let taken = match world.take_backup(Wait::UntilDone).await {
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
    let backup = run
        .backup
        .as_ref()
        .ok_or_else(|| Failure::Refused("this execution has chosen no backup".into()))?;
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

/// Unplanned: the source may still answer; if it does not, what is here is what there is.
pub(super) async fn last_backup(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    let taken = match (&run.backup, run.request.mode) {
        (Some(_), _) => return super::done(),
        (None, Mode::Drill) => "a drill asks for none",
        (None, _) => match world.take_backup(Wait::Briefly).await {
            Ok(_) => "the source answered",
            Err(_) => "the source did not answer",
        },
    };
    let mut backups = world.backups().await?;
    while let Some(best) = newest(&backups).cloned() {
        if world.whole(&best).await? {
            let note = format!("{}; {taken}", best.name);
            run.backup = Some(best);
            return Ok(Progress::Done(note));
        }
        backups.retain(|backup| *backup != best);
    }
    Err(Failure::Refused(format!(
        "there is no whole backup in {}; nothing was changed",
        run.target
    )))
}
