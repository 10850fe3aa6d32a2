//! How time and memory grow with the work, over four decades and more: values, bytes of one value, writers, depth, siblings.
//!
//! ```text
//! cargo bench --bench growth -- [SERIES…] [--quick] [--scale S] [--rounds N] [--disk DIRECTORY] [--memory none] [--json FILE] [--svg FILE]
//!                               [--document FILE]
//! ```
//!
//! Without a name all series are measured; those are named where one is not known. `--scale 0.1` leaves out what is more than a tenth
//! of the largest, which is 10 GiB; `--quick` is a twentieth. Only the first of the two places is used. Each point is a process of its
//! own, and the points of a series take turns. The exponent is that of the last decade: 1 where ten times the work takes ten times the
//! seconds, 0 where it takes the same. `--document docs/performance.md` puts the exponents into that document.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

#[path = "../common/document.rs"]
mod document;
mod lines;
#[path = "../common/picture.rs"]
mod picture;
mod series;
#[path = "../common/settings.rs"]
mod settings;

use lines::{Line, Lines, Panel};
use series::{SERIES, Series};
use settings::{Settings, file_system, median};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// What a point took: seconds by phase, and the most memory in MiB.
type Figures = BTreeMap<String, f64>;

/// The figures of all rounds, by phase and then by the size of the work.
type Measured = BTreeMap<String, BTreeMap<u64, Vec<f64>>>;

const MEMORY: &str = "MiB";

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, name, work, place] = &arguments[..]
        && flag == "--point"
    {
        return point(name, work.parse()?, Path::new(place));
    }
    if let [flag, place, first, count] = &arguments[..]
        && flag == "--write"
    {
        return series::write(Path::new(place), first.parse()?, count.parse()?);
    }
    let known: Vec<&str> = SERIES.iter().map(|series| series.name).collect();
    let settings = Settings::parse(arguments, &known)?;
    let (_, directory) = settings.places.first().ok_or("no directory to measure in")?;
    println!(
        "median of {} rounds, in {} on {}",
        settings.rounds,
        directory.display(),
        file_system(directory)
    );
    let mut all = BTreeMap::new();
    for series in SERIES.iter().filter(|series| settings.names.contains(&series.name)) {
        let measured = measure(series, &settings, directory)?;
        report(series, &measured);
        all.insert(series.name, measured);
    }
    if let Some(file) = &settings.json {
        std::fs::write(file, serde_json::to_string_pretty(&all)?)?;
    }
    if let Some(file) = &settings.svg {
        std::fs::write(file, picture(&all).svg())?;
    }
    if let Some(file) = &settings.document {
        document::replace(file, "growth", &markdown(&all, &settings))?;
    }
    Ok(())
}

fn measure(series: &Series, settings: &Settings, directory: &Path) -> Outcome<Measured> {
    let largest = series.points.iter().copied().max().unwrap_or_default();
    let scratch = tempfile::tempdir_in(directory)?;
    let mut measured = Measured::new();
    for round in 0..settings.rounds {
        for work in series.points.iter().filter(|work| of(**work) <= of(largest) * settings.scale.min(1.0)) {
            let place = scratch.path().join(format!("{work}-{round}"));
            let mut command = Command::new(std::env::current_exe()?);
            let output = command.args(["--point", series.name, &work.to_string()]).arg(&place).output()?;
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into());
            }
            for (phase, figure) in serde_json::from_slice::<Figures>(&output.stdout)? {
                measured.entry(phase).or_default().entry(*work).or_default().push(figure);
            }
            if series.is_removed {
                std::fs::remove_dir_all(&place)?;
            }
        }
    }
    Ok(measured)
}

/// What the process of one point does.
fn point(name: &str, work: u64, place: &Path) -> Outcome<()> {
    let series = SERIES.iter().find(|series| series.name == name).ok_or("no such series")?;
    let mut figures = (series.run)(work, place)?;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next());
    figures.insert(MEMORY.to_owned(), most.unwrap_or("nan").parse::<f64>()? / 1024.0);
    println!("{}", serde_json::to_string(&figures)?);
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "nobody compares the last bits")]
fn of(number: u64) -> f64 {
    number as f64
}

fn line(points: &BTreeMap<u64, Vec<f64>>) -> Vec<(f64, f64)> {
    points.iter().map(|(work, figures)| (of(*work), median(figures.clone()))).collect()
}

/// The slope from the first point within a decade of the last to the last.
fn exponent(points: &[(f64, f64)]) -> f64 {
    let Some(last) = points.last() else { return f64::NAN };
    let Some(first) = points.iter().find(|point| point.0 * 10.5 >= last.0) else { return f64::NAN };
    (last.1 / first.1).log10() / (last.0 / first.0).log10()
}

fn report(series: &Series, measured: &Measured) {
    println!("\n{}: {}", series.name, series.what);
    let works: Vec<u64> =
        measured.get(MEMORY).into_iter().flat_map(|points| points.keys().copied()).collect();
    print!("{:22}", series.unit);
    for work in works {
        print!(" {work:>12}");
    }
    println!("   exponent");
    for (phase, points) in measured {
        let line = line(points);
        print!("  {phase:20}");
        for (_, figure) in &line {
            print!(" {figure:>12.6}");
        }
        println!(" {:>10.2}", exponent(&line));
    }
}

/// A table for each series, a row for each phase.
fn markdown(all: &BTreeMap<&str, Measured>, settings: &Settings) -> String {
    let mut text = format!("Median of {} rounds.\n", settings.rounds);
    for series in SERIES {
        let Some(measured) = all.get(series.name) else { continue };
        let _ = writeln!(text, "\n**{}**: {}\n", series.name, series.what);
        let works: Vec<u64> =
            measured.get(MEMORY).into_iter().flat_map(|points| points.keys().copied()).collect();
        let works: Vec<String> = works.iter().map(|work| format!("{work} {}", series.unit)).collect();
        let _ = writeln!(text, "| | {} | exponent |\n|{}", works.join(" | "), "---|".repeat(works.len() + 2));
        for (phase, points) in measured {
            let unit = if phase == MEMORY { "" } else { ", s" };
            let line = line(points);
            let figures: Vec<String> = line.iter().map(|(_, figure)| format!("{figure:.4}")).collect();
            let _ = writeln!(text, "| {phase}{unit} | {} | {:.2} |", figures.join(" | "), exponent(&line));
        }
    }
    text
}

fn picture(all: &BTreeMap<&str, Measured>) -> Lines {
    let panels = SERIES.iter().filter_map(|series| {
        let measured = all.get(series.name)?;
        let lines = measured.iter().map(|(name, points)| Line {
            name: name.clone(),
            points: line(points),
            is_memory: name == MEMORY,
        });
        Some(Panel { title: series.name.to_owned(), unit: series.unit.to_owned(), lines: lines.collect() })
    });
    Lines { title: "Seconds and memory against work".to_owned(), panels: panels.collect() }
}
