use std::time::{Duration, Instant};

use lifeboat_core::marker::Marker;
use lifeboat_core::person::Verb;
use lifeboat_core::request::Mode;
use lifeboat_core::run::SourceFenced;
use lifeboat_core::state::FenceProgress;
use serde_json::json;

use crate::cloud::{HOME, STANDBY};
use crate::drill::backup;
use crate::drill::command_line::lifeboat;
use crate::drill::follow::{left, waiting};
use crate::drill::people;
use crate::drill::readiness::wait_until_ready;
use crate::drill::stage::{Stage, ensure};
use crate::drill::takeover::Execution;
use crate::drill::users::first_answer;
use crate::faults::{Fault, Place};
use crate::forum_client::Acknowledged;
use crate::{Context, Result};

const SILENCE: Duration = Duration::from_secs(60);

/// The way back, whose source falls silent once it was told to stop: a person goes on without it.
pub(super) async fn run(stage: &Stage, late: &[Acknowledged]) -> Result<Execution> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    progress.act("the way back: the standby falls silent midway, and a person goes on without it");
    backup::take(stage, STANDBY, HOME).await?;
    let before = stage.forum.acknowledged().len();
    let post = json!({ "thread": "1", "author": "Ada", "text": "after the standby's last backup" });
    stage.forum.create("posts", &post).await?;
    let lost = stage.forum.acknowledged().split_off(before);
    wait_until_ready(stage, HOME).await?;

    let answered = first_answer(stage, HOME, Instant::now());
    let planned = ["failover", "--to", HOME, "--mode", "planned", "--yes"];
    let planned = [&planned[..], &["--reason", "back, as was decided"]].concat();
    tokio::try_join!(lifeboat(stage, HOME, &planned), turn(stage))?;
    let first_answer = answered.await?;

    stage.assert_forum_in(HOME).await?;
    cloud.assert_scaled(HOME)?;
    stage.assert_missing(&[late, &lost].concat()).await?;
    let reclaimed = cloud.raised(Marker::Reclaim).await?;
    ensure(reclaimed, || {
        format!("nobody can lower the marker of {STANDBY}, and home is not reclaimed")
    })?;
    let arn = cloud.newest_execution(HOME).await?;
    let report = cloud.report(HOME, &arn).await?;
    let silent = matches!(report.source, Some(SourceFenced::Silent(_)));
    let told = report.mode == Mode::Unplanned && report.turned.is_some() && report.lost.is_none();
    ensure(silent && told, || {
        format!("the report does not tell of the turn: {report:?}")
    })?;
    let owed = cloud.state(HOME).await?.fence.map(|fence| fence.progress);
    ensure(owed == Some(FenceProgress::Pending), || {
        format!("the silent region is owed a fence, and the state says {owed:?}")
    })?;
    progress.say(&format!(
        "{HOME} serves without {STANDBY}; exactly the {} record after its last backup is missing, and a fence is owed",
        lost.len()
    ));
    Ok(Execution {
        arn,
        region: HOME,
        first_answer,
    })
}

async fn turn(stage: &Stage) -> Result<()> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    people::answer(stage, HOME, Verb::Approve, "back, then").await?;
    let execution = people::at_work(stage, HOME).await?.execution;
    let stopping = async || {
        let history = cloud.history(HOME, &execution).await?;
        let told = left(&history, "Stop source");
        told.then_some(()).context(|| "not yet".to_owned())
    };
    let what = format!("{STANDBY} to be told to stop");
    progress.until(&what, SILENCE, stopping).await?;
    cloud.ledger.set(Place::region(STANDBY), Fault::Hanging);
    progress.say(&format!("{STANDBY} answers no more"));
    let silent = async || {
        let waiting = waiting(&cloud.history(HOME, &execution).await?);
        let silent = waiting.contains("`lifeboat turn` goes on without it");
        silent.then_some(()).context(|| waiting)
    };
    let what = "the execution to wait for its source";
    progress.until(what, SILENCE, silent).await?;
    people::say(stage, HOME, Verb::Turn, "the region is gone")
        .await
        .map(drop)
}
