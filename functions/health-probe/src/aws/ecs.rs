//! Whether the other region's control plane answers.

use aws_sdk_ecs::{Client, error::SdkError};
use lifeboat_aws::{
    ecs::{AT_ONCE, no_cluster},
    explain,
};
use lifeboat_core::{configuration::RegionResources, liveness::Answer};

/// One that refuses us is alive: taking its refusal for its death would let a fault in our own permissions agree with
/// one bad signal.
pub(super) async fn answers(client: &Client, peer: &RegionResources) -> Answer {
    let names = peer
        .services
        .values()
        .take(AT_ONCE)
        .map(|r| r.service.clone());
    let describe = client.describe_services().cluster(&peer.cluster);
    let Err(error) = describe.set_services(Some(names.collect())).send().await else {
        return Answer::Good;
    };
    let why = explain(&error);
    match &error {
        SdkError::ServiceError(e) if e.raw().status().is_client_error() && !no_cluster(&error) => {
            tracing::warn!("the peer's control plane refuses: {why}");
            Answer::Good
        }
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) => Answer::Silent(why),
        _ => Answer::Bad(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecs::operation::describe_services::{
        DescribeServicesError, DescribeServicesOutput,
    };
    use aws_sdk_ecs::types::error::ClusterNotFoundException;
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use aws_smithy_runtime_api::{client::orchestrator::HttpResponse, http::StatusCode};
    use lifeboat_core::configuration::sample;

    #[tokio::test]
    async fn a_control_plane_that_refuses_us_is_alive_and_one_that_breaks_is_not() {
        let configuration = sample("us-west-2");
        let http = |status: u16| {
            let status = StatusCode::try_from(status).unwrap();
            let body = r#"{"__type":"AccessDeniedException"}"#;
            mock!(Client::describe_services)
                .then_http_response(move || HttpResponse::new(status, body.into()))
        };
        let found = mock!(Client::describe_services)
            .then_output(|| DescribeServicesOutput::builder().build());
        let gone = mock!(Client::describe_services).then_error(|| {
            DescribeServicesError::ClusterNotFoundException(
                ClusterNotFoundException::builder().build(),
            )
        });
        for (rule, good) in [
            (found, true),
            (http(400), true),
            (http(500), false),
            (gone, false),
        ] {
            let client = mock_client!(aws_sdk_ecs, RuleMode::Sequential, [&rule], |conf| conf
                .retry_config(aws_sdk_ecs::config::retry::RetryConfig::disabled()));
            let answer = answers(&client, configuration.peer()).await;
            assert_eq!(answer.good(), good, "{answer:?}");
        }
    }
}
