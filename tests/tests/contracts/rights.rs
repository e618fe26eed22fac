//! Who may do what. That a function may do what its program can ask for, and nothing else, `tests/rights.rs` of each function holds.

use std::{collections::BTreeSet, path::Path};

use lifeboat_tests::{
    functions::FUNCTIONS,
    rights::{ASKED_BY, BUCKET},
};

use crate::{file, infrastructure::modules};

/// Each is a call of AWS that is in no SDK: signed by hand, or sent to a registry.
const ASKS: [&str; 6] = [
    ".json(\"",
    ".form(\"",
    "signed.get(",
    "self.ask(&call",
    "self.once(&call",
    "self.follow(&call",
];

/// The functions that ask AWS without an SDK, by their modules.
fn asking(folder: &Path, module: &str) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let inner = format!("{module}::{}", path.file_stem().unwrap().display());
        if path.is_dir() {
            found.extend(asking(&path, &inner));
        } else if path.file_name().is_some_and(|name| name != "tests.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let asks = |body: &&str| {
                let body: String = body.split_whitespace().collect();
                ASKS.iter().any(|ask| body.contains(ask))
            };
            let names = code.split("fn ").skip(1).filter(asks);
            let names = names.map(|body| body.split(['(', '<']).next().unwrap().to_owned());
            found.extend(names.map(|name| (inner.clone(), name)));
        }
    }
    found
}

#[test]
fn whatever_asks_aws_without_an_sdk_says_which_rights_that_needs() {
    let mut found = asking(&file("shared/aws/src"), "lifeboat_aws");
    for function in FUNCTIONS {
        let module = format!("lifeboat_{}", function.replace('-', "_"));
        found.extend(asking(&file(&format!("functions/{function}/src")), &module));
    }
    let said = ASKED_BY.iter().map(|(module, name, _)| (*module, *name));
    let said = said.filter(|(module, _)| *module != BUCKET);
    let said = said.map(|(module, name)| (module.to_owned(), name.to_owned()));
    assert_eq!(found, said.collect());
}

/// Services of AWS that a policy admits without a condition, by the file that does so; each says why beside it.
const UNCONDITIONAL: [(&str, &str); 1] = [("replication/main.tf", "s3.amazonaws.com")];

/// The innermost braces around a place in a text.
fn block(text: &str, at: usize) -> &str {
    let edge = |letters: &mut dyn Iterator<Item = (usize, char)>, inwards: char, outwards: char| {
        let mut depth = 0;
        let mut edge = letters.filter(|(_, letter)| [inwards, outwards].contains(letter));
        let found = edge.find(|(_, letter)| {
            depth += if *letter == inwards { 1 } else { -1 };
            depth < 0
        });
        found.unwrap().0
    };
    let begin = edge(&mut text[..at].char_indices().rev(), '}', '{');
    let end = edge(&mut text[at..].char_indices(), '{', '}');
    &text[begin..=at + end]
}

/// Otherwise another account could have the service act here for it. An ARN names the account too.
#[test]
fn every_policy_that_admits_a_service_of_aws_says_for_which_account_or_resource_it_acts() {
    let mut unconditional = vec![];
    for (path, text) in modules() {
        for (at, admits) in text.match_indices("Principal = { Service = \"") {
            let service = text[at + admits.len()..].split('"').next().unwrap();
            let statement = block(&text, at);
            let (_, condition) = statement.split_once("Condition = {").unwrap_or_default();
            let account = condition.contains("StringEquals = { \"aws:SourceAccount\" = ");
            let resource = ["ArnEquals", "ArnLike"]
                .iter()
                .any(|names| condition.contains(&format!("{names} = {{ \"aws:SourceArn\" = ")));
            if !account && !resource {
                unconditional.push((path.clone(), service.to_owned()));
            }
        }
        let written = text.match_indices(".amazonaws.com\"");
        let written =
            written.filter(|(at, _)| !text[..*at].rsplit('"').next().unwrap().contains('$'));
        let passed = text.matches("\"iam:PassedToService\"").count();
        let permitted = text.matches("  principal     = \"").count();
        let admitted = text.matches("Principal = { Service = \"").count();
        // None is admitted in other words than those that were looked for.
        assert_eq!(written.count(), passed + permitted + admitted, "{path}");
    }
    let expected = UNCONDITIONAL.map(|(path, service)| (path.to_owned(), service.to_owned()));
    assert_eq!(unconditional, expected);
}
