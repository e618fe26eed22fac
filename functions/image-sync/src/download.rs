use std::{
    cmp::Ordering,
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use futures::stream;
use lifeboat_core::Failure;
use reqwest::{Body, Response};
use sha2::{Digest as _, Sha256};

use crate::{manifest::Descriptor, reference::Digest, wire::Call};

/// A blob on its way: never whole in memory, and hashed as it passes.
#[derive(Debug)]
pub struct Download {
    answer: Response,
    blob: Descriptor,
    call: Call,
    patience: Duration,
    hasher: Sha256,
    seen: u64,
    fate: Fate,
}

/// Why a download ended early, for whoever only sees that an upload did.
#[derive(Debug, Clone, Default)]
pub struct Fate(Arc<OnceLock<Failure>>);

impl Fate {
    pub fn failure(&self) -> Option<Failure> {
        self.0.get().cloned()
    }
}

impl Download {
    pub(crate) fn new(answer: Response, blob: &Descriptor, call: Call, patience: Duration) -> Self {
        Self {
            answer,
            blob: blob.clone(),
            call,
            patience,
            hasher: Sha256::new(),
            seen: 0,
            fate: Fate::default(),
        }
    }

    pub fn fate(&self) -> Fate {
        self.fate.clone()
    }

    pub fn into_body(self) -> Body {
        Body::wrap_stream(stream::try_unfold(self, |mut download| async move {
            let checked = download.part().await;
            if let Err(failure) = &checked {
                // It ends with the first failure, so there is no second to keep.
                let _ = download.fate.0.set(failure.clone());
            }
            Ok::<_, Failure>(checked?.map(|part| (part, download)))
        }))
    }

    /// Reads it to its end, and hands the parts to nobody.
    pub(crate) async fn read(mut self) -> Result<(), Failure> {
        while let Some(part) = self.part().await? {
            drop(part);
        }
        Ok(())
    }

    /// All of it, where it is at most `most` bytes.
    pub(crate) async fn whole(mut self, most: usize) -> Result<Vec<u8>, Failure> {
        if self.blob.size > most as u64 {
            return Err(self.call.refused(format!("it is larger than {most} bytes")));
        }
        let mut bytes = vec![];
        while let Some(part) = self.part().await? {
            bytes.extend_from_slice(&part);
        }
        Ok(bytes)
    }

    async fn part(&mut self) -> Result<Option<Bytes>, Failure> {
        let part = self.call.within(self.patience, self.answer.chunk());
        let part = part.await?;
        self.check(part.as_deref())?;
        Ok(part)
    }

    /// Looks at a part before it is passed on. The last one is thereby held back until the whole is known to be right, so
    /// that no registry ever gets all of a blob that is wrong.
    fn check(&mut self, part: Option<&[u8]>) -> Result<(), Failure> {
        let size = self.blob.size;
        match part {
            Some(part) => {
                self.hasher.update(part);
                self.seen += part.len() as u64;
                match self.seen.cmp(&size) {
                    Ordering::Less => Ok(()),
                    Ordering::Equal => self.verify(),
                    Ordering::Greater => Err(self.wrong(format!("is longer than {size} bytes"))),
                }
            }
            None if self.seen < size => {
                Err(self.wrong(format!("ended after {} of {size} bytes", self.seen)))
            }
            None => self.verify(),
        }
    }

    fn verify(&self) -> Result<(), Failure> {
        let found = Digest::finish(self.hasher.clone());
        match found == self.blob.digest {
            true => Ok(()),
            false => Err(self.wrong(format!("has the digest {found}"))),
        }
    }

    fn wrong(&self, what: String) -> Failure {
        let (object, region) = (&self.call.object, &self.call.region);
        Failure::NotVerified(format!(
            "the blob {object} in {region} {what}; nothing was tagged"
        ))
    }
}
