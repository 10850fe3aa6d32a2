//! A calculation as one zip file, and back.

use std::fmt;
use std::io::{self, BufWriter, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::open::{files, zipped};
use super::{DataStore, Options, Parent};
use crate::error::{Error, ErrorKind, Result};
use crate::export::Target;
use crate::progress::Continue;
use crate::storage::{Access, Copied, Output, Store, Zip};

/// So much is gathered before it is written.
const BUFFER: usize = 1 << 20;
/// What a zip file may hold, unless something else is said.
const LIMIT: u64 = 64 << 30;

/// A plan to pack a store into one zip file: see [`DataStore::pack`].
#[must_use = "nothing is packed before `run`"]
pub struct Pack<'a> {
    store: &'a Store,
    file: PathBuf,
    force: bool,
    progress: Box<dyn FnMut(Copied) -> Continue + 'a>,
}

/// What was packed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PackReport {
    /// The zip file.
    pub file: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// What is in it.
    pub packed: Copied,
}

/// A plan to make a store of a zip file: see [`Options::unpack`].
#[must_use = "nothing is unpacked before `run`"]
pub struct Unpack<'a> {
    options: &'a Options,
    file: PathBuf,
    into: Option<PathBuf>,
    parent: Option<Parent>,
    limit: u64,
    progress: Box<dyn FnMut(Copied) -> Continue + Send + 'a>,
}

impl DataStore {
    /// Plans to pack everything into one zip file, to send it or to keep it. The zip file is a Zarr hierarchy that
    /// [`Options::at`] opens where it lies, as zarr-python's `ZipStore` does; [`Options::unpack`] makes a calculation of it
    /// again.
    ///
    /// Nothing is compressed once more, and the same store always gives the same bytes. Each value is packed as one
    /// version, and its checksums are verified. What only a [parent](DataStore::set_parent) has is not packed,
    /// and neither the zip file nor what is unpacked of it has a parent.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// use calcstore::DataStore;
    ///
    /// let options = DataStore::options().data_dir(dir.path());
    /// let store = options.create()?;
    /// store.insert("/0/curves", [0.9, 0.5, 0.1])?;
    /// let zip = store.pack(dir.path().join("calc_1.zip")).run()?.file;
    ///
    /// let packed = DataStore::options().read_only(true).at(&zip)?;
    /// assert_eq!(packed.get::<Vec<f64>>("/0/curves")?, [0.9, 0.5, 0.1]);
    ///
    /// let again = options.unpack(&zip).run()?;
    /// assert_eq!(again.calc_id(), Some(2));
    /// assert_eq!(again.get::<Vec<f64>>("/0/curves")?, [0.9, 0.5, 0.1]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pack(&self, file: impl AsRef<Path>) -> Pack<'_> {
        let progress = Box::new(|_| Continue::Yes);
        Pack { store: &self.store, file: file.as_ref().to_path_buf(), force: false, progress }
    }
}

impl<'a> Pack<'a> {
    /// Replaces a file that is there already.
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Sets what is called now and then, and may stop it.
    pub fn on_progress(mut self, progress: impl FnMut(Copied) -> Continue + 'a) -> Self {
        self.progress = Box::new(progress);
        self
    }

    /// Packs. The file appears whole, flushed, or not at all. Memory does not grow with what is packed, but with the
    /// number of its files.
    ///
    /// # Errors
    /// [`ErrorKind::AlreadyExists`] where there is such a file; [`ErrorKind::Corrupt`] where a value is damaged;
    /// [`ErrorKind::Cancelled`], [`ErrorKind::StorageFull`] and others of the file system.
    pub fn run(mut self) -> Result<PackReport> {
        let target = Target::new(Arc::clone(self.store.around()), &self.file, self.force)?;
        let (partial, output) = target.create(self.store)?;
        let written = self.write(output).and_then(|(output, packed)| {
            let bytes = target.publish(&partial, output)?;
            Ok(PackReport { file: self.file.clone(), bytes, packed })
        });
        written.inspect_err(|_| target.discard(&partial))
    }

    fn write(&mut self, output: Box<dyn Output>) -> Result<(Box<dyn Output>, Copied)> {
        let mut zip = Zip::new(BufWriter::with_capacity(BUFFER, output));
        let mut each = |copied| answer((self.progress)(copied));
        let packed = self.store.pack(&mut zip, &mut each);
        let packed = packed.map_err(|error| error.with_file(&self.file))?;
        let finished = zip.finish().and_then(|mut out| {
            let end = out.stream_position()?;
            let mut output = out.into_inner().map_err(io::IntoInnerError::into_error)?;
            // A value that changed while it was packed was packed again, perhaps as a shorter one.
            if output.seek(SeekFrom::End(0))? > end {
                output.truncate(end)?;
            }
            Ok(output)
        });
        finished.map(|output| (output, packed)).map_err(|error| Error::io("cannot write", &self.file, error))
    }
}

impl Options {
    /// Plans to make a store of a zip file, which [`DataStore::pack`] or anybody else has made of a Zarr hierarchy: the next
    /// calculation, unless a directory is named.
    pub fn unpack(&self, file: impl AsRef<Path>) -> Unpack<'_> {
        let progress = Box::new(|_| Continue::Yes);
        Unpack {
            options: self,
            file: file.as_ref().to_path_buf(),
            into: None,
            parent: None,
            limit: LIMIT,
            progress,
        }
    }
}

impl<'a> Unpack<'a> {
    /// Sets the directory that becomes the store: one that is empty, or is not there yet.
    pub fn into(mut self, directory: impl AsRef<Path>) -> Self {
        self.into = Some(directory.as_ref().to_path_buf());
        self
    }

    /// Sets the [parent](DataStore::set_parent). What is unpacked has none otherwise, whatever was
    /// [packed](DataStore::packed_parent): its path may lead to another store here.
    pub fn parent(mut self, parent: impl Into<Parent>) -> Self {
        self.parent = Some(parent.into());
        self
    }

    /// Sets how many bytes it may hold, instead of 64 GiB; as many as the zip file has are always allowed.
    pub fn limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// Sets what is called now and then, by one thread at a time, and may stop it.
    pub fn on_progress(mut self, progress: impl FnMut(Copied) -> Continue + Send + 'a) -> Self {
        self.progress = Box::new(progress);
        self
    }

    /// Unpacks, and opens the store that was made. It appears whole, flushed, or not at all; nothing is written anywhere
    /// else. Checksums are verified, those of the zip file and those of chunks.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for what is no zip file, holds no Zarr group, or more than the [limit](Self::limit);
    /// [`ErrorKind::Corrupt`] for one that is damaged or means harm; [`ErrorKind::InvalidKey`] where a node has a name that
    /// no key can have; [`ErrorKind::AlreadyExists`] where something is in the directory; [`ErrorKind::NotFound`] where the
    /// [parent](Self::parent) is not there, and then nothing is made; [`ErrorKind::Cancelled`]; and those of the file system.
    pub fn run(self) -> Result<DataStore> {
        let Self { options, file, into, parent, limit, mut progress } = self;
        let access = options.access()?;
        let packed = packed(&file, Access { read_only: true, ..access }, limit)?;
        let mut each = |copied| answer(progress(copied));
        let parent = parent.map(|parent| parent.open(&options.data_directory()?)).transpose()?;
        // What is wrong with it is said before anything is made.
        parent.iter().try_for_each(DataStore::parents)?;
        let adopt = |store: DataStore| {
            if let Some(parent) = &parent {
                store.adopt(parent)?;
                store.flush()?;
            }
            Ok(store)
        };
        let Some(directory) = into else {
            let calculation = options.data_directory()?.unpack(&packed, access, &mut each)?;
            return options.open(calculation.id.into()).and_then(adopt);
        };
        let directory =
            std::path::absolute(&directory).map_err(|error| Error::io("not a path", &directory, error))?;
        packed.unpack(&files(), &directory, access, &mut each)?;
        options.at(directory).and_then(adopt)
    }
}

/// Opens the store in a zip file.
fn packed(file: &Path, access: Access, limit: u64) -> Result<Store> {
    let zipped = zipped(file)?;
    let (bytes, of) = zipped.sizes();
    if bytes > limit.max(of) {
        let message = format!("the zip file would unpack to {bytes} bytes, more than the limit of {limit}");
        return Err(Error::new(ErrorKind::InvalidInput, message).with_file(file));
    }
    let path = zipped.path().to_path_buf();
    Store::open(Arc::new(zipped), &path, access)
}

fn answer(answer: Continue) -> Result<()> {
    match answer {
        Continue::Yes => Ok(()),
        Continue::No => Err(Error::new(ErrorKind::Cancelled, "stopped")),
    }
}

impl fmt::Debug for Pack<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pack").field("file", &self.file).field("force", &self.force).finish_non_exhaustive()
    }
}

impl fmt::Debug for Unpack<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Unpack");
        shown.field("file", &self.file).field("into", &self.into).field("limit", &self.limit);
        shown.finish_non_exhaustive()
    }
}
