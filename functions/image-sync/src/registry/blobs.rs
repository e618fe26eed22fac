use std::time::Duration;

use lifeboat_core::Failure;
use reqwest::{
    Body, Method, StatusCode, Url,
    header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION},
};

use crate::{Registry, download::Download, manifest::Descriptor, reference::Digest, wire::again};

impl Registry {
    pub async fn has_blob(&self, repository: &str, digest: &Digest) -> Result<bool, Failure> {
        let call = self.call("look for blob", format!("{repository}@{digest}"));
        let url = self.url(&call, repository, "blobs", digest.as_str())?;
        again(self.effort.tries, async || {
            let request = self.authorized(Method::HEAD, url.clone());
            let answer = call.within(self.effort.answer, request.send()).await?;
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

    /// Begins to write a blob, and answers where to; none where the registry took it over from its repository `from`.
    pub async fn begin(
        &self,
        repository: &str,
        digest: &Digest,
        from: Option<&str>,
    ) -> Result<Option<Url>, Failure> {
        let call = self.call("write blob", format!("{repository}@{digest}"));
        let mut url = self.url(&call, repository, "blobs", "uploads/")?;
        if let Some(from) = from {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("mount", digest.as_str())
                .append_pair("from", from);
        }
        let request = self.authorized(Method::POST, url.clone()).body("");
        let answer = call.within(self.effort.answer, request.send()).await?;
        match answer.status() {
            StatusCode::CREATED if from.is_some() => return Ok(None),
            StatusCode::ACCEPTED => {}
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
        Ok(Some(place))
    }

    /// Writes a blob in one piece. ECR loses data of uploads in parts.
    pub async fn upload(
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
            .authorized(Method::PUT, place)
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, blob.size)
            .body(body);
        // At least a mebibyte a second, else nobody is taking it.
        let patience = self.effort.answer + Duration::from_secs(blob.size >> 20);
        let answer = call.within(patience, request.send()).await?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(call.failed(answer).await)
    }
}
