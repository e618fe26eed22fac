use super::*;
use crate::manifest::Manifest;
use serde_json::json;

fn blobs(names: &[&str]) -> Vec<Descriptor> {
    let named = |name: &&str| json!({"digest": Digest::of(name.as_bytes()), "size": 9});
    let layers: Vec<_> = names.iter().map(named).collect();
    let content = json!({"config": named(&"config"), "layers": layers});
    let bytes = serde_json::to_vec(&content).unwrap();
    let manifest = Manifest {
        digest: Digest::of(&bytes),
        media_type: "x".into(),
        bytes,
    };
    let mut blobs = manifest.parts().unwrap().blobs;
    blobs.retain(|blob| blob.digest != Digest::of(b"config"));
    blobs
}

fn went(plan: &mut Plan, job: Job, went: Went) {
    match job {
        Job::Ask { blob, to } => plan.went(&blob, None, &to, went),
        Job::Send { blob, to, .. } => plan.went(&blob.digest, None, &to, went),
        Job::Mount { blob, from, to } => plan.went(&blob, Some(&from), &to, went),
        Job::Finish(image) => plan.stands(image),
    }
}

fn lacks(plan: &mut Plan, place: &str) {
    let ask = plan.next().unwrap();
    assert!(
        matches!(&ask, Job::Ask { to, .. } if to == place),
        "{ask:?}"
    );
    went(plan, ask, Went::Lacking);
}

#[test]
fn what_a_copy_that_was_cut_short_left_in_another_repository_is_not_sent_again() {
    let mut plan = Plan::default();
    plan.add(0, "a", "a", blobs(&["x"])).unwrap();
    plan.add(1, "b", "b", blobs(&["x"])).unwrap();
    plan.add(2, "c", "c", blobs(&["x"])).unwrap();
    let (b, c) = (plan.next().unwrap(), plan.next().unwrap());
    assert!(matches!(&b, Job::Ask { to, .. } if to == "b"));
    assert!(matches!(&c, Job::Ask { to, .. } if to == "c"));
    went(&mut plan, b, Went::Lacking);
    assert_eq!(plan.next(), None);
    went(&mut plan, c, Went::Held);
    assert_eq!(plan.next(), Some(Job::Finish(2)));
    let mount = plan.next().unwrap();
    assert!(
        matches!(&mount, Job::Mount { from, .. } if from == "c"),
        "{mount:?}"
    );
}

#[test]
fn the_image_that_was_wished_for_first_is_sent_whichever_is_known_first() {
    let mut plan = Plan::default();
    plan.add(1, "b", "b", blobs(&["x"])).unwrap();
    plan.add(0, "a", "a", blobs(&["x"])).unwrap();
    lacks(&mut plan, "b");
    assert!(matches!(plan.next(), Some(Job::Send { to, .. }) if to == "a"));
}

#[test]
fn two_images_that_share_a_blob_wait_for_the_first_and_have_it_from_there() {
    let mut plan = Plan::default();
    plan.add(0, "a", "a", blobs(&["x"])).unwrap();
    plan.add(1, "b", "b", blobs(&["x"])).unwrap();
    lacks(&mut plan, "b");
    let send = plan.next().unwrap();
    assert!(matches!(&send, Job::Send { to, .. } if to == "a"));
    assert_eq!(plan.next(), None);
    went(&mut plan, send, Went::Held);
    assert_eq!(plan.next(), Some(Job::Finish(0)));
    let mount = plan.next().unwrap();
    assert!(
        matches!(&mount, Job::Mount { from, to, .. } if (from.as_str(), to.as_str()) == ("a", "b"))
    );
    // It only takes over what a manifest names, so the second image waits for the first one to stand.
    went(&mut plan, mount, Went::NotMounted);
    assert_eq!(plan.next(), None);
    plan.stands(0);
    let mount = plan.next().unwrap();
    assert!(matches!(&mount, Job::Mount { .. }));
    // Or it takes over nothing.
    went(&mut plan, mount, Went::NotMounted);
    assert!(matches!(plan.next(), Some(Job::Send { to, .. }) if to == "b"));
}

#[test]
fn a_blob_that_fails_in_one_repository_is_tried_in_the_other() {
    let mut plan = Plan::default();
    plan.add(0, "a", "a", blobs(&["x"])).unwrap();
    plan.add(1, "b", "b", blobs(&["x"])).unwrap();
    lacks(&mut plan, "b");
    let send = plan.next().unwrap();
    let failure = Failure::NotVerified("rotten".into());
    went(&mut plan, send, Went::Failed(failure.clone()));
    assert_eq!(plan.failed(), [(0, failure)]);
    assert!(matches!(plan.next(), Some(Job::Send { to, .. }) if to == "b"));
}

#[test]
fn images_that_wait_for_each_other_alone_do_not_wait_for_ever() {
    let mut plan = Plan {
        mounting: Mounting::AfterManifest,
        ..Plan::default()
    };
    plan.add(0, "a", "a", blobs(&["x", "y"])).unwrap();
    plan.add(1, "b", "b", blobs(&["x", "y"])).unwrap();
    plan.set(&Digest::of(b"x"), "a", There::Held);
    plan.set(&Digest::of(b"y"), "b", There::Held);
    assert!(matches!(plan.next(), Some(Job::Send { to, .. }) if to == "a"));
}

#[test]
fn one_digest_with_two_lengths_is_refused() {
    let mut plan = Plan::default();
    plan.add(0, "a", "a", blobs(&["x"])).unwrap();
    let mut other = blobs(&["x"]);
    other[0].size = 10;
    let failure = plan.add(1, "b", "b", other).unwrap_err();
    assert_eq!(failure.name(), "NotVerified");
}
