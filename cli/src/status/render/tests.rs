mod noted;

use std::collections::BTreeMap;

use super::*;
use crate::status::{Answered, Kept, Markers, Probe, View};
use jiff::{SignedDuration, Timestamp};
use lifeboat_core::{
    Epoch, Region, RegionPair, RegionState,
    backup::BackupKey,
    image::Record,
    liveness::Verdict,
    probe::{self, ProbeReport},
    readiness,
    request::Mode,
    state::{Fence, FenceProgress, Lease},
};

fn pair() -> RegionPair {
    let region = |name| Region::new(name).unwrap();
    RegionPair::new(region("us-east-1"), region("us-west-2")).unwrap()
}

fn noon() -> Timestamp {
    "2024-11-23T12:00:00Z".parse().unwrap()
}

fn backup() -> BackupKey {
    BackupKey {
        epoch: Epoch(0),
        region: pair().home,
        name: "backup-20241123-115500".parse().unwrap(),
    }
}

fn report(side: Side, verdict: Verdict) -> ProbeReport {
    let pair = pair();
    let mut report = probe::sample(pair.region(side), &pair.home, verdict);
    report.at = noon() - SignedDuration::from_secs(40);
    report.readiness.newest_backup = Some(backup());
    report
}

/// Image-sync found everything there three minutes ago.
fn images(side: Side) -> Record {
    let pair = pair();
    let at = noon() - SignedDuration::from_mins(3);
    Record::new(at, pair.region(side).clone(), pair.home)
}

fn answered(side: Side, state: RegionState, probe: Probe) -> RegionFacts {
    RegionFacts {
        region: pair().region(side).clone(),
        view: View::Answered(Box::new(Answered {
            state,
            probe,
            images: Kept::There {
                record: Box::new(images(side)),
            },
            damages: Kept::Never,
        })),
    }
}

fn healthy(side: Side) -> RegionFacts {
    let verdict = match side {
        Side::Home => Verdict::CannotTell,
        Side::Standby => Verdict::Serving,
    };
    let report = Box::new(report(side, verdict));
    answered(
        side,
        RegionState::genesis(&pair()),
        Probe::Reported { report },
    )
}

fn unreachable(side: Side) -> RegionFacts {
    RegionFacts {
        region: pair().region(side).clone(),
        view: View::Unreachable {
            because: "read control/state.json in us-east-1: timed out".into(),
        },
    }
}

fn rendered(home: RegionFacts, standby: RegionFacts, serve: Seen, fenced: Seen) -> String {
    let markers = Markers {
        serve,
        fenced,
        reclaim: Seen::Absent,
    };
    plain(&Facts::new(noon(), "forum", home, standby, markers), 102)
}

fn plain(facts: &Facts, width: usize) -> String {
    let text = anstream::adapter::strip_str(&render(facts, width)).to_string();
    let lines = text.lines().map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
}

/// The lines of one row, as they are read by people: without the padding.
fn row(text: &str, label: &str) -> String {
    let lines = text.lines().skip_while(|line| !line.starts_with(label));
    let more = |line: &&str| line.starts_with(label) || line.starts_with("   ");
    let words = lines.take_while(more).flat_map(str::split_whitespace);
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn two_healthy_regions_stand_side_by_side() {
    let text = rendered(
        healthy(Side::Home),
        healthy(Side::Standby),
        Seen::Absent,
        Seen::Absent,
    );
    let expected = "\
forum           home                                        standby
region          us-east-1                                   us-west-2
answers         yes                                         yes
role            active                                      passive
epoch           0                                           0
execution       none                                        none
capacity        not remembered yet                          not remembered yet
cool-down       none                                        none
owed fence      none                                        none
last probe      40 s ago                                    40 s ago
own fence       none                                        none
sees peer       not serving, as a passive region should     serving
                not
ready           ready                                       ready
images          ready                                       ready
                looked 3 min ago                            looked 3 min ago
newest backup   backup-20241123-115500 of epoch 0           backup-20241123-115500 of epoch 0
                5 min old                                   5 min old
damage          none known                                  none known
last proof                                                  cannot tell: the probe did not look for it
last drill                                                  cannot tell: the probe did not look for it

Users are sent to us-east-1 (home); markers as seen from here: serve down, fenced down, reclaim down.
";
    assert_eq!(text, expected);
}

/// Nobody answers for home, and no marker is there.
fn with_home_dead(standby: RegionFacts) -> Facts {
    let absent = Seen::Absent;
    let markers = Markers {
        serve: absent,
        fenced: absent,
        reclaim: absent,
    };
    Facts::new(noon(), "forum", unreachable(Side::Home), standby, markers)
}

#[test]
fn in_sixty_columns_one_region_stands_below_the_other_and_no_line_is_wider() {
    let facts = with_home_dead(healthy(Side::Standby));
    let text = plain(&facts, 60);
    let expected = "\
forum home
region          us-east-1
answers         unreachable: read control/state.json in
                us-east-1: timed out
role            active, as the other region knows

forum standby
region          us-west-2
answers         yes
role            passive
";
    assert!(text.starts_with(expected), "{text}");
    for width in [40, 60, 79, 80, 102, 160] {
        let text = plain(&facts, width);
        assert!(
            text.lines().all(|line| line.chars().count() <= width),
            "{width}:\n{text}"
        );
        assert!(text.contains("backup-20241123-115500"), "{width}:\n{text}");
    }
}

#[test]
fn an_unreachable_region_is_shown_with_its_error_beside_the_one_that_answers() {
    let text = rendered(
        unreachable(Side::Home),
        healthy(Side::Standby),
        Seen::Absent,
        Seen::Unreachable,
    );
    let answers = row(&text, "answers");
    assert!(answers.starts_with("answers unreachable: read"), "{text}");
    assert!(answers.ends_with("us-east-1: timed out"), "{text}");
    assert!(row(&text, "role").contains("active, as the other region knows"));
    assert!(text.contains("fenced unreachable"), "{text}");
}

#[test]
fn two_unreachable_regions_leave_the_role_unknown() {
    let unknown = Seen::Unreachable;
    let text = rendered(
        unreachable(Side::Home),
        unreachable(Side::Standby),
        unknown,
        unknown,
    );
    assert_eq!(row(&text, "role"), "role unknown unknown");
}

#[test]
fn a_region_that_was_never_probed_says_so() {
    let state = RegionState::genesis(&pair());
    let standby = answered(Side::Standby, state, Probe::Never);
    let text = rendered(healthy(Side::Home), standby, Seen::Absent, Seen::Absent);
    assert!(row(&text, "last probe").contains("never"), "{text}");
    assert_eq!(row(&text, "ready"), "ready ready");
}

#[test]
fn a_probe_that_is_late_and_a_peer_that_is_down_are_told_with_reasons() {
    let mut late = report(Side::Standby, Verdict::Down);
    late.at = noon() - SignedDuration::from_mins(12);
    late.liveness.reasons = vec!["users: no answer (timed out)".into()];
    late.readiness.verdict = readiness::Verdict::NotReady;
    late.unready_since = Some(noon() - SignedDuration::from_mins(20));
    let posts = readiness::ServiceFacts {
        image: readiness::Fact::Missing("missing".into()),
        ..readiness::ServiceFacts::default()
    };
    late.readiness.services.insert("posts".into(), posts);
    let state = RegionState::genesis(&pair());
    let standby = answered(
        Side::Standby,
        state,
        Probe::Reported {
            report: late.into(),
        },
    );
    let text = rendered(unreachable(Side::Home), standby, Seen::Absent, Seen::Absent);
    assert!(
        row(&text, "last probe").contains("12 min ago, late"),
        "{text}"
    );
    assert!(
        row(&text, "sees peer").contains("down - users: no answer"),
        "{text}"
    );
    assert!(
        row(&text, "ready").contains("not ready for 20 min - posts: image: missing"),
        "{text}"
    );
}

#[test]
fn after_a_failover_the_fence_and_the_lease_and_the_cool_down_are_told() {
    let mut state = RegionState::genesis(&pair());
    (state.epoch, state.active) = (Epoch(1), pair().standby);
    let execution = "arn:aws:states:us-west-2:1:execution:forum-failover:forum-1";
    state.lease = Some(Lease::new(execution, Mode::Planned, &BTreeMap::new()));
    state.cool_down_until = Some(noon() + SignedDuration::from_mins(30));
    state.capacity.insert("users".into(), 2);
    state.fence = Some(Fence {
        execution: "forum-1".into(),
        restored: backup(),
        progress: FenceProgress::Pending,
    });
    let mut fenced = report(Side::Home, Verdict::Serving);
    fenced.active = pair().standby;
    fenced.fenced = Some("us-west-2 is active at epoch 1: raised fenced".into());
    let stale = RegionState::genesis(&pair());
    let home = answered(
        Side::Home,
        stale,
        Probe::Reported {
            report: fenced.into(),
        },
    );
    let standby = answered(Side::Standby, state, Probe::Never);
    let text = rendered(home, standby, Seen::Present, Seen::Present);
    for (label, told) in [
        ("role", "passive, but does not know it yet active"),
        ("execution", "forum-1 holds the lease"),
        ("capacity", "users 2"),
        ("cool-down", "30 min left"),
        ("owed fence", "pending:"),
        (
            "own fence",
            "fenced: us-west-2 is active at epoch 1: raised",
        ),
    ] {
        assert!(row(&text, label).contains(told), "{label}:\n{text}");
    }
    assert!(text.contains("Users are sent to us-west-2 (standby)"));
    assert!(!text.contains("somebody must look"));
}

#[test]
fn users_who_are_sent_to_a_passive_region_are_pointed_out() {
    let text = rendered(
        healthy(Side::Home),
        healthy(Side::Standby),
        Seen::Present,
        Seen::Present,
    );
    assert!(text.contains("That is not the active region."), "{text}");
}
