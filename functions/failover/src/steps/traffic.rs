use lifeboat_core::{
    Failure, fence, lease,
    marker::{Move, moves},
    report::{Measured, Report},
    request::Mode,
    run::{Run, Step},
};

use super::Progress;
use crate::World;

/// From now on this region counts as active.
pub(super) async fn activate(world: &impl World, run: &Run) -> Result<(), Failure> {
    let (Some(_), Some(backup)) = (run.smoke_tested, &run.backup) else {
        return Err(Failure::Refused(format!(
            "{} has not passed a smoke test in this execution; traffic stays where it is",
            run.target
        )));
    };
    let (epoch, mode) = (run.lease()?, run.request.mode);
    world
        .change_state(&|state| {
            lease::activate(state, &run.execution, epoch, &run.target, mode, backup)
        })
        .await
        .map(drop)
}

/// The region's own state first, then the markers: who is asked afterwards knows who serves.
pub(super) async fn move_traffic(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    activate(world, run).await?;
    let mut note = vec![];
    for step in moves(world.configuration().side(), run.request.mode) {
        // Users follow the marker: whoever lost the lease since moves nobody.
        super::guard(world, Step::MoveTraffic, run).await?;
        if step.marker().side() != world.configuration().side() {
            let (own, peer) = (world.own_state().await?, world.peer_state().await?);
            fence::may_move(&own, &peer, &run.target)?;
        }
        world.mark(step).await?;
        note.push(match step {
            Move::Raise(marker) => format!("{} raised", marker.key()),
            Move::Lower(marker) => format!("{} lowered", marker.key()),
        });
    }
    run.traffic_moved = run.traffic_moved.or(Some(world.now()));
    let note = note.join(", ");
    let moved = format!("Users are sent to {} from now on ({note}).", run.target);
    super::tell(world, run, "moves users", &moved).await;
    Ok(Progress::Done(note))
}

/// What the name servers answer is compared with both regions' own names.
pub(super) async fn prove(world: &impl World, run: &mut Run) -> Result<Progress, Failure> {
    let domain = &world.configuration().traffic.domain;
    let of = async |region| world.addresses(&format!("{region}.{domain}")).await;
    let (answered, wanted, left) =
        tokio::join!(world.addresses(domain), of(&run.target), of(&run.source));
    let waiting = match (answered, wanted) {
        (Ok(answered), Ok(wanted))
            if !answered.is_disjoint(&wanted)
                && left.is_ok_and(|left| left.is_disjoint(&answered)) =>
        {
            run.traffic_proven = run.traffic_proven.or(Some(world.now()));
            return Ok(Progress::Done(format!("{domain} answers {answered:?}")));
        }
        (Ok(answered), Ok(wanted)) => {
            format!("{domain} to answer one of {wanted:?}; it answers {answered:?}")
        }
        (Err(why), _) | (_, Err(why)) => format!("the name servers: {why}"),
    };
    Ok(Progress::Waiting(waiting))
}

pub(super) async fn report(world: &impl World, run: &Run) -> Result<Progress, Failure> {
    if run.request.mode == Mode::Drill && run.torn_down.is_none() {
        return Err(Failure::Refused("the drill was not torn down".into()));
    }
    let report = Report::of(run, world.configuration())?;
    let written = world.write_report(&report).await?;
    let (subject, did) = match report.mode {
        Mode::Drill => (
            format!("{}: the drill in {} passed", report.application, report.to),
            format!("brought {} up and tore it down; no user noticed", report.to),
        ),
        Mode::Plan | Mode::Planned | Mode::Unplanned => (
            format!("{}: {} serves", report.application, report.to),
            format!("moved users from {} to {}", report.from, report.to),
        ),
    };
    let text = format!(
        "The {} execution {} {did}.\nRecovery time {}. Recovery point {}.\n{written}\nIt was decided by:\n- {}",
        report.mode.as_str(),
        run.name(),
        words(report.recovery_time),
        words(report.recovery_point),
        report.decided.join("\n- "),
    );
    world.notify(&subject, &text).await?;
    super::done()
}

fn words(measured: Option<Measured>) -> String {
    let Some(measured) = measured else {
        return "not measured".into();
    };
    let met = if measured.met() { "met" } else { "missed" };
    format!(
        "{} s (objective {} s, {met})",
        measured.seconds, measured.objective_seconds
    )
}
