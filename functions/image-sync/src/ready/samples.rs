//! What the tests of the decisions are made of.

use aws_sdk_ecs::types::{ContainerDefinition, TaskDefinition};

use crate::{
    fleet::{Container, Definition, Task},
    reference::Digest,
};

pub(crate) fn digest(letter: char) -> Digest {
    Digest::of(letter.to_string().as_bytes())
}

pub(crate) fn task(deployment: &str, image: &str, letter: Option<char>) -> Task {
    Task {
        deployment: Some(deployment.into()),
        containers: vec![Container {
            name: "users".into(),
            image: image.into(),
            digest: letter.map(|letter| digest(letter).to_string()),
        }],
    }
}

pub(crate) fn definition(arn: &str, images: &[(&str, &str)]) -> Definition {
    let containers = images.iter().map(|(name, image)| {
        let container = ContainerDefinition::builder().name(*name);
        container.image(*image).build()
    });
    let described = TaskDefinition::builder()
        .task_definition_arn(arn)
        .set_container_definitions(Some(containers.collect()));
    Definition::new(described.build())
}
