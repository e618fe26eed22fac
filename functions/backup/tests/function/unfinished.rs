use std::{
    fs::{self, File},
    os::unix::fs::FileExt,
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use lifeboat_backup::{Created, Outcome};
use lifeboat_core::{Failure, backup::Reading, configuration::Data};
use serde_json::{Value, json};

use crate::region::{Region, by_execution};

const UNFINISHED: &str = "unfinished.json";

/// When what was written today has long been settled.
const LATER: i64 = 4_000_000_000;

/// More invocations than any of these needs.
const MANY: i64 = 60;

/// Noise that is the same each time: cut into chunks, and as large when it is stored.
fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let noise = std::iter::repeat_with(next).flatten();
    noise.take(bytes).collect()
}

/// Users with two files, posts with a large one between two others; each invocation has time for one chunk.
fn hurried() -> Region {
    let mut home = Region::home();
    for service in &mut home.configuration.services {
        service.data = Data::Any;
    }
    let folder = |service: &str| home.folder.path().join(service);
    fs::write(folder("users").join("a.bin"), noise(3 << 20, 7)).unwrap();
    fs::write(folder("posts").join("large.bin"), noise(9 << 20, 8)).unwrap();
    fs::write(folder("posts").join("z.bin"), noise(1 << 19, 9)).unwrap();
    home.until.set(Timestamp::MIN);
    home
}

fn create() -> Value {
    json!({"action": "create"})
}

/// Until it is done: in how many invocations.
async fn to_the_end(home: &Region, event: &Value, before_each: impl Fn(i64)) -> (Outcome, i64) {
    for times in 1..=MANY {
        before_each(times);
        match home.ask(event.clone(), LATER + times * 60).await {
            Ok(outcome) => {
                assert_eq!(home.control.bucket().body(UNFINISHED), None);
                return (outcome, times);
            }
            Err(failure) => {
                assert_eq!(failure.name(), "Unfinished", "{failure}");
                assert!(
                    failure.to_string().contains("goes on from there"),
                    "{failure}"
                );
                let listed = home.ask(json!({"action": "list"}), LATER).await.unwrap();
                assert_eq!(
                    listed,
                    Outcome::Listed {
                        backups: vec![],
                        kept: vec![],
                        notes: vec![]
                    }
                );
            }
        }
    }
    panic!("it does not get on")
}

async fn created(home: &Region, before_each: impl Fn(i64)) -> (Created, i64) {
    match to_the_end(home, &create(), before_each).await {
        (Outcome::Created(created), times) => (created, times),
        (other, _) => panic!("{other:?}"),
    }
}

async fn is_what_home_has(home: &Region) {
    let standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    standby.ask(by_execution("newest"), LATER).await.unwrap();
    let names = [
        "users/a.bin",
        "users/db.json",
        "posts/large.bin",
        "posts/z.bin",
        "posts/db.json",
    ];
    for name in names {
        let [there, here] = [home, &standby].map(|r| fs::read(r.folder.path().join(name)).unwrap());
        assert!(there == here, "{name}");
    }
}

fn stored(home: &Region) -> usize {
    let packs = home.packs();
    packs
        .iter()
        .map(|pack| home.backups.body(pack).unwrap().len())
        .sum()
}

#[tokio::test]
async fn one_that_is_out_of_time_after_each_chunk_gets_further_each_time_and_stores_nothing_twice()
{
    let home = hurried();
    let (backup, times) = created(&home, |_| {}).await;
    assert!(times > 10, "{times}");
    assert_eq!(backup.files, 5);
    assert!(stored(&home) < (13 << 20), "{}", stored(&home));
    is_what_home_has(&home).await;
    let again = home.created(LATER + MANY * 60).await;
    assert_eq!(again.sent, 0, "and what it knows of the files is believed");
}

#[tokio::test]
async fn one_that_has_time_enough_leaves_nothing_to_be_gone_on_with() {
    let home = hurried();
    home.until.set(Timestamp::MAX);
    home.create(LATER).await;
    assert!(home.control.bucket().keys().is_empty());
}

#[tokio::test]
async fn killed_between_any_two_effects_it_is_gone_on_with() {
    for writes in 0..3 {
        let home = hurried();
        let kill = |left| {
            home.backups.writes_left.set(left);
            home.control
                .bucket()
                .writes_left
                .set(left.filter(|_| writes > 0).map(|_| 0));
        };
        for times in 1..=MANY {
            kill((times % 2 == 0).then_some(writes));
            let outcome = home.ask(create(), LATER + times * 60).await;
            kill(None);
            if outcome.is_ok() {
                break;
            }
            assert!(times < MANY, "it does not get on");
        }
        is_what_home_has(&home).await;
        home.until.set(Timestamp::MAX);
        home.create(LATER + MANY * 60).await;
        assert_eq!(home.control.bucket().body(UNFINISHED), None, "{writes}");
    }
}

/// In place, with a time that tells it apart.
fn change(home: &Region, times: i64, at: u64) {
    let large = home.folder.path().join("posts/large.bin");
    let large = File::options().write(true).open(large).unwrap();
    large.write_all_at(&times.to_le_bytes(), at).unwrap();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + times as u64);
    large.set_modified(time).unwrap();
}

#[tokio::test]
async fn a_file_that_changed_meanwhile_is_read_from_its_beginning() {
    let home = hurried();
    let (_, undisturbed) = created(&home, |_| {}).await;
    let home = hurried();
    let (backup, times) = created(&home, |times| {
        if times == 8 {
            change(&home, times, 0);
        }
    })
    .await;
    assert!(times > undisturbed, "{times}");
    assert_eq!(backup.warnings, [] as [&str; 0]);
    is_what_home_has(&home).await;
}

#[tokio::test]
async fn one_that_changes_between_all_invocations_is_read_to_its_end_all_the_same_and_called_inconsistent()
 {
    let home = hurried();
    let (backup, _) = created(&home, |times| change(&home, times, 0)).await;
    let manifest = home.manifest(&backup.backup);
    let large = &manifest.services["posts"][&"large.bin".parse().unwrap()];
    assert_eq!(
        (large.reading, &large.mark),
        (Reading::ChangedMeanwhile, &None)
    );
    assert!(
        backup.warnings[0].contains("large.bin of posts changed"),
        "{:?}",
        backup.warnings
    );
    let verify = json!({"action": "verify", "backup": "newest"});
    assert!(home.ask(verify, LATER).await.is_ok());
}

#[tokio::test]
async fn a_file_that_became_shorter_or_went_is_no_obstacle() {
    for gone in [false, true] {
        let home = hurried();
        let large = home.folder.path().join("posts/large.bin");
        let (backup, _) = created(&home, |times| match (times, gone) {
            (10, false) => File::options()
                .write(true)
                .open(&large)
                .unwrap()
                .set_len(9)
                .unwrap(),
            (10, true) => fs::remove_file(&large).unwrap(),
            _ => {}
        })
        .await;
        assert_eq!(backup.files, if gone { 4 } else { 5 });
    }
}

#[tokio::test]
async fn what_is_of_another_epoch_region_application_or_time_or_damaged_is_not_believed() {
    let home = hurried();
    for times in 0..8 {
        home.ask(create(), LATER + times).await.unwrap_err();
    }
    let left = home.control.bucket().body(UNFINISHED).unwrap();
    let left: Value = serde_json::from_slice(&left).unwrap();
    let change = |change: &dyn Fn(&mut Value)| {
        let mut changed = left.clone();
        change(&mut changed);
        changed.to_string()
    };
    let (so_far, half) = ("so_far", "half");
    home.until.set(Timestamp::MAX);
    for damaged in [
        "not JSON".to_owned(),
        change(&|u| u[so_far]["backup"]["epoch"] = 7.into()),
        change(&|u| u[so_far]["backup"]["region"] = "us-west-2".into()),
        change(&|u| u[so_far]["application"] = "other".into()),
        change(&|u| u[so_far]["format"] = 9.into()),
        change(&|u| u[half]["hash"]["pieces"] = 1_000_000.into()),
        change(&|u| u[half]["file"]["chunks"][0][0] = 99.into()),
        change(&|u| u[half]["file"]["content"] = "0".repeat(64).into()),
        change(&|u| u["unknown"] = 1.into()),
    ] {
        let keys = home.backups.keys();
        home.control.bucket().set(UNFINISHED, damaged.clone());
        let at = LATER + 100 + keys.len() as i64;
        let backup = home.created(at).await;
        assert_eq!(backup.warnings, [] as [&str; 0], "{damaged}");
        assert_eq!(home.control.bucket().body(UNFINISHED), None);
        is_what_home_has(&home).await;
        home.backups.remove(&backup.backup.manifest());
    }
    // Finished since, by another one.
    let newest = home.created(LATER + 200).await;
    home.control.bucket().set(UNFINISHED, left.to_string());
    let later = home.created(LATER + 201).await;
    assert_eq!(
        home.manifest(&later.backup).previous.unwrap().backup,
        newest.backup
    );
    is_what_home_has(&home).await;
}

#[tokio::test]
async fn packs_that_went_meanwhile_or_are_too_old_are_not_built_on() {
    for old in [false, true] {
        let home = hurried();
        for times in 0..8 {
            home.ask(create(), LATER + times).await.unwrap_err();
        }
        let packs = home.packs();
        if !old {
            home.backups.remove(&packs[0]);
        }
        home.until.set(Timestamp::MAX);
        let later = LATER + 13 * 3600 * i64::from(old) + 60;
        home.create(later).await;
        is_what_home_has(&home).await;
    }
}

#[tokio::test]
async fn a_question_whose_answer_is_not_finished_has_no_reply_until_it_is() {
    let home = hurried();
    let event = json!({"action": "reply", "id": "a", "to": create()});
    home.ask(event.clone(), LATER).await.unwrap_err();
    assert_eq!(home.control.bucket().body("replies/a.json"), None);
    let (replied, _) = to_the_end(&home, &event, |_| {}).await;
    let Outcome::Created(_) = home.replied(replied).unwrap() else {
        panic!("another answer")
    };
    is_what_home_has(&home).await;
}

#[tokio::test]
async fn a_salvage_and_what_a_restore_replaces_are_gone_on_with_too() {
    let home = hurried();
    let (backup, _) = created(&home, |_| {}).await;
    let seconds = |home: &Region, n: u64| {
        let large = home.folder.path().join("posts/large.bin");
        fs::write(large, noise(5 << 20, n)).unwrap();
    };
    seconds(&home, 99);
    let salvage = json!({"action": "salvage", "epoch": 1, "against": backup.backup});
    let event = json!({"action": "reply", "id": "a", "to": salvage});
    let mut tries = 0;
    while let Err(failure) = home.ask(event.clone(), LATER + 10_000 + tries).await {
        assert!(matches!(failure, Failure::Unfinished(_)), "{failure}");
        tries += 1;
        assert!(tries < MANY, "it does not get on");
    }
    assert!(tries > 2, "{tries}");
    assert_eq!(home.only("salvage/").services.len(), 2);

    let standby = Region::new("us-west-2").leased();
    home.backups.copy_to(&standby.backups);
    fs::create_dir_all(standby.folder.path().join("posts")).unwrap();
    seconds(&standby, 98);
    standby.until.set(Timestamp::MIN);
    let mut tries = 0;
    while let Err(failure) = standby
        .ask(by_execution("newest"), LATER + 20_000 + tries)
        .await
    {
        assert!(matches!(failure, Failure::Unfinished(_)), "{failure}");
        assert_eq!(
            fs::metadata(standby.folder.path().join("posts/large.bin"))
                .unwrap()
                .len(),
            5 << 20
        );
        tries += 1;
        assert!(tries < MANY, "it does not get on");
    }
    assert!(tries > 2, "{tries}");
    assert_eq!(standby.only("replaced/").services.len(), 1);
}

#[tokio::test]
async fn a_large_file_that_should_hold_json_is_backed_up_and_nobody_looked_whether_it_does() {
    let home = Region::home();
    let text = "0123456789".repeat(300_000);
    home.write("posts", &format!("[\"{text}\", \"{text}\"]"));
    home.until.set(Timestamp::MIN);
    let (backup, times) = created(&home, |_| {}).await;
    assert!(times > 1);
    assert!(
        backup.warnings[0].contains("whether it holds JSON"),
        "{:?}",
        backup.warnings
    );
}
