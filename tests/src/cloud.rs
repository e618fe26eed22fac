//! The local cloud: the emulator, the proxy before it, and the names and addresses it is reached by.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::addresses::{Addresses, LOAD_BALANCERS, Sockets};
use crate::aws::{Aws, ROOT_KEY, ROOT_SECRET};
use crate::dns::{self, Zone};
use crate::emulator::Emulator;
use crate::functions::built;
use crate::ledger::Ledger;
use crate::proxy::{Front, Proxy};
use crate::run_folder::RunFolder;
use crate::scaling::Scaling;
use crate::{Context, Result, registry, tools};

pub const ACCOUNT: &str = "000000000000";
pub const APPLICATION: &str = "forum";
pub const DOMAIN: &str = "forum.test";
pub const HOME: &str = "us-east-1";
pub const STANDBY: &str = "us-west-2";
pub const REGIONS: [&str; 2] = [HOME, STANDBY];

/// What is protected: the services, and the fewest tasks of each in production.
#[derive(Clone, Debug)]
pub struct Protected {
    pub services: Vec<String>,
    /// Those of them that have no data: a passive region keeps one task of each.
    pub warm: Vec<String>,
    pub minimum: u32,
}

#[derive(Debug)]
pub struct LocalCloud {
    /// The account's root, past every fault: the harness's own eyes and hands.
    pub aws: Aws,
    pub ledger: Arc<Ledger>,
    pub addresses: Addresses,
    pub scaling: Arc<Scaling>,
    pub protected: Protected,
    pub(crate) run: RunFolder,
    pub(crate) owner: String,
    /// Whether `end` waits for a person, and the run folder stays as it is.
    keep: bool,
    servers: JoinSet<()>,
    emulator: Option<Emulator>,
}

impl LocalCloud {
    pub async fn start(protected: Protected, keep: bool) -> Result<Self> {
        if !tools::docker_answers().await {
            let hint = "start a Docker engine that `docker version` reaches";
            return Err(format!("the local cloud runs its tasks as containers: {hint}").into());
        }
        Self::without_tasks(protected, keep).await
    }

    /// One in which nothing is started, which needs no Docker engine.
    pub async fn without_tasks(protected: Protected, keep: bool) -> Result<Self> {
        let run = RunFolder::create()?;
        let sockets = Sockets::open().await?;
        let addresses = sockets.addresses().await?;
        let emulator = Emulator::start(&run, &addresses).await?;
        let mut cloud = Self {
            aws: Aws::new(addresses.emulator),
            ledger: Arc::default(),
            addresses,
            scaling: Arc::default(),
            protected,
            run,
            owner: emulator.owner.clone(),
            keep,
            servers: JoinSet::new(),
            emulator: Some(emulator),
        };
        cloud.serve(sockets);
        Ok(cloud)
    }

    /// The folder with the logs of this run.
    pub fn folder(&self) -> &Path {
        self.run.path()
    }

    /// Stands in for a region's shared file system: a folder per service, seen by tasks and functions alike.
    pub fn data(&self, region: &str) -> PathBuf {
        self.run.file("data").join(region)
    }

    /// Ends the cloud; one that was to be kept only after a person says so.
    pub async fn end(self) -> Result<()> {
        if self.keep {
            println!("{}", self.how_to_use());
            let enter =
                tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new()));
            tokio::select! {
                stopped = tokio::signal::ctrl_c() => stopped.context(|| "wait for Ctrl-C".to_owned())?,
                _ = enter => {}
            }
        }
        Ok(())
    }

    fn how_to_use(&self) -> String {
        let Addresses {
            proxy,
            name_server,
            load_balancers,
            ..
        } = &self.addresses;
        let logs = self.folder().display();
        let mut lines = vec![
            format!("The local cloud runs until Enter or Ctrl-C; its logs are in {logs}"),
            format!("  export AWS_ACCESS_KEY_ID={ROOT_KEY} AWS_SECRET_ACCESS_KEY={ROOT_SECRET}"),
            format!("  export AWS_ENDPOINT_URL=http://{proxy} AWS_REGION={HOME}"),
            format!("  export LIFEBOAT_CONTROL_BUCKET={ACCOUNT}-{APPLICATION}-control-{HOME}"),
            format!("  {} status", built("lifeboat").display()),
            format!("  aws --endpoint-url http://{proxy} --region {HOME} ecs list-clusters"),
            format!(
                "  dig -p {} @{} {DOMAIN}",
                name_server.port(),
                name_server.ip()
            ),
        ];
        for (region, address) in load_balancers {
            lines.push(format!("  curl http://{address}/users   # {region}"));
        }
        lines.join("\n")
    }

    fn serve(&mut self, sockets: Sockets) {
        let regions = REGIONS.map(str::to_owned);
        let proxy = Proxy::new(
            self.addresses.emulator,
            regions.to_vec(),
            Arc::clone(&self.ledger),
            Arc::clone(&self.scaling),
        );
        let mut serve =
            |listener, front| drop(self.servers.spawn(proxy.clone().serve(listener, front)));
        serve(sockets.proxy, Front::Aws);
        for (region, listener) in REGIONS.into_iter().zip(sockets.registries) {
            serve(listener, registry::registry(ACCOUNT, region));
        }
        for (region, listener) in REGIONS.into_iter().zip(sockets.load_balancers) {
            serve(listener, registry::load_balancer(APPLICATION, region));
        }
        let zone = Zone {
            route53: self.aws.clone(),
            proxy: self.addresses.proxy,
            load_balancers: regions.into_iter().zip(LOAD_BALANCERS).collect(),
        };
        self.servers.spawn(dns::serve(sockets.name_server, zone));
    }
}

impl Drop for LocalCloud {
    fn drop(&mut self) {
        // No call may come in any more when the guard removes what is left.
        self.servers.abort_all();
        drop(self.emulator.take());
        if !self.keep {
            self.run.keep_only_logs();
        }
    }
}
