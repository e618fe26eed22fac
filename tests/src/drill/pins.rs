use std::time::Duration;

use serde_json::json;

use crate::cloud::{APPLICATION, HOME, LocalCloud, STANDBY};
use crate::drill::stage::Stage;
use crate::{Context, Result, events};

/// A reconcile asks what runs; tasks that are just starting do not say it yet.
const MADE: Duration = Duration::from_secs(60);

/// The services of the standby start from what home runs, by its digest.
pub(super) async fn made(stage: &Stage) -> Result<()> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    let rule = format!("{APPLICATION}-image-sync-reconcile");
    let pinned = async || {
        let answers = events::fire(&cloud.aws, STANDBY, &rule).await?;
        for service in &cloud.protected.services {
            let (runs, starts) = (cloud.runs(service).await?, cloud.starts(service).await?);
            let by = format!("/{APPLICATION}/{service}@{runs}");
            starts
                .ends_with(&by)
                .then_some(())
                .context(|| format!("{service} would start {starts}, not {runs}: {answers:?}"))?;
        }
        Ok(())
    };
    progress.until("the standby's pins", MADE, pinned).await?;
    progress.say("the standby's services start from the digests that home runs");
    Ok(())
}

impl LocalCloud {
    /// The digest that a task of the service in home runs.
    async fn runs(&self, service: &str) -> Result<String> {
        let tasks = self.tasks_of(HOME, service).await?;
        let ask = json!({ "cluster": APPLICATION, "tasks": tasks });
        let tasks = self.ecs(HOME, "DescribeTasks", &ask).await?;
        let digest = tasks["tasks"][0]["containers"][0]["imageDigest"].as_str();
        let digest = digest.map(str::to_owned);
        digest.context(|| format!("no task of {service} in {HOME} says what it runs"))
    }

    /// The image that the next task of the service in the standby would run.
    async fn starts(&self, service: &str) -> Result<String> {
        let name = format!("{APPLICATION}-{service}");
        let ask = json!({ "cluster": APPLICATION, "services": [name] });
        let services = self.ecs(STANDBY, "DescribeServices", &ask).await?;
        let ask = json!({ "taskDefinition": services["services"][0]["taskDefinition"] });
        let described = self.ecs(STANDBY, "DescribeTaskDefinition", &ask).await?;
        let image = described["taskDefinition"]["containerDefinitions"][0]["image"].as_str();
        let image = image.map(str::to_owned);
        image.context(|| format!("{name} in {STANDBY} starts from nothing: {services}"))
    }
}
