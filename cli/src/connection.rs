//! From one region that is alive to both: its control bucket holds the configuration that describes the pair.

use aws_sdk_sfn::Client;
use lifeboat_aws::{Aws, Bucket, Control, Patience, lambda::Functions, s3};
use lifeboat_core::{Configuration, Failure, Region, Side, configuration};

use crate::{
    Trouble,
    ask::Function,
    doctor::Live,
    report::Archive,
    status::Place,
    version,
    whereabouts::{self, States},
    workflow::StateMachine,
};

#[derive(Debug)]
pub struct Connection {
    aws: Aws,
    pub configuration: Configuration,
}

const CONFIGURATION: &str = "configuration.json";

impl Connection {
    pub async fn open(bucket: Option<String>, region: Option<Region>) -> Result<Self, Trouble> {
        let aws = Aws::from_environment().await;
        let own = aws.own_region().map(Region::new).transpose()?;
        let (bucket, region) = entrance(bucket, region.or(own))?;
        // It may turn out to be the dead one; whoever waits for it could be asking the other.
        let client = s3::client(&aws.region(&region, Patience::Brief));
        let control = Control::new(Bucket::new(client, &bucket, region.clone()));
        match control.configuration(CONFIGURATION).await {
            Ok(configuration) => Ok(Self { aws, configuration }),
            Err(why) => {
                let note = match &why {
                    Failure::Invalid(_) => version::note(control.bucket(), CONFIGURATION).await,
                    _ => None,
                };
                let elsewhere = || {
                    format!(
                        "Is {bucket} a control bucket, is it in {region}, and may your credentials read it? If {region} is gone, name the other region and its bucket: --region REGION --control-bucket NAME"
                    )
                };
                Err(Trouble::from(why).next(note.unwrap_or_else(elsewhere)))
            }
        }
    }

    /// What each region knows.
    pub async fn states(&self) -> Result<States, Trouble> {
        let control = |side| self.control(side, Patience::Brief);
        let (home, standby) = (control(Side::Home), control(Side::Standby));
        whereabouts::states(&self.configuration, &home, &standby).await
    }

    /// The side that was named, else the one that is active.
    pub async fn active(&self, named: Option<&Region>) -> Result<Side, Trouble> {
        match named {
            Some(region) => whereabouts::side(&self.configuration, "--in", region),
            None => whereabouts::active(&self.configuration, &self.states().await?),
        }
    }

    pub fn control(&self, side: Side, patience: Patience) -> Control<Bucket> {
        let name = &self.configuration.resources(side).control_bucket;
        Control::new(self.bucket(side, name, patience))
    }

    /// The reports as the region shows them through which this was opened.
    pub fn archive(&self) -> Archive<Bucket> {
        let configuration = &self.configuration;
        let regions = [configuration.home.clone(), configuration.standby.clone()];
        Archive::new(self.backups(configuration.side()), regions)
    }

    /// What a look at one side needs.
    pub fn place(&self, side: Side) -> Place<Bucket> {
        let markers = &self.configuration.resources(side).markers_bucket;
        Place {
            control: self.control(side, Patience::Brief),
            markers: self.bucket(side, markers, Patience::Brief),
        }
    }

    pub fn functions(&self, side: Side) -> Functions {
        let region = self.configuration.region_of(side);
        Functions::new(&self.aws.region(region, Patience::Work), region)
    }

    /// One function, asked for all that it may take.
    pub fn function(
        &self,
        side: Side,
        name: impl Fn(&configuration::Functions) -> &String,
    ) -> Function {
        let region = self.configuration.region_of(side);
        let config = self.aws.region(region, Patience::Invocation);
        Function {
            functions: Functions::new(&config, region),
            name: name(&self.configuration.resources(side).functions).clone(),
        }
    }

    /// Where a side's backups and reports are.
    pub fn backups(&self, side: Side) -> Bucket {
        let name = &self.configuration.resources(side).backups_bucket;
        self.bucket(side, name, Patience::Own)
    }

    /// Who asks, as the side's own region knows them, which takes no right. Reports name them; where nobody can tell, nobody
    /// is kept from anything.
    pub async fn caller(&self, side: Side) -> Option<String> {
        let region = self.configuration.region_of(side);
        let client = aws_sdk_sts::Client::new(&self.aws.region(region, Patience::Brief));
        let caller = client.get_caller_identity().send().await.ok()?;
        caller.arn
    }

    /// How one side is set up, as far as it says within moments.
    pub fn sight(&self, side: Side) -> Result<Live<'_>, Failure> {
        let images = self.function(side, |functions| &functions.image_sync);
        let resources = self.configuration.resources(side);
        let region = self.configuration.region_of(side);
        Live::new(&self.aws, images, resources, region)
    }

    pub fn workflow(&self, side: Side) -> StateMachine {
        let region = self.configuration.region_of(side);
        let client = |patience| Client::new(&self.aws.region(region, patience));
        let arn = &self.configuration.resources(side).workflow;
        let (start, look) = (client(Patience::Own), client(Patience::Brief));
        StateMachine::new(start, look, arn, region.clone())
    }

    fn bucket(&self, side: Side, name: &str, patience: Patience) -> Bucket {
        let region = self.configuration.region_of(side);
        let client = s3::client(&self.aws.region(region, patience));
        Bucket::new(client, name, region.clone())
    }
}

/// Where to begin; both parts must be known.
fn entrance(bucket: Option<String>, region: Option<Region>) -> Result<(String, Region), Trouble> {
    let missing = |what: &str, how: &str| Trouble::BadInput(format!("{what} is not known; {how}"));
    let bucket = bucket.filter(|name| !name.trim().is_empty());
    let bucket = bucket.ok_or_else(|| {
        missing(
            "the control bucket of a region that is alive",
            "give --control-bucket NAME or set LIFEBOAT_CONTROL_BUCKET (Terraform's output `buckets` names it)",
        )
    })?;
    let region = region.ok_or_else(|| {
        missing(
            &format!("the region of {bucket}"),
            "give --region REGION or set AWS_REGION",
        )
    })?;
    Ok((bucket, region))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_bucket_or_region_is_bad_input_that_says_how_to_give_it() {
        let region = Region::new("us-east-1").unwrap();
        for bucket in [None, Some(" ".to_owned())] {
            let trouble = entrance(bucket, Some(region.clone())).unwrap_err();
            assert_eq!(trouble.exit_code(), 2);
            assert!(trouble.to_string().contains("LIFEBOAT_CONTROL_BUCKET"));
        }
        let trouble = entrance(Some("control".into()), None).unwrap_err();
        assert_eq!(trouble.exit_code(), 2);
        assert!(trouble.to_string().contains("--region"));
    }
}
