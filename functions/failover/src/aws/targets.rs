//! A task that runs is not one that serves: a service's own tasks, as its target groups see them.

use std::collections::{BTreeMap, BTreeSet};

use aws_config::SdkConfig;
use aws_sdk_ecs::types::{DesiredStatus, Task};
use aws_sdk_elasticloadbalancingv2 as elb;
use elb::types::TargetHealthStateEnum::Healthy;
use lifeboat_aws::{
    ecs::{self, Services},
    explain,
};
use lifeboat_core::{Configuration, Failure, Region, configuration::RegionResources};

use crate::each::each;

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

    /// How many of each service's tasks every target group of it finds healthy. Others' targets do not count: a group may
    /// still hold those of tasks that are gone.
    pub(super) async fn healthy(
        &self,
        services: &Services,
    ) -> Result<BTreeMap<String, u32>, Failure> {
        let wanted = [DesiredStatus::Running];
        let tasks = ecs::tasks(&self.ecs, &self.own, &wanted, &self.region).await?;
        let healthy = each(services.keys().cloned(), async |service: String| {
            let mut serving = tasks
                .get(&service)
                .map(|tasks| addresses(tasks))
                .unwrap_or_default();
            for group in services.get(&service).map_or(&[][..], |s| &s.groups) {
                let healthy = self.healthy_in(group).await?;
                serving.retain(|address| healthy.contains(address));
            }
            Ok((service, u32::try_from(serving.len()).unwrap_or(u32::MAX)))
        });
        Ok(healthy.await?.into_iter().collect())
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

/// Of those that run.
fn addresses(tasks: &[Task]) -> BTreeSet<String> {
    let running = tasks
        .iter()
        .filter(|task| task.last_status() == Some("RUNNING"));
    let details = running.flat_map(|t| t.attachments().iter().flat_map(|a| a.details()));
    let own = details.filter(|detail| detail.name() == Some("privateIPv4Address"));
    own.filter_map(|detail| detail.value().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecs::{
        operation::{describe_tasks::DescribeTasksOutput, list_tasks::ListTasksOutput},
        types::{Attachment, KeyValuePair},
    };
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use ecs::Deployed;
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
            .group("service:forum-users")
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

    fn targets(tasks: Vec<Task>) -> Targets {
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
            ecs: mock_client!(aws_sdk_ecs, RuleMode::MatchAny, [&listed, &found]),
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

    async fn healthy(groups: &[&str], tasks: Vec<Task>) -> u32 {
        let users = Deployed {
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            ..Deployed::default()
        };
        let services = [("users".to_owned(), users)].into();
        targets(tasks).healthy(&services).await.unwrap()["users"]
    }

    #[tokio::test]
    async fn only_running_tasks_of_the_service_itself_count() {
        assert_eq!(healthy(&["one"], three()).await, 2);
        assert_eq!(healthy(&["one"], vec![]).await, 0);
        let others = three().into_iter().map(|mut task| {
            task.group = Some("service:others".into());
            task
        });
        assert_eq!(healthy(&["one"], others.collect()).await, 0);
    }

    #[tokio::test]
    async fn a_task_must_be_healthy_in_every_target_group() {
        assert_eq!(healthy(&["one", "two"], three()).await, 1);
    }

    #[tokio::test]
    async fn a_service_behind_no_load_balancer_is_as_healthy_as_its_tasks_run() {
        assert_eq!(healthy(&[], three()).await, 2);
    }
}
