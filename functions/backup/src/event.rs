use std::collections::BTreeSet;

use lifeboat_core::{
    Epoch, ReplyId,
    backup::{
        BackupKey, Choice, Contents, Manifest, Overrides, Proof, Restored, Verified, keep::KeptCopy,
    },
    lost::Lost,
    request::Mode,
};
use serde::{Deserialize, Serialize};

use crate::Preview;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// By the schedule, by hand.
    Create {},
    List {},
    /// By an execution, which must hold the lease and has started no task; by hand where none is at work, and where this region
    /// serves only what nothing writes to.
    Restore {
        backup: Choice,
        /// All of them unless given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        services: Option<BTreeSet<String>>,
        /// What a person restores it in spite of.
        #[serde(default, skip_serializing_if = "Overrides::is_empty")]
        overrides: Overrides,
        /// Beside the data, checked, and removed again: a drill.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        scratch: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        execution: Option<Execution>,
    },
    /// By an execution, once its tasks run: gives them the data that only they can take.
    Import {
        backup: Choice,
        /// A drill has nothing imported, and sees whether it could be.
        mode: Mode,
        execution: Execution,
    },
    /// By the schedule, in both regions: brings the passive region's data to the newest whole backup.
    Refresh {},
    /// What a restore by hand would do.
    Preview {
        backup: Choice,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        services: Option<BTreeSet<String>>,
        #[serde(default, skip_serializing_if = "Overrides::is_empty")]
        overrides: Overrides,
    },
    /// Reads a backup back, every byte of it.
    Verify {
        backup: Choice,
    },
    /// By the schedule, in both regions: restores some backup into a scratch place where this region is passive.
    Prove {},
    /// By the schedule, in both regions: removes what is kept no longer.
    Prune {},
    /// By the schedule, in both regions: sees to it that this region's backups reach the other one.
    Follow {},
    /// By the schedule, in both regions: makes and removes the copies that are kept longer.
    Keep {},
    /// By the other region, which does not wait: what comes of its question is written down for it.
    Reply {
        id: ReplyId,
        to: Question,
    },
}

/// What the other region may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Question {
    /// A backup of everything that is here now.
    Create {},
    /// What the services' data is now, so that it can be compared with what was restored.
    Contents {},
    /// By the region that replaced this one: saves what is still here and says what the restored backup lacked.
    Salvage { epoch: Epoch, against: BackupKey },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Execution {
    pub arn: String,
    pub epoch: Epoch,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outcome {
    Created(Created),
    /// Another region is active: nothing was written.
    Passive {
        epoch: Epoch,
        reason: String,
    },
    Listed {
        backups: Vec<BackupKey>,
        /// Copies that are kept longer, and how soon they can be read.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        kept: Vec<KeptCopy>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        notes: Vec<String>,
    },
    Restored {
        restored: Restored,
        #[serde(default, skip_serializing_if = "Overrides::is_empty")]
        overridden: Overrides,
    },
    Imported {
        imported: Restored,
    },
    Refreshed {
        restored: Restored,
    },
    /// This region serves: its data is its own.
    Active {
        epoch: Epoch,
        reason: String,
    },
    /// Not now; the schedule asks again.
    Busy {
        reason: String,
    },
    Previewed {
        preview: Preview,
    },
    Contents {
        services: Contents,
    },
    Salvaged {
        salvaged: Salvaged,
    },
    /// What came of a question stands where its id says.
    Replied {
        id: ReplyId,
    },
    Verified {
        verified: Verified,
    },
    Proved {
        proof: Proof,
    },
    Pruned(Pruned),
    Followed(Following),
    Kept(Kept),
}

/// How far this region's backups have come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Following {
    /// The newest that is in the other region, with every older one.
    pub complete: Option<BackupKey>,
    pub waiting: Vec<BackupKey>,
    /// Since the oldest of these was finished.
    pub lag_seconds: i64,
    /// How many objects were written again, because the storage had given them up.
    pub written_again: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    pub made: Vec<BackupKey>,
    pub removed: Vec<BackupKey>,
    /// How many objects of copies are locked for longer.
    #[serde(default, skip_serializing_if = "is_none")]
    pub extended: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pruned {
    /// Of which the manifests were removed.
    pub backups: Vec<BackupKey>,
    /// How many packs were removed.
    pub packs: u64,
    /// How many are removed later, if nobody needs them by then.
    pub condemned: u64,
    /// How many objects would have gone, and are locked for now.
    #[serde(default, skip_serializing_if = "is_none")]
    pub locked: u64,
    /// How many packs are locked for longer, because a backup is kept that needs them.
    #[serde(default, skip_serializing_if = "is_none")]
    pub extended: u64,
    /// Backups that are not what they were, or gone without a prune.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<String>,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// A backup that stands. Its manifest tells more, and can be too long for an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    pub backup: BackupKey,
    pub files: u64,
    /// What a restore would put in place.
    pub bytes: u64,
    /// What went to the bucket for it, beside its manifest.
    pub sent: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Created {
    pub(crate) fn of(manifest: &Manifest, sent: u64) -> Self {
        Self {
            backup: manifest.backup.clone(),
            files: manifest.services.values().map(|f| f.len() as u64).sum(),
            bytes: manifest.bytes(),
            sent,
            warnings: manifest.warnings.clone(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Salvaged {
    pub salvage: BackupKey,
    pub lost: Lost,
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifeboat_aws::parse_event;
    use serde_json::{Value, json};

    #[test]
    fn every_sample_event_is_understood_and_written_back_the_same() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/backup");
        let mut seen = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read(file.unwrap().path()).unwrap();
            let json: Value = serde_json::from_slice(&text).unwrap();
            let event: Event = parse_event(json.clone()).unwrap();
            assert_eq!(serde_json::to_value(event).unwrap(), json);
            seen += 1;
        }
        assert_eq!(seen, 19);
    }

    #[test]
    fn an_unknown_action_field_or_backup_name_is_refused_by_name() {
        for (event, named) in [
            (json!({"action": "erase"}), "erase"),
            (json!({"action": "create", "force": true}), "force"),
            (
                json!({"action": "restore", "backup": "latest"}),
                "backup-20241123-120000",
            ),
            (json!({"action": "restore"}), "backup"),
            (
                json!({"action": "restore", "backup": "before noon"}),
                "before 2024-11-23T12:00:00Z",
            ),
            (
                json!({"action": "restore", "backup": "newest", "overrides": {"damaged": "x"}}),
                "lower_epoch",
            ),
            (json!({"action": "reply", "to": {"action": "create"}}), "id"),
            (
                json!({"action": "reply", "id": "../state", "to": {"action": "create"}}),
                "../state",
            ),
            (
                json!({"action": "reply", "id": "a", "to": {"action": "create", "force": true}}),
                "force",
            ),
            // Nobody restores from afar, or has replies replied to.
            (
                json!({"action": "reply", "id": "a", "to": {"action": "restore", "backup": "newest"}}),
                "restore",
            ),
            (
                json!({"action": "reply", "id": "a", "to": {"action": "reply", "id": "b", "to": {"action": "create"}}}),
                "reply",
            ),
            (json!({}), "action"),
        ] {
            let refused = parse_event::<Event>(event).unwrap_err();
            assert_eq!(refused.name(), "Invalid");
            assert!(refused.to_string().contains(named), "{refused}");
        }
    }
}
