//! The power is cut: files that were not flushed are torn. What was flushed is there all the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::disk::Disk;
use super::images::{Left, Torn};
use super::scale::Dice;
use crate::error::{ErrorKind, Result};
use crate::storage::tests::{access, change, get, key, put};
use crate::storage::{
    Draft, Durability, Existing, Files, FindingKind, LockPolicy, Outcome, Recovered, Rename, Store,
};
use crate::values::{ArrayContent, Content, DataType, Elements};
use crate::zarr::{Marker, NodeMetadata};

/// A new store in the directory `calc` of a new disk.
pub(super) fn begin() -> (Arc<Disk>, Store) {
    begin_on(Disk::new())
}

fn begin_on(disk: Disk) -> (Arc<Disk>, Store) {
    let disk = Arc::new(disk);
    let path = disk.path().join("calc");
    disk.create_root(&path).unwrap();
    let files = Arc::clone(&disk) as Arc<dyn Files>;
    let opened = Store::create(files, &path, access(Durability::Process)).unwrap();
    (disk, opened)
}

/// Ends everything that the store does; gives what a power cut leaves that keeps all names.
pub(super) fn cut(disk: &Disk, store: Store, mut how: impl FnMut(&str) -> Torn) -> Arc<Disk> {
    disk.gate.end();
    drop(store);
    disk.gate.mend();
    let mut tear = |path: &str| how(path.trim_start_matches("calc/"));
    Arc::new(disk.cut(Left { keep: &mut |_, _| true, tear: &mut tear }))
}

pub(super) fn reopen(disk: &Arc<Disk>) -> Store {
    open_with(disk, access(Durability::Process)).unwrap()
}

fn open_with(disk: &Arc<Disk>, access: crate::storage::Access) -> Result<Store> {
    Store::open(Arc::clone(disk) as Arc<dyn Files>, &disk.path().join("calc"), access)
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
        let mut disk = Disk::new();
        disk.lacks = if seed % 5 == 0 { vec![Rename::Exchange] } else { vec![] };
        let (disk, opened) = begin_on(disk);
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
        let disk = cut(&disk, opened, tear);
        let again = reopen(&disk);
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
        let third = reopen(&disk);
        assert_eq!(third.recovered(), [], "seed {seed}: once is enough");
    }
    assert!(put_back > 40 && lost > 20, "{put_back} put back, {lost} lost");
}

#[test]
fn what_was_half_put_back_when_the_power_was_cut_again_is_put_back_wholly() {
    let (disk, opened) = begin();
    put(&opened, "/a", vec![1_u8; 8]).unwrap();
    opened.flush().unwrap();
    change(&opened, "/a", &[("c.0", &[2; 8])], |_| {}).unwrap();
    let disk = cut(&disk, opened, |_| Torn::Whole);
    // The metadata are back, the chunk is not: what is there looks whole, but was never stored.
    let trash = disk.path().join("calc/.calcstore/trash");
    let wrapper = std::fs::read_dir(&trash).unwrap().next().unwrap().unwrap().path();
    let live = disk.path().join("calc/output.zarr/a/zarr.json");
    std::fs::rename(wrapper.join("a/zarr.json"), live).unwrap();
    std::fs::rename(&wrapper, wrapper.with_extension("undo")).unwrap();
    let again = reopen(&disk);
    assert_eq!(get::<Vec<u8>>(&again, "/a").unwrap(), [1; 8]);
    assert_eq!(outcomes(&again), [("/a".to_owned(), Outcome::PutBack)]);
}

#[test]
fn a_torn_value_without_an_older_one_is_absent_and_named_and_kept_aside() {
    let (disk, opened) = begin();
    opened.flush().unwrap();
    put(&opened, "/g/a", vec![1_u8; 8]).unwrap();
    put(&opened, "/g/b", vec![2_u8; 8]).unwrap();
    let disk = cut(&disk, opened, |path| if path.ends_with("g/a/c.0") { Torn::Zeros } else { Torn::Whole });

    let path = disk.path().join("calc");
    let reading = crate::storage::Access { read_only: true, ..access(Durability::Process) };
    let reader = open_with(&disk, reading).unwrap();
    assert_eq!(
        get::<Vec<u8>>(&reader, "/g/a").unwrap_err().kind(),
        ErrorKind::Corrupt,
        "reading repairs nothing"
    );
    let findings = reader.check(&key("/"), &mut |_| Ok(())).unwrap().faults;
    assert!(findings.iter().any(|found| found.what.contains("power was cut")), "{findings:?}");

    let again = reopen(&disk);
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

// What was wrong: a torn value was put back from what had been displaced before the last flush, when a group was replaced
// by one without it; what was flushed is that there was none.
// Why the change holds: a marker names what is in the trash when it is made, which is older than what was flushed.
#[test]
fn what_was_gone_when_it_was_flushed_does_not_come_back() {
    let (disk, opened) = begin();
    put(&opened, "/g/a", vec![1_u8; 8]).unwrap();
    let opened = Arc::new(opened);
    Draft::new(&opened, &key("/g")).unwrap().commit(Existing::Replace).unwrap();
    let opened = Arc::into_inner(opened).unwrap();
    opened.flush().unwrap();
    put(&opened, "/g/a", vec![2_u8; 8]).unwrap();
    put(&opened, "/g/a", vec![3_u8; 8]).unwrap();
    let disk = cut(&disk, opened, |_| Torn::Zeros);
    let again = reopen(&disk);
    assert_eq!(see(&again, "/g/a"), None);
    assert_eq!(outcomes(&again), [("/g/a".to_owned(), Outcome::Lost)]);
}

// What was wrong: the marker of a store whose root the power cut had taken away stayed when the store was made anew, so
// that `check` asked for a repair at the next opening, which found nothing to repair.
// Why the change holds: making a store ends as opening does, and the marker goes once all that is there was looked at.
#[test]
fn a_store_that_a_power_cut_took_away_is_made_anew_and_nothing_of_the_cut_is_left() {
    let (disk, opened) = begin();
    put(&opened, "/a", 1).unwrap();
    let disk = cut(&disk, opened, |_| Torn::Whole);
    let path = disk.path().join("calc");
    std::fs::remove_dir_all(path.join("output.zarr")).unwrap();
    assert_eq!(std::fs::read_dir(path.join(".calcstore/dirty")).unwrap().count(), 1);

    let made =
        Store::create(Arc::clone(&disk) as Arc<dyn Files>, &path, access(Durability::Process)).unwrap();
    let faults = made.check(&key("/"), &mut |_| Ok(())).unwrap().faults;
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn torn_groups_keep_their_members_and_torn_tables_become_none() {
    let (disk, opened) = begin();
    put(&opened, "/g/a", vec![1_u8; 8]).unwrap();
    let column = |name: &'static str| {
        let numbers = ArrayContent::new(DataType::UInt8, &[2], Elements::Bytes(vec![1, 2].into())).unwrap();
        (name.into(), numbers)
    };
    let table = Content::Table(vec![column("x"), column("y")]);
    opened.put(&key("/g/t"), &table, Existing::Refuse).unwrap();
    let disk = cut(&disk, opened, |path| {
        let torn = ["zarr/zarr.json", "g/zarr.json", "t/zarr.json"].iter().any(|end| path.ends_with(end));
        if torn { Torn::Empty } else { Torn::Whole }
    });
    let again = reopen(&disk);
    let expected = [("/", Outcome::AttributesLost), ("/g", Outcome::AttributesLost), ("/g/t", Outcome::Lost)];
    assert_eq!(outcomes(&again), expected.map(|(key, outcome)| (key.to_owned(), outcome)));
    assert_eq!(get::<Vec<u8>>(&again, "/g/a").unwrap(), [1; 8]);
    assert_eq!(again.child_names(&key("/g")).unwrap(), ["a"]);
}

#[test]
fn a_torn_chunk_of_a_sparse_array_becomes_fill_value_unless_it_had_an_older_one() {
    let (disk, opened) = begin();
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
    let disk = cut(&disk, opened, |path| if path.ends_with("c.2") { Torn::Zeros } else { Torn::Whole });
    let again = reopen(&disk);
    assert_eq!(outcomes(&again), [("/s".to_owned(), Outcome::ChunkLost)]);
    assert_eq!(get::<Vec<u8>>(&again, "/s").unwrap(), [[2; 8].as_slice(), &[0; 24]].concat());

    drop(again);
    let opened = reopen(&disk);
    opened.flush().unwrap();
    change(&opened, "/s", &[("c.0", &[5; 8])], |_| {}).unwrap();
    let disk = cut(&disk, opened, |_| Torn::Empty);
    let again = reopen(&disk);
    assert_eq!(outcomes(&again), [("/s".to_owned(), Outcome::PutBack)]);
    assert_eq!(get::<Vec<u8>>(&again, "/s").unwrap(), [[2; 8].as_slice(), &[0; 24]].concat());
}

#[test]
fn a_moved_array_keeps_what_was_flushed_of_it() {
    let (disk, opened) = begin();
    put(&opened, "/a", vec![1_u8; 8]).unwrap();
    opened.flush().unwrap();
    change(&opened, "/a", &[("c.0", &[2; 8])], |_| {}).unwrap();
    opened.rename(&key("/a"), &key("/b")).unwrap();
    let disk = cut(&disk, opened, |_| Torn::Zeros);
    let again = reopen(&disk);
    assert_eq!(get::<Vec<u8>>(&again, "/b").unwrap(), [2; 8]);
}

#[test]
fn what_power_acknowledged_stands_on_nothing_that_is_not_flushed() {
    let (disk, opened) = begin();
    put(&opened, "/a", vec![1_u8; 8]).unwrap();
    let power = open_with(&disk, access(Durability::Power)).unwrap();
    append(&power, "/a", &[2; 8]).unwrap();
    put(&power, "/g/b", vec![3_u8; 8]).unwrap();
    disk.gate.end();
    drop(power);
    let disk = cut(&disk, opened, |_| Torn::Zeros);
    let again = reopen(&disk);
    assert_eq!(get::<Vec<u8>>(&again, "/a").unwrap(), [[1; 8], [2; 8]].concat());
    assert_eq!(get::<Vec<u8>>(&again, "/g/b").unwrap(), [3; 8]);
    assert_eq!(again.recovered(), &[] as &[Recovered]);
}

#[test]
fn of_two_versions_that_two_writers_replaced_at_one_time_the_later_one_is_put_back() {
    // The times of files stand still for milliseconds, and then the numbers of the writers decided, which say nothing of
    // each other. The number of a wrapper is the time as finely as the machine knows it.
    let (disk, first) = begin();
    disk.images().tick = 0;
    let second = reopen(&disk);
    for _ in 0..3 {
        put(&first, "/other", vec![0_u8; 8]).unwrap();
    }
    put(&first, "/a", vec![1_u8; 8]).unwrap();
    put(&first, "/a", vec![2_u8; 8]).unwrap();
    second.flush().unwrap();
    put(&second, "/a", vec![3_u8; 8]).unwrap();
    drop(first);
    let disk = cut(&disk, second, |_| Torn::Zeros);
    let again = reopen(&disk);
    assert_eq!(get::<Vec<u8>>(&again, "/a").unwrap(), [2; 8], "what was flushed");
}

#[test]
fn without_locks_what_was_torn_is_repaired_as_well() {
    // Where locks tell nothing, no writer counted as dead, and nothing was ever repaired. One of this machine is dead
    // when the machine was off since.
    let off = crate::storage::Access { locks: LockPolicy::Off, ..access(Durability::Process) };
    for (before, after) in
        [(off, off), (off, access(Durability::Process)), (access(Durability::Process), off)]
    {
        let (disk, opened) = begin();
        drop(opened);
        // Trash is too young to be swept, which would flush everything.
        disk.wait(6);
        let opened = open_with(&disk, before).unwrap();
        put(&opened, "/a", vec![1_u8; 8]).unwrap();
        opened.flush().unwrap();
        put(&opened, "/a", vec![2_u8; 8]).unwrap();
        // While the machine is on its writer may live.
        assert_eq!(open_with(&disk, after).unwrap().recovered(), []);
        let disk = cut(&disk, opened, |path| if path.ends_with("owner") { Torn::Whole } else { Torn::Zeros });
        let again = open_with(&disk, after).unwrap();
        assert_eq!(outcomes(&again), [("/a".to_owned(), Outcome::PutBack)]);
        assert_eq!(get::<Vec<u8>>(&again, "/a").unwrap(), [1; 8]);
    }
}
