//! The runbook's *Somebody deleted data*.

use std::time::Duration;

use lifeboat_core::scaling::Scale;
use serde_json::json;

use crate::aws::Aws;
use crate::cloud::{APPLICATION, HOME};
use crate::drill::command_line::{lifeboat, lifeboat_refuses};
use crate::drill::stage::{Stage, ensure};
use crate::forum_client::Acknowledged;
use crate::{Result, events, scaling};

const PATIENCE: Duration = Duration::from_secs(60);

/// In the region that serves a backup takes the place of what one service has, while the others serve on.
pub(super) async fn run(stage: &Stage, late: &[Acknowledged]) -> Result<()> {
    let (cloud, forum, progress) = (&stage.cloud, &stage.forum, &stage.progress);
    progress.act("data of users is spoilt: its tasks are stopped, a backup is restored, and they start again");
    let home = cloud.addresses.load_balancers[HOME].ip();
    let nobody = json!({ "name": "nobody" });
    let spoilt = forum.create_at(home, "users", &nobody).await?.record;
    let restore = ["backup", "restore", "newest", "--service", "users", "--yes"];
    let refused = lifeboat_refuses(stage, HOME, &restore).await?;
    ensure(refused.contains("update-service"), || {
        format!("tasks of users run, and nobody says how to stop them: {refused}")
    })?;

    let serving = cloud.tasks(HOME).await?;
    let production = Scale {
        desired: cloud.protected.minimum,
        bounds: cloud.production(),
    };
    scale_users(stage, Scale::NONE).await?;
    let stopped = async || {
        let fewer = u64::from(production.desired);
        assert_tasks(stage, (serving.0 - fewer, serving.1 - fewer)).await
    };
    progress
        .until("the tasks of users to stop", PATIENCE, stopped)
        .await?;
    let probe = format!("{APPLICATION}-health-probe");
    events::fire(&cloud.aws, HOME, &probe).await?;
    lifeboat(stage, HOME, &restore).await?;
    forum.list("posts").await?;

    scale_users(stage, production).await?;
    let started = async || {
        assert_tasks(stage, serving).await?;
        forum.list("users").await
    };
    let users = progress.until("users to answer", PATIENCE, started).await?;
    ensure(!users.contains(&spoilt), || {
        format!("restored, and {spoilt} is there")
    })?;
    stage.assert_missing(late).await?;
    cloud.assert_scaled(HOME)?;
    progress.say("what was spoilt is as it was in the backup, and the others served on");
    Ok(())
}

async fn assert_tasks(stage: &Stage, expected: (u64, u64)) -> Result<()> {
    let found = stage.cloud.tasks(HOME).await?;
    ensure(found == expected, || {
        format!("{found:?} tasks are wanted and run, not {expected:?}")
    })
}

/// What scaling may do first, or it starts them again.
async fn scale_users(stage: &Stage, scale: Scale) -> Result<()> {
    let Scale { desired, bounds } = scale;
    let service = format!("{APPLICATION}-users");
    let ask = json!({
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": format!("service/{APPLICATION}/{service}"),
        "MinCapacity": bounds.minimum,
        "MaxCapacity": bounds.maximum,
        "SuspendedState": {
            "DynamicScalingInSuspended": bounds.suspended,
            "DynamicScalingOutSuspended": bounds.suspended,
            "ScheduledScalingSuspended": bounds.suspended,
        },
    });
    let target = "AnyScaleFrontendService.RegisterScalableTarget";
    let proxy = Aws::new(stage.cloud.addresses.proxy);
    proxy.json(HOME, scaling::SERVICE, target, &ask).await?;
    let ask = json!({ "cluster": APPLICATION, "service": service, "desiredCount": desired });
    let updated = stage.cloud.ecs(HOME, "UpdateService", &ask);
    updated.await.map(drop)
}
