//! Each region's reports in the order in which they were written, chained by their hashes: one that was altered, added or
//! taken away shows.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Invalid, Region, SCHEMA, stored};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    pub schema: u32,
    pub region: Region,
    pub entries: Vec<Entry>,
}

/// A report as it was written. One that was completed later has a further entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// From one upwards.
    pub number: u64,
    pub written: Timestamp,
    /// The execution's name.
    pub execution: String,
    /// SHA-256 of the JSON and of the page, in hexadecimal.
    pub report: String,
    pub page: String,
    /// SHA-256 of the entry before it; of the first one, zeros.
    pub previous: String,
}

pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

impl Entry {
    /// Over its fields, each in a line of its own: none of them holds a line's end.
    pub fn hash(&self) -> String {
        let Self {
            number,
            written,
            execution,
            report,
            page,
            previous,
        } = self;
        let fields = format!("{number}\n{written}\n{execution}\n{report}\n{page}\n{previous}\n");
        sha256(fields.as_bytes())
    }
}

impl Ledger {
    pub fn new(region: &Region) -> Self {
        Self {
            schema: SCHEMA,
            region: region.clone(),
            entries: vec![],
        }
    }

    pub fn key(region: &Region) -> String {
        format!("{}{region}/ledger.json", super::PREFIX)
    }

    pub fn parse(bytes: &[u8], region: &Region) -> Result<Self, Invalid> {
        let key = Self::key(region);
        let ledger: Self = stored::read(&key, "a ledger of reports", bytes)?;
        match ledger.region == *region {
            true => Ok(ledger),
            false => Err(Invalid::new(format!("{key}.region"), region, ledger.region)),
        }
    }

    /// With the report at its end; none where its newest entry says the same already.
    pub fn with(
        &self,
        execution: &str,
        report: &[u8],
        page: &[u8],
        now: Timestamp,
    ) -> Option<Self> {
        let (report, page) = (sha256(report), sha256(page));
        let newest = self.newest().remove(execution);
        if newest.is_some_and(|entry| entry.report == report && entry.page == page) {
            return None;
        }
        let mut after = self.clone();
        after.entries.push(Entry {
            number: self.entries.len() as u64 + 1,
            written: now,
            execution: execution.into(),
            report,
            page,
            previous: self.head(),
        });
        Some(after)
    }

    /// Of all entries: whoever noted it can tell later whether they are still the same.
    pub fn head(&self) -> String {
        self.entries
            .last()
            .map_or_else(|| "0".repeat(64), Entry::hash)
    }

    /// What each execution's report is by now.
    pub fn newest(&self) -> BTreeMap<&str, &Entry> {
        let entries = self.entries.iter();
        entries
            .map(|entry| (entry.execution.as_str(), entry))
            .collect()
    }

    /// Everything that is wrong with the chain and with what lies beside it, for people; nothing where all is as it was written.
    pub fn judge(&self, found: &BTreeMap<String, Found>) -> Vec<String> {
        let mut wrong = self.broken();
        let newest = self.newest();
        for (name, entry) in &newest {
            let number = entry.number;
            match found.get(*name) {
                None => wrong.push(format!("{name}: entry {number} names it, and it is gone")),
                Some(found) => {
                    for (what, is, was) in [
                        ("report", &found.report, &entry.report),
                        ("page", &found.page, &entry.page),
                    ] {
                        match is {
                            None => wrong.push(format!("{name}: its {what} is gone")),
                            Some(is) if is != was => wrong.push(format!(
                                "{name}: its {what} is not what entry {number} says"
                            )),
                            Some(_) => {}
                        }
                    }
                }
            }
        }
        let known: BTreeSet<&str> = newest.into_keys().collect();
        let unknown = found.keys().filter(|name| !known.contains(name.as_str()));
        wrong.extend(unknown.map(|name| {
            format!("{name}: no entry names it; it was added, or its writer was killed before it could enter it")
        }));
        wrong
    }

    fn broken(&self) -> Vec<String> {
        let mut wrong = vec![];
        let mut before = "0".repeat(64);
        for (entry, number) in self.entries.iter().zip(1..) {
            if entry.number != number {
                wrong.push(format!(
                    "entry {number} says that it is number {}",
                    entry.number
                ));
            }
            if entry.previous != before {
                wrong.push(format!(
                    "entry {number} ({}) does not follow the one before it: one of both was altered, or one between them was taken away",
                    entry.execution
                ));
            }
            before = entry.hash();
        }
        wrong
    }
}

/// The SHA-256 of what lies in the bucket for an execution; none of what is not there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    pub report: Option<String>,
    pub page: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region() -> Region {
        Region::new("us-west-2").unwrap()
    }

    fn three() -> (Ledger, BTreeMap<String, Found>) {
        let mut ledger = Ledger::new(&region());
        let mut found = BTreeMap::new();
        for name in ["a", "b", "c"] {
            let (report, page) = (format!("report {name}"), format!("page {name}"));
            let (report, page) = (report.as_bytes(), page.as_bytes());
            ledger = ledger
                .with(name, report, page, Timestamp::UNIX_EPOCH)
                .unwrap();
            let is = Found {
                report: Some(sha256(report)),
                page: Some(sha256(page)),
            };
            found.insert(name.to_owned(), is);
        }
        (ledger, found)
    }

    #[test]
    fn what_was_written_and_left_alone_holds() {
        let (ledger, found) = three();
        assert_eq!(ledger.judge(&found), Vec::<String>::new());
        let bytes = serde_json::to_vec(&ledger).unwrap();
        assert_eq!(Ledger::parse(&bytes, &region()).unwrap(), ledger);
    }

    #[test]
    fn the_same_report_twice_is_entered_once_and_a_completed_one_has_the_last_word() {
        let (ledger, mut found) = three();
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(ledger.with("b", b"report b", b"page b", now), None);
        let completed = ledger.with("b", b"more", b"page b", now).unwrap();
        assert_eq!(completed.entries.len(), 4);
        assert_eq!(
            completed.judge(&found),
            ["b: its report is not what entry 4 says"]
        );
        found.get_mut("b").unwrap().report = Some(sha256(b"more"));
        assert!(completed.judge(&found).is_empty());
    }

    #[test]
    fn a_report_or_page_that_was_altered_taken_away_or_added_shows() {
        let (ledger, mut found) = three();
        found.get_mut("a").unwrap().page = Some(sha256(b"another"));
        found.get_mut("b").unwrap().report = None;
        found.remove("c");
        found.insert("d".into(), Found::default());
        let wrong = ledger.judge(&found);
        let says = |text: &str| wrong.iter().any(|line| line.contains(text));
        assert!(says("a: its page is not what entry 1 says"), "{wrong:?}");
        assert!(says("b: its report is gone"), "{wrong:?}");
        assert!(says("c: entry 3 names it, and it is gone"), "{wrong:?}");
        assert!(says("d: no entry names it"), "{wrong:?}");
    }

    #[test]
    fn an_entry_that_was_altered_taken_away_or_moved_shows() {
        let (ledger, found) = three();
        let mut altered = ledger.clone();
        altered.entries[0].written = Timestamp::from_second(5).unwrap();
        assert!(altered.judge(&found)[0].starts_with("entry 2 (b) does not follow"));
        let mut shorter = ledger.clone();
        shorter.entries.remove(1);
        assert!(shorter.judge(&found).len() >= 2);
        let mut turned = ledger.clone();
        turned.entries.swap(0, 1);
        assert!(!turned.judge(&found).is_empty());
        let mut cut = ledger.clone();
        cut.entries.pop();
        assert_eq!(cut.judge(&found).len(), 1, "a report without an entry");
        assert_ne!(cut.head(), ledger.head());
    }

    #[test]
    fn a_ledger_of_another_region_or_version_is_refused_by_its_field() {
        let (ledger, _) = three();
        let bytes = serde_json::to_vec(&ledger).unwrap();
        let other = Region::new("us-east-1").unwrap();
        let refused = Ledger::parse(&bytes, &other).unwrap_err();
        assert!(refused.to_string().contains("region"), "{refused}");
        let newer = Ledger {
            schema: SCHEMA + 1,
            ..ledger
        };
        let bytes = serde_json::to_vec(&newer).unwrap();
        let refused = Ledger::parse(&bytes, &region()).unwrap_err();
        assert!(refused.to_string().contains("schema"), "{refused}");
    }
}
