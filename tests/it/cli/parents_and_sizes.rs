//! A calculation with a parent, and what a calculation takes.

use calcstore::DataStore;
use serde_json::json;

use super::Desk;

/// The desk's calculation 1 as the parent of calculation 2.
fn with_child() -> Desk {
    let desk = Desk::with_values();
    let options = DataStore::options().data_dir(desk.path().join("data")).parent(1);
    options.create().unwrap().insert("/own", 1.5).unwrap();
    desk
}

#[test]
fn cat_show_and_attrs_read_what_the_parent_has() {
    let desk = with_child();
    for arguments in [
        &["cat", "/0/curves"][..],
        &["cat", "/sites", "-f", "csv"],
        &["show", "/0/curves"],
        &["show", "/job"],
        &["show", "/0/Sadigh"],
        &["attrs", "/0/curves"],
        &["stat", "/0/curves"],
    ] {
        let of_parent = desk.done(&[&["-c", "1"], arguments].concat());
        assert_eq!(desk.done(arguments), of_parent, "{arguments:?}");
    }
    assert_eq!(desk.json(&["show", "/"])["parent"], "DESK/data/calc_1");
    assert_eq!(desk.json(&["-c", "1", "show", "/"]).get("parent"), None);
    assert!(desk.done(&["show", "/"]).contains("\nparent      DESK/data/calc_1\n"));
    let only = "only a parent of this calculation has it; -c names another calculation";
    assert!(desk.done(&["show", "/0"]).ends_with(&format!("\n\n{only}\n")));
}

#[test]
fn lists_and_removal_are_of_one_calculation() {
    let desk = with_child();
    assert_eq!(desk.done(&["ls"]), "own\n");
    assert_eq!(desk.done(&["tree"]), "/\n└── own  float64  8 B\n");
    let refused = "calcstore: /0: only a parent of this calculation has it; -c names another calculation\n";
    for arguments in [&["ls", "/0"][..], &["tree", "/0"], &["rm", "-r", "/0"]] {
        let ran = desk.run(arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (3, refused), "{arguments:?}");
    }
    let ran = desk.run(&["attrs", "/0/curves", "units=m"]);
    let refused = "calcstore: /0/curves: only the parent has this, and a parent is never changed; insert the value here \
                   first (DESK/data/calc_1)\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (2, refused));
    assert_eq!(desk.done(&["-c", "1", "attrs", "/0/curves", "units"]), "g\n");
}

#[test]
fn a_parent_that_is_gone_is_trouble_and_not_a_missing_key() {
    let desk = with_child();
    std::fs::rename(desk.path().join("data/calc_1"), desk.path().join("away")).unwrap();
    assert_eq!(desk.done(&["cat", "/own"]), "1.5\n");
    let ran = desk.run(&["cat", "/0/curves"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr.starts_with("calcstore: /0/curves: the parent of DESK/data/calc_2 is not to be had: ")
    );
    assert!(ran.stderr.ends_with(" (DESK/data/calc_1)\n"), "{}", ran.stderr);
}

#[test]
fn stat_tells_what_there_is_and_what_it_takes() {
    let desk = Desk::with_values();
    let size = desk.store().size("/").unwrap();
    let expected = json!({
        "key": "/", "bytes": size.bytes, "stored_bytes": size.stored_bytes, "ratio": size.ratio(),
        "files": size.files,
        "nodes": {"group": 2, "dataset": 2, "table": 2, "object": 1, "bytes": 1, "unreadable": 0},
    });
    assert_eq!(desk.json(&["stat"]), expected);
    let sizes = desk.json(&["du", "/", "--sort", "name"]);
    assert_eq!(sizes[0]["stored_bytes"], expected["stored_bytes"]);
    let listed = &desk.json(&["ls", "/0/curves"])[0];
    let curves = desk.json(&["stat", "/0/curves"]);
    assert_eq!((&curves["bytes"], &curves["stored_bytes"]), (&listed["bytes"], &listed["stored_bytes"]));
    assert_eq!(curves["bytes"], 48);

    let store = desk.store();
    store.clear("/").unwrap();
    store.insert("/g/large", vec![0.5; 2048]).unwrap();
    store.insert("/g/raw", calcstore::Bytes([0; 3])).unwrap();
    let stored = store.size("/g").unwrap();
    let kibibytes = stored.stored_bytes as f64 / 1024.0;
    let expected = format!(
        "/g\nsize   16.0 KiB\nstored {kibibytes:.1} KiB in 5 files\nratio  {:.2}\nnodes  1 group, 1 dataset, 1 value of \
         bytes\n",
        stored.ratio().unwrap()
    );
    assert_eq!(desk.done(&["stat", "/g"]), expected);
    std::fs::write(store.calc_dir().join("output.zarr/g/raw/zarr.json"), "{").unwrap();
    assert!(desk.done(&["stat", "/g"]).contains("\nnodes  1 group, 1 dataset, 1 unreadable\n"));
    assert!(desk.done(&["stat", "/g/raw"]).contains("\nsize   unknown\n"));
    let ran = desk.run(&["stat", "/h"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (3, "calcstore: /h: not found\n"));
}
