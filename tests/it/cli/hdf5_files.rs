//! `-c FILE`: HDF5 files that are read where they lie.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value as Json, json};

use super::Desk;
use crate::oracle;

/// A key, a selection, and what they are.
type Case = (String, String, Json);

/// Has h5py write a file; gives what h5py reads of each selection of a dataset in it, nothing where it is not there.
fn written(desk: &Desk) -> Option<(PathBuf, Vec<Case>)> {
    let Some(python) = oracle::python() else {
        assert!(oracle::skip("h5py").is_empty());
        return None;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracles/hdf5_selections.py");
    let file = desk.path().join("measured");
    let output = Command::new(python).arg(script).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some((file, serde_json::from_slice(&output.stdout).unwrap()))
}

/// A desk with calculation 1 and an export of it, whose name does not tell what it is.
fn with_export() -> Desk {
    let desk = Desk::with_values();
    desk.done(&["-q", "export", "hdf5", "-o", "values.nobody"]);
    desk
}

#[test]
fn selections_are_what_h5py_reads() {
    let desk = Desk::new();
    let Some((file, cases)) = written(&desk) else { return };
    let file = file.to_str().unwrap();
    assert!(cases.len() > 40, "{}", cases.len());
    for (key, selection, expected) in &cases {
        let found = desk.json(&["-c", file, "cat", key, "-s", selection]);
        assert_eq!(found, *expected, "{key} {selection}");
    }
    // What cannot be imported is named.
    assert_eq!(desk.run(&["-q", "import", file]).code, 1);
    for (key, selection, expected) in &cases {
        assert_eq!(desk.json(&["cat", key, "-s", selection]), *expected, "imported {key} {selection}");
    }
}

#[test]
fn an_export_is_read_as_its_store_is() {
    let desk = with_export();
    let plain = |arguments: &[&str]| {
        let text = desk.done(arguments);
        let sizes = |line: &&str| {
            !["size", "codecs", "chunks", "dimensions", "stored", "ratio"]
                .iter()
                .any(|name| line.starts_with(name))
        };
        text.lines().filter(sizes).collect::<Vec<_>>().join("\n")
    };
    for arguments in [
        &["ls"][..],
        &["ls", "-r"],
        &["ls", "-r", "/*/Sad*"],
        &["tree"],
        &["show", "/0/curves"],
        &["show", "/0/Sadigh"],
        &["show", "/job"],
        &["show", "/blob"],
        &["cat", "/0/curves"],
        &["cat", "/0/curves", "-s", "-1,::-1"],
        &["cat", "/0/Sadigh", "-s", "-1", "--json"],
        &["cat", "/0/Sadigh/PGA", "-s", ":, 1"],
        &["cat", "/sites", "--json"],
        &["cat", "/job"],
        &["cat", "/0/name"],
        &["cat", "/blob", "-f", "json"],
        &["cat", "/blob", "-s", "1:", "-f", "json"],
        &["attrs", "/0/curves"],
        &["attrs", "/0/curves", "units"],
    ] {
        let of_file = plain(&[&["-c", "values.nobody"], arguments].concat());
        assert_eq!(of_file, plain(arguments), "{arguments:?}");
    }
    let stat = desk.json(&["-c", "values.nobody", "stat"]);
    assert_eq!(stat["nodes"], desk.json(&["stat"])["nodes"]);
    assert_eq!(stat["stored_bytes"], std::fs::metadata(desk.path().join("values.nobody")).unwrap().len());
    assert_eq!(desk.done(&["-c", "values.nobody", "path"]), "values.nobody\n");
}

#[test]
fn a_file_is_only_read_and_what_is_none_is_refused_at_once() {
    let desk = with_export();
    desk.write("text", "hello");
    desk.write("empty", "");
    assert!(Command::new("mkfifo").arg(desk.path().join("pipe")).status().unwrap().success());
    let only_read = "calcstore: this is an HDF5 file, which is only read; calcstore import FILE makes values of it (values.nobody)\n";
    for verb in [
        &["put", "/x", "text", "-f", "text"][..],
        &["attrs", "/sites", "a=1"],
        &["rm", "/sites"],
        &["rm", "-n", "/sites"],
        &["check"],
        &["export", "hdf5"],
        &["import", "values.nobody", "--into", "/x"],
    ] {
        let ran = desk.run(&[&["-c", "values.nobody"], verb].concat());
        assert_eq!((ran.code, ran.stderr.as_str()), (2, only_read), "{verb:?}");
    }
    let before = std::fs::read(desk.path().join("values.nobody")).unwrap();
    for (arguments, code, message) in [
        (&["-c", "text", "ls"][..], 2, "is neither a directory nor an HDF5 or zip file (text)"),
        (&["-c", "empty", "ls"], 2, "is neither a directory nor an HDF5 or zip file (empty)"),
        (&["-c", "pipe", "ls"], 2, "a directory, pipe or device is there, and no HDF5 file (pipe)"),
        (&["-c", "gone", "ls"], 3, "there is no such calculation, directory or file (gone)"),
        (&["-c", "values.nobody", "show", "/sitse"], 3, "/sitse: not found; did you mean /sites?"),
        (
            &["-c", "values.nobody", "show", "/sites/lom"],
            3,
            "/sites/lom: not found; did you mean /sites/lon?",
        ),
        (&["-c", "values.nobody", "cat", "/0"], 2, "/0: is a group; name a value in it (ls lists them)"),
        (
            &["-c", "values.nobody", "cat", "/job", "-s", "0"],
            2,
            "/job: is an object; -s selects parts of arrays, tables and bytes",
        ),
        (
            &["-c", "values.nobody", "cat", "/0/curves", "-s", "2"],
            2,
            "/0/curves: the selection \"2\": index 2 of axis 0 is out of range for the shape [2, 3]",
        ),
        (
            &["cat", "/0/curves", "-s", "2"],
            2,
            "/0/curves: the selection \"2\": index 2 of axis 0 is out of range for the shape [2, 3]",
        ),
    ] {
        let ran = desk.run(arguments);
        assert_eq!((ran.code, ran.stderr), (code, format!("calcstore: {message}\n")), "{arguments:?}");
    }
    assert_eq!(std::fs::read(desk.path().join("values.nobody")).unwrap(), before);
}

#[test]
fn what_cannot_be_read_is_listed_with_its_reason_and_hides_nothing() {
    let desk = Desk::new();
    let Some((file, _)) = written(&desk) else { return };
    let file = file.to_str().unwrap();
    let problems: Vec<Json> = desk.json(&["-c", file, "ls", "-r"]).as_array().unwrap().clone();
    let problem = |key: &str| {
        let node = problems.iter().find(|node| node["key"] == key);
        node.unwrap_or_else(|| panic!("{key} is not listed"))["problem"].clone()
    };
    assert_eq!(
        problem("/bad/lists"),
        json!("lists of any length are no array; an import has their lengths and their elements as two")
    );
    assert_eq!(problem("/bad/nowhere"), json!("cannot follow \"/nothing\": there is no \"nothing\""));
    let elsewhere = "it leads to \"/x\" in the file \"other.h5\", and other files are read from an allowed directory only";
    assert_eq!(problem("/bad/other"), json!(elsewhere));
    assert_eq!(problem("/bad/again"), json!("it is the group \"/\" once more, which it lies in itself"));
    assert_eq!(
        problem("/bad/partly"),
        json!("left out: .lists: the elements of its lists, which an import puts beside the table")
    );
    assert_eq!(problem("/bad/sound"), Json::Null);
    let long = desk.run(&["-c", file, "ls", "-l", "/bad"]);
    assert_eq!(long.code, 0, "{long:?}");
    assert_eq!(long.text().lines().count(), 7);
    assert_eq!(desk.done(&["-c", file, "cat", "/bad/again/bad/sound"]), "1\n2\n");
}
