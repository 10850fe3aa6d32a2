#![no_main]

calcstore_fuzz::target!(chain and chunk::chain, 64 MiB);
