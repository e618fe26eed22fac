//! How many tasks a service is to have, and between which bounds Application Auto Scaling may change that number.

use serde::{Deserialize, Serialize};

use crate::configuration::Service;

/// A service's scalable target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Bounds {
    pub minimum: u32,
    pub maximum: u32,
    pub suspended: bool,
}

impl Bounds {
    /// As in a region that is passive or fenced: nothing starts a task there.
    pub const CLOSED: Self = Self {
        minimum: 0,
        maximum: 0,
        suspended: true,
    };

    /// Whether scaling works, and leaves this many tasks alone.
    pub fn allow(self, desired: u32) -> bool {
        !self.suspended && self.maximum >= desired
    }
}

/// What a service is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scale {
    pub desired: u32,
    pub bounds: Bounds,
}

impl Scale {
    pub const NONE: Self = Self {
        desired: 0,
        bounds: Bounds::CLOSED,
    };

    /// As in production. The minimum is the configured one, not this number: load decides once users are there. (A drill
    /// may ask for fewer.)
    pub fn serving(service: &Service, desired: u32) -> Self {
        let bounds = Bounds {
            minimum: service.minimum.min(desired),
            maximum: service.maximum.max(desired),
            suspended: false,
        };
        Self { desired, bounds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::Writes;

    fn users() -> Service {
        Service {
            name: "users".into(),
            minimum: 2,
            maximum: 10,
            writes: Writes::Any,
            data: crate::configuration::Data::Any,
            health: None,
        }
    }

    #[test]
    fn what_serves_may_be_scaled_between_the_configured_bounds_and_is_never_above_them() {
        for desired in [1, 2, 3, 10, 12] {
            let bounds = Scale::serving(&users(), desired).bounds;
            let expected = (desired.min(2), desired.max(10));
            assert_eq!((bounds.minimum, bounds.maximum), expected);
            assert!(bounds.allow(desired));
        }
    }

    #[test]
    fn closed_bounds_allow_no_task() {
        assert!(!Bounds::CLOSED.allow(0) && !Bounds::CLOSED.allow(1));
        let suspended = Bounds {
            maximum: 9,
            ..Bounds::CLOSED
        };
        assert!(!suspended.allow(3));
    }
}
