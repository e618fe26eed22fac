//! Each minute: what an alarm could not decide is decided again, and a replaced region is fenced until it says so.

use lifeboat_backup::{Outcome, Question, Salvaged};
use lifeboat_core::{
    Epoch, Failure, RegionState, ReplyId,
    backup::BackupKey,
    fence::{self, Push},
    lease::{self, Owner, Undo},
    marker::{self, Move},
    report::Report,
    request::Mode,
    run::{self, SourceFenced},
    state::{Fence, FenceProgress, Lease},
};

use crate::{Trigger, Watched, World, begin, report, scale, steps::heard, trigger, undo};

pub(crate) async fn watch(world: &impl World) -> Result<Watched, Failure> {
    let state = world.own_state().await?;
    let owner = begin::owner(world, state.lease.as_ref(), None).await;
    let at_work = owner.as_ref().is_some_and(|owner| *owner != Owner::Ended);
    let buried = match (&state.lease, owner) {
        (Some(lease), Some(Owner::Ended)) => bury(world, &state, lease).await,
        _ => Ok(()),
    };
    let fence = match &state.fence {
        Some(fence) if fence.progress != FenceProgress::Salvaged => {
            Some(match push(world, &state, fence, at_work).await {
                Ok(done) => done,
                Err(why) => format!("tried again in a minute: {why}"),
            })
        }
        _ => None,
    };
    // A drill gives way.
    let drill = state.lease.as_ref().is_some_and(|l| l.mode == Mode::Drill);
    let trigger = match at_work && !drill {
        true => None,
        false => again(world, &state).await?,
    };
    // What cannot be put back must not keep a dead region from being replaced.
    buried?;
    Ok(Watched { fence, trigger })
}

/// One that was stopped from outside could neither put things back nor give its lease back, and the other region respects it.
async fn bury(world: &impl World, state: &RegionState, lease: &Lease) -> Result<(), Failure> {
    let configuration = world.configuration();
    let put_back = undo::put_back(world, state, lease).await?;
    let (me, peer) = (&configuration.region, configuration.peer_region());
    let stands = match &put_back[..] {
        _ if state.active == *me => format!(
            "{me} is active and users are sent there; nothing is undone by itself. Look at the load balancer of {me}."
        ),
        [Undo::EmptyTarget] => {
            format!("That is done now: {me} is empty again, and users noticed nothing.")
        }
        [Undo::GiveBackSource] => format!(
            "Users were not moved. {peer} was told to take its tasks back, and may not have heard; what was brought up in {me} stays up. Look at both in `lifeboat status`."
        ),
        [] => format!(
            "Users were not moved, and what was brought up in {me} stays up. Start it again if {peer} is still down."
        ),
        _ => format!(
            "That is done now: {peer} has its tasks back and {me} is empty again. Users were not moved. Mend the cause and start it again."
        ),
    };
    let subject = format!(
        "{}: {} was stopped",
        configuration.application,
        run::name_of(&lease.execution)
    );
    let (mode, execution) = (lease.mode.as_str(), &lease.execution);
    let why = "It ended before it could put things back: somebody stopped it, its time was over, or its undo failed.";
    let stopped = Report::stopped(lease, state, configuration, why, &stands, world.now());
    let left = match world.report(execution).await {
        // Its own tells more.
        Ok(Some(_)) => "Its report was written before.".into(),
        Ok(None) => report::leave(world, &stopped).await,
        Err(why) => format!("Whether it left a report cannot be told: {why}"),
    };
    let text = format!("The {mode} execution {execution} failed. {why}\n{stands}\n{left}");
    world.notify(&subject, &text).await?;
    let free = |state: &RegionState| Ok(lease::release(state, &lease.execution));
    world.change_state(&free).await.map(drop)
}

/// An alarm speaks only when its state changes, so while it lasts the decision is taken again.
async fn again(world: &impl World, state: &RegionState) -> Result<Option<Trigger>, Failure> {
    let configuration = world.configuration();
    if state.highest(None).1 == configuration.region || !configuration.automatic {
        return Ok(None);
    }
    match world.alarm().await? {
        Some(since) => trigger::again(world, since).await.map(Some),
        None => Ok(None),
    }
}

/// Marker, tasks to zero and seen at zero, salvage, report: each part done again is done once.
async fn push(
    world: &impl World,
    state: &RegionState,
    owed: &Fence,
    at_work: bool,
) -> Result<String, Failure> {
    let configuration = world.configuration();
    let source = configuration.side().other();
    let peer = world.peer_state().await?;
    match fence::push(state, &peer, &configuration.region) {
        Push::Now => {}
        Push::Later => {
            return Ok(format!(
                "an execution is at work in {}; nothing is fenced meanwhile",
                configuration.peer_region()
            ));
        }
        Push::Never => {
            return Ok(format!(
                "{} has moved on to epoch {}; nothing is fenced any more",
                configuration.peer_region(),
                peer.epoch
            ));
        }
    }
    if owed.progress == FenceProgress::Pending {
        if let Some(marker) = marker::fences(source) {
            world.mark(Move::Raise(marker)).await?;
        }
        let may =
            async || match fence::push(&world.own_state().await?, &peer, &configuration.region) {
                Push::Now => Ok(()),
                Push::Later | Push::Never => {
                    Err(Failure::Stale("the fence is owed no more".into()))
                }
            };
        if let Some(left) = scale::down(world, source, may).await? {
            return Ok(format!("stopping {}: {left}", configuration.peer_region()));
        }
        note(world, state, FenceProgress::Acknowledged).await?;
    }
    if at_work {
        return Ok(format!(
            "{} is fenced; it is salvaged when {} has written its report",
            configuration.peer_region(),
            owed.execution
        ));
    }
    let salvaged = match salvage(world, state.epoch, &owed.restored).await? {
        Salvage::Came(salvaged) => salvaged,
        Salvage::Asked(said) => return Ok(said),
    };
    let (lost, unknown) = (salvaged.lost.count(), salvaged.lost.unknown.clone());
    let named = match world.report(&owed.execution).await? {
        Some(mut report) => {
            report.source = Some(SourceFenced::Acknowledged);
            report.lost = Some(salvaged.lost);
            world.write_report(&report).await?;
            "the report names them"
        }
        None => "no report names them, because none could be written",
    };
    let unknown: Vec<String> = unknown
        .iter()
        .map(|(service, why)| format!("\nOf {service} it cannot be told: {why}."))
        .collect();
    let text = format!(
        "{} is fenced and what it held is saved as {} in its backups bucket. {lost} records were written there after {} and are not in {}; {named} ({}).{}",
        configuration.peer_region(),
        salvaged.salvage.folder(),
        owed.restored.name,
        configuration.region,
        owed.execution,
        unknown.concat()
    );
    let subject = format!(
        "{}: the replaced region is salvaged",
        configuration.application
    );
    world.notify(&subject, &text).await?;
    note(world, state, FenceProgress::Salvaged).await?;
    Ok(text)
}

enum Salvage {
    Came(Salvaged),
    /// What is being done, for people.
    Asked(String),
}

/// Asked for in one minute and read in a later one. A failure is replaced under the same name when it is asked for again.
async fn salvage(
    world: &impl World,
    winner: Epoch,
    against: &BackupKey,
) -> Result<Salvage, Failure> {
    let (id, source) = (
        ReplyId::of_salvage(winner),
        world.configuration().peer_region(),
    );
    let reply = world.peer_reply(&id).await?;
    let asked = match reply.map(|reply| heard(world, reply)) {
        Some(Ok(Outcome::Salvaged { salvaged })) => return Ok(Salvage::Came(salvaged)),
        Some(Ok(other)) => {
            let why = format!("{source} was asked to salvage and replied {other:?}");
            return Err(Failure::Refused(why));
        }
        Some(Err(why)) => format!("{source} was not salvaged and is asked again: {why}"),
        None => format!("{source} is asked to save what it holds"),
    };
    let to = Question::Salvage {
        epoch: winner,
        against: against.clone(),
    };
    world.ask_peer(&id, &to).await?;
    Ok(Salvage::Asked(asked))
}

/// Only while this is still the epoch that owes the fence.
async fn note(
    world: &impl World,
    seen: &RegionState,
    progress: FenceProgress,
) -> Result<(), Failure> {
    let change = |state: &RegionState| {
        let mut state = state.clone();
        if state.epoch == seen.epoch
            && let Some(fence) = &mut state.fence
        {
            fence.progress = progress;
        }
        Ok(state)
    };
    world.change_state(&change).await.map(drop)
}
