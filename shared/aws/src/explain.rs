use std::{error::Error, iter};

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

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

/// An error with all that lies behind it, and without the request's headers, which may carry credentials.
pub(crate) fn because(error: &(dyn Error + 'static)) -> String {
    let chain = iter::successors(Some(error), |error| (*error).source());
    let mut texts: Vec<String> = chain.map(ToString::to_string).collect();
    texts.dedup();
    texts.join(": ")
}
