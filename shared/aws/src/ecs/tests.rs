use aws_sdk_ecs::{
    error::ErrorMetadata,
    operation::{
        describe_services::DescribeServicesOutput, describe_tasks::DescribeTasksOutput,
        list_tasks::ListTasksOutput, update_service::UpdateServiceOutput,
    },
    types::{Failure as EcsFailure, Service, error::ClusterNotFoundException},
};
use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
use lifeboat_core::configuration::sample;

use super::*;

fn answer(services: Vec<Service>, reason: &'static str, failed: Vec<&'static str>) -> Rule {
    mock!(Client::describe_services).then_output(move || {
        let failure = |name: &&str| EcsFailure::builder().arn(*name).reason(reason).build();
        DescribeServicesOutput::builder()
            .set_services(Some(services.clone()))
            .set_failures(Some(failed.iter().map(failure).collect()))
            .build()
    })
}

fn service(name: &str, status: &str, desired: i32, running: i32) -> Service {
    let service = Service::builder().service_name(name).status(status);
    service
        .desired_count(desired)
        .running_count(running)
        .build()
}

fn error(code: &'static str) -> Rule {
    mock!(Client::describe_services).then_error(move || match code {
        "ClusterNotFoundException" => DescribeServicesError::ClusterNotFoundException(
            ClusterNotFoundException::builder().build(),
        ),
        _ => DescribeServicesError::generic(ErrorMetadata::builder().code(code).build()),
    })
}

async fn ask(rule: &Rule) -> Result<Services, Failure> {
    let configuration = sample("us-west-2");
    let client = mock_client!(aws_sdk_ecs, [rule]);
    services(&client, configuration.own(), &configuration.region).await
}

#[tokio::test]
async fn a_missing_service_is_not_there_and_an_inactive_one_says_so() {
    let inactive = vec![service("forum-users", "INACTIVE", 0, 0)];
    let found = ask(&answer(inactive, "MISSING", vec!["forum-posts"])).await;
    let inactive = Deployed {
        status: "INACTIVE".into(),
        ..Deployed::default()
    };
    assert_eq!(found, Ok([("users".to_owned(), inactive)].into()));
}

#[tokio::test]
async fn counts_come_under_the_services_own_name() {
    let running = vec![service("forum-posts", "ACTIVE", 3, 2)];
    let found = ask(&answer(running, "MISSING", vec![])).await.unwrap();
    let posts = &found["posts"];
    assert_eq!((posts.desired, posts.running), (3, 2));
}

#[tokio::test]
async fn a_failure_of_another_reason_is_no_answer() {
    let doubtful = ask(&answer(vec![], "ACCESS_DENIED", vec!["forum-posts"]))
        .await
        .unwrap_err();
    assert_eq!(
        doubtful.to_string(),
        "describe services of cluster forum in us-west-2: forum-posts: ACCESS_DENIED"
    );
}

#[tokio::test]
async fn without_a_cluster_no_service_is_there() {
    assert_eq!(
        ask(&error("ClusterNotFoundException")).await,
        Ok(Services::new())
    );
    let failure = ask(&error("ServerException")).await.unwrap_err();
    assert!(failure.to_string().contains("ServerException"), "{failure}");
}

#[tokio::test]
async fn more_services_than_one_call_takes_are_asked_for_in_several() {
    let mut configuration = sample("us-west-2");
    let own = configuration
        .regions
        .get_mut(&configuration.region)
        .unwrap();
    let users = own.services["users"].clone();
    own.services = (0..12).map(|i| (format!("s{i}"), users.clone())).collect();
    let few = mock!(Client::describe_services)
        .match_requests(|r| r.services().len() <= AT_ONCE)
        .then_output(|| DescribeServicesOutput::builder().build());
    let client = mock_client!(aws_sdk_ecs, aws_smithy_mocks::RuleMode::MatchAny, [&few]);
    services(&client, configuration.own(), &configuration.region)
        .await
        .unwrap();
    assert_eq!(few.num_calls(), 2);
}

#[tokio::test]
async fn a_service_is_stopped_by_wanting_no_task_of_it() {
    let rule = mock!(Client::update_service)
        .match_requests(|r| r.service() == Some("forum-users") && r.desired_count() == Some(0))
        .then_output(|| UpdateServiceOutput::builder().build());
    assert_eq!(ask_for(0, Image::AsDeployed, &rule).await, Ok(()));
}

#[tokio::test]
async fn what_an_images_name_leads_to_now_takes_a_new_deployment() {
    for (image, new) in [(Image::AsNamed, true), (Image::AsDeployed, false)] {
        let rule = mock!(Client::update_service)
            .match_requests(move |r| r.force_new_deployment() == Some(new))
            .then_output(|| UpdateServiceOutput::builder().build());
        assert_eq!(ask_for(2, image, &rule).await, Ok(()));
    }
}

async fn ask_for(desired: u32, image: Image, rule: &Rule) -> Result<(), Failure> {
    let client = mock_client!(aws_sdk_ecs, [rule]);
    let configuration = sample("us-west-2");
    let (own, region) = (configuration.own(), &configuration.region);
    scale(&client, own, "users", desired, image, region).await
}

#[tokio::test]
async fn a_task_on_its_way_out_has_not_ended_although_nobody_counts_it() {
    let listed =
        mock!(Client::list_tasks).then_output(|| ListTasksOutput::builder().task_arns("a").build());
    for (status, left) in [("DEACTIVATING", 2), ("STOPPING", 2), ("STOPPED", 0)] {
        let described = mock!(Client::describe_tasks).then_output(move || {
            let task = Task::builder().last_status(status).build();
            DescribeTasksOutput::builder()
                .tasks(task.clone())
                .tasks(task)
                .build()
        });
        let client = mock_client!(aws_sdk_ecs, RuleMode::MatchAny, [&listed, &described]);
        let configuration = sample("us-west-2");
        let (own, region) = (configuration.own(), &configuration.region);
        assert_eq!(unfinished(&client, own, "users", region).await, Ok(left));
    }
}
