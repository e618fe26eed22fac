//! What documents tell people to type, against what there is.

use std::collections::BTreeSet;

use clap::{CommandFactory, Parser, error::ErrorKind};
use lifeboat_cli::arguments::Arguments;
use lifeboat_tests::drill::RUNS;
use lifeboat_tests::functions::FUNCTIONS;
use lifeboat_tests::terraform::INFRA;

use crate::{
    documents::{Command, commands},
    file,
    infrastructure::modules,
    text,
};

const RUNBOOK: &str = "docs/runbook.md";
const DOCUMENTS: [&str; 6] = [
    "README.md",
    "ARCHITECTURE.md",
    RUNBOOK,
    "docs/costs.md",
    "docs/reports.md",
    "examples/existing-services/README.md",
];

/// Every command of a program, with the document that it stands in.
fn of(program: &str) -> Vec<(&'static str, Command)> {
    let all = DOCUMENTS.iter().flat_map(|document| {
        let commands = commands(&text(document)).into_iter();
        commands.map(move |command| (*document, command))
    });
    let found: Vec<_> = all.filter(|(_, c)| c.program() == program).collect();
    assert!(!found.is_empty(), "no document names {program}");
    found
}

#[test]
fn the_command_takes_every_line_that_documents_have_of_it() {
    for (document, command) in of("lifeboat") {
        let Err(error) = Arguments::try_parse_from(&command.words) else {
            continue;
        };
        // A sentence names a verb, and its help says what it needs.
        let unfinished = [
            ErrorKind::MissingRequiredArgument,
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
        ];
        let named = !command.block && unfinished.contains(&error.kind());
        assert!(named, "{document} has {:?}: {error}", command.words);
    }
}

/// A verb with what makes another one of it.
fn verb(command: &Command) -> String {
    let (mut clap, mut verb) = (Arguments::command(), vec![]);
    for word in &command.words[1..] {
        let Some(next) = clap.find_subcommand(word) else {
            break;
        };
        verb.push(word.as_str());
        clap = next.clone();
    }
    verb.extend(command.values("--mode"));
    let changes = ["--start", "--dry-run"];
    let given = command.words.iter().map(String::as_str);
    verb.extend(given.filter(|word| changes.contains(word)));
    verb.join(" ")
}

/// With the verbs that a sentence names after another one: `lifeboat images ready` and `verify`.
#[test]
fn the_drill_runs_every_verb_that_the_runbook_has() {
    let mut known = BTreeSet::new();
    for (document, command) in of("lifeboat") {
        let verb = verb(&command);
        assert!(!verb.is_empty(), "{document} has {:?}", command.words);
        let runs = RUNS.contains(&verb.as_str());
        assert!(
            document != RUNBOOK || runs,
            "no act of the drill runs `lifeboat {verb}`, which is in {document}; it runs {RUNS:?}"
        );
        known.insert(verb);
    }
    assert!(known.len() > 20, "{known:?}");
}

#[test]
fn every_task_that_documents_name_is_there_and_so_is_its_root() {
    let tasks = text("Makefile.toml");
    for (document, command) in of("./make") {
        let task = format!("\n[tasks.{}]\n", command.words[1]);
        assert!(tasks.contains(&task), "{document}: no {task}");
        let of_root = ["state", "plan", "deploy", "destroy"].contains(&command.words[1].as_str());
        if let Some(root) = command.words.get(2).filter(|_| of_root) {
            let beside = if root.contains('/') { "" } else { INFRA };
            let main = file(beside).join(root).join("main.tf");
            assert!(main.exists(), "{document}: no {root}");
        }
    }
}

/// Nobody is told to apply by Terraform alone: it leaves each function at the version that is live.
#[test]
fn documents_ask_terraform_for_outputs_alone_which_the_roots_have() {
    for (document, Command { words, .. }) in of("terraform") {
        let said = format!("{document}: {words:?}");
        let verb = words.iter().skip(1).find(|word| !word.starts_with('-'));
        let verb = verb.unwrap();
        assert_eq!(verb, "output", "{said}");
        let root = words.iter().find_map(|word| word.strip_prefix("-chdir="));
        let output = format!("output \"{}\"", words.last().unwrap());
        let outputs = text(&format!("{}/outputs.tf", root.unwrap()));
        assert!(outputs.contains(&output), "{said}");
    }
}

/// What is typed of AWS's own command line, with the options that each takes there.
const AWS: [(&str, &[&str]); 14] = [
    (
        "application-autoscaling register-scalable-target",
        &[
            "--service-namespace",
            "--scalable-dimension",
            "--resource-id",
            "--min-capacity",
            "--max-capacity",
            "--suspended-state",
        ],
    ),
    (
        "ecs update-service",
        &[
            "--cluster",
            "--service",
            "--desired-count",
            "--task-definition",
            "--force-new-deployment",
        ],
    ),
    ("elbv2 describe-target-health", &[]),
    ("elbv2 set-rule-priorities", &["--rule-priorities"]),
    ("kms cancel-key-deletion", &[]),
    (
        "lambda get-alias",
        &["--region", "--function-name", "--name"],
    ),
    (
        "lambda list-versions-by-function",
        &["--region", "--function-name", "--query"],
    ),
    (
        "lambda update-alias",
        &[
            "--region",
            "--function-name",
            "--name",
            "--function-version",
            "--description",
        ],
    ),
    ("logs tail", &["--region", "--since"]),
    ("s3 cp", &["--source-region", "--region"]),
    ("secretsmanager restore-secret", &[]),
    (
        "service-quotas get-service-quota",
        &["--service-code", "--quota-code"],
    ),
    (
        "service-quotas request-service-quota-increase",
        &["--service-code", "--quota-code", "--desired-value"],
    ),
    ("stepfunctions redrive-execution", &["--execution-arn"]),
];

#[test]
fn what_is_typed_of_aws_is_known_and_names_what_terraform_makes() {
    let services = text("infra/lifeboat.tfvars");
    let probe = text("infra/modules/health-probe/main.tf");
    let functions = text("infra/modules/function/main.tf");
    for (document, command) in of("aws") {
        let said = format!("{document}: {:?}", command.words);
        let action = command.words[1..3].join(" ");
        let known = AWS.iter().find(|(known, _)| *known == action);
        let (_, options) = known.unwrap_or_else(|| panic!("{said}: nobody has looked it up"));
        let given = command.words.iter().filter(|word| word.starts_with("--"));
        for option in given {
            assert!(options.contains(&option.as_str()), "{said}: {option}");
        }
        for cluster in command.values("--cluster") {
            let application = format!("application = \"{cluster}\"");
            assert!(services.contains(&application), "{said}");
        }
        let resources = command.values("--resource-id");
        let resources = resources.filter_map(|id| id.strip_prefix("service/forum/"));
        let definitions = command.values("--task-definition");
        for name in command
            .values("--service")
            .chain(resources)
            .chain(definitions)
        {
            let service = name
                .strip_prefix("forum-")
                .unwrap_or_else(|| panic!("{said}"));
            let service = format!("name = \"{service}\"");
            assert!(services.contains(&service), "{said}");
        }
        for name in command.values("--function-name") {
            let function = name
                .strip_prefix("forum-")
                .unwrap_or_else(|| panic!("{said}"));
            assert!(FUNCTIONS.contains(&function), "{said}");
        }
        for alias in command.values("--name") {
            let alias = format!("name             = \"{alias}\"");
            assert!(functions.contains(&alias), "{said}");
        }
        for quota in command.values("--quota-code") {
            assert!(probe.contains(&format!("fargate/{quota}\"")), "{said}");
        }
    }
}

/// Functions, workflows, alarms, topics and schedules, by the end of their names.
fn made() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, text) in modules() {
        for rest in text.split("\"${var.application}-").skip(1) {
            names.insert(rest.split('"').next().unwrap().to_owned());
        }
    }
    // The function module's alarm has the function's name before it.
    let module = text("infra/modules/function/main.tf");
    assert!(module.contains("\"${var.name}-failed\""));
    let failed: Vec<String> = names.iter().map(|name| format!("{name}-failed")).collect();
    names.extend(failed);
    names
}

#[test]
fn every_name_that_documents_have_of_terraforms_is_made() {
    let (mut seen, made) = (0, made());
    for document in DOCUMENTS {
        let text = text(document);
        let spans = text.split("`<application>-").skip(1);
        for name in spans.map(|rest| rest.split('`').next().unwrap()) {
            assert!(made.contains(name), "{document}: nobody makes {name}");
            seen += 1;
        }
    }
    assert!(seen > 10);
}

#[test]
fn every_file_that_documents_name_is_there() {
    let mut seen = 0;
    for document in DOCUMENTS {
        let text = text(document);
        let folder = file(document).parent().unwrap().to_owned();
        let links = text.split("](").skip(1);
        let links = links.map(|rest| rest.split([')', '#']).next().unwrap());
        for link in links.filter(|link| !link.is_empty() && !link.contains("://")) {
            assert!(folder.join(link).exists(), "{document}: no {link}");
            seen += 1;
        }
        for event in text.split("`events/").skip(1) {
            let event = event.split('`').next().unwrap();
            let (before, after) = event.split_once('*').unwrap_or((event, ""));
            let (folder, before) = before.rsplit_once('/').unwrap_or(("", before));
            let mut there = std::fs::read_dir(file("events").join(folder)).unwrap();
            let found = there.any(|entry| {
                let name = entry.unwrap().file_name().into_string().unwrap();
                name.starts_with(before) && name.ends_with(after)
            });
            assert!(found, "{document}: no events/{event}");
            seen += 1;
        }
    }
    assert!(seen > 20);
}
