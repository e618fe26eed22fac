//! Each effect is tried, whatever became of those before it.

use lifeboat_core::Failure;

/// The first failure is what the caller gets; all of them stand in the log.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    first: Option<Failure>,
}

impl Faults {
    pub(crate) fn or<T>(self, value: T) -> Result<T, Failure> {
        self.first.map_or(Ok(value), Err)
    }

    pub(crate) fn keep<T>(&mut self, outcome: Result<T, Failure>) -> Option<T> {
        match outcome {
            Ok(value) => Some(value),
            Err(failure) => {
                tracing::error!(error = failure.name(), "{failure}");
                self.first.get_or_insert(failure);
                None
            }
        }
    }
}
