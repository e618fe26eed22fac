//! How a region dies and comes back, and who the functions are whose calls die with it.

use std::collections::BTreeMap;

use http::Method;
use hyper::body::Bytes;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::cloud::{ACCOUNT, APPLICATION, LocalCloud, REGIONS};
use crate::faults::{Caller, Fault, Place};
use crate::{Context, Result, shell};

impl LocalCloud {
    /// From now on nothing in the region answers, nothing in it runs, and its functions reach nobody.
    ///
    /// Its schedules still start functions, for the emulator knows nothing of the death; each of their calls meets the
    /// region's fault, wherever it goes.
    pub async fn kill(&self, region: &str, fault: Fault) -> Result<()> {
        self.learn_functions().await?;
        self.ledger.set(Place::region(region), fault);
        self.freeze_tasks(region).await
    }

    /// The region goes on where it stood.
    pub async fn revive(&self, region: &str) -> Result<()> {
        self.thaw_tasks(region).await?;
        self.ledger.set(Place::region(region), Fault::Alive);
        Ok(())
    }

    /// The region's tasks stop in their tracks; ECS does not see it and so replaces none.
    pub async fn freeze_tasks(&self, region: &str) -> Result<()> {
        self.docker("pause", self.containers(region, "running").await?)
            .await
    }

    pub async fn thaw_tasks(&self, region: &str) -> Result<()> {
        self.docker("unpause", self.containers(region, "paused").await?)
            .await
    }

    /// The region's containers in that state of Docker's (`running`, `paused`).
    pub async fn containers(&self, region: &str, state: &str) -> Result<Vec<String>> {
        let mut list = shell::command("docker");
        list.args(["ps", "--quiet", "--no-trunc"]);
        for filter in [
            format!("status={state}"),
            format!("label=ministack.instance={}", self.owner),
            format!(
                "label=com.amazonaws.ecs.cluster=arn:aws:ecs:{region}:{ACCOUNT}:cluster/{APPLICATION}"
            ),
        ] {
            list.args(["--filter", &filter]);
        }
        let listed = shell::run(&mut list)
            .await
            .context(|| format!("list the {state} tasks of {region}"))?;
        Ok(listed.lines().map(str::to_owned).collect())
    }

    async fn docker(&self, verb: &str, containers: Vec<String>) -> Result<()> {
        if containers.is_empty() {
            return Ok(());
        }
        let mut command = shell::command("docker");
        shell::run(command.arg(verb).args(containers))
            .await
            .map(drop)
    }

    /// Tells the proxy by which access key each function of each region calls.
    pub async fn learn_functions(&self) -> Result<()> {
        for region in REGIONS {
            let mut callers = BTreeMap::new();
            let list = self
                .aws
                .rest(
                    region,
                    "lambda",
                    Method::GET,
                    "/2015-03-31/functions?MaxItems=10000",
                    Bytes::new(),
                )
                .await?;
            let list: Value = serde_json::from_slice(&list)
                .context(|| format!("list the functions of {region}"))?;
            for function in list["Functions"].as_array().into_iter().flatten() {
                let text = |field: &str| function[field].as_str().unwrap_or_default().to_owned();
                let caller = Caller {
                    region: region.to_owned(),
                    function: text("FunctionName"),
                };
                for version in self.invoked_as(region, &caller.function).await? {
                    let arn = format!("{}{version}", text("FunctionArn"));
                    callers.insert(access_key(&arn, &text("Role")), caller.clone());
                }
            }
            self.ledger.know(callers);
        }
        Ok(())
    }

    /// What may stand behind a function's ARN: nothing, the alias, or one of the versions that an alias stood for.
    async fn invoked_as(&self, region: &str, function: &str) -> Result<Vec<String>> {
        let path = format!("/2015-03-31/functions/{function}/versions?MaxItems=10000");
        let list = self
            .aws
            .rest(region, "lambda", Method::GET, &path, Bytes::new())
            .await?;
        let list: Value = serde_json::from_slice(&list)
            .context(|| format!("list the versions of {function} in {region}"))?;
        let versions = list["Versions"].as_array().into_iter().flatten();
        let versions = versions.filter_map(|version| version["Version"].as_str());
        let versions = versions.map(|version| format!(":{version}"));
        let others = ["", ":live"].map(str::to_owned);
        Ok(versions.chain(others).collect())
    }
}

/// How the emulator makes up the key of a function's role session, by the ARN under which it began to run.
fn access_key(function: &str, role: &str) -> String {
    let digest = hex::encode_upper(Sha256::digest(format!("{function}:{role}")));
    format!("ASIA{}", digest.get(..16).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_functions_key_is_told_from_its_own_and_its_roles_name() {
        let function = "arn:aws:lambda:us-east-1:000000000000:function:forum-backup";
        let role = "arn:aws:iam::000000000000:role/forum-backup-us-east-1";
        assert_eq!(access_key(function, role), "ASIAB13A3F6D4134FA3D");
    }
}
