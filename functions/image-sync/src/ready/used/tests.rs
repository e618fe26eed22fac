use lifeboat_core::configuration::sample;

use super::*;
use crate::ready::samples::{definition, digest, task};

fn named(letter: char) -> Named {
    Named {
        repository: "forum/users".into(),
        digest: digest(letter),
    }
}

fn running(newest: &str, tasks: Vec<Task>) -> Running {
    Running {
        newest: Some(newest.into()),
        tasks,
    }
}

fn seen(running: Result<&Running, String>, pins: &[Definition]) -> Used {
    used(&sample("us-west-2"), Side::Home, running, None, pins)
}

fn pin(letter: char) -> Definition {
    let image = format!("127.0.0.1:5002/forum/users@{}", digest(letter));
    definition("arn:pin", &[("users", &image)])
}

const IMAGE: &str = "127.0.0.1:5001/forum/users:stable";

#[test]
fn what_tasks_run_counts_by_digest_and_not_by_the_tag_of_their_definition() {
    let running = running("new", vec![task("new", IMAGE, Some('a'))]);
    let used = seen(Ok(&running), &[]);
    assert_eq!(used.images, [(named('a'), Use::Running)].into());
    assert_eq!(used.runs, Ok([("users".to_owned(), named('a'))].into()));
    assert_eq!(used.doubt, None);
}

#[test]
fn while_a_deployment_rolls_both_images_are_needed_and_the_newest_is_to_run() {
    let tasks = vec![task("old", IMAGE, Some('a')), task("new", IMAGE, Some('b'))];
    let used = seen(Ok(&running("new", tasks.clone())), &[]);
    assert_eq!(used.images.len(), 2);
    assert_eq!(used.runs.unwrap()["users"], named('b'));
    let untold = seen(Ok(&running("newer", tasks)), &[]);
    assert!(
        untold
            .runs
            .unwrap_err()
            .contains("which are the newest in us-east-1")
    );
}

#[test]
fn a_digest_that_is_not_told_is_a_doubt_and_nothing_is_to_run_by_it() {
    let tasks = vec![task("new", IMAGE, None)];
    let used = seen(Ok(&running("new", tasks)), &[pin('c')]);
    let doubt = used.doubt.unwrap();
    assert!(
        doubt.contains("users runs 127.0.0.1:5001/forum/users:stable"),
        "{doubt}"
    );
    assert!(used.runs.is_err());
    assert_eq!(used.images, [(named('c'), Use::Deployed)].into());
}

#[test]
fn containers_of_other_repositories_are_no_business_of_ours_and_side_cars_of_a_services_are() {
    let mut task = task("new", IMAGE, Some('a'));
    let mut other = task.containers[0].clone();
    (other.name, other.image) = ("log".into(), "127.0.0.1:5001/forum/posts:1".into());
    let mut foreign = other.clone();
    (foreign.name, foreign.image) = ("agent".into(), "public.example/agent:1".into());
    foreign.digest = None;
    task.containers.extend([other, foreign]);
    let used = seen(Ok(&running("new", vec![task])), &[]);
    let repositories: Vec<&str> = used.images.keys().map(|i| i.repository.as_str()).collect();
    assert_eq!(repositories, ["forum/posts", "forum/users"]);
    assert_eq!(used.doubt, None);
}

#[test]
fn what_was_pinned_last_stands_for_a_region_that_is_silent_or_runs_nothing() {
    for running in [Err("timed out".to_owned()), Ok(&Running::default())] {
        let used = seen(running, &[pin('b'), pin('a')]);
        let expected = [(named('b'), Use::Pinned), (named('a'), Use::Deployed)];
        assert_eq!(used.images, expected.into());
        assert_eq!(used.runs.unwrap()["users"], named('b'));
    }
    // The service may have been pointed back to an older one.
    let back = used(
        &sample("us-west-2"),
        Side::Home,
        Err("timed out".into()),
        Some(&pin('a')),
        &[pin('b'), pin('a')],
    );
    assert_eq!(back.runs.unwrap()["users"], named('a'));
    assert_eq!(back.images[&named('b')], Use::Deployed);
    let silent = seen(Err("timed out".into()), &[]);
    assert_eq!(silent.runs, Err("timed out".into()));
    assert!(silent.images.is_empty());
}

#[test]
fn what_a_service_here_would_start_is_needed_whatever_runs_there() {
    let running = running("new", vec![task("new", IMAGE, Some('b'))]);
    let configuration = sample("us-west-2");
    let pins = [pin('a')];
    let used = used(
        &configuration,
        Side::Home,
        Ok(&running),
        Some(&pins[0]),
        &pins,
    );
    let expected = [(named('b'), Use::Running), (named('a'), Use::Pinned)];
    assert_eq!(used.images, expected.into());
    assert_eq!(used.runs.unwrap()["users"], named('b'));
}
