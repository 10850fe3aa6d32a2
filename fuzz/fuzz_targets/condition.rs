#![no_main]

calcstore_fuzz::target!(condition and condition::run, 64 MiB);
