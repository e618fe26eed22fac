//! Where users are sent: what the zone's own name servers answer, beside the names of both regions' load balancers.

use std::{collections::BTreeSet, net::IpAddr};

use serde::{Deserialize, Serialize};

use crate::{Region, RegionPair};

/// Addresses of a name, or why nobody told.
pub type Addresses = Result<BTreeSet<IpAddr>, String>;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "are", content = "to")]
pub enum Users {
    #[default]
    NotLookedFor,
    SentTo(Region),
    /// Some to each: in the moment in which traffic moves.
    SentToBoth,
    /// To addresses that are neither region's.
    Astray(BTreeSet<IpAddr>),
    /// The name has no address.
    SentNowhere,
    CannotTell(String),
}

impl Users {
    pub fn is_not_looked_for(&self) -> bool {
        *self == Self::NotLookedFor
    }
}

/// A region whose own name is not answered may be the one that they are sent to, so of another's silence only an answer that is
/// clear without it is an answer.
pub fn judge(
    answered: &Addresses,
    home: &Addresses,
    standby: &Addresses,
    pair: &RegionPair,
) -> Users {
    let answered = match answered {
        Err(why) => return Users::CannotTell(why.clone()),
        Ok(none) if none.is_empty() => return Users::SentNowhere,
        Ok(answered) => answered,
    };
    fn meets<'a>(of: &'a Addresses, answered: &BTreeSet<IpAddr>) -> Result<bool, &'a String> {
        of.as_ref().map(|of| !of.is_disjoint(answered))
    }
    match (meets(home, answered), meets(standby, answered)) {
        (Ok(true), Ok(true)) => Users::SentToBoth,
        (Ok(true), _) => Users::SentTo(pair.home.clone()),
        (_, Ok(true)) => Users::SentTo(pair.standby.clone()),
        (Ok(false), Ok(false)) => Users::Astray(answered.clone()),
        (Err(why), _) | (_, Err(why)) => Users::CannotTell(why.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_of_the_name_servers_has_one_meaning() {
        let region = |name| Region::new(name).unwrap();
        let (home, standby) = (region("us-east-1"), region("us-west-2"));
        let pair = RegionPair::new(home.clone(), standby.clone()).unwrap();
        let of = |last: &[u8]| -> Addresses {
            Ok(last.iter().map(|n| IpAddr::from([192, 0, 2, *n])).collect())
        };
        let silent = || -> Addresses { Err("no answer".into()) };
        let cannot_tell = || Users::CannotTell("no answer".into());
        for (answered, at_home, at_standby, expected) in [
            (of(&[1]), of(&[1, 2]), of(&[3]), Users::SentTo(home.clone())),
            (
                of(&[3]),
                of(&[1, 2]),
                of(&[3]),
                Users::SentTo(standby.clone()),
            ),
            (of(&[1, 3]), of(&[1]), of(&[3]), Users::SentToBoth),
            (
                of(&[9]),
                of(&[1]),
                of(&[3]),
                Users::Astray(of(&[9]).unwrap()),
            ),
            (of(&[]), of(&[1]), of(&[3]), Users::SentNowhere),
            (silent(), of(&[1]), of(&[3]), cannot_tell()),
            (of(&[3]), silent(), of(&[3]), Users::SentTo(standby.clone())),
            (of(&[1]), of(&[1]), silent(), Users::SentTo(home.clone())),
            (of(&[1]), silent(), of(&[3]), cannot_tell()),
            (of(&[9]), of(&[1]), silent(), cannot_tell()),
            // Both load balancers without an address: users reach neither.
            (of(&[9]), of(&[]), of(&[]), Users::Astray(of(&[9]).unwrap())),
        ] {
            assert_eq!(judge(&answered, &at_home, &at_standby, &pair), expected);
        }
    }
}
