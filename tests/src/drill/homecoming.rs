use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use lifeboat_core::marker::Marker;
use lifeboat_core::report::Report;
use lifeboat_core::run::SourceFenced;
use lifeboat_core::state::FenceProgress;
use serde_json::{Value, json};

use crate::cloud::{HOME, STANDBY};
use crate::drill::stage::{SERVICES, Stage, ensure};
use crate::drill::takeover::Execution;
use crate::forum_client::Acknowledged;
use crate::{Context, Result};

/// Fenced by push and by pull within this.
const FENCE: Duration = Duration::from_secs(120);
const SALVAGE: Duration = Duration::from_secs(240);

/// Home returns with its old tasks, and users whose resolvers still know its address.
pub(super) async fn revive(stage: &Stage) -> Result<Vec<Acknowledged>> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    progress.act("home returns with its old tasks, and is fenced");
    cloud.revive(HOME).await?;
    let (returned, mut stale) = (Instant::now(), vec![]);
    let home = cloud.addresses.load_balancers[HOME].ip();
    let refused = async || {
        let post = json!({ "thread": "1", "author": "Cem", "text": format!("stale post {}", stale.len()) });
        if let Ok(record) = stage.forum.create_at(home, "posts", &post).await {
            stale.push(record);
            return Err(format!("it took {} posts of users who came late", stale.len()).into());
        }
        cloud.assert_empty(HOME).await
    };
    progress
        .until("home to take no more writes", FENCE, refused)
        .await?;
    let fenced = cloud.raised(Marker::Fenced).await?;
    ensure(fenced, || {
        "home takes no writes, but its marker is not raised".to_owned()
    })?;
    progress.say(&format!(
        "{HOME} is fenced {:.1} s after its return; it had taken {} posts until then",
        returned.elapsed().as_secs_f64(),
        stale.len()
    ));
    Ok(stale)
}

pub(super) async fn assert(
    stage: &Stage,
    execution: &Execution,
    late: &[Acknowledged],
    stale: &[Acknowledged],
) -> Result<()> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    salvaged(stage, STANDBY, HOME).await?;
    let report = cloud.report(STANDBY, &execution.arn).await?;
    let lost = assert_lost(stage, &report, [late, stale].concat())?;
    stage.assert_missing(late).await?;
    progress.say(&format!(
        "salvaged; the report names the {lost} lost records"
    ));
    Ok(())
}

/// The winner's watch has stopped what it replaced, and keeps what that held. Nothing is planned towards there before.
pub(super) async fn salvaged(stage: &Stage, winner: &str, replaced: &str) -> Result<()> {
    let salvaged = async || {
        let fence = stage.cloud.state(winner).await?.fence;
        match fence.map(|fence| fence.progress) {
            Some(FenceProgress::Salvaged) => Ok(()),
            other => Err(format!("{other:?}").into()),
        }
    };
    let what = format!("the salvage of what {replaced} held");
    stage.progress.until(&what, SALVAGE, salvaged).await
}

/// What the report names is what home's files hold beyond the backup, and every acknowledged record is among it.
fn assert_lost(stage: &Stage, report: &Report, acknowledged: Vec<Acknowledged>) -> Result<usize> {
    let lost = report
        .lost
        .as_ref()
        .context(|| "the report does not say what was lost".to_owned())?;
    let told: BTreeSet<(String, String)> = lost
        .services
        .iter()
        .flat_map(|(service, ids)| ids.iter().map(|id| (service.clone(), id.clone())))
        .collect();
    let mut held = held_at_home(stage)?;
    let named = |one: &Acknowledged| {
        let id = one.record["id"].as_str().unwrap_or_default();
        (one.role.clone(), id.to_owned())
    };
    let late: BTreeSet<_> = acknowledged.iter().map(named).collect();
    for early in stage.forum.acknowledged().iter().map(named) {
        if !late.contains(&early) {
            held.remove(&early);
        }
    }
    ensure(told == held && late.is_subset(&told), || {
        format!("told to be lost: {told:?}; beyond the backup: {held:?}; acknowledged: {late:?}")
    })?;
    ensure(report.source == Some(SourceFenced::Acknowledged), || {
        format!("the report says of the fence: {:?}", report.source)
    })?;
    Ok(told.len())
}

/// Every record in the files of the region that was replaced.
fn held_at_home(stage: &Stage) -> Result<BTreeSet<(String, String)>> {
    let mut held = BTreeSet::new();
    for service in SERVICES {
        let file = stage.cloud.data(HOME).join(service).join("db.json");
        let text = std::fs::read(&file).context(|| format!("read {}", file.display()))?;
        let data: Value =
            serde_json::from_slice(&text).context(|| format!("read {}", file.display()))?;
        let records = data[service].as_array().into_iter().flatten();
        let ids = records.filter_map(|record| record["id"].as_str());
        held.extend(ids.map(|id| (service.to_owned(), id.to_owned())));
    }
    Ok(held)
}
