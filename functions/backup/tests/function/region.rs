//! A region with buckets in memory and a real folder.

use std::{cell::Cell, collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use lifeboat_aws::{Control, Objects, memory::Memory};
use lifeboat_backup::{Backup, Beyond, Created, Outcome, Reply, Secrets, Token, handle};
use lifeboat_core::{
    Configuration, Epoch, Failure, RegionState,
    backup::{BackupKey, Manifest, PackId},
    configuration,
    request::Mode,
    state::Lease,
};
use serde_json::json;

use crate::service::{SECRET, TOKEN};

pub(crate) struct Region {
    pub(crate) configuration: Configuration,
    pub(crate) control: Control<Memory>,
    pub(crate) backups: Memory,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) until: Cell<Timestamp>,
    pub(crate) elsewhere: Arc<Elsewhere>,
}

/// What a region has beside Lifeboat's own buckets.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    pub(crate) bucket: Memory,
}

impl Beyond<Memory> for Elsewhere {
    fn bucket(&self, name: &str) -> Memory {
        assert_eq!(name, "data");
        self.bucket.clone()
    }
}

impl Secrets for Elsewhere {
    fn token<'a>(&'a self, secret: &'a str) -> BoxFuture<'a, Result<Token, Failure>> {
        let token = match secret {
            SECRET => Token::new(TOKEN).ok_or_else(|| Failure::Refused("no token".into())),
            other => Err(self.bucket.failed("read", other, "it is not there")),
        };
        Box::pin(async { token })
    }
}

pub(crate) fn lease() -> Lease {
    Lease::new("a", Mode::Unplanned, &BTreeMap::new())
}

impl Region {
    pub(crate) fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut configuration = configuration::sample(name);
        configuration.data_directory = folder.path().to_str().unwrap().into();
        Self {
            control: Control::new(Memory::new("control", &configuration.region)),
            backups: Memory::new("backups", &configuration.region),
            elsewhere: Arc::new(Elsewhere {
                bucket: Memory::new("data", &configuration.region),
            }),
            configuration,
            folder,
            until: Cell::new(Timestamp::MAX),
        }
    }

    pub(crate) fn home() -> Self {
        let home = Self::new("us-east-1");
        home.write("users", r#"{"users":[{"id":"1","name":"ada"}]}"#);
        home.write("posts", r#"{"posts":[{"id":"1","text":"hello"}]}"#);
        home
    }

    pub(crate) fn data(&self, service: &str) -> PathBuf {
        self.folder.path().join(service).join("db.json")
    }

    pub(crate) fn write(&self, service: &str, text: &str) {
        fs::create_dir_all(self.folder.path().join(service)).unwrap();
        fs::write(self.data(service), text).unwrap();
    }

    pub(crate) fn read(&self, service: &str) -> String {
        fs::read_to_string(self.data(service)).unwrap()
    }

    pub(crate) fn state(&self, change: impl Fn(&mut RegionState)) {
        let mut state = RegionState::genesis(&self.configuration.pair().unwrap());
        change(&mut state);
        let json = serde_json::to_vec(&state).unwrap();
        self.control.bucket().set("state.json", json);
    }

    /// Held by the execution `a` at epoch 1.
    pub(crate) fn leased(self) -> Self {
        self.state(|state| (state.epoch, state.lease) = (Epoch(1), Some(lease())));
        self
    }

    /// Held by the same, which has started tasks.
    pub(crate) fn filled(&self) {
        self.state(|state| {
            let filled = Lease {
                filled: true,
                ..lease()
            };
            (state.epoch, state.lease) = (Epoch(1), Some(filled));
        });
    }

    pub(crate) async fn ask(&self, event: serde_json::Value, at: i64) -> Result<Outcome, Failure> {
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(at);
        self.backups.now.set(now);
        handle(&self.backup(), lifeboat_aws::parse_event(event)?, || now).await
    }

    /// As time goes by.
    pub(crate) async fn now(&self, event: serde_json::Value) -> Result<Outcome, Failure> {
        handle(
            &self.backup(),
            lifeboat_aws::parse_event(event)?,
            Timestamp::now,
        )
        .await
    }

    /// Something else happens when the function asks what time it is, for the first time and so on.
    pub(crate) async fn meanwhile(
        &self,
        event: serde_json::Value,
        at: i64,
        happens: impl Fn(u32),
    ) -> Result<Outcome, Failure> {
        let asked = Cell::new(0);
        let clock = || {
            asked.set(asked.get() + 1);
            happens(asked.get());
            Timestamp::UNIX_EPOCH + SignedDuration::from_secs(at)
        };
        handle(&self.backup(), lifeboat_aws::parse_event(event)?, clock).await
    }

    pub(crate) fn backup(&self) -> Backup<'_, Memory, Memory> {
        Backup {
            configuration: &self.configuration,
            control: &self.control,
            backups: &self.backups,
            beyond: self.elsewhere.clone(),
            level: 1,
            until: self.until.get(),
        }
    }

    /// A question of the other region, with its reply.
    pub(crate) async fn reply(
        &self,
        id: &str,
        to: serde_json::Value,
        at: i64,
    ) -> Result<Outcome, Failure> {
        let event = json!({"action": "reply", "id": id, "to": to});
        let outcome = self.ask(event, at).await?;
        let id = id.to_owned().try_into()?;
        assert_eq!(outcome, Outcome::Replied { id });
        self.replied(outcome)
    }

    pub(crate) fn replied(&self, outcome: Outcome) -> Result<Outcome, Failure> {
        let Outcome::Replied { id } = outcome else {
            panic!("{outcome:?}")
        };
        let body = self.control.bucket().body(&id.key()).unwrap();
        let reply: Reply = serde_json::from_slice(&body).unwrap();
        reply.heard("forum-backup", &self.configuration.region)
    }

    pub(crate) async fn created(&self, at: i64) -> Created {
        match self.ask(json!({"action": "create"}), at).await.unwrap() {
            Outcome::Created(created) => created,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn create(&self, at: i64) -> Manifest {
        self.manifest(&self.created(at).await.backup)
    }

    pub(crate) fn manifest(&self, backup: &BackupKey) -> Manifest {
        let bytes = self.backups.body(&backup.manifest()).unwrap();
        Manifest::parse(&bytes, "forum", backup).unwrap()
    }

    /// The one backup of this kind.
    pub(crate) fn only(&self, kind: &str) -> Manifest {
        let keys = self.backups.keys();
        let mut found = keys.iter().filter(|key| key.starts_with(kind));
        let key = BackupKey::of_manifest(found.next().unwrap()).unwrap();
        assert_eq!(found.next(), None);
        self.manifest(&key)
    }

    pub(crate) fn packs(&self) -> Vec<String> {
        let mut keys = self.backups.keys();
        keys.retain(|key| PackId::of_key(key).is_some());
        keys
    }
}

pub(crate) fn by_execution(backup: &str) -> serde_json::Value {
    json!({"action": "restore", "backup": backup, "execution": {"arn": "a", "epoch": 1}})
}

pub(crate) fn import(mode: &str) -> serde_json::Value {
    json!({"action": "import", "backup": "newest", "mode": mode, "execution": {"arn": "a", "epoch": 1}})
}
