//! Which blob goes where, in which order: no clock, no network.

use std::collections::{BTreeMap, BTreeSet};

use lifeboat_core::Failure;

use crate::{manifest::Descriptor, reference::Digest};

/// The parts of several images, so that each distinct one is sent as seldom as the target allows.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    images: Vec<Image>,
    /// The images by rank: a copy that goes on after another was cut short sends each blob where that one did, whichever is known first.
    order: BTreeSet<(usize, usize)>,
    blobs: BTreeMap<Digest, Blob>,
    mounting: Mounting,
    /// The target has taken something over, so it can.
    mounted: bool,
}

#[derive(Debug)]
struct Image {
    from: String,
    to: String,
    blobs: Vec<Digest>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    Finishing,
    Ended,
}

#[derive(Debug)]
struct Blob {
    descriptor: Descriptor,
    /// By repository of the target.
    places: BTreeMap<String, There>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum There {
    Wanted,
    Asking,
    /// It was asked for, and is not there.
    Lacking,
    /// The registry did not take it over from where a manifest names it, so it is sent.
    NotMounted,
    Sending,
    Mounting,
    Held,
    /// A manifest that stands in the repository names it.
    Named,
    Failed(Failure),
}

/// Whether the target takes a blob over from another of its repositories, learned from its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mounting {
    #[default]
    Untold,
    AtOnce,
    /// Only once a manifest there names it, as ECR does.
    AfterManifest,
    Never,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Job {
    /// A copy that was cut short may have left it there.
    Ask { blob: Digest, to: String },
    Send {
        blob: Descriptor,
        from: String,
        to: String,
    },
    Mount {
        blob: Digest,
        from: String,
        to: String,
    },
    /// All that the image names is there.
    Finish(usize),
}

/// What came of a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Went {
    /// It was sent, or had been there already.
    Held,
    Lacking,
    Mounted,
    NotMounted,
    Failed(Failure),
}

impl Plan {
    /// Answers the image's number, or why no registry can hold it.
    pub(crate) fn add(
        &mut self,
        rank: usize,
        from: &str,
        to: &str,
        blobs: Vec<Descriptor>,
    ) -> Result<usize, Failure> {
        for blob in &blobs {
            if let Some(known) = self.blobs.get(&blob.digest)
                && known.descriptor.size != blob.size
            {
                let (digest, size, other) = (&blob.digest, blob.size, known.descriptor.size);
                return Err(Failure::NotVerified(format!(
                    "an image of {from} says that the blob {digest} has {size} bytes, another one says {other}; nothing was tagged"
                )));
            }
        }
        let mut blobs = blobs;
        // The longest first, so that the end is not a wait for one.
        blobs.sort_by_key(|blob| std::cmp::Reverse(blob.size));
        let names = blobs.iter().map(|blob| blob.digest.clone()).collect();
        for blob in blobs {
            let there = self.place(blob, to);
            // An image that comes later tries again.
            if let There::Failed(_) = there {
                *there = There::Wanted;
            }
        }
        self.images.push(Image {
            from: from.to_owned(),
            to: to.to_owned(),
            blobs: names,
            stage: Stage::Open,
        });
        let image = self.images.len() - 1;
        self.order.insert((rank, image));
        Ok(image)
    }

    /// A manifest that stands in the target's repository names these.
    pub(crate) fn known(&mut self, to: &str, blobs: Vec<Descriptor>) {
        for blob in blobs {
            *self.place(blob, to) = There::Named;
        }
    }

    fn place(&mut self, descriptor: Descriptor, to: &str) -> &mut There {
        let digest = descriptor.digest.clone();
        let blob = self.blobs.entry(digest).or_insert_with(|| Blob {
            descriptor,
            places: BTreeMap::new(),
        });
        blob.places.entry(to.to_owned()).or_insert(There::Wanted)
    }

    fn there(&self, digest: &Digest, to: &str) -> Option<&There> {
        self.blobs.get(digest)?.places.get(to)
    }

    /// What can be begun now. It counts as begun once it was answered.
    pub(crate) fn next(&mut self) -> Option<Job> {
        let finished = self.images.iter().position(|image| {
            let held = |digest| {
                matches!(
                    self.there(digest, &image.to),
                    Some(There::Held | There::Named)
                )
            };
            image.stage == Stage::Open && image.blobs.iter().all(held)
        });
        if let Some(image) = finished {
            self.images[image].stage = Stage::Finishing;
            return Some(Job::Finish(image));
        }
        let images = || self.order.iter().map(|(_, image)| &self.images[*image]);
        let open = || images().filter(|image| image.stage == Stage::Open);
        let pairs = || open().flat_map(|image| image.blobs.iter().map(move |blob| (image, blob)));
        let job = pairs().find_map(|(image, blob)| self.step(image, blob));
        // Images that wait for each other alone wait for ever.
        let stuck = || match self.busy() {
            true => None,
            false => pairs().find_map(|(image, blob)| self.unstick(image, blob)),
        };
        let job = job.or_else(stuck)?;
        match &job {
            Job::Ask { blob, to } => self.set(&blob.clone(), to, There::Asking),
            Job::Send { blob, to, .. } => self.set(&blob.digest.clone(), to, There::Sending),
            Job::Mount { blob, to, .. } => self.set(&blob.clone(), to, There::Mounting),
            Job::Finish(_) => {}
        }
        Some(job)
    }

    fn step(&self, image: &Image, digest: &Digest) -> Option<Job> {
        let blob = self.blobs.get(digest)?;
        let send = || Job::Send {
            blob: blob.descriptor.clone(),
            from: image.from.clone(),
            to: image.to.clone(),
        };
        let here = blob.places.get(&image.to)?;
        match here {
            There::Wanted | There::Lacking => {}
            There::NotMounted => return Some(send()),
            _ => return None,
        }
        let at = |wanted: There| {
            let mut places = blob.places.iter();
            places.find_map(|(place, there)| (*there == wanted).then_some(place))
        };
        let mount = |from: &String| Job::Mount {
            blob: digest.clone(),
            from: from.clone(),
            to: image.to.clone(),
        };
        let (named, held) = (at(There::Named), at(There::Held));
        let coming = at(There::Sending).is_some();
        // Sent only where nowhere else has it.
        let asking = at(There::Asking).is_some();
        let mut places = blob.places.iter();
        let unasked = places.find(|(place, there)| **there == There::Wanted && **place != image.to);
        let sure = || match unasked {
            Some((place, _)) if !asking || *here == There::Wanted => Some(Job::Ask {
                blob: digest.clone(),
                to: place.clone(),
            }),
            _ if asking => None,
            _ => Some(send()),
        };
        match self.mounting {
            Mounting::Never => Some(send()),
            // One is enough to learn it.
            Mounting::Untold if (named.or(held)).is_some() && self.trying() => None,
            Mounting::Untold | Mounting::AtOnce => match named.or(held) {
                Some(from) => Some(mount(from)),
                None if coming => None,
                None => sure(),
            },
            Mounting::AfterManifest => match (named, held) {
                (Some(from), _) => Some(mount(from)),
                (None, Some(place)) if self.will_name(digest, place) => None,
                (None, None) if coming => None,
                (None, _) => sure(),
            },
        }
    }

    fn unstick(&self, image: &Image, digest: &Digest) -> Option<Job> {
        let blob = self.blobs.get(digest)?;
        let here = blob.places.get(&image.to)?;
        matches!(here, There::Wanted | There::Lacking).then(|| Job::Send {
            blob: blob.descriptor.clone(),
            from: image.from.clone(),
            to: image.to.clone(),
        })
    }

    fn busy(&self) -> bool {
        let finishing = |image: &Image| image.stage == Stage::Finishing;
        let under_way =
            |there: &There| matches!(there, There::Asking | There::Sending | There::Mounting);
        self.images.iter().any(finishing) || self.any(under_way)
    }

    fn any(&self, wanted: impl Fn(&There) -> bool) -> bool {
        let mut places = self.blobs.values().flat_map(|blob| blob.places.values());
        places.any(wanted)
    }

    fn trying(&self) -> bool {
        self.any(|there| *there == There::Mounting)
    }

    /// Whether an image that is still coming to the repository names the blob.
    fn will_name(&self, digest: &Digest, place: &str) -> bool {
        self.images.iter().any(|image| {
            image.stage != Stage::Ended && image.to == place && image.blobs.contains(digest)
        })
    }

    fn set(&mut self, digest: &Digest, to: &str, there: There) {
        if let Some(blob) = self.blobs.get_mut(digest) {
            blob.places.insert(to.to_owned(), there);
        }
    }

    /// A blob's job is over. `from` is where it was to be taken over from, if it was.
    pub(crate) fn went(&mut self, digest: &Digest, from: Option<&str>, to: &str, went: Went) {
        let named = from.is_some_and(|from| self.there(digest, from) == Some(&There::Named));
        let there = match went {
            Went::Held => There::Held,
            Went::Lacking => There::Lacking,
            Went::Mounted => {
                self.mounted = true;
                if self.mounting == Mounting::Untold && !named {
                    self.mounting = Mounting::AtOnce;
                }
                There::Held
            }
            Went::NotMounted if named => {
                if !self.mounted {
                    self.mounting = Mounting::Never;
                }
                There::NotMounted
            }
            Went::NotMounted => {
                self.mounting = Mounting::AfterManifest;
                There::Wanted
            }
            Went::Failed(failure) => There::Failed(failure),
        };
        self.set(digest, to, there);
    }

    /// The image stands in the target, by its digest at least.
    pub(crate) fn stands(&mut self, image: usize) {
        let (to, blobs) = {
            let image = &mut self.images[image];
            image.stage = Stage::Ended;
            (image.to.clone(), image.blobs.clone())
        };
        for blob in blobs {
            self.set(&blob, &to, There::Named);
        }
    }

    /// The image is given up; what it alone names is no longer sent.
    pub(crate) fn give_up(&mut self, image: usize) {
        self.images[image].stage = Stage::Ended;
    }

    /// Images that lack what could not be brought, each once.
    pub(crate) fn failed(&mut self) -> Vec<(usize, Failure)> {
        let mut failed = vec![];
        for (number, image) in self.images.iter().enumerate() {
            let lacks =
                image
                    .blobs
                    .iter()
                    .find_map(|digest| match self.there(digest, &image.to)? {
                        There::Failed(failure) => Some(failure.clone()),
                        _ => None,
                    });
            if let (Stage::Open, Some(failure)) = (image.stage, lacks) {
                failed.push((number, failure));
            }
        }
        for (image, _) in &failed {
            self.give_up(*image);
        }
        failed
    }
}

#[cfg(test)]
mod tests;
