//! Looks at an execution again and again until it has ended.

use std::time::Duration;

use jiff::Timestamp;
use lifeboat_core::{Failure, Region, failure::Caught, request::Mode, run::name_of};
use serde_json::Value;

use crate::{
    glimpse::{Glimpse, glimpse},
    narrate::Story,
    person::Person,
    workflow::{Standing, Workflow},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// With the run that it handed on last, where one could be read.
    Succeeded(Option<Glimpse>),
    Failed(Caught),
}

/// Whatever goes wrong between here and the region is no failure of the execution, which goes on there.
pub async fn follow(
    workflow: &impl Workflow,
    execution: &str,
    region: &Region,
    mode: Mode,
    pause: Duration,
    person: &mut impl Person,
) -> Ending {
    let mut story = Story::default();
    let mut trouble = None;
    loop {
        match look(workflow, execution, &mut story).await {
            Ok((lines, ended)) => {
                if trouble.take().is_some() {
                    person.say(&format!("{region} answers again"));
                }
                lines.iter().for_each(|line| person.say(line));
                if let Some(ending) = ended {
                    return ending;
                }
            }
            Err(why) => {
                let why = why.to_string();
                if trouble.as_ref() != Some(&why) {
                    person.say(&format!(
                        "cannot see {} for the moment; it goes on in {region}, and this tries again: {why}",
                        name_of(execution)
                    ));
                    trouble = Some(why);
                }
            }
        }
        if let Some(standing) = story.standing(mode, Timestamp::now()) {
            person.show(&standing);
        }
        tokio::time::sleep(pause).await;
    }
}

/// Standing first and history second, so that of what has ended everything is told.
async fn look(
    workflow: &impl Workflow,
    execution: &str,
    story: &mut Story,
) -> Result<(Vec<String>, Option<Ending>), Failure> {
    let standing = workflow.standing(execution).await?;
    let lines = match (workflow.events(execution, story.last()).await, &standing) {
        (Ok(events), _) => story.tell(&events),
        (Err(why), Standing::Running) => return Err(why),
        // It has ended; that its last lines cannot be read must not keep anybody here.
        (Err(why), Standing::Succeeded(_) | Standing::Failed(_)) => vec![why.to_string()],
    };
    Ok((lines, ending(standing, story.run())))
}

fn ending(standing: Standing, seen: Option<&Glimpse>) -> Option<Ending> {
    let last = |output: &Value| glimpse(output).or_else(|| seen.cloned());
    match standing {
        Standing::Running => None,
        Standing::Succeeded(output) => Some(Ending::Succeeded(last(&output))),
        Standing::Failed(caught) => Some(Ending::Failed(caught)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        person::memory::Somebody,
        workflow::{Event, What, memory::Scripted},
    };

    fn entered(id: i64, state: &str) -> Event {
        Event {
            id,
            at: Timestamp::UNIX_EPOCH,
            what: What::Entered(state.into()),
        }
    }

    fn silent() -> Failure {
        let region = Region::new("us-west-2").unwrap();
        Failure::unavailable("look at", "forum-1", &region, "timed out")
    }

    async fn told(workflow: &Scripted) -> (Ending, Vec<String>) {
        let region = Region::new("us-west-2").unwrap();
        let mut somebody = Somebody::default();
        let (mode, pause) = (Mode::Unplanned, Duration::ZERO);
        let ending = follow(workflow, "a:forum-1", &region, mode, pause, &mut somebody).await;
        (ending, somebody.told)
    }

    #[tokio::test]
    async fn an_execution_is_followed_to_its_end_and_each_event_is_told_once() {
        let workflow = Scripted::new([
            Ok(Standing::Running),
            Ok(Standing::Running),
            Ok(Standing::Succeeded(Value::Null)),
        ]);
        workflow.happens([entered(1, "Decide"), entered(2, "Lease")]);
        let (ending, lines) = told(&workflow).await;
        assert_eq!(ending, Ending::Succeeded(None));
        assert_eq!(lines, ["  0:00 Decide", "  0:00 Lease"]);
    }

    #[tokio::test]
    async fn trouble_on_the_way_is_no_failure_of_the_execution_and_is_told_once() {
        let workflow = Scripted::new([
            Err(silent()),
            Err(silent()),
            Ok(Standing::Running),
            Ok(Standing::Succeeded(Value::Null)),
        ]);
        workflow.happens([entered(1, "Decide")]);
        let (ending, lines) = told(&workflow).await;
        assert_eq!(ending, Ending::Succeeded(None));
        assert!(
            lines[0].contains("goes on in us-west-2") && lines[0].contains("timed out"),
            "{lines:?}"
        );
        assert_eq!(lines[1..], ["us-west-2 answers again", "  0:00 Decide"]);
    }

    #[tokio::test]
    async fn what_ended_is_over_although_its_history_cannot_be_read() {
        let caught = Caught {
            error: "Stale".into(),
            cause: "epoch 1".into(),
        };
        let workflow = Scripted::new([Ok(Standing::Failed(caught.clone()))]);
        workflow.hide_history(silent());
        let (ending, lines) = told(&workflow).await;
        assert_eq!(ending, Ending::Failed(caught));
        assert_eq!(lines, [silent().to_string()]);
    }
}
