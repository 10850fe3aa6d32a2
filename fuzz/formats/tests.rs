//! Runs the targets on the inputs that are kept, without a fuzzer.

use std::fs;
use std::path::Path;

fn replay(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let inputs: Vec<Vec<u8>> =
        fs::read_dir(corpus).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect();
    assert!(inputs.len() >= 5, "{} inputs", inputs.len());
    for input in &inputs {
        run(input);
        // And a little damaged.
        for at in (0..input.len()).step_by(1 + input.len() / 128) {
            let mut damaged = input.clone();
            damaged[at] ^= 1 << (at % 8);
            run(&damaged);
            run(&input[..at]);
        }
    }
}

macro_rules! replayed {
    ($($test:ident: $target:ident;)*) => { $(
        #[test]
        fn $test() {
            replay(stringify!($target), super::$target);
        }
    )* };
}

replayed! {
    the_inputs_of_the_target_blosc_still_pass: blosc;
    the_inputs_of_the_target_chain_still_pass: chain;
    the_inputs_of_the_target_condition_still_pass: condition;
    the_inputs_of_the_target_metadata_still_pass: metadata;
    the_inputs_of_the_target_object_still_pass: object;
    the_inputs_of_the_target_selection_still_pass: selection;
    the_inputs_of_the_target_shard_still_pass: shard;
}
