//! How both regions stand. A region that does not answer is part of the answer.

mod facts;
mod gather;
mod render;

pub use facts::{Answered, Facts, Kept, Markers, Probe, RegionFacts, View};
pub use gather::{Place, gather};
pub use render::render;
