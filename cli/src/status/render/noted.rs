//! What functions noted in the control bucket, one function for each row.

use jiff::Timestamp;
use lifeboat_core::{
    backup::Damages,
    image::{LASTS_SECONDS, Record},
};

use super::{
    Facts, RegionFacts,
    cells::{with_length, with_reasons},
};
use crate::{
    status::Kept,
    words::{count, cut, length},
};

/// Whoever needs them all reads them as JSON.
const SHOWN: usize = 3;
/// Twelve hexadecimal digits tell images apart.
const DIGEST: usize = "sha256:".len() + 12;

/// Whether what runs in the active region is here, and if not, for how long.
pub(super) fn images(facts: &Facts, side: &RegionFacts) -> String {
    let Some(answered) = side.answered() else {
        return String::new();
    };
    match &answered.images {
        Kept::Never => "never looked for; does image-sync's reconcile run?".into(),
        Kept::Unknown { because } => format!("unknown: {because}"),
        Kept::There { record } => found(record, facts.at),
    }
}

fn found(record: &Record, now: Timestamp) -> String {
    let lacking: Vec<String> = record
        .lacking()
        .map(|(image, why)| format!("{}: {why}", short(&image.name())))
        .collect();
    let doubts: Vec<String> = record.doubts().map(str::to_owned).collect();
    let text = match (lacking.is_empty(), doubts.is_empty()) {
        (false, _) => {
            let lacks = format!("lacks {}", count(lacking.len() as u64, "image"));
            let lacks = with_length(&lacks, record.lacking_since, now);
            with_reasons(&lacks, some(lacking).into_iter())
        }
        (true, false) => with_reasons("cannot tell", some(doubts).into_iter()),
        (true, true) => "ready".into(),
    };
    let age = now.as_second() - record.at.as_second();
    let late = match age > LASTS_SECONDS {
        true => ", late: it looks each quarter of an hour",
        false => "",
    };
    format!("{text}\nlooked {} ago{late}", length(age))
}

/// What was read and is not what it should be, until it is read and found right.
pub(super) fn damage(_: &Facts, side: &RegionFacts) -> String {
    let Some(answered) = side.answered() else {
        return String::new();
    };
    let backups = noted(&answered.damages, |damages: &Damages| {
        let objects = damages.objects.iter();
        let objects = objects.map(|(key, noted)| format!("{key}: {}", noted.why));
        objects.collect()
    });
    let images = noted(&answered.images, |record: &Record| {
        let images = record.damaged.iter();
        let images = images.map(|(image, why)| format!("{}: {why}", short(image)));
        images.collect()
    });
    let all = [("backup object", backups), ("image", images)];
    let mut lines = vec![];
    for (what, told) in all {
        match told {
            Ok(damaged) if damaged.is_empty() => {}
            Ok(damaged) => {
                let counted = format!("damaged: {}", count(damaged.len() as u64, what));
                lines.push(with_reasons(&counted, some(damaged).into_iter()));
            }
            Err(because) => lines.push(format!("cannot tell: {because}")),
        }
    }
    match lines.is_empty() {
        true => "none known".into(),
        false => lines.join("\n"),
    }
}

fn noted<T>(kept: &Kept<T>, tell: impl Fn(&T) -> Vec<String>) -> Result<Vec<String>, &str> {
    match kept {
        Kept::There { record } => Ok(tell(record)),
        // Nothing was ever found damaged.
        Kept::Never => Ok(vec![]),
        Kept::Unknown { because } => Err(because),
    }
}

/// The first few, and how many more there are.
fn some(mut all: Vec<String>) -> Vec<String> {
    let more = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    if more > 0 {
        all.push(format!("and {more} more; --output json names them"));
    }
    all
}

fn short(name: &str) -> String {
    match name.split_once('@') {
        Some((repository, digest)) if digest.len() > DIGEST => {
            format!("{repository}@{}…", cut(digest, DIGEST))
        }
        _ => name.to_owned(),
    }
}
