//! What room a region has: free addresses of subnets, and the account's quota of Fargate.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, SystemTime},
};

use aws_sdk_cloudwatch::{
    Client,
    primitives::DateTime,
    types::{Dimension, Statistic},
};
use lifeboat_aws::explain;
use lifeboat_core::{Failure, Region, readiness::Quota};
use roxmltree::{Document, Node};
use serde_json::{Value, json};

use lifeboat_aws::signed::Signed;

/// Fargate on demand, in vCPUs.
const QUOTA: &str = "L-3032A538";
const PERIOD: i32 = 300;

/// By a filter: asked for by name, one that is not there would fail the others.
pub(super) async fn free(
    signed: &Signed,
    subnets: &BTreeSet<String>,
    region: &Region,
) -> Result<BTreeMap<String, u32>, Failure> {
    let failed = |why: String| Failure::unavailable("describe", "subnets", region, why);
    let mut fields = vec![
        ("Action".to_owned(), "DescribeSubnets".to_owned()),
        ("Version".to_owned(), "2016-11-15".to_owned()),
        ("Filter.1.Name".to_owned(), "subnet-id".to_owned()),
    ];
    let values = subnets.iter().zip(1..);
    fields.extend(values.map(|(subnet, n)| (format!("Filter.1.Value.{n}"), subnet.clone())));
    let answer = signed.form("ec2", &fields).await;
    let answer = answer.map_err(|trouble| failed(trouble.to_string()))?;
    read(&answer).ok_or_else(|| failed("the answer cannot be understood".into()))
}

fn read(answer: &str) -> Option<BTreeMap<String, u32>> {
    let answer = Document::parse(answer).ok()?;
    let set = answer.descendants().find(|n| n.has_tag_name("subnetSet"))?;
    let text = |item: Node<'_, '_>, name: &str| {
        let found = item.children().find(|child| child.has_tag_name(name));
        found.and_then(|found| found.text()).map(str::to_owned)
    };
    let items = set.children().filter(|child| child.has_tag_name("item"));
    let read = items.map(|item| {
        let free = text(item, "availableIpAddressCount")?;
        Some((text(item, "subnetId")?, free.parse().ok()?))
    });
    read.collect()
}

/// How much is used CloudWatch knows, where Service Quotas says.
pub(super) async fn quota(
    signed: &Signed,
    cloudwatch: &Client,
    region: &Region,
) -> Result<Quota, Failure> {
    let failed = |why: String| Failure::unavailable("look up", "the quota of Fargate", region, why);
    let asked = json!({"ServiceCode": "fargate", "QuotaCode": QUOTA});
    let action = "ServiceQuotasV20190624.GetServiceQuota";
    let answer = signed.json("servicequotas", action, &asked).await;
    let answer = answer.map_err(|trouble| failed(trouble.to_string()))?;
    let quota = answer.get("Quota");
    let vcpus = quota.and_then(|quota| quota.get("Value")?.as_f64());
    let vcpus = vcpus.ok_or_else(|| failed("the answer names no value".into()))?;
    let usage = quota.and_then(|quota| quota.get("UsageMetric"));
    let usage =
        usage.ok_or_else(|| failed("the answer does not say where its use is told".into()))?;
    let used = used(cloudwatch, usage).await.map_err(failed)?;
    Ok(Quota { vcpus, used })
}

/// Nothing is published while nothing runs.
async fn used(cloudwatch: &Client, usage: &Value) -> Result<f64, String> {
    let text = |name| usage.get(name).and_then(Value::as_str);
    let dimensions = usage.get("MetricDimensions").and_then(Value::as_object);
    let dimensions = dimensions.into_iter().flatten().map(|(name, value)| {
        let value = value.as_str().unwrap_or_default();
        Dimension::builder().name(name).value(value).build()
    });
    let now = SystemTime::now();
    // The minute that is not over yet is not told yet.
    let before = now - Duration::from_secs(3 * PERIOD.unsigned_abs() as u64);
    let asked = cloudwatch
        .get_metric_statistics()
        .set_namespace(text("MetricNamespace").map(str::to_owned))
        .set_metric_name(text("MetricName").map(str::to_owned))
        .set_dimensions(Some(dimensions.collect()))
        .start_time(DateTime::from(before))
        .end_time(DateTime::from(now))
        .period(PERIOD)
        .statistics(Statistic::Maximum);
    let answer = asked.send().await.map_err(|error| explain(&error))?;
    let maxima = answer
        .datapoints()
        .iter()
        .filter_map(|point| point.maximum());
    Ok(maxima.fold(0.0, f64::max))
}

#[cfg(test)]
mod tests {
    use lifeboat_aws::signed::answering;

    use super::*;
    use aws_sdk_cloudwatch::{
        operation::get_metric_statistics::GetMetricStatisticsOutput, types::Datapoint,
    };
    use aws_smithy_mocks::{mock, mock_client};

    fn region() -> Region {
        Region::new("us-west-2").unwrap()
    }

    /// As EC2 answers.
    const SUBNETS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<DescribeSubnetsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId><subnetSet>
<item><subnetId>a</subnetId><state>available</state><ipv6CidrBlockAssociationSet><item><x/></item></ipv6CidrBlockAssociationSet>
<availableIpAddressCount>251</availableIpAddressCount><tagSet><item><key>Name</key><value>b</value></item></tagSet></item>
<item><availableIpAddressCount>0</availableIpAddressCount><subnetId>b</subnetId></item></subnetSet></DescribeSubnetsResponse>"#;

    #[tokio::test]
    async fn subnets_say_how_many_addresses_they_have_left_and_one_that_is_not_there_says_nothing()
    {
        let all = ["a", "b", "c"].map(str::to_owned).into();
        let ask = async |signed: Signed| free(&signed, &all, &region()).await;
        let (answer, request) = answering(200, SUBNETS, ask).await.unwrap();
        let expected = [("a".to_owned(), 251), ("b".to_owned(), 0)];
        assert_eq!(answer, Ok(expected.into()));
        let asked = "Action=DescribeSubnets&Version=2016-11-15&Filter.1.Name=subnet-id&Filter.1.Value.1=a&Filter.1.Value.2=b&Filter.1.Value.3=c";
        assert!(request.ends_with(asked), "{request}");
    }

    #[tokio::test]
    async fn what_cannot_be_understood_is_no_answer() {
        for body in [
            "{}",
            "<a/>",
            "<subnetSet><item><subnetId>a</subnetId></item></subnetSet>",
        ] {
            let all = ["a".to_owned()].into();
            let ask = async |signed: Signed| free(&signed, &all, &region()).await;
            let failure = answering(200, body, ask).await.unwrap().0.unwrap_err();
            assert_eq!(
                failure.to_string(),
                "describe subnets in us-west-2: the answer cannot be understood"
            );
        }
        let client = mock_client!(aws_sdk_cloudwatch, []);
        for (status, body, why) in [
            (
                400,
                r#"{"__type":"NoSuchResourceException"}"#,
                "NoSuchResourceException",
            ),
            (200, r#"{"Quota":{"Value":6.0}}"#, "where its use is told"),
            (200, "{}", "names no value"),
        ] {
            let ask = async |signed: Signed| quota(&signed, &client, &region()).await;
            let failure = answering(status, body, ask)
                .await
                .unwrap()
                .0
                .unwrap_err()
                .to_string();
            assert!(failure.contains(why), "{failure}");
        }
    }

    #[tokio::test]
    async fn the_quota_is_what_the_account_has_and_its_use_the_most_of_the_last_minutes() {
        let body = r#"{"Quota":{"Value":6.0,"UsageMetric":{"MetricNamespace":"AWS/Usage","MetricName":"ResourceCount",
            "MetricDimensions":{"Class":"Standard/OnDemand","Resource":"vCPU","Service":"Fargate","Type":"Resource"}}}}"#;
        for (points, used) in [(vec![], 0.0), (vec![1.0, 2.5, 2.0], 2.5)] {
            let told = mock!(Client::get_metric_statistics)
                .match_requests(|r| r.namespace() == Some("AWS/Usage") && r.dimensions().len() == 4)
                .then_output(move || {
                    let points = points
                        .iter()
                        .map(|p| Datapoint::builder().maximum(*p).build());
                    let output = GetMetricStatisticsOutput::builder();
                    output.set_datapoints(Some(points.collect())).build()
                });
            let client = mock_client!(aws_sdk_cloudwatch, [&told]);
            let ask = async |signed: Signed| quota(&signed, &client, &region()).await;
            let (answer, request) = answering(200, body, ask).await.unwrap();
            assert_eq!(answer, Ok(Quota { vcpus: 6.0, used }));
            assert!(request.contains("L-3032A538"), "{request}");
        }
    }
}
