//! What Terraform plans for two applications in one account.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_core::{Configuration, stored::holds};
use lifeboat_tests::terraform::{Change, INFRA, JOIN};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::{prepared, sample};

/// Planned once, for all that is looked at.
async fn plans() -> &'static BTreeMap<String, Vec<Change>> {
    static PLANS: OnceCell<BTreeMap<String, Vec<Change>>> = OnceCell::const_new();
    let plan = async || {
        let (_folder, terraform) = prepared(INFRA, JOIN);
        let tests = sample("applications");
        terraform.plans(JOIN, &tests).await.unwrap()
    };
    PLANS.get_or_init(plan).await
}

/// By what AWS tells resources of one kind apart, and how long it may be. Nothing else has a name that is not made up by AWS.
const NAMES: [(&str, &str, usize); 23] = [
    ("aws_appautoscaling_policy", "name", 256),
    ("aws_cloudwatch_dashboard", "dashboard_name", 255),
    ("aws_cloudwatch_event_rule", "name", 64),
    ("aws_cloudwatch_log_group", "name", 512),
    ("aws_cloudwatch_metric_alarm", "alarm_name", 255),
    ("aws_ecr_repository", "name", 256),
    ("aws_ecs_cluster", "name", 255),
    ("aws_ecs_service", "name", 255),
    ("aws_ecs_task_definition", "family", 255),
    ("aws_iam_role", "name", 64),
    ("aws_iam_role_policy", "name", 128),
    ("aws_lambda_alias", "name", 128),
    ("aws_lambda_function", "function_name", 64),
    ("aws_lambda_permission", "statement_id", 100),
    ("aws_lb", "name", 32),
    ("aws_lb_target_group", "name", 32),
    ("aws_route53_record", "name", 255),
    ("aws_route53_zone", "name", 255),
    ("aws_s3_bucket", "bucket", 63),
    ("aws_s3_object", "key", 1024),
    ("aws_security_group", "name", 255),
    ("aws_sfn_state_machine", "name", 80),
    ("aws_sns_topic", "name", 256),
];

/// These are told apart by what they are part of: a role, a function, a bucket.
const PARTS: [&str; 3] = ["aws_iam_role_policy", "aws_lambda_alias", "aws_s3_object"];

fn changes<'a>(
    plans: &'a BTreeMap<String, Vec<Change>>,
    application: &str,
) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let of = format!("{application}_");
    let plans = plans.iter().filter(move |(run, _)| run.starts_with(&of));
    let changes = plans.flat_map(|(_, changes)| changes);
    changes.map(|change| (change.kind.as_str(), &change.after))
}

#[tokio::test]
async fn two_applications_in_one_account_share_no_name_and_the_longest_ones_fit() {
    let plans = plans().await;
    assert_eq!(plans.len(), 6, "home, standby and join of two");
    let names = |application| {
        let mut names = BTreeSet::new();
        for (kind, planned) in changes(plans, application) {
            let by = NAMES.iter().find(|(named, ..)| *named == kind);
            let Some((_, by, longest)) = by else {
                for by in ["name", "bucket", "key", "family"] {
                    let of_a_bucket = by == "bucket" && kind.starts_with("aws_s3_bucket_");
                    assert!(of_a_bucket || !planned[by].is_string(), "{kind} has a {by}");
                }
                continue;
            };
            let name = planned[by].as_str().unwrap();
            assert!(name.len() <= *longest, "{kind} {name}");
            names.insert((kind, name));
        }
        names
    };
    let (one, other) = (names("one"), names("other"));
    let kinds: BTreeSet<&str> = one.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds.len(), NAMES.len(), "{kinds:?}");
    let shared = one.intersection(&other);
    let shared: Vec<_> = shared.filter(|(kind, _)| !PARTS.contains(kind)).collect();
    assert!(shared.is_empty(), "{shared:?}");
}

/// A function passes over what it does not know, so that a word of Terraform's that none knows would go unseen.
#[tokio::test]
async fn every_word_that_terraform_configures_is_known_to_the_functions() {
    let plans = plans().await;
    let objects = changes(plans, "one").filter(|(kind, _)| *kind == "aws_s3_object");
    let mut seen = 0;
    for (_, object) in objects {
        let content = object["content"].as_str().unwrap();
        let read = Configuration::parse(content.as_bytes()).unwrap();
        let (known, written) = (serde_json::to_value(&read), serde_json::from_str(content));
        let (known, written) = (known.unwrap(), written.unwrap());
        assert!(
            holds(&known, &written),
            "{known:#}\nis not all of\n{written:#}"
        );
        seen += 1;
    }
    assert_eq!(seen, 2, "home and standby");
}
