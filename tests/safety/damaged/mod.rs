//! Every kind of damage that we could think of is planted in a store that holds something of everything: `check` finds
//! just that, and names it; `repair` mends it or sets it aside, and loses nothing.

#[rustfmt::skip]
#[allow(clippy::semicolon_if_nothing_returned, clippy::too_many_lines, clippy::enum_glob_use, reason = "a table")]
mod nodes;
mod others;
#[rustfmt::skip]
#[allow(clippy::semicolon_if_nothing_returned, clippy::too_many_lines, clippy::enum_glob_use, reason = "a table")]
mod rows;
mod store;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use calcstore::{Continue, DataStore, Finding, FindingKind, Remedy};

use rows::{Found, Left, Row, rows};
use store::{Site, Tree, shown};

/// Kind, key and file.
type Named = (FindingKind, String, String);

fn named(finding: &Finding) -> Named {
    (finding.kind, finding.key.clone(), finding.file.to_string_lossy().into_owned())
}

fn expected(row: &Row) -> BTreeSet<Named> {
    row.found.iter().map(|found| (found.kind, found.key.clone(), shown(&found.file))).collect()
}

fn all(store: &DataStore) -> Vec<Finding> {
    let report = store.check("/", |_| Continue::Yes).unwrap();
    [report.faults, report.leftovers].concat()
}

#[test]
fn each_kind_of_damage_is_found_and_named_and_nothing_else() {
    let rows = rows();
    assert!(rows.len() > 100);
    let mut wrong = Vec::new();
    for row in &rows {
        let site = Site::new();
        (row.plant)(&site);
        let findings = all(&site.open_read_only());
        let found: BTreeSet<Named> = findings.iter().map(named).collect();
        if found != expected(row) {
            wrong.push(format!("{}: {:#?}, not {found:#?}", row.planted, expected(row)));
        }
        for finding in findings {
            assert!(!finding.what.is_empty() && !finding.what.contains('\n'), "{}: {finding:?}", row.planted);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_repair_mends_or_sets_aside_what_was_found_and_loses_nothing() {
    let mut wrong = Vec::new();
    for row in &rows() {
        if let Err(what) = std::panic::catch_unwind(|| repaired(row)) {
            let what = what.downcast_ref::<String>().cloned().unwrap_or_default();
            wrong.push(format!("{}: {what}", row.planted));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn repaired(row: &Row) {
    let site = Site::new();
    // It is open already, so that what opening would finish is left to the repair.
    let store = site.open();
    (row.plant)(&site);
    let (before, lost_before) = (site.tree(), site.lost());
    let report = store.repair("/", |_| Continue::Yes).unwrap();
    let by_hand = row.found.iter().filter(|found| found.kind != FindingKind::Lost);
    assert_eq!(report.repaired.len(), by_hand.clone().count(), "{:#?}", report.repaired);
    for Found { kind, key, file, left } in by_hand {
        let is_it = |it: &&calcstore::Repaired| named(&it.finding) == (*kind, key.clone(), shown(file));
        let remedy = &report.repaired.iter().find(is_it).unwrap_or_else(|| panic!("{report:#?}")).remedy;
        match (left, remedy) {
            (Left::Mended, Remedy::Mended) => {}
            (Left::Alone, Remedy::LeftAlone(why)) => assert!(!why.is_empty()),
            (Left::Aside(path), Remedy::SetAside(to)) => {
                let inner: PathBuf = to.components().skip(3).collect();
                assert_eq!(inner.to_string_lossy(), *path, "{remedy:?}");
                assert!(site.calculation().join(to).symlink_metadata().is_ok(), "{remedy:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    // Once is enough.
    let again = store.repair("/", |_| Continue::Yes).unwrap().repaired;
    assert!(again.iter().all(|it| matches!(it.remedy, Remedy::LeftAlone(_))), "{again:?}");
    // What is left is what was to be left alone.
    drop(store);
    let left: BTreeSet<Named> =
        all(&site.open_read_only()).iter().filter(|it| it.kind.is_fault()).map(named).collect();
    let alone = row.found.iter().filter(|found| matches!(found.left, Left::Alone) && found.kind.is_fault());
    let alone = alone.map(|found| (found.kind, found.key.clone(), shown(&found.file)));
    assert_eq!(left, alone.collect());
    assert_nothing_is_lost(row, &before, &lost_before, &site);
}

/// Every file is where it was, or was set aside, with the same bytes; but dimension names that were renewed.
fn assert_nothing_is_lost(row: &Row, before: &Tree, lost_before: &Tree, site: &Site) {
    let (after, lost) = (site.tree(), site.lost());
    let aside = |path: &Path| {
        row.found.iter().any(|found| matches!(&found.left, Left::Aside(at) if path.starts_with(at)))
    };
    let is_renewed = |path: &Path| {
        row.found.iter().any(|found| match found.kind {
            FindingKind::DimensionNames => Path::new(&found.file) == path,
            FindingKind::Interrupted => path.starts_with(&found.key[1..]),
            _ => false,
        })
    };
    for (path, bytes) in before {
        if aside(path) || path.to_str().is_none() {
            assert_eq!(lost.get(path), Some(bytes), "{} is not set aside as it was", path.display());
        } else if !is_renewed(path) {
            assert_eq!(after.get(path), Some(bytes), "{} is not as it was", path.display());
        }
    }
    for path in after.keys().filter(|path| !before.contains_key(*path)) {
        let is_new = row.found.iter().any(|found| {
            let is_mended = matches!(found.kind, FindingKind::Group | FindingKind::Interrupted);
            is_mended && path.starts_with(Path::new(&found.file).parent().unwrap())
                || found.kind == FindingKind::Interrupted
        });
        assert!(is_new, "{} was not there", path.display());
    }
    for (path, bytes) in lost_before {
        assert_eq!(lost.get(path), Some(bytes), "{} was set aside before", path.display());
    }
}
