//! Everything that a store can hold, written once and read by this crate and by other people's programs.

mod attributes;
mod family;
mod layouts;
mod samples;
mod selections;
mod separators;
mod values;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use calcstore::{Continue, DataStore, Durability, ExportReport, Half, Hdf5Compression, Hdf5Export, TablesAs};
use tempfile::TempDir;

use crate::oracle::{Program, agree};
use samples::Samples;

const ZARR: [Program; 3] = [
    Program::Python("zarr_python.py"),
    Program::Python("tensorstore_read.py"),
    Program::Python("xarray_tree.py"),
];
const HDF5: [Program; 5] = [
    Program::Python("h5py_read.py"),
    Program::Python("pyfive_read.py"),
    Program::Hdf5Tools,
    Program::H5wasm,
    Program::Walk,
];

/// A store with everything in it that `fill` puts there.
struct Written {
    directory: TempDir,
    samples: Samples,
}

impl Written {
    fn new(durability: Durability, fill: impl FnOnce(&mut Samples, &DataStore)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = DataStore::options().durability(durability).at(directory.path().join("store")).unwrap();
        let mut samples = Samples::default();
        fill(&mut samples, &store);
        store.close().unwrap();
        Self { directory, samples }
    }

    /// Opens it as another program would.
    fn open(&self) -> DataStore {
        DataStore::options().read_only(true).at(self.directory.path().join("store")).unwrap()
    }

    fn agree_on_zarr(&self) {
        let mut manifest = self.samples.manifest.clone();
        let json = self.open().attributes("/").unwrap().json().unwrap();
        for name in ["date", "calcstore_version"] {
            manifest.attribute("/", name, json[name].clone());
        }
        let manifest = manifest.write(self.directory.path(), "zarr.json");
        agree(&ZARR, &self.directory.path().join("store/output.zarr"), &manifest);
    }

    fn export(&self) -> ExportReport {
        self.open().hdf5_export().file(self.directory.path().join("exported.hdf5")).run().unwrap()
    }

    fn agree_on_hdf5(&self) {
        let report = self.export();
        assert_eq!(report.left_out, []);
        let mut manifest = self.samples.manifest.clone();
        let json = self.open().attributes("/").unwrap().json().unwrap();
        manifest.attribute("/", "date", json["date"].clone());
        let manifest = manifest.write(self.directory.path(), "hdf5.json");
        agree(&HDF5, &report.file, &manifest);
    }
}

fn everything(samples: &mut Samples, store: &DataStore) {
    values::arrays_of_every_type(samples, store);
    values::tables(samples, store);
    values::objects_and_bytes(samples, store);
    attributes::of_every_type_on_every_kind(samples, store);
}

#[test]
fn every_value_comes_back_as_it_was_stored_at_both_levels_of_durability() {
    let [process, power] = [Durability::Process, Durability::Power].map(|durability| {
        let written = Written::new(durability, everything);
        let store = written.open();
        assert!(written.samples.checks.len() > 150);
        written.samples.checks.iter().for_each(|check| check(&store));
        let report = store.check("/", |_| Continue::Yes).unwrap();
        assert_eq!(report.faults, []);
        assert!(report.checked > 200, "{}", report.checked);
        written
    });
    let process = files(&process.directory.path().join("store/output.zarr"));
    let power = files(&power.directory.path().join("store/output.zarr"));
    let differing: Vec<_> = process.iter().filter(|(path, bytes)| power.get(*path) != Some(bytes)).collect();
    assert_eq!(process.len(), power.len());
    assert!(differing.is_empty(), "{differing:?}");
}

#[test]
fn every_value_is_the_same_to_every_program_that_reads_zarr() {
    Written::new(Durability::Process, everything).agree_on_zarr();
}

#[test]
fn every_value_is_the_same_to_every_program_that_reads_hdf5() {
    Written::new(Durability::Process, everything).agree_on_hdf5();
}

/// What a store holds, as text: kinds, types, shapes and elements of all nodes, and their attributes with their types.
pub fn contents(store: &DataStore) -> BTreeMap<String, String> {
    let nodes = store.walk_nodes("/").unwrap();
    let keys = nodes.iter().map(|node| node.key.clone()).chain(["/".to_owned()]);
    let shown = |key: String| {
        let value = store.value(&key).unwrap();
        let attributes = store.attributes(&key).unwrap();
        let mut json = attributes.json().unwrap();
        if key == "/" {
            json.remove("date");
        }
        let noted = |name: &String| attributes.array(name).map(|a| (a.data_type(), a.shape().to_vec())).ok();
        let types = json.keys().map(noted).collect::<Vec<_>>();
        // HDF5 has attributes in the order of their names.
        let json: BTreeMap<_, _> =
            json.iter().zip(types).map(|((name, json), of)| (name, (json, of))).collect();
        (key, format!("{value:?} {json:?}"))
    };
    keys.map(shown).collect()
}

#[test]
fn an_export_that_is_imported_is_the_same_store() {
    type Choice = fn(Hdf5Export<'_>) -> Hdf5Export<'_>;
    let choices: [Choice; 4] = [
        |export| export,
        |export| export.tables(TablesAs::Groups).half(Half::Keep),
        |export| export.netcdf_safe(true),
        |export| export.compression(Hdf5Compression::gzip(1).unwrap()).chunked(true).fletcher32(true),
    ];
    let fills: [fn(&mut Samples, &DataStore); 2] = [everything, values::of_several_chunks];
    for written in fills.map(|fill| Written::new(Durability::Process, fill)) {
        let expected = contents(&written.open());
        for (n, choice) in choices.into_iter().enumerate() {
            let (store, file) = (written.open(), written.directory.path().join(format!("{n}.hdf5")));
            choice(store.hdf5_export().file(&file)).run().unwrap();
            let imported = DataStore::at(written.directory.path().join(format!("imported_{n}"))).unwrap();
            let report = imported.hdf5_import(&file).run().unwrap();
            assert_eq!((report.left_out, report.renamed), (vec![], vec![]), "{n}");
            let found = contents(&imported);
            for (key, value) in &expected {
                let other = found.get(key).map_or("nothing", String::as_str);
                let at =
                    value.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count().saturating_sub(40);
                let part = |text: &str| text.chars().skip(at).take(300).collect::<String>();
                assert!(value == other, "{n} {key}:\n{}\n{}", part(value), part(other));
            }
            assert_eq!(found.len(), expected.len(), "{n}");
            written.samples.checks.iter().for_each(|check| check(&imported));
        }
    }
}

#[test]
fn values_of_several_chunks_are_the_same_to_every_program() {
    let written = Written::new(Durability::Process, values::of_several_chunks);
    let store = written.open();
    written.samples.checks.iter().for_each(|check| check(&store));
    assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);
    written.agree_on_zarr();
    written.agree_on_hdf5();
}

#[test]
fn what_was_copied_to_its_own_key_or_moved_away_and_back_has_the_same_bytes() {
    let written = Written::new(Durability::Process, everything);
    let expected = files(&written.directory.path().join("store/output.zarr"));
    let other = DataStore::at(written.directory.path().join("other")).unwrap();
    for name in written.open().keys("/").unwrap() {
        other.copy_from(&written.open(), &name, &name).run().unwrap();
        other.rename(&name, "~").unwrap();
        other.rename("~", &name).unwrap();
    }
    let root = written.open().attributes("/").unwrap().json().unwrap();
    for (name, value) in root {
        other.attributes("/").unwrap().insert_json(&name, value).unwrap();
    }
    let mut found = files(&other.calc_dir().join("output.zarr"));
    // The root is no copy, and notes the types of its attributes in another way.
    found.insert("zarr.json".to_owned(), expected["zarr.json"].clone());
    let differing: Vec<_> = expected.iter().filter(|(path, bytes)| found.get(*path) != Some(bytes)).collect();
    assert!(differing.is_empty() && found.len() == expected.len(), "{differing:?}");
}

#[test]
fn two_exports_of_one_store_have_the_same_bytes() {
    let written = Written::new(Durability::Process, everything);
    let first = fs::read(written.export().file).unwrap();
    fs::remove_file(written.directory.path().join("exported.hdf5")).unwrap();
    assert!(first == fs::read(written.export().file).unwrap());
}

#[test]
fn what_hdf5_cannot_hold_is_left_out_by_name_and_the_rest_is_exported() {
    let written = Written::new(Durability::Process, |samples, store| {
        samples.array(store, "/whole", ndarray::array![1.0, 2.0]);
        store.insert("/zero", ["fine", "not\0fine"]).unwrap();
        let mut table = calcstore::Table::new();
        table.push("wide", ndarray::Array2::<f64>::zeros((2, 0))).unwrap();
        table.push("id", [1i64, 2]).unwrap();
        store.insert("/table", table).unwrap();
        store.insert("/both", "a\0b").unwrap();
        store.attributes("/both").unwrap().insert("text", "a\0b").unwrap();
        store.attributes("/whole").unwrap().insert("text", "a\0b").unwrap();
    });
    let report = written.export();
    let left_out: Vec<&str> = report.left_out.iter().map(|left_out| left_out.key.as_str()).collect();
    assert_eq!(left_out, ["/both", "/whole@text", "/zero"]);
    assert!(report.left_out[0].why.contains("NUL"), "{report:?}");
    assert_eq!(report.tables_as_groups, ["/table"]);
    assert_eq!(Program::Walk.faults(&report.file, Path::new("")), Vec::<String>::new());
}

/// Every file below a directory but the date of the store.
fn files(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let mut bytes = fs::read(&path).unwrap();
            if path == directory.join("zarr.json") {
                let mut root: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
                root["attributes"].as_object_mut().unwrap().remove("date").unwrap();
                bytes = root.to_string().into_bytes();
            }
            found.insert(path.strip_prefix(directory).unwrap().display().to_string(), bytes);
        }
    }
    found
}
