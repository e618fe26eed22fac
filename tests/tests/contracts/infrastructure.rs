//! Terraform against itself, and against what must never be allowed.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_tests::rights::actions;
use lifeboat_tests::shell;
use lifeboat_tests::terraform::{EXISTING, HOME, INFRA, JOIN, STANDBY, Terraform};

use crate::{file, text};

#[tokio::test]
async fn terraform_is_formatted() {
    let mut fmt = shell::command("terraform");
    fmt.args(["fmt", "-check", "-recursive", "-diff"])
        .arg(file("infra"))
        .arg(file("examples"))
        .arg(file("tests/samples"));
    shell::run(&mut fmt).await.unwrap();
}

#[tokio::test]
async fn every_root_is_valid() {
    let folder = tempfile::tempdir().unwrap();
    for roots in [INFRA, EXISTING] {
        let terraform = Terraform::copy(roots, folder.path().join(roots)).unwrap();
        for root in [HOME, STANDBY, JOIN] {
            terraform.validate(root).await.unwrap();
        }
    }
}

/// Every action that a role has, by the file that gives it. What is not here is in no policy: above all nothing of Route 53, IAM
/// or bucket configuration, which in a disaster may be gone or must not be touched. Task definitions are registered by image-sync
/// while nothing happens, and by nobody in a disaster.
const ALLOWED: [(&str, &[&str]); 9] = [
    (
        "function/main.tf",
        &[
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:UnassignPrivateIpAddresses",
            "elasticfilesystem:ClientMount",
            "elasticfilesystem:ClientWrite",
            "kms:Decrypt",
            "kms:GenerateDataKey",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "s3:GetObject",
            "s3:ListBucket",
        ],
    ),
    (
        "backup/main.tf",
        &[
            "s3:DeleteObject",
            "s3:GetObject",
            "s3:GetObjectRetention",
            "s3:GetObjectTagging",
            "s3:ListBucket",
            "s3:PutObject",
            "s3:PutObjectRetention",
            "s3:PutObjectTagging",
            "secretsmanager:GetSecretValue",
        ],
    ),
    (
        "image-sync/main.tf",
        &[
            "cloudwatch:PutMetricData",
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:CompleteLayerUpload",
            "ecr:CreateRepository",
            "ecr:DescribeImages",
            "ecr:DescribeRepositories",
            "ecr:GetAuthorizationToken",
            "ecr:GetDownloadUrlForLayer",
            "ecr:InitiateLayerUpload",
            "ecr:PutImage",
            "ecr:UploadLayerPart",
            "ecs:DescribeServices",
            "ecs:DescribeTaskDefinition",
            "ecs:DescribeTasks",
            "ecs:ListTaskDefinitions",
            "ecs:ListTasks",
            "ecs:RegisterTaskDefinition",
            "ecs:UpdateService",
            "iam:PassRole",
            "s3:GetObject",
            "s3:PutObject",
            "states:StartExecution",
        ],
    ),
    ("image-sync/workflow.tf", &["lambda:InvokeFunction"]),
    (
        "health-probe/main.tf",
        &[
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:RegisterScalableTarget",
            "cloudwatch:GetMetricStatistics",
            "cloudwatch:PutMetricData",
            "ec2:DescribeSubnets",
            "ecr:DescribeImages",
            "ecs:DescribeServices",
            "ecs:DescribeTaskDefinition",
            "ecs:UpdateService",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeTargetGroups",
            "s3:DeleteObject",
            "s3:GetObject",
            "s3:ListBucket",
            "s3:PutObject",
            "secretsmanager:DescribeSecret",
            "servicequotas:GetServiceQuota",
            "ssm:DescribeParameters",
        ],
    ),
    (
        "failover/main.tf",
        &[
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:RegisterScalableTarget",
            "cloudwatch:DescribeAlarms",
            "ecs:DescribeServices",
            "ecs:DescribeTasks",
            "ecs:ListTasks",
            "ecs:UpdateService",
            "elasticloadbalancing:DescribeRules",
            "elasticloadbalancing:DescribeTargetHealth",
            "elasticloadbalancing:SetRulePriorities",
            "lambda:InvokeFunction",
            "s3:DeleteObject",
            "s3:GetObject",
            "s3:ListBucket",
            "s3:PutObject",
            "sns:Publish",
            "states:DescribeExecution",
            "states:SendTaskSuccess",
            "states:StartExecution",
        ],
    ),
    (
        "failover/workflow.tf",
        &["lambda:InvokeFunction", "sns:Publish"],
    ),
    (
        "ecs/main.tf",
        &[
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetAuthorizationToken",
            "ecr:GetDownloadUrlForLayer",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ],
    ),
    (
        "replication/main.tf",
        &[
            "kms:Decrypt",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "s3:GetObjectLegalHold",
            "s3:GetObjectRetention",
            "s3:GetObjectVersionAcl",
            "s3:GetObjectVersionForReplication",
            "s3:GetObjectVersionTagging",
            "s3:GetReplicationConfiguration",
            "s3:ListBucket",
            "s3:ReplicateObject",
            "s3:ReplicateTags",
        ],
    ),
];

#[test]
fn no_role_has_an_action_that_is_not_named_here() {
    let mut given: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in modules() {
        if text.contains("\"aws_iam_role") || text.contains("  statements = ") {
            let mut actions = actions(&text).unwrap();
            actions.remove("sts:AssumeRole");
            given.insert(path, actions);
        }
    }
    let allowed = ALLOWED.map(|(path, actions)| {
        let actions = actions.iter().map(|action| (*action).to_owned());
        (path.to_owned(), actions.collect())
    });
    assert_eq!(given, BTreeMap::from(allowed));
}

/// Every file of every module.
pub(crate) fn modules() -> Vec<(String, String)> {
    let mut found = vec![];
    for module in std::fs::read_dir(file("infra/modules")).unwrap() {
        let module = module.unwrap();
        for part in std::fs::read_dir(module.path()).unwrap() {
            let part = part.unwrap();
            let name = |entry: &std::fs::DirEntry| entry.file_name().into_string().unwrap();
            if name(&part).ends_with(".tf") {
                let path = format!("{}/{}", name(&module), name(&part));
                let text = std::fs::read_to_string(part.path()).unwrap();
                found.push((path, text));
            }
        }
    }
    found
}

/// Each region writes its own replies, the other one's failover reads them, and nobody else touches them.
#[test]
fn a_reply_is_written_by_its_own_region_and_read_by_the_other_one() {
    let mut named = BTreeMap::new();
    for (path, text) in modules() {
        let lines = text.lines().filter(|line| line.contains("/replies/"));
        named.extend(lines.map(|line| (path.clone(), line.trim().to_owned())));
    }
    let own = "\"arn:aws:s3:::${var.own.control_bucket}/replies/*\"";
    let peer = "\"arn:aws:s3:::${var.peer.control_bucket}/replies/*\"";
    assert_eq!(named.len(), 2, "{named:?}");
    assert!(named["backup/main.tf"].contains(own), "{named:?}");
    assert!(named["failover/main.tf"].starts_with(peer), "{named:?}");
    let failover = text("infra/modules/failover/main.tf");
    let (before, _) = failover.split_once(peer).unwrap();
    let action = before.rsplit("Action").next().unwrap();
    assert!(action.starts_with(" = \"s3:GetObject\"\n"), "{action}");
    let key = lifeboat_core::ReplyId::of_salvage(lifeboat_core::Epoch(1)).key();
    assert!(key.starts_with("replies/"));
    let buckets = text("infra/modules/buckets/main.tf");
    assert!(buckets.contains("prefix = \"replies/\""));
}

/// Whoever chooses a backup reads what is known to be damaged, the backup function alone writes it, and people hear of it.
#[test]
fn what_is_damaged_is_noted_by_one_function_read_by_those_that_choose_and_told_to_people() {
    let key = lifeboat_core::backup::Damages::KEY;
    let own = format!("\"arn:aws:s3:::${{var.own.control_bucket}}/{key}\"");
    let modules = modules().into_iter();
    let named = modules.filter(|(_, text)| text.contains(&own));
    let mut named: Vec<_> = named.collect();
    named.sort();
    let paths: Vec<&str> = named.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["failover/main.tf", "health-probe/main.tf"]);
    for (path, text) in &named {
        let (before, _) = text.split_once(&own).unwrap();
        let action = before.rsplit("Action").next().unwrap();
        assert!(
            action.starts_with(" = \"s3:GetObject\"\n"),
            "{path}: {action}"
        );
    }
    let backup = text("infra/modules/backup/main.tf");
    let word = format!("[\"{}\",", key.trim_end_matches(".json"));
    let line = backup.lines().find(|line| line.contains(&word)).unwrap();
    assert!(
        line.contains("${var.own.control_bucket}/${key}.json"),
        "{line}"
    );
    let (before, _) = backup.split_once(line).unwrap();
    let action = before.rsplit("Action").next().unwrap();
    assert!(
        action.starts_with("   = [\"s3:GetObject\", \"s3:PutObject\"]\n"),
        "{action}"
    );
    let (_, probe) = &named[1];
    let alarm = probe
        .split("\nresource \"")
        .find(|r| r.contains("\"DamagedObjects\""))
        .unwrap();
    assert!(alarm.contains("alarm_actions       = [var.own.notices_topic]"));
}

#[test]
fn only_pins_of_its_own_region_are_registered_and_roles_are_passed_to_tasks_alone() {
    let module = text("infra/modules/image-sync/main.tf");
    let statement = |action: &str| {
        let mut all = module.split("    {\n").filter(|s| s.contains(action));
        let found = all.next().unwrap().to_owned();
        assert!(all.next().is_none(), "{action} twice");
        found
    };
    let registers = statement("ecs:RegisterTaskDefinition");
    let family = lifeboat_core::image::pinned("${service}");
    let own = format!("ecs:${{var.own.region}}:${{local.account}}:task-definition/{family}:*");
    assert!(
        registers.contains(&own) && !registers.contains("var.peer"),
        "{registers}"
    );
    let granted = r#"services     = var.existing == null ? ["${var.application}-*"] :"#;
    assert!(text("infra/modules/names/main.tf").contains(granted));
    let points = statement("ecs:UpdateService");
    assert!(
        points.contains("Resource = local.own_services\n"),
        "{points}"
    );
    let passes = statement("iam:PassRole");
    let to = r#"StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" }"#;
    assert!(
        passes.contains(to) && passes.contains("= var.roles\n"),
        "{passes}"
    );
    let services = text("infra/modules/ecs/main.tf");
    assert!(services.contains("ignore_changes = [desired_count, task_definition]"));
}

/// What image-sync records is read by the probe of its own region.
#[test]
fn images_are_recorded_by_one_function_and_read_by_the_probe() {
    let key = lifeboat_core::image::Record::KEY;
    let own = format!("\"arn:aws:s3:::${{var.own.control_bucket}}/{key}\"");
    let mut paths: Vec<String> = modules()
        .into_iter()
        .filter(|(_, text)| text.contains(&own))
        .map(|(path, _)| path)
        .collect();
    paths.sort();
    assert_eq!(paths, ["health-probe/main.tf", "image-sync/main.tf"]);
}

#[test]
fn a_lease_waits_as_long_as_the_failover_function_may_work() {
    let seconds = lifeboat_core::lease::LAST_EFFECT.as_secs();
    let timeout = format!("timeout  = {seconds}\n");
    assert!(text("infra/modules/failover/main.tf").contains(&timeout));
}

#[test]
fn the_markers_token_is_the_one_the_health_checks_look_for() {
    let token = format!("search_string      = \"{}\"", lifeboat_core::marker::TOKEN);
    assert!(text("infra/modules/dns/main.tf").contains(&token));
}

#[test]
fn only_the_rules_of_gates_may_be_moved_and_terraform_leaves_them_where_they_are() {
    let failover = text("infra/modules/failover/main.tf");
    let moves = failover.split("    {\n");
    let moves: Vec<_> = moves.filter(|s| s.contains("SetRulePriorities")).collect();
    assert_eq!(moves.len(), 1);
    let gate = r#"StringEquals = { "aws:ResourceTag/Lifeboat" = "gate" }"#;
    assert!(moves[0].contains(gate), "{}", moves[0]);
    assert!(moves[0].contains(":listener-rule/app/"), "{}", moves[0]);
    let rules = text("infra/modules/alb/main.tf");
    let rules = rules.split("\nresource \"aws_lb_listener_rule\" ").skip(1);
    let rules: Vec<_> = rules.map(|r| r.split("\n}\n").next().unwrap()).collect();
    let (gates, others): (Vec<&str>, Vec<&str>) = rules
        .into_iter()
        .partition(|rule| rule.starts_with("\"gate\""));
    assert_eq!((gates.len(), others.len()), (1, 1));
    assert!(gates[0].contains(r#"tags = { Lifeboat = "gate" }"#));
    assert!(gates[0].contains("ignore_changes = [priority]"));
    assert!(!others[0].contains("tags"));
}

/// Whoever may call a function or publish to a topic from another service is one named rule, topic or alarm.
#[test]
fn every_permission_of_another_service_names_its_one_source() {
    let (mut permissions, mut policies) = (0, 0);
    for (path, text) in modules() {
        for resource in text.split("\nresource \"").skip(1) {
            let resource = resource.split("\n}\n").next().unwrap();
            if resource.starts_with("aws_lambda_permission\"") {
                assert!(
                    resource.contains("source_arn    = aws_"),
                    "{path}: {resource}"
                );
                assert!(
                    resource.contains("\n  qualifier     = "),
                    "{path}: {resource}"
                );
                permissions += 1;
            }
            if resource.starts_with("aws_sns_topic_policy\"") {
                let granted = resource.matches("sns:Publish").count();
                let named = resource.matches("\"aws:SourceArn\" = ").count();
                assert!(granted > 0 && granted == named, "{path}: {resource}");
                policies += 1;
            }
        }
    }
    assert_eq!((permissions, policies), (2, 2));
}

#[test]
fn only_the_one_alarm_publishes_to_the_topic_that_starts_failovers() {
    let trigger = text("infra/modules/failover/trigger.tf");
    // By its name, which it has while it is there.
    let alarm = "arn:aws:cloudwatch:${var.own.region}:${local.account}:alarm:${var.own.alarm}";
    let source = format!(r#"ArnEquals = {{ "aws:SourceArn" = "{alarm}" }}"#);
    assert!(trigger.contains(&source));
    let (_, down) = trigger.split_once("\"active_region_down\" {\n").unwrap();
    let (down, _) = down.split_once("\n}\n").unwrap();
    assert!(down.contains("  alarm_name          = var.own.alarm\n"));
    assert!(trigger.contains("source_arn    = aws_sns_topic.alarms.arn"));
}
