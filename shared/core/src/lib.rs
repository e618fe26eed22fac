//! Facts, decisions and names. Nothing here talks to AWS, waits, or reads a clock: time is an input.

pub mod backup;
pub mod configuration;
pub mod decide;
pub mod epoch;
pub mod failure;
pub mod fence;
pub mod gate;
pub mod idle;
pub mod image;
pub mod invalid;
pub mod lease;
pub mod liveness;
pub mod lost;
pub mod marker;
pub mod peaks;
pub mod person;
pub mod plan;
pub mod probe;
pub mod readiness;
pub mod region;
pub mod reply;
pub mod report;
pub mod request;
pub mod run;
pub mod scaling;
pub mod state;
pub mod stored;
pub mod told;
pub mod users;
pub mod window;
pub mod words;

pub use configuration::Configuration;
pub use epoch::Epoch;
pub use failure::{Failure, Harmed, Unavailable};
pub use invalid::Invalid;
pub use region::{Region, RegionPair, Side};
pub use reply::ReplyId;
pub use state::RegionState;

/// The schema number that configuration, region state, records and requests carry.
pub const SCHEMA: u32 = 1;
