//! What every fuzz target does around its body: see [`run`].

#[path = "../bodies/mod.rs"]
pub mod bodies;

use std::alloc::System;

use cap::Cap;

/// Counts what Rust code allocates, all threads together.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// Which inputs go through a store on disk too, where the format alone is looked at first: one of so many.
const STORED: u32 = 256;

/// Runs a target that may take `mebibytes` of memory more than there is: an allocation beyond ends the program, which
/// the fuzzer takes for a finding.
pub fn run(mebibytes: usize, body: impl FnOnce(&[u8]), input: &[u8]) {
    MEMORY.set_limit(MEMORY.allocated() + (mebibytes << 20)).expect("more than there is");
    body(input);
    MEMORY.set_limit(usize::MAX).expect("more than there is");
}

/// Runs a target that opens no file, and for some inputs also the one that looks at the same in a store.
pub fn both(format: fn(&[u8]), stored: fn(&[u8]), input: &[u8]) {
    format(input);
    if crc32c::crc32c(input) % STORED == 0 {
        stored(input);
    }
}

/// Makes a fuzz target of a body, or of a format and a body.
#[macro_export]
macro_rules! target {
    ($($body:ident)::+, $mebibytes:literal MiB) => {
        libfuzzer_sys::fuzz_target!(|input: &[u8]| $crate::run($mebibytes, $crate::bodies::$($body)::+, input));
    };
    ($format:ident and $($body:ident)::+, $mebibytes:literal MiB) => {
        libfuzzer_sys::fuzz_target!(|input: &[u8]| {
            $crate::run($mebibytes, |input| $crate::both(calcstore::fuzzing::$format, $crate::bodies::$($body)::+, input), input);
        });
    };
}
