//! The three objects that move traffic without Route 53's control plane.

use serde::{Deserialize, Serialize};

use crate::{Side, request::Mode};

/// What a raised marker holds; the health checks look for exactly this text.
pub const TOKEN: &str = "lifeboat-marker-raised";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Marker {
    Serve,
    Fenced,
    Reclaim,
}

impl Marker {
    pub const ALL: [Marker; 3] = [Marker::Serve, Marker::Fenced, Marker::Reclaim];

    pub fn key(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Fenced => "fenced",
            Self::Reclaim => "reclaim",
        }
    }

    /// The side whose bucket holds it.
    pub fn side(self) -> Side {
        match self {
            Self::Serve => Side::Standby,
            Self::Fenced | Self::Reclaim => Side::Home,
        }
    }

    /// Whether its health check is inverted: healthy while the marker is down.
    pub fn inverted(self) -> bool {
        match self {
            Self::Serve | Self::Fenced => true,
            Self::Reclaim => false,
        }
    }
}

/// How one marker looks from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    Present,
    Absent,
    Unreachable,
}

/// Where Route 53 sends users: home while at least two of its three children are healthy.
pub fn answers(serve: Seen, fenced: Seen, reclaim: Seen) -> Side {
    let votes = [
        (Marker::Serve, serve),
        (Marker::Fenced, fenced),
        (Marker::Reclaim, reclaim),
    ]
    .into_iter()
    .filter(|(marker, seen)| (*seen == Seen::Present) != marker.inverted())
    .count();
    if votes >= 2 {
        Side::Home
    } else {
        Side::Standby
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Move {
    Raise(Marker),
    Lower(Marker),
}

impl Move {
    pub fn marker(self) -> Marker {
        match self {
            Self::Raise(marker) | Self::Lower(marker) => marker,
        }
    }
}

/// What moves traffic to `target`, in order. Unplanned moves stay in the target's own region.
pub fn moves(target: Side, mode: Mode) -> Vec<Move> {
    match (target, mode) {
        (_, Mode::Plan | Mode::Drill) => vec![],
        (Side::Standby, Mode::Planned) => {
            vec![Move::Raise(Marker::Serve), Move::Raise(Marker::Fenced)]
        }
        (Side::Standby, Mode::Unplanned) => vec![Move::Raise(Marker::Serve)],
        (Side::Home, Mode::Planned) => {
            vec![Move::Lower(Marker::Fenced), Move::Lower(Marker::Serve)]
        }
        (Side::Home, Mode::Unplanned) => {
            vec![Move::Lower(Marker::Fenced), Move::Raise(Marker::Reclaim)]
        }
    }
}

/// The marker that fences a region; the standby has none, its tasks are what is fenced.
pub fn fences(source: Side) -> Option<Marker> {
    match source {
        Side::Home => Some(Marker::Fenced),
        Side::Standby => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Seen::{Absent as A, Present as P, Unreachable as U};
    use super::Side::{Home as H, Standby as S};
    use super::*;

    #[test]
    fn the_table_of_all_27_combinations_has_the_answer_each_must_give() {
        // serve, fenced, reclaim -> who is answered
        let table = [
            (A, A, A, H),
            (A, A, P, H),
            (A, A, U, H),
            (A, P, A, S),
            (A, P, P, H),
            (A, P, U, S),
            (A, U, A, H),
            (A, U, P, H),
            (A, U, U, H),
            (P, A, A, S),
            (P, A, P, H),
            (P, A, U, S),
            (P, P, A, S),
            (P, P, P, S),
            (P, P, U, S),
            (P, U, A, S),
            (P, U, P, H),
            (P, U, U, S),
            (U, A, A, H),
            (U, A, P, H),
            (U, A, U, H),
            (U, P, A, S),
            (U, P, P, H),
            (U, P, U, S),
            (U, U, A, H),
            (U, U, P, H),
            (U, U, U, H),
        ];
        for (serve, fenced, reclaim, expected) in table {
            assert_eq!(
                answers(serve, fenced, reclaim),
                expected,
                "serve {serve:?}, fenced {fenced:?}, reclaim {reclaim:?}"
            );
        }
        let mut seen: Vec<String> = table
            .iter()
            .map(|(s, f, r, _)| format!("{s:?}{f:?}{r:?}"))
            .collect();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 27);
    }

    #[test]
    fn a_failover_that_could_only_raise_serve_moves_traffic_while_home_is_unreachable() {
        assert_eq!(answers(P, U, U), S);
    }

    #[test]
    fn a_fenced_home_keeps_traffic_away_when_the_standbys_storage_is_gone() {
        assert_eq!(answers(U, P, A), S);
    }

    #[test]
    fn home_can_be_reclaimed_without_the_standby() {
        assert_eq!(answers(P, A, P), H);
        assert_eq!(answers(U, A, P), H);
    }

    #[test]
    fn an_unplanned_move_touches_only_its_target() {
        for target in [H, S] {
            assert!(
                moves(target, Mode::Unplanned)
                    .iter()
                    .all(|m| m.marker().side() == target)
            );
        }
    }
}
