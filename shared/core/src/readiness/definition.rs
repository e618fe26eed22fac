//! Whether both regions start the same tasks.

use std::collections::{BTreeMap, BTreeSet};

use super::Fact;
use crate::{Failure, Region};

/// What of a task definition must be the same in both regions. Images are looked for by themselves, and values of the environment
/// are a region's own; nobody reads them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definition {
    /// As ECS counts: 1,024 are one vCPU.
    pub cpu: Option<String>,
    pub memory: Option<String>,
    pub architecture: Option<String>,
    pub task_role: Option<String>,
    pub execution_role: Option<String>,
    pub containers: BTreeMap<String, Container>,
    /// What it names of secrets and parameters beside its containers' variables, such as the password of a registry.
    pub credentials: BTreeSet<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Container {
    pub cpu: Option<i32>,
    pub memory: Option<i32>,
    /// As 8080/tcp.
    pub ports: BTreeSet<String>,
    /// Names alone.
    pub environment: BTreeSet<String>,
    /// What each variable takes its value from.
    pub secrets: BTreeMap<String, String>,
}

impl Definition {
    /// Every property that must be the same, by what people call it.
    fn said(&self, regions: [&Region; 2]) -> BTreeMap<String, String> {
        let role = |role: &Option<String>| role.as_deref().map(|role| anywhere(role, regions));
        let whole = [
            ("cpu", self.cpu.clone()),
            ("memory", self.memory.clone()),
            ("architecture", self.architecture.clone()),
            ("task role", role(&self.task_role)),
            ("execution role", role(&self.execution_role)),
        ];
        let whole = whole.map(|(what, value)| (what.to_owned(), value));
        let mut said: BTreeMap<String, String> = whole
            .into_iter()
            .filter_map(|(what, value)| Some((what, value?)))
            .collect();
        for (name, container) in &self.containers {
            let mut say = |what: String, value: String| {
                said.insert(format!("{what} of container {name}"), value);
            };
            // ECS answers nothing and zero for the same.
            let count = |count: Option<i32>| count.unwrap_or_default().to_string();
            say("cpu".into(), count(container.cpu));
            say("memory".into(), count(container.memory));
            for port in &container.ports {
                say(format!("port {port}"), String::new());
            }
            let variables = container.environment.iter();
            for variable in variables.chain(container.secrets.keys()) {
                say(format!("variable {variable}"), String::new());
            }
        }
        said
    }

    /// How many thousandths of a vCPU a task takes: 1,024 of them.
    pub fn cpu_units(&self) -> Option<u32> {
        self.cpu.as_deref()?.trim().parse().ok()
    }

    /// What differs between this one, of the first region, and the other, of the second.
    pub fn differences(&self, other: &Self, regions: [&Region; 2]) -> Vec<String> {
        let (own, others) = (self.said(regions), other.said(regions));
        let all: BTreeSet<_> = own.keys().chain(others.keys()).collect();
        let [here, there] = regions;
        let difference = |what: &String| match (own.get(what), others.get(what)) {
            (Some(own), Some(other)) => {
                (own != other).then(|| format!("{what} is {own} in {here} and {other} in {there}"))
            }
            (Some(_), None) => Some(format!("{what} is only in {here}")),
            (None, _) => Some(format!("{what} is only in {there}")),
        };
        all.into_iter().filter_map(difference).collect()
    }
}

/// A role's name without what is a region's own: the region, also as people shorten it, and the account.
fn anywhere(role: &str, regions: [&Region; 2]) -> String {
    let name = role.rsplit('/').next().unwrap_or(role).to_owned();
    let shortened = |region: &Region| {
        let name = region.as_str();
        let initials = name.split('-').map(|part| match part {
            "northeast" => "ne",
            "northwest" => "nw",
            "southeast" => "se",
            "southwest" => "sw",
            short if short.len() <= 2 => short,
            long => &long[..1],
        });
        [name.to_owned(), name.replace('-', ""), initials.collect()]
    };
    let names = regions.into_iter().flat_map(shortened);
    names.fold(name, |name, region| name.replace(&region, "*"))
}

/// Of one service: what this region would start, beside what the other one starts.
pub fn same(
    own: &Result<Definition, Failure>,
    other: &Result<Definition, Failure>,
    regions: [&Region; 2],
) -> Fact {
    match (own, other) {
        (Err(failure), _) | (_, Err(failure)) => Fact::CannotTell(failure.to_string()),
        (Ok(own), Ok(other)) => match own.differences(other, regions).join("; ") {
            none if none.is_empty() => Fact::There,
            differences => Fact::Missing(format!(
                "its task definition is not the other region's: {differences}; apply Terraform in the region that is behind, and deploy there"
            )),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(region: &str, change: impl Fn(&mut Definition)) -> Result<Definition, Failure> {
        let names = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect();
        let secret = format!("arn:aws:secretsmanager:{region}:1:secret:key");
        let users = Container {
            ports: names(&["8080/tcp"]),
            environment: names(&["DATA", "ROLE"]),
            secrets: [("KEY".to_owned(), secret)].into(),
            ..Container::default()
        };
        let mut definition = Definition {
            cpu: Some("256".into()),
            memory: Some("512".into()),
            architecture: Some("X86_64".into()),
            execution_role: Some(format!("arn:aws:iam::1:role/forum-execution-{region}")),
            containers: [("users".to_owned(), users)].into(),
            ..Definition::default()
        };
        change(&mut definition);
        Ok(definition)
    }

    fn regions() -> [Region; 2] {
        ["us-west-2", "us-east-1"].map(|name| Region::new(name).unwrap())
    }

    fn compared(change: impl Fn(&mut Definition)) -> Fact {
        let [here, there] = &regions();
        let own = of("us-west-2", change);
        same(&own, &of("us-east-1", |_| {}), [here, there])
    }

    #[test]
    fn what_is_a_regions_own_makes_no_other_definition() {
        assert_eq!(compared(|_| {}), Fact::There);
        let [here, there] = &regions();
        for [own, other] in [
            [
                "arn:aws:iam::1:role/a-us-west-2",
                "arn:aws:iam::2:role/a-us-east-1",
            ],
            [
                "arn:aws:iam::1:role/usw2/a-usw2",
                "arn:aws:iam::1:role/use1/a-use1",
            ],
            [
                "arn:aws:iam::1:role/uswest2-a",
                "arn:aws:iam::1:role/useast1-a",
            ],
        ] {
            assert_eq!(anywhere(own, [here, there]), anywhere(other, [here, there]));
        }
    }

    #[test]
    fn what_differs_is_named_and_no_value_of_the_environment_is() {
        let users = |d: &mut Definition, change: fn(&mut Container)| {
            change(d.containers.get_mut("users").unwrap());
        };
        for (fact, says) in [
            (
                compared(|d| d.cpu = Some("512".into())),
                "cpu is 512 in us-west-2 and 256 in us-east-1",
            ),
            (compared(|d| d.memory = None), "memory is only in us-east-1"),
            (
                compared(|d| d.architecture = Some("ARM64".into())),
                "architecture is ARM64",
            ),
            (
                compared(|d| d.execution_role = Some("role/other".into())),
                "execution role is other in",
            ),
            (
                compared(|d| d.task_role = Some("role/a".into())),
                "task role is only in us-west-2",
            ),
            (
                compared(|d| users(d, |c| c.memory = Some(64))),
                "memory of container users is 64",
            ),
            (
                compared(|d| users(d, |c| c.ports.clear())),
                "port 8080/tcp of container users is only in us-east-1",
            ),
            (
                compared(|d| users(d, |c| c.environment.extend(["DEBUG".into()]))),
                "variable DEBUG of container users is only in us-west-2",
            ),
            (
                compared(|d| users(d, |c| c.secrets.clear())),
                "variable KEY of container users is only in us-east-1",
            ),
            (
                compared(|d| d.containers.clear()),
                "of container users is only in us-east-1",
            ),
        ] {
            match fact {
                Fact::Missing(why) => assert!(why.contains(says), "{why}"),
                other => panic!("{says}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_region_that_does_not_answer_leaves_a_doubt_and_no_difference() {
        let [here, there] = &regions();
        let silent = || Err(Failure::unavailable("describe", "t", there, "timed out"));
        for (own, other) in [
            (silent(), of("us-east-1", |_| {})),
            (of("us-west-2", |_| {}), silent()),
        ] {
            assert!(matches!(
                same(&own, &other, [here, there]),
                Fact::CannotTell(_)
            ));
        }
    }
}
