//! Readers take no lock, while writers replace, append to and change in place what they read. They see whole values of
//! one version, and never a chunk that was taken away meanwhile as fill value.
//!
//! All elements of what one operation writes are equal, and never zero, which is the fill value everywhere.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::process::Child;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use calcstore::{AnyArray, DataStore, Dataset, Error, ErrorKind, StoredTable, Table};
use serde::{Deserialize, Serialize};

use crate::child::{child, scratch, told};
use crate::random::Random;
use crate::scale::scaled;

const WRITERS: u64 = 7;
const READERS: u64 = 3;
/// The length of `/whole`, which lies in three chunks.
const WHOLE: usize = 48;
/// The length of `/sparse`, of which each element is a chunk: reading it takes longer than removing it.
const SPARSE: usize = 100;
/// So many rows are appended, or written into, at once; chunks have 8, so that most operations touch two of them.
const BLOCK: usize = 12;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Object {
    first: f64,
    many: Vec<f64>,
    last: String,
}

impl Object {
    fn new(value: f64) -> Self {
        Self { first: value, many: vec![value; 40], last: value.to_string() }
    }
}

fn table(value: f64) -> Table {
    let mut table = Table::new();
    table.push("a", vec![value; BLOCK]).unwrap();
    table.push("b", vec![-value; BLOCK]).unwrap();
    table
}

fn replace_grown(store: &DataStore, value: f64) -> Result<(), Error> {
    store.new_dataset("/grown").chunks([8]).insert(vec![value; BLOCK])
}

fn replace_whole(store: &DataStore, value: f64) -> Result<(), Error> {
    store.new_dataset("/whole").chunks([16]).insert(vec![value; WHOLE])
}

/// One change of one of the keys.
fn write(store: &DataStore, random: &mut Random) -> Result<(), Error> {
    let value = (1 + random.below(1 << 30)) as f64;
    match random.below(10) {
        0 => replace_whole(store, value),
        // A chunk that is not there is fill value in this one: none may be missing because its directory was swept.
        1 => store.dataset("/sparse")?.atomic(true).write(.., vec![value; SPARSE]),
        2 => store.dataset("/whole")?.atomic(true).write(.., vec![value; WHOLE]),
        3 => replace_grown(store, value),
        4 => {
            let grown = store.dataset("/grown")?;
            let block = random.below(grown.shape()[0] / BLOCK as u64);
            let start = block * BLOCK as u64;
            grown.atomic(true).write(start..start + BLOCK as u64, vec![value; BLOCK])
        }
        5 => store.dataset("/grown")?.append(vec![value; BLOCK]).map(drop),
        6 => store.insert("/table", table(value)),
        7 => store.table("/table")?.append(table(value)).map(drop),
        8 => store.insert_object("/object", &Object::new(value)),
        _ => store.attributes("/noted")?.insert("values", [value; 20]),
    }
}

/// Writes until it is killed. The first does so in two threads; the second has one that removes what is displaced
/// without a pause, so that files go away while they are read.
#[test]
fn child_writes() {
    let Some((directory, number)) = told() else { return };
    let store = DataStore::at(&directory).unwrap();
    let work = |seed: u64| {
        let mut random = Random::new(seed);
        loop {
            match write(&store, &mut random) {
                Ok(()) => {}
                // Somebody else has replaced what the handle was opened for.
                Err(error) => assert_eq!(error.kind(), ErrorKind::Changed, "{error}"),
            }
            std::thread::sleep(Duration::from_millis(random.below(20)));
        }
    };
    std::thread::scope(|scope| {
        if number == 0 {
            scope.spawn(|| work(99));
        }
        if number == 1 {
            scope.spawn(|| {
                loop {
                    store.gc().older_than(Duration::ZERO).run().unwrap();
                }
            });
        }
        work(number);
    });
}

/// Kills the writers, also when the test fails.
struct Writers(Vec<Child>);

impl Writers {
    fn are_alive(&mut self) -> bool {
        self.0.iter_mut().all(|writer| writer.try_wait().unwrap().is_none())
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        for writer in &mut self.0 {
            let _ = writer.kill();
            let _ = writer.wait();
        }
    }
}

/// What was read how often, and what came of it.
#[derive(Default)]
struct Counts {
    reads: BTreeMap<&'static str, u64>,
    busy: u64,
    changed: u64,
}

impl Counts {
    fn total(&self) -> u64 {
        self.reads.values().sum()
    }

    fn add(&mut self, other: &Self) {
        for (what, count) in &other.reads {
            *self.reads.entry(what).or_default() += count;
        }
        self.busy += other.busy;
        self.changed += other.changed;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { busy, changed, .. } = self;
        write!(f, "{} reads {:?}, {busy} busy, {changed} handles changed", self.total(), self.reads)
    }
}

/// Whether these were written at once: all are equal, and none is the fill value.
fn assert_one(values: &[f64], length: usize) {
    let first = values[0];
    assert!(
        values.len() == length && first != 0.0 && values.iter().all(|it| *it == first),
        "torn: {values:?}"
    );
}

fn assert_blocks(values: &[f64]) {
    assert!(!values.is_empty() && values.len().is_multiple_of(BLOCK), "torn: {} rows", values.len());
    values.chunks(BLOCK).for_each(|block| assert_one(block, BLOCK));
}

/// One who reads, with handles that were opened long ago.
struct Reader {
    store: DataStore,
    whole: Dataset,
    grown: Dataset,
    table: StoredTable,
}

impl Reader {
    fn new(directory: &Path) -> Self {
        let store = DataStore::options().read_only(true).at(directory).unwrap();
        let (whole, grown) = (store.dataset("/whole").unwrap(), store.dataset("/grown").unwrap());
        let table = store.table("/table").unwrap();
        Self { store, whole, grown, table }
    }

    /// Reads something; says what it was.
    fn read(&self, random: &mut Random) -> (&'static str, Result<(), Error>) {
        let store = &self.store;
        let (whole, length) = [("/whole", WHOLE), ("/sparse", SPARSE)][random.below(2) as usize];
        match random.below(20) {
            0 | 9 | 10 => ("value", store.get::<Vec<f64>>(whole).map(|found| assert_one(&found, length))),
            1 => ("grown value", store.get::<Vec<f64>>("/grown").map(|found| assert_blocks(&found))),
            2 => ("slice by a new handle", store.dataset(whole).and_then(|whole| slice(&whole, random))),
            11..18 => ("slice by an old handle", slice(&self.whole, random)),
            3 | 4 => ("block by an old handle", block(&self.grown, random)),
            5 => ("table", store.get::<Table>("/table").map(|found| assert_rows(&found))),
            6 => ("table by an old handle", self.table.read().map(|found| assert_rows(&found))),
            7 => {
                let found = store.object::<Object>("/object");
                ("object", found.map(|found| assert_eq!(found, Object::new(found.first))))
            }
            _ => {
                let found = store.attributes("/noted").and_then(|noted| noted.get::<Vec<f64>>("values"));
                ("attribute", found.map(|found| assert_one(&found, 20)))
            }
        }
    }

    fn reads(mut self, directory: &Path, seed: u64, count: u64) -> Counts {
        let (mut counts, mut random) = (Counts::default(), Random::new(seed));
        for _ in 0..count {
            let (what, read) = self.read(&mut random);
            *counts.reads.entry(what).or_default() += 1;
            match read.map_err(|error| (error.kind(), error)) {
                Ok(()) => {}
                Err((ErrorKind::Busy, _)) => counts.busy += 1,
                Err((ErrorKind::Changed, _)) if what.ends_with("handle") => {
                    counts.changed += 1;
                    self = Self::new(directory);
                }
                Err((_, error)) => panic!("{what}: {error:?}"),
            }
        }
        counts
    }
}

fn slice(whole: &Dataset, random: &mut Random) -> Result<(), Error> {
    let start = random.below(20);
    let found: Vec<f64> = whole.read(start..start + 25)?;
    assert_one(&found, 25);
    Ok(())
}

fn block(grown: &Dataset, random: &mut Random) -> Result<(), Error> {
    let start = random.below(grown.shape()[0] / BLOCK as u64) * BLOCK as u64;
    let found: Vec<f64> = grown.read(start..start + BLOCK as u64)?;
    assert_one(&found, BLOCK);
    Ok(())
}

fn assert_rows(table: &Table) {
    let column = |name| match table.column(name) {
        Some(AnyArray::Float64(column)) => column.as_slice().unwrap(),
        other => panic!("{other:?}"),
    };
    let (a, b) = (column("a"), column("b"));
    assert_blocks(a);
    assert!(b.iter().map(|b| -b).eq(a.iter().copied()), "torn: {a:?} and {b:?}");
}

/// Counts how often a read was repeated, which the store tells `tracing`.
struct Looks;

static LOOKS: AtomicU64 = AtomicU64::new(0);

impl tracing::Subscriber for Looks {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "calcstore::storage::read"
    }

    fn event(&self, _: &tracing::Event<'_>) {
        LOOKS.fetch_add(1, Relaxed);
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
    fn enter(&self, _: &tracing::span::Id) {}
    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn readers_see_whole_values_while_writers_replace_append_and_write_regions() {
    // In memory, where what is displaced is removed at once: elsewhere it is flushed first.
    let directory = scratch();
    let path = directory.path();
    let store = DataStore::at(path).unwrap();
    replace_whole(&store, 1.0).unwrap();
    replace_grown(&store, 1.0).unwrap();
    let sparse = store.new_dataset("/sparse").chunks([1]).shards([]).create::<f64>(&[SPARSE as u64]).unwrap();
    sparse.write(.., vec![1.0; SPARSE]).unwrap();
    store.insert("/table", table(1.0)).unwrap();
    store.insert_object("/object", &Object::new(1.0)).unwrap();
    store.insert("/noted", 1.0).unwrap();
    store.attributes("/noted").unwrap().insert("values", [1.0; 20]).unwrap();
    let start = |number| child("readers::child_writes", path, number).spawn().unwrap();
    let mut writers = Writers((0..WRITERS).map(start).collect());
    let (begin, share) = (Instant::now(), scaled(1_000_000).div_ceil(READERS));
    let mut counts = Counts::default();
    std::thread::scope(|scope| {
        let read = |seed| {
            move || {
                let _looks = tracing::subscriber::set_default(Looks);
                Reader::new(path).reads(path, seed, share)
            }
        };
        let threads: Vec<_> = (0..READERS).map(|seed| scope.spawn(read(seed))).collect();
        for thread in threads {
            counts.add(&thread.join().unwrap());
        }
    });
    let (looks, seconds) = (LOOKS.load(Relaxed), begin.elapsed().as_secs_f64());
    eprintln!("{counts}, {looks} looks again, in {seconds:.1} s");
    assert!(writers.are_alive(), "a writer has failed");
    assert!(counts.total() >= scaled(1_000_000) && counts.reads.len() == 9, "{counts}");
    assert!(looks > 0 && counts.changed > 0, "nothing was in the way of the readers");
    assert!(counts.busy * 10_000 <= counts.total(), "{counts}");
}

#[test]
fn a_table_can_be_opened_while_it_is_replaced() {
    // The columns were looked at through a handle that was opened just before: had the table been replaced between the
    // two, opening it failed as if the caller had kept that handle. Now both are one read, which looks again.
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path()).unwrap();
    store.insert("/table", table(1.0)).unwrap();
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Relaxed) {
                store.insert("/table", table(2.0)).unwrap();
            }
        });
        let opened: Result<Vec<StoredTable>, Error> = (0..1_000).map(|_| store.table("/table")).collect();
        is_over.store(true, Relaxed);
        assert_eq!(opened.unwrap().len(), 1_000);
    });
}
