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
    /// As in a region that is fenced, or passive without warm tasks: nothing starts a task there.
    pub const CLOSED: Self = Self::at(0);

    /// Scaling neither starts nor stops a task.
    const fn at(tasks: u32) -> Self {
        Self {
            minimum: tasks,
            maximum: tasks,
            suspended: true,
        }
    }

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
    pub const NONE: Self = Self::at(0);

    const fn at(tasks: u32) -> Self {
        Self {
            desired: tasks,
            bounds: Bounds::at(tasks),
        }
    }

    /// As in a region that is passive by its own state: its warm tasks, or none.
    pub fn resting(service: &Service) -> Self {
        Self::at(service.warm)
    }

    /// What becomes of a service when its region is emptied: it is set to no more tasks than it rests at, and none is started,
    /// for that is another's.
    pub fn emptied(service: &Service, desired: u32) -> Self {
        Self::at(service.warm.min(desired))
    }

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
            holds: crate::configuration::Holds::Data,
            warm: 0,
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
    fn a_service_rests_at_its_warm_tasks_and_is_emptied_to_no_more_without_starting_any() {
        assert_eq!(Scale::resting(&users()), Scale::NONE);
        let warm = Service { warm: 2, ..users() };
        let resting = Scale::resting(&warm);
        assert_eq!((resting.desired, resting.bounds), (2, Bounds::at(2)));
        assert!(!resting.bounds.allow(2), "suspended");
        for (desired, left) in [(0, 0), (1, 1), (2, 2), (9, 2)] {
            assert_eq!(Scale::emptied(&warm, desired), Scale::at(left));
            assert_eq!(Scale::emptied(&users(), desired), Scale::NONE);
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
