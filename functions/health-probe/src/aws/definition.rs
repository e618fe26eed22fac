//! What a region starts tasks from.

use aws_sdk_ecs::{
    Client,
    types::{ContainerDefinition, TaskDefinition},
};
use lifeboat_aws::explain;
use lifeboat_core::{
    Failure, Region,
    readiness::{Definition, definition::Container},
};

pub(super) async fn describe(
    client: &Client,
    arn: &str,
    region: &Region,
) -> Result<Definition, Failure> {
    let failed = |why: String| {
        Failure::unavailable("describe", format!("task definition {arn}"), region, why)
    };
    let describe = client.describe_task_definition().task_definition(arn);
    let answer = describe.send().await.map_err(|e| failed(explain(&e)))?;
    let found = answer.task_definition().map(read);
    found.ok_or_else(|| failed("the answer holds none".into()))
}

fn read(described: &TaskDefinition) -> Definition {
    // Empty is absent to some who answer.
    let role = |role: Option<&str>| role.filter(|role| !role.is_empty()).map(str::to_owned);
    let containers = described.container_definitions().iter();
    let architecture = described.runtime_platform();
    let architecture = architecture.and_then(|platform| platform.cpu_architecture());
    Definition {
        cpu: described.cpu().map(str::to_owned),
        memory: described.memory().map(str::to_owned),
        architecture: architecture.map(|architecture| architecture.as_str().to_owned()),
        task_role: role(described.task_role_arn()),
        execution_role: role(described.execution_role_arn()),
        credentials: containers.clone().flat_map(credentials).collect(),
        containers: containers
            .map(|one| (one.name().unwrap_or_default().to_owned(), container(one)))
            .collect(),
    }
}

fn container(described: &ContainerDefinition) -> Container {
    let ports = described.port_mappings().iter().map(|port| {
        let protocol = port.protocol().map_or("tcp", |protocol| protocol.as_str());
        format!("{}/{protocol}", port.container_port().unwrap_or_default())
    });
    let environment = described.environment().iter();
    let secrets = described.secrets().iter();
    Container {
        cpu: Some(described.cpu()),
        memory: described.memory(),
        ports: ports.collect(),
        environment: environment
            .filter_map(|variable| variable.name().map(str::to_owned))
            .collect(),
        secrets: secrets
            .map(|secret| (secret.name().to_owned(), secret.value_from().to_owned()))
            .collect(),
    }
}

/// What else ECS reads before a task starts.
fn credentials(described: &ContainerDefinition) -> Vec<String> {
    let registry = described.repository_credentials();
    let registry = registry.map(|registry| registry.credentials_parameter().to_owned());
    let log = described.log_configuration();
    let log = log.map(|log| log.secret_options()).unwrap_or_default();
    let log = log.iter().map(|secret| secret.value_from().to_owned());
    registry.into_iter().chain(log).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecs::{
        operation::describe_task_definition::DescribeTaskDefinitionOutput,
        types::{
            CpuArchitecture, KeyValuePair, LogConfiguration, LogDriver, PortMapping,
            RepositoryCredentials, RuntimePlatform, Secret,
        },
    };
    use aws_smithy_mocks::{mock, mock_client};

    fn secret(from: &str) -> Secret {
        Secret::builder()
            .name("KEY")
            .value_from(from)
            .build()
            .unwrap()
    }

    fn described() -> TaskDefinition {
        let log = LogConfiguration::builder()
            .log_driver(LogDriver::Splunk)
            .secret_options(secret("log"));
        let registry = RepositoryCredentials::builder().credentials_parameter("registry");
        let users = ContainerDefinition::builder()
            .name("users")
            .memory(512)
            .port_mappings(PortMapping::builder().container_port(8080).build())
            .environment(
                KeyValuePair::builder()
                    .name("PASSWORD")
                    .value("hidden")
                    .build(),
            )
            .secrets(secret("key"))
            .repository_credentials(registry.build().unwrap())
            .log_configuration(log.build().unwrap());
        let platform = RuntimePlatform::builder().cpu_architecture(CpuArchitecture::Arm64);
        TaskDefinition::builder()
            .cpu("256")
            .memory("512")
            .task_role_arn("")
            .execution_role_arn("arn:aws:iam::1:role/a")
            .runtime_platform(platform.build())
            .container_definitions(users.build())
            .build()
    }

    #[tokio::test]
    async fn a_definition_is_read_with_the_names_of_its_variables_and_never_their_values() {
        let found = mock!(Client::describe_task_definition)
            .match_requests(|r| r.task_definition() == Some("arn"))
            .then_output(|| {
                let output = DescribeTaskDefinitionOutput::builder();
                output.task_definition(described()).build()
            });
        let client = mock_client!(aws_sdk_ecs, [&found]);
        let region = Region::new("us-west-2").unwrap();
        let read = describe(&client, "arn", &region).await.unwrap();
        assert!(!format!("{read:?}").contains("hidden"), "{read:?}");
        let names = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect();
        let users = Container {
            cpu: Some(0),
            memory: Some(512),
            ports: names(&["8080/tcp"]),
            environment: names(&["PASSWORD"]),
            secrets: [("KEY".to_owned(), "key".to_owned())].into(),
        };
        let expected = Definition {
            cpu: Some("256".into()),
            memory: Some("512".into()),
            architecture: Some("ARM64".into()),
            task_role: None,
            execution_role: Some("arn:aws:iam::1:role/a".into()),
            containers: [("users".to_owned(), users)].into(),
            credentials: names(&["log", "registry"]),
        };
        assert_eq!(read, expected);
    }
}
