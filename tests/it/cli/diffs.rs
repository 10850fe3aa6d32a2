//! `calcstore diff`: how sides are named, what is printed, which exit code says what.

use serde_json::json;

use super::Desk;

/// A desk with calculations 1 and 2, which differ.
fn two() -> Desk {
    let desk = Desk::with_values();
    desk.done(&["import", "-q", &desk.done(&["export", "-q", "hdf5"]).trim().replace("DESK", path(&desk))]);
    assert_eq!(desk.done(&["diff", "-q", "1", "2"]), "");
    desk.write("curves2.json", r"[[0.25, 0.5, 1.75], [2e-7, 2.0, 123456789.0]]");
    desk.write("job2.json", r#"{"description": "demo", "levels": [1, 3], "m": 3}"#);
    for (key, file) in [("/0/curves", "curves2.json"), ("/job", "job2.json"), ("/new", "curves.json")] {
        desk.done(&["put", key, file]);
    }
    desk.done(&["attrs", "/0/curves", "units=m/s^2"]);
    desk.done(&["rm", "/blob"]);
    desk
}

fn path(desk: &Desk) -> &str {
    desk.path().to_str().unwrap()
}

const ALL: &str = "\
/0/curves: 2 of 6 values differ, by up to 0.25 at [0, 2], relatively by up to 0.5 at [1, 0]
/0/curves: attribute units: \"g\" in A, \"m/s^2\" in B
/blob: only in A
/job: .levels[1] 2 in A, 3 in B
/job: .n 3 in A, none in B
/job: .m none in A, 3 in B
/new: only in B
";

#[test]
fn sides_are_calculations_keys_and_files() {
    let desk = two();
    let file = format!("{}/data/calc_1/output.hdf5", path(&desk));
    let absolute = format!("{}/data/calc_2", path(&desk));
    for sides in [
        ["1", "2"],
        ["-2", "-1"],
        ["1:/", "2"],
        ["-2:/", "-1:"],
        ["data/calc_1", "./data/calc_2"],
        ["data/calc_1/output.hdf5", "-1"],
        [&file, &absolute],
        [&format!("{file}:/"), "/"],
    ] {
        let ran = desk.run(&["diff", sides[0], sides[1], "-q"]);
        assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{sides:?}");
        assert_eq!(ran.text(), ALL, "{sides:?}");
    }
    let curves =
        "/0/curves: 2 of 6 values differ, by up to 0.25 at [0, 2], relatively by up to 0.5 at [1, 0]\n";
    for sides in [["1:/0", "2:/0"], ["1:/0", "2"], ["-2", "-1:/0/curves"], ["data/calc_1:0", "/0"]] {
        let ran = desk.run(&["diff", "-q", sides[0], sides[1]]);
        assert!(ran.code == 1 && ran.text().starts_with(curves), "{sides:?}");
    }
    let two_keys = desk.run(&["diff", "/0/curves", "/new"]);
    let said = "/0/curves and /new: 2 of 6 values differ, by up to 0.25 at [0, 2], relatively by up to 1 at [1, 0]\n\
                /0/curves and /new: attribute units: \"m/s^2\" in A, none in B\n";
    assert_eq!(two_keys.stderr, "1 node and 48 B compared: 1 key differs\n");
    assert_eq!(two_keys.text(), said);
    assert_eq!(desk.run(&["diff", "-c", "1", "/0/curves", "2"]).code, 1);
}

#[test]
fn options_say_what_counts_and_what_is_printed() {
    let desk = two();
    let lines = |options: &[&str]| {
        let ran = desk.run(&[&["diff", "-q", "1", "2"], options].concat());
        (ran.code, ran.text())
    };
    let brief = "/0/curves\n/blob\n/job\n/new\n".to_owned();
    assert_eq!(lines(&["--brief"]), (1, brief));
    assert_eq!(lines(&["--only", "/0/*", "-d", "0.3", "--exclude", "/0/curves"]), (0, String::new()));
    let (code, text) = lines(&["-p", "0.2", "--only", "/0"]);
    assert!(
        code == 1 && text.starts_with("/0/curves: 1 of 6 values differs, by up to 1e-7 at [1, 0]"),
        "{text}"
    );
    let (_, text) = lines(&["--list", "1", "--only", "/job"]);
    assert_eq!(text, "/job: .levels[1] 2 in A, 3 in B\n  and 2 fields more; --list N lists N\n");
    let verbose = desk.run(&["diff", "-v", "1", "2", "--only", "/0/curves", "-d", "1e-9"]);
    let elements = "[1, 0]\n  [0, 2]  1.5  1.75\n  [1, 0]  1e-7  2e-7\n/0/curves: attribute";
    assert!(verbose.stderr.ends_with("1 node and 48 B compared: 1 key differs\n"), "{}", verbose.stderr);
    let text = verbose.text();
    assert!(text.contains(elements), "{text}");
}

#[test]
fn json_has_every_difference_with_its_keys() {
    let desk = two();
    let ran = desk.run(&["diff", "1", "2", "--json", "--list", "1"]);
    let found: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let both = |key: &str, mut what: serde_json::Value| {
        (what["key_a"], what["key_b"]) = (json!(key), json!(key));
        what
    };
    let largest = |difference: f64, index: [u64; 2]| json!({"difference": difference, "index": index});
    let values = json!({
        "what": "values", "differing": 2, "of": 6, "largest_absolute": largest(0.25, [0, 2]),
        "largest_relative": largest(0.5, [1, 0]), "first": [{"index": [0, 2], "a": 1.5, "b": 1.75}],
    });
    let fields = json!({
        "what": "fields", "differing": 3, "first": [{"path": ".levels[1]", "a": 2, "b": 3}],
    });
    let expected = json!({
        "equal": false, "nodes": 13, "bytes": 184, "differences": [
            both("/0/curves", values),
            both("/0/curves", json!({"what": "attribute", "name": "units", "a": "g", "b": "m/s^2"})),
            both("/blob", json!({"what": "only_a"})),
            both("/job", fields),
            both("/new", json!({"what": "only_b"})),
        ],
    });
    assert_eq!(found, expected);
    assert_eq!(ran.code, 1);
    let equal = desk.json(&["diff", "1", "1", "--only", "/job"]);
    assert_eq!(equal, json!({"equal": true, "nodes": 1, "bytes": 0, "differences": []}));
}

#[test]
fn exit_codes_tell_equal_from_different_from_trouble() {
    let desk = two();
    for (arguments, code, message) in [
        (&["diff", "1", "1:/"][..], 0, "14 nodes and 188 B compared: no differences\n"),
        (&["diff", "--brief", "1", "2", "--only", "/new"], 1, "0 nodes and 0 B compared: 1 key differs\n"),
        (
            &["diff", "1", "9"],
            3,
            "calcstore: there is no calculation 9; there are 2 from 1 to 2 (DESK/data)\n",
        ),
        (&["diff", "1:/nwe", "2"], 3, "calcstore: /nwe: not found\n"),
        (&["diff", "1", "/nwe"], 3, "calcstore: /nwe: not found\n"),
        (
            &["diff", "1", "2", "-d", "-1"],
            2,
            "calcstore: invalid value '-1' for '--delta <ABS>': a tolerance is 0 or more\n\nFor more information, try '--help'.\n",
        ),
    ] {
        let ran = desk.run(arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (code, message), "{arguments:?}");
    }
    let chunk = desk.path().join("data/calc_1/output.zarr/0/curves/c.0.0");
    std::fs::write(chunk, "damaged").unwrap();
    let ran = desk.run(&["diff", "1", "2", "--only", "/0/curves"]);
    assert_eq!(ran.code, 2);
    let text = ran.text();
    assert!(
        text.starts_with("/0/curves: not compared: the chunk has 7 bytes, where 52 belong (DESK/"),
        "{text}"
    );
}
