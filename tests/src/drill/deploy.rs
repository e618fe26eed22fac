use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::cloud::{ACCOUNT, APPLICATION, HOME, STANDBY};
use crate::drill::readiness::wait_until_resting;
use crate::drill::stage::{SERVICES, Stage, ensure};
use crate::image::Program;
use crate::terraform::{self, Terraform};
use crate::{Context, Error, Result, events};

/// Everything a team does once; then the push of an image is all it takes to have it in the standby. `others` overrule
/// what stands in `lifeboat.tfvars`.
pub(super) async fn deploy(stage: &Stage, others: Map<String, Value>) -> Result<Terraform> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    progress.act("build, deploy with Terraform, push images");
    cloud.build().await?;
    let folder = cloud.pack_functions().await?;
    progress.say("the functions and the command line are built");
    let (forum, extra) = (
        cloud.build_image(Program::Forum).await?,
        cloud.build_image(Program::Extra).await?,
    );
    progress.say("the forum is built");
    let terraform = cloud.terraform(&folder, others)?;
    let pushes = async {
        for service in &cloud.protected.services {
            let image = match SERVICES.contains(&service.as_str()) {
                true => &forum,
                false => &extra,
            };
            let digest = cloud.push_image(image, HOME, service, "1").await?;
            progress.say(&format!(
                "pushed {APPLICATION}/{service} to {HOME}: {digest}"
            ));
        }
        Ok(())
    };
    let applied = async {
        terraform.apply().await?;
        progress.say("Terraform has applied home, standby and join");
        Ok::<_, Error>(())
    };
    tokio::try_join!(applied, pushes)?;
    cloud.learn_functions().await?;
    sync_images(stage).await?;
    cloud.assert_scaled(HOME)?;
    wait_until_resting(stage, STANDBY).await?;
    progress.say(
        "the standby has every image, runs no task but the warm ones, and scaling may start none",
    );
    Ok(terraform)
}

/// What executions changed is theirs: the next apply undoes no failover.
pub(super) async fn assert_unchanged(stage: &Stage, terraform: &Terraform) -> Result<()> {
    tokio::try_join!(
        terraform.assert_unchanged(terraform::HOME),
        terraform.assert_unchanged(terraform::STANDBY),
        terraform.assert_unchanged(terraform::JOIN),
    )?;
    stage
        .progress
        .say("an apply of Terraform would undo nothing of it");
    Ok(())
}

/// Well above what it takes; what asks the dead region waits for ever.
const APPLIED: Duration = Duration::from_secs(240);

/// Whoever must repair a region, or change its settings, on the day on which the other one is dead can apply its root.
pub(super) async fn assert_stands_alone(
    stage: &Stage,
    terraform: &Terraform,
    root: &str,
) -> Result<()> {
    let (region, dead) = match root {
        terraform::HOME => (HOME, STANDBY),
        _ => (STANDBY, HOME),
    };
    let applied = async {
        terraform.assert_unchanged(root).await?;
        let longer = [("log_retention_days", json!(60))];
        terraform.apply_with(root, &longer).await?;
        terraform.apply_root(root).await?;
        terraform.assert_unchanged(root).await
    };
    let applied = tokio::time::timeout(APPLIED, applied).await;
    applied.context(|| format!("apply {region} while every call to {dead} hangs"))??;
    let told = format!(
        "with {dead} dead Terraform changes a setting of {region} and takes it back, and nothing else"
    );
    stage.progress.say(&told);
    Ok(())
}

async fn sync_images(stage: &Stage) -> Result<()> {
    let cloud = &stage.cloud;
    for service in &cloud.protected.services {
        let digest = cloud.digest(HOME, service, "stable").await?;
        let repository = format!("{APPLICATION}/{service}");
        let event = events::push(ACCOUNT, HOME, &repository, "stable", &digest);
        let rule = format!("{APPLICATION}-image-sync-push");
        let answers = events::deliver(&cloud.aws, HOME, &rule, &event).await?;
        let what = format!("{repository} in {STANDBY}");
        let copy = async || cloud.digest(STANDBY, service, "stable").await;
        let copied = stage
            .progress
            .until(&what, Duration::from_secs(30), copy)
            .await?;
        ensure(copied == digest, || {
            format!("{what} is {copied}, not {digest}: {answers:?}")
        })?;
    }
    Ok(())
}
