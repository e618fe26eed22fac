use super::Fact;
use crate::{
    Failure, Region,
    liveness::Answer,
    scaling::{Bounds, Scale},
};

/// Whether a passive region's service is set to no task, and scaling starts none there. None of the bounds: Application Auto
/// Scaling does not answer, or does not know the service; an execution registers it.
pub fn closed(desired: u32, bounds: Option<Bounds>) -> Fact {
    let Scale {
        desired: wanted,
        bounds: closed,
    } = Scale::NONE;
    match bounds {
        _ if desired > wanted => Fact::Missing(format!(
            "it is set to {desired} tasks, and a passive region has none: nothing is restored beside tasks; set it to 0"
        )),
        None => Fact::CannotTell("scaling says nothing of it".into()),
        Some(bounds) if bounds != closed => Fact::Missing(format!(
            "scaling keeps it between {} and {} tasks{}, and in a passive region between 0 and 0, suspended: it could start tasks beside a restore; close it (see the runbook)",
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
        assert_eq!(closed(0, Some(Bounds::CLOSED)), Fact::There);
        assert!(matches!(closed(0, None), Fact::CannotTell(_)));
        for (desired, bounds, says) in [
            (2, Some(Bounds::CLOSED), "set to 2 tasks"),
            (1, None, "set to 1 tasks"),
            (0, Some(open), "between 2 and 10 tasks, and"),
            (0, Some(suspended), "between 2 and 10 tasks, suspended, and"),
        ] {
            match closed(desired, bounds) {
                Fact::Missing(why) => assert!(why.contains(says), "{why}"),
                other => panic!("{other:?}"),
            }
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
