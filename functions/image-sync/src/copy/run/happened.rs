//! What follows from each thing that happened.

use lifeboat_core::Failure;

use super::{COMPANIONS, DEEP, Entry, ROUNDS, Run, SILENT};
use crate::{
    copy::{
        Became, Companions, Done, Wish,
        tags::{Mutability, Tagging, tagging},
        tasks::{Event, Name, Of},
        walk::Walked,
    },
    reference::{Digest, Reference},
};

impl Run<'_> {
    pub(super) async fn happened(
        &mut self,
        event: Event,
        may_tag: &impl AsyncFn(&Wish) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match event {
            Event::Looked(number, Ok([from, to])) => self.looked(number, from, to),
            Event::Walked(number, Ok(walked)) => self.walked(number, walked)?,
            Event::Known(to, blobs) => {
                self.looking -= 1;
                self.plan.known(&to, blobs);
            }
            Event::Blob {
                digest,
                from,
                to,
                went,
            } => {
                self.plan.went(&digest, from.as_deref(), &to, went);
                let failed = self.plan.failed();
                if failed.is_empty() {
                    self.silent = 0;
                }
                for (image, failure) in failed {
                    self.fail(self.planned[&image], failure)?;
                }
            }
            Event::Stood(number, Ok(())) => match may_tag(&self.entries[number].wish).await {
                Ok(()) => self.name(number),
                Err(failure) => self.fail(number, failure)?,
            },
            Event::Named(number, Ok(name)) => self.named(number, name),
            Event::Companions(number, found) => {
                self.entries[number].following = false;
                match found {
                    Ok(found) => self.follow(number, found),
                    Err(failure) => self.lost(number, failure),
                }
            }
            Event::Looked(number, Err(failure)) | Event::Walked(number, Err(failure)) => {
                self.known(number);
                self.fail(number, failure)?;
            }
            Event::Stood(number, Err(failure)) | Event::Named(number, Err(failure)) => {
                self.fail(number, failure)?;
            }
        }
        Ok(())
    }

    /// What was wished for has been looked at. Later rounds and companions hold nobody up.
    fn known(&mut self, number: usize) {
        let entry = &self.entries[number];
        if entry.depth == 0 && entry.rounds == 1 {
            self.looking -= 1;
        }
    }

    fn looked(&mut self, number: usize, from: Option<Digest>, to: Option<Digest>) {
        self.silent = 0;
        match tagging(from.as_ref(), to.as_ref(), Mutability::Untold) {
            Tagging::Gone => {
                self.known(number);
                self.end(number, Became::Gone, None);
            }
            Tagging::UpToDate(digest) => {
                self.known(number);
                let of = Of::AllBelow(digest.clone());
                let looked_for = match self.limits.companions {
                    Companions::OfAll => true,
                    Companions::OfCopied => self.entries[number].depth > 0,
                    Companions::OfNone => false,
                };
                self.end(number, Became::UpToDate(digest), looked_for.then_some(of));
            }
            Tagging::Set(digest) | Tagging::Keep { digest, .. } => {
                self.entries[number].there = to;
                self.walk(number, digest);
            }
        }
    }

    fn walked(&mut self, number: usize, walked: Option<Walked>) -> Result<(), Failure> {
        let entry = &mut self.entries[number];
        let Some(walked) = walked else {
            // What the tag named a moment ago is gone, so it names something else now, or nothing.
            if entry.rounds < ROUNDS {
                self.known(number);
                self.entries[number].rounds += 1;
                self.look(number);
                return Ok(());
            }
            self.end(number, Became::Gone, None);
            return Ok(());
        };
        let (from, to) = (entry.wish.from.clone(), entry.wish.to.clone());
        let blobs = walked.blobs.clone();
        entry.walked = Some(walked);
        self.known(number);
        match self.plan.add(number, &from, &to, blobs) {
            Ok(image) => drop(self.planned.insert(image, number)),
            Err(failure) => self.fail(number, failure)?,
        }
        Ok(())
    }

    fn name(&mut self, number: usize) {
        let entry = &self.entries[number];
        if let Some(walked) = &entry.walked {
            let (root, choice) = (walked.root.clone(), walked.choice.clone());
            let task = self
                .ends
                .clone()
                .name(number, entry.wish.clone(), root, choice);
            self.waiting.push_front(Box::pin(task));
        }
    }

    fn named(&mut self, number: usize, name: Name) {
        self.silent = 0;
        if let Some(image) = self.image(number) {
            self.plan.stands(image);
        }
        let entry = &mut self.entries[number];
        let Some(walked) = entry.walked.take() else {
            return;
        };
        let (digest, of) = (walked.root.digest.clone(), Of::These(walked.digests()));
        let there = entry.there.clone();
        let became = match name {
            Name::Given { moved: Some(now) } if entry.rounds < ROUNDS => {
                entry.rounds += 1;
                entry.there = Some(digest);
                self.walk(number, now);
                return;
            }
            Name::Given { .. } => Became::Copied(digest),
            Name::Kept(said) => match tagging(Some(&digest), there.as_ref(), Mutability::Immutable)
            {
                Tagging::UpToDate(digest) => Became::UpToDate(digest),
                _ => Became::Kept {
                    digest,
                    there,
                    said,
                },
            },
            Name::Parts(images, said) => Became::Parts {
                list: digest,
                images,
                said,
            },
        };
        let looked_for = self.limits.companions != Companions::OfNone;
        self.end(number, became, looked_for.then_some(of));
    }

    fn image(&self, number: usize) -> Option<usize> {
        // The last one is of the last round.
        let mut images = self.planned.iter().rev();
        images.find_map(|(image, entry)| (*entry == number).then_some(*image))
    }

    fn end(&mut self, number: usize, became: Became, companions: Option<Of>) {
        let entry = &mut self.entries[number];
        entry.ended = true;
        entry.walked = None;
        let wish = entry.wish.clone();
        let image = wish.reference.of(&wish.to);
        tracing::debug!(image, ?became, "looked after");
        if entry.depth == 0 {
            self.done[entry.owner] = Some(Done {
                became: Ok(became),
                lost: vec![],
            });
        }
        if let Some(of) = companions.filter(|_| entry.depth < DEEP) {
            entry.following = true;
            let task = self.ends.clone().companions(number, wish, of);
            self.waiting.push_back(Box::pin(task));
        }
    }

    fn follow(&mut self, number: usize, found: Vec<Reference>) {
        let entry = &self.entries[number];
        let (wish, owner, depth) = (entry.wish.clone(), entry.owner, entry.depth + 1);
        for reference in found {
            let wish = Wish {
                reference,
                ..wish.clone()
            };
            let siblings = self.entries.iter().filter(|entry| entry.owner == owner);
            if siblings.count() > COMPANIONS {
                let image = wish.reference.of(&wish.from);
                let failure =
                    format!("more than {COMPANIONS} refer to one image; {image} is not copied");
                return self.lost(number, Failure::Refused(failure));
            }
            if !self.seen.contains(&wish) {
                self.admit(wish, owner, depth);
            }
        }
    }

    /// Everything stops: what belongs to images that are there and was not brought is lost as well.
    pub(super) fn owe(&mut self, stopped: &Failure) {
        let owed = |entry: &Entry| entry.following || (entry.depth > 0 && !entry.ended);
        for number in 0..self.entries.len() {
            if owed(&self.entries[number]) {
                self.lost(number, stopped.clone());
            }
        }
    }

    fn lost(&mut self, number: usize, failure: Failure) {
        let owner = self.entries[number].owner;
        let image = self.entries[number]
            .wish
            .reference
            .of(&self.entries[number].wish.from);
        tracing::warn!(image, "what belongs to it was not brought: {failure}");
        if let Some(Some(done)) = self.done.get_mut(owner) {
            done.lost.push(failure);
        }
    }

    /// Ends the image with the failure, and everything where the failure is everybody's.
    fn fail(&mut self, number: usize, failure: Failure) -> Result<(), Failure> {
        if let Some(image) = self.image(number) {
            self.plan.give_up(image);
        }
        let entry = &mut self.entries[number];
        entry.ended = true;
        entry.walked = None;
        match entry.depth {
            0 => {
                self.done[entry.owner] = Some(Done {
                    became: Err(failure.clone()),
                    lost: vec![],
                });
            }
            _ => self.lost(number, failure.clone()),
        }
        match &failure {
            Failure::Stale(_) => Err(failure),
            Failure::Unavailable(_) => {
                self.silent += 1;
                match self.silent >= SILENT {
                    true => Err(failure),
                    false => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }
}
