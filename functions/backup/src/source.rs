//! A service's data: where it is, read from there and put back there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    io::{self, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use lifeboat_core::{
    backup::{self, About, ContentId, FilePath},
    configuration::Data,
};
use tokio::task::spawn_blocking;

use crate::{files, hook::Hook, placed::Known};

#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub service: String,
    pub data: Data,
    pub place: Arc<dyn Place>,
    /// Asked before it is read.
    pub hook: Option<Hook>,
}

/// Where the files of a service are. Whoever calls may wait: it is done on threads of its own.
pub(crate) trait Place: fmt::Debug + fmt::Display + Send + Sync {
    /// A file as a person finds it.
    fn at(&self, path: &FilePath) -> String;

    /// What a person does where nothing is found.
    fn look(&self) -> &'static str;

    /// Why it cannot be read where none of the service's tasks runs.
    fn mute(&self) -> Option<String> {
        None
    }

    /// Every file, in the order of their names.
    fn find(&self) -> io::Result<Found>;

    /// The file as it is now; none where it is gone.
    fn open(&self, path: &FilePath) -> io::Result<Option<Box<dyn Opened>>>;

    /// The mark of a file as it is now.
    fn mark(&self, path: &FilePath) -> io::Result<Option<Mark>> {
        match self.open(path)? {
            Some(opened) => opened.mark(),
            None => Ok(None),
        }
    }

    /// Why nothing can be put there, and what to do about it.
    fn bars(&self, path: &FilePath) -> Option<String>;

    /// A restore begins. What an earlier one made ready is taken over, and that one can put nothing in place any more.
    fn begin(&self) -> io::Result<()>;

    /// Where a file is made ready, so that it takes its place at once; none where there is no room for all of them beside
    /// the data: then each is made ready when its turn has come.
    fn beside(&self, path: &FilePath) -> Option<PathBuf>;

    /// Whatever was made ready and is none of these goes.
    fn clear(&self, but: &BTreeSet<FilePath>) -> io::Result<()>;

    /// It is done, and nothing of it is left beside the data.
    fn end(&self) -> io::Result<()>;

    /// What was made ready takes its place; the mark of that very file, which may be another's by the time it is asked for.
    fn put(&self, path: &FilePath, ready: &Path, about: &About) -> io::Result<Option<Mark>>;

    /// What is not there is removed already.
    fn remove(&self, path: &FilePath) -> io::Result<()>;
}

/// The very file that was opened, wherever its name leads by now.
pub(crate) trait Opened: Read + Send {
    /// None where it tells only when it is read.
    fn length(&self) -> io::Result<Option<u64>>;
    /// None where nothing tells.
    fn mark(&self) -> io::Result<Option<Mark>>;

    /// What is told of it beside its bytes, as it was when it was opened; none where nothing ever is.
    fn about(&self) -> Option<&About> {
        None
    }

    /// Goes to this byte; what can be read only from its first one says no.
    fn skip(&mut self, to: u64) -> io::Result<bool>;
}

/// What a service has.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub files: Vec<FilePath>,
    /// Of files that tell it before they are opened.
    pub marks: BTreeMap<FilePath, Mark>,
    pub left: Vec<Left>,
}

/// What stands there and is not backed up.
#[derive(Debug)]
pub(crate) struct Left {
    pub name: String,
    pub is: &'static str,
}

/// By which a file tells that it is still the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub text: String,
    /// From when on it tells that nobody changed the file since.
    pub settled: Timestamp,
}

impl Mark {
    /// What the next backup may believe; nothing of a file that changed a moment ago.
    pub(crate) fn settled(&self, now: Timestamp) -> Option<String> {
        (now > self.settled).then(|| self.text.clone())
    }
}

/// What stands where a file shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Held {
    Nothing,
    /// The file itself.
    Same(Option<Mark>),
    /// Another, which an earlier restore put there.
    Placed,
    Other,
}

fn about(file: &backup::File) -> About {
    file.about.as_deref().cloned().unwrap_or_default()
}

impl Source {
    /// For what is to be saved before it is gone, whatever it is. Nobody writes there any more, so nobody is asked to stop.
    pub(crate) fn unchecked(self) -> Self {
        let (data, hook) = (Data::Any, None);
        Self { data, hook, ..self }
    }

    pub(crate) async fn find(&self) -> io::Result<Found> {
        self.wait(|place| place.find()).await
    }

    /// Length and content of a file; none where there is none.
    pub(crate) async fn content(&self, path: &FilePath) -> io::Result<Option<(u64, ContentId)>> {
        let path = path.clone();
        let read = self.wait(move |place| place.open(&path)?.map(files::content).transpose());
        read.await
    }

    /// What stands where a file shall be. It is not read where what was noted of it tells, or its length does.
    pub(crate) async fn compare(
        &self,
        path: &FilePath,
        file: &backup::File,
        known: Option<&Known>,
        listed: Option<&Mark>,
    ) -> io::Result<Held> {
        let (path, bytes, content) = (path.clone(), file.bytes, file.content);
        let about = about(file);
        let known = known.map(|known| (known.mark.clone(), known.holds(file)));
        let told = move |mark: &Mark| match &known {
            Some((text, true)) if *text == mark.text => Some(Held::Same(Some(mark.clone()))),
            Some((text, false)) if *text == mark.text => Some(Held::Placed),
            _ => None,
        };
        if let Some(held) = listed.and_then(&told) {
            return Ok(held);
        }
        let compared = self.wait(move |place| {
            let Some(mut opened) = place.open(&path)? else {
                return Ok(Held::Nothing);
            };
            let before = opened.mark()?;
            if let Some(held) = before.as_ref().and_then(told) {
                return Ok(held);
            }
            let other = opened.length()?.is_some_and(|length| length != bytes);
            let other = other || opened.about().is_some_and(|found| *found != about);
            if other || files::content(&mut *opened)? != (bytes, content) {
                return Ok(Held::Other);
            }
            match opened.mark()? == before {
                true => Ok(Held::Same(before)),
                false => Ok(Held::Other),
            }
        });
        compared.await
    }

    /// The mark of a file as it is now.
    pub(crate) async fn mark(&self, path: &FilePath) -> io::Result<Option<Mark>> {
        let path = path.clone();
        self.wait(move |place| place.mark(&path)).await
    }

    /// Whether a file is exactly this one. Its length is asked first, because that costs nothing.
    pub(crate) async fn holds(&self, path: &FilePath, file: &backup::File) -> io::Result<bool> {
        let (path, bytes, content) = (path.clone(), file.bytes, file.content);
        let read = self.wait(move |place| match place.open(&path)? {
            Some(opened) if opened.length()?.is_none_or(|length| length == bytes) => {
                Ok(files::content(opened)? == (bytes, content))
            }
            _ => Ok(false),
        });
        read.await
    }

    pub(crate) async fn begin(&self) -> io::Result<()> {
        self.wait(|place| place.begin()).await
    }

    pub(crate) async fn clear(&self, but: BTreeSet<FilePath>) -> io::Result<()> {
        self.wait(move |place| place.clear(&but)).await
    }

    pub(crate) async fn end(&self) -> io::Result<()> {
        self.wait(|place| place.end()).await
    }

    pub(crate) async fn put(
        &self,
        path: &FilePath,
        file: &backup::File,
        ready: &Path,
    ) -> io::Result<Option<Mark>> {
        let (path, ready, about) = (path.clone(), ready.to_owned(), about(file));
        self.wait(move |place| place.put(&path, &ready, &about))
            .await
    }

    pub(crate) async fn remove(&self, path: &FilePath) -> io::Result<()> {
        let path = path.clone();
        self.wait(move |place| place.remove(&path)).await
    }

    pub(crate) async fn wait<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Place) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let place = self.place.clone();
        let done = spawn_blocking(move || work(&*place)).await;
        done.map_err(io::Error::other).flatten()
    }
}
