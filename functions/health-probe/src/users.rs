//! Where the zone's own name servers send users.

use lifeboat_core::{
    Failure,
    users::{self, Addresses, Users},
};

use crate::{event::Action, wait::Wait, world::World};

/// The three names at once. Nothing is decided by it, so whoever only looks does not ask.
pub(crate) async fn sent<W: World>(world: &W, action: Action) -> Result<Users, Failure> {
    if action == Action::Look {
        return Ok(Users::NotLookedFor);
    }
    let configuration = world.configuration();
    let wait = &Wait::begin(action, &configuration.region);
    let domain = &configuration.traffic.domain;
    let (home, standby) = (&configuration.home, &configuration.standby);
    let ask = async |name: String| -> Addresses {
        let asked = async { Ok(world.addresses(&name).await) };
        let told = wait.get("look up", &name, asked).await;
        told.unwrap_or_else(|failure| Err(failure.to_string()))
    };
    let (answered, home, standby) = tokio::join!(
        ask(domain.clone()),
        ask(format!("{home}.{domain}")),
        ask(format!("{standby}.{domain}")),
    );
    Ok(users::judge(
        &answered,
        &home,
        &standby,
        &configuration.pair()?,
    ))
}
