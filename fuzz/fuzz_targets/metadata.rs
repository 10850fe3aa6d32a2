#![no_main]

calcstore_fuzz::target!(metadata and metadata::run, 64 MiB);
