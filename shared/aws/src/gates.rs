//! The listener rules of a region's gates: where they stand, and moved.

use aws_config::SdkConfig;
use aws_sdk_elasticloadbalancingv2::{Client, types::RulePriorityPair};
use lifeboat_core::{
    Failure, Region,
    gate::{Gates, Priorities},
};

use crate::explain;

/// What one call asks for.
const AT_ONCE: usize = 20;

#[derive(Debug, Clone)]
pub struct Rules {
    client: Client,
    region: Region,
}

impl Rules {
    pub fn new(config: &SdkConfig, region: &Region) -> Self {
        Self {
            client: Client::new(config),
            region: region.clone(),
        }
    }

    pub async fn priorities(&self, gates: &Gates) -> Result<Priorities, Failure> {
        let rules = gates.values().flat_map(|gate| &gate.0);
        let rules: Vec<String> = rules.map(|rule| rule.rule.clone()).collect();
        let mut seen = Priorities::new();
        for some in rules.chunks(AT_ONCE) {
            let describe = self.client.describe_rules();
            let describe = describe.set_rule_arns(Some(some.to_vec()));
            let answer = describe.send().await.map_err(|e| {
                let gates = gates.keys().cloned().collect::<Vec<_>>().join(", ");
                let object = format!("listener rules of the gates of {gates}");
                Failure::unavailable("describe", object, &self.region, explain(&e))
            })?;
            // A priority that is no number is the default rule's, which is nobody's gate.
            seen.extend(answer.rules().iter().filter_map(|rule| {
                let priority = rule.priority()?.parse().ok()?;
                Some((rule.rule_arn()?.to_owned(), priority))
            }));
        }
        Ok(seen)
    }

    /// AWS moves all that one call names, or none.
    pub async fn set(&self, to: &Priorities) -> Result<(), Failure> {
        let pairs = to.iter().map(|(rule, priority)| {
            let priority = i32::try_from(*priority).unwrap_or(i32::MAX);
            let pair = RulePriorityPair::builder().rule_arn(rule);
            pair.priority(priority).build()
        });
        let set = self.client.set_rule_priorities();
        let set = set.set_rule_priorities(Some(pairs.collect()));
        set.send().await.map(drop).map_err(|e| {
            let rules = to.keys().cloned().collect::<Vec<_>>().join(", ");
            let object = format!("priorities of {rules}");
            Failure::unavailable("set", object, &self.region, explain(&e))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_elasticloadbalancingv2::{
        operation::{
            describe_rules::DescribeRulesOutput, set_rule_priorities::SetRulePrioritiesOutput,
        },
        types::Rule,
    };
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use lifeboat_core::gate::{Position, sample};

    fn rules(rule: &aws_smithy_mocks::Rule) -> Rules {
        Rules {
            client: mock_client!(aws_sdk_elasticloadbalancingv2, RuleMode::MatchAny, [rule]),
            region: Region::new("us-east-1").unwrap(),
        }
    }

    fn gates(services: usize) -> Gates {
        let gate = |n| {
            let service = format!("service-{n}");
            (service.clone(), sample("us-east-1", &service))
        };
        (0..services).map(gate).collect()
    }

    #[tokio::test]
    async fn the_rules_of_many_gates_are_asked_for_in_several_calls() {
        let described = mock!(Client::describe_rules).then_compute_output(|asked| {
            assert!(asked.rule_arns().len() <= AT_ONCE);
            let rule = |arn: &String| {
                let priority = if arn.ends_with("/1") { "8" } else { "9" };
                Rule::builder().rule_arn(arn).priority(priority).build()
            };
            let rules = asked.rule_arns().iter().map(rule).collect();
            DescribeRulesOutput::builder()
                .set_rules(Some(rules))
                .build()
        });
        let gates = gates(25);
        let seen = rules(&described).priorities(&gates).await.unwrap();
        assert_eq!(described.num_calls(), 3);
        for gate in gates.values() {
            assert_eq!(gate.position(&seen), Position::Closed);
        }
    }

    #[tokio::test]
    async fn all_are_moved_by_one_call() {
        let moved = mock!(Client::set_rule_priorities)
            .match_requests(|asked| {
                let pairs = asked.rule_priorities().iter();
                let told = pairs.map(|pair| (pair.rule_arn().unwrap(), pair.priority().unwrap()));
                let told: Vec<_> = told.map(|(arn, at)| (arn.ends_with("/2"), at)).collect();
                told == [(false, 11), (true, 12), (false, 11), (true, 12)]
            })
            .then_output(|| SetRulePrioritiesOutput::builder().build());
        let gates = gates(2).into_values();
        let to = gates.flat_map(|gate| gate.at(Position::Open)).collect();
        rules(&moved).set(&to).await.unwrap();
        assert_eq!(moved.num_calls(), 1);
    }
}
