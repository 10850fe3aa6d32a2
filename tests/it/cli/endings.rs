//! How a run can end before its time.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
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
    // Chunks of numbers that are not there are not exported. Those of text are, unless all of it is empty.
    array(&desk, 1 << 30, r#""string", "fill_value": "x", "codecs": [{"name": "vlen-utf8"}]"#);
    let before = fs::read_dir(desk.path()).unwrap().count();

    let mut command = desk.command(&["-v", "-c", "foreign.zarr", "export", "hdf5", "-o", "out.hdf5"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(stderr.any(|line| line.unwrap() == "exporting"));
    let started = Instant::now();
    interrupt(&child);
    let status = child.wait().unwrap();
    assert!(started.elapsed() < Duration::from_secs(20), "it took {:?}", started.elapsed());
    assert_eq!(status.code(), Some(130));
    assert_eq!(stderr.map(Result::unwrap).collect::<Vec<_>>(), ["calcstore: /zeros: the export was stopped"]);
    assert_eq!(fs::read_dir(desk.path()).unwrap().count(), before);
}

/// A hierarchy with an array of as many zeros: chunks that are not there cost nothing.
fn zeros(desk: &Desk, count: u64) {
    array(
        desk,
        count,
        r#""float64", "fill_value": 0.0, "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}]"#,
    );
}

/// A hierarchy with such an array without chunks.
fn array(desk: &Desk, count: u64, of: &str) {
    let hierarchy = desk.path().join("foreign.zarr");
    fs::create_dir_all(hierarchy.join("zeros")).unwrap();
    fs::write(hierarchy.join("zarr.json"), r#"{"zarr_format": 3, "node_type": "group"}"#).unwrap();
    let array = r#"{"zarr_format": 3, "node_type": "array", "shape": [COUNT],
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [131072]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}}, "data_type": OF}"#;
    let array = array.replace("COUNT", &count.to_string()).replace("OF", of);
    fs::write(hierarchy.join("zeros/zarr.json"), array).unwrap();
}

fn interrupt(child: &Child) {
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_file_whose_writing_is_interrupted_disappears() {
    let desk = Desk::new();
    zeros(&desk, 1 << 24);
    let mut command = desk.command(&["-c", "foreign.zarr", "cat", "/zeros", "-o", "zeros.txt"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let files = || fs::read_dir(desk.path()).unwrap().count();
    let started = Instant::now();
    while files() < 2 && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(1));
    }
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(files(), 1);
}

#[test]
fn a_device_that_is_full_is_named() {
    let desk = Desk::with_values();
    // Whatever is written there, the device is full.
    let output =
        desk.command(&["cat", "/0/curves"]).stdout(fs::File::create("/dev/full").unwrap()).output().unwrap();
    let expected = "calcstore: cannot write: No space left on device (os error 28) (standard output)\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_lock_that_somebody_holds_is_waited_for_so_long_and_ends_with_4() {
    let desk = Desk::with_values();
    let place = desk.path().join("data/calc_1/.calcstore/locks/tree");
    let lock = fs::File::options().read(true).write(true).open(place).unwrap();
    lock.lock().unwrap();
    desk.write("one.json", "1");
    let put = ["put", "/one", "one.json", "--lock-timeout", "0.05"];
    let ran = desk.run(&put);
    let expected = "calcstore: locked; gave up after 50ms (DESK/data/calc_1/.calcstore/locks/tree)\n";
    assert_eq!((ran.code, ran.stderr.as_str()), (4, expected));
    let without = desk.command(&put).env("CALCSTORE_LOCKS", "off").output().unwrap();
    assert_eq!(without.status.code(), Some(0), "{without:?}");
    assert_eq!(desk.done(&["cat", "/one"]), "1\n", "readers need no lock");
    drop(lock);
    desk.done(&put);
}

#[test]
fn nonsense_about_locks_is_refused() {
    let desk = Desk::with_values();
    let output = desk.command(&["rm", "/sites"]).env("CALCSTORE_LOCKS", "maybe").output().unwrap();
    let expected = "calcstore: CALCSTORE_LOCKS is \"maybe\"; it can be require, best-effort or off\n";
    assert_eq!(
        (output.status.code(), String::from_utf8(output.stderr).unwrap().as_str()),
        (Some(2), expected)
    );
    desk.done(&["ls", "/sites"]);
    for timeout in ["-1", "soon", "1e30"] {
        assert_eq!(desk.run(&[&format!("--lock-timeout={timeout}"), "ls"]).code, 2);
    }
}
