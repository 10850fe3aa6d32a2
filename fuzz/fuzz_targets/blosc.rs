#![no_main]

calcstore_fuzz::target!(blosc and chunk::blosc, 64 MiB);
