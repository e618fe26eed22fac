//! One function of one region, asked until it has done what it was asked for.

use lifeboat_aws::lambda::Functions;
use lifeboat_core::{Failure, Region};
use serde::{Serialize, de::DeserializeOwned};

use crate::{Trouble, person::Person};

#[allow(async_fn_in_trait)]
pub trait Ask {
    async fn ask<T: DeserializeOwned>(&self, event: &impl Serialize) -> Result<T, Failure>;
}

#[derive(Debug)]
pub struct Function {
    pub functions: Functions,
    pub name: String,
}

impl Ask for Function {
    async fn ask<T: DeserializeOwned>(&self, event: &impl Serialize) -> Result<T, Failure> {
        self.functions.ask(&self.name, event).await
    }
}

/// How often in a row the same may be heard before nobody believes that it gets any further.
const TRIES: u32 = 3;

/// What it did not finish in one invocation it goes on with when it is asked again.
pub async fn until_done<T: DeserializeOwned>(
    function: &impl Ask,
    event: &impl Serialize,
    person: &mut impl Person,
) -> Result<T, Failure> {
    let (mut last, mut heard) = (String::new(), 0);
    loop {
        let why = match function.ask(event).await {
            Err(why) => why,
            Ok(answer) => return Ok(answer),
        };
        let Some(how_far) = goes_on(&why) else {
            return Err(why);
        };
        heard = if how_far == last { heard + 1 } else { 1 };
        if heard == TRIES {
            return Err(why);
        }
        person.say(&format!(
            "not finished yet, so it is asked again: {how_far}"
        ));
        last = how_far;
    }
}

/// How far it came, where another invocation goes on from there.
fn goes_on(why: &Failure) -> Option<String> {
    match why {
        Failure::Unfinished(how_far) => Some(how_far.clone()),
        Failure::Unavailable(why) if why.cause.starts_with("Sandbox.Timedout") => Some(format!(
            "the time of one invocation of {} was over",
            why.object
        )),
        _ => None,
    }
}

/// The same, until the person goes away.
pub async fn until_gone<T>(
    function: &str,
    region: &Region,
    gone: impl Future<Output = ()>,
    act: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    tokio::select! {
        biased;
        () = gone => Err(Trouble::Interrupted(format!(
            "{function} may still be at work in {region}; only the waiting ended.\nThe same command again goes on where it came to"
        ))),
        outcome = act => outcome,
    }
}

#[cfg(test)]
pub(crate) mod memory {
    use std::cell::RefCell;

    use super::*;
    use serde_json::Value;

    /// A function whose answers are written down beforehand.
    #[derive(Debug)]
    pub(crate) struct Scripted {
        answers: RefCell<Vec<Result<Value, Failure>>>,
        pub(crate) asked: RefCell<Vec<Value>>,
    }

    impl Scripted {
        pub(crate) fn new(answers: impl IntoIterator<Item = Result<Value, Failure>>) -> Self {
            let mut answers: Vec<_> = answers.into_iter().collect();
            answers.reverse();
            Self {
                answers: RefCell::new(answers),
                asked: RefCell::default(),
            }
        }
    }

    impl Ask for Scripted {
        async fn ask<T: DeserializeOwned>(&self, event: &impl Serialize) -> Result<T, Failure> {
            let event = serde_json::to_value(event).unwrap();
            self.asked.borrow_mut().push(event);
            let answer = self.answers.borrow_mut().pop().unwrap()?;
            Ok(serde_json::from_value(answer).unwrap())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{memory::Scripted, *};
    use crate::person::memory::Somebody;
    use serde_json::{Value, json};

    fn unfinished(how_far: &str) -> Result<Value, Failure> {
        Err(Failure::Unfinished(how_far.into()))
    }

    fn late(request: &str) -> Result<Value, Failure> {
        let region = Region::new("us-east-1").unwrap();
        let cause = format!("Sandbox.Timedout: {request} timed out after 900 s");
        Err(Failure::unavailable("ask", "forum-backup", &region, cause))
    }

    async fn asked(
        answers: impl IntoIterator<Item = Result<Value, Failure>>,
    ) -> (Result<u32, Failure>, Vec<String>, usize) {
        let (function, mut somebody) = (Scripted::new(answers), Somebody::default());
        let answer = until_done(&function, &json!({ "action": "create" }), &mut somebody).await;
        let asked = function.asked.borrow();
        assert!(
            asked.iter().all(|event| *event == asked[0]),
            "the same each time"
        );
        (answer, somebody.told, asked.len())
    }

    #[tokio::test]
    async fn what_is_not_finished_is_asked_again_and_how_far_it_is_is_said() {
        let answers = [
            unfinished("1 of 3"),
            late("a"),
            unfinished("2 of 3"),
            Ok(7.into()),
        ];
        let (answer, told, times) = asked(answers).await;
        assert_eq!((answer, times), (Ok(7), 4));
        assert!(
            told[0].ends_with("asked again: 1 of 3") && told[2].ends_with("2 of 3"),
            "{told:?}"
        );
    }

    #[tokio::test]
    async fn what_gets_no_further_is_not_asked_for_ever() {
        let (answer, _, times) = asked(["1", "1", "1"].map(unfinished)).await;
        assert_eq!((answer.unwrap_err().name(), times), ("Unfinished", 3));
        let (answer, _, times) = asked(["a", "b", "c"].map(late)).await;
        assert_eq!((answer.unwrap_err().name(), times), ("Unavailable", 3));
    }

    #[tokio::test]
    async fn any_other_failure_is_one_at_once() {
        let stale = Failure::Stale("epoch 1".into());
        let (answer, told, times) = asked([Err(stale.clone())]).await;
        assert_eq!((answer, told.len(), times), (Err(stale), 0, 1));
    }

    #[tokio::test]
    async fn who_goes_away_hears_that_the_function_may_go_on() {
        let region = Region::new("us-east-1").unwrap();
        let never = std::future::pending::<Result<(), Trouble>>();
        let trouble = until_gone("forum-backup", &region, async {}, never)
            .await
            .unwrap_err();
        assert_eq!(trouble.exit_code(), 130);
        assert!(
            trouble
                .to_string()
                .contains("forum-backup may still be at work in us-east-1")
        );
    }
}
