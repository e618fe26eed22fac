//! What is to be said of an action that Lambda would end otherwise without a word.

use crate::{Event, Question};

/// What stands of it, and what to do.
pub fn so_far(event: &Event) -> &'static str {
    match event {
        Event::Create {}
        | Event::Reply {
            to: Question::Create {},
            ..
        } => "the packs that it sent are there, and the next one builds on them",
        Event::Restore { .. } | Event::Refresh {} => {
            "what it has fetched is kept, and it goes on from there when it is asked again"
        }
        Event::Import { .. } => {
            "what the service took it has; asked again it imports only what differs"
        }
        Event::Verify { .. } => {
            "nothing of what it read is noted; give the function more memory, and with it more of a processor"
        }
        Event::Prove {} => {
            "nothing is proven; give the function more memory, and with it more of a processor"
        }
        Event::Prune {} => {
            "what it removed is gone, what it condemned is remembered, and the next one goes on"
        }
        Event::Follow {} => {
            "what it wrote again is written, how far backups have come is not noted, and the next one asks again"
        }
        Event::Keep {} => "the copies that it made stand, and the next one goes on",
        Event::Reply {
            to: Question::Salvage { .. },
            ..
        } => "the packs that it sent are there, and it goes on from there when it is asked again",
        Event::List {}
        | Event::Preview { .. }
        | Event::Reply {
            to: Question::Contents {},
            ..
        } => "it changes nothing; see whether the data and the buckets answer, and ask again",
    }
}
