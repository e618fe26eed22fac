//! What another version wrote: which one it was, and which one this command knows.

use lifeboat_aws::Objects;
use lifeboat_core::SCHEMA;
use serde::Deserialize;

pub(crate) const OWN: &str = env!("CARGO_PKG_VERSION");

#[derive(Debug, Deserialize)]
struct Peek {
    schema: u32,
}

/// About an object that could not be understood; nothing where it cannot be read again.
pub(crate) async fn note(bucket: &impl Objects, key: &str) -> Option<String> {
    let found = bucket.get(key).await.ok().flatten()?;
    Some(of(&found.body))
}

fn of(body: &[u8]) -> String {
    let peek = serde_json::from_slice::<Peek>(body).ok();
    let advice = "Use the command of the version that is deployed there";
    match peek.map(|peek| peek.schema) {
        Some(SCHEMA) => format!(
            "It is of schema {SCHEMA}, as this command (lifeboat {OWN}) knows it, but for something that only another version has. {advice}"
        ),
        Some(other) => format!(
            "It is of schema {other}, and this command (lifeboat {OWN}) knows schema {SCHEMA}. {advice}"
        ),
        None => format!(
            "It says no schema, and this command (lifeboat {OWN}) knows schema {SCHEMA}: it is damaged, or something else"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_that_was_found_and_the_one_that_is_known_are_both_told() {
        for (body, told) in [
            (
                r#"{"schema": 7, "colour": "green"}"#,
                "schema 7, and this command",
            ),
            (
                r#"{"schema": 1, "colour": "green"}"#,
                "something that only another version has",
            ),
            ("{}", "says no schema"),
            ("not JSON", "says no schema"),
        ] {
            let note = of(body.as_bytes());
            assert!(
                note.contains(told) && note.contains(OWN) && note.contains("schema 1"),
                "{note}"
            );
        }
    }
}
