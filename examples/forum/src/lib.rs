//! The forum that Lifeboat protects in its drills: one small HTTP server that is started in one of three roles.
//!
//! Each role keeps its records in one `db.json` on a shared file system, as the disaster recovery guide's services do,
//! and any number of tasks of a role may use the same file.

pub mod durable;
pub mod roles;
pub mod routes;
pub mod settings;
pub mod store;
