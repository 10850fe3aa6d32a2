//! What the command line of a benchmark asks for.

use std::path::{Path, PathBuf};

use crate::Outcome;

pub struct Settings {
    /// What is measured.
    pub names: Vec<&'static str>,
    pub scale: f64,
    pub rounds: usize,
    /// Directories on the file systems to be measured, each with what it is called.
    pub places: Vec<(&'static str, PathBuf)>,
    pub json: Option<PathBuf>,
    pub svg: Option<PathBuf>,
    /// The document that gets the tables.
    pub document: Option<PathBuf>,
}

impl Settings {
    pub fn parse(arguments: Vec<String>, known: &[&'static str]) -> Outcome<Self> {
        let (mut disk, mut memory) = (std::env::temp_dir(), PathBuf::from("/dev/shm"));
        let (mut names, places) = (Vec::new(), Vec::new());
        let (mut json, mut svg, mut document) = (None, None, None);
        let (mut scale, mut rounds) = (1.0, 5);
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--scale" => scale = value()?.parse()?,
                "--rounds" => rounds = value()?.parse::<usize>()?.max(1),
                "--quick" => (scale, rounds) = (0.05, 3),
                "--disk" => disk = value()?.into(),
                "--memory" => memory = value()?.into(),
                "--json" => json = Some(value()?.into()),
                "--svg" => svg = Some(value()?.into()),
                "--document" => document = Some(value()?.into()),
                // What `cargo bench` and `cargo test` pass of their own accord.
                "--bench" | "--test" => {}
                name => match known.iter().find(|known| **known == name) {
                    Some(known) => names.push(*known),
                    None => {
                        return Err(format!("unknown argument {name}; there are: {}", known.join(" ")).into());
                    }
                },
            }
        }
        if names.is_empty() {
            names = known.to_vec();
        }
        let mut settings = Self { names, scale, rounds, places, json, svg, document };
        for (name, path) in [("disk", disk), ("memory", memory)] {
            if path != Path::new("none") && path.is_dir() {
                settings.places.push((name, path));
            }
        }
        Ok(settings)
    }
}

/// The type of the file system that a directory is on, as `/proc/mounts` has it.
pub fn file_system(directory: &Path) -> String {
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap_or_default();
    let directory = directory.canonicalize().unwrap_or_default();
    let fields = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    let above = fields.filter(|fields| fields.len() > 2 && directory.starts_with(fields[1]));
    above
        .max_by_key(|fields| fields[1].len())
        .map_or_else(|| "unknown".to_owned(), |fields| fields[2].to_owned())
}

/// Of an even number of figures the geometric mean of the two in the middle, which is one over that of their reciprocals.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = |from_end: usize| figures.len().checked_sub(from_end).and_then(|n| figures.get(n / 2));
    match (middle(1), middle(0)) {
        (Some(low), Some(high)) => (low * high).sqrt(),
        _ => f64::NAN,
    }
}
