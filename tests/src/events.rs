//! Stands in for EventBridge where the emulator takes no event of AWS's own: a rule's pattern decides who is called.

use serde_json::{Value, json};

use crate::aws::Aws;
use crate::{Context, Result};

/// Delivers an event to the functions behind a rule if its pattern matches; answers what each said.
pub async fn deliver(aws: &Aws, region: &str, rule: &str, event: &Value) -> Result<Vec<Value>> {
    let described = aws
        .json(
            region,
            "events",
            "AWSEvents.DescribeRule",
            &json!({ "Name": rule }),
        )
        .await?;
    let pattern = described["EventPattern"]
        .as_str()
        .context(|| format!("the rule {rule} in {region} has no pattern"))?;
    let pattern: Value = serde_json::from_str(pattern)
        .context(|| format!("read the pattern of {rule} in {region}"))?;
    if described["State"] != "ENABLED" || !matches(&pattern, event) {
        return Err(format!(
            "the rule {rule} in {region} ({}) does not take {event}: {pattern}",
            described["State"]
        )
        .into());
    }
    let mut answers = Vec::new();
    for (function, _) in targets(aws, region, rule).await? {
        answers.push(aws.invoke(region, &function, event).await?);
    }
    Ok(answers)
}

/// Calls what stands behind a schedule with the input that the schedule sends; answers what each said.
pub async fn fire(aws: &Aws, region: &str, rule: &str) -> Result<Vec<Value>> {
    let mut answers = Vec::new();
    for (function, input) in targets(aws, region, rule).await? {
        let input = input.context(|| format!("the rule {rule} in {region} sends no input"))?;
        let input = serde_json::from_str(&input)
            .context(|| format!("read the input of {rule} in {region}"))?;
        answers.push(aws.invoke(region, &function, &input).await?);
    }
    Ok(answers)
}

/// The function behind each target of a rule, by the name of its alias (`<function>:live`), and its fixed input.
async fn targets(aws: &Aws, region: &str, rule: &str) -> Result<Vec<(String, Option<String>)>> {
    let ask = json!({ "Rule": rule });
    let answer = aws
        .json(region, "events", "AWSEvents.ListTargetsByRule", &ask)
        .await?;
    let targets = answer["Targets"].as_array().into_iter().flatten();
    let targets = targets.map(|target| {
        let function = target["Arn"]
            .as_str()
            .and_then(|arn| Some(arn.split_once(":function:")?.1));
        let input = target["Input"].as_str().map(str::to_owned);
        (function.unwrap_or_default().to_owned(), input)
    });
    Ok(targets.collect())
}

/// The event of a push to a region's registry, as ECR sends it.
pub fn push(account: &str, region: &str, repository: &str, tag: &str, digest: &str) -> Value {
    json!({
        "version": "0",
        "id": "13cde686-328b-6117-af20-0e5566167482",
        "detail-type": "ECR Image Action",
        "source": "aws.ecr",
        "account": account,
        "time": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "region": region,
        "resources": [],
        "detail": {
            "result": "SUCCESS",
            "repository-name": repository,
            "image-digest": digest,
            "action-type": "PUSH",
            "image-tag": tag,
        },
    })
}

/// Whether an event has, for every field of the pattern, one of the values listed there. Only exact values are known.
pub fn matches(pattern: &Value, event: &Value) -> bool {
    match (pattern, event) {
        (Value::Object(pattern), Value::Object(event)) => pattern.iter().all(|(field, pattern)| {
            event
                .get(field)
                .is_some_and(|value| matches(pattern, value))
        }),
        (Value::Array(allowed), Value::Array(values)) => {
            values.iter().any(|value| allowed.contains(value))
        }
        (Value::Array(allowed), value) => allowed.contains(value),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_when_each_of_its_fields_lists_the_events_value() {
        let event = push("1", "us-east-1", "forum/users", "stable", "sha256:0");
        let pattern = |action: &str| json!({ "source": ["aws.ecr"], "detail": { "action-type": [action], "repository-name": ["forum/posts", "forum/users"] } });
        assert!(matches(&pattern("PUSH"), &event));
        assert!(!matches(&pattern("DELETE"), &event));
        assert!(!matches(
            &json!({ "detail": { "unheard-of": ["x"] } }),
            &event
        ));
    }
}
