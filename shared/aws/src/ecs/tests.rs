use aws_sdk_applicationautoscaling::{
    self as scaling_sdk,
    operation::{
        describe_scalable_targets::{DescribeScalableTargetsError, DescribeScalableTargetsOutput},
        register_scalable_target::{RegisterScalableTargetError, RegisterScalableTargetOutput},
    },
    primitives::DateTime,
    types::{ScalableDimension, ScalableTarget, ServiceNamespace, SuspendedState},
};
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
    let clients = Clients {
        ecs: mock_client!(aws_sdk_ecs, [rule]),
        scaling: mock_client!(scaling_sdk, [&targets(vec![])]),
    };
    services(&clients, configuration.own(), &configuration.region).await
}

fn targets(targets: Vec<ScalableTarget>) -> Rule {
    mock!(scaling_sdk::Client::describe_scalable_targets).then_output(move || {
        DescribeScalableTargetsOutput::builder()
            .set_scalable_targets(Some(targets.clone()))
            .build()
    })
}

fn target(name: &str, minimum: i32, maximum: i32, suspended: bool) -> ScalableTarget {
    let state = SuspendedState::builder()
        .dynamic_scaling_in_suspended(suspended)
        .dynamic_scaling_out_suspended(suspended)
        .scheduled_scaling_suspended(suspended);
    ScalableTarget::builder()
        .service_namespace(ServiceNamespace::Ecs)
        .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
        .resource_id(name)
        .min_capacity(minimum)
        .max_capacity(maximum)
        .role_arn("r")
        .creation_time(DateTime::from_secs(0))
        .suspended_state(state.build())
        .build()
        .unwrap()
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
    let clients = Clients {
        ecs: mock_client!(aws_sdk_ecs, RuleMode::MatchAny, [&few]),
        scaling: mock_client!(scaling_sdk, [&targets(vec![])]),
    };
    services(&clients, configuration.own(), &configuration.region)
        .await
        .unwrap();
    assert_eq!(few.num_calls(), 2);
}

#[tokio::test]
async fn a_service_is_stopped_by_wanting_no_task_of_it() {
    let rule = mock!(Client::update_service)
        .match_requests(|r| r.service() == Some("forum-users") && r.desired_count() == Some(0))
        .then_output(|| UpdateServiceOutput::builder().build());
    assert_eq!(
        ask_for(Scale::NONE, Image::AsDeployed, &rule, &registered()).await,
        Ok(())
    );
}

#[tokio::test]
async fn what_an_images_name_leads_to_now_takes_a_new_deployment() {
    for (image, new) in [(Image::AsNamed, true), (Image::AsDeployed, false)] {
        let rule = mock!(Client::update_service)
            .match_requests(move |r| r.force_new_deployment() == Some(new))
            .then_output(|| UpdateServiceOutput::builder().build());
        assert_eq!(ask_for(two(), image, &rule, &registered()).await, Ok(()));
    }
}

#[test]
fn tasks_are_started_beside_those_that_run_from_a_pin_and_else_by_a_new_deployment() {
    let configuration = sample("us-west-2");
    let more = |there: &Deployed| there.more(configuration.own(), "users");
    let definition = |family: &str| {
        Some(format!(
            "arn:aws:ecs:us-west-2:111122223333:task-definition/{family}:7"
        ))
    };
    let warm = Deployed {
        running: 1,
        newest: Some("ecs-svc/1".into()),
        definition: definition("forum-users-pinned"),
        ..Deployed::default()
    };
    assert_eq!(more(&warm), Image::AsDeployed);
    for (why, there) in [
        (
            "nothing runs, and pulls may have failed",
            Deployed {
                running: 0,
                ..warm.clone()
            },
        ),
        (
            "what it runs is about to be replaced, or cannot be",
            Deployed {
                newest: None,
                ..warm.clone()
            },
        ),
        (
            "its tag may lead elsewhere by now",
            Deployed {
                definition: definition("forum-users"),
                ..warm.clone()
            },
        ),
        ("nothing is known of it", Deployed::default()),
    ] {
        assert_eq!(more(&there), Image::AsNamed, "{why}");
    }
}

#[tokio::test]
async fn the_bounds_of_each_service_come_with_its_counts_and_one_that_scaling_does_not_know_has_none()
 {
    let both = vec![
        service("forum-users", "ACTIVE", 3, 3),
        service("forum-posts", "ACTIVE", 0, 0),
    ];
    let configuration = sample("us-west-2");
    let users = target("service/forum/forum-users", 2, 10, false);
    let others = target("service/others/others", 1, 1, false);
    for (known, posts) in [
        (vec![users.clone(), others], None),
        (
            vec![users, target("service/forum/forum-posts", 0, 0, true)],
            Some(Bounds::CLOSED),
        ),
    ] {
        let clients = Clients {
            ecs: mock_client!(aws_sdk_ecs, [&answer(both.clone(), "MISSING", vec![])]),
            scaling: mock_client!(scaling_sdk, [&targets(known)]),
        };
        let found = services(&clients, configuration.own(), &configuration.region).await;
        let found = found.unwrap();
        assert_eq!(found["users"].bounds, Some(two().bounds));
        assert_eq!(found["posts"].bounds, posts);
    }
}

#[tokio::test]
async fn the_bounds_are_asked_for_of_this_applications_services_alone() {
    let asked = mock!(scaling_sdk::Client::describe_scalable_targets)
        .match_requests(|r| {
            r.service_namespace() == Some(&ServiceNamespace::Ecs)
                && r.scalable_dimension() == Some(&ScalableDimension::EcsServiceDesiredCount)
                && r.resource_ids() == ["service/forum/forum-posts", "service/forum/forum-users"]
        })
        .then_output(|| DescribeScalableTargetsOutput::builder().build());
    let configuration = sample("us-west-2");
    let clients = Clients {
        ecs: mock_client!(aws_sdk_ecs, [&answer(vec![], "MISSING", vec![])]),
        scaling: mock_client!(scaling_sdk, [&asked]),
    };
    services(&clients, configuration.own(), &configuration.region)
        .await
        .unwrap();
    assert_eq!(asked.num_calls(), 1);
}

#[tokio::test]
async fn services_are_described_also_where_scaling_does_not_answer() {
    let configuration = sample("us-west-2");
    let broken = mock!(scaling_sdk::Client::describe_scalable_targets).then_error(|| {
        DescribeScalableTargetsError::generic(ErrorMetadata::builder().code("Broken").build())
    });
    let clients = Clients {
        ecs: mock_client!(
            aws_sdk_ecs,
            [&answer(
                vec![service("forum-users", "ACTIVE", 3, 3)],
                "MISSING",
                vec![]
            )]
        ),
        scaling: mock_client!(scaling_sdk, [&broken]),
    };
    let found = services(&clients, configuration.own(), &configuration.region).await;
    let found = found.unwrap();
    assert_eq!((found["users"].running, found["users"].bounds), (3, None));
}

#[tokio::test]
async fn the_bounds_are_opened_or_closed_before_the_number_of_tasks_is_changed() {
    for (to, suspended) in [(two(), false), (Scale::NONE, true)] {
        let bounds = mock!(scaling_sdk::Client::register_scalable_target)
            .match_requests(move |r| {
                let state = r.suspended_state().unwrap();
                let states = [
                    state.dynamic_scaling_in_suspended(),
                    state.dynamic_scaling_out_suspended(),
                    state.scheduled_scaling_suspended(),
                ];
                r.resource_id() == Some("service/forum/forum-users")
                    && r.min_capacity() == i32::try_from(to.bounds.minimum).ok()
                    && r.max_capacity() == i32::try_from(to.bounds.maximum).ok()
                    && states == [Some(suspended); 3]
            })
            .then_output(|| RegisterScalableTargetOutput::builder().build());
        let seen = bounds.clone();
        let count = mock!(Client::update_service)
            .match_requests(move |_| seen.num_calls() == 1)
            .then_output(|| UpdateServiceOutput::builder().build());
        assert_eq!(
            ask_for(to, Image::AsDeployed, &count, &bounds).await,
            Ok(())
        );
        assert_eq!(count.num_calls(), 1);
    }
}

#[tokio::test]
async fn where_bounds_cannot_be_set_no_task_is_started_and_tasks_are_stopped_all_the_same() {
    for (to, bounds, stopped) in [(two(), "2 to 10", 0), (Scale::NONE, "0 to 0", 1)] {
        let refused = mock!(scaling_sdk::Client::register_scalable_target).then_error(|| {
            RegisterScalableTargetError::generic(ErrorMetadata::builder().code("Throttled").build())
        });
        let count =
            mock!(Client::update_service).then_output(|| UpdateServiceOutput::builder().build());
        let failure = ask_for(to, Image::AsDeployed, &count, &refused).await;
        assert_eq!(
            failure.unwrap_err().to_string(),
            format!(
                "set scalable target service/forum/forum-users to {bounds} tasks in us-west-2: Throttled"
            )
        );
        assert_eq!(count.num_calls(), stopped);
    }
}

fn two() -> Scale {
    Scale::serving(sample("us-west-2").service("users").unwrap(), 2)
}

fn registered() -> Rule {
    mock!(scaling_sdk::Client::register_scalable_target)
        .then_output(|| RegisterScalableTargetOutput::builder().build())
}

async fn ask_for(to: Scale, image: Image, count: &Rule, bounds: &Rule) -> Result<(), Failure> {
    let clients = Clients {
        ecs: mock_client!(aws_sdk_ecs, [count]),
        scaling: mock_client!(scaling_sdk, [bounds]),
    };
    let configuration = sample("us-west-2");
    let (own, region) = (configuration.own(), &configuration.region);
    scale(&clients, own, "users", to, image, region).await
}

fn task(service: &str, status: &str) -> Task {
    let group = format!("service:{service}");
    Task::builder().group(group).last_status(status).build()
}

async fn unfinished_of(tasks: Vec<Task>) -> BTreeMap<String, u32> {
    let listed =
        mock!(Client::list_tasks).then_output(|| ListTasksOutput::builder().task_arns("a").build());
    // Listed twice, by what ECS wants of them, and described once.
    let described = mock!(Client::describe_tasks)
        .match_requests(|r| r.tasks() == ["a", "a"])
        .then_output(move || {
            let tasks = Some(tasks.clone());
            DescribeTasksOutput::builder().set_tasks(tasks).build()
        });
    let client = mock_client!(aws_sdk_ecs, RuleMode::MatchAny, [&listed, &described]);
    let configuration = sample("us-west-2");
    let (own, region) = (configuration.own(), &configuration.region);
    unfinished(&client, own, region).await.unwrap()
}

#[tokio::test]
async fn a_task_on_its_way_out_has_not_ended_although_nobody_counts_it() {
    for (status, left) in [("DEACTIVATING", 2), ("STOPPING", 2), ("STOPPED", 0)] {
        let tasks = vec![task("forum-users", status), task("forum-users", status)];
        assert_eq!(
            unfinished_of(tasks).await,
            [("users".to_owned(), left)].into()
        );
    }
}

#[tokio::test]
async fn the_clusters_tasks_are_told_apart_by_service_and_others_are_nobodys() {
    let tasks = vec![
        task("forum-users", "STOPPING"),
        task("forum-posts", "RUNNING"),
        task("forum-posts", "RUNNING"),
        task("somebody-elses", "RUNNING"),
    ];
    let each = [("users".to_owned(), 1), ("posts".to_owned(), 2)];
    assert_eq!(unfinished_of(tasks).await, each.into());
}

#[tokio::test]
async fn a_control_plane_that_refuses_us_tells_nothing_and_one_that_breaks_is_a_sign() {
    use aws_smithy_runtime_api::{client::orchestrator::HttpResponse, http::StatusCode};
    let http = |status: u16| {
        let status = StatusCode::try_from(status).unwrap();
        let body = r#"{"__type":"AccessDeniedException"}"#;
        mock!(Client::describe_services)
            .then_http_response(move || HttpResponse::new(status, body.into()))
    };
    let asked = async |rule: &Rule| {
        let client = mock_client!(aws_sdk_ecs, RuleMode::Sequential, [rule], |conf| conf
            .retry_config(aws_sdk_ecs::config::retry::RetryConfig::disabled()));
        let configuration = sample("us-west-2");
        let trouble = described(&client, configuration.peer()).await.unwrap_err();
        trouble.sign()
    };
    let refused = asked(&http(400)).await;
    assert!(matches!(refused, Answer::Unclear(_)), "{refused:?}");
    let broken = asked(&http(500)).await;
    assert!(matches!(broken, Answer::Bad(_)), "{broken:?}");
    let doubtful = answer(vec![], "ACCESS_DENIED", vec!["forum-posts"]);
    let doubtful = asked(&doubtful).await;
    assert!(matches!(doubtful, Answer::Unclear(_)), "{doubtful:?}");
}
