//! The parameters of a calculation, from a job.ini.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use calcstore::DataStore;
use serde::Serialize;

use crate::error::{InputError, Result};
use crate::exceedance::Truncation;
use crate::files::{FileReference, InputFiles, read_text};
use crate::geometry::LonLat;
use crate::imt::Imt;
use crate::literal::Literal;
use crate::outputs::Outputs;
use crate::parameters::Reader;
use crate::sites::SiteList;

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
    /// Which results are wanted.
    pub outputs: Outputs,
    /// What the user should know of the job.ini, though it can be used.
    pub warnings: Vec<InputError>,
    /// All files that belong to it, as soon as they are read.
    pub files: InputFiles,
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
#[expect(clippy::struct_excessive_bools, reason = "they are the switches of the job.ini")]
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
    individual_rlzs: bool,
    mean: bool,
    quantiles: &'a [f64],
    poes: &'a [f64],
    hazard_maps: bool,
    uniform_hazard_spectra: bool,
}

impl Job {
    /// Gives the parameters in the form, and under the names, in which they are kept.
    pub fn record(&self) -> Record<'_> {
        let Self { parameters, outputs, .. } = self;
        Record {
            description: &parameters.description,
            investigation_time: parameters.investigation_time,
            intensity_measure_types_and_levels: parameters
                .imtls
                .iter()
                .map(|(imt, levels)| (imt.to_string(), &levels[..]))
                .collect(),
            truncation_level: match parameters.truncation {
                Truncation::None => None,
                Truncation::Median => Some(0.0),
                Truncation::At(level) => Some(level),
            },
            maximum_distance: &parameters.maximum_distance.by_region,
            width_of_mfd_bin: parameters.width_of_mfd_bin,
            area_source_discretization: parameters.area_source_discretization,
            rupture_mesh_spacing: parameters.rupture_mesh_spacing,
            reference_vs30_value: parameters.reference_vs30,
            individual_rlzs: outputs.individual_rlzs,
            mean: outputs.mean,
            quantiles: &outputs.quantiles,
            poes: &outputs.poes,
            hazard_maps: outputs.hazard_maps,
            uniform_hazard_spectra: outputs.uniform_hazard_spectra,
        }
    }
}

impl Job {
    /// Reads a job.ini from the disk.
    ///
    /// # Errors
    /// When it cannot be read, or a parameter is missing, makes no sense or asks for what is not supported.
    pub fn read(file: &Path) -> Result<Self> {
        Self::read_from(file, InputFiles::default())
    }

    /// Reads the job.ini that a calculation has kept.
    ///
    /// # Errors
    /// Those of the store, and as [`Job::read`].
    pub fn of(store: &DataStore) -> Result<Self, Box<dyn Error>> {
        let (files, job_ini) = InputFiles::of(store)?;
        Ok(Self::read_from(&job_ini, files)?)
    }

    fn read_from(file: &Path, files: InputFiles) -> Result<Self> {
        let mut reader = Reader::new(file, &read_text(file, &files)?, &files)?;
        check_mode(&mut reader)?;
        Ok(Self {
            file: file.into(),
            parameters: Parameters::read(&mut reader)?,
            sites: SiteList::read(&mut reader)?,
            source_model_logic_tree: reader.file("source_model_logic_tree_file")?,
            gsim_logic_tree: reader.file("gsim_logic_tree_file")?,
            outputs: Outputs::read(&mut reader)?,
            warnings: reader.finish()?,
            files,
        })
    }
}

fn check_mode(reader: &mut Reader<'_>) -> Result<()> {
    let mode = reader.required("calculation_mode")?;
    if mode.value != "classical" {
        let what = format!("'{}' is not supported, only 'classical' is", mode.value);
        return reader.wrong("calculation_mode", mode.line, &what);
    }
    match reader.optional("number_of_logic_tree_samples") {
        Some(samples) if samples.value != "0" => reader.wrong(
            "number_of_logic_tree_samples",
            samples.line,
            &format!(
                "'{}' is not supported, only 0 is: every path of the logic trees is followed",
                samples.value
            ),
        ),
        _ => Ok(()),
    }
}

impl Parameters {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(Self {
            description: reader.optional("description").map(|entry| entry.value).unwrap_or_default(),
            investigation_time: {
                let entry = reader.required("investigation_time")?;
                reader.positive("investigation_time", &entry)?
            },
            imtls: imtls(reader)?,
            truncation: truncation(reader)?,
            maximum_distance: maximum_distance(reader)?,
            width_of_mfd_bin: reader.optional_positive("width_of_mfd_bin")?,
            area_source_discretization: reader.optional_positive("area_source_discretization")?,
            rupture_mesh_spacing: reader.optional_positive("rupture_mesh_spacing")?,
            reference_vs30: reader.optional_positive("reference_vs30_value")?,
        })
    }
}

fn truncation(reader: &mut Reader<'_>) -> Result<Truncation> {
    let name = "truncation_level";
    let Some(entry) = reader.optional(name) else { return Ok(Truncation::None) };
    match reader.number(name, &entry)? {
        level if level < 0.0 => reader.wrong(name, entry.line, &format!("{level} is negative")),
        level => Ok(Truncation::at(level)),
    }
}

fn maximum_distance(reader: &mut Reader<'_>) -> Result<MaximumDistance> {
    let name = "maximum_distance";
    let entry = reader.required(name)?;
    let distances = match reader.literal(name, &entry)? {
        Literal::Dict(distances) => distances,
        other => vec![(DEFAULT_REGION.into(), other)],
    };
    let mut by_region = BTreeMap::new();
    for (region, distance) in distances {
        let Literal::Number(distance) = distance else {
            return reader.wrong(
                name,
                entry.line,
                "only one number, or one per tectonic region type, is supported",
            );
        };
        if distance <= 0.0 {
            return reader.wrong(name, entry.line, &format!("{distance} is not positive"));
        }
        by_region.insert(region, distance);
    }
    Ok(MaximumDistance { by_region })
}

fn imtls(reader: &mut Reader<'_>) -> Result<Vec<(Imt, Vec<f64>)>> {
    let name = "intensity_measure_types_and_levels";
    let entry = reader.required(name)?;
    let wrong = |what: &str| reader.wrong(name, entry.line, what);
    let Literal::Dict(items) = reader.literal(name, &entry)? else {
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
