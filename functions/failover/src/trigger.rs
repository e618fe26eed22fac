//! An alarm is a hint: the function looks for itself, decides, and starts an execution or says why not.

use jiff::Timestamp;
use lifeboat_core::{
    Failure,
    decide::Verdict,
    request::{Mode, Request, RequestedBy},
};

use crate::{Alarm, Started, Trigger, World, begin::weigh};

pub(crate) async fn alarm(world: &impl World, alarm: &Alarm) -> Result<Trigger, Failure> {
    if let Some(reason) = alarm.refusal(world.configuration()) {
        return Ok(Trigger::Ignored { reason });
    }
    let changed = alarm.changed()?;
    let reason = format!("alarm {}: {}", alarm.alarm_name, alarm.new_state_reason);
    let trigger = start(world, &reason, changed).await?;
    match &trigger {
        Trigger::Refused { reasons, remedy } => {
            tell(world, "refused", "It does not", reasons, remedy).await?;
        }
        Trigger::Held { reasons, remedy } => tell(world, "held", HELD, reasons, remedy).await?,
        Trigger::Started { .. } | Trigger::AlreadyStarted { .. } | Trigger::Ignored { .. } => {}
    }
    Ok(trigger)
}

/// While an alarm lasts. Once the execution that it started has ended without taking over, a minute may start another.
pub(crate) async fn again(world: &impl World, since: Timestamp) -> Result<Trigger, Failure> {
    let reason = format!("alarm {} lasts", world.configuration().own().alarm);
    match start(world, &reason, since).await? {
        Trigger::AlreadyStarted { execution } if world.owner(&execution).await.is_over() => {
            let now = world.now();
            let minute = Timestamp::from_second(now.as_second() / 60 * 60).unwrap_or(now);
            start(world, &reason, minute).await
        }
        other => Ok(other),
    }
}

/// Starts an unplanned execution when the decision says so. Its name is the trigger's time, so that a trigger that
/// comes twice, or by two ways, starts one.
async fn start(world: &impl World, reason: &str, triggered: Timestamp) -> Result<Trigger, Failure> {
    let reason = reason.chars().take(500).collect::<String>();
    let request = Request::new(Mode::Unplanned, RequestedBy::Alarm, reason);
    let decision = weigh(world, &request, None).await?.decision;
    let reasons = decision.reasons();
    let remedy = decision.remedy(request.mode, &world.configuration().region);
    match decision.verdict {
        Verdict::Refuse => return Ok(Trigger::Refused { reasons, remedy }),
        Verdict::Hold => return Ok(Trigger::Held { reasons, remedy }),
        Verdict::Start => {}
    }
    let application = &world.configuration().application;
    let time = triggered.strftime("%Y%m%d-%H%M%S");
    let name = format!("{application}-unplanned-{time}");
    Ok(match world.start(&name, &request).await? {
        Started::Now(execution) => Trigger::Started { execution },
        Started::Already(execution) => Trigger::AlreadyStarted { execution },
    })
}

const HELD: &str = "It cannot tell yet, and looks again each minute while the alarm lasts";

async fn tell(
    world: &impl World,
    word: &str,
    stands: &str,
    reasons: &[String],
    remedy: &str,
) -> Result<(), Failure> {
    let configuration = world.configuration();
    let subject = format!("{}: automatic failover {word}", configuration.application);
    let text = format!(
        "The alarm {} asked {} to take over. {stands}:\n- {}\n{remedy}",
        configuration.own().alarm,
        configuration.region,
        reasons.join("\n- ")
    );
    world.notify(&subject, &text).await
}
