//! What the other region's ECS says of its services.

use aws_sdk_ecs::{Client, types::Service};
use lifeboat_aws::{
    ecs::{AT_ONCE, no_cluster},
    sign,
};
use lifeboat_core::{configuration::RegionResources, liveness::Answer};

pub(super) async fn tasks(client: &Client, peer: &RegionResources) -> Answer {
    let names = peer
        .services
        .values()
        .take(AT_ONCE)
        .map(|r| r.service.clone());
    let describe = client.describe_services().cluster(&peer.cluster);
    match describe.set_services(Some(names.collect())).send().await {
        Ok(answer) => judge(answer.services()),
        Err(error) if no_cluster(&error) => Answer::Bad(format!("{} is not there", peer.cluster)),
        Err(error) => sign(&error),
    }
}

/// One task of one service is life. Where none is wanted somebody stopped them all, which is no accident.
fn judge(services: &[Service]) -> Answer {
    if services.is_empty() {
        return Answer::Bad("none of the services is there".into());
    }
    if services.iter().any(|service| service.running_count() > 0) {
        return Answer::Good;
    }
    match services.iter().map(Service::desired_count).sum() {
        0 => Answer::Unclear("every service is scaled to no tasks".into()),
        wanted => Answer::Bad(format!("no task runs, and {wanted} are wanted")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecs::operation::describe_services::{
        DescribeServicesError, DescribeServicesOutput,
    };
    use aws_sdk_ecs::types::error::ClusterNotFoundException;
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use aws_smithy_runtime_api::{client::orchestrator::HttpResponse, http::StatusCode};
    use lifeboat_core::configuration::sample;

    async fn asked(rule: Rule) -> Answer {
        let configuration = sample("us-west-2");
        let client = mock_client!(aws_sdk_ecs, RuleMode::Sequential, [&rule], |conf| conf
            .retry_config(aws_sdk_ecs::config::retry::RetryConfig::disabled()));
        tasks(&client, configuration.peer()).await
    }

    #[tokio::test]
    async fn one_task_of_any_service_is_life_and_none_of_those_wanted_a_sign_of_death() {
        for (services, expected) in [
            (vec![(2, 0), (2, 1)], Answer::Good),
            (
                vec![(2, 0), (2, 0)],
                Answer::Bad("no task runs, and 4 are wanted".into()),
            ),
            (
                vec![(0, 0), (0, 0)],
                Answer::Unclear("every service is scaled to no tasks".into()),
            ),
            (vec![], Answer::Bad("none of the services is there".into())),
        ] {
            let found = mock!(Client::describe_services).then_output(move || {
                let services = services.iter().map(|(desired, running)| {
                    let service = Service::builder();
                    service
                        .desired_count(*desired)
                        .running_count(*running)
                        .build()
                });
                let output = DescribeServicesOutput::builder();
                output.set_services(Some(services.collect())).build()
            });
            assert_eq!(asked(found).await, expected);
        }
    }

    #[tokio::test]
    async fn a_control_plane_that_refuses_us_tells_nothing_and_one_that_breaks_is_a_sign() {
        let http = |status: u16| {
            let status = StatusCode::try_from(status).unwrap();
            let body = r#"{"__type":"AccessDeniedException"}"#;
            mock!(Client::describe_services)
                .then_http_response(move || HttpResponse::new(status, body.into()))
        };
        let gone = mock!(Client::describe_services).then_error(|| {
            DescribeServicesError::ClusterNotFoundException(
                ClusterNotFoundException::builder().build(),
            )
        });
        let refused = asked(http(400)).await;
        assert!(matches!(refused, Answer::Unclear(_)), "{refused:?}");
        for rule in [http(500), gone] {
            let broken = asked(rule).await;
            assert!(matches!(broken, Answer::Bad(_)), "{broken:?}");
        }
    }
}
