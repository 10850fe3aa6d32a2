#![no_main]

calcstore_fuzz::target!(export::run, 128 MiB);
