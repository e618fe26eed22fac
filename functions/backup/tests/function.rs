//! The whole function over buckets in memory and real folders.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::BTreeMap, fs, path::PathBuf};

use jiff::{SignedDuration, Timestamp};
use lifeboat_aws::{Control, memory::Memory};
use lifeboat_backup::{Backup, Outcome, Reply, handle};
use lifeboat_core::{
    Configuration, Epoch, Failure, RegionState,
    backup::{BackupKey, Manifest},
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
        };
        let now = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(at);
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

    async fn create(&self, at: i64) -> Manifest {
        match self.ask(json!({"action": "create"}), at).await.unwrap() {
            Outcome::Created { manifest } => manifest,
            other => panic!("{other:?}"),
        }
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
    for writes in 0..3 {
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
            said.contains("data of posts") && said.contains("db.json"),
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
    let manifest = home.create(60).await;
    let posts = manifest.backup.data("posts");
    let other = home.backups.body(&manifest.backup.data("users")).unwrap();
    let whole = home.backups.body(&posts).unwrap();
    let damages = [
        other,
        whole[..whole.len() - 4].to_vec(),
        [&whole[..], b"more"].concat(),
        b"not gzip".to_vec(),
        vec![],
    ];
    for damage in damages {
        let standby = Region::new("us-west-2").leased();
        standby.write("users", r#"{"users":["before"]}"#);
        home.backups.copy_to(&standby.backups);
        standby.backups.set(&posts, damage);
        let refused = standby.ask(by_execution("newest"), 120).await.unwrap_err();
        assert_eq!(refused.name(), "NotVerified", "{refused}");
        assert_eq!(standby.read("users"), r#"{"users":["before"]}"#);
        assert!(!standby.data("posts").exists());
    }
}

#[tokio::test]
async fn a_manifest_that_is_no_manifest_or_lacks_a_service_is_refused() {
    let home = Region::home();
    let manifest = home.create(60).await;
    let name = manifest.backup.manifest();
    let mut lacking = manifest.clone();
    lacking.files.pop();
    for body in [b"{}".to_vec(), serde_json::to_vec(&lacking).unwrap()] {
        let standby = Region::new("us-west-2").leased();
        home.backups.copy_to(&standby.backups);
        standby.backups.set(&name, body);
        let refused = standby.ask(by_execution("newest"), 120).await.unwrap_err();
        assert_eq!(refused.name(), "NotVerified", "{refused}");
    }
}

#[tokio::test]
async fn a_restore_keeps_what_it_replaces_and_done_twice_is_done_once() {
    let home = Region::home();
    home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    standby.write("users", r#"{"users":["before"]}"#);
    home.backups.copy_to(&standby.backups);
    for _ in 0..2 {
        standby.ask(by_execution("newest"), 120).await.unwrap();
        assert_eq!(standby.read("users"), home.read("users"));
        let kept = standby
            .data("users")
            .with_file_name("db.json.replaced-by-a");
        assert_eq!(fs::read_to_string(kept).unwrap(), r#"{"users":["before"]}"#);
    }
}

#[tokio::test]
async fn what_is_replaced_is_kept_whole_when_an_earlier_restore_was_killed_while_keeping_it() {
    let home = Region::home();
    home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    standby.write("users", r#"{"users":["before"]}"#);
    fs::write(standby.data("users").with_extension("half"), "{").unwrap();
    home.backups.copy_to(&standby.backups);
    standby.ask(by_execution("newest"), 120).await.unwrap();
    let kept = standby
        .data("users")
        .with_file_name("db.json.replaced-by-a");
    assert_eq!(fs::read_to_string(kept).unwrap(), r#"{"users":["before"]}"#);
    assert!(!standby.data("users").with_extension("half").exists());
}

#[tokio::test]
async fn a_rehearsed_restore_touches_no_data_leaves_nothing_and_refuses_what_a_restore_would() {
    let home = Region::home();
    let manifest = home.create(60).await;
    let standby = Region::new("us-west-2").leased();
    standby.write("users", r#"{"users":["before"]}"#);
    let left = standby.folder.path().join(".scratch/users");
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
    let key = manifest.backup.data("users");
    standby.backups.set(&key, b"not what it was".to_vec());
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
        assert!(salvaged.lost.unknown["posts"].contains("db.json"));
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
    let data = salvaged.salvage.data("users");
    assert!(home.backups.keys().contains(&data));
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
