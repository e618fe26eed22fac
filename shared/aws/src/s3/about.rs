//! What S3 tells of an object beside its bytes, read and written.

use std::collections::BTreeMap;

use aws_sdk_s3::operation::{
    head_object::HeadObjectOutput, put_object::builders::PutObjectFluentBuilder,
};
use lifeboat_core::backup::About;

/// But for its tags.
pub(super) fn about(found: &HeadObjectOutput) -> About {
    let own = |value: Option<&str>| value.map(str::to_owned);
    let metadata = found.metadata().into_iter().flatten();
    About {
        content_type: own(found.content_type().filter(|is| *is != About::UNTYPED)),
        content_encoding: own(found.content_encoding()),
        content_language: own(found.content_language()),
        content_disposition: own(found.content_disposition()),
        cache_control: own(found.cache_control()),
        metadata: metadata.map(|(k, v)| (k.clone(), v.clone())).collect(),
        tags: BTreeMap::new(),
    }
}

/// All of it, so that nothing is left of what stood there before.
pub(super) fn described(put: PutObjectFluentBuilder, about: &About) -> PutObjectFluentBuilder {
    let About {
        content_type,
        content_encoding,
        content_language,
        content_disposition,
        cache_control,
        metadata,
        tags,
    } = about;
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(tags).finish();
    let metadata = metadata.iter().map(|(k, v)| (k.clone(), v.clone()));
    put.content_type(content_type.as_deref().unwrap_or(About::UNTYPED))
        .set_content_encoding(content_encoding.clone())
        .set_content_language(content_language.clone())
        .set_content_disposition(content_disposition.clone())
        .set_cache_control(cache_control.clone())
        .set_metadata(Some(metadata.collect()))
        .set_tagging(Some(query).filter(|query| !query.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::objects::{Objects, Only, Told};
    use crate::s3::tests::{bucket, http_response};
    use aws_sdk_s3::{
        Client,
        operation::{get_object_tagging::GetObjectTaggingOutput, put_object::PutObjectOutput},
        primitives::DateTime,
        types::Tag,
    };
    use aws_smithy_mocks::{mock, mock_client};
    use jiff::Timestamp;

    #[tokio::test]
    async fn what_is_told_of_an_object_is_written_as_it_was_read() {
        let all = About {
            content_type: Some("text/html".into()),
            content_encoding: Some("gzip".into()),
            content_language: Some("de".into()),
            content_disposition: Some("attachment; filename=\"a b.html\"".into()),
            cache_control: Some("max-age=60".into()),
            metadata: [("owner".to_owned(), "ada".to_owned())].into(),
            tags: [("a b&c".to_owned(), "d=é".to_owned())].into(),
        };
        let told = all.clone();
        let head = mock!(Client::head_object).then_output(move || {
            let head = HeadObjectOutput::builder()
                .last_modified(DateTime::from_secs(60))
                .content_length(3)
                .e_tag("\"1\"")
                .set_content_type(told.content_type.clone())
                .set_content_encoding(told.content_encoding.clone())
                .set_content_language(told.content_language.clone())
                .set_content_disposition(told.content_disposition.clone())
                .set_cache_control(told.cache_control.clone());
            head.metadata("owner", "ada").tag_count(1).build()
        });
        let tags = mock!(Client::get_object_tagging).then_output(|| {
            let tag = Tag::builder().key("a b&c").value("d=é").build().unwrap();
            let tags = GetObjectTaggingOutput::builder().tag_set(tag);
            tags.build().unwrap()
        });
        let client = mock_client!(aws_sdk_s3, [&head, &tags]);
        let found = bucket(client).look("a").await.unwrap().unwrap();
        let (bytes, etag) = (3, "\"1\"".to_owned());
        let written = Timestamp::from_second(60).unwrap();
        let about = all.clone();
        let told = Told {
            bytes,
            etag,
            written,
            about,
        };
        assert_eq!(found, told);

        let file = tempfile::NamedTempFile::new().unwrap();
        let put = mock!(Client::put_object)
            .match_requests(move |put| {
                let metadata = put.metadata().unwrap();
                put.content_type() == Some("text/html")
                    && put.content_encoding() == Some("gzip")
                    && put.content_language() == Some("de")
                    && put.content_disposition() == Some("attachment; filename=\"a b.html\"")
                    && put.cache_control() == Some("max-age=60")
                    && metadata.len() == 1
                    && metadata["owner"] == "ada"
                    && put.tagging() == Some("a+b%26c=d%3D%C3%A9")
            })
            .then_output(|| PutObjectOutput::builder().build());
        let client = mock_client!(aws_sdk_s3, [&put]);
        let bucket = bucket(client);
        let put = bucket.put_file("a", file.path(), &all, Only::IfAbsent);
        assert!(put.await.is_ok());
    }

    #[tokio::test]
    async fn an_object_without_a_type_tags_or_metadata_costs_one_request_and_is_written_without() {
        let head = mock!(Client::head_object).then_output(|| {
            let head = HeadObjectOutput::builder().last_modified(DateTime::from_secs(60));
            head.content_type(About::UNTYPED).build()
        });
        let client = mock_client!(aws_sdk_s3, [&head]);
        let found = bucket(client).look("a").await.unwrap().unwrap();
        assert!(found.about.is_empty());
        let gone = mock!(Client::head_object).then_http_response(|| http_response(404, ""));
        let client = mock_client!(aws_sdk_s3, [&gone]);
        assert_eq!(bucket(client).look("a").await, Ok(None));
        let file = tempfile::NamedTempFile::new().unwrap();
        let put = mock!(Client::put_object)
            .match_requests(|put| {
                put.content_type() == Some(About::UNTYPED)
                    && put.content_encoding().is_none()
                    && put.tagging().is_none()
            })
            .then_output(|| PutObjectOutput::builder().build());
        let client = mock_client!(aws_sdk_s3, [&put]);
        let bucket = bucket(client);
        let none = About::default();
        let put = bucket.put_file("a", file.path(), &none, Only::IfAbsent);
        assert!(put.await.is_ok());
    }
}
