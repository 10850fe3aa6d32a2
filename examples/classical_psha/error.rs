//! What is wrong with the input, and where.

use std::fmt;
use std::path::{Path, PathBuf};

/// The result of reading input.
pub type Result<T, E = InputError> = std::result::Result<T, E>;

/// Says in one line, `FILE:LINE: MESSAGE`, what is wrong with an input file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    file: PathBuf,
    line: Option<usize>,
    message: String,
}

impl InputError {
    /// An error in a line of `file`, counted from 1.
    pub fn at(file: &Path, line: usize, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: Some(line), message: message.into() }
    }

    /// An error of `file` as a whole.
    pub fn of(file: &Path, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, message: message.into() }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        // Names and values from the file may hold line ends; the report is one line whatever they hold.
        write!(f, " {}", self.message.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

impl std::error::Error for InputError {}

/// Takes the bytes of a file as UTF-8, with or without the mark that spreadsheets put before it.
///
/// # Errors
/// When it is not UTF-8.
pub fn decode(path: &Path, bytes: Vec<u8>) -> Result<String> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|byte| *byte == b'\n').count();
        InputError::at(path, line, "not UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}
