//! Which images the peer is to hold: those that services name, and those of the patterns.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_core::{
    Configuration, Failure, Invalid,
    configuration::{Glob, ServiceResources},
};

use crate::{
    copy::Wish,
    event::{Asked, Push},
    reference::Reference,
};

/// An image of this region, and where it belongs in the peer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Wanted {
    pub(crate) own: String,
    pub(crate) peer: String,
    pub(crate) reference: Reference,
}

impl Wanted {
    pub(crate) fn wish(&self) -> Wish {
        Wish {
            from: self.own.clone(),
            to: self.peer.clone(),
            reference: self.reference.clone(),
        }
    }
}

/// What is wanted, repository by repository: its name here and in the peer.
pub(crate) type Scope = BTreeMap<(String, String), Wants>;

/// What is wanted of one repository.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Wants {
    /// These must be there.
    pub(crate) named: BTreeSet<Reference>,
    /// All whose tags are like one of these.
    pub(crate) tags: Vec<Glob>,
}

/// Every service, as it is here and in the peer.
pub(crate) fn services(
    configuration: &Configuration,
) -> impl Iterator<Item = (&str, &ServiceResources, &ServiceResources)> {
    let (own, peer) = (configuration.own(), configuration.peer());
    let names = configuration.services.iter();
    let names = names.map(|service| service.name.as_str());
    names.filter_map(|name| Some((name, own.services.get(name)?, peer.services.get(name)?)))
}

/// What all services name, or one of them.
pub(crate) fn named(
    configuration: &Configuration,
    service: Option<&str>,
) -> Result<Scope, Failure> {
    if let Some(service) = service {
        configuration.service(service)?;
    }
    let mut scope = Scope::new();
    for (name, own, peer) in services(configuration) {
        if service.is_some_and(|service| service != name) {
            continue;
        }
        let reference = Reference::parse(&format!("services.{name}.image"), own.reference())?;
        let names = (own.repository.clone(), peer.repository.clone());
        scope.entry(names).or_default().named.insert(reference);
    }
    Ok(scope)
}

/// These images, each of which must be of a service's repository or meant by a pattern.
pub(crate) fn asked(configuration: &Configuration, images: &[Asked]) -> Result<Scope, Failure> {
    let mut scope = Scope::new();
    for (number, image) in images.iter().enumerate() {
        let (repository, reference) = (&image.repository, &image.reference);
        if !concerns(configuration, repository, reference) {
            let field = format!("images.{number}");
            let expected = "an image of a service's repository, or one that image_patterns means";
            return Err(Invalid::new(field, expected, reference.of(repository)).into());
        }
        for names in names(configuration, repository) {
            scope
                .entry(names)
                .or_default()
                .named
                .insert(reference.clone());
        }
    }
    Ok(scope)
}

/// What the patterns mean of these repositories of this region.
pub(crate) fn like(configuration: &Configuration, repositories: &[String]) -> Scope {
    let mut scope = Scope::new();
    for repository in repositories {
        let patterns = configuration.images.iter();
        for pattern in patterns.filter(|pattern| pattern.repository.matches(repository)) {
            for names in names(configuration, repository) {
                let tags = pattern.tags.iter().cloned();
                scope.entry(names).or_default().tags.extend(tags);
            }
        }
    }
    scope
}

/// The images that a push is about; none where it concerns nobody.
pub(crate) fn pushed(
    configuration: &Configuration,
    push: &Push,
    reference: &Reference,
) -> BTreeSet<Wanted> {
    if !concerns(configuration, &push.repository, reference) {
        return BTreeSet::new();
    }
    let names = names(configuration, &push.repository).into_iter();
    let wanted = names.map(|(own, peer)| Wanted {
        own,
        peer,
        reference: reference.clone(),
    });
    wanted.collect()
}

fn concerns(configuration: &Configuration, repository: &str, reference: &Reference) -> bool {
    let tag = match reference {
        Reference::Tag(tag) => Some(tag.as_str()),
        Reference::Digest(_) => None,
    };
    let mut patterns = configuration.images.iter();
    services(configuration).any(|(_, own, _)| own.repository == repository)
        || patterns.any(|pattern| pattern.takes(repository, tag))
}

/// Where a repository's images belong in the peer: where its services' are, or in the one of the same name.
fn names(configuration: &Configuration, repository: &str) -> BTreeSet<(String, String)> {
    let services = services(configuration).filter(|(_, own, _)| own.repository == repository);
    let peers = services.map(|(_, _, peer)| peer.repository.as_str());
    let mut peers: BTreeSet<&str> = peers.collect();
    if peers.is_empty() {
        peers.insert(repository);
    }
    let names = peers.into_iter();
    let names = names.map(|peer| (repository.to_owned(), peer.to_owned()));
    names.collect()
}
