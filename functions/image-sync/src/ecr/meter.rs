use lifeboat_aws::{
    Patience,
    metrics::{Metric, Metrics},
};
use lifeboat_core::Failure;

use super::Ecr;
use crate::lag::Meter;

impl Meter for Ecr<'_> {
    async fn publish(&self, metrics: &[Metric<'_>]) -> Result<(), Failure> {
        let region = &self.configuration.region;
        let aws = self.aws.region(region, Patience::Own);
        Metrics::new(&aws, self.configuration)
            .publish(metrics)
            .await
    }
}
