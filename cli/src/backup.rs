//! Backups, by asking the backup function of one region.

#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeSet;

use jiff::Timestamp;
use lifeboat_aws::{Below, Objects};
use lifeboat_backup::{Event, Outcome, Preview};
use lifeboat_core::{
    Configuration, Failure, Region,
    backup::{
        BackupKey, BackupName, Choice, Kind, LONGEST_MANIFEST, Manifest, Overrides, keep::KeptCopy,
    },
};

use crate::{
    Trouble,
    answer::{Answer, Says},
    arguments::Restoring,
    ask::{Ask, until_done},
    near::{self, did_you_mean},
    person::{Consent, Person, agrees},
};

/// The backups of one region.
#[derive(Debug)]
pub struct Backups<'a, F> {
    pub configuration: &'a Configuration,
    pub region: &'a Region,
    pub function: F,
    pub now: Timestamp,
}

/// What there is to choose from.
#[derive(Debug)]
struct Listed {
    backups: Vec<BackupKey>,
    kept: Vec<KeptCopy>,
    notes: Vec<String>,
}

/// A restore that can be asked for.
#[derive(Debug, Clone)]
struct Wanted {
    backup: Choice,
    services: Option<BTreeSet<String>>,
    overrides: Overrides,
}

impl<F: Ask> Backups<'_, F> {
    pub async fn create(&self, person: &mut impl Person) -> Result<Answer, Trouble> {
        person.say(&format!("taking a backup in {}", self.region));
        match self.ask(&Event::Create {}, person).await? {
            outcome @ Outcome::Created(_) => self.good(outcome),
            outcome => self.other(outcome),
        }
    }

    pub async fn list(&self, person: &mut impl Person) -> Result<Answer, Trouble> {
        match self.ask(&Event::List {}, person).await? {
            outcome @ Outcome::Listed { .. } => self.good(outcome),
            outcome => self.other(outcome),
        }
    }

    /// As it lies in the bucket.
    pub async fn show(
        &self,
        wanted: &str,
        bucket: &impl Objects,
        person: &mut impl Person,
    ) -> Result<Answer, Trouble> {
        let listed = self.listed(person).await?;
        let choice = self.choice(wanted, &listed)?;
        let kept = listed.kept.iter().map(|copy| &copy.backup);
        let (key, prefix) = match choice {
            Choice::Named(name) => match listed.backups.iter().find(|key| key.name == name) {
                Some(key) => (key.clone(), String::new()),
                None => {
                    let copy = kept.into_iter().find(|key| key.name == name);
                    let copy = copy.ok_or_else(|| self.unlisted(name))?;
                    (copy.clone(), copy.kept())
                }
            },
            choice => {
                let chosen = lifeboat_core::backup::choose(&listed.backups, choice)?;
                (chosen.clone(), String::new())
            }
        };
        let bucket = Below::new(bucket, prefix);
        let object = key.manifest();
        let found = bucket.get_at_most(&object, LONGEST_MANIFEST).await?;
        let found = found.ok_or_else(|| {
            Trouble::Failed(format!(
                "{} in {} is not there any more",
                bucket.object(&object),
                self.region
            ))
        })?;
        let manifest = Manifest::parse(&found.body, &self.configuration.application, &key)?;
        Answer::yes(text::manifest(&manifest, self.now), &manifest)
    }

    pub async fn verify(&self, wanted: &str, person: &mut impl Person) -> Result<Answer, Trouble> {
        let listed = self.listed(person).await?;
        let backup = self.choice(wanted, &listed)?;
        person.say(&format!(
            "reading {} back in {}",
            String::from(backup),
            self.region
        ));
        match until_done(&self.function, &Event::Verify { backup }, person).await {
            Ok(Outcome::Verified { verified }) => {
                let whole = verified.chain.broken.is_empty();
                Answer::new(whole.into(), text::verified(&verified), &verified)
            }
            Ok(outcome) => self.other(outcome),
            Err(Failure::NotVerified(why)) => Err(Trouble::No(format!(
                "{why}\nA failover takes the newest backup that needs none of it. To bring it back see \"A backup is damaged\" in the runbook"
            ))),
            Err(other) => Err(other.into()),
        }
    }

    pub async fn prove(&self, person: &mut impl Person) -> Result<Answer, Trouble> {
        person.say(&format!(
            "restoring some backup into a scratch place in {}",
            self.region
        ));
        match self.ask(&Event::Prove {}, person).await? {
            Outcome::Proved { proof } => {
                let good = proof.failed.is_none();
                Answer::new(good.into(), text::proof(&proof, self.region), &proof)
            }
            outcome => self.other(outcome),
        }
    }

    pub async fn preview(
        &self,
        restore: &Restoring,
        person: &mut impl Person,
    ) -> Result<Answer, Trouble> {
        let wanted = self.wanted(restore, person).await?;
        let preview = self.previewed(&wanted, person).await?;
        let text = text::preview(&preview, self.region, self.now);
        Answer::new(preview.refused.is_empty().into(), text, &preview)
    }

    /// Exactly the backup that was previewed, by its name: meanwhile another one may have become the newest.
    pub async fn restore(
        &self,
        restore: &Restoring,
        consent: Consent,
        person: &mut impl Person,
    ) -> Result<Answer, Trouble> {
        let wanted = self.wanted(restore, person).await?;
        let preview = self.previewed(&wanted, person).await?;
        person.say(&text::preview(&preview, self.region, self.now));
        if !preview.refused.is_empty() {
            return Answer::new(Says::No, "Nothing was restored.", &preview);
        }
        if consent == Consent::Ask {
            agrees(self.region, person)?;
        }
        let event = Event::Restore {
            backup: Choice::Named(preview.backup.name),
            services: wanted.services,
            overrides: wanted.overrides,
            scratch: false,
            execution: None,
        };
        match self.ask(&event, person).await? {
            outcome @ Outcome::Restored { .. } => self.good(outcome),
            outcome => self.other(outcome),
        }
    }

    async fn previewed(
        &self,
        wanted: &Wanted,
        person: &mut impl Person,
    ) -> Result<Preview, Trouble> {
        let Wanted {
            backup,
            services,
            overrides,
        } = wanted.clone();
        let event = Event::Preview {
            backup,
            services,
            overrides,
        };
        match self.ask(&event, person).await? {
            Outcome::Previewed { preview } => Ok(preview),
            outcome => Err(self.unexpected(&outcome)),
        }
    }

    async fn ask(&self, event: &Event, person: &mut impl Person) -> Result<Outcome, Trouble> {
        Ok(until_done(&self.function, event, person).await?)
    }

    async fn listed(&self, person: &mut impl Person) -> Result<Listed, Trouble> {
        match self.ask(&Event::List {}, person).await? {
            Outcome::Listed {
                backups,
                kept,
                notes,
            } => Ok(Listed {
                backups,
                kept,
                notes,
            }),
            outcome => Err(self.unexpected(&outcome)),
        }
    }

    /// Everything is judged before anything is asked for.
    async fn wanted(
        &self,
        restore: &Restoring,
        person: &mut impl Person,
    ) -> Result<Wanted, Trouble> {
        let overrides = restore.overrides()?;
        for name in &restore.services {
            near::service(self.configuration, name)?;
        }
        let services: BTreeSet<String> = restore.services.iter().cloned().collect();
        let listed = self.listed(person).await?;
        listed.notes.iter().for_each(|note| person.say(note));
        Ok(Wanted {
            backup: self.choice(&restore.meant(), &listed)?,
            services: Some(services).filter(|services| !services.is_empty()),
            overrides,
        })
    }

    /// What was typed, where there is such a one. What a restore replaced and a salvage are not listed, so the function says.
    fn choice(&self, wanted: &str, listed: &Listed) -> Result<Choice, Trouble> {
        let kept = listed.kept.iter().map(|copy| &copy.backup);
        let names = listed.backups.iter().chain(kept).map(|key| key.name);
        let names: BTreeSet<BackupName> = names.collect();
        let near = || {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            did_you_mean(wanted, names.iter().map(String::as_str))
        };
        let choice = Choice::try_from(wanted.to_owned())
            .map_err(|invalid| Trouble::BadInput(format!("{invalid}{}", near())))?;
        match choice {
            Choice::Named(name) if name.kind == Kind::Backup && !names.contains(&name) => {
                Err(Trouble::BadInput(format!(
                    "there is no {name} in {}{}\n`lifeboat backup list` shows what there is",
                    self.region,
                    near()
                )))
            }
            choice => Ok(choice),
        }
    }

    fn unlisted(&self, name: BackupName) -> Trouble {
        Trouble::BadInput(format!(
            "only backups are shown, and {name} in {} is none; `lifeboat backup preview {name}` says what is in it",
            self.region
        ))
    }

    fn good(&self, outcome: Outcome) -> Result<Answer, Trouble> {
        Answer::yes(text::outcome(&outcome, self.region, self.now), &outcome)
    }

    /// What says that nothing was done.
    fn other(&self, outcome: Outcome) -> Result<Answer, Trouble> {
        let said = match &outcome {
            Outcome::Passive { reason, .. } => format!(
                "{reason}: {} takes no backup. Nothing was done",
                self.region
            ),
            Outcome::Active { reason, .. } => {
                format!("{reason}: nothing is proved where users are. Nothing was done")
            }
            Outcome::Busy { reason } => format!("not now: {reason}. Nothing was done"),
            outcome => return Err(self.unexpected(outcome)),
        };
        Answer::new(Says::No, said, &outcome)
    }

    fn unexpected(&self, outcome: &Outcome) -> Trouble {
        Trouble::Failed(format!(
            "the backup function in {} answered something else: {outcome:?}.\nIs this command as new as what is deployed there?",
            self.region
        ))
    }
}
