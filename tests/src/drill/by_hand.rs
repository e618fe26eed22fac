use crate::Result;
use crate::cloud::{HOME, STANDBY};
use crate::drill::command_line::{lifeboat, lifeboat_fails};
use crate::drill::readiness::wait_until_ready;
use crate::drill::stage::{Stage, ensure};

/// What a person asks of backups and images while nothing happens, and of a failover that nothing speaks for.
pub(super) async fn run(stage: &Stage) -> Result<()> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    progress.act("by hand: backups are taken, read, proved and restored, and images looked at");
    // A restore goes by the probe's young record.
    wait_until_ready(stage, STANDBY).await?;
    for backup in ["create", "list", "show", "verify", "prove"] {
        lifeboat(stage, HOME, &["backup", backup]).await?;
    }
    let one = ["newest", "--service", "users", "--in", STANDBY];
    lifeboat(stage, HOME, &[&["backup", "preview"], &one[..]].concat()).await?;
    let restore = [&["backup", "restore"], &one[..], &["--yes"]].concat();
    lifeboat(stage, HOME, &restore).await?;
    for images in [
        &["images", "list"][..],
        &["images", "ready"],
        &["images", "verify"],
        &["sync"],
    ] {
        lifeboat(stage, HOME, images).await?;
    }
    let reason = ["--reason", "users get wrong data"];
    let ask = |mode| [&["failover", "--to", STANDBY, "--mode", mode], &reason[..]].concat();
    lifeboat(stage, STANDBY, &ask("plan")).await?;
    // Home serves, and nobody says that they know better.
    let sure = [&ask("unplanned")[..], &["--yes"]].concat();
    let refused = lifeboat_fails(stage, STANDBY, &sure).await?;
    ensure(refused.contains("active_region_down"), || {
        format!("home serves, and it is not refused for that: {refused}")
    })?;
    // Who does says so; what it would do is shown, and nothing of it is begun.
    let better = "active_region_down=users get wrong data";
    let better = [&ask("unplanned")[..], &["--override", better, "--dry-run"]].concat();
    let plan = lifeboat(stage, STANDBY, &better).await?;
    ensure(plan.contains("--plan "), || {
        format!("a person knows better, and it would not start: {plan}")
    })?;
    stage.assert_forum_in(HOME).await?;
    cloud.assert_empty(STANDBY).await?;
    progress.say("users noticed nothing, and the standby is as empty as it was");
    Ok(())
}
