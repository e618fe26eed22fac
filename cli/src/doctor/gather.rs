//! Everything is asked at once, and each question has its own time.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures::{StreamExt, future::join_all, stream};
use ipnet::IpNet;
use lifeboat_aws::ecs::Services;
use lifeboat_core::{Configuration, Failure, Side, configuration::function_name, run::name_of};
use lifeboat_image_sync::ready::Ready;
use tokio::time::{Instant, timeout};

use super::{Allowed, Group, Replication, Rule, Seen, Silence, Standing, Start, Told};
use crate::whereabouts::{self, States};

/// One region, as much of it as is looked at.
#[allow(async_fn_in_trait)]
pub trait Sight {
    async fn services(&self) -> Result<Services, Failure>;
    /// Of a task definition.
    async fn start(&self, definition: &str) -> Result<Start, Failure>;
    /// Which of these actions a role may not do on a resource.
    async fn denied(
        &self,
        role: &str,
        actions: &[&str],
        resource: &str,
    ) -> Result<Vec<String>, Failure>;
    async fn group(&self, name: &str) -> Result<Group, Failure>;
    /// Of the backups bucket, as are the next two.
    async fn versioned(&self) -> Result<bool, Failure>;
    async fn replication(&self) -> Result<Replication, Failure>;
    async fn lifecycle(&self) -> Result<Vec<Rule>, Failure>;
    /// Whom the markers bucket lets read.
    async fn readers(&self) -> Result<Vec<IpNet>, Failure>;
    /// From where Route 53 checks.
    async fn checkers(&self) -> Result<Vec<IpNet>, Failure>;
    /// As image-sync finds it.
    async fn ready(&self) -> Result<Ready, Failure>;
}

/// A little more than one call's patience.
const PATIENCE: Duration = Duration::from_secs(6);
/// Of all the questions that one answer leads to, however many services there are.
const IN_ALL: Duration = Duration::from_secs(45);
/// Image-sync looks at every image of every service.
const IMAGES: Duration = Duration::from_secs(75);
/// IAM and CloudWatch Logs answer so many at a time and refuse more.
const AT_ONCE: usize = 5;

const PULL: [&str; 3] = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
];
const LOG_IN: [&str; 1] = ["ecr:GetAuthorizationToken"];
const LOG: [&str; 2] = ["logs:CreateLogStream", "logs:PutLogEvents"];
const READ_RULES: [&str; 2] = ["s3:GetReplicationConfiguration", "s3:ListBucket"];
const READ: [&str; 1] = ["s3:GetObjectVersionForReplication"];
const COPY: [&str; 1] = ["s3:ReplicateObject"];

pub async fn gather(
    configuration: &Configuration,
    side: Side,
    states: &States,
    sight: &impl Sight,
) -> Seen {
    let look = Look {
        configuration,
        side,
        sight,
        ends: Instant::now() + IN_ALL,
    };
    let resources = configuration.resources(side);
    let bucket = &resources.backups_bucket;
    let (
        (services, starts, execution, groups),
        (replication, copier),
        versioned,
        lifecycle,
        (readers, checkers),
        standing,
    ) = tokio::join!(
        look.tasks(),
        look.copying(),
        look.ask(
            bucket,
            ("s3:GetBucketVersioning", arn(bucket)),
            sight.versioned()
        ),
        look.ask(
            bucket,
            ("s3:GetLifecycleConfiguration", arn(bucket)),
            sight.lifecycle()
        ),
        look.markers(),
        look.standing(states),
    );
    Seen {
        standing,
        services,
        starts,
        execution,
        groups,
        versioned,
        replication,
        copier,
        readers,
        checkers,
        lifecycle,
    }
}

struct Look<'a, S> {
    configuration: &'a Configuration,
    side: Side,
    sight: &'a S,
    ends: Instant,
}

/// A role, a resource, and what the one has to be allowed on the other.
type Question = ((String, String), &'static [&'static str]);

impl<S: Sight> Look<'_, S> {
    /// Which one of the two the region is; only a passive one is asked for its images.
    async fn standing(&self, states: &States) -> Standing {
        match whereabouts::active(self.configuration, states) {
            Err(why) => Standing::Unknown(why.to_string()),
            Ok(active) if active == self.side => Standing::Active,
            Ok(_) => {
                let state = match self.side {
                    Side::Home => &states.home,
                    Side::Standby => &states.standby,
                };
                let lease = state.as_ref().ok().and_then(|state| state.owner());
                let resources = self.configuration.resources(self.side);
                let function = &resources.functions.image_sync;
                let right = ("lambda:InvokeFunction", function.clone());
                let ready = self.within(IMAGES, function, right, self.sight.ready());
                Standing::Passive {
                    lease: lease.map(|owner| name_of(owner).to_owned()),
                    ready: ready.await.map(Box::new),
                }
            }
        }
    }

    async fn ask<T>(
        &self,
        object: &str,
        right: (&'static str, String),
        asked: impl Future<Output = Result<T, Failure>>,
    ) -> Told<T> {
        let left = self.ends.saturating_duration_since(Instant::now());
        self.within(PATIENCE.min(left), object, right, asked).await
    }

    async fn within<T>(
        &self,
        limit: Duration,
        object: &str,
        right: (&'static str, String),
        asked: impl Future<Output = Result<T, Failure>>,
    ) -> Told<T> {
        let region = self.configuration.region_of(self.side);
        let late = |_| {
            let why = match limit.is_zero() {
                true => "what was asked before took all the time".into(),
                false => format!("no answer within {} s", limit.as_secs()),
            };
            Err(Failure::unavailable("look at", object, region, why))
        };
        let answer = timeout(limit, asked).await;
        answer.unwrap_or_else(late).map_err(|why| Silence {
            because: why.to_string(),
            right,
        })
    }

    async fn tasks(
        &self,
    ) -> (
        Told<Services>,
        BTreeMap<String, Told<Start>>,
        Vec<Allowed>,
        BTreeMap<String, Told<Group>>,
    ) {
        let resources = self.configuration.resources(self.side);
        let right = ("ecs:DescribeServices", resources.cluster.clone());
        let (services, functions) = tokio::join!(
            self.ask(&resources.cluster, right, self.sight.services()),
            self.groups(self.of_functions()),
        );
        let starts = match &services {
            Ok(services) => self.starts(services).await,
            Err(_) => BTreeMap::new(),
        };
        let told = starts.values().filter_map(|start| start.as_ref().ok());
        let names = told.flat_map(|start| start.groups.iter().cloned());
        let (of_services, execution) = tokio::join!(
            self.groups(names.collect()),
            self.allowed(self.execution(&starts)),
        );
        let groups = functions.into_iter().chain(of_services).collect();
        (services, starts, execution, groups)
    }

    async fn starts(&self, services: &Services) -> BTreeMap<String, Told<Start>> {
        let named = services.iter();
        let named = named.filter_map(|(name, one)| Some((name, one.definition.as_ref()?)));
        let starts = named.map(async |(name, arn)| {
            let right = ("ecs:DescribeTaskDefinition", "*".to_owned());
            let start = self.ask(arn, right, self.sight.start(arn)).await;
            (name.clone(), start)
        });
        join_all(starts).await.into_iter().collect()
    }

    fn of_functions(&self) -> BTreeSet<String> {
        let functions = &self.configuration.resources(self.side).functions;
        let all = [
            &functions.backup,
            &functions.image_sync,
            &functions.health_probe,
            &functions.failover,
        ];
        all.map(|arn| format!("/aws/lambda/{}", function_name(arn)))
            .into()
    }

    async fn groups(&self, names: BTreeSet<String>) -> BTreeMap<String, Told<Group>> {
        let asked = stream::iter(names).map(async |name| {
            let right = ("logs:DescribeLogGroups", "*".to_owned());
            let group = self.ask(&name, right, self.sight.group(&name)).await;
            (name, group)
        });
        asked.buffer_unordered(AT_ONCE).collect().await
    }

    /// What ECS does in the name of a service's execution role before its tasks start.
    fn execution(
        &self,
        starts: &BTreeMap<String, Told<Start>>,
    ) -> BTreeMap<(String, String), &'static [&'static str]> {
        let Configuration { account, .. } = self.configuration;
        let region = self.configuration.region_of(self.side);
        let services = &self.configuration.resources(self.side).services;
        let mut questions = BTreeMap::new();
        for (name, start) in starts {
            let (
                Ok(Start {
                    role: Some(role),
                    groups,
                }),
                Some(service),
            ) = (start, services.get(name))
            else {
                continue;
            };
            let partition = role.split(':').nth(1).unwrap_or("aws");
            let of = |service: &str, what: String| {
                format!("arn:{partition}:{service}:{region}:{account}:{what}")
            };
            let repository = of("ecr", format!("repository/{}", service.repository));
            let mut ask = |resource: String, actions: &'static [&'static str]| {
                questions.insert((role.clone(), resource), actions);
            };
            ask("*".into(), &LOG_IN);
            ask(repository, &PULL);
            for group in groups {
                ask(
                    of("logs", format!("log-group:{group}:log-stream:any")),
                    &LOG,
                );
            }
        }
        questions
    }

    async fn copying(&self) -> (Told<Replication>, Vec<Allowed>) {
        let resources = self.configuration.resources(self.side);
        let own = arn(&resources.backups_bucket);
        let peer = arn(&self
            .configuration
            .resources(self.side.other())
            .backups_bucket);
        let right = ("s3:GetReplicationConfiguration", own.clone());
        let asked = self.ask(&resources.backups_bucket, right, self.sight.replication());
        let replication = asked.await;
        let role = replication
            .as_ref()
            .ok()
            .and_then(|found| found.role.clone());
        let questions = role.into_iter().flat_map(|role| -> [Question; 3] {
            [
                ((role.clone(), own.clone()), &READ_RULES),
                ((role.clone(), format!("{own}/backups/any")), &READ),
                ((role, format!("{peer}/backups/any")), &COPY),
            ]
        });
        let copier = self.allowed(questions.collect()).await;
        (replication, copier)
    }

    async fn markers(&self) -> (Told<Vec<IpNet>>, Told<Vec<IpNet>>) {
        let bucket = &self.configuration.resources(self.side).markers_bucket;
        tokio::join!(
            self.ask(
                bucket,
                ("s3:GetBucketPolicy", arn(bucket)),
                self.sight.readers()
            ),
            self.ask(
                "what Route 53, which answers from us-east-1 alone, publishes of its checkers",
                ("route53:GetCheckerIpRanges", "*".to_owned()),
                self.sight.checkers(),
            ),
        )
    }

    async fn allowed(
        &self,
        questions: BTreeMap<(String, String), &'static [&'static str]>,
    ) -> Vec<Allowed> {
        let asked = stream::iter(questions).map(async |((role, resource), actions)| {
            let right = ("iam:SimulatePrincipalPolicy", role.clone());
            let asked = self.sight.denied(&role, actions, &resource);
            let object = format!("what IAM, which answers from us-east-1 alone, knows of {role}");
            let denied = self.ask(&object, right, asked).await;
            Allowed {
                role,
                resource,
                denied,
            }
        });
        asked.buffered(AT_ONCE).collect().await
    }
}

fn arn(bucket: &str) -> String {
    format!("arn:aws:s3:::{bucket}")
}

#[cfg(test)]
mod tests;
