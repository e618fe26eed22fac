//! What a request is about: told from its signature, its host name and its first words, as AWS itself would route it.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

/// Whom a request is meant for, and who sent it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    pub region: Option<String>,
    pub service: String,
    pub action: String,
    /// The access key that signed; none for anonymous calls.
    pub access_key: Option<String>,
}

/// Reads the target; `form` is the body of a call in the query style, which names its action there.
pub fn target(head: &Parts, form: &[u8], regions: &[String]) -> Target {
    let (access_key, region, service) = match scope(&head.headers) {
        Some((key, region, service)) => (Some(key), Some(region), service),
        None => {
            let (region, service) = from_host(host(&head.headers), regions);
            (None, region, service)
        }
    };
    Target {
        region,
        service,
        action: action(head, form),
        access_key,
    }
}

/// The host of the request without its port, in lower case.
pub fn host(headers: &HeaderMap) -> String {
    let host = headers
        .get(http::header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    host.split(':')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
}

/// `Credential=KEY/DATE/REGION/SERVICE/aws4_request` of a signed request.
fn scope(headers: &HeaderMap) -> Option<(String, String, String)> {
    let header = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let scope = header.split_once("Credential=")?.1.split(',').next()?;
    match scope.trim().split('/').collect::<Vec<_>>()[..] {
        [key, _date, region, service, _end] => {
            Some((key.to_owned(), region.to_owned(), service.to_owned()))
        }
        _ => None,
    }
}

fn from_host(host: String, regions: &[String]) -> (Option<String>, String) {
    let region = regions
        .iter()
        .find(|region| host.contains(region.as_str()))
        .cloned();
    let service = match &host {
        host if is_load_balancer(host) => "load-balancer",
        host if host.contains(".dkr.ecr.") => "registry",
        host if host.contains(".s3.") => "s3",
        _ => "unknown",
    };
    (region, service.to_owned())
}

pub fn is_load_balancer(host: &str) -> bool {
    host.ends_with(".alb.localhost") || host.ends_with(".elb.amazonaws.com")
}

/// The name of the operation where the protocol carries one, else the method and the path, and what of a bucket is meant where it is not
/// its objects: `?policy`.
fn action(head: &Parts, form: &[u8]) -> String {
    let path = head.uri.path();
    if let Some(target) = head
        .headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
    {
        return target.rsplit('.').next().unwrap_or(target).to_owned();
    }
    if let Some((_, operation)) = path.split_once("/operation/") {
        return operation.to_owned();
    }
    let query = head.uri.query().unwrap_or_default();
    let form = std::str::from_utf8(form).unwrap_or_default();
    let named = query
        .split('&')
        .chain(form.split('&'))
        .find_map(|pair| pair.strip_prefix("Action="));
    let mut pairs = query.split('&');
    let part = pairs.find(|pair| !pair.is_empty() && !pair.contains('='));
    let part = part.map_or_else(String::new, |part| format!("?{part}"));
    named.map_or_else(|| format!("{} {path}{part}", head.method), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regions() -> Vec<String> {
        vec!["us-east-1".into(), "us-west-2".into()]
    }

    fn read(request: http::request::Builder, form: &str) -> Target {
        let (head, ()) = request.body(()).unwrap().into_parts();
        target(&head, form.as_bytes(), &regions())
    }

    #[test]
    fn a_signed_call_names_region_and_service_in_its_credential_scope() {
        let request = http::Request::post("/").header("x-amz-target", "AmazonEC2ContainerServiceV20141113.UpdateService").header(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKID/20241123/us-west-2/ecs/aws4_request, SignedHeaders=host, Signature=00",
        );
        let seen = read(request, "");
        assert_eq!(seen.region.as_deref(), Some("us-west-2"));
        assert_eq!(
            (seen.service.as_str(), seen.action.as_str()),
            ("ecs", "UpdateService")
        );
        assert_eq!(seen.access_key.as_deref(), Some("AKID"));
    }

    #[test]
    fn the_action_of_a_query_call_is_read_from_its_body() {
        let seen = read(
            http::Request::post("/"),
            "Version=2010-03-31&Action=Publish&Message=x",
        );
        assert_eq!(seen.action, "Publish");
    }

    #[test]
    fn what_is_asked_of_a_bucket_is_told_from_its_query() {
        let said = |uri: &str| read(http::Request::get(uri), "").action;
        assert_eq!(said("/b/k?x-id=GetObject"), "GET /b/k");
        assert_eq!(said("/b?list-type=2&prefix="), "GET /b");
        assert_eq!(said("/b?policy"), "GET /b?policy");
    }

    #[test]
    fn an_anonymous_call_is_placed_by_its_host() {
        let at = |host: &str| {
            let seen = read(http::Request::get("/serve").header("host", host), "");
            (seen.region.unwrap_or_default(), seen.service)
        };
        assert_eq!(
            at("b.s3.us-west-2.amazonaws.com"),
            ("us-west-2".into(), "s3".into())
        );
        assert_eq!(
            at("forum-us-east-1.alb.localhost:80"),
            ("us-east-1".into(), "load-balancer".into())
        );
        assert_eq!(
            at("1.dkr.ecr.us-west-2.amazonaws.com"),
            ("us-west-2".into(), "registry".into())
        );
        assert_eq!(at("127.0.0.1:4566"), (String::new(), "unknown".into()));
    }
}
