//! What a person asks for, as far as it can be judged without changing anything.

use jiff::Timestamp;
use lifeboat_core::{
    Configuration, Epoch, Invalid, Region, Side,
    decide::Fact,
    probe::ProbeReport,
    request::{Mode, Request, RequestedBy},
};

use crate::{Trouble, person::Consent, words::length};

#[derive(Debug, Clone)]
pub struct Order {
    pub to: Region,
    pub mode: Mode,
    pub reason: String,
    /// Who gives it, as AWS knows them.
    pub by: Option<String>,
    /// With a plan: the mode that is planned for.
    pub of: Option<Mode>,
    /// The digest of the plan that is carried out.
    pub plan: Option<String>,
    /// With a drill: tasks of each service.
    pub tasks: Option<u32>,
    pub overrides: Vec<(Fact, String)>,
    pub course: Course,
}

/// How far it goes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// To the plan, and no further.
    DryRun,
    /// To a question; a plan is looked at first.
    Asking,
    /// It was agreed to beforehand.
    AtOnce,
}

impl Order {
    pub fn request(&self) -> Result<Request, Trouble> {
        let mut request = Request::new(self.mode, RequestedBy::Person, self.reason.trim());
        (request.of, request.plan, request.tasks) = (self.of, self.plan.clone(), self.tasks);
        request.by = self.by.clone();
        for (fact, reason) in &self.overrides {
            if request.overrides.contains_key(fact) {
                let twice = format!("{fact} twice");
                return Err(Invalid::new("override", "each fact once", twice).into());
            }
            request = request.overriding(*fact, reason);
        }
        request.validate()?;
        Ok(request)
    }

    /// Whatever moves users is agreed to by somebody: at the terminal, or with `--yes`.
    pub fn consent(&self, terminal: bool) -> Result<Consent, Trouble> {
        match (self.mode, self.course, terminal) {
            (Mode::Plan | Mode::Drill, ..) | (_, Course::DryRun | Course::AtOnce, _) => {
                Ok(Consent::Given)
            }
            (Mode::Planned | Mode::Unplanned, Course::Asking, true) => Ok(Consent::Ask),
            (mode @ (Mode::Planned | Mode::Unplanned), Course::Asking, false) => {
                Err(Trouble::BadInput(format!(
                    "a failover in mode {} to {} asks before it starts, and there is no terminal to ask at. Nothing was started.\nGive --yes if it is agreed to already, or --dry-run to see what it would do",
                    mode.as_str(),
                    self.to
                )))
            }
        }
    }

    /// The plan that is looked at before this is begun, where one is.
    pub fn plan_first(&self, consent: Consent) -> Option<Self> {
        let wanted = match (self.mode, self.course) {
            (Mode::Plan, _) => false,
            (_, Course::DryRun) => true,
            _ => consent == Consent::Ask && self.plan.is_none(),
        };
        wanted.then(|| Self {
            mode: Mode::Plan,
            of: Some(self.mode),
            plan: None,
            tasks: None,
            // A plan shows every fact as it is.
            overrides: vec![],
            ..self.clone()
        })
    }

    pub fn side(&self, configuration: &Configuration) -> Result<Side, Trouble> {
        let side = configuration.pair()?.side(&self.to);
        side.map_err(|invalid| {
            Trouble::BadInput(format!(
                "--to: expected {}, found {}. Nothing was started",
                invalid.expected, invalid.found
            ))
        })
    }

    /// The time keeps two orders of one day apart.
    pub fn execution(&self, application: &str, now: Timestamp) -> String {
        let time = now.strftime("%Y%m%d-%H%M%S");
        format!("{application}-{}-{time}", self.mode.as_str())
    }

    pub fn already_active(&self, epoch: Epoch) -> Trouble {
        Trouble::BadInput(format!(
            "--to: expected the passive region, found {}, which is active already, at epoch {epoch}. Nothing was started.\nLook at `lifeboat status`",
            self.to
        ))
    }

    /// What is at stake, said before anybody agrees to it.
    pub fn stakes(
        &self,
        configuration: &Configuration,
        probe: Option<&ProbeReport>,
        now: Timestamp,
    ) -> String {
        let (application, to) = (&configuration.application, &self.to);
        let other = match *to == configuration.home {
            true => &configuration.standby,
            false => &configuration.home,
        };
        let what = match self.mode {
            Mode::Plan => return String::new(),
            Mode::Drill => {
                return format!(
                    "This rehearses a failover of {application} to {to}: tasks run there for some minutes, and users notice nothing."
                );
            }
            Mode::Planned => format!(
                "Writes stop in {other} until {to} serves. Nothing is lost; what fails before users are moved is put back."
            ),
            Mode::Unplanned => {
                format!(
                    "{other} is presumed dead. {} {other} is fenced, also if it comes back, and nothing is undone by itself.",
                    losses(to, probe, now)
                )
            }
        };
        let mode = self.mode.as_str();
        let overrides = self.overrides.iter();
        let in_spite: String = overrides
            .map(|(fact, reason)| format!("\nIn spite of {fact}: {reason}"))
            .collect();
        format!("This starts a failover of {application} to {to}, {mode}.\n{what}{in_spite}")
    }
}

fn losses(to: &Region, probe: Option<&ProbeReport>, now: Timestamp) -> String {
    match probe.map(|probe| &probe.readiness.newest_backup) {
        Some(Some(backup)) => format!(
            "The newest backup seen in {to} is {}, {} old: what was written since will be missing there, and is saved aside when the other region returns.",
            backup.name,
            length(now.as_second() - backup.name.at.as_second())
        ),
        Some(None) => format!("No backup was seen in {to}, so it will be refused."),
        None => format!(
            "No report of the probe could be read in {to}, so nobody knows here how old its newest backup is."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifeboat_core::{backup::BackupKey, configuration::sample, liveness::Verdict, probe};

    fn order(to: &str, mode: Mode) -> Order {
        Order {
            to: Region::new(to).unwrap(),
            mode,
            reason: "a drill".into(),
            by: None,
            of: None,
            plan: None,
            tasks: None,
            overrides: vec![],
            course: Course::Asking,
        }
    }

    #[test]
    fn an_empty_reason_is_bad_input() {
        let mut silent = order("us-west-2", Mode::Planned);
        silent.reason = " ".into();
        let trouble = silent.request().unwrap_err();
        assert_eq!(trouble.exit_code(), 2);
        assert!(trouble.to_string().contains("reason"));
    }

    #[test]
    fn an_override_goes_into_the_request_and_is_said_before_anybody_agrees() {
        let mut sure = order("us-west-2", Mode::Unplanned);
        let down = (Fact::ActiveRegionDown, "I was there".to_owned());
        sure.overrides = vec![down.clone()];
        let request = sure.request().unwrap();
        assert_eq!(request.overrides, [down.clone()].into());
        let stakes = sure.stakes(&sample("us-west-2"), None, Timestamp::UNIX_EPOCH);
        assert!(stakes.ends_with("In spite of active_region_down: I was there"));
        sure.overrides = vec![down.clone(), down];
        let trouble = sure.request().unwrap_err();
        assert!(
            trouble.to_string().contains("active_region_down twice"),
            "{trouble}"
        );
        sure.overrides = vec![(Fact::LeaseFree, "I say so".into())];
        let trouble = sure.request().unwrap_err();
        assert_eq!(trouble.exit_code(), 2);
        assert!(trouble.to_string().contains("backup_fresh"), "{trouble}");
    }

    #[test]
    fn a_plan_is_looked_at_first_where_somebody_is_asked_or_nothing_else_is_wanted() {
        let mut planned = order("us-west-2", Mode::Planned);
        let first = planned.plan_first(Consent::Ask).unwrap();
        assert_eq!((first.mode, first.of), (Mode::Plan, Some(Mode::Planned)));
        assert!(first.request().is_ok());
        planned.plan = Some("d1".into());
        assert!(planned.plan_first(Consent::Ask).is_none(), "it was seen");
        (planned.plan, planned.course) = (None, Course::AtOnce);
        assert!(planned.plan_first(Consent::Given).is_none());
        let mut drill = order("us-west-2", Mode::Drill);
        (drill.course, drill.tasks) = (Course::DryRun, Some(1));
        let first = drill.plan_first(Consent::Given).unwrap();
        assert!(first.request().is_ok());
        assert!(
            order("us-west-2", Mode::Plan)
                .plan_first(Consent::Given)
                .is_none()
        );
    }

    #[test]
    fn a_region_outside_the_pair_is_bad_input_and_the_pair_is_named() {
        let refused = order("eu-west-1", Mode::Planned).side(&sample("us-east-1"));
        let trouble = refused.unwrap_err();
        assert_eq!(trouble.exit_code(), 2);
        assert!(
            trouble
                .to_string()
                .starts_with("--to: expected us-east-1 or us-west-2, found eu-west-1"),
            "{trouble}"
        );
    }

    #[test]
    fn without_a_terminal_and_without_yes_only_a_plan_starts() {
        assert_eq!(
            order("us-west-2", Mode::Plan).consent(false),
            Ok(Consent::Given)
        );
        for mode in [Mode::Planned, Mode::Unplanned] {
            let mut order = order("us-west-2", mode);
            let trouble = order.consent(false).unwrap_err();
            assert_eq!(trouble.exit_code(), 2);
            assert!(trouble.to_string().contains("--yes"), "{trouble}");
            assert_eq!(order.consent(true), Ok(Consent::Ask));
            for course in [Course::AtOnce, Course::DryRun] {
                order.course = course;
                assert_eq!(order.consent(false), Ok(Consent::Given));
            }
        }
    }

    #[test]
    fn an_execution_is_named_after_application_mode_and_time_in_utc() {
        let now = "2024-11-23T12:05:09Z".parse().unwrap();
        assert_eq!(
            order("us-west-2", Mode::Unplanned).execution("forum", now),
            "forum-unplanned-20241123-120509"
        );
    }

    #[test]
    fn what_will_be_lost_is_said_before_anybody_agrees() {
        let configuration = sample("us-west-2");
        let (to, home) = (&configuration.standby, &configuration.home);
        let mut report = probe::sample(to, home, Verdict::Down);
        report.readiness.newest_backup = Some(BackupKey {
            epoch: Epoch(0),
            region: home.clone(),
            name: "backup-20241123-120000".parse().unwrap(),
        });
        let now = "2024-11-23T12:05:00Z".parse().unwrap();
        let stakes = |mode, probe| order("us-west-2", mode).stakes(&configuration, probe, now);
        let unplanned = stakes(Mode::Unplanned, Some(&report));
        assert!(unplanned.contains("backup-20241123-120000, 5 min old"));
        assert!(unplanned.contains("us-east-1 is presumed dead"));
        assert!(stakes(Mode::Unplanned, None).contains("nobody knows here"));
        assert!(stakes(Mode::Planned, None).contains("Writes stop in us-east-1"));
    }
}
