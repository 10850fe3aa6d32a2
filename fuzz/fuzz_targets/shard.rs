#![no_main]

#[path = "../bodies/chunk.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|input: &[u8]| body::shard(input));
