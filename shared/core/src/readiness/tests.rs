use super::*;
use crate::{Epoch, Region};

fn facts() -> Facts {
    let there = ServiceFacts::default();
    let backup = BackupKey {
        epoch: Epoch(0),
        region: Region::new("us-east-1").unwrap(),
        name: "backup-20241123-120000".parse().unwrap(),
    };
    Facts {
        services: [("users".to_owned(), there)].into(),
        newest_backup: Ok(Some(backup)),
        rpo_seconds: 3600,
        none_comes: None,
        reclaim: Seen::Absent,
        addresses: Fact::There,
        quota: Fact::There,
    }
}

fn noon(after: i64) -> Timestamp {
    Timestamp::from_second(
        "2024-11-23T12:00:00Z"
            .parse::<Timestamp>()
            .unwrap()
            .as_second()
            + after,
    )
    .unwrap()
}

#[test]
fn everything_there_and_fresh_is_ready() {
    assert_eq!(judge(facts(), noon(60)).verdict, Verdict::Ready);
}

#[test]
fn an_old_backup_or_none_or_a_left_over_reclaim_is_not_ready() {
    assert_eq!(judge(facts(), noon(3601)).verdict, Verdict::NotReady);
    assert_eq!(
        judge(
            Facts {
                newest_backup: Ok(None),
                ..facts()
            },
            noon(0)
        )
        .verdict,
        Verdict::NotReady
    );
    assert_eq!(
        judge(
            Facts {
                reclaim: Seen::Present,
                ..facts()
            },
            noon(0)
        )
        .verdict,
        Verdict::NotReady
    );
}

#[test]
fn why_no_backup_comes_is_told_where_one_is_missing_or_old() {
    let off = Facts {
        none_comes: Some("it is off".into()),
        ..facts()
    };
    assert_eq!(judge(off.clone(), noon(60)).verdict, Verdict::Ready);
    let none = Facts {
        newest_backup: Ok(None),
        ..off.clone()
    };
    for (facts, at) in [(off, 3601), (none, 0)] {
        let lacks = judge(facts, noon(at)).lacks().concat();
        assert!(lacks.ends_with("; it is off"), "{lacks}");
    }
}

#[test]
fn a_region_that_serves_behind_a_closed_gate_says_so() {
    let gate = crate::gate::sample("us-east-1", "users");
    let open = gate.at(Position::Open);
    assert_eq!(writes(&gate, Ok(&open)), Fact::There);
    let region = Region::new("us-east-1").unwrap();
    let silent = Failure::unavailable("describe", "rules", &region, "throttled");
    for (seen, verdict, word) in [
        (Ok(&gate.at(Position::Closed)), Verdict::NotReady, "503"),
        (Ok(&Priorities::new()), Verdict::NotReady, "Terraform"),
        (Err(&silent), Verdict::CannotTell, "throttled"),
    ] {
        let mut shut = facts();
        shut.services.get_mut("users").unwrap().writes = writes(&gate, seen);
        let readiness = judge(shut, noon(0));
        assert_eq!(readiness.verdict, verdict);
        let lacks = readiness.lacks().concat();
        let told = lacks.starts_with("users: writes: ") && lacks.contains(word);
        assert!(told, "{lacks}");
    }
}

#[test]
fn what_cannot_be_told_is_neither_ready_nor_not() {
    let mut doubtful = facts();
    doubtful.services.get_mut("users").unwrap().image = Fact::CannotTell("timed out".into());
    let readiness = judge(doubtful, noon(0));
    assert_eq!(readiness.verdict, Verdict::CannotTell);
    assert_eq!(readiness.lacks(), ["users: image: cannot tell: timed out"]);
    let unlisted = Facts {
        newest_backup: Err("throttled".into()),
        ..facts()
    };
    let readiness = judge(unlisted, noon(0));
    assert_eq!(readiness.verdict, Verdict::CannotTell);
    assert_eq!(readiness.lacks(), ["cannot tell: backups: throttled"]);
}

/// The table of all checks: what each is called, what a doubt of it comes to, and how a test sets it.
type Set = fn(&mut Facts) -> &mut Fact;

const CHECKS: [(&str, Verdict, Set); 9] = [
    ("users: service: ", Verdict::CannotTell, |f| {
        &mut users(f).service
    }),
    ("users: image: ", Verdict::CannotTell, |f| {
        &mut users(f).image
    }),
    ("users: writes: ", Verdict::CannotTell, |f| {
        &mut users(f).writes
    }),
    ("users: definition: ", Verdict::Ready, |f| {
        &mut users(f).definition
    }),
    ("users: scaling: ", Verdict::Ready, |f| &mut users(f).closed),
    ("users: target: ", Verdict::CannotTell, |f| {
        &mut users(f).target
    }),
    ("users: secrets: ", Verdict::Ready, |f| {
        &mut users(f).secrets
    }),
    ("addresses: ", Verdict::Ready, |f| &mut f.addresses),
    ("quota: ", Verdict::Ready, |f| &mut f.quota),
];

fn users(facts: &mut Facts) -> &mut ServiceFacts {
    facts.services.get_mut("users").unwrap()
}

#[test]
fn what_is_missing_always_costs_readiness_and_a_doubt_only_where_an_execution_needs_the_answer() {
    for (what, doubted, set) in CHECKS {
        let mut missing = facts();
        *set(&mut missing) = Fact::Missing("gone".into());
        let missing = judge(missing, noon(0));
        assert_eq!(missing.verdict, Verdict::NotReady, "{what}");
        assert_eq!(missing.lacks(), [format!("{what}gone")]);
        let mut doubtful = facts();
        *set(&mut doubtful) = Fact::CannotTell("timed out".into());
        let doubtful = judge(doubtful, noon(0));
        assert_eq!(doubtful.verdict, doubted, "{what}");
        let said = [format!("{what}cannot tell: timed out")];
        let (told, noted) = match doubted {
            Verdict::Ready => (doubtful.doubts(), doubtful.lacks()),
            Verdict::NotReady | Verdict::CannotTell => (doubtful.lacks(), doubtful.doubts()),
        };
        assert_eq!(told, said);
        assert!(noted.is_empty(), "{what}");
    }
}

#[test]
fn what_is_missing_weighs_more_than_any_doubt() {
    for (what, _, set) in CHECKS {
        let mut both = facts();
        both.newest_backup = Err("throttled".into());
        *set(&mut both) = Fact::Missing("gone".into());
        assert_eq!(judge(both, noon(0)).verdict, Verdict::NotReady, "{what}");
    }
}
