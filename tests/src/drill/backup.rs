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
    let manifest: Manifest = serde_json::from_value(answer["manifest"].clone())
        .context(|| format!("the backup answered {answer}"))?;
    let keys = manifest.files.iter().map(|file| file.key.clone());
    for key in keys.chain([manifest.backup.manifest()]) {
        let replica = async || {
            let found = cloud.object(to, "backups", &key).await?;
            found.context(|| "not yet".to_owned())
        };
        progress
            .until(&format!("{key} in {to}"), REPLICATION, replica)
            .await?;
    }
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    progress.say(&format!(
        "{}: {bytes} bytes, whole in {to}",
        manifest.backup.name
    ));
    Ok(manifest.backup)
}
