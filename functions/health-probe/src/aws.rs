//! The adapter: the world as AWS shows it.

mod definition;
mod ecr;
mod groups;
mod room;
mod secrets;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use lifeboat_aws::{
    Bucket, Control, Objects, Patience, dns,
    ecs::{self, Clients, Image, Services, described, services},
    function::Start,
    gates::Rules,
    load_balancer,
    metrics::{Metric, Metrics},
    signed::Signed,
};
use lifeboat_core::{
    Configuration, Failure, RegionState,
    gate::Priorities,
    liveness::{Answer, Asked},
    marker::Marker,
    probe::ProbeReport,
    readiness::{Definition, Quota},
    scaling::Scale,
    users::Addresses,
};

use crate::world::{Groups, World};

#[derive(Debug)]
pub struct Live {
    configuration: Configuration,
    control: Control<Bucket>,
    backups: Bucket,
    markers: Bucket,
    ecs: Clients,
    rules: Rules,
    ecr: aws_sdk_ecr::Client,
    elb: aws_sdk_elasticloadbalancingv2::Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    signed: Signed,
    metrics: Metrics,
    peer_control: Control<Bucket>,
    peer_markers: Bucket,
    peer_ecs: aws_sdk_ecs::Client,
    http: reqwest::Client,
}

impl Live {
    pub fn new(start: Start) -> Result<Self, Failure> {
        let (own, peer) = (start.configuration.own(), start.configuration.peer());
        let region = &start.configuration.region;
        let here = start.aws.region(region, Patience::Own);
        let there = start
            .aws
            .region(start.configuration.peer_region(), Patience::Peer);
        Ok(Self {
            backups: start.own_bucket(&own.backups_bucket),
            markers: start.own_bucket(&own.markers_bucket),
            ecs: Clients::new(&here),
            rules: Rules::new(&here, region),
            ecr: aws_sdk_ecr::Client::new(&here),
            elb: aws_sdk_elasticloadbalancingv2::Client::new(&here),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&here),
            signed: Signed::new(&start.aws, Patience::Own, region)?,
            metrics: Metrics::new(&here, &start.configuration),
            peer_control: Control::new(start.peer_bucket(&peer.control_bucket)),
            peer_markers: start.peer_bucket(&peer.markers_bucket),
            peer_ecs: aws_sdk_ecs::Client::new(&there),
            http: start.aws.http(region)?,
            control: start.control,
            configuration: start.configuration,
        })
    }
}

impl World for Live {
    type Bucket = Bucket;

    fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    fn control(&self) -> &Control<Bucket> {
        &self.control
    }

    fn backups(&self) -> &Bucket {
        &self.backups
    }

    fn markers(&self) -> &Bucket {
        &self.markers
    }

    async fn services(&self) -> Result<Services, Failure> {
        services(
            &self.ecs,
            self.configuration.own(),
            &self.configuration.region,
        )
        .await
    }

    async fn priorities(&self) -> Result<Priorities, Failure> {
        self.rules.priorities(&self.configuration.gates).await
    }

    async fn image(&self, repository: &str, reference: &str) -> Result<bool, Failure> {
        ecr::holds(&self.ecr, repository, reference, &self.configuration.region).await
    }

    async fn definition(&self, arn: &str) -> Result<Definition, Failure> {
        definition::describe(&self.ecs.ecs, arn, &self.configuration.region).await
    }

    async fn target_groups(&self, arns: &BTreeSet<String>) -> Groups {
        groups::there(&self.elb, arns, &self.configuration.region).await
    }

    async fn own_health(&self, service: &str) -> Asked {
        let own = &self.configuration.own().load_balancer;
        let path = self.configuration.health(service);
        load_balancer::ask(&self.http, own, &path).await
    }

    async fn secret(&self, arn: &str) -> Result<bool, Failure> {
        secrets::secret(&self.signed, arn, &self.configuration.region).await
    }

    async fn parameter(&self, name: &str) -> Result<bool, Failure> {
        secrets::parameter(&self.signed, name, &self.configuration.region).await
    }

    async fn free(&self, subnets: &BTreeSet<String>) -> Result<BTreeMap<String, u32>, Failure> {
        room::free(&self.signed, subnets, &self.configuration.region).await
    }

    async fn quota(&self) -> Result<Quota, Failure> {
        room::quota(&self.signed, &self.cloudwatch, &self.configuration.region).await
    }

    async fn addresses(&self, name: &str) -> Addresses {
        dns::addresses(&self.configuration.traffic, name).await
    }

    async fn scale(&self, service: &str, to: Scale, image: Image) -> Result<(), Failure> {
        let (own, region) = (self.configuration.own(), &self.configuration.region);
        ecs::scale(&self.ecs, own, service, to, image, region).await
    }

    async fn publish(&self, metrics: &[(&'static str, f64)]) -> Result<(), Failure> {
        let whole = metrics.iter().map(|(name, value)| Metric {
            name,
            value: *value,
            of: None,
        });
        self.metrics.publish(&whole.collect::<Vec<_>>()).await
    }

    async fn peer_health(&self, service: &str) -> Asked {
        let peer = &self.configuration.peer().load_balancer;
        let path = self.configuration.health(service);
        load_balancer::ask(&self.http, peer, &path).await
    }

    async fn peer_services(&self) -> Result<Services, Answer> {
        let asked = described(&self.peer_ecs, self.configuration.peer()).await;
        asked.map_err(|trouble| trouble.sign())
    }

    async fn peer_definition(&self, arn: &str) -> Result<Definition, Failure> {
        definition::describe(&self.peer_ecs, arn, self.configuration.peer_region()).await
    }

    async fn peer_heartbeat(&self) -> Result<Option<Timestamp>, Answer> {
        self.peer_control.bucket().written(ProbeReport::KEY).await
    }

    async fn peer_state(&self) -> Result<RegionState, Failure> {
        self.peer_control.state(&self.configuration.pair()?).await
    }

    async fn peer_marker(&self, marker: Marker) -> Result<bool, Failure> {
        let found = self.peer_markers.get(marker.key()).await?;
        Ok(found.is_some())
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
