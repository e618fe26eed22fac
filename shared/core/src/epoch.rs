use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Side;

/// Grows with every change of the active region. Odd ones belong to the standby and even ones to home, so two
/// executions that cannot see each other never take the same.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Epoch(pub u64);

impl Epoch {
    pub fn side(self) -> Side {
        if self.0.is_multiple_of(2) {
            Side::Home
        } else {
            Side::Standby
        }
    }

    /// The smallest epoch of `side` above every epoch it has seen.
    pub fn next(side: Side, own: Epoch, peer: Epoch) -> Epoch {
        let above = Epoch(own.0.max(peer.0) + 1);
        if above.side() == side {
            above
        } else {
            Epoch(above.0 + 1)
        }
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_epoch_is_the_smallest_of_my_parity_above_all_seen() {
        assert_eq!(Epoch::next(Side::Standby, Epoch(0), Epoch(0)), Epoch(1));
        assert_eq!(Epoch::next(Side::Home, Epoch(0), Epoch(1)), Epoch(2));
        assert_eq!(Epoch::next(Side::Standby, Epoch(1), Epoch(4)), Epoch(5));
        assert_eq!(Epoch::next(Side::Standby, Epoch(1), Epoch(1)), Epoch(3));
    }

    #[test]
    fn two_partitioned_regions_never_take_the_same_epoch() {
        for own in 0..20 {
            for peer in 0..20 {
                let home = Epoch::next(Side::Home, Epoch(own), Epoch(peer));
                let standby = Epoch::next(Side::Standby, Epoch(peer), Epoch(own));
                assert_ne!(home, standby);
                assert!(home.0 > own && standby.0 > peer);
            }
        }
    }
}
