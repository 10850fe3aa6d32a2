//! What is typed as a side of a comparison.

use std::ffi::OsString;
use std::path::Path;

use calcstore::ErrorKind;

use crate::cli::failure::Failure;
use crate::cli::global::Calc;
use crate::cli::session::Session;
use crate::cli::source::Source;

/// A side as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// `CALC`, or `CALC:KEY`.
    Calc(Calc, Option<String>),
    /// `/KEY`: of the calculation that `-c` names; or else the path of a calculation.
    Key(String),
}

impl Operand {
    /// Understands an argument, which may be a path that is no text. No key holds a `:`, so that what is behind the
    /// last one is a key, and nothing else can be.
    pub fn parse(argument: OsString) -> Result<Self, String> {
        if let Some((calc, key)) = split(&argument) {
            let key = key.ok_or("the key is no text")?;
            let key = if key.is_empty() { "/".to_owned() } else { key };
            return Ok(Self::Calc(Calc::parse(calc)?, Some(key)));
        }
        match argument.to_str() {
            Some(text) if text.starts_with('/') => Ok(Self::Key(text.to_owned())),
            _ => Calc::parse(argument).map(|calc| Self::Calc(calc, None)),
        }
    }

    /// Opens what is meant; gives the key, where one was named.
    fn open(&self, session: &Session<'_>) -> Result<(Source, Option<String>), Failure> {
        let key = match self {
            Self::Calc(calc, key) => return Ok((session.source(calc)?, key.clone())),
            Self::Key(key) => key,
        };
        let is_path = || Path::new(key).exists();
        let source = match session.read() {
            Err(_) if is_path() => return Ok((session.source(&Calc::Path(key.into()))?, None)),
            source => source?,
        };
        match source.node(key) {
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidKey) && is_path() =>
            {
                Ok((session.source(&Calc::Path(key.into()))?, None))
            }
            _ => Ok((source, Some(key.clone()))),
        }
    }
}

/// Opens both sides with the key of each. Where one has none, it is the key of the other.
pub fn open(
    session: &Session<'_>,
    left: &Operand,
    right: &Operand,
) -> Result<[(Source, String); 2], Failure> {
    let (left, right) = (left.open(session)?, right.open(session)?);
    let root = || "/".to_owned();
    let left_key = left.1.clone().or(right.1.clone()).unwrap_or_else(root);
    let right_key = right.1.or(left.1).unwrap_or_else(root);
    Ok([(left.0, left_key), (right.0, right_key)])
}

/// What is before the last `:`, and behind it; nothing of that where it is no text.
#[cfg(unix)]
pub fn split(argument: &OsString) -> Option<(OsString, Option<String>)> {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    let bytes = argument.as_bytes();
    let at = bytes.iter().rposition(|byte| *byte == b':')?;
    let key = String::from_utf8(bytes[at + 1..].to_vec());
    Some((OsString::from_vec(bytes[..at].to_vec()), key.ok()))
}

/// The same where a `:` can also be behind the name of a drive: then what follows is no key.
#[cfg(not(unix))]
pub fn split(argument: &OsString) -> Option<(OsString, Option<String>)> {
    let (calc, key) = argument.to_str()?.rsplit_once(':')?;
    let is_key = key.is_empty() || key.starts_with('/');
    is_key.then(|| (calc.into(), Some(key.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_a_calculation_a_key_or_both() {
        let calc = |calc, key: Option<&str>| Operand::Calc(calc, key.map(str::to_owned));
        let path = |path: &str| Calc::Path(path.into());
        for (typed, operand) in [
            ("1", calc(Calc::Id(1), None)),
            ("-1", calc(Calc::Id(-1), None)),
            ("-2:/0/a", calc(Calc::Id(-2), Some("/0/a"))),
            ("7:0", calc(Calc::Id(7), Some("0"))),
            ("7:", calc(Calc::Id(7), Some("/"))),
            ("./12", calc(path("./12"), None)),
            ("out.hdf5", calc(path("out.hdf5"), None)),
            ("a:b/out.hdf5:/x", calc(path("a:b/out.hdf5"), Some("/x"))),
            ("/0/a", Operand::Key("/0/a".to_owned())),
        ] {
            assert_eq!(Operand::parse(typed.into()), Ok(operand), "{typed}");
        }
        assert!(Operand::parse(":/a".into()).is_err() && Operand::parse("".into()).is_err());
    }
}
