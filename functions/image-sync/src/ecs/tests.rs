use aws_sdk_ecs::{
    operation::{
        describe_services::DescribeServicesOutput,
        describe_task_definition::DescribeTaskDefinitionOutput,
        describe_tasks::DescribeTasksOutput,
        list_task_definitions::{ListTaskDefinitionsError, ListTaskDefinitionsOutput},
        list_tasks::ListTasksOutput,
        register_task_definition::RegisterTaskDefinitionOutput,
        update_service::UpdateServiceOutput,
    },
    types::{
        ContainerDefinition, Deployment, NetworkMode, Service, TaskDefinition,
        error::ServerException,
    },
};
use aws_smithy_mocks::{RuleMode, mock, mock_client};
use lifeboat_core::{Configuration, configuration::sample};

use super::*;

const TEMPLATE: &str = "arn:aws:ecs:us-west-2:1:task-definition/forum-users:7";
const PINNED: &str = "arn:aws:ecs:us-west-2:1:task-definition/forum-users-pinned:3";

fn cluster(configuration: &Configuration, client: Client) -> Cluster<'_> {
    Cluster {
        client,
        resources: configuration.own(),
        region: &configuration.region,
    }
}

fn described(arn: &str) -> TaskDefinition {
    let container = ContainerDefinition::builder()
        .name("users")
        .image("r/forum/users:stable");
    TaskDefinition::builder()
        .task_definition_arn(arn)
        .network_mode(NetworkMode::Awsvpc)
        .cpu("256")
        .execution_role_arn("arn:role")
        .container_definitions(container.build())
        .build()
}

fn services() -> aws_smithy_mocks::Rule {
    mock!(Client::describe_services).then_output(|| {
        let deployment =
            |id: &str, status: &str| Deployment::builder().id(id).status(status).build();
        let service = Service::builder()
            .service_name("forum-users")
            .status("ACTIVE")
            .task_definition(PINNED)
            .deployments(deployment("ecs-svc/1", "ACTIVE"))
            .deployments(deployment("ecs-svc/2", "PRIMARY"));
        DescribeServicesOutput::builder()
            .services(service.build())
            .build()
    })
}

#[tokio::test]
async fn tasks_that_run_say_by_which_digest_and_which_deployment_is_the_newest() {
    let configuration = sample("us-west-2");
    let list = mock!(Client::list_tasks)
        .match_requests(|r| r.desired_status() == Some(&DesiredStatus::Running))
        .then_output(|| {
            ListTasksOutput::builder()
                .task_arns("a")
                .task_arns("b")
                .build()
        });
    let describe = mock!(Client::describe_tasks).then_output(|| {
        let task = |status: &str| {
            let container = types::Container::builder()
                .name("users")
                .image("r/forum/users:stable")
                .image_digest("sha256:a");
            types::Task::builder()
                .group("service:forum-users")
                .last_status(status)
                .started_by("ecs-svc/2")
                .containers(container.build())
                .build()
        };
        DescribeTasksOutput::builder()
            .tasks(task("RUNNING"))
            .tasks(task("PENDING"))
            .build()
    });
    let client = mock_client!(
        aws_sdk_ecs,
        RuleMode::MatchAny,
        [&services(), &list, &describe]
    );
    let found = cluster(&configuration, client).running().await.unwrap();
    let users = &found["users"];
    assert_eq!(users.newest.as_deref(), Some("ecs-svc/2"));
    assert_eq!(
        users.tasks.len(),
        1,
        "one that is starting tells nothing yet"
    );
    assert_eq!(users.tasks[0].deployment, users.newest);
    assert_eq!(
        users.tasks[0].containers[0].digest.as_deref(),
        Some("sha256:a")
    );
}

#[tokio::test]
async fn the_current_definition_is_the_services_own_and_not_the_newest_of_a_family() {
    let configuration = sample("us-west-2");
    let describe = mock!(Client::describe_task_definition)
        .match_requests(|r| r.task_definition() == Some(PINNED))
        .then_output(|| {
            let output = DescribeTaskDefinitionOutput::builder();
            output.task_definition(described(PINNED)).build()
        });
    let client = mock_client!(aws_sdk_ecs, RuleMode::MatchAny, [&services(), &describe]);
    let found = cluster(&configuration, client).current().await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found["users"].arn, PINNED);
}

#[tokio::test]
async fn the_newest_of_a_family_are_of_that_family_and_not_of_one_whose_name_is_longer() {
    let configuration = sample("us-west-2");
    let list = mock!(Client::list_task_definitions)
        .match_requests(|r| {
            let sorted = r.sort() == Some(&SortOrder::Desc);
            sorted && r.family_prefix() == Some("forum-users")
        })
        .then_output(|| {
            let output = ListTaskDefinitionsOutput::builder().task_definition_arns(PINNED);
            output.task_definition_arns(TEMPLATE).build()
        });
    let describe = mock!(Client::describe_task_definition)
        .match_requests(|r| r.task_definition() == Some(TEMPLATE))
        .then_output(|| {
            let output = DescribeTaskDefinitionOutput::builder();
            output.task_definition(described(TEMPLATE)).build()
        });
    let client = mock_client!(aws_sdk_ecs, RuleMode::MatchAny, [&list, &describe]);
    let found = cluster(&configuration, client)
        .newest("forum-users", 3)
        .await;
    let arns: Vec<String> = found.unwrap().into_iter().map(|one| one.arn).collect();
    assert_eq!(arns, [TEMPLATE]);
}

#[tokio::test]
async fn a_pin_is_registered_as_it_was_described_and_the_service_keeps_its_number_of_tasks() {
    let configuration = sample("us-west-2");
    let register = mock!(Client::register_task_definition)
        .match_requests(|r| {
            let container = &r.container_definitions()[0];
            r.family() == Some("forum-users-pinned")
                && r.network_mode() == Some(&NetworkMode::Awsvpc)
                && (r.cpu(), r.execution_role_arn()) == (Some("256"), Some("arn:role"))
                && container.image() == Some("r/forum/users@sha256:a")
        })
        .then_output(|| {
            let output = RegisterTaskDefinitionOutput::builder();
            output.task_definition(described(PINNED)).build()
        });
    let point = mock!(Client::update_service)
        .match_requests(|r| {
            let named = r.service() == Some("forum-users") && r.task_definition() == Some(PINNED);
            named && r.desired_count().is_none() && r.force_new_deployment().is_none()
        })
        .then_output(|| UpdateServiceOutput::builder().build());
    let client = mock_client!(aws_sdk_ecs, RuleMode::MatchAny, [&register, &point]);
    let cluster = cluster(&configuration, client);
    let pinned = Definition::new(described(TEMPLATE))
        .with(|_, _| Ok::<_, ()>(Some("r/forum/users@sha256:a".into())));
    let arn = cluster
        .register("forum-users-pinned", &pinned.unwrap())
        .await
        .unwrap();
    assert_eq!(arn, PINNED);
    cluster.point("forum-users", &arn).await.unwrap();
}

#[tokio::test]
async fn who_does_not_answer_is_named_with_what_was_asked() {
    let configuration = sample("us-west-2");
    let broken = mock!(Client::list_task_definitions).then_error(|| {
        let broken = ServerException::builder().message("broken").build();
        ListTaskDefinitionsError::ServerException(broken)
    });
    let client = mock_client!(aws_sdk_ecs, RuleMode::Sequential, [&broken], |conf| conf
        .retry_config(aws_sdk_ecs::config::retry::RetryConfig::disabled()));
    let failure = cluster(&configuration, client)
        .newest("forum-users", 1)
        .await
        .unwrap_err();
    let text = failure.to_string();
    assert!(
        text.starts_with("list task definitions forum-users in us-west-2: "),
        "{text}"
    );
}
