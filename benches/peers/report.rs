//! What was measured, for people and for programs.

use std::path::Path;

use crate::Outcome;
use crate::bars::{Bar, Bars, Panel};
use crate::goals::Judged;
use crate::measured::Measured;
use crate::party::CPU;
use crate::run::describe_place;
use crate::settings::{Settings, file_system};
use crate::workloads::Workload;

/// Phases in the order in which they are done.
pub const PHASES: [&str; 10] = ["version", "write", "names", "shapes", "read", "into", "run", "1", "8", "64"];

pub fn heading(settings: &Settings) {
    println!(
        "scale {}, median of {} rounds, seconds (× the first of the workload)",
        settings.scale, settings.rounds
    );
    for place in &settings.places {
        println!("{}", describe_place(place));
    }
    println!("{}", machine());
}

/// The processor and the kernel.
pub fn machine() -> String {
    let read = |file| std::fs::read_to_string(file).unwrap_or_default();
    let processor = read("/proc/cpuinfo");
    let model = processor.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{processors} processors of {}, Linux {}", model.unwrap_or("an unknown processor"), kernel.trim())
}

pub fn workload(workload: &Workload, settings: &Settings, measured: &Measured) {
    println!("\n{}: {}", workload.name, workload.what);
    for (place, _) in &settings.places {
        let Some(first) = measured.of(place, workload.name).next() else { continue };
        for row in measured.of(place, workload.name) {
            print!("  {place:6} {:34}", row.party);
            for phase in PHASES.iter().filter(|phase| first.figures.contains_key(**phase)) {
                match (row.median(phase), row.ratio(phase, first, phase)) {
                    (Some(seconds), Some(ratio)) => print!(" {phase} {seconds:>8.4} ({ratio:>6.2}×)"),
                    _ => print!(" {phase} {:>18}", ""),
                }
                match row.median(&format!("{phase}{CPU}")) {
                    Some(seconds) => print!(" [{seconds:>7.4}]"),
                    None => print!(" {:>9}", ""),
                }
            }
            let of = |figure| row.median(figure).unwrap_or_default();
            println!("  {:>11} bytes in {:>5} files, {:>4.0} MiB", of("bytes"), of("files"), of("MiB"));
        }
    }
}

pub fn goals(goals: &[Judged]) {
    println!(
        "\ngoals, calcstore / the other, the median of the rounds; in brackets by the time of the processors"
    );
    for goal in goals {
        let met = if goal.met { "met   " } else { "MISSED" };
        let of = if goal.theirs.is_empty() { String::new() } else { format!(" / {}", goal.theirs) };
        let cpu = goal.by_processor.map_or_else(String::new, |ratio| format!("[{ratio:.3}]"));
        let Judged { figure, at_most, place, workload, ours, .. } = goal;
        println!("{met} {figure:>7.3} ≤ {at_most:<5} {cpu:>9} {place:6} {workload:14} {ours}{of}");
    }
    let met = goals.iter().filter(|goal| goal.met).count();
    println!("{met} of {} goals are met", goals.len());
}

pub fn left_out(measured: &Measured) {
    for left_out in &measured.left_out {
        println!("left out: {}", left_out.trim());
    }
}

pub fn json(file: &Path, settings: &Settings, measured: &Measured, goals: &[Judged]) -> Outcome<()> {
    let document = serde_json::json!({
        "scale": settings.scale,
        "rounds": settings.rounds,
        "machine": machine(),
        "places": settings.places.iter().map(describe_place).collect::<Vec<_>>(),
        "measured": measured.rows,
        "left_out": measured.left_out,
        "goals": goals,
    });
    Ok(std::fs::write(file, format!("{document:#}\n"))?)
}

/// The phases that the picture shows.
const SHOWN: [(&str, &str, &str); 11] = [
    ("curves", "write", "many small arrays: write"),
    ("curves", "shapes", "list with shapes and types"),
    ("curves", "read", "read"),
    ("tables", "write", "many small tables: write"),
    ("objects", "read", "many structs: read"),
    ("big", "write", "one large array: write"),
    ("big", "read", "read"),
    ("packed", "write", "compressed: write"),
    ("packed", "read", "read"),
    ("append", "write", "append batch by batch"),
    ("blocks", "read", "read blocks of 4 MiB"),
];

pub fn svg(file: &Path, settings: &Settings, measured: &Measured) -> Outcome<()> {
    let Some(place) = settings.places.first() else { return Ok(()) };
    let mut panels = Vec::new();
    for (workload, phase, title) in SHOWN {
        let rows: Vec<_> = measured.of(place.0, workload).collect();
        let Some(first) = rows.first() else { continue };
        let bars = rows.iter().filter_map(|row| {
            let is_limit = row.party.starts_with("limit");
            let name = row.party.trim_start_matches("limit: ").to_owned();
            Some(Bar {
                name,
                ratio: row.ratio(phase, first, phase)?,
                is_ours: row.party.starts_with("calcstore"),
                is_limit,
            })
        });
        panels.push(Panel { title: title.to_owned(), bars: bars.collect() });
    }
    let title =
        format!("Time on {}, as a multiple of calcstore's; grey: without any format", file_system(&place.1));
    Ok(std::fs::write(file, Bars { title, panels }.svg())?)
}
