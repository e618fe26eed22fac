//! Services that others made, and what is added to protect them.

use std::collections::BTreeSet;

use lifeboat_core::Configuration;
use lifeboat_tests::terraform::{Change, EXISTING, JOIN};

use crate::{described, sample, text};

/// Of both sides: what tasks pull by and write to, and what functions run as and write to.
const SHARED: [&str; 3] = [
    "aws_cloudwatch_log_group",
    "aws_iam_role",
    "aws_iam_role_policy",
];

/// What an application is made of.
fn application() -> BTreeSet<String> {
    let modules = ["alb", "ecr", "ecs", "files", "network", "scaling"];
    let kinds = modules.iter().flat_map(|module| {
        let text = text(&format!("infra/modules/{module}/main.tf"));
        let resources = text.split("\nresource \"").skip(1);
        let kinds = resources.filter_map(|resource| resource.split('"').next());
        kinds.map(str::to_owned).collect::<Vec<_>>()
    });
    let shared = |kind: &String| !SHARED.contains(&kind.as_str());
    kinds.filter(shared).collect()
}

fn configuration(changes: &[Change]) -> Configuration {
    let mut objects = changes.iter().filter(|c| c.kind == "aws_s3_object");
    let content = objects.next().unwrap().after["content"].as_str().unwrap();
    Configuration::parse(content.as_bytes()).unwrap()
}

#[tokio::test]
async fn nothing_but_lifeboats_own_is_added_to_services_that_are_there() {
    let (_folder, terraform) = example();
    let plans = terraform.plans(JOIN, &sample("existing")).await.unwrap();
    let application = application();
    assert!(application.len() > 15, "{application:?}");
    for (run, changes) in &plans {
        assert!(changes.len() > 10, "{run}");
        for change in changes {
            let said = format!("{run}: {change:?}");
            assert_eq!(change.actions, ["create"], "{said}");
            assert!(!application.contains(&change.kind), "{said}");
            let made = ["module.suite.", "module.replication_to_", "module.dns."];
            assert!(made.iter().any(|m| change.address.starts_with(m)), "{said}");
            let others = ["aws_route53_zone", ".regional["];
            assert!(!others.iter().any(|o| change.address.contains(o)), "{said}");
        }
    }
    let home = configuration(&plans["home_is_protected_by_the_names_that_were_given"]);
    let standby = configuration(&plans["the_standby_is_protected_without_home"]);
    assert_eq!(home.regions, standby.regions);
    let there = standby.own();
    assert_eq!(
        there.cluster,
        "arn:aws:ecs:us-west-2:111122223333:cluster/production-west"
    );
    let orders = &there.services["orders"];
    assert_eq!(
        (orders.service.as_str(), orders.template()),
        ("orders-service", "orders")
    );
    assert_eq!(orders.repository, "team/orders");
    assert_eq!(
        orders.scalable_target,
        "service/production-west/orders-service"
    );
    assert_eq!(there.services["users"].template(), "users-service");
    assert_eq!(
        there.load_balancer.endpoint,
        "https://us-west-2.shop.example.com"
    );
    assert_eq!(standby.health("users"), "/api/users/healthz");
    assert_eq!(standby.traffic.zone(), "shop.example.com");
    let gated =
        configuration(&plans["a_service_whose_writes_come_by_http_has_the_gate_that_was_given"]);
    assert!(
        gated.gates["users"].0[0]
            .rule
            .ends_with("/app/public/1/2/3")
    );
}

#[tokio::test]
async fn a_name_that_cannot_be_meant_is_refused_by_the_variable() {
    let (_folder, terraform) = example();
    let refused = sample("existing-refused");
    terraform.test(JOIN, &refused).await.unwrap();
}

/// The example with the names that it comes with.
fn example() -> (tempfile::TempDir, lifeboat_tests::terraform::Terraform) {
    described(EXISTING, JOIN, "existing.tfvars")
}
