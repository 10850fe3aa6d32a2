//! Files that are read where they lie are what their import makes of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;
use std::{env, fs};

use calcstore::{DataStore, Error, Hdf5File, ImportReport, Node, NodeKind};

use super::corpus::{LONGEST, MOST_KIB, child, files, processor_time, shown};
use super::fresh;
use crate::oracle;

/// Names the file that [`the_child_lists_one_file`] lists.
const FILE: &str = "CALCSTORE_TEST_LIST";

/// What is said of a node by either, in one line. The names that a store gives to axes without names are none.
fn described(node: &Node) -> String {
    let layout = node.layout.as_ref().filter(|_| node.kind != NodeKind::Object).map(|layout| {
        let own = |name: &Option<String>| name.clone().filter(|name| !name.contains(':'));
        let names: Vec<_> = layout.dimension_names.iter().map(own).collect();
        format!("{} {:?} {names:?}", layout.data_type, layout.shape)
    });
    let attributes: BTreeMap<_, _> = node.attributes.iter().collect();
    let Node { kind, columns, rows, type_name, .. } = node;
    format!("{kind} {layout:?} {columns:?} {rows:?} {type_name:?} {attributes:?}")
}

fn is_below(key: &str, above: &str) -> bool {
    key.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether an array is too large to be compared: what is sparse is not read as a whole.
fn is_large(node: &Node) -> bool {
    let shape = node.layout.iter().flat_map(|layout| &layout.shape);
    shape.fold(1, |elements: u64, length| elements.saturating_mul(*length)) > 1 << 18
}

/// What is different in a file and the store that was made of it. Lists of any length are in the store alone.
fn differences(file: &Hdf5File, (store, report): (&DataStore, &ImportReport)) -> Result<Vec<String>, Error> {
    let mut faults = Vec::new();
    let mut seen: BTreeMap<String, Node> =
        file.walk_nodes("/")?.into_iter().map(|node| (node.key.clone(), node)).collect();
    for node in store.walk_nodes("/")? {
        let key = node.key.clone();
        if report.converted.iter().any(|made| is_below(&key, &made.key)) {
            let other = seen.remove(&key);
            if other.is_some_and(|other| !other.problem.is_some_and(|why| why.contains("lists"))) {
                faults.push(format!("{key} is of lists, and listed without a word"));
            }
            continue;
        }
        let Some(other) = seen.remove(&key) else {
            faults.push(format!("{key} is not listed"));
            continue;
        };
        let (one, other) = (described(&node), described(&other));
        if one != other {
            faults.push(format!("{key} is {one}, listed as {other}"));
        }
        if !is_large(&node) && shown(&store.value(&key)?) != shown(&file.value(&key)?) {
            faults.push(format!("{key} has other values"));
        }
    }
    for (key, node) in seen {
        if node.kind != NodeKind::Unreadable && !is_large(&node) && file.value(&key).is_ok() {
            faults.push(format!("{key} is readable and was not imported"));
        }
    }
    Ok(faults)
}

#[test]
fn every_valid_file_lists_and_holds_what_its_import_makes_of_it() {
    let (mut count, mut faults) = (0, Vec::new());
    for (name, path) in files().into_iter().filter(|(name, _)| name.starts_with("valid/")) {
        // Neither opens any other file.
        let (_directory, store) = fresh();
        let report = store.hdf5_import(&path).run();
        match (Hdf5File::open(&path), report) {
            (Ok(file), Ok(report)) => {
                count += 1;
                let found =
                    differences(&file, (&store, &report)).unwrap_or_else(|error| vec![error.to_string()]);
                faults.extend(found.into_iter().map(|fault| format!("{name}: {fault}")));
            }
            (Err(one), Err(other)) => assert_eq!(one.message(), other.message(), "{name}"),
            (one, other) => faults.push(format!("{name}: {one:?}, imported: {other:?}")),
        }
    }
    if count > 0 {
        assert!(faults.is_empty(), "{} faults: {faults:#?}", faults.len());
        assert!(count > 250, "only {count} files were compared");
    }
}

#[test]
fn the_child_lists_one_file() {
    let Some(path) = env::var_os(FILE) else { return };
    let start = Instant::now();
    let outcome = Hdf5File::open(Path::new(&path)).and_then(|file| file.walk_nodes("/"));
    assert!(start.elapsed() < 20 * LONGEST, "{:?}", start.elapsed());
    let millis = processor_time();
    // Only Linux tells.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    let most = most.trim().trim_end_matches(" kB");
    println!("\noutcome\t{most}\t{millis}\t{}", outcome.map_or(0, |nodes| nodes.len()));
}

#[test]
fn files_that_mean_harm_are_listed_in_little_time_and_memory() {
    for (name, path) in files().into_iter().filter(|(name, _)| name.starts_with("malformed/")) {
        let (_, memory, time) = child("import::viewed::the_child_lists_one_file", FILE, &path);
        assert!(memory < MOST_KIB, "{name} took {memory} KiB");
        assert!(time < LONGEST, "{name} took {time:?}");
    }
}

/// Links of a group to one another, and rows far apart.
const WIDE: &str = r#"
import h5py, numpy as np, sys
with h5py.File(sys.argv[1], "w") as file:
    group = file.create_group("group")
    group["value"] = 1.5
    for number in range(5000):
        group[f"{number:04}"] = h5py.SoftLink("value")
    rows = file.create_dataset("rows", (1 << 62,), np.dtype([("i", "i4"), ("x", "f8")]), chunks=(64,))
    rows[5] = (1, 2.5)
    rows[1 << 61] = (2, 3.5)
"#;

#[test]
fn many_links_of_a_group_to_itself_are_followed_and_rows_far_apart_are_read_in_little_time() {
    let (directory, store) = super::fresh();
    let Some(python) = oracle::python() else { return assert!(oracle::skip("h5py").is_empty()) };
    let path = directory.path().join("wide.h5");
    let output = std::process::Command::new(python).args(["-c", WIDE]).arg(&path).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let (file, start) = (Hdf5File::open(&path).unwrap(), Instant::now());
    let x: Vec<f64> = file.read("/rows/x", "[5, 2305843009213693952, 6]").unwrap();
    assert_eq!(x, [2.5, 3.5, 0.0]);
    assert_eq!(file.walk_nodes("/group").unwrap().len(), 5001);
    assert!(start.elapsed() < 5 * LONGEST, "{:?}", start.elapsed());
    let report = store.hdf5_import(&path).limit(1 << 20).run().unwrap();
    assert_eq!(report.values, 5001);
    assert!(start.elapsed() < 30 * LONGEST, "{:?}", start.elapsed());
}
