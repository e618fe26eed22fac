//! Which image each service runs, told by digest.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Every image was seen in the region's own registry, by digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Images {
    pub started: Timestamp,
    pub finished: Timestamp,
    /// Service by service.
    pub digests: BTreeMap<String, String>,
    /// What was missing here and fetched from the peer.
    #[serde(default)]
    pub repaired: Vec<String>,
}
