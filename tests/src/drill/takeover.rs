use std::collections::BTreeSet;
use std::time::Duration;

use lifeboat_core::backup::BackupKey;
use lifeboat_core::report::Measured;
use lifeboat_core::request::Mode;
use serde_json::json;

use crate::cloud::{APPLICATION, HOME, STANDBY};
use crate::drill::death::Death;
use crate::drill::stage::{Stage, WARM, ensure};
use crate::drill::users::first_answer;
use crate::forum_client::Acknowledged;
use crate::ledger::Outcome;
use crate::traffic::Target;
use crate::{Context, Result};

/// Detection and the execution together; the objective is fifteen minutes.
const PATIENCE: Duration = Duration::from_secs(420);
/// Control planes that a failover must not need: theirs are in one region for all.
const FORBIDDEN: [&str; 4] = ["route53", "iam", "sts", "cloudfront"];

#[derive(Debug)]
pub(super) struct Execution {
    pub(super) arn: String,
    pub(super) region: &'static str,
    /// From the death, or from the start, until the first right answer at the forum's own name.
    pub(super) first_answer: Duration,
}

/// Nobody helps: an alarm starts the execution.
pub(super) async fn follow(stage: &Stage, died: &Death) -> Result<Execution> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    progress.act("the standby takes over; nobody helps");
    let answered = first_answer(stage, STANDBY, died.at);
    let started = async || {
        let executions = cloud.executions(STANDBY).await?;
        let taking_over = |arn: &&String| arn.contains("-unplanned-");
        executions
            .iter()
            .find(taking_over)
            .cloned()
            .context(|| "none yet".to_owned())
    };
    let arn = progress
        .until("an execution to start", PATIENCE, started)
        .await?;
    let request = cloud.request_of(STANDBY, &arn).await?;
    let by_alarm = format!("alarm {APPLICATION}-active-region-down: ");
    ensure(request.reason.starts_with(&by_alarm), || {
        format!(
            "it was not started by the alarm's own message: {}",
            request.reason
        )
    })?;
    progress.say(&format!("{arn} starts, by {}", request.reason));
    cloud.follow(progress, STANDBY, &arn, PATIENCE).await?;
    let first_answer = tokio::time::timeout(Duration::from_secs(60), answered).await;
    let first_answer =
        first_answer.context(|| "no right answer at the forum's name".to_owned())??;
    progress.say(&format!(
        "the forum answers from {STANDBY}, {:.1} s after the death",
        first_answer.as_secs_f64()
    ));
    Ok(Execution {
        arn,
        region: STANDBY,
        first_answer,
    })
}

pub(super) async fn assert(
    stage: &Stage,
    execution: &Execution,
    died: &Death,
    backup: &BackupKey,
    late: &[Acknowledged],
) -> Result<()> {
    let (cloud, progress) = (&stage.cloud, &stage.progress);
    progress.act("what was lost is what was said, and nothing else");
    stage.assert_forum_in(STANDBY).await?;
    cloud.assert_scaled(STANDBY)?;
    stage.assert_missing(late).await?;
    progress.say(&format!(
        "exactly the {} records after the backup are missing",
        late.len()
    ));
    let report = cloud.report(STANDBY, &execution.arn).await?;
    ensure(
        report.mode == Mode::Unplanned && report.backup.as_ref() == Some(backup),
        || {
            format!(
                "the report speaks of {:?} and {:?}",
                report.mode, report.backup
            )
        },
    )?;
    ensure(
        report.recovery_time.is_some_and(Measured::met)
            && report.recovery_point.is_some_and(Measured::met),
        || {
            format!(
                "missed: {:?} {:?}",
                report.recovery_time, report.recovery_point
            )
        },
    )?;
    ensure(report.lost.is_none(), || {
        "told what was lost before anyone could know".to_owned()
    })?;
    progress.say(&format!(
        "report: recovery time {}; recovery point {}",
        report
            .recovery_time
            .map_or_else(String::new, Measured::told),
        report
            .recovery_point
            .map_or_else(String::new, Measured::told)
    ));
    assert_calls(stage, died)?;
    let serving = cloud.tasks_of(STANDBY, WARM).await?;
    let went_on = died.warm.iter().all(|task| serving.contains(task));
    ensure(died.warm.len() == 1 && went_on, || {
        format!(
            "{WARM} was kept warm by {:?} and has {serving:?}",
            died.warm
        )
    })?;
    progress.say(&format!(
        "the warm task of {WARM} is one of the {} that serve",
        serving.len()
    ));
    let post = json!({ "thread": "1", "author": "Ada", "text": "from the standby" });
    stage.forum.create("posts", &post).await?;
    progress.say("and the standby takes new posts");
    Ok(())
}

/// Whether a bucket itself is asked or changed, not its objects: that hangs on one region, too.
fn configures(target: &Target) -> bool {
    let (method, path) = target.action.split_once(' ').unwrap_or_default();
    let (path, part) = path
        .split_once('?')
        .map_or((path, None), |(path, part)| (path, Some(part)));
    let bucket = !path.trim_matches('/').contains('/');
    target.service == "s3" && bucket && (part.is_some() || !["GET", "HEAD"].contains(&method))
}

/// No answer of the dead region was needed, and no control plane that is elsewhere.
fn assert_calls(stage: &Stage, died: &Death) -> Result<()> {
    let calls = stage.cloud.ledger.calls_from(died.calls);
    let by_functions: Vec<_> = calls.iter().filter(|call| call.caller.is_some()).collect();
    for call in &by_functions {
        let answered = matches!(call.outcome, Outcome::Answered(_));
        let dead = call.target.region.as_deref() == Some(HOME);
        ensure(!(answered && dead), || {
            format!("the dead region answered {call:?}")
        })?;
        ensure(
            !FORBIDDEN.contains(&call.target.service.as_str()) && !configures(&call.target),
            || format!("a control plane that may be gone was called: {call:?}"),
        )?;
    }
    let services: BTreeSet<&str> = by_functions
        .iter()
        .map(|call| call.target.service.as_str())
        .collect();
    let of_dead: Vec<_> = by_functions
        .iter()
        .filter(|call| call.target.region.as_deref() == Some(HOME))
        .collect();
    ensure(!of_dead.is_empty(), || {
        "nobody so much as asked the dead region: the record is not whole".to_owned()
    })?;
    for word in ["backup", "failover", "health-probe"] {
        let function = format!("{APPLICATION}-{word}");
        let seen = by_functions.iter().any(|call| {
            let by = call.caller.as_ref();
            by.is_some_and(|by| by.region == STANDBY && by.function == function)
        });
        ensure(seen, || {
            format!("no call of {STANDBY}'s {function} was recorded")
        })?;
    }
    stage.progress.say(&format!(
        "{} calls by functions since the death, {} of them to the dead region, none of those answered; services: {services:?}",
        by_functions.len(),
        of_dead.len()
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_configure_a_bucket_is_not_to_read_or_write_what_is_in_it() {
        let said = |action: &str| {
            configures(&Target {
                service: "s3".into(),
                action: action.into(),
                ..Target::default()
            })
        };
        for action in [
            "GET /b",
            "GET /b/",
            "HEAD /b",
            "PUT /b/k",
            "DELETE /b/k",
            "POST /b/k?uploads",
        ] {
            assert!(!said(action), "{action}");
        }
        for action in [
            "PUT /b",
            "GET /b?policy",
            "PUT /b?lifecycle",
            "DELETE /b/?replication",
        ] {
            assert!(said(action), "{action}");
        }
    }
}
