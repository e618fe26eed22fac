use std::sync::atomic::Ordering;

use futures::future::try_join_all;
use lifeboat_core::Failure;
use reqwest::{Method, Response, StatusCode, header::LINK};
use serde::Deserialize;

use super::manifests::MANIFEST;
use crate::{
    Registry,
    reference::{Digest, Reference},
    wire::{Call, again, bounded},
};

/// No image has more pages of them.
const PAGES: usize = 10;
/// What `cosign` writes beside an image where it was not told otherwise.
const BESIDE: [&str; 3] = [".sig", ".att", ".sbom"];

#[derive(Deserialize)]
struct Referring {
    #[serde(default)]
    manifests: Vec<Referrer>,
}

#[derive(Deserialize)]
struct Referrer {
    digest: Digest,
}

impl Registry {
    /// What refers to a manifest: signatures, lists of contents, attestations. By digest where the registry knows, by the
    /// tags that the specification has for the others where it does not, and by those that older tools write anyway.
    pub(crate) async fn referrers(
        &self,
        repository: &str,
        digest: &Digest,
    ) -> Result<Vec<Reference>, Failure> {
        let known = self.known(repository, digest).await?;
        let tag = digest.as_tag();
        let mut tags = BESIDE.map(|end| format!("{tag}{end}")).to_vec();
        if known.is_none() {
            tags.push(tag);
        }
        let there = tags.into_iter().map(Reference::Tag).map(async |tag| {
            let found = self.digest(repository, &tag).await?;
            Ok::<_, Failure>(found.map(|_| tag))
        });
        let there = try_join_all(there).await?.into_iter().flatten();
        let known = known.unwrap_or_default();
        Ok(known
            .into_iter()
            .map(Reference::Digest)
            .chain(there)
            .collect())
    }

    /// None where the registry does not know such things; that it need not say twice.
    pub(super) async fn known(
        &self,
        repository: &str,
        digest: &Digest,
    ) -> Result<Option<Vec<Digest>>, Failure> {
        if self.without_referrers.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let known = self.pages(repository, digest).await?;
        if known.is_none() {
            self.without_referrers.store(true, Ordering::Relaxed);
        }
        Ok(known)
    }

    async fn pages(
        &self,
        repository: &str,
        digest: &Digest,
    ) -> Result<Option<Vec<Digest>>, Failure> {
        let call = self.call("list what refers to", format!("{repository}@{digest}"));
        let mut url = self.url(&call, repository, "referrers", digest.as_str())?;
        let mut found = vec![];
        for _ in 0..PAGES {
            let page = again(self.effort.tries, || async {
                let mut answer = self.follow(&call, Method::GET, url.clone()).await?;
                match answer.status() {
                    // One that was made before there was such a path may call it a bad one.
                    StatusCode::NOT_FOUND
                    | StatusCode::BAD_REQUEST
                    | StatusCode::METHOD_NOT_ALLOWED
                    | StatusCode::NOT_ACCEPTABLE => Ok(None),
                    StatusCode::OK => {
                        let next = next(&answer);
                        let page = self.page(&call, &mut answer).await?;
                        Ok(Some((page, next)))
                    }
                    _ => Err(call.failed(answer).await),
                }
            })
            .await?;
            let Some((page, next)) = page else {
                return Ok(None);
            };
            found.extend(page.manifests.into_iter().map(|referrer| referrer.digest));
            let next = next.and_then(|next| self.place.locate(&url, &next));
            match next.filter(|next| self.place.is_own(next)) {
                Some(next) => url = next,
                None => return Ok(Some(found)),
            }
        }
        Err(call.refused(format!("more than {PAGES} pages refer to it")))
    }

    async fn page(&self, call: &Call, answer: &mut Response) -> Result<Referring, Failure> {
        let bytes = call
            .within(self.effort.answer, bounded(answer, MANIFEST))
            .await?
            .ok_or_else(|| call.refused(format!("the list is larger than {MANIFEST} bytes")))?;
        serde_json::from_slice(&bytes).map_err(|e| call.refused(format!("the list is none: {e}")))
    }
}

/// Where the next page is.
fn next(answer: &Response) -> Option<String> {
    let link = answer.headers().get(LINK)?.to_str().ok()?;
    let (address, rest) = link.strip_prefix('<')?.split_once('>')?;
    rest.contains("next").then(|| address.to_owned())
}
