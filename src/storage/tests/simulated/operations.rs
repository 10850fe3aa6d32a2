//! Every public operation that writes, and what may be found where it did not come to its end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;

use super::disk::Disk;
use crate::datastore::{DataStore, Overwrite};
use crate::error::Result;
use crate::export::Hdf5Export;
use crate::selection::IntoSelection;
use crate::storage::array_options::{ArrayOptions, Shards};
use crate::storage::tests::{access, key, put};
use crate::storage::{
    Change, Collection, DataDirectory, Draft, Durability, Existing, Files, Rename, Store, Visible,
};
use crate::values::{ArrayContent, Content, DataType, Elements, Put};

/// Where an operation takes place.
pub(super) struct Scene {
    pub disk: Arc<Disk>,
    pub durability: Durability,
    /// Open for writing, if the operation begins so.
    pub store: Option<Arc<Store>>,
}

/// What there is when an operation begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    /// Nothing, not even the data directory.
    Empty,
    /// A calculation with values of all kinds, flushed.
    Closed,
    /// The same, open for writing.
    Open,
}

/// What may be found of an operation that was not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Allowed {
    /// All values are the old ones, or all are the new ones.
    Together,
    /// The same, and nothing is written that a power cut could tear.
    Moved,
    /// Each value is the old or the new one.
    Each,
    /// Each chunk of so many bytes is.
    Chunks(usize),
}

pub(super) struct Operation {
    pub name: &'static str,
    pub begins: Begins,
    pub allowed: Allowed,
    /// Whether what it acknowledged survives a power cut in any case.
    pub flushes: bool,
    pub lacks: &'static [Rename],
    /// What links are answered with, where there are none.
    pub no_links: Option<Errno>,
    /// Files beside the store that are absent or whole.
    pub files: &'static [&'static str],
    /// What a key may hold in between.
    pub between: Option<(&'static str, &'static [u8])>,
    pub run: fn(&Scene) -> Result<()>,
}

const fn operation(name: &'static str, allowed: Allowed, run: fn(&Scene) -> Result<()>) -> Operation {
    Operation {
        name,
        begins: Begins::Open,
        allowed,
        flushes: false,
        lacks: &[],
        no_links: None,
        files: &[],
        between: None,
        run,
    }
}

use Allowed::{Chunks, Each, Moved, Together};
use Existing::{Refuse, Replace};

const NO_EXCHANGE: &[Rename] = &[Rename::Exchange];
const PLAIN: &[Rename] = &[Rename::Exchange, Rename::New];

pub(super) const OPERATIONS: &[Operation] = &[
    Operation { begins: Begins::Empty, ..operation("create a store", Together, Scene::create) },
    Operation { begins: Begins::Closed, ..operation("open", Moved, |scene| scene.open().map(|_| ())) },
    operation("make an empty group", Moved, |scene| scene.store().put_group(&key("/new/place"))),
    operation("insert an array", Together, |scene| put(scene.store(), "/new/place", [9_u8; 8])),
    operation("insert bytes", Together, |scene| put(scene.store(), "/new", crate::values::Bytes([9_u8; 8]))),
    operation("insert a table", Together, |scene| table(scene.store(), "/new", &[9, 8])),
    operation("insert an object", Together, |scene| {
        scene.store().put(&key("/new"), &Content::object(&("text", 9))?, Replace)
    }),
    operation("insert several chunks", Together, |scene| chunks(scene.store(), "/new", &[9; 32], 8)),
    operation("insert many chunks", Together, |scene| chunks(scene.store(), "/new", &[9; 66], 1)),
    operation("insert shards", Together, |scene| {
        let options = ArrayOptions {
            chunk_shape: Some(vec![4]),
            shards: Shards::Shape(vec![16]),
            ..ArrayOptions::default()
        };
        scene.store().put_with(&key("/new"), &vec![9_u8; 32].content()?, &options, Refuse)
    }),
    operation("insert only if new", Together, |scene| {
        scene.store().put(&key("/g/new"), &[9_u8; 8].content()?, Refuse)
    }),
    operation("make an array without elements", Together, |scene| {
        let options = ArrayOptions::default();
        scene.store().create_array(&key("/g/new"), DataType::UInt8, &[0], &options, Refuse)
    }),
    operation("replace", Together, |scene| put(scene.store(), "/g/old", [9_u8; 8])),
    operation("replace a table", Together, |scene| table(scene.store(), "/t", &[9, 8, 7])),
    Operation {
        lacks: NO_EXCHANGE,
        ..operation("replace in two steps", Together, |scene| put(scene.store(), "/g/old", [9_u8; 8]))
    },
    Operation {
        lacks: PLAIN,
        ..operation("replace by plain renames", Together, |scene| put(scene.store(), "/g/old", [9_u8; 8]))
    },
    Operation {
        lacks: NO_EXCHANGE,
        between: Some(("/g/old", &[8; 8])),
        ..operation("replace one twice in two steps", Each, |scene| {
            put(scene.store(), "/g/old", [8_u8; 8])?;
            put(scene.store(), "/g/old", [9_u8; 8])
        })
    },
    operation("replace twice", Each, |scene| {
        put(scene.store(), "/g/old", [8_u8; 8])?;
        put(scene.store(), "/many", [9_u8; 8])
    }),
    operation("remove a value", Moved, |scene| scene.store().remove(&key("/g/old"), None).map(|_| ())),
    operation("remove a group", Moved, |scene| scene.store().remove(&key("/g"), None).map(|_| ())),
    operation("move a value", Moved, |scene| scene.store().rename(&key("/g/old"), &key("/h/new"))),
    operation("move a group", Moved, |scene| scene.store().rename(&key("/g"), &key("/h"))),
    operation("change an attribute", Each, |scene| attribute(scene.store(), "/g/old")),
    operation("change an attribute of a group", Each, |scene| attribute(scene.store(), "/g")),
    Operation {
        lacks: NO_EXCHANGE,
        ..operation("change an attribute without exchange", Each, |scene| attribute(scene.store(), "/t"))
    },
    operation("append to an array", Together, |scene| append(scene.store(), "/many", 12)),
    operation("append to an empty array", Together, |scene| append(scene.store(), "/empty", 12)),
    operation("append to a table", Together, |scene| {
        let opened = scene.store().open_node(&key("/t"))?;
        scene.store().append_rows(&key("/t"), &opened, &columns(&[9])).map(|_| ())
    }),
    Operation {
        between: Some(("/g/old", &[8, 8, 8, 8, 8, 8, 8, 8, 9, 9, 9, 9])),
        ..operation("replace, append and replace", Each, |scene| {
            put(scene.store(), "/g/old", [8_u8; 8])?;
            append(scene.store(), "/g/old", 4)?;
            put(scene.store(), "/g/old", [9_u8; 8])
        })
    },
    operation("append twice", Each, |scene| {
        append(scene.store(), "/many", 4)?;
        append(scene.store(), "/empty", 4)
    }),
    operation("make shorter", Together, |scene| change(scene.store(), "/many", Change::Resize(&[12]))),
    operation("make longer", Together, |scene| change(scene.store(), "/many", Change::Resize(&[40]))),
    operation("write a region", Chunks(8), |scene| region(scene.store(), Visible::ByChunk)),
    Operation {
        no_links: Some(Errno::OPNOTSUPP),
        ..operation("write a region without links", Chunks(8), |scene| {
            region(scene.store(), Visible::ByChunk)
        })
    },
    Operation {
        no_links: Some(Errno::PERM),
        ..operation("append to a table without links", Together, |scene| {
            let opened = scene.store().open_node(&key("/t"))?;
            scene.store().append_rows(&key("/t"), &opened, &columns(&[9])).map(|_| ())
        })
    },
    operation("write a region at once", Together, |scene| region(scene.store(), Visible::AtOnce)),
    Operation {
        lacks: NO_EXCHANGE,
        ..operation("write a region in two steps", Together, |scene| region(scene.store(), Visible::AtOnce))
    },
    operation("commit a draft", Together, |scene| draft(scene.store(), "/new/place", Refuse)),
    operation("replace by a draft", Together, |scene| draft(scene.store(), "/g", Replace)),
    Operation {
        lacks: NO_EXCHANGE,
        ..operation("replace by a draft in two steps", Together, |scene| draft(scene.store(), "/g", Replace))
    },
    operation("copy a group", Together, |scene| copy(scene.store(), "/g", "/new/place", Refuse)),
    operation("replace by a copy", Together, |scene| copy(scene.store(), "/many", "/g/old", Replace)),
    Operation {
        flushes: true,
        ..operation("insert and flush", Together, |scene| {
            put(scene.store(), "/new", [9_u8; 8])?;
            scene.store().flush()
        })
    },
    operation("replace and collect garbage", Each, |scene| {
        put(scene.store(), "/g/old", [9_u8; 8])?;
        scene.store().remove(&key("/kept_not"), None)?;
        let all = Collection { older_than: Some(Duration::ZERO), dry_run: false };
        scene.store().collect(all)?.into_iter().try_for_each(|(_, removed)| removed)
    }),
    Operation {
        begins: Begins::Closed,
        files: &["data/out/LICENSE-MIT"],
        ..operation("store and extract files", Together, Scene::extract)
    },
    Operation {
        flushes: true,
        files: &["data/calc_1/output.hdf5"],
        ..operation("export", Moved, |scene| Hdf5Export::new(scene.store()).run().map(|_| ()))
    },
    Operation {
        begins: Begins::Closed,
        flushes: true,
        ..operation("delete the calculation", Moved, |scene| {
            scene.data().delete(1, crate::storage::Allowed::default(), access(scene.durability), || Ok(()))
        })
    },
];

impl Scene {
    pub fn new(disk: Disk, durability: Durability) -> Self {
        Self { disk: Arc::new(disk), durability, store: None }
    }

    pub fn store(&self) -> &Arc<Store> {
        self.store.as_ref().expect("the operation begins with an open store")
    }

    pub fn path(&self) -> PathBuf {
        self.disk.path().join("data/calc_1")
    }

    pub fn files(&self) -> Arc<dyn Files> {
        Arc::clone(&self.disk) as Arc<dyn Files>
    }

    pub fn data(&self) -> DataDirectory {
        DataDirectory::locate(self.files(), Some(&self.disk.path().join("data"))).unwrap()
    }

    pub fn open(&self) -> Result<Store> {
        Store::open(self.files(), &self.path(), access(self.durability))
    }

    pub fn create(&self) -> Result<()> {
        let made = self.data().take_next()?;
        Store::create(self.files(), &made.path, access(self.durability)).map(|_| ())
    }

    fn extract(&self) -> Result<()> {
        let store = DataStore::over(self.open()?, None);
        store.store_files("/input", [Path::new(env!("CARGO_MANIFEST_DIR")).join("LICENSE-MIT")])?;
        store.extract_files("/input", self.disk.path().join("data/out"), Overwrite::No).map(|_| ())
    }
}

/// Values of all kinds, flushed.
pub(super) fn fill(store: &Arc<Store>) -> Result<()> {
    put(store, "/kept", [1_u8; 8])?;
    put(store, "/kept_not", [1_u8; 8])?;
    put(store, "/g/old", [2_u8; 8])?;
    put(store, "/g/h/deep", [3_u8; 4])?;
    chunks(store, "/many", &(0..32).collect::<Vec<u8>>(), 8)?;
    table(store, "/t", &[1, 2])?;
    let options =
        ArrayOptions { chunk_shape: Some(vec![8]), shards: Shards::None, ..ArrayOptions::default() };
    store.create_array(&key("/empty"), DataType::UInt8, &[0], &options, Refuse)?;
    store.flush()
}

fn columns(bytes: &[u8]) -> Vec<(std::borrow::Cow<'static, str>, ArrayContent<'static>)> {
    let column = |name: &'static str| {
        let elements = Elements::Bytes(bytes.to_vec().into());
        (name.into(), ArrayContent::new(DataType::UInt8, &[bytes.len()], elements).unwrap())
    };
    vec![column("x"), column("y")]
}

fn table(store: &Store, at: &str, bytes: &[u8]) -> Result<()> {
    store.put(&key(at), &Content::Table(columns(bytes)), Replace)
}

fn chunks(store: &Store, at: &str, bytes: &[u8], chunk: u64) -> Result<()> {
    let options =
        ArrayOptions { chunk_shape: Some(vec![chunk]), shards: Shards::None, ..ArrayOptions::default() };
    store.put_with(&key(at), &bytes.content()?, &options, Replace)
}

fn attribute(store: &Store, at: &str) -> Result<()> {
    store.update_metadata(&key(at), |metadata| {
        metadata.attributes_mut().insert("units".to_owned(), "g".into());
        Ok(())
    })
}

fn change(store: &Store, at: &str, change: Change<'_>) -> Result<()> {
    let opened = store.open_node(&key(at))?;
    store.change_array(&key(at), &opened, change).map(|_| ())
}

fn nines(count: usize) -> ArrayContent<'static> {
    ArrayContent::new(DataType::UInt8, &[count], Elements::Bytes(vec![9; count].into())).unwrap()
}

fn append(store: &Store, at: &str, count: usize) -> Result<()> {
    change(store, at, Change::Append(&nines(count)))
}

fn region(store: &Store, how: Visible) -> Result<()> {
    change(store, "/many", Change::Write(&(4..28).into_selection()?, &nines(24), how))
}

fn draft(store: &Arc<Store>, at: &str, existing: Existing) -> Result<()> {
    let draft = Draft::new(store, &key(at))?;
    draft.put(&key(&format!("{at}/old")), &[8_u8; 8].content()?, Refuse)?;
    draft.put(&key(&format!("{at}/i/new")), &[9_u8; 8].content()?, Refuse)?;
    draft.commit(existing)
}

fn copy(store: &Store, from: &str, to: &str, existing: Existing) -> Result<()> {
    store.copy((store, &key(from)), &key(to), existing, &mut |_| Ok(())).map(|_| ())
}
