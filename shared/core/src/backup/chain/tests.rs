use super::*;
use crate::{
    backup::{prune::GRACE, tests::key},
    configuration,
};

const HOME: &str = "us-east-1";
const STANDBY: &str = "us-west-2";

fn backup(epoch: u64, region: &str, hour: u32) -> BackupKey {
    key(epoch, region, &format!("backup-20241123-{hour:02}0000"))
}

/// A manifest whose hash is its hour, unless it was altered since.
fn read(previous: Option<&BackupKey>) -> Read {
    let link = |backup: &BackupKey| Previous {
        backup: backup.clone(),
        sha256: backup.name.to_string(),
    };
    Read {
        sha256: String::new(),
        previous: Ok(previous.map(link)),
    }
}

struct Bucket {
    backups: BTreeMap<BackupKey, Result<Read, String>>,
    pruned: Result<Option<BackupKey>, String>,
    here: Region,
    now: Timestamp,
}

/// Each names the one before it.
fn bucket(chain: &[BackupKey]) -> Bucket {
    let mut previous = None;
    let mut backups = BTreeMap::new();
    for key in chain {
        let sha256 = key.name.to_string();
        let read = Read {
            sha256,
            ..read(previous)
        };
        backups.insert(key.clone(), Ok(read));
        previous = Some(key);
    }
    Bucket {
        backups,
        pruned: Ok(None),
        here: Region::new(HOME).unwrap(),
        now: "2024-11-23T12:00:00Z".parse().unwrap(),
    }
}

fn links(bucket: &Bucket, downwards: Option<&BackupKey>) -> Vec<Link> {
    let facts = Facts {
        here: &bucket.here,
        backups: &bucket.backups,
        pruned: bucket.pruned.clone(),
        now: bucket.now,
    };
    let judged = judge(&facts, downwards).into_iter();
    judged.map(|judged| judged.link).collect()
}

fn three() -> [BackupKey; 3] {
    [9, 10, 11].map(|hour| backup(0, HOME, hour))
}

#[test]
fn a_chain_that_nobody_touched_holds_and_begins_at_its_oldest() {
    let all = three();
    let holds = [0, 1].map(|n| Link::Holds(all[n].clone()));
    assert_eq!(links(&bucket(&all), None), holds);
    assert_eq!(links(&bucket(&all[..1]), None), []);
    assert_eq!(links(&bucket(&[]), None), []);
}

#[test]
fn one_that_was_altered_shows_in_its_successor_and_the_others_hold() {
    let all = three();
    let mut bucket = bucket(&all);
    for altered in [0, 1] {
        bucket = super::tests::bucket(&all);
        let read = bucket.backups.get_mut(&all[altered]).unwrap();
        read.as_mut().unwrap().sha256 = "other".into();
        let mut expected = [0, 1].map(|n| Link::Holds(all[n].clone()));
        expected[altered] = Link::Altered(all[altered].clone());
        assert_eq!(links(&bucket, None), expected);
    }
    // Of the newest nobody tells.
    let read = bucket.backups.get_mut(&all[2]).unwrap();
    read.as_mut().unwrap().sha256 = "other".into();
    assert_eq!(links(&bucket, None).len(), 2);
}

#[test]
fn one_that_was_taken_away_is_missing_unless_a_prune_took_it_or_nobody_knows() {
    let all = three();
    let mut bucket = bucket(&all);
    bucket.backups.remove(&all[0]);
    let of = all[0].clone();
    for (pruned, expected) in [
        (Ok(None), Link::Missing(of.clone())),
        (Ok(Some(backup(0, HOME, 8))), Link::Missing(of.clone())),
        (Ok(Some(of.clone())), Link::Pruned(of.clone())),
        (Ok(Some(all[1].clone())), Link::Pruned(of.clone())),
        (
            Err("torn".into()),
            Link::CannotTell(Some(of.clone()), "torn".into()),
        ),
    ] {
        bucket.pruned = pruned;
        let expected = [expected, Link::Holds(all[1].clone())];
        assert_eq!(links(&bucket, None), expected);
    }
}

#[test]
fn what_another_region_wrote_may_still_be_on_its_way_and_what_was_here_is_not() {
    for (of, by, comes) in [
        (HOME, HOME, false),
        (STANDBY, HOME, false),
        (HOME, STANDBY, false),
        (STANDBY, STANDBY, true),
    ] {
        let (of, by) = (backup(0, of, 9), backup(1, by, 10));
        let mut bucket = bucket(&[of.clone(), by.clone()]);
        bucket.backups.remove(&of);
        let found = links(&bucket, None);
        let unknown = matches!(found[..], [Link::CannotTell(Some(_), _)]);
        assert_eq!(unknown, comes, "{found:?}");
        bucket.now = by.name.at + GRACE + jiff::SignedDuration::from_secs(1);
        assert_eq!(links(&bucket, None), [Link::Missing(of)]);
    }
}

#[test]
fn a_region_that_was_replaced_leaves_a_branch_and_each_is_judged_for_itself() {
    let all = three();
    let winner = backup(1, STANDBY, 11);
    let mut bucket = bucket(&all);
    let sha256 = winner.name.to_string();
    let read = Read {
        sha256,
        ..read(Some(&all[1]))
    };
    bucket.backups.insert(winner, Ok(read));
    let holds = [0, 1, 1].map(|n| Link::Holds(all[n].clone()));
    assert_eq!(links(&bucket, None), holds);
}

#[test]
fn from_a_backup_downwards_nothing_is_told_of_newer_ones_but_what_they_say_of_it() {
    let all = [8, 9, 10, 11].map(|hour| backup(0, HOME, hour));
    let bucket = bucket(&all);
    let of = |from: usize| links(&bucket, Some(&all[from])).len();
    assert_eq!([of(0), of(1), of(2), of(3)], [1, 2, 3, 3]);
}

#[test]
fn a_manifest_that_cannot_be_read_leaves_what_it_says_and_what_is_said_of_it_open() {
    let all = three();
    let mut unread = bucket(&all);
    unread.backups.insert(all[1].clone(), Err("denied".into()));
    let open = |of: Option<&BackupKey>| Link::CannotTell(of.cloned(), "denied".into());
    assert_eq!(links(&unread, None), [open(None), open(Some(&all[1]))]);
    // What was read and makes no sense still has a hash.
    let mut torn = bucket(&all);
    let read = Read {
        sha256: "other".into(),
        previous: Err("denied".into()),
    };
    torn.backups.insert(all[1].clone(), Ok(read));
    assert_eq!(
        links(&torn, None),
        [open(None), Link::Altered(all[1].clone())]
    );
}

#[test]
fn a_broken_link_is_told_with_what_to_do() {
    let all = three();
    let configuration = configuration::sample(HOME);
    let of = &all[0];
    let told = [
        Link::Holds(of.clone()),
        Link::Pruned(of.clone()),
        Link::Altered(of.clone()),
        Link::Missing(of.clone()),
        Link::CannotTell(Some(of.clone()), "denied".into()),
        Link::CannotTell(None, "denied".into()),
    ];
    let told = told.map(|link| Judged {
        by: all[1].clone(),
        link,
    });
    let chain = Chain::new(&configuration, &told);
    assert_eq!((chain.holds, chain.pruned), (1, 1));
    assert_eq!((chain.broken.len(), chain.unclear.len()), (2, 2));
    for broken in &chain.broken {
        assert!(
            broken.contains("aws s3 cp") && broken.contains(&of.manifest()),
            "{broken}"
        );
    }
}
