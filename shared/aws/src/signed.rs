//! Calls of services of which one or two facts are needed. Their SDKs are larger than everything else here, and EC2's alone takes
//! longer to build than all of Lifeboat.

#[cfg(any(test, feature = "memory"))]
mod answering;

use std::{fmt, time::SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use lifeboat_core::{Failure, Region};
use reqwest::{Client, Method, Request, Url, header};
use serde_json::Value;

use crate::clients::{Aws, Patience};

#[cfg(any(test, feature = "memory"))]
pub use answering::answering;

#[derive(Debug, Clone)]
pub struct Signed {
    config: SdkConfig,
    http: Client,
    region: Region,
}

#[derive(Debug)]
struct Call<'a> {
    service: &'a str,
    method: Method,
    path: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: String,
}

const FORM: &str = "application/x-www-form-urlencoded; charset=utf-8";

/// Why a call has no answer.
#[derive(Debug)]
pub enum Trouble {
    /// The service's own word.
    Refused {
        code: String,
        message: String,
    },
    Failed(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { code, message } => write!(f, "{code} {message}"),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

impl Trouble {
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::Failed(_) => None,
        }
    }
}

/// Whatever fails on the way; headers, which may carry credentials, are in none of these.
fn failed(error: impl fmt::Display) -> Trouble {
    Trouble::Failed(error.to_string())
}

impl Signed {
    pub fn new(aws: &Aws, patience: Patience, region: &Region) -> Result<Self, Failure> {
        Ok(Self {
            config: aws.region(region, patience),
            http: aws.http(region)?,
            region: region.clone(),
        })
    }

    /// As EC2 is called: a form, answered by XML.
    pub async fn form(
        &self,
        service: &str,
        fields: &[(String, String)],
    ) -> Result<String, Trouble> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        let call = Call {
            service,
            method: Method::POST,
            path: "/",
            headers: vec![(header::CONTENT_TYPE.as_str(), FORM)],
            body: form.extend_pairs(fields).finish(),
        };
        self.send(call, refusal_of_xml).await
    }

    /// As Route 53 is called: a path, answered by XML.
    pub async fn get(&self, service: &str, path: &str) -> Result<String, Trouble> {
        let call = Call {
            service,
            method: Method::GET,
            path,
            headers: vec![],
            body: String::new(),
        };
        self.send(call, refusal_of_xml).await
    }

    /// As most others are called: a header names the action, and JSON is answered by JSON.
    pub async fn json(&self, service: &str, action: &str, body: &Value) -> Result<Value, Trouble> {
        let call = Call {
            service,
            method: Method::POST,
            path: "/",
            headers: vec![
                (header::CONTENT_TYPE.as_str(), "application/x-amz-json-1.1"),
                ("x-amz-target", action),
            ],
            body: body.to_string(),
        };
        let answer = self.send(call, refusal_of_json);
        serde_json::from_str(&answer.await?).map_err(failed)
    }

    async fn send(
        &self,
        call: Call<'_>,
        refusal: fn(&str) -> Option<Trouble>,
    ) -> Result<String, Trouble> {
        let request = self.signed(call).await?;
        let answer = self.http.execute(request).await;
        let answer = answer.map_err(|error| failed(error.without_url()))?;
        let status = answer.status();
        let text = answer.text().await;
        let text = text.map_err(|error| failed(error.without_url()))?;
        match status.is_success() {
            true => Ok(text),
            false => Err(refusal(&text).unwrap_or_else(|| failed(format!("status {status}")))),
        }
    }

    /// One place serves every region with what IAM knows, and with what Route 53 does.
    fn place(&self, service: &str) -> (String, &str) {
        match service {
            "iam" | "route53" => (format!("{service}.amazonaws.com"), "us-east-1"),
            _ => (
                format!("{service}.{}.amazonaws.com", self.region),
                self.region.as_str(),
            ),
        }
    }

    /// Where the SDK's clients would go, with what they would sign.
    async fn signed(&self, call: Call<'_>) -> Result<Request, Trouble> {
        let provider = self.config.credentials_provider();
        let provider = provider.ok_or_else(|| failed("there are no credentials"))?;
        let identity = provider.provide_credentials().await.map_err(failed)?.into();
        let (host, region) = self.place(call.service);
        let endpoint = match self.config.endpoint_url() {
            Some(endpoint) => endpoint.to_owned(),
            None => format!("https://{host}"),
        };
        let mut url = Url::parse(&endpoint).map_err(failed)?;
        url.set_path(call.path);
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(call.service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(failed)?
            .into();
        let signable = SignableRequest::new(
            call.method.as_str(),
            url.as_str(),
            call.headers.iter().copied(),
            SignableBody::Bytes(call.body.as_bytes()),
        );
        let (signature, _) = sign(signable.map_err(failed)?, &params)
            .map_err(failed)?
            .into_parts();
        let request = self.http.request(call.method, url);
        let headers = call.headers.iter().copied().chain(signature.headers());
        let request = headers.fold(request, |request, (name, value)| {
            request.header(name, value)
        });
        let request = request.body(call.body).build();
        request.map_err(|error| failed(error.without_url()))
    }
}

fn refusal_of_json(text: &str) -> Option<Trouble> {
    let said: Value = serde_json::from_str(text).ok()?;
    let code = said.get("__type")?.as_str()?;
    let message = said.get("message").or_else(|| said.get("Message"));
    Some(Trouble::Refused {
        code: code.rsplit('#').next().unwrap_or(code).to_owned(),
        message: message
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
    })
}

fn refusal_of_xml(text: &str) -> Option<Trouble> {
    let said = roxmltree::Document::parse(text).ok()?;
    let of = |name: &str| {
        let mut elements = said.descendants();
        let element = elements.find(|element| element.has_tag_name(name));
        element
            .and_then(|element| element.text())
            .map(str::to_owned)
    };
    Some(Trouble::Refused {
        code: of("Code")?,
        message: of("Message").unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_call_is_signed_for_its_service_and_region_and_the_secret_is_not_in_it() {
        let ask = async |signed: Signed| signed.json("ssm", "AmazonSSM.X", &Value::Null).await;
        let (answer, request) = answering(200, "{}", ask).await.unwrap();
        assert_eq!(answer.unwrap(), serde_json::json!({}));
        assert!(request.contains("/us-west-2/ssm/aws4_request"), "{request}");
        assert!(
            request.contains("x-amz-target: AmazonSSM.X\r\n"),
            "{request}"
        );
        assert!(request.ends_with("\r\n\r\nnull"), "{request}");
        assert!(!request.contains("hidden"), "{request}");
    }

    #[tokio::test]
    async fn a_services_own_word_is_told_and_what_is_none_by_its_status() {
        for (status, body, expected) in [
            (
                400,
                r#"{"__type":"a.b#AccessDenied","Message":"no"}"#,
                "AccessDenied no",
            ),
            (502, "<html>", "status 502 Bad Gateway"),
        ] {
            let ask = async |signed: Signed| signed.json("ssm", "A.X", &Value::Null).await;
            let (answer, _) = answering(status, body, ask).await.unwrap();
            assert_eq!(answer.unwrap_err().to_string(), expected);
        }
        let body = "<Response><Errors><Error><Code>Denied</Code><Message>no</Message></Error></Errors></Response>";
        let ask = async |signed: Signed| signed.form("ec2", &[]).await;
        let (answer, _) = answering(403, body, ask).await.unwrap();
        assert_eq!(answer.unwrap_err().to_string(), "Denied no");
    }

    #[tokio::test]
    async fn iam_and_route_53_are_called_in_the_one_region_that_they_are_in() {
        for service in ["iam", "route53"] {
            let ask = async |signed: Signed| {
                let host = signed.place(service).0;
                signed.form(service, &[]).await.map(|_| host)
            };
            let (host, request) = answering(200, "<a/>", ask).await.unwrap();
            assert_eq!(host.unwrap(), format!("{service}.amazonaws.com"));
            let scope = format!("/us-east-1/{service}/aws4_request");
            assert!(request.contains(&scope), "{request}");
        }
    }

    #[tokio::test]
    async fn what_is_got_is_named_by_its_path_and_has_no_body() {
        let ask = async |signed: Signed| signed.get("route53", "/2013-04-01/a").await;
        let (answer, request) = answering(200, "<a/>", ask).await.unwrap();
        assert_eq!(answer.unwrap(), "<a/>");
        assert!(request.starts_with("GET /2013-04-01/a HTTP"), "{request}");
        assert!(request.ends_with("\r\n\r\n"), "{request}");
    }
}
