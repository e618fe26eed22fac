use std::time::Duration;

use lifeboat_core::decide::Fact;
use lifeboat_core::person::Verb;
use lifeboat_core::report::Measured;
use lifeboat_core::request::Mode;
use serde_json::{Value, json};

use crate::cloud::{HOME, STANDBY};
use crate::drill::command_line::{lifeboat, lifeboat_fails};
use crate::drill::people;
use crate::drill::stage::{Stage, ensure};
use crate::{Context, Result};

/// Longer than the state machine waits for anything else.
const STANDS_STILL: Duration = Duration::from_secs(5);

/// No drill begins, today or on any other day, unless a person says why it may.
pub(super) fn blocked() -> (String, Value) {
    let always = json!(["2024-01-01T00:00:00Z/2124-01-01T00:00:00Z"]);
    ("drill_blocked_windows".to_owned(), always)
}

/// The mode `drill`, started by a person: the standby is brought up and torn down, and no user notices.
pub(super) async fn run(stage: &Stage) -> Result<()> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    progress.act("a rehearsal: the standby is brought up, after a pause, and torn down");
    let look = ["test-dr"];
    lifeboat(stage, STANDBY, &look).await?;
    let drill = [
        "--start",
        "--tasks",
        "1",
        "--reason",
        "the monthly rehearsal",
    ];
    let drill = [&look[..], &drill].concat();
    let refused = lifeboat_fails(stage, STANDBY, &drill).await?;
    ensure(refused.contains("outside_drill_block"), || {
        format!("no drill may begin now, and it is not refused for that: {refused}")
    })?;
    let reason = "nobody else is at it";
    let word = format!("outside_drill_block={reason}");
    let sure = [&drill[..], &["--override", &word]].concat();
    tokio::try_join!(lifeboat(stage, STANDBY, &sure), pause(stage))?;
    let arn = cloud.newest_execution(STANDBY).await?;
    let report = cloud.report(STANDBY, &arn).await?;
    ensure(
        report.mode == Mode::Drill && report.recovery_time.is_some_and(Measured::met),
        || {
            format!(
                "the report speaks of {:?} and {:?}",
                report.mode, report.recovery_time
            )
        },
    )?;
    let overridden = report.facts.iter().find(|one| one.overridden.is_some());
    let overridden = overridden.map(|one| (one.fact, one.overridden.as_deref()));
    ensure(
        overridden == Some((Fact::OutsideDrillBlock, Some(reason))),
        || format!("the report says of what was overridden: {overridden:?}"),
    )?;
    cloud.assert_resting(STANDBY).await?;
    cloud.assert_lowered().await?;
    let left = std::fs::read_dir(cloud.data(STANDBY))
        .context(|| "the standby's data".to_owned())?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find(|name| name.starts_with(".lifeboat-"));
    ensure(left.is_none(), || {
        format!("the rehearsed restore left {left:?}")
    })?;
    stage.assert_forum_in(HOME).await?;
    progress.say(&format!(
        "{STANDBY} would have taken over after it was asked in {}; it rests again, and nobody was moved",
        report.recovery_time.map_or_else(String::new, Measured::told)
    ));
    Ok(())
}

/// It stands still before a step, with its lease and everything else as it was, until it is resumed.
async fn pause(stage: &Stage) -> Result<()> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    let execution = people::at_work(stage, STANDBY).await?.execution;
    people::say(stage, STANDBY, Verb::Pause, "what is this?").await?;
    people::asked(stage, STANDBY, Verb::Resume).await?;
    let look = async || {
        let state = cloud.state(STANDBY).await?;
        let events = cloud.history(STANDBY, &execution).await?.len();
        Ok::<_, crate::Error>((state, events, cloud.tasks(STANDBY).await?))
    };
    let before = look().await?;
    tokio::time::sleep(STANDS_STILL).await;
    let after = look().await?;
    ensure(before == after, || {
        format!("paused, and yet it went from {before:?} to {after:?}")
    })?;
    stage.assert_forum_in(HOME).await?;
    cloud.assert_lowered().await?;
    let seconds = STANDS_STILL.as_secs();
    progress.say(&format!("paused: for {seconds} s nothing has happened"));
    people::say(stage, STANDBY, Verb::Resume, "only the rehearsal").await?;
    let name = lifeboat_core::run::name_of(&execution);
    let follow = ["follow", "--to", STANDBY, "--execution", name];
    lifeboat(stage, STANDBY, &follow).await.map(drop)
}
