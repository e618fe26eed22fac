use super::*;
use crate::{RegionPair, request::Mode, state::Lease};

pub(super) fn key(epoch: u64, region: &str, name: &str) -> BackupKey {
    BackupKey {
        epoch: Epoch(epoch),
        region: Region::new(region).unwrap(),
        name: name.parse().unwrap(),
    }
}

#[test]
fn before_tasks_are_started_an_execution_restores_and_afterwards_it_imports_until_the_region_serves()
 {
    let me = Region::new("us-west-2").unwrap();
    let pair = RegionPair::new(Region::new("us-east-1").unwrap(), me.clone()).unwrap();
    let mut state = RegionState::genesis(&pair);
    let by = |execution| (execution, Epoch(1));
    let may = |state: &RegionState, execution| {
        [may_restore, may_import].map(|may| may(&me, state, by(execution)).is_ok())
    };
    assert_eq!(may(&state, "a"), [false, false], "it has no lease");
    let lease = Lease::new("a", Mode::Unplanned, &BTreeMap::new());
    (state.epoch, state.lease) = (Epoch(1), Some(lease));
    assert_eq!(may(&state, "a"), [true, false]);
    assert_eq!(may(&state, "b"), [false, false]);
    state.lease.iter_mut().for_each(|lease| lease.filled = true);
    assert_eq!(may(&state, "a"), [false, true]);
    assert_eq!(may(&state, "b"), [false, false]);
    state.active = me.clone();
    assert_eq!(may(&state, "a"), [false, false]);
}

#[test]
fn a_name_is_its_time_in_utc() {
    let name: BackupName = "backup-20241123-120000".parse().unwrap();
    assert_eq!(name.at.to_string(), "2024-11-23T12:00:00Z");
    assert_eq!(name.to_string(), "backup-20241123-120000");
    for wrong in [
        "",
        "newest",
        "backup-2024",
        "backup-20241323-120000",
        "restore-20241123-120000",
        "backup-20241123-120000/../x",
        // Other spellings of what is a name.
        "backup-20241123-1200\r0",
        "backup-2024 123-120000",
    ] {
        assert!(wrong.parse::<BackupName>().is_err(), "{wrong}");
    }
}

#[test]
fn only_a_manifest_makes_a_backup() {
    let backup = key(3, "us-west-2", "backup-20241123-120000");
    assert_eq!(
        BackupKey::of_manifest(&backup.manifest()),
        Some(backup.clone())
    );
    let other = format!("{}users.json", backup.folder());
    assert_eq!(BackupKey::of_manifest(&other), None);
    assert_eq!(
        BackupKey::of_manifest("salvage/0000000003/us-west-2/backup-20241123-120000/manifest.json"),
        None
    );
    let signed = backup.manifest().replace("/0000000003/", "/+000000003/");
    assert_eq!(
        BackupKey::of_manifest(&signed),
        None,
        "nothing has two names"
    );
}

#[test]
fn the_newest_has_the_highest_epoch_then_the_latest_time() {
    let late = key(0, "us-east-1", "backup-20241123-130000");
    let early = key(1, "us-west-2", "backup-20241123-120000");
    let salvage = key(5, "us-east-1", "salvage-20241123-140000");
    assert_eq!(newest([&late, &early, &salvage]), Some(&early));
}

#[test]
fn a_region_that_sees_a_higher_epoch_of_the_other_answers_passive() {
    let pair = RegionPair::new(
        Region::new("us-east-1").unwrap(),
        Region::new("us-west-2").unwrap(),
    )
    .unwrap();
    let state = RegionState::genesis(&pair);
    assert_eq!(turn(&pair.home, &state, &[]), Turn::Active(Epoch(0)));
    assert!(matches!(
        turn(&pair.standby, &state, &[]),
        Turn::Passive { .. }
    ));
    let mut leased = state.clone();
    leased.epoch = Epoch(1);
    let saw = state.clone().saw(&leased);
    assert_eq!(turn(&pair.home, &saw, &[]), Turn::Active(Epoch(0)));
    let replica = key(1, "us-west-2", "backup-20241123-120000");
    assert!(matches!(
        turn(&pair.home, &state, &[replica]),
        Turn::Passive {
            epoch: Epoch(1),
            ..
        }
    ));
}

#[test]
fn a_backup_is_named_after_every_other_of_its_epoch_whatever_the_clock_says() {
    let me = Region::new("us-east-1").unwrap();
    let all = [
        key(2, "us-east-1", "backup-20241123-120000"),
        key(3, "us-west-2", "backup-20241123-130000"),
    ];
    let at = |time: &str| name(&me, Epoch(2), time.parse().unwrap(), &all);
    let later = at("2024-11-23T12:00:01.5Z");
    assert_eq!(later.name.to_string(), "backup-20241123-120001");
    assert_eq!(later.warning, None);
    assert_eq!(
        at("2024-11-23T12:00:00.9Z").name,
        all[0].name,
        "the same second"
    );
    let backwards = at("2024-11-23T11:00:00Z");
    assert_eq!(backwards.name.to_string(), "backup-20241123-120001");
    assert!(
        backwards
            .warning
            .unwrap()
            .contains("the clock in us-east-1")
    );
}
