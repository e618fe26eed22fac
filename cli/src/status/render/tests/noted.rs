use lifeboat_core::{
    backup::{Damages, Harm},
    image::{Held, Image, ServiceImages, Use},
};

use super::*;

/// The standby as image-sync and verify noted it.
fn noting(images: Kept<Record>, damages: Kept<Damages>) -> RegionFacts {
    let mut standby = healthy(Side::Standby);
    if let View::Answered(answered) = &mut standby.view {
        (answered.images, answered.damages) = (images, damages);
    }
    standby
}

fn shown(images: Kept<Record>, damages: Kept<Damages>, width: usize) -> String {
    plain(&with_home_dead(noting(images, damages)), width)
}

fn there<T>(record: T) -> Kept<T> {
    let record = Box::new(record);
    Kept::There { record }
}

fn holding(held: [Held; 2]) -> Record {
    let mut record = images(Side::Standby);
    let images = held.into_iter().zip(["a", "b"]).map(|(held, digit)| Image {
        repository: "forum/users".into(),
        digest: format!("sha256:{}", digit.repeat(64)),
        used: Use::Running,
        held,
    });
    let images = images.collect();
    let doubt = None;
    let users = ServiceImages { images, doubt };
    record.services.insert("users".into(), users);
    record.after(None, &Default::default())
}

#[test]
fn images_that_a_region_lacks_are_told_with_for_how_long_in_both_layouts() {
    let mut lacking = holding([Held::Ready, Held::Missing("gone".into())]);
    lacking.lacking_since = Some(noon() - SignedDuration::from_mins(45));
    for width in [60, 102] {
        let text = shown(there(lacking.clone()), Kept::Never, width);
        let told = "images lacks 1 image for 45 min - forum/users@sha256:bbbbbbbbbbbb…: gone looked 3 min ago";
        assert_eq!(row(&text, "images"), told, "{text}");
    }
}

#[test]
fn images_that_nobody_looked_for_lately_or_could_tell_are_no_ready_ones() {
    let doubtful = holding([Held::Ready, Held::Unreachable("throttled".into())]);
    let mut old = images(Side::Standby);
    old.at = noon() - SignedDuration::from_hours(2);
    let because = "read images.json: timed out".into();
    for (images, told) in [
        (there(doubtful), "cannot tell - throttled looked 3 min ago"),
        (there(old), "ready looked 2 h ago, late:"),
        (Kept::Never, "never looked for;"),
        (Kept::Unknown { because }, "unknown: read images.json"),
    ] {
        let text = shown(images, Kept::Never, 60);
        assert!(row(&text, "images").contains(told), "{told}:\n{text}");
    }
}

#[test]
fn what_was_read_and_found_damaged_is_named_as_far_as_there_is_room() {
    let mut damages = Damages::default();
    for number in 0..5 {
        damages.note(&format!("packs/{number}"), &Harm::Gone, None);
    }
    let mut record = images(Side::Standby);
    let digest = "c".repeat(64);
    record.note(&format!("forum/users@sha256:{digest}"), Some("torn"));
    for width in [60, 102] {
        let text = shown(there(record.clone()), there(damages.clone()), width);
        let told = "damage damaged: 5 backup objects - packs/0: is gone - packs/1: is gone - packs/2: is gone - and 2 more; --output json names them damaged: 1 image - forum/users@sha256:cccccccccccc…: torn";
        assert_eq!(row(&text, "damage"), told, "{text}");
    }
    let because = "read damaged.json: timed out".into();
    let text = shown(there(images(Side::Standby)), Kept::Unknown { because }, 60);
    assert_eq!(
        row(&text, "damage"),
        "damage cannot tell: read damaged.json: timed out"
    );
}

#[test]
fn scripts_read_what_was_noted_and_since_when_a_region_is_not_ready() {
    let mut report = report(Side::Standby, Verdict::Serving);
    report.unready_since = Some(noon());
    let report = Box::new(report);
    let state = RegionState::genesis(&pair());
    let standby = answered(Side::Standby, state, Probe::Reported { report });
    let json = serde_json::to_value(&standby).unwrap();
    let told = |path: &str| json.pointer(path).unwrap().clone();
    assert_eq!(told("/view/images/record/region"), "us-west-2");
    assert_eq!(told("/view/damages/is"), "never");
    assert_eq!(
        told("/view/probe/report/unready_since"),
        "2024-11-23T12:00:00Z"
    );
}
