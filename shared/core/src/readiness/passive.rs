use super::Fact;
use crate::{
    Failure, Region,
    liveness::Answer,
    scaling::{Bounds, Scale},
};

/// Whether a passive region's service is set to as many tasks as it rests at, all of them run, and scaling starts none. None of
/// the bounds: Application Auto Scaling does not answer, or does not know the service; an execution registers it. More that run
/// than it is set to are on their way out, or replaced by a deployment.
pub fn closed(resting: Scale, desired: u32, running: u32, bounds: Option<Bounds>) -> Fact {
    let Scale {
        desired: wanted,
        bounds: closed,
    } = resting;
    match bounds {
        _ if desired > 0 && wanted == 0 => Fact::Missing(format!(
            "it is set to {desired} tasks, and a passive region has none: nothing is restored beside tasks; set it to 0"
        )),
        _ if desired > wanted => Fact::Missing(format!(
            "it is set to {desired} tasks, and in a passive region it rests at {wanted}; set it to {wanted}"
        )),
        _ if desired < wanted => Fact::Missing(format!(
            "it is set to {desired} tasks, and in a passive region it rests at {wanted}; the probe sets it to {wanted} as soon as nobody is at work in either region, so look at its log"
        )),
        _ if running < wanted => Fact::Missing(format!(
            "{running} of the {wanted} tasks that it rests at run; look at the service's events"
        )),
        None => Fact::CannotTell("scaling says nothing of it".into()),
        Some(bounds) if bounds != closed => Fact::Missing(format!(
            "scaling keeps it between {} and {} tasks{}, and in a passive region between {wanted} and {wanted}, suspended: it could start tasks beside a restore; close it (see the runbook)",
            bounds.minimum,
            bounds.maximum,
            if bounds.suspended { ", suspended" } else { "" },
        )),
        Some(_) => Fact::There,
    }
}

/// Whether users would reach a service: each of its target groups is there, and where its tasks run it answers through this
/// region's own load balancer.
pub fn target(
    groups: &[(&str, Result<bool, Failure>)],
    answered: Option<&Answer>,
    region: &Region,
) -> Fact {
    let groups = groups.iter().map(|(group, there)| match there {
        Ok(true) => Fact::There,
        Ok(false) => Fact::Missing(format!(
            "its target group {group} is not in {region}; apply this region's Terraform"
        )),
        Err(failure) => Fact::CannotTell(failure.to_string()),
    });
    let answered = match answered {
        None | Some(Answer::Good) => Fact::There,
        Some(Answer::Bad(why) | Answer::Silent(why)) => Fact::Missing(format!(
            "its tasks run, and through the load balancer of {region} it does not answer well ({why}); look at its tasks' logs and at its target group"
        )),
        Some(Answer::Unclear(why)) => Fact::CannotTell(why.clone()),
    };
    Fact::worst(groups.chain([answered]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::{Service, sample};

    #[test]
    fn only_no_task_between_suspended_zeros_is_as_a_passive_region_must_be() {
        let open = Bounds {
            minimum: 2,
            maximum: 10,
            suspended: false,
        };
        let suspended = Bounds {
            suspended: true,
            ..open
        };
        let closed = |desired, bounds| closed(Scale::NONE, desired, desired, bounds);
        assert_eq!(closed(0, Some(Bounds::CLOSED)), Fact::There);
        assert!(matches!(closed(0, None), Fact::CannotTell(_)));
        for (desired, bounds, says) in [
            (2, Some(Bounds::CLOSED), "set to 2 tasks"),
            (1, None, "set to 1 tasks"),
            (0, Some(open), "between 2 and 10 tasks, and"),
            (0, Some(suspended), "between 2 and 10 tasks, suspended, and"),
        ] {
            assert_missing(&closed(desired, bounds), says);
        }
    }

    #[test]
    fn warm_tasks_are_as_many_as_it_rests_at_and_all_of_them_run() {
        let service = Service {
            warm: 2,
            ..sample("us-west-2").services[0].clone()
        };
        let resting = Scale::resting(&service);
        let (rests, open) = (resting.bounds, Scale::serving(&service, 2).bounds);
        let of = |desired, running, bounds| closed(resting, desired, running, bounds);
        assert_eq!(of(2, 2, Some(rests)), Fact::There);
        // A deployment runs the old ones beside the new ones.
        assert_eq!(of(2, 4, Some(rests)), Fact::There);
        assert!(matches!(of(2, 2, None), Fact::CannotTell(_)));
        for (desired, running, bounds, says) in [
            (
                0,
                0,
                rests,
                "set to 0 tasks, and in a passive region it rests at 2",
            ),
            (1, 1, rests, "the probe sets it to 2"),
            (3, 3, rests, "rests at 2; set it to 2"),
            (2, 1, rests, "1 of the 2 tasks"),
            (
                2,
                2,
                open,
                "between 2 and 10 tasks, and in a passive region between 2 and 2",
            ),
            (2, 2, Bounds::CLOSED, "between 0 and 0 tasks, suspended"),
        ] {
            assert_missing(&of(desired, running, Some(bounds)), says);
        }
    }

    fn assert_missing(fact: &Fact, says: &str) {
        match fact {
            Fact::Missing(why) => assert!(why.contains(says), "{why}"),
            other => panic!("{says}: {other:?}"),
        }
    }

    #[test]
    fn a_target_is_there_when_its_groups_are_and_its_tasks_answer() {
        let region = Region::new("us-west-2").unwrap();
        let silent = Failure::unavailable("describe", "target group a", &region, "throttled");
        let bad = Answer::Bad("status 503".into());
        let unclear = Answer::Unclear("refused".into());
        let missing = |fact: &Fact| matches!(fact, Fact::Missing(_));
        let doubtful = |fact: &Fact| matches!(fact, Fact::CannotTell(_));
        let at = |there, answered| target(&[("b", Ok(true)), ("a", there)], answered, &region);
        assert_eq!(target(&[], None, &region), Fact::There);
        assert_eq!(at(Ok(true), None), Fact::There);
        assert_eq!(at(Ok(true), Some(&Answer::Good)), Fact::There);
        assert!(missing(&at(Ok(false), Some(&Answer::Good))));
        assert!(missing(&at(Ok(true), Some(&bad))));
        assert!(missing(&at(Err(silent.clone()), Some(&bad))));
        assert!(doubtful(&at(Err(silent), Some(&Answer::Good))));
        assert!(doubtful(&at(Ok(true), Some(&unclear))));
    }
}
