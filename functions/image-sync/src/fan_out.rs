//! More images than one invocation should bring: the workflow lists what differs and brings it in batches.

use jiff::Timestamp;
use lifeboat_core::Failure;
use serde::{Deserialize, Serialize};

use crate::{
    event::{Asked, Cursor},
    reference::Digest,
    survey::{Differs, Survey},
};

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
pub struct Batches {
    pub batches: Vec<Vec<Asked>>,
    /// How many images differ, those before and after this list too.
    pub images: usize,
    /// The list is cut here: ask for what comes after it when these are brought.
    pub last: Option<String>,
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

    pub(crate) fn of(survey: Survey, cursor: &Cursor) -> Self {
        let images = survey.differ.len();
        let differ = survey.differ.into_iter();
        let mut differ: Vec<(String, Asked)> = differ
            .map(|differs| (place(&differs, &cursor.order), asked(differs)))
            .filter(|(place, _)| cursor.after.as_ref() < Some(place))
            .collect();
        differ.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let mut bytes = 0;
        let fits = differ
            .iter()
            .take(BATCHES * BATCH)
            .take_while(|(_, image)| {
                bytes += length(image);
                bytes <= BYTES
            });
        let fits = fits.count();
        let last = match fits < differ.len() {
            true => fits.checked_sub(1).map(|last| differ[last].0.clone()),
            false => None,
        };
        differ.truncate(fits);
        let listed: Vec<Asked> = differ.into_iter().map(|(_, image)| image).collect();
        Self {
            batches: listed.chunks(BATCH).map(<[_]>::to_vec).collect(),
            images,
            last,
            passive: None,
        }
    }
}

fn asked(differs: Differs) -> Asked {
    Asked {
        repository: differs.image.own,
        reference: differs.image.reference,
    }
}

/// What services name comes first. Each execution has another order, so that images that never come to an end, and with them
/// the time of an execution, are not in front of the same others each time.
fn place(differs: &Differs, order: &str) -> String {
    let image = &differs.image;
    let name = image.reference.of(&image.own);
    let drawn = Digest::of(format!("{order} {name}").as_bytes());
    format!("{} {drawn}", u8::from(!differs.named))
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

    fn first(images: usize, long: usize) -> Batches {
        Batches::of(survey(images, long), &Cursor::default())
    }

    #[test]
    fn every_image_is_in_one_batch_and_no_batch_is_larger_than_25() {
        for images in [0, 1, 25, 26, 60] {
            let found = first(images, 10);
            assert!(
                found
                    .batches
                    .iter()
                    .all(|batch| (1..=BATCH).contains(&batch.len()))
            );
            let mut all = found.batches.concat();
            assert_eq!(
                (all.len(), found.images, found.last),
                (images, images, None)
            );
            all.dedup();
            assert_eq!(all.len(), images);
        }
    }

    #[test]
    fn a_list_that_step_functions_would_not_hand_on_is_cut_and_says_where() {
        for (images, long) in [(2000, 10), (999, 256), (2000, 256)] {
            let found = first(images, long);
            let listed = found.batches.concat().len();
            assert_eq!(found.images, images);
            assert!(
                found.last.is_some() && listed >= 400,
                "{listed} of {images}"
            );
            let text = serde_json::to_string(&found).unwrap();
            assert!(text.len() < 256 * 1024 && found.batches.len() <= BATCHES);
        }
        assert_eq!(first(1000, 10).last, None);
    }

    #[test]
    fn list_after_list_names_every_image_once_though_none_is_brought_and_what_services_name_first()
    {
        let mut found = survey(2001, 10);
        found.differ[2000].named = true;
        let mut cursor = Cursor::default();
        let mut all = vec![];
        loop {
            let differ = found.differ.clone();
            let again = Survey {
                differ,
                ..Survey::default()
            };
            let list = Batches::of(again, &cursor);
            all.extend(list.batches.concat());
            cursor.after = list.last;
            if cursor.after.is_none() {
                break;
            }
        }
        assert_eq!(all[0].reference, Reference::Tag("v2000".into()));
        assert_eq!(all.len(), 2001);
        let names: std::collections::BTreeSet<&Reference> =
            all.iter().map(|image| &image.reference).collect();
        assert_eq!(names.len(), 2001);
    }

    #[test]
    fn each_execution_has_an_order_of_its_own() {
        let of = |order: &str| {
            let cursor = Cursor {
                order: order.into(),
                after: None,
            };
            Batches::of(survey(100, 10), &cursor)
        };
        assert_eq!(
            of("forum-images-20241123-12"),
            of("forum-images-20241123-12")
        );
        assert_ne!(
            of("forum-images-20241123-12"),
            of("forum-images-20241123-13")
        );
    }

    #[test]
    fn an_execution_is_named_by_application_and_hour() {
        let name = |at: &str| name("forum", at.parse().unwrap());
        assert_eq!(name("2024-11-23T12:59:59Z"), "forum-images-20241123-12");
        assert_eq!(name("2024-11-23T13:00:00Z"), "forum-images-20241123-13");
    }
}
