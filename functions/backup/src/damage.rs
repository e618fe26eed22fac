//! What is found damaged or gone while it is read is noted in the control bucket. Nothing fails because it cannot be noted:
//! what was found is said all the same.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use lifeboat_aws::{Objects, backups, json};
use lifeboat_core::{
    Failure,
    backup::{Damages, Harm, mend},
    stored,
};

use crate::Backup;

/// Says what to do about an object that is not what it should be, and remembers it.
pub(crate) async fn remember<T, C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    came: Result<T, Failure>,
) -> Result<T, Failure> {
    let found = match came {
        Err(Failure::Harmed(found)) => found,
        other => return other,
    };
    note(backup, [(found.object.clone(), found.harm.clone())]).await;
    Err(Failure::NotVerified(format!(
        "{found}; {}",
        mend(backup.configuration, &found.object)
    )))
}

/// By key.
pub(crate) async fn note<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    found: impl IntoIterator<Item = (String, Harm)>,
) {
    let mut seen = vec![];
    for (key, harm) in found {
        tracing::error!("{key} {harm}");
        match backups::version(backup.backups, &key).await {
            Ok(stands) => seen.push((key, harm, stands)),
            Err(why) => tracing::warn!("{key} is not noted: {why}"),
        }
    }
    change(backup, |damages| {
        for (key, harm, stands) in &seen {
            damages.note(key, harm, stands.clone());
        }
    })
    .await;
}

/// These were read, and are what they should be.
pub(crate) async fn whole<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    keys: &BTreeSet<String>,
) {
    let keep = |damages: &mut Damages| damages.objects.retain(|key, _| !keys.contains(key));
    change(backup, keep).await;
}

/// Takes off what was written again, and what nobody needs any more.
pub(crate) async fn settle<C: Objects, B: Objects>(
    backup: &Backup<'_, C, B>,
    needed: &BTreeSet<String>,
) -> Result<(), Failure> {
    let noted = backups::damages(backup.control).await.objects;
    let asked = stream::iter(noted.into_keys()).map(async |key| {
        let version = backups::version(backup.backups, &key).await?;
        Ok::<_, Failure>((key, version))
    });
    let stands: BTreeMap<_, _> = asked.buffer_unordered(AT_ONCE).try_collect().await?;
    change(backup, |damages| damages.settle(&stands, needed)).await;
    Ok(())
}

const AT_ONCE: usize = 8;

/// A change that comes to nothing writes nothing.
async fn change<C: Objects, B: Objects>(backup: &Backup<'_, C, B>, change: impl Fn(&mut Damages)) {
    let changed = backup.control.bucket().rewrite(Damages::KEY, |found| {
        let before = match found {
            Some(found) => stored::read(Damages::KEY, "a record of damage", found),
            None => Ok(Damages::default()),
        };
        let mut after = before.clone().unwrap_or_default();
        change(&mut after);
        match before {
            Ok(before) if before == after => return Ok(((), None)),
            Ok(_) => {}
            Err(why) => tracing::warn!("{} cannot be read, and is begun anew: {why}", Damages::KEY),
        }
        Ok(((), Some(json(Damages::KEY, &after)?)))
    });
    if let Err(why) = changed.await {
        tracing::warn!("what was found is not noted: {why}");
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, sync::Arc};

    use lifeboat_aws::{Control, memory::Memory, objects::TRIES};
    use lifeboat_core::configuration;

    use super::*;
    use crate::nothing::Nothing;

    #[tokio::test]
    async fn what_two_find_at_once_is_both_noted_and_nobody_tries_for_ever() {
        let configuration = configuration::sample("us-west-2");
        let bucket = |name| Memory::new(name, &configuration.region);
        let (control, backups) = (Control::new(bucket("control")), bucket("backups"));
        let backup = Backup {
            configuration: &configuration,
            control: &control,
            backups: &backups,
            beyond: Arc::new(Nothing),
            level: 1,
            until: jiff::Timestamp::MAX,
        };
        let other = |times: u32| {
            let mut damages = Damages::default();
            damages.note(&format!("other {times}"), &Harm::Gone, None);
            let json = serde_json::to_vec(&damages).unwrap();
            control.bucket().set(Damages::KEY, json);
        };
        for (meddles, expected) in [
            (1, vec!["mine", "other 1"]),
            (TRIES as u32, vec!["other 5"]),
        ] {
            control.bucket().remove(Damages::KEY);
            let times = Cell::new(0);
            change(&backup, |damages| {
                damages.note("mine", &Harm::Gone, None);
                if times.get() < meddles {
                    times.set(times.get() + 1);
                    other(times.get());
                }
            })
            .await;
            let left = lifeboat_aws::backups::damages(&control).await.objects;
            assert_eq!(left.keys().collect::<Vec<_>>(), expected);
        }
    }
}
