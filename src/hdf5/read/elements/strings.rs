//! Texts. The character set that a type names is not asked: what claims to be ASCII is often UTF-8, of which ASCII is a
//! part.

use crate::error::{Error, ErrorKind, Result};
use crate::hdf5::read::datatype::Padding;

/// A text without what fills it up.
///
/// # Errors
/// `Unsupported` where it is not UTF-8.
pub(super) fn text(mut bytes: Vec<u8>, padding: Padding) -> Result<String> {
    let length = match padding {
        Padding::NullTerminated => bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()),
        Padding::Null => trimmed(&bytes, 0),
        Padding::Space => trimmed(&bytes, b' '),
    };
    bytes.truncate(length);
    String::from_utf8(bytes).map_err(|error| {
        let shown: Vec<u8> = error.as_bytes().iter().copied().take(64).collect();
        let why =
            format!("a text is not UTF-8, and its character set is not known: \"{}\"", shown.escape_ascii());
        Error::new(ErrorKind::Unsupported, why)
    })
}

/// How long bytes are without those at the end that fill them up.
fn trimmed(bytes: &[u8], padding: u8) -> usize {
    bytes.iter().rposition(|byte| *byte != padding).map_or(0, |last| last.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fills_a_text_up_is_no_part_of_it() {
        for (bytes, padding, expected) in [
            (&b"ab\0c\0"[..], Padding::NullTerminated, "ab"),
            (b"ab", Padding::NullTerminated, "ab"),
            (b"ab\0c\0\0", Padding::Null, "ab\0c"),
            (b" ab  ", Padding::Space, " ab"),
            (b"   ", Padding::Space, ""),
            ("é\0".as_bytes(), Padding::Null, "é"),
        ] {
            assert_eq!(text(bytes.to_vec(), padding).unwrap(), expected);
        }
        let error = text(b"caf\xe9".to_vec(), Padding::Null).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(
            error.to_string(),
            r#"a text is not UTF-8, and its character set is not known: "caf\xe9""#
        );
    }
}
