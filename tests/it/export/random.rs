//! Random arrays in random chunks, compared in one go.

use calcstore::{Compression, DataStore, Hdf5Compression};
use ndarray::ArrayD;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

use super::Scene;
use crate::manifest::{self, Described, Manifest};
use crate::oracle::Program;

/// Six hundred take some seconds.
const VARIABLE: &str = "CALCSTORE_RANDOM_DATASETS";

/// An array that is stored, grown, or written in part.
#[derive(Debug)]
struct Plan {
    shape: Vec<usize>,
    chunk: Vec<u64>,
    shard: Option<u64>,
    compression: u8,
    seed: u64,
    is_sparse: bool,
}

fn plans() -> impl Strategy<Value = Plan> {
    let axes = prop::collection::vec((1usize..12, 1u64..7), 1..=4);
    (axes, prop::option::of(1u64..4), 0u8..5, any::<u64>(), any::<bool>()).prop_map(
        |(axes, shard, compression, seed, is_sparse)| {
            let (shape, chunk) = axes.into_iter().unzip();
            Plan { shape, chunk, shard, compression, seed, is_sparse }
        },
    )
}

fn store_one<T>(store: &DataStore, manifest: &mut Manifest, key: &str, plan: &Plan)
where
    T: Described + calcstore::OwnedElement + calcstore::Element,
{
    let mut state = plan.seed | 1;
    let mut values = ArrayD::from_shape_simple_fn(plan.shape.clone(), || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        T::of_bits(state % 7)
    });
    let compression = match plan.compression {
        0 => Compression::NONE,
        1 => Compression::zstd(1).unwrap(),
        2 => Compression::blosc(1).unwrap(),
        level => Compression::gzip(level).unwrap(),
    };
    let shard: Vec<u64> = plan.chunk.iter().map(|length| length * plan.shard.unwrap_or(1)).collect();
    let new = store.new_dataset(key).chunks(&plan.chunk).compression(compression);
    let new = if plan.shard.is_some() { new.shards(&shard) } else { new.shards([]) };
    if plan.is_sparse {
        let shape: Vec<u64> = plan.shape.iter().map(|length| *length as u64).collect();
        let dataset = new.create::<T>(&shape).unwrap();
        let half = plan.shape[0] / 2;
        values.slice_axis_mut(ndarray::Axis(0), ndarray::Slice::from(half..)).fill(T::of_bits(0));
        if half > 0 {
            let part = values.slice_axis(ndarray::Axis(0), ndarray::Slice::from(..half)).to_owned();
            dataset.write(..half, &part).unwrap();
        }
    } else {
        new.insert(&values).unwrap();
    }
    manifest.described(
        key,
        manifest::with(manifest::array(&values), [("kind", json!("dataset")), ("attributes", json!({}))]),
    );
}

#[test]
fn random_arrays_in_random_chunks_are_the_same_to_h5py() {
    let count = std::env::var(VARIABLE).ok().and_then(|count| count.parse().ok()).unwrap_or(600);
    let (scene, mut manifest) = (Scene::new(), Manifest::default());
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    for n in 0..count {
        let plan = plans().new_tree(&mut runner).unwrap().current();
        let key = format!("/{}/{n}", n % 7);
        match n % 5 {
            0 => store_one::<i16>(&scene.store, &mut manifest, &key, &plan),
            1 => store_one::<f64>(&scene.store, &mut manifest, &key, &plan),
            2 => store_one::<bool>(&scene.store, &mut manifest, &key, &plan),
            3 => store_one::<u64>(&scene.store, &mut manifest, &key, &plan),
            _ => store_one::<f32>(&scene.store, &mut manifest, &key, &plan),
        }
    }
    let manifest = scene.manifest(&manifest);
    let gzip = Hdf5Compression::gzip(2).unwrap();
    for compression in [Hdf5Compression::AUTO, Hdf5Compression::NONE, gzip] {
        let is_gzip = compression == gzip;
        let file =
            scene.export(|export| export.compression(compression).chunked(is_gzip).fletcher32(is_gzip));
        let coverage = Program::Python("hdf5_values.py").coverage(&file, &manifest);
        assert!(coverage.is_none_or(|coverage| coverage.checked == count), "{compression}");
    }
}
