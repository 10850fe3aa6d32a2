//! Importing arrays and tables from files that are made for them, and a zip file into a group.

use std::path::Path;

use calcstore::zip::Archive;
use calcstore::{AnyArray, DataStore, ErrorKind, Table};
use serde_json::{Value as Json, json};

use super::Arguments;
use super::format::Format;
use crate::cli::elements::printable;
use crate::cli::failure::{Exit, Failure};
use crate::cli::interrupt::Interrupt;
use crate::cli::progress::Progress;
use crate::cli::session::Session;
use crate::cli::units::{counted, iec};
use crate::cli::verbs::put::csv;
use crate::cli::{files, npy};

/// What a file may hold, unless something else is said.
const LIMIT: u64 = 64 << 30;

/// What came of an import.
#[derive(Default)]
struct Imported {
    values: u64,
    bytes: u64,
    left_out: Vec<(String, String)>,
}

/// Imports what is no HDF5 file.
pub fn run(
    session: &Session<'_>,
    store: &DataStore,
    asked: &Arguments,
    format: &Format,
    interrupt: &Interrupt,
) -> Result<Exit, Failure> {
    let into = asked.into.as_deref();
    let stem = asked.file.file_stem().and_then(|stem| stem.to_str()).unwrap_or("values");
    let key = into.map_or_else(|| format!("/{stem}"), str::to_owned);
    let progress = Progress::bytes(session.output, "importing");
    let mut imported = Imported::default();
    match format {
        Format::Npz(archive) => npz(store, (archive, asked), &progress, interrupt, &mut imported)?,
        Format::Zip => zip(session, store, (asked, &key), &progress, interrupt, &mut imported)?,
        Format::Csv => {
            let bytes = files::read(&asked.file)?;
            let delimiter = asked.delimiter.or_else(|| is_tsv(&asked.file).then_some(b'\t'));
            let table = csv::table(&bytes, delimiter).map_err(|failure| failure.with_file(&asked.file))?;
            imported.bytes = bytes.len() as u64;
            imported.values = 1;
            insert_table(store, &key, &table, asked.replace)?;
        }
        _ => {
            let bytes = files::read(&asked.file)?;
            let array = npy::read(&bytes).map_err(|failure| failure.with_file(&asked.file))?;
            imported.bytes = bytes.len() as u64;
            imported.values = 1;
            insert(store, &key, &array, asked.replace)?;
        }
    }
    drop(progress);
    store.flush()?;
    print(session, store, &imported)
}

fn is_tsv(file: &Path) -> bool {
    file.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("tsv"))
}

fn insert(store: &DataStore, key: &str, array: &AnyArray, replace: bool) -> Result<(), Failure> {
    let inserted = if replace { store.insert(key, array) } else { store.insert_new(key, array) };
    Ok(inserted?)
}

/// Stores a table; the units behind names, as in `depth [km]`, become attributes.
fn insert_table(store: &DataStore, key: &str, table: &Table, replace: bool) -> Result<(), Failure> {
    let mut named = Table::new();
    let mut units = Vec::new();
    for (name, column) in table.columns() {
        let split = name.strip_suffix(']').and_then(|name| name.rsplit_once(" ["));
        let (name, unit) = split.map_or((name, None), |(name, unit)| (name.trim_end(), Some(unit)));
        named.push(name, column.clone())?;
        units.extend(unit.map(|unit| (name.to_owned(), unit.to_owned())));
    }
    let inserted = if replace { store.insert(key, &named) } else { store.insert_new(key, &named) };
    inserted?;
    for (name, unit) in units {
        store.attributes(&format!("{key}/{name}"))?.insert("units", unit)?;
    }
    Ok(())
}

/// Imports each array of an npz file under its name.
fn npz(
    store: &DataStore,
    (archive, asked): (&Archive, &Arguments),
    progress: &Progress,
    interrupt: &Interrupt,
    imported: &mut Imported,
) -> Result<(), Failure> {
    check_size(archive, asked)?;
    let draft = asked.into.as_deref().map(|key| store.draft(key)).transpose()?;
    let draft = draft.map(|draft| draft.replace(asked.replace));
    for entry in archive.entries() {
        if interrupt.answer() == calcstore::Continue::No {
            return Err(Failure::new(ErrorKind::Cancelled, "stopped").with_file(&asked.file));
        }
        let Some(name) = entry.name().strip_suffix(".npy") else {
            imported.left_out.push((entry.name().to_owned(), "is no array".to_owned()));
            continue;
        };
        let bytes = archive.read(entry).map_err(|error| Failure::from(error).with_file(&asked.file))?;
        let array = match npy::read(&bytes) {
            Ok(array) => array,
            Err(Failure::Fault(fault)) => {
                imported.left_out.push((entry.name().to_owned(), fault.message));
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let inserted = match &draft {
            Some(draft) => draft.insert_new(name, &array),
            None => store.insert_new(&format!("/{name}"), &array),
        };
        match inserted {
            Err(error) if [ErrorKind::InvalidKey, ErrorKind::AlreadyExists].contains(&error.kind()) => {
                imported.left_out.push((entry.name().to_owned(), error.to_string()));
                continue;
            }
            inserted => inserted?,
        }
        imported.values += 1;
        imported.bytes += bytes.len() as u64;
        progress.set(imported.bytes);
    }
    if let (0, Some((name, why))) = (imported.values, imported.left_out.first()) {
        let message = format!("none of its arrays can be imported: {name}: {why}");
        return Err(Failure::new(ErrorKind::Unsupported, message).with_file(&asked.file));
    }
    if let Some(draft) = draft {
        draft.commit()?;
    }
    Ok(())
}

fn check_size(archive: &Archive, asked: &Arguments) -> Result<(), Failure> {
    let bytes = archive.entries().iter().fold(0u64, |sum, entry| sum.saturating_add(entry.size()));
    let own = asked.file.metadata().map_or(0, |metadata| metadata.len());
    let limit = asked.limit.unwrap_or(LIMIT).max(own);
    if bytes <= limit {
        return Ok(());
    }
    let message =
        format!("it would be {}, more than the limit of {}; --limit sets another", iec(bytes), iec(limit));
    Err(Failure::invalid(message).with_file(&asked.file))
}

/// Copies the hierarchy in a zip file into a group.
fn zip(
    session: &Session<'_>,
    store: &DataStore,
    (asked, key): (&Arguments, &str),
    progress: &Progress,
    interrupt: &Interrupt,
    imported: &mut Imported,
) -> Result<(), Failure> {
    check_size(&Archive::open(&asked.file)?, asked)?;
    let packed = session.options().clone().read_only(true).at(&asked.file)?;
    let copy = store.copy_from(&packed, "/", key).replace(asked.replace).on_progress(|copied| {
        progress.set(copied.bytes);
        interrupt.answer()
    });
    let copied = copy.run()?;
    (imported.values, imported.bytes) = (copied.nodes, copied.bytes);
    Ok(())
}

fn print(session: &Session<'_>, store: &DataStore, imported: &Imported) -> Result<Exit, Failure> {
    let exit = if imported.left_out.is_empty() { Exit::Done } else { Exit::Faults };
    if session.output.is_json() {
        let left_out = imported.left_out.iter().map(|(path, why)| json!({"path": path, "why": why}));
        session.output.json(&json!({
            "calc_id": store.calc_id(), "calc_dir": store.calc_dir().to_string_lossy(),
            "values": imported.values, "bytes": imported.bytes, "left_out": left_out.collect::<Json>(),
        }))?;
        return Ok(exit);
    }
    for (path, why) in &imported.left_out {
        session.output.warning(&format!("left out: {}: {}", printable(path), printable(why)));
    }
    let values = counted(imported.values, "value");
    session.output.note(&format!("imported {values}, {}", iec(imported.bytes)));
    session.output.path(store.calc_dir())?;
    Ok(exit)
}
