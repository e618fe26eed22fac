mod happened;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use futures::{StreamExt, future::LocalBoxFuture, stream::FuturesUnordered};
use lifeboat_core::Failure;

use super::{
    Became, Done, Ends, Limits, Wish,
    plan::{Job, Plan},
    tasks::Event,
    walk::Walked,
};
use crate::reference::Digest;

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
    /// What refers to it is being looked for.
    following: bool,
    /// It has been asked what the target holds for it.
    asked: bool,
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
            if let Some(stopped) = self.stopped.clone() {
                self.running.clear();
                self.owe(&stopped);
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
                Job::Ask { blob, to } => Box::pin(ends.ask(blob, to)),
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
            following: false,
            asked: false,
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
        let under_way = self.entries.iter().filter(|entry| !entry.ended);
        let sent: BTreeSet<String> = under_way.map(|entry| entry.wish.to.clone()).collect();
        let mut tasks: Vec<Task> = vec![];
        let entries = self.entries.iter_mut();
        for entry in entries.filter(|entry| entry.depth == 0 && !entry.asked) {
            let Some(Ok(Became::UpToDate(digest))) =
                self.done[entry.owner].as_ref().map(|done| &done.became)
            else {
                continue;
            };
            if sent.iter().any(|to| *to != entry.wish.to) {
                entry.asked = true;
                let task = self.ends.clone().know(entry.wish.clone(), digest.clone());
                tasks.push(Box::pin(task));
            }
        }
        self.looking += tasks.len();
        self.waiting.extend(tasks);
    }
}
