//! Arrays that zarr-python wrote into a store, with every form of chunk keys, and that were changed afterwards.

use std::fmt::Debug;
use std::process::Command;

use calcstore::{AnyArray, DataStore, Durability, ErrorKind};
use ndarray::{ArrayD, Axis, IxDyn, Slice, arr0, concatenate};
use num_complex::Complex;

use super::Written;
use super::layouts::Random;
use super::samples::Samples;
use crate::manifest::{Described, hex};
use crate::oracle::{self, Program};

/// Writes arrays of every type it is given into the group of that name, one for each form of the keys and each chain
/// of codecs.
const WRITER: &str = r#"
import sys, numpy as np, zarr
from zarr.codecs import BytesCodec, BloscCodec, Crc32cCodec, GzipCodec, ShardingCodec, TransposeCodec, ZstdCodec

root = zarr.open_group(sys.argv[1], mode="r+", zarr_format=3)
turned = [TransposeCodec(order=(1, 0))]
chains = {
    "plain": {"chunks": (3, 2), "compressors": None},
    "big": {"chunks": (3, 2), "compressors": [ZstdCodec(level=1)], "serializer": BytesCodec(endian="big")},
    "turned": {"chunks": (3, 2), "compressors": [GzipCodec(level=5), Crc32cCodec()], "filters": turned},
    "wide": {"chunks": (9, 9), "compressors": [BloscCodec(cname="zstd", shuffle="bitshuffle")]},
    "sharded": {"chunks": (2, 2), "shards": (4, 4), "compressors": [ZstdCodec()], "filters": turned},
}
sharding = {"chunk_shape": (1, 2), "codecs": [BytesCodec(), GzipCodec()], "index_location": "start"}
chains["first"] = {"chunks": (4, 6), "compressors": None, "serializer": ShardingCodec(**sharding)}
for name, digits in zip(sys.argv[2::2], sys.argv[3::2]):
    values = np.frombuffer(bytes.fromhex(digits), np.dtype(name).newbyteorder("<")).reshape(7, 5)
    for chain, options in chains.items():
        for keys in ["default", "v2"]:
            for separator in "./":
                encoding = {"name": keys, "separator": separator}
                how = "dots" if separator == "." else "slashes"
                key = f"{name}/{chain} {keys} {how}"
                fill = np.dtype(name).type(1)
                array = root.create_array(
                    key, shape=(7, 5), dtype=values.dtype, fill_value=fill, chunk_key_encoding=encoding, **options
                )
                array[...] = values
                scalar = root.create_array(
                    f"{key} scalar", shape=(), dtype=values.dtype, chunk_key_encoding=encoding, compressors=None
                )
                scalar[...] = values[0, 0]
                sparse = root.create_array(
                    f"{key} sparse", shape=(7, 5), dtype=values.dtype, fill_value=fill, chunk_key_encoding=encoding,
                    attributes={"calcstore": {"sparse": True}}, **options
                )
                sparse[6, 4] = values[6, 4]
"#;

const CHAINS: [&str; 6] = ["plain", "big", "turned", "wide", "sharded", "first"];

/// The elements that zarr-python is to write.
fn theirs<T: Described>() -> ArrayD<T> {
    let mut random = Random(7);
    ArrayD::from_shape_simple_fn(IxDyn(&[7, 5]), || T::of_bits(random.next()))
}

fn digits<T: Described>() -> [String; 2] {
    [T::NAME.to_owned(), hex(&theirs::<T>().iter().flat_map(Described::bytes).collect::<Vec<_>>())]
}

/// Changes what zarr-python wrote of one type, every array in every way that is for it.
fn change<T>(samples: &mut Samples, store: &DataStore, one: T)
where
    T: Described + PartialEq + Debug,
    AnyArray: From<ArrayD<T>>,
{
    let mut random = Random(8);
    let part = ArrayD::from_shape_simple_fn(IxDyn(&[3, 3]), || T::of_bits(random.next()));
    let rows = ArrayD::from_shape_simple_fn(IxDyn(&[6, 5]), || T::of_bits(random.next()));
    let scalar = arr0(T::of_bits(random.next())).into_dyn();
    for chain in CHAINS {
        for keys in ["default dots", "default slashes", "v2 dots", "v2 slashes"] {
            let key = format!("/{}/{chain} {keys}", T::NAME);
            let is_nested = keys.ends_with("slashes");
            let empty = ArrayD::from_elem(IxDyn(&[7, 5]), one.clone());
            for (key, mut expected, last) in [
                (key.clone(), theirs::<T>(), None),
                (format!("{key} sparse"), empty, theirs::<T>().last().cloned()),
            ] {
                if let Some(last) = last {
                    expected[[6, 4]] = last;
                }
                let dataset = store.dataset(&key).unwrap().atomic(!is_nested);
                dataset.write("1:6:2, 1:4", &part).unwrap();
                expected
                    .slice_each_axis_mut(|axis| match axis.axis {
                        Axis(0) => Slice::new(1, Some(6), 2),
                        _ => Slice::from(1..4),
                    })
                    .assign(&part);
                assert_eq!(dataset.append(&rows).unwrap(), 13);
                expected = concatenate(Axis(0), &[expected.view(), rows.view()]).unwrap();
                let resized = dataset.resize(&[12, 6]);
                if is_nested {
                    assert_eq!(resized.unwrap_err().kind(), ErrorKind::Unsupported, "{key}");
                } else {
                    resized.unwrap();
                    let column = ArrayD::from_elem(IxDyn(&[13, 1]), one.clone());
                    expected = concatenate(Axis(1), &[expected.view(), column.view()]).unwrap();
                    expected.slice_axis_inplace(Axis(0), Slice::from(..12));
                }
                samples.manifest.named_dataset(&key, &expected, None);
                samples.check_array(&key, &expected);
            }
            let key = format!("{key} scalar");
            store.dataset(&key).unwrap().write((), &scalar).unwrap();
            samples.manifest.named_dataset(&key, &scalar, None);
            samples.check_array(&key, &scalar);
        }
    }
}

#[test]
fn arrays_of_zarr_python_with_any_chunk_keys_are_changed_so_that_it_reads_them() {
    let Some(python) = oracle::python() else {
        assert_eq!(oracle::skip("zarr-python"), Vec::<String>::new());
        return;
    };
    let written = Written::new(Durability::Process, |samples, store| {
        let mut writer = Command::new(python);
        writer.args(["-c", WRITER]).arg(store.calc_dir().join("output.zarr"));
        writer
            .args(digits::<i16>())
            .args(digits::<f32>())
            .args(digits::<f64>())
            .args(digits::<Complex<f64>>());
        let output = writer.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        change(samples, store, 1i16);
        change(samples, store, 1f32);
        change(samples, store, 1f64);
        change(samples, store, Complex::new(1f64, 0.0));
    });
    let store = written.open();
    written.samples.checks.iter().for_each(|check| check(&store));
    let arrays = written.samples.manifest.len() as u64;
    assert_eq!(arrays, 4 * 6 * 4 * 3);
    let path = written.directory.path().join("store/output.zarr");
    let manifest = written.samples.manifest.write(written.directory.path(), "theirs.json");
    for (program, checked) in [("zarr_python.py", arrays + 4), ("tensorstore_read.py", arrays)] {
        let coverage = Program::Python(program).coverage(&path, &manifest).unwrap();
        assert_eq!((coverage.checked, coverage.skipped.len()), (checked, 0), "{program}");
    }
}
