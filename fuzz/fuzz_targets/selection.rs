#![no_main]

calcstore_fuzz::target!(selection and selection::run, 64 MiB);
