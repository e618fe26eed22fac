use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// The name of an AWS region, for example `us-west-2`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(String);

impl Region {
    pub fn new(name: impl Into<String>) -> Result<Self, Invalid> {
        let name = name.into();
        let parts: Vec<&str> = name.split('-').collect();
        let shaped = parts.len() >= 3
            && parts[..parts.len() - 1]
                .iter()
                .all(|p| p.len() >= 2 && p.chars().all(|c| c.is_ascii_lowercase()))
            && parts[parts.len() - 1].chars().all(|c| c.is_ascii_digit());
        if shaped {
            Ok(Self(name))
        } else {
            Err(Invalid::new(
                "region",
                "the name of an AWS region such as us-east-1",
                format!("{name:?}"),
            ))
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Region {
    type Error = Invalid;
    fn try_from(name: String) -> Result<Self, Invalid> {
        Self::new(name)
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a region stands in its pair. It never changes; which one is *active* does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Home,
    Standby,
}

impl Side {
    pub fn other(self) -> Self {
        match self {
            Self::Home => Self::Standby,
            Self::Standby => Self::Home,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionPair {
    pub home: Region,
    pub standby: Region,
}

impl RegionPair {
    pub fn new(home: Region, standby: Region) -> Result<Self, Invalid> {
        if home == standby {
            return Err(Invalid::new("standby", "another region than home", home));
        }
        Ok(Self { home, standby })
    }

    pub fn side(&self, region: &Region) -> Result<Side, Invalid> {
        if *region == self.home {
            Ok(Side::Home)
        } else if *region == self.standby {
            Ok(Side::Standby)
        } else {
            Err(Invalid::new(
                "region",
                format!("{} or {}", self.home, self.standby),
                region,
            ))
        }
    }

    pub fn region(&self, side: Side) -> &Region {
        match side {
            Side::Home => &self.home,
            Side::Standby => &self.standby,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_no_region_is_refused() {
        for name in ["", "us", "us-east", "US-EAST-1", "us-east-1a", "us_east_1"] {
            assert!(Region::new(name).is_err(), "{name:?}");
        }
        assert!(Region::new("us-gov-west-1").is_ok());
    }

    #[test]
    fn the_same_region_twice_is_no_pair() {
        let region = Region::new("us-east-1").unwrap();
        let refused = RegionPair::new(region.clone(), region).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "standby: expected another region than home, found us-east-1"
        );
    }
}
