use std::time::Duration;

use lifeboat_core::backup::{BackupKey, Manifest};
use serde_json::Value;

use crate::cloud::{APPLICATION, HOME, STANDBY};
use crate::drill::stage::Stage;
use crate::{Context, Result, events};

const REPLICATION: Duration = Duration::from_secs(60);

pub(super) async fn first(stage: &Stage) -> Result<BackupKey> {
    let act = "a backup is taken, and seen in the standby";
    stage.progress.act(act);
    take(stage, HOME, STANDBY).await
}

/// What the schedule would do; seen whole in the other region's bucket.
pub(super) async fn take(stage: &Stage, from: &str, to: &str) -> Result<BackupKey> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    let rule = format!("{APPLICATION}-backup");
    let answers = events::fire(&cloud.aws, from, &rule).await?;
    let answer = answers.first().cloned().unwrap_or(Value::Null);
    let backup: BackupKey = serde_json::from_value(answer["backup"].clone())
        .context(|| format!("the backup answered {answer}"))?;
    let manifest = cloud.object(from, "backups", &backup.manifest()).await?;
    let manifest = manifest.context(|| format!("{} is gone", backup.manifest()))?;
    let manifest = Manifest::parse(&manifest, APPLICATION, &backup)?;
    let packs = manifest.packs.iter().map(|pack| pack.id.key());
    for key in packs.chain([backup.manifest()]) {
        let replica = async || {
            let found = cloud.object(to, "backups", &key).await?;
            found.context(|| "not yet".to_owned())
        };
        progress
            .until(&format!("{key} in {to}"), REPLICATION, replica)
            .await?;
    }
    let bytes = manifest.bytes();
    progress.say(&format!(
        "{}: {bytes} bytes, whole in {to}",
        manifest.backup.name
    ));
    Ok(manifest.backup)
}
