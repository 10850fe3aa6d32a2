//! Files of other programs, each with what h5py finds in it.
//!
//! A small part of the corpus is in `tests/data/corpus/hdf5`, with a listing beside each file that
//! `tests/oracles/hdf5_listing.py` wrote. The whole is read from `CALCSTORE_CORPUS`, else from beside the project;
//! `tests/data/corpus/hdf5_listing.tsv` pins what is found in each of its files.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::listing::list;
use crate::error::Result;
use crate::hdf5::read::CachedFile;
use crate::hdf5::read::checksum::lookup3;

/// What looking at one file may take.
const LONGEST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 5 } else { 1 });

fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/corpus")
}

/// The whole corpus, where it is there.
fn whole() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let path = std::env::var_os("CALCSTORE_CORPUS").map_or(beside, PathBuf::from).join("hdf5");
    path.is_dir().then_some(path)
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let (mut found, mut waiting) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { waiting.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

fn listing(path: &Path) -> Result<super::listing::Listing> {
    list(Box::new(CachedFile::new(fs::File::open(path).unwrap()).unwrap()))
}

#[test]
fn what_is_found_in_a_file_is_what_h5py_finds() {
    let files = files(&own().join("hdf5"));
    let files: Vec<_> = files.iter().filter(|path| path.extension().is_some_and(|end| end == "h5")).collect();
    assert!(files.len() > 10);
    for path in files {
        let found = listing(path).unwrap();
        let expected = fs::read_to_string(format!("{}.txt", path.display())).unwrap();
        assert_eq!(found.lines, expected.lines().collect::<Vec<_>>(), "{}", path.display());
        assert!(found.errors.is_empty(), "{}: {:?}", path.display(), found.errors);
    }
}

/// The kind of the error that nothing could be found for, or how much was, and the checksum of the listing.
fn outcome(path: &Path) -> String {
    let start = Instant::now();
    let outcome = match listing(path) {
        Ok(found) => {
            let text = found.lines.join("\n");
            let (lines, errors) = (found.lines.len(), found.errors.len());
            format!("{lines}\t{errors}\t{:08x}", lookup3(text.as_bytes()))
        }
        Err(error) => format!("{}\t\t", error.kind().name()),
    };
    assert!(start.elapsed() < LONGEST, "{} takes {:?}", path.display(), start.elapsed());
    outcome
}

#[test]
fn every_file_of_the_corpus_is_what_the_table_says() {
    let Some(root) = whole() else {
        return eprintln!("skipped: the whole corpus (CALCSTORE_CORPUS) is missing");
    };
    let mut table = String::from("file\tlines\terrors\tchecksum\n");
    for path in ["malformed", "valid"].iter().flat_map(|part| files(&root.join(part))) {
        let name = path.strip_prefix(&root).unwrap().display();
        let _ = writeln!(table, "{name}\t{}", outcome(&path));
    }
    let expected = fs::read_to_string(own().join("hdf5_listing.tsv")).unwrap_or_default();
    let different: Vec<_> =
        table.lines().filter(|line| !expected.lines().any(|pinned| pinned == *line)).collect();
    let _ = fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tmp/hdf5_found.tsv"), &table);
    assert!(different.is_empty(), "{} differ: {different:#?}", different.len());
    assert_eq!(table.lines().count(), expected.lines().count(), "files are missing");
}
