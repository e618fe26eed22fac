use aws_lambda_events::event::sns::{SnsEvent, SnsMessage};
use jiff::Timestamp;
use lifeboat_aws::parse_event;
use lifeboat_core::{
    Configuration, Failure, Invalid,
    failure::Caught,
    person::Order,
    request::Request,
    run::{Run, Step},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the function may be asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Alarms(Vec<Alarm>),
    Own(Box<Own>),
}

/// Our own events: an unknown field is refused, but for those of a run, which an earlier or a later version may have begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Own {
    /// Each minute: a held decision is taken again, a replaced region is fenced and salvaged.
    Watch {},
    /// By its schedule: the passive region starts a drill.
    Rehearse {},
    /// The workflow's first step: a request becomes a run, or is refused.
    Begin {
        request: Request,
        execution: Execution,
    },
    Step {
        step: Step,
        run: Run,
    },
    /// The state machine stands still: people are told, and the token is kept until one of them answers.
    Hold {
        run: Run,
        token: String,
    },
    /// A person's word to the execution that is at work.
    Order {
        order: Order,
    },
    /// After a failure: put back what must be, release the lease, tell people.
    Undo {
        run: Run,
        failure: Caught,
        redrives: u32,
    },
    /// The end of a failed execution, or its second life when it was redriven.
    Fail {
        run: Run,
        failure: Caught,
        redrives: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Execution {
    pub arn: String,
    pub started: Timestamp,
}

/// As much of an alarm's message as is read, and the topic that brought it; CloudWatch adds fields.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Alarm {
    #[serde(skip)]
    pub topic: String,
    pub alarm_name: String,
    /// A composite alarm has a rule.
    #[serde(default)]
    pub alarm_rule: Option<String>,
    #[serde(default)]
    pub alarm_arn: String,
    pub new_state_value: String,
    #[serde(default)]
    pub new_state_reason: String,
    pub state_change_time: String,
}

impl Alarm {
    fn of(message: &SnsMessage) -> Result<Self, Failure> {
        let read: Self = serde_json::from_str(&message.message)
            .map_err(|e| Invalid::new("Sns.Message", "the message of a CloudWatch alarm", e))?;
        let topic = message.topic_arn.clone();
        Ok(Self { topic, ..read })
    }

    /// Why it starts nothing here: it is not the one alarm of this region, or does not stand.
    pub fn refusal(&self, configuration: &Configuration) -> Option<String> {
        let own = configuration.own();
        let (name, region) = (&self.alarm_name, &configuration.region);
        if self.topic != own.alarms_topic {
            return Some(format!(
                "{} starts nothing; only {} does",
                self.topic, own.alarms_topic
            ));
        }
        if self.alarm_rule.is_some() {
            return Some(format!(
                "{name} is a composite alarm, which starts nothing; only the metric alarm {} does",
                own.alarm
            ));
        }
        if *name != own.alarm {
            return Some(format!("{name} starts nothing; only {} does", own.alarm));
        }
        let parts: Vec<&str> = self.alarm_arn.splitn(7, ':').collect();
        let (account, alarm) = (&configuration.account, &own.alarm);
        let ours = ["cloudwatch", region.as_str(), account, "alarm", alarm];
        if parts.get(2..) != Some(&ours[..]) {
            return Some(format!(
                "{:?} starts nothing; only the alarm {alarm} of account {account} in {region} does",
                self.alarm_arn
            ));
        }
        (self.new_state_value != "ALARM")
            .then(|| format!("{name} went to {}", self.new_state_value))
    }

    /// CloudWatch writes `2024-11-23T12:05:00.000+0000`.
    pub fn changed(&self) -> Result<Timestamp, Failure> {
        let read = Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", &self.state_change_time);
        let read = read.or_else(|_| self.state_change_time.parse());
        read.map_err(|_| {
            let expected = "a time such as 2024-11-23T12:05:00.000+0000";
            Invalid::new("StateChangeTime", expected, &self.state_change_time).into()
        })
    }
}

impl Event {
    pub fn parse(event: Value) -> Result<Self, Failure> {
        if event.get("Records").is_none() {
            return Ok(Self::Own(Box::new(parse_event(event)?)));
        }
        let envelope: SnsEvent = serde_json::from_value(event)
            .map_err(|e| Invalid::new("event", "a message of SNS", e))?;
        if envelope.records.is_empty() {
            return Err(Invalid::new("Records", "at least one message", "none").into());
        }
        let messages = envelope.records.iter().map(|record| &record.sns);
        let alarms = messages.map(Alarm::of);
        alarms.collect::<Result<_, Failure>>().map(Self::Alarms)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Trigger {
    Started {
        execution: String,
    },
    AlreadyStarted {
        execution: String,
    },
    /// With every fact that was weighed, and what a person can do about it.
    Refused {
        reasons: Vec<String>,
        remedy: String,
    },
    /// Cannot tell yet; asked again each minute while the alarm lasts.
    Held {
        reasons: Vec<String>,
        remedy: String,
    },
    Ignored {
        reason: String,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    /// What came of a fence that is still owed; none where none is.
    pub fence: Option<String>,
    pub trigger: Option<Trigger>,
}

/// What the function answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Triggers(Vec<Trigger>),
    Watched(Watched),
    Run(Box<Run>),
    /// What became of a person's word, for them.
    Said(String),
}

#[cfg(test)]
mod tests;
