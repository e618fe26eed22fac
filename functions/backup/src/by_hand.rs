//! Whether a person may restore here now, and in words what to do where not. Asked when it begins and before each effect.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lifeboat_aws::Objects;
use lifeboat_core::{
    Failure, RegionState,
    backup::Overrides,
    configuration::Through,
    idle::{self, ByHand, Writes},
    probe::ProbeReport,
};

use crate::{Backup, order::Order};

/// What is overridden by it.
pub(crate) async fn may<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    order: &Order,
    state: &RegionState,
    clock: impl Fn() -> Timestamp,
) -> Result<Overrides, Failure> {
    let me = &backup.configuration.region;
    let epoch = match idle::by_hand(me, state) {
        ByHand::May => return Ok(Overrides::default()),
        ByHand::AtWork(owner) => return Err(at_work(backup, &owner)),
        ByHand::Serves(epoch) => epoch,
    };
    let probed: Option<ProbeReport> = backup.control.read(ProbeReport::KEY).await?;
    let services = order.services();
    let services = services.map(|name| (name, backup.configuration.through(name)));
    let said = order.overrides.nothing_writes.as_deref();
    match idle::writes(services, epoch, probed.as_ref(), clock(), said) {
        Writes::Nothing => Ok(Overrides::default()),
        Writes::NothingIsSaid => Ok(Overrides {
            nothing_writes: order.overrides.nothing_writes.clone(),
            ..Overrides::default()
        }),
        Writes::AtWork(owner) => Err(at_work(backup, &owner)),
        Writes::Tasks(services) => Err(Failure::Refused(format!(
            "{me} serves, and tasks of {} run there or may, which write back what they hold: stop them, wait two minutes until the probe has seen it, and ask again. {}",
            joined(&services),
            stop(backup, &services)
        ))),
        Writes::CannotTell(why) => Err(Failure::Refused(format!(
            "{me} serves, and cannot tell whether tasks of {} run there: {why}. See that the health probe works and ask again; where it does not, stop them and say in overrides.nothing_writes how you know. {}",
            joined(&stored(backup, order)),
            stop(backup, &stored(backup, order))
        ))),
        Writes::ByUsers(services) => Err(Failure::Refused(format!(
            "{me} serves, and {} takes its data by its own tasks, to which users write meanwhile: see that they do not, and say in overrides.nothing_writes how; or restore the others alone, by services",
            joined(&services)
        ))),
    }
}

fn at_work<C: Objects, B: Objects>(backup: &Backup<'_, C, B>, owner: &str) -> Failure {
    let me = &backup.configuration.region;
    Failure::Refused(format!(
        "{owner} is at work, and restores by itself what it needs; wait until it has ended before you restore in {me}"
    ))
}

/// Those whose tasks would be in the way.
fn stored<C: Objects, B: Objects>(backup: &Backup<'_, C, B>, order: &Order) -> BTreeSet<String> {
    let through = |name: &&str| backup.configuration.through(name);
    let stored = order.services().filter(|s| through(s) == Through::Storage);
    stored.map(str::to_owned).collect()
}

fn joined(services: &BTreeSet<String>) -> String {
    let services: Vec<&str> = services.iter().map(String::as_str).collect();
    services.join(", ")
}

/// The commands, one after the other: what scaling may do first, or it starts them again.
fn stop<C: Objects, B: Objects>(backup: &Backup<'_, C, B>, services: &BTreeSet<String>) -> String {
    let (own, region) = (backup.configuration.own(), &backup.configuration.region);
    let stops = services.iter().map(|name| {
        let (service, cluster) = (&own.services[name], &own.cluster);
        format!(
            "aws application-autoscaling register-scalable-target --region {region} --service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id {} --min-capacity 0 --max-capacity 0 --suspended-state DynamicScalingInSuspended=true,DynamicScalingOutSuspended=true,ScheduledScalingSuspended=true && aws ecs update-service --region {region} --cluster {cluster} --service {} --desired-count 0",
            service.scalable_target, service.service
        )
    });
    stops.collect::<Vec<_>>().join(" && ")
}
