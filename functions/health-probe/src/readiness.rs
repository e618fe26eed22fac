//! What this region would need to take over, and what of it is there.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lifeboat_aws::{backups, ecs::Services};
use lifeboat_core::{
    Configuration, Failure,
    gate::Priorities,
    marker::{Marker, Seen},
    readiness::{self, Fact, Facts, Readiness, ServiceFacts},
    scaling::Scale,
};

use crate::{event::Action, images, look::within, markers, world::World};

#[derive(Debug)]
pub struct Own {
    facts: Facts,
    gates: Result<Priorities, Failure>,
    pub services: Result<Services, Failure>,
    pub reclaim: Seen,
}

impl Own {
    pub fn judge(&self, configuration: &Configuration, serves: bool, now: Timestamp) -> Readiness {
        let mut facts = self.facts.clone();
        if !serves {
            facts.none_comes = configuration.stays(configuration.peer_region());
        }
        for (service, gate) in &configuration.gates {
            if let (Some(facts), true) = (facts.services.get_mut(service), serves) {
                facts.writes = readiness::writes(gate, self.gates.as_ref());
            }
        }
        readiness::judge(facts, now)
    }

    /// The services that have a task, or may get one; one that is not there has none.
    pub fn running(&self, configuration: &Configuration) -> Result<BTreeSet<String>, Failure> {
        let deployed = self.services.as_ref().map_err(Clone::clone)?;
        let names = configuration.services.iter().map(|service| &service.name);
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
    let images = images::facts(world, action, now);
    let (services, gates, images, newest_backup, reclaim) = tokio::join!(
        within(world, action, "describe", "services", world.services()),
        within(world, action, "describe", "gates", world.priorities()),
        images,
        within(
            world,
            action,
            "look for",
            "the newest whole backup",
            backups::newest_whole(world.backups(), world.control(), configuration)
        ),
        markers::seen(world, action, Marker::Reclaim),
    );
    let of_service = |(name, image): (String, Fact)| {
        let service = service(configuration, &name, &services);
        let facts = ServiceFacts {
            service,
            image,
            writes: Fact::There,
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
    };
    Own {
        facts,
        gates,
        services,
        reclaim,
    }
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
