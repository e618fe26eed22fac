//! The whole function over buckets in memory and real folders.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeMap, fs, path::PathBuf};

use jiff::{SignedDuration, Timestamp};
use lifeboat_aws::{Control, memory::Memory};
use lifeboat_backup::{Backup, Created, Outcome, Reply, handle};
use lifeboat_core::{
    Configuration, Epoch, Failure, RegionState,
    backup::{BackupKey, Manifest, PackId},
    configuration,
    request::Mode,
    state::Lease,
};
use serde_json::json;

struct Region {
    configuration: Configuration,
    control: Control<Memory>,
    backups: Memory,
    folder: tempfile::TempDir,
}

fn lease() -> Lease {
    Lease::new("a", Mode::Unplanned, &BTreeMap::new())
}

impl Region {
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut configuration = configuration::sample(name);
        configuration.data_directory = folder.path().to_str().unwrap().into();
        Self {
            control: Control::new(Memory::new("control", &configuration.region)),
            backups: Memory::new("backups", &configuration.region),
            configuration,
            folder,
        }
    }

    fn home() -> Self {
        let home = Self::new("us-east-1");
        home.write("users", r#"{"users":[{"id":"1","name":"ada"}]}"#);
        home.write("posts", r#"{"posts":[{"id":"1","text":"hello"}]}"#);
        home
    }

    fn data(&self, service: &str) -> PathBuf {
        self.folder.path().join(service).join("db.json")
    }

    fn write(&self, service: &str, text: &str) {
        fs::create_dir_all(self.folder.path().join(service)).unwrap();
        fs::write(self.data(service), text).unwrap();
    }

    fn read(&self, service: &str) -> String {
        fs::read_to_string(self.data(service)).unwrap()
    }

    fn state(&self, change: impl Fn(&mut RegionState)) {
        let mut state = RegionState::genesis(&self.configuration.pair().unwrap());
        change(&mut state);
        let json = serde_json::to_vec(&state).unwrap();
        self.control.bucket().set("state.json", json);
    }

    /// Held by the execution `a` at epoch 1.
    fn leased(self) -> Self {
        self.state(|state| (state.epoch, state.lease) = (Epoch(1), Some(lease())));
        self
    }

    async fn ask(&self, event: serde_json::Value, at: i64) -> Result<Outcome, Failure> {
        let backup = Backup {
            configuration: &self.configuration,
            control: &self.control,
            backups: &self.backups,
            level: 1,
        };
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(at);
        self.backups.now.set(now);
        handle(&backup, lifeboat_aws::parse_event(event)?, || now).await
    }

    /// A question of the other region, with its reply.
    async fn reply(&self, id: &str, to: serde_json::Value, at: i64) -> Result<Outcome, Failure> {
        let event = json!({"action": "reply", "id": id, "to": to});
        let outcome = self.ask(event, at).await?;
        let id = id.to_owned().try_into()?;
        assert_eq!(outcome, Outcome::Replied { id });
        self.replied(outcome)
    }

    fn replied(&self, outcome: Outcome) -> Result<Outcome, Failure> {
        let Outcome::Replied { id } = outcome else {
            panic!("{outcome:?}")
        };
        let body = self.control.bucket().body(&id.key()).unwrap();
        let reply: Reply = serde_json::from_slice(&body).unwrap();
        reply.heard("forum-backup", &self.configuration.region)
    }

    async fn created(&self, at: i64) -> Created {
        match self.ask(json!({"action": "create"}), at).await.unwrap() {
            Outcome::Created(created) => created,
            other => panic!("{other:?}"),
        }
    }

    async fn create(&self, at: i64) -> Manifest {
        self.manifest(&self.created(at).await.backup)
    }

    fn manifest(&self, backup: &BackupKey) -> Manifest {
        let bytes = self.backups.body(&backup.manifest()).unwrap();
        Manifest::parse(&bytes, "forum", backup).unwrap()
    }

    /// The one backup of this kind.
    fn only(&self, kind: &str) -> Manifest {
        let keys = self.backups.keys();
        let mut found = keys.iter().filter(|key| key.starts_with(kind));
        let key = BackupKey::of_manifest(found.next().unwrap()).unwrap();
        assert_eq!(found.next(), None);
        self.manifest(&key)
    }

    fn packs(&self) -> Vec<String> {
        let mut keys = self.backups.keys();
        keys.retain(|key| PackId::of_key(key).is_some());
        keys
    }
}

fn by_execution(backup: &str) -> serde_json::Value {
    json!({"action": "restore", "backup": backup, "execution": {"arn": "a", "epoch": 1}})
}

#[tokio::test]
async fn what_was_backed_up_in_one_region_is_restored_byte_for_byte_in_the_other() {
    let home = Region::home();
    home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    let outcome = standby.ask(by_execution("newest"), 120).await.unwrap();
    assert!(matches!(outcome, Outcome::Restored { .. }));
    for service in ["users", "posts"] {
        assert_eq!(standby.read(service), home.read(service));
    }
}

#[tokio::test]
async fn the_manifest_is_written_last_and_a_backup_killed_before_it_does_not_exist() {
    for writes in 0..2 {
        let home = Region::home();
        home.backups.writes_left.set(Some(writes));
        assert!(home.ask(json!({"action": "create"}), 60).await.is_err());
        let listed = home.ask(json!({"action": "list"}), 60).await.unwrap();
        assert_eq!(listed, Outcome::Listed { backups: vec![] });
        home.backups.writes_left.set(None);
        home.create(60).await;
    }
}

#[tokio::test]
async fn two_in_the_same_second_are_one() {
    let home = Region::home();
    let first = home.create(60).await;
    let before = home.read("users");
    home.write("users", r#"{"users":[]}"#);
    assert_eq!(home.create(60).await, first);
    let standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    standby.ask(by_execution("newest"), 120).await.unwrap();
    assert_eq!(standby.read("users"), before, "and it can be restored");
}

#[tokio::test]
async fn data_that_is_missing_or_not_json_is_refused_before_anything_is_written() {
    let missing = Region::home();
    fs::remove_file(missing.data("posts")).unwrap();
    let torn = Region::home();
    torn.write("posts", r#"{"posts":[{"id""#);
    let two = Region::home();
    two.write("posts", "{} {}");
    for region in [missing, torn, two] {
        let refused = region
            .ask(json!({"action": "create"}), 60)
            .await
            .unwrap_err();
        assert_eq!(refused.name(), "Invalid");
        let said = refused.to_string();
        assert!(
            said.contains("data of posts") && said.contains("/posts"),
            "{said}"
        );
        assert!(region.backups.keys().is_empty());
    }
}

#[tokio::test]
async fn a_region_that_is_not_active_answers_passive_and_writes_nothing() {
    let standby = Region::new("us-west-2");
    let answer = standby.ask(json!({"action": "create"}), 60).await.unwrap();
    assert!(matches!(answer, Outcome::Passive { .. }));
    let home = Region::home();
    let replica = BackupKey {
        epoch: Epoch(1),
        region: standby.configuration.region.clone(),
        name: "backup-20241123-120000".parse().unwrap(),
    };
    home.backups.set(&replica.manifest(), "{}");
    let answer = home.ask(json!({"action": "create"}), 60).await.unwrap();
    assert!(matches!(
        answer,
        Outcome::Passive {
            epoch: Epoch(1),
            ..
        }
    ));
    assert_eq!(home.backups.keys().len(), 1);
}

#[tokio::test]
async fn a_backup_that_does_not_match_its_manifest_changes_nothing() {
    let home = Region::home();
    home.create(60).await;
    let pack = home.packs().pop().unwrap();
    let whole = home.backups.body(&pack).unwrap();
    let mut flipped = whole.clone();
    flipped[30] ^= 1;
    let damages = [flipped, whole[..20].to_vec(), vec![0; whole.len()], vec![]];
    for damage in damages {
        let standby = Region::new("us-west-2").leased();
        standby.write("users", r#"{"users":["before"]}"#);
        home.backups.copy_to(&standby.backups);
        standby.backups.set(&pack, damage);
        for event in [
            by_execution("newest"),
            json!({"action": "verify", "backup": "newest"}),
        ] {
            let refused = standby.ask(event, 120).await.unwrap_err();
            assert_eq!(refused.name(), "NotVerified", "{refused}");
        }
        assert_eq!(standby.read("users"), r#"{"users":["before"]}"#);
        assert!(!standby.data("posts").exists());
    }
    let standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    standby.backups.remove(&pack);
    let refused = standby.ask(by_execution("newest"), 120).await.unwrap_err();
    assert_eq!(refused.name(), "NotVerified", "{refused}");
}

#[tokio::test]
async fn what_is_whole_is_verified_and_nothing_is_written() {
    let home = Region::home();
    let manifest = home.create(60).await;
    let keys = home.backups.keys();
    let verify = json!({"action": "verify", "backup": "newest"});
    let Outcome::Verified { verified } = home.ask(verify, 120).await.unwrap() else {
        panic!("another answer")
    };
    assert_eq!((verified.backup, verified.packs), (manifest.backup, 1));
    assert_eq!(verified.bytes, manifest.packs[0].bytes);
    assert_eq!(home.backups.keys(), keys);
}

#[tokio::test]
async fn a_manifest_that_is_no_manifest_or_lacks_a_service_is_refused() {
    let home = Region::home();
    let manifest = home.create(60).await;
    let name = manifest.backup.manifest();
    let mut lacking = manifest.clone();
    lacking.services.remove("users");
    for body in [b"{}".to_vec(), serde_json::to_vec(&lacking).unwrap()] {
        let standby = Region::new("us-west-2").leased();
        home.backups.copy_to(&standby.backups);
        standby.backups.set(&name, body);
        let refused = standby.ask(by_execution("newest"), 120).await.unwrap_err();
        assert_eq!(refused.name(), "NotVerified", "{refused}");
    }
}

#[tokio::test]
async fn an_unchanged_source_costs_a_manifest_and_a_changed_one_what_changed() {
    let home = Region::home();
    let first = home.created(60).await;
    assert!(first.sent > 0);
    let packs = home.packs();
    let second = home.created(120).await;
    assert_eq!((second.sent, home.packs()), (0, packs.clone()));
    assert_eq!((second.files, second.bytes), (first.files, first.bytes));
    home.write("users", r#"{"users":[]}"#);
    let third = home.created(180).await;
    assert!(third.sent > 0);
    let third = home.manifest(&third.backup);
    assert_eq!(home.packs().len(), packs.len() + 1);
    assert_eq!(third.previous.unwrap().backup, second.backup);
}

#[tokio::test]
async fn a_backup_names_its_predecessor_and_what_it_was() {
    use sha2::Digest;
    let home = Region::home();
    let first = home.create(60).await;
    assert_eq!(first.previous, None);
    let second = home.create(120).await;
    let bytes = home.backups.body(&first.backup.manifest()).unwrap();
    let link = second.previous.unwrap();
    assert_eq!(link.backup, first.backup);
    assert_eq!(link.sha256, hex::encode(sha2::Sha256::digest(bytes)));
}

#[tokio::test]
async fn one_that_was_killed_is_gone_on_with() {
    let home = Region::home();
    home.backups.writes_left.set(Some(1));
    assert!(home.ask(json!({"action": "create"}), 60).await.is_err());
    let packs = home.packs();
    assert_eq!(packs.len(), 1);
    home.backups.writes_left.set(None);
    assert_eq!(home.created(120).await.sent, 0);
    assert_eq!(home.packs(), packs);
}

#[tokio::test]
async fn what_is_gone_from_the_bucket_is_stored_again() {
    let home = Region::home();
    home.create(60).await;
    let pack = home.packs().pop().unwrap();
    home.backups.remove(&pack);
    assert!(home.created(120).await.sent > 0);
    assert_eq!(home.packs(), [pack]);
}

#[tokio::test]
async fn a_restore_keeps_what_it_replaces_as_a_backup_of_its_own_and_done_twice_is_done_once() {
    let home = Region::home();
    home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    standby.write("users", r#"{"users":["before"#);
    fs::write(standby.data("users").with_file_name("old.txt"), "more").unwrap();
    home.backups.copy_to(&standby.backups);
    for at in [120, 180] {
        standby.ask(by_execution("newest"), at).await.unwrap();
        assert_eq!(standby.read("users"), home.read("users"));
        assert!(!standby.data("users").with_file_name("old.txt").exists());
        let kept = standby.only("replaced/");
        let files = &kept.services["users"];
        let names: Vec<&str> = files.keys().map(|path| path.as_str()).collect();
        assert_eq!(names, ["db.json", "old.txt"]);
        assert_eq!(kept.services.len(), 1, "posts were not there");
    }
    let left = fs::read_dir(standby.folder.path().join("users"))
        .unwrap()
        .count();
    assert_eq!(left, 1, "and nothing is left beside it");
}

#[tokio::test]
async fn a_restore_that_cannot_keep_what_it_replaces_replaces_nothing() {
    let home = Region::home();
    home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    standby.write("users", r#"{"users":["before"]}"#);
    home.backups.copy_to(&standby.backups);
    for writes in 0..2 {
        standby.backups.writes_left.set(Some(writes));
        assert!(standby.ask(by_execution("newest"), 120).await.is_err());
        assert_eq!(standby.read("users"), r#"{"users":["before"]}"#);
        assert!(!standby.data("posts").exists());
    }
}

#[tokio::test]
async fn a_rehearsed_restore_touches_no_data_leaves_nothing_and_refuses_what_a_restore_would() {
    let home = Region::home();
    let manifest = home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    standby.write("users", r#"{"users":["before"]}"#);
    let left = standby.folder.path().join(".lifeboat-scratch/users");
    fs::create_dir_all(&left).unwrap();
    home.backups.copy_to(&standby.backups);
    let mut rehearse = by_execution("newest");
    rehearse["scratch"] = true.into();
    let outcome = standby.ask(rehearse.clone(), 120).await.unwrap();
    let Outcome::Restored { restored } = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(restored.backup, manifest.backup);
    assert_eq!(standby.read("users"), r#"{"users":["before"]}"#);
    assert!(!standby.data("posts").exists() && !left.parent().unwrap().exists());
    let pack = standby.packs().pop().unwrap();
    standby.backups.set(&pack, b"not what it was".to_vec());
    let refused = standby.ask(rehearse.clone(), 120).await.unwrap_err();
    assert_eq!(refused.name(), "NotVerified");
    standby.state(|_| {});
    assert_eq!(
        standby.ask(rehearse, 120).await.unwrap_err().name(),
        "Stale"
    );
}

#[tokio::test]
async fn what_a_region_holds_is_told_as_what_a_restore_put_in_place() {
    let home = Region::home();
    home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    let restored = standby.ask(by_execution("newest"), 120).await.unwrap();
    let (Outcome::Restored { restored }, Outcome::Contents { services }) = (
        restored,
        home.reply("a", json!({"action": "contents"}), 120)
            .await
            .unwrap(),
    ) else {
        panic!("other answers")
    };
    assert_eq!(restored.services, services);
    home.write("users", r#"{"users":[]}"#);
    let later = home.reply("b", json!({"action": "contents"}), 180).await;
    assert_ne!(later.unwrap(), Outcome::Contents { services });
}

#[tokio::test]
async fn whoever_does_not_hold_the_lease_restores_nothing() {
    let home = Region::home();
    home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    for (arn, epoch) in [("b", 1), ("a", 3)] {
        let event = json!({"action": "restore", "backup": "newest", "execution": {"arn": arn, "epoch": epoch}});
        assert_eq!(standby.ask(event, 120).await.unwrap_err().name(), "Stale");
    }
    let by_hand = json!({"action": "restore", "backup": "newest"});
    let refused = standby.ask(by_hand.clone(), 120).await.unwrap_err();
    assert_eq!(refused.name(), "Refused");
    assert_eq!(
        home.ask(by_hand.clone(), 120).await.unwrap_err().name(),
        "Refused"
    );
    assert!(!standby.data("users").exists());
    standby.state(|_| {});
    assert!(standby.ask(by_hand, 120).await.is_ok());
}

#[tokio::test]
async fn a_restore_that_comes_after_the_region_was_activated_changes_nothing() {
    let home = Region::home();
    home.create(60).await;
    let standby = Region::new("us-west-2");
    home.backups.copy_to(&standby.backups);
    let me = standby.configuration.region.clone();
    standby.state(|state| {
        (state.epoch, state.lease) = (Epoch(1), Some(lease()));
        state.active = me.clone();
    });
    let late = standby.ask(by_execution("newest"), 120).await.unwrap_err();
    assert_eq!(late.name(), "Stale", "{late}");
    assert!(!standby.data("users").exists());
}

#[tokio::test]
async fn an_unknown_backup_is_refused_and_the_newest_is_named() {
    let home = Region::home();
    home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    let refused = standby
        .ask(by_execution("backup-20200101-000000"), 120)
        .await;
    let said = refused.unwrap_err().to_string();
    assert!(
        said.contains("the newest is backup-19700101-000100"),
        "{said}"
    );
}

#[tokio::test]
async fn what_a_replaced_region_still_holds_is_saved_once_and_what_was_lost_is_told() {
    let home = Region::home();
    let restored = home.create(60).await.backup;
    home.write(
        "posts",
        r#"{"posts":[{"id":"1","text":"hello"},{"id":"2","text":"late"}]}"#,
    );
    let event = json!({"action": "salvage", "epoch": 1, "against": restored});
    let first = home.reply("a", event.clone(), 120).await.unwrap();
    let Outcome::Salvaged { salvaged } = &first else {
        panic!("{first:?}")
    };
    assert_eq!(salvaged.lost.services["posts"], ["2"]);
    assert!(salvaged.lost.services["users"].is_empty());
    let keys = home.backups.keys();
    assert_eq!(home.reply("b", event, 180).await.unwrap(), first);
    assert_eq!(home.backups.keys(), keys);
    let listed = home.ask(json!({"action": "list"}), 180).await.unwrap();
    assert_eq!(
        listed,
        Outcome::Listed {
            backups: vec![restored]
        }
    );
}

#[tokio::test]
async fn a_region_that_has_lost_data_is_salvaged_as_far_as_it_goes_and_says_what_it_cannot_tell() {
    for (gone, data) in [("posts", None), ("posts", Some("{")), ("all", None)] {
        let home = Region::home();
        let restored = home.create(60).await.backup;
        for service in ["users", "posts"] {
            match data {
                _ if gone != "all" && gone != service => {}
                Some(data) => home.write(service, data),
                None => fs::remove_file(home.data(service)).unwrap(),
            }
        }
        let event = json!({"action": "salvage", "epoch": 1, "against": restored});
        let first = home.reply("a", event.clone(), 120).await.unwrap();
        let Outcome::Salvaged { salvaged } = &first else {
            panic!("{first:?}")
        };
        let why = &salvaged.lost.unknown["posts"];
        assert!(why.contains("no data") || why.contains("db.json"), "{why}");
        assert_eq!(salvaged.lost.services.contains_key("users"), gone != "all");
        let second = home.reply("b", event, 180).await.unwrap();
        assert_eq!(second, first, "and once");
    }
}

#[tokio::test]
async fn a_restored_backup_that_is_gone_keeps_nobody_from_saving_what_is_held() {
    let home = Region::home();
    let mut against = home.create(60).await.backup;
    against.name = "backup-20200101-000000".parse().unwrap();
    let event = json!({"action": "salvage", "epoch": 1, "against": against});
    let outcome = home.reply("a", event, 120).await.unwrap();
    let Outcome::Salvaged { salvaged } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(salvaged.lost.unknown["users"].contains("is gone"));
    let saved = home.manifest(&salvaged.salvage);
    assert!(saved.services.contains_key("users"));
}

#[tokio::test]
async fn a_region_that_was_not_replaced_is_not_salvaged() {
    let home = Region::home();
    let restored = home.create(60).await.backup;
    let event = json!({"action": "salvage", "epoch": 0, "against": restored});
    let refused = home.reply("a", event, 120).await.unwrap_err();
    assert_eq!(refused.name(), "Stale");
}

fn create() -> serde_json::Value {
    json!({"action": "create"})
}

#[tokio::test]
async fn a_question_that_comes_twice_or_late_is_answered_once() {
    let home = Region::home();
    let first = home.reply("a", create(), 60).await.unwrap();
    let keys = home.backups.keys();
    let reply = home.control.bucket().body("replies/a.json");
    home.write("users", r#"{"users":[]}"#);
    assert_eq!(home.reply("a", create(), 120).await.unwrap(), first);
    assert_eq!(home.backups.keys(), keys);
    assert_eq!(home.control.bucket().body("replies/a.json"), reply);
    let other = home.reply("b", create(), 120).await.unwrap();
    assert_ne!(other, first, "another question has its own reply");
}

#[tokio::test]
async fn a_failure_is_replied_in_its_own_words_and_replaced_by_the_next_try() {
    let home = Region::home();
    home.write("posts", r#"{"posts":[{"id""#);
    let failed = home.reply("a", create(), 60).await.unwrap_err();
    // As whoever asked hears it: its input was not at fault.
    assert_eq!(failed.name(), "Refused");
    let said = failed.to_string();
    assert!(
        said.starts_with("forum-backup in us-east-1: data of posts"),
        "{said}"
    );
    home.write("posts", r#"{"posts":[]}"#);
    let outcome = home.reply("a", create(), 120).await.unwrap();
    assert!(matches!(outcome, Outcome::Created { .. }));
}

#[tokio::test]
async fn what_may_pass_is_told_so_that_it_is_asked_again() {
    let home = Region::home();
    home.backups.dead.set(true);
    let failed = home.reply("a", create(), 60).await.unwrap_err();
    assert_eq!(failed.name(), "Unavailable");
    assert!(failed.to_string().contains("forum-backup"), "{failed}");
}

#[tokio::test]
async fn of_two_that_are_at_it_at_once_the_first_that_succeeds_is_the_reply() {
    let home = Region::home();
    let bucket = home.control.bucket();
    let outcome = Outcome::Listed { backups: vec![] };
    let good = Reply::new(Timestamp::UNIX_EPOCH, Ok(outcome.clone()));
    let good = serde_json::to_vec(&good).unwrap();
    let failed = Err(Failure::Refused("no".into()));
    let failed = serde_json::to_vec(&Reply::new(Timestamp::UNIX_EPOCH, failed)).unwrap();
    for (meanwhile, comes) in [(good, true), (failed, false)] {
        let backup = Backup {
            configuration: &home.configuration,
            control: &home.control,
            backups: &home.backups,
            level: 1,
        };
        let id = if comes { "a" } else { "b" };
        let event = json!({"action": "reply", "id": id, "to": create()});
        let event = lifeboat_aws::parse_event(event).unwrap();
        // It is first asked what time it is when it has looked for a reply and begins.
        let clock = || {
            let key = format!("replies/{id}.json");
            if bucket.body(&key).is_none() {
                bucket.set(&key, meanwhile.clone());
            }
            Timestamp::UNIX_EPOCH
        };
        let replied = home.replied(handle(&backup, event, clock).await.unwrap());
        assert_eq!(replied == Ok(outcome.clone()), comes, "{replied:?}");
    }
}

#[tokio::test]
async fn one_that_cannot_write_its_reply_fails_and_is_tried_again() {
    let home = Region::home();
    home.control.bucket().writes_left.set(Some(0));
    let event = json!({"action": "reply", "id": "a", "to": create()});
    let failed = home.ask(event, 60).await.unwrap_err();
    assert_eq!(failed.name(), "Unavailable");
    home.control.bucket().writes_left.set(None);
    let outcome = home.reply("a", create(), 60).await.unwrap();
    assert!(matches!(outcome, Outcome::Created { .. }));
}

#[tokio::test]
async fn a_reply_carries_nothing_that_users_wrote() {
    let home = Region::home();
    let against = home.create(60).await.backup;
    home.write("posts", r#"{"posts":[{"id":"2","text":"private"}]}"#);
    let salvage = json!({"action": "salvage", "epoch": 1, "against": against});
    let questions = [create(), json!({"action": "contents"}), salvage];
    for (id, to) in ["a", "b", "c"].into_iter().zip(questions) {
        home.reply(id, to, 120).await.unwrap();
        let body = home.control.bucket().body(&format!("replies/{id}.json"));
        let text = String::from_utf8(body.unwrap()).unwrap();
        assert!(!text.contains("private") && !text.contains("ada"), "{text}");
    }
}

const DAY: i64 = 24 * 3600;

async fn prune(region: &Region, at: i64) -> Outcome {
    region.ask(json!({"action": "prune"}), at).await.unwrap()
}

#[tokio::test]
async fn old_backups_go_and_a_day_later_the_packs_that_only_they_needed() {
    let home = Region::home();
    let old = home.create(0).await;
    home.write("users", r#"{"users":[]}"#);
    let new = home.create(8 * DAY).await;
    let before = home.packs();
    assert_eq!(before.len(), 2);
    let Outcome::Pruned(pruned) = prune(&home, 9 * DAY).await else {
        panic!("another answer")
    };
    assert_eq!(
        (pruned.backups, pruned.packs),
        (vec![old.backup.clone()], 0)
    );
    assert!(home.backups.body(&old.backup.manifest()).is_none());
    // The new backup builds on the old one's pack as long as it needs a half of it.
    let needed: Vec<String> = new.packs.iter().map(|pack| pack.id.key()).collect();
    assert_eq!(pruned.condemned as usize, before.len() - needed.len());
    prune(&home, 10 * DAY + 60).await;
    let mut left = needed.clone();
    left.sort();
    assert_eq!(home.packs(), left);
    let verify = json!({"action": "verify", "backup": "newest"});
    assert!(home.ask(verify, 11 * DAY).await.is_ok());
}

#[tokio::test]
async fn a_prune_that_is_killed_anywhere_takes_nothing_that_is_needed_and_is_gone_on_with() {
    for writes in 0..6 {
        let home = Region::home();
        home.create(0).await;
        home.write("users", r#"{"users":[1]}"#);
        home.write("posts", r#"{"posts":[1]}"#);
        home.create(8 * DAY).await;
        for at in [9 * DAY, 11 * DAY] {
            for bucket in [&home.backups, home.control.bucket()] {
                bucket.writes_left.set(Some(writes));
            }
            let _ = home.ask(json!({"action": "prune"}), at).await;
            for bucket in [&home.backups, home.control.bucket()] {
                bucket.writes_left.set(None);
            }
            let verify = json!({"action": "verify", "backup": "newest"});
            assert!(home.ask(verify, at).await.is_ok());
        }
        prune(&home, 13 * DAY).await;
        prune(&home, 15 * DAY).await;
        assert_eq!(home.packs().len(), 1, "{writes}");
    }
}

#[tokio::test]
async fn while_a_manifest_cannot_be_read_no_pack_is_removed_and_it_is_named() {
    let home = Region::home();
    let manifest = home.create(0).await;
    let newer = home.backups.body(&manifest.backup.manifest()).unwrap();
    let newer = String::from_utf8(newer)
        .unwrap()
        .replace("\"format\":1", "\"format\":9");
    home.backups.set(&manifest.backup.manifest(), newer);
    for at in [DAY * 2, DAY * 4, DAY * 6] {
        let refused = home.ask(json!({"action": "prune"}), at).await.unwrap_err();
        assert_eq!(refused.name(), "NotVerified");
        assert!(
            refused.to_string().contains("no pack is removed"),
            "{refused}"
        );
    }
    assert_eq!(home.packs().len(), 1);
}

#[tokio::test]
async fn a_restore_follows_no_link_out_of_the_services_data() {
    let home = Region::home();
    fs::create_dir(home.folder.path().join("users/pictures")).unwrap();
    fs::write(home.folder.path().join("users/pictures/1"), "picture").unwrap();
    home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir(standby.folder.path().join("users")).unwrap();
    let link = standby.folder.path().join("users/pictures");
    std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
    let refused = standby.ask(by_execution("newest"), 120).await.unwrap_err();
    assert_eq!(refused.name(), "Refused");
    assert!(
        refused.to_string().contains("users/pictures is a link"),
        "{refused}"
    );
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    assert!(!standby.data("users").exists());
}

/// Written once by the version that introduced the format, and never again.
#[tokio::test]
async fn a_backup_of_format_1_is_restored_for_ever() {
    let written = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/format-1"));
    let standby = Region::new("us-west-2").leased();
    let backup = BackupKey {
        epoch: Epoch(0),
        region: standby.configuration.home.clone(),
        name: "backup-20241123-120000".parse().unwrap(),
    };
    let manifest = fs::read(written.join("manifest.json")).unwrap();
    standby.backups.set(&backup.manifest(), manifest);
    for pack in fs::read_dir(written.join("packs")).unwrap() {
        let pack = pack.unwrap();
        let name = pack.file_name().into_string().unwrap();
        let body = fs::read(pack.path()).unwrap();
        standby.backups.set(&format!("packs/{name}"), body);
    }
    standby.ask(by_execution("newest"), 120).await.unwrap();
    assert_eq!(
        standby.read("users"),
        r#"{"users":[{"id":"1","name":"ada"}]}"#
    );
    assert_eq!(
        standby.read("posts"),
        r#"{"posts":[{"id":"1","text":"hello"}]}"#
    );
    let picture = standby.folder.path().join("users/pictures/1.bin");
    assert_eq!(
        fs::read(picture).unwrap(),
        (0..=255).cycle().take(70_000).collect::<Vec<u8>>()
    );
    assert_eq!(
        fs::read(standby.folder.path().join("users/empty")).unwrap(),
        b""
    );
}
