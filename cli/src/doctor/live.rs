//! One region as AWS shows it.

mod bucket;
mod checkers;
mod rights;

use ipnet::IpNet;
use lifeboat_aws::{
    Aws, Patience,
    ecs::{Services, deployed},
    explain, s3,
    signed::Signed,
};
use lifeboat_core::{Failure, Region, configuration::RegionResources};
use lifeboat_image_sync::{Action, ready::Ready};
use serde_json::{Value, json};

use super::{Group, Replication, Rule, Sight, Start};
use crate::ask::{Ask, Function};

#[derive(Debug)]
pub struct Live<'a> {
    s3: aws_sdk_s3::Client,
    ecs: aws_sdk_ecs::Client,
    signed: Signed,
    images: Function,
    resources: &'a RegionResources,
    region: &'a Region,
}

impl<'a> Live<'a> {
    pub fn new(
        aws: &Aws,
        images: Function,
        resources: &'a RegionResources,
        region: &'a Region,
    ) -> Result<Self, Failure> {
        let config = aws.region(region, Patience::Brief);
        Ok(Self {
            s3: s3::client(&config),
            ecs: aws_sdk_ecs::Client::new(&config),
            signed: Signed::new(aws, Patience::Brief, region)?,
            images,
            resources,
            region,
        })
    }
}

impl Sight for Live<'_> {
    async fn services(&self) -> Result<Services, Failure> {
        deployed(&self.ecs, self.resources, self.region).await
    }

    async fn start(&self, definition: &str) -> Result<Start, Failure> {
        start(&self.ecs, definition, self.region).await
    }

    async fn denied(
        &self,
        role: &str,
        actions: &[&str],
        resource: &str,
    ) -> Result<Vec<String>, Failure> {
        rights::denied(&self.signed, role, actions, resource, self.region).await
    }

    async fn group(&self, name: &str) -> Result<Group, Failure> {
        group(&self.signed, name, self.region).await
    }

    async fn versioned(&self) -> Result<bool, Failure> {
        bucket::versioned(&self.s3, &self.resources.backups_bucket, self.region).await
    }

    async fn replication(&self) -> Result<Replication, Failure> {
        bucket::replication(&self.s3, &self.resources.backups_bucket, self.region).await
    }

    async fn lifecycle(&self) -> Result<Vec<Rule>, Failure> {
        bucket::lifecycle(&self.s3, &self.resources.backups_bucket, self.region).await
    }

    async fn readers(&self) -> Result<Vec<IpNet>, Failure> {
        bucket::readers(&self.s3, &self.resources.markers_bucket, self.region).await
    }

    async fn checkers(&self) -> Result<Vec<IpNet>, Failure> {
        checkers::published(&self.signed, self.region).await
    }

    async fn ready(&self) -> Result<Ready, Failure> {
        self.images.ask(&Action::Ready {}).await
    }
}

async fn start(
    client: &aws_sdk_ecs::Client,
    definition: &str,
    region: &Region,
) -> Result<Start, Failure> {
    let failed = |why: String| {
        let object = format!("task definition {definition}");
        Failure::unavailable("describe", object, region, why)
    };
    let described = client
        .describe_task_definition()
        .task_definition(definition);
    let described = described.send().await.map_err(|e| failed(explain(&e)))?;
    let found = described.task_definition();
    let found = found.ok_or_else(|| failed("the answer holds none".into()))?;
    let logs = found.container_definitions().iter();
    let logs = logs.filter_map(|container| container.log_configuration()?.options());
    let groups = logs.filter_map(|options| options.get("awslogs-group").cloned());
    // Empty is absent to some who answer.
    let role = found.execution_role_arn().filter(|role| !role.is_empty());
    Ok(Start {
        role: role.map(str::to_owned),
        groups: groups.collect(),
    })
}

/// Groups come in the order of their names, so the one that is called just so is the first that begins so.
async fn group(signed: &Signed, name: &str, region: &Region) -> Result<Group, Failure> {
    let failed =
        |why: String| Failure::unavailable("describe", format!("log group {name}"), region, why);
    let asked = json!({ "logGroupNamePrefix": name });
    let answer = signed.json("logs", "Logs_20140328.DescribeLogGroups", &asked);
    let answer = answer
        .await
        .map_err(|trouble| failed(trouble.to_string()))?;
    let groups = answer.get("logGroups").and_then(Value::as_array);
    let groups = groups.ok_or_else(|| failed("the answer names no groups".into()))?;
    let called = |group: &&Value| group.get("logGroupName").and_then(Value::as_str) == Some(name);
    Ok(match groups.iter().find(called) {
        None => Group::Missing,
        Some(group) => {
            let days = group.get("retentionInDays").and_then(Value::as_i64);
            days.map_or(Group::KeptForEver, |days| Group::Kept { days })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecs::{
        operation::describe_task_definition::DescribeTaskDefinitionOutput,
        types::{ContainerDefinition, LogConfiguration, LogDriver, TaskDefinition},
    };
    use aws_smithy_mocks::{mock, mock_client};
    use lifeboat_aws::signed::answering;

    fn region() -> Region {
        Region::new("us-west-2").unwrap()
    }

    #[tokio::test]
    async fn a_task_definition_says_its_execution_role_and_its_log_groups() {
        for role in ["arn:aws:iam::1:role/a", ""] {
            let log = LogConfiguration::builder()
                .log_driver(LogDriver::Awslogs)
                .options("awslogs-group", "/ecs/forum-users")
                .build()
                .unwrap();
            let users = ContainerDefinition::builder().log_configuration(log);
            let quiet = ContainerDefinition::builder();
            let found = TaskDefinition::builder()
                .execution_role_arn(role)
                .container_definitions(users.build())
                .container_definitions(quiet.build())
                .build();
            let output = DescribeTaskDefinitionOutput::builder().task_definition(found);
            let output = output.build();
            let rule = mock!(aws_sdk_ecs::Client::describe_task_definition)
                .match_requests(|r| r.task_definition() == Some("arn"))
                .then_output(move || output.clone());
            let client = mock_client!(aws_sdk_ecs, [&rule]);
            let expected = Start {
                role: Some(role.to_owned()).filter(|role| !role.is_empty()),
                groups: ["/ecs/forum-users".to_owned()].into(),
            };
            assert_eq!(start(&client, "arn", &region()).await, Ok(expected));
        }
    }

    #[tokio::test]
    async fn a_log_group_is_missing_or_kept_for_days_or_for_ever() {
        let groups = |kept: &str| {
            format!(r#"{{"logGroups":[{{"logGroupName":"/a"{kept}}},{{"logGroupName":"/ab"}}]}}"#)
        };
        for (status, body, expected) in [
            (
                200,
                groups(r#","retentionInDays":30"#),
                Ok(Group::Kept { days: 30 }),
            ),
            (200, groups(""), Ok(Group::KeptForEver)),
            (
                200,
                r#"{"logGroups":[{"logGroupName":"/ab"}]}"#.into(),
                Ok(Group::Missing),
            ),
            (200, "{}".into(), Err("names no groups")),
            (
                400,
                r#"{"__type":"AccessDeniedException"}"#.into(),
                Err("AccessDenied"),
            ),
        ] {
            let ask = async |signed: Signed| group(&signed, "/a", &region()).await;
            let (answer, request) = answering(status, &body, ask).await.unwrap();
            match (answer, expected) {
                (Ok(found), expected) => assert_eq!(Ok(found), expected),
                (Err(failure), Err(says)) => {
                    assert!(failure.to_string().contains(says), "{failure}");
                }
                (answer, expected) => panic!("{answer:?} {expected:?}"),
            }
            assert!(
                request.contains("Logs_20140328.DescribeLogGroups"),
                "{request}"
            );
        }
    }
}
