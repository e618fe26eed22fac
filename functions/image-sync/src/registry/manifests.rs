use lifeboat_core::Failure;
use reqwest::{Client, Method, Response, StatusCode, header::CONTENT_TYPE};

use crate::{
    Registry,
    manifest::{ACCEPTED, Manifest, media_type},
    reference::{Digest, Reference},
    wire::{Call, again, bounded},
};

/// What a registry says to a manifest.
#[derive(Debug)]
pub(crate) enum Put {
    Done,
    /// The tag is another image's and may not move.
    Immutable(Failure),
    /// Something that the manifest names is not there.
    Incomplete(Failure),
}

/// Registries take no larger manifest either.
pub(crate) const MANIFEST: usize = 4 * 1024 * 1024;

const INCOMPLETE: [&str; 3] = ["MANIFEST_BLOB_UNKNOWN", "MANIFEST_UNKNOWN", "BLOB_UNKNOWN"];

impl Registry {
    /// The manifest, whose bytes are what the digest says; none where there is none.
    pub async fn manifest(
        &self,
        repository: &str,
        reference: &Reference,
    ) -> Result<Option<Manifest>, Failure> {
        let call = self.call("read image", reference.of(repository));
        let url = self.url(&call, repository, "manifests", reference.as_str())?;
        again(self.effort.tries, || async {
            let answer = self.follow(&call, Method::GET, url.clone()).await?;
            match answer.status() {
                StatusCode::NOT_FOUND => Ok(None),
                StatusCode::OK => self.read_manifest(&call, reference, answer).await.map(Some),
                _ => Err(call.failed(answer).await),
            }
        })
        .await
    }

    async fn read_manifest(
        &self,
        call: &Call,
        reference: &Reference,
        mut answer: Response,
    ) -> Result<Manifest, Failure> {
        let header = |name: &str| {
            let value = answer.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        let typed = header("content-type").filter(|typed| ACCEPTED.contains(&typed.as_str()));
        let said = match reference {
            Reference::Digest(digest) => Some(digest.to_string()),
            Reference::Tag(_) => header("docker-content-digest"),
        };
        let bytes = call
            .within(self.effort.answer, bounded(&mut answer, MANIFEST))
            .await?;
        let bytes = bytes
            .ok_or_else(|| call.refused(format!("the manifest is larger than {MANIFEST} bytes")))?;
        let digest = Digest::of(&bytes);
        if let Some(said) = said.filter(|said| *said != digest.as_str()) {
            let (object, region) = (&call.object, &self.region);
            return Err(Failure::NotVerified(format!(
                "the manifest of {object} in {region} has the digest {digest}, not {said}; nothing was tagged"
            )));
        }
        let media_type = typed
            .or_else(|| media_type(&bytes))
            .ok_or_else(|| call.refused("the manifest has no media type"))?;
        Ok(Manifest {
            digest,
            media_type,
            bytes,
        })
    }

    /// What the reference names, without reading it.
    pub async fn digest(
        &self,
        repository: &str,
        reference: &Reference,
    ) -> Result<Option<Digest>, Failure> {
        let call = self.call("read image", reference.of(repository));
        let url = self.url(&call, repository, "manifests", reference.as_str())?;
        let found = again(self.effort.tries, || async {
            let answer = self.follow(&call, Method::HEAD, url.clone()).await?;
            match answer.status() {
                StatusCode::NOT_FOUND => Ok(None),
                StatusCode::OK => Ok(Some(named(reference, &answer))),
                _ => Err(call.failed(answer).await),
            }
        })
        .await?;
        match found {
            None => Ok(None),
            Some(Some(digest)) => Ok(Some(digest)),
            // A registry need not say it in a header.
            Some(None) => {
                let manifest = self.manifest(repository, reference).await?;
                Ok(manifest.map(|manifest| manifest.digest))
            }
        }
    }

    /// Writes the manifest under the reference, byte by byte as it was read.
    pub(crate) async fn put(
        &self,
        repository: &str,
        reference: &Reference,
        manifest: &Manifest,
    ) -> Result<Put, Failure> {
        let call = self.call("write image", reference.of(repository));
        let url = self.url(&call, repository, "manifests", reference.as_str())?;
        again(self.effort.tries, || async {
            let request = |http: &Client| {
                http.put(url.clone())
                    .header(CONTENT_TYPE, &manifest.media_type)
                    .body(manifest.bytes.clone())
            };
            let answer = self.ask(&call, request).await?;
            if answer.status().is_success() {
                return Ok(Put::Done);
            }
            let (failure, codes) = call.complained(answer).await;
            let said = |known: &[&str]| codes.iter().any(|code| known.contains(&code.as_str()));
            match failure {
                Failure::Refused(_) if said(&["TAG_INVALID"]) => Ok(Put::Immutable(failure)),
                Failure::Refused(_) if said(&INCOMPLETE) => Ok(Put::Incomplete(failure)),
                failure => Err(failure),
            }
        })
        .await
    }
}

fn named(reference: &Reference, answer: &Response) -> Option<Digest> {
    match reference {
        Reference::Digest(digest) => Some(digest.clone()),
        Reference::Tag(_) => {
            let said = answer.headers().get("docker-content-digest")?;
            Digest::parse("docker-content-digest", said.to_str().ok()?).ok()
        }
    }
}
