//! HDF5 files as a side of a comparison.

use calcstore::{Comparison, Compression, Hdf5File};
use ndarray::Array2;

use super::{Two, differences, keys, said, table};
use crate::oracle;

#[test]
fn a_store_equals_its_export_and_differs_from_it_once_it_changes() {
    let two = Two::with_values();
    let wave = Array2::from_shape_fn((1500, 1000), |(i, j)| (i as f64).sin() * j as f64);
    two.a.insert("/wave", &wave).unwrap();
    two.a.new_dataset("/gzip").compression(Compression::gzip(1).unwrap()).insert(&wave).unwrap();
    two.a
        .new_dataset("/axes")
        .dimension_names(["site", "imt"])
        .insert(ndarray::array![[true, false]])
        .unwrap();
    two.a.insert("/half", [half::f16::ONE]).unwrap();
    two.a.insert("/complex", [num_complex::Complex::new(1.0, 2.0)]).unwrap();
    two.a.insert("/scalar", "text").unwrap();
    two.a.attributes("/wave").unwrap().insert("x", [0.5f32, f32::NAN]).unwrap();
    let file = Hdf5File::open(two.a.export_hdf5().unwrap().file).unwrap();
    let report = two.a.compare(&file).list(5).run().unwrap();
    assert_eq!(differences(&report), []);
    assert_eq!(report.nodes, 10 + 6);
    assert!(Comparison::new(&file, &two.a).run().unwrap().is_equal());
    assert!(Comparison::new(&file, &file).keys("/gzip", "/wave").run().unwrap().differing.len() == 1);

    two.a.dataset("/wave").unwrap().write((1499, 999), 7.0).unwrap();
    two.a.dataset("/gzip").unwrap().write((0, 1), 1.0).unwrap();
    two.a.insert("/table", table(&[1.0, 2.0, 3.5])).unwrap();
    two.a.insert("/new", 1).unwrap();
    two.a.insert_object("/job", &serde_json::json!({"levels": [1, 2.5], "name": "other"})).unwrap();
    two.a.remove("/raw").unwrap();
    two.a.attributes("/wave").unwrap().insert("x", [0.5f32, 1.0]).unwrap();
    let report = two.a.compare(&file).list(5).run().unwrap();
    assert_eq!(keys(&report), ["/gzip", "/job", "/new", "/raw", "/table/PGA", "/wave"]);
    let said: Vec<String> = differences(&report).iter().map(said).collect();
    assert_eq!(said[0], "/gzip 1/1500000 abs 1.0 [0, 1]: [0, 1] 1.0 0.0");
    assert_eq!(said[1], r#"/job 1: .name Some(String("other")) Some(String("demo"))"#);
    assert_eq!(said[4], "/table/PGA 1/3 abs 0.5 [2] rel 0.16666666666666666 [2]: [2] 3.5 3.0");
    assert!(
        said[5].starts_with("/wave 1/1500000 abs ") && said[5].contains(": [1499, 999] 7.0 "),
        "{}",
        said[5]
    );
    assert!(said[6].starts_with("/wave x "), "{}", said[6]);
}

#[test]
fn a_file_of_h5py_equals_what_was_imported_from_it() {
    let Some(python) = oracle::python() else {
        assert_eq!(oracle::skip("h5py"), Vec::<String>::new());
        return;
    };
    let two = Two::new();
    let path = two.a.calc_dir().join("of_h5py.h5");
    let code = "import h5py, numpy as np, sys\n\
                with h5py.File(sys.argv[1], 'w') as f:\n\
                \x20   f['g/big'] = np.arange(6, dtype='>i4').reshape(2, 3)\n\
                \x20   f.create_dataset('g/chunked', data=np.arange(2e6), chunks=(1000,), compression='gzip')\n\
                \x20   f['rows'] = np.array([(1, 2.5), (3, np.nan)], dtype=[('n', 'i2'), ('x', 'f8')])\n\
                \x20   f['text'] = ['one', 'größe']\n\
                \x20   f['g'].attrs['units'] = np.float32(0.1)\n";
    assert!(std::process::Command::new(python).args(["-c", code]).arg(&path).status().unwrap().success());
    two.a.hdf5_import(&path).run().unwrap();
    let file = Hdf5File::open(&path).unwrap();
    let report = two.a.compare(&file).run().unwrap();
    assert_eq!(differences(&report), []);
    assert!(report.bytes > 16_000_000, "{report:?}");
    two.a.dataset("/g/chunked").unwrap().write(1_999_999, 0.0).unwrap();
    assert_eq!(keys(&two.a.compare(&file).run().unwrap()), ["/g/chunked"]);
}

#[test]
fn chunks_that_no_file_has_are_not_compared() {
    let Some(python) = oracle::python() else {
        assert_eq!(oracle::skip("h5py"), Vec::<String>::new());
        return;
    };
    let two = Two::new();
    let code = "import h5py, numpy as np, sys\n\
                for path, value in zip(sys.argv[1:], (1, 2)):\n\
                \x20   with h5py.File(path, 'w') as f:\n\
                \x20       n, row = 2**33, np.dtype([('i', 'i4'), ('x', 'f8')])\n\
                \x20       f.create_dataset('numbers', (n, 2), 'f8', chunks=(64, 2), fillvalue=9)[2**32, 1] = value\n\
                \x20       f.create_dataset('rows', (n,), row, chunks=(64,))[n - 1] = (1, value)\n\
                \x20       f.create_dataset('text', (n,), h5py.string_dtype(), chunks=(64,))[64] = str(value)\n\
                \x20       f.create_dataset('nothing', (n, 2**20), 'f8', chunks=(64, 64))\n\
                \x20       f.create_dataset('one', (100,), 'i4', chunks=(100,))[99] = value\n";
    let paths = ["a.h5", "b.h5"].map(|name| two.a.calc_dir().join(name));
    assert!(std::process::Command::new(python).args(["-c", code]).args(&paths).status().unwrap().success());
    let [a, b] = paths.map(|path| Hdf5File::open(path).unwrap());
    let report = Comparison::new(&a, &b).list(1).run().unwrap();
    assert!(report.bytes < 40 << 20, "{}", report.bytes);
    assert_eq!(
        differences(&report).iter().map(said).collect::<Vec<_>>(),
        [
            "/numbers 1/17179869184 abs 1.0 [4294967296, 1] rel 0.5 [4294967296, 1]: [4294967296, 1] 1.0 2.0",
            "/one 1/100 abs 1.0 [99] rel 0.5 [99]: [99] 1 2",
            "/rows/x 1/8589934592 abs 1.0 [8589934591] rel 0.5 [8589934591]: [8589934591] 1.0 2.0",
            r#"/text 1/8589934592: [64] "1" "2""#,
        ]
    );
}
