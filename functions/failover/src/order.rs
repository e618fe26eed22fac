//! A person's word reaches the execution through the region's state: fenced by the lease, and forgotten with it.

use lifeboat_core::{
    Failure,
    person::{Answered, Order},
};

use crate::World;

pub(crate) async fn order(world: &impl World, order: &Order) -> Result<String, Failure> {
    let me = &world.configuration().region;
    let seen = world.own_state().await?;
    let obeyed = order.obey(&seen, me)?;
    // The token first: a word that was noted and not passed on would never be.
    let mut heard = true;
    if let Some(token) = &obeyed.token {
        let answered = Answered {
            verb: order.verb,
            reason: order.reason.clone(),
            by: order.by.clone(),
            at: world.now(),
        };
        heard = world.answer(token, &answered).await?;
    }
    let change = |state: &lifeboat_core::RegionState| match state.lease == seen.lease {
        true => order.obey(state, me).map(|obeyed| obeyed.state),
        // It moved on as it was told.
        false if obeyed.token.is_some() => Ok(state.clone()),
        false => order.obey(state, me).map(|obeyed| obeyed.state),
    };
    world.change_state(&change).await?;
    match heard {
        true => Ok(format!("{}: {}", order.verb.word(), order.reason)),
        false => Err(Failure::Refused(format!(
            "{} comes too late: it was answered before, or its time was over; look at `lifeboat status`",
            order.verb.word()
        ))),
    }
}
