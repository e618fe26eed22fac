//! One invocation, from the looks to the last effect.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lifeboat_core::{
    Epoch, Failure, Region, RegionPair, RegionState, SCHEMA,
    backup::{Damages, Proof, Proven, follow::Followed},
    fence,
    idle::{self, Tasks},
    liveness,
    marker::Seen,
    probe::{self, ProbeReport},
    report::{Drilled, Rehearsed},
};

use crate::{
    event::{Action, Event},
    faults::Faults,
    look, markers, readiness, remember, rest, users,
    world::World,
};

#[cfg(test)]
mod tests;

/// `now` is the time of the first look.
pub async fn handle<W: World>(
    event: Event,
    world: &W,
    now: Timestamp,
) -> Result<ProbeReport, Failure> {
    let mut faults = Faults::default();
    let observed = observe(world, event.action, now, &mut faults).await?;
    match event.action {
        Action::Look => Ok(observed.report),
        Action::Probe => {
            let report = act(world, observed, &mut faults).await?;
            faults.or(report)
        }
    }
}

struct Observed {
    report: ProbeReport,
    /// Each region's own state names itself.
    two_active: bool,
    peer: Option<RegionState>,
    reclaim: Seen,
}

async fn observe<W: World>(
    world: &W,
    action: Action,
    now: Timestamp,
    faults: &mut Faults,
) -> Result<Observed, Failure> {
    let previous = world.control().read::<ProbeReport>(ProbeReport::KEY);
    let previous = look::within(world, action, "read", ProbeReport::KEY, previous);
    let proof = world.control().read::<Proof>(Proof::KEY);
    let proof = look::within(world, action, "read", Proof::KEY, proof);
    let drilled = world.control().read::<Drilled>(Drilled::KEY);
    let drilled = look::within(world, action, "read", Drilled::KEY, drilled);
    let (seen, own, previous, proof, drilled, users) = tokio::join!(
        look::looks(world, action, now),
        readiness::observe(world, action, now),
        previous,
        proof,
        drilled,
        users::sent(world, action),
    );
    let proven = match proof {
        Ok(proof) => proof.map_or(Proven::Never, Proven::Last),
        Err(failure) => Proven::CannotTell(failure.to_string()),
    };
    let drilled = match drilled {
        Ok(drilled) => drilled.map_or(Rehearsed::Never, Rehearsed::Last),
        Err(failure) => {
            tracing::warn!("{failure}");
            Rehearsed::CannotTell
        }
    };
    let seen = seen?;
    // A silent peer is what is being looked for; one that writes what cannot be understood is a fault.
    let peer = match seen.peer {
        Err(failure @ Failure::Unavailable(_)) => {
            tracing::warn!("{failure}");
            None
        }
        other => faults.keep(other),
    };
    let previous = match previous {
        Err(Failure::Invalid(why)) => {
            tracing::warn!("begins a new row of looks: {why}");
            None
        }
        other => faults.keep(other).flatten(),
    };
    let configuration = world.configuration();
    let liveness = liveness::judge(&seen.looks, configuration.down_quorum);
    let liveness = match action {
        Action::Probe => liveness,
        Action::Look => probe::confirmed(liveness, previous.as_ref(), now),
    };
    let overruled = seen
        .own
        .as_ref()
        .and_then(|own| fence::must(own, peer.as_ref(), &configuration.region));
    let (epoch, active) = highest(seen.own.as_ref(), peer.as_ref(), &configuration.pair()?);
    let serves = active == configuration.region;
    let peaks = match serves {
        true => remember::peaks(
            previous.as_ref(),
            seen.own.as_ref(),
            own.services.as_ref().ok(),
            configuration,
            now,
        ),
        false => BTreeMap::new(),
    };
    let running = own.running(configuration);
    let region = &configuration.region;
    let idle = idle::judge(
        region,
        seen.own.as_ref(),
        peer.as_ref(),
        running.as_ref().map_err(Failure::to_string),
    );
    let tasks = Tasks::of(
        seen.own.as_ref(),
        peer.as_ref(),
        running.as_ref().map_err(Failure::to_string),
    );
    let readiness = own.judge(configuration, seen.own.as_ref(), serves, now);
    for doubt in readiness.doubts() {
        tracing::warn!("{doubt}");
    }
    let report = ProbeReport {
        schema: SCHEMA,
        at: now,
        region: configuration.region.clone(),
        epoch,
        active,
        // Nobody keeps what was seen for whoever only looks.
        look: seen
            .looks
            .into_iter()
            .last()
            .filter(|_| action == Action::Probe),
        users: users?,
        unready_since: probe::unready_since(previous.as_ref(), readiness.verdict, now),
        down_since: probe::down_since(previous.as_ref(), liveness.verdict, now),
        peaks,
        idle,
        tasks,
        proven,
        drilled,
        liveness,
        readiness,
        fenced: overruled.and(previous.and_then(|previous| previous.fenced)),
    };
    let two_active = match (&seen.own, &peer) {
        (Some(own), Some(peer)) => {
            own.active == configuration.region && peer.active == *configuration.peer_region()
        }
        (None, _) | (_, None) => false,
    };
    Ok(Observed {
        report,
        two_active,
        peer,
        reclaim: own.reclaim,
    })
}

fn highest(
    own: Option<&RegionState>,
    peer: Option<&RegionState>,
    pair: &RegionPair,
) -> (Epoch, Region) {
    match (own, peer) {
        (Some(own), peer) => own.highest(peer),
        (None, Some(peer)) => peer.highest(None),
        (None, None) => RegionState::genesis(pair).highest(None),
    }
}

/// How long a backup of this region has been on its way to the other one.
async fn lag<W: World>(world: &W, now: Timestamp) -> Result<Option<(&'static str, f64)>, Failure> {
    if !world.configuration().cross_region_backup {
        return Ok(None);
    }
    let read = world.control().read::<Followed>(Followed::KEY);
    let followed = look::within(world, Action::Probe, "read", Followed::KEY, read).await?;
    Ok(followed.map(|f| ("ReplicationLagSeconds", f.lag(now).as_secs() as f64)))
}

/// How much of this region's backups was found damaged or gone.
async fn damaged<W: World>(world: &W) -> Result<(&'static str, f64), Failure> {
    let read = world.control().read::<Damages>(Damages::KEY);
    let damages = look::within(world, Action::Probe, "read", Damages::KEY, read).await?;
    let objects = damages.map_or(0, |damages| damages.objects.len());
    Ok(("DamagedObjects", objects as f64))
}

/// Each step is tried, whatever became of those before it.
async fn act<W: World>(
    world: &W,
    observed: Observed,
    faults: &mut Faults,
) -> Result<ProbeReport, Failure> {
    let Observed {
        mut report,
        two_active,
        peer,
        reclaim,
    } = observed;
    let configuration = world.configuration();
    let pair = configuration.pair()?;
    let mut metrics = probe::metrics(&report);
    // A metric costs by the hour in which it is told, and mostly there is nothing to tell.
    metrics.extend(two_active.then_some(("TwoActive", 1.0)));
    // First, because whom the metric wakes looks for it.
    let written = world.control().write(ProbeReport::KEY, &report);
    let written = look::within(world, Action::Probe, "write", ProbeReport::KEY, written);
    let (written, lag, damaged) = tokio::join!(written, lag(world, report.at), damaged(world));
    metrics.extend(faults.keep(lag).flatten());
    metrics.extend(faults.keep(damaged));
    let remembered = world.control().change(&pair, |before| {
        Ok(remember::state(
            before,
            peer.as_ref(),
            &report.peaks,
            configuration,
        ))
    });
    let (published, remembered) = tokio::join!(world.publish(&metrics), remembered);
    faults.keep(published);
    faults.keep(written);
    // Read anew, if only to be changed: an execution may have begun here since the looks.
    let own = match faults.keep(remembered) {
        Some(own) => Some(own),
        None => faults.keep(world.control().state(&pair).await),
    };
    let Some(own) = own else {
        return Ok(report);
    };
    match fence::must(&own, peer.as_ref(), &configuration.region) {
        Some(by) => {
            let done = markers::fence(world, &by, faults).await;
            tracing::warn!("fenced: {done}");
            report.fenced = Some(done);
            faults.keep(world.control().write(ProbeReport::KEY, &report).await);
        }
        None => {
            faults.keep(markers::lower_reclaim(world, &own, reclaim).await);
            rest::start(world, &own, peer.as_ref(), faults).await;
        }
    }
    Ok(report)
}
