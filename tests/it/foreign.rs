//! Zarr hierarchies that other programs wrote: the right values, or an error that says what is not supported.

use std::path::Path;
use std::process::Command;

use calcstore::{DataStore, ErrorKind};
use ndarray::{Array1, Array2, Array3};

use crate::oracle;

/// Writes a hierarchy with every feature that this crate reads, and one that it does not.
const WRITER: &str = r#"
import sys, numpy as np, zarr
from zarr.codecs import BytesCodec, TransposeCodec, GzipCodec, ZstdCodec, BloscCodec, Crc32cCodec

root = zarr.create_group(sys.argv[1], zarr_format=3, attributes={"title": "größe"})
values = np.arange(7 * 5, dtype="float64").reshape(7, 5)

def put(name, data=values, **options):
    array = root.create_array(name, shape=data.shape, dtype=data.dtype, fill_value=None, **options)
    array[...] = data

put("slash", chunks=(3, 2), compressors=None, chunk_key_encoding={"name": "default", "separator": "/"})
put("dot", chunks=(3, 2), compressors=None, chunk_key_encoding={"name": "default", "separator": "."})
put("v2", chunks=(3, 2), compressors=None, chunk_key_encoding={"name": "v2", "separator": "/"})
put("checksum", chunks=(3, 2), compressors=[Crc32cCodec()])
put("wide", chunks=(4, 8), compressors=None)
put("big", chunks=(3, 2), compressors=None, serializer=BytesCodec(endian="big"))
put("transposed", chunks=(3, 2), compressors=None, filters=[TransposeCodec(order=(1, 0))])
put("sharded", chunks=(2, 2), shards=(4, 4), compressors=None)
put("gzip", chunks=(3, 2), compressors=[GzipCodec(level=1)])
put("zstd", chunks=(3, 2), compressors=[ZstdCodec(level=3, checksum=True)])
put("blosc", chunks=(7, 5), compressors=[BloscCodec(cname="lz4", shuffle="bitshuffle")])
put("shards_of_zstd", chunks=(2, 2), shards=(4, 4), compressors=[ZstdCodec()], filters=[TransposeCodec(order=(1, 0))])
root.create_array("time", shape=(2,), dtype="datetime64[ns]")
text = root.create_array("group/text", shape=(3,), dtype=str, chunks=(2,), compressors=None)
text[...] = np.array(["", "ü", "three"], dtype=object)
sparse = root.create_array("sparse", shape=(6, 4, 2), dtype="int16", chunks=(2, 2, 2), fill_value=-7, compressors=None)
sparse[2:4, 0:2, :] = 1
put("scalar", data=np.array(2.5), compressors=None)
"#;

fn open(path: &Path) -> DataStore {
    DataStore::options().read_only(true).at(path).unwrap()
}

fn written() -> Option<(tempfile::TempDir, DataStore)> {
    let Some(python) = oracle::python() else {
        assert_eq!(oracle::skip("zarr-python"), Vec::<String>::new());
        return None;
    };
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("foreign.zarr");
    let output = Command::new(python).args(["-c", WRITER]).arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let store = open(&path);
    Some((directory, store))
}

#[test]
fn arrays_that_zarr_python_wrote_have_the_right_values() {
    let Some((directory, store)) = written() else { return };
    let expected = Array2::from_shape_fn((7, 5), |(i, j)| (i * 5 + j) as f64);
    for key in [
        "slash",
        "dot",
        "v2",
        "checksum",
        "wide",
        "big",
        "transposed",
        "sharded",
        "gzip",
        "zstd",
        "blosc",
        "shards_of_zstd",
    ] {
        assert_eq!(store.get::<Array2<f64>>(key).unwrap(), expected, "{key}");
    }
    assert_eq!(store.get::<Vec<String>>("/group/text").unwrap(), ["", "ü", "three"]);
    assert_eq!(store.get::<f64>("/scalar").unwrap(), 2.5);
    let inside = |(i, j, _): (usize, usize, usize)| (2..4).contains(&i) && j < 2;
    let sparse = Array3::from_shape_fn((6, 4, 2), |at| if inside(at) { 1i16 } else { -7 });
    assert_eq!(store.get::<Array3<i16>>("/sparse").unwrap(), sparse);
    assert_eq!(store.attributes("/").unwrap().get::<String>("title").unwrap(), "größe");
    assert_eq!(store.insert("/new", 1.0).unwrap_err().kind(), ErrorKind::ReadOnly);
    let error = store.value("/time").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("numpy.datetime64"), "{error}");
    let file = directory.path().join("foreign.hdf5");
    let report = store.hdf5_export().file(&file).run().unwrap();
    let left_out: Vec<&str> = report.left_out.iter().map(|left_out| left_out.key.as_str()).collect();
    assert_eq!(left_out, ["/time"]);
}

/// Compares every array of two hierarchies, and wants no warning.
const COMPARER: &str = r#"
import sys, warnings, numpy as np, zarr
warnings.simplefilter("error")
one, other = (zarr.open_group(path, mode="r", zarr_format=3, use_consolidated=False) for path in sys.argv[1:3])
members = {key: member for key, member in one.members(max_depth=None) if key != "time"}
assert members.keys() == dict(other.members(max_depth=None)).keys() and len(members) >= 13, members.keys()
for key, member in members.items():
    if isinstance(member, zarr.Array):
        np.testing.assert_array_equal(member[...], other[key][...], strict=True)
"#;

#[test]
fn what_zarr_python_wrote_is_copied_as_it_is() {
    let Some((directory, foreign)) = written() else { return };
    let store = DataStore::at(directory.path().join("store")).unwrap();
    // A node whose data type is not known ends a copy.
    let error = store.copy_from(&foreign, "/", "/foreign").run().unwrap_err();
    assert_eq!((error.kind(), error.key()), (ErrorKind::Unsupported, Some("/time")));
    for name in foreign.keys("/").unwrap().filter(|name| name != "time") {
        store.copy_from(&foreign, &name, &format!("/foreign/{name}")).run().unwrap();
    }
    assert_eq!(
        store.get::<Array3<i16>>("/foreign/sparse").unwrap(),
        foreign.get::<Array3<i16>>("/sparse").unwrap()
    );
    let document = std::fs::read(store.calc_dir().join("output.zarr/foreign/sparse/zarr.json")).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
    assert_eq!(document["attributes"]["calcstore"], serde_json::json!({"sparse": true}));
    assert_eq!(document["dimension_names"][2], "foreign:sparse:2");
    let report = store.check("/", |_| calcstore::Continue::Yes).unwrap();
    assert_eq!(report.faults, []);
    // Nothing is missing of an array that a copy calls complete.
    std::fs::remove_file(store.calc_dir().join("output.zarr/foreign/v2/2/1")).unwrap();
    assert_eq!(store.get::<Array2<f64>>("/foreign/v2").unwrap_err().kind(), ErrorKind::Corrupt);
    store.remove("/foreign/v2").unwrap();
    store.copy_from(&foreign, "/v2", "/foreign/v2").run().unwrap();
    let paths = [foreign.calc_dir().to_owned(), store.calc_dir().join("output.zarr/foreign")];
    let output = Command::new(oracle::python().unwrap()).args(["-c", COMPARER]).args(paths).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_single_array_is_a_hierarchy_too() {
    let directory = tempfile::tempdir().unwrap();
    let store = DataStore::at(directory.path()).unwrap();
    store.insert("/a", [1i64, 2]).unwrap();
    let alone = open(&directory.path().join("output.zarr/a"));
    assert_eq!(alone.get::<Array1<i64>>("/").unwrap().to_vec(), [1, 2]);
}
