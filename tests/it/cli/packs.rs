//! `calcstore pack` and `unpack`, and zip files that are read where they lie.

use std::fs;
use std::path::Path;
use std::process::Command;

use calcstore::zip::Writer;
use serde_json::json;

use super::Desk;
use crate::oracle;

/// A desk with calculation 1 and two zip files of it: packed.zip, and other.zip, deflated and with all in one directory.
fn desk() -> Desk {
    let desk = Desk::with_values();
    desk.done(&["-q", "pack", "-o", "packed.zip"]);
    desk
}

/// All files below a directory, by their paths.
fn files(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        }
        found.push(entry.path().display().to_string());
    }
    found.sort();
    found
}

/// A zip file of these entries.
fn zip(desk: &Desk, entries: &[(&str, &[u8])]) {
    let mut zip = Writer::new(fs::File::create(desk.path().join("hostile.zip")).unwrap());
    for (name, bytes) in entries {
        zip.add(name, bytes).unwrap();
    }
    zip.finish().unwrap();
}

const GROUP: &[u8] = br#"{"zarr_format":3,"node_type":"group","attributes":{}}"#;

#[test]
fn what_is_packed_and_unpacked_is_what_it_was() {
    let desk = desk();
    let ran = desk.run(&["unpack", "packed.zip"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, "unpacked 14 nodes, 272 B\n"));
    assert_eq!(ran.text(), "DESK/data/calc_2\n");
    desk.done(&["-q", "unpack", "packed.zip", "elsewhere"]);
    fs::create_dir(desk.path().join("empty")).unwrap();
    desk.done(&["-q", "unpack", "packed.zip", "empty"]);
    for other in ["packed.zip", "2", "./elsewhere", "./empty"] {
        assert_eq!(desk.run(&["diff", "1", other, "--brief"]).code, 0, "{other}");
        assert_eq!(desk.run(&["-c", other, "-q", "check"]).code, 0, "{other}");
        assert_eq!(desk.json(&["-c", other, "attrs", "/"]), desk.json(&["-c", "1", "attrs", "/"]));
    }
    assert_eq!(desk.json(&["calcs"])[0]["date"], desk.json(&["calcs"])[1]["date"]);
    // The same gives the same bytes.
    desk.done(&["-q", "pack", "2", "-o", "again.zip"]);
    desk.done(&["-q", "-c", "packed.zip", "pack", "-o", "third.zip"]);
    let bytes = |name: &str| fs::read(desk.path().join(name)).unwrap();
    assert!(bytes("packed.zip") == bytes("again.zip") && bytes("packed.zip") == bytes("third.zip"));
    assert_eq!(desk.json(&["unpack", "packed.zip"]), json!({"calc_id": 3, "calc_dir": "DESK/data/calc_3"}));
    let report = desk.json(&["pack", "1", "-o", "packed.zip", "--force"]);
    assert_eq!(report, json!({"file": "packed.zip", "bytes": bytes("packed.zip").len(), "nodes": 14}));
}

#[test]
fn zarr_python_zipfile_and_unzip_read_what_is_packed() {
    let desk = desk();
    if let Ok(output) = Command::new("unzip").arg("-tq").arg(desk.path().join("packed.zip")).output() {
        assert!(output.status.success(), "{output:?}");
    }
    let Some(python) = oracle::python() else {
        assert!(oracle::skip("zarr-python").is_empty());
        return;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracles/zip_view.py");
    let (store, packed) = (desk.path().join("data/calc_1/output.zarr"), desk.path().join("packed.zip"));
    let output = Command::new(python).arg(script).args([store, packed]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "10\n");
}

#[test]
fn every_reading_verb_says_the_same_of_a_zip_file_as_of_its_directory() {
    let desk = desk();
    let mut others = vec!["1", "-1", "calc_1", "data/calc_1", "packed.zip"];
    let make = "import shutil; shutil.make_archive('deflated', 'zip', 'data', 'calc_1')";
    match oracle::python() {
        Some(python) => {
            let made = Command::new(python).args(["-c", make]).current_dir(desk.path()).status().unwrap();
            assert!(made.success());
            others.push("deflated.zip");
        }
        None => assert!(oracle::skip("python").is_empty()),
    }
    for verb in [
        &["ls"][..],
        &["ls", "-l"],
        &["ls", "-r", "--json"],
        &["tree"],
        &["tree", "--json"],
        &["show", "/0/curves"],
        &["show", "/sites", "--json"],
        &["show", "/job"],
        &["show", "/sitse"],
        &["cat", "/0/curves", "-s", "-1,::2"],
        &["cat", "/sites", "-f", "csv"],
        &["cat", "/0/name"],
        &["cat", "/blob"],
        &["cat", "/job"],
        &["cat", "/0"],
        &["attrs", "/0/curves"],
        &["stat", "/0"],
        &["stat", "--json"],
        &["export", "csv", "/sites", "-o", "-"],
        &["export", "npz", "/", "-o", "out.npz", "--force"],
        &["export", "hdf5", "-o", "out.hdf5", "--force"],
    ] {
        let run = |calc: &str| {
            let ran = desk.run(&[&["-c", calc], verb].concat());
            (ran.code, ran.stderr, ran.stdout)
        };
        let expected = run("1");
        for other in &others {
            assert!(run(other) == expected, "{other} {verb:?}");
        }
    }
    for other in &others {
        let ran = desk.run(&["diff", "1:/0", &format!("{other}:/0")]);
        assert_eq!(
            (ran.code, ran.stderr.as_str()),
            (0, "6 nodes and 104 B compared: no differences\n"),
            "{other}"
        );
    }
}

#[test]
fn a_zip_file_is_only_read_and_nothing_takes_the_place_of_what_is_there() {
    let desk = desk();
    desk.write("text", "hello");
    assert!(Command::new("mkfifo").arg(desk.path().join("pipe")).status().unwrap().success());
    desk.write("PK", "PK\x03\x04 and nothing more");
    let before = fs::read(desk.path().join("packed.zip")).unwrap();
    let only_read =
        "this is a zip file, which is only read; calcstore unpack FILE makes a store of it (packed.zip)";
    for (arguments, code, message) in [
        (&["-c", "packed.zip", "put", "/x", "text", "-f", "text"][..], 2, only_read),
        (&["-c", "packed.zip", "attrs", "/sites", "a=1"], 2, only_read),
        (&["-c", "packed.zip", "rm", "/sites"], 2, only_read),
        (&["pack", "-o", "packed.zip"], 2, "there is such a file already; --force replaces it (packed.zip)"),
        (&["unpack", "text"], 2, "not a zip file: it has no central directory at its end (DESK/text)"),
        (&["-c", "PK", "ls"], 2, "not a zip file: it has no central directory at its end (DESK/PK)"),
        (
            &["unpack", "packed.zip", "data"],
            2,
            "there is something already; name a directory that is empty, or none yet (DESK/data)",
        ),
        (
            &["unpack", "packed.zip", "text"],
            2,
            "there is something already; name a directory that is empty, or none yet (DESK/text)",
        ),
        (
            &["-c", "1", "unpack", "packed.zip"],
            2,
            "-c has no meaning here: a new calculation is made, or DIR becomes one",
        ),
        (&["unpack", "pipe"], 2, "not a zip file: a directory, pipe or device is there (DESK/pipe)"),
        (&["unpack", "data"], 2, "not a zip file: a directory, pipe or device is there (DESK/data)"),
        (&["unpack", "gone.zip"], 2, "cannot open: No such file or directory (os error 2) (DESK/gone.zip)"),
        (
            &["-c", "packed.zip", "export", "hdf5"],
            2,
            "a file must be named for the export of a Zarr hierarchy or zip file, which it does not belong into (DESK/packed.zip)",
        ),
    ] {
        let ran = desk.run(arguments);
        assert_eq!((ran.code, ran.stderr), (code, format!("calcstore: {message}\n")), "{arguments:?}");
    }
    assert_eq!(fs::read(desk.path().join("packed.zip")).unwrap(), before);
    assert_eq!(desk.json(&["calcs"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_zip_file_that_means_harm_writes_nothing_anywhere() {
    let desk = desk();
    let array = br#"{"zarr_format":3,"node_type":"array","shape":[2],"data_type":"uint8","chunk_grid":{"name":"regular",
        "configuration":{"chunk_shape":[2]}},"chunk_key_encoding":{"name":"default"},"fill_value":0,"codecs":[{"name":"bytes"}]}"#;
    let before = files(desk.path());
    for entries in [
        &[("zarr.json", GROUP), ("../escaped/zarr.json", GROUP)][..],
        &[("zarr.json", GROUP), ("/tmp/escaped/zarr.json", GROUP)],
        &[("zarr.json", GROUP), ("a/../../escaped/zarr.json", GROUP)],
        &[("zarr.json", GROUP), ("a\\..\\escaped/zarr.json", GROUP)],
        &[("zarr.json", GROUP), ("a/zarr.json", GROUP), ("a/zarr.json", array)],
        &[("zarr.json", GROUP), ("a/zarr.json", array), ("a/c/0", b"three")],
        &[("zarr.json", GROUP), ("nul.txt/zarr.json", GROUP)],
        &[("zarr.json", GROUP), ("a:b/zarr.json", GROUP), ("ok./zarr.json", GROUP)],
        &[("zarr.json", array), ("c/0", b"ab")],
        &[("zarr.json", b"{")],
        &[("readme.txt", b"hello")],
        &[],
    ] {
        zip(&desk, entries);
        for into in [&["unpack", "hostile.zip"][..], &["unpack", "hostile.zip", "x"]] {
            let ran = desk.run(into);
            assert!(ran.code == 2 || ran.code == 3, "{entries:?} {ran:?}");
            assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
        }
        desk.run(&["-c", "hostile.zip", "tree"]);
        fs::remove_file(desk.path().join("hostile.zip")).unwrap();
        assert_eq!(files(desk.path()), before, "{entries:?}");
    }
    // Names that differ in their case alone are two, where the file system tells them apart.
    zip(&desk, &[("zarr.json", GROUP), ("a/zarr.json", GROUP), ("A/zarr.json", GROUP)]);
    desk.done(&["-q", "unpack", "hostile.zip", "both"]);
    assert_eq!(desk.done(&["-c", "both", "ls"]), "A/\na/\n");
}

#[test]
fn damage_is_found_wherever_it_is_and_leaves_nothing() {
    let desk = desk();
    let packed = desk.path().join("packed.zip");
    let whole = fs::read(&packed).unwrap();
    let elements = whole.windows(8).position(|bytes| bytes == 1.5f64.to_le_bytes()).unwrap();
    let text = whole.windows(5).position(|bytes| bytes == b"Pavia").unwrap();
    for at in [elements, text] {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(&packed, damaged).unwrap();
        let before = files(desk.path());
        for into in [&["unpack", "packed.zip"][..], &["unpack", "packed.zip", "x"]] {
            let ran = desk.run(into);
            assert!(ran.code == 2 && ran.stderr.contains("checksum"), "{ran:?}");
        }
        assert_eq!(files(desk.path()), before);
        let ran = desk.run(&["-c", "packed.zip", "check"]);
        assert!(ran.code == 1 && ran.text().contains("checksum"));
    }
    // What is damaged is not packed, either.
    let chunk = desk.path().join("data/calc_1/output.zarr/0/curves/c.0.0");
    let mut bytes = fs::read(&chunk).unwrap();
    bytes[3] ^= 1;
    fs::write(&chunk, bytes).unwrap();
    let before = files(desk.path());
    let ran = desk.run(&["pack", "-o", "other.zip"]);
    assert_eq!(
        (ran.code, ran.stderr.contains("/0/curves: a chunk is damaged: its checksum is wrong")),
        (2, true),
        "{ran:?}"
    );
    assert_eq!(files(desk.path()), before);
}

#[test]
fn a_zip_file_of_more_than_the_limit_is_refused() {
    let desk = Desk::new();
    desk.write("make.py", "import zipfile\nwith zipfile.ZipFile('bomb.zip', 'w', zipfile.ZIP_DEFLATED) as z:\n  z.writestr('zarr.json', '{\"zarr_format\":3,\"node_type\":\"group\"}')\n  z.writestr('a/c/0', bytes(1 << 24))\n");
    let Some(python) = oracle::python() else {
        assert!(oracle::skip("python").is_empty());
        return;
    };
    assert!(Command::new(python).arg("make.py").current_dir(desk.path()).status().unwrap().success());
    let ran = desk.run(&["unpack", "bomb.zip", "--limit", "1MiB"]);
    let message = "the zip file would unpack to 16777253 bytes, more than the limit of 1048576";
    assert_eq!((ran.code, ran.stderr.contains(message)), (2, true), "{ran:?}");
    assert!(!desk.path().join("data").exists());
}

#[test]
fn a_parent_that_is_not_in_the_zip_file_is_named() {
    let desk = desk();
    desk.done(&["new"]);
    desk.store().set_parent(1).unwrap();
    desk.store().insert("/own", 1.5).unwrap();
    let ran = desk.run(&["pack", "-o", "child.zip"]);
    let note = "its parent is not in it, and is needed to read on: DESK/data/calc_1\npacked 2 nodes, ";
    assert!(ran.stderr.starts_with(note), "{ran:?}");
    // It is read alone, whoever lies beside it.
    fs::rename(desk.path().join("child.zip"), desk.path().join("data/child.zip")).unwrap();
    let ran = desk.run(&["-c", "data/child.zip", "cat", "/sites/lon"]);
    assert_eq!((ran.code, ran.stdout.len()), (3, 0), "{ran:?}");
    desk.done(&["-q", "unpack", "data/child.zip", "data/calc_9"]);
    for (at, into) in [(10, &[][..]), (11, &["--parent", "1"])] {
        let ran = desk.run(&[&["unpack", "data/child.zip"][..], into].concat());
        let note = "its parent was ../calc_1 where it was packed, and it has none now; --parent names one\n";
        let note = if into.is_empty() { note } else { "" };
        assert!(ran.code == 0 && ran.stderr.starts_with(&format!("{note}unpacked 2 nodes, ")), "{ran:?}");
        assert_eq!(ran.stdout, format!("DESK/data/calc_{at}\n").as_bytes());
    }
    for (at, found) in [("9", ""), ("10", ""), ("11", "12.5\n9.25\n")] {
        let ran = desk.run(&["-c", at, "cat", "/sites/lon"]);
        assert_eq!((ran.code == 0, ran.text()), (!found.is_empty(), found.to_owned()));
    }
    let ran = desk.run(&["unpack", "data/child.zip", "--parent", "77"]);
    assert!(ran.code == 3 && ran.stderr.contains("there is no calculation 77"), "{ran:?}");
    assert_eq!(desk.run(&["-c", "12", "ls"]).code, 3);
}
