use lifeboat_core::{Configuration, configuration::sample};

use super::*;
use crate::ready::samples::{definition, digest};

const TAGGED: &str = "127.0.0.1:5002/forum/users:stable";

struct Case {
    configuration: Configuration,
    template: Option<Definition>,
    current: Option<Definition>,
    pins: Vec<Definition>,
    runs: Result<Runs, String>,
    held: BTreeMap<Named, Held>,
}

fn named(letter: char) -> Named {
    Named {
        repository: "forum/users".into(),
        digest: digest(letter),
    }
}

fn pin(arn: &str, letter: char) -> Definition {
    let image = format!("127.0.0.1:5002/forum/users@{}", digest(letter));
    definition(arn, &[("users", &image)])
}

/// Tasks run an image that is ready here, and the service would start from Terraform's definition.
fn case() -> Case {
    let template = definition("arn:template", &[("users", TAGGED)]);
    Case {
        configuration: sample("us-west-2"),
        current: Some(template.clone()),
        template: Some(template),
        pins: vec![],
        runs: Ok([("users".to_owned(), named('a'))].into()),
        held: [(named('a'), Held::Ready)].into(),
    }
}

impl Case {
    fn plan(&self) -> Plan {
        let own = self.configuration.own();
        plan(&Facts {
            own,
            service: &own.services["users"],
            template: self.template.as_ref(),
            current: self.current.as_ref(),
            pins: &self.pins,
            runs: &self.runs,
            held: &self.held,
        })
    }

    fn registered(&self) -> Definition {
        match self.plan() {
            Plan::Register(definition) => *definition,
            other => panic!("{other:?}"),
        }
    }

    fn nothing(&self) -> String {
        match self.plan() {
            Plan::Nothing(reason) => reason,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_templates_image_is_replaced_by_the_one_that_runs_at_the_templates_own_address() {
    let case = case();
    assert!(case.registered().starts_the_same(&pin("", 'a')));
}

#[test]
fn killed_after_it_was_registered_the_same_pin_is_used() {
    let mut case = case();
    case.pins = vec![pin("arn:pin:1", 'a')];
    assert_eq!(case.plan(), Plan::Point("arn:pin:1".into()));
    case.current = case.pins.first().cloned();
    assert_eq!(case.nothing(), "it starts what runs already");
}

#[test]
fn what_runs_again_is_pinned_by_the_pin_that_it_had() {
    let mut case = case();
    case.pins = vec![pin("arn:pin:2", 'b'), pin("arn:pin:1", 'a')];
    case.current = case.pins.first().cloned();
    assert_eq!(case.plan(), Plan::Point("arn:pin:1".into()));
}

#[test]
fn another_image_or_another_template_makes_another_pin() {
    let mut case = case();
    case.pins = vec![pin("arn:pin:1", 'a')];
    case.current = case.pins.first().cloned();
    case.runs = Ok([("users".to_owned(), named('b'))].into());
    case.held.insert(named('b'), Held::Ready);
    assert!(case.registered().starts_the_same(&pin("", 'b')));

    case.runs = Ok([("users".to_owned(), named('a'))].into());
    let agent = ("agent", "public.example/agent:1");
    case.template = Some(definition("arn:template:2", &[("users", TAGGED), agent]));
    let registered = case.registered();
    let images: Vec<_> = registered.images().collect();
    assert_eq!(images[1], agent);
    assert!(images[0].1.ends_with(digest('a').as_str()));
}

#[test]
fn what_is_not_ready_here_is_never_pinned() {
    for held in [
        Some(Held::Missing("x".into())),
        Some(Held::Incomplete("x".into())),
        Some(Held::Differs("x".into())),
        Some(Held::Unreachable("x".into())),
        None,
    ] {
        let mut case = case();
        case.held = held.into_iter().map(|held| (named('a'), held)).collect();
        assert!(
            case.nothing().ends_with("is not ready here"),
            "{:?}",
            case.held
        );
    }
}

#[test]
fn who_cannot_tell_what_runs_pins_nothing_and_says_why() {
    let mut untold = case();
    untold.runs = Err("timed out".into());
    assert_eq!(untold.nothing(), "timed out");
    let mut new = case();
    let log = ("log", "127.0.0.1:5002/forum/posts:1");
    new.template = Some(definition("arn:template:2", &[("users", TAGGED), log]));
    assert_eq!(
        new.nothing(),
        "nobody runs forum/posts as its container log yet"
    );
}

#[test]
fn without_a_template_or_a_service_nothing_is_pinned() {
    let mut case = case();
    case.current = None;
    assert!(case.nothing().contains("no service forum-users"));
    case.template = None;
    assert!(case.nothing().contains("no task definition forum-users"));
    for there in case.configuration.regions.values_mut() {
        let users = there.services.get_mut("users").unwrap();
        users.template = Some("people".into());
    }
    assert!(case.nothing().contains("no task definition people"));
}
