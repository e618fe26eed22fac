//! The markers: how they look from here, and the effects that the probe has on its own.

use lifeboat_aws::{
    Objects,
    ecs::{Image, Services},
};
use lifeboat_core::{
    Failure, RegionState, fence,
    marker::{Marker, Seen, TOKEN, fences},
    scaling::Scale,
    state::PeerSeen,
};

use crate::{event::Action, faults::Faults, look::within, world::World};

pub(crate) async fn seen<W: World>(world: &W, action: Action, marker: Marker) -> Seen {
    let own = marker.side() == world.configuration().side();
    let there = if own {
        let read = world.markers().get(marker.key());
        let read = within(world, action, "read", marker.key(), read).await;
        read.map(|found| found.is_some())
    } else {
        world.peer_marker(marker).await
    };
    match there {
        Ok(true) => Seen::Present,
        Ok(false) => Seen::Absent,
        Err(failure) => {
            tracing::warn!("marker {}: {failure}", marker.key());
            Seen::Unreachable
        }
    }
}

/// The marker first: what still answers must not be asked. Tasks are stopped even where it cannot be raised.
pub(crate) async fn fence<W: World>(world: &W, by: &PeerSeen, faults: &mut Faults) -> String {
    let mut done = vec![];
    match fences(world.configuration().side()) {
        Some(marker) => match faults.keep(raise(world, marker).await) {
            Some(true) => done.push(format!("raised {}", marker.key())),
            Some(false) => done.push(format!("{} is raised", marker.key())),
            None => done.push(format!("could not raise {}", marker.key())),
        },
        // A standby that was replaced while it could not be reached still claims the users.
        None => {
            let serve = Marker::Serve.key();
            match faults.keep(world.markers().delete(serve).await) {
                Some(()) => done.push(format!("{serve} is lowered")),
                None => done.push(format!("could not lower {serve}")),
            }
        }
    }
    let services = faults.keep(world.services().await);
    for service in &world.configuration().services {
        done.push(stop(world, &service.name, services.as_ref(), faults).await);
    }
    format!(
        "{} is active at epoch {}: {}",
        by.active,
        by.epoch,
        done.join("; ")
    )
}

async fn raise<W: World>(world: &W, marker: Marker) -> Result<bool, Failure> {
    let bucket = world.markers();
    if bucket
        .get(marker.key())
        .await
        .is_ok_and(|found| found.is_some_and(|o| o.body == TOKEN.as_bytes()))
    {
        return Ok(false);
    }
    bucket.put(marker.key(), TOKEN.into()).await?;
    Ok(true)
}

async fn stop<W: World>(
    world: &W,
    name: &str,
    services: Option<&Services>,
    faults: &mut Faults,
) -> String {
    let desired = match services.map(|services| services.get(name)) {
        Some(None) => return format!("{name} is not there"),
        Some(Some(deployed)) if deployed.set_to(Scale::NONE) => return format!("{name} is at 0"),
        Some(Some(deployed)) => deployed.desired.to_string(),
        None => "an unknown number".into(),
    };
    match faults.keep(world.scale(name, Scale::NONE, Image::AsDeployed).await) {
        Some(()) => format!("{name} from {desired} to 0"),
        None => format!("could not stop {name}"),
    }
}

/// A left-over `reclaim` would keep traffic from ever leaving home again.
pub(crate) async fn lower_reclaim<W: World>(
    world: &W,
    own: &RegionState,
    reclaim: Seen,
) -> Result<(), Failure> {
    let configuration = world.configuration();
    if reclaim != Seen::Present || configuration.side() != Marker::Reclaim.side() {
        return Ok(());
    }
    let (serve, fenced) = tokio::join!(
        seen(world, Action::Probe, Marker::Serve),
        seen(world, Action::Probe, Marker::Fenced)
    );
    if fence::spent(own, &configuration.region, serve, fenced) {
        world.markers().delete(Marker::Reclaim.key()).await?;
        tracing::info!(
            "lowered {}: the standby's marker is gone",
            Marker::Reclaim.key()
        );
    }
    Ok(())
}
