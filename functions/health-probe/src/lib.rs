//! Each minute: could this region take over, does the other one serve, and has it taken over from this one?

pub mod aws;
pub mod event;
mod faults;
mod images;
pub mod look;
mod markers;
#[cfg(test)]
mod memory;
mod needs;
mod peer;
pub mod probe;
pub mod readiness;
pub mod remember;
mod rest;
mod users;
mod wait;
pub mod world;

use jiff::Timestamp;
use lifeboat_aws::{function::Start, parse_event};
use lifeboat_core::{Failure, probe::ProbeReport};

pub use event::{Action, Event};

pub async fn handle(
    start: Start,
    event: serde_json::Value,
    now: Timestamp,
) -> Result<ProbeReport, Failure> {
    let event: Event = parse_event(event)?;
    let world = aws::Live::new(start)?;
    probe::handle(event, &world, now).await
}
