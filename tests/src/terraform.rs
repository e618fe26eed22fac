//! Applies the project's own Terraform roots to the local cloud, from a copy in the run folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::aws::{ROOT_KEY, ROOT_SECRET};
use crate::cloud::{DOMAIN, LocalCloud, REGIONS};
use crate::run_folder::copy;
use crate::{Context, Result, image, shell, tools, workspace};

/// What makes both sides, and what protects an application that is there.
pub const INFRA: &str = "infra";
pub const EXISTING: &str = "examples/existing-services";
pub const HOME: &str = "home";
pub const STANDBY: &str = "standby";
pub const JOIN: &str = "join";
/// What a run says beside what stands in the roots' own settings.
const TOLD: &str = "run.tfvars.json";
const STATE_BESIDE_IT: &str = "terraform {\n  backend \"local\" {}\n}\n";
const PROVIDER: &str = "registry.terraform.io/hashicorp/aws";

/// What a plan does to one resource.
#[derive(Debug)]
pub struct Change {
    pub address: String,
    /// Where it is in the state, if a `moved` block leads it away from there.
    pub moved_from: Option<String>,
    pub kind: String,
    pub actions: Vec<String>,
    pub after: Value,
}

impl Change {
    /// What is only read is no change.
    fn read(planned: &Value) -> Option<Self> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let managed = planned["mode"] == "managed";
        let actions = planned["change"]["actions"]
            .as_array()
            .filter(|_| managed)?;
        Some(Self {
            address: text(&planned["address"])?,
            moved_from: text(&planned["previous_address"]),
            kind: text(&planned["type"])?,
            actions: actions.iter().filter_map(text).collect(),
            after: planned["change"]["after"].clone(),
        })
    }
}

/// Root modules copied for this run, each with its state beside it.
#[derive(Debug)]
pub struct Terraform {
    folder: PathBuf,
    /// The file that people fill in.
    settings: String,
    /// What stands for AWS where the settings know of no local cloud.
    endpoint: Option<String>,
    plugins: Option<PathBuf>,
}

impl LocalCloud {
    /// Writes the variables for what is protected; `others` overrule what stands in `lifeboat.tfvars`.
    pub fn terraform(&self, functions: &Path, others: Map<String, Value>) -> Result<Terraform> {
        let terraform = Terraform::copy(INFRA, self.run.file("terraform"))?;
        let services = &self.protected.services;
        for (region, service) in REGIONS
            .iter()
            .flat_map(|region| services.iter().map(move |service| (region, service)))
        {
            let data = self.data(region).join(service);
            std::fs::create_dir_all(&data).context(|| format!("create {}", data.display()))?;
        }
        let mut variables = self.variables(functions);
        variables.extend(others);
        terraform.tell(variables)?;
        Ok(terraform)
    }

    /// Copies the roots that protect what is there; nobody has told them of anything yet.
    pub fn existing(&self) -> Result<Terraform> {
        Terraform::copy(EXISTING, self.run.file("terraform"))
    }

    /// Copies the roots as people have them on AWS, who know of no local cloud: all that they ask and make is here.
    pub fn as_aws(&self) -> Result<Terraform> {
        let mut terraform = Terraform::copy(INFRA, self.run.file("terraform"))?;
        terraform.endpoint = Some(format!("http://{}", self.addresses.proxy));
        Ok(terraform)
    }

    /// What stands for AWS.
    pub fn told(&self) -> Value {
        let addresses = &self.addresses;
        let per_region = |value: &dyn Fn(&str) -> String| -> Map<String, Value> {
            REGIONS
                .iter()
                .map(|region| ((*region).to_owned(), value(region).into()))
                .collect()
        };
        json!({
            "endpoint": format!("http://{}", addresses.proxy),
            "registries": per_region(&|region| addresses.registries[region].to_string()),
            "name_servers": [addresses.name_server.to_string()],
            "data_directory": per_region(&|region| self.data(region).display().to_string()),
            "look_interval_seconds": 2,
        })
    }

    fn variables(&self, functions: &Path) -> Map<String, Value> {
        let protected = &self.protected;
        let values = [
            ("architecture", json!(image::ARCHITECTURE)),
            ("functions_architecture", json!(image::ARCHITECTURE)),
            ("domain", json!(DOMAIN)),
            ("approval", json!("planned")),
            ("commit_seconds", json!(600)),
            ("dr_warm_tasks", json!(protected.warm.len().min(1))),
            ("functions_directory", json!(functions)),
            (
                "services",
                protected
                    .services
                    .iter()
                    .map(|name| match name.as_str() {
                        // Each of its writes is a POST.
                        "posts" => {
                            json!({ "name": name, "minimum": protected.minimum, "data": "json", "writes": "http" })
                        }
                        _ if protected.warm.contains(name) => {
                            json!({ "name": name, "minimum": protected.minimum, "data": "none" })
                        }
                        _ => json!({ "name": name, "minimum": protected.minimum, "data": "json" }),
                    })
                    .collect(),
            ),
            ("local_cloud", self.told()),
        ];
        values
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect()
    }
}

impl Terraform {
    /// Roots of the project with their modules in a folder of their own, each with its state beside it.
    pub fn copy(roots: &str, folder: PathBuf) -> Result<Self> {
        copy(&workspace().join(roots), &folder)?;
        for root in [HOME, STANDBY, JOIN] {
            let backend = folder.join(root).join("backend_override.tf");
            std::fs::write(&backend, STATE_BESIDE_IT)
                .context(|| format!("write {}", backend.display()))?;
        }
        let settings = settings(&folder)?;
        Ok(Self {
            folder,
            settings,
            endpoint: None,
            plugins: plugins(),
        })
    }

    /// Another root beside them.
    pub fn add(&self, root: &str, from: &str) -> Result<()> {
        copy(&workspace().join(from), &self.folder.join(root))
    }

    pub fn tell(&self, variables: Map<String, Value>) -> Result<()> {
        let file = self.folder.join(TOLD);
        std::fs::write(&file, Value::from(variables).to_string())
            .context(|| format!("write {}", file.display()))
    }

    /// Whether a root makes sense, without asking any cloud.
    pub async fn validate(&self, root: &str) -> Result<()> {
        self.init(root).await?;
        let mut validate = shell::command("terraform");
        validate
            .arg(format!("-chdir={}", self.folder.join(root).display()))
            .args(["validate", "-no-color"]);
        shell::run_logged(&mut validate, &self.log(root)).await
    }

    /// Runs Terraform's own tests of a root from this file, without asking any cloud.
    pub async fn test(&self, root: &str, file: &Path) -> Result<()> {
        let mut test = self.tests(root, file).await?;
        shell::run_logged(test.arg("-no-color"), &self.log(root)).await
    }

    /// As `test`, and what each run of the file plans, by its name.
    pub async fn plans(&self, root: &str, file: &Path) -> Result<BTreeMap<String, Vec<Change>>> {
        let mut test = self.tests(root, file).await?;
        let said = test.args(["-json", "-verbose"]).output().await;
        let said = said.context(|| format!("test {root}"))?;
        let lines = String::from_utf8_lossy(&said.stdout);
        let lines: Vec<Value> = lines
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        if !said.status.success() {
            let errors = lines.iter().filter(|line| line["@level"] == "error");
            let errors: Vec<String> = errors.map(|line| line["@message"].to_string()).collect();
            return Err(format!("test {root}: {}", errors.join("; ")).into());
        }
        let plans = lines.iter().filter(|line| line["type"] == "test_plan");
        let plans = plans.map(|line| {
            let run = line["@testrun"].as_str().unwrap_or_default();
            let changes = line["test_plan"]["resource_changes"].as_array();
            let changes = changes.into_iter().flatten();
            (run.to_owned(), changes.filter_map(Change::read).collect())
        });
        Ok(plans.collect())
    }

    async fn tests(&self, root: &str, file: &Path) -> Result<tokio::process::Command> {
        let tests = self.folder.join(root).join("tests");
        std::fs::create_dir_all(&tests).context(|| format!("create {}", tests.display()))?;
        let name = file.file_name().unwrap_or_default();
        std::fs::copy(file, tests.join(name)).context(|| format!("copy {}", file.display()))?;
        let mocked = file.with_file_name("mocked");
        copy(&mocked, &self.folder.join(root).join("mocked"))?;
        self.init(root).await?;
        let mut test = shell::command("terraform");
        test.arg(format!("-chdir={}", self.folder.join(root).display()))
            .arg("test");
        Ok(test)
    }

    /// Home and standby at the same time, then what joins them.
    pub async fn apply(&self) -> Result<()> {
        self.init_all().await?;
        tokio::try_join!(self.apply_root(HOME), self.apply_root(STANDBY))?;
        self.apply_root(JOIN).await
    }

    async fn init_all(&self) -> Result<()> {
        match self.plugins {
            Some(_) => drop(tokio::try_join!(
                self.init(HOME),
                self.init(STANDBY),
                self.init(JOIN)
            )?),
            // A first download of the provider must not race with another.
            None => {
                for root in [HOME, STANDBY, JOIN] {
                    self.init(root).await?;
                }
            }
        }
        Ok(())
    }

    /// Applies one root alone; `init` must have been run, as `apply` does.
    pub async fn apply_root(&self, root: &str) -> Result<()> {
        self.apply_with(root, &[]).await
    }

    /// The same with settings that overrule all others.
    pub async fn apply_with(&self, root: &str, others: &[(&str, Value)]) -> Result<()> {
        let mut apply = self.command(root, "apply");
        apply.args(["-auto-approve", "-compact-warnings"]);
        apply.args(self.variables());
        apply.args(
            others
                .iter()
                .map(|(name, value)| format!("-var={name}={value}")),
        );
        shell::run_logged(&mut apply, &self.log(root)).await
    }

    /// An apply would change nothing.
    pub async fn assert_unchanged(&self, root: &str) -> Result<()> {
        let mut plan = self.command(root, "plan");
        plan.args(["-detailed-exitcode", "-compact-warnings"]);
        plan.args(self.variables());
        let planned = shell::run_logged(&mut plan, &self.log(root)).await;
        planned.context(|| format!("see that an apply of {root} would change nothing"))
    }

    /// What an apply of each root would do to what its state in this folder holds. By the states alone: nobody looks whether any of it is
    /// there.
    pub async fn plans_from(&self, states: &Path) -> Result<[Vec<Change>; 3]> {
        self.init_all().await?;
        let plan = |root| self.plan_from(root, states);
        let (home, standby, join) = tokio::try_join!(plan(HOME), plan(STANDBY), plan(JOIN))?;
        Ok([home, standby, join])
    }

    async fn plan_from(&self, root: &str, states: &Path) -> Result<Vec<Change>> {
        let state = states.join(format!("{root}.json"));
        std::fs::copy(&state, self.state(root)).context(|| format!("copy {}", state.display()))?;
        let mut plan = self.command(root, "plan");
        plan.args(["-refresh=false", "-out=planned", "-compact-warnings"]);
        plan.args(self.variables());
        shell::run_logged(&mut plan, &self.log(root)).await?;
        let mut show = self.command(root, "show");
        let planned = shell::run(show.args(["-json", "planned"])).await?;
        let planned: Value =
            serde_json::from_str(&planned).context(|| format!("read the plan of {root}"))?;
        let changes = planned["resource_changes"].as_array().into_iter().flatten();
        Ok(changes.filter_map(Change::read).collect())
    }

    /// The file that an apply leaves.
    pub fn state(&self, root: &str) -> PathBuf {
        self.folder.join(root).join("terraform.tfstate")
    }

    fn variables(&self) -> [String; 2] {
        [&self.settings, TOLD].map(|file| format!("-var-file=../{file}"))
    }

    /// What a root that was applied says.
    pub async fn output(&self, root: &str, name: &str) -> Result<String> {
        let mut output = self.command(root, "output");
        shell::run(output.args(["-raw", name])).await
    }

    pub async fn init(&self, root: &str) -> Result<()> {
        let mut init = self.command(root, "init");
        match &self.plugins {
            Some(plugins) => init.arg(format!("-plugin-dir={}", plugins.display())),
            None => {
                let cache = tools::local_folder().join("tools/terraform");
                std::fs::create_dir_all(&cache)
                    .context(|| format!("create {}", cache.display()))?;
                init.env("TF_PLUGIN_CACHE_DIR", cache)
            }
        };
        shell::run_logged(&mut init, &self.log(root)).await
    }

    fn command(&self, root: &str, verb: &str) -> tokio::process::Command {
        let mut command = shell::command("terraform");
        command
            .arg(format!("-chdir={}", self.folder.join(root).display()))
            .args([verb, "-no-color"])
            .env("AWS_ACCESS_KEY_ID", ROOT_KEY)
            .env("AWS_SECRET_ACCESS_KEY", ROOT_SECRET)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0");
        if let Some(endpoint) = &self.endpoint {
            command.env("AWS_ENDPOINT_URL", endpoint);
        }
        let missing = |file: std::ffi::OsString| !Path::new(&file).exists();
        if std::env::var_os("TF_CLI_CONFIG_FILE").is_some_and(missing) {
            command.env_remove("TF_CLI_CONFIG_FILE");
        }
        command
    }

    fn log(&self, root: &str) -> PathBuf {
        let run = self.folder.parent().unwrap_or(&self.folder);
        run.join(format!("terraform-{root}.log"))
    }
}

fn settings(folder: &Path) -> Result<String> {
    let entries = std::fs::read_dir(folder).context(|| format!("read {}", folder.display()))?;
    let mut names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let found = names.find(|name| name.ends_with(".tfvars"));
    found.context(|| format!("no settings in {}", folder.display()))
}

/// A folder that already holds the provider, for machines that cannot download it.
fn plugins() -> Option<PathBuf> {
    let named = std::env::var_os("TF_PLUGIN_DIR").map(PathBuf::from);
    let own = std::env::home_dir().map(|home| home.join(".terraform.d/plugins"));
    let shared = [
        "/usr/share/terraform/plugins",
        "/usr/local/share/terraform/plugins",
    ]
    .map(PathBuf::from);
    let optional = std::fs::read_dir("/opt")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let mut places = named.into_iter().chain(own).chain(shared).chain(optional);
    places.find(|place| place.join(PROVIDER).is_dir())
}
