use lifeboat_core::{Failure, Invalid};

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
            other => Self::Failed(other.to_string()),
        }
    }
}
