//! What goes with the standby, and comes back with it: each root planned with `enable_dr` and without. Both plans begin with nothing, so
//! what only one of them makes is what the step from one to the other destroys or makes, and what differs in both is what it changes.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_core::Configuration;
use lifeboat_tests::terraform::{Change, EXISTING, HOME, INFRA, JOIN, STANDBY};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::{costs, described, sample, text};

type Plans = BTreeMap<String, Vec<Change>>;

async fn planned(roots: &str, settings: &str) -> Plans {
    let (_folder, terraform) = described(roots, JOIN, settings);
    let tests = sample("without-standby");
    terraform.plans(JOIN, &tests).await.unwrap()
}

/// Planned once, for all that is looked at.
async fn made() -> &'static Plans {
    static PLANS: OnceCell<Plans> = OnceCell::const_new();
    PLANS
        .get_or_init(async || planned(INFRA, "lifeboat.tfvars").await)
        .await
}

async fn existing() -> &'static Plans {
    static PLANS: OnceCell<Plans> = OnceCell::const_new();
    PLANS
        .get_or_init(async || planned(EXISTING, "existing.tfvars").await)
        .await
}

fn with<'a>(plans: &'a Plans, root: &str) -> &'a [Change] {
    &plans[&format!("{root}_with")]
}

fn without<'a>(plans: &'a Plans, root: &str) -> &'a [Change] {
    &plans[&format!("{root}_without")]
}

fn by_address(changes: &[Change]) -> BTreeMap<&str, &Change> {
    let pairs = changes.iter().map(|c| (c.address.as_str(), c));
    pairs.collect()
}

/// The kinds of what is destroyed, each with how many; nothing may be made.
fn gone(plans: &Plans, root: &str) -> BTreeMap<String, usize> {
    let (with, without) = (
        by_address(with(plans, root)),
        by_address(without(plans, root)),
    );
    assert!(with.len() > 10, "{root}");
    let made = without
        .keys()
        .filter(|address| !with.contains_key(*address));
    assert_eq!(made.count(), 0, "{root}");
    let gone = with
        .iter()
        .filter(|(address, _)| !without.contains_key(*address));
    let mut kinds = BTreeMap::new();
    for (_, change) in gone {
        *kinds.entry(change.kind.clone()).or_default() += 1;
    }
    kinds
}

/// What is changed of what stays: kinds and their attributes. None of these replaces what it is of.
fn changed(plans: &Plans, root: &str) -> BTreeSet<(String, String)> {
    let (with, without) = (
        by_address(with(plans, root)),
        by_address(without(plans, root)),
    );
    let mut found = BTreeSet::new();
    for (address, before) in with {
        let Some(after) = without.get(address) else {
            continue;
        };
        let (before, after) = (before.after.as_object(), after.after.as_object());
        let (before, after) = (before.unwrap(), after.unwrap());
        let words = before.keys().chain(after.keys());
        let differing = words.filter(|word| before.get(*word) != after.get(*word));
        let kind = by_address(self::with(plans, root))[address].kind.clone();
        found.extend(differing.map(|word| (kind.clone(), word.clone())));
    }
    found
}

fn told(pairs: &[(&str, usize)]) -> BTreeMap<String, usize> {
    let pairs = pairs
        .iter()
        .map(|(kind, count)| ((*kind).to_owned(), *count));
    pairs.collect()
}

fn attributes(pairs: &[(&str, &str)]) -> BTreeSet<(String, String)> {
    let pairs = pairs
        .iter()
        .map(|(kind, word)| ((*kind).to_owned(), (*word).to_owned()));
    pairs.collect()
}

fn names(changes: &[Change], kind: &str, word: &str) -> BTreeSet<String> {
    let of_kind = changes.iter().filter(|change| change.kind == kind);
    let names = of_kind.map(|change| change.after[word].as_str().unwrap().to_owned());
    names.collect()
}

/// The rules that fire, by what comes after the application.
fn firing(changes: &[Change], application: &str) -> BTreeSet<String> {
    let rules = changes
        .iter()
        .filter(|c| c.kind == "aws_cloudwatch_event_rule");
    let firing = rules.filter(|rule| rule.after["state"] == "ENABLED");
    let name = |rule: &Change| {
        let name = rule.after["name"].as_str().unwrap();
        let name = name.strip_prefix(&format!("{application}-"));
        name.unwrap().to_owned()
    };
    firing.map(name).collect()
}

fn rules(named: &[&str]) -> BTreeSet<String> {
    named.iter().map(|name| (*name).to_owned()).collect()
}

/// What a suite loses in either region: it watches or shows what no longer runs.
const OF_THE_SUITE: [(&str, usize); 2] = [
    ("aws_cloudwatch_dashboard", 1),
    ("aws_cloudwatch_metric_alarm", 15),
];

#[tokio::test]
async fn without_a_standby_its_region_loses_what_costs_money_and_keeps_what_holds_data() {
    let plans = made().await;
    let gone = gone(plans, STANDBY);
    let of_the_application = [
        ("aws_appautoscaling_policy", 6),
        ("aws_appautoscaling_target", 3),
        ("aws_ecs_service", 3),
        ("aws_lb", 1),
        ("aws_lb_listener", 2),
        ("aws_lb_listener_rule", 3),
        ("aws_lb_target_group", 3),
        ("aws_security_group", 1),
        ("aws_vpc_security_group_egress_rule", 1),
        ("aws_vpc_security_group_ingress_rule", 3),
    ];
    let all = [&of_the_application[..], &OF_THE_SUITE].concat();
    assert_eq!(gone, told(&all));
    // All there are: none of these is left.
    let left = without(plans, STANDBY);
    let none = ["appautoscaling", "_lb", "ecs_service", "dashboard"];
    for change in left {
        assert!(!none.iter().any(|n| change.kind.contains(n)), "{change:?}");
    }
    let held = [
        ("aws_s3_bucket", 3),
        ("aws_s3_bucket_versioning", 1),
        ("aws_s3_bucket_lifecycle_configuration", 2),
        ("aws_efs_file_system", 1),
        ("aws_efs_access_point", 4),
        ("aws_efs_mount_target", 2),
        ("aws_ecr_repository", 3),
        ("aws_ecs_task_definition", 3),
        ("aws_lambda_function", 4),
        ("aws_sfn_state_machine", 1),
    ];
    for (kind, count) in held {
        let there = left.iter().filter(|change| change.kind == kind).count();
        assert_eq!(there, count, "{kind}");
    }
}

/// Backups come here as before, so they are kept and removed by their age here, too.
#[tokio::test]
async fn without_a_standby_nothing_fires_there_but_what_keeps_and_prunes() {
    for (plans, application) in [(made().await, "forum"), (existing().await, "shop")] {
        let left = without(plans, STANDBY);
        assert_eq!(firing(left, application), rules(&["keep", "prune"]));
        let alarms = names(left, "aws_cloudwatch_metric_alarm", "alarm_name");
        assert_eq!(alarms, rules(&[&format!("{application}-backup-failed")]));
    }
}

#[tokio::test]
async fn without_a_standby_home_goes_on_serving_and_backing_up_and_watches_nothing_else() {
    let goes_on = rules(&["backup", "follow", "keep", "prune"]);
    for (plans, application) in [(made().await, "forum"), (existing().await, "shop")] {
        assert_eq!(gone(plans, HOME), told(&OF_THE_SUITE));
        let left = without(plans, HOME);
        assert_eq!(firing(left, application), goes_on);
        let alarms = names(left, "aws_cloudwatch_metric_alarm", "alarm_name");
        assert_eq!(alarms, rules(&[&format!("{application}-backup-failed")]));
    }
    let services = names(without(made().await, HOME), "aws_ecs_service", "name");
    assert_eq!(services.len(), 3);
}

#[tokio::test]
async fn without_a_standby_users_are_answered_with_home_and_nobody_pays_for_the_question() {
    let gone_of_dns = [
        ("aws_route53_health_check", 4),
        ("aws_route53_record", 1),
        ("terraform_data", 1),
    ];
    // Where names of the regions are made, that of the standby goes, too.
    let with_names = [gone_of_dns[0], ("aws_route53_record", 2), gone_of_dns[2]];
    for (plans, expected) in [(made().await, with_names), (existing().await, gone_of_dns)] {
        assert_eq!(gone(plans, JOIN), told(&expected));
        let changed = changed(plans, JOIN);
        let primary = [("aws_route53_record", "health_check_id")];
        assert_eq!(changed, attributes(&primary));
        let left = by_address(without(plans, JOIN));
        let primary = &left["module.dns.aws_route53_record.primary"].after;
        assert_eq!(primary["health_check_id"], Value::Null);
        assert_eq!(primary["set_identifier"], "home");
        for replication in ["standby", "home"] {
            let of = format!(
                "module.replication_to_{replication}[0].aws_s3_bucket_replication_configuration.this"
            );
            assert!(left.contains_key(of.as_str()), "{of}");
        }
    }
}

#[tokio::test]
async fn what_stays_is_changed_in_place_and_tells_the_functions_not_to_begin_by_themselves() {
    let schedules = ("aws_cloudwatch_event_rule", "state");
    let told = ("aws_s3_object", "content");
    for root in [HOME, STANDBY] {
        let plans = made().await;
        let expected = attributes(&[schedules, told]);
        assert_eq!(changed(plans, root), expected, "{root}");
        let automatic = |changes: &[Change]| {
            let object = changes.iter().find(|c| c.kind == "aws_s3_object").unwrap();
            let content = object.after["content"].as_str().unwrap();
            Configuration::parse(content.as_bytes()).unwrap();
            let content: Value = serde_json::from_str(content).unwrap();
            content["automatic"].as_bool().unwrap()
        };
        assert!(automatic(with(plans, root)), "{root}");
        assert!(!automatic(without(plans, root)), "{root}");
        // The example begins nothing by itself before either.
        let expected = attributes(&[schedules]);
        assert_eq!(changed(existing().await, root), expected, "{root}");
    }
    assert_eq!(gone(existing().await, STANDBY), self::told(&OF_THE_SUITE));
}

#[tokio::test]
async fn what_it_costs_without_a_standby_is_what_is_left() {
    let plans = made().await;
    let firing = |root| firing(without(plans, root), "forum");
    let left = [HOME, STANDBY, JOIN].map(|root| without(plans, root));
    let count = |kind: &str| {
        let all = left.iter().copied().flatten();
        all.filter(|change| change.kind == kind).count() as u64
    };
    costs::without_standby(
        &firing(HOME),
        &firing(STANDBY),
        count("aws_cloudwatch_metric_alarm"),
    );
    for spared in ["aws_route53_health_check", "aws_cloudwatch_dashboard"] {
        assert_eq!(count(spared), 0, "{spared}");
    }
    assert_eq!(count("aws_lb"), 1, "home's");
}

/// A new check of a marker that is not there counts as unhealthy until it has looked, and of one that is gone Route 53 says nothing.
#[test]
fn users_are_sent_nowhere_while_the_standby_comes_back_or_goes() {
    let dns = text("infra/modules/dns/main.tf");
    let resource = |name: &str| {
        let mut all = dns.split("\nresource \"").filter(|r| r.starts_with(name));
        all.next().unwrap().split("\n}\n").next().unwrap()
    };
    let secondary = resource("aws_route53_record\" \"secondary");
    let waits = "depends_on = [aws_route53_record.primary, terraform_data.settled]";
    assert!(secondary.contains(waits), "{secondary}");
    let settled = resource("terraform_data\" \"settled");
    let all = "[for check in aws_route53_health_check.marker : check.id]";
    assert!(settled.contains(all), "{settled}");
    assert!(
        settled.contains("sleep ${var.settling_seconds}"),
        "{settled}"
    );
    for check in ["marker", "home_serves"] {
        let check = resource(&format!("aws_route53_health_check\" \"{check}"));
        assert!(check.contains("create_before_destroy = true"), "{check}");
    }
}
