//! A workflow whose answers are written down beforehand.

use std::cell::RefCell;

use super::*;

#[derive(Debug)]
pub(crate) struct Scripted {
    standings: RefCell<Vec<Result<Standing, Failure>>>,
    events: RefCell<Vec<Event>>,
    hidden: RefCell<Option<Failure>>,
    unknown: RefCell<Option<Failure>>,
    /// What was started, by name.
    pub(crate) started: RefCell<Vec<(String, Request)>>,
}

impl Scripted {
    pub(crate) fn new(standings: impl IntoIterator<Item = Result<Standing, Failure>>) -> Self {
        let mut standings: Vec<_> = standings.into_iter().collect();
        standings.reverse();
        Self {
            standings: RefCell::new(standings),
            events: RefCell::default(),
            hidden: RefCell::default(),
            unknown: RefCell::default(),
            started: RefCell::default(),
        }
    }

    pub(crate) fn happens(&self, events: impl IntoIterator<Item = Event>) {
        self.events.borrow_mut().extend(events);
    }

    pub(crate) fn hide_history(&self, why: Failure) {
        self.hidden.replace(Some(why));
    }
}

impl Scripted {
    pub(crate) fn knows_none(&self, why: Failure) {
        self.unknown.replace(Some(why));
    }
}

impl Workflow for Scripted {
    async fn start(&self, name: &str, request: &Request) -> Result<String, Failure> {
        let call = (name.to_owned(), request.clone());
        self.started.borrow_mut().push(call);
        Ok(format!("arn:aws:states:us-west-2:1:execution:forum:{name}"))
    }

    fn execution(&self, name: &str) -> String {
        format!(
            "arn:aws:states:us-west-2:1:execution:forum:{}",
            name_of(name)
        )
    }

    async fn mode(&self, _: &str) -> Result<Mode, Failure> {
        match self.unknown.borrow().as_ref() {
            Some(why) => Err(why.clone()),
            None => Ok(Mode::Unplanned),
        }
    }

    async fn standing(&self, _: &str) -> Result<Standing, Failure> {
        self.standings.borrow_mut().pop().unwrap()
    }

    async fn events(&self, _: &str, after: i64) -> Result<Vec<Event>, Failure> {
        if let Some(why) = self.hidden.borrow().as_ref() {
            return Err(why.clone());
        }
        let events = self.events.borrow();
        Ok(events.iter().filter(|e| e.id > after).cloned().collect())
    }
}
