use std::sync::Arc;
use std::time::{Duration, Instant};

use lifeboat_core::lost::Lost;
use lifeboat_core::marker::Marker;
use lifeboat_core::person::Awaits;
use serde_json::json;

use crate::cloud::{HOME, STANDBY};
use crate::drill::command_line::lifeboat;
use crate::drill::readiness::wait_until_ready;
use crate::drill::stage::{Stage, ensure};
use crate::drill::takeover::Execution;
use crate::forum_client::{Acknowledged, ForumClient};
use crate::{Context, Result};

/// Everything before users are moved.
const APPROVAL: Duration = Duration::from_secs(300);
const DOWN: Duration = Duration::from_secs(90);

/// A person brings everyone home by the command line; users go on posting all the while.
pub(super) async fn run(stage: &Stage, late: &[Acknowledged]) -> Result<Execution> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    progress.act("failback: a planned execution towards home");
    wait_until_ready(stage, HOME).await?;
    lifeboat(stage, HOME, &["status"]).await?;
    let plan = lifeboat(stage, HOME, &failover("plan", &[])).await?;
    let digest = plan
        .split("--plan ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let digest = digest.context(|| "the plan has no digest".to_owned())?;

    let post = json!({ "thread": "1", "author": "Ada", "text": "just before the failback" });
    stage.forum.create("posts", &post).await?;
    let writer = Writer::start(&stage.forum);
    let began = Instant::now();
    let planned = failover("planned", &["--plan", digest, "--yes"]);
    let (moved, approved) = tokio::join!(lifeboat(stage, HOME, &planned), approve(stage));
    moved?;
    approved?;
    let first_answer = began.elapsed();
    let (written, refused) = writer.stop().await?;
    progress.say(&format!(
        "meanwhile {written} posts were acknowledged and {refused} refused"
    ));

    stage.assert_forum_in(HOME).await?;
    cloud.assert_scaled(HOME)?;
    stage.assert_missing(late).await?;
    progress.say("everything acknowledged in the standby is at home");
    let executions = cloud.executions(HOME).await?;
    let arn = executions
        .first()
        .cloned()
        .context(|| "no execution ran in home".to_owned())?;
    assert_told(stage, &arn).await?;
    let empty = async || cloud.assert_empty(STANDBY).await;
    progress
        .until("the standby to be empty", DOWN, empty)
        .await?;
    for marker in Marker::ALL {
        let raised = cloud.raised(marker).await?;
        ensure(!raised, || {
            format!("the marker {} is still raised", marker.key())
        })?;
    }
    progress.say("the standby is scaled down, and no marker is raised");
    Ok(Execution {
        arn,
        region: HOME,
        first_answer,
    })
}

fn failover<'a>(mode: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let reason = "home is well again";
    let plain = ["failover", "--to", HOME, "--mode", mode, "--reason", reason];
    [&plain[..], more].concat()
}

/// Users are moved by plan only when a person says so.
async fn approve(stage: &Stage) -> Result<()> {
    let asked = async || {
        let state = stage.cloud.state(HOME).await?;
        let hold = state.lease.and_then(|lease| lease.hold);
        let approval = hold.is_some_and(|hold| hold.awaits == Awaits::Approval);
        approval.then_some(()).context(|| "not yet".to_owned())
    };
    let what = "the execution to ask for approval";
    stage.progress.until(what, APPROVAL, asked).await?;
    // Nothing was touched yet: users go on where they are.
    stage.assert_forum_in(STANDBY).await?;
    let reason = "seen and found good";
    lifeboat(stage, HOME, &["approve", "--to", HOME, "--reason", reason]).await?;
    Ok(())
}

async fn assert_told(stage: &Stage, execution: &str) -> Result<()> {
    let report = stage.cloud.report(HOME, execution).await?;
    ensure(
        report.recovery_point.seconds == 0 && report.lost == Some(Lost::default()),
        || {
            format!(
                "something was lost: {:?} {:?}",
                report.recovery_point, report.lost
            )
        },
    )?;
    let pause = report
        .write_pause_seconds
        .context(|| "no write pause was measured".to_owned())?;
    stage
        .progress
        .say(&format!("nothing was lost; writes paused for {pause} s"));
    Ok(())
}

/// A user who posts several times a second, whatever the answer.
struct Writer {
    stop: tokio::sync::oneshot::Sender<()>,
    task: tokio::task::JoinHandle<(usize, usize)>,
}

impl Writer {
    fn start(forum: &Arc<ForumClient>) -> Self {
        let (stop, mut stopped) = tokio::sync::oneshot::channel();
        let forum = Arc::clone(forum);
        let task = tokio::spawn(async move {
            let (mut written, mut refused) = (0, 0);
            while stopped.try_recv().is_err() {
                let text = format!("during the failback {written}");
                let post = json!({ "thread": "1", "author": "Bo", "text": text });
                match forum.create("posts", &post).await {
                    Ok(_) => written += 1,
                    Err(_) => refused += 1,
                }
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            (written, refused)
        });
        Self { stop, task }
    }

    async fn stop(self) -> Result<(usize, usize)> {
        // It has ended already when nobody listens any more.
        let _ = self.stop.send(());
        self.task
            .await
            .context(|| "wait for the writing user".to_owned())
    }
}
