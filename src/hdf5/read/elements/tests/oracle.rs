//! Files of h5py, and what their headers say.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use serde_json::Value as Json;

use crate::error::Result;
use crate::hdf5::read::elements::{DatasetReader, Stored};
use crate::hdf5::read::input::{Input, Sizes, Source};
use crate::hdf5::read::layout::{ChunkIndex, Dataspace, ExtensibleArray, FillValue, Filter, Layout};
use crate::hdf5::read::{ByteOrder, Padding, Type};

/// A file in memory.
#[derive(Clone)]
pub struct Memory(pub Arc<Vec<u8>>);

impl Source for Memory {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        let at = usize::try_from(at).unwrap();
        let part = self.0.get(at..at + bytes.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        bytes.copy_from_slice(part);
        Ok(())
    }
}

pub fn input(bytes: &Arc<Vec<u8>>) -> Input {
    Input::new(Box::new(Memory(bytes.clone())), 0, Sizes { offset: 8, length: 8 })
}

/// A dataset: what its header says, and what its elements are.
#[derive(Clone)]
pub struct Case {
    pub name: String,
    pub file: Arc<Vec<u8>>,
    pub data_type: Type,
    pub dataspace: Dataspace,
    pub layout: Layout,
    pub filters: Vec<Filter>,
    pub fill: FillValue,
    /// The bytes of all elements.
    pub bytes: Vec<u8>,
    /// Texts or lists, of elements in the global heap.
    pub expected: Json,
}

impl Case {
    pub fn open<'a>(&'a self, input: &'a Input) -> Result<DatasetReader<'a>> {
        let Self { data_type, dataspace, layout, filters, fill, .. } = self;
        DatasetReader::new(input, Stored { data_type, dataspace, layout, filters, fill })
    }

    pub fn shape(&self) -> &[u64] {
        let Dataspace::Simple { shape, .. } = &self.dataspace else { unreachable!() };
        shape
    }
}

/// All datasets, of files of each version; none where there is no h5py, unless that is required.
pub fn cases() -> &'static [Case] {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(|| {
        let required = std::env::var("CALCSTORE_ORACLES").is_ok_and(|value| value == "require");
        let Ok(python) = std::env::var("CALCSTORE_ORACLE_PYTHON") else {
            assert!(!required, "CALCSTORE_ORACLE_PYTHON is not set");
            return Vec::new();
        };
        let directory = tempfile::tempdir().unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/hdf5_elements.py");
        let mut command = Command::new(python);
        command.env("PYTHONDONTWRITEBYTECODE", "1").arg(script).arg(directory.path()).args(["1", "60"]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        load(directory.path())
    })
}

/// The dataset of a name in the file of a version.
pub fn case(version: &str, name: &str) -> Option<&'static Case> {
    let name = format!("{version}.h5 {name}");
    let found = cases().iter().find(|case| case.name == name);
    assert!(found.is_some() || cases().is_empty(), "there is no {name}");
    found
}

fn load(directory: &Path) -> Vec<Case> {
    let read = |name: PathBuf| Arc::new(std::fs::read(directory.join(name)).unwrap());
    let manifest: Vec<Json> = serde_json::from_slice(&read("manifest.json".into())).unwrap();
    let mut files: Vec<(String, Arc<Vec<u8>>)> = Vec::new();
    let cases = manifest.iter().map(|said| {
        let name = said["file"].as_str().unwrap();
        if files.iter().all(|(other, _)| other != name) {
            files.push((name.to_owned(), read(name.into())));
        }
        let file = files.iter().find(|(other, _)| other == name).unwrap().1.clone();
        let bytes = std::fs::read(directory.join(format!("{}.raw", said["number"]))).unwrap();
        Case {
            name: format!("{name} {}", said["name"].as_str().unwrap()),
            file,
            data_type: data_type(said),
            dataspace: Dataspace::Simple {
                shape: numbers(&said["shape"]),
                maximum: said["maximum"].as_array().unwrap().iter().map(Json::as_u64).collect(),
            },
            layout: layout(&said["layout"]),
            filters: said["filters"].as_array().unwrap().iter().map(filter).collect(),
            fill: Some(hex(&said["fill"])),
            bytes,
            expected: said["expected"].clone(),
        }
    });
    cases.collect()
}

fn data_type(said: &Json) -> Type {
    let short =
        Type::Integer { size: 2, is_signed: true, order: ByteOrder::Little, offset: 0, precision: 16 };
    if said["expected"]["texts"].is_array() {
        Type::String { padding: Padding::NullTerminated, is_utf8: true }
    } else if said["expected"]["lists"].is_array() {
        Type::List(Box::new(short))
    } else {
        Type::Opaque { size: u32::try_from(said["size"].as_u64().unwrap()).unwrap(), tag: String::new() }
    }
}

fn numbers(list: &Json) -> Vec<u64> {
    list.as_array().unwrap().iter().map(|number| number.as_u64().unwrap()).collect()
}

fn hex(text: &Json) -> Vec<u8> {
    let text = text.as_str().unwrap();
    (0..text.len() / 2).map(|n| u8::from_str_radix(&text[2 * n..2 * n + 2], 16).unwrap()).collect()
}

fn filter(said: &Json) -> Filter {
    let id = u16::try_from(said[0].as_u64().unwrap()).unwrap();
    let parameters = numbers(&said[1]).into_iter().map(|number| u32::try_from(number).unwrap()).collect();
    Filter { id, name: None, is_optional: false, parameters }
}

fn layout(said: &Json) -> Layout {
    let address = said["address"].as_u64();
    if said["compact"].is_string() {
        return Layout::Compact(hex(&said["compact"]));
    }
    let Some(kind) = said["index"].as_str() else {
        return Layout::Contiguous {
            address: said["contiguous"].as_u64(),
            size: said["size"].as_u64().unwrap(),
        };
    };
    let filtered =
        said["size"].as_u64().map(|size| (size, u32::try_from(said["mask"].as_u64().unwrap()).unwrap()));
    // The header of the array says it again.
    let parameters =
        ExtensibleArray { max_bits: 0, index_elements: 0, min_pointers: 0, min_elements: 0, page_bits: 0 };
    let index = match kind {
        "tree1" => ChunkIndex::Tree1 { address },
        "single" => ChunkIndex::Single { address, filtered },
        "implicit" => ChunkIndex::Implicit { address },
        "fixed" => ChunkIndex::FixedArray { address, page_bits: 0 },
        "extensible" => ChunkIndex::ExtensibleArray { address, parameters },
        "tree2" => ChunkIndex::Tree2 { address },
        other => panic!("{other}"),
    };
    let has_plain_edges = said["plain_edges"].as_bool().unwrap();
    Layout::Chunked { chunk: numbers(&said["chunk"]), index, has_plain_edges }
}
