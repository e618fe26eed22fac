//! What the proxy says itself, in the form that the service's own clients recognise.

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;

use crate::traffic::Target;

pub(crate) type Answer = Response<BoxBody<Bytes, hyper::Error>>;

pub(crate) fn throttled(target: &Target) -> Answer {
    match target.service.as_str() {
        "s3" => said(
            StatusCode::SERVICE_UNAVAILABLE,
            "application/xml",
            "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>".into(),
        ),
        "sns" | "iam" | "sts" | "elasticloadbalancing" | "ec2" => said(
            StatusCode::BAD_REQUEST,
            "text/xml",
            "<ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>".into(),
        ),
        _ => {
            let mut answer = said(
                StatusCode::BAD_REQUEST,
                "application/x-amz-json-1.1",
                r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#.into(),
            );
            let name = HeaderValue::from_static("ThrottlingException");
            answer.headers_mut().insert("x-amzn-errortype", name);
            answer
        }
    }
}

pub(crate) fn said(status: StatusCode, kind: &'static str, text: String) -> Answer {
    let body = Full::new(Bytes::from(text)).map_err(|never| match never {});
    let mut answer = Response::new(body.boxed());
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}
