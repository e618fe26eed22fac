//! What two or more functions need of AWS: clients per region, buckets, the configuration, the region state, the runtime.

pub mod backups;
mod below;
pub mod clients;
#[cfg(feature = "dns")]
pub mod dns;
#[cfg(feature = "ecs")]
pub mod ecs;
mod explain;
pub mod function;
#[cfg(feature = "gates")]
pub mod gates;
pub mod home;
#[cfg(feature = "lambda")]
pub mod lambda;
pub mod load_balancer;
#[cfg(feature = "memory")]
pub mod memory;
#[cfg(feature = "metrics")]
pub mod metrics;
pub mod objects;
pub mod reports;
mod roots;
pub mod s3;
#[cfg(feature = "signed")]
pub mod signed;

pub use below::Below;
pub use clients::{Aws, Patience};
pub use explain::{explain, sign};
pub use home::{Control, json, parse_event};
pub use objects::{Object, Objects, Part, Stored};
pub use s3::Bucket;
