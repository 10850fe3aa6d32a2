//! Hazard curves: how probable it is that the ground motion at a site exceeds given levels.
//!
//! Cornell (1968), *Engineering seismic risk analysis*, Bulletin of the Seismological Society of America
//! 58(5), 1583–1606, with ruptures that happen independently and at constant rates as in Field, Jordan &
//! Cornell (2003), *`OpenSHA`*, Seismological Research Letters 74(4), 406–419: within the time `t` the motion
//! `x` is exceeded with the probability `1 - exp(-t Σ rate P(Y > x | rupture))`.

use std::collections::HashMap;
use std::ops::Range;

use ndarray::Array2;
use rayon::prelude::*;

use crate::block::{Block, Distances, Piece, cut_into_blocks};
use crate::exceedance::Exceedance;
use crate::geometry::Vector;
use crate::gsim::{Attenuation, Gsim};
use crate::imt::Imt;
use crate::job::Parameters;
use crate::sites::Site;
use crate::source::{Source, TectonicRegion};

/// A task goes on at so many sites: enough that making ruptures costs little beside using them.
const SITES_IN_BLOCK: usize = 64;

/// The same sites, levels and conventions for all sources and models.
pub struct HazardCalculator<'a> {
    parameters: &'a Parameters,
    exceedance: Exceedance,
    sites: Vec<SitePosition>,
    /// For each intensity measure type the natural logarithms of the levels.
    log_levels: Vec<(Imt, Vec<f64>)>,
}

/// A site as the loops want it.
struct SitePosition {
    /// The vector from the centre of the earth, in km, and the same of length 1.
    vectors: (Vector, Vector),
    vs30: f64,
}

impl<'a> HazardCalculator<'a> {
    /// Prepares for the given sites.
    pub fn new(parameters: &'a Parameters, sites: &[Site]) -> Self {
        let position = |site: &Site| SitePosition {
            vectors: (site.place.below(site.depth), site.place.direction()),
            // Not a number where unknown: the input is checked for models that ask for it.
            vs30: site.vs30.unwrap_or(f64::NAN),
        };
        let logarithms = |levels: &Vec<f64>| levels.iter().map(|level| libm::log(*level)).collect();
        let log_levels = parameters.imtls.iter().map(|(imt, levels)| (*imt, logarithms(levels))).collect();
        Self {
            parameters,
            exceedance: Exceedance::new(parameters.truncation),
            sites: sites.iter().map(position).collect(),
            log_levels,
        }
    }

    /// Counts the pairs of a site and a rupture that the models of all regions work through.
    pub fn work(&self, regions: &[TectonicRegion]) -> u64 {
        let ruptures = |region: &TectonicRegion| as_u64(region.ruptures() * region.gsims.len());
        regions.iter().map(ruptures).sum::<u64>().saturating_mul(as_u64(self.sites.len()))
    }

    /// Counts how often a model of a region asks whether a rupture exceeds a level at a site.
    #[expect(clippy::cast_precision_loss, reason = "to be told, not counted on")]
    pub fn evaluations(&self, regions: &[TectonicRegion]) -> f64 {
        self.work(regions) as f64 * self.levels() as f64
    }

    /// Counts the levels of all intensity measure types.
    fn levels(&self) -> usize {
        self.log_levels.iter().map(|(_, levels)| levels.len()).sum()
    }

    /// Gives for each intensity measure type, sorted by name, the probabilities of exceedance.
    ///
    /// `progress` is told how many pairs of a site and a rupture were done. The result does not depend on the
    /// number of threads: blocks of ruptures are added up in an order that their number alone decides.
    ///
    /// # Shape
    /// `[site, level]`
    pub fn curves(
        &self,
        region: &TectonicRegion,
        gsim: Gsim,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Vec<(String, Array2<f64>)> {
        let task = Task::new(self, region, gsim, progress);
        let rates_by_block: Vec<_> = self
            .sites
            .par_chunks(SITES_IN_BLOCK)
            .map(|sites| task.rates_of_blocks(0..task.blocks.len(), sites))
            .collect();
        let years = self.parameters.investigation_time;
        let mut rates = rates_by_block.into_iter().flatten();
        let mut curves: Vec<_> = self
            .log_levels
            .iter()
            .map(|(imt, levels)| (imt.to_string(), Array2::zeros((self.sites.len(), levels.len()))))
            .collect();
        for site in 0..self.sites.len() {
            for (_, curve) in &mut curves {
                for (poe, rate) in curve.row_mut(site).iter_mut().zip(&mut rates) {
                    *poe = -libm::expm1(-years * rate);
                }
            }
        }
        curves
    }
}

/// The work of one model in one region.
struct Task<'a> {
    calculator: &'a HazardCalculator<'a>,
    gsim: Gsim,
    maximum_distance: f64,
    /// The model for each kind of earthquake and, within, for each intensity measure type.
    attenuations: Vec<Vec<Box<dyn Attenuation>>>,
    sources: &'a [Source],
    /// For each source the numbers of its events among the attenuations.
    events: Vec<Vec<usize>>,
    blocks: Vec<Vec<Piece>>,
    progress: &'a (dyn Fn(u64) + Sync),
}

impl<'a> Task<'a> {
    fn new(
        calculator: &'a HazardCalculator<'a>,
        region: &'a TectonicRegion,
        gsim: Gsim,
        progress: &'a (dyn Fn(u64) + Sync),
    ) -> Self {
        let mut attenuations = Vec::new();
        let mut known = HashMap::new();
        let mut events = Vec::new();
        for source in &region.sources {
            let numbers = source.events().map(|event| {
                let key = [event.magnitude, event.rake, event.depth].map(f64::to_bits);
                *known.entry(key).or_insert_with(|| {
                    let imts = calculator.log_levels.iter();
                    // Reading the logic tree has refused types that a model does not have.
                    attenuations.push(imts.filter_map(|(imt, _)| gsim.attenuation(*imt, event)).collect());
                    attenuations.len() - 1
                })
            });
            events.push(numbers.collect());
        }
        Self {
            calculator,
            gsim,
            maximum_distance: region.maximum_distance,
            attenuations,
            sources: &region.sources,
            events,
            blocks: cut_into_blocks(&region.sources),
            progress,
        }
    }

    /// Adds up the yearly rates of exceedance over blocks of ruptures, halving them down to single ones.
    fn rates_of_blocks(&self, blocks: Range<usize>, sites: &[SitePosition]) -> Vec<f64> {
        if blocks.len() <= 1 {
            return blocks.map(|block| self.rates(block, sites)).next().unwrap_or_default();
        }
        let middle = blocks.start + blocks.len() / 2;
        let (mut rates, others) = rayon::join(
            || self.rates_of_blocks(blocks.start..middle, sites),
            || self.rates_of_blocks(middle..blocks.end, sites),
        );
        for (rate, other) in rates.iter_mut().zip(others) {
            *rate += other;
        }
        rates
    }

    /// The yearly rates of exceedance by the ruptures of one block: site by site, the levels of all measures
    /// in turn.
    fn rates(&self, block: usize, sites: &[SitePosition]) -> Vec<f64> {
        let block = Block::new(self.sources, &self.events, &self.blocks[block], self.gsim.metric());
        let levels = self.calculator.levels();
        let mut rates = vec![0.0; sites.len() * levels];
        let mut distances = Distances::default();
        for (site, rates) in sites.iter().zip(rates.chunks_exact_mut(levels)) {
            block.measure(site.vectors, &mut distances);
            self.add(&block, &distances, site.vs30, rates);
        }
        (self.progress)(as_u64(block.ruptures.len() * sites.len()));
        rates
    }

    /// Adds what the ruptures of a block do to one site, except for those too far away to matter.
    fn add(&self, block: &Block<'_>, distances: &Distances, vs30: f64, rates: &mut [f64]) {
        let by_metric = distances.by(self.gsim.metric());
        let mut rest = rates;
        for (imt, (_, log_levels)) in self.calculator.log_levels.iter().enumerate() {
            let (rates, others) = rest.split_at_mut(log_levels.len());
            for ((rupture, &nearest), &distance) in
                block.ruptures.iter().zip(&distances.rupture).zip(by_metric)
            {
                if nearest <= self.maximum_distance {
                    let motion = self.attenuations[rupture.event][imt].ground_motion(distance, vs30);
                    self.calculator.exceedance.add(rupture.rate, motion, log_levels, rates);
                }
            }
            rest = others;
        }
    }
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
