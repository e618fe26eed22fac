use aws_sdk_elasticloadbalancingv2::Client;
use lifeboat_aws::explain;
use lifeboat_core::{Failure, Region};

/// Whether a target group is there.
pub(super) async fn there(client: &Client, group: &str, region: &Region) -> Result<bool, Failure> {
    let describe = client.describe_target_groups().target_group_arns(group);
    match describe.send().await {
        Ok(answer) => Ok(!answer.target_groups().is_empty()),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_target_group_not_found_exception()) =>
        {
            Ok(false)
        }
        Err(error) => {
            let object = format!("target group {group}");
            Err(Failure::unavailable(
                "describe",
                object,
                region,
                explain(&error),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_elasticloadbalancingv2::{
        error::ErrorMetadata,
        operation::describe_target_groups::{
            DescribeTargetGroupsError, DescribeTargetGroupsOutput,
        },
        types::{TargetGroup, error::TargetGroupNotFoundException},
    };
    use aws_smithy_mocks::{Rule, mock, mock_client};

    async fn asked(rule: Rule) -> Result<bool, Failure> {
        let client = mock_client!(aws_sdk_elasticloadbalancingv2, [&rule]);
        there(&client, "arn", &Region::new("us-west-2").unwrap()).await
    }

    #[tokio::test]
    async fn a_target_group_that_is_not_there_is_an_answer_and_a_throttled_question_is_none() {
        let found = mock!(Client::describe_target_groups).then_output(|| {
            let group = TargetGroup::builder().build();
            DescribeTargetGroupsOutput::builder()
                .target_groups(group)
                .build()
        });
        assert_eq!(asked(found).await, Ok(true));
        let gone = mock!(Client::describe_target_groups).then_error(|| {
            let gone = TargetGroupNotFoundException::builder().build();
            DescribeTargetGroupsError::TargetGroupNotFoundException(gone)
        });
        assert_eq!(asked(gone).await, Ok(false));
        let throttled = mock!(Client::describe_target_groups).then_error(|| {
            let throttled = ErrorMetadata::builder().code("Throttling").build();
            DescribeTargetGroupsError::generic(throttled)
        });
        let failure = asked(throttled).await.unwrap_err().to_string();
        assert!(
            failure.starts_with("describe target group arn in us-west-2: "),
            "{failure}"
        );
    }
}
