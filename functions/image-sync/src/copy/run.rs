use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use futures::{StreamExt, future::LocalBoxFuture, stream::FuturesUnordered};
use lifeboat_core::Failure;

use super::{
    Became, Companions, Done, Ends, Limits, Wish,
    plan::{Job, Plan},
    tags::{Mutability, Tagging, tagging},
    tasks::{Event, Name, Of},
    walk::Walked,
};
use crate::reference::{Digest, Reference};

/// Often enough for a tag that moves while it is copied.
const ROUNDS: usize = 3;
/// So many images are planned together; their manifests are in memory meanwhile.
const TOGETHER: usize = 64;
/// What refers to an image may be referred to in turn: a signature of a list of contents.
const DEEP: usize = 3;
/// No image has more of them.
const COMPANIONS: usize = 200;
/// A registry that has failed so often in a row, each time after several tries, does not answer.
const SILENT: usize = 4;

/// An image under way: one that was wished for, or what refers to one.
#[derive(Debug)]
struct Entry {
    wish: Wish,
    /// Which of the wishes it belongs to, and how far it is from that.
    owner: usize,
    depth: usize,
    rounds: usize,
    there: Option<Digest>,
    walked: Option<Walked>,
    ended: bool,
}

type Task = LocalBoxFuture<'static, Event>;

pub(super) struct Run<'a> {
    ends: Arc<Ends>,
    limits: &'a Limits,
    plan: Plan,
    /// Which entry an image of the plan is.
    planned: BTreeMap<usize, usize>,
    entries: Vec<Entry>,
    seen: BTreeSet<Wish>,
    done: Vec<Option<Done>>,
    /// Begun before any blob.
    waiting: VecDeque<Task>,
    running: FuturesUnordered<Task>,
    /// How many looks are awaited until all that was wished for is known.
    looking: usize,
    hinted: bool,
    silent: usize,
    stopped: Option<Failure>,
}

impl<'a> Run<'a> {
    pub(super) fn new(ends: Arc<Ends>, limits: &'a Limits) -> Self {
        Self {
            ends,
            limits,
            plan: Plan::default(),
            planned: BTreeMap::new(),
            entries: vec![],
            seen: BTreeSet::new(),
            done: vec![],
            waiting: VecDeque::new(),
            running: FuturesUnordered::new(),
            looking: 0,
            hinted: false,
            silent: 0,
            stopped: None,
        }
    }

    pub(super) async fn all(
        mut self,
        wishes: &[Wish],
        may_tag: impl AsyncFn(&Wish) -> Result<(), Failure>,
    ) -> Vec<Done> {
        for some in wishes.chunks(TOGETHER) {
            for wish in some {
                self.done.push(None);
                let owner = self.done.len() - 1;
                self.looking += 1;
                self.admit(wish.clone(), owner, 0);
            }
            self.hinted = false;
            self.stopped = match self.limits.until {
                None => self.drive(&may_tag).await.err(),
                Some(until) => match tokio::time::timeout_at(until, self.drive(&may_tag)).await {
                    Ok(driven) => driven.err(),
                    Err(_) => Some(Failure::Unfinished(format!(
                        "{} images were not all copied in time: what is there stays, copy again to go on",
                        wishes.len()
                    ))),
                },
            };
            if self.stopped.is_some() {
                self.running.clear();
                break;
            }
        }
        let stopped = self
            .stopped
            .unwrap_or_else(|| Failure::Unfinished("not begun".into()));
        self.done.resize(wishes.len(), None);
        let done = self.done.into_iter().map(|done| {
            done.unwrap_or_else(|| Done {
                became: Err(stopped.clone()),
                lost: vec![],
            })
        });
        done.collect()
    }

    /// Ends when nothing is left to do, or with what stops everything.
    async fn drive(
        &mut self,
        may_tag: &impl AsyncFn(&Wish) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        loop {
            self.launch();
            match self.running.next().await {
                Some(event) => self.happened(event, may_tag).await?,
                None => return Ok(()),
            }
        }
    }

    fn launch(&mut self) {
        while self.running.len() < self.limits.at_once.max(1) {
            if let Some(task) = self.waiting.pop_front() {
                self.running.push(task);
                continue;
            }
            if self.looking > 0 {
                return;
            }
            if !self.hinted {
                self.hinted = true;
                self.hint();
                continue;
            }
            let Some(job) = self.plan.next() else {
                return;
            };
            let (ends, missing) = (self.ends.clone(), self.limits.missing);
            let task: Task = match job {
                Job::Send { blob, from, to } => Box::pin(ends.send(blob, from, to, missing)),
                Job::Mount { blob, from, to } => Box::pin(ends.mount(blob, from, to, missing)),
                Job::Finish(image) => {
                    let number = self.planned[&image];
                    let entry = &self.entries[number];
                    let walked = entry.walked.as_ref();
                    let levels = walked.map(|walked| walked.levels.clone());
                    let levels = levels.unwrap_or_default();
                    Box::pin(ends.stand(number, entry.wish.clone(), levels))
                }
            };
            self.running.push(task);
        }
    }

    fn admit(&mut self, wish: Wish, owner: usize, depth: usize) {
        self.seen.insert(wish.clone());
        self.entries.push(Entry {
            wish,
            owner,
            depth,
            rounds: 1,
            there: None,
            walked: None,
            ended: false,
        });
        self.look(self.entries.len() - 1);
    }

    fn look(&mut self, number: usize) {
        let wish = self.entries[number].wish.clone();
        let task = self.ends.clone().look(number, wish);
        self.waiting.push_back(Box::pin(task));
    }

    fn walk(&mut self, number: usize, digest: Digest) {
        let entry = &self.entries[number];
        let platforms = match entry.depth {
            0 => self.limits.platforms.clone(),
            _ => vec![],
        };
        let task = self
            .ends
            .clone()
            .walk(number, entry.wish.clone(), digest, platforms);
        self.waiting.push_back(Box::pin(task));
    }

    /// Where one image is to be sent, the others say what the target has for them already.
    fn hint(&mut self) {
        let sent: BTreeSet<&String> = self
            .entries
            .iter()
            .filter(|entry| !entry.ended)
            .map(|entry| &entry.wish.to)
            .collect();
        let mut tasks: Vec<Task> = vec![];
        for entry in self.entries.iter().filter(|entry| entry.depth == 0) {
            let Some(Ok(Became::UpToDate(digest))) =
                self.done[entry.owner].as_ref().map(|done| &done.became)
            else {
                continue;
            };
            if sent.iter().any(|to| **to != entry.wish.to) {
                let task = self.ends.clone().know(entry.wish.clone(), digest.clone());
                tasks.push(Box::pin(task));
            }
        }
        self.looking += tasks.len();
        self.waiting.extend(tasks);
    }

    async fn happened(
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
            Event::Companions(number, Ok(found)) => self.follow(number, found),
            Event::Companions(number, Err(failure)) => self.lost(number, failure),
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
                let entry = &self.entries[number];
                let all = entry.depth > 0 || self.limits.companions == Companions::OfAll;
                self.end(number, Became::UpToDate(digest), all.then_some(of));
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
        match self.plan.add(&from, &to, blobs) {
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
        self.end(number, became, Some(of));
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
