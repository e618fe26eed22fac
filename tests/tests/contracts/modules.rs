//! How Terraform's roots and modules are written.

use std::collections::BTreeSet;

use lifeboat_tests::terraform::{HOME, JOIN, STANDBY};

use crate::file;

/// Files of a root or of a module, one after the other.
fn described(folder: &str) -> String {
    let mut paths: Vec<_> = std::fs::read_dir(file(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "tf"))
        .collect();
    paths.sort();
    let texts = paths
        .iter()
        .map(|path| std::fs::read_to_string(path).unwrap());
    texts.collect::<Vec<_>>().join("\n")
}

/// The blocks of a kind, each with its labels and what is in it.
fn blocks<'a>(text: &'a str, kind: &str) -> Vec<(&'a str, &'a str)> {
    let begin = format!("\n{kind} \"");
    let block = |at: usize| {
        let block = &text[at + begin.len()..];
        let end = block.split("\n}").next().unwrap().len();
        let one_line = block.find('\n').unwrap();
        let block = match block[..one_line].ends_with('}') {
            true => &block[..one_line],
            false => &block[..end],
        };
        (block.split('"').next().unwrap(), block)
    };
    text.match_indices(&begin)
        .map(|(at, _)| block(at))
        .collect()
}

fn modules_of(root: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![format!("infra/{root}")];
    while let Some(folder) = open.pop() {
        for (_, module) in blocks(&format!("\n{}", described(&folder)), "module") {
            let (_, source) = module.split_once("= \"../").unwrap();
            let name = source
                .split('"')
                .next()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap();
            if found.insert(name.to_owned()) {
                open.push(format!("infra/modules/{name}"));
            }
        }
    }
    found
}

/// Each can be planned and applied while the other region is dead; only `join` needs both.
#[test]
fn home_and_standby_ask_their_own_region_alone() {
    for root in [HOME, STANDBY] {
        let text = format!("\n{}", described(&format!("infra/{root}")));
        let providers = blocks(&text, "provider");
        assert_eq!(providers.len(), 1, "{root}");
        assert!(providers[0].1.contains(" = local.region\n"));
        assert!(!providers[0].1.contains("alias"));
        for module in modules_of(root) {
            let path = format!("infra/modules/{module}");
            let text = format!("\n{}", described(&path));
            assert!(blocks(&text, "provider").is_empty(), "{path}");
            assert!(!text.contains("\n  provider"), "{path} names a provider");
            for (kind, asked) in blocks(&text, "data") {
                assert!(
                    !asked.contains("peer"),
                    "{path} asks the other region: {asked}"
                );
                assert!(ASKED.contains(&kind), "{path} asks {kind}");
            }
        }
    }
    assert!(modules_of(JOIN).contains("replication") && !modules_of(HOME).contains("replication"));
}

/// Whom the account is of, and where Route 53's checkers ask from: neither is of a region.
const ASKED: [&str; 2] = ["aws_caller_identity", "aws_ip_ranges"];

/// More than one can keep in mind; what belongs together is one variable.
const MOST_VARIABLES: usize = 12;

#[test]
fn every_variable_and_output_is_described_and_a_module_has_few() {
    let places = std::fs::read_dir(file("infra/modules")).unwrap();
    let modules = places.map(|module| module.unwrap().file_name().into_string().unwrap());
    let modules: Vec<_> = modules.map(|module| format!("modules/{module}")).collect();
    assert!(modules.len() > 15);
    for place in modules
        .iter()
        .map(String::as_str)
        .chain([HOME, STANDBY, JOIN])
    {
        let own = format!("\n{}", described(&format!("infra/{place}")));
        for kind in ["variable", "output"] {
            for (name, block) in blocks(&own, kind) {
                assert!(
                    block.contains("\n  description = "),
                    "infra/{place}: {kind} {name} has no description"
                );
            }
        }
        let variables = blocks(&own, "variable").len();
        let is_root = [HOME, STANDBY, JOIN].contains(&place);
        assert!(
            is_root || variables <= MOST_VARIABLES,
            "{place}: {variables} variables"
        );
    }
}

/// The roots pin what is taken, once for all three. A module says with what it works, which the pinned one is of.
#[test]
fn versions_are_pinned_by_the_roots_and_bounded_by_each_module() {
    const LANGUAGE: &str = "\n  required_version = \">= 1.10\"\n";
    let pinned = "      version = \"5.100.0\"\n";
    let bounded = "      version = \"~> 5.100\"\n";
    for root in [HOME, STANDBY, JOIN] {
        let text = described(&format!("infra/{root}"));
        assert_eq!(text.matches(LANGUAGE).count(), 1, "{root}");
        assert_eq!(text.matches("required_providers {").count(), 1, "{root}");
        assert_eq!(text.matches(pinned).count(), 1, "{root}");
    }
    for module in std::fs::read_dir(file("infra/modules")).unwrap() {
        let module = module.unwrap().file_name().into_string().unwrap();
        let text = described(&format!("infra/modules/{module}"));
        assert_eq!(text.matches(LANGUAGE).count(), 1, "{module}");
        let asks = ["resource", "data"].map(|kind| text.contains(&format!("\n{kind} \"aws_")));
        let asks = asks.contains(&true);
        assert_eq!(text.contains(bounded), asks, "{module}");
        assert_eq!(text.contains("required_providers {"), asks, "{module}");
    }
}
