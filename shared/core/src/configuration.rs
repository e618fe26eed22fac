mod address;
mod hook;
mod images;
mod place;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    Invalid, Region, RegionPair, Side, backup::keep::Keep, gate::Gates, image, request::Mode,
    stored, window::Window,
};

pub use address::Address;
pub use hook::Hook;
pub use images::{Glob, ImagePattern};
#[cfg(any(test, feature = "samples"))]
pub use place::sample_export;
pub use place::{Export, Place, Through};

/// What Terraform tells the functions, in an object in their own region's control bucket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Configuration {
    pub schema: u32,
    pub application: String,
    pub account: String,
    pub region: Region,
    pub home: Region,
    pub standby: Region,
    pub services: Vec<Service>,
    pub rpo_seconds: i64,
    pub rto_seconds: i64,
    pub cool_down_seconds: i64,
    pub daily_starts: usize,
    /// The global off switch of automatic starts.
    pub automatic: bool,
    pub automatic_failback: bool,
    /// Which executions a person lets move users, and how long one is waited for.
    #[serde(default)]
    pub approval: Approval,
    #[serde(default = "an_hour")]
    pub approval_seconds: u32,
    /// How long a planned execution that has moved users waits for a person to let it stand; zero asks nobody.
    #[serde(default)]
    pub commit_seconds: u32,
    /// In these nothing starts by itself.
    #[serde(default)]
    pub maintenance_windows: Vec<Window>,
    /// In these nobody rehearses.
    #[serde(default)]
    pub drill_blocked_windows: Vec<Window>,
    /// How many of the three ways of looking must say that the other region is down.
    #[serde(default = "two")]
    pub down_quorum: u8,
    pub look_interval_seconds: u64,
    pub backup_retention_days: u32,
    /// Whether what is written to the backups bucket is locked for as many days.
    #[serde(default)]
    pub object_lock: bool,
    /// What is kept longer.
    #[serde(default)]
    pub backup_keep: Keep,
    /// Whether backups are replicated to the other region.
    pub cross_region_backup: bool,
    pub data_directory: String,
    /// Images that are copied too.
    #[serde(default)]
    pub images: Vec<ImagePattern>,
    /// Which platforms of an image are copied; all where none is named.
    #[serde(default)]
    pub platforms: Vec<String>,
    /// Whether a repository of `images` that the other region lacks is created there.
    #[serde(default)]
    pub create_missing_repositories: bool,
    /// What brings many images, where there may be many.
    #[serde(default)]
    pub image_workflow: Option<String>,
    pub regions: BTreeMap<Region, RegionResources>,
    /// Of this region: AWS makes up the names of rules, so the other one reads its own here.
    #[serde(default)]
    pub gates: Gates,
    pub traffic: Traffic,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    #[default]
    Never,
    Planned,
    Always,
}

impl Approval {
    pub fn asked(self, mode: Mode) -> bool {
        match (self, mode) {
            (Self::Never, _) | (_, Mode::Plan | Mode::Drill) => false,
            (Self::Planned, mode) => mode == Mode::Planned,
            (Self::Always, Mode::Planned | Mode::Unplanned) => true,
        }
    }
}

/// A source is waited for three minutes in all until it has stopped.
pub const LONGEST_WRITE: u32 = 120;

fn an_hour() -> u32 {
    3600
}

fn two() -> u8 {
    2
}

/// A service of the application. Its name is also its folder under the data directory, and its path where nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    pub name: String,
    /// Between these Application Auto Scaling moves the number of tasks of what serves.
    pub minimum: u32,
    pub maximum: u32,
    #[serde(default)]
    pub writes: Writes,
    #[serde(default)]
    pub data: Data,
    #[serde(default, skip_serializing_if = "Holds::is_data")]
    pub holds: Holds,
    /// How many of its tasks a passive region keeps running.
    #[serde(default, skip_serializing_if = "is_none")]
    pub warm: u32,
    /// The path at which it says that it is well; that of its name where none is given.
    #[serde(default)]
    pub health: Option<String>,
}

/// How a service's writes can be stopped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writes {
    /// Only by stopping its tasks.
    #[default]
    Any,
    /// By its gate too: each comes by HTTP, by a method that says so, and none takes longer than this.
    Http { longest_seconds: u32 },
}

/// What a service's files hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Data {
    #[default]
    Any,
    /// Those whose names end so hold JSON: a backup of one that does not is refused, because it would be no use.
    Json,
}

/// Whether there is anything of a service to be backed up and restored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    #[default]
    Data,
    /// Its tasks see no data of any service, so they may run beside a restore.
    Nothing,
}

impl Holds {
    fn is_data(&self) -> bool {
        *self == Self::Data
    }
}

fn is_none(tasks: &u32) -> bool {
    *tasks == 0
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegionResources {
    pub control_bucket: String,
    pub backups_bucket: String,
    pub markers_bucket: String,
    pub cluster: String,
    pub alarm: String,
    pub workflow: String,
    pub alarms_topic: String,
    pub notices_topic: String,
    pub functions: Functions,
    pub registry: Endpoint,
    pub load_balancer: Endpoint,
    /// The hosts that services' tokens are sent to.
    #[serde(default)]
    pub hosts: Vec<String>,
    pub services: BTreeMap<String, ServiceResources>,
}

/// Each function by the ARN of its alias, which names the function and then the alias.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Functions {
    pub backup: String,
    pub image_sync: String,
    pub health_probe: String,
    pub failover: String,
}

/// A function's own name, as its log and its metrics have it, of the ARN of its alias.
pub fn function_name(arn: &str) -> &str {
    arn.split(':').nth(6).unwrap_or(arn)
}

/// Where to connect, and the name to ask for there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    pub host: String,
    pub endpoint: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceResources {
    pub service: String,
    pub repository: String,
    pub image: String,
    /// The service's name at Application Auto Scaling.
    pub scalable_target: String,
    /// The family that says how its tasks are started; the one of the service's name where none is given.
    #[serde(default)]
    pub template: Option<String>,
    /// Where its data is.
    #[serde(default)]
    pub place: Place,
    /// Asked before its data is read.
    #[serde(default)]
    pub hook: Option<Hook>,
}

impl ServiceResources {
    pub fn template(&self) -> &str {
        self.template.as_ref().unwrap_or(&self.service)
    }

    /// What follows the repository in the image's name: a tag, or a digest.
    pub fn reference(&self) -> &str {
        image::reference(&self.image)
    }

    /// What stands before the repository in the image's name: where tasks pull it from.
    pub fn address(&self) -> Option<&str> {
        let address = image::name(&self.image).strip_suffix(&self.repository)?;
        address.strip_suffix('/')
    }
}

impl RegionResources {
    /// The service's repository that an image lies in; none where it lies elsewhere.
    pub fn repository_of<'a>(&self, image: &'a str) -> Option<&'a str> {
        let addresses = self.services.values().filter_map(ServiceResources::address);
        let mut addresses = addresses.chain([self.registry.host.as_str()]);
        let name = image::name(image);
        let repository =
            addresses.find_map(|address| name.strip_prefix(address)?.strip_prefix('/'))?;
        let mut services = self.services.values();
        services
            .any(|service| service.repository == repository)
            .then_some(repository)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    pub domain: String,
    /// The zone that the domain is in, where it has none of its own.
    #[serde(default)]
    pub zone: Option<String>,
    /// Addresses of the zone's authoritative name servers; empty means: find them through the zone.
    pub name_servers: Vec<String>,
}

impl Traffic {
    pub fn zone(&self) -> &str {
        self.zone.as_ref().unwrap_or(&self.domain)
    }
}

impl Configuration {
    pub const KEY: &str = "configuration.json";

    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        let configuration: Self = stored::read(Self::KEY, "a configuration", bytes)?;
        configuration.validate()?;
        Ok(configuration)
    }

    pub fn validate(&self) -> Result<(), Invalid> {
        self.pair()?.side(&self.region)?;
        check_name("application", &self.application)?;
        if self.services.is_empty() {
            return Err(Invalid::new(
                "services",
                "at least one service",
                "an empty list",
            ));
        }
        let mut seen = BTreeSet::new();
        for service in &self.services {
            check_name("services.name", &service.name)?;
            if !seen.insert(&service.name) {
                return Err(Invalid::new(
                    "services.name",
                    "each service once",
                    format!("{} twice", service.name),
                ));
            }
            if service.minimum == 0 {
                return Err(Invalid::new(
                    format!("services.{}.minimum", service.name),
                    "at least 1",
                    0,
                ));
            }
            if service.maximum < service.minimum {
                return Err(Invalid::new(
                    format!("services.{}.maximum", service.name),
                    format!("at least the minimum of {}", service.minimum),
                    service.maximum,
                ));
            }
            if service.warm > service.minimum {
                return Err(Invalid::new(
                    format!("services.{}.warm", service.name),
                    format!("at most the minimum of {}", service.minimum),
                    service.warm,
                ));
            }
            if service.warm > 0 && service.holds == Holds::Data {
                return Err(Invalid::new(
                    format!("services.{}.warm", service.name),
                    "0, because it holds data, and nothing is restored beside tasks",
                    service.warm,
                ));
            }
            if let Some(path) = &service.health
                && !path.starts_with('/')
            {
                return Err(Invalid::new(
                    format!("services.{}.health", service.name),
                    "a path that begins with /",
                    format!("{path:?}"),
                ));
            }
            if let Writes::Http { longest_seconds } = service.writes
                && !(1..=LONGEST_WRITE).contains(&longest_seconds)
            {
                return Err(Invalid::new(
                    format!("services.{}.writes.http.longest_seconds", service.name),
                    format!("1 to {LONGEST_WRITE}"),
                    longest_seconds,
                ));
            }
        }
        if self.holding().next().is_none() {
            return Err(Invalid::new(
                "services",
                "at least one that holds data",
                "none that does",
            ));
        }
        for region in [&self.home, &self.standby] {
            let resources = self
                .regions
                .get(region)
                .ok_or_else(|| Invalid::new("regions", format!("an entry for {region}"), "none"))?;
            for service in &self.services {
                if !resources.services.contains_key(&service.name) {
                    return Err(Invalid::new(
                        format!("regions.{region}.services"),
                        format!("an entry for {}", service.name),
                        "none",
                    ));
                }
                let resources = &resources.services[&service.name];
                let data = resources.place != Place::Folder || resources.hook.is_some();
                if service.holds == Holds::Nothing && data {
                    return Err(Invalid::new(
                        format!("regions.{region}.services.{}", service.name),
                        "neither a place nor a hook, because it holds nothing",
                        "one",
                    ));
                }
            }
            place::check(region, resources)?;
        }
        for service in &self.services {
            let [home, standby] = [Side::Home, Side::Standby].map(|side| {
                let places = &self.resources(side).services;
                places[&service.name].place.kind()
            });
            if home != standby {
                let (name, other) = (&service.name, &self.standby);
                return Err(Invalid::new(
                    format!("regions.{other}.services.{name}.place"),
                    format!("{home}, as in {}", self.home),
                    standby,
                ));
            }
            if (self.through(&service.name), service.writes) == (Through::Tasks, Writes::Any) {
                return Err(Invalid::new(
                    format!("services.{}.writes", service.name),
                    "http, because its data is read from its own tasks, and a planned execution reads it when nobody writes any more",
                    "any",
                ));
            }
        }
        for (number, pattern) in self.images.iter().enumerate() {
            pattern.check(&format!("images.{number}"))?;
        }
        self.backup_keep.validate()?;
        if !(1..=3).contains(&self.down_quorum) {
            return Err(Invalid::new("down_quorum", "1 to 3", self.down_quorum));
        }
        for (field, value) in [
            ("rpo_seconds", self.rpo_seconds),
            ("rto_seconds", self.rto_seconds),
        ] {
            if value <= 0 {
                return Err(Invalid::new(field, "more than zero", value));
            }
        }
        Ok(())
    }

    pub fn pair(&self) -> Result<RegionPair, Invalid> {
        RegionPair::new(self.home.clone(), self.standby.clone())
    }

    pub fn side(&self) -> Side {
        if self.region == self.home {
            Side::Home
        } else {
            Side::Standby
        }
    }

    pub fn region_of(&self, side: Side) -> &Region {
        match side {
            Side::Home => &self.home,
            Side::Standby => &self.standby,
        }
    }

    pub fn peer_region(&self) -> &Region {
        self.region_of(self.side().other())
    }

    /// What it means for a region that its backups do not cross.
    pub fn stays(&self, region: &Region) -> Option<String> {
        let other = match *region == self.home {
            true => &self.standby,
            false => &self.home,
        };
        (!self.cross_region_backup).then(|| format!(
            "enable_cross_region_backup is off: backups of {region} stay in {region}, and {other} has none to restore if {region} is lost"
        ))
    }

    /// `validate` has seen that both sides are there.
    pub fn resources(&self, side: Side) -> &RegionResources {
        &self.regions[self.region_of(side)]
    }

    pub fn own(&self) -> &RegionResources {
        self.resources(self.side())
    }

    pub fn peer(&self) -> &RegionResources {
        self.resources(self.side().other())
    }

    /// How a service's data is put in place, in either region.
    pub fn through(&self, service: &str) -> Through {
        self.own().services[service].place.through()
    }

    /// The services of which there is something to be backed up and restored.
    pub fn holding(&self) -> impl Iterator<Item = &Service> {
        let services = self.services.iter();
        services.filter(|service| service.holds == Holds::Data)
    }

    /// The services whose data their own tasks take.
    pub fn importing(&self) -> impl Iterator<Item = &str> {
        let services = self.services.iter().map(|service| service.name.as_str());
        services.filter(|service| self.through(service) == Through::Tasks)
    }

    /// The services whose writes all come by HTTP.
    pub fn gated(&self) -> impl Iterator<Item = &str> {
        let services = self.services.iter();
        let gated = services.filter(|service| matches!(service.writes, Writes::Http { .. }));
        gated.map(|service| service.name.as_str())
    }

    /// The longest that a write of these may take.
    pub fn longest_write(&self, gates: &Gates) -> u32 {
        let services = self.services.iter();
        let gated = services.filter(|service| gates.contains_key(&service.name));
        let longest = gated.map(|service| match service.writes {
            Writes::Http { longest_seconds } => longest_seconds,
            // Declared otherwise since.
            Writes::Any => LONGEST_WRITE,
        });
        longest.max().unwrap_or_default()
    }

    /// Where a service says through a load balancer that it is well.
    pub fn health(&self, service: &str) -> String {
        let named = self.services.iter().find(|s| s.name == service);
        let path = named.and_then(|service| service.health.clone());
        path.unwrap_or_else(|| format!("/{service}/health"))
    }

    pub fn service(&self, name: &str) -> Result<&Service, Invalid> {
        self.services
            .iter()
            .find(|s| s.name == name)
            .ok_or_else(|| {
                let known: Vec<&str> = self.services.iter().map(|s| s.name.as_str()).collect();
                Invalid::new(
                    "service",
                    format!("one of {}", known.join(", ")),
                    format!("{name:?}"),
                )
            })
    }
}

/// Longer no function works.
pub(crate) const LONGEST_WORK: u32 = 900;

fn check_longest(field: &str, seconds: u32) -> Result<(), Invalid> {
    match (1..=LONGEST_WORK).contains(&seconds) {
        true => Ok(()),
        false => Err(Invalid::new(field, format!("1 to {LONGEST_WORK}"), seconds)),
    }
}

/// A token stands nowhere in the configuration. What is refused may be one, so it is not repeated.
fn check_secret(field: &str, secret: &str) -> Result<(), Invalid> {
    let parts: Vec<&str> = secret.splitn(7, ':').collect();
    match parts[..] {
        ["arn", _, "secretsmanager", _, _, "secret", name] if !name.is_empty() => Ok(()),
        _ => Err(Invalid::new(
            field,
            "the ARN of a secret of Secrets Manager",
            "something else",
        )),
    }
}

/// What is written into keys, names of resources and folders.
pub(crate) fn check_name(field: &str, value: &str) -> Result<(), Invalid> {
    let good = !value.is_empty()
        && value.len() <= 32
        && value.starts_with(|c: char| c.is_ascii_lowercase())
        && value
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    good.then_some(()).ok_or_else(|| {
        Invalid::new(
            field,
            "lower-case letters, digits and hyphens, at most 32",
            format!("{value:?}"),
        )
    })
}

#[cfg(any(test, feature = "samples"))]
#[allow(clippy::expect_used)]
pub fn sample(region: &str) -> Configuration {
    let side = |r: &str, port: u16| {
        serde_json::json!({
            "control_bucket": format!("123456789012-forum-control-{r}"), "backups_bucket": format!("123456789012-forum-backups-{r}"),
            "markers_bucket": format!("123456789012-forum-markers-{r}"), "cluster": "forum", "alarm": "forum-active-region-down",
            "workflow": format!("arn:aws:states:{r}:123456789012:stateMachine:forum-failover"),
            "alarms_topic": format!("arn:aws:sns:{r}:123456789012:forum-alarms"), "notices_topic": format!("arn:aws:sns:{r}:123456789012:forum-notices"),
            "functions": {"backup": "b", "image_sync": "i", "health_probe": "h", "failover": "f"},
            "registry": {"host": format!("123456789012.dkr.ecr.{r}.amazonaws.com"), "endpoint": format!("http://127.0.0.1:{port}")},
            "load_balancer": {"host": format!("{r}.forum.test"), "endpoint": format!("http://127.0.0.1:{port}")},
            "services": {"users": {"service": "forum-users", "repository": "forum/users", "image": format!("127.0.0.1:{port}/forum/users:stable"),
                                   "scalable_target": "service/forum/forum-users"},
                         "posts": {"service": "forum-posts", "repository": "forum/posts", "image": format!("127.0.0.1:{port}/forum/posts:stable"),
                                   "scalable_target": "service/forum/forum-posts"}}
        })
    };
    let json = serde_json::json!({
        "schema": 1, "application": "forum", "account": "123456789012", "region": region, "home": "us-east-1", "standby": "us-west-2",
        "services": [{"name": "users", "minimum": 2, "maximum": 10, "data": "json"}, {"name": "posts", "minimum": 2, "maximum": 10, "data": "json"}],
        "rpo_seconds": 3600, "rto_seconds": 900, "cool_down_seconds": 3600, "daily_starts": 2, "automatic": true,
        "automatic_failback": false, "look_interval_seconds": 20, "backup_retention_days": 7, "cross_region_backup": true, "data_directory": "/mnt/data",
        "regions": {"us-east-1": side("us-east-1", 5001), "us-west-2": side("us-west-2", 5002)},
        "traffic": {"domain": "forum.test", "name_servers": []}
    });
    Configuration::parse(json.to_string().as_bytes()).expect("the sample is valid")
}

#[cfg(test)]
mod tests;
