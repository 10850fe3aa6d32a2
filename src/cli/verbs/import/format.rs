//! What a file is.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use calcstore::zip::Archive;

use crate::cli::failure::Failure;

/// What can be imported.
#[derive(Debug)]
pub enum Format {
    Hdf5,
    Npy,
    Npz(Archive),
    Csv,
    /// A zip file of a Zarr hierarchy.
    Zip,
}

impl Format {
    /// Looks at the first bytes of a file. Only text has none that it always begins with.
    pub fn of(file: &Path) -> Result<Self, Failure> {
        let failed = |error| Failure::io("cannot open", file, &error);
        let mut beginning = Vec::new();
        if file.is_file() {
            let opened = File::open(file).map_err(failed)?;
            opened.take(8).read_to_end(&mut beginning).map_err(failed)?;
        }
        if beginning.starts_with(b"\x93NUMPY") {
            return Ok(Self::Npy);
        }
        if beginning.starts_with(b"PK") {
            let archive = Archive::open(file)?;
            let has = |end: &str| archive.entries().iter().any(|entry| entry.name().ends_with(end));
            return Ok(if has(".npy") && !has("zarr.json") { Self::Npz(archive) } else { Self::Zip });
        }
        let suffix = file.extension().and_then(|suffix| suffix.to_str()).map(str::to_ascii_lowercase);
        match suffix.as_deref() {
            Some("csv" | "tsv") => Ok(Self::Csv),
            _ => Ok(Self::Hdf5),
        }
    }
}
