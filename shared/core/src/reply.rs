//! Questions that nobody waits for: how a reply is found, and when a question is put again.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Epoch, Invalid, run::Step};

/// Names a question, and the object that its reply is written to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReplyId(String);

const LONGEST: usize = 100;

impl ReplyId {
    /// No two executions have an epoch in common, and one that begins anew asks at another moment: what was replied
    /// before, to whomever, is never read for it.
    pub fn of_step(epoch: Epoch, step: Step, first_asked: Timestamp) -> Self {
        let moment = first_asked.strftime("%Y%m%d-%H%M%S-%3f");
        Self(format!("{epoch}-{}-{moment}", step.word()))
    }

    /// A region is salvaged once for the epoch that replaced it.
    pub fn of_salvage(winner: Epoch) -> Self {
        Self(format!("{winner}-salvage"))
    }

    /// In the control bucket of the region that replies.
    pub fn key(&self) -> String {
        format!("replies/{self}.json")
    }
}

impl TryFrom<String> for ReplyId {
    type Error = Invalid;
    fn try_from(id: String) -> Result<Self, Invalid> {
        let safe = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        match (1..=LONGEST).contains(&id.len()) && id.chars().all(safe) {
            true => Ok(Self(id)),
            false => Err(Invalid::new(
                "id",
                format!("at most {LONGEST} letters, digits, - and _"),
                format!("{id:?}"),
            )),
        }
    }
}

impl From<ReplyId> for String {
    fn from(id: ReplyId) -> Self {
        id.0
    }
}

impl fmt::Display for ReplyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A question that was taken, and whose reply was not read yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub id: ReplyId,
    /// How often it was put, and when last.
    pub times: u32,
    pub at: Timestamp,
}

/// A question that was taken is answered within this, or it may be lost.
const COMES_SECONDS: i64 = 30;

impl Asked {
    pub fn first(id: ReplyId, now: Timestamp) -> Self {
        let (times, at) = (1, now);
        Self { id, times, at }
    }

    pub fn again(&self, now: Timestamp) -> Self {
        Self {
            id: self.id.clone(),
            times: self.times + 1,
            at: now,
        }
    }

    /// Whether it is put again. Each time it is given twice as long: whoever works for minutes must not be set to work
    /// many times at once.
    pub fn overdue(&self, now: Timestamp) -> bool {
        let given = COMES_SECONDS << self.times.saturating_sub(1).min(10);
        now.as_second() - self.at.as_second() >= given
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn at(seconds: i64) -> Timestamp {
        START + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn questions_of_another_epoch_step_or_moment_have_other_replies() {
        let id = |epoch, step, moment| ReplyId::of_step(Epoch(epoch), step, moment);
        let first = id(2, Step::Compare, START);
        assert_eq!(first.key(), "replies/2-compare-19700101-000000-000.json");
        for other in [
            id(4, Step::Compare, START),
            id(2, Step::FinalBackup, START),
            id(2, Step::Compare, START + SignedDuration::from_millis(1)),
            ReplyId::of_salvage(Epoch(2)),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn every_id_that_is_made_here_is_one_that_is_taken() {
        let made = Step::ALL.map(|step| ReplyId::of_step(Epoch(u64::MAX), step, START));
        for id in made.into_iter().chain([ReplyId::of_salvage(Epoch(1))]) {
            assert_eq!(ReplyId::try_from(String::from(id.clone())), Ok(id));
        }
    }

    #[test]
    fn an_id_that_could_be_another_objects_name_is_refused() {
        let long = "a".repeat(LONGEST + 1);
        for id in ["", "../state", "a/b", "a.json", "a b", "ä", &long] {
            let refused = ReplyId::try_from(id.to_owned()).unwrap_err();
            assert_eq!(refused.field, "id");
        }
    }

    #[test]
    fn a_question_without_a_reply_is_put_again_each_time_after_twice_as_long() {
        let (mut asked, mut put) = (Asked::first(ReplyId::of_salvage(Epoch(1)), START), vec![]);
        for second in 0..900 {
            if asked.overdue(at(second)) {
                asked = asked.again(at(second));
                put.push(second);
            }
        }
        assert_eq!(put, [30, 90, 210, 450]);
        assert_eq!(asked.times, 5);
    }
}
