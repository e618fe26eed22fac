//! Images in words.

use lifeboat_core::{
    Region,
    image::{Held, Use},
};
use lifeboat_image_sync::{
    Outcome,
    fan_out::Batches,
    ready::{Pin, Ready},
    reread::{Found, Reread},
};

use crate::{
    paint,
    words::{count, size},
};

pub(super) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::UpToDate => "The other region has everything already.".into(),
        Outcome::Copied { images } => {
            let brought = count(images.len() as u64, "image");
            let mut lines = vec![format!(
                "The other region has {brought} that it did not have:"
            )];
            lines.extend(images.iter().map(|image| {
                // What has no tag is named by its digest.
                let named = match image.reference == image.digest.as_str() {
                    true => format!("@{}", image.digest),
                    false => format!(":{} ({})", image.reference, image.digest),
                };
                format!("  {}{named}", image.repository)
            }));
            lines.join("\n")
        }
        Outcome::HandedOn { images, execution } => format!(
            "{} differ, so a workflow brings them: {execution}",
            count(*images as u64, "image")
        ),
        Outcome::Passive { reason } | Outcome::Ignored { reason } => {
            format!("Nothing was brought: {reason}")
        }
    }
}

pub(super) fn batches(batches: &Batches) -> String {
    if let Some(reason) = &batches.passive {
        return format!("Nothing is brought from here: {reason}");
    }
    if batches.images == 0 {
        return "The other region has everything.".into();
    }
    let mut lines = vec![format!(
        "{} to bring:",
        count(batches.images as u64, "image")
    )];
    let images = batches.batches.iter().flatten();
    lines.extend(images.map(|image| format!("  {}", image.reference.of(&image.repository))));
    if batches.last.is_some() {
        lines.push("  and more that do not fit into an answer".into());
    }
    lines.push("`lifeboat sync` brings them now.".into());
    lines.join("\n")
}

pub(super) fn ready(ready: &Ready, region: &Region) -> String {
    let active = &ready.found.active;
    let mut lines = vec![match ready.lacking.is_empty() {
        true => paint::good(&format!("{region} could start what runs in {active}.")),
        false => paint::bad(&format!("{region} lacks of what runs in {active}:")),
    }];
    lines.extend(ready.lacking.iter().map(|lack| format!("  {lack}")));
    lines.extend(ready.silent.iter().map(|why| {
        paint::doubt(&format!(
            "{active} could not be asked what runs there: {why}"
        ))
    }));
    for (service, found) in &ready.found.services {
        lines.push(format!("  {service}"));
        lines.extend(found.images.iter().map(|image| {
            let used = match image.used {
                Use::Running => "runs",
                Use::Pinned => "was pinned",
                Use::Deployed => "was deployed before",
            };
            format!("    {}  {used}, {}", image.name(), held(&image.held))
        }));
        lines.extend(
            found
                .doubt
                .iter()
                .map(|why| format!("    {}", paint::doubt(&format!("cannot tell: {why}")))),
        );
        lines.extend(
            ready
                .pins
                .get(service)
                .map(|pin| format!("    {}", pinned(pin))),
        );
    }
    lines.join("\n")
}

fn held(held: &Held) -> String {
    match held {
        Held::Ready => paint::good("ready"),
        Held::Missing(why) => paint::bad(&format!("missing: {why}")),
        Held::Incomplete(why) => paint::bad(&format!("incomplete: {why}")),
        Held::Differs(why) => paint::bad(&format!("differs: {why}")),
        Held::Unreachable(why) => paint::doubt(&format!("cannot tell: {why}")),
    }
}

fn pinned(pin: &Pin) -> String {
    match pin {
        Pin::Kept(why) => format!("its pin stays: {why}"),
        Pin::Due => "its pin is to be made anew".into(),
        Pin::Pinned(what) => format!("it starts from {what}"),
        Pin::Failed(why) => paint::bad(&format!("it could not be pinned: {why}")),
    }
}

pub(super) fn reread(reread: &Reread, region: &Region) -> String {
    let images = count(reread.read.len() as u64, "image");
    let mut lines = vec![format!(
        "{images} with {} read in {region}:",
        size(reread.bytes)
    )];
    for (name, found) in &reread.read {
        let (word, reasons) = match found {
            Found::Good => (paint::good("good"), &[][..]),
            Found::Repaired(what) => (paint::good("good again"), &what[..]),
            Found::Damaged(what) => (paint::bad("damaged"), &what[..]),
            Found::Unread(why) => (paint::doubt("cannot tell"), std::slice::from_ref(why)),
        };
        lines.push(format!("  {name}  {word}"));
        lines.extend(reasons.iter().map(|reason| format!("    {reason}")));
    }
    lines.join("\n")
}
