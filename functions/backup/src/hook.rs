//! A service that holds still while its data is read: asked before, and always let go afterwards.

use std::{thread::sleep, time::Duration};

use lifeboat_core::Failure;
use reqwest::Method;
use serde::Serialize;

use crate::http::{Endpoint, Request};

#[derive(Debug, Clone)]
pub(crate) struct Hook {
    pub endpoint: Endpoint,
    pub longest_seconds: u32,
}

/// Two that hold it at once have ids of their own: it goes on when the last has let it go, or its time is over.
#[derive(Serialize)]
#[serde(tag = "action", rename_all = "snake_case")]
enum Word<'a> {
    /// Whoever says so may die: it ends by itself after so many seconds.
    Pause {
        id: &'a str,
        longest_seconds: u32,
    },
    Release {
        id: &'a str,
    },
}

/// How long it may take to write down what it has in memory.
const PAUSE: Duration = Duration::from_secs(20);
const RELEASE: Duration = Duration::from_secs(5);
const TRIES: u32 = 3;

impl Hook {
    /// It answers when it holds still.
    pub(crate) fn pause(&self, id: &str) -> Result<(), Failure> {
        let longest_seconds = self.longest_seconds;
        self.say(
            "pause",
            PAUSE,
            Word::Pause {
                id,
                longest_seconds,
            },
        )
    }

    pub(crate) fn release(&self, id: &str) -> Result<(), Failure> {
        let mut said = Ok(());
        for attempt in 0..TRIES {
            sleep(Duration::from_millis(200) * attempt);
            said = self.say("release", RELEASE, Word::Release { id });
            if said.is_ok() {
                break;
            }
        }
        said
    }

    fn say(
        &self,
        operation: &'static str,
        within: Duration,
        word: Word<'_>,
    ) -> Result<(), Failure> {
        let json = serde_json::to_vec(&word);
        let json = json.map_err(|why| self.endpoint.failed(operation, why))?;
        let length = json.len() as u64;
        let asked = self.endpoint.ask(Request {
            operation,
            method: Method::POST,
            body: Some((json.into(), length)),
            within,
        });
        self.endpoint.runtime.block_on(asked).map(drop)
    }
}
