//! Every type in every layout.

use std::fmt::Debug;

use calcstore::{AnyArray, Compression, DataStore, Element, OwnedElement};
use half::f16;
use ndarray::{Array, ArrayD, Ix2, arr0};
use num_complex::Complex;
use serde_json::{Value as Json, json};

use super::Scene;
use crate::manifest::{self, Described, Manifest, hex};
use crate::oracle::Program;

/// How a dataset must be stored.
#[derive(Clone)]
struct Stored<'a> {
    maximum: Json,
    chunks: Json,
    gzip: Option<u8>,
    shuffle: bool,
    fill: Option<&'a str>,
}

fn cycled<T: Described>(shape: &[usize]) -> ArrayD<T> {
    let samples: Vec<T> = T::samples();
    let count = shape.iter().product();
    let elements = samples.iter().cycle().take(count).cloned().collect();
    ArrayD::from_shape_vec(shape, elements).unwrap()
}

fn expect<T: Described>(manifest: &mut Manifest, key: &str, values: &ArrayD<T>, stored: &Stored<'_>) {
    let layout = json!({
        "maximum": stored.maximum, "chunks": stored.chunks, "gzip": stored.gzip, "shuffle": stored.shuffle,
        "fill": stored.fill, "fletcher32": false,
    });
    let node = manifest::with(
        manifest::array(values),
        [("kind", json!("dataset")), ("attributes", json!({})), ("layout", layout)],
    );
    manifest.described(key, node);
}

fn of_one_type<T>(manifest: &mut Manifest, store: &DataStore)
where
    T: Described + OwnedElement + Element + Debug,
    AnyArray: From<ArrayD<T>>,
{
    let is_text = T::NAME == "string";
    let shuffle = size_of::<T>() > 1 && !is_text;
    let plain = Stored { maximum: json!(null), chunks: json!(null), gzip: None, shuffle: false, fill: None };
    let layouts = [
        ("plain", None),
        ("gzip", Some(Compression::gzip(7).unwrap())),
        ("zstd", Some(Compression::zstd(3).unwrap())),
        ("blosc", Some(Compression::blosc(5).unwrap())),
    ];
    for (name, compression) in layouts {
        for (group, shape) in [("edge", vec![5, 3]), ("whole", vec![4, 4]), ("cube", vec![3, 2, 5])] {
            let key = format!("/{}/{name}/{group}", T::NAME);
            let values = cycled::<T>(&shape);
            let chunks = vec![2; shape.len()];
            let new = store.new_dataset(&key).chunks(&chunks);
            // Chunks that share a file, and such that have one of their own.
            let new = if group == "edge" { new } else { new.shards([]) };
            new.compression(compression.unwrap_or_default()).insert(&values).unwrap();
            let mut stored = plain.clone();
            if compression.is_some() && !is_text {
                let is_gzip = name == "gzip";
                (stored.gzip, stored.shuffle) = (Some(if is_gzip { 7 } else { 4 }), shuffle && !is_gzip);
                (stored.maximum, stored.chunks) = (json!(shape), json!(chunks));
            }
            expect(manifest, &key, &values, &stored);
        }
    }
    grown::<T>(manifest, store);
    partly_written::<T>(manifest, store);
    for (name, shape) in [("scalar", vec![]), ("empty", vec![0]), ("no rows", vec![0, 3])] {
        let key = format!("/{}/{name}", T::NAME);
        let values = cycled::<T>(&shape);
        store.new_dataset(&key).compression(Compression::gzip(1).unwrap()).insert(&values).unwrap();
        expect(manifest, &key, &values, &plain);
    }
}

fn grown<T>(manifest: &mut Manifest, store: &DataStore)
where
    T: Described + OwnedElement + Element + Debug,
    AnyArray: From<ArrayD<T>>,
{
    for (name, batches) in [("never", 0), ("twice", 2)] {
        let key = format!("/{}/grown {name}", T::NAME);
        let dataset = store.new_dataset(&key).create::<T>(&[0, 3]).unwrap();
        let mut rows = Array::from_shape_vec((0, 3), Vec::<T>::new()).unwrap();
        for _ in 0..batches {
            let batch = cycled::<T>(&[7, 3]).into_dimensionality::<Ix2>().unwrap();
            dataset.append(&batch).unwrap();
            rows.append(ndarray::Axis(0), batch.view()).unwrap();
        }
        let chunks = store.node(&key).unwrap().layout.unwrap().chunks;
        let maximum = json!([null, 3]);
        let stored = Stored { maximum, chunks: json!(chunks), gzip: None, shuffle: false, fill: None };
        expect(manifest, &key, &rows.into_dyn(), &stored);
    }
}

/// What was not written is fill value.
fn partly_written<T>(manifest: &mut Manifest, store: &DataStore)
where
    T: Described + OwnedElement + Element + Debug,
    AnyArray: From<ArrayD<T>>,
{
    for (name, compression) in [("sparse", Compression::NONE), ("sparse gzip", Compression::gzip(6).unwrap())]
    {
        let key = format!("/{}/{name}", T::NAME);
        let is_text = T::NAME == "string";
        let samples = T::samples();
        let (fill, value) = if is_text {
            (samples[0].clone(), samples[1].clone())
        } else {
            (samples[1].clone(), samples[0].clone())
        };
        let new = store.new_dataset(&key).chunks([4, 3]).shards([]).compression(compression);
        let dataset = new.fill_value(arr0(fill.clone())).create::<T>(&[6, 10]).unwrap();
        dataset.write(ndarray::s![1..3, 2..5], arr0(value.clone())).unwrap();
        let mut values = ArrayD::from_elem(vec![6, 10], fill.clone());
        values.slice_mut(ndarray::s![1..3, 2..5]).fill(value);
        let is_zero = fill.bytes().iter().all(|byte| *byte == 0);
        let fill = hex(&fill.bytes());
        let gzip = (compression != Compression::NONE && !is_text).then_some(6);
        let (maximum, chunks) = (json!([6, 10]), json!([4, 3]));
        let fill = Some(fill.as_str()).filter(|_| !is_zero);
        expect(manifest, &key, &values, &Stored { maximum, chunks, gzip, shuffle: false, fill });
    }
}

fn everything() -> (Scene, Manifest) {
    let (scene, mut manifest) = (Scene::new(), Manifest::default());
    macro_rules! each {
        ($($rust:ty)*) => { $(of_one_type::<$rust>(&mut manifest, &scene.store);)* };
    }
    each!(bool i8 i16 i32 i64 u8 u16 u32 u64 f16 f32 f64 Complex<f32> Complex<f64> String);
    (scene, manifest)
}

#[test]
fn every_type_in_every_layout_is_what_h5py_makes_of_it() {
    let (scene, manifest) = everything();
    let file = scene.export(|export| export);
    let coverage = Program::Python("hdf5_reference.py").coverage(&file, &scene.manifest(&manifest));
    let Some(coverage) = coverage else { return };
    assert_eq!((coverage.checked, coverage.skipped.len()), (15 * 19, 0));
}

#[test]
fn every_reader_reads_every_type_in_every_layout_but_for_limits_of_its_own() {
    let (scene, manifest) = everything();
    let file = scene.export(|export| export);
    let manifest = scene.manifest(&manifest);
    for (program, checked) in [
        (Program::Python("hdf5_readers.py"), 3 * 15 * 19),
        (Program::Javascript("hdf5_readers.mjs"), 2 * 15 * 19),
    ] {
        let Some(coverage) = program.coverage(&file, &manifest) else { continue };
        assert_eq!(coverage.checked, checked, "{program:?}");
        let language = if matches!(program, Program::Python(_)) { "python" } else { "javascript" };
        insta::assert_debug_snapshot!(format!("limits_in_{language}"), coverage.skipped);
    }
    assert_eq!(Program::Walk.faults(&file, &manifest), Vec::<String>::new());
}
