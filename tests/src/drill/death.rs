use std::time::{Duration, Instant};

use lifeboat_core::liveness::Verdict;

use crate::Result;
use crate::cloud::{HOME, STANDBY};
use crate::drill::stage::{Stage, WARM, ensure};
use crate::faults::Fault;

/// A probe each minute, two looks, and the time-outs of calls that hang.
const DETECTION: Duration = Duration::from_secs(150);

#[derive(Debug)]
pub(super) struct Death {
    pub(super) at: Instant,
    /// Calls before it.
    pub(super) calls: usize,
    /// The standby's tasks then.
    pub(super) warm: Vec<String>,
}

pub(super) async fn kill(stage: &Stage) -> Result<Death> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    let warm = cloud.tasks_of(STANDBY, WARM).await?;
    cloud.kill(HOME, Fault::Hanging).await?;
    // A call that was already through may be answered; every later one is not.
    let died = Death {
        at: Instant::now(),
        calls: cloud.ledger.count(),
        warm,
    };
    progress.say(&format!(
        "{HOME} is dead: its tasks are frozen, every call to it hangs"
    ));
    let answer = stage.forum.list("posts").await;
    ensure(answer.is_err(), || {
        "the dead region's forum answered".to_owned()
    })?;
    let seen = async || match cloud.status(STANDBY).await? {
        report if report.liveness.verdict == Verdict::Down => Ok(report),
        report => Err(format!("last seen {:?} at {}", report.liveness.verdict, report.at).into()),
    };
    let report = progress
        .until("the probe to see it", DETECTION, seen)
        .await?;
    progress.say(&format!(
        "the probe in {STANDBY} sees it down: {}",
        report.liveness.reasons.join("; ")
    ));
    Ok(died)
}
