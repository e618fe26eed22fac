//! That backups can be restored is proven by restoring one of them, whichever chance takes, in the passive region each day.

use std::{sync::atomic::Ordering, time::Duration};

use jiff::Timestamp;
use lifeboat_aws::{Objects, backups};
use lifeboat_core::{
    Failure,
    backup::{BackupKey, Kind, Manifest, Proof, draw},
};

use crate::{
    Backup, Outcome, damage,
    order::look,
    rehearse::{Right, rehearse},
};

pub(crate) async fn prove<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    clock: impl Fn() -> Timestamp,
) -> Result<Outcome, Failure> {
    let started = clock();
    if let Err(elsewhere) = may(backup).await? {
        return Ok(elsewhere);
    }
    let all = backups::all(backup.backups, Kind::Backup).await?;
    if all.is_empty() {
        let reason = "no backup is here yet".into();
        return Ok(Outcome::Busy { reason });
    }
    let drawn = one(backup, &all, started.as_nanosecond() as u64).await;
    let backup_drawn = drawn.as_ref().ok().map(|manifest| manifest.backup.clone());
    let came = match drawn {
        Ok(manifest) => {
            let may = async || match may(backup).await? {
                Ok(()) => Ok(()),
                Err(_) => Err(Failure::Stale("it is no longer this region's turn".into())),
            };
            let came = in_time(backup, &manifest, may, &clock).await;
            damage::remember(backup, came).await
        }
        Err(failure) => Err(failure),
    };
    if came.is_err()
        && let Err(elsewhere) = may(backup).await?
    {
        // An execution has begun, and a proof gives way.
        return Ok(elsewhere);
    }
    let previous = match backup.control.read::<Proof>(Proof::KEY).await {
        Err(Failure::Invalid(why)) => {
            tracing::warn!("{why}; it is begun anew");
            None
        }
        other => other?,
    };
    let drawn = backup_drawn.as_ref();
    let came = came.as_ref().copied();
    let proof = Proof::new(previous.as_ref(), drawn, came, (started, clock()));
    backup.control.write(Proof::KEY, &proof).await?;
    came.map_err(Clone::clone)?;
    Ok(Outcome::Proved { proof })
}

/// One that Lambda ended would leave no word. What lies on the disk is removed by the next one.
async fn in_time<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    manifest: &Manifest,
    may: impl AsyncFn() -> Result<(), Failure>,
    clock: impl Fn() -> Timestamp,
) -> Result<u64, Failure> {
    let left = backup.until.duration_since(clock());
    let left = Duration::try_from(left).unwrap_or_default();
    let (services, right) = (backup.services(), Right::default());
    let rehearsed = rehearse(
        backup,
        backup.backups,
        manifest,
        services.into_iter(),
        may,
        &right,
    );
    let came = tokio::time::timeout(left, rehearsed).await;
    let right = right.load(Ordering::Relaxed);
    match came {
        Ok(came) => came.map(|()| right),
        Err(_) => Err(Failure::TimedOut(format!(
            "{} did not finish: {right} of {} bytes were restored and read back when the time of one invocation was over, and of the rest nothing is known; give the function more memory, and with it more of a processor, or the file system more throughput",
            manifest.backup.name,
            manifest.bytes()
        ))),
    }
}

/// Only beside data that nobody uses, and while nobody needs the disk.
async fn may<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
) -> Result<Result<(), Outcome>, Failure> {
    let state = backup.state().await?;
    let (epoch, active) = state.highest(None);
    if active == backup.configuration.region {
        let reason = format!("{active} is active at epoch {epoch}");
        return Ok(Err(Outcome::Active { epoch, reason }));
    }
    Ok(match state.owner() {
        Some(owner) => Err(Outcome::Busy {
            reason: format!("{owner} is at work"),
        }),
        None => Ok(()),
    })
}

/// The first that is whole. One that is not yet may still be on its way; of one that was and is no more others tell.
async fn one<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    all: &[BackupKey],
    chance: u64,
) -> Result<Manifest, Failure> {
    for key in draw(all, chance) {
        match look(backup, backup.backups, key, &backup.services()).await? {
            Ok(manifest) => return Ok(manifest),
            Err(flaw) => tracing::warn!(backup = %key.name, ?flaw, "is not whole"),
        }
    }
    Err(Failure::NotVerified(format!(
        "none of {} backups here is whole; see whether backups are taken and replicated",
        all.len()
    )))
}
