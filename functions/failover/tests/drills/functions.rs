//! The four functions as the state machine and AWS call them: JSON in, JSON or a named error out.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    pin::pin,
    task::{Context, Poll, Waker},
};

use lifeboat_aws::parse_event;
use lifeboat_backup::{Event as BackupEvent, Execution, Outcome};
use lifeboat_core::{
    Failure, Side,
    backup::{
        BackupKey, Choice, Content, ContentId, Contents, Overrides, Restored, choose, judge,
        may_import,
    },
    image::Images,
    person::Verb,
    request::Mode,
};
use lifeboat_failover::{Event, Own, handle};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    seat::{Actor, Effect, Seat},
    slow::Slow,
    world::{Records, World},
};

/// As the state machine sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Error {
    pub(crate) name: String,
    pub(crate) cause: String,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let cause = json!({"errorType": failure.name(), "errorMessage": failure.to_string()});
        Self {
            name: failure.name().into(),
            cause: cause.to_string(),
        }
    }
}

/// Nothing in memory makes anyone wait: a future that does not end at once belongs to a process that died.
pub(crate) fn alive<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Error> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome.map_err(Error::from),
        Poll::Pending => Err(Error {
            name: "Sandbox.Timedout".into(),
            cause: "the process was killed".into(),
        }),
    }
}

/// On a clock that passes only where something waits for it.
fn timed<T>(world: &World, future: impl Future<Output = Result<T, Failure>>) -> Result<T, Error> {
    let mut clock = tokio::runtime::Builder::new_current_thread();
    let clock = clock.enable_time().start_paused(true).build().unwrap();
    let (outcome, took) = clock.block_on(async {
        let started = tokio::time::Instant::now();
        (future.await, started.elapsed())
    });
    world.spent.set(world.spent.get() + took);
    outcome.map_err(Error::from)
}

/// What travels between functions is text.
fn travelled(value: &impl Serialize) -> Value {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

pub(crate) fn failover(world: &World, side: Side, payload: &Value) -> Result<Value, Error> {
    let event = Event::parse(travelled(payload))?;
    let actor = match &event {
        Event::Alarms(_) => Actor::Alarm,
        Event::Own(own) => match &**own {
            Own::Watch {} | Own::Rehearse {} => Actor::Watch,
            Own::Begin { .. } => Actor::Begin,
            Own::Step { step, run } => Actor::Step(*step, run.execution.clone(), run.epoch),
            Own::Hold { run, .. } => Actor::Hold(run.execution.clone(), run.epoch),
            Own::Order { .. } => Actor::Person,
            Own::Undo { run, .. } => Actor::Undo(run.execution.clone(), run.epoch),
            Own::Fail { .. } => Actor::Begin,
        },
    };
    world.payloads.borrow_mut().push(payload.clone());
    let step = matches!(actor, Actor::Step(..));
    if let Actor::Step(now, ..) = &actor
        && world.dies_at.get() == Some(*now)
    {
        world.dies_at.set(None);
        world.dies(side.other());
    }
    let seat = Seat::new(world, side, actor);
    if step && world.twice.get() {
        drop(alive(handle(&seat, event.clone()))?);
    }
    let answer = match world.timed.get() {
        true => timed(world, handle(&Slow(seat), event))?,
        false => alive(handle(&seat, event))?,
    };
    Ok(travelled(&answer))
}

/// A person's word, as the command line sends it.
pub(crate) fn order(
    world: &World,
    side: Side,
    verb: Verb,
    execution: &str,
) -> Result<Value, Error> {
    let order = json!({"verb": verb, "reason": "a person says so", "execution": execution});
    failover(world, side, &json!({"action": "order", "order": order}))
}

/// A function that only looks: every image is there.
pub(crate) fn image_sync(world: &World, side: Side, payload: &Value) -> Result<Value, Error> {
    let execution = payload["execution"].as_str().unwrap();
    assert_eq!(*payload, json!({"action": "check", "execution": execution}));
    assert!(execution.starts_with("arn:"), "{execution}");
    let services = world.configuration(side).services;
    let images = Images {
        started: world.now(),
        finished: world.now(),
        digests: services
            .into_iter()
            .map(|service| (service.name, "sha256:aa".to_owned()))
            .collect(),
        repaired: vec![],
    };
    Ok(travelled(&images))
}

/// What the state machine asks of it: a restore before tasks run, and an import of what only they can take once they do.
pub(crate) fn backup(world: &World, side: Side, payload: &Value) -> Result<Value, Error> {
    match parse_event(travelled(payload))? {
        BackupEvent::Restore {
            backup,
            scratch,
            execution: Some(by),
            ..
        } => restore(world, side, backup, scratch, by),
        BackupEvent::Import {
            backup,
            mode,
            execution,
        } => import(world, side, backup, mode, execution),
        other => panic!("the workflow asks only for a restore of its own: {other:?}"),
    }
}

/// The restore, with the backup function's own event, choice and answer.
fn restore(
    world: &World,
    side: Side,
    choice: Choice,
    scratch: bool,
    by: Execution,
) -> Result<Value, Error> {
    let seat = Seat::new(world, side, Actor::Restore(by.arn.clone(), by.epoch));
    let held = world.place(side).state.held_by(&by.arn, by.epoch);
    held.map_err(Failure::Stale)?;
    let (key, records) = chosen(world, side, choice)?;
    let exported = world.is_exported();
    let later = |service: &str| exported && service == "posts";
    let all = contents(&records).into_iter();
    let (to_import, services) = all.partition(|(service, _)| later(service));
    if !scratch {
        // All that users write is in what is imported later.
        alive(seat.act(side, Effect::Restore, |own| {
            if !exported {
                own.records = records;
            }
        }))?;
    }
    let mut ledger = world.ledger.borrow_mut();
    ledger.restored.insert(by.arn);
    let restored = Restored {
        backup: key,
        started: world.now(),
        finished: world.now(),
        services,
        to_import,
    };
    let answer = Outcome::Restored {
        restored,
        overridden: Overrides::default(),
    };
    Ok(travelled(&answer))
}

fn import(
    world: &World,
    side: Side,
    choice: Choice,
    mode: Mode,
    by: Execution,
) -> Result<Value, Error> {
    let seat = Seat::new(world, side, Actor::Restore(by.arn.clone(), by.epoch));
    let state = world.place(side).state.clone();
    may_import(&seat.configuration.region, &state, (&by.arn, by.epoch))?;
    let (key, records) = chosen(world, side, choice)?;
    let mut services = contents(&records);
    services.retain(|service, _| service == "posts");
    if mode != Mode::Drill {
        alive(seat.act(side, Effect::Import, |own| own.records = records))?;
    }
    world.ledger.borrow_mut().imported.insert(by.arn);
    let imported = Restored {
        backup: key,
        started: world.now(),
        finished: world.now(),
        services,
        to_import: Contents::new(),
    };
    Ok(travelled(&Outcome::Imported { imported }))
}

fn chosen(world: &World, side: Side, choice: Choice) -> Result<(BackupKey, Records), Failure> {
    assert!(matches!(choice, Choice::Named(_)), "{choice:?}");
    let here = world.place(side).backups.clone();
    let keys: Vec<_> = here.keys().cloned().collect();
    let key = choose(&keys, choice).map_err(Failure::Invalid)?.clone();
    judge(&key, &keys, Ok(()), &Overrides::default()).map_err(Failure::from)?;
    let records = here[&key].clone();
    Ok((key, records))
}

/// As good as any other that tells records apart.
fn hash(records: &Records) -> [u8; 32] {
    let mut hasher = DefaultHasher::new();
    records.hash(&mut hasher);
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&hasher.finish().to_le_bytes());
    hash
}

/// What records look like as data.
pub(crate) fn contents(records: &Records) -> Contents {
    let content = Content {
        bytes: records.len() as u64,
        files: 1,
        content: ContentId::new(hash(records)),
    };
    let of = |service: &str| (service.to_owned(), content.clone());
    [of("posts"), of("users")].into()
}

/// The state machine's own call, for when the function cannot even tell.
pub(crate) fn publish(world: &World, side: Side, arguments: &Value) -> Result<Value, Error> {
    let text = |name: &str| arguments[name].as_str().unwrap().to_owned();
    assert_eq!(text("TopicArn"), "${notices_topic}");
    let (subject, message) = (text("Subject"), text("Message"));
    let seat = Seat::new(world, side, Actor::Workflow);
    let effect = Effect::Notify(subject.clone());
    alive(seat.act(side, effect, |own| own.notices.push((subject, message))))?;
    Ok(json!({}))
}
