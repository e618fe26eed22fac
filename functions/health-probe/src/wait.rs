//! How long answers are waited for.

use std::time::Duration;

use lifeboat_core::{Failure, Region};
use tokio::time::Instant;

use crate::event::Action;

/// Of this region: one moment up to which everything that begins together is waited for, so that questions that follow from each
/// other's answers take no longer than one of them may.
#[derive(Debug, Clone)]
pub(crate) struct Wait {
    until: Instant,
    patience: Duration,
    region: Region,
}

impl Wait {
    pub(crate) fn begin(action: Action, region: &Region) -> Self {
        let patience = action.patience();
        Self {
            until: Instant::now() + patience,
            patience,
            region: region.clone(),
        }
    }

    /// A region that is slow with its own answers must not keep the probe from saying what it saw of the other.
    pub(crate) async fn get<T>(
        &self,
        operation: &str,
        object: &str,
        answer: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout_at(self.until, answer).await {
            Ok(answer) => answer,
            Err(_) => {
                let why = format!("no answer within {} s", self.patience.as_secs_f32());
                Err(Failure::unavailable(operation, object, &self.region, why))
            }
        }
    }
}
