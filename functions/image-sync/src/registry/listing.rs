//! Some registries know what refers to an image. For the others whoever brings a referrer writes it down, in a list whose tag is
//! the image's digest: the "referrers tag schema" of the distribution specification.

use lifeboat_core::Failure;
use serde_json::{Value, json};

use super::Put;
use crate::{
    Registry,
    manifest::{ACCEPTED, Manifest},
    reference::{Digest, Reference},
};

const LIST: &str = ACCEPTED[0];

impl Registry {
    /// Where the manifest refers to another one, and this registry does not know such things: it is asked, because some say
    /// `OCI-Subject` to what they do not list. Twice it stands there once.
    pub(crate) async fn write_down(
        &self,
        repository: &str,
        manifest: &Manifest,
    ) -> Result<(), Failure> {
        let content: Value = serde_json::from_slice(&manifest.bytes).unwrap_or_default();
        let Some(subject) = content["subject"]["digest"].as_str() else {
            return Ok(());
        };
        let subject = Digest::parse("subject.digest", subject)?;
        if self.known(repository, &subject).await?.is_some() {
            return Ok(());
        }
        let tag = Reference::Tag(subject.as_tag());
        // A copy brings several referrers of one image at once. What another client adds at the same moment may be lost: no
        // registry has to heed a condition.
        let _alone = self.listing.lock().await;
        let found = self.manifest(repository, &tag).await?;
        let list = with(found.as_ref(), manifest, &content).map_err(|why| {
            let (name, region) = (tag.of(repository), &self.region);
            Failure::Refused(format!(
                "{name} in {region} should list what refers to the image, and {why}: remove that tag, and copy again"
            ))
        })?;
        let Some(list) = list else {
            return Ok(());
        };
        match self.put(repository, &tag, &list).await? {
            Put::Done => Ok(()),
            Put::Immutable(said) | Put::Incomplete(said) => Err(said),
        }
    }
}

/// The list with one more, whatever else stands in it; none where it names that already.
fn with(
    found: Option<&Manifest>,
    new: &Manifest,
    content: &Value,
) -> Result<Option<Manifest>, &'static str> {
    let mut list: Value = match found {
        None => json!({"schemaVersion": 2, "mediaType": LIST, "manifests": []}),
        Some(found) if found.media_type == LIST => {
            serde_json::from_slice(&found.bytes).map_err(|_| "cannot be read")?
        }
        Some(_) => return Err("is something else"),
    };
    let named = list.get_mut("manifests").and_then(Value::as_array_mut);
    let named = named.ok_or("names nothing")?;
    if named.iter().any(|one| one["digest"] == new.digest.as_str()) {
        return Ok(None);
    }
    let mut described =
        json!({"mediaType": new.media_type, "digest": new.digest, "size": new.bytes.len()});
    let typed = [&content["artifactType"], &content["config"]["mediaType"]];
    let mut typed = typed.into_iter().filter_map(Value::as_str);
    if let Some(typed) = typed.find(|typed| !typed.is_empty()) {
        described["artifactType"] = typed.into();
    }
    if content["annotations"].is_object() {
        described["annotations"] = content["annotations"].clone();
    }
    named.push(described);
    let bytes = list.to_string().into_bytes();
    Ok(Some(Manifest {
        digest: Digest::of(&bytes),
        media_type: LIST.to_owned(),
        bytes,
    }))
}
