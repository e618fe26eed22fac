use std::{fmt, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use jiff::Timestamp;
use lifeboat_core::Failure;
use reqwest::header::HeaderValue;
use tokio::sync::Mutex;

/// A token that ends sooner than this is not begun with.
const EARLY: Duration = Duration::from_secs(5 * 60);

/// What only the cloud around a registry can do.
pub trait Keeper: fmt::Debug + Send + Sync {
    fn token(&self) -> BoxFuture<'_, Result<Token, Failure>>;
    /// Makes a repository; one that is there already is none too many.
    fn create<'a>(&'a self, repository: &'a str) -> BoxFuture<'a, Result<(), Failure>>;
}

/// What a registry is told with every request. It is printed nowhere.
#[derive(Debug, Clone)]
pub struct Credential(pub(super) HeaderValue);

impl Credential {
    /// From a token of ECR, which is a user and a password as HTTP wants them.
    pub fn new(token: &str) -> Option<Self> {
        let mut value = HeaderValue::from_str(&format!("Basic {token}")).ok()?;
        value.set_sensitive(true);
        Some(Self(value))
    }
}

#[derive(Debug, Clone)]
pub struct Token {
    pub credential: Credential,
    pub expires: Option<Timestamp>,
}

/// The token of the moment. Whoever needs one while it is asked for waits, so that it is asked for once.
#[derive(Debug)]
pub(super) struct Keys {
    keeper: Arc<dyn Keeper>,
    current: Mutex<(u64, Option<Token>)>,
}

impl Keys {
    pub(super) fn new(keeper: Arc<dyn Keeper>) -> Self {
        Self {
            keeper,
            current: Mutex::default(),
        }
    }

    pub(super) fn keeper(&self) -> &dyn Keeper {
        &*self.keeper
    }

    /// A credential, and the number of its token.
    pub(super) async fn get(&self) -> Result<(u64, Credential), Failure> {
        let mut current = self.current.lock().await;
        let (serial, token) = &mut *current;
        if let Some(token) = token
            && token.lasts(Timestamp::now())
        {
            return Ok((*serial, token.credential.clone()));
        }
        let asked = self.keeper.token().await?;
        *serial += 1;
        Ok((*serial, token.insert(asked).credential.clone()))
    }

    /// The registry did not accept the token of this number; a younger one stays.
    pub(super) async fn refused(&self, number: u64) {
        let mut current = self.current.lock().await;
        if current.0 == number {
            current.1 = None;
        }
    }
}

impl Token {
    fn lasts(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| {
            now.duration_until(expires).unsigned_abs() > EARLY && now < expires
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_before_it_ends() {
        let expires = Timestamp::from_second(10_000).ok();
        let token = Token {
            credential: Credential::new("x").unwrap(),
            expires,
        };
        let at = |second| token.lasts(Timestamp::from_second(second).unwrap());
        assert!(at(0) && at(9_699));
        assert!(!at(9_700) && !at(10_000) && !at(20_000));
        assert!(
            Token {
                expires: None,
                ..token
            }
            .lasts(Timestamp::MAX)
        );
    }
}
