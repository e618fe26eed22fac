//! A measurement that prints: our own share of an execution, and how long invocations take, for as many services as one
//! wants and the machine carries. What is left out of it are the states in which the state machine waits.

mod invocations;
mod spent;
mod table;

use std::time::Duration;

use lifeboat_core::request::{Mode, Request, RequestedBy};
use serde_json::{Map, json};

use crate::cloud::{APPLICATION, HOME, LocalCloud, Protected, STANDBY};
use crate::drill::homecoming::salvaged;
use crate::drill::progress::Progress;
use crate::drill::readiness::wait_until_ready;
use crate::drill::stage::{SERVICES, Stage, ensure};
use crate::drill::{backup, deploy};
use crate::traffic::Target;
use crate::{Context, Result};
use invocations::Invocation;
use spent::Spent;

const START: Duration = Duration::from_secs(300);
/// Containers of many services start and stop one after the other on one machine.
const PATIENCE: Duration = Duration::from_secs(1200);
/// What is begun towards a region, how often.
const EXECUTIONS: [(Mode, &str, usize); 4] = [
    (Mode::Plan, STANDBY, 10),
    (Mode::Drill, STANDBY, 3),
    (Mode::Planned, STANDBY, 1),
    (Mode::Planned, HOME, 1),
];

/// What was seen with so many services.
#[derive(Debug)]
struct Measured {
    services: usize,
    executions: Vec<(Mode, Spent)>,
    invocations: Vec<Invocation>,
    /// What each call of a function was, and how long the emulator took for it, in milliseconds.
    calls: Vec<(String, u64)>,
}

/// Each number of services has a local cloud of its own, one after the other.
pub async fn run(sizes: &[usize]) -> Result<()> {
    let mut measured = vec![];
    for services in sizes {
        measured.push(measure(*services).await?);
    }
    table::print(&measured);
    Ok(())
}

async fn measure(services: usize) -> Result<Measured> {
    let progress = Progress::new();
    progress.act(&format!("start the local cloud for {services} services"));
    let extra = (SERVICES.len() + 1..=services).map(|number| format!("extra-{number:02}"));
    let protected = Protected {
        services: SERVICES
            .map(str::to_owned)
            .into_iter()
            .chain(extra)
            .collect(),
        warm: vec![],
        minimum: 1,
    };
    let cloud = LocalCloud::start(protected, false).await?;
    progress.say(&format!("logs are in {}", cloud.folder().display()));
    let stage = Stage::new(cloud, progress);
    let measured = play(&stage).await;
    stage.end().await?;
    measured
}

async fn play(stage: &Stage) -> Result<Measured> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    // Nothing may begin, and nobody be asked, that was not meant to be measured.
    let others = json!({
        "backup_schedule": "rate(1 day)", "refresh_schedule": "rate(1 day)", "automatic": false, "approval": "never", "commit_seconds": 0
    });
    let others: Map<_, _> = serde_json::from_value(others).context(|| "others".to_owned())?;
    deploy::deploy(stage, others).await?;
    progress
        .until("every service's data", START, async || data_is_there(cloud))
        .await?;
    backup::first(stage).await?;
    wait_until_ready(stage, STANDBY).await?;

    progress.act("measure");
    let (first, since) = (cloud.ledger.count(), jiff::Timestamp::now());
    let mut executions = vec![];
    for (mode, to, times) in EXECUTIONS {
        if to == HOME {
            // What read on behind its gates is salvaged before anybody moves back.
            salvaged(stage, STANDBY, HOME).await?;
        }
        wait_until_ready(stage, to).await?;
        for time in 1..=times {
            let spent = execute(stage, mode, to, time).await?;
            progress.say(&format!("{} {time} to {to}: {spent}", mode.as_str()));
            executions.push((mode, spent));
        }
    }
    let calls = cloud.ledger.calls_from(first).into_iter();
    let calls = calls.filter(|call| call.caller.is_some());
    Ok(Measured {
        services: cloud.protected.services.len(),
        executions,
        invocations: cloud.invocations(since).await?,
        calls: calls
            .filter_map(|call| {
                let took = u64::try_from(call.took?.as_millis()).ok()?;
                Some((operation(&call.target), took))
            })
            .collect(),
    })
}

/// A service and its action; of those that the path names, the method.
fn operation(target: &Target) -> String {
    let action = target.action.split(' ').next().unwrap_or_default();
    format!("{} {action}", target.service)
}

/// A backup needs the file of every service, and each service writes its own when it first starts.
fn data_is_there(cloud: &LocalCloud) -> Result<()> {
    let file = |service: &String| cloud.data(HOME).join(service).join("db.json");
    let mut files = cloud.protected.services.iter().map(file);
    let missing = files.find(|file| !file.exists());
    ensure(missing.is_none(), || format!("{missing:?} is missing"))
}

async fn execute(stage: &Stage, mode: Mode, to: &str, time: usize) -> Result<Spent> {
    let cloud = &stage.cloud;
    let request = Request::new(mode, RequestedBy::Person, "a measurement");
    let name = format!("{APPLICATION}-{}-measured-{to}-{time}", mode.as_str());
    let arn = cloud.begin(to, &name, &request).await?;
    let ended = async || {
        let described = cloud.described(to, &arn).await?;
        let over = described["status"] != "RUNNING";
        over.then_some(described).context(|| "at work".to_owned())
    };
    let ended = stage.progress.until(&name, PATIENCE, ended).await?;
    cloud.ended_well(&arn, &ended)?;
    Spent::of(&cloud.history(to, &arn).await?).context(|| format!("read the history of {arn}"))
}
