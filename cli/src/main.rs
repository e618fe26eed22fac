use std::{
    io::{self, BufRead, IsTerminal, Write},
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use jiff::Timestamp;
use lifeboat_aws::Patience;
use lifeboat_cli::{
    Trouble,
    arguments::{Arguments, ReportVerb, Verb, Word},
    connection::Connection,
    failover::{Person, Reach},
    order::Order,
    report, status, timeline,
};
use lifeboat_core::{Side, person};

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("lifeboat: {trouble}");
            ExitCode::from(trouble.exit_code())
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Trouble> {
    let open = Connection::open(arguments.control_bucket, arguments.region);
    match arguments.verb {
        Verb::Status { json } => show(&open.await?, json).await,
        Verb::Failover {
            to,
            mode,
            reason,
            of,
            plan,
            tasks,
            overrides,
            yes,
        } => {
            let order = Order {
                to,
                mode,
                reason,
                of,
                plan,
                tasks,
                overrides,
                yes,
            };
            // What can be judged here is judged before any region is asked.
            order.request()?;
            let consent = order.consent(io::stdin().is_terminal())?;
            let connection = open.await?;
            let side = order.side(&connection.configuration)?;
            let reach = Reach {
                configuration: &connection.configuration,
                side,
                target: connection.control(side, Patience::Own),
                other: connection.control(side.other(), Patience::Brief),
                reports: connection.backups(side, Patience::Brief),
                workflow: connection.workflow(side),
                pause: Duration::from_secs(2),
            };
            let now = Timestamp::now();
            reach
                .carry_out(&order, consent, now, &mut Terminal, interrupted())
                .await
        }
        Verb::Report(verb) => report(&open.await?, verb).await,
        Verb::Pause(word) => say(&open.await?, person::Verb::Pause, word).await,
        Verb::Resume(word) => say(&open.await?, person::Verb::Resume, word).await,
        Verb::Turn(word) => say(&open.await?, person::Verb::Turn, word).await,
        Verb::Approve(word) => say(&open.await?, person::Verb::Approve, word).await,
        Verb::Reject(word) => say(&open.await?, person::Verb::Reject, word).await,
        Verb::Commit(word) => say(&open.await?, person::Verb::Commit, word).await,
        Verb::Cancel(word) => say(&open.await?, person::Verb::Cancel, word).await,
        Verb::Acknowledge(word) => say(&open.await?, person::Verb::Acknowledge, word).await,
    }
}

async fn say(connection: &Connection, verb: person::Verb, word: Word) -> Result<(), Trouble> {
    let said = lifeboat_cli::say::say(connection, verb, word).await?;
    Terminal.say(&said);
    Ok(())
}

async fn show(connection: &Connection, json: bool) -> Result<(), Trouble> {
    let (home, standby) = (
        connection.place(Side::Home),
        connection.place(Side::Standby),
    );
    let facts =
        status::gather(&connection.configuration, &home, &standby, Timestamp::now()).await?;
    let text = match json {
        true => serde_json::to_string_pretty(&facts)
            .map_err(|why| Trouble::Failed(format!("write the status as JSON: {why}")))?,
        false => status::render(&facts),
    };
    Terminal.say(text.trim_end());
    match facts.nobody_answered() {
        true => Err(Trouble::Failed(format!(
            "neither {} nor {} answered. Are your credentials valid, and is there a network?",
            facts.home.region, facts.standby.region
        ))),
        false => Ok(()),
    }
}

async fn report(connection: &Connection, verb: ReportVerb) -> Result<(), Trouble> {
    let archive = connection.archive();
    match verb {
        ReportVerb::List => {
            let all = archive.list().await?;
            Terminal.say(&report::listed(&all, Timestamp::now()));
        }
        ReportVerb::Show { name, out, open } => {
            let (region, found) = report::chosen(&archive, name.as_deref()).await?;
            Terminal.say(&timeline::render(&found));
            if open || out.is_some() {
                let file = report::save(&archive, &region, found.name(), out.as_deref()).await?;
                Terminal.say(&format!("The page is {}", file.display()));
                if open {
                    let opened = open::that_detached(&file);
                    opened.map_err(|why| {
                        Trouble::Failed(format!("open {}: {why}", file.display()))
                    })?;
                }
            }
        }
        ReportVerb::Verify => {
            let all = archive.verify().await?;
            Terminal.say(&report::judged(&all));
            if all.iter().any(|one| !one.wrong.is_empty()) {
                return Err(Trouble::Failed(
                    "not every report is as it was written; the bucket keeps every version of each, and CloudTrail says who wrote it".into(),
                ));
            }
        }
    }
    Ok(())
}

struct Terminal;

impl Person for Terminal {
    /// Nobody reading any more is no reason to stop.
    fn say(&mut self, line: &str) {
        let _ = writeln!(io::stdout(), "{line}");
    }

    fn ask(&mut self, question: &str) -> Option<String> {
        let mut out = io::stdout();
        let _ = write!(out, "{question}").and_then(|()| out.flush());
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line).ok()?;
        (read > 0).then_some(line)
    }
}

/// Where it cannot be listened for, nothing is caught and the process ends as usual.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
