//! The `lifeboat` command: looks at both regions, and starts and follows executions. The same types and decisions as the
//! functions'; nothing is decided here that a function decides.

pub mod answer;
pub mod arguments;
pub mod ask;
pub mod backup;
pub mod connection;
mod denied;
pub mod doctor;
pub mod failover;
pub mod follow;
pub mod glimpse;
pub mod images;
pub mod narrate;
mod near;
pub mod order;
pub mod outcome;
pub mod paint;
pub mod person;
pub mod report;
pub mod run;
pub mod say;
pub mod screen;
pub mod status;
pub mod steps;
pub mod test_dr;
pub mod timeline;
mod trouble;
mod version;
pub mod whereabouts;
pub mod width;
pub mod words;
pub mod workflow;

pub use trouble::Trouble;
