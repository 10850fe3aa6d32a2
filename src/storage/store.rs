use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::access::{Access, Durability};
use super::dirty::Dirty;
use super::files::{AsFd, BorrowedFd, FileId, Files, Handle, Os, Rename, Stat};
use super::fork::{self, PerProcess};
use super::known_groups::KnownGroups;
use super::litter::Litter;
use super::lock::{Lock, Mode};
use super::recovered::Recovered;
use super::renames::Renames;
use super::stage::Stage;
use super::trust::Trust;
use crate::error::{Error, ErrorKind, Result};
use crate::key::Key;
use crate::zarr::{Compression, MAX_DOCUMENT, METADATA_FILE};

/// The hierarchy inside a calculation directory.
pub(crate) const HIERARCHY: &str = "output.zarr";
/// What Zarr tools never see.
pub(crate) const INTERNALS: &str = ".calcstore";
/// The version of the format that we write, and the highest that we understand.
const FORMAT: u64 = 1;

/// An open store: one directory with a hierarchy of values.
#[derive(Debug)]
pub(crate) struct Store {
    pub(super) files: Arc<dyn Files>,
    /// The file system that it lies in.
    around: Arc<dyn Files>,
    path: PathBuf,
    root: Handle,
    /// Where the hierarchy is, relative to `root`.
    hierarchy: String,
    /// The key of its topmost group: the root, but for what is still staged.
    base: Key,
    /// Whether any array may lack chunks, as in the hierarchies of other programs.
    pub(super) lenient: bool,
    access: Access,
    writer: Option<PerProcess<Writer>>,
    /// What was repaired when the store was opened.
    recovered: Vec<Recovered>,
}

/// What only a store that is open for writing has.
#[derive(Debug)]
pub(super) struct Writer {
    pub stage: Arc<Stage>,
    pub groups: KnownGroups,
    pub patience: Duration,
    pub trust: Trust,
    /// Opened once, so that no link can take the place of a directory later.
    pub trash: Handle,
    pub renames: Renames,
    pub dirty: Dirty,
    pub litter: Litter,
    pub locks: Handle,
    pub tree: Lock,
    /// The lock of values that was last asked for: who changes a value often changes it again.
    pub stripe: Mutex<Option<(u32, Lock)>>,
}

#[derive(Serialize, Deserialize)]
struct FormatFile {
    calcstore_format: u64,
    #[serde(default)]
    writer: String,
}

impl Store {
    /// Opens what is at `path`: a calculation directory, or for reading also any Zarr hierarchy.
    pub(crate) fn open(files: Arc<dyn Files>, path: &Path, access: Access) -> Result<Self> {
        fork::remember_process();
        let path = absolute(path)?;
        let root = files.open_root(&path).map_err(|error| Error::io("cannot open", &path, error))?;
        let holds = |name: &str| {
            exists(files.stat(root.as_fd(), name))
                .map_err(|error| Error::io("cannot look into", &path, error))
        };
        let hierarchy = if holds(&format!("{HIERARCHY}/{METADATA_FILE}"))? {
            HIERARCHY
        } else if holds(METADATA_FILE)? && access.read_only {
            "."
        } else if holds(METADATA_FILE)? {
            let message = "a Zarr hierarchy that is no calculation can be opened for reading only";
            return Err(Error::new(ErrorKind::ReadOnly, message).with_file(path));
        } else {
            let message = format!("there is no store here: no {HIERARCHY}/{METADATA_FILE}");
            return Err(Error::new(ErrorKind::NotFound, message).with_file(path));
        };
        let (hierarchy, base, recovered) = (hierarchy.to_owned(), Key::root(), Vec::new());
        let around = if root.as_fd().member().is_some() { Arc::new(Os) } else { Arc::clone(&files) };
        let (lenient, writer) = (hierarchy == ".", None);
        let mut store =
            Self { files, around, path, root, hierarchy, base, lenient, access, writer, recovered };
        store.check_format()?;
        store.lenient &= !store.is_packed_calculation();
        if store.is_calculation() && store.is_root_blank()? {
            let message = "there is no store here: the power was cut while it was made";
            return Err(Error::new(ErrorKind::NotFound, message).with_file(store.path));
        }
        if !access.read_only {
            store.writer = Some(PerProcess::new(store.open_for_writing(access)?));
            store.recovered = store.recover()?;
            store.finish_replacing(None)?;
            store.sweep_quietly();
        }
        Ok(store)
    }

    /// Makes an empty store in the directory `path`, which must exist. Somebody else may be doing the same: then
    /// one makes it, and all open it.
    pub(crate) fn create(files: Arc<dyn Files>, path: &Path, access: Access) -> Result<Self> {
        fork::remember_process();
        let path = absolute(path)?;
        let root = files.open_root(&path).map_err(|error| Error::io("cannot open", &path, error))?;
        let (hierarchy, base, recovered) = (HIERARCHY.to_owned(), Key::root(), Vec::new());
        let (around, lenient, writer) = (Arc::clone(&files), false, None);
        let mut store =
            Self { files, around, path, root, hierarchy, base, lenient, access, writer, recovered };
        store.check_format()?;
        store.writer = Some(PerProcess::new(store.open_for_writing(access)?));
        store.create_root()?;
        // A power cut may have left nothing of the store that was here before but its markers.
        store.recovered = store.recover()?;
        Ok(store)
    }

    /// What was repaired after a power cut when this store was opened.
    pub(crate) fn recovered(&self) -> &[Recovered] {
        &self.recovered
    }

    /// The calculation directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn root(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }

    /// The file system around it, for files that are no part of it.
    pub(crate) fn around(&self) -> &Arc<dyn Files> {
        &self.around
    }

    /// Where a node is, relative to [`Store::root`].
    pub(super) fn place(&self, key: &Key) -> String {
        match key.as_str().strip_prefix(self.base.as_str()).map(|below| below.trim_start_matches('/')) {
            None | Some("") => self.hierarchy.clone(),
            Some(below) => [&self.hierarchy, "/", below].concat(),
        }
    }

    /// The directory of the root group, relative to that of the store.
    pub(crate) fn place_of_root(&self) -> PathBuf {
        self.place(&self.base).into()
    }

    /// The place of a file inside the store, for messages.
    pub(super) fn shown(&self, place: &str) -> PathBuf {
        let mut path = self.path.clone();
        path.extend(place.split('/'));
        path
    }

    /// Whether `key` is the topmost group, which nothing here makes or takes away.
    pub(super) fn is_top(&self, key: &Key) -> bool {
        *key == self.base
    }

    /// Whether this is a staged group, which nobody else sees.
    pub(super) fn is_staged(&self) -> bool {
        !self.base.is_root()
    }

    /// Whether this is a calculation, and not only somebody's Zarr hierarchy.
    pub(crate) fn is_calculation(&self) -> bool {
        self.hierarchy != "."
    }

    /// Turns an error of the file system into ours.
    pub(super) fn failed<'a>(
        &'a self,
        what: &'a str,
        place: &'a str,
    ) -> impl Fn(std::io::Error) -> Error + 'a {
        move |error| {
            let is_missing = error.kind() == std::io::ErrorKind::NotFound;
            let error = Error::io(what, self.shown(place), error);
            // That no value is there is one thing, that a part of the store is gone is another.
            if is_missing && place.starts_with(INTERNALS) { error.with_kind(ErrorKind::Io) } else { error }
        }
    }

    /// How values are compressed where nothing else is asked for.
    pub(crate) fn compression(&self) -> Compression {
        self.access.compression
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.writer.is_none()
    }

    pub(crate) fn access(&self) -> Access {
        self.access
    }

    /// What this process writes with.
    pub(super) fn writer(&self) -> Result<&Writer> {
        let writer = self.writer.as_ref().ok_or_else(|| {
            Error::new(ErrorKind::ReadOnly, "the store was opened for reading only").with_file(&self.path)
        })?;
        writer.get_or_make(|| self.open_for_writing(self.access))
    }

    /// Whether every step is to survive a power cut.
    pub(super) fn is_power(&self) -> bool {
        !self.is_read_only() && self.access.durability == Durability::Power
    }

    /// Flushes a file or directory under [`Durability::Power`], else does nothing.
    pub(super) fn sync_if_power(&self, handle: &Handle, place: &str) -> Result<()> {
        if self.is_power() { self.sync(handle, place) } else { Ok(()) }
    }

    /// Opens a directory of the internals, which must be one and no link.
    pub(super) fn open_internal(&self, name: &str) -> Result<Handle> {
        let place = format!("{INTERNALS}/{name}");
        self.files.open_directory(self.root(), &place).map_err(self.failed("cannot open", &place))
    }

    /// Refuses a store of a later format.
    fn check_format(&self) -> Result<()> {
        let place = format!("{INTERNALS}/format.json");
        let file = match self.files.open_file(self.root(), &place) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            opened => opened.map_err(self.failed("cannot open", &place))?,
        };
        let (bytes, _) = self.read_small(&file, &place)?;
        // A power cut soon after the store was made can leave nothing of the file but its length.
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        let format: FormatFile = serde_json::from_slice(&bytes).map_err(|error| {
            let message = format!("the format of the store cannot be read: {error}");
            Error::new(ErrorKind::Corrupt, message).with_file(self.shown(&place)).with_source(error)
        })?;
        if format.calcstore_format == 0 {
            let message = "there is no format 0";
            return Err(Error::new(ErrorKind::Corrupt, message).with_file(self.shown(&place)));
        }
        if format.calcstore_format > FORMAT {
            let message = format!(
                "format {}, written by {:?}, needs a newer version of calcstore; this one knows format {FORMAT}",
                format.calcstore_format, format.writer
            );
            return Err(Error::new(ErrorKind::Unsupported, message).with_file(&self.path));
        }
        Ok(())
    }

    /// Makes what is missing of the internals, and a stage of our own.
    fn open_for_writing(&self, access: Access) -> Result<Writer> {
        self.make_writer(access).map_err(|error| match self.is_in_place() {
            Ok(false) => {
                let message = "there is no store here any more: it was deleted or moved";
                Error::new(ErrorKind::NotFound, message).with_file(&self.path)
            }
            _ => error,
        })
    }

    /// Whether the directory that is open still has its name.
    fn is_in_place(&self) -> std::io::Result<bool> {
        match self.files.open_root(&self.path) {
            Ok(there) => Ok(self.files.stat_open(there.as_fd())?.id == self.files.stat_open(self.root())?.id),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn make_writer(&self, access: Access) -> Result<Writer> {
        self.create_directory_if_missing(INTERNALS)?;
        let internals = self.open_internal("")?;
        let locks = self.make_internal(&internals, "locks")?;
        let stages = self.make_internal(&internals, "stage")?;
        let trash = self.make_internal(&internals, "trash")?;
        let tree = self.open_lock(&locks, TREE)?;
        let trust = Trust::new(access.locks);
        // Whoever deletes the calculation holds it exclusively, and finds the stage after us.
        let shared = tree.acquire(Mode::Shared, access.patience, &trust, &self.shown(&lock_place(TREE)))?;
        let path = self.shown(&format!("{INTERNALS}/stage"));
        let stage = Stage::open(Arc::clone(&self.files), stages, &trust, &path)?;
        let stage = Arc::new(stage);
        if !self.is_in_place().map_err(self.failed("cannot open", ""))? {
            return Err(Error::new(ErrorKind::NotFound, "the store has left its place"));
        }
        drop(shared);
        let writer = Writer {
            stage,
            groups: KnownGroups::default(),
            patience: access.patience,
            trust,
            trash,
            renames: Renames::default(),
            dirty: Dirty::default(),
            litter: Litter::default(),
            tree,
            locks,
            stripe: Mutex::default(),
        };
        self.write_format(&internals, &writer.stage, access.durability)?;
        Ok(writer)
    }

    /// The staged group `name` as a store of its own, whose topmost group has the key `base`, as it will once it is
    /// committed. Nothing in it is flushed, nor marked as not flushed: nobody sees it.
    pub(super) fn of_staged(&self, name: &str, base: &Key) -> Result<Self> {
        let writer = self.writer()?;
        let again = |handle: &Handle| handle.try_clone().map_err(self.failed("cannot open", INTERNALS));
        let hierarchy = format!("{INTERNALS}/stage/{}/{name}", writer.stage.txid());
        let writer = Writer {
            stage: Arc::clone(&writer.stage),
            groups: KnownGroups::default(),
            patience: writer.patience,
            trust: Trust::new(self.access.locks),
            trash: again(&writer.trash)?,
            renames: Renames::default(),
            dirty: Dirty::marked(),
            litter: Litter::default(),
            locks: again(&writer.locks)?,
            tree: writer.tree.clone(),
            stripe: Mutex::default(),
        };
        Ok(Self {
            files: Arc::clone(&self.files),
            around: Arc::clone(&self.around),
            path: self.path.clone(),
            root: again(&self.root)?,
            hierarchy,
            base: base.clone(),
            lenient: self.lenient,
            access: Access { durability: Durability::Process, ..self.access },
            writer: Some(PerProcess::new(writer)),
            recovered: Vec::new(),
        })
    }

    pub(super) fn create_directory_if_missing(&self, place: &str) -> Result<()> {
        match self.files.create_directory(self.root(), place) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                Err(self.failed("cannot make the directory", place)(error))
            }
            _ => Ok(()),
        }
    }

    /// Opens a directory of the internals, and makes it where it is missing.
    fn make_internal(&self, internals: &Handle, name: &str) -> Result<Handle> {
        let place = format!("{INTERNALS}/{name}");
        match self.files.create_directory(internals.as_fd(), name) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(self.failed("cannot make the directory", &place)(error));
            }
            _ => {}
        }
        self.files.open_directory(internals.as_fd(), name).map_err(self.failed("cannot open", &place))
    }

    fn write_format(&self, internals: &Handle, stage: &Stage, durability: Durability) -> Result<()> {
        const FILE: &str = "format.json";
        let place = format!("{INTERNALS}/{FILE}");
        if self.files.stat(internals.as_fd(), FILE).is_ok_and(|stat| stat.bytes > 0) {
            return Ok(());
        }
        let writer = concat!("calcstore ", env!("CARGO_PKG_VERSION")).to_owned();
        let bytes = serde_json::to_vec(&FormatFile { calcstore_format: FORMAT, writer })
            .map_err(|error| Error::new(ErrorKind::Io, error.to_string()))?;
        let name = stage.next_name();
        let made = self.files.create_file(stage.handle(), &name, &[&bytes]).and_then(|file| {
            if durability == Durability::Power {
                self.files.sync(file.as_fd())?;
            }
            self.files.rename((stage.handle(), &name), (internals.as_fd(), FILE), Rename::Over)
        });
        made.map_err(self.failed("cannot write", &place))
    }

    /// Reads a file of metadata; tells which one it is.
    pub(super) fn read_small(&self, file: &Handle, place: &str) -> Result<(Vec<u8>, FileId)> {
        let failed = self.failed("cannot read", place);
        let Stat { bytes: length, id, .. } = self.files.stat_open(file.as_fd()).map_err(&failed)?;
        if length > MAX_DOCUMENT {
            let message = format!("the file has {length} bytes, where at most {MAX_DOCUMENT} make sense");
            return Err(Error::new(ErrorKind::Corrupt, message).with_file(self.shown(place)));
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        let count = self.files.read_at(file.as_fd(), 0, &mut [&mut bytes]).map_err(&failed)?;
        bytes.truncate(count);
        Ok((bytes, id))
    }
}

/// Whether there is such a file; what cannot be looked up is neither there nor missing.
pub(super) fn exists(stat: std::io::Result<Stat>) -> std::io::Result<bool> {
    match stat {
        Ok(_) => Ok(true),
        Err(error) => match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => Ok(false),
            _ => Err(error),
        },
    }
}

/// The lock that all who change something share.
pub(super) const TREE: &str = "tree";

pub(super) fn lock_place(name: &str) -> String {
    format!("{INTERNALS}/locks/{name}")
}

fn absolute(path: &Path) -> Result<PathBuf> {
    if path.as_os_str().is_empty() {
        return Err(Error::new(ErrorKind::InvalidInput, "an empty path names no directory"));
    }
    std::path::absolute(path).map_err(|error| Error::io("not a path", path, error))
}
