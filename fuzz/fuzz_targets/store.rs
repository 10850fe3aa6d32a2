#![no_main]

calcstore_fuzz::target!(store::run, 512 MiB);
