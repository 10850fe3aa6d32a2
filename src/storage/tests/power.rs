//! The power is cut: files that were not flushed are torn. What was flushed is there all the same.

use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use super::{Watched, access, get, key, put, store};
use crate::error::{ErrorKind, Result};
use crate::storage::{Durability, Existing, Files, FindingKind, Outcome, Recovered, Rename, Store};
use crate::values::{ArrayContent, Content, DataType, Elements};
use crate::zarr::{METADATA_FILE, Marker, NodeMetadata, checksum};

/// Numbers that look random, and are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// How a file is found that was not flushed.
#[derive(Clone, Copy)]
pub(super) enum Torn {
    Empty,
    Zeros,
    Half,
    Whole,
}

pub(super) fn boot(number: u32) -> String {
    format!("{:032x}-{number:032x}", 7)
}

pub(super) fn in_boot(number: u32) -> Watched {
    Watched { boot: Some(boot(number)), ..Watched::default() }
}

/// Ends everything that the store does, and leaves what a power cut leaves.
pub(super) fn cut(files: &Watched, store: Store, mut how: impl FnMut(&str) -> Torn) {
    files.dead.store(true, SeqCst);
    drop(store);
    for file in files.unflushed.lock().unwrap().values() {
        let length = file.metadata().unwrap().len();
        match how(&super::shown(file.as_fd(), "")) {
            Torn::Empty => file.set_len(0).unwrap(),
            Torn::Half => file.set_len(length / 2).unwrap(),
            Torn::Zeros => file.write_all_at(&vec![0; usize::try_from(length).unwrap()], 0).unwrap(),
            Torn::Whole => {}
        }
    }
}

pub(super) fn reopen(directory: &Path, number: u32) -> Store {
    let files = Arc::new(in_boot(number));
    Store::open(files, &directory.join("calc"), access(Durability::Process)).unwrap()
}

pub(super) fn outcomes(store: &Store) -> Vec<(String, Outcome)> {
    store.recovered().iter().map(|found| (found.key.clone(), found.outcome)).collect()
}

/// The value of a key and its attribute `n`, as they are read.
type Seen = Option<(Vec<u8>, Option<u64>)>;

fn see(store: &Store, name: &str) -> Seen {
    match get::<Vec<u8>>(store, name) {
        Ok(value) => {
            let n = store.read(&key(name), |node| Ok(node.metadata.attributes().get("n").cloned())).unwrap();
            Some((value, n.and_then(|n| n.as_u64())))
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
            None
        }
    }
}

fn set_attribute(store: &Store, name: &str, n: u64) -> Result<()> {
    store.update_metadata(&key(name), |metadata| {
        metadata.attributes_mut().insert("n".to_owned(), n.into());
        Ok(())
    })
}

/// Replaces files of an array in place: chunks, then `zarr.json` with what `change` makes of it.
pub(super) fn change(
    store: &Store,
    name: &str,
    chunks: &[(&str, &[u8])],
    change: impl FnOnce(&mut NodeMetadata),
) -> Result<()> {
    let _tree = store.lock_tree(crate::storage::lock::Mode::Shared)?;
    let _value = store.lock_value(&key(name))?;
    let place = store.place(&key(name));
    let live = store.files.open_directory(store.root(), &place).unwrap();
    let mut metadata = store.read_metadata(&live, &place)?;
    change(&mut metadata);
    let displaced = store.keep_displaced(&key(name))?;
    let replace = |bytes: &[u8], file: &str| {
        let name = store.writer()?.stage.next_name();
        store.create_staged(&name, &[bytes])?;
        displaced.replace(&name, &live, file)
    };
    for (file, data) in chunks {
        replace(&[*data, &checksum(&[data])].concat(), file)?;
    }
    replace(&metadata.to_bytes()?, METADATA_FILE)
}

/// Lets an array grow by one chunk as large as the first.
pub(super) fn append(store: &Store, name: &str, data: &[u8]) -> Result<()> {
    let length = get::<Vec<u8>>(store, name)?.len();
    let chunk = format!("c.{}", length / data.len());
    change(store, name, &[(&chunk, data)], |metadata| {
        if let NodeMetadata::Array(array) = metadata {
            array.shape[0] += data.len() as u64;
        }
    })
}

const KEYS: [&str; 4] = ["/a", "/g/b", "/g/h/c", "/x"];

/// For each key what it was at the last flush, and everything after it.
type History = BTreeMap<&'static str, Vec<Seen>>;

/// Changes one key, or flushes.
fn do_something(store: &Store, dice: &mut Dice, step: u8, history: &mut History) {
    let name = KEYS[usize::try_from(dice.roll(4)).unwrap()];
    let exists = history[name].last().unwrap().is_some();
    let data = [step; 8];
    match dice.roll(9) {
        0 => {
            store.flush().unwrap();
            for seen in history.values_mut() {
                *seen = vec![seen.pop().unwrap()];
            }
            return;
        }
        1 if exists => assert!(store.remove(&key(name), None).unwrap()),
        2 | 3 if exists => set_attribute(store, name, step.into()).unwrap(),
        4 if exists => append(store, name, &data).unwrap(),
        5 if exists => change(store, name, &[("c.0", &data)], |_| {}).unwrap(),
        6 if exists && history["/x"].last() == Some(&None) => {
            store.rename(&key(name), &key("/x")).unwrap();
            history.get_mut("/x").unwrap().push(see(store, "/x"));
        }
        _ => put(store, name, data.to_vec()).unwrap(),
    }
    history.get_mut(name).unwrap().push(see(store, name));
}

#[test]
fn whatever_is_torn_a_key_has_what_was_flushed_or_something_later_and_whole() {
    let (mut put_back, mut lost) = (0, 0);
    for seed in 0..100 {
        let mut dice = Dice(seed);
        let directory = tempfile::tempdir().unwrap();
        let lacks = if seed % 5 == 0 { vec![Rename::Exchange] } else { vec![] };
        let files = Arc::new(Watched { lacks, ..in_boot(1) });
        let opened = store(Arc::clone(&files), directory.path(), Durability::Process).unwrap();
        opened.flush().unwrap();
        let mut history: History = KEYS.map(|name| (name, vec![None])).into();
        for step in 1..=dice.roll(12) + 3 {
            do_something(&opened, &mut dice, u8::try_from(step).unwrap(), &mut history);
        }
        let mut last = Dice(seed + 1000);
        let tear = |_: &str| match last.roll(4) {
            0 => Torn::Empty,
            1 => Torn::Zeros,
            2 => Torn::Half,
            _ => Torn::Whole,
        };
        cut(&files, opened, tear);
        let again = reopen(directory.path(), 2);
        for name in KEYS {
            let seen = see(&again, name);
            let is_named = again.recovered().iter().any(|found| found.key == name);
            let allowed = &history[name];
            // What had never been flushed may be absent, by its own loss or that of a group above.
            assert!(allowed.contains(&seen), "seed {seed}, {name}: {seen:?}, {allowed:?}");
            assert!(is_named || Some(&seen) == allowed.last() || seen.is_none(), "seed {seed}, {name}");
        }
        put_back += outcomes(&again).iter().filter(|(_, outcome)| *outcome == Outcome::PutBack).count();
        lost += outcomes(&again).iter().filter(|(_, outcome)| *outcome == Outcome::Lost).count();
        assert_eq!(again.check(&key("/"), &mut |_| Ok(())).unwrap().faults, [], "seed {seed}");
        drop(again);
        let third = reopen(directory.path(), 2);
        assert_eq!(third.recovered(), [], "seed {seed}: once is enough");
    }
    assert!(put_back > 40 && lost > 20, "{put_back} put back, {lost} lost");
}

#[test]
fn a_cut_while_a_store_is_repaired_is_repaired_as_well() {
    for failing in 1.. {
        let directory = tempfile::tempdir().unwrap();
        let files = Arc::new(in_boot(1));
        let opened = store(Arc::clone(&files), directory.path(), Durability::Process).unwrap();
        for name in ["/a", "/b"] {
            put(&opened, name, vec![1_u8; 8]).unwrap();
        }
        opened.flush().unwrap();
        append(&opened, "/a", &[2; 8]).unwrap();
        change(&opened, "/a", &[("c.0", &[3; 8]), ("c.1", &[4; 8])], |_| {}).unwrap();
        put(&opened, "/b", vec![2_u8; 8]).unwrap();
        append(&opened, "/b", &[3; 8]).unwrap();
        cut(&files, opened, |_| Torn::Zeros);
        let second = Arc::new(Watched { for_ever: true, ..in_boot(2) });
        second.fail.store(failing, SeqCst);
        let path = directory.path().join("calc");
        let repaired = Store::open(Arc::clone(&second) as Arc<dyn Files>, &path, access(Durability::Process));
        let calls = second.calls.load(SeqCst);
        match repaired {
            Ok(store) => cut(&second, store, |_| Torn::Empty),
            Err(_) => second.dead.store(true, SeqCst),
        }
        let third = reopen(directory.path(), 3);
        for name in ["/a", "/b"] {
            assert_eq!(see(&third, name), Some((vec![1; 8], None)), "call {failing}, {name}");
        }
        if calls < failing {
            assert!(failing > 15, "{failing}");
            return;
        }
    }
}

#[test]
fn what_was_half_put_back_when_the_power_was_cut_again_is_put_back_wholly() {
    let directory = tempfile::tempdir().unwrap();
    let files = Arc::new(in_boot(1));
    let opened = store(Arc::clone(&files), directory.path(), Durability::Process).unwrap();
    put(&opened, "/a", vec![1_u8; 8]).unwrap();
    opened.flush().unwrap();
    change(&opened, "/a", &[("c.0", &[2; 8])], |_| {}).unwrap();
    cut(&files, opened, |_| Torn::Whole);
    // The metadata are back, the chunk is not: what is there looks whole, but was never stored.
    let trash = directory.path().join("calc/.calcstore/trash");
    let wrapper = std::fs::read_dir(&trash).unwrap().next().unwrap().unwrap().path();
    let live = directory.path().join("calc/output.zarr/a/zarr.json");
    std::fs::rename(wrapper.join("a/zarr.json"), live).unwrap();
    std::fs::rename(&wrapper, wrapper.with_extension("undo")).unwrap();
    let again = reopen(directory.path(), 2);
    assert_eq!(get::<Vec<u8>>(&again, "/a").unwrap(), [1; 8]);
    assert_eq!(outcomes(&again), [("/a".to_owned(), Outcome::PutBack)]);
}

#[test]
fn a_torn_value_without_an_older_one_is_absent_and_named_and_kept_aside() {
    let directory = tempfile::tempdir().unwrap();
    let files = Arc::new(in_boot(1));
    let opened = store(Arc::clone(&files), directory.path(), Durability::Process).unwrap();
    opened.flush().unwrap();
    put(&opened, "/g/a", vec![1_u8; 8]).unwrap();
    put(&opened, "/g/b", vec![2_u8; 8]).unwrap();
    cut(&files, opened, |path| if path.ends_with("g/a/c.0") { Torn::Zeros } else { Torn::Whole });

    let path = directory.path().join("calc");
    let reading = crate::storage::Access { read_only: true, ..access(Durability::Process) };
    let reader = Store::open(Arc::new(in_boot(2)), &path, reading).unwrap();
    assert_eq!(
        get::<Vec<u8>>(&reader, "/g/a").unwrap_err().kind(),
        ErrorKind::Corrupt,
        "reading repairs nothing"
    );
    let findings = reader.check(&key("/"), &mut |_| Ok(())).unwrap().faults;
    assert!(findings.iter().any(|found| found.what.contains("power was cut")), "{findings:?}");

    let again = reopen(directory.path(), 2);
    assert_eq!(outcomes(&again), [("/g/a".to_owned(), Outcome::Lost)]);
    assert_eq!(see(&again, "/g/a"), None);
    assert_eq!(get::<Vec<u8>>(&again, "/g/b").unwrap(), [2; 8]);
    let lost = std::fs::read_dir(path.join(".calcstore/lost")).unwrap().next().unwrap().unwrap().path();
    assert!(lost.join("g/a/c.0").is_file() && lost.join("g/a/zarr.json").is_file());
    let checked = again.check(&key("/"), &mut |_| Ok(())).unwrap();
    let lost: Vec<_> = checked.leftovers.iter().filter(|found| found.kind == FindingKind::Lost).collect();
    assert_eq!((checked.faults.len(), lost.len()), (0, 1), "{checked:?}");
    assert!(path.join(&lost[0].file).join("g/a").is_dir(), "{lost:?}");
}

#[test]
fn torn_groups_keep_their_members_and_torn_tables_become_none() {
    let directory = tempfile::tempdir().unwrap();
    let files = Arc::new(in_boot(1));
    let opened = store(Arc::clone(&files), directory.path(), Durability::Process).unwrap();
    put(&opened, "/g/a", vec![1_u8; 8]).unwrap();
    let column = |name: &'static str| {
        let numbers = ArrayContent::new(DataType::UInt8, &[2], Elements::Bytes(vec![1, 2].into())).unwrap();
        (name.into(), numbers)
    };
    let table = Content::Table(vec![column("x"), column("y")]);
    opened.put(&key("/g/t"), &table, Existing::Refuse).unwrap();
    cut(&files, opened, |path| {
        let torn = ["zarr/zarr.json", "g/zarr.json", "t/zarr.json"].iter().any(|end| path.ends_with(end));
        if torn { Torn::Empty } else { Torn::Whole }
    });
    let again = reopen(directory.path(), 2);
    let expected = [("/", Outcome::AttributesLost), ("/g", Outcome::AttributesLost), ("/g/t", Outcome::Lost)];
    assert_eq!(outcomes(&again), expected.map(|(key, outcome)| (key.to_owned(), outcome)));
    assert_eq!(get::<Vec<u8>>(&again, "/g/a").unwrap(), [1; 8]);
    assert_eq!(again.child_names(&key("/g")).unwrap(), ["a"]);
}

#[test]
fn a_torn_chunk_of_a_sparse_array_becomes_fill_value_unless_it_had_an_older_one() {
    let directory = tempfile::tempdir().unwrap();
    let files = Arc::new(in_boot(1));
    let opened = store(Arc::clone(&files), directory.path(), Durability::Process).unwrap();
    put(&opened, "/s", vec![1_u8; 8]).unwrap();
    change(&opened, "/s", &[], |metadata| {
        if let NodeMetadata::Array(array) = metadata {
            array.shape[0] = 32;
            Marker { sparse: true, ..Marker::default() }.write(&mut array.attributes).unwrap();
        }
    })
    .unwrap();
    opened.flush().unwrap();
    change(&opened, "/s", &[("c.0", &[2; 8]), ("c.2", &[3; 8])], |_| {}).unwrap();
    cut(&files, opened, |path| if path.ends_with("c.2") { Torn::Zeros } else { Torn::Whole });
    let again = reopen(directory.path(), 2);
    assert_eq!(outcomes(&again), [("/s".to_owned(), Outcome::ChunkLost)]);
    assert_eq!(get::<Vec<u8>>(&again, "/s").unwrap(), [[2; 8].as_slice(), &[0; 24]].concat());

    let files = Arc::new(in_boot(2));
    let path = directory.path().join("calc");
    drop(again);
    let opened =
        Store::open(Arc::clone(&files) as Arc<dyn Files>, &path, access(Durability::Process)).unwrap();
    opened.flush().unwrap();
    change(&opened, "/s", &[("c.0", &[5; 8])], |_| {}).unwrap();
    cut(&files, opened, |_| Torn::Empty);
    let again = reopen(directory.path(), 3);
    assert_eq!(outcomes(&again), [("/s".to_owned(), Outcome::PutBack)]);
    assert_eq!(get::<Vec<u8>>(&again, "/s").unwrap(), [[2; 8].as_slice(), &[0; 24]].concat());
}

#[test]
fn a_moved_array_keeps_what_was_flushed_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let files = Arc::new(in_boot(1));
    let opened = store(Arc::clone(&files), directory.path(), Durability::Process).unwrap();
    put(&opened, "/a", vec![1_u8; 8]).unwrap();
    opened.flush().unwrap();
    change(&opened, "/a", &[("c.0", &[2; 8])], |_| {}).unwrap();
    opened.rename(&key("/a"), &key("/b")).unwrap();
    cut(&files, opened, |_| Torn::Zeros);
    let again = reopen(directory.path(), 2);
    assert_eq!(get::<Vec<u8>>(&again, "/b").unwrap(), [2; 8]);
}

#[test]
fn what_power_acknowledged_stands_on_nothing_that_is_not_flushed() {
    let directory = tempfile::tempdir().unwrap();
    let files = Arc::new(in_boot(1));
    let opened = store(Arc::clone(&files), directory.path(), Durability::Process).unwrap();
    put(&opened, "/a", vec![1_u8; 8]).unwrap();
    let path = directory.path().join("calc");
    let power = Store::open(Arc::clone(&files) as Arc<dyn Files>, &path, access(Durability::Power)).unwrap();
    append(&power, "/a", &[2; 8]).unwrap();
    put(&power, "/g/b", vec![3_u8; 8]).unwrap();
    files.dead.store(true, SeqCst);
    drop(power);
    cut(&files, opened, |_| Torn::Zeros);
    let again = reopen(directory.path(), 2);
    assert_eq!(get::<Vec<u8>>(&again, "/a").unwrap(), [[1; 8], [2; 8]].concat());
    assert_eq!(get::<Vec<u8>>(&again, "/g/b").unwrap(), [3; 8]);
    assert_eq!(again.recovered(), &[] as &[Recovered]);
}
