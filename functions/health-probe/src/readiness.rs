//! What this region would need to take over, and what of it is there.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lifeboat_aws::{backups, ecs::Services};
use lifeboat_core::{
    Configuration, Failure, RegionState,
    gate::Priorities,
    idle,
    marker::{Marker, Seen},
    readiness::{self, Fact, Facts, Readiness, ServiceFacts},
    scaling::Scale,
};

use crate::{
    event::Action,
    images, markers,
    needs::{self, Needs, Others, Room},
    wait::Wait,
    world::World,
};

#[derive(Debug)]
pub struct Own {
    facts: Facts,
    gates: Result<Priorities, Failure>,
    pub services: Result<Services, Failure>,
    needs: BTreeMap<String, Needs>,
    others: Others,
    room: Room,
    pub reclaim: Seen,
}

impl Own {
    pub fn judge(
        &self,
        configuration: &Configuration,
        state: Option<&RegionState>,
        serves: bool,
        now: Timestamp,
    ) -> Readiness {
        let mut facts = self.facts.clone();
        if !serves {
            facts.none_comes = configuration.stays(configuration.peer_region());
        }
        for (service, gate) in &configuration.gates {
            if let (Some(facts), true) = (facts.services.get_mut(service), serves) {
                facts.writes = readiness::writes(gate, self.gates.as_ref());
            }
        }
        for (service, needs) in &self.needs {
            if let Some(facts) = facts.services.get_mut(service) {
                needs.put(facts, service, &self.others, configuration);
            }
        }
        // That nobody tells of the services is told of each of them.
        if let Ok(services) = &self.services {
            // An execution may have brought them up.
            let idle = state.filter(|state| !serves && state.lease.is_none());
            for (name, facts) in &mut facts.services {
                let named = configuration.service(name).ok();
                if let (Some(state), Some(service), Some(there)) = (idle, named, services.get(name))
                {
                    let resting = idle::rest(&configuration.region, state, service);
                    let (desired, running) = (there.desired, there.running);
                    facts.closed = readiness::closed(resting, desired, running, there.bounds);
                }
            }
            let capacity = state
                .map(|state| state.capacity.clone())
                .unwrap_or_default();
            let needs = needs::production(configuration, &capacity, services, &self.needs);
            let (free, quota) = (self.room.free.as_ref(), self.room.quota.as_ref());
            facts.addresses = readiness::addresses(&needs, free, &configuration.region);
            facts.quota = readiness::quota(&needs, quota, &configuration.region);
        }
        readiness::judge(facts, now)
    }

    /// The services with data that have a task, or may get one; one that is not there has none. What holds nothing is in nobody's
    /// way.
    pub fn running(&self, configuration: &Configuration) -> Result<BTreeSet<String>, Failure> {
        let deployed = self.services.as_ref().map_err(Clone::clone)?;
        let names = configuration.holding().map(|service| &service.name);
        let running = names.filter(|name| {
            deployed
                .get(*name)
                .is_some_and(|d| !d.set_to(Scale::NONE) || !d.empty())
        });
        Ok(running.cloned().collect())
    }
}

pub async fn observe<W: World>(world: &W, action: Action, now: Timestamp) -> Own {
    let configuration = world.configuration();
    let wait = &Wait::begin(action, &configuration.region);
    let newest_backup = backups::newest_whole(world.backups(), world.control(), configuration);
    let (deployed, others, quota, gates, images, newest_backup, reclaim) = tokio::join!(
        deployed(world, wait),
        needs::others(world, wait),
        wait.get("look up", "the quota of Fargate", world.quota()),
        wait.get("describe", "gates", world.priorities()),
        images::facts(world, wait, now),
        wait.get("look for", "the newest whole backup", newest_backup),
        markers::seen(world, action, Marker::Reclaim),
    );
    let (services, needs, free) = deployed;
    let of_service = |(name, image): (String, Fact)| {
        let facts = ServiceFacts {
            service: service(configuration, &name, &services),
            image,
            ..ServiceFacts::default()
        };
        (name, facts)
    };
    let newest_backup = newest_backup.map_err(|failure| failure.to_string());
    let facts = Facts {
        services: images.into_iter().map(of_service).collect(),
        newest_backup,
        rpo_seconds: configuration.rpo_seconds,
        none_comes: None,
        reclaim,
        addresses: Fact::There,
        quota: Fact::There,
    };
    Own {
        facts,
        gates,
        services,
        needs,
        others,
        room: Room { free, quota },
        reclaim,
    }
}

type Deployed = (
    Result<Services, Failure>,
    BTreeMap<String, Needs>,
    Result<BTreeMap<String, u32>, Failure>,
);

/// The services, and what follows from how they are deployed.
async fn deployed<W: World>(world: &W, wait: &Wait) -> Deployed {
    let services = match wait.get("describe", "services", world.services()).await {
        Ok(services) => services,
        Err(failure) => return (Err(failure.clone()), BTreeMap::new(), Err(failure)),
    };
    let subnets = services
        .values()
        .flat_map(|one| one.subnets.iter().cloned());
    let subnets: BTreeSet<_> = subnets.collect();
    let free = async {
        match subnets.is_empty() {
            true => Ok(BTreeMap::new()),
            false => wait.get("describe", "subnets", world.free(&subnets)).await,
        }
    };
    let (needs, free) = tokio::join!(needs::of(world, wait, &services), free);
    (Ok(services), needs, free)
}

fn service(
    configuration: &Configuration,
    name: &str,
    services: &Result<Services, Failure>,
) -> Fact {
    let region = &configuration.region;
    match services.as_ref().map(|services| services.get(name)) {
        Err(failure) => Fact::CannotTell(failure.to_string()),
        Ok(Some(deployed)) if deployed.status == "ACTIVE" => Fact::There,
        Ok(Some(deployed)) => Fact::Missing(format!(
            "it is {} in {region}; apply this region's Terraform",
            deployed.status
        )),
        Ok(None) => Fact::Missing(format!(
            "it is not in cluster {} of {region}; apply this region's Terraform",
            configuration.own().cluster
        )),
    }
}

#[cfg(test)]
mod tests;
