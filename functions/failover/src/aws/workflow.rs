//! The region's own workflow: started, and asked what became of an execution.

use aws_config::SdkConfig;
use aws_sdk_sfn::{Client, primitives::DateTime, types::ExecutionStatus};
use jiff::Timestamp;
use lifeboat_aws::explain;
use lifeboat_core::{
    Configuration, Failure, Region, lease::Fate, person::Answered, request::Request,
};

use crate::Started;

#[derive(Debug)]
pub(super) struct Workflow {
    client: Client,
    arn: String,
    region: Region,
}

impl Workflow {
    pub(super) fn new(config: &SdkConfig, configuration: &Configuration) -> Self {
        Self {
            client: Client::new(config),
            arn: configuration.own().workflow.clone(),
            region: configuration.region.clone(),
        }
    }

    pub(super) async fn fate(&self, execution: &str) -> Fate {
        let describe = self.client.describe_execution().execution_arn(execution);
        match describe.send().await {
            Ok(answer) => match answer.status() {
                ExecutionStatus::Running => Fate::Runs,
                ExecutionStatus::Succeeded
                | ExecutionStatus::Failed
                | ExecutionStatus::TimedOut
                | ExecutionStatus::Aborted => {
                    let stopped = answer.stop_date().map(DateTime::secs);
                    Fate::Stopped(stopped.and_then(|at| Timestamp::from_second(at).ok()))
                }
                // Waiting to be redriven, or a state that this version does not know.
                other => Fate::CannotTell(format!("{execution} is {other}")),
            },
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_execution_does_not_exist()) =>
            {
                Fate::Unknown
            }
            Err(error) => Fate::CannotTell(explain(&error)),
        }
    }

    pub(super) async fn answer(&self, token: &str, answered: &Answered) -> Result<bool, Failure> {
        let failed = |cause: String| {
            let object = format!("the answer {}", answered.verb.word());
            Failure::unavailable("hand on", object, &self.region, cause)
        };
        let output = serde_json::to_string(answered).map_err(|e| failed(e.to_string()))?;
        let send = self.client.send_task_success().task_token(token);
        match send.output(output).send().await {
            Ok(_) => Ok(true),
            // It was answered before, or its time was over.
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_task_timed_out() || e.is_task_does_not_exist()) =>
            {
                Ok(false)
            }
            Err(error) => Err(failed(explain(&error))),
        }
    }

    pub(super) async fn start(&self, name: &str, request: &Request) -> Result<Started, Failure> {
        let failed = |cause: String| {
            Failure::unavailable("start", format!("execution {name}"), &self.region, cause)
        };
        let input = serde_json::to_string(request).map_err(|e| failed(e.to_string()))?;
        let start = self.client.start_execution().state_machine_arn(&self.arn);
        match start.name(name).input(input).send().await {
            Ok(answer) => Ok(Started::Now(answer.execution_arn)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_execution_already_exists()) =>
            {
                let machine = self.arn.replace(":stateMachine:", ":execution:");
                Ok(Started::Already(format!("{machine}:{name}")))
            }
            Err(error) => Err(failed(explain(&error))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sfn::{
        operation::{
            describe_execution::{DescribeExecutionError, DescribeExecutionOutput},
            send_task_success::{SendTaskSuccessError, SendTaskSuccessOutput},
            start_execution::{StartExecutionError, StartExecutionOutput},
        },
        types::error::{ExecutionAlreadyExists, ExecutionDoesNotExist, TaskTimedOut},
    };
    use aws_smithy_mocks::{Rule, mock, mock_client};
    use lifeboat_core::{
        person::Verb,
        request::{Mode, RequestedBy},
    };

    const ARN: &str = "arn:aws:states:us-west-2:1:execution:forum-failover:n";

    fn workflow(rule: &Rule) -> Workflow {
        Workflow {
            client: mock_client!(aws_sdk_sfn, [rule]),
            arn: "arn:aws:states:us-west-2:1:stateMachine:forum-failover".into(),
            region: Region::new("us-west-2").unwrap(),
        }
    }

    #[tokio::test]
    async fn an_execution_that_runs_or_waits_for_a_redrive_is_not_over_and_an_unknown_one_is_said_to_be_that()
     {
        for (status, over) in [
            (ExecutionStatus::Running, false),
            (ExecutionStatus::PendingRedrive, false),
            (ExecutionStatus::Failed, true),
            (ExecutionStatus::Aborted, true),
            (ExecutionStatus::TimedOut, true),
            (ExecutionStatus::Succeeded, true),
        ] {
            let rule = mock!(Client::describe_execution).then_output(move || {
                DescribeExecutionOutput::builder()
                    .execution_arn("a")
                    .state_machine_arn("m")
                    .status(status.clone())
                    .start_date(DateTime::from_secs(0))
                    .build()
                    .unwrap()
            });
            assert_eq!(workflow(&rule).fate("a").await.is_over(), over);
        }
        let gone = mock!(Client::describe_execution).then_error(|| {
            DescribeExecutionError::ExecutionDoesNotExist(ExecutionDoesNotExist::builder().build())
        });
        assert_eq!(workflow(&gone).fate("a").await, Fate::Unknown);
    }

    #[tokio::test]
    async fn an_answer_goes_back_with_its_token_and_one_that_comes_too_late_is_known() {
        let answered = Answered {
            verb: Verb::Approve,
            reason: "go".into(),
            by: None,
            at: jiff::Timestamp::UNIX_EPOCH,
        };
        let first = mock!(Client::send_task_success)
            .match_requests(|r| {
                r.task_token() == Some("t") && r.output().is_some_and(|o| o.contains("approve"))
            })
            .then_output(|| SendTaskSuccessOutput::builder().build());
        assert_eq!(workflow(&first).answer("t", &answered).await, Ok(true));
        let second = mock!(Client::send_task_success)
            .then_error(|| SendTaskSuccessError::TaskTimedOut(TaskTimedOut::builder().build()));
        assert_eq!(workflow(&second).answer("t", &answered).await, Ok(false));
    }

    #[tokio::test]
    async fn the_same_name_twice_starts_one_execution() {
        let request = Request::new(Mode::Unplanned, RequestedBy::Alarm, "x");
        let first = mock!(Client::start_execution)
            .match_requests(|r| {
                r.name() == Some("n") && r.input().is_some_and(|i| i.contains("unplanned"))
            })
            .then_output(|| {
                StartExecutionOutput::builder()
                    .execution_arn("a")
                    .start_date(DateTime::from_secs(0))
                    .build()
                    .unwrap()
            });
        let started = workflow(&first).start("n", &request).await;
        assert_eq!(started, Ok(Started::Now("a".into())));
        let second = mock!(Client::start_execution).then_error(|| {
            StartExecutionError::ExecutionAlreadyExists(ExecutionAlreadyExists::builder().build())
        });
        let started = workflow(&second).start("n", &request).await;
        assert_eq!(started, Ok(Started::Already(ARN.into())));
    }
}
