use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How far a verification has come that was cut short: the next one goes on there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    pub since: Timestamp,
    /// Images that were read whole, by name and digest.
    #[serde(default)]
    pub images: BTreeSet<String>,
    /// Blobs that are what their digests say.
    #[serde(default)]
    pub good: BTreeSet<String>,
}

/// A byte flips at any time, so what was read longer ago is read again.
const LASTS_SECONDS: i64 = 86_400;

impl Reading {
    /// What an earlier one has read need not be read again.
    pub fn after(earlier: Option<&Self>, now: Timestamp) -> Self {
        let lasts = |reading: &&Self| {
            (0..=LASTS_SECONDS).contains(&(now.as_second() - reading.since.as_second()))
        };
        earlier.filter(lasts).cloned().unwrap_or(Self {
            since: now,
            images: BTreeSet::new(),
            good: BTreeSet::new(),
        })
    }

    /// What is left of it once all of these were read; none where nothing is.
    #[must_use]
    pub fn without(mut self, images: &BTreeSet<String>) -> Option<Self> {
        self.images.retain(|image| !images.contains(image));
        (!self.images.is_empty()).then_some(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn images(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_verification_goes_on_for_a_day_and_then_begins_anew() {
        let mut earlier = Reading::after(None, at(100));
        earlier.images = images(&["a"]);
        let day = at(100 + LASTS_SECONDS);
        assert_eq!(Reading::after(Some(&earlier), day), earlier);
        for other in [at(101 + LASTS_SECONDS), at(99)] {
            let new = Reading::after(Some(&earlier), other);
            assert_eq!((new.since, new.images), (other, images(&[])));
        }
    }

    #[test]
    fn what_was_asked_for_and_is_read_is_forgotten_and_another_services_stays() {
        let mut reading = Reading::after(None, at(0));
        reading.images = images(&["a", "b"]);
        let left = reading.clone().without(&images(&["a"])).unwrap();
        assert_eq!(left.images, images(&["b"]));
        assert_eq!(reading.without(&images(&["a", "b", "c"])), None);
    }
}
