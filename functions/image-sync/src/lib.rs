//! Copies images to the other region's registry without changing a digest, and says whether a region has what it would run.

mod bring;
pub mod check;
pub mod copy;
pub mod definition;
pub mod download;
pub mod ecr;
pub mod ecs;
pub mod event;
pub mod fan_out;
pub mod fleet;
pub mod holds;
pub mod lag;
pub mod manifest;
mod mend;
pub mod outcome;
pub mod platform;
pub mod ready;
pub mod reference;
pub mod registry;
pub mod reread;
pub mod survey;
pub mod sync;
pub mod verify;
mod wanted;
mod wire;

pub use event::{Action, Event};
pub use fleet::Fleet;
pub use outcome::{Answer, Copied, Outcome, Reconciled};
pub use registry::Registry;
pub use sync::{ImageSync, Registries};

use jiff::{SignedDuration, Timestamp};
use lifeboat_aws::function::Start;
use lifeboat_core::Failure;
use tokio::time::Instant;

/// Kept for what follows the copying: whoever is ended by Lambda says nothing.
const AFTER_COPYING: SignedDuration = SignedDuration::from_secs(60);

/// One invocation of the Lambda function.
pub async fn handle(start: Start, event: serde_json::Value) -> Result<Answer, Failure> {
    let event = Event::parse(event)?;
    let registries = ecr::Ecr::new(&start)?;
    let sync = ImageSync {
        configuration: &start.configuration,
        control: &start.control,
        registries: &registries,
        until: until(start.ends),
    };
    sync.handle(event).await
}

/// None where the end is too far away to be a moment.
fn until(ends: Timestamp) -> Option<Instant> {
    let left = ends.duration_since(Timestamp::now()) - AFTER_COPYING;
    Instant::now().checked_add(left.max(SignedDuration::ZERO).unsigned_abs())
}
