//! Lets all parties take turns.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::given::of;
use crate::measured::Measured;
use crate::party::{By, Party, Round, Task};
use crate::settings::{Settings, file_system};
use crate::workloads::{self, Files, Workload};
use crate::{Outcome, goals, markdown, report};

pub fn all(settings: &Settings) -> Outcome<()> {
    report::heading(settings);
    let mut places = Vec::new();
    for (name, path) in &settings.places {
        places.push(Place { name, scratch: scratch(path)? });
    }
    let mut measured = Measured::default();
    for name in &settings.names {
        let workload = workloads::find(name).ok_or("no such workload")?;
        one(workload, settings, &places, &mut measured)?;
        report::workload(workload, settings, &measured);
    }
    let goals = goals::judge(&measured);
    report::goals(&goals);
    report::left_out(&measured);
    if let Some(file) = &settings.json {
        report::json(file, settings, &measured, &goals)?;
    }
    if let Some(file) = &settings.svg {
        report::svg(file, settings, &measured)?;
    }
    if let Some(file) = &settings.document {
        markdown::write(file, settings, &measured, &goals)?;
    }
    Ok(())
}

/// Who takes so many seconds takes part in two rounds. One that is behind by so much stays there.
const SLOW: f64 = 10.0;

struct Place {
    name: &'static str,
    scratch: TempDir,
}

/// A directory that a server of somebody else may go through.
fn scratch(path: &Path) -> Outcome<TempDir> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut builder = tempfile::Builder::new();
    builder.prefix("calcstore-bench-").permissions(std::fs::Permissions::from_mode(0o755));
    Ok(builder.tempdir_in(path)?)
}

fn one(
    workload: &'static Workload,
    settings: &Settings,
    places: &[Place],
    measured: &mut Measured,
) -> Outcome<()> {
    let Some(first) = places.first() else { return Err("no directory to measure in".into()) };
    let given = first.scratch.path().join(format!("{}-given", workload.name));
    std::fs::create_dir(&given)?;
    let count = scaled(workload.count, settings.scale);
    let task = |party: &str, place: PathBuf| Task {
        workload: workload.name.to_owned(),
        party: party.to_owned(),
        place,
        given: given.clone(),
        count,
    };
    let expected = (workload.prepare)(&task("", PathBuf::new()))?;
    let mut parties: Vec<(usize, &Party)> = Vec::new();
    for (n, party) in workload.parties.iter().flat_map(|parties| *parties).enumerate() {
        match party.lacks() {
            Some(why) => measured.left_out.push(format!("{}: {}: {why}", workload.name, party.name)),
            None => parties.push((n, party)),
        }
    }
    for round in 0..settings.rounds {
        for place in places.iter().filter(|place| place.name == "disk" || !workload.only_on_disk) {
            for (n, party) in parties.clone() {
                if round > 1 && measured.slowest(place.name, workload.name, party.name) > SLOW {
                    continue;
                }
                let round = if workload.files == Files::Reused { 0 } else { round };
                let directory = place.scratch.path().join(format!("{}-{n}-{round}", workload.name));
                let took = match party.run(&task(party.name, directory.clone())) {
                    Err(error) if !matches!(party.by, By::Us(_)) => {
                        measured.left_out.push(format!("{}: {}: {error}", workload.name, party.name));
                        parties.retain(|(other, _)| *other != n);
                        continue;
                    }
                    took => took.map_err(|error| format!("{}: {}: {error}", workload.name, party.name))?,
                };
                check(workload, party, &took, expected)?;
                let figures = figures(&took, &directory)?;
                measured.note((place.name, workload.name, party.name), figures);
                match (workload.files, place.name) {
                    (Files::Reused, _) | (Files::Kept, "disk") => {}
                    (Files::Removed, "disk") => empty(&directory)?,
                    _ => std::fs::remove_dir_all(&directory)?,
                }
            }
        }
    }
    if workload.files == Files::Reused {
        for place in places {
            for (n, _) in &parties {
                empty(&place.scratch.path().join(format!("{}-{n}-0", workload.name)))?;
            }
        }
    }
    Ok(())
}

/// Gives back the room that files take. They stay themselves: see the top of this program.
fn empty(directory: &Path) -> Outcome<()> {
    for entry in walkdir::WalkDir::new(directory).into_iter().filter(|_| directory.exists()) {
        let entry = entry?;
        if entry.file_type().is_file() {
            std::fs::File::options().write(true).open(entry.path())?.set_len(0)?;
        }
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the numbers are small")]
fn scaled((whole, least): (usize, usize), scale: f64) -> usize {
    ((of(whole) * scale) as usize).max(least)
}

fn check(workload: &Workload, party: &Party, took: &Round, expected: f64) -> Outcome<()> {
    match took.sum {
        Some(sum) if (sum - expected).abs() > 1e-9 * expected.abs() => {
            let (workload, party) = (workload.name, party.name);
            Err(format!("{workload}: {party} read the sum {sum}, where {expected} belongs").into())
        }
        _ => Ok(()),
    }
}

/// What a party took, and what it left on the disk.
#[expect(clippy::cast_precision_loss, reason = "nobody compares the last bits of sizes")]
fn figures(took: &Round, directory: &Path) -> Outcome<Vec<(String, f64)>> {
    let mut figures: Vec<(String, f64)> =
        took.seconds.iter().map(|(name, seconds)| (name.clone(), *seconds)).collect();
    figures.extend(took.mib.map(|mib| ("MiB".to_owned(), mib)));
    let (mut bytes, mut files) = (0, 0);
    for entry in walkdir::WalkDir::new(directory).into_iter().filter(|_| directory.exists()) {
        let metadata = entry?.metadata()?;
        if metadata.is_file() {
            (bytes, files) = (bytes + metadata.len(), files + 1);
        }
    }
    figures.extend([("bytes".to_owned(), bytes as f64), ("files".to_owned(), of(files))]);
    Ok(figures)
}

pub fn describe_place((name, path): &(&'static str, PathBuf)) -> String {
    format!("{name}: {} on {}", path.display(), file_system(path))
}
