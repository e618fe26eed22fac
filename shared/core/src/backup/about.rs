use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// What a storage tells of an object beside what it holds, as far as it can be put back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// What S3 tells of every object: none where it is what S3 takes for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_language: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_disposition: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_control: Option<String>,
    /// Its owner's own words, without `x-amz-meta-`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// What S3 takes in the headers of a request. Of metadata it takes 2 KB, and gives it out in an encoding that is longer.
const LONGEST_HEADERS: usize = 8 << 10;
const MOST_TAGS: usize = 10;
const LONGEST_TAG: usize = 128;
const LONGEST_TAG_VALUE: usize = 256;

impl About {
    /// The type of an object that was written without one.
    pub const UNTYPED: &str = "binary/octet-stream";

    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether S3 would take it; nothing of it becomes another header.
    pub fn check(&self, field: &str) -> Result<(), Invalid> {
        let Self {
            content_type,
            content_encoding,
            content_language,
            content_disposition,
            cache_control,
            metadata,
            tags,
        } = self;
        let headers = [
            content_type,
            content_encoding,
            content_language,
            content_disposition,
            cache_control,
        ];
        let headers = headers.into_iter().flatten().map(|value| ("", value));
        let metadata = metadata.iter().map(|(name, value)| (name.as_str(), value));
        if let Some(name) = self.metadata.keys().find(|name| !is_token(name)) {
            let expected = "metadata by names of letters, digits and -_.";
            return Err(Invalid::new(field, expected, format!("{name:?}")));
        }
        let mut bytes = 0;
        for (name, value) in headers.chain(metadata) {
            if value.chars().any(char::is_control) {
                let expected = "values without control characters";
                return Err(Invalid::new(field, expected, format!("{value:?}")));
            }
            bytes += name.len() + value.len();
        }
        if bytes > LONGEST_HEADERS {
            let expected = format!("at most {LONGEST_HEADERS} bytes of headers");
            return Err(Invalid::new(field, expected, bytes));
        }
        let fits = |text: &str, most: usize| text.chars().count() <= most;
        let whole = |(tag, value): (&String, &String)| {
            !tag.is_empty() && fits(tag, LONGEST_TAG) && fits(value, LONGEST_TAG_VALUE)
        };
        if tags.len() > MOST_TAGS || !tags.iter().all(whole) {
            let expected = format!(
                "at most {MOST_TAGS} tags of 1 to {LONGEST_TAG} characters, with values of at most {LONGEST_TAG_VALUE}"
            );
            return Err(Invalid::new(field, expected, format!("{tags:?}")));
        }
        Ok(())
    }
}

/// What may be a part of a header's name.
fn is_token(name: &str) -> bool {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(count: usize, name: &str, value: &str) -> BTreeMap<String, String> {
        let pair = |n| (format!("{name}{n}"), value.to_owned());
        (0..count).map(pair).collect()
    }

    #[test]
    fn what_s3_would_not_take_or_take_for_another_header_is_refused() {
        let metadata = |metadata| About {
            metadata,
            ..About::default()
        };
        let tags = |tags| About {
            tags,
            ..About::default()
        };
        let typed = |text: &str| About {
            content_type: Some(text.into()),
            ..About::default()
        };
        for right in [
            About::default(),
            typed("text/html; charset=utf-8"),
            metadata(pairs(2, "owner-", "ada")),
            tags(pairs(10, "stage", "")),
            tags(pairs(1, &"ü".repeat(127), &"ü".repeat(256))),
        ] {
            assert_eq!(right.check("about"), Ok(()));
        }
        for wrong in [
            typed("text/html\r\nx-amz-acl: public-read"),
            typed(&"x".repeat(LONGEST_HEADERS + 1)),
            metadata(pairs(1, "a b", "x")),
            metadata(pairs(1, "a\n", "x")),
            metadata([(String::new(), "x".into())].into()),
            metadata(pairs(1, "a", "x\0")),
            metadata(pairs(9, "a", &"x".repeat(1 << 10))),
            tags(pairs(11, "stage", "")),
            tags([(String::new(), "x".into())].into()),
            tags(pairs(1, "stage", &"x".repeat(257))),
            tags(pairs(1, &"x".repeat(128), "")),
        ] {
            let refused = wrong.check("about of a").unwrap_err();
            assert_eq!(refused.field, "about of a");
        }
    }
}
