//! The emulator's process: what it is told of this machine, and the wait until it answers.

use std::time::{Duration, Instant};

use crate::addresses::Addresses;
use crate::cloud::ACCOUNT;
use crate::guard::{Charge, Guard};
use crate::run_folder::{LOG, RunFolder};
use crate::{Result, shell, tools, web, workspace};

/// Starts the emulator with its faults mended.
const START_SCRIPT: &str = "tests/local-cloud/start.py";
const START: Duration = Duration::from_secs(60);
/// Of this machine's own variables the emulator gets these, and hands them to the functions.
const HANDED_ON: [&str; 5] = [
    "PATH",
    "HOME",
    "DOCKER_HOST",
    "DOCKER_CONFIG",
    "DOCKER_CONTEXT",
];

#[derive(Debug)]
pub(crate) struct Emulator {
    /// The label `ministack.instance` of this run's containers.
    pub(crate) owner: String,
    _guard: Guard,
}

impl Emulator {
    pub(crate) async fn start(run: &RunFolder, addresses: &Addresses) -> Result<Self> {
        let command = [
            tools::emulators_python().await?,
            workspace().join(START_SCRIPT),
        ];
        let host = format!("lifeboat-{}", run.name());
        let owner = format!("{host}:{}", addresses.emulator.port());
        let guard = Guard::start(&Charge {
            command: &command,
            owner: &owner,
            registries: addresses
                .registries
                .values()
                .map(ToString::to_string)
                .collect(),
            harness: shell::harness(),
            environment: environment(run, addresses, &host)?,
            log: run.log(),
        })?;
        wait_for_health(run, addresses).await?;
        Ok(Self {
            owner,
            _guard: guard,
        })
    }
}

async fn wait_for_health(run: &RunFolder, addresses: &Addresses) -> Result<()> {
    let health = format!("http://{}/_ministack/health", addresses.emulator);
    let begun = Instant::now();
    loop {
        let answer = web::send(web::get(&health)?, Duration::from_secs(2)).await;
        let log = shell::tail(&run.file(LOG), 30);
        // Another program took the port in the moment in which it was free, and may be what answered.
        if log.contains("is already in use. Is MiniStack") {
            return Err(format!("start the emulator on {}: {log}", addresses.emulator).into());
        }
        match answer {
            Ok(answer) if answer.status().is_success() => return Ok(()),
            _ if begun.elapsed() < START => tokio::time::sleep(Duration::from_millis(200)).await,
            Ok(answer) => {
                return Err(format!("GET {health} answered {}: {log}", answer.status()).into());
            }
            Err(error) => {
                return Err(format!("start the emulator: {error}; its log ends:\n{log}").into());
            }
        }
    }
}

fn environment(
    run: &RunFolder,
    addresses: &Addresses,
    host: &str,
) -> Result<Vec<(String, String)>> {
    let folder = |name: &str| Ok::<_, crate::Error>(run.folder(name)?.display().to_string());
    let emulator = addresses.emulator;
    let told = [
        ("AUTH", "true".to_owned()),
        ("AWS_ENDPOINT_URL", format!("http://{}", addresses.proxy)),
        ("BIND_HOST", emulator.ip().to_string()),
        ("GATEWAY_PORT", emulator.port().to_string()),
        // These two would listen on ports of their own, which a second local cloud would not get.
        ("IOT_MTLS_ENABLED", "0".to_owned()),
        ("SFTP_ENABLED", "0".to_owned()),
        ("MINISTACK_ACCOUNT_ID", ACCOUNT.to_owned()),
        ("MINISTACK_HOSTNAME", host.to_owned()),
        ("S3_DATA_DIR", folder("s3")?),
        // A wait is as long as it says, so that what is measured is true.
        ("SFN_WAIT_SCALE", "1".to_owned()),
        ("STATE_DIR", folder("state")?),
        ("TMPDIR", folder("tmp")?),
    ];
    let told = told.map(|(name, value)| (name.to_owned(), value));
    let own = HANDED_ON.map(|name| Some((name.to_owned(), std::env::var(name).ok()?)));
    Ok(told.into_iter().chain(own.into_iter().flatten()).collect())
}
