//! Whether a region has room for production.

use std::collections::{BTreeMap, BTreeSet};

use super::Fact;
use crate::{Failure, Region};

/// What one service needs beyond what already runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub service: String,
    pub tasks: u32,
    pub subnets: BTreeSet<String>,
    /// Of each task; none where its task definition does not say, or is not known.
    pub cpu_units: Option<u32>,
}

/// The account's quota of Fargate on demand in a region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quota {
    pub vcpus: f64,
    pub used: f64,
}

const UNITS: f64 = 1024.0;

/// Each task takes an address of its own. `free` has no entry for a subnet that is not there.
pub fn addresses(
    needs: &[Need],
    free: Result<&BTreeMap<String, u32>, &Failure>,
    region: &Region,
) -> Fact {
    let free = match free {
        Ok(free) => free,
        Err(failure) => return Fact::CannotTell(failure.to_string()),
    };
    let all: BTreeSet<&String> = needs.iter().flat_map(|need| &need.subnets).collect();
    let gone: Vec<_> = all
        .iter()
        .filter(|subnet| !free.contains_key(**subnet))
        .collect();
    if let Some(subnet) = gone.first() {
        return Fact::Missing(format!(
            "subnet {subnet} is not in {region}; apply this region's Terraform"
        ));
    }
    let named = needs.iter().filter(|need| !need.subnets.is_empty());
    let one = |need: &Need| {
        short(
            &need.service,
            need.tasks,
            need.subnets.iter().collect(),
            free,
        )
    };
    let whole = named
        .clone()
        .map(|need| need.tasks)
        .fold(0, u32::saturating_add);
    let whole = short("production", whole, all, free);
    Fact::worst(named.map(one).chain([whole]))
}

fn short(who: &str, tasks: u32, subnets: BTreeSet<&String>, free: &BTreeMap<String, u32>) -> Fact {
    let left = subnets.iter().filter_map(|subnet| free.get(*subnet));
    let left = left.copied().fold(0, u32::saturating_add);
    match left >= tasks {
        true => Fact::There,
        false => Fact::Missing(format!(
            "{who} needs {tasks} more addresses, and {} have {left} free; free some, or add a subnet",
            subnets.into_iter().cloned().collect::<Vec<_>>().join(", "),
        )),
    }
}

pub fn quota(needs: &[Need], quota: Result<&Quota, &Failure>, region: &Region) -> Fact {
    let Quota { vcpus, used } = match quota {
        Ok(quota) => *quota,
        Err(failure) => return Fact::CannotTell(failure.to_string()),
    };
    let needs = needs.iter().filter(|need| need.tasks > 0);
    let unknown = needs.clone().find(|need| need.cpu_units.is_none());
    if let Some(need) = unknown {
        return Fact::CannotTell(format!("how much CPU a task of {} takes", need.service));
    }
    let units = needs.map(|need| f64::from(need.tasks) * f64::from(need.cpu_units.unwrap_or(0)));
    let wanted = units.sum::<f64>() / UNITS;
    let left = vcpus - used;
    match wanted <= left {
        true => Fact::There,
        false => Fact::Missing(format!(
            "production needs {wanted} more vCPUs of Fargate, and of {region}'s quota of {vcpus} there are {left} left; ask Service Quotas for more (L-3032A538)"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(service: &str, tasks: u32, subnets: &[&str]) -> Need {
        Need {
            service: service.into(),
            tasks,
            subnets: subnets.iter().map(|name| (*name).to_owned()).collect(),
            cpu_units: Some(512),
        }
    }

    fn region() -> Region {
        Region::new("us-west-2").unwrap()
    }

    fn room(needs: &[Need], free: &[(&str, u32)]) -> Fact {
        let free = free
            .iter()
            .map(|(name, free)| ((*name).to_owned(), *free))
            .collect();
        addresses(needs, Ok(&free), &region())
    }

    fn silent() -> Failure {
        Failure::unavailable("describe", "subnets", &region(), "timed out")
    }

    fn says(fact: &Fact, what: &str) -> bool {
        matches!(fact, Fact::Missing(why) if why.contains(what))
    }

    #[test]
    fn production_has_room_when_its_subnets_together_have_an_address_for_each_task() {
        let both = [need("users", 3, &["a", "b"]), need("posts", 2, &["a", "b"])];
        assert_eq!(room(&both, &[("a", 4), ("b", 1)]), Fact::There);
        let little = room(&both, &[("a", 4), ("b", 0)]);
        assert!(
            says(
                &little,
                "production needs 5 more addresses, and a, b have 4 free"
            ),
            "{little:?}"
        );
        let apart = [need("users", 3, &["a"]), need("posts", 2, &["b"])];
        let little = room(&apart, &[("a", 2), ("b", 9)]);
        assert!(says(&little, "users needs 3"), "{little:?}");
        assert_eq!(room(&[need("users", 0, &["a"])], &[("a", 0)]), Fact::There);
        assert_eq!(room(&[need("users", 3, &[])], &[]), Fact::There);
        assert!(says(
            &room(&both, &[("a", 9)]),
            "subnet b is not in us-west-2"
        ));
        let doubt = addresses(&both, Err(&silent()), &region());
        assert!(matches!(doubt, Fact::CannotTell(_)));
    }

    #[test]
    fn a_quota_that_others_have_used_up_is_missing_and_one_of_which_nobody_tells_a_doubt() {
        let both = [need("users", 3, &["a"]), need("posts", 1, &["a"])];
        let left = |vcpus, used| quota(&both, Ok(&Quota { vcpus, used }), &region());
        assert_eq!(left(6.0, 4.0), Fact::There);
        let little = left(6.0, 4.5);
        assert!(
            says(
                &little,
                "needs 2 more vCPUs of Fargate, and of us-west-2's quota of 6 there are 1.5 left"
            ),
            "{little:?}"
        );
        let mut unknown = both.clone();
        unknown[0].cpu_units = None;
        let plenty = Quota {
            vcpus: 600.0,
            used: 0.0,
        };
        assert!(matches!(
            quota(&unknown, Ok(&plenty), &region()),
            Fact::CannotTell(_)
        ));
        unknown[0].tasks = 0;
        assert_eq!(quota(&unknown, Ok(&plenty), &region()), Fact::There);
        assert!(matches!(
            quota(&both, Err(&silent()), &region()),
            Fact::CannotTell(_)
        ));
    }
}
