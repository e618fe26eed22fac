//! What the probe needs of the world. Of the peer there is nothing here but reads.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;
use lifeboat_aws::{
    Control, Objects,
    ecs::{Image, Services},
};
use lifeboat_core::{
    Configuration, Failure, RegionState,
    gate::Priorities,
    liveness::{Answer, Asked},
    marker::Marker,
    readiness::{Definition, Quota},
    scaling::Scale,
    users::Addresses,
};

/// Of each target group, whether it is there.
pub type Groups = BTreeMap<String, Result<bool, Failure>>;

#[allow(async_fn_in_trait)]
pub trait World {
    type Bucket: Objects;

    fn configuration(&self) -> &Configuration;
    fn control(&self) -> &Control<Self::Bucket>;
    fn backups(&self) -> &Self::Bucket;
    fn markers(&self) -> &Self::Bucket;
    async fn services(&self) -> Result<Services, Failure>;
    /// Of the rules of this region's gates.
    async fn priorities(&self) -> Result<Priorities, Failure>;
    /// Whether this region's registry has an image under this tag or digest.
    async fn image(&self, repository: &str, reference: &str) -> Result<bool, Failure>;
    async fn definition(&self, arn: &str) -> Result<Definition, Failure>;
    /// Whether each is there.
    async fn target_groups(&self, arns: &BTreeSet<String>) -> Groups;
    /// Asks a service through this region's own load balancer.
    async fn own_health(&self, service: &str) -> Asked;
    /// Whether it is there, and to stay.
    async fn secret(&self, arn: &str) -> Result<bool, Failure>;
    async fn parameter(&self, name: &str) -> Result<bool, Failure>;
    /// How many addresses each subnet has left; none of one that is not there.
    async fn free(&self, subnets: &BTreeSet<String>) -> Result<BTreeMap<String, u32>, Failure>;
    async fn quota(&self) -> Result<Quota, Failure>;
    /// What the zone's own name servers answer.
    async fn addresses(&self, name: &str) -> Addresses;
    /// To this many tasks, the bounds of scaling first.
    async fn scale(&self, service: &str, to: Scale, image: Image) -> Result<(), Failure>;
    async fn publish(&self, metrics: &[(&'static str, f64)]) -> Result<(), Failure>;

    /// Asks a service through the peer's load balancer.
    async fn peer_health(&self, service: &str) -> Asked;
    /// What the peer's ECS says of its services.
    async fn peer_services(&self) -> Result<Services, Answer>;
    async fn peer_definition(&self, arn: &str) -> Result<Definition, Failure>;
    /// When the peer's probe last wrote what it saw.
    async fn peer_heartbeat(&self) -> Result<Option<Timestamp>, Answer>;
    async fn peer_state(&self) -> Result<RegionState, Failure>;
    async fn peer_marker(&self, marker: Marker) -> Result<bool, Failure>;

    async fn pause(&self, duration: Duration);
}
