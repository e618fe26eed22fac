//! A task that runs is not one that serves: a service's own tasks, as its target groups see them.

use std::collections::BTreeSet;

use aws_config::SdkConfig;
use aws_sdk_ecs::types::DesiredStatus;
use aws_sdk_elasticloadbalancingv2 as elb;
use elb::types::TargetHealthStateEnum::Healthy;
use lifeboat_aws::{ecs, explain};
use lifeboat_core::{Configuration, Failure, Region, configuration::RegionResources};

#[derive(Debug)]
pub(super) struct Targets {
    ecs: aws_sdk_ecs::Client,
    elb: elb::Client,
    own: RegionResources,
    region: Region,
}

impl Targets {
    pub(super) fn new(config: &SdkConfig, configuration: &Configuration) -> Self {
        Self {
            ecs: aws_sdk_ecs::Client::new(config),
            elb: elb::Client::new(config),
            own: configuration.own().clone(),
            region: configuration.region.clone(),
        }
    }

    /// How many of the service's tasks every target group of it finds healthy. Others' targets do not count: a group may
    /// still hold those of tasks that are gone.
    pub(super) async fn healthy(&self, service: &str) -> Result<u32, Failure> {
        let groups = self.groups(service).await?;
        let mut serving = self.addresses(service).await?;
        for group in groups {
            let healthy = self.healthy_in(&group).await?;
            serving.retain(|address| healthy.contains(address));
        }
        Ok(u32::try_from(serving.len()).unwrap_or(u32::MAX))
    }

    async fn groups(&self, service: &str) -> Result<Vec<String>, Failure> {
        let Some(named) = self.own.services.get(service) else {
            return Ok(vec![]);
        };
        let describe = self.ecs.describe_services().cluster(&self.own.cluster);
        let answer = describe.services(&named.service).send().await;
        let answer = answer
            .map_err(|e| self.failed("describe", format!("service {service}"), explain(&e)))?;
        let balancers = answer.services().iter().flat_map(|s| s.load_balancers());
        let groups = balancers.filter_map(|balancer| balancer.target_group_arn());
        Ok(groups.map(str::to_owned).collect())
    }

    /// The addresses of the service's running tasks.
    async fn addresses(&self, service: &str) -> Result<BTreeSet<String>, Failure> {
        let (own, wanted) = (&self.own, [DesiredStatus::Running]);
        let tasks = ecs::tasks(&self.ecs, own, service, &wanted, &self.region).await?;
        let running = tasks
            .iter()
            .filter(|task| task.last_status() == Some("RUNNING"));
        let details = running.flat_map(|t| t.attachments().iter().flat_map(|a| a.details()));
        let own = details.filter(|detail| detail.name() == Some("privateIPv4Address"));
        Ok(own
            .filter_map(|detail| detail.value().map(str::to_owned))
            .collect())
    }

    async fn healthy_in(&self, group: &str) -> Result<BTreeSet<String>, Failure> {
        let describe = self.elb.describe_target_health().target_group_arn(group);
        let answer = describe.send().await;
        let answer =
            answer.map_err(|e| self.failed("describe the targets of", group, explain(&e)))?;
        let targets = answer.target_health_descriptions().iter();
        let healthy = targets.filter(|target| {
            target.target_health().and_then(|health| health.state()) == Some(&Healthy)
        });
        let ids = healthy.filter_map(|target| target.target().and_then(|target| target.id()));
        Ok(ids.map(str::to_owned).collect())
    }

    fn failed(
        &self,
        operation: &str,
        object: impl std::fmt::Display,
        cause: impl std::fmt::Display,
    ) -> Failure {
        Failure::unavailable(operation, object, &self.region, cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecs::{
        operation::{
            describe_services::DescribeServicesOutput, describe_tasks::DescribeTasksOutput,
            list_tasks::ListTasksOutput,
        },
        types::{Attachment, KeyValuePair, LoadBalancer, Service, Task},
    };
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use elb::{
        operation::describe_target_health::DescribeTargetHealthOutput,
        types::{
            TargetDescription, TargetHealth, TargetHealthDescription,
            TargetHealthStateEnum::{self, Draining, Unhealthy},
        },
    };

    fn task(address: &str, status: &str) -> Task {
        let detail = KeyValuePair::builder()
            .name("privateIPv4Address")
            .value(address);
        let attachment = Attachment::builder().details(detail.build()).build();
        Task::builder()
            .last_status(status)
            .attachments(attachment)
            .build()
    }

    fn target(address: &str, state: TargetHealthStateEnum) -> TargetHealthDescription {
        TargetHealthDescription::builder()
            .target(TargetDescription::builder().id(address).build())
            .target_health(TargetHealth::builder().state(state).build())
            .build()
    }

    fn targets(groups: &'static [&'static str], tasks: Vec<Task>) -> Targets {
        let described = mock!(aws_sdk_ecs::Client::describe_services).then_output(move || {
            let balancers = groups
                .iter()
                .map(|group| LoadBalancer::builder().target_group_arn(*group).build());
            let service = Service::builder().set_load_balancers(Some(balancers.collect()));
            DescribeServicesOutput::builder()
                .services(service.build())
                .build()
        });
        let listed = mock!(aws_sdk_ecs::Client::list_tasks)
            .then_output(|| ListTasksOutput::builder().task_arns("t").build());
        let found = mock!(aws_sdk_ecs::Client::describe_tasks).then_output(move || {
            DescribeTasksOutput::builder()
                .set_tasks(Some(tasks.clone()))
                .build()
        });
        let one = mock!(elb::Client::describe_target_health)
            .match_requests(|r| r.target_group_arn() == Some("one"))
            .then_output(|| {
                DescribeTargetHealthOutput::builder()
                    .target_health_descriptions(target("10.0.0.1", Healthy))
                    .target_health_descriptions(target("10.0.0.2", Healthy))
                    .target_health_descriptions(target("10.0.0.9", Healthy))
                    .build()
            });
        let two = mock!(elb::Client::describe_target_health)
            .match_requests(|r| r.target_group_arn() == Some("two"))
            .then_output(|| {
                DescribeTargetHealthOutput::builder()
                    .target_health_descriptions(target("10.0.0.1", Healthy))
                    .target_health_descriptions(target("10.0.0.2", Unhealthy))
                    .target_health_descriptions(target("10.0.0.3", Draining))
                    .build()
            });
        Targets {
            ecs: mock_client!(
                aws_sdk_ecs,
                RuleMode::MatchAny,
                [&described, &listed, &found]
            ),
            elb: mock_client!(
                aws_sdk_elasticloadbalancingv2,
                RuleMode::MatchAny,
                [&one, &two]
            ),
            own: lifeboat_core::configuration::sample("us-west-2")
                .own()
                .clone(),
            region: Region::new("us-west-2").unwrap(),
        }
    }

    fn three() -> Vec<Task> {
        vec![
            task("10.0.0.1", "RUNNING"),
            task("10.0.0.2", "RUNNING"),
            task("10.0.0.9", "DEPROVISIONING"),
        ]
    }

    #[tokio::test]
    async fn only_running_tasks_of_the_service_itself_count() {
        assert_eq!(targets(&["one"], three()).healthy("users").await, Ok(2));
        assert_eq!(targets(&["one"], vec![]).healthy("users").await, Ok(0));
    }

    #[tokio::test]
    async fn a_task_must_be_healthy_in_every_target_group() {
        let both = targets(&["one", "two"], three());
        assert_eq!(both.healthy("users").await, Ok(1));
    }

    #[tokio::test]
    async fn a_service_behind_no_load_balancer_is_as_healthy_as_its_tasks_run() {
        assert_eq!(targets(&[], three()).healthy("users").await, Ok(2));
    }
}
