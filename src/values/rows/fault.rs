use std::fmt::{self, Display};

use serde::{de, ser};

use crate::error::{Error, ErrorKind};

/// Why a type and columns do not go together: what `serde` calls an error.
#[derive(Debug)]
pub(super) struct Fault(Box<(ErrorKind, String)>);

impl Fault {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new((kind, message.into())))
    }

    /// A field of a type that no column can have.
    pub(super) fn no_column(what: impl Display) -> Self {
        let message = format!(
            "{what} cannot be a column; columns hold bool, integers of up to 64 bits, floats, text and arrays of one \
             length of these"
        );
        Self::new(ErrorKind::WrongType, message)
    }

    /// A row that is no struct.
    pub(super) fn no_row(what: impl Display) -> Self {
        let message = format!("a row must be a struct with named fields, not {what}");
        Self::new(ErrorKind::WrongType, message)
    }

    pub(super) fn in_field(mut self, name: &str) -> Self {
        self.0.1 = format!("field {name}: {}", self.0.1);
        self
    }

    /// The error, with `more` on what was being done.
    pub(super) fn into_error(self, more: &str) -> Error {
        Error::new(self.0.0, format!("{}{more}", self.0.1))
    }
}

impl Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.1)
    }
}

impl std::error::Error for Fault {}

impl ser::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(ErrorKind::InvalidInput, message.to_string())
    }
}

impl de::Error for Fault {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(ErrorKind::WrongType, message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(ErrorKind::WrongType, format!("there is no column {field}"))
    }
}

/// The name of a type, without the modules it is in.
pub(super) fn name_of<R>() -> &'static str {
    let path = std::any::type_name::<R>();
    let path = path.split('<').next().unwrap_or(path);
    path.rsplit("::").next().unwrap_or(path)
}
