use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use lifeboat_core::marker::Marker;
use lifeboat_core::report::Report;
use lifeboat_core::run::SourceFenced;
use lifeboat_core::state::FenceProgress;
use serde_json::json;

use crate::cloud::{HOME, STANDBY};
use crate::drill::stage::{Stage, ensure};
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
    let salvaged = async || match cloud
        .state(STANDBY)
        .await?
        .fence
        .map(|fence| fence.progress)
    {
        Some(FenceProgress::Salvaged) => Ok(()),
        other => Err(format!("{other:?}").into()),
    };
    progress
        .until("the salvage of what home held", SALVAGE, salvaged)
        .await?;
    let report = cloud.report(STANDBY, &execution.arn).await?;
    assert_lost(&report, [late, stale].concat())?;
    stage.assert_missing(late).await?;
    progress.say(&format!(
        "salvaged; the report names the {} lost records",
        late.len() + stale.len()
    ));
    Ok(())
}

fn assert_lost(report: &Report, expected: Vec<Acknowledged>) -> Result<()> {
    let lost = report
        .lost
        .as_ref()
        .context(|| "the report does not say what was lost".to_owned())?;
    let told: BTreeSet<(&str, &str)> = lost
        .services
        .iter()
        .flat_map(|(service, ids)| ids.iter().map(move |id| (service.as_str(), id.as_str())))
        .collect();
    let expected: BTreeSet<(&str, &str)> = expected
        .iter()
        .map(|one| {
            (
                one.role.as_str(),
                one.record["id"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    ensure(told == expected, || {
        format!("told to be lost: {told:?}; lost: {expected:?}")
    })?;
    ensure(report.source == SourceFenced::Acknowledged, || {
        format!("the report says of the fence: {:?}", report.source)
    })
}
