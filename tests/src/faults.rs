//! What goes wrong, and where.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::traffic::Target;

/// How a place behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    #[default]
    Alive,
    /// The connection is closed without an answer.
    Refusing,
    /// Connections are accepted and nothing is ever said on them.
    Hanging,
    /// Every answer comes this much later.
    Slow(Duration),
    /// Calls are answered with a throttling error.
    Throttled,
}

/// A place that a fault is set for: a region, or one service or one action in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub region: String,
    pub service: Option<String>,
    pub action: Option<String>,
}

impl Place {
    pub fn region(region: &str) -> Self {
        Self {
            region: region.to_owned(),
            service: None,
            action: None,
        }
    }

    fn covers(&self, target: &Target) -> bool {
        target.region.as_deref() == Some(self.region.as_str())
            && self
                .service
                .as_ref()
                .is_none_or(|service| *service == target.service)
            && self
                .action
                .as_ref()
                .is_none_or(|action| *action == target.action)
    }
}

/// A function of the local cloud that made a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Caller {
    pub region: String,
    pub function: String,
}

pub type Faults = BTreeMap<Place, Fault>;

/// What a call meets: the fault of its target, or that of its caller's own region, for a dead region does not act either.
pub fn met(faults: &Faults, target: &Target, caller: Option<&Caller>) -> Fault {
    let own = caller.and_then(|caller| faults.get(&Place::region(&caller.region)));
    if let Some(fault @ (Fault::Refusing | Fault::Hanging)) = own {
        return *fault;
    }
    // The narrowest place wins; of the same region, one without a service sorts first.
    let found = faults.iter().rfind(|(place, _)| place.covers(target));
    found.map(|(_, fault)| *fault).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(region: &str, service: &str) -> Target {
        Target {
            region: Some(region.into()),
            service: service.into(),
            ..Target::default()
        }
    }

    #[test]
    fn the_narrowest_place_decides() {
        let slow = Fault::Slow(Duration::from_secs(1));
        let s3 = Place {
            service: Some("s3".into()),
            ..Place::region("us-west-2")
        };
        let faults = Faults::from([(Place::region("us-west-2"), Fault::Refusing), (s3, slow)]);
        assert_eq!(met(&faults, &to("us-west-2", "s3"), None), slow);
        assert_eq!(met(&faults, &to("us-west-2", "ecs"), None), Fault::Refusing);
        assert_eq!(met(&faults, &to("us-east-1", "s3"), None), Fault::Alive);
    }

    #[test]
    fn a_function_of_a_dead_region_reaches_nobody() {
        let faults = Faults::from([(Place::region("us-east-1"), Fault::Hanging)]);
        let caller = Caller {
            region: "us-east-1".into(),
            function: "forum-health-probe".into(),
        };
        assert_eq!(
            met(&faults, &to("us-west-2", "s3"), Some(&caller)),
            Fault::Hanging
        );
    }
}
