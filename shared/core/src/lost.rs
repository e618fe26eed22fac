//! What a replaced region held that the restored backup did not.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Records by their identity only: a report never carries what users wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

/// The identities of records in `held` which `restored` lacks or holds differently.
pub fn lost(held: &Value, restored: &Value) -> Vec<String> {
    let kept: BTreeSet<String> = records(restored).iter().map(|r| r.to_string()).collect();
    records(held)
        .into_iter()
        .filter(|r| !kept.contains(&r.to_string()))
        .map(identity)
        .collect()
}

fn records(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields
            .values()
            .filter_map(Value::as_array)
            .flatten()
            .collect(),
        _ => vec![],
    }
}

fn identity(record: &Value) -> String {
    match record.get("id") {
        Some(Value::String(id)) => id.clone(),
        Some(Value::Number(id)) => id.to_string(),
        _ => "(without an id)".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
}
