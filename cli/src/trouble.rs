use lifeboat_core::{Failure, Invalid};

use crate::{denied, version};

/// Why the command does not end well: what was the matter, and what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Nothing was touched.
    #[error("{0}")]
    BadInput(String),
    #[error("{0}")]
    Failed(String),
    /// It was found out, and is not what was hoped for.
    #[error("{0}")]
    No(String),
    /// The person stopped looking; what was started goes on.
    #[error("{0}")]
    Interrupted(String),
}

impl Trouble {
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::BadInput(_) => 2,
            Self::No(_) => 3,
            // What a shell reports of a process that SIGINT ended.
            Self::Interrupted(_) => 130,
        }
    }

    /// The same trouble with what to do about it.
    pub fn next(self, advice: impl std::fmt::Display) -> Self {
        match self {
            Self::BadInput(text) => Self::BadInput(format!("{text}\n{advice}")),
            Self::Failed(text) => Self::Failed(format!("{text}\n{advice}")),
            Self::No(text) => Self::No(format!("{text}\n{advice}")),
            Self::Interrupted(text) => Self::Interrupted(format!("{text}\n{advice}")),
        }
    }
}

impl From<Invalid> for Trouble {
    fn from(invalid: Invalid) -> Self {
        Self::BadInput(invalid.to_string())
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Invalid(invalid) => invalid.into(),
            other => {
                let said = other.to_string();
                let strange = said.contains("the answer is not what was expected");
                let strange = strange.then(|| {
                    let own = version::OWN;
                    format!("What is deployed there is of another version than this command, which is lifeboat {own}")
                });
                let advice = denied::advice(&said).or(strange);
                let trouble = Self::Failed(said);
                advice.map_or(trouble.clone(), |advice| trouble.next(advice))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifeboat_core::Region;

    #[test]
    fn a_missing_right_is_shown_and_followed_by_what_to_do() {
        let region = Region::new("us-east-1").unwrap();
        let why = "AccessDenied User: ada is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::control/state.json\"";
        let failure = Failure::unavailable("read", "control/state.json", &region, why);
        let text = Trouble::from(failure.clone()).to_string();
        let (said, advice) = text.split_once('\n').unwrap();
        assert_eq!(said, failure.to_string());
        assert!(
            advice.contains("s3:GetObject on arn:aws:s3:::control/state.json"),
            "{advice}"
        );
    }
}
