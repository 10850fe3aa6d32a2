//! The store that is meant.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use calcstore::{DataStore, ErrorKind, Hdf5File, Options};

use super::failure::Failure;
use super::global::{Calc, Global};
use super::output::Output;
use super::source::Source;

/// What a verb works with.
#[derive(Debug)]
pub struct Session<'a> {
    calc: &'a Calc,
    options: Options,
    pub output: &'a Output,
}

impl<'a> Session<'a> {
    pub fn new(global: &'a Global, output: &'a Output) -> Self {
        let mut options = DataStore::options();
        if let Some(directory) = &global.datadir {
            options = options.data_dir(directory);
        }
        if let Some(timeout) = global.lock_timeout {
            options = options.lock_timeout(timeout);
        }
        Self { calc: &global.calc, options, output }
    }

    /// Whether a calculation was named that is not the last one.
    pub fn names_calc(&self) -> bool {
        !matches!(self.calc, Calc::Id(-1))
    }

    /// How the data directory is opened.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Opens what `-c` names for reading, whatever form it has.
    pub fn read(&self) -> Result<Source, Failure> {
        self.source(self.calc)
    }

    /// Opens anything else for reading, as `-c` would.
    pub fn source(&self, calc: &Calc) -> Result<Source, Failure> {
        match &resolved(calc) {
            Calc::Path(path) if is_no_directory(path) && !is_zip(path) => {
                self.file(path).map(|file| Source::Hdf5(Box::new(file)))
            }
            calc => self.open(calc, &self.options.clone().read_only(true)).map(Source::Store),
        }
    }

    /// Opens what is no directory. What it is, its first bytes say and not its name.
    fn file(&self, path: &Path) -> Result<Hdf5File, Failure> {
        let file = Hdf5File::open(path).map_err(|error| {
            if error.kind() == ErrorKind::InvalidInput && path.is_file() {
                Failure::invalid("is neither a directory nor an HDF5 or zip file").with_file(path)
            } else {
                error.into()
            }
        })?;
        self.output.detail(&format!("HDF5 file: {}", path.display()));
        Ok(file)
    }

    /// Opens the store for reading, for verbs that are about stores alone.
    pub fn store(&self) -> Result<DataStore, Failure> {
        self.store_of(self.calc)
    }

    /// Opens any store for reading, as `-c` would.
    pub fn store_of(&self, calc: &Calc) -> Result<DataStore, Failure> {
        self.open(calc, &self.options.clone().read_only(true))
    }

    /// Opens the store for writing. None is made.
    pub fn write(&self) -> Result<DataStore, Failure> {
        self.write_to(self.calc)
    }

    /// Opens the store for writing, and removes nothing that nobody needs any more.
    pub fn write_unswept(&self) -> Result<DataStore, Failure> {
        self.write_with(self.calc, &self.options.clone().sweeps(false))
    }

    /// Opens any store for writing, as `-c` would.
    pub fn write_to(&self, calc: &Calc) -> Result<DataStore, Failure> {
        self.write_with(calc, &self.options)
    }

    fn write_with(&self, calc: &Calc, options: &Options) -> Result<DataStore, Failure> {
        if let Calc::Path(path) = &resolved(calc) {
            // By its path the library would make a store where there is none.
            self.store_of(calc)?;
            if is_zip(path) {
                let message =
                    "this is a zip file, which is only read; calcstore unpack FILE makes a store of it";
                return Err(Failure::new(ErrorKind::ReadOnly, message).with_file(path));
            }
        }
        self.open(calc, options)
    }

    /// The calculation that `-c` names.
    pub fn calc(&self) -> &Calc {
        self.calc
    }

    fn open(&self, calc: &Calc, options: &Options) -> Result<DataStore, Failure> {
        let store = match &resolved(calc) {
            Calc::Path(path) if is_no_directory(path) && !is_zip(path) => {
                self.file(path)?;
                let message =
                    "this is an HDF5 file, which is only read; calcstore import FILE makes values of it";
                return Err(Failure::new(ErrorKind::ReadOnly, message).with_file(path));
            }
            Calc::Id(id) => options.open(*id)?,
            Calc::Path(path) => options.at(path).map_err(|error| {
                if error.kind() == ErrorKind::NotFound && !path.exists() {
                    Failure::new(ErrorKind::NotFound, "there is no such calculation, directory or file")
                        .with_file(path)
                } else {
                    error.into()
                }
            })?,
        };
        self.output.detail(&format!("store: {}", store.calc_dir().display()));
        Ok(store)
    }
}

/// The calculation that is meant: a bare `calc_12` is one of the data directory, unless it is here.
pub fn resolved(calc: &Calc) -> Calc {
    let id = |path: &Path| {
        let id = path.to_str()?.strip_prefix("calc_")?;
        let is_id = id.bytes().all(|byte| byte.is_ascii_digit()) && !id.starts_with('0');
        (is_id && !path.exists()).then(|| id.parse().ok().map(Calc::Id))?
    };
    match calc {
        Calc::Path(path) => id(path).unwrap_or_else(|| calc.clone()),
        Calc::Id(_) => calc.clone(),
    }
}

/// Whether a file begins as zip files do. Of one that means something else too, its end would have to tell.
fn is_zip(path: &Path) -> bool {
    let mut beginning = [0; 4];
    let read = path.is_file().then(|| File::open(path).and_then(|mut file| file.read_exact(&mut beginning)));
    matches!(read, Some(Ok(()))) && matches!(&beginning, b"PK\x03\x04" | b"PK\x05\x06")
}

/// Whether something is there that is no directory: then it is no store.
fn is_no_directory(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.is_dir())
}
