//! How a run can end before its time.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Desk;

#[test]
fn a_pipe_that_is_closed_early_is_no_reason_to_complain() {
    let desk = Desk::new();
    desk.done(&["new"]);
    desk.store().insert("/long", vec![0.5f64; 1_000_000]).unwrap();
    for arguments in [&["cat", "/long"][..], &["cat", "/long", "--json"], &["cat", "/long", "-f", "npy"]] {
        let mut command = desk.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 10];
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut first).unwrap();
        drop(stdout);
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn an_export_that_is_interrupted_leaves_no_file() {
    let desk = Desk::new();
    // Chunks that are not there are zeros: eight GiB to export in one small file.
    let hierarchy = desk.path().join("foreign.zarr");
    fs::create_dir_all(hierarchy.join("zeros")).unwrap();
    fs::write(hierarchy.join("zarr.json"), r#"{"zarr_format": 3, "node_type": "group"}"#).unwrap();
    let array = r#"{"zarr_format": 3, "node_type": "array", "shape": [1073741824], "data_type": "float64",
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [131072]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}}, "fill_value": 0.0,
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}]}"#;
    fs::write(hierarchy.join("zeros/zarr.json"), array).unwrap();
    let before = fs::read_dir(desk.path()).unwrap().count();

    let mut command = desk.command(&["-v", "-c", "foreign.zarr", "export", "hdf5", "-o", "out.hdf5"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(stderr.any(|line| line.unwrap() == "exporting"));
    let pid = child.id().to_string();
    let started = Instant::now();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let status = child.wait().unwrap();
    assert!(started.elapsed() < Duration::from_secs(20), "it took {:?}", started.elapsed());
    assert_eq!(status.code(), Some(130));
    assert_eq!(stderr.map(Result::unwrap).collect::<Vec<_>>(), ["calcstore: /zeros: the export was stopped"]);
    assert_eq!(fs::read_dir(desk.path()).unwrap().count(), before);
}

#[test]
fn a_lock_that_is_held_and_a_disk_that_is_full_are_told_apart() {
    let desk = Desk::with_values();
    // Whatever is written there, the device is full.
    let output =
        desk.command(&["cat", "/0/curves"]).stdout(fs::File::create("/dev/full").unwrap()).output().unwrap();
    let expected = "calcstore: cannot write: No space left on device (os error 28) (standard output)\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
    assert_eq!(output.status.code(), Some(2));
}
