//! The services of both regions, as far as the function sees them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use aws_sdk_ecs::types::{ContainerDefinition, TaskDefinition};
use lifeboat_core::{Failure, Region, Side};
use lifeboat_image_sync::{
    Fleet,
    fleet::{Container, Definition, Running, Task},
};

use crate::world::World;

#[derive(Default)]
pub(crate) struct Inner {
    /// Where the users are.
    pub(crate) running: BTreeMap<String, Running>,
    pub(crate) silent: bool,
    pub(crate) families: BTreeMap<String, Vec<Definition>>,
    /// By the service's name at ECS.
    pub(crate) current: BTreeMap<String, Definition>,
    /// What was changed.
    pub(crate) effects: Vec<String>,
    /// Happens while a definition is registered.
    pub(crate) meddle: Option<Box<dyn Fn() + Send>>,
    pub(crate) points_left: Option<u32>,
}

#[derive(Default)]
pub(crate) struct Clusters(Mutex<Inner>);

impl Clusters {
    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// One task of the service runs this image.
    pub(crate) fn run(&self, service: &str, image: &str, digest: &str) {
        let container = Container {
            name: service.into(),
            image: image.into(),
            digest: Some(digest.into()),
        };
        let task = Task {
            deployment: Some("ecs-svc/1".into()),
            containers: vec![container],
        };
        let running = Running {
            newest: Some("ecs-svc/1".into()),
            tasks: vec![task],
        };
        self.inner().running.insert(service.into(), running);
    }

    /// Terraform registers it; a service that is not there yet is made from it.
    pub(crate) fn template(&self, service: &str, image: &str) {
        let family = format!("forum-{service}");
        let container = ContainerDefinition::builder().name(service).image(image);
        let described = TaskDefinition::builder().container_definitions(container.build());
        let definition = self.add(&family, described.build());
        self.inner().current.entry(family).or_insert(definition);
    }

    fn add(&self, family: &str, mut described: TaskDefinition) -> Definition {
        let mut inner = self.inner();
        let revisions = inner.families.entry(family.into()).or_default();
        let arn = format!("arn:{family}:{}", revisions.len() + 1);
        described.task_definition_arn = Some(arn);
        let definition = Definition::new(described);
        revisions.insert(0, definition.clone());
        definition
    }

    pub(crate) fn effects(&self) -> Vec<String> {
        self.inner().effects.clone()
    }

    /// What the next task of the service would run.
    pub(crate) fn starts(&self, service: &str) -> String {
        let current = self.inner().current[&format!("forum-{service}")].clone();
        current.images().next().unwrap().1.to_owned()
    }
}

fn silent(region: &Region) -> Failure {
    Failure::unavailable("describe", "services of cluster forum", region, "timed out")
}

impl Fleet for World {
    async fn running(&self, side: Side) -> Result<BTreeMap<String, Running>, Failure> {
        let inner = self.clusters.inner();
        match inner.silent {
            true => Err(silent(self.configuration.region_of(side))),
            false => Ok(inner.running.clone()),
        }
    }

    async fn current(&self) -> Result<BTreeMap<String, Definition>, Failure> {
        let inner = self.clusters.inner();
        let services = self.configuration.own().services.iter();
        let current = services.filter_map(|(name, service)| {
            Some((name.clone(), inner.current.get(&service.service)?.clone()))
        });
        Ok(current.collect())
    }

    async fn newest(&self, family: &str, most: usize) -> Result<Vec<Definition>, Failure> {
        let found = self.clusters.inner().families.get(family).cloned();
        let mut found = found.unwrap_or_default();
        found.truncate(most);
        Ok(found)
    }

    async fn register(&self, family: &str, definition: &Definition) -> Result<String, Failure> {
        let added = self.clusters.add(family, definition.content().clone());
        let mut inner = self.clusters.inner();
        inner.effects.push(format!("register {}", added.arn));
        if let Some(meddle) = &inner.meddle {
            meddle();
        }
        Ok(added.arn)
    }

    async fn point(&self, service: &str, definition: &str) -> Result<(), Failure> {
        let mut inner = self.clusters.inner();
        match &mut inner.points_left {
            Some(0) => return Err(silent(&self.configuration.region)),
            Some(left) => *left -= 1,
            None => {}
        }
        inner
            .effects
            .push(format!("point {service} at {definition}"));
        let mut all = inner.families.values().flatten();
        let found = all.find(|one| one.arn == definition).cloned().unwrap();
        inner.current.insert(service.into(), found);
        Ok(())
    }
}
