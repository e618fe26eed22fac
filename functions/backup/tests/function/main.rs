//! The whole function over buckets in memory and real folders.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod about;
mod bad;
mod bucket;
mod by_hand;
mod chain;
mod choice;
mod contents;
mod create;
mod damage;
mod export;
mod follow;
mod format;
mod hook;
mod keep;
mod lock;
mod nothing;
mod placed;
mod preview;
mod prove;
mod prune;
mod refresh;
mod region;
mod reply;
mod restore;
mod salvage;
mod service;
mod unfinished;
mod verify;
