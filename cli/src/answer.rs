//! What a verb comes to, for people and for scripts.

use serde::Serialize;
use serde_json::{Value, json};

use crate::Trouble;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub says: Says,
    /// For people.
    pub text: String,
    /// The same for scripts.
    pub document: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    Yes,
    /// It was answered, and the answer is no or that it cannot be told.
    No,
}

impl Answer {
    pub fn yes(text: impl Into<String>, document: &impl Serialize) -> Result<Self, Trouble> {
        Self::new(Says::Yes, text, document)
    }

    pub fn new(
        says: Says,
        text: impl Into<String>,
        document: &impl Serialize,
    ) -> Result<Self, Trouble> {
        let document = serde_json::to_value(document)
            .map_err(|why| Trouble::Failed(format!("write the answer as JSON: {why}")))?;
        Ok(Self {
            says,
            text: text.into(),
            document,
        })
    }

    pub fn exit_code(&self) -> u8 {
        match self.says {
            Says::Yes => 0,
            Says::No => 3,
        }
    }
}

impl From<bool> for Says {
    fn from(good: bool) -> Self {
        match good {
            true => Self::Yes,
            false => Self::No,
        }
    }
}

/// The document of a verb that did not end well.
pub fn document_of(trouble: &Trouble) -> Value {
    json!({ "error": trouble.to_string(), "exit_code": trouble.exit_code() })
}
