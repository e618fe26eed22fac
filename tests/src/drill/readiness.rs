use std::time::{Duration, Instant};

use lifeboat_core::{liveness, readiness};

use crate::cloud::{APPLICATION, STANDBY};
use crate::drill::stage::Stage;
use crate::{Context, Result, events};

/// The probe runs each minute.
const SEEN: Duration = Duration::from_secs(150);
/// The probe runs each minute, and tasks start in some seconds.
const RESTS: Duration = Duration::from_secs(120);
/// Whoever still weighs an alarm that is over has ended after this.
const WEIGHED: Duration = Duration::from_secs(15);

/// The standby could take over, sees home serving, and its alarm is quiet: what follows is news.
pub(super) async fn seen(stage: &Stage) -> Result<()> {
    wait_until_ready(stage, STANDBY).await?;
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    let alarm = format!("{APPLICATION}-active-region-down");
    let mut since = None;
    let quiet = async || match cloud.alarm(STANDBY, &alarm).await?.as_str() {
        "OK" if since.get_or_insert_with(Instant::now).elapsed() >= WEIGHED => Ok(()),
        "OK" => Err("OK, not for long".into()),
        other => {
            since = None;
            Err(other.into())
        }
    };
    progress.until(&alarm, SEEN, quiet).await?;
    progress.say(&format!(
        "{STANDBY} is ready, sees home serving, and {alarm} is OK"
    ));
    Ok(())
}

/// With the tasks that it rests at: once their image is there, or its probe has started them.
pub(super) async fn wait_until_resting(stage: &Stage, region: &str) -> Result<()> {
    let rests = async || stage.cloud.assert_resting(region).await;
    let what = format!("{region} to rest");
    stage.progress.until(&what, RESTS, rests).await
}

/// By the region's own probe, which is asked to look now: ready itself, and the other one serving.
pub(super) async fn wait_until_ready(stage: &Stage, region: &str) -> Result<()> {
    let probe = format!("{APPLICATION}-health-probe");
    events::fire(&stage.cloud.aws, region, &probe).await?;
    let seen = async || {
        let report = stage.cloud.status(region).await?;
        let good = report.readiness.verdict == readiness::Verdict::Ready
            && report.liveness.verdict == liveness::Verdict::Serving;
        good.then_some(()).context(|| {
            let (ready, alive) = (&report.readiness, &report.liveness);
            format!(
                "{:?} {:?}; the other {:?} {:?}",
                ready.verdict,
                ready.lacks(),
                alive.verdict,
                alive.reasons
            )
        })
    };
    let what = format!("{region} to be seen ready");
    stage.progress.until(&what, SEEN, seen).await
}
