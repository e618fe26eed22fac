//! Where a service's data is in one region.

use serde::{Deserialize, Serialize};

use super::{Address, RegionResources, check_longest, check_secret};
use crate::{Invalid, Region, backup::FilePath};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The service's folder under the data directory.
    #[default]
    Folder,
    /// Every object of a bucket of this region whose key begins so.
    Bucket { bucket: String, prefix: String },
    /// What the service itself gives away and takes, as one file.
    Http(Export),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Export {
    /// Its data is read from here by GET, and put here by PUT.
    pub address: Address,
    /// ARN of the secret that is its token.
    pub secret: String,
    /// How the file is called in a backup.
    pub file: FilePath,
    pub longest_bytes: u64,
    pub longest_seconds: u32,
}

/// How data gets into a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through {
    /// The storage, while none of the service's tasks runs.
    Storage,
    /// The service's own tasks, while they run.
    Tasks,
}

impl Place {
    /// As configuration.json calls it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Bucket { .. } => "bucket",
            Self::Http(_) => "http",
        }
    }

    pub fn through(&self) -> Through {
        match self {
            Self::Folder | Self::Bucket { .. } => Through::Storage,
            Self::Http(_) => Through::Tasks,
        }
    }

    fn check(&self, field: &str, own: &RegionResources) -> Result<(), Invalid> {
        match self {
            Self::Folder => Ok(()),
            Self::Bucket { bucket, prefix } => {
                check_bucket(&format!("{field}.bucket.bucket"), bucket, own)?;
                check_prefix(&format!("{field}.bucket.prefix"), prefix)
            }
            Self::Http(export) => {
                check_host(&format!("{field}.http.address"), &export.address, own)?;
                check_secret(&format!("{field}.http.secret"), &export.secret)?;
                if export.longest_bytes == 0 {
                    let field = format!("{field}.http.longest_bytes");
                    return Err(Invalid::new(field, "more than zero", 0));
                }
                check_longest(
                    &format!("{field}.http.longest_seconds"),
                    export.longest_seconds,
                )
            }
        }
    }

    /// Whether what is put into one of these is in the other one too.
    fn overlaps(&self, other: &Self) -> bool {
        let (
            Self::Bucket { bucket, prefix },
            Self::Bucket {
                bucket: others,
                prefix: theirs,
            },
        ) = (self, other)
        else {
            return false;
        };
        bucket == others && (prefix.starts_with(theirs) || theirs.starts_with(prefix))
    }
}

pub(super) fn check(region: &Region, own: &RegionResources) -> Result<(), Invalid> {
    let mut seen: Vec<(&str, &Place)> = vec![];
    for (name, service) in &own.services {
        let field = format!("regions.{region}.services.{name}.place");
        service.place.check(&field, own)?;
        if let Some((other, _)) = seen.iter().find(|(_, seen)| seen.overlaps(&service.place)) {
            let expected = format!("objects of its own: a restore removes what is not in {name}");
            return Err(Invalid::new(field, expected, format!("those of {other}")));
        }
        seen.push((name, &service.place));
        if let Some(hook) = &service.hook {
            let field = format!("regions.{region}.services.{name}.hook");
            check_host(&format!("{field}.address"), &hook.address, own)?;
            hook.check(&field)?;
        }
    }
    Ok(())
}

/// A token goes where a person has named the host, too.
fn check_host(field: &str, address: &Address, own: &RegionResources) -> Result<(), Invalid> {
    let host = address.host();
    match own.hosts.iter().any(|named| named == host) {
        true => Ok(()),
        false => {
            let expected = match own.hosts[..] {
                [] => "a host of this region's hosts, which are none".to_owned(),
                _ => format!("a host of this region's hosts ({})", own.hosts.join(", ")),
            };
            Err(Invalid::new(field, expected, host))
        }
    }
}

fn check_bucket(field: &str, bucket: &str, own: &RegionResources) -> Result<(), Invalid> {
    let good = (3..=63).contains(&bucket.len())
        && bucket
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c));
    if !good {
        return Err(Invalid::new(
            field,
            "the name of a bucket",
            format!("{bucket:?}"),
        ));
    }
    let ours = [
        &own.control_bucket,
        &own.backups_bucket,
        &own.markers_bucket,
    ];
    match ours.into_iter().any(|ours| ours == bucket) {
        false => Ok(()),
        true => Err(Invalid::new(
            field,
            "a bucket of the service's",
            format!("{bucket}, which is Lifeboat's own"),
        )),
    }
}

/// It ends a name, so that nothing else begins with it.
fn check_prefix(field: &str, prefix: &str) -> Result<(), Invalid> {
    let path = prefix.strip_suffix('/').unwrap_or_default();
    match path.parse::<FilePath>() {
        Ok(_) => Ok(()),
        Err(_) => Err(Invalid::new(
            field,
            "a path that ends with /, such as users/",
            format!("{prefix:?}"),
        )),
    }
}

/// What a service exports, in samples and tests.
#[cfg(any(test, feature = "samples"))]
#[allow(clippy::expect_used)]
pub fn sample_export(address: &str) -> Export {
    Export {
        address: address.parse().expect("an address"),
        secret: "arn:aws:secretsmanager:us-east-1:123456789012:secret:users".into(),
        file: "export.json".parse().expect("a path"),
        longest_bytes: 1 << 20,
        longest_seconds: 60,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::{Configuration, Writes, sample};

    fn placed(users: Place, posts: Place) -> Configuration {
        let mut configuration = sample("us-east-1");
        for region in configuration.regions.values_mut() {
            for (name, place) in [("users", &users), ("posts", &posts)] {
                let service = region.services.get_mut(name).unwrap();
                service.place = place.clone();
            }
        }
        configuration
    }

    fn bucket(bucket: &str, prefix: &str) -> Place {
        let (bucket, prefix) = (bucket.into(), prefix.into());
        Place::Bucket { bucket, prefix }
    }

    fn refused(users: Place, posts: Place) -> String {
        placed(users, posts).validate().unwrap_err().to_string()
    }

    #[test]
    fn a_configuration_that_names_no_place_has_folders() {
        let configuration = sample("us-east-1");
        let services = &configuration.own().services;
        assert!(services.values().all(|s| s.place == Place::Folder));
    }

    #[test]
    fn a_bucket_that_is_none_or_lifeboats_own_and_a_prefix_that_others_begin_with_are_refused() {
        assert_eq!(
            placed(bucket("data", "users/"), Place::Folder).validate(),
            Ok(())
        );
        for (bucket, prefix, named) in [
            ("Data", "users/", "place.bucket"),
            ("", "users/", "place.bucket"),
            (
                "123456789012-forum-backups-us-east-1",
                "users/",
                "Lifeboat's own",
            ),
            ("data", "users", "users/"),
            ("data", "", "bucket.prefix"),
            ("data", "/", "bucket.prefix"),
            ("data", "../", "bucket.prefix"),
            ("data", "a//", "bucket.prefix"),
        ] {
            let said = refused(self::bucket(bucket, prefix), Place::Folder);
            assert!(said.contains(named), "{said}");
        }
    }

    #[test]
    fn two_services_have_no_objects_in_common() {
        for (users, posts) in [("a/", "a/"), ("a/", "a/b/"), ("a/b/", "a/")] {
            let said = refused(bucket("data", users), bucket("data", posts));
            assert!(said.contains("objects of its own"), "{said}");
        }
        assert_eq!(
            placed(bucket("data", "a/"), bucket("data", "ab/")).validate(),
            Ok(())
        );
        assert_eq!(
            placed(bucket("data", "a/"), bucket("other", "a/")).validate(),
            Ok(())
        );
    }

    fn export(change: impl Fn(&mut Export)) -> Place {
        let mut export = sample_export("https://users.forum.test/export");
        change(&mut export);
        Place::Http(export)
    }

    fn with_host(mut configuration: Configuration) -> Configuration {
        let mut services = configuration.services.iter_mut();
        let users = services.find(|service| service.name == "users").unwrap();
        users.writes = Writes::Http {
            longest_seconds: 10,
        };
        for region in configuration.regions.values_mut() {
            region.hosts = vec!["users.forum.test".into()];
        }
        configuration
    }

    #[test]
    fn an_export_of_a_host_that_is_not_named_or_without_bounds_is_refused() {
        let checked =
            |change: fn(&mut Export)| with_host(placed(export(change), Place::Folder)).validate();
        assert_eq!(checked(|_| {}), Ok(()));
        for (change, named) in [
            (
                (|e| e.address = "https://other.test/export".parse().unwrap()) as fn(&mut Export),
                "(users.forum.test), found other.test",
            ),
            (|e| e.secret = "token".into(), "http.secret"),
            (|e| e.longest_bytes = 0, "longest_bytes"),
            (|e| e.longest_seconds = 901, "1 to 900"),
        ] {
            let said = checked(change).unwrap_err().to_string();
            assert!(said.contains(named), "{said}");
            assert!(!said.contains("found token"), "{said}");
        }
        let said = refused(export(|_| {}), Place::Folder);
        assert!(said.contains("which are none"), "{said}");
    }

    #[test]
    fn a_service_whose_data_its_own_tasks_tell_leaves_them_up_while_its_writes_are_stopped() {
        let mut stopped = with_host(placed(export(|_| {}), Place::Folder));
        assert_eq!(stopped.validate(), Ok(()));
        for service in &mut stopped.services {
            service.writes = Writes::Any;
        }
        assert_eq!(
            stopped.validate().unwrap_err().to_string(),
            "services.users.writes: expected http, because its data is read from its own tasks, and a planned execution reads it when nobody writes any more, found any"
        );
    }

    #[test]
    fn a_hook_of_a_host_that_is_not_named_or_without_an_end_is_refused() {
        let hooked = |address: &str, longest_seconds: u32| {
            let mut configuration = with_host(sample("us-east-1"));
            let region = configuration.home.clone();
            let region = configuration.regions.get_mut(&region).unwrap();
            region.services.get_mut("users").unwrap().hook = Some(crate::configuration::Hook {
                address: address.parse().unwrap(),
                secret: "arn:aws:secretsmanager:us-east-1:123456789012:secret:users".into(),
                longest_seconds,
            });
            configuration.validate().map_err(|why| why.field)
        };
        let field = |name: &str| Err(format!("regions.us-east-1.services.users.hook.{name}"));
        assert_eq!(hooked("https://users.forum.test/hold", 60), Ok(()));
        assert_eq!(hooked("https://forum.test/hold", 60), field("address"));
        assert_eq!(
            hooked("https://users.forum.test/hold", 0),
            field("longest_seconds")
        );
    }

    #[test]
    fn both_regions_have_a_services_data_in_the_same_kind_of_place() {
        let mut configuration = placed(bucket("data", "users/"), Place::Folder);
        let standby = configuration.standby.clone();
        let standby = configuration.regions.get_mut(&standby).unwrap();
        standby.services.get_mut("users").unwrap().place = Place::Folder;
        assert_eq!(
            configuration.validate().unwrap_err().to_string(),
            "regions.us-west-2.services.users.place: expected bucket, as in us-east-1, found folder"
        );
    }
}
