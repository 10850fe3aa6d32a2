//! Takes parameters out of a job.ini, and knows which there are.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{InputError, Result};
use crate::files::{FileReference, InputFiles};
use crate::ini::{Entry, Ini};
use crate::literal::Literal;

/// Parameters of `OpenQuake` that make no difference here: they are about random numbers, sources and models that
/// are not supported, about how the engine spreads work, or (`pointsource_distance`) allow shortcuts that are not
/// taken.
const WITHOUT_EFFECT: [&str; 12] = [
    "complex_fault_mesh_spacing",
    "concurrent_tasks",
    "exports",
    "max_potential_paths",
    "pointsource_distance",
    "random_seed",
    "reference_backarc",
    "reference_depth_to_1pt0km_per_sec",
    "reference_depth_to_2pt5km_per_sec",
    "reference_vs30_type",
    "ses_seed",
    "split_sources",
];

/// Parameters of `OpenQuake` that would change the curves, and what a value must be that asks for nothing.
const UNSUPPORTED: [(&str, &str); 22] = [
    ("amplification_csv", ""),
    ("collapse_level", "0"),
    ("disagg_by_src", "false"),
    ("discard_trts", ""),
    ("floating_x_step", "0"),
    ("floating_y_step", "0"),
    ("hazard_calculation_id", ""),
    ("horiz_comp_to_geom_mean", "false"),
    ("infer_occur_rates", "false"),
    ("max", "false"),
    ("maximum_rupture_depth", ""),
    ("minimum_distance", "0"),
    ("minimum_magnitude", "0"),
    ("override_vs30", ""),
    ("ps_grid_spacing", "0"),
    ("reqv_ignore_sources", ""),
    ("shift_hypo", "false"),
    ("smlt_branch", ""),
    ("source_id", ""),
    ("std", "false"),
    ("truncation_level_between", ""),
    ("use_rates", "false"),
];

/// Takes parameters out of a job.ini, until none that is known is left.
pub struct Reader<'a> {
    file: &'a Path,
    files: &'a InputFiles,
    entries: BTreeMap<String, Entry>,
    warnings: Vec<(usize, String)>,
}

impl<'a> Reader<'a> {
    /// Begins with `text`, which `file` holds; files that it names will be read from `files`.
    ///
    /// # Errors
    /// When a line is malformed.
    pub fn new(file: &'a Path, text: &str, files: &'a InputFiles) -> Result<Self> {
        Ok(Self { file, files, entries: Ini::parse(file, text)?.entries, warnings: Vec::new() })
    }

    /// An error of the value of a parameter that stands in `line`.
    ///
    /// # Errors
    /// That one.
    pub fn wrong<T>(&self, name: &str, line: usize, what: &str) -> Result<T> {
        Err(InputError::at(self.file, line, format!("{name}: {what}")))
    }

    /// An error of the job.ini as a whole.
    pub fn error(&self, what: impl Into<String>) -> InputError {
        InputError::of(self.file, what)
    }

    /// Takes a parameter, if it is there.
    pub fn optional(&mut self, name: &str) -> Option<Entry> {
        self.entries.remove(name)
    }

    /// Takes a parameter by the first of its `names` or an older one; gives it with the name it has.
    ///
    /// # Errors
    /// When it is there by two names.
    pub fn by_any_name(&mut self, names: &[&'static str]) -> Result<Option<(&'static str, Entry)>> {
        let mut found = None;
        for name in names {
            match (&found, self.optional(name)) {
                (Some((first, _)), Some(second)) => {
                    return self.wrong(
                        name,
                        second.line,
                        &format!("'{first}', its other name, is given too"),
                    );
                }
                (None, Some(entry)) => found = Some((*name, entry)),
                (_, None) => {}
            }
        }
        Ok(found)
    }

    /// Takes a parameter.
    ///
    /// # Errors
    /// When it is not there.
    pub fn required(&mut self, name: &str) -> Result<Entry> {
        self.optional(name).ok_or_else(|| self.error(format!("the parameter '{name}' is missing")))
    }

    /// Reads a finite number.
    ///
    /// # Errors
    /// When it is none.
    pub fn number(&self, name: &str, entry: &Entry) -> Result<f64> {
        match entry.value.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => self.wrong(name, entry.line, &format!("'{}' is not a number", entry.value)),
        }
    }

    /// Reads a positive number.
    ///
    /// # Errors
    /// When it is none.
    pub fn positive(&self, name: &str, entry: &Entry) -> Result<f64> {
        let number = self.number(name, entry)?;
        if number > 0.0 {
            Ok(number)
        } else {
            self.wrong(name, entry.line, &format!("{number} is not positive"))
        }
    }

    /// Takes a parameter that is a positive number, if it is there.
    ///
    /// # Errors
    /// When it is no such number.
    pub fn optional_positive(&mut self, name: &str) -> Result<Option<f64>> {
        self.optional(name).map(|entry| self.positive(name, &entry)).transpose()
    }

    /// Takes a parameter that is true or false, spelled as in `OpenQuake`.
    ///
    /// # Errors
    /// When it is neither.
    pub fn flag(&mut self, names: &[&'static str], default: bool) -> Result<bool> {
        let Some((name, entry)) = self.by_any_name(names)? else { return Ok(default) };
        match entry.value.to_lowercase().as_str() {
            "1" | "true" => Ok(true),
            "" | "0" | "false" => Ok(false),
            _ => self.wrong(name, entry.line, &format!("'{}' is neither true nor false", entry.value)),
        }
    }

    /// Takes a parameter that is a list of different probabilities, with spaces or commas between; gives them with
    /// the line.
    ///
    /// # Errors
    /// When one is none, or is there twice.
    pub fn probabilities(&mut self, names: &[&'static str]) -> Result<Option<(Vec<f64>, usize)>> {
        let Some((name, entry)) = self.by_any_name(names)? else { return Ok(None) };
        let mut probabilities = Vec::new();
        let separator = |c: char| c.is_whitespace() || "[],".contains(c);
        for word in entry.value.split(separator).filter(|word| !word.is_empty()) {
            match word.parse::<f64>() {
                Ok(number) if number > 0.0 && number < 1.0 && !probabilities.contains(&number) => {
                    probabilities.push(number);
                }
                Ok(number) if probabilities.contains(&number) => {
                    return self.wrong(name, entry.line, &format!("{number} is given twice"));
                }
                _ => {
                    return self.wrong(
                        name,
                        entry.line,
                        &format!("'{word}' is not a probability between 0 and 1"),
                    );
                }
            }
        }
        Ok(Some((probabilities, entry.line)))
    }

    /// Reads a literal.
    ///
    /// # Errors
    /// When it is none.
    pub fn literal(&self, name: &str, entry: &Entry) -> Result<Literal> {
        Literal::parse(&entry.value)
            .or_else(|wrong| self.wrong(name, entry.line + wrong.lines_before, &wrong.message))
    }

    /// Takes a parameter that names a file.
    ///
    /// # Errors
    /// When it is not there or empty.
    pub fn file(&mut self, name: &str) -> Result<FileReference> {
        let entry = self.required(name)?;
        self.reference(name, &entry)
    }

    /// Reads the name of a file.
    ///
    /// # Errors
    /// When there is none.
    pub fn reference(&self, name: &str, entry: &Entry) -> Result<FileReference> {
        if entry.value.is_empty() {
            return self.wrong(name, entry.line, "no file is named");
        }
        Ok(FileReference::new(&entry.value, self.file, entry.line, self.files))
    }

    /// Remembers to warn of something in a line.
    pub fn warn(&mut self, line: usize, what: impl Into<String>) {
        self.warnings.push((line, what.into()));
    }

    /// Gives all warnings, among them one for each parameter that is left and not known, in the order of the lines.
    ///
    /// # Errors
    /// When one is left that would change the curves and that is not supported.
    pub fn finish(mut self) -> Result<Vec<InputError>> {
        for (name, asks_for_nothing) in UNSUPPORTED {
            let Some(entry) = self.optional(name) else { continue };
            let value = entry.value.to_lowercase();
            let nothing = match asks_for_nothing {
                "false" => ["", "0", "false"].contains(&value.as_str()),
                "0" => value.parse() == Ok(0.0),
                other => value == other,
            };
            if !nothing {
                return self.wrong(
                    name,
                    entry.line,
                    "not supported, and the curves would not be the same without it",
                );
            }
        }
        for (name, entry) in std::mem::take(&mut self.entries) {
            if !WITHOUT_EFFECT.contains(&name.as_str()) {
                self.warn(entry.line, format!("unknown parameter '{name}' is ignored"));
            }
        }
        self.warnings.sort();
        let warning = |(line, what)| InputError::at(self.file, line, format!("warning: {what}"));
        Ok(self.warnings.into_iter().map(warning).collect())
    }
}
