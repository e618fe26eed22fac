//! What the drill looks at in the cloud, with the account's own eyes.

use http::Method;
use lifeboat_core::marker::{Marker, TOKEN};
use lifeboat_core::probe::ProbeReport;
use lifeboat_core::report::Report;
use lifeboat_core::scaling::Bounds;
use lifeboat_core::{Region, RegionState};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::cloud::{ACCOUNT, APPLICATION, HOME, LocalCloud, STANDBY};
use crate::drill::stage::ensure;
use crate::{Context, Result};

/// As many services as ECS describes in one call.
const DESCRIBED_AT_ONCE: usize = 10;

impl LocalCloud {
    pub(super) fn bucket(&self, kind: &str, region: &str) -> String {
        format!("{ACCOUNT}-{APPLICATION}-{kind}-{region}")
    }

    pub(super) async fn object(
        &self,
        region: &str,
        kind: &str,
        key: &str,
    ) -> Result<Option<Vec<u8>>> {
        let path = format!("/{}/{key}", self.bucket(kind, region));
        self.aws.found(region, "s3", Method::GET, &path).await
    }

    async fn control<T: DeserializeOwned>(&self, region: &str, key: &str) -> Result<T> {
        self.read(region, "control", key).await
    }

    async fn read<T: DeserializeOwned>(&self, region: &str, kind: &str, key: &str) -> Result<T> {
        let found = self.object(region, kind, key).await?;
        let found = found.context(|| format!("{key} of {region} is not there"))?;
        serde_json::from_slice(&found).context(|| format!("read {key} of {region}"))
    }

    pub(super) async fn state(&self, region: &str) -> Result<RegionState> {
        self.control(region, "state.json").await
    }

    pub(super) async fn status(&self, region: &str) -> Result<ProbeReport> {
        self.control(region, ProbeReport::KEY).await
    }

    pub(super) async fn report(&self, region: &str, execution: &str) -> Result<Report> {
        let named = Region::new(region).context(|| "a region of the drill".to_owned())?;
        let key = Report::key(&named, execution);
        self.read(region, "backups", &key).await
    }

    /// The state that an alarm is in, in CloudWatch's words.
    pub(super) async fn alarm(&self, region: &str, name: &str) -> Result<String> {
        let ask = json!({ "AlarmNames": [name] });
        let target = "GraniteServiceVersion20100801.DescribeAlarms";
        let answer = self.aws.json(region, "monitoring", target, &ask).await?;
        let state = answer["MetricAlarms"][0]["StateValue"].as_str();
        state
            .map(str::to_owned)
            .context(|| format!("no alarm {name}: {answer}"))
    }

    pub(super) async fn raised(&self, marker: Marker) -> Result<bool> {
        let region = match marker.side() {
            lifeboat_core::Side::Home => HOME,
            lifeboat_core::Side::Standby => STANDBY,
        };
        let found = self.object(region, "markers", marker.key()).await?;
        Ok(found.is_some_and(|body| body == TOKEN.as_bytes()))
    }

    /// No marker sends users anywhere.
    pub(super) async fn assert_lowered(&self) -> Result<()> {
        for marker in Marker::ALL {
            let raised = self.raised(marker).await?;
            ensure(!raised, || format!("the marker {} is raised", marker.key()))?;
        }
        Ok(())
    }

    /// Tasks wanted and tasks running, of all services together; none running in Docker's eyes either.
    pub(super) async fn tasks(&self, region: &str) -> Result<(u64, u64)> {
        let (mut desired, mut running) = (0, 0);
        for services in self.protected.services.chunks(DESCRIBED_AT_ONCE) {
            let named = |service: &String| format!("{APPLICATION}-{service}");
            let services: Vec<String> = services.iter().map(named).collect();
            let ask = json!({ "cluster": APPLICATION, "services": services });
            let answer = self.ecs(region, "DescribeServices", &ask).await?;
            for service in answer["services"].as_array().into_iter().flatten() {
                desired += service["desiredCount"].as_u64().unwrap_or_default();
                running += service["runningCount"].as_u64().unwrap_or_default();
            }
        }
        let containers = self.containers(region, "running").await?.len() as u64;
        Ok((desired, running.max(containers)))
    }

    /// No task runs, and scaling may start none.
    pub(super) async fn assert_empty(&self, region: &str) -> Result<()> {
        self.assert_tasks(region, 0).await
    }

    /// No task runs but the warm ones, and scaling may start none.
    pub(super) async fn assert_resting(&self, region: &str) -> Result<()> {
        self.assert_tasks(region, 1).await
    }

    async fn assert_tasks(&self, region: &str, warm: u32) -> Result<()> {
        let expected = u64::from(warm) * self.protected.warm.len() as u64;
        let (desired, running) = self.tasks(region).await?;
        ensure((desired, running) == (expected, expected), || {
            format!("{region} wants {desired} tasks and runs {running}, not {expected}")
        })?;
        self.assert_bounds(region, |service| {
            match self.protected.warm.iter().any(|name| name == service) {
                true => Bounds {
                    minimum: warm,
                    maximum: warm,
                    suspended: true,
                },
                false => Bounds::CLOSED,
            }
        })
    }

    /// The tasks of a service, by their ARNs.
    pub(super) async fn tasks_of(&self, region: &str, service: &str) -> Result<Vec<String>> {
        let name = format!("{APPLICATION}-{service}");
        let ask = json!({ "cluster": APPLICATION, "serviceName": name });
        let tasks = self.ecs(region, "ListTasks", &ask).await?;
        let tasks = tasks["taskArns"].as_array().into_iter().flatten();
        Ok(tasks.filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// Each service may be scaled as in production.
    pub(super) fn assert_scaled(&self, region: &str) -> Result<()> {
        self.assert_bounds(region, |_| self.production())
    }

    pub(super) fn production(&self) -> Bounds {
        Bounds {
            minimum: self.protected.minimum,
            maximum: 10,
            suspended: false,
        }
    }

    pub(super) async fn ecs(&self, region: &str, action: &str, ask: &Value) -> Result<Value> {
        let target = format!("AmazonEC2ContainerServiceV20141113.{action}");
        self.aws.json(region, "ecs", &target, ask).await
    }

    fn assert_bounds(&self, region: &str, expected: impl Fn(&str) -> Bounds) -> Result<()> {
        for service in &self.protected.services {
            let expected = expected(service);
            let target = format!("service/{APPLICATION}/{APPLICATION}-{service}");
            let found = self.scaling.bounds(region, &target);
            ensure(found == Some(expected), || {
                format!("{target} of {region} is bounded by {found:?}, not {expected:?}")
            })?;
        }
        Ok(())
    }
}
