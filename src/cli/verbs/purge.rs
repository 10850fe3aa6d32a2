use std::time::Duration;

use calcstore::{CalculationEntry, ErrorKind, Size};
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::calcs;
use super::status::Named;
use crate::cli::elements::printable;
use crate::cli::failure::{Exit, Failure, Fault};
use crate::cli::output::FAULT;
use crate::cli::session::Session;
use crate::cli::units::{counted, iec, parse_age};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
What is named is a calculation that is one of the IDs, if there are some, and fits all \
that is said of age, status and number. Without --force it is only listed. The parent of a \
calculation that stays is left alone, and so are a calculation that is open for \
writing and one with files that calcstore did not put there. Exit code 1 says that \
something was left alone.

Examples:
  calcstore purge 3 4                       what would be deleted
  calcstore purge --force --status failed
  calcstore purge --older-than 30d --keep 10 --force")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch")]
pub struct Arguments {
    /// IDs, as calcs lists them: never counted from the last
    #[arg(value_name = "ID", required_unless_present_any = ["older_than", "status", "keep"])]
    ids: Vec<u32>,

    /// Those that were made longer ago, such as 30d or 12h
    #[arg(long, value_name = "AGE", value_parser = parse_age)]
    older_than: Option<Duration>,

    /// Those of this status
    #[arg(long, value_name = "STATUS")]
    status: Option<Named>,

    /// All but the last N
    #[arg(long, value_name = "N")]
    keep: Option<usize>,

    /// Delete them
    #[arg(short, long)]
    force: bool,

    /// Delete also files that calcstore did not put into the directories
    #[arg(long)]
    all_files: bool,

    /// Delete also those without locks, of which nobody can tell whether they are open for writing
    #[arg(long)]
    unlocked: bool,

    /// Delete also those that are, or may be, the parent of one that stays
    #[arg(long)]
    parents: bool,
}

/// What becomes of calculations.
struct Plan {
    /// Those to be deleted, children before their parents.
    deleted: Vec<(CalculationEntry, Option<Size>)>,
    /// Those that are left alone, and why.
    left_alone: Vec<(u32, Fault)>,
}

/// Deletes calculations.
pub fn run(session: &Session<'_>, asked: &Arguments) -> Result<Exit, Failure> {
    let Plan { deleted: planned, mut left_alone } = plan(session, asked)?;
    let mut deleted = Vec::new();
    for (entry, size) in planned {
        if asked.force {
            let deletion = session.options().delete(entry.calc_id).all_files(asked.all_files);
            let deletion = deletion.unlocked(asked.unlocked).parents(asked.parents).unless_changed(&entry);
            match deletion.run() {
                // Somebody else was quicker.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => {
                    if let Failure::Fault(fault) = Failure::from(error) {
                        left_alone.push((entry.calc_id, *fault));
                    }
                    continue;
                }
                Ok(()) => session.output.detail(&format!("deleted {}", entry.calc_dir.display())),
            }
        }
        deleted.push((entry, size));
    }
    let bytes: u64 = deleted.iter().filter_map(|(_, size)| size.as_ref()).map(|size| size.stored_bytes).sum();
    deleted.sort_by_key(|(entry, _)| entry.calc_id);
    left_alone.sort_by_key(|(id, _)| *id);
    if session.output.is_json() {
        session.output.json(&to_json(asked, &deleted, &left_alone))?;
    } else {
        let rows = deleted.iter().map(|(entry, size)| calcs::row(entry, size.as_ref(), true));
        let rows: Vec<_> = rows.collect();
        let lines = if rows.is_empty() {
            rows.into_iter().flatten().collect()
        } else {
            calcs::table(rows, true, session.output.list_width())
        };
        session.output.lines(lines)?;
        for (id, why) in &left_alone {
            session.output.warning(&format!("{FAULT}left alone{FAULT:#}: {id}: {}", printable(&why.message)));
        }
        let found = format!("{}, {}", counted(deleted.len() as u64, "calculation"), iec(bytes));
        session.output.note(&match (deleted.len(), asked.force) {
            (0, _) => "nothing to delete".to_owned(),
            (_, true) => format!("deleted {found}"),
            (_, false) => format!("would delete {found}; --force does"),
        });
    }
    Ok(if left_alone.is_empty() { Exit::Done } else { Exit::Faults })
}

/// Finds out what is meant, and what of that must stay.
fn plan(session: &Session<'_>, asked: &Arguments) -> Result<Plan, Failure> {
    let all = session.options().calculations()?;
    for id in &asked.ids {
        if all.iter().all(|entry| entry.calc_id != *id) {
            let message = format!("there is no calculation {id} (calcs lists them)");
            let directory = session.options().data_dir_path()?;
            return Err(Failure::new(ErrorKind::NotFound, message).with_file(&directory));
        }
    }
    let last = all.len().saturating_sub(asked.keep.unwrap_or(0));
    let (mut meant, mut staying): (Vec<CalculationEntry>, Vec<CalculationEntry>) = (Vec::new(), Vec::new());
    for (place, entry) in all.into_iter().enumerate() {
        let is_meant = place < last && is_meant(asked, &entry);
        if is_meant { meant.push(entry) } else { staying.push(entry) }
    }
    let mut left_alone = Vec::new();
    // A parent that must stay can be the child of another.
    let first = |meant: &[CalculationEntry], staying: &[CalculationEntry]| {
        meant.iter().enumerate().find_map(|(at, entry)| Some((at, why_needed(staying, entry)?)))
    };
    while let Some((at, why)) = first(&meant, &staying).filter(|_| !asked.parents) {
        let entry = meant.remove(at);
        left_alone.extend(refusal(entry.calc_id, why));
        staying.push(entry);
    }
    let mut deleted = Vec::new();
    // Children go before their parents.
    while let Some(at) = meant.iter().position(|entry| why_needed(&meant, entry).is_none()) {
        let entry = meant.remove(at);
        let size = calcs::size(session, &entry);
        deleted.push((entry, size));
    }
    // Of several that cannot be read each may be the parent of another.
    let tied = meant.clone();
    for entry in meant {
        if asked.parents {
            let size = calcs::size(session, &entry);
            deleted.push((entry, size));
            continue;
        }
        left_alone.extend(why_needed(&tied, &entry).and_then(|why| refusal(entry.calc_id, why)));
    }
    Ok(Plan { deleted, left_alone })
}

fn refusal(id: u32, why: String) -> Option<(u32, Fault)> {
    match Failure::new(ErrorKind::Conflict, why) {
        Failure::Fault(fault) => Some((id, *fault)),
        Failure::ClosedPipe => None,
    }
}

fn is_meant(asked: &Arguments, entry: &CalculationEntry) -> bool {
    let age = || {
        let made: Timestamp = entry.date.as_deref()?.parse().ok()?;
        Duration::try_from(Timestamp::now().duration_since(made)).ok()
    };
    let is_old = asked.older_than.is_none_or(|limit| age().is_some_and(|age| age >= limit));
    let is_so = asked.status.is_none_or(|status| entry.status == Some(status.into()));
    is_old && is_so && (asked.ids.is_empty() || asked.ids.contains(&entry.calc_id))
}

/// Says of which of some calculations this one is the parent, or may be: then it stays with them.
fn why_needed(by: &[CalculationEntry], parent: &CalculationEntry) -> Option<String> {
    let real = |path: &std::path::Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let is_child = |entry: &&CalculationEntry| {
        entry
            .parent
            .as_ref()
            .is_some_and(|path| *path == parent.calc_dir || real(path) == real(&parent.calc_dir))
    };
    if let Some(child) = by.iter().find(is_child) {
        return Some(format!("is the parent of calculation {}, which stays", child.calc_id));
    }
    by.iter().filter(|entry| entry.calc_id != parent.calc_id).find_map(|entry| {
        let (id, why) = (entry.calc_id, entry.unreadable.as_ref()?);
        Some(format!(
            "may be the parent of calculation {id}, which stays and cannot be read ({why}); make that readable, \
             purge it too, or use `parents`"
        ))
    })
}

fn to_json(
    asked: &Arguments,
    deleted: &[(CalculationEntry, Option<Size>)],
    left_alone: &[(u32, Fault)],
) -> Json {
    let deleted = deleted.iter().map(|(entry, size)| {
        json!({
            "calc_id": entry.calc_id, "calc_dir": entry.calc_dir.display().to_string(),
            "stored_bytes": size.as_ref().map(|size| size.stored_bytes),
        })
    });
    let left_alone = left_alone
        .iter()
        .map(|(id, why)| json!({"calc_id": id, "kind": why.kind.name(), "why": why.message}));
    json!({
        "deleted": asked.force, "calculations": deleted.collect::<Json>(), "left_alone": left_alone.collect::<Json>(),
    })
}
