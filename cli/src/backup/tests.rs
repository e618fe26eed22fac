use lifeboat_aws::memory::Memory;
use lifeboat_backup::Effects;
use lifeboat_core::{Epoch, backup::sample as manifest, configuration::sample};
use serde_json::{Value, json};

use super::*;
use crate::{ask::memory::Scripted, person::memory::Somebody};

const NAMES: [&str; 2] = ["backup-20241123-120000", "backup-20241123-110000"];

fn key(name: &str) -> BackupKey {
    BackupKey {
        epoch: Epoch(0),
        region: Region::new("us-east-1").unwrap(),
        name: name.parse().unwrap(),
    }
}

fn answers(outcome: &Outcome) -> Result<Value, Failure> {
    Ok(serde_json::to_value(outcome).unwrap())
}

fn listed() -> Result<Value, Failure> {
    answers(&Outcome::Listed {
        backups: NAMES.map(key).to_vec(),
        kept: vec![],
        notes: vec![],
    })
}

fn preview(refused: &[&str]) -> Result<Value, Failure> {
    let effects = Effects {
        put: vec!["db.json".parse().unwrap()],
        unchanged: 3,
        ..Effects::default()
    };
    answers(&Outcome::Previewed {
        preview: Preview {
            backup: key(NAMES[0]),
            refused: refused.iter().map(ToString::to_string).collect(),
            services: [("posts".to_owned(), effects)].into(),
            fetched_bytes: 3_400_000,
            unlisted: 0,
        },
    })
}

fn restored() -> Result<Value, Failure> {
    answers(&Outcome::Restored {
        restored: lifeboat_core::backup::Restored {
            backup: key(NAMES[0]),
            started: Timestamp::UNIX_EPOCH,
            finished: Timestamp::UNIX_EPOCH,
            services: [].into(),
            to_import: [].into(),
        },
        overridden: Overrides::default(),
    })
}

fn wanted(backup: &str, services: &[&str]) -> Restoring {
    Restoring {
        backup: Some(backup.to_owned()),
        before: None,
        services: services.iter().map(ToString::to_string).collect(),
        overrides: vec![],
        place: crate::arguments::In { region: None },
    }
}

struct World {
    configuration: Configuration,
    region: Region,
}

fn world() -> World {
    World {
        configuration: sample("us-east-1"),
        region: Region::new("us-east-1").unwrap(),
    }
}

impl World {
    fn backups(
        &self,
        answers: impl IntoIterator<Item = Result<Value, Failure>>,
    ) -> Backups<'_, Scripted> {
        Backups {
            configuration: &self.configuration,
            region: &self.region,
            function: Scripted::new(answers),
            now: "2024-11-23T12:05:00Z".parse().unwrap(),
        }
    }
}

#[tokio::test]
async fn a_backup_is_taken_and_one_that_needs_more_than_an_invocation_is_gone_on_with() {
    let world = world();
    let made = Outcome::Created(lifeboat_backup::Created {
        backup: key(NAMES[0]),
        files: 3,
        bytes: 3_400_000,
        sent: 12_000,
        warnings: vec!["posts did not hold still".into()],
    });
    let half = Err(Failure::Unfinished("1 of 3 GB".into()));
    let backups = world.backups([half, answers(&made)]);
    let mut somebody = Somebody::default();
    let answer = backups.create(&mut somebody).await.unwrap();
    assert!(somebody.heard("1 of 3 GB"));
    assert_eq!(
        *backups.function.asked.borrow(),
        [json!({"action": "create"}), json!({"action": "create"})]
    );
    let says =
        "backup-20241123-120000 stands in us-east-1: 3 files, 3.4 MB; 12 kB went to the bucket.";
    assert!(
        answer.text.starts_with(says) && answer.text.contains("warning: posts"),
        "{}",
        answer.text
    );
    assert_eq!(answer.document["is"], "created");
}

#[tokio::test]
async fn where_another_region_is_active_the_answer_is_no() {
    let world = world();
    let reason = "us-west-2 is active at epoch 1".to_owned();
    let passive = Outcome::Passive {
        epoch: Epoch(1),
        reason,
    };
    let backups = world.backups([answers(&passive)]);
    let answer = backups.create(&mut Somebody::default()).await.unwrap();
    assert_eq!(answer.exit_code(), 3);
    assert!(
        answer.text.contains("us-west-2 is active"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn backups_are_listed_with_their_age() {
    let world = world();
    let answer = world
        .backups([listed()])
        .list(&mut Somebody::default())
        .await
        .unwrap();
    let expected = "\
backup                  age       epoch  taken in
backup-20241123-120000  5 min     0      us-east-1
backup-20241123-110000  1 h 5 min  0      us-east-1";
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(words(&answer.text), words(expected));
}

#[tokio::test]
async fn what_is_in_a_backup_is_read_from_the_bucket_by_its_name() {
    let world = world();
    let bucket = Memory::new("backups", &world.region);
    let manifest = manifest(&key(NAMES[0]), ["posts"]);
    let key = manifest.backup.clone();
    bucket.set(&key.manifest(), serde_json::to_vec(&manifest).unwrap());
    let listed = || {
        answers(&Outcome::Listed {
            backups: vec![key.clone()],
            kept: vec![],
            notes: vec![],
        })
    };
    let name = key.name.to_string();
    for wanted in ["newest", &name] {
        let backups = world.backups([listed()]);
        let answer = backups
            .show(wanted, &bucket, &mut Somebody::default())
            .await;
        let answer = answer.unwrap();
        assert!(answer.text.starts_with(&name), "{}", answer.text);
        assert_eq!(answer.document, serde_json::to_value(&manifest).unwrap());
    }
    let backups = world.backups([listed()]);
    let empty = Memory::new("backups", &world.region);
    let gone = backups
        .show("newest", &empty, &mut Somebody::default())
        .await;
    assert_eq!(gone.unwrap_err().exit_code(), 1);
}

#[tokio::test]
async fn a_name_that_there_is_not_is_refused_with_the_near_ones_before_anything_is_asked_for() {
    let world = world();
    for (wrong, near) in [
        ("backup-20241123-120001", NAMES[0]),
        ("backup-2024-11-23-11", NAMES[1]),
    ] {
        let backups = world.backups([listed()]);
        let restore = wanted(wrong, &[]);
        let refused = backups
            .restore(&restore, Consent::Given, &mut Somebody::default())
            .await;
        let trouble = refused.unwrap_err();
        assert_eq!(trouble.exit_code(), 2);
        assert!(
            trouble
                .to_string()
                .contains(&format!("Did you mean {near}")),
            "{trouble}"
        );
        assert_eq!(backups.function.asked.borrow().len(), 1);
    }
    let backups = world.backups([]);
    let restore = wanted("newest", &["user"]);
    let refused = backups
        .restore(&restore, Consent::Given, &mut Somebody::default())
        .await;
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .ends_with("Did you mean users?")
    );
}

#[tokio::test]
async fn a_restore_is_previewed_first_and_puts_in_place_what_was_previewed_when_it_is_agreed_to() {
    let world = world();
    let service = world.configuration.services[0].name.clone();
    let backups = world.backups([listed(), preview(&[]), restored()]);
    let restore = wanted("newest", &[&service]);
    let mut somebody = Somebody::who_types("us-east-1\n");
    let answer = backups
        .restore(&restore, Consent::Ask, &mut somebody)
        .await
        .unwrap();
    assert!(
        somebody.heard("would fetch 3.4 MB") && somebody.heard("put      db.json"),
        "{somebody:?}"
    );
    assert_eq!(answer.exit_code(), 0);
    let asked = backups.function.asked.borrow();
    assert_eq!(
        asked[1],
        json!({"action": "preview", "backup": "newest", "services": [service]})
    );
    assert_eq!(
        asked[2],
        json!({"action": "restore", "backup": NAMES[0], "services": [service]})
    );
}

#[tokio::test]
async fn who_types_another_region_restores_nothing() {
    let world = world();
    for mut somebody in [Somebody::who_types("yes"), Somebody::default()] {
        let backups = world.backups([listed(), preview(&[])]);
        let restore = wanted("newest", &[]);
        let refused = backups.restore(&restore, Consent::Ask, &mut somebody).await;
        assert_eq!(refused.unwrap_err().exit_code(), 2);
        assert_eq!(backups.function.asked.borrow().len(), 2);
    }
}

#[tokio::test]
async fn what_would_be_refused_is_not_asked_for_and_says_why() {
    let world = world();
    let backups = world.backups([listed(), preview(&["tasks of posts run"])]);
    let mut somebody = Somebody::default();
    let answer = backups
        .restore(&wanted("newest", &[]), Consent::Given, &mut somebody)
        .await;
    assert_eq!(answer.unwrap().exit_code(), 3);
    assert!(
        somebody.heard("It would be refused: tasks of posts run"),
        "{somebody:?}"
    );
    assert_eq!(backups.function.asked.borrow().len(), 2);
}

#[tokio::test]
async fn damage_is_an_answer_that_says_what_to_do() {
    let world = world();
    let damaged = Err(Failure::NotVerified("packs/1 is torn".into()));
    let backups = world.backups([listed(), damaged]);
    let trouble = backups
        .verify("newest", &mut Somebody::default())
        .await
        .unwrap_err();
    assert_eq!(trouble.exit_code(), 3);
    assert!(
        trouble.to_string().starts_with("packs/1 is torn\n"),
        "{trouble}"
    );
    let mut verified = lifeboat_core::backup::Verified {
        backup: key(NAMES[0]),
        started: Timestamp::UNIX_EPOCH,
        finished: Timestamp::UNIX_EPOCH,
        packs: 1,
        bytes: 7,
        chain: Default::default(),
    };
    for code in [0, 3] {
        let backups = world.backups([
            listed(),
            answers(&Outcome::Verified {
                verified: verified.clone(),
            }),
        ]);
        let answer = backups
            .verify("newest", &mut Somebody::default())
            .await
            .unwrap();
        assert_eq!(answer.exit_code(), code, "{}", answer.text);
        verified
            .chain
            .broken
            .push("one before it was altered".into());
    }
}
