//! Looks at the peer, each in three ways at once.

use std::time::Duration;

use futures::future::join_all;
use jiff::Timestamp;
use lifeboat_core::{
    Failure, RegionState,
    liveness::{Answer, Asked, Look, heartbeat},
};

use crate::{event::Action, peer, wait::Wait, world::World};

/// What a look found, and the states that were read on the way.
#[derive(Debug)]
pub struct Sight {
    pub look: Look,
    pub own: Option<RegionState>,
    pub peer: Result<RegionState, Failure>,
}

impl Sight {
    fn entirely_good(&self) -> bool {
        let Look {
            services,
            tasks,
            heartbeat,
            myself,
        } = &self.look;
        [tasks, heartbeat, myself].into_iter().all(Answer::good)
            && services.values().all(Asked::good)
    }
}

/// All looks, and the newest states that any of them read.
#[derive(Debug)]
pub struct Seen {
    pub looks: Vec<Look>,
    pub own: Option<RegionState>,
    pub peer: Result<RegionState, Failure>,
}

/// A probe looks twice where the first look was not entirely good; whoever only looks is waited for, and looks once.
pub async fn looks<W: World>(world: &W, action: Action, now: Timestamp) -> Result<Seen, Failure> {
    let first = look(world, action, now).await?;
    if first.entirely_good() || action == Action::Look {
        return Ok(Seen {
            looks: vec![first.look],
            own: first.own,
            peer: first.peer,
        });
    }
    let seconds = world.configuration().look_interval_seconds;
    world.pause(Duration::from_secs(seconds)).await;
    let second = look(world, action, now).await?;
    Ok(Seen {
        looks: vec![first.look, second.look],
        own: second.own.or(first.own),
        peer: second.peer.or(first.peer),
    })
}

async fn look<W: World>(world: &W, action: Action, now: Timestamp) -> Result<Sight, Failure> {
    let configuration = world.configuration();
    let pair = configuration.pair()?;
    let services = configuration
        .services
        .iter()
        .map(async |service| (service.name.clone(), world.peer_health(&service.name).await));
    let own = world.control().state(&pair);
    let (services, tasks, heard, peer, own) = tokio::join!(
        join_all(services),
        world.peer_services(),
        world.peer_heartbeat(),
        world.peer_state(),
        within(world, action, "read", "state.json", own),
    );
    Ok(Sight {
        look: Look {
            services: services.into_iter().collect(),
            tasks: peer::tasks(&tasks),
            heartbeat: heartbeat(heard, now),
            myself: storage(&own),
        },
        own: own.ok(),
        peer,
    })
}

/// A state that cannot be understood has been read: the storage is well.
fn storage<T>(read: &Result<T, Failure>) -> Answer {
    match read {
        Ok(_) | Err(Failure::Invalid(_)) => Answer::Good,
        Err(failure) => Answer::Bad(failure.to_string()),
    }
}

/// One question by itself.
pub(crate) async fn within<W: World, T>(
    world: &W,
    action: Action,
    operation: &str,
    object: &str,
    answer: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let wait = Wait::begin(action, &world.configuration().region);
    wait.get(operation, object, answer).await
}
