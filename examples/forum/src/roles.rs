//! What each role stores: a record of named texts, and nothing else.

use std::fmt;
use std::str::FromStr;

use serde_json::{Map, Value};
use thiserror::Error;

/// The service that this process is. Its name is the path, the list in `db.json`, and the value of `ROLE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Users,
    Threads,
    Posts,
}

/// Why a request's record is not stored.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    #[error("the body: expected a JSON object, {0}")]
    NotAnObject(String),
    #[error("field `{field}` is missing: {role} need {expected}")]
    Missing {
        field: &'static str,
        role: Role,
        expected: String,
    },
    #[error("field `{field}`: expected a text that is not empty")]
    NotAText { field: &'static str },
    #[error("field `{field}` is unknown: {role} have {expected}")]
    Unknown {
        field: String,
        role: Role,
        expected: String,
    },
}

#[derive(Debug, Error, PartialEq, Eq)]
#[error("expected users, threads or posts, found `{0}`")]
pub struct UnknownRole(String);

impl Role {
    pub const ALL: [Role; 3] = [Role::Users, Role::Threads, Role::Posts];

    pub fn name(self) -> &'static str {
        match self {
            Role::Users => "users",
            Role::Threads => "threads",
            Role::Posts => "posts",
        }
    }

    /// The fields that a new record must have; the server adds `id` and `created`.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Role::Users => &["name"],
            Role::Threads => &["title", "author"],
            Role::Posts => &["thread", "author", "text"],
        }
    }

    /// Reads a request's body as a new record of this role.
    pub fn parse(self, body: &[u8]) -> Result<Map<String, Value>, Refusal> {
        let value = serde_json::from_slice(body)
            .map_err(|error| Refusal::NotAnObject(error.to_string()))?;
        let Value::Object(record) = value else {
            return Err(Refusal::NotAnObject(
                "found another kind of JSON value".to_owned(),
            ));
        };
        let expected = || self.fields().join(", ");
        if let Some(field) = record
            .keys()
            .find(|key| !self.fields().contains(&key.as_str()))
        {
            return Err(Refusal::Unknown {
                field: field.clone(),
                role: self,
                expected: expected(),
            });
        }
        for &field in self.fields() {
            match record.get(field) {
                None => {
                    return Err(Refusal::Missing {
                        field,
                        role: self,
                        expected: expected(),
                    });
                }
                Some(Value::String(text)) if !text.trim().is_empty() => {}
                Some(_) => return Err(Refusal::NotAText { field }),
            }
        }
        Ok(record)
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Role::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(role: Role, body: &str) -> String {
        role.parse(body.as_bytes())
            .expect_err("must be refused")
            .to_string()
    }

    #[test]
    fn a_record_with_exactly_its_roles_fields_is_accepted() {
        assert!(Role::Users.parse(br#"{"name":"Ada"}"#).is_ok());
        assert!(
            Role::Threads
                .parse(br#"{"title":"Hello","author":"Ada"}"#)
                .is_ok()
        );
        assert!(
            Role::Posts
                .parse(br#"{"thread":"1","author":"Ada","text":"Hi"}"#)
                .is_ok()
        );
    }

    #[test]
    fn a_missing_field_is_named_with_what_the_role_needs() {
        assert_eq!(
            refusal(Role::Posts, r#"{"thread":"1","author":"Ada"}"#),
            "field `text` is missing: posts need thread, author, text"
        );
    }

    #[test]
    fn a_field_that_is_no_text_or_is_empty_is_named() {
        let expected = "field `name`: expected a text that is not empty";
        assert_eq!(refusal(Role::Users, r#"{"name":7}"#), expected);
        assert_eq!(refusal(Role::Users, r#"{"name":"  "}"#), expected);
    }

    #[test]
    fn a_field_that_the_role_does_not_have_is_refused_the_servers_own_included() {
        assert_eq!(
            refusal(Role::Users, r#"{"name":"Ada","age":"36"}"#),
            "field `age` is unknown: users have name"
        );
        assert_eq!(
            refusal(Role::Users, r#"{"name":"Ada","id":"1"}"#),
            "field `id` is unknown: users have name"
        );
    }

    #[test]
    fn a_body_that_is_no_json_object_is_refused() {
        assert!(refusal(Role::Users, "name=Ada").starts_with("the body: expected a JSON object, "));
        assert!(
            refusal(Role::Users, r#"["Ada"]"#).starts_with("the body: expected a JSON object, ")
        );
    }

    #[test]
    fn every_role_is_read_back_from_its_name_and_another_name_is_refused() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
        }
        let refused = "moderators".parse::<Role>().expect_err("must be refused");
        assert_eq!(
            refused.to_string(),
            "expected users, threads or posts, found `moderators`"
        );
    }
}
