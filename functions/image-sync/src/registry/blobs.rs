use std::time::Duration;

use lifeboat_core::Failure;
use reqwest::{
    Body, Method, StatusCode, Url,
    header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION},
};

use super::{Said, manifests::MANIFEST};
use crate::{Registry, download::Download, manifest::Descriptor, reference::Digest, wire::again};

/// What a registry says to whoever wants to write a blob.
#[derive(Debug)]
pub(crate) enum Begun {
    /// It has taken the blob over from its other repository.
    Mounted,
    At(Url),
    /// There is no such repository, in its own words.
    NoRepository(Failure),
}

/// What came of the wish to remove a blob.
#[derive(Debug)]
pub(crate) enum Removal {
    Removed,
    /// This registry lets nothing be removed, in its own words.
    NotAllowed(Failure),
}

impl Registry {
    pub async fn has_blob(&self, repository: &str, digest: &Digest) -> Result<bool, Failure> {
        let call = self.call("look for blob", format!("{repository}@{digest}"));
        let url = self.url(&call, repository, "blobs", digest.as_str())?;
        again(self.effort.tries, || async {
            let answer = self.ask(&call, |http| http.head(url.clone())).await?;
            match answer.status() {
                StatusCode::NOT_FOUND => Ok(false),
                status if status.is_success() || status.is_redirection() => Ok(true),
                _ => Err(call.failed(answer).await),
            }
        })
        .await
    }

    /// Begins to read a blob.
    pub async fn download(&self, repository: &str, blob: &Descriptor) -> Result<Download, Failure> {
        let call = self.call("read blob", format!("{repository}@{}", blob.digest));
        let url = self.url(&call, repository, "blobs", blob.digest.as_str())?;
        let answer = self.follow(&call, Method::GET, url).await?;
        match answer.status() {
            StatusCode::OK => Ok(Download::new(answer, blob, call, self.effort.answer)),
            _ => Err(call.failed(answer).await),
        }
    }

    /// Reads a blob to its end, again where that broke off, and says whether it is what its digest says.
    pub(crate) async fn read(&self, repository: &str, blob: &Descriptor) -> Result<(), Failure> {
        again(self.effort.tries, || async {
            self.download(repository, blob).await?.read().await
        })
        .await
    }

    /// A small blob, a configuration above all.
    pub(crate) async fn small(
        &self,
        repository: &str,
        blob: &Descriptor,
    ) -> Result<Vec<u8>, Failure> {
        again(self.effort.tries, || async {
            self.download(repository, blob).await?.whole(MANIFEST).await
        })
        .await
    }

    /// Begins to write a blob, or asks the registry to take it over from its repository `from`.
    pub(crate) async fn begin(
        &self,
        repository: &str,
        digest: &Digest,
        from: Option<&str>,
    ) -> Result<Begun, Failure> {
        let call = self.call("write blob", format!("{repository}@{digest}"));
        let mut url = self.url(&call, repository, "blobs", "uploads/")?;
        if let Some(from) = from {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("mount", digest.as_str())
                .append_pair("from", from);
        }
        let answer = self
            .ask(&call, |http| http.post(url.clone()).body(""))
            .await?;
        match answer.status() {
            StatusCode::CREATED if from.is_some() => return Ok(Begun::Mounted),
            StatusCode::ACCEPTED => {}
            StatusCode::NOT_FOUND => return Ok(Begun::NoRepository(call.failed(answer).await)),
            _ => return Err(call.failed(answer).await),
        }
        let location = answer
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok());
        let place = location.and_then(|location| self.place.locate(&url, location));
        let place =
            place.ok_or_else(|| call.unavailable("the registry did not say where to write"))?;
        if !self.place.is_own(&place) {
            let host = place.host_str().unwrap_or_default();
            return Err(call.refused(format!(
                "the registry wants it written to {host}, which is not the registry"
            )));
        }
        Ok(Begun::At(place))
    }

    /// Writes a blob in one piece. ECR loses data of uploads in parts.
    pub(crate) async fn upload(
        &self,
        repository: &str,
        mut place: Url,
        blob: &Descriptor,
        body: Body,
    ) -> Result<(), Failure> {
        let call = self.call("write blob", format!("{repository}@{}", blob.digest));
        place
            .query_pairs_mut()
            .append_pair("digest", blob.digest.as_str());
        let request = self
            .http
            .put(place)
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, blob.size)
            .body(body);
        // At least a mebibyte a second, else nobody is taking it.
        let patience = self.effort.answer + Duration::from_secs(blob.size >> 20);
        let (answer, said) = self.once(&call, patience, request).await?;
        if answer.status().is_success() {
            return Ok(());
        }
        match said {
            // The body is gone; whoever sends it again gets a younger token.
            Said::Renew => Err(call.unavailable("the token was no longer accepted")),
            Said::Answer | Said::Wait(_) => Err(call.failed(answer).await),
        }
    }

    /// Removes a blob from a repository; one that is not there is gone already.
    pub(crate) async fn remove(
        &self,
        repository: &str,
        digest: &Digest,
    ) -> Result<Removal, Failure> {
        let call = self.call("remove blob", format!("{repository}@{digest}"));
        let url = self.url(&call, repository, "blobs", digest.as_str())?;
        again(self.effort.tries, || async {
            let answer = self.ask(&call, |http| http.delete(url.clone())).await?;
            match answer.status() {
                StatusCode::NOT_FOUND => Ok(Removal::Removed),
                status if status.is_success() => Ok(Removal::Removed),
                _ => match call.failed(answer).await {
                    refused @ Failure::Refused(_) => Ok(Removal::NotAllowed(refused)),
                    failed => Err(failed),
                },
            }
        })
        .await
    }
}
