//! The whole function between two registries that misbehave on demand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod by_hand;
mod checking;
mod clusters;
mod companions;
mod copying;
mod fake;
mod fan_out;
mod kinds;
mod lagging;
mod listing;
mod misbehaving;
mod moving;
mod patterns;
mod pinning;
mod readiness;
mod real;
mod refusing;
mod rereading;
mod server;
mod sets;
mod unfinished;
mod verifying;
mod world;
