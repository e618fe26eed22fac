//! How long the peer has lacked what was pushed here, repository by repository.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lifeboat_aws::metrics::Metric;
use lifeboat_core::Failure;

use crate::survey::Survey;

/// Of each repository, by its name in this region: from a push until the image was seen in the peer, whole.
pub type Lags = BTreeMap<String, SignedDuration>;

#[allow(async_fn_in_trait)]
pub trait Meter {
    async fn publish(&self, metrics: &[Metric<'_>]) -> Result<(), Failure>;
}

/// After what was lacking has been brought: what came took as long as this, and what did not is still older. A repository that
/// lacked nothing lags by nothing, so that the metric lives; so does one where only a tag moved to an image that was there.
pub(crate) fn of(survey: &Survey, now: Timestamp) -> Lags {
    let repositories = survey.repositories.iter();
    let mut lags: Lags = repositories
        .map(|repository| (repository.clone(), SignedDuration::ZERO))
        .collect();
    for differs in &survey.differ {
        let pushed = differs.lacked.unwrap_or(now);
        let lag = lags.entry(differs.image.own.clone()).or_default();
        *lag = (*lag).max(now.duration_since(pushed));
    }
    lags
}

/// The active region could not be asked what runs there. Nothing is told while it answers: a metric costs by the hour in which
/// it is told.
pub(crate) const PEER_SILENT: Metric<'_> = Metric {
    name: "PeerSilent",
    value: 1.0,
    of: None,
};

/// Of one push.
pub(crate) fn of_push(repository: &str, pushed: Timestamp, now: Timestamp) -> Lags {
    let lag = now.duration_since(pushed).max(SignedDuration::ZERO);
    [(repository.to_owned(), lag)].into()
}

/// Each, and the longest of them for the alarm.
pub(crate) fn metrics(lags: &Lags) -> Vec<Metric<'_>> {
    let metric = |lag: &SignedDuration, of| Metric {
        name: "ImageLag",
        value: lag.as_secs_f64(),
        of,
    };
    let longest = lags.values().max();
    let longest = longest.map(|lag| metric(lag, None));
    let each = lags.iter();
    let each = each.map(|(name, lag)| metric(lag, Some(("Repository", name.as_str()))));
    longest.into_iter().chain(each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{reference::Reference, survey::Differs, wanted::Wanted};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_repository_lags_by_its_oldest_image_that_the_peer_lacked_and_by_nothing_without_one() {
        let differs = |own: &str, lacked| {
            let image = Wanted {
                own: own.into(),
                peer: "x".into(),
                reference: Reference::Tag("v1".into()),
            };
            Differs::sample(image, lacked)
        };
        let survey = Survey {
            differ: vec![
                differs("a", Some(at(900))),
                differs("a", Some(at(400))),
                differs("b", None),
                differs("c", Some(at(2000))),
            ],
            repositories: ["a", "b", "c", "d"].map(str::to_owned).into(),
            ..Survey::default()
        };
        let lags = of(&survey, at(1000));
        let seconds: Vec<i64> = lags.values().map(SignedDuration::as_secs).collect();
        assert_eq!(seconds, [600, 0, 0, 0]);
        let metrics = metrics(&lags);
        assert_eq!(
            (metrics.len(), metrics[0].value, metrics[0].of),
            (5, 600.0, None)
        );
        assert_eq!(metrics[1].of, Some(("Repository", "a")));
    }

    #[test]
    fn where_nothing_was_looked_at_nothing_is_published() {
        assert!(metrics(&of(&Survey::default(), at(0))).is_empty());
    }
}
