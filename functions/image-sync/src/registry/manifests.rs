use lifeboat_core::Failure;
use reqwest::{Method, Response, StatusCode, header::CONTENT_TYPE};

use crate::{
    Registry,
    manifest::{ACCEPTED, Manifest, media_type},
    reference::{Digest, Reference},
    wire::{Call, again, bounded},
};

/// Registries take no larger manifest either.
const MANIFEST: usize = 4 * 1024 * 1024;

impl Registry {
    /// The manifest, whose bytes are what the digest says; none where there is none.
    pub async fn manifest(
        &self,
        repository: &str,
        reference: &Reference,
    ) -> Result<Option<Manifest>, Failure> {
        let call = self.call("read image", reference.of(repository));
        let url = self.url(&call, repository, "manifests", reference.as_str())?;
        again(self.effort.tries, async || {
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

    /// Writes the manifest under the reference, byte by byte as it was read.
    pub async fn put(
        &self,
        repository: &str,
        reference: &Reference,
        manifest: &Manifest,
    ) -> Result<(), Failure> {
        let call = self.call("write image", reference.of(repository));
        let url = self.url(&call, repository, "manifests", reference.as_str())?;
        again(self.effort.tries, async || {
            let request = self
                .authorized(Method::PUT, url.clone())
                .header(CONTENT_TYPE, &manifest.media_type)
                .body(manifest.bytes.clone());
            let answer = call.within(self.effort.answer, request.send()).await?;
            if answer.status().is_success() {
                return Ok(());
            }
            Err(call.failed(answer).await)
        })
        .await
    }
}
