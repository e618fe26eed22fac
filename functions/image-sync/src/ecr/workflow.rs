use aws_sdk_sfn::Client;
use lifeboat_aws::{Patience, explain};
use lifeboat_core::{Failure, Region};

use super::Ecr;
use crate::fan_out::{Started, Workflow};

impl Workflow for Ecr<'_> {
    async fn start(&self, machine: &str, name: &str) -> Result<Started, Failure> {
        let region = &self.configuration.region;
        let client = Client::new(&self.aws.region(region, Patience::Own));
        start(&client, region, machine, name).await
    }
}

async fn start(
    client: &Client,
    region: &Region,
    machine: &str,
    name: &str,
) -> Result<Started, Failure> {
    let start = client.start_execution().state_machine_arn(machine);
    match start.name(name).input("{}").send().await {
        Ok(answer) => Ok(Started::Now(answer.execution_arn)),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|e| e.is_execution_already_exists()) =>
        {
            let machine = machine.replace(":stateMachine:", ":execution:");
            Ok(Started::Already(format!("{machine}:{name}")))
        }
        Err(error) => {
            let what = format!("execution {name}");
            Err(Failure::unavailable("start", what, region, explain(&error)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_sfn::{
        operation::start_execution::{StartExecutionError, StartExecutionOutput},
        primitives::DateTime,
        types::error::{ExecutionAlreadyExists, StateMachineDoesNotExist},
    };
    use aws_smithy_mocks::{Rule, mock, mock_client};

    const MACHINE: &str = "arn:aws:states:us-west-2:1:stateMachine:forum-image-sync";

    async fn started(rule: &Rule) -> Result<Started, Failure> {
        let client = mock_client!(aws_sdk_sfn, [rule]);
        let region = Region::new("us-west-2").unwrap();
        start(&client, &region, MACHINE, "n").await
    }

    #[tokio::test]
    async fn the_same_name_twice_starts_one_execution_and_no_machine_is_an_error() {
        let first = mock!(Client::start_execution)
            .match_requests(|r| (r.name(), r.state_machine_arn()) == (Some("n"), Some(MACHINE)))
            .then_output(|| {
                let answer = StartExecutionOutput::builder().execution_arn("a");
                answer.start_date(DateTime::from_secs(0)).build().unwrap()
            });
        assert_eq!(started(&first).await, Ok(Started::Now("a".into())));
        let second = mock!(Client::start_execution).then_error(|| {
            StartExecutionError::ExecutionAlreadyExists(ExecutionAlreadyExists::builder().build())
        });
        let there = "arn:aws:states:us-west-2:1:execution:forum-image-sync:n".to_owned();
        assert_eq!(started(&second).await, Ok(Started::Already(there)));
        let none = mock!(Client::start_execution).then_error(|| {
            let none = StateMachineDoesNotExist::builder().build();
            StartExecutionError::StateMachineDoesNotExist(none)
        });
        let failure = started(&none).await.unwrap_err().to_string();
        assert!(
            failure.starts_with("start execution n in us-west-2: "),
            "{failure}"
        );
    }
}
