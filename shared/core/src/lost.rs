//! What a replaced region held that the restored backup did not.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    io::Read,
};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Records by their identity only: a report never carries what users wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    pub services: BTreeMap<String, Vec<String>>,
    /// Services of which it cannot be told, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unknown: BTreeMap<String, String>,
}

impl Lost {
    pub fn count(&self) -> usize {
        self.services.values().map(Vec::len).sum()
    }
}

/// The records of what was restored, known by their hashes: enough to tell which of many others are none of them.
#[derive(Debug, Default)]
pub struct Kept(BTreeSet<[u8; 16]>);

impl Kept {
    /// Record after record, however long the document is.
    pub fn learn(&mut self, restored: impl Read) -> serde_json::Result<()> {
        records(restored, |record| self.0.extend([hash(&record)]))
    }

    /// The identities of records which are not among them, or differ.
    pub fn lacks(&self, held: impl Read) -> serde_json::Result<Vec<String>> {
        let mut lost = vec![];
        records(held, |record| {
            if !self.0.contains(&hash(&record)) {
                lost.push(identity(&record));
            }
        })?;
        Ok(lost)
    }
}

fn hash(record: &Value) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&Sha256::digest(record.to_string())[..16]);
    short
}

fn identity(record: &Value) -> String {
    match record.get("id") {
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => "(without an id)".into(),
    }
}

/// A document is a list of records, or holds such lists; nothing else in it is one.
fn records(document: impl Read, mut each: impl FnMut(Value)) -> serde_json::Result<()> {
    let mut json = serde_json::Deserializer::from_reader(document);
    Document(&mut each).deserialize(&mut json)?;
    json.end()
}

struct Document<'a, F>(&'a mut F);
struct List<'a, F>(&'a mut F);

impl<'de, F: FnMut(Value)> DeserializeSeed<'de> for Document<'_, F> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, F: FnMut(Value)> Visitor<'de> for Document<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of records, or lists of them by name")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        List(self.0).visit_seq(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut lists: A) -> Result<(), A::Error> {
        while lists.next_key::<IgnoredAny>()?.is_some() {
            lists.next_value_seed(List(&mut *self.0))?;
        }
        Ok(())
    }
}

impl<'de, F: FnMut(Value)> DeserializeSeed<'de> for List<'_, F> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, F: FnMut(Value)> Visitor<'de> for List<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(record) = list.next_element()? {
            (self.0)(record);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lost(held: &Value, restored: &Value) -> Vec<String> {
        let mut kept = Kept::default();
        kept.learn(restored.to_string().as_bytes()).unwrap();
        kept.lacks(held.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn exactly_the_records_the_backup_lacks_are_lost() {
        let restored = json!({"posts": [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}]});
        let held = json!({"posts": [{"id": "1", "text": "a"}, {"id": "2", "text": "edited"}, {"id": "3", "text": "c"}]});
        assert_eq!(lost(&held, &restored), ["2", "3"]);
        assert!(lost(&restored, &restored).is_empty());
    }

    #[test]
    fn what_users_wrote_is_not_in_the_answer() {
        let held = json!([{"text": "private"}]);
        assert_eq!(lost(&held, &json!([])), ["(without an id)"]);
    }

    #[test]
    fn what_is_no_list_of_records_has_none_and_what_is_no_json_is_an_error() {
        let held = json!({"version": 1, "half": 0.5, "less": -1, "on": true, "none": null, "name": "x", "map": {"a": [{"id": 1}]}});
        assert!(lost(&held, &json!({})).is_empty());
        assert_eq!(
            lost(&json!({"posts": [{"id": 7}], "n": 1}), &json!({})),
            ["7"]
        );
        let kept = Kept::default();
        for torn in ["", "{", "{\"posts\": [{\"id\": 1}", "7", "{} {}"] {
            assert!(kept.lacks(torn.as_bytes()).is_err(), "{torn}");
        }
    }
}
