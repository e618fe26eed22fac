//! An alarm is a hint: the function looks for itself, decides, and starts an execution or says why not.

use jiff::Timestamp;
use lifeboat_core::{
    Failure, Unavailable,
    decide::{Decision, Fact, Verdict},
    request::{Mode, Request, RequestedBy},
    told::{News, Told},
};

use crate::{Alarm, Started, Trigger, World, begin::weigh};

pub(crate) async fn alarm(world: &impl World, alarm: &Alarm) -> Result<Trigger, Failure> {
    if let Some(reason) = alarm.refusal(world.configuration()) {
        return Ok(Trigger::Ignored { reason });
    }
    let since = alarm.changed()?;
    let reason = format!("alarm {}: {}", alarm.alarm_name, alarm.new_state_reason);
    start(world, &reason, since, since).await
}

/// While an alarm lasts. Once the execution that it started has ended without taking over, a minute may start another.
pub(crate) async fn again(world: &impl World, since: Timestamp) -> Result<Trigger, Failure> {
    let reason = format!("alarm {} lasts", world.configuration().own().alarm);
    match start(world, &reason, since, since).await? {
        Trigger::AlreadyStarted { execution } if world.fate(&execution).await.is_over() => {
            let now = world.now();
            let minute = Timestamp::from_second(now.as_second() / 60 * 60).unwrap_or(now);
            start(world, &reason, since, minute).await
        }
        other => Ok(other),
    }
}

/// Starts an unplanned execution when the decision says so, and tells people what it says otherwise. Its name is the
/// trigger's time, so that a trigger that comes twice, or by two ways, starts one.
async fn start(
    world: &impl World,
    reason: &str,
    since: Timestamp,
    triggered: Timestamp,
) -> Result<Trigger, Failure> {
    let reason = reason.chars().take(500).collect::<String>();
    let request = Request::new(Mode::Unplanned, RequestedBy::Alarm, reason);
    let me = &world.configuration().region;
    let weighed = match weigh(world, &request, None).await {
        Err(Failure::Unavailable(why)) => {
            blind(world, since, &why).await?;
            return Err(Failure::Unavailable(why));
        }
        weighed => weighed?,
    };
    let decision = weighed.decision;
    let (reasons, remedy) = (decision.reasons(), decision.remedy(request.mode, me));
    if decision.verdict != Verdict::Start {
        let told = Told::of(&decision, since, weighed.own.epoch, world.now());
        tell(world, told, &reasons, &remedy).await?;
    }
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

/// It cannot even look. Whoever asked asks again; while that goes on nothing is started, and people hear why.
async fn blind(world: &impl World, since: Timestamp, why: &Unavailable) -> Result<(), Failure> {
    let nothing = Decision {
        verdict: Verdict::Hold,
        facts: vec![],
    };
    let epoch = world.own_state().await?.epoch;
    let reasons = vec![format!("it could not look: {why}")];
    let remedy = format!(
        "Nobody can start anything in {} before that answers: look at the logs of its functions.",
        why.region
    );
    let told = Told::of(&nothing, since, epoch, world.now());
    tell(world, told, &reasons, &remedy).await
}

/// Only what is news to them, and then it is remembered: whoever dies between tells it once more.
async fn tell(
    world: &impl World,
    told: Told,
    reasons: &[String],
    remedy: &str,
) -> Result<(), Failure> {
    let (still, told) = match told.news(world.told().await?.as_ref()) {
        News::Nothing => return Ok(()),
        News::Changed(told) => ("", told),
        News::Still(told) => ("still ", told),
    };
    let configuration = world.configuration();
    let (application, me) = (&configuration.application, &configuration.region);
    let (word, because) = match told.verdict {
        Verdict::Hold => ("held", "it cannot tell yet whether it should"),
        Verdict::Refuse | Verdict::Start => ("refused", "something speaks against it"),
    };
    let next = match told.blocking.contains_key(&Fact::Automatic) {
        true => "Nothing starts by itself here; a person has to.",
        false => {
            "It decides again each minute while the alarm lasts. You hear of it when the answer is another one, and otherwise once an hour."
        }
    };
    let text = format!(
        "{me} does {still}not take over by itself: {because}. The alarm {} stands since {}.\n{next}\n\nWhat was weighed, first what stands in the way:\n- {}\n\n{remedy}",
        configuration.own().alarm,
        told.since,
        reasons.join("\n- "),
    );
    let subject = format!("{application}: automatic failover {still}{word}");
    world.notify(&subject, &text).await?;
    world.remember(&told).await
}
