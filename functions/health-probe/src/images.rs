//! Whether this region's registry has what its services would start.

use futures::future::join_all;
use jiff::Timestamp;
use lifeboat_aws::Objects;
use lifeboat_core::{
    Configuration, Failure,
    image::{Record, Said},
    readiness::Fact,
};

use crate::{
    wait::{Wait, each},
    world::World,
};

/// By service. What image-sync recorded is asked for again, since a registry can lose an image in between; where it has
/// recorded nothing the tag is looked for.
pub(crate) async fn facts<W: World>(world: &W, wait: &Wait, now: Timestamp) -> Vec<(String, Fact)> {
    let read = wait.get("read", Record::KEY, recorded(world)).await;
    let services = world.configuration().services.iter();
    let facts = services.map(async |service| {
        let name = &service.name;
        let fact = match &read {
            Err(failure) => Fact::CannotTell(failure.to_string()),
            Ok(record) => match record.as_ref().map(|record| record.says(name, now)) {
                Some(Said::Not(fact)) => fact,
                Some(Said::Held(images)) => {
                    let images = images
                        .into_iter()
                        .map(|i| (i.repository.as_str(), i.digest.as_str()));
                    all(world, wait, images.collect()).await
                }
                Some(Said::Nothing) | None => {
                    let resources = world.configuration().own().services.get(name);
                    let tag = resources.map(|r| (r.repository.as_str(), r.reference()));
                    all(world, wait, tag.into_iter().collect()).await
                }
            },
        };
        (name.clone(), fact)
    });
    each(facts).await
}

async fn recorded<W: World>(world: &W) -> Result<Option<Record>, Failure> {
    let found = world.control().bucket().get(Record::KEY).await?;
    let record = found.map(|found| Record::parse(&found.body)).transpose()?;
    Ok(record)
}

/// The first that is missing, or of which nobody can tell.
async fn all<W: World>(world: &W, wait: &Wait, images: Vec<(&str, &str)>) -> Fact {
    let asked = images.into_iter().map(async |(repository, reference)| {
        let name = format!("{repository} ({reference})");
        let there = world.image(repository, reference);
        let there = wait.get("describe", &name, there).await;
        fact(world.configuration(), &name, there)
    });
    Fact::worst(join_all(asked).await)
}

fn fact(configuration: &Configuration, image: &str, there: Result<bool, Failure>) -> Fact {
    match there {
        Ok(true) => Fact::There,
        Ok(false) => Fact::Missing(format!(
            "{image} is not in the registry of {}; run image-sync in both regions",
            configuration.region
        )),
        Err(failure) => Fact::CannotTell(failure.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::Action,
        memory::{InMemory, after},
    };
    use lifeboat_core::image::{Held, Image, ServiceImages, Use};

    fn recorded(world: &InMemory, held: Held) {
        let configuration = &world.configuration;
        let (own, peer) = (configuration.region.clone(), configuration.home.clone());
        let mut record = Record::new(after(-60), own, peer);
        let image = Image {
            repository: "forum/users".into(),
            digest: "sha256:a".into(),
            used: Use::Running,
            held,
        };
        let users = ServiceImages {
            images: vec![image],
            doubt: None,
        };
        record.services.insert("users".into(), users);
        let body = serde_json::to_vec(&record).unwrap();
        world.control().bucket().set(Record::KEY, body);
    }

    async fn users(world: &InMemory, seconds: i64) -> Fact {
        let wait = Wait::begin(Action::Probe, &world.configuration.region);
        let facts = facts(world, &wait, after(seconds)).await;
        let users = facts.into_iter().find(|(name, _)| name == "users");
        users.unwrap().1
    }

    #[tokio::test]
    async fn where_nothing_was_recorded_the_tag_is_looked_for() {
        let world = InMemory::seen_from("us-west-2");
        assert_eq!(users(&world, 0).await, Fact::There);
        world
            .images_gone
            .borrow_mut()
            .push("forum/users (stable)".into());
        let expected = "forum/users (stable) is not in the registry of us-west-2; run image-sync in both regions";
        assert_eq!(users(&world, 0).await, Fact::Missing(expected.into()));
    }

    #[tokio::test]
    async fn what_was_recorded_is_asked_for_by_its_digest_and_no_tag_is_trusted() {
        let world = InMemory::seen_from("us-west-2");
        recorded(&world, Held::Ready);
        world
            .images_gone
            .borrow_mut()
            .push("forum/users (stable)".into());
        assert_eq!(users(&world, 0).await, Fact::There);
        world
            .images_gone
            .borrow_mut()
            .push("forum/users (sha256:a)".into());
        assert!(matches!(users(&world, 0).await, Fact::Missing(_)));
    }

    #[tokio::test]
    async fn what_image_sync_found_lacking_is_missing_whatever_the_registry_lists() {
        let world = InMemory::seen_from("us-west-2");
        recorded(&world, Held::Incomplete("a layer is not there".into()));
        let expected = "forum/users@sha256:a in us-west-2: a layer is not there";
        assert_eq!(users(&world, 0).await, Fact::Missing(expected.into()));
    }

    #[tokio::test]
    async fn by_an_old_record_and_by_one_that_cannot_be_read_nobody_can_tell() {
        let world = InMemory::seen_from("us-west-2");
        recorded(&world, Held::Ready);
        assert!(matches!(users(&world, 3600).await, Fact::CannotTell(_)));
        world.control().bucket().set(Record::KEY, "{");
        assert!(matches!(users(&world, 0).await, Fact::CannotTell(_)));
    }
}
