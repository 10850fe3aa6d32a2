//! Runs the fuzz targets on the inputs that are kept, without a fuzzer.

use std::fs;
use std::path::Path;

#[path = "../../fuzz/bodies/attributes.rs"]
mod attributes;
#[path = "../../fuzz/bodies/chunk.rs"]
mod chunk;
#[path = "../../fuzz/bodies/key.rs"]
mod key;
#[path = "../../fuzz/bodies/store.rs"]
mod store;

fn replay(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let inputs: Vec<Vec<u8>> =
        fs::read_dir(corpus).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect();
    assert!(inputs.len() >= 5, "{} inputs", inputs.len());
    for input in &inputs {
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

#[test]
fn the_inputs_of_the_target_key_still_pass() {
    replay("key", key::run);
}

#[test]
fn the_inputs_of_the_target_attributes_still_pass() {
    replay("attributes", attributes::run);
}

#[test]
fn the_inputs_of_the_target_store_still_pass() {
    replay("store", store::run);
}

#[test]
fn the_inputs_of_the_target_blosc_still_pass() {
    replay("blosc", chunk::blosc);
}

#[test]
fn the_inputs_of_the_target_shard_still_pass() {
    replay("shard", chunk::shard);
}

#[test]
fn the_inputs_of_the_target_chain_still_pass() {
    replay("chain", chunk::chain);
}
