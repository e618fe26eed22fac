//! How registries are spoken to: who may see the credential, how long they may take, what their answers mean.

use std::{fmt::Display, time::Duration};

use lifeboat_core::{Failure, Region};
use reqwest::{Response, StatusCode, Url};
use serde::Deserialize;

/// The longest error of a registry that is read.
const COMPLAINT: usize = 8 * 1024;
const PAUSE: Duration = Duration::from_millis(200);

/// Tries again what got no good answer; any other failure is final.
pub(crate) async fn again<T, A: Future<Output = Result<T, Failure>>>(
    tries: u32,
    attempt: impl Fn() -> A,
) -> Result<T, Failure> {
    let mut pause = PAUSE;
    for _ in 1..tries {
        match attempt().await {
            Err(Failure::Unavailable(failed)) => {
                tracing::debug!(%failed, "trying again");
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            other => return other,
        }
    }
    attempt().await
}

/// One call, for its errors.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) operation: &'static str,
    pub(crate) object: String,
    pub(crate) region: Region,
}

impl Call {
    pub(crate) fn unavailable(&self, cause: impl Display) -> Failure {
        Failure::unavailable(self.operation, &self.object, &self.region, cause)
    }

    pub(crate) fn refused(&self, cause: impl Display) -> Failure {
        Failure::Refused(format!(
            "{} {} in {}: {cause}",
            self.operation, self.object, self.region
        ))
    }

    /// What `future` answers, if it does so in time.
    pub(crate) async fn within<T>(
        &self,
        patience: Duration,
        future: impl Future<Output = Result<T, reqwest::Error>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout(patience, future).await {
            Ok(answer) => answer.map_err(|e| self.unavailable(cause(e))),
            Err(_) => {
                Err(self.unavailable(format!("no answer within {} s", patience.as_secs_f32())))
            }
        }
    }

    /// Why an answer with this status is none.
    pub(crate) async fn failed(&self, answer: Response) -> Failure {
        self.complained(answer).await.0
    }

    /// The same, and the codes that the registry gives for it.
    pub(crate) async fn complained(&self, answer: Response) -> (Failure, Vec<String>) {
        let status = answer.status();
        let errors = complaint(answer).await;
        let said = match &errors {
            Some(errors) => {
                let said = errors.iter().map(|e| format!("{} {}", e.code, e.message));
                let said: Vec<String> = said.collect();
                format!("the registry answered {status}: {}", said.join("; "))
            }
            None => format!("answered {status}"),
        };
        let codes = errors.into_iter().flatten().map(|e| e.code).collect();
        (self.judged(status, said), codes)
    }

    fn judged(&self, status: StatusCode, said: String) -> Failure {
        let transient = matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
        );
        if status.is_client_error() && !transient {
            self.refused(said)
        } else {
            self.unavailable(said)
        }
    }
}

/// The address is left out of an error: behind a redirect it is signed, and whoever reads it could use it.
fn cause(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    text
}

#[derive(Deserialize)]
struct Complaint {
    code: String,
    #[serde(default)]
    message: String,
}

/// What a registry says about an error, in its own words. Anything else is not repeated: storage behind a redirect
/// quotes the signed request.
async fn complaint(mut answer: Response) -> Option<Vec<Complaint>> {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<Complaint>,
    }
    let bytes = bounded(&mut answer, COMPLAINT).await.ok()??;
    let said: Errors = serde_json::from_slice(&bytes).ok()?;
    Some(said.errors)
}

/// A body of at most `most` bytes; none where it is longer.
pub(crate) async fn bounded(
    answer: &mut Response,
    most: usize,
) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut bytes = vec![];
    while let Some(chunk) = answer.chunk().await? {
        if bytes.len() + chunk.len() > most {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Some(bytes))
}

/// Where a registry is connected to, and the name it goes by.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) endpoint: Url,
    pub(crate) host: String,
}

impl Place {
    pub(crate) fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.endpoint.origin()
    }

    /// What a Location names. Under the registry's own name it is reached where we connect to.
    pub(crate) fn locate(&self, base: &Url, location: &str) -> Option<Url> {
        let mut url = base.join(location).ok()?;
        let named = match url.port() {
            Some(port) => format!("{}:{port}", url.host_str()?),
            None => url.host_str()?.to_owned(),
        };
        if named == self.host {
            url.set_scheme(self.endpoint.scheme()).ok()?;
            url.set_host(self.endpoint.host_str()).ok()?;
            url.set_port(self.endpoint.port()).ok()?;
        }
        Some(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_the_registrys_own_only_at_its_endpoint_or_under_its_name() {
        let place = Place {
            endpoint: Url::parse("http://127.0.0.1:5001").unwrap(),
            host: "1.dkr.ecr.us-east-1.amazonaws.com".into(),
        };
        let base = place.endpoint.join("/v2/users/blobs/uploads/").unwrap();
        let at = |location| place.locate(&base, location).unwrap();
        for location in [
            "/v2/users/blobs/uploads/1?state=a%2Fb",
            "1?state=a%2Fb",
            "http://127.0.0.1:5001/v2/users/blobs/uploads/1?state=a%2Fb",
            "https://1.dkr.ecr.us-east-1.amazonaws.com/v2/users/blobs/uploads/1?state=a%2Fb",
        ] {
            let found = at(location);
            assert_eq!(
                found.as_str(),
                "http://127.0.0.1:5001/v2/users/blobs/uploads/1?state=a%2Fb"
            );
            assert!(place.is_own(&found));
        }
        for location in [
            "http://127.0.0.1:5002/",
            "https://127.0.0.1:5001/",
            "//elsewhere.example/x",
        ] {
            assert!(!place.is_own(&at(location)), "{location}");
        }
    }
}
