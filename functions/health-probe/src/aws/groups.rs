use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::{Client, error::SdkError};
use futures::future::join_all;
use lifeboat_aws::explain;
use lifeboat_core::{Failure, Region};

use crate::world::Groups;

/// As many are described by one call at most.
const TOGETHER: usize = 20;

/// Which of these target groups are there. Asked for together, one that is not there fails the others, so then each is asked for
/// by itself.
pub(super) async fn there(client: &Client, arns: &BTreeSet<String>, region: &Region) -> Groups {
    let arns: Vec<String> = arns.iter().cloned().collect();
    let asked = arns.chunks(TOGETHER).map(async |together| {
        match describe(client, together, region).await {
            Ok(true) => together.iter().map(|arn| (arn.clone(), Ok(true))).collect(),
            Ok(false) if together.len() > 1 => {
                let alone = together.iter().map(async |arn| {
                    let there = describe(client, std::slice::from_ref(arn), region).await;
                    (arn.clone(), there)
                });
                join_all(alone).await
            }
            other => together
                .iter()
                .map(|arn| (arn.clone(), other.clone()))
                .collect(),
        }
    });
    join_all(asked).await.into_iter().flatten().collect()
}

/// Whether all of them are.
async fn describe(client: &Client, arns: &[String], region: &Region) -> Result<bool, Failure> {
    let asked = client
        .describe_target_groups()
        .set_target_group_arns(Some(arns.to_vec()))
        .send();
    match asked.await {
        Ok(answer) => Ok(answer.target_groups().len() == arns.len()),
        Err(SdkError::ServiceError(error)) if error.err().is_target_group_not_found_exception() => {
            Ok(false)
        }
        Err(error) => {
            let object = format!("target group {}", arns.join(", "));
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
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    async fn asked(rules: &[&Rule], arns: &[&str]) -> Groups {
        let client = mock_client!(aws_sdk_elasticloadbalancingv2, RuleMode::MatchAny, rules);
        let arns = arns.iter().map(|arn| (*arn).to_owned()).collect();
        there(&client, &arns, &Region::new("us-west-2").unwrap()).await
    }

    fn gone() -> DescribeTargetGroupsError {
        let gone = TargetGroupNotFoundException::builder().build();
        DescribeTargetGroupsError::TargetGroupNotFoundException(gone)
    }

    /// Of as many as are asked for.
    fn found(many: usize) -> Rule {
        mock!(Client::describe_target_groups)
            .match_requests(move |r| r.target_group_arns().len() == many)
            .then_output(move || {
                let groups = vec![TargetGroup::builder().build(); many];
                let output = DescribeTargetGroupsOutput::builder();
                output.set_target_groups(Some(groups)).build()
            })
    }

    #[tokio::test]
    async fn many_are_asked_for_together_and_one_that_is_gone_hides_no_other() {
        let arns: Vec<String> = (10..35).map(|n| n.to_string()).collect();
        let arns: Vec<&str> = arns.iter().map(String::as_str).collect();
        let (twenty, five) = (found(20), found(5));
        let all = asked(&[&twenty, &five], &arns).await;
        assert!(all.len() == 25 && all.values().all(|there| *there == Ok(true)));
        assert_eq!((twenty.num_calls(), five.num_calls()), (1, 1));
        let both = mock!(Client::describe_target_groups)
            .match_requests(|r| r.target_group_arns().len() == 2)
            .then_error(gone);
        let first = mock!(Client::describe_target_groups)
            .match_requests(|r| r.target_group_arns() == ["a"])
            .then_error(gone);
        let expected = [("a".to_owned(), Ok(false)), ("b".to_owned(), Ok(true))];
        let one_is_gone = asked(&[&both, &first, &found(1)], &["a", "b"]).await;
        assert_eq!(one_is_gone, expected.into());
    }

    #[tokio::test]
    async fn a_target_group_that_is_not_there_is_an_answer_and_a_throttled_question_is_none() {
        let only = |groups: Groups| groups["arn"].clone();
        assert_eq!(only(asked(&[&found(1)], &["arn"]).await), Ok(true));
        let gone = mock!(Client::describe_target_groups).then_error(gone);
        assert_eq!(only(asked(&[&gone], &["arn"]).await), Ok(false));
        let throttled = mock!(Client::describe_target_groups).then_error(|| {
            let throttled = ErrorMetadata::builder().code("Throttling").build();
            DescribeTargetGroupsError::generic(throttled)
        });
        let failure = only(asked(&[&throttled], &["arn"]).await).unwrap_err();
        let failure = failure.to_string();
        assert!(
            failure.starts_with("describe target group arn in us-west-2: "),
            "{failure}"
        );
    }
}
