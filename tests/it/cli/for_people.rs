//! What people see.

use super::Desk;

/// What a verb prints, dates and sizes on disk taken out.
fn printed(desk: &Desk, arguments: &[&str]) -> String {
    let text = desk.done(arguments).replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let date =
        |word: &str| word.len() > 18 && word.contains('T') && word.contains(':') && word.starts_with("\"20");
    let lines = text.lines().map(|line| {
        line.split(' ').map(|word| if date(word) { "DATE" } else { word }).collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn lists_are_aligned_and_trees_drawn() {
    let desk = Desk::with_values();
    assert_eq!(desk.done(&["ls"]), "0/\nblob\njob\nsites\n");
    assert_eq!(desk.done(&["ls", "-r", "/0"]), "/0/Sadigh\n/0/curves\n/0/name\n");
    assert_eq!(desk.done(&["ls", "/**/[cs]*"]), "/0/curves\n/sites\n");
    insta::assert_snapshot!("ls_long", printed(&desk, &["ls", "-l", "/0"]));
    insta::assert_snapshot!("tree", printed(&desk, &["tree"]));
}

#[test]
fn the_largest_come_first_and_keys_end_with_zero_bytes_where_that_is_asked() {
    let desk = Desk::new();
    desk.done(&["new"]);
    let store = desk.store();
    let zeros = store.new_dataset("/zeros").compression(calcstore::Compression::zstd(1).unwrap());
    zeros.insert(ndarray::Array1::<f64>::zeros(10_000)).unwrap();
    store.insert("/numbers", (0..5000).map(|n| f64::from(n).sqrt()).collect::<Vec<_>>()).unwrap();
    store.insert("/a/few", [1.0]).unwrap();
    store.insert("/ones", vec![1.0; 100]).unwrap();
    assert_eq!(desk.done(&["ls", "-r", "--sort", "size", "/**/[a-z]*"]).lines().next(), Some("/zeros"));
    assert_eq!(desk.done(&["ls", "--sort", "size"]), "zeros\nnumbers\nones\na/\n");
    assert_eq!(desk.done(&["ls", "--sort", "stored"]).lines().next(), Some("numbers"));
    assert_eq!(desk.done(&["ls", "-r0", "/a"]), "/a/few\0");
    assert_eq!(desk.done(&["ls", "-1"]), desk.done(&["ls"]));
}

#[test]
fn trees_end_at_a_level_and_have_attributes_where_that_is_asked() {
    let desk = Desk::new();
    desk.done(&["new"]);
    let store = desk.store();
    store.insert("/hazard/deep/curves", [0.5]).unwrap();
    store.insert("/levels", [0.1]).unwrap();
    store.attributes("/levels").unwrap().insert("units", "g").unwrap();
    store.attributes("/hazard").unwrap().insert("model", "Sadigh").unwrap();
    let tree = |options: &[&str]| desk.done(&[&["tree", "--ascii"], options].concat());
    let drawn = tree(&["-L1", "-a"]);
    let (root, below) = drawn.split_at(drawn.find("|-- ").unwrap());
    assert!(root.starts_with("/\n|   @date = "), "{drawn}");
    let expected =
        "|-- hazard\n|       @model = \"Sadigh\"\n`-- levels  float64  [1]  8 B\n        @units = \"g\"\n";
    assert_eq!(below, expected);
    assert_eq!(tree(&["-L2", "/hazard"]), tree(&["/hazard"]));
    assert!(tree(&["-a", "/hazard"]).starts_with("/hazard\n|   @model"), "{}", tree(&["-a", "/hazard"]));
    assert_eq!(desk.done(&["tree", "-L0"]), "/\n");
    assert_eq!(desk.done(&["tree", "-L1", "--json"]).matches("\"key\"").count(), 2);
}

#[test]
fn a_header_has_the_units_of_dimensions_and_the_ratio() {
    let desk = Desk::new();
    desk.done(&["new"]);
    let store = desk.store();
    let curves = ndarray::Array2::<f64>::zeros((3000, 40));
    store.new_dataset("/0/curves").dimension_names(["site", "PGA"]).insert(curves).unwrap();
    store.insert("/0/PGA", vec![0.1; 40]).unwrap();
    store.attributes("/0/PGA").unwrap().insert("units", "g").unwrap();
    let shown = desk.done(&["show", "-H", "/0/curves"]);
    assert!(shown.contains("dimensions  site, PGA (g)\n"), "{shown}");
    assert!(
        shown.lines().any(|line| line.starts_with("size        937.5 KiB, ") && line.contains(", ratio "))
    );
    assert!(shown.lines().last().unwrap().starts_with("size "), "{shown}");
}

#[test]
fn every_kind_is_shown() {
    let desk = Desk::with_values();
    for (name, key) in [
        ("group", "/"),
        ("array", "/0/curves"),
        ("table", "/0/Sadigh"),
        ("csv_table", "/sites"),
        ("object", "/job"),
        ("text", "/0/name"),
        ("bytes", "/blob"),
    ] {
        insta::assert_snapshot!(format!("show_{name}"), printed(&desk, &["show", key]));
    }
}

#[test]
fn previews_fit_the_width_whatever_is_shown() {
    let desk = Desk::new();
    desk.done(&["new"]);
    let store = desk.store();
    for shape in [
        &[5000][..],
        &[20_000],
        &[100, 100],
        &[3, 400, 30],
        &[7, 7, 7, 7],
        &[2, 2, 2, 2, 2, 2],
        &[0, 3],
        &[3, 0],
    ] {
        let count: usize = shape.iter().product();
        let numbers: Vec<f64> = (0..u32::try_from(count).unwrap()).map(|n| f64::from(n) / -7.0).collect();
        store.insert("/array", ndarray::ArrayD::from_shape_vec(shape, numbers).unwrap()).unwrap();
        let shown = desk.done(&["show", "/array"]);
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
        assert!(shown.lines().count() < 60, "{shown}");
        let corner = if count == 0 { format!("[] of shape {shape:?}") } else { few(count) };
        assert!(shape.contains(&0) || shown.contains(&corner), "{corner}: {shown}");
    }
    let mut table = calcstore::Table::new();
    for column in 0..40 {
        table.push(&format!("column_{column}"), (0..1000).map(f64::from).collect::<Vec<_>>()).unwrap();
    }
    store.insert("/wide", &table).unwrap();
    let shown = desk.done(&["show", "/wide"]);
    assert!(shown.lines().all(|line| line.chars().count() <= 120), "{shown}");
    assert!(shown.contains("more columns: column_"), "{shown}");
    assert!(shown.contains("999"), "{shown}");
}

/// The last element of a test array, as a preview prints it.
fn few(count: usize) -> String {
    let last = f64::from(u32::try_from(count - 1).unwrap()) / -7.0;
    let decimals = 6 - last.abs().trunc().to_string().len();
    format!("{last:.decimals$}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[test]
fn help_reads_well_in_eighty_columns() {
    let desk = Desk::new();
    let ran = desk.run(&[]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.starts_with("Looks into and changes stores"), "{}", ran.stderr);
    insta::assert_snapshot!("help", desk.done(&["-h"]));
    for verb in [
        "new",
        "calcs",
        "path",
        "id",
        "status",
        "ls",
        "tree",
        "show",
        "cat",
        "plot",
        "watch",
        "put",
        "attrs",
        "rm",
        "mv",
        "cp",
        "diff",
        "export",
        "import",
        "files",
        "stat",
        "du",
        "repack",
        "check",
        "gc",
        "purge",
        "completions",
        "man",
    ] {
        let help = desk.done(&[verb, "-h"]);
        assert!(help.contains(&format!("Usage: calcstore {verb}")), "{help}");
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    }
    insta::assert_snapshot!("help_put", desk.done(&["put", "-h"]));
    insta::assert_snapshot!("help_export", desk.done(&["export", "hdf5", "-h"]));
}

#[test]
fn there_are_completions_for_each_shell_and_a_manual_page_for_each_verb() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = desk.done(&["completions", shell]);
        assert!(script.contains("calcstore") && script.contains("CALCSTORE_COMPLETE"), "{shell}: {script}");
    }
    let manual = desk.done(&["man"]);
    assert!(manual.contains(".TH calcstore 1") && manual.contains("calcstore\\-export\\-hdf5"), "{manual}");
    desk.done(&["man", "--dir", "pages"]);
    let mut pages: Vec<_> = std::fs::read_dir(desk.path().join("pages")).unwrap().collect();
    pages.retain(|page| page.as_ref().unwrap().file_name().to_str().unwrap().starts_with("calcstore"));
    assert_eq!(pages.len(), 37);
}

#[test]
fn colours_are_printed_only_where_they_are_wanted() {
    let desk = Desk::with_values();
    assert!(!desk.done(&["ls"]).contains('\u{1b}'));
    assert!(desk.done(&["ls", "--color", "always"]).contains("\u{1b}[1m"));
    let mut command = desk.command(&["ls", "--color", "never"]);
    let output = command.env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(!output.stdout.contains(&0x1b));
    let output = desk.command(&["ls"]).env("NO_COLOR", "1").env("CLICOLOR_FORCE", "0").output().unwrap();
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn the_layout_of_an_array_is_shown() {
    let desk = Desk::with_values();
    let store = desk.store();
    let new = store.new_dataset("/packed").chunks([10, 5]).shards([20, 20]);
    new.compression("zstd:3".parse().unwrap()).insert(ndarray::Array2::<f32>::zeros((100, 20))).unwrap();
    let shown = desk.done(&["show", "/packed"]);
    let lines: Vec<&str> = shown.lines().skip(1).take(6).collect();
    assert_eq!(
        lines[2..],
        [
            "chunks      [10, 5]",
            "shards      [20, 20]",
            "dimensions  packed:0, packed:1",
            "codecs      sharding_indexed (bytes, zstd, crc32c)",
        ]
    );
}

#[test]
fn the_version_says_how_the_program_was_made() {
    let desk = Desk::new();
    let short = format!("calcstore {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(desk.done(&["-V"]), short);
    let long = desk.done(&["--version"]);
    let rest: Vec<(&str, &str)> =
        long.strip_prefix(&short).unwrap().lines().filter_map(|line| line.split_once(": ")).collect();
    let [("commit", commit), ("target", target), ("features", features)] = rest[..] else {
        panic!("{long}");
    };
    // A program that is worked on tells no commit: each would compile it anew.
    let hash = commit.strip_suffix(", changed").unwrap_or(commit);
    assert!(
        commit == "unknown" || hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "{long}"
    );
    if cfg!(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")) {
        assert_eq!(target, "x86_64-unknown-linux-gnu");
    }
    let all = [("arrow", cfg!(feature = "arrow")), ("cli", true), ("view", cfg!(feature = "view"))];
    let on: Vec<&str> = all.into_iter().filter(|(_, is_on)| *is_on).map(|(name, _)| name).collect();
    assert_eq!(features, on.join(", "));
    assert!(!desk.done(&["man"]).contains(target), "the manual is the same everywhere");
}
