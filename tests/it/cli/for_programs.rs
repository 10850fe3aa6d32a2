//! The shapes of `--json`, exactly.

use serde_json::json;

use super::Desk;

#[test]
fn new_path_and_calcs_name_calculations() {
    let desk = Desk::new();
    assert_eq!(desk.json(&["calcs"]), json!([]));
    for id in [1, 2] {
        assert_eq!(desk.json(&["new"]), json!({"calc_id": id, "calc_dir": format!("DESK/data/calc_{id}")}));
    }
    assert_eq!(desk.json(&["path"]), json!({"calc_id": 2, "calc_dir": "DESK/data/calc_2"}));
    let by_path = desk.json(&["-c", "data/calc_1", "path"]);
    assert_eq!(by_path, json!({"calc_id": null, "calc_dir": "DESK/data/calc_1"}));
    let mut calculations = desk.json(&["calcs"]);
    for (at, calculation) in calculations.as_array_mut().unwrap().iter_mut().enumerate() {
        let date = calculation["date"].take();
        assert_eq!(date.as_str().unwrap().len(), "2025-01-02T03:04:05Z".len(), "{date}");
        let expected = json!({
            "calc_id": at + 1, "calc_dir": format!("DESK/data/calc_{}", at + 1), "status": "created", "date": null,
            "ended": null, "duration": null, "description": null, "parent": null,
        });
        assert_eq!(*calculation, expected);
    }
}

#[test]
fn a_calculation_is_named_in_every_way() {
    let desk = Desk::new();
    desk.done(&["new"]);
    desk.done(&["new"]);
    for arguments in [
        &["-c", "-1", "path"][..],
        &["path", "-c", "-1"],
        &["-c-1", "path"],
        &["path", "--calc=-1"],
        &["-c", "2", "path"],
        &["--datadir", "data", "path"],
        &["path", "-c", "./data/calc_2", "--datadir", "nowhere"],
    ] {
        assert_eq!(desk.done(arguments), "DESK/data/calc_2\n", "{arguments:?}");
    }
    assert_eq!(desk.done(&["-c", "-2", "path"]), "DESK/data/calc_1\n");
}

#[test]
fn ls_tree_and_show_describe_nodes() {
    let desk = Desk::with_values();
    let stored = |key: &str| desk.store().size(key).unwrap().stored_bytes;
    let curves = json!({
        "key": "/0/curves", "kind": "dataset", "data_type": "float64", "shape": [2, 3], "chunks": [2, 3],
        "bytes": 48, "stored_bytes": stored("/0/curves"),
    });
    let name = json!({
        "key": "/0/name", "kind": "dataset", "data_type": "string", "shape": [], "chunks": [], "bytes": 20,
        "stored_bytes": stored("/0/name"),
    });
    let sadigh = json!({"key": "/0/Sadigh", "kind": "table", "columns": ["PGA", "id"], "rows": 2});
    let sites = json!({
        "key": "/sites", "kind": "table", "columns": ["name", "lon", "depth", "count"], "rows": 2
    });
    let group = json!({"key": "/0", "kind": "group"});
    let (blob, job) = (json!({"key": "/blob", "kind": "bytes"}), json!({"key": "/job", "kind": "object"}));
    assert_eq!(desk.json(&["ls"]), json!([group, blob, job, sites]));
    assert_eq!(desk.json(&["ls", "/0/"]), json!([sadigh, curves, name]));
    let all = json!([group, sadigh, curves, name, blob, job, sites]);
    assert_eq!(desk.json(&["ls", "-r"]), all);
    assert_eq!(desk.json(&["tree"]), all);
    assert_eq!(desk.json(&["ls", "/0/curves"]), json!([curves]));
    assert_eq!(desk.json(&["ls", "/*/[cn]*"]), json!([curves, name]));

    let mut shown = curves.clone();
    shown["dimension_names"] = json!(["0:curves:0", "0:curves:1"]);
    shown["codecs"] = json!([{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]);
    shown["attributes"] = json!({"units": "g"});
    assert_eq!(desk.json(&["show", "/0/curves"]), shown);
    let mut shown = sadigh.clone();
    shown["attributes"] = json!({});
    shown["column_types"] = json!(["float64", "int32"]);
    assert_eq!(desk.json(&["show", "/0/Sadigh"]), shown);
}

#[test]
fn cat_gives_values_and_attrs_attributes() {
    let desk = Desk::with_values();
    assert_eq!(desk.json(&["cat", "/0/curves"]), json!([[0.25, 0.5, 1.5], [1e-7, 2.0, 123_456_789.0]]));
    assert_eq!(desk.json(&["cat", "/0/name"]), json!("Größe\nof two lines"));
    assert_eq!(desk.json(&["cat", "/job"]), json!({"description": "demo", "levels": [1, 2], "n": 3}));
    assert_eq!(desk.json(&["cat", "/blob", "-f", "json"]), json!("AAEC/w=="));
    let sadigh = json!({"PGA": [[0.5, 0.25], [0.125, 0.0625]], "id": [7, 8]});
    assert_eq!(desk.json(&["cat", "/0/Sadigh"]), sadigh);
    assert_eq!(desk.json(&["cat", "/sites/depth"]), json!(["NaN", 3.0]));

    assert_eq!(desk.json(&["attrs", "/0/curves"]), json!({"units": "g"}));
    desk.done(&["attrs", "/0/curves", "levels=[1, 2.5]"]);
    desk.done(&["attrs", "/0/curves", "note=a=b"]);
    let all = json!({"units": "g", "levels": [1, 2.5], "note": "a=b"});
    assert_eq!(desk.json(&["attrs", "/0/curves"]), all);
    assert_eq!(desk.json(&["attrs", "/0/curves", "levels"]), json!([1, 2.5]));
    desk.done(&["attrs", "/0/curves", "--remove", "levels"]);
    assert_eq!(desk.json(&["attrs", "/0/curves"]), json!({"units": "g", "note": "a=b"}));
}

#[test]
fn rm_check_and_export_report() {
    let desk = Desk::with_values();
    assert_eq!(desk.json(&["rm", "-n", "/job", "/s*"]), json!({"removed": ["/job", "/sites"]}));
    assert_eq!(desk.json(&["rm", "/job", "/job"]), json!({"removed": ["/job"]}));
    assert_eq!(desk.json(&["rm", "-f", "/job"]), json!({"removed": []}));
    assert_eq!(desk.json(&["rm", "-r", "/**/curves", "/0"]), json!({"removed": ["/0"]}));
    let checked = desk.json(&["check"]);
    assert_eq!((&checked["ok"], &checked["checked"]), (&json!(true), &json!(7)));
    assert_eq!((&checked["faults"], &checked["leftovers"]), (&json!([]), &json!([])));

    let exported = desk.json(&["export", "hdf5"]);
    let bytes = desk.path().join("data/calc_1/output.hdf5").metadata().unwrap().len();
    let expected = json!({
        "file": "DESK/data/calc_1/output.hdf5", "bytes": bytes, "left_out": [], "tables_as_groups": [], "sparse": [], "no_scale": [],
    });
    assert_eq!(exported, expected);
    desk.done(&["-q", "export", "hdf5", "-o", "other.h5"]);
    assert_eq!(desk.path().join("other.h5").metadata().unwrap().len(), bytes);
}

#[test]
fn damage_is_found_and_named() {
    let desk = Desk::with_values();
    let chunk = desk.path().join("data/calc_1/output.zarr/0/curves/c.0.0");
    let mut bytes = std::fs::read(&chunk).unwrap();
    bytes[3] ^= 1;
    std::fs::write(&chunk, bytes).unwrap();
    let ran = desk.run(&["check", "/0", "--json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    let report: serde_json::Value = serde_json::from_str(&ran.text()).unwrap();
    assert_eq!((&report["ok"], &report["checked"]), (&json!(false), &json!(6)));
    assert_eq!(report["faults"][0]["key"], "/0/curves");
    let ran = desk.run(&["check"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, "14 nodes and 220 B checked: 1 fault\n"));
    assert!(ran.text().starts_with("/0/curves: "));
    assert_eq!(desk.run(&["cat", "/0/curves"]).code, 2);
}

#[test]
fn any_zarr_hierarchy_can_be_read_but_not_written() {
    let desk = Desk::with_values();
    let hierarchy = desk.path().join("data/calc_1/output.zarr");
    std::fs::rename(hierarchy, desk.path().join("foreign.zarr")).unwrap();
    assert_eq!(desk.done(&["-c", "foreign.zarr", "ls", "/0"]), "Sadigh\ncurves\nname\n");
    let ran = desk.run(&["-c", "foreign.zarr", "rm", "/job"]);
    let expected = "calcstore: a Zarr hierarchy that is no calculation can be opened for reading only \
                    (DESK/foreign.zarr)\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (2, expected));
}

#[test]
fn a_repair_says_what_became_of_each_finding() {
    let desk = Desk::with_values();
    let inside = |path: &str| desk.path().join("data/calc_1").join(path);
    let chunk = inside("output.zarr/0/curves/c.0.0");
    let mut bytes = std::fs::read(&chunk).unwrap();
    bytes[3] ^= 1;
    std::fs::write(&chunk, &bytes).unwrap();
    std::fs::write(inside("output.zarr/notes.txt"), "mine").unwrap();
    std::fs::create_dir(inside("output.zarr/0/Name")).unwrap();
    std::fs::copy(inside("output.zarr/0/name/zarr.json"), inside("output.zarr/0/Name/zarr.json")).unwrap();
    std::fs::copy(inside("output.zarr/0/name/c"), inside("output.zarr/0/Name/c")).unwrap();

    let ran = desk.run(&["check"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, "15 nodes and 252 B checked: 3 faults\n"));
    insta::assert_snapshot!("check", ran.text());

    let ran = desk.run(&["check", "--repair", "--json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""));
    let report: serde_json::Value = serde_json::from_str(&ran.text()).unwrap();
    assert_eq!((&report["ok"], &report["checked"]), (&json!(false), &json!(15)));
    let repaired = report["repaired"].as_array().unwrap();
    let of = |kind: &str| repaired.iter().find(|repaired| repaired["kind"] == kind).unwrap();
    assert_eq!(repaired.len(), 3);
    assert_eq!(
        (&of("value")["key"], &of("value")["remedy"]["kind"]),
        (&json!("/0/curves"), &json!("set_aside"))
    );
    assert_eq!(of("value")["file"], "output.zarr/0/curves/c.0.0");
    assert_eq!(of("foreign")["remedy"]["kind"], "set_aside");
    assert_eq!(of("name")["remedy"]["kind"], "left_alone");
    let aside = inside(of("value")["remedy"]["detail"].as_str().unwrap());
    assert_eq!(std::fs::read(aside.join("c.0.0")).unwrap(), bytes);
    assert!(!chunk.exists() && !inside("output.zarr/notes.txt").exists());

    let ran = desk.run(&["check", "--repair"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, "14 nodes and 252 B checked: 1 left alone\n"));
    std::fs::remove_dir_all(inside("output.zarr/0/Name")).unwrap();
    let ran = desk.run(&["check", "--repair"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, "13 nodes and 220 B checked: nothing to repair\n"));
    assert_eq!(ran.text(), "");
    let ran = desk.run(&["check", "-v"]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.stderr.contains("/: holds what was damaged and was set aside (.calcstore/lost/"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.ends_with("13 nodes and 220 B checked: no faults, 1 leftover\n"), "{}", ran.stderr);

    // By hand it comes back as it was.
    std::fs::rename(&aside, chunk.parent().unwrap()).unwrap();
    let ran = desk.run(&["check", "/0/curves"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, "1 node and 0 B checked: 1 fault\n"));
}
