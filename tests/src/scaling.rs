//! Stands in for Application Auto Scaling, which the emulator does not serve: it keeps what it is told in each region,
//! and scales nothing.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use http::StatusCode;
use lifeboat_core::scaling::Bounds;
use serde_json::{Value, json};

use crate::answers::{Answer, said};
use crate::cloud::ACCOUNT;
use crate::traffic::Target;

/// As signatures name it.
pub const SERVICE: &str = "application-autoscaling";

#[derive(Debug, Default)]
pub struct Scaling {
    regions: Mutex<BTreeMap<String, Region>>,
}

/// Targets by resource, policies by resource and name, tags by ARN.
#[derive(Debug, Default)]
struct Region {
    targets: BTreeMap<String, Value>,
    policies: BTreeMap<[String; 2], Value>,
    tags: BTreeMap<String, Value>,
}

/// An error's name and its message.
type Refusal = (&'static str, String);

impl Scaling {
    pub(crate) fn answer(&self, target: &Target, body: &[u8]) -> Answer {
        let region = target.region.as_deref().unwrap_or_default();
        let asked: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        let here = regions.entry(region.to_owned()).or_default();
        let (status, answer) = match here.act(region, &target.action, &asked) {
            Ok(answer) => (StatusCode::OK, answer),
            Err((name, why)) => (
                StatusCode::BAD_REQUEST,
                json!({ "__type": name, "message": why }),
            ),
        };
        said(status, "application/x-amz-json-1.1", answer.to_string())
    }

    /// None where nothing is registered.
    pub fn bounds(&self, region: &str, resource: &str) -> Option<Bounds> {
        let regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        let target = regions.get(region)?.targets.get(resource)?;
        let tasks = |field| u32::try_from(target[field].as_u64()?).ok();
        let mut suspended = target["SuspendedState"].as_object()?.values();
        Some(Bounds {
            minimum: tasks("MinCapacity")?,
            maximum: tasks("MaxCapacity")?,
            suspended: suspended.all(|value| *value == true),
        })
    }
}

impl Region {
    fn act(&mut self, region: &str, action: &str, asked: &Value) -> Result<Value, Refusal> {
        let text = |field| asked[field].as_str().unwrap_or_default().to_owned();
        let (resource, arn) = (text("ResourceId"), text("ResourceARN"));
        let policy = [resource.clone(), text("PolicyName")];
        match action {
            "RegisterScalableTarget" => return self.register(region, resource, asked),
            "DescribeScalableTargets" => {
                let listed = |target: &&Value| among(&asked["ResourceIds"], &target["ResourceId"]);
                let targets: Vec<_> = self.targets.values().filter(listed).collect();
                return Ok(json!({ "ScalableTargets": targets }));
            }
            "DeregisterScalableTarget" => {
                self.policies.retain(|[of, _], _| *of != resource);
                there(self.targets.remove(&resource), &resource)?;
            }
            "PutScalingPolicy" => {
                there(self.targets.get(&resource), &resource)?;
                let name = policy.join(":policyName/");
                let arn = format!(
                    "arn:aws:autoscaling:{region}:{ACCOUNT}:scalingPolicy:1:resource/ecs/{name}"
                );
                let mut kept = asked.clone();
                fill(
                    &mut kept,
                    &json!({ "PolicyARN": arn, "CreationTime": now(), "Alarms": [] }),
                );
                self.policies.insert(policy, kept);
                return Ok(json!({ "PolicyARN": arn, "Alarms": [] }));
            }
            "DescribeScalingPolicies" => {
                let listed = |kept: &&Value| {
                    among(&asked["PolicyNames"], &kept["PolicyName"])
                        && (resource.is_empty() || kept["ResourceId"] == *resource)
                };
                let policies: Vec<_> = self.policies.values().filter(listed).collect();
                return Ok(json!({ "ScalingPolicies": policies }));
            }
            "DeleteScalingPolicy" => {
                there(self.policies.remove(&policy), &resource)?;
            }
            "ListTagsForResource" => {
                return Ok(json!({ "Tags": self.tags.get(&arn).unwrap_or(&json!({})) }));
            }
            "TagResource" => fill(self.tags.entry(arn).or_insert(json!({})), &asked["Tags"]),
            other => return Err(("UnknownOperationException", other.to_owned())),
        }
        Ok(json!({}))
    }

    /// What is not said stays as it was.
    fn register(
        &mut self,
        region: &str,
        resource: String,
        asked: &Value,
    ) -> Result<Value, Refusal> {
        let name = resource.replace('/', "-");
        let arn =
            format!("arn:aws:application-autoscaling:{region}:{ACCOUNT}:scalable-target/{name}");
        let new = json!({
            "ScalableTargetARN": arn,
            "RoleARN": format!("arn:aws:iam::{ACCOUNT}:role/AWSServiceRoleForApplicationAutoScaling_ECSService"),
            "CreationTime": now(),
            "SuspendedState": {
                "DynamicScalingInSuspended": false,
                "DynamicScalingOutSuspended": false,
                "ScheduledScalingSuspended": false,
            },
        });
        let mut target = self.targets.get(&resource).cloned().unwrap_or(new);
        fill(&mut target, asked);
        match [&target["MinCapacity"], &target["MaxCapacity"]].map(Value::as_u64) {
            [Some(minimum), Some(maximum)] if minimum <= maximum => {}
            bounds => return Err(("ValidationException", format!("{resource}: {bounds:?}"))),
        }
        if !asked["Tags"].is_null() {
            self.tags.insert(arn.clone(), asked["Tags"].clone());
        }
        self.targets.insert(resource, target);
        Ok(json!({ "ScalableTargetARN": arn }))
    }
}

/// A list that is not given holds everything.
fn among(list: &Value, value: &Value) -> bool {
    list.as_array().is_none_or(|list| list.contains(value))
}

fn fill(object: &mut Value, with: &Value) {
    for (field, value) in with.as_object().into_iter().flatten() {
        object[field] = value.clone();
    }
}

fn there<T>(found: Option<T>, name: &str) -> Result<T, Refusal> {
    found.ok_or_else(|| {
        (
            "ObjectNotFoundException",
            format!("{name} is not registered"),
        )
    })
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

#[cfg(test)]
mod tests {
    use super::*;

    const USERS: &str = "service/forum/forum-users";

    fn act(region: &mut Region, action: &str, asked: &Value) -> Result<Value, Refusal> {
        region.act("us-east-1", action, asked)
    }

    fn registered() -> Region {
        let mut region = Region::default();
        let users = json!({ "ResourceId": USERS, "MinCapacity": 2, "MaxCapacity": 10, "Tags": { "a": "b" } });
        act(&mut region, "RegisterScalableTarget", &users).unwrap();
        region
    }

    #[test]
    fn what_is_registered_again_keeps_what_is_not_said_and_a_minimum_above_the_maximum_is_refused()
    {
        let mut region = registered();
        let more = json!({ "ResourceId": USERS, "MaxCapacity": 12 });
        act(&mut region, "RegisterScalableTarget", &more).unwrap();
        let crossed = json!({ "ResourceId": USERS, "MinCapacity": 13 });
        let refused = act(&mut region, "RegisterScalableTarget", &crossed).unwrap_err();
        assert_eq!(refused.0, "ValidationException");
        let found = act(&mut region, "DescribeScalableTargets", &json!({})).unwrap();
        let target = &found["ScalableTargets"][0];
        assert_eq!([&target["MinCapacity"], &target["MaxCapacity"]], [2, 12]);
        let tags = json!({ "ResourceARN": target["ScalableTargetARN"] });
        let tags = act(&mut region, "ListTagsForResource", &tags).unwrap();
        assert_eq!(tags["Tags"]["a"], "b");
    }

    #[test]
    fn a_policy_needs_its_target_and_goes_with_it() {
        let mut region = registered();
        let policy = |resource: &str| json!({ "ResourceId": resource, "PolicyName": "cpu" });
        let lost = act(&mut region, "PutScalingPolicy", &policy("other")).unwrap_err();
        assert_eq!(lost.0, "ObjectNotFoundException");
        act(&mut region, "PutScalingPolicy", &policy(USERS)).unwrap();
        let found = |region: &mut Region| {
            let found = act(region, "DescribeScalingPolicies", &policy(USERS)).unwrap();
            found["ScalingPolicies"].as_array().unwrap().len()
        };
        assert_eq!(found(&mut region), 1);
        act(&mut region, "DeregisterScalableTarget", &policy(USERS)).unwrap();
        assert_eq!(found(&mut region), 0);
        let gone = act(&mut region, "DeleteScalingPolicy", &policy(USERS)).unwrap_err();
        assert_eq!(gone.0, "ObjectNotFoundException");
    }
}
