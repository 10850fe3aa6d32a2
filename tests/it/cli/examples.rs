//! The examples of the helps, and so of the manual pages, are run as they are typed.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use ndarray::{Array1, Array2, Array3};

use super::Desk;

/// Verbs that run until somebody ends them.
const ENDLESS: [&str; 2] = ["watch", "view"];

/// Verbs that leave everything as it is.
const HARMLESS: [&str; 16] = [
    "calcs",
    "path",
    "id",
    "ls",
    "tree",
    "show",
    "cat",
    "plot",
    "view",
    "watch",
    "diff",
    "stat",
    "du",
    "check",
    "completions",
    "man",
];

/// A desk with all that the examples speak of; they are typed in its directory `work`.
fn desk() -> Desk {
    let desk = Desk::new();
    for id in 1..=13 {
        desk.done(&["new"]);
        if [1, 2, 12, 13].contains(&id) {
            fill(&desk);
        }
    }
    desk.done(&["status", "complete"]);
    let work = desk.path().join("work");
    fs::create_dir_all(desk.path().join("old")).unwrap();
    fs::create_dir_all(&work).unwrap();
    copy(&desk.path().join("data/calc_12"), &desk.path().join("old/calc_12"));
    for (name, bytes) in [
        ("sites.csv", b"lon,lat\n9.5,45.0\n".to_vec()),
        ("more.csv", b"lon,lat\n9.6,45.1\n".to_vec()),
        ("matrix.csv", b"1,2\n3,4\n".to_vec()),
        ("row.json", b"[1, 2, 3]".to_vec()),
        ("wave.raw", vec![0; 2 * 1000 * 4]),
        ("job.ini", b"[general]\n".to_vec()),
        ("sources.xml", b"<nrml/>".to_vec()),
    ] {
        fs::write(work.join(name), bytes).unwrap();
    }
    for name in ["calc_42.hdf5", "sites.h5", "run.nxs"] {
        let file = work.join(name).display().to_string();
        desk.done(&["-q", "export", "hdf5", "-o", &file]);
    }
    let file = |name: &str| work.join(name).display().to_string();
    desk.done(&["-q", "pack", "-o", &file("hazard.zip")]);
    desk.done(&["-q", "export", "npz", "/hcurves", "-o", &file("curves.npz")]);
    desk
}

fn fill(desk: &Desk) {
    let store = desk.store();
    let mut sadigh = calcstore::Table::new();
    sadigh.push("PGA", Array2::<f64>::ones((4, 20))).unwrap();
    store.insert("/0/Sadigh", &sadigh).unwrap();
    store.attributes("/0/Sadigh").unwrap().insert("units", "1").unwrap();
    let mut sites = calcstore::Table::new();
    sites.push("lon", vec![9.0; 6]).unwrap();
    sites.push("lat", vec![45.0; 6]).unwrap();
    for key in ["/sites", "/events", "/ruptures", "/losses/mean"] {
        store.insert(key, &sites).unwrap();
    }
    store
        .insert(
            "/0/curves",
            Array2::from_shape_fn((3, 20), |(i, j)| 0.9f64.powi((i + j).try_into().unwrap())),
        )
        .unwrap();
    store.insert("/levels", Array1::from_iter((1..=20).map(|n| f64::from(n) * 0.05))).unwrap();
    store.insert("/maps/mean", Array2::<f64>::from_shape_fn((20, 30), |(i, j)| (i * j) as f64)).unwrap();
    store.insert("/curves", Array2::<f64>::zeros((2000, 20))).unwrap();
    store.insert("/matrix", ndarray::arr2(&[[1i64, 2, 3], [4, 5, 6]])).unwrap();
    store.insert("/stats/cube", Array3::<f32>::zeros((2, 2, 2))).unwrap();
    for key in ["/a", "/b", "/residuals", "/hcurves/PGA"] {
        store.insert(key, [1.0, 2.0]).unwrap();
    }
    store.create_group("/1").unwrap();
    store.store_files("/input", [desk.write("old.ini", "[general]\n")]).unwrap();
    store.insert_object("/job", &serde_json::json!({"description": "demo"})).unwrap();
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).unwrap();
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// The names of all verbs, those below others too, and nothing for the program itself.
fn verbs(desk: &Desk, above: &[&str]) -> Vec<Vec<String>> {
    let help = desk.done(&[above, &["-h"]].concat());
    let is_list = |line: &&str| ["Verbs:", "Formats:"].contains(line);
    let lines = help.lines().skip_while(|line| !is_list(line)).skip(1).take_while(|line| !line.is_empty());
    let mut verbs = vec![above.iter().map(|word| (*word).to_owned()).collect()];
    // The description of a verb may take several lines, which are indented further.
    for line in lines.filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        let name = line.split_whitespace().next().unwrap();
        verbs.extend(self::verbs(desk, &[above, &[name]].concat()));
    }
    verbs
}

/// The commands among the examples of a help, without what is said of them.
fn examples(help: &str) -> Vec<String> {
    let lines = help.lines().filter_map(|line| line.strip_prefix("  calcstore "));
    let command =
        |line: &str| line.split("   ").next().unwrap().split("  ").next().unwrap().trim_end().to_owned();
    lines.map(|line| format!("calcstore {}", command(line))).collect()
}

#[test]
fn every_example_of_every_help_does_what_it_says() {
    let desk = desk();
    let fresh = tempfile::tempdir().unwrap();
    copy(desk.path(), fresh.path());
    let programs = Path::new(env!("CARGO_BIN_EXE_calcstore")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let (mut ran, mut with_examples) = (0, 0);
    for verb in verbs(&desk, &[]) {
        let words: Vec<&str> = verb.iter().map(String::as_str).collect();
        let help = desk.done(&[&words[..], &["--help"]].concat());
        let examples = examples(&help);
        // A verb that only chooses between others has theirs.
        assert!(!examples.is_empty() || help.contains("\nFormats:\n"), "{words:?} has no example");
        with_examples += usize::from(!examples.is_empty());
        for example in examples {
            let case = if HARMLESS.iter().any(|verb| words.first() == Some(verb)) {
                None
            } else {
                let case = tempfile::tempdir().unwrap();
                copy(fresh.path(), case.path());
                Some(case)
            };
            let case = case.as_ref().map_or(desk.path(), |case| case.path());
            // What another program makes of it is its own business.
            let line = example.split(" | ").next().unwrap();
            let is_endless = words.first().is_some_and(|verb| ENDLESS.contains(verb));
            let line = if is_endless { format!("timeout -s INT 2 {line}") } else { line.to_owned() };
            let mut bash = Command::new("bash");
            bash.args(["-c", &line]).current_dir(case.join("work")).stdin(Stdio::null());
            bash.env("PATH", &path).env("HOME", case).env("SHELL", "/bin/bash");
            bash.env("OQ_DATADIR", case.join("data"));
            // No window opens in a test.
            bash.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
            let output = bash.output().unwrap();
            let code = output.status.code().unwrap();
            let differs = ["diff", "purge", "import"].contains(&words.first().copied().unwrap_or_default());
            let is_fine = code == 0 || (code == 1 && differs) || (is_endless && [124, 130].contains(&code));
            assert!(is_fine, "{example}: {code}\n{}", String::from_utf8_lossy(&output.stderr));
            ran += 1;
        }
    }
    assert!(ran > 80 && with_examples > 28, "{ran} examples of {with_examples} verbs");
}
