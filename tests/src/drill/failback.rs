use std::time::Instant;

use lifeboat_core::lost::Lost;
use lifeboat_core::person::Verb;
use lifeboat_core::report::Report;
use lifeboat_core::run::StoppedBy;
use serde_json::json;

use crate::cloud::{HOME, STANDBY};
use crate::drill::command_line::lifeboat;
use crate::drill::homecoming::salvaged;
use crate::drill::people;
use crate::drill::readiness::wait_until_ready;
use crate::drill::stage::{Stage, ensure};
use crate::drill::takeover::Execution;
use crate::drill::users::first_answer;
use crate::drill::visitor::{Answers, Visitor};
use crate::forum_client::Acknowledged;
use crate::{Context, Result};

/// A person brings everyone home by the command line; users go on posting all the while.
pub(super) async fn run(stage: &Stage, late: &[Acknowledged]) -> Result<Execution> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    progress.act("failback: a planned execution towards home");
    wait_until_ready(stage, HOME).await?;
    lifeboat(stage, HOME, &["status"]).await?;
    let plan = lifeboat(stage, HOME, &failback(&["--dry-run"])).await?;
    let digest = plan
        .split("--plan ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let digest = digest.context(|| "the plan has no digest".to_owned())?;

    let post = json!({ "thread": "1", "author": "Ada", "text": "just before the failback" });
    stage.forum.create("posts", &post).await?;
    let writer = Visitor::who_posts(&stage.forum, "the failback");
    let reader = Visitor::who_reads(&stage.forum);
    let answered = first_answer(stage, HOME, Instant::now());
    let planned = failback(&["--plan", digest, "--yes"]);
    tokio::try_join!(lifeboat(stage, HOME, &planned), answer(stage))?;
    let first_answer = answered.await?;
    let (written, read) = (writer.stop().await?, reader.stop().await?);
    progress.say(&format!(
        "meanwhile {} posts were acknowledged and {} refused, and posts were read {} times and {} times not",
        written.answered,
        written.refused.len(),
        read.answered,
        read.refused.len()
    ));

    stage.assert_forum_in(HOME).await?;
    cloud.assert_scaled(HOME)?;
    stage.assert_missing(late).await?;
    progress.say("everything acknowledged in the standby is at home");
    // What read on behind the gate is fenced and salvaged like the source of an unplanned execution.
    salvaged(stage, HOME, STANDBY).await?;
    let arn = cloud.newest_execution(HOME).await?;
    let report = cloud.report(HOME, &arn).await?;
    assert_nothing_lost(stage, &report)?;
    assert_named(&report)?;
    let committed = report.committed.as_ref().map(|answered| answered.verb);
    ensure(committed == Some(Verb::Commit), || {
        format!("the report says of the commit: {committed:?}")
    })?;
    assert_read_on(stage, &report, &written, &read).await?;
    cloud.assert_empty(STANDBY).await?;
    cloud.assert_lowered().await?;
    progress.say("the standby is scaled down, and no marker is raised");
    Ok(Execution {
        arn,
        region: HOME,
        first_answer,
    })
}

fn failback<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let plain = ["failback", "--reason", "home is well again"];
    [&plain[..], more].concat()
}

/// Users are moved by plan only when a person says so, and stay when a person says so.
async fn answer(stage: &Stage) -> Result<()> {
    people::asked(stage, HOME, Verb::Approve).await?;
    // Nothing was touched yet: users go on where they are.
    stage.assert_forum_in(STANDBY).await?;
    people::say(stage, HOME, Verb::Approve, "seen and found good").await?;
    people::asked(stage, HOME, Verb::Commit).await?;
    stage.assert_forum_in(HOME).await?;
    people::say(stage, HOME, Verb::Commit, "everyone is at home").await?;
    Ok(())
}

/// By the identity that the command ran as.
fn assert_named(report: &Report) -> Result<()> {
    let said = [&report.approved, &report.committed]
        .map(|answered| answered.as_ref().and_then(|answered| answered.by.as_ref()));
    let all = [report.by.as_ref(), said[0], said[1]];
    let named = all
        .iter()
        .all(|by| by.is_some_and(|by| by.starts_with("arn:")));
    ensure(named, || {
        format!("the report does not name who wanted it: {all:?}")
    })
}

/// Of a planned execution its report says so.
pub(super) fn assert_nothing_lost(stage: &Stage, report: &Report) -> Result<()> {
    ensure(
        report
            .recovery_point
            .is_some_and(|point| point.seconds == 0)
            && report.lost.as_ref().is_some_and(nothing),
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

/// Also once the standby has been salvaged, service by service.
fn nothing(lost: &Lost) -> bool {
    lost.count() == 0 && lost.unknown.is_empty()
}

/// The standby's posts were read until users were moved, while what was written there was answered by the gate.
async fn assert_read_on(
    stage: &Stage,
    report: &Report,
    written: &Answers,
    read: &Answers,
) -> Result<()> {
    ensure(
        report.writes_stopped.get("posts") == Some(&StoppedBy::Gate),
        || format!("the writes were stopped by {:?}", report.writes_stopped),
    )?;
    let moved = report.timeline.iter().find(|e| e.step == "move_traffic");
    let moved = moved
        .map(|entry| entry.started)
        .context(|| "users were not moved".to_owned())?;
    let early = read.refused.iter().find(|(at, _)| *at < moved);
    ensure(early.is_none(), || {
        format!("not read although users were moved at {moved}: {early:?}")
    })?;
    let gate = written.refused.iter().filter(|(at, why)| {
        *at < moved && why.contains("503") && why.contains("Nothing can be written")
    });
    let gate = gate.count();
    ensure(gate > 0, || {
        format!("no post was answered by the gate: {:?}", written.refused)
    })?;
    let post = json!({ "thread": "1", "author": "Ada", "text": "home again" });
    stage.forum.create("posts", &post).await?;
    stage.progress.say(&format!(
        "until users were moved {gate} posts were answered 503 by the gate, and every read was answered"
    ));
    Ok(())
}
