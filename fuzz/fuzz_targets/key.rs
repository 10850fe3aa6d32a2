#![no_main]

calcstore_fuzz::target!(key::run, 4 MiB);
