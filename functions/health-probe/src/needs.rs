//! What each service needs of its region beside its image, asked for each by itself and for all at once.

use std::collections::{BTreeMap, BTreeSet};

use futures::{
    StreamExt,
    future::{join_all, try_join_all},
};
use lifeboat_aws::ecs::{Deployed, Services};
use lifeboat_core::{
    Configuration, Failure,
    configuration::{Place, ServiceResources},
    liveness::Answer,
    readiness::{self, Definition, Fact, Name, Needed, Quota, ServiceFacts, definition::same},
};

use crate::{
    wait::{AT_ONCE, Wait, at_once, each},
    world::{Groups, World},
};

/// Of one service.
#[derive(Debug)]
pub(crate) struct Needs {
    /// What its tasks are started from.
    definition: Result<Definition, Failure>,
    target: Fact,
    secrets: Fact,
}

/// What the other region starts each service's tasks from.
pub(crate) type Others = Result<BTreeMap<String, Result<Definition, Failure>>, Failure>;

/// What all of them share.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) free: Result<BTreeMap<String, u32>, Failure>,
    pub(crate) quota: Result<Quota, Failure>,
}

impl Needs {
    pub(crate) fn put(
        &self,
        facts: &mut ServiceFacts,
        name: &str,
        others: &Others,
        configuration: &Configuration,
    ) {
        let regions = [&configuration.region, configuration.peer_region()];
        let not_there = || {
            let service = format!("service {name}");
            Err(Failure::unavailable(
                "describe",
                service,
                regions[1],
                "it is not there",
            ))
        };
        let other = match others {
            Ok(others) => others.get(name).cloned().unwrap_or_else(not_there),
            Err(failure) => Err(failure.clone()),
        };
        facts.definition = same(&self.definition, &other, regions);
        facts.target = self.target.clone();
        facts.secrets = self.secrets.clone();
    }
}

/// Of a service that is not there its own fact says so.
pub(crate) async fn of<W: World>(
    world: &W,
    wait: &Wait,
    services: &Services,
) -> BTreeMap<String, Needs> {
    let arns = services.values().flat_map(|deployed| &deployed.groups);
    let arns: BTreeSet<String> = arns.cloned().collect();
    let groups = async { Ok(world.target_groups(&arns).await) };
    let groups = wait.get("describe", "target groups", groups);
    let definitions = services
        .iter()
        .map(async |(name, deployed)| (name, definition(world, wait, deployed).await));
    // A service's secrets are asked for while others' definitions are still on their way.
    let started = at_once(definitions).map(async |(name, definition)| {
        let secrets = secrets(world, wait, name, definition.as_ref().ok()).await;
        (name, (definition, secrets))
    });
    let started = started.buffer_unordered(AT_ONCE).collect::<Vec<_>>();
    // These keep no connection, and one that never answers must not keep the others' place.
    let answered = services
        .iter()
        .map(async |(name, deployed)| (name, answered(world, name, deployed).await));
    let (groups, started, answered) = tokio::join!(groups, started, join_all(answered));
    let answered: BTreeMap<_, _> = answered.into_iter().collect();
    let needs = started.into_iter().map(|(name, (definition, secrets))| {
        let answered = answered.get(name).and_then(Option::as_ref);
        let target = target(&groups, &services[name], answered, world);
        let needs = Needs {
            definition,
            target,
            secrets,
        };
        (name.clone(), needs)
    });
    needs.collect()
}

/// Beside what this region is asked: a silent peer costs this one's answers no time.
pub(crate) async fn others<W: World>(world: &W, wait: &Wait) -> Others {
    let region = world.configuration().peer_region();
    let services = async { Ok(world.peer_services().await) };
    let services = wait.get("describe", "services of the other region", services);
    let services = services.await?.map_err(|answer| {
        let why = match answer {
            Answer::Good => "no answer".into(),
            Answer::Bad(why) | Answer::Silent(why) | Answer::Unclear(why) => why,
        };
        Failure::unavailable("describe", "services", region, why)
    })?;
    let named = services.iter();
    let named = named.filter_map(|(name, one)| Some((name, one.definition.as_ref()?)));
    let described = named.map(async |(name, arn)| {
        let described = world.peer_definition(arn);
        (name.clone(), wait.get("describe", arn, described).await)
    });
    Ok(each(described).await.into_iter().collect())
}

async fn definition<W: World>(
    world: &W,
    wait: &Wait,
    deployed: &Deployed,
) -> Result<Definition, Failure> {
    let region = &world.configuration().region;
    let arn = deployed.definition.as_ref().ok_or_else(|| {
        Failure::unavailable("describe", "the task definition", region, "ECS names none")
    })?;
    let described = world.definition(arn);
    wait.get("describe", arn, described).await
}

/// Where none of its tasks run, nobody is asked.
async fn answered<W: World>(world: &W, name: &str, deployed: &Deployed) -> Option<Answer> {
    match deployed.running {
        0 => None,
        _ => Some(world.own_health(name).await.answer),
    }
}

fn target<W: World>(
    groups: &Result<Groups, Failure>,
    deployed: &Deployed,
    answered: Option<&Answer>,
    world: &W,
) -> Fact {
    let own = deployed.groups.iter().map(|group| {
        let there = match groups {
            Ok(groups) => groups.get(group).cloned().unwrap_or_else(|| {
                let region = &world.configuration().region;
                Err(Failure::unavailable("describe", group, region, "no answer"))
            }),
            Err(failure) => Err(failure.clone()),
        };
        (group.as_str(), there)
    });
    let own: Vec<_> = own.collect();
    readiness::target(&own, answered, &world.configuration().region)
}

/// Its tasks' by their definition, and its data's by the configuration.
async fn secrets<W: World>(
    world: &W,
    wait: &Wait,
    name: &str,
    definition: Option<&Definition>,
) -> Fact {
    let configuration = world.configuration();
    let region = &configuration.region;
    let needed = needed(definition, configuration.own().services.get(name));
    let own = needed.iter().filter(|needed| needed.of(region));
    let described = own.map(async |needed| {
        let there = async {
            match &needed.name {
                Name::Secret(arn) => world.secret(arn).await,
                Name::Parameter(names) => {
                    let found = names.iter().map(async |name| world.parameter(name).await);
                    Ok(try_join_all(found).await?.contains(&true))
                }
            }
        };
        let there = wait.get("describe", "a secret", there).await;
        (needed.name.clone(), there)
    });
    let seen: BTreeMap<Name, Result<bool, Failure>> =
        join_all(described).await.into_iter().collect();
    let seen = |name: &Name| seen.get(name).cloned().unwrap_or(Ok(false));
    readiness::secrets(&needed, seen, region)
}

fn needed(
    definition: Option<&Definition>,
    resources: Option<&ServiceResources>,
) -> BTreeSet<Needed> {
    let tasks = definition.into_iter().flat_map(|definition| {
        let containers = definition.containers.values();
        let secrets = containers.flat_map(|container| container.secrets.values());
        secrets.chain(&definition.credentials)
    });
    let data = resources.into_iter().flat_map(|resources| {
        let place = match &resources.place {
            Place::Http(export) => Some(&export.secret),
            Place::Folder | Place::Bucket { .. } => None,
        };
        place
            .into_iter()
            .chain(resources.hook.as_ref().map(|hook| &hook.secret))
    });
    tasks
        .chain(data)
        .map(|value| Needed::parse(value))
        .collect()
}

/// What production takes beyond what runs here already.
pub(crate) fn production(
    configuration: &Configuration,
    capacity: &BTreeMap<String, u32>,
    services: &Services,
    needs: &BTreeMap<String, Needs>,
) -> Vec<readiness::Need> {
    let there = configuration.services.iter();
    let there = there.filter_map(|service| Some((service, services.get(&service.name)?)));
    let definition = |name: &String| needs.get(name)?.definition.as_ref().ok();
    let needed = there.map(|(service, deployed)| {
        let remembered = capacity.get(&service.name).copied().unwrap_or(0);
        let wanted = service.minimum.max(remembered);
        readiness::Need {
            service: service.name.clone(),
            tasks: wanted.saturating_sub(deployed.running),
            subnets: deployed.subnets.clone(),
            cpu_units: definition(&service.name).and_then(Definition::cpu_units),
        }
    });
    needed.collect()
}
