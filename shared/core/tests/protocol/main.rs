//! The protocol of the two regions, checked: every state that two or three executions, cuts, deaths, crashes and late
//! steps can lead to. Bounds, properties and what is assumed are in docs/protocol.md.

// Helpers of tests stand outside of them here.
#![allow(clippy::unwrap_used, clippy::panic)]

mod activation;
mod checks;
mod effects;
mod leases;
mod minute;
mod mutants;
mod properties;
mod protocol;
mod settle;
mod starts;
mod steps;
mod turn;
mod whole;
mod world;
