//! A task definition, as far as it says how a task is started.

use aws_sdk_ecs::types::{ContainerDefinition, CpuArchitecture, TaskDefinition};

use crate::platform::Platform;

/// The same whoever registered it, when, and under which name.
#[derive(Debug, Clone, PartialEq)]
pub struct Definition {
    pub arn: String,
    content: TaskDefinition,
}

impl Definition {
    pub fn new(described: TaskDefinition) -> Self {
        let arn = described.task_definition_arn.clone();
        Self {
            arn: arn.unwrap_or_default(),
            content: essence(described),
        }
    }

    pub fn content(&self) -> &TaskDefinition {
        &self.content
    }

    /// Whether tasks of both are the same.
    pub fn starts_the_same(&self, other: &Self) -> bool {
        self.content == other.content
    }

    /// Each container's name and image.
    pub fn images(&self) -> impl Iterator<Item = (&str, &str)> {
        let containers = self.content.container_definitions().iter();
        containers.filter_map(|container| Some((container.name()?, container.image()?)))
    }

    /// Another one, of which each container runs what this answers for its name and image.
    pub fn with<E>(
        &self,
        image: impl Fn(&str, &str) -> Result<Option<String>, E>,
    ) -> Result<Self, E> {
        let mut content = self.content.clone();
        for container in content.container_definitions.iter_mut().flatten() {
            let (Some(name), Some(now)) = (container.name.as_deref(), container.image.as_deref())
            else {
                continue;
            };
            if let Some(other) = image(name, now)? {
                container.image = Some(other);
            }
        }
        Ok(Self {
            arn: String::new(),
            content,
        })
    }

    /// What its tasks run on; Fargate's own choice where it does not say.
    pub fn platform(&self) -> Platform {
        let platform = self.content.runtime_platform();
        let arm = platform.and_then(|p| p.cpu_architecture()) == Some(&CpuArchitecture::Arm64);
        Platform {
            os: "linux".into(),
            architecture: if arm { "arm64" } else { "amd64" }.into(),
            variant: None,
        }
    }
}

/// What ECS adds itself is left out, what it answers in any order is sorted, and empty is absent.
fn essence(described: TaskDefinition) -> TaskDefinition {
    let mut content = described;
    content.task_definition_arn = None;
    content.family = None;
    content.revision = 0;
    content.status = None;
    content.requires_attributes = None;
    content.compatibilities = None;
    content.registered_at = None;
    content.deregistered_at = None;
    content.delete_requested_at = None;
    content.registered_by = None;
    content.task_role_arn.take_if(|role| role.is_empty());
    content.execution_role_arn.take_if(|role| role.is_empty());
    content.pid_mode.take_if(|mode| mode.as_str().is_empty());
    content.ipc_mode.take_if(|mode| mode.as_str().is_empty());
    content.placement_constraints.take_if(|all| all.is_empty());
    content.volumes.take_if(|all| all.is_empty());
    content
        .container_definitions
        .iter_mut()
        .flatten()
        .for_each(sort);
    content
}

fn sort(container: &mut ContainerDefinition) {
    if let Some(environment) = &mut container.environment {
        environment.sort_by(|a, b| a.name.cmp(&b.name));
    }
    if let Some(secrets) = &mut container.secrets {
        secrets.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_ecs::types::{KeyValuePair, PidMode, RuntimePlatform};

    fn described(revision: i32, environment: [&str; 2]) -> TaskDefinition {
        let pairs = environment.map(|name| KeyValuePair::builder().name(name).value("x").build());
        let container = ContainerDefinition::builder()
            .name("users")
            .image("r/forum/users:stable")
            .set_environment(Some(pairs.to_vec()));
        TaskDefinition::builder()
            .task_definition_arn(format!("arn:{revision}"))
            .revision(revision)
            .registered_by("somebody")
            .container_definitions(container.build())
            .build()
    }

    #[test]
    fn who_registered_it_and_in_which_order_ecs_answers_make_no_other_definition() {
        let first = Definition::new(described(1, ["A", "B"]));
        let mut empty = described(2, ["B", "A"]);
        empty.task_role_arn = Some(String::new());
        empty.pid_mode = Some(PidMode::from(""));
        assert!(first.starts_the_same(&Definition::new(empty)));
        let mut other = described(3, ["A", "B"]);
        other.cpu = Some("512".into());
        assert!(!first.starts_the_same(&Definition::new(other)));
    }

    #[test]
    fn another_image_makes_another_definition_and_the_rest_stays() {
        let first = Definition::new(described(1, ["A", "B"]));
        let pinned = first.with(|name, image| {
            assert_eq!((name, image), ("users", "r/forum/users:stable"));
            Ok::<_, ()>(Some("r/forum/users@sha256:a".into()))
        });
        let pinned = pinned.unwrap();
        assert!(!first.starts_the_same(&pinned));
        let images: Vec<_> = pinned.images().collect();
        assert_eq!(images, [("users", "r/forum/users@sha256:a")]);
        assert_eq!(first.with(|_, _| Err("no")).unwrap_err(), "no");
    }

    #[test]
    fn its_platform_is_what_it_says_and_fargates_choice_where_it_says_none() {
        let mut arm = described(1, ["A", "B"]);
        assert_eq!(
            Definition::new(arm.clone()).platform().to_string(),
            "linux/amd64"
        );
        let platform = RuntimePlatform::builder().cpu_architecture(CpuArchitecture::Arm64);
        arm.runtime_platform = Some(platform.build());
        assert_eq!(Definition::new(arm).platform().to_string(), "linux/arm64");
    }
}
