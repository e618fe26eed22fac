use aws_sdk_cloudwatch::{
    Client,
    types::{Dimension, MetricDatum},
};
use lifeboat_core::{Failure, Region};

use lifeboat_aws::explain;

const NAMESPACE: &str = "Lifeboat";

/// Without a time of their own: alarms count the minute in which a metric arrives.
pub(super) async fn publish(
    client: &Client,
    application: &str,
    region: &Region,
    metrics: &[(&'static str, f64)],
) -> Result<(), Failure> {
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let data = metrics.iter().map(|(name, value)| {
        MetricDatum::builder()
            .metric_name(*name)
            .value(*value)
            .dimensions(dimension("Application", application))
            .dimensions(dimension("Region", region.as_str()))
            .build()
    });
    let put = client.put_metric_data().namespace(NAMESPACE);
    let sent = put.set_metric_data(Some(data.collect())).send().await;
    sent.map(drop).map_err(|e| {
        Failure::unavailable(
            "publish",
            format!("metrics of {NAMESPACE}"),
            region,
            explain(&e),
        )
    })
}
