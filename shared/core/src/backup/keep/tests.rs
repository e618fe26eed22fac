use super::*;
use crate::{
    Epoch, Region,
    backup::{BackupName, Kind, PackId},
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

const HOUR: i64 = 3600;

/// Monday, the first of January of 2024, and so many hours.
fn backup(hours: i64) -> BackupKey {
    let start: Timestamp = "2024-01-01T00:00:00Z".parse().unwrap();
    BackupKey {
        epoch: Epoch(0),
        region: Region::new("us-east-1").unwrap(),
        name: BackupName::new(Kind::Backup, start + SignedDuration::from_hours(hours)),
    }
}

fn days(keep: Keep, here: &[i64], kept: &[i64]) -> Vec<i64> {
    let keys = |days: &[i64]| days.iter().map(|day| backup(24 * day)).collect::<Vec<_>>();
    let wanted = wanted(&keys(here), &keys(kept), keep);
    let first = backup(0).name.at.as_second();
    let days = wanted
        .keys()
        .map(|key| (key.name.at.as_second() - first) / (24 * HOUR));
    days.collect()
}

#[test]
fn of_each_of_the_last_days_weeks_and_months_the_first_backup_is_kept() {
    let keep = |daily, weekly, monthly| Keep {
        daily,
        weekly,
        monthly,
    };
    let all: Vec<i64> = (0..100).collect();
    assert_eq!(days(keep(3, 0, 0), &all, &[]), [97, 98, 99]);
    assert_eq!(days(keep(0, 3, 0), &all, &[]), [84, 91, 98]);
    // January, February and March of a leap year, and April.
    assert_eq!(days(keep(0, 0, 9), &all, &[]), [0, 31, 60, 91]);
    assert_eq!(days(keep(2, 2, 2), &all, &[]), [60, 91, 98, 99]);
    assert_eq!(days(keep(0, 0, 0), &all, &all), [] as [i64; 0]);
}

#[test]
fn a_copy_stands_for_its_week_though_an_earlier_backup_comes_late() {
    let weekly = Keep {
        weekly: 2,
        ..Keep::default()
    };
    assert_eq!(days(weekly, &[7, 8, 9], &[8]), [8]);
    assert_eq!(
        days(weekly, &[], &[0, 8, 15]),
        [8, 15],
        "however long nothing came"
    );
}

#[test]
fn where_both_regions_have_backups_of_a_day_the_higher_epoch_is_kept() {
    let mut winner = backup(20);
    winner.epoch = Epoch(1);
    let daily = Keep {
        daily: 1,
        ..Keep::default()
    };
    let wanted = wanted(&[backup(1), winner.clone(), backup(22)], &[], daily);
    assert_eq!(wanted.into_keys().collect::<Vec<_>>(), [winner]);
}

#[test]
fn a_copy_is_kept_until_so_many_days_weeks_or_months_have_begun_after_its_own() {
    // Sunday, the seventh, at noon.
    let all = [backup(6 * 24 + 12)];
    let until = |daily, weekly, monthly| {
        let keep = Keep {
            daily,
            weekly,
            monthly,
        };
        wanted(&all, &[], keep)[&all[0]].to_string()
    };
    assert_eq!(until(1, 0, 0), "2024-01-08T00:00:00Z");
    assert_eq!(until(0, 1, 0), "2024-01-08T00:00:00Z");
    assert_eq!(until(3, 2, 0), "2024-01-15T00:00:00Z");
    assert_eq!(until(3, 2, 1), "2024-02-01T00:00:00Z");
    assert_eq!(until(0, 0, 12), "2025-01-01T00:00:00Z");
    let monday = [backup(0)];
    let week = Keep {
        weekly: 1,
        ..Keep::default()
    };
    let until = wanted(&monday, &[], week)[&monday[0]];
    assert_eq!(until.to_string(), "2024-01-08T00:00:00Z");
}

#[test]
fn a_copy_has_a_folder_of_its_own_with_everything_in_it() {
    let backup = backup(12);
    let folder = "kept/0000000000/us-east-1/backup-20240101-120000/";
    assert_eq!(backup.kept(), folder);
    for key in [PackId::new([7; 32]).key(), backup.manifest()] {
        let key = format!("{folder}{key}");
        assert_eq!(BackupKey::of_kept(&key), Some(backup.clone()));
        assert_eq!(BackupKey::of_manifest(&key), None);
        assert_eq!(PackId::of_key(&key), None);
    }
    for other in [
        "kept/",
        "kept/x",
        folder.trim_end_matches('/'),
        &backup.manifest(),
    ] {
        assert_eq!(BackupKey::of_kept(other), None, "{other}");
    }
}

#[test]
fn more_than_can_be_meant_is_refused_by_its_name() {
    let keep = Keep {
        weekly: 9999,
        ..Keep::default()
    };
    let refused = keep.validate().unwrap_err();
    assert_eq!(refused.field, "backup_keep.weekly");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Backups come and go by the hour, and now and then what is due is done, or nobody comes to it.
    #[test]
    fn what_is_kept_is_never_more_than_asked_for_and_no_day_week_or_month_is_lost(
        daily in 0u32..4, weekly in 0u32..4, monthly in 0u32..4,
        steps in prop::collection::vec((1i64..60, any::<bool>()), 1..80),
    ) {
        let keep = Keep { daily, weekly, monthly };
        let (mut now, mut here, mut kept) = (0, vec![], BTreeMap::<BackupKey, Timestamp>::new());
        for (hours, done) in steps {
            now += hours;
            here.push(backup(now));
            here.retain(|key| key.name.at > backup(now - 48).name.at);
            if !done {
                continue;
            }
            let before: Vec<BackupKey> = kept.keys().cloned().collect();
            let wanted_now = wanted(&here, &before, keep);
            prop_assert!(wanted_now.len() <= (daily + weekly + monthly) as usize);
            for (period, count) in keep.counts() {
                let periods = |keys: &mut dyn Iterator<Item = &BackupKey>| {
                    keys.map(|key| period.of(key)).collect::<BTreeSet<_>>()
                };
                let all = periods(&mut here.iter().chain(&before));
                let last: BTreeSet<_> = all.iter().rev().take(count as usize).copied().collect();
                let stands = periods(&mut wanted_now.keys());
                prop_assert!(last.is_subset(&stands), "{period:?} of {last:?} is not in {stands:?}");
            }
            let known: BTreeSet<_> = here.iter().chain(&before).cloned().collect();
            prop_assert!(wanted_now.keys().all(|key| known.contains(key)), "only what there is");
            for (key, until) in &kept {
                let ends = backup(now).name.at >= *until;
                prop_assert!(ends || wanted_now.contains_key(key), "{} was promised until {until}", key.name);
            }
            let again: Vec<BackupKey> = wanted_now.keys().cloned().collect();
            prop_assert_eq!(&wanted(&here, &again, keep), &wanted_now, "done twice is done once");
            kept = wanted_now;
        }
    }
}
