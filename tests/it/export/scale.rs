//! Exports of many objects, of many chunks, and of much that was never written.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use calcstore::{Compression, DataStore};

use super::Scene;
use crate::oracle;

/// The sizes of the whole thing; without it they are a fiftieth.
const VARIABLE: &str = "CALCSTORE_EXPORT_SCALE";

/// No export may take more memory than this, in KiB.
const MOST_MEMORY: u64 = 64 << 10;

fn scale() -> usize {
    std::env::var(VARIABLE).ok().and_then(|scale| scale.parse().ok()).unwrap_or(2)
}

/// Exports with the program; gives the seconds that it took and the memory that it had, in KiB.
fn measured(scene: &Scene, more: &[&str]) -> (f64, u64) {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_calcstore"));
    child
        .arg("-c")
        .arg(scene.store.calc_dir())
        .args(["-q", "export", "hdf5", "--force", "-o"])
        .arg(scene.file());
    let mut child = child.args(more).stdout(std::process::Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    let ended = loop {
        if let Ok(status) = std::fs::read_to_string(&status)
            && let Some(line) = status.lines().find(|line| line.starts_with("VmHWM:"))
        {
            most = most.max(line.split_whitespace().nth(1).unwrap().parse().unwrap());
        }
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    };
    assert!(ended.success() && most > 0);
    (start.elapsed().as_secs_f64(), most)
}

pub(super) fn assert_in_h5py(file: &Path, program: &str) {
    let Some(python) = oracle::python() else {
        assert_eq!(oracle::skip("python"), Vec::<String>::new());
        return;
    };
    let program = format!("import h5py, sys\nfile = h5py.File(sys.argv[1])\n{program}");
    let output = Command::new(python).arg("-c").arg(program).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn report(what: &str, scene: &Scene, (seconds, memory): (f64, u64)) {
    let bytes = scene.file().metadata().unwrap().len();
    eprintln!("{what}: {seconds:.2} s, {memory} KiB of memory, {bytes} bytes");
    assert!(memory < MOST_MEMORY, "{what} took {memory} KiB");
}

fn fill(store: &DataStore, group: &str, count: usize) {
    store.extend((0..count).map(|n| (format!("{group}/{n:06}"), n as f64))).unwrap();
}

#[test]
fn many_datasets_and_a_wide_group_take_little_memory() {
    let (scene, count) = (Scene::new(), 1000 * scale());
    for n in 0..50 {
        fill(&scene.store, &format!("/g{n}"), count / 50);
    }
    fill(&scene.store, "/wide", count / 2);
    let figures = measured(&scene, &[]);
    report(&format!("{count} datasets, and {} in one group", count / 2), &scene, figures);
    assert_in_h5py(
        &scene.file(),
        &format!(
            "assert sum(len(file[f'g{{n}}']) for n in range(50)) == {count}\n\
         assert [file['wide'][name][()] for name in file['wide']] == list(range({count} // 2))"
        ),
    );
}

#[test]
fn many_chunks_take_little_memory() {
    let (scene, count) = (Scene::new(), 10_000 * scale());
    let values: Vec<u16> = (0..count * 64).map(|n| n as u16).collect();
    let new = scene.store.new_dataset("/chunks").chunks([64]);
    new.compression(Compression::gzip(1).unwrap()).insert(&values).unwrap();
    let figures = measured(&scene, &[]);
    report(&format!("{count} chunks"), &scene, figures);
    assert_in_h5py(
        &scene.file(),
        &format!(
            "import numpy\nassert file['chunks'].id.get_num_chunks() == {count}\n\
         assert (file['chunks'][...] == numpy.arange({count} * 64).astype('u2')).all()"
        ),
    );
}

#[test]
fn many_small_chunks_of_one_file_take_little_memory() {
    let (scene, count) = (Scene::new(), 10_000 * scale());
    let values: Vec<f64> = (0..count).map(|n| n as f64).collect();
    scene.store.new_dataset("/shard").chunks([1]).shards([count as u64]).insert(&values).unwrap();
    let figures = measured(&scene, &["--chunked"]);
    report(&format!("{count} chunks of 8 bytes in one file"), &scene, figures);
    assert_in_h5py(
        &scene.file(),
        &format!(
            "import numpy\nassert file['shard'].chunks == (1,)\n\
         assert (file['shard'][...] == numpy.arange({count})).all()"
        ),
    );
}

#[test]
fn what_was_never_written_takes_no_room() {
    let scene = Scene::new();
    let dataset = scene.store.new_dataset("/sparse").fill_value(-1.0).chunks([1024, 1024]).shards([]);
    let dataset = dataset.create::<f64>(&[40_000, 40_000]).unwrap();
    dataset.write(ndarray::s![30_000..30_010, 7..9], 2.5).unwrap();
    let figures = measured(&scene, &[]);
    report("12 GB of which 8 MiB were written", &scene, figures);
    assert!(scene.file().metadata().unwrap().len() < 9 << 20);
    assert_in_h5py(
        &scene.file(),
        "assert file['sparse'][30005, 8] == 2.5 and file['sparse'][30005, 9] == -1 and file['sparse'][0, 0] == -1\n\
         assert file['sparse'].id.get_num_chunks() == 1",
    );
    let report = scene.store.hdf5_export().file(scene.file()).force(true).run().unwrap();
    assert_eq!(report.sparse, ["/sparse"]);
}
