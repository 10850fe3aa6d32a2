//! Arrays of every type, rank, chunking, codec and fill value, made in every way: what other programs read of them,
//! and what we read of parts of them.

use std::fmt::Debug;

use calcstore::{AnyArray, Compression, DataStore, Dataset, Durability, NewDataset};
use half::f16;
use ndarray::{ArrayD, Axis, IxDyn, Slice, arr0};
use num_complex::Complex;

use super::Written;
use super::layouts::{Filling, Layout, Random, Way, chosen, random};
use super::samples::{Samples, filled};
use super::selections::Member;
use crate::manifest::Described;
use crate::oracle::{Coverage, Program};

/// Random layouts of each type.
const RANDOM: usize = 27;

/// Makes the family; gives each array with what parts of it must be.
pub fn family(samples: &mut Samples, store: &DataStore) -> Vec<Member> {
    let mut members = Vec::new();
    macro_rules! each {
        ($($rust:ty)*) => { $(of_type::<$rust>(samples, store, &mut members);)* };
    }
    each!(bool i8 i16 i32 i64 u8 u16 u32 u64 f16 f32 f64 Complex<f32> Complex<f64> String);
    rounded::<f32>(samples, store);
    rounded::<f64>(samples, store);
    members
}

fn of_type<T>(samples: &mut Samples, store: &DataStore, members: &mut Vec<Member>)
where
    T: Described + PartialEq + Debug + Default,
    AnyArray: From<ArrayD<T>>,
{
    let seed = T::NAME.bytes().fold(0, |seed, letter| seed * 31 + u64::from(letter));
    for (n, layout) in chosen().into_iter().chain(random(seed, RANDOM)).enumerate() {
        let key = format!("/{}/{n:02} {layout}", T::NAME);
        let fill = fill::<T>(&layout);
        let written = Making { store, key: &key, layout: &layout, fill };
        let expected = written.make(elements(&layout, &written.fill, seed + n as u64));
        match layout.dimension_names() {
            Some(names) => samples.manifest.named_dataset(&key, &expected, Some(&names)),
            None => samples.manifest.dataset(&key, &expected),
        }
        samples.check_array(&key, &expected);
        members.push(Member::new(&key, expected));
    }
}

/// The fill value: one of the samples, but no long text. A signalling NaN of 32 bits becomes a quiet one when
/// zarr-python parses it, whatever the metadata say.
fn fill<T: Described + Default>(layout: &Layout) -> T {
    let signalling = 0x7f80_0001_u32.to_le_bytes();
    let mut samples = T::samples();
    samples.retain(|sample| {
        let bytes = sample.bytes();
        bytes.len() < 64 && bytes.chunks(4).all(|part| part != signalling)
    });
    layout.fill.map_or_else(T::default, |n| samples[n % samples.len()].clone())
}

fn elements<T: Described>(layout: &Layout, fill: &T, seed: u64) -> ArrayD<T> {
    let shape = IxDyn(&layout.shape);
    let mut random = Random(seed);
    let other = T::samples().into_iter().find(|sample| sample.bytes() != fill.bytes()).unwrap();
    match layout.filling {
        Filling::Samples => filled(&layout.shape),
        Filling::Scattered => ArrayD::from_shape_simple_fn(shape, || T::of_bits(random.next())),
        Filling::Constant => ArrayD::from_elem(shape, other),
        Filling::Fill => ArrayD::from_elem(shape, fill.clone()),
        Filling::LastAlone => {
            let mut elements = ArrayD::from_elem(shape, fill.clone());
            if let Some(last) = elements.last_mut() {
                *last = other;
            }
            elements
        }
    }
}

/// An array that is about to be made.
struct Making<'a, T> {
    store: &'a DataStore,
    key: &'a str,
    layout: &'a Layout,
    fill: T,
}

impl<T: Described> Making<'_, T> {
    fn new_dataset(&self) -> NewDataset<'_> {
        let mut new = self.store.new_dataset(self.key).compression(self.layout.codec.parse().unwrap());
        if let Some(chunks) = &self.layout.chunks {
            new = new.chunks(chunks);
        }
        if let Some(shards) = &self.layout.shards {
            new = new.shards(shards);
        }
        if self.layout.fill.is_some() {
            new = new.fill_value(arr0(self.fill.clone()));
        }
        match self.layout.dimension_names() {
            Some(names) => new.dimension_names(names),
            None => new,
        }
    }

    fn create(&self, shape: &[usize]) -> Dataset {
        let shape: Vec<u64> = shape.iter().map(|length| *length as u64).collect();
        self.new_dataset().create::<T>(&shape).unwrap()
    }

    /// Makes the array of these elements; gives what it must be then.
    fn make(&self, values: ArrayD<T>) -> ArrayD<T> {
        match self.layout.way {
            Way::View => {
                let turned = values.t().as_standard_layout().into_owned();
                self.new_dataset().insert(turned.t()).unwrap();
            }
            Way::WholeStore => self.insert_into_compressed(&values),
            Way::Replace => {
                self.store.insert(self.key, "something else").unwrap();
                self.new_dataset().insert(&values).unwrap();
            }
            Way::Parts => return self.write_parts(&self.create(values.shape()), &values),
            Way::AtomicParts => return self.write_parts(&self.create(values.shape()).atomic(true), &values),
            Way::Append if values.ndim() > 0 => self.append(&values),
            Way::Appender if values.ndim() > 0 => self.append_by_row(&values),
            Way::Resize => return self.resize(values),
            Way::Insert | Way::Append | Way::Appender => self.new_dataset().insert(&values).unwrap(),
        }
        values
    }

    /// The compression is that of the store, the rest that of the layout.
    fn insert_into_compressed(&self, values: &ArrayD<T>) {
        let compression: Compression = self.layout.codec.parse().unwrap();
        let store = DataStore::options().durability(Durability::Process).compression(compression);
        let store = store.at(self.store.calc_dir()).unwrap();
        let Layout { chunks: Some(chunks), names: false, fill: None, .. } = self.layout else {
            self.new_dataset().insert(values).unwrap();
            return;
        };
        store.new_dataset(self.key).chunks(chunks).insert(values).unwrap();
    }

    fn write_parts(&self, dataset: &Dataset, values: &ArrayD<T>) -> ArrayD<T> {
        let mut expected = ArrayD::from_elem(values.raw_dim(), self.fill.clone());
        let mut random = Random(values.len() as u64);
        for _ in 0..3 {
            let part: Vec<Slice> =
                values.shape().iter().map(|length| any_slice(&mut random, *length)).collect();
            let text: Vec<String> = part.iter().map(in_python).collect();
            let text = if text.is_empty() { "...".to_owned() } else { text.join(",") };
            let from = values.slice_each_axis(|axis| part[axis.axis.index()]);
            expected.slice_each_axis_mut(|axis| part[axis.axis.index()]).assign(&from);
            dataset.write(text, from).unwrap();
        }
        expected
    }

    fn append(&self, values: &ArrayD<T>) {
        let mut shape = values.shape().to_vec();
        shape[0] = 0;
        let dataset = self.create(&shape);
        let (mut start, rows) = (0, values.len_of(Axis(0)));
        for batch in 1.. {
            let end = rows.min(start + batch * batch);
            dataset.append(values.slice_axis(Axis(0), Slice::from(start..end))).unwrap();
            start = end;
            if start == rows {
                break;
            }
        }
    }

    fn append_by_row(&self, values: &ArrayD<T>) {
        let mut shape = values.shape().to_vec();
        shape[0] = 0;
        let dataset = self.create(&shape);
        let mut appender = dataset.appender();
        for (n, row) in values.outer_iter().enumerate() {
            appender.append(row).unwrap();
            if n == 2 {
                appender.flush().unwrap();
            }
        }
        assert_eq!(appender.finish().unwrap(), values.len_of(Axis(0)) as u64);
    }

    /// What lay beyond the smallest shape is the fill value afterwards.
    fn resize(&self, values: ArrayD<T>) -> ArrayD<T> {
        self.new_dataset().insert(&values).unwrap();
        let dataset = self.store.dataset(self.key).unwrap();
        let shape: Vec<u64> = values.shape().iter().map(|length| *length as u64).collect();
        let small: Vec<u64> = shape.iter().map(|length| length.div_ceil(2)).collect();
        let large: Vec<u64> = shape.iter().map(|length| length + 3).collect();
        for shape in [small.clone(), large, shape] {
            dataset.resize(&shape).unwrap();
        }
        let is_kept = |at: &IxDyn| (0..small.len()).all(|axis| (at[axis] as u64) < small[axis]);
        ArrayD::from_shape_fn(values.raw_dim(), |at| {
            if is_kept(&at) { values[at].clone() } else { self.fill.clone() }
        })
    }
}

fn any_slice(random: &mut Random, length: usize) -> Slice {
    let (start, end) = (random.below(length + 1), random.below(length + 1));
    Slice::new(start.min(end) as isize, Some(start.max(end) as isize), 1 + random.below(2) as isize)
}

fn in_python(slice: &Slice) -> String {
    format!("{}:{}:{}", slice.start, slice.end.unwrap(), slice.step)
}

/// Adds arrays whose elements are rounded: whole numbers after it, a little more before.
fn rounded<T>(samples: &mut Samples, store: &DataStore)
where
    T: Described + PartialEq + Debug + From<f32>,
    AnyArray: From<ArrayD<T>>,
{
    for (n, codec) in ["zstd:3", "gzip:6", "blosc:5"].into_iter().enumerate() {
        let key = format!("/{}/rounded {n}", T::NAME);
        let array = |noise: f32| {
            ArrayD::from_shape_fn(IxDyn(&[70, 3]), |at| T::from((at[0] * 3 + at[1]) as f32 * (1.0 + noise)))
        };
        let new = store.new_dataset(&key).chunks([32, 3]).compression(codec.parse().unwrap());
        new.keep_bits(9).insert(array(1e-5)).unwrap();
        samples.manifest.dataset(&key, &array(0.0));
        samples.check_array(&key, &array(0.0));
    }
}

#[test]
fn arrays_of_every_layout_are_the_same_to_zarr_python_tensorstore_and_gdal() {
    let mut groups = 0;
    let written = Written::new(Durability::Process, |samples, store| {
        family(samples, store);
        groups = store.keys("/").unwrap().count() as u64;
    });
    let store = written.open();
    written.samples.checks.iter().for_each(|check| check(&store));
    assert_eq!(store.check("/", |_| calcstore::Continue::Yes).unwrap().faults, []);

    let arrays = written.samples.manifest.len() as u64;
    let of_type = (chosen().len() + RANDOM) as u64;
    assert!(arrays >= 700, "{arrays}");
    assert_eq!((groups, arrays), (15, 15 * of_type + 6));
    let path = written.directory.path().join("store/output.zarr");
    let manifest = written.samples.manifest.write(written.directory.path(), "family.json");
    let agree = |program: Program, checked, skipped: &[(&str, u64)]| {
        let skipped = skipped.iter().map(|(why, count)| ((*why).to_owned(), *count)).collect();
        if let Some(coverage) = program.coverage(&path, &manifest) {
            assert_eq!(coverage, Coverage { checked, skipped }, "{program:?}");
        }
    };
    // It counts groups too, and reads everything.
    agree(Program::Python("zarr_python.py"), arrays + groups, &[]);
    agree(Program::Python("tensorstore_read.py"), arrays - of_type, &[("data type string", of_type)]);
    let empty = 15 * chosen().iter().filter(|layout| layout.shape.contains(&0)).count() as u64;
    let skipped = [
        ("an axis of length zero", empty),
        ("the bits of a float16 as fill value", 2),
        ("a fill value that is no int64", 3),
    ];
    agree(Program::Gdal, arrays - skipped.iter().map(|(_, count)| count).sum::<u64>(), &skipped);
}
