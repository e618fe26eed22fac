//! A region's services as its ECS and its Application Auto Scaling know them.

mod scaling;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use aws_config::SdkConfig;
use aws_sdk_ecs::{
    Client,
    error::SdkError,
    operation::describe_services::DescribeServicesError,
    types::{DeploymentRolloutState, DesiredStatus, Service, Task},
};
use futures::{StreamExt, TryStreamExt, future::try_join_all, stream};
use lifeboat_core::{
    Failure, Region,
    configuration::{RegionResources, ServiceResources},
    image,
    liveness::Answer,
    scaling::{Bounds, Scale},
};

use crate::{explain, sign};

/// What one call may ask for.
const AT_ONCE: usize = 10;
const TASKS_AT_ONCE: usize = 100;

/// How many tasks a service has is said in two places.
#[derive(Debug, Clone)]
pub struct Clients {
    pub ecs: Client,
    pub scaling: aws_sdk_applicationautoscaling::Client,
}

impl Clients {
    pub fn new(config: &SdkConfig) -> Self {
        Self {
            ecs: Client::new(config),
            scaling: aws_sdk_applicationautoscaling::Client::new(config),
        }
    }
}

/// A service as the control planes describe it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deployed {
    pub status: String,
    pub desired: u32,
    pub running: u32,
    pub pending: u32,
    /// None where scaling knows nothing of it, or does not answer.
    pub bounds: Option<Bounds>,
    /// The target groups that its tasks are to be in.
    pub groups: Vec<String>,
    /// The subnets that its tasks start in.
    pub subnets: BTreeSet<String>,
    /// The ARN of the task definition that its next task is started from.
    pub definition: Option<String>,
    /// Its newest deployment, by the name that tasks say they were started by.
    pub newest: Option<String>,
}

impl Deployed {
    /// No task is there, and none is to come.
    pub fn empty(&self) -> bool {
        self.has_no_more_than(0)
    }

    /// There are no more tasks, and none are to come beyond that.
    pub fn has_no_more_than(&self, tasks: u32) -> bool {
        self.desired.max(self.running.saturating_add(self.pending)) <= tasks
    }

    pub fn set_to(&self, scale: Scale) -> bool {
        self.desired == scale.desired && self.bounds == Some(scale.bounds)
    }

    /// What more tasks of the service are to run. From a pin it is the same whatever a tag leads to meanwhile, and
    /// where it runs already it could be pulled: a new deployment would only replace tasks that are about to serve.
    pub fn more(&self, resources: &RegionResources, service: &str) -> Image {
        let named = resources.services.get(service);
        let from_a_pin = named.zip(self.definition.as_deref());
        let from_a_pin = from_a_pin.is_some_and(|(named, arn)| {
            arn.contains(&format!("/{}:", image::pinned(&named.service)))
        });
        match from_a_pin && self.running > 0 && self.newest.is_some() {
            true => Image::AsDeployed,
            false => Image::AsNamed,
        }
    }
}

/// By the service's name in the configuration; one that ECS does not know is not there.
pub type Services = BTreeMap<String, Deployed>;

pub async fn services(
    clients: &Clients,
    resources: &RegionResources,
    region: &Region,
) -> Result<Services, Failure> {
    let (services, bounds) = tokio::join!(
        deployed(&clients.ecs, resources, region),
        scaling::bounds(&clients.scaling, resources, region),
    );
    // Whoever stops tasks must not have to wait for scaling.
    let mut bounds = bounds.unwrap_or_else(|why| {
        tracing::warn!("{why}");
        BTreeMap::new()
    });
    let bounded = |(name, mut deployed): (String, Deployed)| {
        deployed.bounds = bounds.remove(&name);
        (name, deployed)
    };
    Ok(services?.into_iter().map(bounded).collect())
}

/// Without a word of scaling.
pub async fn deployed(
    client: &Client,
    resources: &RegionResources,
    region: &Region,
) -> Result<Services, Failure> {
    described(client, resources).await.map_err(|trouble| {
        let object = format!("services of cluster {}", resources.cluster);
        Failure::unavailable("describe", object, region, trouble)
    })
}

/// Why a cluster's services could not be described.
#[derive(Debug)]
pub enum Trouble {
    Call(Box<SdkError<DescribeServicesError>>),
    /// An answer that names a service and not how it is.
    Doubt(String),
}

impl Trouble {
    /// What it says about the life of whom was asked.
    pub fn sign(&self) -> Answer {
        match self {
            Self::Call(error) => sign(error),
            Self::Doubt(why) => Answer::Unclear(why.clone()),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => f.write_str(&explain(error)),
            Self::Doubt(why) => f.write_str(why),
        }
    }
}

/// As `deployed`; the calls that many services take are made at once.
pub async fn described(client: &Client, resources: &RegionResources) -> Result<Services, Trouble> {
    let all: Vec<_> = resources.services.iter().collect();
    let some = stream::iter(all.chunks(AT_ONCE));
    let found = some.map(|some| describe(client, resources, some));
    let found: Vec<_> = found.buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

async fn describe(
    client: &Client,
    resources: &RegionResources,
    some: &[(&String, &ServiceResources)],
) -> Result<Services, Trouble> {
    let names = some.iter().map(|(_, service)| service.service.clone());
    let describe = client.describe_services().cluster(&resources.cluster);
    let answer = match describe.set_services(Some(names.collect())).send().await {
        Err(error) if no_cluster(&error) => return Ok(Services::new()),
        other => other.map_err(|error| Trouble::Call(error.into()))?,
    };
    let doubt = answer
        .failures()
        .iter()
        .find(|f| f.reason() != Some("MISSING"));
    if let Some(failure) = doubt {
        let arn = failure.arn().unwrap_or("a service");
        let reason = failure.reason().unwrap_or("no reason given");
        return Err(Trouble::Doubt(format!("{arn}: {reason}")));
    }
    let named = answer.services().iter().filter_map(|service| {
        let mut some = some.iter();
        let (name, _) = some.find(|(_, r)| service.service_name() == Some(&r.service))?;
        Some(((*name).clone(), one(service)))
    });
    Ok(named.collect())
}

fn one(service: &Service) -> Deployed {
    let count = |tasks: i32| u32::try_from(tasks).unwrap_or(0);
    Deployed {
        status: service.status().unwrap_or("in no known state").to_owned(),
        desired: count(service.desired_count()),
        running: count(service.running_count()),
        pending: count(service.pending_count()),
        bounds: None,
        groups: groups(service),
        subnets: subnets(service),
        definition: service.task_definition().map(str::to_owned),
        newest: newest(service),
    }
}

fn subnets(service: &Service) -> BTreeSet<String> {
    let network = service.network_configuration();
    let network = network.and_then(|network| network.awsvpc_configuration());
    let subnets = network.map(|network| network.subnets()).unwrap_or_default();
    subnets.iter().cloned().collect()
}

fn groups(service: &Service) -> Vec<String> {
    let balancers = service.load_balancers().iter();
    let groups = balancers.filter_map(|balancer| balancer.target_group_arn());
    groups.map(str::to_owned).collect()
}

fn newest(service: &Service) -> Option<String> {
    let mut deployments = service.deployments().iter();
    let newest = deployments.find(|one| one.status() == Some("PRIMARY"));
    // One that is not through may never be.
    let newest = newest.filter(|one| {
        let state = one.rollout_state();
        state.is_none_or(|state| *state == DeploymentRolloutState::Completed)
    });
    newest.and_then(|one| one.id()).map(str::to_owned)
}

/// How many tasks of each service have not ended. ECS no longer counts one that is on its way out, and until it has ended it
/// may write.
pub async fn unfinished(
    client: &Client,
    resources: &RegionResources,
    region: &Region,
) -> Result<BTreeMap<String, u32>, Failure> {
    let wanted = [DesiredStatus::Running, DesiredStatus::Stopped];
    let tasks = tasks(client, resources, &wanted, region).await?;
    let ended = |task: &&Task| matches!(task.last_status(), Some("STOPPED" | "DELETED"));
    let left = |tasks: Vec<Task>| tasks.iter().filter(|task| !ended(task)).count();
    let left = |tasks| u32::try_from(left(tasks)).unwrap_or(u32::MAX);
    Ok(tasks
        .into_iter()
        .map(|(s, tasks)| (s, left(tasks)))
        .collect())
}

/// The tasks of which ECS wants any of this, by the name of their service in the configuration. The cluster is asked as a
/// whole: one call for each service would make an execution slower by each of them.
pub async fn tasks(
    client: &Client,
    resources: &RegionResources,
    wanted: &[DesiredStatus],
    region: &Region,
) -> Result<BTreeMap<String, Vec<Task>>, Failure> {
    let failed = |operation, cause| {
        let object = format!("tasks of cluster {}", resources.cluster);
        Failure::unavailable(operation, object, region, cause)
    };
    let list = async |wanted: &DesiredStatus| {
        let list = client.list_tasks().cluster(&resources.cluster);
        let mut pages = list.desired_status(wanted.clone()).into_paginator().send();
        let mut names = vec![];
        while let Some(page) = pages.next().await {
            let page = page.map_err(|e| failed("list", explain(&e)))?;
            names.extend_from_slice(page.task_arns());
        }
        Ok::<_, Failure>(names)
    };
    let names = try_join_all(wanted.iter().map(list)).await?.concat();
    let describe = async |some: &[String]| {
        let describe = client.describe_tasks().cluster(&resources.cluster);
        let answer = describe.set_tasks(Some(some.to_vec())).send().await;
        let answer = answer.map_err(|e| failed("describe", explain(&e)))?;
        Ok::<_, Failure>(answer.tasks.unwrap_or_default())
    };
    let described = stream::iter(names.chunks(TASKS_AT_ONCE)).map(describe);
    let described: Vec<_> = described.buffered(AT_ONCE).try_collect().await?;
    let groups = resources.services.iter();
    let groups: BTreeMap<String, &String> = groups
        .map(|(name, service)| (format!("service:{}", service.service), name))
        .collect();
    let mut tasks = BTreeMap::<String, Vec<Task>>::new();
    for task in described.into_iter().flatten() {
        // One that nobody protects has no name here.
        if let Some(name) = task.group().and_then(|group| groups.get(group)) {
            tasks.entry((*name).clone()).or_default().push(task);
        }
    }
    Ok(tasks)
}

fn no_cluster(error: &SdkError<DescribeServicesError>) -> bool {
    error
        .as_service_error()
        .is_some_and(|e| e.is_cluster_not_found_exception())
}

/// What new tasks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Image {
    /// What the last deployment resolved the image's name to.
    AsDeployed,
    /// What the name leads to now. A new deployment also ends the pause that ECS makes after pulls that failed.
    AsNamed,
}

/// How many tasks there are to be; asked again, it is the same.
///
/// The bounds first: outside them scaling would undo the number, and whoever is killed in between has the number to
/// set still, which is seen. Where they cannot be set no task is started, and tasks are stopped all the same.
pub async fn scale(
    clients: &Clients,
    resources: &RegionResources,
    service: &str,
    to: Scale,
    image: Image,
    region: &Region,
) -> Result<(), Failure> {
    let Some(named) = resources.services.get(service) else {
        return Ok(());
    };
    let bounded = scaling::set(&clients.scaling, &named.scalable_target, to.bounds, region).await;
    if to.desired > 0 && bounded.is_err() {
        return bounded;
    }
    let update = clients
        .ecs
        .update_service()
        .cluster(&resources.cluster)
        .service(&named.service);
    let desired = i32::try_from(to.desired).unwrap_or(i32::MAX);
    let update = update.force_new_deployment(image == Image::AsNamed);
    let sent = update.desired_count(desired).send().await;
    let sent = sent.map(drop).map_err(|e| {
        let object = format!("service {} to {desired}", named.service);
        Failure::unavailable("scale", object, region, explain(&e))
    });
    sent.and(bounded)
}

#[cfg(test)]
mod tests;
