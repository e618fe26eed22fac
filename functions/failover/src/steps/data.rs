//! Which backup is restored, and that it is here.

use lifeboat_backup::Outcome;
use lifeboat_core::{Failure, backup::newest, run::Run};

use super::Progress;
use crate::{Wait, World};

/// Planned: the source's tasks are gone, so this backup holds everything.
pub(super) async fn final_backup(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    if run.source_stopped.is_none() {
        return Err(Failure::Refused(
            "the source was not seen to stop; a backup now could miss writes".into(),
        ));
    }
    match world.take_backup(Wait::UntilDone).await? {
        Outcome::Created { manifest } => {
            let note = manifest.backup.name.to_string();
            run.backup = Some(manifest.backup);
            Ok(Progress::Done(note))
        }
        other => Err(Failure::Refused(format!(
            "{} took no final backup: {other:?}",
            run.source
        ))),
    }
}

pub(super) async fn await_replica(world: &impl World, run: &Run) -> Result<Progress, Failure> {
    let backup = run
        .backup
        .as_ref()
        .ok_or_else(|| Failure::Refused("this execution has chosen no backup".into()))?;
    if world.whole(backup).await? {
        return Ok(Progress::Done(backup.name.to_string()));
    }
    Ok(Progress::Waiting(format!(
        "{} to be whole in {}",
        backup.name, run.target
    )))
}

/// Unplanned: the source may still answer; if it does not, what is here is what there is.
pub(super) async fn last_backup(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    let taken = match run.backup {
        Some(_) => return super::done(),
        None => world.take_backup(Wait::Briefly).await,
    };
    let mut backups = world.backups().await?;
    while let Some(best) = newest(&backups).cloned() {
        if world.whole(&best).await? {
            let source = match taken {
                Ok(_) => "the source answered",
                Err(_) => "the source did not answer",
            };
            let note = format!("{}; {source}", best.name);
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
