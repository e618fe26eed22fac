//! Whether what a service's tasks and data take from Secrets Manager and Parameter Store is in this region. It is described and
//! never read.

use std::collections::BTreeSet;

use super::Fact;
use crate::{Failure, Region};

/// What a task definition's `valueFrom`, or the configuration, names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// By its ARN, without the key and the version that may follow it.
    Secret(String),
    /// By each name that may be meant: an ARN says less than a name.
    Parameter(Vec<String>),
}

/// What is named, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Needed {
    pub name: Name,
    /// None where the region of whoever names it is meant.
    region: Option<String>,
}

impl Needed {
    pub fn parse(value: &str) -> Self {
        let parts: Vec<&str> = value.split(':').collect();
        match parts[..] {
            ["arn", _, "secretsmanager", region, _, "secret", _, ..] => Self {
                name: Name::Secret(parts[..7].join(":")),
                region: Some(region.to_owned()),
            },
            ["arn", _, "ssm", region, _, parameter, ..] if parameter.starts_with("parameter/") => {
                let name = parameter.trim_start_matches("parameter/");
                Self {
                    name: Name::Parameter(vec![name.to_owned(), format!("/{name}")]),
                    region: Some(region.to_owned()),
                }
            }
            _ => Self {
                name: Name::Parameter(vec![value.to_owned()]),
                region: None,
            },
        }
    }

    pub fn of(&self, own: &Region) -> bool {
        let region = self.region.as_deref();
        region.is_none_or(|region| region == own.as_str())
    }
}

impl Name {
    fn say(&self) -> String {
        match self {
            Self::Secret(arn) => format!("secret {arn}"),
            Self::Parameter(names) => format!("parameter {}", names.join(" or ")),
        }
    }
}

/// Of one service. What is named in another region is missing, whether it is there or not: it dies with that region.
pub fn secrets(
    needed: &BTreeSet<Needed>,
    seen: impl Fn(&Name) -> Result<bool, Failure>,
    own: &Region,
) -> Fact {
    Fact::worst(needed.iter().map(|needed| {
        let name = needed.name.say();
        if !needed.of(own) {
            return Fact::Missing(format!(
                "it takes {name}, which is not of {own} and is lost with its region; replicate it, and name the copy"
            ));
        }
        match seen(&needed.name) {
            Ok(true) => Fact::There,
            Ok(false) => Fact::Missing(format!(
                "{name} is not in {own}, or is about to be deleted; without it no task starts"
            )),
            Err(failure) => Fact::CannotTell(failure.to_string()),
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "arn:aws:secretsmanager:us-west-2:1:secret:key-AbCdEf";

    #[test]
    fn a_secret_is_its_arn_without_key_and_version_and_a_parameter_each_name_that_may_be_meant() {
        for value in [
            SECRET.to_owned(),
            format!("{SECRET}:user::"),
            format!("{SECRET}:user:AWSCURRENT:"),
        ] {
            assert_eq!(Needed::parse(&value).name, Name::Secret(SECRET.into()));
        }
        let names = |value| match Needed::parse(value).name {
            Name::Parameter(names) => names,
            other => panic!("{other:?}"),
        };
        assert_eq!(names("key"), ["key"]);
        assert_eq!(names("/forum/key"), ["/forum/key"]);
        let arn = "arn:aws:ssm:us-west-2:1:parameter/forum/key";
        assert_eq!(names(arn), ["forum/key", "/forum/key"]);
    }

    #[test]
    fn what_is_not_there_is_missing_and_what_another_region_has_is_too() {
        let own = Region::new("us-west-2").unwrap();
        let needed = |value: &str| [Needed::parse(value)].into();
        let throttled = Failure::unavailable("describe", "secret", &own, "throttled");
        let (there, gone) = (|_: &Name| Ok(true), |_: &Name| Ok(false));
        assert_eq!(secrets(&needed(SECRET), there, &own), Fact::There);
        assert_eq!(secrets(&needed("/forum/key"), there, &own), Fact::There);
        assert_eq!(secrets(&BTreeSet::new(), gone, &own), Fact::There);
        let missing = |fact| matches!(fact, Fact::Missing(why) if !why.contains("AbCdEf:"));
        assert!(missing(secrets(&needed(SECRET), gone, &own)));
        let foreign = SECRET.replace("us-west-2", "us-east-1");
        assert!(missing(secrets(&needed(&foreign), there, &own)));
        let doubt = secrets(&needed(SECRET), |_| Err(throttled.clone()), &own);
        assert!(matches!(doubt, Fact::CannotTell(_)));
    }
}
