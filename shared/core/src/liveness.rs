//! Is the active region serving right now, as seen from the other one?

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What one question to the other region came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "because")]
pub enum Answer {
    Good,
    Bad(String),
    /// No answer within the time-out, or no connection.
    Silent(String),
    /// An answer that tells neither: taking a refusal for a death would let a fault in our own permissions agree with
    /// one bad signal.
    Unclear(String),
}

impl Answer {
    pub fn good(&self) -> bool {
        matches!(self, Self::Good)
    }

    /// A sign of death.
    fn dead(&self) -> bool {
        match self {
            Self::Bad(_) | Self::Silent(_) => true,
            Self::Good | Self::Unclear(_) => false,
        }
    }
}

/// What a question came to, and how long that took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub answer: Answer,
    pub milliseconds: u64,
}

impl Asked {
    pub fn good(&self) -> bool {
        self.answer.good()
    }

    fn dead(&self) -> bool {
        self.answer.dead()
    }
}

/// The peer at one moment, looked at in three ways that fail apart from each other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// Each service, asked through the peer's load balancer.
    pub services: BTreeMap<String, Asked>,
    /// What the peer's ECS says of the services.
    pub tasks: Answer,
    /// Whether the peer's own probe was heard lately, through the peer's storage.
    pub heartbeat: Answer,
    /// This region's own storage: a region that cannot reach itself cannot judge another.
    pub myself: Answer,
}

impl Look {
    /// How many of the three ways say that the peer is down.
    fn signs(&self) -> u8 {
        let load_balancer = self.services.values().all(Asked::dead);
        [load_balancer, self.tasks.dead(), self.heartbeat.dead()]
            .into_iter()
            .map(u8::from)
            .sum()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Liveness {
    pub verdict: Verdict,
    pub reasons: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Serving,
    /// Some services answer and some do not: no disaster, and not well.
    Impaired,
    Down,
    CannotTell,
}

/// A probe writes each minute, and up to half a minute later when what it looks at is silent: two in a row are missing.
const HEARD_SECONDS: i64 = 180;

/// When the peer's probe last wrote what it saw, as a sign of the peer's own life.
pub fn heartbeat(last: Result<Option<Timestamp>, Answer>, now: Timestamp) -> Answer {
    match last {
        Err(answer) => answer,
        Ok(None) => Answer::Unclear("it has never written what it saw".into()),
        Ok(Some(at)) => match now.as_second() - at.as_second() {
            age if age > HEARD_SECONDS => Answer::Bad(format!("last heard {age} s ago")),
            _ => Answer::Good,
        },
    }
}

/// Down means: in every look no service answered, and so many of the three ways of looking said so.
pub fn judge(looks: &[Look], quorum: u8) -> Liveness {
    let cannot_tell = |reasons| Liveness {
        verdict: Verdict::CannotTell,
        reasons,
    };
    let Some(last) = looks.last().filter(|look| !look.services.is_empty()) else {
        return cannot_tell(vec!["no service was looked at".into()]);
    };
    if let Some(Answer::Bad(why) | Answer::Silent(why) | Answer::Unclear(why)) =
        looks.iter().map(|l| &l.myself).find(|a| !a.good())
    {
        return cannot_tell(vec![format!(
            "this region cannot reach its own storage: {why}"
        )]);
    }
    let mut reasons: Vec<String> = last
        .services
        .iter()
        .filter_map(|(name, asked)| say(name, &asked.answer))
        .collect();
    if looks
        .iter()
        .any(|look| look.services.values().any(Asked::good))
    {
        let verdict = if last.services.values().all(Asked::good) {
            Verdict::Serving
        } else {
            Verdict::Impaired
        };
        return Liveness { verdict, reasons };
    }
    reasons.extend(say("ECS", &last.tasks));
    reasons.extend(say("its probe", &last.heartbeat));
    let signs = looks.iter().map(Look::signs).min().unwrap_or(0);
    if signs >= quorum {
        return Liveness {
            verdict: Verdict::Down,
            reasons,
        };
    }
    reasons.push(format!(
        "{signs} of 3 ways of looking say that it is down, and {quorum} must: the fault may lie between the regions"
    ));
    cannot_tell(reasons)
}

fn say(what: &str, answer: &Answer) -> Option<String> {
    match answer {
        Answer::Good => None,
        Answer::Bad(why) => Some(format!("{what}: {why}")),
        Answer::Silent(why) => Some(format!("{what}: no answer ({why})")),
        Answer::Unclear(why) => Some(format!("{what}: cannot tell ({why})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(users: Answer, posts: Answer, tasks: Answer, heartbeat: Answer) -> Look {
        let services = [("users", users), ("posts", posts)].map(|(name, answer)| {
            let milliseconds = 70;
            let asked = Asked {
                answer,
                milliseconds,
            };
            (name.to_owned(), asked)
        });
        let services = services.into();
        Look {
            services,
            tasks,
            heartbeat,
            myself: Answer::Good,
        }
    }

    fn silent() -> Answer {
        Answer::Silent("timed out".into())
    }

    fn verdict(looks: &[Look]) -> Verdict {
        judge(looks, 2).verdict
    }

    #[test]
    fn a_region_is_down_when_nothing_serves_and_another_signal_agrees() {
        let dead = look(silent(), silent(), silent(), silent());
        assert_eq!(verdict(&[dead.clone(), dead]), Verdict::Down);
        for (tasks, heartbeat) in [(silent(), Answer::Good), (Answer::Good, silent())] {
            let half = look(silent(), silent(), tasks, heartbeat);
            assert_eq!(verdict(&[half.clone(), half]), Verdict::Down);
        }
    }

    #[test]
    fn one_look_that_succeeds_is_enough_not_to_be_down() {
        let dead = look(silent(), silent(), silent(), silent());
        let fine = look(Answer::Good, Answer::Good, Answer::Good, Answer::Good);
        assert_eq!(verdict(&[dead.clone(), fine.clone()]), Verdict::Serving);
        assert_eq!(verdict(&[fine, dead.clone()]), Verdict::Impaired);
        let doubtful = look(silent(), silent(), Answer::Good, Answer::Good);
        assert_eq!(verdict(&[doubtful, dead]), Verdict::CannotTell);
    }

    #[test]
    fn silence_through_the_load_balancer_alone_cannot_tell() {
        let doubtful = look(silent(), silent(), Answer::Good, Answer::Good);
        assert_eq!(
            verdict(&[doubtful.clone(), doubtful.clone()]),
            Verdict::CannotTell
        );
        let reasons = judge(&[doubtful], 2).reasons;
        assert!(reasons[2].starts_with("1 of 3 ways"), "{reasons:?}");
    }

    #[test]
    fn the_quorum_says_how_many_ways_of_looking_must_agree() {
        use Verdict::{CannotTell, Down};
        let bad = || Answer::Bad("no task runs".into());
        for (tasks, heartbeat, by_quorum) in [
            (Answer::Good, Answer::Good, [Down, CannotTell, CannotTell]),
            (bad(), Answer::Good, [Down, Down, CannotTell]),
            (bad(), silent(), [Down, Down, Down]),
        ] {
            let look = look(silent(), silent(), tasks, heartbeat);
            for (quorum, expected) in (1..).zip(by_quorum) {
                assert_eq!(judge(std::slice::from_ref(&look), quorum).verdict, expected);
            }
        }
    }

    #[test]
    fn no_quorum_is_reached_without_the_load_balancer() {
        let answered = look(Answer::Good, silent(), silent(), silent());
        for quorum in 1..=3 {
            let judged = judge(std::slice::from_ref(&answered), quorum);
            assert_eq!(judged.verdict, Verdict::Impaired);
        }
    }

    #[test]
    fn a_refusal_is_no_sign_of_death() {
        let refused = || Answer::Unclear("AccessDenied".into());
        for (tasks, heartbeat) in [(refused(), refused()), (refused(), Answer::Good)] {
            let look = look(silent(), silent(), tasks, heartbeat);
            assert_eq!(verdict(&[look.clone(), look]), Verdict::CannotTell);
        }
    }

    #[test]
    fn a_probe_that_was_not_heard_for_three_minutes_is_a_sign_of_death_and_one_never_heard_is_none()
    {
        let now = Timestamp::from_second(1000).unwrap();
        let heard =
            |ago: i64| heartbeat(Ok(Some(Timestamp::from_second(1000 - ago).unwrap())), now);
        assert!(heard(180).good() && heard(-5).good());
        assert_eq!(heard(181), Answer::Bad("last heard 181 s ago".into()));
        assert!(heartbeat(Err(silent()), now).dead());
        let never = heartbeat(Ok(None), now);
        assert!(!never.good() && !never.dead());
    }

    #[test]
    fn a_region_that_cannot_reach_itself_cannot_tell() {
        let mut cut_off = look(silent(), silent(), silent(), silent());
        cut_off.myself = silent();
        assert_eq!(verdict(&[cut_off]), Verdict::CannotTell);
        assert_eq!(verdict(&[]), Verdict::CannotTell);
    }

    #[test]
    fn one_service_that_fails_is_no_disaster() {
        let impaired = look(
            Answer::Good,
            Answer::Bad("503".into()),
            Answer::Good,
            Answer::Good,
        );
        let liveness = judge(&[impaired.clone(), impaired], 2);
        assert_eq!(liveness.verdict, Verdict::Impaired);
        assert_eq!(liveness.reasons, ["posts: 503"]);
    }
}
