//! The corpus: what becomes of each file, and what h5py says to that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs};

use calcstore::{DataStore, Error, ImportReport, Value};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::{compared, fresh};
use crate::corpus::fingerprint;
use crate::oracle;

/// Names the file that [`the_child_imports_one_file`] imports.
const FILE: &str = "CALCSTORE_TEST_IMPORT";

/// What a file that means harm may cost.
pub(super) const LONGEST: Duration = Duration::from_secs(if cfg!(debug_assertions) { 3 } else { 1 });
pub(super) const MOST_KIB: u64 = 64 << 10;

/// How many of a hundred files that h5py reads as a whole are imported as a whole.
const LEAST: usize = 75;

fn table() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/corpus/hdf5.tsv")
}

/// The files of the corpus by their names, where it is there.
pub(super) fn files() -> BTreeMap<String, PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let root = env::var_os("CALCSTORE_CORPUS").map_or(beside, PathBuf::from).join("hdf5");
    let (mut found, mut waiting) = (BTreeMap::new(), vec![root.join("valid"), root.join("malformed")]);
    if !root.is_dir() {
        drop(oracle::skip("the whole corpus (CALCSTORE_CORPUS)"));
        return found;
    }
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.insert(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned(), path);
            }
        }
    }
    found
}

fn imported(file: &Path) -> (TempDir, DataStore, Result<ImportReport, Error>) {
    let (directory, store) = fresh();
    // Files that others name are beside these.
    let report = store.hdf5_import(file).external(file.parent().unwrap()).run();
    (directory, store, report)
}

/// What comes of an import, in one line.
fn outcome(file: &Path, store: &DataStore, report: &Result<ImportReport, Error>) -> String {
    let home = fs::canonicalize(file.parent().unwrap()).unwrap();
    let home = home.to_str().unwrap();
    let report = match report {
        Ok(report) => report,
        Err(error) => return format!("{}: {}", error.kind().name(), error.message()),
    };
    let mut digest = Sha256::new();
    for node in store.walk_nodes("/").unwrap() {
        let value = match store.dataset(&node.key) {
            // What is sparse is not read as a whole.
            Ok(dataset) if dataset.shape().iter().fold(1, |n: u64, m| n.saturating_mul(*m)) > 1 << 24 => {
                format!("{} {:?}", dataset.data_type(), dataset.shape())
            }
            _ => shown(&store.value(&node.key).unwrap()),
        };
        digest.update(format!("{}\t{value}\n", node.key));
    }
    for left in &report.left_out {
        // Where the corpus is does not matter.
        digest.update(format!("{}\t{}\n", left.path, left.why.replace(home, "")));
    }
    let digest: String = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{} values, {} left out, {digest}", report.values, report.left_out.len())
}

pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Array(array) => format!("{} {:?} {}", array.data_type(), array.shape(), fingerprint(array)),
        Value::Table(table) => {
            let columns = table.columns().map(|(name, column)| format!("{name} {}", fingerprint(column)));
            format!("{} {}", table.schema(), columns.collect::<String>())
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn the_child_imports_one_file() {
    let Some(file) = env::var_os(FILE) else { return };
    let (directory, store) = fresh();
    let start = Instant::now();
    let file = Path::new(&file);
    let report = store.hdf5_import(file).external(file.parent().unwrap()).run();
    assert!(start.elapsed() < 20 * LONGEST, "{:?}", start.elapsed());
    let millis = processor_time();
    // Only Linux tells.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    let most = most.trim().trim_end_matches(" kB");
    println!("\noutcome\t{most}\t{millis}\t{}", outcome(file, &store, &report).escape_debug());
    drop(directory);
}

/// The milliseconds that processors worked for this process, all threads together: others may use the machine, too.
pub(super) fn processor_time() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    // In hundredths of a second, in user mode and in the kernel.
    fields.skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap() * 10).sum()
}

/// Runs a test on one file, named by a variable, in a process of its own; gives the outcome, the most memory that it took, in
/// KiB, and the time.
pub(super) fn child(test: &str, variable: &str, file: &Path) -> (String, u64, Duration) {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(variable, file)
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let line = printed.lines().find_map(|line| line.strip_prefix("outcome\t"));
    let line = line.unwrap_or_else(|| panic!("{}: {output:?}", file.display()));
    let mut fields = line.splitn(3, '\t');
    let mut field = || fields.next().unwrap();
    let (memory, millis) = (field().parse().unwrap(), field().parse().unwrap());
    (field().to_owned(), memory, Duration::from_millis(millis))
}

#[test]
fn every_file_of_the_corpus_is_what_the_table_says() {
    let pinned = fs::read_to_string(table()).unwrap();
    let mut found = BTreeMap::new();
    for (name, path) in files() {
        let outcome = if name.starts_with("malformed/") {
            let (outcome, memory, time) = child("import::corpus::the_child_imports_one_file", FILE, &path);
            assert!(memory < MOST_KIB, "{name} took {memory} KiB");
            assert!(time < LONGEST, "{name} took {time:?}");
            outcome
        } else {
            let (_directory, store, report) = imported(&path);
            outcome(&path, &store, &report).escape_debug().to_string()
        };
        found.insert(name, outcome);
    }
    if found.is_empty() {
        return;
    }
    let pinned: BTreeSet<String> = pinned.lines().skip(1).map(str::to_owned).collect();
    let found: BTreeSet<String> = found.iter().map(|(name, outcome)| format!("{name}\t{outcome}")).collect();
    let differences: Vec<&String> = pinned.symmetric_difference(&found).collect();
    let whole = found.iter().fold("file\toutcome\n".to_owned(), |text, line| text + line + "\n");
    // What is there now, to be looked at, and then put in place of the table.
    let _ = fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("corpus_hdf5.tsv"), whole);
    assert!(differences.is_empty(), "{} differences: {differences:#?}", differences.len());
    assert!(found.len() > 500, "only {} files are there", found.len());
}

#[test]
fn what_h5py_reads_as_a_whole_is_imported_as_a_whole() {
    let files: Vec<PathBuf> =
        files().into_iter().filter(|(name, _)| name.starts_with("valid/")).map(|(_, path)| path).collect();
    let imported: Vec<_> = files
        .iter()
        .filter_map(|file| {
            let (directory, store, report) = imported(file);
            Some((file, directory, store, report.ok()?))
        })
        .collect();
    if imported.is_empty() {
        return;
    }
    let entries: Vec<_> =
        imported.iter().map(|(file, _, store, report)| (file.as_path(), store, report)).collect();
    let Some(judged) = compared(&entries) else { return };
    let (mut whole, mut equal, mut faults) = (0, 0, Vec::new());
    for ((file, ..), judged) in entries.iter().zip(judged) {
        if judged.is_null() {
            continue;
        }
        let wrong = judged["faults"].as_array().unwrap();
        faults.extend(wrong.iter().map(|fault| format!("{}: {fault}", file.display())));
        if judged["whole"] == true {
            whole += 1;
            equal += usize::from(judged["equal"] == judged["readable"]);
        }
    }
    println!("{equal} of {whole} files are imported as a whole");
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(whole > 250 && equal * 100 >= whole * LEAST, "{equal} of {whole}");
}
