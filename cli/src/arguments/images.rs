use clap::{Args, Subcommand};
use lifeboat_core::Invalid;
use lifeboat_image_sync::{event::Asked, reference::Reference};

use super::In;

#[derive(Debug, Args)]
pub struct Sync {
    /// Only what this service runs.
    #[arg(long, value_name = "NAME", conflicts_with = "images")]
    pub service: Option<String>,
    /// Only this image, such as forum/users:stable; may be given for several.
    #[arg(long = "image", value_name = "IMAGE", value_parser = image)]
    pub images: Vec<Asked>,
    #[command(flatten)]
    pub place: In,
}

#[derive(Debug, Subcommand)]
pub enum ImagesVerb {
    /// List what the active region would bring to the passive one now. Changes nothing.
    List(In),
    /// Say whether the passive region could start what runs, image by image. Changes nothing.
    Ready(In),
    /// Read every byte of what the passive region would start, and mend what is damaged.
    Verify {
        /// Only what this service runs.
        #[arg(long, value_name = "NAME")]
        service: Option<String>,
        #[command(flatten)]
        place: In,
    },
}

impl ImagesVerb {
    pub fn place(&self) -> &In {
        match self {
            Self::List(place) | Self::Ready(place) | Self::Verify { place, .. } => place,
        }
    }
}

fn image(text: &str) -> Result<Asked, Invalid> {
    let expected = "an image such as forum/users:stable or forum/users@sha256:…";
    let refused = || Invalid::new("image", expected, format!("{text:?}"));
    let by_digest = text
        .split_once('@')
        .filter(|(_, digest)| digest.starts_with("sha256:"));
    let (repository, reference) = match text.contains('@') {
        true => by_digest.ok_or_else(refused)?,
        false => text.rsplit_once(':').ok_or_else(refused)?,
    };
    if repository.is_empty() {
        return Err(refused());
    }
    Ok(Asked {
        repository: repository.to_owned(),
        reference: Reference::parse("image", reference)?,
    })
}
