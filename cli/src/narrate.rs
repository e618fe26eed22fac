//! What a history comes to, line by line. Events in, lines out.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lifeboat_core::request::Mode;

use crate::{
    glimpse::{Glimpse, glimpse},
    steps::bar,
    words::elapsed,
    workflow::{Event, What},
};

/// What was told already, so that only news is told.
#[derive(Debug, Default)]
pub struct Story {
    began: Option<Timestamp>,
    last: i64,
    entered: BTreeSet<String>,
    /// The state that it is in.
    at: Option<String>,
    waiting: Option<String>,
    stumbled: Option<String>,
    run: Option<Glimpse>,
}

const MARGIN: &str = "       ";

impl Story {
    /// The number of the last event that was told.
    pub fn last(&self) -> i64 {
        self.last
    }

    /// The run as it was handed on last.
    pub fn run(&self) -> Option<&Glimpse> {
        self.run.as_ref()
    }

    /// How it stands at this moment, in a line with a bar.
    pub fn standing(&self, mode: Mode, now: Timestamp) -> Option<String> {
        let (began, at) = (self.began?, self.at.as_ref()?);
        let passed = elapsed(now.duration_since(began).as_secs());
        let bar = bar(mode, at).map_or(String::new(), |bar| format!(" {bar}"));
        let waiting = self.waiting.as_ref();
        let waiting = waiting.map_or(String::new(), |what| format!("  {what}"));
        Some(format!("{passed} {at:<13}{bar}{waiting}"))
    }

    pub fn tell(&mut self, events: &[Event]) -> Vec<String> {
        events.iter().filter_map(|event| self.one(event)).collect()
    }

    fn one(&mut self, event: &Event) -> Option<String> {
        if event.id <= self.last {
            return None;
        }
        self.last = event.id;
        let began = *self.began.get_or_insert(event.at);
        match &event.what {
            // A state that is entered again asks whether the waiting is over; what is waited for says more.
            What::Entered(state) => {
                self.at = Some(state.clone());
                self.entered.insert(state.clone()).then(|| {
                    let passed = event.at.duration_since(began).as_secs();
                    format!("{} {state}", elapsed(passed))
                })
            }
            What::Left(handed_on) => {
                let run = handed_on.iter().find_map(glimpse)?;
                self.stumbled = None;
                let waiting = run.waiting.as_ref().map(|w| w.what.clone());
                self.run = Some(run);
                news(&mut self.waiting, waiting).map(|what| format!("{MARGIN}waiting: {what}"))
            }
            What::Stumbled(caught) => news(&mut self.stumbled, Some(caught.message()))
                .map(|message| format!("{MARGIN}failed:  {message}")),
            What::Other => None,
        }
    }
}

fn news(told: &mut Option<String>, now: Option<String>) -> Option<String> {
    let new = (*told != now).then(|| now.clone()).flatten();
    *told = now;
    new
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifeboat_core::{
        failure::Caught,
        request::Mode,
        run::{Step, sample},
    };
    use serde_json::Value;

    fn event(id: i64, second: i64, what: What) -> Event {
        let at = Timestamp::from_second(second).unwrap();
        Event { id, at, what }
    }

    fn entered(state: &str) -> What {
        What::Entered(state.into())
    }

    fn waiting(what: Option<&str>) -> What {
        let mut run = sample(Mode::Unplanned);
        if let Some(what) = what {
            run.wait(Step::AwaitHealthy, Timestamp::UNIX_EPOCH, what.into())
                .unwrap();
        }
        What::Left(vec![serde_json::to_value(run).unwrap()])
    }

    #[test]
    fn each_state_is_told_with_the_time_since_the_execution_began() {
        let mut story = Story::default();
        let lines = story.tell(&[
            event(1, 100, What::Other),
            event(2, 100, entered("Decide")),
            event(3, 165, entered("Lease")),
        ]);
        assert_eq!(lines, ["  0:00 Decide", "  1:05 Lease"]);
    }

    #[test]
    fn an_event_that_was_told_is_not_told_again() {
        let mut story = Story::default();
        let events = [event(1, 0, entered("Decide"))];
        assert_eq!(story.tell(&events).len(), 1);
        assert!(story.tell(&events).is_empty());
        assert_eq!(story.last(), 1);
    }

    #[test]
    fn what_is_waited_for_is_told_once_and_again_only_when_it_changes() {
        let mut story = Story::default();
        let states = ["users 0 of 2", "users 0 of 2", "users 1 of 2"];
        let mut events = vec![];
        for (turn, what) in (0..).zip(states) {
            events.push(event(turn * 2 + 1, turn, entered("AwaitHealthy")));
            events.push(event(turn * 2 + 2, turn, waiting(Some(what))));
        }
        let lines = story.tell(&events);
        assert_eq!(
            lines,
            [
                "  0:00 AwaitHealthy",
                "       waiting: users 0 of 2",
                "       waiting: users 1 of 2"
            ]
        );
    }

    #[test]
    fn how_it_stands_is_the_time_the_state_a_bar_and_what_is_waited_for() {
        let mut story = Story::default();
        let now = Timestamp::from_second(65).unwrap();
        assert_eq!(story.standing(Mode::Drill, now), None);
        story.tell(&[event(1, 0, entered("Scale up"))]);
        let bar = "[##########----------] step 8 of 13";
        let line = format!("  1:05 Scale up      {bar}");
        assert_eq!(story.standing(Mode::Drill, now), Some(line.clone()));
        story.tell(&[event(2, 0, waiting(Some("users 1 of 2")))]);
        let line = format!("{line}  users 1 of 2");
        assert_eq!(story.standing(Mode::Drill, now), Some(line));
    }

    #[test]
    fn a_waiting_that_ended_and_begins_anew_is_told_anew() {
        let mut story = Story::default();
        let turns = [Some("2 tasks"), None, Some("2 tasks")];
        let events = (1..)
            .zip(turns)
            .map(|(id, what)| event(id, 0, waiting(what)));
        assert_eq!(story.tell(&events.collect::<Vec<_>>()).len(), 2);
    }

    #[test]
    fn an_output_that_is_no_run_changes_nothing() {
        let mut story = Story::default();
        story.tell(&[event(1, 0, waiting(Some("2 tasks")))]);
        let other = What::Left(vec![
            Value::from("fine"),
            serde_json::json!({"digests": {}}),
        ]);
        let lines = story.tell(&[event(2, 1, other), event(3, 2, waiting(Some("2 tasks")))]);
        assert!(lines.is_empty());
        assert!(story.run().is_some());
    }

    #[test]
    fn a_call_that_fails_again_and_again_is_told_once_by_its_message() {
        let stumbled = || {
            What::Stumbled(Caught {
                error: "Unavailable".into(),
                cause: r#"{"errorMessage":"scale users in us-west-2: Throttled"}"#.into(),
            })
        };
        let mut story = Story::default();
        let lines = story.tell(&[event(1, 0, stumbled()), event(2, 3, stumbled())]);
        assert_eq!(
            lines,
            ["       failed:  Unavailable: scale users in us-west-2: Throttled"]
        );
    }
}
