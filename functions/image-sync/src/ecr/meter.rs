use lifeboat_aws::{Patience, metrics::Metrics};
use lifeboat_core::Failure;

use super::Ecr;
use crate::lag::{self, Lags, Meter};

impl Meter for Ecr<'_> {
    async fn publish(&self, lags: &Lags) -> Result<(), Failure> {
        let region = &self.configuration.region;
        let metrics = Metrics::new(&self.aws.region(region, Patience::Own), self.configuration);
        metrics.publish(&lag::metrics(lags)).await
    }
}
