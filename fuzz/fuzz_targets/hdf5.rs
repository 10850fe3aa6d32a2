#![no_main]

calcstore_fuzz::target!(import::run, 128 MiB);
