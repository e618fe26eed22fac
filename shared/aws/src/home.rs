//! A region's control bucket: the configuration that Terraform wrote, and the state that executions change.

use lifeboat_core::{Configuration, Failure, Invalid, Region, RegionPair, RegionState, stored};
use serde::de::DeserializeOwned;

use crate::objects::Objects;

#[derive(Debug, Clone)]
pub struct Control<B> {
    bucket: B,
}

const STATE: &str = "state.json";

impl<B: Objects> Control<B> {
    pub fn new(bucket: B) -> Self {
        Self { bucket }
    }

    pub fn bucket(&self) -> &B {
        &self.bucket
    }

    pub async fn configuration(&self, key: &str) -> Result<Configuration, Failure> {
        let found = self.bucket.get(key).await?.ok_or_else(|| {
            let place = format!("{}/{key}", self.bucket.name());
            Invalid::new(
                "configuration",
                format!("{place}, which Terraform writes"),
                "none",
            )
        })?;
        Ok(Configuration::parse(&found.body)?)
    }

    /// Before anything was ever written the region is as it began.
    pub async fn state(&self, pair: &RegionPair) -> Result<RegionState, Failure> {
        let found = self.bucket.get(STATE).await?;
        held(found.as_ref().map(|found| found.body.as_slice()), pair)
    }

    /// Reads, changes and writes; where somebody else was first, again. A change that comes to nothing writes nothing.
    pub async fn change(
        &self,
        pair: &RegionPair,
        change: impl Fn(&RegionState) -> Result<RegionState, Failure>,
    ) -> Result<RegionState, Failure> {
        let rewritten = self.bucket.rewrite(STATE, |found| {
            let before = held(found, pair)?;
            let after = change(&before)?;
            let body = match after == before {
                true => None,
                false => Some(json(STATE, &after)?),
            };
            Ok((after, body))
        });
        rewritten.await
    }

    pub async fn read<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Failure> {
        let Some(found) = self.bucket.get(key).await? else {
            return Ok(None);
        };
        Ok(Some(stored::read(
            key,
            "an object of this version",
            &found.body,
        )?))
    }

    pub async fn write<T: serde::Serialize>(&self, key: &str, value: &T) -> Result<(), Failure> {
        self.bucket.put(key, json(key, value)?).await
    }

    pub fn region(&self) -> &Region {
        self.bucket.region()
    }
}

fn held(found: Option<&[u8]>, pair: &RegionPair) -> Result<RegionState, Failure> {
    match found {
        Some(found) => Ok(RegionState::parse(found)?),
        None => Ok(RegionState::genesis(pair)),
    }
}

/// As objects of the bucket hold it.
pub fn json<T: serde::Serialize>(key: &str, value: &T) -> Result<Vec<u8>, Failure> {
    let written = serde_json::to_vec_pretty(value);
    written.map_err(|e| Invalid::new(key, "a value that JSON can hold", e).into())
}

/// An event of our own: what does not fit is refused with the field's name, before anything is touched.
pub fn parse_event<T: DeserializeOwned>(event: serde_json::Value) -> Result<T, Failure> {
    T::deserialize(event).map_err(|e| Invalid::new("event", "an event of this function", e).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;
    use lifeboat_core::{request::Mode, state::Lease};

    fn pair() -> RegionPair {
        let region = |name| Region::new(name).unwrap();
        RegionPair::new(region("us-east-1"), region("us-west-2")).unwrap()
    }

    fn control() -> Control<Memory> {
        Control::new(Memory::new("control", &pair().home))
    }

    #[tokio::test]
    async fn a_change_that_comes_to_nothing_writes_nothing() {
        let control = control();
        control
            .change(&pair(), |state| Ok(state.clone()))
            .await
            .unwrap();
        assert!(control.bucket.keys().is_empty());
    }

    #[tokio::test]
    async fn two_changes_at_once_are_both_kept() {
        let control = control();
        let meddle = std::cell::Cell::new(true);
        let state = control
            .change(&pair(), |before| {
                if meddle.take() {
                    let mut other = before.clone();
                    other.capacity.insert("users".into(), 2);
                    control
                        .bucket
                        .set(STATE, serde_json::to_vec(&other).unwrap());
                }
                let mut after = before.clone();
                after.lease = Some(Lease::new("a", Mode::Unplanned, &Default::default()));
                Ok(after)
            })
            .await
            .unwrap();
        assert_eq!(state.owner(), Some("a"));
        assert_eq!(state.capacity["users"], 2);
    }

    #[tokio::test]
    async fn nobody_tries_for_ever_where_somebody_else_is_always_first() {
        let control = control();
        let times = std::cell::Cell::new(0);
        let failed = control.bucket.rewrite("x.json", |_| {
            times.set(times.get() + 1);
            let other = format!("other {}", times.get());
            control.bucket.set("x.json", other.into_bytes());
            Ok(((), Some(b"mine".to_vec())))
        });
        let failed = failed.await.unwrap_err().to_string();
        assert!(
            failed.ends_with("somebody else was first 5 times"),
            "{failed}"
        );
        assert_eq!(control.bucket.body("x.json").unwrap(), b"other 5");
    }

    #[tokio::test]
    async fn a_missing_configuration_says_who_writes_it() {
        let missing = control()
            .configuration("configuration.json")
            .await
            .unwrap_err();
        assert!(
            missing
                .to_string()
                .contains("control/configuration.json, which Terraform writes")
        );
    }

    #[test]
    fn an_unknown_field_of_our_own_event_is_refused_by_name() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Event {}
        let refused = parse_event::<Event>(serde_json::json!({"force": true})).unwrap_err();
        assert_eq!(refused.name(), "Invalid");
        assert!(refused.to_string().contains("force"), "{refused}");
    }
}
