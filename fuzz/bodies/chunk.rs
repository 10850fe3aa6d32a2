//! Any bytes as the chunk of an array, through one codec or another: an error, or all of the elements.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use calcstore::{AnyArray, Compression, Continue, DataStore, DataType, Dataset, Value};
use ndarray::Array2;

use super::inputs::chains::{self, CHAINS, ELEMENTS, ENCODE, WITH_CHECKSUM, document};
use super::scratch::Scratch;

const SHAPE: (usize, usize) = (3, 4);

/// The input is a blosc frame.
pub fn blosc(input: &[u8]) {
    read(chains::BLOSC, input);
}

/// The input is a shard of shards whose indices have no checksum, which nobody would guess.
pub fn shard(input: &[u8]) {
    for codecs in chains::shards() {
        read(&codecs, input);
    }
}

/// The input is a number, which chooses a chain, and a chunk.
pub fn chain(input: &[u8]) {
    let Some((which, chunk)) = input.split_first() else { return };
    if which & ENCODE != 0 {
        return encode(usize::from(which % 8), chunk);
    }
    let codecs = CHAINS[usize::from(*which) % CHAINS.len()];
    if which & WITH_CHECKSUM == 0 {
        return read(codecs, chunk);
    }
    read(&chains::with_checksum(codecs), &[chunk, &crc32c::crc32c(chunk).to_le_bytes()].concat());
}

thread_local! {
    /// Hierarchies of one array, by their codecs.
    static HIERARCHIES: RefCell<Scratch<HashMap<String, (DataStore, PathBuf)>>> = const { RefCell::new(Scratch::new()) };
    /// Datasets that are written.
    static WRITTEN: RefCell<Scratch<Vec<Dataset>>> = const { RefCell::new(Scratch::new()) };
}

fn read(codecs: &str, chunk: &[u8]) {
    Scratch::with(
        &HIERARCHIES,
        |_| HashMap::new(),
        |hierarchies, directory| {
            if !hierarchies.contains_key(codecs) {
                let path = directory.path().join(hierarchies.len().to_string());
                fs::create_dir_all(path.join("c/0")).unwrap();
                fs::write(path.join("zarr.json"), document(codecs)).unwrap();
                let store = DataStore::options().read_only(true).at(&path).unwrap();
                store.node("/").unwrap();
                hierarchies.insert(codecs.to_owned(), (store, path.join("c/0/0")));
            }
            let (store, file) = &hierarchies[codecs];
            fs::write(file, chunk).unwrap();
            look(store);
        },
    );
}

fn look(store: &DataStore) {
    let part = store.dataset("/").unwrap().read::<AnyArray>("1,1:3");
    match store.value("/") {
        Ok(Value::Array(array)) => {
            assert_eq!(array.len(), ELEMENTS);
            let json = array.to_json();
            let expected = [json[1][1].clone(), json[1][2].clone()];
            assert_eq!(*part.unwrap().to_json().as_array().unwrap(), expected, "a part, and the whole");
        }
        Ok(other) => panic!("{other:?}"),
        Err(error) => {
            assert!(!error.to_string().contains("zarr.json"), "{error}");
            let report = store.check("/", |_| Continue::Yes).unwrap();
            assert!(!report.faults.is_empty(), "{error}, and check finds nothing");
        }
    }
}

/// Writes elements to the dataset number `which` and reads them.
fn encode(which: usize, bytes: &[u8]) {
    Scratch::with(
        &WRITTEN,
        |directory| datasets(&DataStore::at(directory.path().join("s")).unwrap()),
        |datasets, _| {
            let dataset = &datasets[which];
            if dataset.data_type() == DataType::String {
                let texts = Array2::from_shape_vec(SHAPE, chains::texts(bytes)).unwrap();
                dataset.write("...", &texts).unwrap();
                assert_eq!(dataset.read::<Array2<String>>("...").unwrap(), texts);
            } else {
                let bits = Array2::from_shape_vec(SHAPE, chains::numbers(bytes)).unwrap();
                dataset.write("...", bits.mapv(f64::from_bits)).unwrap();
                assert_eq!(dataset.read::<Array2<f64>>("...").unwrap().mapv(f64::to_bits), bits);
            }
        },
    );
}

fn datasets(store: &DataStore) -> Vec<Dataset> {
    let compressions = [
        Compression::NONE,
        Compression::gzip(1).unwrap(),
        Compression::zstd(1).unwrap(),
        Compression::blosc(5).unwrap(),
    ];
    let mut datasets = Vec::new();
    for data_type in [DataType::Float64, DataType::String] {
        for (n, compression) in compressions.iter().enumerate() {
            let plan = store.new_dataset(&format!("/{data_type}/{n}")).compression(*compression);
            let sharded = n % 2 == 1 && data_type == DataType::Float64;
            let plan = if sharded { plan.chunks([1, 2]).shards([3, 4]) } else { plan };
            datasets.push(plan.create_typed(data_type, &[3, 4]).unwrap());
        }
    }
    datasets
}
