use std::time::{Duration, Instant};

use lifeboat_core::person::Verb;

use crate::Result;
use crate::cloud::{HOME, STANDBY};
use crate::drill::command_line::lifeboat_fails;
use crate::drill::failback::assert_nothing_lost;
use crate::drill::homecoming::salvaged;
use crate::drill::people;
use crate::drill::readiness::{wait_until_ready, wait_until_resting};
use crate::drill::stage::{Stage, ensure};
use crate::drill::takeover::Execution;
use crate::drill::users::first_answer;
use crate::drill::visitor::Visitor;
use crate::forum_client::Acknowledged;

const PATIENCE: Duration = Duration::from_secs(300);

/// A planned execution to the standby that a person rejects: it ends failed, and nobody noticed it.
pub(super) async fn reject(stage: &Stage, late: &[Acknowledged]) -> Result<String> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    progress.act("maintenance at home: a planned execution to the standby is rejected");
    wait_until_ready(stage, STANDBY).await?;
    let (tasks, epoch) = (cloud.tasks(HOME).await?, cloud.state(STANDBY).await?.epoch);
    let writer = Visitor::who_posts(&stage.forum, "what was rejected");
    let reason = ["--reason", "maintenance in us-east-1", "--yes"];
    let planned = ["failover", "--to", STANDBY, "--mode", "planned"];
    let planned = [&planned[..], &reason].concat();
    let (said, _) = tokio::try_join!(
        lifeboat_fails(stage, STANDBY, &planned),
        people::answer(stage, STANDBY, Verb::Reject, "not in the evening"),
    )?;
    let written = writer.stop().await?;
    ensure(
        said.contains("Rejected: a person said no: not in the evening"),
        || format!("it ended without the person's words: {said}"),
    )?;
    ensure(written.refused.is_empty() && written.answered > 0, || {
        format!("users noticed it: {written:?}")
    })?;
    let after = cloud.state(STANDBY).await?;
    ensure(
        after.lease.is_none() && after.active.as_str() == HOME && after.epoch > epoch,
        || format!("rejected, and the standby's state is {after:?}"),
    )?;
    // Passive by its own state again, its probe starts what it rests at.
    wait_until_resting(stage, STANDBY).await?;
    let back = cloud.tasks(HOME).await?;
    ensure(back == tasks, || {
        format!("home had {tasks:?} tasks wanted and running, and has {back:?}")
    })?;
    cloud.assert_scaled(HOME)?;
    cloud.assert_lowered().await?;
    stage.assert_forum_in(HOME).await?;
    stage.assert_missing(late).await?;
    progress.say(&format!(
        "it ended with the person's words; everything is as it was, and all {} posts meanwhile were taken",
        written.answered
    ));
    cloud.newest_execution(STANDBY).await
}

/// The same execution, redriven: it asks again, moves users, and is told that they are to go back.
pub(super) async fn redrive(
    stage: &Stage,
    arn: String,
    late: &[Acknowledged],
) -> Result<Execution> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    progress.act("redriven, it asks again, moves users, and is cancelled");
    let answered = first_answer(stage, STANDBY, Instant::now());
    cloud.redrive(STANDBY, &arn).await?;
    let words = async {
        people::answer(stage, STANDBY, Verb::Approve, "now it is night").await?;
        people::asked(stage, STANDBY, Verb::Cancel).await?;
        stage.assert_forum_in(STANDBY).await?;
        people::say(stage, STANDBY, Verb::Cancel, "it is slow from there").await
    };
    let followed = cloud.follow(progress, STANDBY, &arn, PATIENCE);
    let (said, ()) = tokio::try_join!(words, followed)?;
    let way_back = format!("lifeboat failover --to {HOME} --mode planned");
    ensure(said.contains(&way_back), || {
        format!("cancelled, and the way back is not named: {said}")
    })?;
    let redrives = cloud.described(STANDBY, &arn).await?["redriveCount"].clone();
    ensure(redrives == 1, || {
        format!("{arn} was redriven {redrives} times")
    })?;
    salvaged(stage, STANDBY, HOME).await?;
    let report = cloud.report(STANDBY, &arn).await?;
    let committed = report.committed.as_ref().map(|answered| answered.verb);
    ensure(committed == Some(Verb::Cancel), || {
        format!("the report says of the commit: {committed:?}")
    })?;
    assert_nothing_lost(stage, &report)?;
    stage.assert_forum_in(STANDBY).await?;
    cloud.assert_scaled(STANDBY)?;
    cloud.assert_empty(HOME).await?;
    stage.assert_missing(late).await?;
    progress.say("users stay where they are until the way back is started");
    Ok(Execution {
        arn,
        region: STANDBY,
        first_answer: answered.await?,
    })
}
