#![no_main]

calcstore_fuzz::target!(zip::run, 128 MiB);
