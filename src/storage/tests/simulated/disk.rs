//! A file system that counts its calls, can fail any of them, and whose power can be cut.
//!
//! What is there now is a directory in memory, driven through [`Os`]. What would be left after a power cut is in
//! [`Images`]. Times are the model's own, so that they survive a cut, and can stand still.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;
use tempfile::TempDir;

use super::gate::{Family, Gate};
use super::images::{Images, Left, Node, Torn};
use crate::storage::files::{AsFd, BorrowedFd, Entry, Extent, Flock, Handle, Stat};
use crate::storage::tests::watched::{path_of, without_ids};
use crate::storage::{Files, Os, Output, Rename};

#[derive(Debug)]
pub(super) struct Disk {
    directory: TempDir,
    images: Arc<Mutex<Images>>,
    boot: u32,
    pub gate: Arc<Gate>,
    /// The renames that this file system does not know.
    pub lacks: Vec<Rename>,
    /// What links are answered with, where there are none.
    pub no_links: Option<Errno>,
}

/// How long the power is off, in nanoseconds: longer than clocks are believed to differ.
const OFF: u64 = 7_200_000_000_000;

fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    u64::try_from(now.as_nanos()).unwrap()
}

/// A directory in memory, where there is one.
fn directory() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap()
}

impl Disk {
    /// An empty one, half a day ago.
    pub fn new() -> Self {
        let directory = directory();
        let images = Images::new(directory.path(), now() - 6 * OFF);
        Self::over(directory, images, 1)
    }

    fn over(directory: TempDir, images: Images, boot: u32) -> Self {
        Self {
            directory,
            images: Arc::new(Mutex::new(images)),
            boot,
            gate: Arc::default(),
            lacks: Vec::new(),
            no_links: None,
        }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// How often the power was on, counted from one.
    pub fn boot_number(&self) -> u32 {
        self.boot
    }

    pub fn images(&self) -> MutexGuard<'_, Images> {
        self.images.lock().unwrap()
    }

    /// Lets so many times two hours pass.
    pub fn wait(&self, times: u64) {
        self.images().clock += times * OFF;
    }

    /// The disk as it is after a power cut that left this. The machine was off for hours, if its clock is not at the
    /// present time by then.
    pub fn cut(&self, mut left: Left<'_>) -> Self {
        let disk = self.again(self.boot + 1, &mut left);
        let mut images = disk.images();
        if images.clock + OFF <= now() {
            images.clock += OFF;
        }
        drop(images);
        disk
    }

    /// Another disk that holds the same, all of it flushed.
    pub fn copy(&self) -> Self {
        self.again(self.boot, &mut Left { keep: &mut |_, _| true, tear: &mut |_| Torn::Whole })
    }

    fn again(&self, boot: u32, left: &mut Left<'_>) -> Self {
        let directory = directory();
        let images = self.images().cut(left, directory.path());
        Self { lacks: self.lacks.clone(), no_links: self.no_links, ..Self::over(directory, images, boot) }
    }

    /// How many files of this disk this process has open.
    pub fn open_files(&self) -> usize {
        let open = std::fs::read_dir("/proc/self/fd").unwrap();
        let links = open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        links.filter(|link| link.starts_with(self.path())).count()
    }

    /// The path of a name on this disk.
    fn shown(&self, at: BorrowedFd<'_>, name: &str) -> String {
        let path = path_of(at, name);
        let root = self.path().to_str().unwrap();
        without_ids(path.strip_prefix(root).unwrap_or(&path).trim_start_matches('/'))
    }

    fn pass(&self, family: Family, at: BorrowedFd<'_>, what: &str, name: &str) -> io::Result<bool> {
        self.gate.pass(family, || format!("{what} {}", self.shown(at, name)))
    }

    fn look(&self, at: BorrowedFd<'_>, what: &str, name: &str) -> io::Result<()> {
        self.pass(Family::All, at, what, name).map(|_| ())
    }

    fn change(&self, at: BorrowedFd<'_>, what: &str, name: &str) -> io::Result<()> {
        self.pass(Family::Changes, at, what, name).map(|_| ())
    }

    fn make_at(&self, path: &Path) -> io::Result<()> {
        let (above, name) = (path.parent().unwrap(), path.file_name().unwrap().to_str().unwrap());
        let above = Os.open_root(above)?;
        self.create_directory(above.as_fd(), name)
    }

    fn dated(&self, stat: rustix::fs::Stat) -> Stat {
        let times = self.images().times(stat.st_ino);
        let mut stat = Stat::from(stat);
        if let Some(times) = times {
            let seconds = |time: u64| i64::try_from(time / 1_000_000_000).unwrap();
            stat.modified = seconds(times.modified);
            stat.modified_nanos = u32::try_from(times.modified % 1_000_000_000).unwrap();
            stat.changed = seconds(times.changed);
        }
        stat
    }

    fn unlink(&self, at: BorrowedFd<'_>, name: &OsStr, flags: AtFlags) -> io::Result<()> {
        let mut images = self.images();
        let path = name.to_str().unwrap();
        let (inode, place) = (inode(at, path)?, place(&images, at, path)?);
        rustix::fs::unlinkat(at, path, flags)?;
        let node = images.node(inode).unwrap();
        images.renamed(vec![(place.0, place.1, None)], vec![node]);
        Ok(())
    }
}

fn inode(at: BorrowedFd<'_>, path: &str) -> io::Result<u64> {
    Ok(rustix::fs::statat(at, path, AtFlags::SYMLINK_NOFOLLOW)?.st_ino)
}

/// A new file or directory, in the images.
fn made(images: &mut Images, (at, path): (BorrowedFd<'_>, &str), is_directory: bool) -> Node {
    let inode = inode(at, path).unwrap();
    let place = place(images, at, path).unwrap();
    images.made(inode, is_directory, place)
}

/// The directory that a path leads to, and the name there.
fn place(images: &Images, at: BorrowedFd<'_>, path: &str) -> io::Result<(Node, OsString)> {
    let (inode, name) = match path.rsplit_once('/') {
        Some((above, name)) => {
            let flags = OFlags::PATH | OFlags::CLOEXEC;
            (rustix::fs::fstat(rustix::fs::openat(at, above, flags, Mode::empty())?)?.st_ino, name)
        }
        None => (rustix::fs::fstat(at)?.st_ino, path),
    };
    Ok((images.node(inode).expect("a directory of this disk"), name.into()))
}

/// A file of a disk that is written from beginning to end, and patched.
struct Written {
    file: File,
    node: Node,
    images: Arc<Mutex<Images>>,
    gate: Arc<Gate>,
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let is_short = self.gate.pass(Family::Changes, || "write".to_owned())?;
        let bytes = if is_short { &bytes[..bytes.len() / 2] } else { bytes };
        let at = self.file.stream_position()?;
        self.file.write_all(bytes)?;
        self.images.lock().unwrap().written(self.node, at, bytes.to_vec());
        if is_short { Err(Errno::NOSPC.into()) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Written {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

impl Output for Written {
    fn sync(&self) -> io::Result<()> {
        self.gate.pass(Family::Changes, || "sync of an output".to_owned())?;
        if !self.gate.ignores(|| "output".to_owned()) {
            self.images.lock().unwrap().flushed(self.node);
        }
        Ok(())
    }

    fn truncate(&self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Files for Disk {
    fn open_root(&self, path: &Path) -> io::Result<Handle> {
        self.gate.pass(Family::All, || format!("open {}", path.display()))?;
        Os.open_root(path)
    }

    fn open_directory(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Handle> {
        self.look(at, "open", path)?;
        Os.open_directory(at, path)
    }

    fn open_file(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Handle> {
        self.look(at, "open", path)?;
        Os.open_file(at, path)
    }

    fn open_lock(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<File> {
        self.change(at, "lock file", path)?;
        let mut images = self.images();
        let is_new = inode(at, path).is_err();
        let file = Os.open_lock(at, path)?;
        if is_new {
            made(&mut images, (at, path), false);
        }
        Ok(file)
    }

    fn read_at(&self, file: BorrowedFd<'_>, start: u64, buffers: &mut [&mut [u8]]) -> io::Result<usize> {
        self.look(file, "read", "")?;
        Os.read_at(file, start, buffers)
    }

    fn stat(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Stat> {
        self.look(at, "stat", path)?;
        Ok(self.dated(rustix::fs::statat(at, path, AtFlags::SYMLINK_NOFOLLOW)?))
    }

    fn stat_open(&self, file: BorrowedFd<'_>) -> io::Result<Stat> {
        self.look(file, "stat", "")?;
        Ok(self.dated(rustix::fs::fstat(file)?))
    }

    fn list(&self, directory: BorrowedFd<'_>) -> io::Result<Vec<Entry>> {
        self.look(directory, "list", "")?;
        Os.list(directory)
    }

    fn open_listed(&self, at: BorrowedFd<'_>, name: &OsStr) -> io::Result<Handle> {
        self.look(at, "open", &name.to_string_lossy())?;
        Os.open_listed(at, name)
    }

    fn measure(&self, path: &Path) -> io::Result<Extent> {
        self.gate.pass(Family::All, || format!("measure {}", path.display()))?;
        Os.measure(path)
    }

    fn flock(&self, file: &File, how: Flock) -> io::Result<()> {
        if how != Flock::Unlock {
            self.look(file.as_fd(), "lock", "")?;
        }
        Os.flock(file, how)
    }

    fn create_root(&self, path: &Path) -> io::Result<()> {
        self.make_at(path)
    }

    fn create_path(&self, path: &Path) -> io::Result<()> {
        let missing: BTreeSet<PathBuf> =
            path.ancestors().take_while(|path| !path.exists()).map(Path::to_path_buf).collect();
        missing.iter().try_for_each(|path| self.make_at(path))
    }

    fn create_directory(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<()> {
        self.change(at, "mkdir", path)?;
        let mut images = self.images();
        Os.create_directory(at, path)?;
        made(&mut images, (at, path), true);
        Ok(())
    }

    fn create_file(&self, at: BorrowedFd<'_>, path: &str, parts: &[&[u8]]) -> io::Result<Handle> {
        let is_short = self.pass(Family::Changes, at, "write", path)?;
        let mut bytes = parts.concat();
        if is_short {
            bytes.truncate(bytes.len() / 2);
        }
        let mut images = self.images();
        let file = Os.create_file(at, path, &[&bytes])?;
        let node = made(&mut images, (at, path), false);
        if !bytes.is_empty() {
            images.written(node, 0, bytes);
        }
        if is_short { Err(Errno::NOSPC.into()) } else { Ok(file) }
    }

    fn copy_file(
        &self,
        from: BorrowedFd<'_>,
        to: (BorrowedFd<'_>, &str),
        inspect: &mut dyn FnMut(&[u8]),
    ) -> io::Result<()> {
        let is_short = self.pass(Family::Changes, to.0, "copy", to.1)?;
        if is_short {
            self.create_file(to.0, to.1, &[b"half"])?;
            return Err(Errno::NOSPC.into());
        }
        let mut images = self.images();
        let mut bytes = Vec::new();
        Os.copy_file(from, to, &mut |some| {
            bytes.extend(some);
            inspect(some);
        })?;
        let node = made(&mut images, to, false);
        images.written(node, 0, bytes);
        Ok(())
    }

    fn create_output(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<Box<dyn Output>> {
        self.change(at, "output", path)?;
        let mut images = self.images();
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::CLOEXEC;
        let file = File::from(rustix::fs::openat(at, path, flags, Mode::from_raw_mode(0o666))?);
        let node = made(&mut images, (at, path), false);
        Ok(Box::new(Written { file, node, images: Arc::clone(&self.images), gate: Arc::clone(&self.gate) }))
    }

    fn rename(
        &self,
        from: (BorrowedFd<'_>, &str),
        to: (BorrowedFd<'_>, &str),
        how: Rename,
    ) -> io::Result<()> {
        if self.lacks.contains(&how) {
            return Err(Errno::INVAL.into());
        }
        self.gate.pass(Family::Changes, || {
            format!("rename {how:?} {} -> {}", self.shown(from.0, from.1), self.shown(to.0, to.1))
        })?;
        let mut images = self.images();
        let (old, new) = (inode(from.0, from.1)?, inode(to.0, to.1).ok());
        let (source, target) = (place(&images, from.0, from.1)?, place(&images, to.0, to.1)?);
        Os.rename(from, to, how)?;
        if new == Some(old) {
            return Ok(());
        }
        let (moved, other) = (images.node(old).unwrap(), new.map(|new| images.node(new).unwrap()));
        let left = if how == Rename::Exchange { other } else { None };
        let names = vec![(source.0, source.1, left), (target.0, target.1, Some(moved))];
        images.renamed(names, [moved].into_iter().chain(other).collect());
        Ok(())
    }

    fn move_listed(&self, from: BorrowedFd<'_>, name: &OsStr, to: BorrowedFd<'_>) -> io::Result<()> {
        let name = name.to_str().ok_or(Errno::ILSEQ)?;
        self.rename((from, name), (to, name), Rename::New)
    }

    fn link(&self, from: (BorrowedFd<'_>, &str), to: (BorrowedFd<'_>, &str)) -> io::Result<()> {
        if let Some(error) = self.no_links {
            return Err(error.into());
        }
        self.change(to.0, "link", to.1)?;
        let mut images = self.images();
        Os.link(from, to)?;
        let node = images.node(inode(from.0, from.1)?).unwrap();
        let (directory, name) = place(&images, to.0, to.1)?;
        images.renamed(vec![(directory, name, Some(node))], vec![node]);
        Ok(())
    }

    fn remove_file(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<()> {
        self.change(at, "unlink", path)?;
        self.unlink(at, path.as_ref(), AtFlags::empty())
    }

    fn remove_directory(&self, at: BorrowedFd<'_>, path: &str) -> io::Result<()> {
        self.change(at, "rmdir", path)?;
        self.unlink(at, path.as_ref(), AtFlags::REMOVEDIR)
    }

    fn remove_listed(&self, at: BorrowedFd<'_>, entry: &Entry) -> io::Result<()> {
        let flags = if entry.is_directory { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        self.change(at, "remove", &entry.name.to_string_lossy())?;
        self.unlink(at, &entry.name, flags)
    }

    fn boot(&self) -> String {
        format!("{:032x}-{:032x}", 7, self.boot)
    }

    fn sync(&self, file: BorrowedFd<'_>) -> io::Result<()> {
        self.change(file, "sync", "")?;
        if self.gate.ignores(|| self.shown(file, "")) {
            return Ok(());
        }
        let inode = rustix::fs::fstat(file)?.st_ino;
        let mut images = self.images();
        // Those above the disk are durable.
        if let Some(node) = images.node(inode) {
            images.flushed(node);
        }
        Ok(())
    }

    fn sync_all(&self, any: BorrowedFd<'_>) -> io::Result<()> {
        self.change(any, "sync everything", "")?;
        if !self.gate.ignores(|| "everything".to_owned()) {
            self.images().all_flushed();
        }
        Ok(())
    }
}

impl Disk {
    /// What is below a directory of the disk, by name.
    pub fn names(&self, path: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path().join(path)) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}
