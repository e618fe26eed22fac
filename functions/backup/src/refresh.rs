//! The passive region's data is brought to the newest whole backup by the schedule, so that a failover applies only what came
//! after it.

use jiff::Timestamp;
use lifeboat_aws::{Objects, backups};
use lifeboat_core::{
    Failure,
    backup::{Kind, newest},
    idle::{self, Turn},
    probe::ProbeReport,
};

use crate::{Backup, Outcome, order::Order, restore::restore};

pub(crate) async fn refresh<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    clock: impl Fn() -> Timestamp,
) -> Result<Outcome, Failure> {
    let me = &backup.configuration.region;
    let probed: Option<ProbeReport> = backup.control.read(ProbeReport::KEY).await?;
    let state = backup.state().await?;
    let epoch = match idle::turn(me, &state, probed.as_ref(), clock()) {
        Turn::Mine(epoch) => epoch,
        Turn::Active { epoch, reason } => return Ok(Outcome::Active { epoch, reason }),
        Turn::Busy(reason) => return Ok(Outcome::Busy { reason }),
    };
    let busy = |reason: &str| {
        let reason = reason.to_owned();
        Ok(Outcome::Busy { reason })
    };
    let all = backups::all(backup.backups, Kind::Backup).await?;
    let whole = backups::newest_whole(backup.backups, backup.control, backup.configuration).await?;
    let (Some(newest), Some(whole)) = (newest(&all), whole) else {
        return busy("no whole backup is here yet");
    };
    if whole.epoch < newest.epoch {
        return busy("of the region that serves now no backup is here as a whole yet");
    }
    let order = Order::scheduled(backup, whole.name, epoch);
    match restore(backup, &order, clock).await {
        Ok(Outcome::Restored { restored, .. }) => Ok(Outcome::Refreshed { restored }),
        Ok(other) => Ok(other),
        // Whatever broke off: somebody else acts here now, who has taken it over.
        Err(failure) => match idle::still(me, &backup.state().await?, epoch) {
            Ok(()) => Err(failure),
            Err(reason) => Ok(Outcome::Busy { reason }),
        },
    }
}
