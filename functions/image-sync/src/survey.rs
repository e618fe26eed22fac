//! What the peer lacks, told from what both regions' registries list. ECR lists a thousand images in a request, each with its
//! digest, its tags and when it was pushed; the protocol's list has the tags alone, and each of them is a request more.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, future::try_join, stream};
use jiff::Timestamp;
use lifeboat_aws::Objects;
use lifeboat_core::{Failure, Region};

use crate::{
    ImageSync, Registries,
    copy::Place,
    platform::Platform,
    reference::{Digest, Reference},
    wanted::{Scope, Wanted, Wants},
};

const AT_ONCE: usize = 4;

/// What registries list.
#[allow(async_fn_in_trait)]
pub trait Catalog {
    /// Every repository of this region.
    async fn repositories(&self) -> Result<Vec<String>, Failure>;
    /// Every image of a repository; none where there is no such repository.
    async fn images(
        &self,
        region: &Region,
        repository: &str,
    ) -> Result<Option<Vec<Listed>>, Failure>;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub digest: Digest,
    pub tags: Vec<String>,
    pub pushed: Option<Timestamp>,
}

/// What was found of all that is wanted.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Survey {
    /// What the peer does not name so: what services name first.
    pub(crate) differ: Vec<Differs>,
    /// What is named and not in this region.
    pub(crate) gone: Vec<Wanted>,
    /// All that were looked at, by their names in this region.
    pub(crate) repositories: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Differs {
    pub(crate) image: Wanted,
    /// When it was pushed, where the peer has it under no other tag either.
    pub(crate) lacked: Option<Timestamp>,
    digest: Digest,
    pub(crate) named: bool,
}

impl<R: Registries + Catalog, B: Objects> ImageSync<'_, R, B> {
    pub(crate) async fn survey(&self, scope: Scope) -> Result<Survey, Failure> {
        let platforms = &self.platforms()?;
        let looks = scope
            .iter()
            .map(|((own, peer), wants)| self.look(own, peer, wants, platforms));
        let found: Vec<Survey> = stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
        let mut survey = Survey::default();
        for found in found {
            survey.differ.extend(found.differ);
            survey.gone.extend(found.gone);
            survey.repositories.extend(found.repositories);
        }
        survey.differ.sort_by_key(|differs| !differs.named);
        Ok(survey)
    }

    async fn look(
        &self,
        own: &str,
        peer: &str,
        wants: &Wants,
        platforms: &[Platform],
    ) -> Result<Survey, Failure> {
        let configuration = self.configuration;
        let here = self.registries.images(&configuration.region, own);
        let there = self.registries.images(configuration.peer_region(), peer);
        let (here, there) = try_join(here, there).await?;
        let (here, there) = (here.unwrap_or_default(), there.unwrap_or_default());
        let mut survey = compare(own, peer, wants, &here, &there);
        if !platforms.is_empty() && !survey.differ.is_empty() {
            let registry = self.registries.own().await?;
            let place = Place::new(&registry, own);
            let mut differ = vec![];
            for differs in survey.differ {
                if !has_chosen(place, &differs.digest, &there, platforms).await? {
                    differ.push(differs);
                }
            }
            survey.differ = differ;
        }
        Ok(survey)
    }
}

fn compare(own: &str, peer: &str, wants: &Wants, here: &[Listed], there: &[Listed]) -> Survey {
    let wanted = |reference: Reference| Wanted {
        own: own.to_owned(),
        peer: peer.to_owned(),
        reference,
    };
    let tags = here.iter().flat_map(|listed| &listed.tags);
    let liked = tags.filter(|tag| wants.tags.iter().any(|glob| glob.matches(tag)));
    let liked: BTreeSet<Reference> = liked.cloned().map(Reference::Tag).collect();
    let mut survey = Survey {
        repositories: [own.to_owned()].into(),
        ..Survey::default()
    };
    for reference in wants.named.union(&liked) {
        let Some(listed) = find(here, reference) else {
            survey.gone.push(wanted(reference.clone()));
            continue;
        };
        if find(there, reference).is_none_or(|other| other.digest != listed.digest) {
            survey.differ.push(Differs {
                image: wanted(reference.clone()),
                lacked: listed.pushed.filter(|_| {
                    let digest = &listed.digest;
                    !there.iter().any(|other| other.digest == *digest)
                }),
                digest: listed.digest.clone(),
                named: wants.named.contains(reference),
            });
        }
    }
    survey
}

fn find<'a>(images: &'a [Listed], reference: &Reference) -> Option<&'a Listed> {
    images.iter().find(|listed| match reference {
        Reference::Tag(tag) => listed.tags.contains(tag),
        Reference::Digest(digest) => listed.digest == *digest,
    })
}

/// Where a registry takes no list that lacks an image, having the chosen images of one is all that there can be.
async fn has_chosen(
    place: Place<'_>,
    list: &Digest,
    there: &[Listed],
    platforms: &[Platform],
) -> Result<bool, Failure> {
    let is_there = |digest: &Digest| there.iter().any(|listed| listed.digest == *digest);
    if is_there(list) {
        return Ok(false);
    }
    let Some(manifest) = place.manifest(&Reference::Digest(list.clone())).await? else {
        return Ok(false);
    };
    let children = manifest.parts()?.children;
    let chosen = children.iter().filter(|child| {
        let platform = child.platform.as_ref();
        platform.is_some_and(|one| one.fits(platforms))
    });
    let chosen: Vec<&Digest> = chosen.map(|child| &child.digest).collect();
    let some = (1..children.len()).contains(&chosen.len());
    Ok(some && chosen.into_iter().all(is_there))
}

#[cfg(test)]
impl Differs {
    pub(crate) fn sample(image: Wanted, lacked: Option<Timestamp>) -> Self {
        Self {
            image,
            lacked,
            digest: Digest::of(b""),
            named: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(content: &str, tags: &[&str]) -> Listed {
        Listed {
            digest: Digest::of(content.as_bytes()),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            pushed: None,
        }
    }

    fn tag(tag: &str) -> Reference {
        Reference::Tag(tag.into())
    }

    #[test]
    fn what_is_named_or_liked_and_not_the_same_in_the_peer_differs() {
        let pattern: lifeboat_core::configuration::ImagePattern =
            serde_json::from_value(serde_json::json!({"repository": "*", "tags": ["v*"]})).unwrap();
        let wants = Wants {
            named: [
                tag("stable"),
                tag("gone"),
                Reference::Digest(Digest::of(b"d")),
            ]
            .into(),
            tags: pattern.tags,
        };
        let here = [
            listed("a", &["stable", "v1"]),
            listed("b", &["v2", "dev"]),
            listed("c", &["v3"]),
            listed("d", &[]),
        ];
        let there = [
            listed("a", &["v1", "v3"]),
            listed("b", &["v2", "gone"]),
            listed("d", &[]),
        ];
        let survey = compare("x", "y", &wants, &here, &there);
        let differ: Vec<&str> = survey
            .differ
            .iter()
            .map(|d| d.image.reference.as_str())
            .collect();
        assert_eq!(differ, ["stable", "v3"]);
        let gone: Vec<&str> = survey.gone.iter().map(|w| w.reference.as_str()).collect();
        assert_eq!(gone, ["gone"]);
    }
}
