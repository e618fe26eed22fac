//! Data that only a service's own tasks can take is given to them by an execution, once they run and before users come.

use jiff::Timestamp;
use lifeboat_aws::Objects;
use lifeboat_core::{
    Failure, Invalid,
    backup::{Choice, Overrides},
    request::Mode,
};

use crate::{
    Backup, Outcome,
    event::Execution,
    order::{By, Order},
    restore::{rehearsed, restore, restored},
};

pub(crate) async fn import<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    choice: Choice,
    mode: Mode,
    execution: Execution,
    clock: impl Fn() -> Timestamp,
) -> Result<Outcome, Failure> {
    let by = By::Import(execution);
    let order = Order::new(backup, choice, None, Overrides::default(), by)?;
    let outcome = match mode {
        Mode::Planned | Mode::Unplanned => restore(backup, &order, clock).await?,
        Mode::Drill => reach(backup, &order, clock).await?,
        Mode::Plan => {
            let expected = "drill, planned or unplanned: a plan has no tasks";
            return Err(Invalid::new("mode", expected, mode.as_str()).into());
        }
    };
    Ok(match outcome {
        Outcome::Restored { restored, .. } => Outcome::Imported { imported: restored },
        other => other,
    })
}

/// The backup is read, every byte of it, and so is what the tasks export: address, token and way there are right.
async fn reach<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    order: &Order,
    clock: impl Fn() -> Timestamp,
) -> Result<Outcome, Failure> {
    let started = clock();
    let chosen = rehearsed(backup, order, &clock).await?;
    for source in &order.sources {
        let found = backup.io("list", &source.place, source.find().await)?;
        for path in &found.files {
            let at = source.place.at(path);
            backup.io("read", at, source.content(path).await)?;
        }
    }
    Ok(restored(backup, order, chosen, (started, clock())))
}
