//! Symbolic links that somebody planted in a store lead nowhere.
//!
//! In a store that holds something of everything each file and directory in turn is a link to something outside; then
//! one operation is tried. Whether it works or not: outside nothing may be other than before, down to the times of the
//! inodes, and no value may be read from there. That holds by construction for links that are planted between a look and
//! the use, too: no call of the system that opens or changes something is given a path that it would follow.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use calcstore::{
    Bytes, Continue, DataStore, Durability, ErrorKind, Options, Overwrite, Result, Status, Table, Value,
};

use crate::scale::scaled;

/// A marker of another boot: the power was cut.
const CUT: &str =
    "00000000000000000000000000000000-00000000000000000000000000000000-00000000000000000000000000000000";

/// The values of the template, by key.
const VALUES: [&str; 10] =
    ["0/Sadigh", "0/deep/er", "bytes", "input/job.ini", "many", "object", "shards", "sparse", "t", "text"];

/// What a planted link leads to.
#[derive(Clone, Copy, Debug)]
enum Target {
    /// A copy of what was there before.
    Twin,
    File,
    Directory,
    Nothing,
}

/// One thing to try.
#[derive(Debug)]
struct Case {
    target: Target,
    /// Whether the store was opened before the link was planted.
    early: bool,
    /// Whether the power was cut.
    cut: bool,
    operation: usize,
    /// The path of the link in the data directory.
    link: PathBuf,
    /// The key that the operation is about.
    key: String,
}

type Operation = (&'static str, fn(&DataStore, &str) -> Result<()>);

const OPERATIONS: [Operation; 24] = [
    ("read", |store, _| VALUES.iter().try_for_each(|key| store.value(key).map(drop))),
    ("insert", |store, key| store.insert(key, [9.0, 8.0])),
    ("insert below", |store, key| store.insert_new(&format!("{key}/new"), 1.0)),
    ("create a group", |store, key| store.create_group(&format!("{key}/group"))),
    ("remove", |store, key| store.remove(key)),
    ("move away", |store, key| store.rename(key, "/moved/away")),
    ("move below", |store, key| store.rename("/many", &format!("{key}/moved"))),
    ("copy", |store, key| store.copy(key, "/copy")),
    ("copy below", |store, key| store.copy("/0", &format!("{key}/copy"))),
    ("draft", |store, key| {
        let draft = store.draft(key)?.replace(true);
        draft.insert("x", [1.0])?;
        draft.insert("x", [2.0])?;
        draft.commit()
    }),
    ("append", |store, key| store.dataset(key)?.append([7.0]).map(drop)),
    ("append rows", |store, key| store.table(key)?.append(rows(1)).map(drop)),
    ("write a region", |store, key| store.dataset(key)?.write(0..1, 5.0)),
    ("resize", |store, key| store.dataset(key)?.resize(&[1])),
    ("set an attribute", |store, key| store.attributes(key)?.insert("note", "new")),
    ("clear", |store, key| store.clear(key)),
    ("collect garbage", |store, _| store.gc().older_than(Duration::ZERO).run().map(drop)),
    ("flush", |store, _| store.flush()),
    ("set the status", |store, _| store.set_status(Status::Complete)),
    ("export", |store, _| store.hdf5_export().force(true).run().map(drop)),
    ("store files", |store, key| store.store_files(key, [store.calc_dir().join("../../job.ini")]).map(drop)),
    ("extract files", |store, _| {
        let to = store.calc_dir().join("../../extracted");
        store.extract_files("/input", to, Overwrite::Yes).map(drop)
    }),
    ("check", |store, _| store.check("/", |_| Continue::Yes).map(drop)),
    ("measure", |store, key| store.size(key).and(store.size("/")).and(store.walk_nodes("/")).map(drop)),
];

/// Deletion, which is no method of an open store, comes after the others.
const DELETE: usize = OPERATIONS.len();

fn rows(first: i64) -> Table {
    let mut table = Table::new();
    table.push("ID", vec![first, first + 1]).unwrap();
    table.push("PGA", vec![0.5, 0.25]).unwrap();
    table
}

/// Makes two data directories: `whole` has a calculation with something of everything in it, as a killed writer leaves
/// it; in `cut` the power was cut, too.
fn templates(base: &Path) {
    let data = base.join("data");
    fs::write(base.join("job.ini"), "[general]").unwrap();
    let store = Options::default().data_dir(&data).create().unwrap();
    for round in [1.0, 2.0] {
        // The second round leaves the first one's values in the trash.
        store.insert("/0/Sadigh", ndarray::arr2(&[[round, 2.0], [3.0, 4.0]])).unwrap();
        store.insert("/0/deep/er", [round]).unwrap();
        store.insert("/bytes", Bytes(vec![1, 2, 3])).unwrap();
        store.insert("/replaced", round).unwrap();
        store.insert("/text", ["some", "text"]).unwrap();
    }
    store.insert_object("/object", &("a", 1)).unwrap();
    store.insert("/t", rows(1)).unwrap();
    store.table("/t").unwrap().append(rows(3)).unwrap();
    let plain = |key: &str| store.new_dataset(key).chunks([2]).shards([]);
    plain("/many").insert([1.0, 2.0, 3.0]).unwrap();
    store.dataset("/many").unwrap().append([4.0]).unwrap();
    plain("/sparse").create::<f64>(&[6]).unwrap().write(0..3, 1.0).unwrap();
    store.new_dataset("/shards").chunks([2]).shards([4]).insert([1.0; 8]).unwrap();
    store.store_files("/input", [base.join("job.ini")]).unwrap();
    store.attributes("/0").unwrap().insert("units", "g").unwrap();
    store.insert("/removed/below", 1.0).unwrap();
    store.remove("/removed").unwrap();
    store.export_hdf5().unwrap();
    let draft = store.draft("/draft").unwrap();
    draft.insert("in/the/stage", 1.0).unwrap();
    // The file in which a writer notes a move, and the one in which it notes a replacement in two steps.
    let internals = store.calc_dir().join(".calcstore");
    let stage = only(&internals.join("stage"));
    fs::write(stage.join("moved.99"), "0/Sadigh").unwrap();
    let wrappers = entries(&internals.join("trash"));
    let wrapper = wrappers.iter().find(|wrapper| wrapper.join("replaced").exists()).unwrap();
    let wrapper = wrapper.file_name().unwrap().to_str().unwrap();
    let txid = stage.file_name().unwrap().to_str().unwrap();
    fs::remove_dir_all(store.calc_dir().join("output.zarr/replaced")).unwrap();
    fs::create_dir(internals.join("intent")).unwrap();
    let intent = format!(r#"{{"key":"replaced","new":"stage/{txid}/99","old":"trash/{wrapper}/replaced"}}"#);
    fs::write(internals.join(format!("intent/{txid}.98.json")), intent).unwrap();
    fs::create_dir_all(internals.join("lost").join(txid)).unwrap();
    fs::write(internals.join("lost").join(txid).join("x"), "torn").unwrap();
    let deleted = data.join(format!(".calc_7.{txid}/output.zarr/a"));
    fs::create_dir_all(&deleted).unwrap();
    fs::write(deleted.join("zarr.json"), "{}").unwrap();
    copy(&data, &base.join("whole"));
    copy(&data, &base.join("cut"));
    let torn = base.join("cut/calc_1");
    fs::write(torn.join(".calcstore/dirty").join(CUT), "").unwrap();
    fs::write(torn.join("output.zarr/0/Sadigh/c.0.0"), "torn").unwrap();
    fs::write(torn.join("output.zarr/sparse/c.0"), "torn").unwrap();
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn only(directory: &Path) -> PathBuf {
    let mut entries = entries(directory);
    assert_eq!(entries.len(), 1);
    entries.remove(0)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for path in entries(from) {
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &to) } else { fs::copy(&path, &to).map(drop).unwrap() }
    }
}

/// All paths below a directory, relative to it.
fn walk(directory: &Path) -> Vec<PathBuf> {
    let found = walkdir::WalkDir::new(directory).min_depth(1).sort_by_file_name().into_iter();
    found.map(|entry| entry.unwrap().path().strip_prefix(directory).unwrap().to_path_buf()).collect()
}

/// Everything there is to know of what lies in a directory.
fn seen(directory: &Path) -> BTreeMap<PathBuf, (u64, u64, [i64; 4], Vec<u8>)> {
    let known = |path: PathBuf| {
        let file = directory.join(&path);
        let stat = fs::symlink_metadata(&file).unwrap();
        let times = [stat.mtime(), stat.mtime_nsec(), stat.ctime(), stat.ctime_nsec()];
        let content = if stat.is_file() { fs::read(&file).unwrap() } else { Vec::new() };
        (path, (stat.ino(), stat.nlink(), times, content))
    };
    walk(directory).into_iter().chain([PathBuf::new()]).map(known).collect()
}

/// A store with a link in it, and the handle by which it was opened before.
struct Planted {
    early: Option<DataStore>,
}

impl Case {
    /// Makes the store and plants the link. Nothing where what the link was to replace is gone by then.
    fn set_up(&self, templates: &Path, base: &Path) -> Option<Planted> {
        let (data, outside) = (base.join("data"), base.join("outside"));
        copy(&templates.join(if self.cut { "cut" } else { "whole" }), &data);
        fs::write(base.join("job.ini"), "[general]").unwrap();
        copy(&data.join("calc_1/output.zarr/0"), &outside);
        fs::write(outside.join("file"), "precious").unwrap();
        fs::write(outside.join("owner"), "").unwrap();
        let trash = data.join("calc_1/.calcstore/trash");
        let long_ago = SystemTime::now() - Duration::from_mins(5);
        for wrapper in entries(&trash) {
            fs::File::open(&wrapper).unwrap().set_modified(long_ago).unwrap();
        }
        let early = if self.early { Some(self.open(base).unwrap()) } else { None };
        let link = data.join(&self.link);
        let metadata = fs::symlink_metadata(&link).ok()?;
        let target = match self.target {
            Target::Twin => outside.join("twin"),
            Target::File => outside.join("file"),
            Target::Directory => outside.clone(),
            Target::Nothing => outside.join("missing"),
        };
        // What is open stays open: only a copy of it is outside.
        match self.target {
            Target::Twin if metadata.is_dir() => copy(&link, &target),
            Target::Twin => fs::copy(&link, &target).map(drop).unwrap(),
            _ => {}
        }
        if metadata.is_dir() { fs::remove_dir_all(&link) } else { fs::remove_file(&link) }.unwrap();
        symlink(&target, &link).unwrap();
        Some(Planted { early })
    }

    fn open(&self, base: &Path) -> Result<DataStore> {
        let durability =
            if self.operation.is_multiple_of(4) { Durability::Power } else { Durability::Process };
        Options::default().data_dir(base.join("data")).durability(durability).open(1)
    }

    /// Gives what was changed outside; nothing where there was nothing to try.
    fn run(&self, templates: &Path, base: &Path) -> Option<Vec<String>> {
        let Planted { early: opened } = self.set_up(templates, base)?;
        let before = seen(&base.join("outside"));
        self.check_reads(base);
        if self.operation == DELETE {
            drop(opened);
            let options = Options::default().data_dir(base.join("data"));
            let _ = options.delete(1).force(self.cut).run();
        } else if let Ok(store) = opened.map_or_else(|| self.open(base), Ok) {
            // It may fail; that is not what this is about.
            let _ = OPERATIONS[self.operation].1(&store, &self.key);
            let _ = store.close();
        }
        let now = seen(&base.join("outside"));
        let changed = before.iter().chain(&now).filter(|(path, _)| before.get(*path) != now.get(*path));
        Some(
            changed
                .map(|(path, _)| format!("{} changed {}: {self:?}", self.name(), path.display()))
                .collect(),
        )
    }

    /// A reader finds each value as it was, or an error where the way to it leads through the link.
    fn check_reads(&self, base: &Path) {
        let options = Options::default().data_dir(base.join("data")).read_only(true);
        let internals = self.link.starts_with("calc_1/.calcstore");
        let store = match options.open(1) {
            Ok(store) => store,
            Err(error) => {
                let root = Path::new("calc_1/output.zarr");
                let stops = internals || self.link == root || self.link.parent() == Some(root);
                return assert!(stops, "{error} {self:?}");
            }
        };
        for key in VALUES {
            let place = Path::new("calc_1/output.zarr").join(key);
            let is_linked = place.starts_with(&self.link) || self.link.starts_with(&place);
            match store.value(key) {
                Ok(value) => {
                    assert!(!is_linked && value != Value::Group, "{key} is read through a link: {self:?}");
                }
                // What is torn is put back only by a writer.
                Err(error) => assert!(is_linked || self.cut || internals, "{error} {self:?}"),
            }
        }
    }

    fn name(&self) -> &'static str {
        OPERATIONS.get(self.operation).map_or("delete", |operation| operation.0)
    }
}

/// The key of the value that a path belongs to, be it in the hierarchy or in the trash; else some key.
fn key_of(link: &Path, n: usize) -> String {
    let text = link.to_str().unwrap();
    let own = text.strip_prefix("calc_1/output.zarr/").filter(|_| !text.ends_with("zarr.json"));
    let named = VALUES.iter().find(|key| text.contains(&format!("/{key}")));
    let other = VALUES[n % VALUES.len()];
    named.map(|key| (*key).to_owned()).or(own.map(str::to_owned)).unwrap_or_else(|| other.to_owned())
}

#[test]
fn nothing_outside_is_changed_or_read_through_a_link_wherever_it_is_planted() {
    // In memory, where there is such a place: this is about names, and not about disks.
    let base = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    templates(base.path());
    let links = walk(&base.path().join("cut"));
    let links: Vec<&PathBuf> = links.iter().filter(|link| *link != Path::new("calc_1")).collect();
    let targets = [Target::Twin, Target::File, Target::Directory, Target::Nothing];
    let total = links.len() * targets.len() * 8 * (DELETE + 1);
    let count = usize::try_from(scaled(2500)).unwrap().min(total);
    let (mut tried, mut faults) = (0, Vec::new());
    for n in 0..count {
        // A prime, so that all of each dimension come up.
        let mut at = n.wrapping_mul(7_368_787) % total;
        let mut next = |length: usize| {
            let digit = at % length;
            at /= length;
            digit
        };
        let link = links[next(links.len())].clone();
        let (target, operation) = (targets[next(targets.len())], next(DELETE + 1));
        let (early, cut) = (next(4) == 1, next(2) == 1);
        let case = Case { target, early, cut, operation, key: key_of(&link, n), link };
        let scene = tempfile::tempdir_in(base.path()).unwrap();
        let Some(changed) = case.run(base.path(), scene.path()) else { continue };
        tried += 1;
        faults.extend(changed);
    }
    eprintln!("links: {tried} of {total} cases");
    assert!(faults.is_empty(), "{} faults: {faults:#?}", faults.len());
    assert!(tried * 2 > count);
}

#[test]
fn what_a_power_cut_tore_is_not_moved_through_a_link() {
    // Where `lost` was a link, the directories for what was torn were made outside, one call following the other.
    // Now only the last component of a path is left to calls that follow links; see `beneath`.
    let base = tempfile::tempdir().unwrap();
    templates(base.path());
    let operation = OPERATIONS.iter().position(|operation| operation.0 == "flush").unwrap();
    let link = PathBuf::from("calc_1/.calcstore/lost");
    let (target, key) = (Target::Directory, "many".to_owned());
    let case = Case { target, early: false, cut: true, operation, link, key };
    let scene = tempfile::tempdir_in(base.path()).unwrap();
    assert_eq!(case.run(base.path(), scene.path()).unwrap(), [""; 0]);
}

#[test]
fn a_calculation_may_be_a_link_to_another_disk_but_is_not_deleted_through_it() {
    let directory = tempfile::tempdir().unwrap();
    let (disk, data) = (directory.path().join("disk"), directory.path().join("data"));
    let options = Options::default().data_dir(&data);
    DataStore::at(&disk).unwrap().insert("/a", 1.0).unwrap();
    fs::create_dir(&data).unwrap();
    fs::create_dir(directory.path().join("empty")).unwrap();
    symlink(&disk, data.join("calc_1")).unwrap();
    symlink(directory.path().join("empty"), data.join("calc_2")).unwrap();
    symlink(directory.path().join("missing"), data.join("calc_3")).unwrap();
    let ids: Vec<u32> = options.calculations().unwrap().iter().map(|entry| entry.calc_id).collect();
    assert_eq!(ids, [1]);
    let store = options.open(1).unwrap();
    store.insert("/b", 2.0).unwrap();
    drop(store);
    assert_eq!(DataStore::at(&disk).unwrap().get::<f64>("/b").unwrap(), 2.0);
    let before = seen(&disk);
    for id in 1..=3 {
        let error = options.delete(id).force(true).run().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    }
    assert_eq!(seen(&disk), before);
    symlink(&data, directory.path().join("way")).unwrap();
    assert_eq!(
        Options::default().data_dir(directory.path().join("way")).open(-1).unwrap().calc_id(),
        Some(1)
    );
}
