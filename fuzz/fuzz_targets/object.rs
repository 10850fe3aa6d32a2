#![no_main]

calcstore_fuzz::target!(object and object::run, 64 MiB);
