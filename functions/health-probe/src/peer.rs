//! What the other region's ECS says of its services.

use lifeboat_aws::ecs::{Deployed, Services};
use lifeboat_core::liveness::Answer;

/// One task of one service is life. Where none is wanted somebody stopped them all, which is no accident.
pub(crate) fn tasks(services: &Result<Services, Answer>) -> Answer {
    let services = match services {
        Ok(services) => services,
        Err(answer) => return answer.clone(),
    };
    if services.is_empty() {
        return Answer::Bad("none of the services is there".into());
    }
    if services.values().any(|service| service.running > 0) {
        return Answer::Good;
    }
    match services.values().map(wanted).sum::<u64>() {
        0 => Answer::Unclear("every service is scaled to no tasks".into()),
        wanted => Answer::Bad(format!("no task runs, and {wanted} are wanted")),
    }
}

fn wanted(service: &Deployed) -> u64 {
    service.desired.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_task_of_any_service_is_life_and_none_of_those_wanted_a_sign_of_death() {
        for (services, expected) in [
            (vec![(2, 0), (2, 1)], Answer::Good),
            (
                vec![(2, 0), (2, 0)],
                Answer::Bad("no task runs, and 4 are wanted".into()),
            ),
            (
                vec![(0, 0), (0, 0)],
                Answer::Unclear("every service is scaled to no tasks".into()),
            ),
            (vec![], Answer::Bad("none of the services is there".into())),
        ] {
            let services = services.into_iter().zip(["users", "posts"]);
            let services = services.map(|((desired, running), name)| {
                let deployed = Deployed {
                    desired,
                    running,
                    ..Deployed::default()
                };
                (name.to_owned(), deployed)
            });
            assert_eq!(tasks(&Ok(services.collect())), expected);
        }
        let refused = Answer::Unclear("AccessDenied".into());
        assert_eq!(tasks(&Err(refused.clone())), refused);
    }
}
