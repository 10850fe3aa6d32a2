#![no_main]

calcstore_fuzz::target!(shard and chunk::shard, 64 MiB);
