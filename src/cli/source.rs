//! Where the verbs that read find values.

use std::collections::HashMap;
use std::path::Path;

use calcstore::{
    AnyArray, Continue, DataStore, Get, Hdf5File, Keys, Node, NodeKind, Result, Selection, Side, Size, Value,
};
use rayon::prelude::*;

/// Fewer nodes are measured before threads have begun.
const FEW: usize = 32;

/// What can be read, whatever form it has on disk. Every method is as the one of [`DataStore`] that has its name.
#[derive(Debug)]
pub enum Source {
    /// A calculation, or any other Zarr hierarchy.
    Store(DataStore),
    /// An HDF5 file, which is only read.
    Hdf5(Box<Hdf5File>),
}

impl Source {
    /// The directory or file that it lies in.
    pub fn path(&self) -> &Path {
        match self {
            Self::Store(store) => store.calc_dir(),
            Self::Hdf5(file) => file.path(),
        }
    }

    pub fn calc_id(&self) -> Option<u32> {
        match self {
            Self::Store(store) => store.calc_id(),
            Self::Hdf5(_) => None,
        }
    }

    /// The directory that reads fall through to, where there is one.
    pub fn parent(&self) -> Result<Option<String>> {
        match self {
            Self::Store(store) => Ok(store.parent_dir()?.map(|parent| parent.display().to_string())),
            Self::Hdf5(_) => Ok(None),
        }
    }

    pub fn node(&self, key: &str) -> Result<Node> {
        match self {
            Self::Store(store) => store.node(key),
            Self::Hdf5(file) => file.node(key),
        }
    }

    pub fn nodes(&self, group: &str) -> Result<Vec<Node>> {
        match self {
            Self::Store(store) => store.nodes(group),
            Self::Hdf5(file) => file.nodes(group),
        }
    }

    pub fn walk_nodes(&self, group: &str) -> Result<Vec<Node>> {
        match self {
            Self::Store(store) => store.walk_nodes(group),
            Self::Hdf5(file) => file.walk_nodes(group),
        }
    }

    pub fn glob(&self, pattern: &str) -> Result<Keys> {
        match self {
            Self::Store(store) => store.glob(pattern),
            Self::Hdf5(file) => file.glob(pattern),
        }
    }

    pub fn get<T: Get>(&self, key: &str) -> Result<T> {
        match self {
            Self::Store(store) => store.get(key),
            Self::Hdf5(file) => file.get(key),
        }
    }

    /// Reads everything under a key: an object as JSON.
    pub fn value(&self, key: &str) -> Result<Value> {
        self.get(key)
    }

    /// Reads a part of an array, of bytes, or of a column by its own key: of no more than is selected.
    pub fn part<T: Get>(&self, key: &str, selection: &Selection) -> Result<T> {
        match self {
            Self::Store(store) => store.dataset(key)?.read(selection),
            Self::Hdf5(file) => file.read(key, selection),
        }
    }

    /// Reads what is selected of a value; of a table these are rows.
    pub fn selected(&self, node: &Node, selection: &Selection) -> Result<Value> {
        match (self, node.kind) {
            (Self::Store(store), NodeKind::Table) => {
                store.table(&node.key)?.rows_at(selection).map(Value::Table)
            }
            (Self::Hdf5(file), NodeKind::Table) => file.rows_at(&node.key, selection).map(Value::Table),
            (_, NodeKind::Bytes) => match self.part(&node.key, selection)? {
                AnyArray::UInt8(bytes) => Ok(Value::Bytes(bytes.into_iter().collect())),
                other => Ok(Value::Array(other)),
            },
            _ => self.part(&node.key, selection).map(Value::Array),
        }
    }

    /// What a comparison looks at.
    pub fn side(&self) -> Side<'_> {
        match self {
            Self::Store(store) => store.into(),
            Self::Hdf5(file) => (&**file).into(),
        }
    }

    /// What each node down to `depth` levels takes. Of a file, whose groups are small, they are measured one by one.
    pub fn sizes(
        &self,
        key: &str,
        depth: usize,
        mut progress: impl FnMut(u64) -> Continue,
    ) -> Result<Vec<(String, Size)>> {
        let file = match self {
            Self::Store(store) => return store.sizes(key, depth, progress),
            Self::Hdf5(file) => file,
        };
        let first = file.node(key)?;
        let levels = |key: &str| key.split('/').filter(|name| !name.is_empty()).count();
        let most = levels(&first.key).saturating_add(depth);
        let below = if first.kind == NodeKind::Group { file.walk_nodes(&first.key)? } else { Vec::new() };
        let keys = std::iter::once(first.key).chain(below.into_iter().map(|node| node.key));
        let keys = keys.filter(|key| levels(key) <= most);
        keys.map(|key| file.measure(&key, &mut progress).map(|size| (key, size))).collect()
    }

    pub fn size(&self, key: &str) -> Result<Size> {
        self.measure(key, |_| Continue::Yes)
    }

    /// The sizes of several nodes, each as [`Source::size`], in their order. All threads take part. Of a store each node is
    /// measured once where a group comes before what is in it.
    pub fn sizes_of(&self, nodes: &[Node]) -> Result<Vec<Size>> {
        let mut rest = nodes;
        let mut trees = Vec::new();
        while let Some((top, after)) = rest.split_first() {
            let below = match self {
                Self::Store(_) => after.iter().take_while(|node| is_below(&node.key, &top.key)).count(),
                Self::Hdf5(_) => 0,
            };
            let (tree, after) = rest.split_at(below.saturating_add(1));
            trees.push(tree);
            rest = after;
        }
        let measure = |tree: &&[Node]| self.sizes_in(tree);
        let pool = (nodes.len() >= FEW).then(|| rayon::ThreadPoolBuilder::new().build());
        let sizes: Result<Vec<Vec<Size>>> = match pool {
            Some(Ok(pool)) => pool.install(|| trees.par_iter().map(measure).collect()),
            _ => trees.iter().map(measure).collect(),
        };
        Ok(sizes?.concat())
    }

    /// The sizes of a node and of some below it.
    fn sizes_in(&self, tree: &[Node]) -> Result<Vec<Size>> {
        let known: HashMap<String, Size> = match (self, tree) {
            (Self::Store(store), [top, _, ..]) => {
                store.sizes(&top.key, usize::MAX, |_| Continue::Yes)?.into_iter().collect()
            }
            _ => HashMap::new(),
        };
        let size = |node: &Node| known.get(&node.key).copied().map_or_else(|| self.size(&node.key), Ok);
        tree.iter().map(size).collect()
    }

    pub fn measure(&self, key: &str, progress: impl FnMut(u64) -> Continue) -> Result<Size> {
        match self {
            Self::Store(store) => store.measure(key, progress),
            Self::Hdf5(file) => file.measure(key, progress),
        }
    }
}

fn is_below(key: &str, above: &str) -> bool {
    key.strip_prefix(above.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
}

impl From<&DataStore> for Source {
    fn from(store: &DataStore) -> Self {
        Self::Store(store.clone())
    }
}
