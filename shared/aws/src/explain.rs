use std::{error::Error, iter};

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use lifeboat_core::liveness::Answer;

/// What an SDK's error comes to, in words: the service's own code and message, or the chain of causes.
pub fn explain<E>(error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match (error.code(), error.message()) {
        (Some(code), message) => format!("{code} {}", message.unwrap_or_default())
            .trim()
            .to_owned(),
        (None, _) => because(error),
    }
}

/// What a question that failed says about the life of whom it was put to: who refuses us is there, and no more is known.
pub fn sign<E>(error: &SdkError<E>) -> Answer
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let why = explain(error);
    let status = error.raw_response().map(|response| response.status());
    match (error, status) {
        (_, Some(status)) if status.is_client_error() => Answer::Unclear(why),
        (SdkError::TimeoutError(_) | SdkError::DispatchFailure(_), _) => Answer::Silent(why),
        _ => Answer::Bad(why),
    }
}

/// An error with all that lies behind it, and without the request's headers, which may carry credentials.
pub(crate) fn because(error: &(dyn Error + 'static)) -> String {
    let chain = iter::successors(Some(error), |error| (*error).source());
    let mut texts: Vec<String> = chain.map(ToString::to_string).collect();
    texts.dedup();
    texts.join(": ")
}
