//! What can be looked at: the calculations of the data directory, and what `-c` names.

use std::path::Path;

use calcstore::ErrorKind;

use crate::cli::failure::Failure;
use crate::cli::global::Calc;
use crate::cli::session::{Session, resolved};
use crate::cli::source::Source;

/// How the names of calculations begin.
const CALCULATION: &str = "calc_";
/// How the name of anything else begins.
const PATH: &str = "path/";

/// What can be looked at, by the names that addresses hold. No such name is a path.
#[derive(Debug)]
pub struct Sources<'a> {
    session: &'a Session<'a>,
    /// What `-c` names by a path.
    given: Option<(String, Calc)>,
}

impl<'a> Sources<'a> {
    pub fn new(session: &'a Session<'a>) -> Self {
        let given = match resolved(session.calc()) {
            Calc::Path(path) => Some((format!("{PATH}{}", name_of(&path)), Calc::Path(path))),
            Calc::Id(_) => None,
        };
        Self { session, given }
    }

    /// The name of what `-c` names, which is there; nothing where nothing was named and there is no calculation yet.
    pub fn first(&self) -> Result<Option<String>, Failure> {
        let source = match self.session.read() {
            Err(Failure::Fault(fault)) if fault.kind == ErrorKind::NotFound && !self.session.names_calc() => {
                return Ok(None);
            }
            source => source?,
        };
        Ok(self.given().map(str::to_owned).or_else(|| source.calc_id().map(of_calculation)))
    }

    /// The name of what `-c` names by a path.
    pub fn given(&self) -> Option<&str> {
        self.given.as_ref().map(|(name, _)| name.as_str())
    }

    pub fn session(&self) -> &'a Session<'a> {
        self.session
    }

    /// Opens what has this name. It is opened anew for each request, so that nothing is shown that is gone.
    pub fn open(&self, name: &str) -> Result<Source, Failure> {
        match &self.given {
            Some((given, calc)) if given == name => return self.session.source(calc),
            _ => {}
        }
        let digits =
            name.strip_prefix(CALCULATION).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        match digits.and_then(|digits| digits.parse().ok()) {
            Some(id) if id > 0 => self.session.source(&Calc::Id(id)),
            _ => Err(Failure::new(ErrorKind::NotFound, "there is no such calculation")),
        }
    }
}

/// The name of a calculation.
pub fn of_calculation(id: u32) -> String {
    format!("{CALCULATION}{id}")
}

fn name_of(path: &Path) -> String {
    let absolute = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    absolute.file_name().unwrap_or(absolute.as_os_str()).to_string_lossy().into_owned()
}
