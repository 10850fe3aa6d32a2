//! What all names in an HDF5 file have in common.

use crate::error::{Error, ErrorKind, Result};

/// Refuses a name of no characters, or with the NUL that ends names in the file.
///
/// # Errors
/// `InvalidInput`; `what` says whose name it is (“a link”).
pub(super) fn check_name(what: &str, name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(Error::new(ErrorKind::InvalidInput, format!("the name of {what} is empty")));
    }
    if name.contains('\0') {
        let message = format!("the name of {what}, {name:?}, holds a NUL character");
        return Err(Error::new(ErrorKind::InvalidInput, message));
    }
    Ok(())
}

/// Refuses two equal names among `names`.
///
/// # Errors
/// `InvalidInput`; `what` says whose names they are, in the plural (“members”).
pub(super) fn check_unique<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair.first() == pair.last()) {
        Some([name, ..]) => {
            Err(Error::new(ErrorKind::InvalidInput, format!("there are two {what} named {name:?}")))
        }
        _ => Ok(()),
    }
}
