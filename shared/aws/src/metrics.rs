//! What alarms watch.

use aws_config::SdkConfig;
use aws_sdk_cloudwatch::{
    Client,
    types::{Dimension, MetricDatum},
};
use lifeboat_core::{Configuration, Failure, Region};

use crate::explain;

const NAMESPACE: &str = "Lifeboat";
/// CloudWatch takes no more in a request.
const TOGETHER: usize = 1000;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric<'a> {
    pub name: &'static str,
    pub value: f64,
    /// What it is of, where it is of a part of the application: a dimension and its value.
    pub of: Option<(&'static str, &'a str)>,
}

/// A region's metrics of the application.
#[derive(Debug, Clone)]
pub struct Metrics {
    client: Client,
    application: String,
    region: Region,
}

impl Metrics {
    pub fn new(config: &SdkConfig, configuration: &Configuration) -> Self {
        Self {
            client: Client::new(config),
            application: configuration.application.clone(),
            region: configuration.region.clone(),
        }
    }

    /// Without a time of their own: alarms count the minute in which a metric arrives.
    pub async fn publish(&self, metrics: &[Metric<'_>]) -> Result<(), Failure> {
        for some in metrics.chunks(TOGETHER) {
            let data = some.iter().map(|metric| self.datum(metric)).collect();
            let put = self.client.put_metric_data().namespace(NAMESPACE);
            let sent = put.set_metric_data(Some(data)).send().await;
            sent.map_err(|e| {
                let what = format!("metrics of {NAMESPACE}");
                Failure::unavailable("publish", what, &self.region, explain(&e))
            })?;
        }
        Ok(())
    }

    fn datum(&self, metric: &Metric<'_>) -> MetricDatum {
        let whole = [
            ("Application", self.application.as_str()),
            ("Region", self.region.as_str()),
        ];
        let dimensions = whole.into_iter().chain(metric.of);
        let dimensions =
            dimensions.map(|(name, value)| Dimension::builder().name(name).value(value).build());
        MetricDatum::builder()
            .metric_name(metric.name)
            .value(metric.value)
            .set_dimensions(Some(dimensions.collect()))
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_cloudwatch::{
        operation::put_metric_data::{PutMetricDataError, PutMetricDataOutput},
        types::error::InternalServiceFault,
    };
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    #[tokio::test]
    async fn a_metric_is_of_the_application_and_region_and_maybe_of_a_part() {
        let rule = mock!(Client::put_metric_data)
            .match_requests(|request| {
                let names = request.metric_data().iter().map(|datum| {
                    let dimensions = datum.dimensions().iter();
                    let words = dimensions.filter_map(|one| Some((one.name()?, one.value()?)));
                    words.collect::<Vec<_>>()
                });
                let whole = vec![("Application", "forum"), ("Region", "us-west-2")];
                let part = [whole.as_slice(), &[("Repository", "forum/users")]].concat();
                request.namespace() == Some("Lifeboat") && names.eq([whole, part])
            })
            .then_output(|| PutMetricDataOutput::builder().build());
        let broken = mock!(Client::put_metric_data).then_error(|| {
            let broken = InternalServiceFault::builder().message("broken").build();
            PutMetricDataError::InternalServiceFault(broken)
        });
        let metrics = |rule| Metrics {
            client: mock_client!(aws_sdk_cloudwatch, [rule]),
            application: "forum".into(),
            region: Region::new("us-west-2").unwrap(),
        };
        let metric = |of| Metric {
            name: "ImageLag",
            value: 1.0,
            of,
        };
        let both = [metric(None), metric(Some(("Repository", "forum/users")))];
        metrics(&rule).publish(&both).await.unwrap();
        assert_eq!(rule.num_calls(), 1);
        let failure = metrics(&broken)
            .publish(&both)
            .await
            .unwrap_err()
            .to_string();
        let expected = "publish metrics of Lifeboat in us-west-2: ";
        assert!(failure.starts_with(expected), "{failure}");
    }

    #[tokio::test]
    async fn more_than_a_request_may_hold_are_sent_in_several() {
        let rule = mock!(Client::put_metric_data)
            .match_requests(|request| request.metric_data().len() <= TOGETHER)
            .then_output(|| PutMetricDataOutput::builder().build());
        let metrics = Metrics {
            client: mock_client!(aws_sdk_cloudwatch, RuleMode::MatchAny, [&rule]),
            application: "forum".into(),
            region: Region::new("us-west-2").unwrap(),
        };
        let one = Metric {
            name: "ImageLag",
            value: 0.0,
            of: None,
        };
        metrics.publish(&vec![one; TOGETHER + 1]).await.unwrap();
        assert_eq!(rule.num_calls(), 2);
    }
}
