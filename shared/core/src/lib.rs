//! Facts, decisions and names. Nothing here talks to AWS, waits, or reads a clock: time is an input.

pub mod backup;
pub mod configuration;
pub mod epoch;
pub mod invalid;
pub mod liveness;
pub mod lost;
pub mod marker;
pub mod readiness;
pub mod region;
pub mod request;
pub mod state;

pub use configuration::Configuration;
pub use epoch::Epoch;
pub use invalid::Invalid;
pub use region::{Region, RegionPair, Side};
pub use state::RegionState;

/// The schema number that configuration, region state, manifests and requests carry.
pub const SCHEMA: u32 = 1;

/// This version reads the schema it writes and the one before it.
pub fn check_schema(field: &str, found: u32) -> Result<(), Invalid> {
    match found {
        SCHEMA => Ok(()),
        other if other + 1 == SCHEMA && other > 0 => Ok(()),
        other => Err(Invalid::new(field, format!("schema {SCHEMA}"), other)),
    }
}
