//! Comparing stores: what is a difference, and what is none.

mod blocks;
mod files;
mod numpy;
mod tools;

use std::sync::atomic::{AtomicU64, Ordering};

use calcstore::{
    Bytes, Comparison, ComparisonReport, Compression, Continue, DataStore, Difference, ErrorKind, Table,
};
use ndarray::{Array1, array};
use serde_json::json;
use tempfile::TempDir;

/// Two stores.
struct Two {
    _directory: TempDir,
    a: DataStore,
    b: DataStore,
}

impl Two {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name| DataStore::at(directory.path().join(name)).unwrap();
        Self { a: at("a"), b: at("b"), _directory: directory }
    }

    /// Two stores with the same values of each kind.
    fn with_values() -> Self {
        let two = Self::new();
        for store in [&two.a, &two.b] {
            store.insert("/0/curves", array![[0.5, 0.25, f64::NAN], [1e-7, 2.0, -0.0]]).unwrap();
            store.insert("/0/names", ["Roma", "größe"]).unwrap();
            store.insert_object("/job", &json!({"levels": [1, 2.5], "name": "demo"})).unwrap();
            store.insert("/raw", Bytes(b"raw bytes")).unwrap();
            store.insert("/table", table(&[1.0, 2.0, 3.0])).unwrap();
            store.attributes("/0/curves").unwrap().insert("units", "g").unwrap();
            store.create_group("/empty").unwrap();
        }
        two
    }

    fn compare(&self) -> Comparison<'_> {
        self.a.compare(&self.b).list(10)
    }

    fn differences(&self) -> Vec<(String, Difference)> {
        differences(&self.compare().run().unwrap())
    }
}

fn table(pga: &[f64]) -> Table {
    let mut table = Table::new();
    table.push("PGA", pga).unwrap();
    table.push("id", (0..pga.len() as i32).collect::<Vec<_>>()).unwrap();
    table
}

/// Every difference with the key on the left.
fn differences(report: &ComparisonReport) -> Vec<(String, Difference)> {
    let of_node = |node: &calcstore::Differing| {
        node.differences.iter().map(|one| (node.left.clone(), one.clone())).collect::<Vec<_>>()
    };
    report.differing.iter().flat_map(of_node).collect()
}

/// The keys on the left that differ.
fn keys(report: &ComparisonReport) -> Vec<&str> {
    report.differing.iter().map(|differing| differing.left.as_str()).collect()
}

#[test]
fn equal_stores_are_equal_however_their_values_are_stored() {
    let two = Two::with_values();
    let long = Array1::from_iter((0..100_000).map(f64::from));
    two.a
        .new_dataset("/long")
        .chunks([777])
        .compression(Compression::gzip(1).unwrap())
        .insert(&long)
        .unwrap();
    two.b.new_dataset("/long").chunks([100]).shards([1000]).insert(&long).unwrap();
    two.a.new_dataset("/zeros").create::<f32>(&[300, 7]).unwrap();
    two.b.insert("/zeros", ndarray::Array2::<f32>::zeros((300, 7))).unwrap();
    for attribute in ["x", "y"] {
        two.a.attributes("/empty").unwrap().insert(attribute, 1).unwrap();
    }
    for attribute in ["y", "x"] {
        two.b.attributes("/empty").unwrap().insert(attribute, 1).unwrap();
    }
    two.b.attributes("/").unwrap().insert("date", "2001-02-03T04:05:06Z").unwrap();
    let report = two.compare().run().unwrap();
    assert_eq!(differences(&report), []);
    assert!(report.is_equal() && report.is_complete());
    // The root, two groups and what is in them, with two columns.
    assert_eq!(report.nodes, 12);
    assert_eq!(report.bytes, 6 * 8 + 2 * 16 + 9 + 3 * 12 + 100_000 * 8 + 300 * 7 * 4);
}

#[test]
fn each_kind_of_difference_is_named() {
    let two = Two::with_values();
    two.b.insert("/0/curves", array![[0.5, 0.25, 1.0], [1e-7, 3.0, 0.0]]).unwrap();
    two.b.attributes("/0/curves").unwrap().insert("units", "m/s^2").unwrap();
    two.b.insert("/0/names", ["Roma", "große"]).unwrap();
    two.b.insert_object("/job", &json!({"levels": [1, 2], "name": "demo", "n": null})).unwrap();
    two.b.insert("/raw", Bytes(b"raw bites")).unwrap();
    two.a.insert("/shape", [1, 2]).unwrap();
    two.b.insert("/shape", [1, 2, 3]).unwrap();
    two.a.insert("/type", [1i32, 2]).unwrap();
    two.b.insert("/type", [1.0, 2.5]).unwrap();
    two.a.insert("/kind", 1).unwrap();
    two.b.create_group("/kind").unwrap();
    two.a.insert("/left/x", 1).unwrap();
    two.b.insert("/right", 1).unwrap();
    two.a.new_dataset("/axes").dimension_names(["site", "imt"]).insert(array![[1.0]]).unwrap();
    two.b.new_dataset("/axes").dimension_names(["site", "level"]).insert(array![[1.0]]).unwrap();
    two.a.attributes("/type").unwrap().insert("n", 1i32).unwrap();
    two.b.attributes("/type").unwrap().insert("n", 1i64).unwrap();
    two.a.attributes("/shape").unwrap().insert("gone", json!(null).to_string()).unwrap();

    let report = two.compare().run().unwrap();
    let said: Vec<String> = differences(&report).iter().map(said).collect();
    let expected = [
        "/0/curves 2/6 abs 1.0 [1, 1] rel 0.3333333333333333 [1, 1]: [0, 2] \"NaN\" 1.0, [1, 1] 2.0 3.0",
        "/0/curves units Some(String(\"g\")) Some(String(\"m/s^2\"))",
        "/0/names 1/2: [1] \"größe\" \"große\"",
        "/axes [Some(\"site\"), Some(\"imt\")] [Some(\"site\"), Some(\"level\")]",
        "/job 2: .levels[1] Some(Number(2.5)) Some(Number(2)), .n None Some(Null)",
        "/kind dataset group",
        "/left OnlyLeft",
        "/raw 1/9 abs 16.0 [5] rel 0.1523809523809524 [5]: [5] 121 105",
        "/right OnlyRight",
        "/shape [2] [3]",
        "/shape gone Some(String(\"null\")) None",
        "/type int32 float64",
        "/type 1/2 abs 0.5 [1] rel 0.2 [1]: [1] 2 2.5",
        "/type n int32 int64",
    ];
    assert_eq!(said, expected);
    assert!(!report.is_equal() && report.is_complete());
    let ignoring = two.compare().ignore_types(true).only("/type").run().unwrap();
    assert_eq!(differences(&ignoring).len(), 1, "{ignoring:?}");
}

/// A difference on one line.
fn said((key, difference): &(String, Difference)) -> String {
    let list = |items: Vec<String>| if items.is_empty() { String::new() } else { items.join(", ") };
    let what = match difference {
        Difference::Kind { left, right } => format!("{left} {right}"),
        Difference::Type { left, right } => format!("{left} {right}"),
        Difference::Shape { left, right } => format!("{left:?} {right:?}"),
        Difference::Rows { left, right } => format!("rows {left} {right}"),
        Difference::DimensionNames { left, right } => format!("{left:?} {right:?}"),
        Difference::Attribute { name, left, right } => format!("{name} {left:?} {right:?}"),
        Difference::AttributeType { name, left, right } => format!("{name} {left} {right}"),
        Difference::Fields(fields) => {
            let first = fields.first.iter().map(|one| format!("{} {:?} {:?}", one.path, one.left, one.right));
            format!("{}: {}", fields.differing, list(first.collect()))
        }
        Difference::Values(values) => {
            let largest = |name, largest: &Option<calcstore::Largest>| {
                largest
                    .as_ref()
                    .map_or(String::new(), |one| format!(" {name} {:?} {:?}", one.difference, one.index))
            };
            let first = values.first.iter().map(|one| format!("{:?} {} {}", one.index, one.left, one.right));
            let largest =
                largest("abs", &values.largest_absolute) + &largest("rel", &values.largest_relative);
            format!("{}/{}{largest}: {}", values.differing, values.of, list(first.collect()))
        }
        other => format!("{other:?}"),
    };
    format!("{key} {what}")
}

#[test]
fn tables_are_compared_by_column_and_as_far_as_both_have_rows() {
    let two = Two::with_values();
    two.b.insert("/table", table(&[1.0, 2.5])).unwrap();
    let mut other = Table::new();
    other.push("id", [7i32]).unwrap();
    other.push("PGV", [1.0]).unwrap();
    two.a.insert("/other", table(&[1.0])).unwrap();
    two.b.insert("/other", other).unwrap();
    two.b.attributes("/table/PGA").unwrap().insert("units", "g").unwrap();
    let said: Vec<String> = two.differences().iter().map(said).collect();
    let expected = [
        "/other/PGA OnlyLeft",
        "/other/PGV OnlyRight",
        "/other/id 1/1 abs 7.0 [0] rel 1.0 [0]: [0] 0 7",
        "/table rows 3 2",
        "/table/PGA 1/2 abs 0.5 [1] rel 0.2 [1]: [1] 2.0 2.5",
        "/table/PGA units None Some(String(\"g\"))",
    ];
    assert_eq!(said, expected);
}

#[test]
fn groups_and_values_under_two_keys_are_compared_and_automatic_names_follow_the_key() {
    let two = Two::with_values();
    two.a.copy("/0", "/1").unwrap();
    assert!(two.a.compare(&two.b).keys("/1", "/0").run().unwrap().is_equal());
    assert!(two.a.compare(&two.a).keys("/0", "/1").run().unwrap().is_equal());
    assert!(two.a.compare(&two.a).keys("/1/curves", "/0/curves").run().unwrap().is_equal());
    two.a.insert("/1/new", 1).unwrap();
    let report = two.a.compare(&two.b).keys("/1", "/0").run().unwrap();
    let [differing] = &report.differing[..] else { panic!("{report:?}") };
    assert_eq!((differing.left.as_str(), differing.right.as_str()), ("/1/new", "/0/new"));
    let error = two.a.compare(&two.b).keys("/1", "/1").run().unwrap_err();
    assert_eq!((error.kind(), error.key()), (ErrorKind::NotFound, Some("/1")));
}

#[test]
fn tolerances_go_for_numbers_in_attributes_and_objects_but_not_for_bytes_and_bool() {
    let two = Two::new();
    for (store, number, bit, byte) in [(&two.a, 1.0, true, b"a"), (&two.b, 1.25, false, b"b")] {
        store.insert("/array", [number]).unwrap();
        store.insert_object("/object", &json!({"x": [number]})).unwrap();
        store.attributes("/").unwrap().insert("x", number).unwrap();
        store.insert("/bit", bit).unwrap();
        store.insert("/byte", Bytes(byte)).unwrap();
    }
    assert_eq!(keys(&two.compare().run().unwrap()), ["/", "/array", "/bit", "/byte", "/object"]);
    assert_eq!(keys(&two.compare().absolute(0.25).run().unwrap()), ["/bit", "/byte"]);
    assert_eq!(keys(&two.compare().relative(0.2).run().unwrap()), ["/bit", "/byte"]);
    assert_eq!(two.compare().relative(0.19).run().unwrap().differing.len(), 5);
    for tolerance in [-1.0, f64::NAN] {
        let error = two.compare().relative(tolerance).run().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
}

#[test]
fn nan_equals_nan_unless_it_is_not_to() {
    let two = Two::new();
    for store in [&two.a, &two.b] {
        store.insert("/x", array![1.0f32, f32::NAN]).unwrap();
        store.insert("/n", [1, 2]).unwrap();
    }
    assert!(two.compare().run().unwrap().is_equal());
    let report = two.compare().nan_differs(true).run().unwrap();
    assert_eq!(differences(&report).iter().map(said).collect::<Vec<_>>(), ["/x 1/2: [1] \"NaN\" \"NaN\""]);
}

#[test]
fn patterns_choose_what_is_compared_also_below_groups_that_one_side_lacks() {
    let two = Two::with_values();
    two.a.insert("/only/here/x", 1).unwrap();
    two.a.insert("/only/here/y", 1).unwrap();
    two.a.insert("/0/curves", 1.0).unwrap();
    two.b.insert("/table", table(&[5.0, 2.0, 3.0])).unwrap();
    let keys = |comparison: Comparison<'_>| -> Vec<String> {
        keys(&comparison.run().unwrap()).into_iter().map(str::to_owned).collect()
    };
    assert_eq!(keys(two.compare()), ["/0/curves", "/only", "/table/PGA"]);
    assert_eq!(keys(two.compare().only("/only/*/x")), ["/only/here/x"]);
    assert_eq!(keys(two.compare().only("/only/*/x").only("0")), ["/0/curves", "/only/here/x"]);
    assert_eq!(keys(two.compare().exclude("/only").exclude("/table/PGA")), ["/0/curves"]);
    assert_eq!(keys(two.compare().only("/table").exclude("**/id")), ["/table/PGA"]);
    assert_eq!(keys(two.compare().only("/table/id")), Vec::<String>::new());
}

#[test]
fn what_is_damaged_is_named_and_hides_nothing_else() {
    let two = Two::with_values();
    two.b.insert("/table", table(&[1.0, 2.5, 3.0])).unwrap();
    let chunk = two.a.calc_dir().join("output.zarr/0/curves/c.0.0");
    let mut bytes = std::fs::read(&chunk).unwrap();
    bytes[3] ^= 1;
    std::fs::write(&chunk, bytes).unwrap();
    let report = two.compare().run().unwrap();
    assert_eq!(keys(&report), ["/0/curves", "/table/PGA"]);
    assert!(!report.is_complete());
    let Difference::NotCompared { why } = &report.differing[0].differences[0] else { panic!("{report:?}") };
    assert!(why.contains("checksum") && why.contains("c.0.0"), "{why}");
}

#[test]
fn what_only_a_parent_has_is_compared_where_it_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let options = DataStore::options().data_dir(directory.path());
    let hazard = options.create().unwrap();
    hazard.insert("/g/sites", [1.0, 2.0]).unwrap();
    let risk = options.parent(1).create().unwrap();
    assert!(risk.compare(&hazard).keys("/g", "/g").run().unwrap().is_equal());
    assert_eq!(keys(&risk.compare(&hazard).run().unwrap()), ["/g"]);
}

#[test]
fn a_comparison_tells_how_far_it_is_and_stops_when_told_to() {
    let two = Two::with_values();
    let last = AtomicU64::new(0);
    let watch = |done: calcstore::ComparisonProgress| {
        assert!(done.nodes + done.bytes >= last.swap(done.nodes + done.bytes, Ordering::Relaxed));
        Continue::Yes
    };
    let report = two.compare().on_progress(watch).run().unwrap();
    assert_eq!(last.into_inner(), report.nodes + report.bytes);
    let error = two.compare().on_progress(|_| Continue::No).run().unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Cancelled, "the comparison was stopped"));
}
