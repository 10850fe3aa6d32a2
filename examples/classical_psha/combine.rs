//! From the curves of regions and models to those of the realizations, to their mean and quantiles, and to maps and
//! spectra.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use calcstore::{DataStore, Dataset, Draft, NewDataset, Result};
use ndarray::{Array, Array2, Array3, Axis, Dimension, RemoveAxis};
use rayon::prelude::*;

use crate::imt::Imt;
use crate::job::Job;
use crate::realizations::Realization;
use crate::statistics::{either, level_exceeded, mean, quantile, sort_weighted};

/// The group of all that is derived. It appears as a whole.
pub const HAZARD: &str = "/hazard";

/// So many values of realizations are worked on at a time, if they are of more than one site: that bounds the memory.
const VALUES_AT_ONCE: usize = 4 << 20;

/// The mean and quantile curves of an intensity measure type.
struct Statistics {
    /// `[site, level]`
    mean: Array2<f64>,
    /// For each quantile, `[site, level]`.
    quantiles: Vec<Array2<f64>>,
}

/// Derives everything that the job asks for, and saves it as the group `/hazard`:
///
/// | key | dimensions |
/// |---|---|
/// | `curves/<measure>/realizations` | site, realization, level |
/// | `curves/<measure>/mean` | site, level |
/// | `curves/<measure>/quantiles` | quantile, site, level |
/// | `maps/mean`, `maps/quantiles` | (quantile,) site, imt, poe |
/// | `spectra/mean`, `spectra/quantiles` | (quantile,) site, poe, period |
///
/// # Errors
/// Those of the store.
pub fn save_hazard(store: &DataStore, job: &Job, sites: usize, realizations: &[Realization]) -> Result<()> {
    let draft = store.draft(HAZARD)?.replace(true);
    save_coordinates(&draft, job, sites, realizations.len())?;
    let mut statistics = Vec::new();
    for (imt, levels) in &job.parameters.imtls {
        let combiner = Combiner { store, realizations, imt: *imt, quantiles: &job.outputs.quantiles };
        statistics.push((*imt, levels, save_curves(&combiner, &draft, job, levels, sites)?));
    }
    if job.outputs.hazard_maps {
        save_maps(&draft, job, &statistics)?;
    }
    if job.outputs.uniform_hazard_spectra {
        save_spectra(&draft, job, &statistics)?;
    }
    draft.commit()
}

/// Labels the dimensions that several arrays have: sites and realizations by the row of their tables.
fn save_coordinates(draft: &Draft, job: &Job, sites: usize, realizations: usize) -> Result<()> {
    let rows = |count: usize| (0_u32..).take(count).collect::<Vec<_>>();
    coordinate(draft, "site", &rows(sites), "row of /sitecol")?;
    if job.outputs.individual_rlzs {
        coordinate(draft, "realization", &rows(realizations), "row of /realizations")?;
    }
    if !job.outputs.quantiles.is_empty() {
        coordinate(draft, "quantile", &job.outputs.quantiles, "quantile over the realizations")?;
    }
    if job.outputs.hazard_maps || job.outputs.uniform_hazard_spectra {
        let meaning = format!("probability of exceedance in {} years", job.parameters.investigation_time);
        coordinate(draft, "poe", &job.outputs.poes, &meaning)?;
    }
    Ok(())
}

fn coordinate<T: calcstore::Element>(draft: &Draft, key: &str, labels: &Vec<T>, meaning: &str) -> Result<()>
where
    for<'a> &'a Vec<T>: calcstore::Put,
{
    let name = key.rsplit('/').next().unwrap_or(key);
    draft.new_dataset(key)?.dimension_names([name]).long_name(meaning).insert(labels)
}

/// Combines the curves of one intensity measure type.
struct Combiner<'a> {
    store: &'a DataStore,
    realizations: &'a [Realization],
    imt: Imt,
    quantiles: &'a [f64],
}

fn save_curves(
    combiner: &Combiner<'_>,
    draft: &Draft,
    job: &Job,
    levels: &Vec<f64>,
    sites: usize,
) -> Result<Statistics> {
    let group = format!("curves/{}", combiner.imt);
    let level = format!("{group}/level");
    coordinate(draft, &level, levels, &format!("level of {}", combiner.imt))?;
    draft.attributes(&level)?.insert("units", combiner.imt.unit())?;
    let meaning = format!("probability of exceedance in {} years", job.parameters.investigation_time);
    let plan = |name: &str, dimensions: &[&str]| -> Result<NewDataset<'_>> {
        let dataset = draft.new_dataset(&format!("{group}/{name}"))?;
        Ok(dataset.dimension_names(dimensions.iter().copied()).units("1").long_name(&meaning))
    };
    let individual = if job.outputs.individual_rlzs {
        let shape = [sites, combiner.realizations.len(), levels.len()].map(|length| length as u64);
        let chunk = [combiner.sites_at_once(levels.len()).min(sites) as u64, shape[1], shape[2]];
        let dataset = plan("realizations", &["site", "realization", "level"])?;
        Some(dataset.chunks(chunk).create::<f64>(&shape)?)
    } else {
        None
    };
    let statistics = combiner.statistics(individual.as_ref(), sites, levels.len())?;
    if job.outputs.mean {
        plan("mean", &["site", "level"])?.insert(&statistics.mean)?;
    }
    if !combiner.quantiles.is_empty() {
        plan("quantiles", &["quantile", "site", "level"])?.insert(stacked(&statistics.quantiles))?;
    }
    Ok(statistics)
}

impl Combiner<'_> {
    /// Says how many sites are worked on at a time.
    fn sites_at_once(&self, levels: usize) -> usize {
        (VALUES_AT_ONCE / (self.realizations.len() * levels).max(1)).clamp(1, 64)
    }

    /// Works out the statistics, block of sites by block of sites, and writes the curves of the realizations into
    /// `individual`, if they are wanted.
    fn statistics(&self, individual: Option<&Dataset>, sites: usize, levels: usize) -> Result<Statistics> {
        let mut statistics = Statistics {
            mean: Array2::zeros((sites, levels)),
            quantiles: vec![Array2::zeros((sites, levels)); self.quantiles.len()],
        };
        let at_once = self.sites_at_once(levels);
        for start in (0..sites).step_by(at_once) {
            let block = start..sites.min(start + at_once);
            let curves = self.read(block.clone())?;
            let of_sites: Vec<_> = block
                .clone()
                .into_par_iter()
                .map(|site| self.combine(&curves, site - start, levels))
                .collect();
            if let Some(dataset) = individual {
                let flat = of_sites.iter().flat_map(|curves| curves.iter().copied()).collect();
                let shape = (block.len(), self.realizations.len(), levels);
                if let Ok(array) = Array::from_shape_vec(shape, flat) {
                    dataset.write((block.start as u64..block.end as u64, .., ..), &array)?;
                }
            }
            let summaries: Vec<_> = of_sites.par_iter().map(|curves| self.summarize(curves)).collect();
            for (site, summary) in block.zip(summaries) {
                for (level, (mean, quantiles)) in summary.into_iter().enumerate() {
                    statistics.mean[[site, level]] = mean;
                    for (place, value) in quantiles.into_iter().enumerate() {
                        statistics.quantiles[place][[site, level]] = value;
                    }
                }
            }
        }
        Ok(statistics)
    }

    /// Reads the curves of all regions and models at some sites: by region and model, `[site, level]`.
    fn read(&self, sites: Range<usize>) -> Result<BTreeMap<(usize, &'static str), Array2<f64>>> {
        let mut curves = BTreeMap::new();
        for (trt_id, gsim) in self.realizations.iter().flat_map(|realization| &realization.curves) {
            if let Entry::Vacant(entry) = curves.entry((*trt_id, gsim.name())) {
                let dataset = self.store.dataset(&format!("/{trt_id}/{gsim}/{}", self.imt))?;
                entry.insert(dataset.read((sites.start as u64..sites.end as u64, ..))?);
            }
        }
        Ok(curves)
    }

    /// Gives the curves of all realizations at a site: the motion is exceeded if it is by an earthquake of one region
    /// or another.
    ///
    /// # Shape
    /// `[realization, level]`
    fn combine(
        &self,
        curves: &BTreeMap<(usize, &'static str), Array2<f64>>,
        site: usize,
        levels: usize,
    ) -> Array2<f64> {
        let mut combined = Array2::zeros((self.realizations.len(), levels));
        for (mut row, realization) in combined.rows_mut().into_iter().zip(self.realizations) {
            for (trt_id, gsim) in &realization.curves {
                if let Some(curve) = curves.get(&(*trt_id, gsim.name())) {
                    row.zip_mut_with(&curve.row(site), |poe, other| *poe = either(*poe, *other));
                }
            }
        }
        combined
    }

    /// Gives for each level the mean over the realizations, and the quantiles.
    fn summarize(&self, curves: &Array2<f64>) -> Vec<(f64, Vec<f64>)> {
        let summary = |level: ndarray::ArrayView1<'_, f64>| {
            let weights = self.realizations.iter().map(|realization| realization.weight);
            let mut values: Vec<_> = level.iter().copied().zip(weights).collect();
            let mean = mean(values.iter().copied());
            sort_weighted(&mut values);
            (mean, self.quantiles.iter().map(|wanted| quantile(&values, *wanted)).collect())
        };
        curves.columns().into_iter().map(summary).collect()
    }
}

/// The statistics of a measure, and its levels.
type OfMeasure<'a> = (Imt, &'a Vec<f64>, Statistics);

fn save_maps(draft: &Draft, job: &Job, statistics: &[OfMeasure<'_>]) -> Result<()> {
    let names: Vec<_> = statistics.iter().map(|(imt, ..)| imt.to_string()).collect();
    draft.new_dataset("maps/imt")?.dimension_names(["imt"]).insert(&names)?;
    let units = if statistics.iter().all(|(imt, ..)| imt.unit() == "g") { "g" } else { "g, PGV in cm s-1" };
    let plan = |name: &str, dimensions: &[&str]| -> Result<NewDataset<'_>> {
        let dimensions = dimensions.iter().copied().chain(["site", "imt", "poe"]);
        Ok(draft.new_dataset(&format!("maps/{name}"))?.dimension_names(dimensions).units(units))
    };
    save_levels(job, &statistics.iter().collect::<Vec<_>>(), &plan, |levels| levels)
}

fn save_spectra(draft: &Draft, job: &Job, statistics: &[OfMeasure<'_>]) -> Result<()> {
    let mut measures: Vec<_> =
        statistics.iter().filter_map(|measure| Some((measure.0.period()?, measure))).collect();
    if measures.is_empty() {
        return Ok(());
    }
    measures.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (periods, measures): (Vec<_>, Vec<_>) = measures.into_iter().unzip();
    coordinate(draft, "spectra/period", &periods, "period, 0 for the peak ground acceleration")?;
    draft.attributes("spectra/period")?.insert("units", "s")?;
    let plan = |name: &str, dimensions: &[&str]| -> Result<NewDataset<'_>> {
        let dimensions = dimensions.iter().copied().chain(["site", "poe", "period"]);
        Ok(draft.new_dataset(&format!("spectra/{name}"))?.dimension_names(dimensions).units("g"))
    };
    save_levels(job, &measures, &plan, |levels| levels.permuted_axes([0, 2, 1]))
}

/// Saves the levels that are exceeded by the mean curves and by those of each quantile, as `[site, measure, poe]` or
/// turned otherwise.
fn save_levels<'a>(
    job: &Job,
    measures: &[&OfMeasure<'_>],
    plan: &dyn Fn(&str, &[&str]) -> Result<NewDataset<'a>>,
    turned: fn(Array3<f64>) -> Array3<f64>,
) -> Result<()> {
    let meaning = "level that is exceeded with the probability poe";
    let exceeded = |curves_of: &dyn for<'s> Fn(&'s Statistics) -> &'s Array2<f64>| {
        let sites = measures.first().map_or(0, |(.., statistics)| curves_of(statistics).nrows());
        let levels =
            Array3::from_shape_fn((sites, measures.len(), job.outputs.poes.len()), |(site, measure, poe)| {
                let (_, levels, statistics) = measures[measure];
                let curve = curves_of(statistics).row(site).to_vec();
                level_exceeded(&curve, levels, job.outputs.poes[poe])
            });
        turned(levels)
    };
    if job.outputs.mean {
        plan("mean", &[])?.long_name(meaning).insert(exceeded(&|statistics| &statistics.mean))?;
    }
    let quantiles = 0..job.outputs.quantiles.len();
    let of_quantiles: Vec<_> = quantiles
        .map(|place| exceeded(&move |statistics: &Statistics| &statistics.quantiles[place]))
        .collect();
    if !of_quantiles.is_empty() {
        plan("quantiles", &["quantile"])?.long_name(meaning).insert(stacked(&of_quantiles))?;
    }
    Ok(())
}

/// Puts arrays of one shape behind each other, along a new first axis.
fn stacked<D: Dimension + RemoveAxis>(arrays: &[Array<f64, D>]) -> Array<f64, D::Larger>
where
    D::Larger: RemoveAxis,
{
    let views: Vec<_> = arrays.iter().map(|array| array.view()).collect();
    ndarray::stack(Axis(0), &views)
        .unwrap_or_else(|_| Array::default(D::Larger::zeros(D::NDIM.unwrap_or(0) + 1)))
}
