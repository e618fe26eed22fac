//! The backup function of a region that the other one asked: it comes to it when it comes to it, and nobody waits.

use jiff::Timestamp;
use lifeboat_backup::{Created, Outcome, Question, Reply, Salvaged};
use lifeboat_core::{
    Failure, ReplyId, Side,
    backup::{BackupKey, BackupName, Kind, Turn, turn},
    lost::Lost,
};

use crate::{
    functions::{alive, contents},
    invariants,
    seat::{Actor, Effect, Seat},
    world::{Place, World},
};

/// On its way.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    due: Timestamp,
    id: ReplyId,
    to: Question,
}

/// How questions come to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mail {
    Comes,
    Twice,
    /// After this many seconds.
    Late(i64),
    /// Every other one, the first one not.
    HalfLost,
    Never,
}

pub(crate) fn post(there: &mut Place, now: Timestamp, mail: Mail, id: &ReplyId, to: &Question) {
    let after = |seconds| Asked {
        due: now + jiff::SignedDuration::from_secs(seconds),
        id: id.clone(),
        to: to.clone(),
    };
    there.questions += 1;
    match mail {
        Mail::Comes => there.asked.push(after(0)),
        Mail::Twice => there.asked.extend([after(0), after(40)]),
        Mail::Late(seconds) => there.asked.push(after(seconds)),
        Mail::HalfLost if there.questions.is_multiple_of(2) => there.asked.push(after(0)),
        Mail::HalfLost | Mail::Never => {}
    }
}

/// What is due is done. A process that dies writes no reply, and nobody hears of it.
pub(crate) fn deliver(world: &World, side: Side) {
    let now = world.now();
    let (due, later) = {
        let asked = std::mem::take(&mut world.change(side).asked);
        asked.into_iter().partition::<Vec<_>, _>(|a| a.due <= now)
    };
    world.change(side).asked = later;
    for Asked { id, to, .. } in due {
        let seat = Seat::new(world, side, Actor::Asked);
        drop(alive(reply(&seat, &id, &to)));
    }
}

async fn reply(seat: &Seat<'_>, id: &ReplyId, to: &Question) -> Result<(), Failure> {
    let stands = |own: &Place| own.replies.get(id).is_some_and(Reply::stands);
    seat.reach(seat.side, "read a reply")?;
    if stands(&seat.world.place(seat.side)) {
        return Ok(());
    }
    if invariants::may_write(seat.world, seat.side) {
        let mut ledger = seat.world.ledger.borrow_mut();
        ledger.beside_writes.insert(id.clone());
    }
    let failure = seat.world.fails.borrow_mut().pop_front();
    let came = match failure {
        Some(failure) => Err(failure),
        None => answer(seat, to).await,
    };
    let reply = Reply::new(seat.world.now(), came);
    seat.act(seat.side, Effect::Reply, |own| {
        if !stands(own) {
            own.replies.insert(id.clone(), reply);
        }
    })
    .await
}

async fn answer(seat: &Seat<'_>, to: &Question) -> Result<Outcome, Failure> {
    match to {
        Question::Create {} => create(seat).await,
        Question::Contents {} => {
            seat.reach(seat.side, "read contents")?;
            exports(seat)?;
            let services = contents(&seat.world.place(seat.side).records);
            Ok(Outcome::Contents { services })
        }
        Question::Salvage { epoch, against } => {
            let own = seat.world.place(seat.side).state.epoch;
            if *epoch <= own {
                return Err(Failure::Stale(format!("at epoch {own} already")));
            }
            salvage(seat, against).await
        }
    }
}

/// What is told by tasks alone is told by none where none runs.
fn exports(seat: &Seat<'_>) -> Result<(), Failure> {
    let running = seat.world.place(seat.side).services["posts"].running;
    match seat.world.is_exported() && running == 0 {
        true => Err(seat.silent(seat.side, "export")),
        false => Ok(()),
    }
}

async fn create(seat: &Seat<'_>) -> Result<Outcome, Failure> {
    let region = &seat.configuration.region;
    let own = seat.world.place(seat.side).clone();
    let backups: Vec<BackupKey> = own.backups.keys().cloned().collect();
    let epoch = match turn(region, &own.state, &backups) {
        Turn::Active(epoch) => epoch,
        Turn::Passive { epoch, reason } => return Ok(Outcome::Passive { epoch, reason }),
    };
    exports(seat)?;
    let backup = BackupKey {
        epoch,
        name: BackupName::new(Kind::Backup, seat.world.now()),
        region: region.clone(),
    };
    seat.act(seat.side, Effect::Backup, |own| {
        let records = own.records.clone();
        // Two in the same second are one: the first.
        own.backups.entry(backup.clone()).or_insert(records);
    })
    .await?;
    Ok(Outcome::Created(Created {
        backup,
        files: 2,
        bytes: 0,
        sent: 0,
        warnings: vec![],
    }))
}

async fn salvage(seat: &Seat<'_>, against: &BackupKey) -> Result<Outcome, Failure> {
    let salvage = BackupKey {
        epoch: seat.world.place(seat.side).state.epoch,
        name: BackupName::new(Kind::Salvage, seat.world.now()),
        region: seat.configuration.region.clone(),
    };
    if exports(seat).is_err() {
        seat.act(seat.side, Effect::Salvage, |_| {}).await?;
        let lost = Lost {
            unknown: [("posts".to_owned(), "none of its tasks runs".to_owned())].into(),
            ..Lost::default()
        };
        return Ok(Outcome::Salvaged {
            salvaged: Salvaged { salvage, lost },
        });
    }
    let lost = |own: &mut Place| {
        let held = own.records.clone();
        let restored = &own.backups[against];
        let lost = held.difference(restored).map(u32::to_string).collect();
        if !own.salvaged.contains(&held) {
            own.salvaged.push(held);
        }
        lost
    };
    let lost = seat.act(seat.side, Effect::Salvage, lost).await?;
    let services = [("posts".to_owned(), lost)].into();
    let lost = Lost {
        services,
        ..Lost::default()
    };
    Ok(Outcome::Salvaged {
        salvaged: Salvaged { salvage, lost },
    })
}
