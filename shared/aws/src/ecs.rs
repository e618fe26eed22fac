//! A region's services as its ECS knows them.

use std::collections::BTreeMap;

use aws_sdk_ecs::{
    Client,
    error::SdkError,
    operation::describe_services::DescribeServicesError,
    types::{DesiredStatus, Task},
};
use lifeboat_core::{Failure, Region, configuration::RegionResources};

use crate::explain;

/// What one call may ask for.
pub const AT_ONCE: usize = 10;
const TASKS_AT_ONCE: usize = 100;

/// An ECS service as its control plane describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Deployed {
    pub status: String,
    pub desired: u32,
    pub running: u32,
    pub pending: u32,
}

impl Deployed {
    /// No task is there, and none is to come.
    pub fn empty(&self) -> bool {
        self.desired == 0 && self.running == 0 && self.pending == 0
    }
}

/// By the service's name in the configuration; one that ECS does not know is not there.
pub type Services = BTreeMap<String, Deployed>;

pub async fn services(
    client: &Client,
    resources: &RegionResources,
    region: &Region,
) -> Result<Services, Failure> {
    let failed = |cause: String| {
        let object = format!("services of cluster {}", resources.cluster);
        Failure::unavailable("describe", object, region, cause)
    };
    let all: Vec<_> = resources.services.iter().collect();
    let mut found = Services::new();
    for some in all.chunks(AT_ONCE) {
        let names = some.iter().map(|(_, service)| service.service.clone());
        let describe = client.describe_services().cluster(&resources.cluster);
        let answer = match describe.set_services(Some(names.collect())).send().await {
            Err(error) if no_cluster(&error) => return Ok(found),
            other => other.map_err(|e| failed(explain(&e)))?,
        };
        let doubt = answer
            .failures()
            .iter()
            .find(|f| f.reason() != Some("MISSING"));
        if let Some(failure) = doubt {
            let arn = failure.arn().unwrap_or("a service");
            let reason = failure.reason().unwrap_or("no reason given");
            return Err(failed(format!("{arn}: {reason}")));
        }
        for service in answer.services() {
            let named = some
                .iter()
                .find(|(_, r)| service.service_name() == Some(&r.service));
            if let Some((name, _)) = named {
                let count = |tasks: i32| u32::try_from(tasks).unwrap_or(0);
                let deployed = Deployed {
                    status: service.status().unwrap_or("in no known state").to_owned(),
                    desired: count(service.desired_count()),
                    running: count(service.running_count()),
                    pending: count(service.pending_count()),
                };
                found.insert((*name).clone(), deployed);
            }
        }
    }
    Ok(found)
}

/// Tasks that have not ended. ECS no longer counts one that is on its way out, and until it has ended it may write.
pub async fn unfinished(
    client: &Client,
    resources: &RegionResources,
    service: &str,
    region: &Region,
) -> Result<u32, Failure> {
    let wanted = [DesiredStatus::Running, DesiredStatus::Stopped];
    let tasks = tasks(client, resources, service, &wanted, region).await?;
    let ended = |task: &Task| matches!(task.last_status(), Some("STOPPED" | "DELETED"));
    let left = tasks.iter().filter(|task| !ended(task)).count();
    Ok(u32::try_from(left).unwrap_or(u32::MAX))
}

/// A service's tasks of which ECS wants any of this.
pub async fn tasks(
    client: &Client,
    resources: &RegionResources,
    service: &str,
    wanted: &[DesiredStatus],
    region: &Region,
) -> Result<Vec<Task>, Failure> {
    let Some(named) = resources.services.get(service) else {
        return Ok(vec![]);
    };
    let failed = |operation, cause| {
        let object = format!("tasks of {}", named.service);
        Failure::unavailable(operation, object, region, cause)
    };
    let mut names = vec![];
    for wanted in wanted {
        let list = client.list_tasks().cluster(&resources.cluster);
        let list = list.service_name(&named.service);
        let mut pages = list.desired_status(wanted.clone()).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|e| failed("list", explain(&e)))?;
            names.extend_from_slice(page.task_arns());
        }
    }
    let mut tasks = vec![];
    for some in names.chunks(TASKS_AT_ONCE) {
        let describe = client.describe_tasks().cluster(&resources.cluster);
        let answer = describe.set_tasks(Some(some.to_vec())).send().await;
        let answer = answer.map_err(|e| failed("describe", explain(&e)))?;
        tasks.extend_from_slice(answer.tasks());
    }
    Ok(tasks)
}

pub fn no_cluster(error: &SdkError<DescribeServicesError>) -> bool {
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
pub async fn scale(
    client: &Client,
    resources: &RegionResources,
    service: &str,
    desired: u32,
    image: Image,
    region: &Region,
) -> Result<(), Failure> {
    let Some(named) = resources.services.get(service) else {
        return Ok(());
    };
    let update = client
        .update_service()
        .cluster(&resources.cluster)
        .service(&named.service);
    let desired = i32::try_from(desired).unwrap_or(i32::MAX);
    let update = update.force_new_deployment(image == Image::AsNamed);
    let sent = update.desired_count(desired).send().await;
    sent.map(drop).map_err(|e| {
        let object = format!("service {} to {desired}", named.service);
        Failure::unavailable("scale", object, region, explain(&e))
    })
}

#[cfg(test)]
mod tests;
