use std::fmt::Display;

/// Input that does not validate: which field, what was expected, what was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: expected {expected}, found {found}")]
pub struct Invalid {
    pub field: String,
    pub expected: String,
    pub found: String,
}

impl Invalid {
    pub fn new(field: impl Display, expected: impl Display, found: impl Display) -> Self {
        Self {
            field: field.to_string(),
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }
}
