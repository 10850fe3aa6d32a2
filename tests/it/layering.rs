//! Checks what ARCHITECTURE.md promises: who may import whom, and how long a file may be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The longest file, in lines.
const LONGEST: usize = 600;

/// Files that are one idea in two, where each calls the other for what is nested in a value.
const ONE_IDEA: [&str; 2] =
    ["object: access and decode import each other", "object: compound and record import each other"];

/// What each module may import, in the order of the rows: the lowest module first.
type Table = Vec<(String, Vec<String>)>;

#[test]
fn imports_follow_the_table_of_layers_and_files_stay_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let table = parse_table(&fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap());
    let mut faults = faults(&table, &sources(&root.join("src")));
    faults.retain(|fault| !ONE_IDEA.contains(&fault.as_str()));
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_kind_of_fault_in_the_layers_is_found() {
    let table = parse_table(
        "## Layers\n| module | imports |\n|---|---|\n| `low` | — |\n| high | `low` |\n\n## Next\n| x | y |",
    );
    let source = |path: &str, text: &str| (PathBuf::from(path), text.to_owned());
    let clean =
        "use crate::{low::A};\n// crate::no\n#[cfg(test)]\nmod tests { use crate::no; }\nuse crate::low;";
    let good = [source("high/mod.rs", clean), source("low.rs", ""), source("lib.rs", "use crate::x;")];
    assert_eq!(faults(&table, &good), Vec::<String>::new());
    for (path, text, fault) in [
        ("low.rs", "use crate::high::A;", "low.rs: `low` may not import `high`"),
        ("low.rs", "use super::high;", "low.rs: `low` may not import `high`"),
        ("high/a.rs", "use super::super::{low, other::x};", "high/a.rs: `high` may not import `other`"),
        ("high/a.rs", &"\n".repeat(601), "high/a.rs: 601 lines"),
        ("new/mod.rs", "", "new/mod.rs: `new` is not in the table"),
    ] {
        assert_eq!(faults(&table, &[source(path, text)]), [fault]);
    }
    let cycle = [source("high/a.rs", "use super::b::X;"), source("high/b.rs", "use super::{c, a::Y};")];
    assert_eq!(faults(&table, &cycle), ["high: a and b import each other"]);
    let upwards = vec![("a".to_owned(), vec!["b".to_owned()]), ("b".to_owned(), vec![])];
    assert_eq!(faults(&upwards, &[]), ["the table lets `a` import `b`, which is not below it"]);
}

fn parse_table(text: &str) -> Table {
    let section = text.split("## Layers").nth(1).expect("a section Layers").split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    let name = |cell: &str| cell.trim_matches([' ', '`', '/', '—', '-']).to_owned();
    rows.map(|row| {
        let mut cells = row.trim_matches('|').split('|');
        let module = name(cells.next().unwrap());
        let imports = cells.next().unwrap().split(',').map(name).filter(|name| !name.is_empty());
        (module, imports.collect())
    })
    .collect()
}

fn sources(src: &Path) -> Vec<(PathBuf, String)> {
    let (mut found, mut waiting) = (Vec::new(), vec![src.to_owned()]);
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.strip_prefix(src).unwrap().to_owned(), fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}

fn faults(table: &Table, sources: &[(PathBuf, String)]) -> Vec<String> {
    let mut faults = Vec::new();
    for (at, (module, imports)) in table.iter().enumerate() {
        let above = |import: &&String| !table[..at].iter().any(|(below, _)| below == *import);
        let wrong = imports.iter().filter(above);
        faults.extend(
            wrong.map(|import| format!("the table lets `{module}` import `{import}`, which is not below it")),
        );
    }
    let mut siblings: BTreeSet<(String, String, String)> = BTreeSet::new();
    for (file, text) in sources {
        let shown = file.display();
        if text.lines().count() > LONGEST {
            faults.push(format!("{shown}: {} lines", text.lines().count()));
        }
        let own = module_path(file);
        let (Some(module), false) = (own.first(), own.iter().any(|name| name == "tests")) else { continue };
        let Some((_, allowed)) = table.iter().find(|(name, _)| name == module) else {
            faults.push(format!("{shown}: `{module}` is not in the table"));
            continue;
        };
        for import in imports(&own, &without_tests(text)) {
            match import.as_slice() {
                [same, inner, ..] if same == module => {
                    siblings.extend(own.get(1).map(|from| (module.clone(), from.clone(), inner.clone())));
                }
                [other, ..] if other != module && !allowed.contains(other) => {
                    faults.push(format!("{shown}: `{module}` may not import `{other}`"));
                }
                _ => {}
            }
        }
    }
    faults.extend(cycles(&siblings));
    faults
}

/// The module of a file: `storage/read.rs` is `[storage, read]`, `storage/mod.rs` is `[storage]`, `lib.rs` none.
fn module_path(file: &Path) -> Vec<String> {
    let names =
        file.with_extension("").iter().map(|name| name.to_str().unwrap().to_owned()).collect::<Vec<_>>();
    names.into_iter().filter(|name| !["mod", "lib", "main"].contains(&name.as_str())).collect()
}

/// The code without comments, and without what is for tests only.
fn without_tests(text: &str) -> String {
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let mut pieces = code.split("#[cfg(test)]");
    let mut kept = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let brace = piece.find('{').unwrap_or(piece.len());
        match piece.find(';') {
            Some(end) if end < brace => kept.push_str(&piece[end..]),
            _ => kept.push_str(&piece[closing(piece, brace)..]),
        }
    }
    kept
}

/// The place of the brace that closes the one at `open`.
fn closing(text: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, character) in text[open..].char_indices() {
        depth += i32::from(character == '{') - i32::from(character == '}');
        if depth == 0 {
            return open + at;
        }
    }
    text.len()
}

/// The modules that code in `own` imports, as paths from the root of the crate.
fn imports(own: &[String], code: &str) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for (at, start) in code.match_indices("crate::").chain(code.match_indices("super::")) {
        let before = code[..at].chars().next_back().unwrap_or(' ');
        if before.is_alphanumeric() || before == '_' || before == ':' || before == '$' {
            continue;
        }
        let mut base = if start == "crate::" { &[][..] } else { &own[..own.len() - 1] };
        let mut rest = &code[at + start.len()..];
        while let Some(further) = rest.strip_prefix("super::") {
            (base, rest) = (&base[..base.len() - 1], further);
        }
        found.extend(names(rest).into_iter().map(|path| [base, path.as_slice()].concat()));
    }
    found
}

/// The first one or two names of each path in `a::b`, `a::{b, c}` or `{a::b, c}`.
fn names(text: &str) -> Vec<Vec<String>> {
    if text.starts_with('{') {
        return split_list(&text[1..closing(text, 0)]).into_iter().flat_map(names).collect();
    }
    let head: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let Some(rest) = text[head.len()..].strip_prefix("::") else { return vec![vec![head]] };
    let below = names(rest).into_iter().filter_map(|path| path.into_iter().next());
    below.map(|name| vec![head.clone(), name]).collect()
}

fn split_list(list: &str) -> Vec<&str> {
    let (mut depth, mut start, mut items) = (0, 0, Vec::new());
    for (at, character) in list.char_indices() {
        depth += i32::from(character == '{') - i32::from(character == '}');
        if character == ',' && depth == 0 {
            items.push(list[start..at].trim());
            start = at + 1;
        }
    }
    items.push(list[start..].trim());
    items.into_iter().filter(|item| !item.is_empty()).collect()
}

/// Files of one module that import each other, directly or by way of others.
fn cycles(siblings: &BTreeSet<(String, String, String)>) -> Vec<String> {
    let mut reached: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (module, from, to) in siblings.iter().filter(|(_, from, to)| from != to) {
        reached.entry((module, from)).or_default().insert(to);
    }
    loop {
        let further: Vec<_> = reached
            .iter()
            .flat_map(|((module, from), tos)| {
                let next = tos.iter().filter_map(|to| reached.get(&(*module, *to))).flatten();
                next.filter(|to| !tos.contains(*to)).map(|to| ((*module, *from), *to)).collect::<Vec<_>>()
            })
            .collect();
        if further.is_empty() {
            break;
        }
        for (from, to) in further {
            reached.entry(from).or_default().insert(to);
        }
    }
    let mutual =
        |module: &str, a: &str, b: &str| reached.get(&(module, a)).is_some_and(|tos| tos.contains(b));
    let pairs = reached.iter().flat_map(|((module, a), tos)| tos.iter().map(move |b| (*module, *a, *b)));
    let pairs = pairs.filter(|(module, a, b)| a < b && mutual(module, b, a));
    pairs.map(|(module, a, b)| format!("{module}: {a} and {b} import each other")).collect()
}
