//! An alarm is a hint: the function looks for itself, decides, and starts an execution or says why not.

use jiff::Timestamp;
use lifeboat_core::{
    Failure,
    decide::Verdict,
    request::{Mode, Request, RequestedBy},
};

use crate::{Alarm, Started, Trigger, World, begin::weigh};

pub(crate) async fn alarm(world: &impl World, alarm: &Alarm) -> Result<Trigger, Failure> {
    let ours = &world.configuration().own().alarm;
    if alarm.alarm_name != *ours {
        let reason = format!("{} starts nothing; only {ours} does", alarm.alarm_name);
        return Ok(Trigger::Ignored { reason });
    }
    if alarm.new_state_value != "ALARM" {
        let reason = format!("{ours} went to {}", alarm.new_state_value);
        return Ok(Trigger::Ignored { reason });
    }
    let changed = alarm.changed()?;
    let reason = format!("alarm {ours}: {}", alarm.new_state_reason);
    let trigger = start(world, &reason, changed).await?;
    match &trigger {
        Trigger::Refused { reasons } => tell(world, "refused", "It does not", reasons).await?,
        Trigger::Held { reasons } => tell(world, "held", HELD, reasons).await?,
        Trigger::Started { .. } | Trigger::AlreadyStarted { .. } | Trigger::Ignored { .. } => {}
    }
    Ok(trigger)
}

/// Starts an unplanned execution when the decision says so. Its name is the trigger's time, so that a trigger that is
/// delivered twice starts one.
pub(crate) async fn start(
    world: &impl World,
    reason: &str,
    triggered: Timestamp,
) -> Result<Trigger, Failure> {
    let reason = reason.chars().take(500).collect::<String>();
    let mut request = Request::new(Mode::Unplanned, RequestedBy::Alarm, reason);
    let (decision, probe) = weigh(world, &request, None).await?;
    let reasons = decision.reasons;
    match decision.verdict {
        Verdict::Refuse => return Ok(Trigger::Refused { reasons }),
        Verdict::Hold => return Ok(Trigger::Held { reasons }),
        Verdict::Start => {}
    }
    request.down_since = probe.down_since;
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
) -> Result<(), Failure> {
    let configuration = world.configuration();
    let subject = format!("{}: automatic failover {word}", configuration.application);
    let text = format!(
        "The alarm {} asked {} to take over. {stands}:\n- {}",
        configuration.own().alarm,
        configuration.region,
        reasons.join("\n- ")
    );
    world.notify(&subject, &text).await
}
