//! What people were last told of an alarm that starts nothing, and whether there is news.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Epoch,
    decide::{Answer, Decision, Fact, Verdict},
};

/// An object of its own beside the region state. Forgotten, it costs one notice that comes twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Since when the alarm stands; what was told of another one says nothing about it.
    pub since: Timestamp,
    /// An execution that took a lease meanwhile told of itself, and what was said before it is old.
    pub epoch: Epoch,
    pub verdict: Verdict,
    /// What stands in the way. Not why: that holds ages and seconds, and is another each minute.
    pub blocking: BTreeMap<Fact, Answer>,
    pub at: Timestamp,
}

/// What people are to be told now, and what is remembered once they were.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    Changed(Told),
    /// They know it, but have not heard of it for a while.
    Still(Told),
    Nothing,
}

/// For that long people rely on what they were told last.
pub const REPEATED: SignedDuration = SignedDuration::from_hours(1);

impl Told {
    pub const KEY: &str = "told.json";

    /// What would be told of this decision.
    pub fn of(decision: &Decision, since: Timestamp, epoch: Epoch, now: Timestamp) -> Self {
        let blocking = decision.facts.iter().filter(|fact| fact.blocks());
        Self {
            // The alarm's message counts fractions of a second, and its description may not.
            since: Timestamp::from_second(since.as_second()).unwrap_or(since),
            epoch,
            verdict: decision.verdict,
            blocking: blocking.map(|fact| (fact.fact, fact.answer)).collect(),
            at: now,
        }
    }

    /// Whether this is news to whoever was told `last`.
    pub fn news(self, last: Option<&Self>) -> News {
        if self.verdict == Verdict::Start {
            // The execution tells of itself.
            return News::Nothing;
        }
        let Some(last) = last.filter(|last| self.says_the_same_as(last)) else {
            return News::Changed(self);
        };
        match self.at.duration_since(last.at) < REPEATED {
            true => News::Nothing,
            false => News::Still(self),
        }
    }

    fn says_the_same_as(&self, other: &Self) -> bool {
        let Self {
            since,
            epoch,
            verdict,
            blocking,
            at: _,
        } = self;
        (since, epoch, verdict, blocking)
            == (&other.since, &other.epoch, &other.verdict, &other.blocking)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::Weighed;

    fn told(seconds: i64, facts: &[(Fact, Answer)]) -> Told {
        let facts = facts.iter().map(|(fact, answer)| Weighed {
            fact: *fact,
            answer: *answer,
            why: format!("as seen at {seconds}"),
            needed: true,
            overridden: None,
        });
        let facts: Vec<Weighed> = facts.collect();
        let any = |answer| facts.iter().any(|fact| fact.answer == answer);
        let verdict = match (any(Answer::No), any(Answer::CannotTell)) {
            (true, _) => Verdict::Refuse,
            (false, true) => Verdict::Hold,
            (false, false) => Verdict::Start,
        };
        let decision = Decision { verdict, facts };
        let now = Timestamp::from_second(seconds).unwrap();
        Told::of(&decision, Timestamp::UNIX_EPOCH, Epoch(0), now)
    }

    const UNCLEAR: (Fact, Answer) = (Fact::ActiveRegionDown, Answer::CannotTell);
    const OLD: (Fact, Answer) = (Fact::BackupFresh, Answer::No);

    #[test]
    fn the_same_is_told_once_and_again_after_an_hour() {
        let first = told(0, &[UNCLEAR]);
        assert_eq!(first.clone().news(None), News::Changed(first.clone()));
        for (seconds, again) in [(60, false), (3599, false), (3600, true), (9000, true)] {
            let now = told(seconds, &[UNCLEAR]);
            let expected = match again {
                true => News::Still(now.clone()),
                false => News::Nothing,
            };
            assert_eq!(now.news(Some(&first)), expected, "{seconds}");
        }
    }

    #[test]
    fn another_verdict_another_reason_or_the_same_one_better_known_is_news() {
        let held = told(0, &[UNCLEAR]);
        for facts in [
            &[UNCLEAR, OLD][..],
            &[OLD],
            &[(Fact::ActiveRegionDown, Answer::No)],
            &[(Fact::LeaseFree, Answer::CannotTell)],
        ] {
            let now = told(60, facts);
            assert_eq!(
                now.clone().news(Some(&held)),
                News::Changed(now),
                "{facts:?}"
            );
        }
    }

    #[test]
    fn what_was_told_of_another_alarm_or_before_an_execution_is_old() {
        let held = told(0, &[UNCLEAR]);
        let mut another = told(60, &[UNCLEAR]);
        another.since = Timestamp::from_second(30).unwrap();
        let mut after = told(60, &[UNCLEAR]);
        after.epoch = Epoch(1);
        for now in [another, after] {
            assert_eq!(now.clone().news(Some(&held)), News::Changed(now));
        }
    }

    #[test]
    fn what_does_not_block_is_no_news_and_a_start_tells_of_itself() {
        let held = told(0, &[UNCLEAR]);
        let fine = (Fact::ImagesReady, Answer::Yes);
        assert_eq!(told(60, &[UNCLEAR, fine]).news(Some(&held)), News::Nothing);
        assert_eq!(told(60, &[fine]).news(Some(&held)), News::Nothing);
    }

    #[test]
    fn an_alarm_is_the_same_by_its_message_and_by_its_description() {
        let decision = Decision {
            verdict: Verdict::Hold,
            facts: vec![],
        };
        let of = |since: &str| {
            let since = since.parse().unwrap();
            Told::of(&decision, since, Epoch(0), Timestamp::UNIX_EPOCH)
        };
        assert_eq!(of("2024-11-23T12:05:01.337Z"), of("2024-11-23T12:05:01Z"));
    }
}
