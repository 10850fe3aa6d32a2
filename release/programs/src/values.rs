//! Stores the same values on every machine, in every way that calcstore has, and reads them back:
//!
//! ```text
//! values DIRECTORY
//! ```
//!
//! What it writes, dates aside, must be the same bytes everywhere. `DIRECTORY/stores` gets the examples of the format's
//! specification, `DIRECTORY/ways` what is chunked, compressed, grown, replaced, moved and imported.

use std::error::Error;
use std::fs;
use std::path::Path;

use calcstore::{Column, Compression, DataStore, Durability, Get, Hdf5Compression, Status, Table};
use half::f16;
use ndarray::{Array1, Array2, array, s};
use num_complex::Complex;

#[allow(dead_code)]
#[path = "../../../examples/format_examples.rs"]
mod format_examples;

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let directory = std::env::args_os().nth(1).ok_or("usage: values DIRECTORY")?;
    let directory = Path::new(&directory);
    let stores = directory.join("stores");
    fs::create_dir_all(&stores)?;
    format_examples::make(&stores)?;
    for example in fs::read_dir(&stores)? {
        let store = DataStore::options().read_only(true).at(example?.path().join("calc_1"))?;
        is_sound(&store)?;
        store.export_hdf5()?;
    }
    let ways = directory.join("ways");
    for durability in [Durability::Process, Durability::Power] {
        let store = DataStore::options().durability(durability).at(ways.join(format!("{durability:?}")))?;
        in_parts(&store)?;
        in_place(&store)?;
        at_once(&store)?;
        is_sound(&store)?;
        store.flush()?;
        store.export_hdf5()?;
        let compressed = store.hdf5_export().file(store.calc_dir().join("compressed.hdf5"));
        compressed.compression(Hdf5Compression::gzip(4)?).fletcher32(true).run()?;
        store.set_status(Status::Complete)?;
        let imported = DataStore::at(ways.join(format!("{durability:?} imported")))?;
        imported.hdf5_import(store.calc_dir().join("compressed.hdf5")).run()?;
        same(&imported, "/parts/float64", &numbers(|n| f64::from(n) / 8.0))?;
        imported.close()?;
        store.close()?;
    }
    println!("values: all that was stored was read back");
    Ok(())
}

/// The rows and columns of what is stored in parts: no multiple of its chunks.
const SHAPE: [usize; 2] = [37, 53];

/// Numbers that compress, but not into nothing.
fn numbers<T>(of: impl Fn(i32) -> T) -> Array2<T> {
    let mut state = 1_u32;
    Array2::from_shape_simple_fn(SHAPE, || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        of(i32::try_from(state >> 22).unwrap_or_default() - 512)
    })
}

fn same<T: PartialEq>(store: &DataStore, key: &str, wanted: &T) -> Outcome
where
    T: Get,
{
    if store.get::<T>(key)? == *wanted { Ok(()) } else { Err(format!("{key} is another").into()) }
}

fn is_sound(store: &DataStore) -> Outcome {
    let report = store.check("/", |_| calcstore::Continue::Yes)?;
    if report.faults.is_empty() { Ok(()) } else { Err(format!("{report:?}").into()) }
}

/// Chunks of every compression and element size, and shards.
fn in_parts(store: &DataStore) -> Outcome {
    let part = |name: &str| format!("/parts/{name}");
    let new = |name: &str| store.new_dataset(&part(name)).chunks([16, 20]);
    let doubles = numbers(|n| f64::from(n) / 8.0);
    new("float64").compression(Compression::zstd(5)?).insert(&doubles)?;
    same(store, "/parts/float64", &doubles)?;
    let singles = numbers(|n| n as f32 / 4.0);
    new("float32").compression(Compression::blosc(5)?).insert(&singles)?;
    same(store, "/parts/float32", &singles)?;
    let halves = numbers(|n| f16::from_f32(n as f32));
    new("float16").compression(Compression::gzip(6)?).insert(&halves)?;
    same(store, "/parts/float16", &halves)?;
    let shorts = numbers(|n| n as i16);
    new("int16").compression(Compression::blosc(1)?).insert(&shorts)?;
    same(store, "/parts/int16", &shorts)?;
    let longs = numbers(|n| i64::from(n) << 40);
    new("int64").shards([32, 40]).compression(Compression::zstd(1)?).insert(&longs)?;
    same(store, "/parts/int64", &longs)?;
    let pairs = numbers(|n| Complex::new(f64::from(n), -0.5));
    new("complex128").insert(&pairs)?;
    same(store, "/parts/complex128", &pairs)?;
    let texts = numbers(|n| format!("site {n}"));
    new("string").insert(&texts)?;
    same(store, "/parts/string", &texts)?;
    Ok(())
}

/// Regions, rows at the end, attributes.
fn in_place(store: &DataStore) -> Outcome {
    let curves = store.new_dataset("/place/curves").chunks([10, 4]).fill_value(f32::NAN);
    let curves = curves.create::<f32>(&[100, 8])?;
    curves.write(s![45..55, ..], Array2::<f32>::ones((10, 8)))?;
    let row: Array1<f32> = curves.read("50, ::-1")?;
    assert_eq!(row, Array1::<f32>::ones(8));
    let grown = store.new_dataset("/place/grown").create::<f64>(&[0, 2])?;
    let mut appender = grown.appender();
    for step in 0..1000 {
        appender.append([f64::from(step), 0.5])?;
    }
    assert_eq!(appender.finish()?, 1000);
    let mut sites = Table::new();
    sites.push("name", ["Pavia", "Zürich"])?;
    sites.push("lon", [9.16, 8.54])?;
    store.insert("/place/sites", &sites)?;
    let table = store.table("/place/sites")?;
    table.append(&sites)?;
    let eastern: Vec<f64> = table.filter(Column::new("lon").ge(9.0)).column("lon")?;
    assert_eq!(eastern, [9.16, 9.16]);
    for units in ["m", "km"] {
        store.attributes("/place/curves")?.insert("units", units)?;
    }
    Ok(())
}

/// Replacing, moving, removing, drafts; names that mean something to some system.
fn at_once(store: &DataStore) -> Outcome {
    for n in 0..20 {
        store.insert("/once/replaced", Array1::from_elem(n + 1, 1.5))?;
    }
    same(store, "/once/replaced", &Array1::from_elem(20, 1.5))?;
    for name in ["[Model]%0Ax=1", "Größe", "a b", "null.x~", "x..y"] {
        store.insert(&format!("/once/names/{name}"), array![[1, 2], [3, 4]])?;
        same(store, &format!("/once/names/{name}"), &array![[1, 2], [3, 4]])?;
    }
    for refused in ["/once/NUL", "/once/con.txt", "/once/a:b", "/once/a.", "/once/a\\b"] {
        if store.insert(refused, 1).is_ok() {
            return Err(format!("{refused} is a key here").into());
        }
    }
    store.insert("/once/from/here", "moved")?;
    store.rename("/once/from", "/once/to")?;
    same(store, "/once/to/here", &"moved".to_owned())?;
    store.insert("/once/removed", 1)?;
    store.remove("/once/removed")?;
    assert!(!store.contains_key("/once/removed")?);
    for turn in 0..2 {
        let draft = store.draft("/once/draft")?.replace(true);
        draft.insert("one", turn)?;
        draft.insert("two", array![1.0, 2.0])?;
        draft.commit()?;
    }
    same(store, "/once/draft/one", &1)?;
    Ok(())
}
