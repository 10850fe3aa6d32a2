//! How a run ends.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use calcstore::{Error, ErrorKind};
use serde_json::json;

/// How a run that did what it was asked to ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// There are faults in the store, or differences.
    Faults,
    /// Wrong usage, or trouble.
    Trouble,
    /// There is no such key or calculation.
    NotFound,
    /// Somebody else holds a lock, or keeps replacing the value.
    Locked,
    /// Ctrl-C.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Faults => 1,
            Exit::Trouble => 2,
            Exit::NotFound => 3,
            Exit::Locked => 4,
            Exit::Interrupted => 130,
        })
    }
}

/// Why a run ends early.
#[derive(Debug)]
pub enum Failure {
    /// Something to be reported.
    Fault(Box<Fault>),
    /// Whoever read the output wants no more of it: no reason to complain.
    ClosedPipe,
}

/// What is reported.
#[derive(Debug)]
pub struct Fault {
    pub kind: ErrorKind,
    pub message: String,
    pub key: Option<String>,
    pub file: Option<PathBuf>,
    /// Whether the operating system reported it: then what is not found is a file that was to be read or made, and
    /// no key or calculation that was looked up.
    is_system: bool,
}

/// What writing a file ends with after Ctrl-C.
#[derive(Debug)]
pub struct Stopped;

impl std::error::Error for Stopped {}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("stopped")
    }
}

impl Failure {
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Fault(Box::new(Fault { kind, message, key: None, file: None, is_system: false }))
    }

    /// An argument or input file that makes no sense.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    /// An error of the operating system, while doing `what` (“cannot open”) to `file`.
    pub fn io(what: &str, file: &Path, error: &io::Error) -> Self {
        Self::system(what, error).with_file(file)
    }

    fn system(what: &str, error: &io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::AlreadyExists => ErrorKind::AlreadyExists,
            io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ErrorKind::StorageFull,
            _ => ErrorKind::Io,
        };
        let mut failure = Self::new(kind, format!("{what}: {error}"));
        if let Self::Fault(fault) = &mut failure {
            fault.is_system = true;
        }
        failure
    }

    /// An error of standard output.
    pub fn stdout(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::io("cannot write", Path::new("standard output"), error),
        }
    }

    /// Names the key, unless one is named already.
    pub fn with_key(mut self, key: &str) -> Self {
        if let Self::Fault(fault) = &mut self {
            fault.key.get_or_insert_with(|| key.to_owned());
        }
        self
    }

    /// Names the file, unless one is named already.
    pub fn with_file(mut self, file: &Path) -> Self {
        if let Self::Fault(fault) = &mut self {
            fault.file.get_or_insert_with(|| file.to_path_buf());
        }
        self
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Fault(Box::new(Fault {
            kind: error.kind(),
            message: error.message().to_owned(),
            key: error.key().map(str::to_owned),
            file: error.file().map(Path::to_path_buf),
            is_system: std::error::Error::source(&error)
                .is_some_and(<dyn std::error::Error>::is::<io::Error>),
        }))
    }
}

/// An error of a file that is being written.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let source = error.get_ref().map(|source| source as &dyn std::error::Error);
        if source.is_some_and(<dyn std::error::Error>::is::<Stopped>) {
            return Self::new(ErrorKind::Cancelled, "stopped");
        }
        Self::system("cannot write", &error)
    }
}

impl Fault {
    pub fn exit(&self) -> Exit {
        match self.kind {
            ErrorKind::NotFound if !self.is_system => Exit::NotFound,
            ErrorKind::Locked | ErrorKind::Busy => Exit::Locked,
            ErrorKind::Cancelled => Exit::Interrupted,
            _ => Exit::Trouble,
        }
    }

    pub fn to_json(&self) -> serde_json::Value {
        let file = self.file.as_ref().map(|file| file.display().to_string());
        json!({"error": {"kind": self.kind.name(), "message": self.message, "key": self.key, "file": file}})
    }
}

/// As the library's errors: `KEY: MESSAGE (FILE)`.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(key) = &self.key {
            write!(f, "{key}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(file) = &self.file {
            // A name may hold a line break, and this is one line.
            let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
            write!(f, " ({})", file.to_string_lossy().chars().map(shown).collect::<String>())?;
        }
        Ok(())
    }
}

/// Reports what cannot be parsed; prints the help where that was asked for.
pub fn usage(error: &clap::Error, json: bool) -> Exit {
    let rendered = error.render().to_string();
    // Nothing can be done about an error of the very last thing that is written.
    if !error.use_stderr() {
        let _ = io::stdout().lock().write_all(rendered.as_bytes());
        return Exit::Done;
    }
    let Some(text) = rendered.strip_prefix("error: ") else {
        let _ = io::stderr().lock().write_all(rendered.as_bytes());
        return Exit::Trouble;
    };
    if json {
        let message =
            text.split("\n\n").next().unwrap_or(text).split_whitespace().collect::<Vec<_>>().join(" ");
        let fault = Fault { kind: ErrorKind::InvalidInput, message, key: None, file: None, is_system: false };
        let _ = writeln!(io::stderr().lock(), "{}", fault.to_json());
    } else {
        let _ = write!(io::stderr().lock(), "calcstore: {text}");
    }
    Exit::Trouble
}
