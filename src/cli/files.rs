//! The files that values come from and go to.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use calcstore::{Continue, ErrorKind};
use clap::ValueEnum;

use super::failure::{Failure, Stopped};
use super::interrupt::Interrupt;

/// So many names are tried for a file that has not its own yet.
const ATTEMPTS: u32 = 1000;

/// What stands for standard input or output.
pub const STANDARD: &str = "-";

/// Reads a whole file, or standard input.
pub fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let failed = |error: io::Error| Failure::io("cannot read", file, &error);
    if file == Path::new(STANDARD) {
        io::stdin().lock().read_to_end(&mut bytes).map_err(failed)?;
    } else {
        File::open(file).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(failed)?;
    }
    Ok(bytes)
}

/// Finds the format that has the suffix of a file for its name.
pub fn format_of<F: ValueEnum>(file: &Path) -> Option<F> {
    F::from_str(file.extension()?.to_str()?, true).ok()
}

/// Refuses what cannot become a file: a device or a pipe, which would be replaced, and the standard output.
pub fn check_target(file: &Path) -> Result<(), Failure> {
    if file == Path::new(STANDARD) {
        return Err(Failure::invalid("this format needs a file; ./- is one of that name").with_file(file));
    }
    match fs::metadata(file) {
        Ok(there) if there.is_dir() => Err(Failure::invalid("is a directory").with_file(file)),
        Ok(there) if !there.is_file() => {
            Err(Failure::invalid("is no regular file, which is what is written").with_file(file))
        }
        _ => Ok(()),
    }
}

/// Where a value is written: standard output, or a file that appears whole or not at all.
#[derive(Debug)]
pub enum Sink {
    /// Standard output.
    Stdout(BufWriter<io::StdoutLock<'static>>),
    /// A file.
    File(Partial),
}

/// A file that does not have its name yet. Dropped without [`Sink::finish`], it disappears.
#[derive(Debug)]
pub struct Partial {
    out: BufWriter<File>,
    name: PathBuf,
    file: PathBuf,
    force: bool,
    interrupt: Interrupt,
}

impl Sink {
    pub fn stdout() -> Self {
        Self::Stdout(BufWriter::new(io::stdout().lock()))
    }

    /// Begins a file; one that is there already is replaced only with `force`.
    pub fn file(file: &Path, force: bool) -> Result<Self, Failure> {
        Partial::begin(file, force).map(Self::File)
    }

    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        match self {
            Self::Stdout(out) => out.write_all(bytes).map_err(|error| Failure::stdout(&error)),
            Self::File(partial) => {
                partial.write_all(bytes).map_err(|error| Failure::from(error).with_file(&partial.file))
            }
        }
    }

    /// Ends the writing; a file gets its name.
    pub fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Stdout(mut out) => out.flush().map_err(|error| Failure::stdout(&error)),
            Self::File(partial) => partial.finish(),
        }
    }
}

impl Partial {
    /// Begins a file; one that is there already is replaced only with `force`.
    pub fn begin(file: &Path, force: bool) -> Result<Self, Failure> {
        let name =
            file.file_name().ok_or_else(|| Failure::invalid("not the name of a file").with_file(file))?;
        check_target(file)?;
        if !force && fs::symlink_metadata(file).is_ok() {
            return Err(exists(file));
        }
        // From here on there is something to be tidied up.
        let interrupt = Interrupt::watch();
        let mut attempt = 0;
        let (partial, opened) = loop {
            let unique = format!(".{}.{}-{attempt}.part", name.to_string_lossy(), std::process::id());
            let partial = file.with_file_name(unique);
            match OpenOptions::new().write(true).create_new(true).open(&partial) {
                // One that was killed in another container had the same number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < ATTEMPTS => {
                    attempt += 1;
                }
                opened => break (partial, opened),
            }
        };
        let opened = opened.map_err(|error| Failure::io("cannot make the file", file, &error))?;
        let file = file.to_path_buf();
        Ok(Self { out: BufWriter::new(opened), name: partial, file, force, interrupt })
    }

    /// Ends the writing; the file gets its name.
    pub fn finish(mut self) -> Result<(), Failure> {
        let synced = self.out.flush().and_then(|()| self.out.get_ref().sync_all());
        let published = synced.and_then(|()| rename(&self.name, &self.file, self.force));
        published.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => exists(&self.file),
            _ => Failure::io("cannot write", &self.file, &error),
        })
    }
}

impl Write for Partial {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.interrupt.answer() {
            Continue::Yes => self.out.write(bytes),
            Continue::No => Err(io::Error::other(Stopped)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Seek for Partial {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.out.seek(to)
    }
}

/// After the renaming there is nothing left under the partial name.
impl Drop for Partial {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.name);
    }
}

/// Renames; nothing is replaced unless that was asked for.
fn rename(from: &Path, to: &Path, force: bool) -> io::Result<()> {
    if force {
        return fs::rename(from, to);
    }
    #[cfg(any(target_os = "linux", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // File systems that cannot do it in one step.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            renamed => return Ok(renamed?),
        }
    }
    // A link is never made over something either.
    fs::hard_link(from, to)
}

fn exists(file: &Path) -> Failure {
    let message = "there is such a file already; --force replaces it";
    Failure::new(ErrorKind::AlreadyExists, message).with_file(file)
}
