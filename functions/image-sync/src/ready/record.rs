//! `images.json`, which the probe reads.

use lifeboat_aws::{Control, Objects, json};
use lifeboat_core::{Failure, image::Record};

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

pub(crate) async fn change<B: Objects>(
    control: &Control<B>,
    change: impl Fn(Option<&Record>) -> Record,
) -> Result<Record, Failure> {
    let change = |found: Option<&[u8]>| {
        let after = change(found.and_then(understood).as_ref());
        let body = json(Record::KEY, &after)?;
        Ok((after, Some(body)))
    };
    control.bucket().rewrite(Record::KEY, change).await
}
