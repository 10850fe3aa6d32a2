//! The tables of `docs/performance.md`.

use std::fmt::Write as _;
use std::path::Path;

use crate::Outcome;
use crate::document::replace;
use crate::goals::Judged;
use crate::measured::{Measured, Row};
use crate::report::{PHASES, machine};
use crate::settings::{Settings, file_system};
use crate::workloads::{self, Workload};

pub fn write(file: &Path, settings: &Settings, measured: &Measured, goals: &[Judged]) -> Outcome<()> {
    replace(file, "measured", &tables(settings, measured))?;
    replace(file, "goals", &verdicts(goals))
}

fn tables(settings: &Settings, measured: &Measured) -> String {
    let on = settings.places.iter().map(|(name, path)| format!("the {name} is {}", file_system(path)));
    let mut text = format!(
        "Scale {}, {} rounds, {}; {}. A cell is for {}; the first row has seconds, the others multiples of them.\n",
        settings.scale,
        settings.rounds,
        machine(),
        on.collect::<Vec<_>>().join(", "),
        settings.places.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" / "),
    );
    for workload in settings.names.iter().filter_map(|name| workloads::find(name)) {
        text += &table(workload, settings, measured);
    }
    if !measured.left_out.is_empty() {
        text += "\nLeft out:\n\n";
        for left_out in &measured.left_out {
            let _ = writeln!(text, "- {}", left_out.lines().next().unwrap_or_default().trim());
        }
    }
    text
}

/// A row for each party, a column for each phase, for the bytes on the disk and for the most memory.
fn table(workload: &Workload, settings: &Settings, measured: &Measured) -> String {
    let places: Vec<Vec<&Row>> =
        settings.places.iter().map(|(place, _)| measured.of(place, workload.name).collect()).collect();
    let Some(first) = places.iter().flatten().next() else { return String::new() };
    let phases: Vec<&str> = PHASES.into_iter().filter(|phase| first.figures.contains_key(*phase)).collect();
    let mut text = format!("\n**{}**: {}\n\n", workload.name, workload.what);
    let _ = writeln!(text, "| | {} | bytes | memory |", phases.join(" | "));
    let _ = writeln!(text, "|{}", "---|".repeat(phases.len() + 3));
    for party in workload.parties.iter().flat_map(|parties| *parties).map(|party| party.name) {
        let rows: Vec<(&Row, &Row)> = places
            .iter()
            .filter_map(|rows| Some((rows.iter().copied().find(|row| row.party == party)?, *rows.first()?)))
            .collect();
        let Some((row, _)) = rows.first() else { continue };
        let _ = write!(text, "| {party} |");
        for phase in &phases {
            let cells = rows.iter().filter_map(|(row, first)| {
                if std::ptr::eq(*row, *first) {
                    return Some(format!("{} s", figures(row.median(phase)?)));
                }
                Some(format!("{}×", figures(row.ratio(phase, first, phase)?)))
            });
            let _ = write!(text, " {} |", cells.collect::<Vec<_>>().join(" / "));
        }
        let of = |figure| row.median(figure).unwrap_or_default();
        let _ = writeln!(text, " {} MB | {:.0} MiB |", figures(of("bytes") / 1e6), of("MiB"));
    }
    text
}

/// Three of them.
fn figures(number: f64) -> String {
    let digits = match number {
        x if x >= 99.95 => 0,
        x if x >= 9.995 => 1,
        x if x >= 0.9995 => 2,
        x if x >= 0.09995 => 3,
        _ => 4,
    };
    format!("{number:.digits$}")
}

fn verdicts(goals: &[Judged]) -> String {
    let met = goals.iter().filter(|goal| goal.met).count();
    let mut text = format!("{met} of {} are met.\n\n", goals.len());
    text += "| | at most | measured | by processor time | where | workload | calcstore | the other |\n";
    text += "|---|---|---|---|---|---|---|---|\n";
    for goal in goals {
        let by_processor = goal.by_processor.map_or_else(String::new, figures);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {by_processor} | {} | {} | {} | {} |",
            if goal.met { "met" } else { "**missed**" },
            goal.at_most,
            figures(goal.figure),
            goal.place,
            goal.workload,
            goal.ours,
            goal.theirs,
        );
    }
    text
}
