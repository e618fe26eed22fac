//! Where the drill is played: the local cloud, the forum's users, and what they were told.

use std::net::IpAddr;
use std::sync::Arc;

use crate::cloud::LocalCloud;
use crate::drill::command_line::Run;
use crate::drill::progress::Progress;
use crate::forum_client::{Acknowledged, ForumClient};
use crate::{Context, Result};

/// The forum's own.
pub(super) const SERVICES: [&str; 3] = ["users", "threads", "posts"];
/// One beside them that has no data.
pub(super) const WARM: &str = "pages";

#[derive(Debug)]
pub(super) struct Stage {
    pub(super) cloud: LocalCloud,
    pub(super) progress: Progress,
    pub(super) forum: Arc<ForumClient>,
    pub(super) run: Run,
}

/// Asserts that a condition holds.
pub(super) fn ensure(condition: bool, otherwise: impl FnOnce() -> String) -> Result<()> {
    condition.then_some(()).context(otherwise)
}

impl Stage {
    pub(super) fn new(cloud: LocalCloud, progress: Progress) -> Self {
        Self {
            forum: Arc::new(ForumClient::new(&cloud)),
            run: Run::default(),
            cloud,
            progress,
        }
    }

    pub(super) async fn end(self) -> Result<()> {
        self.cloud.end().await
    }

    /// The forum's name leads to this region.
    pub(super) async fn assert_forum_in(&self, region: &str) -> Result<()> {
        let expected = self.cloud.addresses.load_balancers[region].ip();
        let address = IpAddr::from(self.forum.address().await?);
        ensure(address == expected, || {
            format!("the forum is at {address}, not in {region}")
        })
    }

    /// Nothing that was acknowledged is missing but what is known to be.
    pub(super) async fn assert_missing(&self, expected: &[Acknowledged]) -> Result<()> {
        let missing = self.forum.missing().await?;
        let wrong = missing.iter().find(|one| !expected.contains(one));
        ensure(wrong.is_none(), || {
            format!("lost without being told: {wrong:?}")
        })?;
        let there = expected.iter().find(|one| !missing.contains(one));
        ensure(there.is_none(), || {
            format!("told to be lost and there: {there:?}")
        })
    }
}
