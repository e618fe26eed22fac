//! Two looks at the peer, each from more than one side.

use std::time::Duration;

use futures::future::join_all;
use lifeboat_core::{
    Failure, RegionState,
    liveness::{Answer, Look},
};

use crate::world::World;

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
            control_plane,
            storage,
            myself,
        } = &self.look;
        [control_plane, storage, myself]
            .into_iter()
            .chain(services.values())
            .all(Answer::good)
    }
}

/// All looks, and the newest states that any of them read.
#[derive(Debug)]
pub struct Seen {
    pub looks: Vec<Look>,
    pub own: Option<RegionState>,
    pub peer: Result<RegionState, Failure>,
}

pub async fn looks<W: World>(world: &W) -> Result<Seen, Failure> {
    let first = look(world).await?;
    if first.entirely_good() {
        return Ok(Seen {
            looks: vec![first.look],
            own: first.own,
            peer: first.peer,
        });
    }
    let seconds = world.configuration().look_interval_seconds;
    world.pause(Duration::from_secs(seconds)).await;
    let second = look(world).await?;
    Ok(Seen {
        looks: vec![first.look, second.look],
        own: second.own.or(first.own),
        peer: second.peer.or(first.peer),
    })
}

async fn look<W: World>(world: &W) -> Result<Sight, Failure> {
    let configuration = world.configuration();
    let pair = configuration.pair()?;
    let services = configuration
        .services
        .iter()
        .map(async |service| (service.name.clone(), world.peer_health(&service.name).await));
    let (services, control_plane, peer, own) = tokio::join!(
        join_all(services),
        world.peer_control_plane(),
        world.peer_state(),
        within(world, "read", "state.json", world.control().state(&pair)),
    );
    Ok(Sight {
        look: Look {
            services: services.into_iter().collect(),
            control_plane,
            storage: storage(&peer),
            myself: storage(&own),
        },
        own: own.ok().map(|(state, _)| state),
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

/// A region that is slow with its own answers must not keep the probe from saying what it saw of the other.
pub(crate) async fn within<W: World, T>(
    world: &W,
    operation: &str,
    object: &str,
    answer: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    const PATIENCE: Duration = Duration::from_secs(10);
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(Failure::unavailable(
            operation,
            object,
            &world.configuration().region,
            format!("no answer within {} s", PATIENCE.as_secs()),
        )),
    }
}
