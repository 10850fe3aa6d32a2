//! A file as gzip, and back.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::{GzDecoder, GzEncoder};

use crate::error::{Error, ErrorKind, Result};

/// Reads a file piece by piece; gives it compressed, and its size. The same content gives the same bytes.
pub(super) fn compress(path: &Path) -> Result<(Vec<u8>, u64)> {
    let failed = |error| Error::io("cannot read", path, error);
    let mut file = File::open(path).map_err(failed)?;
    let before = file.metadata().map_err(failed)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let bytes = io::copy(&mut file, &mut encoder).map_err(failed)?;
    let compressed = encoder.finish().map_err(failed)?;
    let after = file.metadata().map_err(failed)?;
    if bytes != before.len() || bytes != after.len() || before.modified().ok() != after.modified().ok() {
        let message = "the file changed while it was being read; store it once nobody writes to it";
        return Err(Error::new(ErrorKind::Busy, message).with_file(path));
    }
    Ok((compressed, bytes))
}

/// Checks that there is a file that can be read to its end.
pub(super) fn check_is_file(path: &Path) -> Result<()> {
    let kind = fs::metadata(path).map_err(|error| Error::io("cannot read", path, error))?.file_type();
    let what = if kind.is_file() {
        return Ok(());
    } else if kind.is_dir() {
        "is a directory; name the files in it"
    } else {
        "is no regular file"
    };
    Err(Error::new(ErrorKind::InvalidInput, what).with_file(path))
}

/// Decompresses what is pushed into it to a file that must have a certain size.
pub(super) struct Inflate<W: Write>(GzDecoder<Bounded<W>>);

/// Takes so many bytes and no more.
struct Bounded<W> {
    target: W,
    size: u64,
    written: u64,
    failed: Option<io::Error>,
}

impl<W: Write> Inflate<W> {
    /// Begins to write a file of `size` bytes to `target`.
    pub(super) fn new(target: W, size: u64) -> Self {
        Self(GzDecoder::new(Bounded { target, size, written: 0, failed: None }))
    }

    /// Decompresses the next piece. An error of the target is given as `failed` makes it.
    pub(super) fn push(&mut self, piece: &[u8], failed: impl Fn(io::Error) -> Error) -> Result<()> {
        self.0.write_all(piece).map_err(|error| self.fault(&error, failed))
    }

    /// Decompresses the rest, and makes sure that this was the whole file.
    pub(super) fn finish(mut self, failed: impl Fn(io::Error) -> Error) -> Result<()> {
        self.0.try_finish().map_err(|error| self.fault(&error, failed))?;
        let Bounded { size, written, .. } = self.0.get_ref();
        if written == size {
            Ok(())
        } else {
            Err(damaged(&format!("has {written} bytes, where {size} belong")))
        }
    }

    fn fault(&mut self, error: &io::Error, failed: impl Fn(io::Error) -> Error) -> Error {
        let bounded = self.0.get_mut();
        match bounded.failed.take() {
            Some(error) => failed(error),
            None if bounded.written > bounded.size => {
                damaged(&format!("has more than the {} bytes that belong there", bounded.size))
            }
            None => damaged(&format!("cannot be decompressed: {error}")),
        }
    }
}

fn damaged(what: &str) -> Error {
    Error::new(ErrorKind::Corrupt, format!("the stored file is damaged: it {what}"))
}

impl<W: Write> Write for Bounded<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.written = self.written.saturating_add(piece.len() as u64);
        if self.written > self.size {
            return Err(io::Error::other("too long"));
        }
        self.target.write_all(piece).map_err(|error| {
            let kind = error.kind();
            self.failed = Some(error);
            io::Error::from(kind)
        })?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.target.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inflate(gzip: &[u8], size: u64, piece: usize) -> Result<Vec<u8>> {
        let failed = |error| Error::io("cannot write", "x", error);
        let mut bytes = Vec::new();
        let mut inflate = Inflate::new(&mut bytes, size);
        gzip.chunks(piece).try_for_each(|piece| inflate.push(piece, failed))?;
        inflate.finish(failed)?;
        Ok(bytes)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn pieces_of_any_size_make_the_file() {
        let bytes = b"0123456789".repeat(5000);
        for piece in [1, 7, 11, 100, 1 << 20] {
            assert_eq!(inflate(&gzip(&bytes), 50_000, piece).unwrap(), bytes);
        }
        assert_eq!(inflate(&gzip(b""), 0, 3).unwrap(), b"");
    }

    #[test]
    fn whatever_is_not_just_that_file_is_damage() {
        let whole = gzip(&vec![0; 100_000]);
        let mut wrong = whole.clone();
        let sum = wrong.len() - 8;
        wrong[sum] ^= 1;
        for (gzip, size, what) in [
            (whole.clone(), 99_999, "it has more than the 99999 bytes that belong there"),
            (whole.clone(), 10, "it has more than the 10 bytes that belong there"),
            (whole.clone(), 100_001, "it has 100000 bytes, where 100001 belong"),
            (whole[..sum].to_vec(), 100_000, "it cannot be decompressed: corrupt gzip stream"),
            (
                [&whole[..], b"more"].concat(),
                100_000,
                "it cannot be decompressed: failed to write whole buffer",
            ),
            (wrong, 100_000, "it cannot be decompressed: corrupt gzip stream"),
            (b"no gzip at all".to_vec(), 14, "it cannot be decompressed: invalid gzip header"),
            (Vec::new(), 0, "it cannot be decompressed: incomplete deflate stream"),
        ] {
            let error = inflate(&gzip, size, 1000).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Corrupt);
            assert!(error.to_string().contains(what), "{error}, not {what}");
        }
    }
}
