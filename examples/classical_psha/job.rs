//! The parameters of a calculation, from a job.ini.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Serialize;

use crate::error::{FileReference, InputError, Result, read_text};
use crate::exceedance::Truncation;
use crate::geometry::LonLat;
use crate::imt::Imt;
use crate::ini::{Entry, Ini};
use crate::literal::Literal;

/// Parameters that `OpenQuake` has and that make no difference here: they are about outputs other than the
/// curves of each model, about sources, models and random numbers that are not supported, or
/// (`pointsource_distance`) allow shortcuts that are not taken.
const WITHOUT_EFFECT: [&str; 19] = [
    "complex_fault_mesh_spacing",
    "concurrent_tasks",
    "export_dir",
    "hazard_maps",
    "individual_curves",
    "individual_rlzs",
    "mean",
    "mean_hazard_curves",
    "poes",
    "pointsource_distance",
    "quantile_hazard_curves",
    "quantiles",
    "random_seed",
    "reference_backarc",
    "reference_depth_to_1pt0km_per_sec",
    "reference_depth_to_2pt5km_per_sec",
    "reference_vs30_type",
    "ses_seed",
    "uniform_hazard_spectra",
];

/// A job.ini whose parameters were checked; the files it names were not yet read.
#[derive(Debug)]
pub struct Job {
    /// The job.ini.
    pub file: PathBuf,
    /// What the calculation goes by.
    pub parameters: Parameters,
    /// Where the sites are.
    pub sites: SiteList,
    /// The logic tree of source models.
    pub source_model_logic_tree: FileReference,
    /// The logic tree of ground-motion models.
    pub gsim_logic_tree: FileReference,
}

/// Where the sites are given.
#[derive(Debug)]
pub enum SiteList {
    /// In the job.ini, in the given line.
    Inline(Vec<LonLat>, usize),
    /// In a list of comma-separated values.
    Csv(FileReference),
}

/// What a calculation goes by.
#[derive(Debug)]
pub struct Parameters {
    /// What the user calls it.
    pub description: String,
    /// The time, in years, that probabilities are for.
    pub investigation_time: f64,
    /// Intensity measure types sorted by name, each with rising levels in its unit.
    pub imtls: Vec<(Imt, Vec<f64>)>,
    /// How the distribution of ground motions is cut off.
    pub truncation: Truncation,
    /// How far sources matter.
    pub maximum_distance: MaximumDistance,
    /// The width of the bins that continuous magnitude distributions are cut into.
    pub width_of_mfd_bin: Option<f64>,
    /// The distance, in km, of the points that fill an area source.
    pub area_source_discretization: Option<f64>,
    /// The distance, in km, of the nodes that faults are made of.
    pub rupture_mesh_spacing: Option<f64>,
    /// The `vs30`, in m/s, of sites that come without.
    pub reference_vs30: Option<f64>,
}

/// How far from a site, in km, ruptures are taken into account.
#[derive(Clone, Debug, PartialEq)]
pub struct MaximumDistance {
    by_region: BTreeMap<String, f64>,
}

/// The name that stands for all tectonic region types without a distance of their own.
const DEFAULT_REGION: &str = "default";

impl MaximumDistance {
    /// Gives the distance for a tectonic region type, if there is one.
    pub fn of(&self, region: &str) -> Option<f64> {
        self.by_region.get(region).or_else(|| self.by_region.get(DEFAULT_REGION)).copied()
    }
}

/// The parameters as they are kept with the results.
#[derive(Serialize)]
pub struct Record<'a> {
    description: &'a str,
    investigation_time: f64,
    intensity_measure_types_and_levels: BTreeMap<String, &'a [f64]>,
    truncation_level: Option<f64>,
    maximum_distance: &'a BTreeMap<String, f64>,
    width_of_mfd_bin: Option<f64>,
    area_source_discretization: Option<f64>,
    rupture_mesh_spacing: Option<f64>,
    reference_vs30_value: Option<f64>,
}

impl Parameters {
    /// Gives them in the form, and under the names, in which they are kept.
    pub fn record(&self) -> Record<'_> {
        Record {
            description: &self.description,
            investigation_time: self.investigation_time,
            intensity_measure_types_and_levels: self
                .imtls
                .iter()
                .map(|(imt, levels)| (imt.to_string(), &levels[..]))
                .collect(),
            truncation_level: match self.truncation {
                Truncation::None => None,
                Truncation::Median => Some(0.0),
                Truncation::At(level) => Some(level),
            },
            maximum_distance: &self.maximum_distance.by_region,
            width_of_mfd_bin: self.width_of_mfd_bin,
            area_source_discretization: self.area_source_discretization,
            rupture_mesh_spacing: self.rupture_mesh_spacing,
            reference_vs30_value: self.reference_vs30,
        }
    }
}

impl Job {
    /// Reads a job.ini.
    ///
    /// # Errors
    /// When it cannot be read, or a parameter is missing, unknown or makes no sense.
    pub fn read(file: &Path) -> Result<Self> {
        let ini = Ini::parse(file, &read_text(file)?)?;
        let mut reader = Reader { file, entries: ini.entries };
        reader.check_mode()?;
        let job = Self {
            file: file.into(),
            parameters: reader.parameters()?,
            sites: reader.sites()?,
            source_model_logic_tree: reader.file("source_model_logic_tree_file")?,
            gsim_logic_tree: reader.file("gsim_logic_tree_file")?,
        };
        reader.refuse_unknown()?;
        Ok(job)
    }
}

/// Takes parameters out of a file, until none that is known is left.
struct Reader<'a> {
    file: &'a Path,
    entries: BTreeMap<String, Entry>,
}

impl Reader<'_> {
    fn wrong<T>(&self, name: &str, line: usize, what: &str) -> Result<T> {
        Err(InputError::at(self.file, line, format!("{name}: {what}")))
    }

    fn optional(&mut self, name: &str) -> Option<Entry> {
        self.entries.remove(name)
    }

    fn required(&mut self, name: &str) -> Result<Entry> {
        self.optional(name)
            .ok_or_else(|| InputError::of(self.file, format!("the parameter '{name}' is missing")))
    }

    fn check_mode(&mut self) -> Result<()> {
        let mode = self.required("calculation_mode")?;
        if mode.value != "classical" {
            let what = format!("'{}' is not supported, only 'classical' is", mode.value);
            return self.wrong("calculation_mode", mode.line, &what);
        }
        match self.optional("number_of_logic_tree_samples") {
            Some(samples) if samples.value != "0" => self.wrong(
                "number_of_logic_tree_samples",
                samples.line,
                &format!("'{}' is not supported, only 0 is: every model is used", samples.value),
            ),
            _ => Ok(()),
        }
    }

    fn parameters(&mut self) -> Result<Parameters> {
        Ok(Parameters {
            description: self.optional("description").map(|entry| entry.value).unwrap_or_default(),
            investigation_time: {
                let entry = self.required("investigation_time")?;
                self.positive("investigation_time", &entry)?
            },
            imtls: self.imtls()?,
            truncation: self.truncation()?,
            maximum_distance: self.maximum_distance()?,
            width_of_mfd_bin: self.optional_positive("width_of_mfd_bin")?,
            area_source_discretization: self.optional_positive("area_source_discretization")?,
            rupture_mesh_spacing: self.optional_positive("rupture_mesh_spacing")?,
            reference_vs30: self.optional_positive("reference_vs30_value")?,
        })
    }

    fn number(&self, name: &str, entry: &Entry) -> Result<f64> {
        match entry.value.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => self.wrong(name, entry.line, &format!("'{}' is not a number", entry.value)),
        }
    }

    fn positive(&self, name: &str, entry: &Entry) -> Result<f64> {
        let number = self.number(name, entry)?;
        if number > 0.0 {
            Ok(number)
        } else {
            self.wrong(name, entry.line, &format!("{number} is not positive"))
        }
    }

    fn optional_positive(&mut self, name: &str) -> Result<Option<f64>> {
        self.optional(name).map(|entry| self.positive(name, &entry)).transpose()
    }

    fn truncation(&mut self) -> Result<Truncation> {
        let name = "truncation_level";
        let Some(entry) = self.optional(name) else { return Ok(Truncation::None) };
        match self.number(name, &entry)? {
            level if level < 0.0 => self.wrong(name, entry.line, &format!("{level} is negative")),
            level => Ok(Truncation::at(level)),
        }
    }

    fn literal(&self, name: &str, entry: &Entry) -> Result<Literal> {
        Literal::parse(&entry.value)
            .or_else(|wrong| self.wrong(name, entry.line + wrong.lines_before, &wrong.message))
    }

    fn maximum_distance(&mut self) -> Result<MaximumDistance> {
        let name = "maximum_distance";
        let entry = self.required(name)?;
        let distances = match self.literal(name, &entry)? {
            Literal::Dict(distances) => distances,
            other => vec![(DEFAULT_REGION.into(), other)],
        };
        let mut by_region = BTreeMap::new();
        for (region, distance) in distances {
            let Literal::Number(distance) = distance else {
                return self.wrong(
                    name,
                    entry.line,
                    "only one number, or one per tectonic region type, is supported",
                );
            };
            if distance <= 0.0 {
                return self.wrong(name, entry.line, &format!("{distance} is not positive"));
            }
            by_region.insert(region, distance);
        }
        Ok(MaximumDistance { by_region })
    }

    fn imtls(&mut self) -> Result<Vec<(Imt, Vec<f64>)>> {
        let name = "intensity_measure_types_and_levels";
        let entry = self.required(name)?;
        let wrong = |what: &str| self.wrong(name, entry.line, what);
        let Literal::Dict(items) = self.literal(name, &entry)? else {
            return wrong("it should read {\"PGA\": [levels], …}");
        };
        let mut imtls: Vec<(Imt, Vec<f64>)> = Vec::new();
        for (imt_name, levels) in items {
            let Ok(imt) = Imt::from_str(&imt_name) else {
                return wrong(&format!("unsupported intensity measure type '{imt_name}'"));
            };
            if imtls.iter().any(|(earlier, _)| *earlier == imt) {
                return wrong(&format!("{imt} is given twice"));
            }
            match rising_levels(&levels) {
                Some(levels) => imtls.push((imt, levels)),
                None => {
                    return wrong(&format!("the levels of {imt} are not a list of rising positive numbers"));
                }
            }
        }
        if imtls.is_empty() {
            return wrong("there is no intensity measure type");
        }
        imtls.sort_by_key(|(imt, _)| imt.to_string());
        Ok(imtls)
    }

    fn sites(&mut self) -> Result<SiteList> {
        let names = ["sites", "sites_csv", "site_model_file"];
        let mut given = names.into_iter().filter_map(|name| Some((name, self.optional(name)?)));
        let found = (given.next(), given.next());
        match found {
            (None, _) => Err(InputError::of(
                self.file,
                "there are no sites: one of the parameters 'sites', 'sites_csv' and 'site_model_file' is \
                 needed",
            )),
            (Some((first, _)), Some((second, entry))) => {
                self.wrong(second, entry.line, &format!("sites are already given by '{first}'"))
            }
            (Some(("sites", entry)), None) => {
                Ok(SiteList::Inline(self.inline_sites("sites", &entry)?, entry.line))
            }
            (Some((name, entry)), None) => self.reference(name, &entry).map(SiteList::Csv),
        }
    }

    fn inline_sites(&self, name: &str, entry: &Entry) -> Result<Vec<LonLat>> {
        let mut sites = Vec::new();
        for pair in entry.value.split(',') {
            let numbers: Vec<_> = pair.split_whitespace().map(str::parse::<f64>).collect();
            let [Ok(lon), Ok(lat)] = numbers[..] else {
                return self.wrong(name, entry.line, &format!("'{pair}' is not a longitude and a latitude"));
            };
            let site = checked_place(lon, lat).or_else(|what| self.wrong(name, entry.line, &what))?;
            sites.push(site);
        }
        Ok(sites)
    }

    fn file(&mut self, name: &str) -> Result<FileReference> {
        let entry = self.required(name)?;
        self.reference(name, &entry)
    }

    fn reference(&self, name: &str, entry: &Entry) -> Result<FileReference> {
        if entry.value.is_empty() {
            return self.wrong(name, entry.line, "no file is named");
        }
        Ok(FileReference::new(&entry.value, self.file, entry.line))
    }

    fn refuse_unknown(&self) -> Result<()> {
        let unknown = self.entries.iter().filter(|(name, _)| !WITHOUT_EFFECT.contains(&name.as_str()));
        match unknown.min_by_key(|(_, entry)| entry.line) {
            Some((name, entry)) => {
                Err(InputError::at(self.file, entry.line, format!("unknown parameter '{name}'")))
            }
            None => Ok(()),
        }
    }
}

/// Gives the levels if they are numbers above zero, each larger than the one before.
fn rising_levels(levels: &Literal) -> Option<Vec<f64>> {
    let Literal::List(items) = levels else { return None };
    let mut rising = Vec::new();
    let mut last = 0.0;
    for item in items {
        match item {
            Literal::Number(level) if *level > last => last = *level,
            _ => return None,
        }
        rising.push(last);
    }
    (!rising.is_empty()).then_some(rising)
}

/// Gives the place if there is such a place.
///
/// # Errors
/// What is out of range.
pub fn checked_place(lon: f64, lat: f64) -> Result<LonLat, String> {
    if !(-180.0..=180.0).contains(&lon) {
        return Err(format!("the longitude {lon} is not within -180 and 180"));
    }
    if !(-90.0..=90.0).contains(&lat) {
        return Err(format!("the latitude {lat} is not within -90 and 90"));
    }
    Ok(LonLat { lon, lat })
}
