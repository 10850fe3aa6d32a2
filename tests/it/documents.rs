//! What the documents show is what happens: the README's sessions and its program are run, links lead somewhere.
//!
//! The Rust code in the README and in `docs/` is compiled as documentation tests, by `lib.rs`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use calcstore::{DataStore, Table};

use crate::oracle;
use crate::program::example;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The documents written for people, relative to the root.
const DOCUMENTS: [&str; 17] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/command-line.md",
    "docs/deploy.md",
    "docs/files.md",
    "docs/for-h5py-and-openquake-users.md",
    "docs/hdf5.md",
    "docs/performance.md",
    "docs/promises.md",
    "docs/view.md",
    "format-spec/README.md",
    "format-spec/errata.md",
    "format-spec/power-cuts.md",
    "format-spec/examples/README.md",
    "fuzz/README.md",
];

fn document(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

#[test]
fn the_shell_sessions_of_the_readme_print_what_it_says() {
    sessions_hold(&root().join("README.md"), 8);
}

#[test]
fn the_shell_sessions_of_the_command_line_print_what_it_says() {
    sessions_hold(&root().join("docs/command-line.md"), 30);
}

#[test]
fn the_shell_sessions_about_files_print_what_they_say() {
    // What they write goes to a directory of their own: trycmd takes the one with the name of the case.
    let desk = tempfile::tempdir().unwrap();
    let sessions = desk.path().join("files.md");
    fs::copy(root().join("docs/files.md"), &sessions).unwrap();
    fs::create_dir(desk.path().join("files.in")).unwrap();
    sessions_hold(&sessions, 8);
    assert!(desk.path().join("files.in/hazard.zip").is_file());
}

/// Runs the sessions of a document, one after the other, in a data directory with the calculation of `first_steps`.
fn sessions_hold(file: &Path, at_least: usize) {
    assert!(
        fs::read_to_string(file).unwrap().matches("\n$ calcstore ").count() >= at_least,
        "too little is shown"
    );
    let directory = tempfile::tempdir().unwrap();
    assert!(first_steps(directory.path()).status.success());
    let data = directory.path().to_str().unwrap().to_owned();
    let cases = trycmd::TestCases::new();
    cases.env("OQ_DATADIR", &data).env("COLUMNS", "100").env("NO_COLOR", "1");
    cases.insert_var("[OQ_DATADIR]", data).unwrap();
    cases.case(file);
    cases.run();
}

#[test]
fn every_document_with_sessions_is_run_and_every_verb_is_in_one() {
    let help = Command::new(env!("CARGO_BIN_EXE_calcstore")).arg("-h").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let verbs = help.lines().skip_while(|line| *line != "Verbs:").skip(1).take_while(|line| !line.is_empty());
    let verbs: Vec<&str> = verbs.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(verbs.len() > 25, "{verbs:?}");
    let mut shown = Vec::new();
    for name in DOCUMENTS {
        let text = document(name);
        let sessions: Vec<&str> = text.lines().filter(|line| line.starts_with("$ calcstore ")).collect();
        assert!(
            sessions.is_empty() || ["README.md", "docs/command-line.md", "docs/files.md"].contains(&name),
            "{name} is not run"
        );
        shown.extend(sessions.iter().flat_map(|line| line.split(' ').map(str::to_owned)));
    }
    // These run until somebody ends them, print what differs from system to system, or change it.
    let others = ["view", "completions", "man"];
    let lacking =
        verbs.iter().filter(|verb| !others.contains(verb) && !shown.iter().any(|word| word == *verb));
    assert_eq!(lacking.collect::<Vec<_>>(), Vec::<&&str>::new());
}

#[test]
fn the_program_in_the_readme_is_the_example_and_runs() {
    let source = document("examples/first_steps.rs");
    let program = source.split_once("\n\n").unwrap().1;
    assert!(document("README.md").contains(&format!("```rust,no_run\n{program}```\n")));
    let directory = tempfile::tempdir().unwrap();
    let output = first_steps(directory.path());
    assert!(output.status.success(), "{output:?}");
    let calculation = directory.path().join("calc_1");
    let printed = format!("See the results with hdfview {}\n", calculation.join("output.hdf5").display());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), printed);
    let store = DataStore::options().data_dir(directory.path()).read_only(true).open(1).unwrap();
    assert_eq!(store.get::<Table>("/sites").unwrap().rows(), 2);
    assert!(calculation.join("output.hdf5").is_file());
}

#[test]
fn the_python_code_in_the_readme_reads_what_the_example_stored() {
    let Some(python) = oracle::python() else {
        assert_eq!(oracle::skip("Python"), Vec::<String>::new());
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    assert!(first_steps(directory.path()).status.success());
    let readme = document("README.md");
    let blocks: Vec<&str> =
        readme.split("```python\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(blocks.len(), 2);
    for block in blocks {
        let code = format!("{block}\nassert curves.tolist() == [[0.9, 0.5, 0.1], [0.8, 0.4, 0.2]]\n");
        let mut run = Command::new(&python);
        let output = run.args(["-W", "error", "-c", &code]).current_dir(directory.path()).output().unwrap();
        assert!(output.status.success(), "{code}{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn the_program_for_large_arrays_in_the_readme_is_the_example_and_runs() {
    let source = document("examples/large_arrays.rs");
    let program = &source[source.find("use calcstore").unwrap()..];
    assert!(document("README.md").contains(&format!("```rust,no_run\n{program}```")));
    let directory = tempfile::tempdir().unwrap();
    let mut run = Command::new(example("large_arrays"));
    let output = run.env("OQ_DATADIR", directory.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let store = DataStore::options().data_dir(directory.path()).read_only(true).open(1).unwrap();
    assert_eq!(store.check("/", |_| calcstore::Continue::Yes).unwrap().faults, []);
    let names: Vec<String> = store.keys("/").unwrap().collect();
    assert_eq!(names, ["hazard", "maps", "residuals", "ruptures"]);
}

#[test]
fn the_parallel_example_saves_every_array() {
    let directory = tempfile::tempdir().unwrap();
    let status = Command::new(example("parallel")).arg(directory.path().join("s")).status().unwrap();
    assert!(status.success());
    let store = DataStore::options().read_only(true).at(directory.path().join("s")).unwrap();
    assert_eq!(store.len("/curves").unwrap(), 1000);
    let last: ndarray::Array2<f64> = store.get("/curves/0999").unwrap();
    assert_eq!((last.shape(), last[[99, 0]]), (&[100, 20][..], 1.0 - (-1.0_f64).exp()));
}

/// Runs the program that the README shows, with this data directory.
fn first_steps(data: &Path) -> Output {
    Command::new(example("first_steps")).env("OQ_DATADIR", data).output().unwrap()
}

#[test]
fn every_link_in_the_documents_leads_to_a_file() {
    let mut checked = 0;
    for name in DOCUMENTS {
        let text = document(name);
        let at = root().join(name);
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = target.split('#').next().unwrap();
            if path.starts_with("http") || path.starts_with("crate::") || path.is_empty() {
                continue;
            }
            assert!(at.parent().unwrap().join(path).exists(), "{name}: {target}");
            checked += 1;
        }
    }
    assert!(checked > 10, "{checked} links were found");
}

#[test]
fn every_file_that_the_architecture_names_exists() {
    let text = document("ARCHITECTURE.md");
    let mut checked = 0;
    for word in text.split('`').skip(1).step_by(2).filter(|word| word.contains('/')) {
        let is_source = Path::new(word).extension().is_some_and(|suffix| suffix == "rs" || suffix == "md");
        let places = [root().join(word), root().join("src").join(word)];
        if is_source || word.starts_with("tests") || word.starts_with(".ci") {
            assert!(places.iter().any(|place| place.exists()), "{word}");
            checked += 1;
        }
    }
    assert!(checked > 8, "{checked} files were found");
}

#[test]
fn the_architecture_and_the_examples_of_the_format_stay_short() {
    assert!(document("ARCHITECTURE.md").lines().count() <= 150);
    assert!(size(&root().join("format-spec/examples")) < 256 << 10);
}

fn size(directory: &Path) -> u64 {
    let entries =
        walkdir::WalkDir::new(directory).into_iter().map(|entry| entry.unwrap().metadata().unwrap());
    entries.filter(fs::Metadata::is_file).map(|metadata| metadata.len()).sum()
}
