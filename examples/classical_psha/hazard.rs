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

use crate::geometry::{LonLat, Vector};
use crate::gsim::{Attenuation, DistanceMetric, Event, GroundMotion, Gsim};
use crate::imt::Imt;
use crate::job::Parameters;
use crate::rupture::{Outline, Plane};
use crate::sites::Site;
use crate::source::{Source, TectonicRegion};

/// How the distribution of ground motions is cut off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Truncation {
    /// Not at all.
    None,
    /// At the median: the motion is no longer random.
    Median,
    /// At so many standard deviations, the level, above and below the mean.
    At {
        /// The level.
        level: f64,
        /// The probability of what is cut off above.
        tail: f64,
    },
}

impl Truncation {
    /// Cuts off at `level` standard deviations, which is not negative.
    pub fn at(level: f64) -> Self {
        if level > 0.0 { Self::At { level, tail: upper_tail(level) } } else { Self::Median }
    }

    /// Gives the probability that a motion exceeds a level, given by its natural logarithm.
    pub fn exceedance(self, motion: GroundMotion, log_level: f64) -> f64 {
        let z = (log_level - motion.mean) / motion.sigma;
        match self {
            Self::None => upper_tail(z),
            Self::Median => f64::from(u8::from(motion.mean > log_level)),
            Self::At { level, .. } if z >= level => 0.0,
            Self::At { level, .. } if z <= -level => 1.0,
            Self::At { tail, .. } => ((upper_tail(z) - tail) / (1.0 - 2.0 * tail)).clamp(0.0, 1.0),
        }
    }
}

/// The probability that a standard normal variable exceeds `z`.
fn upper_tail(z: f64) -> f64 {
    0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2)
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// A task takes about so many ruptures …
const RUPTURES_IN_BLOCK: usize = 1024;

/// … at so many sites: enough that making the ruptures costs little beside using them.
const SITES_IN_BLOCK: usize = 64;

/// The same sites, levels and conventions for all sources and models.
pub struct HazardCalculator<'a> {
    parameters: &'a Parameters,
    sites: Vec<SitePosition>,
    /// For each intensity measure type the natural logarithms of the levels.
    log_levels: Vec<(Imt, Vec<f64>)>,
}

/// A site as the loops want it.
struct SitePosition {
    below: Vector,
    direction: Vector,
    vs30: f64,
}

impl<'a> HazardCalculator<'a> {
    /// Prepares for the given sites.
    pub fn new(parameters: &'a Parameters, sites: &[Site]) -> Self {
        let position = |site: &Site| SitePosition {
            below: site.place.below(0.0),
            direction: site.place.direction(),
            // Not a number where unknown: the input is checked for models that ask for it.
            vs30: site.vs30.unwrap_or(f64::NAN),
        };
        let logarithms = |levels: &Vec<f64>| levels.iter().map(|level| level.ln()).collect();
        let log_levels = parameters.imtls.iter().map(|(imt, levels)| (*imt, logarithms(levels))).collect();
        Self { parameters, sites: sites.iter().map(position).collect(), log_levels }
    }

    /// Counts the pairs of a site and a rupture that the models of all regions work through.
    pub fn work(&self, regions: &[TectonicRegion]) -> u64 {
        let ruptures = |region: &TectonicRegion| as_u64(region.ruptures() * region.gsims.len());
        regions.iter().map(ruptures).sum::<u64>().saturating_mul(as_u64(self.sites.len()))
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
                    *poe = -(-years * rate).exp_m1();
                }
            }
        }
        curves
    }
}

/// The work of one model in one region.
struct Task<'a> {
    calculator: &'a HazardCalculator<'a>,
    metric: DistanceMetric,
    maximum_distance: f64,
    /// The model for each kind of earthquake and, within, for each intensity measure type.
    attenuations: Vec<Vec<Box<dyn Attenuation>>>,
    sources: Vec<(&'a Source, Vec<usize>)>,
    places: Vec<(usize, LonLat)>,
    blocks: Vec<Range<usize>>,
    levels: usize,
    progress: &'a (dyn Fn(u64) + Sync),
}

/// A rupture as the innermost loop wants it.
struct Target<'a> {
    rate: f64,
    attenuations: &'a [Box<dyn Attenuation>],
    plane: Plane,
    outline: Option<Outline>,
}

impl<'a> Task<'a> {
    fn new(
        calculator: &'a HazardCalculator<'a>,
        region: &'a TectonicRegion,
        gsim: Gsim,
        progress: &'a (dyn Fn(u64) + Sync),
    ) -> Self {
        let mut task = Self {
            calculator,
            metric: gsim.metric(),
            maximum_distance: region.maximum_distance,
            attenuations: Vec::new(),
            sources: Vec::new(),
            places: Vec::new(),
            blocks: Vec::new(),
            levels: calculator.log_levels.iter().map(|(_, levels)| levels.len()).sum(),
            progress,
        };
        let mut known = HashMap::new();
        for source in &region.sources {
            let events = source.events().map(|event| {
                let key = (event.magnitude.to_bits(), event.rake.to_bits());
                *known.entry(key).or_insert_with(|| task.add_event(gsim, event))
            });
            let events = events.collect();
            task.places.extend(source.places.iter().map(|place| (task.sources.len(), *place)));
            task.sources.push((source, events));
        }
        task.cut_into_blocks();
        task
    }

    fn add_event(&mut self, gsim: Gsim, event: Event) -> usize {
        let imts = self.calculator.log_levels.iter();
        // Reading the logic tree has refused types that a model does not have.
        self.attenuations.push(imts.filter_map(|(imt, _)| gsim.attenuation(*imt, event)).collect());
        self.attenuations.len() - 1
    }

    fn cut_into_blocks(&mut self) {
        let (mut start, mut ruptures) = (0, 0);
        for (index, (source, _)) in self.places.iter().enumerate() {
            ruptures += self.sources[*source].0.ruptures_per_place();
            if ruptures >= RUPTURES_IN_BLOCK || index + 1 == self.places.len() {
                self.blocks.push(start..index + 1);
                (start, ruptures) = (index + 1, 0);
            }
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
        let targets = self.targets(block);
        let mut rates = vec![0.0; sites.len() * self.levels];
        for (site, rates) in sites.iter().zip(rates.chunks_exact_mut(self.levels)) {
            for target in &targets {
                self.add(target, site, rates);
            }
        }
        (self.progress)(as_u64(targets.len() * sites.len()));
        rates
    }

    fn targets(&self, block: usize) -> Vec<Target<'_>> {
        let mut targets = Vec::new();
        for (index, place) in &self.places[self.blocks[block].clone()] {
            let (source, events) = &self.sources[*index];
            targets.extend(source.ruptures_at(*place).map(|rupture| Target {
                rate: rupture.rate,
                attenuations: &self.attenuations[events[rupture.event]],
                plane: Plane::new(&rupture.rectangle),
                outline:
                    (self.metric == DistanceMetric::JoynerBoore).then(|| Outline::new(&rupture.rectangle)),
            }));
        }
        targets
    }

    /// Adds what one rupture does to one site, unless it is too far away to matter.
    fn add(&self, target: &Target<'_>, site: &SitePosition, rates: &mut [f64]) {
        let mut distance = target.plane.distance(site.below);
        if distance > self.maximum_distance {
            return;
        }
        if let Some(outline) = &target.outline {
            distance = outline.distance(site.direction);
        }
        let truncation = self.calculator.parameters.truncation;
        let mut rest = rates;
        for ((_, log_levels), attenuation) in self.calculator.log_levels.iter().zip(target.attenuations) {
            let motion = attenuation.ground_motion(distance, site.vs30);
            let (rates, others) = rest.split_at_mut(log_levels.len());
            for (rate, level) in rates.iter_mut().zip(log_levels) {
                let probability = truncation.exceedance(motion, *level);
                if probability <= 0.0 {
                    break; // levels rise
                }
                *rate += target.rate * probability;
            }
            rest = others;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Truncation::{Median, None};
    use super::*;

    #[test]
    fn exceedance_is_that_of_the_truncated_normal_distribution() {
        let motion = GroundMotion { mean: -1.0, sigma: 0.5 };
        // Tables of the normal distribution: Q(1) = 0.1586552539, Q(2) = 0.0227501319, Q(3) = 0.0013498980.
        for (truncation, z, expected) in [
            (None, 0.0, 0.5),
            (None, 1.0, 0.158_655_253_9),
            (None, -2.0, 0.977_249_868_1),
            (Truncation::at(3.0), 0.0, 0.5),
            (Truncation::at(3.0), 1.0, (0.158_655_253_9 - 0.001_349_898) / (1.0 - 2.0 * 0.001_349_898)),
            (Truncation::at(3.0), 3.0, 0.0),
            (Truncation::at(3.0), 8.0, 0.0),
            (Truncation::at(3.0), -3.0, 1.0),
            (Truncation::at(2.0), -1.0, (0.841_344_746_1 - 0.022_750_131_9) / (1.0 - 2.0 * 0.022_750_131_9)),
            (Median, 0.0, 0.0),
            (Median, -0.001, 1.0),
        ] {
            let ours = truncation.exceedance(motion, motion.mean + z * motion.sigma);
            assert!((ours - expected).abs() < 1e-9, "{truncation:?} z = {z}: {ours} instead of {expected}");
        }
    }
}
