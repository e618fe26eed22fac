use lifeboat_core::image::Images;
use serde::{Deserialize, Serialize};

use crate::{fan_out::Batches, ready::Ready, reference::Digest, reread::Reread};

/// What became of a push, a reconcile or a sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    Copied {
        images: Vec<Copied>,
    },
    UpToDate,
    /// So many differ that the workflow brings them.
    HandedOn {
        images: usize,
        execution: String,
    },
    /// This region is not the active one, so it does not tell its peer what to hold.
    Passive {
        reason: String,
    },
    Ignored {
        reason: String,
    },
}

/// An image that the peer holds now and did not hold before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// The repository in the peer.
    pub repository: String,
    /// The tag, or the digest where there is no tag.
    pub reference: String,
    pub digest: Digest,
}

/// What became of a reconcile, in either region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    #[serde(flatten)]
    pub copied: Outcome,
    pub ready: Ready,
}

/// What the function answers: facts for the workflow where they were asked for, else an outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    Images(Images),
    Batches(Batches),
    Reconciled(Box<Reconciled>),
    Ready(Box<Ready>),
    Reread(Reread),
    Outcome(Outcome),
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn outcomes_carry_their_name_and_the_facts_for_a_workflow_stand_bare() {
        let text = serde_json::to_string(&Answer::Batches(Batches::default())).unwrap();
        assert_eq!(text, r#"{"batches":[],"images":0,"last":null}"#);
        let passive = Answer::Outcome(Outcome::Passive { reason: "x".into() });
        assert_eq!(
            serde_json::to_value(passive).unwrap(),
            json!({"outcome": "passive", "reason": "x"})
        );
        let now = jiff::Timestamp::UNIX_EPOCH;
        let images = Images {
            started: now,
            finished: now,
            digests: [("users".to_owned(), Digest::of(b"").to_string())].into(),
            repaired: vec![],
        };
        let text = serde_json::to_string(&Answer::Images(images.clone())).unwrap();
        assert_eq!(serde_json::from_str::<Images>(&text).unwrap(), images);
        assert_eq!(
            serde_json::from_str::<Answer>(&text).unwrap(),
            Answer::Images(images)
        );
    }
}
