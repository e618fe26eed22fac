//! A question of the other region, which does not wait: what came of it is written down where its id says.

use jiff::Timestamp;
use lifeboat_aws::{Objects, json};
use lifeboat_core::{Failure, Region, ReplyId, stored};
use serde::{Deserialize, Serialize};

use crate::{Backup, Outcome, Question, contents, create, damage, salvage};

/// In the control bucket of the region that was asked. It names records and holds none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    pub at: Timestamp,
    came: Came,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
enum Came {
    Done { outcome: Outcome },
    Failed { error: String, message: String },
}

impl Reply {
    pub fn new(at: Timestamp, came: Result<Outcome, Failure>) -> Self {
        let came = match came {
            Ok(outcome) => Came::Done { outcome },
            Err(failure) => Came::Failed {
                error: failure.name().to_owned(),
                message: failure.to_string(),
            },
        };
        Self { at, came }
    }

    /// One that tells of a failure is replaced by the next try.
    pub fn stands(&self) -> bool {
        matches!(self.came, Came::Done { .. })
    }

    /// For whoever asked that region's function.
    pub fn heard(self, function: &str, region: &Region) -> Result<Outcome, Failure> {
        match self.came {
            Came::Done { outcome } => Ok(outcome),
            Came::Failed { error, message } => {
                Err(Failure::of_function(function, region, &error, &message))
            }
        }
    }
}

/// Asked twice it is done once, unless both are at it at the same time: then the first that succeeds is the reply.
pub(crate) async fn reply<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    id: ReplyId,
    to: Question,
    clock: impl Fn() -> Timestamp,
) -> Result<Outcome, Failure> {
    let (bucket, key) = (backup.control.bucket(), id.key());
    let before = bucket.get(&key).await?;
    if stands(before.as_ref().map(|found| found.body.as_slice())) {
        return Ok(Outcome::Replied { id });
    }
    let came = damage::remember(backup, answer(backup, to, &clock).await).await;
    if let Err(Failure::Unfinished(_)) = &came {
        // No reply yet: Lambda puts the question again, and so does whoever asked.
        return came;
    }
    if let Err(failure) = &came {
        tracing::error!(error = failure.name(), %id, "{failure}");
    }
    let reply = json(&key, &Reply::new(clock(), came))?;
    bucket
        .rewrite(&key, |before| {
            Ok(((), (!stands(before)).then(|| reply.clone())))
        })
        .await?;
    Ok(Outcome::Replied { id })
}

fn stands(found: Option<&[u8]>) -> bool {
    let read = found.map(|found| stored::read::<Reply>("reply", "a reply", found));
    read.is_some_and(|read| read.is_ok_and(|reply| reply.stands()))
}

async fn answer<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    to: Question,
    clock: impl Fn() -> Timestamp,
) -> Result<Outcome, Failure> {
    match to {
        Question::Create {} => create::create(backup, clock).await,
        Question::Contents {} => Ok(Outcome::Contents {
            services: contents::contents(backup).await?,
        }),
        Question::Salvage { epoch, against } => Ok(Outcome::Salvaged {
            salvaged: salvage::salvage(backup, epoch, &against, clock).await?,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_schema_1_has_replied_is_read_and_stands() {
        let reply: Reply = stored::assert_reads("reply.json");
        assert!(reply.stands());
    }
}
