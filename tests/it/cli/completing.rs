//! What shells complete.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::Desk;
use crate::oracle;

/// What may stand in place of the last word, as a shell is told.
fn candidates(desk: &Desk, words: &[&str]) -> Vec<String> {
    let mut command = desk.command(&[&["--", "calcstore"], words].concat());
    command.env("CALCSTORE_COMPLETE", "bash").env("_CLAP_IFS", "\n");
    let output = command.env("_CLAP_COMPLETE_INDEX", words.len().to_string()).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(|line| line.trim_end().to_owned()).collect()
}

fn two() -> Desk {
    let desk = Desk::with_values();
    desk.done(&["new", "-d", "the second"]);
    desk.store().insert("/other/value", 1).unwrap();
    desk
}

#[test]
fn keys_of_the_store_that_is_meant_complete_one_level_at_a_time() {
    let desk = two();
    assert_eq!(candidates(&desk, &["show", "/"]), ["/other/"]);
    assert_eq!(candidates(&desk, &["show", ""])[0], "/other/");
    assert_eq!(candidates(&desk, &["-c", "1", "show", "/"]), ["/0/", "/blob", "/job", "/sites"]);
    assert_eq!(candidates(&desk, &["ls", "--calc=-2", "/0/"]), ["/0/Sadigh", "/0/curves", "/0/name"]);
    assert_eq!(candidates(&desk, &["cat", "-c", "1", "/0/Sadigh/"]), ["/0/Sadigh/PGA", "/0/Sadigh/id"]);
    assert_eq!(candidates(&desk, &["cat", "-c", "1", "/0/c"]), ["/0/curves"]);
    assert_eq!(candidates(&desk, &["-c", "1", "rm", "/job", "/b"]), ["/blob"]);
    assert_eq!(candidates(&desk, &["--datadir", "nowhere", "show", "/"]), Vec::<String>::new());
    assert_eq!(candidates(&desk, &["-c", "77", "show", "/"]), Vec::<String>::new());
    assert_eq!(candidates(&desk, &["files", "-c", "1", "/"]), ["/0/"]);
}

#[test]
fn calculations_and_keys_of_others_complete() {
    let desk = two();
    assert_eq!(candidates(&desk, &["-c", "-"])[..2], ["-2", "-1"]);
    let ids = candidates(&desk, &["-c", ""]);
    assert!(
        ids.starts_with(&["1".to_owned(), "2".to_owned()]) && ids.contains(&"data/".to_owned()),
        "{ids:?}"
    );
    assert_eq!(candidates(&desk, &["cp", "1:/s"]), ["1:/sites"]);
    assert_eq!(candidates(&desk, &["diff", "1:/", "2:/o"]), ["2:/other/"]);
    // bash divides words at colons.
    assert_eq!(candidates(&desk, &["cp", "1", ":", "/s"]), ["/sites"]);
}

#[test]
fn verbs_options_values_and_files_complete() {
    let desk = two();
    assert_eq!(candidates(&desk, &["rep"]), ["repack"]);
    assert_eq!(candidates(&desk, &["plot", "--fo"]), ["--format", "--force"]);
    assert_eq!(candidates(&desk, &["status", "c"]), ["created", "complete"]);
    assert_eq!(candidates(&desk, &["export", "h"]), ["hdf5"]);
    assert_eq!(candidates(&desk, &["put", "/x", "si"]), ["sites.csv"]);
}

/// Types a line into a real shell; gives what is shown, nothing where there is no such shell.
fn typed(desk: &Desk, shell: &str, start: &str, line: &str) -> Option<String> {
    let Some(python) = oracle::python() else {
        assert_eq!(oracle::skip("Python"), Vec::<String>::new());
        return None;
    };
    if !Command::new(shell).arg("--version").output().is_ok_and(|output| output.status.success()) {
        // bash is everywhere, the others few machines have.
        assert_ne!(shell, "bash");
        eprintln!("skipped: {shell} is missing");
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles/completing.py");
    let mut command = Command::new(python);
    command.arg(script).args([shell, start, line]).current_dir(desk.path());
    let programs = Path::new(env!("CARGO_BIN_EXE_calcstore")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    command.env("PATH", path).env("HOME", desk.path()).env("OQ_DATADIR", desk.path().join("data"));
    command.env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME").env("LC_ALL", "C.UTF-8");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn installed(desk: &Desk, shell: &str) {
    let output =
        desk.command(&["completions", shell, "--install"]).env("HOME", desk.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(desk.path().join(".local/share/man/man1/calcstore-plot.1").is_file());
}

#[test]
fn bash_completes_what_is_typed() {
    let desk = two();
    installed(&desk, "bash");
    let start = "source .local/share/bash-completion/completions/calcstore";
    if let Some(shown) = typed(&desk, "bash", start, "calcstore -c 1 sh<TAB>/0/Sad<TAB>") {
        assert!(shown.contains("table of 2 rows, 2 columns"), "{shown}");
        let shown =
            typed(&desk, "bash", start, "calcstore cp 1:/si<TAB>/copied && calcstore l<TAB>").unwrap();
        assert!(shown.contains("copied\nother/\n"), "{shown}");
    }
}

#[test]
fn zsh_completes_what_is_typed() {
    let desk = two();
    installed(&desk, "zsh");
    let start = "fpath=($HOME/.local/share/zsh/site-functions $fpath); autoload -U compinit; compinit -u -D";
    if let Some(shown) = typed(&desk, "zsh", start, "calcstore -c 1 sh<TAB>/0/Sad<TAB>") {
        assert!(shown.contains("table of 2 rows, 2 columns"), "{shown}");
    }
}

#[test]
fn fish_completes_what_is_typed() {
    let desk = two();
    installed(&desk, "fish");
    if let Some(shown) = typed(&desk, "fish", "true", "calcstore -c 1 sh<TAB>/0/Sad<TAB>") {
        assert!(shown.contains("table of 2 rows, 2 columns"), "{shown}");
    }
}

#[test]
fn completions_are_installed_where_shells_look() {
    let desk = Desk::new();
    for (shell, file) in [
        ("bash", ".local/share/bash-completion/completions/calcstore"),
        ("zsh", ".local/share/zsh/site-functions/_calcstore"),
        ("fish", ".config/fish/completions/calcstore.fish"),
    ] {
        let mut command = desk.command(&["completions", "--install", "--json"]);
        let output =
            command.env("HOME", desk.path()).env("SHELL", format!("/usr/bin/{shell}")).output().unwrap();
        let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(printed["completions"], desk.path().join(file).display().to_string());
        assert!(fs::read_to_string(desk.path().join(file)).unwrap().contains("calcstore"), "{shell}");
    }
    let ran = desk.run(&["completions", "elvish", "--install"]);
    assert!(ran.code == 2 && ran.stderr.contains("where elvish looks is not known"), "{ran:?}");
    let ran = desk.run(&["completions", "--install"]);
    assert_eq!(
        (ran.code, ran.stderr.as_str()),
        (2, "calcstore: $SHELL names no shell that is known; say bash, zsh or fish\n")
    );
}
