//! What nobody can guess.

use std::fmt::Write;

use calcstore::ErrorKind;

use crate::cli::failure::Failure;

/// 128 random bits of the operating system, as 32 hexadecimal digits.
pub fn random_text() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::new(ErrorKind::Io, format!("there are no random numbers: {error}")))?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
