//! One of each document that is stored, as schema 1 has written it.

use std::{collections::BTreeSet, path::Path};

use crate::file;

/// These lie in the backups bucket, or are handed on, below names of their own.
const UNKEYED: [&str; 4] = ["ledger.json", "reply.json", "report.json", "run.json"];

/// Names of objects that code has as constants.
fn keys(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(keys(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let constants = text.lines().filter(|line| line.contains("const "));
            let named =
                constants.filter_map(|line| line.split("&str = \"").nth(1)?.split('"').next());
            found.extend(
                named
                    .filter(|name| name.ends_with(".json"))
                    .map(str::to_owned),
            );
        }
    }
    found
}

#[test]
fn every_document_that_is_stored_has_a_sample_that_is_read() {
    let sources = ["shared/core/src", "shared/aws/src", "functions"].map(|path| keys(&file(path)));
    let mut stored: BTreeSet<String> = sources.into_iter().flatten().collect();
    stored.extend(UNKEYED.map(str::to_owned));
    let samples = std::fs::read_dir(file("tests/samples/schema-1")).unwrap();
    let samples = samples.map(|sample| sample.unwrap().file_name().into_string().unwrap());
    assert_eq!(samples.collect::<BTreeSet<_>>(), stored);
}
