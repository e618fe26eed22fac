//! The drill of each month, so that it is not a person who has to remember it. Both regions are told; the passive one begins.

use lifeboat_core::{
    Failure,
    request::{Mode, Request, RequestedBy},
    run::name_of,
};

use crate::{Started, World};

pub(crate) async fn rehearse(world: &impl World) -> Result<String, Failure> {
    let (own, peer) = tokio::join!(world.own_state(), world.peer_state());
    let configuration = world.configuration();
    let (me, other) = (&configuration.region, configuration.peer_region());
    // One that was replaced without having heard of it must not rehearse beside itself; the decision asks again.
    if own?.highest(peer.ok().as_ref()).1 == *me {
        return Ok(format!("{me} serves; the drill is {other}'s"));
    }
    let request = Request::new(Mode::Drill, RequestedBy::Schedule, "the schedule's drill");
    // An event that comes twice starts one.
    let hour = world.now().strftime("%Y%m%d-%H");
    let name = format!("{}-drill-{hour}", configuration.application);
    Ok(match world.start(&name, &request).await? {
        Started::Now(execution) => format!("{} has started", name_of(&execution)),
        Started::Already(execution) => format!("{} was started before", name_of(&execution)),
    })
}
