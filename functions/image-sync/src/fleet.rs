//! What the services of both regions run, and what this region's would start.

use std::collections::BTreeMap;

use lifeboat_core::{Failure, Side};

pub use crate::definition::Definition;

/// Of the last so many pins each image is held: that many ways back.
pub const DEPLOYMENTS: usize = 3;

/// The other region's clusters are read, this one's pointed at what they shall start.
#[allow(async_fn_in_trait)]
pub trait Fleet {
    /// By service; one that ECS does not know is not there.
    async fn running(&self, side: Side) -> Result<BTreeMap<String, Running>, Failure>;
    /// What the next task of each of this region's services is started from.
    async fn current(&self) -> Result<BTreeMap<String, Definition>, Failure>;
    /// The newest of a family that is exactly this one, at most so many.
    async fn newest(&self, family: &str, most: usize) -> Result<Vec<Definition>, Failure>;
    /// A new revision of the family; answers its ARN.
    async fn register(&self, family: &str, definition: &Definition) -> Result<String, Failure>;
    /// From now on tasks of this region's service are started from this; how many there are stays as it is.
    async fn point(&self, service: &str, definition: &str) -> Result<(), Failure>;
}

/// A service's tasks that run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Running {
    /// Its newest deployment.
    pub newest: Option<String>,
    pub tasks: Vec<Task>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The deployment that started it.
    pub deployment: Option<String>,
    pub containers: Vec<Container>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    pub name: String,
    pub image: String,
    pub digest: Option<String>,
}
