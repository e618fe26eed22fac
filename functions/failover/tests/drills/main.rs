//! The whole function over two regions in memory, driven by the workflow that Terraform deploys.

// Helpers of tests stand outside of them here.
#![allow(clippy::unwrap_used, clippy::panic)]

mod alarms;
mod asked;
mod faults;
mod fence;
mod functions;
mod imports;
mod invariants;
mod jsonata;
mod killed;
mod outage;
mod people;
mod planned;
mod port;
mod probe;
mod rehearsal;
mod replies;
mod scenario;
mod seat;
mod share;
mod slow;
mod stale;
mod stopped;
mod unplanned;
mod warm;
mod workflow;
mod world;
