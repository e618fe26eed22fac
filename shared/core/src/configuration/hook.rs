//! How a service is asked to hold still while its data is read.

use serde::{Deserialize, Serialize};

use super::{Address, check_longest, check_secret};
use crate::Invalid;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    pub address: Address,
    /// ARN of the secret that is its token.
    pub secret: String,
    /// After this the service goes on by itself, whoever was to let it go.
    pub longest_seconds: u32,
}

impl Hook {
    pub(super) fn check(&self, field: &str) -> Result<(), Invalid> {
        check_secret(&format!("{field}.secret"), &self.secret)?;
        check_longest(&format!("{field}.longest_seconds"), self.longest_seconds)
    }
}
