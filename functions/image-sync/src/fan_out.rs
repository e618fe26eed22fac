//! More images than one invocation should bring: the workflow lists what differs and brings it in batches.

use jiff::Timestamp;
use lifeboat_core::Failure;
use serde::{Deserialize, Serialize};

use crate::{event::Asked, survey::Survey};

/// So many images differ at most where a reconcile brings them itself.
pub(crate) const MANY: usize = 50;
/// An invocation brings as many in its time, of any usual size.
const BATCH: usize = 25;
/// The workflow's history has room for fifty times as many.
const BATCHES: usize = 40;
/// Step Functions hands on 256 KiB.
const BYTES: usize = 160 * 1024;

/// The workflow that brings many images.
#[allow(async_fn_in_trait)]
pub trait Workflow {
    async fn start(&self, machine: &str, name: &str) -> Result<Started, Failure>;
}

/// An execution, by its ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    Now(String),
    /// There has been one of this name.
    Already(String),
}

/// What the workflow is to bring.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batches {
    pub batches: Vec<Vec<Asked>>,
    /// How many images differ, those that were cut too.
    pub images: usize,
    /// The list is cut: ask again when these are brought.
    pub more: bool,
    /// Why nothing is to be brought by this region, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passive: Option<String>,
}

impl Batches {
    pub(crate) fn none(passive: String) -> Self {
        Self {
            passive: Some(passive),
            ..Self::default()
        }
    }

    pub(crate) fn of(survey: Survey) -> Self {
        let images = survey.differ.len();
        let (mut batches, mut bytes, mut listed) = (vec![], 0, 0);
        let mut batch = vec![];
        for differs in survey.differ {
            let image = Asked {
                repository: differs.image.own,
                reference: differs.image.reference,
            };
            bytes += length(&image);
            if bytes > BYTES || batches.len() == BATCHES {
                break;
            }
            batch.push(image);
            listed += 1;
            if batch.len() == BATCH {
                batches.push(std::mem::take(&mut batch));
            }
        }
        if !batch.is_empty() {
            batches.push(batch);
        }
        Self {
            batches,
            images,
            more: listed < images,
            passive: None,
        }
    }
}

/// As JSON, with what stands between two.
fn length(image: &Asked) -> usize {
    let words = image.repository.len() + image.reference.as_str().len();
    words + r#"{"repository":"","reference":""},"#.len()
}

/// One of an hour, so that two reconciles start one.
pub(crate) fn name(application: &str, now: Timestamp) -> String {
    format!("{application}-images-{}", now.strftime("%Y%m%d-%H"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{reference::Reference, survey::Differs, wanted::Wanted};

    fn survey(images: usize, long: usize) -> Survey {
        let differ = (0..images).map(|number| {
            let own = "r".repeat(long);
            let reference = Reference::Tag(format!("v{number}"));
            let image = Wanted {
                peer: own.clone(),
                own,
                reference,
            };
            Differs::sample(image, None)
        });
        Survey {
            differ: differ.collect(),
            ..Survey::default()
        }
    }

    #[test]
    fn every_image_is_in_one_batch_and_no_batch_is_larger_than_25() {
        for images in [0, 1, 25, 26, 60] {
            let found = Batches::of(survey(images, 10));
            assert!(
                found
                    .batches
                    .iter()
                    .all(|batch| (1..=BATCH).contains(&batch.len()))
            );
            let mut all = found.batches.concat();
            assert_eq!(
                (all.len(), found.images, found.more),
                (images, images, false)
            );
            all.dedup();
            assert_eq!(all.len(), images);
        }
    }

    #[test]
    fn a_list_that_step_functions_would_not_hand_on_is_cut_and_says_so() {
        for (images, long) in [(2000, 10), (999, 256), (2000, 256)] {
            let found = Batches::of(survey(images, long));
            let listed = found.batches.concat().len();
            assert_eq!(found.images, images);
            assert_eq!(found.more, listed < images);
            assert!(found.more && listed >= 400, "{listed} of {images}");
            let text = serde_json::to_string(&found).unwrap();
            assert!(text.len() < 256 * 1024 && found.batches.len() <= BATCHES);
        }
    }

    #[test]
    fn an_execution_is_named_by_application_and_hour() {
        let name = |at: &str| name("forum", at.parse().unwrap());
        assert_eq!(name("2024-11-23T12:59:59Z"), "forum-images-20241123-12");
        assert_eq!(name("2024-11-23T13:00:00Z"), "forum-images-20241123-13");
    }
}
