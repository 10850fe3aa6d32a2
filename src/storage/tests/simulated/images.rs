//! What a disk holds when the power is cut: of each file and directory what was flushed, and what happened since.
//!
//! A step is a change of names, or bytes written to a file. It is kept or lost as a whole: a rename, which changes
//! names in two directories, is atomic over a power cut, and so is an exchange. The steps of one name, or of one
//! file's names, keep their order. Nothing else does. A flush of a file makes its bytes durable, and not its name; one of a
//! directory the names in it, and not its own, which belongs to the directory above.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::{FileExt as _, MetadataExt};
use std::path::Path;

/// A file or a directory, by its place in [`Images::nodes`].
pub(super) type Node = usize;

/// The directory that is never lost.
const ROOT: Node = 0;

/// What is durable of a file or directory.
#[derive(Clone, Debug, Default)]
struct Image {
    is_directory: bool,
    names: BTreeMap<OsString, Node>,
    bytes: Vec<u8>,
    times: Times,
}

/// In billionths of a second since 1970.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    pub modified: u64,
    pub changed: u64,
}

/// Something that was not flushed.
#[derive(Clone, Debug)]
struct Step {
    time: u64,
    /// Whether names were flushed that changed later: a journal has it, then.
    is_before_flushed: bool,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    /// So many names mean these files now, or nothing; and whose names these are.
    Names(Vec<(Node, OsString, Option<Node>)>, Vec<Node>),
    Bytes(Node, u64, Vec<u8>),
}

/// How a file is found that was not flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Torn {
    /// With the bytes of those steps that were kept.
    AsKept,
    Empty,
    Zeros,
    Half,
    Whole,
}

/// What is left of what was not flushed.
pub(super) struct Left<'a> {
    /// Whether a step is kept: its number, and whether it changes names.
    pub keep: &'a mut dyn FnMut(usize, bool) -> bool,
    /// How a file is found, by its path.
    pub tear: &'a mut dyn FnMut(&str) -> Torn,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Images {
    durable: Vec<Image>,
    /// The times of what is there now.
    live: Vec<Times>,
    pending: Vec<Step>,
    by_inode: HashMap<u64, Node>,
    /// The time, and how much later it is with each step.
    pub clock: u64,
    pub tick: u64,
}

impl Images {
    /// Those of an empty directory.
    pub fn new(root: &Path, clock: u64) -> Self {
        let mut images = Self { clock, tick: 1_000_000, ..Self::default() };
        images.add(root.metadata().unwrap().ino(), true);
        images
    }

    pub fn node(&self, inode: u64) -> Option<Node> {
        self.by_inode.get(&inode).copied()
    }

    pub fn times(&self, inode: u64) -> Option<Times> {
        self.node(inode).map(|node| self.live[node])
    }

    /// How many steps a power cut could take.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// How many steps there were at least when names were flushed the last time.
    pub fn before_flushed(&self) -> usize {
        self.pending.iter().rposition(|step| step.is_before_flushed).map_or(0, |last| last + 1)
    }

    fn add(&mut self, inode: u64, is_directory: bool) -> Node {
        let times = Times { modified: self.clock, changed: self.clock };
        self.durable.push(Image { is_directory, times, ..Image::default() });
        self.live.push(times);
        self.by_inode.insert(inode, self.durable.len() - 1);
        self.durable.len() - 1
    }

    /// A file or directory was made.
    pub fn made(&mut self, inode: u64, is_directory: bool, at: (Node, OsString)) -> Node {
        let node = self.add(inode, is_directory);
        self.renamed(vec![(at.0, at.1, Some(node))], vec![node]);
        node
    }

    /// Names have changed in one step.
    pub fn renamed(&mut self, names: Vec<(Node, OsString, Option<Node>)>, whose: Vec<Node>) {
        self.clock += self.tick;
        for (directory, ..) in &names {
            self.live[*directory] = Times { modified: self.clock, changed: self.clock };
        }
        for node in &whose {
            self.live[*node].changed = self.clock;
        }
        self.pending.push(Step {
            time: self.clock,
            is_before_flushed: false,
            what: What::Names(names, whose),
        });
    }

    /// Bytes were written to a file.
    pub fn written(&mut self, file: Node, at: u64, bytes: Vec<u8>) {
        self.clock += self.tick;
        self.live[file] = Times { modified: self.clock, changed: self.clock };
        self.pending.push(Step {
            time: self.clock,
            is_before_flushed: false,
            what: What::Bytes(file, at, bytes),
        });
    }

    /// A file or directory was flushed.
    pub fn flushed(&mut self, node: Node) {
        let is_of_node = |step: &Step| match &step.what {
            What::Names(names, _) => names.iter().any(|(directory, ..)| *directory == node),
            What::Bytes(file, ..) => *file == node,
        };
        let wanted: Vec<bool> = self.pending.iter().map(is_of_node).collect();
        let kept = self.with_those_before(&wanted);
        let is_name = |at: &usize| kept[*at] && matches!(self.pending[*at].what, What::Names(..));
        if let Some(last) = (0..kept.len()).rfind(is_name) {
            self.pending[..last].iter_mut().for_each(|step| step.is_before_flushed = true);
        }
        let mut kept = kept.iter();
        let (durable, pending) =
            std::mem::take(&mut self.pending).into_iter().partition(|_| *kept.next().unwrap());
        self.pending = pending;
        let durable: Vec<Step> = durable;
        for step in &durable {
            apply(&mut self.durable, step);
        }
    }

    pub fn all_flushed(&mut self) {
        for step in std::mem::take(&mut self.pending) {
            apply(&mut self.durable, &step);
        }
    }

    /// The steps that are wanted, and those before them of the same names.
    fn with_those_before(&self, wanted: &[bool]) -> Vec<bool> {
        let (mut names, mut whose) = (HashSet::new(), HashSet::<Node>::new());
        let mut kept = wanted.to_vec();
        for (at, step) in self.pending.iter().enumerate().rev() {
            let What::Names(changed, of) = &step.what else { continue };
            let is_before = changed.iter().any(|(directory, name, _)| names.contains(&(*directory, name)))
                || of.iter().any(|node| whose.contains(node));
            kept[at] |= is_before;
            if kept[at] {
                names.extend(changed.iter().map(|(directory, name, _)| (*directory, name)));
                whose.extend(of);
            }
        }
        kept
    }

    /// Writes what is left after a power cut into an empty directory; gives the images of that.
    pub fn cut(&self, left: &mut Left<'_>, root: &Path) -> Self {
        let is_name = |step: &Step| matches!(step.what, What::Names(..));
        let wanted: Vec<bool> =
            self.pending.iter().enumerate().map(|(at, step)| (left.keep)(at, is_name(step))).collect();
        let kept = self.with_those_before(&wanted);
        let mut found = self.durable.clone();
        for (step, kept) in self.pending.iter().zip(kept) {
            if kept {
                apply(&mut found, step);
            }
        }
        let mut unflushed: HashMap<Node, Vec<u8>> = HashMap::new();
        for step in &self.pending {
            if let What::Bytes(file, at, bytes) = &step.what {
                let whole = unflushed.entry(*file).or_insert_with(|| self.durable[*file].bytes.clone());
                write(whole, *at, bytes);
            }
        }
        let images = Self { clock: self.clock, tick: self.tick, ..Self::default() };
        let mut made = Made { found, unflushed, left, images, again: HashMap::new(), root };
        made.directory(ROOT, "");
        made.images
    }
}

/// What is being written into a directory.
struct Made<'a, 'l> {
    found: Vec<Image>,
    /// The files that were not flushed, with all that was written to them.
    unflushed: HashMap<Node, Vec<u8>>,
    left: &'a mut Left<'l>,
    images: Images,
    /// The files that have been written already, under another name.
    again: HashMap<Node, (String, Node)>,
    root: &'a Path,
}

impl Made<'_, '_> {
    fn directory(&mut self, node: Node, path: &str) -> Node {
        let place = self.root.join(path);
        if node != ROOT {
            std::fs::create_dir(&place).unwrap();
        }
        let new = self.images.add(place.metadata().unwrap().ino(), true);
        for (name, inner) in std::mem::take(&mut self.found[node].names) {
            let below = format!("{path}{}{}", if path.is_empty() { "" } else { "/" }, name.to_str().unwrap());
            let is_directory = self.found[inner].is_directory;
            let inner = if is_directory { self.directory(inner, &below) } else { self.file(inner, &below) };
            self.images.durable[new].names.insert(name, inner);
        }
        self.dated(new, node);
        new
    }

    fn file(&mut self, node: Node, path: &str) -> Node {
        let place = self.root.join(path);
        if let Some((first, new)) = self.again.get(&node) {
            std::fs::hard_link(self.root.join(first), &place).unwrap();
            return *new;
        }
        let mut bytes = std::mem::take(&mut self.found[node].bytes);
        if let Some(whole) = self.unflushed.get(&node) {
            match (self.left.tear)(path) {
                Torn::AsKept => {}
                Torn::Empty => bytes.clear(),
                Torn::Zeros => bytes = vec![0; whole.len()],
                Torn::Half => bytes = whole[..whole.len() / 2].to_vec(),
                Torn::Whole => bytes.clone_from(whole),
            }
        }
        let file = File::create_new(&place).unwrap();
        file.write_all_at(&bytes, 0).unwrap();
        let new = self.images.add(file.metadata().unwrap().ino(), false);
        self.images.durable[new].bytes = bytes;
        self.dated(new, node);
        self.again.insert(node, (path.to_owned(), new));
        new
    }

    fn dated(&mut self, new: Node, old: Node) {
        self.images.durable[new].times = self.found[old].times;
        self.images.live[new] = self.found[old].times;
    }
}

fn apply(images: &mut [Image], step: &Step) {
    match &step.what {
        What::Names(names, whose) => {
            for (directory, name, node) in names {
                images[*directory].times = Times { modified: step.time, changed: step.time };
                match node {
                    Some(node) => images[*directory].names.insert(name.clone(), *node),
                    None => images[*directory].names.remove(name),
                };
            }
            for node in whose {
                images[*node].times.changed = images[*node].times.changed.max(step.time);
            }
        }
        What::Bytes(file, at, bytes) => {
            images[*file].times = Times { modified: step.time, changed: step.time };
            write(&mut images[*file].bytes, *at, bytes);
        }
    }
}

/// Writes bytes into those of a file; what was skipped is zeros.
fn write(file: &mut Vec<u8>, at: u64, bytes: &[u8]) {
    let at = usize::try_from(at).unwrap();
    file.resize(file.len().max(at + bytes.len()), 0);
    file[at..at + bytes.len()].copy_from_slice(bytes);
}
