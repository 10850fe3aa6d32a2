//! Values that are stored anew in another layout.

use calcstore::{Bytes, Compression, Continue, DataStore, ErrorKind, Table, Value};
use ndarray::{Array2, Array3, ArrayD};
use serde_json::json;

fn store() -> (tempfile::TempDir, DataStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path().join("s")).unwrap();
    (directory, store)
}

fn cube() -> Array3<f64> {
    Array3::from_shape_fn((17, 9, 5), |(i, j, k)| (i * 100 + j * 10 + k) as f64)
}

fn is_sound(store: &DataStore) {
    assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);
}

#[test]
fn an_array_has_the_same_elements_in_every_layout() {
    let (_directory, store) = store();
    let new = store.new_dataset("/g/a").coordinate("z", [1, 2, 3, 4, 5]).dimension_names(["x", "y", "z"]);
    new.fill_value(f64::NAN).chunks([4, 4, 4]).insert(cube()).unwrap();
    store.attributes("/g/a").unwrap().insert("units", "g").unwrap();
    let zstd = Compression::zstd(3).unwrap();
    for (chunks, shards, compression) in [
        ([17, 9, 5], None, Some(zstd)),
        ([1, 1, 1], Some(vec![]), None),
        ([2, 3, 5], Some(vec![4, 9, 5]), Some(Compression::gzip(6).unwrap())),
        ([100, 100, 100], None, Some(Compression::NONE)),
        ([5, 2, 3], None, Some(Compression::blosc(5).unwrap())),
    ] {
        let mut repack = store.repack("/g/a").chunks(chunks);
        if let Some(shards) = &shards {
            repack = repack.shards(shards);
        }
        if let Some(compression) = compression {
            repack = repack.compression(compression);
        }
        assert_eq!(repack.run().unwrap().bytes, 17 * 9 * 5 * 8);
        let dataset = store.dataset("/g/a").unwrap();
        assert_eq!(dataset.chunks(), chunks);
        assert!(shards.is_none_or(|shards| dataset.shards().unwrap_or_default() == shards));
        assert_eq!(dataset.read::<Array3<f64>>(..).unwrap(), cube());
        assert_eq!(dataset.dimension_names(), ["x", "y", "z"].map(|name| Some(name.to_owned())));
        assert_eq!(dataset.coordinate("z").unwrap().len(), 5);
        assert_eq!(dataset.attributes().unwrap().get::<String>("units").unwrap(), "g");
        // The fill value has stayed: what is new is NaN.
        dataset.resize(&[18, 9, 5]).unwrap();
        assert!(dataset.read::<f64>((17, 0, 0)).unwrap().is_nan());
        dataset.resize(&[17, 9, 5]).unwrap();
        is_sound(&store);
    }
    assert_eq!(store.node("/g/a").unwrap().layout.unwrap().codecs[0]["name"], "sharding_indexed");
}

#[test]
fn what_is_not_said_stays_as_it_is() {
    let (_directory, store) = store();
    let new = store.new_dataset("/a").chunks([4, 4, 4]).shards([8, 8, 8]);
    new.compression(Compression::zstd(5).unwrap()).insert(cube()).unwrap();
    let before = store.node("/a").unwrap().layout.unwrap();
    store.repack("/a").run().unwrap();
    assert_eq!(store.node("/a").unwrap().layout.unwrap(), before);
    store.repack("/a").chunks([2, 4, 4]).shards([8, 8, 8]).run().unwrap();
    let after = store.node("/a").unwrap().layout.unwrap();
    assert_eq!(after.codecs[0]["configuration"]["codecs"], before.codecs[0]["configuration"]["codecs"]);
}

#[test]
fn every_kind_of_value_can_be_stored_anew() {
    let (_directory, store) = store();
    let mut table = Table::new();
    table.push("PGA", Array2::from_shape_fn((1000, 3), |(i, j)| (i + j) as f64)).unwrap();
    table.push("name", (0..1000).map(|n| format!("site {n}")).collect::<Vec<_>>()).unwrap();
    store.insert("/table", &table).unwrap();
    store.insert("/text", vec!["Größe", "", "山"]).unwrap();
    store.insert("/scalar", 2.5).unwrap();
    store.insert("/empty", ArrayD::<f32>::zeros(vec![0, 3])).unwrap();
    store.insert("/bytes", Bytes(vec![7u8; 5000])).unwrap();
    store.insert_object("/object", &json!({"a": [1, "two"]})).unwrap();
    let keys: Vec<String> = store.keys("/").unwrap().collect();
    let value = |key: &str| format!("{:?}", store.get::<Value>(key).unwrap());
    let before: Vec<String> = keys.iter().map(|key| value(key)).collect();
    for key in &keys {
        store.repack(key).compression(Compression::zstd(3).unwrap()).run().unwrap();
    }
    store.repack("/table").chunks([64]).run().unwrap();
    assert_eq!(keys.iter().map(|key| value(key)).collect::<Vec<_>>(), before);
    assert_eq!(store.dataset("/table/PGA").unwrap().chunks(), [64, 3]);
    assert!(store.size("/bytes").unwrap().stored_bytes < 1000);
    let rows = store.table("/table").unwrap().append(&table).unwrap();
    assert_eq!(rows, 2000);
    is_sound(&store);
}

#[test]
fn what_was_never_written_takes_no_file() {
    let (_directory, store) = store();
    let sparse = store.new_dataset("/sparse").chunks([10]).shards([]).create::<f64>(&[1_000_000]).unwrap();
    sparse.write(123_456..123_458, [1.0, 2.0]).unwrap();
    store.repack("/sparse").chunks([1000]).shards([]).run().unwrap();
    assert_eq!(store.size("/sparse").unwrap().files, 2);
    assert_eq!(
        store.dataset("/sparse").unwrap().read::<Vec<f64>>(123_455..123_459).unwrap(),
        [0.0, 1.0, 2.0, 0.0]
    );
    is_sound(&store);
}

#[test]
fn after_an_error_the_value_is_as_it_was() {
    let (_directory, store) = store();
    store.insert("/g/a", cube()).unwrap();
    let fails = |kind: ErrorKind, repack: calcstore::Repack<'_>| {
        assert_eq!(repack.run().unwrap_err().kind(), kind);
        assert_eq!(store.get::<Array3<f64>>("/g/a").unwrap(), cube());
    };
    fails(ErrorKind::WrongType, store.repack("/g").chunks([1]));
    fails(ErrorKind::NotFound, store.repack("/g/b").chunks([1]));
    fails(ErrorKind::InvalidInput, store.repack("/g/a").chunks([1]));
    fails(ErrorKind::InvalidInput, store.repack("/g/a").chunks([2, 2, 2]).shards([3, 2, 2]));
    fails(ErrorKind::Cancelled, store.repack("/g/a").chunks([2, 2, 2]).on_progress(|_| Continue::No));
    is_sound(&store);
    let leftovers = store.gc().dry_run(true).older_than(std::time::Duration::ZERO).run().unwrap();
    assert_eq!(leftovers.files(), 0);
}

#[test]
fn a_write_that_comes_between_is_not_lost() {
    let (_directory, store) = store();
    store.insert("/a", vec![0i64; 1000]).unwrap();
    let mut writes = 0;
    let repack = store.repack("/a").chunks([100]).on_progress(|_| {
        if writes < 2 {
            writes += 1;
            store.dataset("/a").unwrap().write(writes, i64::from(writes)).unwrap();
        }
        Continue::Yes
    });
    repack.run().unwrap();
    let elements = store.get::<Vec<i64>>("/a").unwrap();
    assert_eq!((elements[..4].to_vec(), writes), (vec![0, 1, 2, 0], 2));
    assert_eq!(store.dataset("/a").unwrap().chunks(), [100]);
}

#[test]
fn what_takes_several_blocks_is_put_together_again() {
    let (_directory, store) = store();
    // Some 20 and 40 MB, more than is held in memory at a time; no length is a multiple of another.
    let large = Array2::from_shape_fn((5003, 1001), |(i, j)| (i * 1001 + j) as f32);
    store.insert("/large", &large).unwrap();
    let mut blocks = 0;
    let repack = store.repack("/large").chunks([37, 500]).shards([]).on_progress(|_| {
        blocks += 1;
        Continue::Yes
    });
    repack.run().unwrap();
    assert!(blocks > 1);
    assert_eq!(store.get::<Array2<f32>>("/large").unwrap(), large);
    assert_eq!(store.size("/large").unwrap().files, 1 + 5003u64.div_ceil(37) * 3);

    let mut table = Table::new();
    table.push("n", (0..2_500_000i64).collect::<Vec<_>>()).unwrap();
    table.push("x", (0..2_500_000).map(|n| f64::from(n) * 0.5).collect::<Vec<_>>()).unwrap();
    store.insert("/table", &table).unwrap();
    store.repack("/table").chunks([300_007]).run().unwrap();
    assert_eq!(store.get::<Table>("/table").unwrap(), table);
    is_sound(&store);
}
