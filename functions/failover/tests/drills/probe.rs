//! What the health probe of a region would answer.

use lifeboat_core::{
    SCHEMA,
    backup::{Proven, newest},
    idle::{Idle, Tasks},
    liveness::{self, Answer, Asked, Look},
    marker::Seen,
    probe::ProbeReport,
    readiness::{self, Fact, ServiceFacts},
    users::Users,
};

use crate::seat::Seat;

pub(crate) fn report(seat: &Seat<'_>) -> ProbeReport {
    let world = seat.world;
    let (own, peer) = (world.place(seat.side), world.place(seat.other()));
    let answer = |good: bool| match good {
        true => Answer::Good,
        false => Answer::Silent("timed out".into()),
    };
    let heard = |running: u32| Asked {
        answer: answer(!peer.dead && running > 0 && !world.cut_off.get()),
        milliseconds: 70,
    };
    let look = Look {
        services: peer
            .services
            .iter()
            .map(|(service, there)| (service.clone(), heard(there.running)))
            .collect(),
        tasks: answer(!peer.dead),
        heartbeat: answer(!peer.dead),
        myself: Answer::Good,
    };
    let there = ServiceFacts::default();
    let facts = readiness::Facts {
        services: own
            .services
            .keys()
            .map(|service| (service.clone(), there.clone()))
            .collect(),
        newest_backup: Ok(newest(own.backups.keys()).cloned()),
        rpo_seconds: seat.configuration.rpo_seconds,
        none_comes: None,
        reclaim: Seen::Absent,
        addresses: Fact::There,
        quota: Fact::There,
    };
    let read = (!peer.dead).then_some(&peer.state);
    let (epoch, active) = own.state.highest(read);
    ProbeReport {
        schema: SCHEMA,
        at: world.now(),
        region: seat.configuration.region.clone(),
        epoch,
        active,
        liveness: liveness::judge(&[look], seat.configuration.down_quorum),
        readiness: readiness::judge(facts, world.now()),
        look: None,
        users: Users::default(),
        down_since: world.down_since.get(),
        unready_since: None,
        peaks: [].into(),
        tasks: Tasks::default(),
        idle: Idle::default(),
        proven: Proven::default(),
        drilled: lifeboat_core::report::Rehearsed::default(),
        fenced: None,
    }
}
