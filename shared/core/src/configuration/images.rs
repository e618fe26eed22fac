//! Images that are copied beside those that the services name.

use serde::{Deserialize, Serialize};

use crate::Invalid;

/// Repositories, and which of their tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImagePattern {
    pub repository: Glob,
    pub tags: Vec<Glob>,
}

impl ImagePattern {
    /// Whether an image is meant; one without a tag is where every tag is.
    pub fn takes(&self, repository: &str, tag: Option<&str>) -> bool {
        let wanted = |glob: &Glob| match tag {
            Some(tag) => glob.matches(tag),
            None => glob.is_any(),
        };
        self.repository.matches(repository) && self.tags.iter().any(wanted)
    }

    pub(super) fn check(&self, field: &str) -> Result<(), Invalid> {
        let lower = |c: char| c.is_ascii_lowercase();
        self.repository.check(
            &format!("{field}.repository"),
            "the name of a repository, with * for any characters",
            |c| lower(c) || c.is_ascii_digit() || "._-/".contains(c),
        )?;
        let tags = format!("{field}.tags");
        if self.tags.is_empty() {
            return Err(Invalid::new(tags, "at least one tag", "an empty list"));
        }
        let tag = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let mut all = self.tags.iter();
        all.try_for_each(|glob| glob.check(&tags, "a tag, with * for any characters", tag))
    }
}

/// A name in which `*` stands for any characters, none and `/` too, as in EventBridge's patterns and in policies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Glob(String);

/// A repository's name is no longer.
const LONGEST: usize = 256;

impl Glob {
    pub fn matches(&self, text: &str) -> bool {
        let Some((begin, rest)) = self.0.split_once('*') else {
            return self.0 == text;
        };
        let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(text) = text.strip_prefix(begin) else {
            return false;
        };
        let Some(mut text) = text.strip_suffix(end) else {
            return false;
        };
        // Where one part may stand in several places, the first leaves the most for the others.
        for part in middle.split('*') {
            match text.split_once(part) {
                Some((_, after)) => text = after,
                None => return false,
            }
        }
        true
    }

    fn is_any(&self) -> bool {
        self.0 == "*"
    }

    fn check(
        &self,
        field: &str,
        expected: &str,
        may: impl Fn(char) -> bool,
    ) -> Result<(), Invalid> {
        let good = (1..=LONGEST).contains(&self.0.len())
            && self.0.chars().all(|c| c == '*' || may(c))
            && !self.0.contains("**");
        match good {
            true => Ok(()),
            false => Err(Invalid::new(field, expected, format!("{:?}", self.0))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(repository: &str, tags: &[&str]) -> ImagePattern {
        let tags = tags.iter().map(|tag| Glob((*tag).into())).collect();
        ImagePattern {
            repository: Glob(repository.into()),
            tags,
        }
    }

    /// By the definition, and in exponential time.
    fn slowly(glob: &[u8], text: &[u8]) -> bool {
        match glob.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|at| slowly(rest, &text[at..])),
            Some((c, rest)) => text.first() == Some(c) && slowly(rest, &text[1..]),
        }
    }

    fn words(letters: &[u8], longest: usize) -> Vec<Vec<u8>> {
        let mut all = vec![vec![]];
        let mut last = all.clone();
        for _ in 0..longest {
            let longer = last.iter().flat_map(|word: &Vec<u8>| {
                letters
                    .iter()
                    .map(|letter| [word.as_slice(), &[*letter]].concat())
            });
            last = longer.collect();
            all.extend(last.iter().cloned());
        }
        all
    }

    #[test]
    fn a_star_stands_for_any_characters_in_every_place() {
        for glob in words(b"ab*", 5) {
            for text in words(b"ab", 5) {
                let [glob, text] =
                    [&glob, &text].map(|word| String::from_utf8(word.clone()).unwrap());
                let expected = slowly(glob.as_bytes(), text.as_bytes());
                assert_eq!(Glob(glob.clone()).matches(&text), expected, "{glob} {text}");
            }
        }
    }

    #[test]
    fn an_image_without_a_tag_is_meant_where_every_tag_is() {
        let (all, some) = (
            pattern("team/*", &["*"]),
            pattern("team/*", &["v*", "stable"]),
        );
        assert!(all.takes("team/a/b", None) && all.takes("team/a", Some("x")));
        assert!(!all.takes("teams/a", None));
        assert!(some.takes("team/a", Some("v1")) && some.takes("team/a", Some("stable")));
        assert!(!some.takes("team/a", Some("dev")) && !some.takes("team/a", None));
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_its_field() {
        assert_eq!(pattern("team/*", &["v*", "*"]).check("images.0"), Ok(()));
        for repository in [
            "",
            "team/**",
            "Team/*",
            "team/?",
            "team /a",
            "[ab]",
            &"a".repeat(257),
        ] {
            let refused = pattern(repository, &["*"]).check("images.0").unwrap_err();
            assert_eq!(refused.field, "images.0.repository", "{repository:?}");
        }
        for tags in [&[][..], &[""], &["v*", "a b"], &["a/b"], &["**"]] {
            let refused = pattern("team/*", tags).check("images.0").unwrap_err();
            assert_eq!(refused.field, "images.0.tags", "{tags:?}");
        }
    }
}
