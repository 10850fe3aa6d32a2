//! What nobody can guess.

use std::fmt::Write;

use calcstore::ErrorKind;

use crate::cli::failure::Failure;

/// 128 random bits of the operating system, as 32 hexadecimal digits.
pub fn random_text() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    fill(&mut bytes)
        .map_err(|error| Failure::new(ErrorKind::Io, format!("there are no random numbers: {error}")))?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// By the call of the system: in a static program the crate finds no name for it and opens a device, which an empty root
/// lacks.
#[cfg(target_os = "linux")]
fn fill(mut bytes: &mut [u8]) -> std::io::Result<()> {
    use rustix::rand::{GetRandomFlags, getrandom};

    while !bytes.is_empty() {
        let count = getrandom(&mut *bytes, GetRandomFlags::empty())?;
        bytes = bytes.get_mut(count..).unwrap_or_default();
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn fill(bytes: &mut [u8]) -> Result<(), getrandom::Error> {
    getrandom::fill(bytes)
}
