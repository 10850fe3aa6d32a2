//! What goes wrong does not end more than it must, and says what to do.

use std::fs;
use std::os::unix::fs::FileTypeExt as _;
use std::process::Command;
use std::time::{Duration, Instant};

use calcstore::zip::Writer;
use ndarray::Array4;

use super::Desk;

#[test]
fn a_damaged_table_is_marked_in_lists_and_hides_nothing() {
    let desk = Desk::with_values();
    fs::remove_file(desk.store().calc_dir().join("output.zarr/sites/lon/zarr.json")).unwrap();
    for verb in ["tree", "show"] {
        let shown = desk.done(&[verb, "/"]);
        assert!(shown.contains("job") && shown.contains("damaged: a column is missing"), "{shown}");
    }
    assert_ne!(desk.run(&["check"]).code, 0);
}

#[test]
fn no_pipe_or_device_is_replaced_by_a_file() {
    let desk = Desk::with_values();
    let pipe = desk.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let target = pipe.display().to_string();
    for export in [
        vec!["export", "hdf5", "--force", "-o", &target],
        vec!["export", "csv", "/0/curves", "--force", "-o", &target],
        vec!["export", "npz", "/0/curves", "--force", "-o", &target],
        vec!["pack", "--force", "-o", &target],
        vec!["plot", "/0/curves", "--force", "-f", "svg", "-o", &target],
    ] {
        let ran = desk.run(&export);
        assert_eq!(ran.code, 2, "{export:?}");
        assert!(ran.stderr.contains("is no regular file"), "{export:?}: {}", ran.stderr);
        assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo(), "{export:?}");
    }
    for export in [["export", "hdf5", "-o", "-"].as_slice(), &["pack", "-o", "-"]] {
        let ran = desk.run(export);
        assert_eq!(ran.code, 2, "{export:?}");
        assert!(ran.stderr.contains("this format needs a file"), "{export:?}: {}", ran.stderr);
    }
}

#[test]
fn what_a_killed_export_left_does_not_stop_the_next_one() {
    let desk = Desk::with_values();
    // In containers every program has the same number.
    let script = "touch .x.csv.$$-0.part; exec \"$0\" export csv /sites -o x.csv";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_calcstore")]).current_dir(desk.path());
    let ran = shell.env("OQ_DATADIR", desk.path().join("data")).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    assert!(desk.path().join("x.csv").is_file());
}

#[test]
fn a_pattern_that_nothing_matches_is_no_equality() {
    let desk = Desk::with_values();
    let ran = desk.run(&["diff", "--only", "/curvse", "-1", "-1"]);
    assert_eq!(ran.code, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("nothing matches --only /curvse"), "{}", ran.stderr);
    desk.done(&["-q", "diff", "--only", "/0/curves", "-1", "-1"]);
}

#[test]
fn what_cannot_be_drawn_says_what_can() {
    let desk = Desk::with_values();
    let store = desk.store();
    store.insert("/four", Array4::<f64>::zeros((2, 3, 4, 5))).unwrap();
    let ran = desk.run(&["plot", "/four"]);
    let example = ran.stderr.trim_end().strip_suffix('\'').and_then(|text| text.rsplit_once('\'')).unwrap().1;
    assert_eq!(example, "0,0,:,:");
    desk.done(&["plot", "/four", "-s", example]);
    let ran = desk.run(&["plot", "/sites"]);
    let example = ran.stderr.trim_end().rsplit(' ').next().unwrap();
    desk.done(&["plot", example]);
    assert!(desk.run(&["plot", "/0/name"]).stderr.contains("is a single string"));
}

#[test]
fn watching_ends_however_often_it_looks() {
    let desk = Desk::with_values();
    let started = Instant::now();
    for interval in ["0s", "18000000000000000000s"] {
        let ran = desk.run(&["watch", "/0", "--interval", interval, "--timeout", "0.1s"]);
        assert_eq!(ran.code, 0, "{interval}: {}", ran.stderr);
    }
    assert!(started.elapsed() < Duration::from_mins(1));
}

#[test]
fn integers_of_csv_stay_what_they_are() {
    let desk = Desk::new();
    desk.done(&["new"]);
    let mut csv = "id,partly,small\n18446744073709551615,9007199254740993,1\n".to_owned();
    csv.push_str("1,,\n");
    desk.write("ids.csv", csv.as_bytes());
    desk.done(&["put", "/ids", "ids.csv"]);
    assert_eq!(
        desk.done(&["cat", "/ids", "-f", "csv"]),
        "id,partly,small\n18446744073709551615,9007199254740993,1.0\n1,,NaN\n"
    );
}

#[test]
fn a_number_that_a_shorter_float_cannot_hold_is_refused() {
    let desk = Desk::new();
    desk.done(&["new"]);
    let store = desk.store();
    store.new_dataset("/short").insert(ndarray::arr1(&[1.0f32])).unwrap();
    store.new_dataset("/half").insert(ndarray::arr1(&[half::f16::ONE])).unwrap();
    desk.write("large.json", b"[1e300]");
    desk.write("hundred.json", b"[100000]");
    for (key, file) in [("/short", "large.json"), ("/half", "large.json"), ("/half", "hundred.json")] {
        let ran = desk.run(&["put", key, file, "--append"]);
        assert_eq!(ran.code, 2, "{key} {file}");
        assert!(ran.stderr.contains("is no float"), "{}", ran.stderr);
    }
}

#[test]
fn an_array_of_an_npz_file_whose_name_is_no_key_is_left_out_by_name() {
    let desk = Desk::with_values();
    let array = desk.run(&["cat", "/0/curves", "-f", "npy"]).stdout;
    let mut file = std::io::Cursor::new(Vec::new());
    let mut zip = Writer::new(&mut file);
    for name in ["a:b.npy", "good.npy"] {
        zip.add(name, &array).unwrap();
    }
    zip.finish().unwrap();
    desk.write("mixed.npz", file.into_inner());
    let ran = desk.run(&["import", "mixed.npz"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("a:b.npy"), "{}", ran.stderr);
    assert_eq!(desk.done(&["ls"]), "good\n");
}

#[test]
fn an_import_is_complete_and_says_where_it_comes_from() {
    let desk = Desk::with_values();
    let list = || -> serde_json::Value { serde_json::from_str(&desk.done(&["calcs", "--json"])).unwrap() };
    desk.write("matrix.csv", b"1,2\n3,4\n");
    assert_eq!(desk.run(&["import", "matrix.csv"]).code, 0);
    let imported = list().as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&imported["status"], &imported["description"]),
        (&"complete".into(), &"imported from matrix.csv".into())
    );
    let before = list().as_array().unwrap().len();
    let into = ["import", "matrix.csv", "--into", "/again"];
    assert_eq!(desk.run(&into).code, 0);
    let refused = desk.run(&into);
    assert!(refused.stderr.contains("--replace lets it go"), "{}", refused.stderr);
    assert_eq!(list().as_array().unwrap().len(), before);
}

#[test]
fn a_table_shows_the_types_and_units_of_its_columns() {
    let desk = Desk::with_values();
    desk.store().attributes("/sites/lon").unwrap().insert("units", "deg").unwrap();
    let shown = desk.done(&["show", "/sites"]);
    assert!(
        shown.contains("columns     name string, lon float64 (deg), depth float64, count int64"),
        "{shown}"
    );
    let json: serde_json::Value = serde_json::from_str(&desk.done(&["show", "/0/Sadigh", "--json"])).unwrap();
    assert_eq!(json["column_types"], serde_json::json!(["float64", "int32"]));
    assert!(desk.done(&["show", "/0/Sadigh"]).contains("PGA float64 [2], id"));
}
