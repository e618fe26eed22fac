use clap::{Args, Subcommand};
use jiff::Timestamp;
use lifeboat_core::{Invalid, Region, backup::Overrides};
use serde_json::{Map, Value};

use crate::{Trouble, person::Consent};

use super::{
    failover::{region, split},
    moment::moment,
};

#[derive(Debug, Subcommand)]
pub enum BackupVerb {
    /// Take a backup of every service now.
    Create(In),
    /// List the backups, the newest first.
    List(In),
    /// Show what is in a backup. It is read from the bucket.
    Show(Which),
    /// Read a backup back, every byte of it, and say whether it is what it was.
    Verify(Which),
    /// Restore some backup of the passive region into a scratch place, and remove it again.
    Prove(In),
    /// Show what a restore would do to which file, and why it would be refused. Changes nothing.
    Preview(Restoring),
    /// Put a backup in place, after its preview. What it replaces is kept as a backup of its own.
    Restore {
        #[command(flatten)]
        restore: Restoring,
        /// Do not ask; needed where nobody can answer.
        #[arg(long)]
        yes: bool,
    },
}

impl BackupVerb {
    pub fn place(&self) -> &In {
        match self {
            Self::Create(place) | Self::List(place) | Self::Prove(place) => place,
            Self::Show(which) | Self::Verify(which) => &which.place,
            Self::Preview(restore) | Self::Restore { restore, .. } => &restore.place,
        }
    }

    /// Whoever changes data agrees to it: at the terminal, or with `--yes`.
    pub fn consent(&self, terminal: bool) -> Result<Consent, Trouble> {
        match self {
            Self::Restore { yes: false, .. } if terminal => Ok(Consent::Ask),
            Self::Restore { yes: false, .. } => Err(Trouble::BadInput(
                "a restore asks before it begins, and there is no terminal to ask at. Nothing was touched.\nGive --yes if it is agreed to already, or see what it would do with `lifeboat backup preview`".into(),
            )),
            _ => Ok(Consent::Given),
        }
    }
}

/// Where it is done.
#[derive(Debug, Args)]
pub struct In {
    /// One of the pair. Unless given it is the active region; the passive one to prove a backup, and to see or read its images.
    // An id of its own: by that of its field it would be what `--region` or AWS_REGION says, which every verb takes.
    #[arg(id = "in", long, value_name = "REGION", value_parser = region)]
    pub region: Option<Region>,
}

#[derive(Debug, Args)]
pub struct Which {
    /// A name such as backup-20241123-120000, or newest.
    #[arg(default_value = "newest", value_parser = meant)]
    pub backup: String,
    #[command(flatten)]
    pub place: In,
}

#[derive(Debug, Args)]
pub struct Restoring {
    /// A name such as backup-20241123-120000, or newest.
    #[arg(required_unless_present = "before", value_parser = meant)]
    pub backup: Option<String>,
    /// The newest that was taken before this moment, such as 2024-11-23T12:00:00Z.
    #[arg(long, value_name = "MOMENT", value_parser = moment, conflicts_with = "backup")]
    pub before: Option<Timestamp>,
    /// Only this service; may be given for several.
    #[arg(long = "service", value_name = "NAME")]
    pub services: Vec<String>,
    /// Restore in spite of lower_epoch or nothing_writes, and why.
    #[arg(long = "override", value_name = "FACT=REASON", value_parser = overriding)]
    pub overrides: Vec<(String, String)>,
    #[command(flatten)]
    pub place: In,
}

impl Restoring {
    /// As it is written in an event.
    pub fn meant(&self) -> String {
        match (&self.before, &self.backup) {
            (Some(moment), _) => format!("before {moment}"),
            (None, backup) => backup.clone().unwrap_or_default(),
        }
    }

    pub fn overrides(&self) -> Result<Overrides, Invalid> {
        let mut all = Map::new();
        for (fact, reason) in &self.overrides {
            if all.insert(fact.clone(), reason.clone().into()).is_some() {
                return Err(Invalid::new(
                    "override",
                    "each once",
                    format!("{fact} twice"),
                ));
            }
        }
        let all = overrides(all)?;
        all.validate()?;
        Ok(all)
    }
}

fn overriding(text: &str) -> Result<(String, String), Invalid> {
    let (fact, reason) = split(text)?;
    let one = [(fact.to_owned(), reason.clone().into())];
    overrides(one.into_iter().collect())?;
    Ok((fact.to_owned(), reason))
}

/// By the names that the function knows them by.
fn overrides(all: Map<String, Value>) -> Result<Overrides, Invalid> {
    let read = serde_json::from_value(Value::Object(all));
    read.map_err(|why| Invalid::new("override", "what a restore may be done in spite of", why))
}

/// Names are looked for among those that there are; a moment is judged here.
fn meant(text: &str) -> Result<String, Invalid> {
    match text.strip_prefix("before ") {
        Some(at) => moment(at.trim()).map(|moment| format!("before {moment}")),
        None => Ok(text.to_owned()),
    }
}
