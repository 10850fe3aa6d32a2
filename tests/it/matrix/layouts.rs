//! The ways to lay out and to make an array.

use std::fmt;

/// How an array is laid out, what is in it, and how it is made.
#[derive(Clone, Debug)]
pub struct Layout {
    pub shape: Vec<usize>,
    pub chunks: Option<Vec<u64>>,
    /// `None` leaves it to the store whether chunks share files, an empty shape makes each chunk a file.
    pub shards: Option<Vec<u64>>,
    pub codec: &'static str,
    /// The number of the sample that is the fill value.
    pub fill: Option<usize>,
    pub filling: Filling,
    pub way: Way,
    /// Whether its axes are given names.
    pub names: bool,
}

/// What the elements are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Filling {
    /// The samples of the type, again and again.
    Samples,
    /// Random bits, which do not compress.
    Scattered,
    /// All the same, and not the fill value.
    Constant,
    /// The fill value, but for the last element.
    LastAlone,
    /// The fill value: no inner chunk is stored.
    Fill,
}

/// How an array comes to be what it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Way {
    Insert,
    /// Inserted from memory in another order.
    View,
    /// Inserted by a store that compresses everything.
    WholeStore,
    /// Inserted where another array was before.
    Replace,
    /// Created empty, then written in parts that overlap; not all is written.
    Parts,
    /// The same, each part appearing at once.
    AtomicParts,
    Append,
    Appender,
    /// Made shorter and longer again.
    Resize,
}

const CODECS: [&str; 7] = ["none", "zstd:3", "gzip:6", "blosc:5", "zstd:19", "gzip:1", "blosc:9"];
const FILLINGS: [Filling; 5] =
    [Filling::Samples, Filling::Scattered, Filling::Constant, Filling::LastAlone, Filling::Fill];
const WAYS: [Way; 9] = [
    Way::Insert,
    Way::View,
    Way::WholeStore,
    Way::Replace,
    Way::Parts,
    Way::AtomicParts,
    Way::Append,
    Way::Appender,
    Way::Resize,
];

impl Layout {
    fn new(shape: &[usize]) -> Self {
        Self {
            shape: shape.to_vec(),
            chunks: None,
            shards: None,
            codec: "none",
            fill: None,
            filling: Filling::Scattered,
            way: Way::Insert,
            names: false,
        }
    }

    fn chunks(mut self, chunks: &[u64]) -> Self {
        self.chunks = Some(chunks.to_vec());
        self
    }

    fn shards(mut self, shards: &[u64]) -> Self {
        self.shards = Some(shards.to_vec());
        self
    }

    fn fill(mut self, sample: usize) -> Self {
        self.fill = Some(sample);
        self
    }

    fn filling(mut self, filling: Filling) -> Self {
        self.filling = filling;
        self
    }

    fn way(mut self, way: Way) -> Self {
        self.way = way;
        self
    }

    fn codec(mut self, codec: &'static str) -> Self {
        self.codec = codec;
        self
    }

    /// The names that its axes are given. To GDAL one name has one length in a group.
    pub fn dimension_names(&self) -> Option<Vec<String>> {
        let axes = ["site", "imt", "level", "realisation", "source"].iter().zip(&self.shape);
        self.names.then(|| axes.map(|(name, length)| format!("{name} of {length}")).collect())
    }
}

/// What a name of an array says, so that a fault tells of what it is one.
impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codec = self.codec.replace(':', "");
        write!(f, "{:?} {:?} {:?} {codec}", self.way, self.filling, self.shape)?;
        for (what, shape) in [("by", &self.chunks), ("in", &self.shards)] {
            if let Some(shape) = shape {
                write!(f, " {what} {shape:?}")?;
            }
        }
        self.fill.map_or(Ok(()), |sample| write!(f, " fill {sample}"))
    }
}

/// The layouts that have gone wrong in other programs: edges, and each codec with what it can and cannot compress.
pub fn chosen() -> Vec<Layout> {
    let mut layouts = vec![
        // One element in every form.
        Layout::new(&[]),
        Layout::new(&[]).way(Way::Parts).fill(1),
        Layout::new(&[1]).chunks(&[1]).shards(&[]),
        Layout::new(&[1, 1, 1, 1, 1]).chunks(&[1, 1, 1, 1, 1]).shards(&[2, 1, 1, 1, 3]),
        // No element.
        Layout::new(&[0]),
        Layout::new(&[3, 0, 2]).chunks(&[2, 4, 1]).shards(&[4, 4, 2]),
        Layout::new(&[0, 4]).way(Way::Append).chunks(&[2, 3]),
        // Chunks of one element, chunks wider than the array, shards wider than the array.
        Layout::new(&[5, 3]).chunks(&[1, 1]).shards(&[]),
        Layout::new(&[5, 3]).chunks(&[1, 1]).shards(&[8, 2]),
        Layout::new(&[5, 3]).chunks(&[9, 7]).shards(&[]).fill(1),
        Layout::new(&[5, 3]).chunks(&[4, 2]).shards(&[64, 32]),
        // Shards of which nothing, or one inner chunk alone is stored.
        Layout::new(&[9, 6]).chunks(&[2, 2]).shards(&[4, 6]).filling(Filling::Fill).fill(1),
        Layout::new(&[9, 6]).chunks(&[2, 2]).shards(&[4, 6]).filling(Filling::LastAlone).fill(1),
    ];
    for codec in ["none", "zstd:3", "gzip:6", "blosc:5"] {
        for filling in [Filling::Scattered, Filling::Constant] {
            layouts.push(Layout::new(&[300, 2]).chunks(&[128, 2]).shards(&[]).codec(codec).filling(filling));
        }
    }
    layouts
}

/// Layouts that a seed makes, one of each way and of each rank up to 5 among any few in a row.
pub fn random(seed: u64, count: usize) -> Vec<Layout> {
    let mut random = Random(seed);
    (0..count).map(|n| any_layout(&mut random, n)).collect()
}

fn any_layout(random: &mut Random, n: usize) -> Layout {
    let rank = n % 6;
    let longest = [1, 40, 12, 7, 4, 3][rank];
    let shape: Vec<usize> = (0..rank).map(|_| 1 + random.below(longest)).collect();
    let mut layout = Layout::new(&shape).way(WAYS[(n + n / 9) % WAYS.len()]).codec(random.one_of(&CODECS));
    layout.filling = random.one_of(&FILLINGS);
    layout.fill = [None, Some(random.below(64))][random.below(2)];
    layout.names = random.below(3) == 0;
    if random.below(8) > 0 {
        let chunk =
            |length: &usize| (1 + [length / 3, length / 2, length - 1, length + 1][random.below(4)]) as u64;
        let chunks: Vec<u64> = shape.iter().map(chunk).collect();
        layout.shards = match random.below(4) {
            0 => None,
            1 => Some(Vec::new()),
            _ => Some(chunks.iter().map(|length| length * (1 + random.below(3) as u64)).collect()),
        };
        layout.chunks = Some(chunks);
    }
    layout
}

/// Numbers that are the same in every run.
pub struct Random(pub u64);

impl Random {
    /// Splitmix64.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub fn one_of<T: Copy>(&mut self, these: &[T]) -> T {
        these[self.below(these.len())]
    }
}
