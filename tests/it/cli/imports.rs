//! `calcstore import`: new calculations of HDF5 files.

use std::fs;

use serde_json::json;

use super::Desk;

/// A desk with calculation 1, and an export of it.
fn desk() -> Desk {
    let desk = Desk::with_values();
    desk.done(&["-q", "export", "hdf5", "-o", "values.hdf5"]);
    desk
}

fn calculations(desk: &Desk) -> Vec<String> {
    let entries = fs::read_dir(desk.path().join("data")).into_iter().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name.starts_with("calc_"));
    names.sort();
    names
}

#[test]
fn an_import_makes_a_calculation_with_the_values_of_the_file() {
    let desk = desk();
    let ran = desk.run(&["import", "values.hdf5"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "DESK/data/calc_2\n");
    assert_eq!(ran.stderr, "imported 6 values, 204 B\n");
    let [first, second] = ["1", "2"].map(|calc| desk.run(&["-c", calc, "tree", "--json"]).stdout);
    let without_sizes = |tree: &[u8]| {
        let text = String::from_utf8_lossy(tree).into_owned();
        serde_json::from_str::<serde_json::Value>(&text).unwrap().to_string().matches("\"key\"").count()
    };
    assert_eq!(without_sizes(&first), without_sizes(&second));
    let shown = |calc| desk.run(&["-c", calc, "show", "/job"]).stdout;
    assert_eq!(shown("1"), shown("2"));
}

#[test]
fn an_import_into_a_group_says_what_it_made_as_json() {
    let desk = desk();
    let ran = desk.run(&["-c", "1", "import", "values.hdf5", "--into", "/again", "--json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let report: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let expected = json!({
        "calc_id": 1, "calc_dir": "DESK/data/calc_1", "values": 6, "bytes": 204, "left_out": [], "renamed": [], "converted": [],
    });
    assert_eq!(report, expected);
    let ran = desk.run(&["import", "values.hdf5", "--into", "/again"]);
    assert_eq!((ran.code, ran.stderr.contains("replace")), (2, true), "{ran:?}");
    desk.done(&["-q", "import", "values.hdf5", "--into", "/again", "--replace"]);
    assert_eq!(calculations(&desk), ["calc_1"]);
    let ran = desk.run(&["-c", "1", "import", "values.hdf5"]);
    assert_eq!((ran.code, ran.stderr.contains("--into")), (2, true), "{ran:?}");
}

#[test]
fn what_is_left_out_is_named_and_the_run_ends_with_1() {
    let desk = desk();
    let ran = desk.run(&["import", "values.hdf5", "--limit", "1"]);
    assert_eq!(ran.code, 0, "a file has earned its own size: {ran:?}");
    // The names of links are those in the file: damage to one object is of that alone.
    let mut bytes = fs::read(desk.path().join("values.hdf5")).unwrap();
    let blob = bytes.windows(4).position(|window| window == [0, 1, 2, 255]).unwrap();
    let header = bytes.windows(8).position(|window| window == (blob as u64).to_le_bytes()).unwrap();
    bytes[header + 7] = 0x7f;
    desk.write("damaged.hdf5", &bytes);
    let ran = desk.run(&["-q", "import", "damaged.hdf5"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.stderr.lines().count(), 1);
    assert!(ran.stderr.starts_with("left out: /blob: "), "{ran:?}");
    assert_eq!(desk.run(&["-c", "3", "cat", "/sites"]).code, 0);
}

#[test]
fn what_is_no_hdf5_file_leaves_no_calculation() {
    let desk = Desk::new();
    desk.done(&["new"]);
    desk.write("text.h5", "no HDF5 at all");
    for file in ["text.h5", "missing.h5", "."] {
        let ran = desk.run(&["import", file]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stdout.is_empty() && ran.stderr.contains(file), "{ran:?}");
    }
    assert_eq!(calculations(&desk), ["calc_1"]);
    let ran = desk.run(&["import", "text.h5", "--limit", "much"]);
    assert!(ran.code == 2 && ran.stderr.contains("sizes are such as 4096"), "{ran:?}");
}
