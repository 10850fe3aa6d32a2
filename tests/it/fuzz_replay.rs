//! Runs the fuzz targets on the inputs that are kept, without a fuzzer.

use std::fs;
use std::path::{Path, PathBuf};

use calcstore::DataStore;

use crate::manifest::Manifest;
use crate::oracle::{self, Program};

#[path = "../../fuzz/bodies/mod.rs"]
mod bodies;

use bodies::{chunk, condition, export, import, internals, key, metadata, object, selection, store, zip};

/// The inputs of a target, by their names.
fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let paths = fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path());
    let mut inputs: Vec<(PathBuf, Vec<u8>)> =
        paths.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    inputs.sort();
    assert!(inputs.len() >= 5, "{} inputs", inputs.len());
    inputs
}

fn replay(target: &str, run: fn(&[u8])) {
    for (_, input) in &inputs(target) {
        run(input);
        // And a little damaged.
        for at in (0..input.len()).step_by(1 + input.len() / 16) {
            let mut damaged = input.clone();
            damaged[at] ^= 1;
            run(&damaged);
            run(&input[..at]);
        }
    }
}

macro_rules! replayed {
    ($($test:ident: $target:literal, $body:path;)*) => { $(
        #[test]
        fn $test() {
            replay($target, $body);
        }
    )* };
}

replayed! {
    the_inputs_of_the_target_blosc_still_pass: "blosc", chunk::blosc;
    the_inputs_of_the_target_chain_still_pass: "chain", chunk::chain;
    the_inputs_of_the_target_condition_still_pass: "condition", condition::run;
    the_inputs_of_the_target_export_still_pass: "export", export::run;
    the_inputs_of_the_target_hdf5_still_pass: "hdf5", import::run;
    the_inputs_of_the_target_internals_still_pass: "internals", internals::run;
    the_inputs_of_the_target_key_still_pass: "key", key::run;
    the_inputs_of_the_target_metadata_still_pass: "metadata", metadata::run;
    the_inputs_of_the_target_object_still_pass: "object", object::run;
    the_inputs_of_the_target_selection_still_pass: "selection", selection::run;
    the_inputs_of_the_target_shard_still_pass: "shard", chunk::shard;
    the_inputs_of_the_target_store_still_pass: "store", store::run;
    the_inputs_of_the_target_zip_still_pass: "zip", zip::run;
}

#[test]
fn h5py_and_the_tools_of_hdf5_read_what_was_exported_of_the_inputs_that_are_kept() {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path().join("s")).unwrap();
    let mut manifest = Manifest::default();
    for (number, (_, input)) in inputs("export").iter().enumerate() {
        for (key, node) in export::fill(&store, &format!("/{number}"), input) {
            manifest.described(&key, node);
        }
    }
    assert!(manifest.len() > 100, "{} nodes", manifest.len());
    let report = store.export_hdf5().unwrap();
    assert_eq!(report.left_out, []);
    let manifest = manifest.write(directory.path(), "manifest.json");
    oracle::agree(&[Program::Python("h5py_read.py"), Program::Hdf5Tools], &report.file, &manifest);
}
