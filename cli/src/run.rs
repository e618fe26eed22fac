//! From what was typed to what came of it.

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use clap::CommandFactory;
use clap_complete::Shell;
use jiff::Timestamp;
use lifeboat_aws::{Bucket, Patience};
use lifeboat_core::{Side, person, request::Mode};
use serde_json::json;

use crate::{
    Trouble,
    answer::{Answer, Says},
    arguments::{Arguments, BackupVerb, ImagesVerb, Lookup, ReportVerb, TestDr, Verb},
    ask::{Function, until_gone},
    backup::Backups,
    connection::Connection,
    doctor,
    failover::Reach,
    images::Images,
    order::Order,
    person::{Consent, Person},
    report,
    say::say,
    status, test_dr, timeline, whereabouts,
    workflow::StateMachine,
};

pub async fn run(
    arguments: Arguments,
    columns: usize,
    person: &mut impl Person,
) -> Result<Answer, Trouble> {
    let open = Connection::open(arguments.control_bucket, arguments.region);
    match arguments.verb {
        Verb::Status => show(&open.await?, columns, person).await,
        Verb::Failover(failover) => {
            let order = failover.order();
            // What can be judged here is judged before any region is asked.
            order.request()?;
            let consent = order.consent(io::stdin().is_terminal())?;
            start(&open.await?, &order, consent, person).await
        }
        Verb::Failback(failback) => {
            let connection = open.await?;
            let home = connection.configuration.home.clone();
            let order = failback.agreed.order(home, Mode::Planned);
            let consent = order.consent(io::stdin().is_terminal())?;
            start(&connection, &order, consent, person).await
        }
        Verb::Backup(verb) => {
            let consent = verb.consent(io::stdin().is_terminal())?;
            backup(&open.await?, verb, consent, person).await
        }
        Verb::Sync(sync) => {
            let connection = open.await?;
            let side = connection.active(sync.place.region.as_ref()).await?;
            let images = images(&connection, side);
            let act = images.sync(sync, person);
            until_gone(&images.function.name, images.region, interrupted(), act).await
        }
        Verb::Images(verb) => see(&open.await?, verb, person).await,
        Verb::Report(verb) => report(&open.await?, verb).await,
        Verb::TestDr(test) => test_dr(&open.await?, test, person).await,
        Verb::Follow(lookup) => follow(&open.await?, lookup, person).await,
        Verb::Doctor => examine(&open.await?, columns, person).await,
        Verb::Pause(word) => say(&open.await?, person::Verb::Pause, word).await,
        Verb::Resume(word) => say(&open.await?, person::Verb::Resume, word).await,
        Verb::Turn(word) => say(&open.await?, person::Verb::Turn, word).await,
        Verb::Approve(word) => say(&open.await?, person::Verb::Approve, word).await,
        Verb::Reject(word) => say(&open.await?, person::Verb::Reject, word).await,
        Verb::Commit(word) => say(&open.await?, person::Verb::Commit, word).await,
        Verb::Cancel(word) => say(&open.await?, person::Verb::Cancel, word).await,
        Verb::Acknowledge(word) => say(&open.await?, person::Verb::Acknowledge, word).await,
        Verb::Completions { shell } => completions(shell),
    }
}

async fn show(
    connection: &Connection,
    columns: usize,
    person: &mut impl Person,
) -> Result<Answer, Trouble> {
    let (home, standby) = (
        connection.place(Side::Home),
        connection.place(Side::Standby),
    );
    let facts =
        status::gather(&connection.configuration, &home, &standby, Timestamp::now()).await?;
    let text = status::render(&facts, columns);
    match facts.nobody_answered() {
        true => {
            person.say(text.trim_end());
            Err(Trouble::Failed(format!(
                "neither {} nor {} answered. Are your credentials valid, and is there a network?",
                facts.home.region, facts.standby.region
            )))
        }
        false => Answer::yes(text, &facts),
    }
}

async fn examine(
    connection: &Connection,
    columns: usize,
    person: &mut impl Person,
) -> Result<Answer, Trouble> {
    let configuration = &connection.configuration;
    let (here, there) = (
        connection.sight(Side::Home)?,
        connection.sight(Side::Standby)?,
    );
    person.show("looking at both regions");
    let states = connection.states().await?;
    let (home, standby) = tokio::join!(
        doctor::gather(configuration, Side::Home, &states, &here),
        doctor::gather(configuration, Side::Standby, &states, &there),
    );
    let found = doctor::Diagnosis::new(Timestamp::now(), configuration, &home, &standby);
    let text = doctor::render(&found, columns);
    Answer::new(found.all_right().into(), text, &found)
}

async fn start(
    connection: &Connection,
    order: &Order,
    consent: Consent,
    person: &mut impl Person,
) -> Result<Answer, Trouble> {
    order.request()?;
    let side = order.side(&connection.configuration)?;
    let reach = reach(connection, side);
    let now = Timestamp::now();
    let caller = connection.caller(side);
    reach
        .carry_out(order, caller, consent, now, person, interrupted())
        .await
}

async fn backup(
    connection: &Connection,
    verb: BackupVerb,
    consent: Consent,
    person: &mut impl Person,
) -> Result<Answer, Trouble> {
    let named = verb.place().region.as_ref();
    let active = connection.active(named).await?;
    let side = match (&verb, named) {
        // What is restored is proved where users are not.
        (BackupVerb::Prove(_), None) => active.other(),
        _ => active,
    };
    let backups = Backups {
        configuration: &connection.configuration,
        region: connection.configuration.region_of(side),
        function: connection.function(side, |functions| &functions.backup),
        now: Timestamp::now(),
    };
    let act = async {
        match &verb {
            BackupVerb::Create(_) => backups.create(person).await,
            BackupVerb::List(_) => backups.list(person).await,
            BackupVerb::Show(which) => {
                let bucket = connection.backups(side);
                backups.show(&which.backup, &bucket, person).await
            }
            BackupVerb::Verify(which) => backups.verify(&which.backup, person).await,
            BackupVerb::Prove(_) => backups.prove(person).await,
            BackupVerb::Preview(restore) => backups.preview(restore, person).await,
            BackupVerb::Restore { restore, .. } => backups.restore(restore, consent, person).await,
        }
    };
    until_gone(&backups.function.name, backups.region, interrupted(), act).await
}

/// What the passive region would start is seen there, and what is brought to it where it comes from.
async fn see(
    connection: &Connection,
    verb: ImagesVerb,
    person: &mut impl Person,
) -> Result<Answer, Trouble> {
    let named = verb.place().region.as_ref();
    let active = connection.active(named).await?;
    let side = match (&verb, named) {
        (ImagesVerb::Ready(_) | ImagesVerb::Verify { .. }, None) => active.other(),
        _ => active,
    };
    let images = images(connection, side);
    let act = async {
        match verb {
            ImagesVerb::List(_) => images.list(person).await,
            ImagesVerb::Ready(_) => images.ready(person).await,
            ImagesVerb::Verify { service, .. } => images.verify(service, person).await,
        }
    };
    until_gone(&images.function.name, images.region, interrupted(), act).await
}

fn images(connection: &Connection, side: Side) -> Images<'_, Function> {
    Images {
        configuration: &connection.configuration,
        region: connection.configuration.region_of(side),
        function: connection.function(side, |functions| &functions.image_sync),
    }
}

/// A region that is not ready would refuse the rehearsal, so none is begun.
async fn test_dr(
    connection: &Connection,
    test: TestDr,
    person: &mut impl Person,
) -> Result<Answer, Trouble> {
    let passive = connection.active(None).await?.other();
    let probe = connection.function(passive, |functions| &functions.health_probe);
    let answer = test_dr::answer(&test_dr::look(&probe).await?)?;
    if !test.start || answer.says == Says::No {
        return Ok(answer);
    }
    person.say(&answer.text);
    let region = connection.configuration.region_of(passive).clone();
    start(connection, &test.order(region), Consent::Given, person).await
}

async fn follow(
    connection: &Connection,
    lookup: Lookup,
    person: &mut impl Person,
) -> Result<Answer, Trouble> {
    let controls =
        [Side::Home, Side::Standby].map(|side| connection.control(side, Patience::Brief));
    let [home, standby] = &controls;
    let states = whereabouts::states(&connection.configuration, home, standby).await?;
    let wanted = whereabouts::execution(&connection.configuration, &states, &lookup)?;
    let reach = reach(connection, wanted.side);
    reach.follow(&wanted.name, person, interrupted()).await
}

fn reach(connection: &Connection, side: Side) -> Reach<'_, Bucket, StateMachine> {
    Reach {
        configuration: &connection.configuration,
        side,
        target: connection.control(side, Patience::Own),
        other: connection.control(side.other(), Patience::Brief),
        reports: connection.backups(side),
        workflow: connection.workflow(side),
        pause: Duration::from_secs(2),
    }
}

async fn report(connection: &Connection, verb: ReportVerb) -> Result<Answer, Trouble> {
    let archive = connection.archive();
    match verb {
        ReportVerb::List => {
            let all = archive.list().await?;
            Answer::yes(report::listed(&all, Timestamp::now()), &all)
        }
        ReportVerb::Show { name, out, open } => {
            let (region, found) = report::chosen(&archive, name.as_deref()).await?;
            let mut text = timeline::render(&found);
            if open || out.is_some() {
                let file = report::save(&archive, &region, found.name(), out.as_deref()).await?;
                text = format!("{text}\nThe page is {}", file.display());
                if open {
                    let opened = open::that_detached(&file);
                    opened.map_err(|why| {
                        Trouble::Failed(format!("open {}: {why}", file.display()))
                    })?;
                }
            }
            Answer::yes(text, &found)
        }
        ReportVerb::Verify => {
            let all = archive.verify().await?;
            let good = all.iter().all(|one| one.wrong.is_empty());
            Answer::new(good.into(), report::judged(&all), &all)
        }
    }
}

fn completions(shell: Shell) -> Result<Answer, Trouble> {
    let mut script = vec![];
    let mut command = Arguments::command();
    clap_complete::generate(shell, &mut command, "lifeboat", &mut script);
    let script = String::from_utf8_lossy(&script);
    Answer::yes(
        &*script,
        &json!({ "shell": shell.to_string(), "script": script }),
    )
}

/// Where it cannot be listened for, nothing is caught and the process ends as usual.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_completes_every_verb() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = completions(shell).unwrap().text;
            for verb in ["failover", "acknowledge", "completions"] {
                assert!(script.contains(verb), "{shell} does not know {verb}");
            }
        }
    }
}
