use std::collections::BTreeMap;

use lifeboat_core::Failure;
use serde::Deserialize;

use crate::{platform::Platform, reference::Digest};

/// What registries are asked for: an image, or a list of images of several platforms.
pub(crate) const ACCEPTED: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// A manifest as its registry holds it, byte by byte: any change would be another image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    pub digest: Digest,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

/// A part that a manifest names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Descriptor {
    pub digest: Digest,
    pub size: u64,
    /// A layer that is to be had elsewhere, and never in a registry.
    #[serde(default)]
    urls: Vec<String>,
}

/// An image that a list names, or another list.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Child {
    pub digest: Digest,
    pub platform: Option<Platform>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
}

impl Child {
    /// The image of the same list that this one is about: a builder puts what it attests there, for no platform.
    pub(crate) fn about(&self) -> Option<&str> {
        let about = self.annotations.get("vnd.docker.reference.digest");
        about.map(String::as_str)
    }
}

/// What must be there before the manifest may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    pub children: Vec<Child>,
    pub blobs: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Content {
    manifests: Option<Vec<Child>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

impl Manifest {
    pub fn parts(&self) -> Result<Parts, Failure> {
        let content: Option<Content> = serde_json::from_slice(&self.bytes).ok();
        // One that could be read either way would be another image to another reader.
        match content.map(|content| (content.manifests, content.config, content.layers)) {
            Some((Some(children), None, None)) => Ok(Parts {
                children,
                blobs: vec![],
            }),
            Some((None, Some(config), Some(layers))) => {
                let mut blobs: Vec<Descriptor> = vec![];
                for blob in layers.into_iter().chain([config]) {
                    let known = blobs.iter().any(|other| other.digest == blob.digest);
                    if blob.urls.is_empty() && !known {
                        blobs.push(blob);
                    }
                }
                Ok(Parts {
                    children: vec![],
                    blobs,
                })
            }
            _ => {
                let (digest, media_type) = (&self.digest, &self.media_type);
                Err(Failure::Refused(format!(
                    "manifest {digest} ({media_type}) is neither an image nor a list of images with SHA-256 digests; it cannot be copied"
                )))
            }
        }
    }
}

impl Manifest {
    /// The configuration, where it is one image and no list.
    pub(crate) fn config(&self) -> Option<Descriptor> {
        let content: Content = serde_json::from_slice(&self.bytes).ok()?;
        content.config
    }
}

/// The media type that a manifest gives itself, for a registry that answers without one.
pub(crate) fn media_type(bytes: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Typed {
        media_type: String,
    }
    serde_json::from_slice(bytes)
        .ok()
        .map(|typed: Typed| typed.media_type)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn manifest(content: Value) -> Manifest {
        let bytes = serde_json::to_vec(&content).unwrap();
        Manifest {
            digest: Digest::of(&bytes),
            media_type: ACCEPTED[1].into(),
            bytes,
        }
    }

    fn part(content: &str) -> Value {
        json!({"digest": Digest::of(content.as_bytes()), "size": content.len(), "mediaType": "x"})
    }

    #[test]
    fn an_image_names_each_of_its_blobs_once_and_leaves_out_what_no_registry_holds() {
        let mut foreign = part("foreign");
        foreign["urls"] = json!(["https://elsewhere.example/layer"]);
        let image = json!({"schemaVersion": 2, "config": part("config"), "layers": [part("a"), part("a"), foreign]});
        let parts = manifest(image).parts().unwrap();
        let digests: Vec<Digest> = parts.blobs.into_iter().map(|blob| blob.digest).collect();
        assert_eq!(digests, [Digest::of(b"a"), Digest::of(b"config")]);
        assert!(parts.children.is_empty());
    }

    #[test]
    fn a_list_names_its_children() {
        let parts = manifest(json!({"manifests": [part("x")]})).parts().unwrap();
        assert_eq!(parts.children[0].digest, Digest::of(b"x"));
        assert!(parts.blobs.is_empty());
    }

    #[test]
    fn what_is_no_image_or_names_another_hash_is_refused() {
        let other = json!({"manifests": [{"digest": "sha512:00", "size": 1}]});
        let either = json!({"manifests": [], "config": part("x"), "layers": []});
        for content in [json!({"fsLayers": []}), json!("x"), other, either] {
            assert_eq!(manifest(content).parts().unwrap_err().name(), "Refused");
        }
    }
}
