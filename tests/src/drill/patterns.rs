use std::time::Duration;

use serde_json::{Value, json};

use crate::cloud::{ACCOUNT, APPLICATION, HOME, LocalCloud, STANDBY};
use crate::drill::stage::{Stage, ensure};
use crate::image::Program;
use crate::{Context, Result};

/// What no service names, and a pattern means.
const LINT: &str = "lint";
const BROUGHT: Duration = Duration::from_secs(60);

pub(super) fn variables() -> [(String, Value); 2] {
    let pattern = json!({ "repository": format!("{APPLICATION}/{LINT}"), "tags": ["s*"] });
    [
        ("image_patterns".into(), json!([pattern])),
        ("create_missing_repositories".into(), json!(true)),
    ]
}

/// The workflow for many images brings the one that a pattern means, into a repository that the standby lacked.
pub(super) async fn brought(stage: &Stage) -> Result<()> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    let folder = cloud.build_image(Program::Extra).await?;
    cloud.create_repository(HOME, LINT).await?;
    let pushed = cloud.push_image(&folder, HOME, LINT, "1").await?;
    let execution = cloud.bring_images(HOME).await?;
    progress.say(&format!(
        "pushed {APPLICATION}/{LINT}; the workflow brings it"
    ));
    cloud.follow(progress, HOME, &execution, BROUGHT).await?;
    let copied = cloud.digest(STANDBY, LINT, "stable").await?;
    ensure(copied == pushed, || {
        format!("{APPLICATION}/{LINT} in {STANDBY} is {copied}, not {pushed}")
    })
}

impl LocalCloud {
    async fn create_repository(&self, region: &str, name: &str) -> Result<Value> {
        let ask = json!({ "repositoryName": format!("{APPLICATION}/{name}") });
        let target = "AmazonEC2ContainerRegistry_V20150921.CreateRepository";
        self.aws.json(region, "ecr", target, &ask).await
    }

    /// As a person starts it in the console; answers the execution's ARN.
    async fn bring_images(&self, region: &str) -> Result<String> {
        let machine =
            format!("arn:aws:states:{region}:{ACCOUNT}:stateMachine:{APPLICATION}-image-sync");
        let ask = json!({ "stateMachineArn": machine, "input": "{}" });
        let answer = self.states(region, "StartExecution", &ask).await?;
        let arn = answer["executionArn"].as_str().map(str::to_owned);
        arn.context(|| format!("start {machine}: it has no ARN: {answer}"))
    }
}
