use std::time::Duration;

use jiff::Timestamp;
use lifeboat_aws::{Control, Objects};
use lifeboat_core::{
    Configuration, Failure, RegionPair, Side,
    backup::Damages,
    image::Record,
    marker::{Marker, Seen, TOKEN},
    probe::ProbeReport,
};

use super::{Answered, Facts, Kept, Markers, Probe, RegionFacts, View};
use crate::{Trouble, version};

/// The buckets of one region that are looked into.
#[derive(Debug)]
pub struct Place<B> {
    pub control: Control<B>,
    pub markers: B,
}

/// As it is called in the control bucket.
const STATE: &str = "state.json";

/// A little more than one call's patience, for a region that begins an answer and never ends it.
const PATIENCE: Duration = Duration::from_secs(6);

/// Everything is asked at once, so that a dead region costs a few seconds and not a few for each question.
pub async fn gather<B: Objects>(
    configuration: &Configuration,
    home: &Place<B>,
    standby: &Place<B>,
    now: Timestamp,
) -> Result<Facts, Trouble> {
    let pair = configuration.pair()?;
    let place = |side| match side {
        Side::Home => home,
        Side::Standby => standby,
    };
    let see = |marker: Marker| see(&place(marker.side()).markers, marker);
    let (home, standby, serve, fenced, reclaim) = tokio::join!(
        look(&home.control, &pair),
        look(&standby.control, &pair),
        see(Marker::Serve),
        see(Marker::Fenced),
        see(Marker::Reclaim),
    );
    let markers = Markers {
        serve,
        fenced,
        reclaim,
    };
    let facts = |side, view| RegionFacts {
        region: pair.region(side).clone(),
        view,
    };
    let (home, standby) = (facts(Side::Home, home), facts(Side::Standby, standby));
    let application = &configuration.application;
    Ok(Facts::new(now, application, home, standby, markers))
}

async fn look<B: Objects>(control: &Control<B>, pair: &RegionPair) -> View {
    let asked = async {
        tokio::join!(
            control.state(pair),
            control.read::<ProbeReport>(ProbeReport::KEY),
            control.read::<Record>(Record::KEY),
            control.read::<Damages>(Damages::KEY),
        )
    };
    let Ok((state, report, images, damages)) = tokio::time::timeout(PATIENCE, asked).await else {
        let because = format!("no answer within {} s", PATIENCE.as_secs());
        return View::Unreachable { because };
    };
    let probe = match report {
        Ok(Some(report)) => Probe::Reported {
            report: Box::new(report),
        },
        Ok(None) => Probe::Never,
        Err(why) => Probe::Unknown {
            because: why.to_string(),
        },
    };
    match state {
        Ok(state) => View::Answered(Box::new(Answered {
            state,
            probe,
            images: kept(images),
            damages: kept(damages),
        })),
        Err(Failure::Invalid(why)) => {
            let note = version::note(control.bucket(), STATE).await;
            let lines = [Some(why.to_string()), note].into_iter().flatten();
            View::Unreadable {
                because: lines.collect::<Vec<_>>().join("\n"),
            }
        }
        Err(why) => View::Unreachable {
            because: why.to_string(),
        },
    }
}

fn kept<T>(read: Result<Option<T>, Failure>) -> Kept<T> {
    match read {
        Ok(Some(record)) => Kept::There {
            record: Box::new(record),
        },
        Ok(None) => Kept::Never,
        Err(why) => Kept::Unknown {
            because: why.to_string(),
        },
    }
}

/// As a health check looks: raised is what holds the token.
async fn see(bucket: &impl Objects, marker: Marker) -> Seen {
    match tokio::time::timeout(PATIENCE, bucket.get(marker.key())).await {
        Ok(Ok(Some(found))) if String::from_utf8_lossy(&found.body).contains(TOKEN) => {
            Seen::Present
        }
        Ok(Ok(_)) => Seen::Absent,
        Ok(Err(_)) | Err(_) => Seen::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lifeboat_aws::memory::Memory;
    use lifeboat_core::{
        Epoch, Region, RegionState, configuration::sample, liveness::Verdict, probe,
    };

    fn place(region: &str) -> Place<Memory> {
        let region = Region::new(region).unwrap();
        Place {
            control: Control::new(Memory::new("control", &region)),
            markers: Memory::new("markers", &region),
        }
    }

    async fn facts(home: &Place<Memory>, standby: &Place<Memory>) -> Facts {
        let configuration = sample("us-east-1");
        let gathered = gather(&configuration, home, standby, Timestamp::UNIX_EPOCH).await;
        gathered.unwrap()
    }

    fn write(place: &Place<Memory>, key: &str, value: &impl serde::Serialize) {
        let body = serde_json::to_vec(value).unwrap();
        place.control.bucket().set(key, body);
    }

    #[tokio::test]
    async fn two_regions_that_were_never_used_are_as_they_began() {
        let facts = facts(&place("us-east-1"), &place("us-west-2")).await;
        assert_eq!(facts.active, Some(Region::new("us-east-1").unwrap()));
        assert_eq!(facts.epoch, Some(Epoch(0)));
        assert_eq!(facts.users, Side::Home);
        assert_eq!(facts.home.answered().unwrap().probe, Probe::Never);
    }

    #[tokio::test]
    async fn the_region_that_answers_tells_of_the_one_that_does_not() {
        let (home, standby) = (place("us-east-1"), place("us-west-2"));
        home.control.bucket().dead.set(true);
        home.markers.dead.set(true);
        let mut state = RegionState::genesis(&sample("us-east-1").pair().unwrap());
        (state.epoch, state.active) = (Epoch(1), Region::new("us-west-2").unwrap());
        write(&standby, "state.json", &state);
        standby.markers.set("serve", TOKEN);
        let facts = facts(&home, &standby).await;
        assert_eq!(facts.active, Some(Region::new("us-west-2").unwrap()));
        assert!(
            matches!(&facts.home.view, View::Unreachable { because } if because.contains("timed out"))
        );
        assert_eq!(facts.markers.fenced, Seen::Unreachable);
        assert_eq!(facts.users, Side::Standby);
        assert!(!facts.nobody_answered());
    }

    #[tokio::test]
    async fn where_neither_region_answers_nothing_is_known() {
        let (home, standby) = (place("us-east-1"), place("us-west-2"));
        home.control.bucket().dead.set(true);
        standby.control.bucket().dead.set(true);
        assert!(facts(&home, &standby).await.nobody_answered());
    }

    #[tokio::test]
    async fn a_report_of_another_version_does_not_hide_the_state() {
        let (home, standby) = (place("us-east-1"), place("us-west-2"));
        home.control.bucket().set(ProbeReport::KEY, "{}");
        let region = Region::new("us-west-2").unwrap();
        let report = probe::sample(&region, &region, Verdict::Serving);
        write(&standby, ProbeReport::KEY, &report);
        let facts = facts(&home, &standby).await;
        let probe = |side| &facts.region(side).answered().unwrap().probe;
        assert!(matches!(probe(Side::Home), Probe::Unknown { .. }));
        assert!(
            matches!(probe(Side::Standby), Probe::Reported { report: read } if **read == report)
        );
    }

    #[tokio::test]
    async fn what_image_sync_and_verify_noted_is_read_and_what_is_not_understood_hides_nothing() {
        let (home, standby) = (place("us-east-1"), place("us-west-2"));
        home.control.bucket().set(Record::KEY, "[]");
        let mut damages = Damages::default();
        damages.note("packs/1", &lifeboat_core::backup::Harm::Gone, None);
        write(&home, Damages::KEY, &damages);
        let facts = facts(&home, &standby).await;
        let home = facts.home.answered().unwrap();
        assert!(matches!(home.images, Kept::Unknown { .. }));
        let record = Box::new(damages);
        assert_eq!(home.damages, Kept::There { record });
        let standby = facts.standby.answered().unwrap();
        assert_eq!(
            (&standby.images, &standby.damages),
            (&Kept::Never, &Kept::Never)
        );
    }

    #[tokio::test]
    async fn a_state_that_cannot_be_understood_is_no_unreachable_region() {
        let (home, standby) = (place("us-east-1"), place("us-west-2"));
        home.control.bucket().set("state.json", "{}");
        let facts = facts(&home, &standby).await;
        let View::Unreadable { because } = &facts.home.view else {
            panic!("{:?}", facts.home.view);
        };
        assert!(because.contains("says no schema"), "{because}");
    }

    #[tokio::test]
    async fn a_marker_without_its_token_is_not_raised() {
        let (home, standby) = (place("us-east-1"), place("us-west-2"));
        home.markers.set("fenced", "something else");
        home.markers.set("reclaim", format!("{TOKEN}\n"));
        let markers = facts(&home, &standby).await.markers;
        assert_eq!(
            (markers.fenced, markers.reclaim),
            (Seen::Absent, Seen::Present)
        );
    }
}
