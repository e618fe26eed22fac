//! The main job: a whole region dies, the forum keeps answering, and everyone comes home. Each act asserts what it shows.

mod backup;
mod by_hand;
mod command_line;
mod cool_down;
mod death;
mod deleted;
mod deploy;
mod doctor;
mod failback;
mod follow;
mod homecoming;
mod patterns;
mod people;
mod pins;
mod progress;
mod readiness;
mod rehearsal;
mod reports;
mod second_thoughts;
pub mod share;
mod sight;
mod stage;
mod summary;
mod takeover;
mod turn;
mod users;
mod visitor;

use serde_json::{Map, json};

use crate::Result;
use crate::cloud::{LocalCloud, Protected};
use crate::terraform::{HOME, STANDBY};
pub use command_line::RUNS;
use progress::Progress;
use stage::{SERVICES, Stage, WARM};

/// Plays every act; the local cloud is ended whatever came of them. With `keep`, a person ends it.
pub async fn run(keep: bool) -> Result<()> {
    let protected = Protected {
        services: SERVICES
            .into_iter()
            .chain([WARM])
            .map(str::to_owned)
            .collect(),
        warm: vec![WARM.to_owned()],
        minimum: 2,
    };
    let progress = Progress::new();
    progress.act("start the local cloud");
    let cloud = LocalCloud::start(protected, keep).await?;
    progress.say(&format!("logs are in {}", cloud.folder().display()));
    let stage = Stage::new(cloud, progress);
    let played = play(&stage).await;
    if let Err(error) = &played {
        stage.progress.say(&format!("FAILED: {error}"));
    }
    stage.end().await?;
    played
}

async fn play(stage: &Stage) -> Result<()> {
    // The drill calls the schedule's target itself, so that it knows what a backup holds.
    let daily = |schedule: &str| (schedule.to_owned(), json!("rate(1 day)"));
    let daily = [daily("backup_schedule"), daily("refresh_schedule")];
    let others = daily.into_iter().chain(patterns::variables());
    let others = Map::from_iter(others.chain([rehearsal::blocked()]));
    let terraform = deploy::deploy(stage, others).await?;
    users::post(stage).await?;
    pins::made(stage).await?;
    patterns::brought(stage).await?;
    deploy::assert_unchanged(stage, &terraform).await?;
    let backup = backup::first(stage).await?;
    readiness::seen(stage).await?;
    doctor::finds_nothing(stage).await?;
    rehearsal::run(stage).await?;
    let late = users::post_late(stage).await?;
    let died = death::kill(stage).await?;
    let failover = takeover::follow(stage, &died).await?;
    takeover::assert(stage, &failover, &died, &backup, &late).await?;
    tokio::try_join!(
        cool_down::acknowledge(stage),
        deploy::assert_stands_alone(stage, &terraform, STANDBY),
    )?;
    let stale = homecoming::revive(stage).await?;
    homecoming::assert(stage, &failover, &late, &stale).await?;
    deploy::assert_unchanged(stage, &terraform).await?;
    let failback = failback::run(stage, &late).await?;
    // Terraform leaves the standby's gate where the way home has put it.
    terraform.assert_unchanged(STANDBY).await?;
    by_hand::run(stage).await?;
    deleted::run(stage, &late).await?;
    let rejected = second_thoughts::reject(stage, &late).await?;
    let cancelled = second_thoughts::redrive(stage, rejected, &late).await?;
    let turned = turn::run(stage, &late).await?;
    let executions = [failover, failback, cancelled, turned];
    tokio::try_join!(
        reports::assert(stage, &executions),
        deploy::assert_stands_alone(stage, &terraform, HOME),
    )?;
    stage.run.assert_all()?;
    summary::print(stage, &executions).await
}
