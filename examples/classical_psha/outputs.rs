//! Which results are wanted besides the curves of each ground-motion model.

use std::path::PathBuf;

use crate::error::Result;
use crate::parameters::Reader;

/// What is derived from the curves of the realizations.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are the switches of the job.ini")]
pub struct Outputs {
    /// Whether the curves of each realization are kept: unless the job.ini says no, other than in `OpenQuake`.
    pub individual_rlzs: bool,
    /// Whether there are mean curves.
    pub mean: bool,
    /// The quantiles over the realizations that there are curves of, rising.
    pub quantiles: Vec<f64>,
    /// The probabilities of exceedance of maps and spectra, in the order given.
    pub poes: Vec<f64>,
    /// Whether there are hazard maps.
    pub hazard_maps: bool,
    /// Whether there are uniform hazard spectra.
    pub uniform_hazard_spectra: bool,
    /// The directory that the HDF5 file and plots go to, in place of the calculation's; it counts from that of
    /// the job.ini.
    pub export_dir: Option<PathBuf>,
}

impl Outputs {
    /// Takes them out of a job.ini.
    ///
    /// # Errors
    /// When a parameter makes no sense, by itself or with the others.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let (mut quantiles, _) =
            reader.probabilities(&["quantiles", "quantile_hazard_curves"])?.unwrap_or_default();
        quantiles.sort_by(f64::total_cmp);
        let (poes, line) = reader.probabilities(&["poes"])?.unwrap_or_default();
        let outputs = Self {
            individual_rlzs: reader.flag(&["individual_rlzs", "individual_curves"], true)?,
            mean: reader.flag(&["mean", "mean_hazard_curves"], true)?,
            quantiles,
            poes,
            hazard_maps: reader.flag(&["hazard_maps"], false)?,
            uniform_hazard_spectra: reader.flag(&["uniform_hazard_spectra"], false)?,
            export_dir: reader
                .optional("export_dir")
                .map(|entry| entry.value)
                .filter(|dir| !dir.is_empty())
                .map(PathBuf::from),
        };
        let wants = [
            ("hazard_maps", outputs.hazard_maps),
            ("uniform_hazard_spectra", outputs.uniform_hazard_spectra),
        ];
        let wanted = wants.iter().find(|(_, wanted)| *wanted);
        if let (Some((name, _)), true) = (wanted, outputs.poes.is_empty()) {
            return Err(reader.error(format!("the parameter 'poes' is missing, and {name} needs it")));
        }
        if let (Some((name, _)), true) = (wanted, !outputs.mean && outputs.quantiles.is_empty()) {
            return Err(
                reader.error(format!("{name} are made of mean or quantile curves, and there are none"))
            );
        }
        if wanted.is_none() && !outputs.poes.is_empty() {
            reader.warn(
                line,
                "poes is of no use without 'hazard_maps = true' or 'uniform_hazard_spectra = true'",
            );
        }
        Ok(outputs)
    }
}
