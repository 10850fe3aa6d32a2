#![no_main]

calcstore_fuzz::target!(internals::run, 128 MiB);
