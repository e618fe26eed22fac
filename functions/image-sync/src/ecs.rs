//! The clusters as AWS runs them.

use std::collections::BTreeMap;

use aws_sdk_ecs::{
    Client,
    types::{self, DesiredStatus, SortOrder, TaskDefinitionStatus},
};
use futures::{StreamExt, TryStreamExt, future::try_join_all, stream};
use lifeboat_aws::{
    Patience,
    ecs::{deployed, tasks},
    explain,
};
use lifeboat_core::{Failure, Region, Side, configuration::RegionResources};

use crate::{
    ecr::Ecr,
    fleet::{Container, Definition, Fleet, Running, Task},
};

const AT_ONCE: usize = 4;
/// Longer no list of the newest is looked through for one family.
const PAGES: usize = 5;

/// One region's ECS.
#[derive(Debug)]
pub struct Cluster<'a> {
    pub client: Client,
    pub resources: &'a RegionResources,
    pub region: &'a Region,
}

impl Ecr<'_> {
    fn cluster(&self, side: Side) -> Cluster<'_> {
        match side == self.configuration.side() {
            true => self.patient(side, Patience::Own),
            // Nobody waits for it.
            false => self.patient(side, Patience::Brief),
        }
    }

    fn patient(&self, side: Side, patience: Patience) -> Cluster<'_> {
        let region = self.configuration.region_of(side);
        Cluster {
            client: Client::new(&self.aws.region(region, patience)),
            resources: self.configuration.resources(side),
            region,
        }
    }

    fn here(&self) -> Cluster<'_> {
        self.cluster(self.configuration.side())
    }

    /// For effects whose right was read just now: they come at once or not at all, and never twice.
    fn at_once(&self) -> Cluster<'_> {
        self.patient(self.configuration.side(), Patience::Brief)
    }
}

impl Fleet for Ecr<'_> {
    async fn running(&self, side: Side) -> Result<BTreeMap<String, Running>, Failure> {
        self.cluster(side).running().await
    }

    async fn current(&self) -> Result<BTreeMap<String, Definition>, Failure> {
        self.here().current().await
    }

    async fn newest(&self, family: &str, most: usize) -> Result<Vec<Definition>, Failure> {
        self.here().newest(family, most).await
    }

    async fn register(&self, family: &str, definition: &Definition) -> Result<String, Failure> {
        self.at_once().register(family, definition).await
    }

    async fn point(&self, service: &str, definition: &str) -> Result<(), Failure> {
        self.at_once().point(service, definition).await
    }
}

impl Cluster<'_> {
    fn failed(&self, operation: &str, object: String, cause: String) -> Failure {
        Failure::unavailable(operation, object, self.region, cause)
    }

    pub async fn running(&self) -> Result<BTreeMap<String, Running>, Failure> {
        let (deployed, mut tasks) = futures::try_join!(
            deployed(&self.client, self.resources, self.region),
            tasks(
                &self.client,
                self.resources,
                &[DesiredStatus::Running],
                self.region
            )
        )?;
        let running = deployed.into_iter().map(|(name, deployed)| {
            let tasks = tasks.remove(&name).unwrap_or_default();
            // One that is still starting has not pulled anything.
            let tasks = tasks
                .into_iter()
                .filter(|t| t.last_status() == Some("RUNNING"));
            let running = Running {
                newest: deployed.newest,
                tasks: tasks.map(task).collect(),
            };
            (name, running)
        });
        Ok(running.collect())
    }

    pub async fn current(&self) -> Result<BTreeMap<String, Definition>, Failure> {
        let deployed = deployed(&self.client, self.resources, self.region).await?;
        let started = deployed
            .into_iter()
            .filter(|(_, one)| one.status == "ACTIVE");
        let named = started.filter_map(|(name, one)| Some((name, one.definition?)));
        let described = stream::iter(named)
            .map(async |(name, arn)| Ok::<_, Failure>((name, self.described(&arn).await?)));
        described.buffered(AT_ONCE).try_collect().await
    }

    /// Another family's name may begin with this one's, and some who answer take that for the same.
    pub async fn newest(&self, family: &str, most: usize) -> Result<Vec<Definition>, Failure> {
        let list = self.client.list_task_definitions().family_prefix(family);
        let list = list
            .sort(SortOrder::Desc)
            .status(TaskDefinitionStatus::Active);
        let mut pages = list.into_paginator().send();
        let (mut arns, mut read) = (vec![], 0);
        while let Some(page) = pages.next().await {
            let object = || format!("task definitions {family}");
            let page = page.map_err(|e| self.failed("list", object(), explain(&e)))?;
            let these = page.task_definition_arns.unwrap_or_default();
            arns.extend(
                these
                    .into_iter()
                    .filter(|arn| family_of(arn) == Some(family)),
            );
            read += 1;
            if arns.len() >= most || read >= PAGES {
                break;
            }
        }
        arns.truncate(most);
        try_join_all(arns.iter().map(|arn| self.described(arn))).await
    }

    async fn described(&self, arn: &str) -> Result<Definition, Failure> {
        let object = || format!("the task definition {arn}");
        let describe = self.client.describe_task_definition().task_definition(arn);
        let answer = describe.send().await;
        let answer = answer.map_err(|e| self.failed("describe", object(), explain(&e)))?;
        let described = answer.task_definition;
        described
            .map(Definition::new)
            .ok_or_else(|| self.failed("describe", object(), "the answer holds none".into()))
    }

    pub async fn register(&self, family: &str, definition: &Definition) -> Result<String, Failure> {
        let object = || format!("a task definition of {family}");
        let content = definition.content().clone();
        let register = self.client.register_task_definition().family(family);
        let register = register
            .set_task_role_arn(content.task_role_arn)
            .set_execution_role_arn(content.execution_role_arn)
            .set_network_mode(content.network_mode)
            .set_container_definitions(content.container_definitions)
            .set_volumes(content.volumes)
            .set_placement_constraints(content.placement_constraints)
            .set_requires_compatibilities(content.requires_compatibilities)
            .set_cpu(content.cpu)
            .set_memory(content.memory)
            .set_pid_mode(content.pid_mode)
            .set_ipc_mode(content.ipc_mode)
            .set_proxy_configuration(content.proxy_configuration)
            .set_ephemeral_storage(content.ephemeral_storage)
            .set_runtime_platform(content.runtime_platform)
            .set_enable_fault_injection(content.enable_fault_injection);
        let answer = register.send().await;
        let answer = answer.map_err(|e| self.failed("register", object(), explain(&e)))?;
        let registered = answer
            .task_definition
            .and_then(|one| one.task_definition_arn);
        registered
            .ok_or_else(|| self.failed("register", object(), "the answer does not name it".into()))
    }

    pub async fn point(&self, service: &str, definition: &str) -> Result<(), Failure> {
        let cluster = &self.resources.cluster;
        let update = self
            .client
            .update_service()
            .cluster(cluster)
            .service(service);
        let update = update.task_definition(definition).send().await;
        update.map(drop).map_err(|e| {
            let object = format!("service {service} at {definition}");
            self.failed("point", object, explain(&e))
        })
    }
}

fn task(task: types::Task) -> Task {
    let containers = task.containers.unwrap_or_default().into_iter();
    let containers = containers.map(|container| Container {
        name: container.name.unwrap_or_default(),
        image: container.image.unwrap_or_default(),
        digest: container.image_digest,
    });
    Task {
        deployment: task.started_by,
        containers: containers.collect(),
    }
}

/// Of an ARN that ends with `task-definition/family:revision`.
fn family_of(arn: &str) -> Option<&str> {
    let (_, name) = arn.rsplit_once('/')?;
    name.rsplit_once(':').map(|(family, _)| family)
}

#[cfg(test)]
mod tests;
