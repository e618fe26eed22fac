//! What one version writes and another one reads: a region is upgraded before the other, and may go back.

use serde::{Deserialize, de::DeserializeOwned};

use crate::{Invalid, SCHEMA};

/// This version reads the schema it writes and the one before it.
pub(crate) fn check_schema(field: &str, found: u32) -> Result<(), Invalid> {
    match found {
        newer if newer > SCHEMA => Err(Invalid::new(
            field,
            format!(
                "at most schema {SCHEMA}; a newer version of Lifeboat wrote this, and reads it"
            ),
            newer,
        )),
        known if known > 0 && known + 1 >= SCHEMA => Ok(()),
        other => Err(Invalid::new(field, format!("schema {SCHEMA}"), other)),
    }
}

/// Passes over fields that it does not know, for a neighbour may know more. The number comes first: of a newer one even the fields
/// that are known may mean something else. What has none is of the first schema.
pub fn read<T: DeserializeOwned>(key: &str, what: &str, bytes: &[u8]) -> Result<T, Invalid> {
    #[derive(Deserialize)]
    struct Numbered {
        schema: Option<u32>,
    }
    if let Ok(Numbered {
        schema: Some(found),
    }) = serde_json::from_slice(bytes)
    {
        check_schema(&format!("{key}.schema"), found)?;
    }
    serde_json::from_slice(bytes).map_err(|why| Invalid::new(key, what, why))
}

/// A document that schema 1 has written, from `tests/samples/schema-1`: this version reads it, and loses nothing of it.
#[cfg(any(test, feature = "samples"))]
#[allow(clippy::panic, clippy::unwrap_used)]
pub fn assert_reads<T: DeserializeOwned + serde::Serialize>(key: &str) -> T {
    let file = format!(
        "{}/../../tests/samples/schema-1/{key}",
        env!("CARGO_MANIFEST_DIR")
    );
    let bytes = std::fs::read(&file).unwrap_or_else(|why| panic!("{file}: {why}"));
    let document: T =
        read(key, "a document of schema 1", &bytes).unwrap_or_else(|why| panic!("{why}"));
    let written = serde_json::to_value(&document).unwrap();
    let sample: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert!(holds(&written, &sample), "{key} is read as {written:#}");
    document
}

/// Whether everything of `part` is in `whole`, which may have more fields.
#[cfg(any(test, feature = "samples"))]
pub fn holds(whole: &serde_json::Value, part: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Object};
    match (whole, part) {
        (Object(whole), Object(part)) => part
            .iter()
            .all(|(name, part)| whole.get(name).is_some_and(|whole| holds(whole, part))),
        (Array(whole), Array(part)) => {
            whole.len() == part.len() && whole.iter().zip(part).all(|(w, p)| holds(w, p))
        }
        (whole, part) => whole == part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Document {
        #[serde(rename = "value")]
        _value: u32,
    }

    fn read(text: &str) -> Result<Document, String> {
        super::read("a.json", "a document", text.as_bytes()).map_err(|why| why.to_string())
    }

    #[test]
    fn what_a_neighbour_knows_more_is_passed_over() {
        read(r#"{"schema": 1, "value": 1, "colour": "green"}"#).unwrap();
        read(r#"{"value": 1, "colour": "green"}"#).unwrap();
    }

    #[test]
    fn a_newer_schema_is_refused_by_its_number_whatever_else_is_in_it() {
        for text in [
            r#"{"schema": 2, "value": 1}"#,
            r#"{"schema": 2, "value": "green"}"#,
        ] {
            let refused = read(text).unwrap_err();
            assert_eq!(
                refused,
                "a.json.schema: expected at most schema 1; a newer version of Lifeboat wrote this, and reads it, found 2"
            );
        }
    }

    #[test]
    fn no_version_ever_wrote_schema_zero() {
        assert!(
            read(r#"{"schema": 0, "value": 1}"#)
                .unwrap_err()
                .contains("schema 1")
        );
    }

    #[test]
    fn what_is_no_document_is_refused_by_its_key() {
        assert!(
            read("")
                .unwrap_err()
                .starts_with("a.json: expected a document")
        );
        assert!(read(r#"{"schema": 1}"#).unwrap_err().contains("value"));
    }
}
