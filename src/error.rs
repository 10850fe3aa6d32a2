//! The one error type of the crate.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What kind of thing went wrong, for programs to decide on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There is nothing under the key, or no such calculation.
    NotFound,
    /// Something is there already, and was not to be replaced.
    AlreadyExists,
    /// The operating system does not permit it.
    PermissionDenied,
    /// What is on disk is damaged: a wrong checksum, a missing chunk, metadata that make no sense.
    Corrupt,
    /// A lock is held by somebody else, for longer than one is willing to wait.
    Locked,
    /// A value was replaced again and again while it was being read.
    Busy,
    /// The dataset or table that a handle was opened for was replaced or removed meanwhile.
    Changed,
    /// The key breaks the rules of [keys](crate::key).
    InvalidKey,
    /// An argument, option or input file makes no sense.
    InvalidInput,
    /// The value has another type than the one asked for.
    WrongType,
    /// The value has another shape or rank than the one asked for.
    WrongShape,
    /// A group where a value was expected, a value where a group was, or a value below a value.
    Conflict,
    /// The store was opened for reading only.
    ReadOnly,
    /// Well-formed, but beyond what this version can do.
    Unsupported,
    /// The file system is full, or a quota is used up, or a file would be larger than this process may write
    /// (`ulimit -f`). That last one kills a process which does not ignore the signal `SIGXFSZ`; nothing stored before is
    /// lost then, either.
    StorageFull,
    /// The caller asked to stop.
    Cancelled,
    /// The operating system reported another failure.
    Io,
}

impl ErrorKind {
    /// Names the kind in `snake_case`, as `--json` prints it.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::AlreadyExists => "already_exists",
            Self::PermissionDenied => "permission_denied",
            Self::Corrupt => "corrupt",
            Self::Locked => "locked",
            Self::Busy => "busy",
            Self::Changed => "changed",
            Self::InvalidKey => "invalid_key",
            Self::InvalidInput => "invalid_input",
            Self::WrongType => "wrong_type",
            Self::WrongShape => "wrong_shape",
            Self::Conflict => "conflict",
            Self::ReadOnly => "read_only",
            Self::Unsupported => "unsupported",
            Self::StorageFull => "storage_full",
            Self::Cancelled => "cancelled",
            Self::Io => "io",
        }
    }
}

/// Says what was being done, to what, what was wrong and, where there is one, the way out.
///
/// It prints as one line: `KEY: MESSAGE (FILE)`; key and file only where they are known. Control characters in the name of the
/// file are escaped.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    key: Option<String>,
    file: Option<PathBuf>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Makes an error without key, file and source: for implementations of [`Put`](crate::Put) and
    /// [`Get`](crate::Get).
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), key: None, file: None, source: None }))
    }

    /// An error of the operating system, while doing `what` (“cannot open”) to `file`.
    pub(crate) fn io(what: &str, file: impl Into<PathBuf>, error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
            io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
            io::ErrorKind::ReadOnlyFilesystem => ErrorKind::ReadOnly,
            // Something else stands where a file belongs.
            io::ErrorKind::IsADirectory | io::ErrorKind::NotSeekable | io::ErrorKind::InvalidData => {
                ErrorKind::Corrupt
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                ErrorKind::StorageFull
            }
            // Not a word of the system, but of a file that is read in another way.
            io::ErrorKind::Unsupported if error.raw_os_error().is_none() => ErrorKind::Unsupported,
            _ => ErrorKind::Io,
        };
        let way_out = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "; make room and try again, what was stored before is safe"
            }
            io::ErrorKind::CrossesDevices => {
                "; it lies on a mount of its own, or in the lower layer of an overlay without redirect_dir=on"
            }
            io::ErrorKind::FileTooLarge => "; this process may write no larger file (ulimit -f)",
            _ => "",
        };
        let mut made = Self::new(kind, format!("{what}: {error}{way_out}")).with_file(file);
        made.0.source = Some(Box::new(error));
        made
    }

    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Names the key, unless one is named already: the innermost knows best.
    pub(crate) fn with_key(mut self, key: impl Into<String>) -> Self {
        self.0.key.get_or_insert_with(|| key.into());
        self
    }

    /// Names the file, unless one is named already.
    pub(crate) fn with_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.0.file.get_or_insert_with(|| file.into());
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Tells what kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Gives the message alone, without key and file.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Gives the key it was about.
    pub fn key(&self) -> Option<&str> {
        self.0.key.as_deref()
    }

    /// Gives the file or directory it was about.
    pub fn file(&self) -> Option<&Path> {
        self.0.file.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(key) = &self.0.key {
            write!(f, "{key}: ")?;
        }
        f.write_str(&self.0.message)?;
        if let Some(file) = &self.0.file {
            // A name may hold a line break, and this is one line.
            let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
            write!(f, " ({})", file.to_string_lossy().chars().map(shown).collect::<String>())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.0.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
