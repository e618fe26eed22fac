//! Is the active region serving right now, as seen from the other one?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What one question to the other region came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "because")]
pub enum Answer {
    Good,
    Bad(String),
    /// No answer within the time-out, or no connection.
    Silent(String),
}

impl Answer {
    pub fn good(&self) -> bool {
        matches!(self, Self::Good)
    }
}

/// One look at the peer, from more than one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// Each service, asked through the peer's load balancer.
    pub services: BTreeMap<String, Answer>,
    /// The peer's ECS control plane.
    pub control_plane: Answer,
    /// The peer's storage.
    pub storage: Answer,
    /// This region's own storage: a region that cannot reach itself cannot judge another.
    pub myself: Answer,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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

/// Down means: in every look no service answered, and another signal than the load balancer agrees.
pub fn judge(looks: &[Look]) -> Liveness {
    let Some(last) = looks.last() else {
        return Liveness {
            verdict: Verdict::CannotTell,
            reasons: vec!["nobody looked".into()],
        };
    };
    if let Some(Answer::Bad(why) | Answer::Silent(why)) =
        looks.iter().map(|l| &l.myself).find(|a| !a.good())
    {
        return Liveness {
            verdict: Verdict::CannotTell,
            reasons: vec![format!("this region cannot reach its own storage: {why}")],
        };
    }
    let mut reasons: Vec<String> = last
        .services
        .iter()
        .filter_map(|(name, answer)| say(name, answer))
        .collect();
    if looks
        .iter()
        .any(|look| look.services.values().any(Answer::good))
    {
        let verdict = if last.services.values().all(Answer::good) {
            Verdict::Serving
        } else {
            Verdict::Impaired
        };
        return Liveness { verdict, reasons };
    }
    reasons.extend(say("control plane", &last.control_plane));
    reasons.extend(say("storage", &last.storage));
    let agreed = looks
        .iter()
        .all(|l| !l.control_plane.good() || !l.storage.good());
    if agreed && !last.services.is_empty() {
        return Liveness {
            verdict: Verdict::Down,
            reasons,
        };
    }
    reasons.push(
        "its control plane and storage answer well, so the fault may lie between the regions"
            .into(),
    );
    Liveness {
        verdict: Verdict::CannotTell,
        reasons,
    }
}

fn say(what: &str, answer: &Answer) -> Option<String> {
    match answer {
        Answer::Good => None,
        Answer::Bad(why) => Some(format!("{what}: {why}")),
        Answer::Silent(why) => Some(format!("{what}: no answer ({why})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(users: Answer, posts: Answer, control_plane: Answer, storage: Answer) -> Look {
        let services = [("users".to_owned(), users), ("posts".to_owned(), posts)].into();
        Look {
            services,
            control_plane,
            storage,
            myself: Answer::Good,
        }
    }

    fn silent() -> Answer {
        Answer::Silent("timed out".into())
    }

    #[test]
    fn a_region_is_down_when_nothing_serves_and_another_signal_agrees() {
        let dead = look(silent(), silent(), silent(), silent());
        assert_eq!(judge(&[dead.clone(), dead]).verdict, Verdict::Down);
    }

    #[test]
    fn one_look_that_succeeds_is_enough_not_to_be_down() {
        let dead = look(silent(), silent(), silent(), silent());
        let fine = look(Answer::Good, Answer::Good, Answer::Good, Answer::Good);
        assert_eq!(
            judge(&[dead.clone(), fine.clone()]).verdict,
            Verdict::Serving
        );
        assert_eq!(judge(&[fine, dead]).verdict, Verdict::Impaired);
    }

    #[test]
    fn silence_through_the_load_balancer_alone_cannot_tell() {
        let doubtful = look(silent(), silent(), Answer::Good, Answer::Good);
        assert_eq!(
            judge(&[doubtful.clone(), doubtful]).verdict,
            Verdict::CannotTell
        );
    }

    #[test]
    fn a_region_that_cannot_reach_itself_cannot_tell() {
        let mut cut_off = look(silent(), silent(), silent(), silent());
        cut_off.myself = silent();
        assert_eq!(judge(&[cut_off]).verdict, Verdict::CannotTell);
        assert_eq!(judge(&[]).verdict, Verdict::CannotTell);
    }

    #[test]
    fn one_service_that_fails_is_no_disaster() {
        let impaired = look(
            Answer::Good,
            Answer::Bad("503".into()),
            Answer::Good,
            Answer::Good,
        );
        let liveness = judge(&[impaired.clone(), impaired]);
        assert_eq!(liveness.verdict, Verdict::Impaired);
        assert_eq!(liveness.reasons, ["posts: 503"]);
    }
}
