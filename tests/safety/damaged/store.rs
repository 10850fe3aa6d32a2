//! A calculation with something of every kind, and what can be done to its files.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use calcstore::{Bytes, Compression, DataStore, Table};
use ndarray::{Array1, Array2, array};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

/// Calculation 2, whose parent is calculation 1, in a data directory of its own.
pub struct Site {
    directory: TempDir,
}

/// The bytes of every file below a directory, by its path; what is no file has none.
pub type Tree = BTreeMap<PathBuf, Option<Vec<u8>>>;

impl Site {
    pub fn new() -> Self {
        static MODEL: OnceLock<TempDir> = OnceLock::new();
        let model = MODEL.get_or_init(|| {
            let directory = in_memory();
            fill(directory.path());
            directory
        });
        let directory = in_memory();
        copy_tree(model.path(), directory.path());
        Self { directory }
    }

    pub fn data(&self) -> &Path {
        self.directory.path()
    }

    pub fn calculation(&self) -> PathBuf {
        self.data().join("calc_2")
    }

    /// A path in the hierarchy, or in the calculation where it begins with a dot.
    pub fn path(&self, path: &str) -> PathBuf {
        self.calculation().join(shown(path))
    }

    pub fn open(&self) -> DataStore {
        DataStore::options().data_dir(self.data()).open(2).unwrap()
    }

    pub fn open_read_only(&self) -> DataStore {
        DataStore::options().data_dir(self.data()).read_only(true).open(2).unwrap()
    }

    pub fn bytes(&self, path: &str) -> Vec<u8> {
        fs::read(self.path(path)).unwrap()
    }

    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Changes a file as bytes.
    pub fn edit(&self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.bytes(path);
        change(&mut bytes);
        self.write(path, bytes);
    }

    /// Flips a bit; from the end where `at` is negative.
    pub fn flip(&self, path: &str, at: i64) {
        self.edit(path, |bytes| {
            let length = i64::try_from(bytes.len()).unwrap();
            bytes[usize::try_from(if at < 0 { length + at } else { at }).unwrap()] ^= 0x10;
        });
    }

    /// Changes a `zarr.json` as JSON.
    pub fn json(&self, node: &str, change: impl FnOnce(&mut Json)) {
        let path = format!("{node}/zarr.json");
        let mut json = serde_json::from_slice(&self.bytes(&path)).unwrap();
        change(&mut json);
        self.write(&path, serde_json::to_vec(&json).unwrap());
    }

    /// Changes a `zarr.json` as text.
    pub fn text(&self, node: &str, from: &str, to: &str) {
        let path = format!("{node}/zarr.json");
        let text = String::from_utf8(self.bytes(&path)).unwrap();
        assert!(text.contains(from), "{text}");
        self.write(&path, text.replacen(from, to, 1));
    }

    pub fn remove(&self, path: &str) {
        let path = self.path(path);
        if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }

    /// Puts something else in the place of a file.
    pub fn instead(&self, path: &str, make: impl FnOnce(&Path)) {
        let path = self.path(path);
        let _ = fs::remove_file(&path);
        make(&path);
    }

    pub fn swap(&self, one: &str, other: &str) {
        let (first, second) = (self.bytes(one), self.bytes(other));
        self.write(one, second);
        self.write(other, first);
    }

    pub fn copy(&self, from: &str, to: &str) {
        copy_tree(&self.path(from), &self.path(to));
    }

    /// Lets a directory look as old as what nobody needs any more.
    pub fn age(&self, path: &str) {
        let then = SystemTime::now() - Duration::from_hours(2);
        File::open(self.path(path)).unwrap().set_modified(then).unwrap();
    }

    /// Everything in the hierarchy.
    pub fn tree(&self) -> Tree {
        tree(&self.calculation().join("output.zarr"))
    }

    /// Everything that was set aside, under what it was called.
    pub fn lost(&self) -> Tree {
        let Ok(entries) = fs::read_dir(self.path(".calcstore/lost")) else { return Tree::new() };
        entries.flat_map(|entry| tree(&entry.unwrap().path())).collect()
    }
}

/// A path as `check` names it.
pub fn shown(path: &str) -> String {
    if path.starts_with('.') {
        path.to_owned()
    } else {
        format!("output.zarr/{path}").trim_end_matches('/').to_owned()
    }
}

pub fn fifo(path: &Path) {
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
        .unwrap();
}

pub fn socket(path: &Path) {
    std::os::unix::net::UnixListener::bind(path).unwrap();
}

pub fn link(path: &Path) {
    std::os::unix::fs::symlink("/etc/passwd", path).unwrap();
}

pub fn directory(path: &Path) {
    fs::create_dir(path).unwrap();
}

/// Bytes with their checksum, as a chunk has them.
pub fn summed(bytes: &[u8]) -> Vec<u8> {
    [bytes, &crc32c::crc32c(bytes).to_le_bytes()].concat()
}

/// A directory in memory, where there is such a file system: the sites are many, and each of them is flushed.
fn in_memory() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn fill(data: &Path) {
    let options = DataStore::options().data_dir(data);
    let parent = options.create().unwrap();
    parent.insert("/sites", [1.0, 2.0]).unwrap();
    parent.close().unwrap();
    let store = options.parent(1).create().unwrap();
    store.insert("/g/scalar", 2.5f64).unwrap();
    store.insert("/g/one", Array1::from_iter(0..6i64)).unwrap();
    let many = Array2::from_shape_fn((4, 4), |(row, column)| (4 * row + column) as f32);
    store.new_dataset("/g/many").chunks([2, 2]).shards([]).insert(&many).unwrap();
    store.new_dataset("/g/twin").chunks([2, 2]).shards([]).insert(&(many + 1.0)).unwrap();
    let zeros = Array1::from_iter((0..6000).map(|n| f64::from(n % 7)));
    let zstd = Compression::zstd(3).unwrap();
    store.new_dataset("/g/zstd").chunks([3000]).shards([]).compression(zstd).insert(&zeros).unwrap();
    store.new_dataset("/g/shards").chunks([100]).shards([3000]).insert(&zeros).unwrap();
    store
        .new_dataset("/h/named")
        .coordinate("site", ["a", "b", "c"])
        .dimension_names(["site"])
        .insert([1.0, 2.0, 3.0])
        .unwrap();
    store.insert("/h/deep/text", ["one", "größe", ""]).unwrap();
    store.insert_object("/object", &("text", Some(1.5), vec![1u8, 2])).unwrap();
    store.insert("/raw", Bytes(b"raw bytes")).unwrap();
    let mut table = Table::new();
    table.push("PGA", Array2::from_elem((3, 2), 0.5)).unwrap();
    table.push("site", ["a", "b", "ü"]).unwrap();
    table.push("id", array![1i32, 2, 3]).unwrap();
    store.insert("/table", table).unwrap();
    store.copy("/g/many", "/copy").unwrap();
    store.attributes("/g").unwrap().insert("sigma", array![0.5f32, 0.25]).unwrap();
    store.attributes("/g/one").unwrap().insert("long", vec!["word"; 2000]).unwrap();
    let input = data.join("job.ini");
    fs::write(&input, "[general]\ndescription = demo\n").unwrap();
    store.store_files("/inputs", [&input]).unwrap();
    fs::remove_file(input).unwrap();
    transposed(&store);
    store.close().unwrap();
}

/// An array as another program would write it: transposed, its chunks in directories, without dimension names.
fn transposed(store: &DataStore) {
    let node = store.calc_dir().join("output.zarr/g/transposed");
    fs::create_dir_all(node.join("c/0")).unwrap();
    let metadata = json!({
        "zarr_format": 3, "node_type": "array", "shape": [2, 4], "data_type": "int16", "fill_value": 0,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2, 2]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "codecs": [{"name": "transpose", "configuration": {"order": [1, 0]}},
            {"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
        "attributes": {},
    });
    for (column, elements) in [(0, [0i16, 4, 1, 5]), (1, [2, 6, 3, 7])] {
        let bytes: Vec<u8> = elements.iter().flat_map(|element| element.to_le_bytes()).collect();
        fs::write(node.join(format!("c/0/{column}")), summed(&bytes)).unwrap();
    }
    let mut file = File::create(node.join("zarr.json")).unwrap();
    file.write_all(&serde_json::to_vec(&metadata).unwrap()).unwrap();
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy_tree(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

fn tree(root: &Path) -> Tree {
    fn add(root: &Path, below: &Path, tree: &mut Tree) {
        for entry in fs::read_dir(root.join(below)).unwrap() {
            let entry = entry.unwrap();
            let (path, kind) = (below.join(entry.file_name()), entry.file_type().unwrap());
            if kind.is_dir() {
                tree.insert(path.clone(), None);
                add(root, &path, tree);
            } else {
                let bytes = kind.is_file().then(|| fs::read(entry.path()).unwrap());
                tree.insert(path, bytes);
            }
        }
    }
    let mut found = Tree::new();
    add(root, Path::new(""), &mut found);
    found
}
