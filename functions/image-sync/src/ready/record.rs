//! `images.json`, which the probe reads.

use lifeboat_aws::{
    Control, Objects,
    objects::{Only, Write},
};
use lifeboat_core::{Failure, Invalid, image::Record};

const TRIES: usize = 5;

/// None where there is none, or where it cannot be understood: then it is written anew.
fn understood(body: &[u8]) -> Option<Record> {
    let record = Record::parse(body);
    record
        .inspect_err(|invalid| tracing::warn!("{invalid}"))
        .ok()
}

pub(crate) async fn read<B: Objects>(control: &Control<B>) -> Result<Option<Record>, Failure> {
    let found = control.bucket().get(Record::KEY).await?;
    Ok(found.and_then(|found| understood(&found.body)))
}

/// Reads, changes and writes; where somebody else was first, again.
pub(crate) async fn change<B: Objects>(
    control: &Control<B>,
    change: impl Fn(Option<&Record>) -> Record,
) -> Result<Record, Failure> {
    let bucket = control.bucket();
    for _ in 0..TRIES {
        let found = bucket.get(Record::KEY).await?;
        let before = found.as_ref().and_then(|found| understood(&found.body));
        let after = change(before.as_ref());
        let body = serde_json::to_vec_pretty(&after)
            .map_err(|e| Invalid::new(Record::KEY, "a value that JSON can hold", e))?;
        let only = match &found {
            Some(found) => Only::IfStill(&found.etag),
            None => Only::IfAbsent,
        };
        if bucket.put_only(Record::KEY, body, only).await? == Write::Done {
            return Ok(after);
        }
    }
    let cause = format!("somebody else was first {TRIES} times");
    Err(bucket.failed("change", Record::KEY, cause))
}
