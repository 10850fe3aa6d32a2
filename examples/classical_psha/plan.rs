//! What is to be computed, in parts that can be computed by different processes and at different times.

use std::ops::Range;

use calcstore::{DataStore, Result};

use crate::arguments::Share;
use crate::gsim::Gsim;
use crate::source::TectonicRegion;

/// The group of parts that wait for being put together; it is gone at the end.
pub const PARTS: &str = "/parts";

/// The curves of more sites than this are computed and saved in several parts.
const SITES_IN_PART: usize = 64;

/// The curves of one ground-motion model for one region.
pub struct CurveSet {
    /// The number of the region.
    pub trt_id: usize,
    /// The place of the model among those of the region.
    pub index: usize,
    /// The model.
    pub gsim: Gsim,
    /// The key of the table of curves: `/<trt_id>/<gsim>`.
    pub key: String,
    /// Its parts, among all parts.
    pub parts: Range<usize>,
}

/// The curves of one set for some sites.
pub struct Part {
    /// Which set.
    pub set: usize,
    /// For which sites.
    pub sites: Range<usize>,
    /// The key of the table: that of the set where this is all of it.
    pub key: String,
}

/// All sets of curves, and all parts.
pub struct Plan {
    /// The sets, region by region.
    pub sets: Vec<CurveSet>,
    /// The parts, set by set.
    pub parts: Vec<Part>,
}

impl Plan {
    /// Plans the curves of all models of the regions at so many sites. The plan depends on nothing else, so that all
    /// processes have the same.
    pub fn new(regions: &[TectonicRegion], sites: usize) -> Self {
        let mut plan = Self { sets: Vec::new(), parts: Vec::new() };
        for (trt_id, region) in regions.iter().enumerate() {
            for (index, &gsim) in region.gsims.iter().enumerate() {
                let (set, first) = (plan.sets.len(), plan.parts.len());
                let key = format!("/{trt_id}/{gsim}");
                for (number, start) in (0..sites).step_by(SITES_IN_PART).enumerate() {
                    let sites = start..sites.min(start + SITES_IN_PART);
                    plan.parts.push(Part { set, sites, key: format!("{PARTS}{key}/{number}") });
                }
                if let [part] = &mut plan.parts[first..] {
                    part.key.clone_from(&key);
                }
                plan.sets.push(CurveSet { trt_id, index, gsim, key, parts: first..plan.parts.len() });
            }
        }
        plan
    }

    /// Gives the parts of a share.
    pub fn parts_of(&self, share: Share) -> Vec<&Part> {
        let numbered = self.parts.iter().enumerate();
        numbered.filter(|(index, _)| share.has(*index)).map(|(_, part)| part).collect()
    }

    /// Says whether a part was saved already, by itself or in the whole set.
    ///
    /// # Errors
    /// Those of the store.
    pub fn is_saved(&self, store: &DataStore, part: &Part) -> Result<bool> {
        Ok(store.contains_key(&self.sets[part.set].key)? || store.contains_key(&part.key)?)
    }

    /// Counts the parts that are saved.
    ///
    /// # Errors
    /// Those of the store.
    pub fn count_saved(&self, store: &DataStore) -> Result<usize> {
        let mut count = 0;
        for part in &self.parts {
            count += usize::from(self.is_saved(store, part)?);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Axis, concatenate};

    use super::*;
    use crate::geometry::LonLat;
    use crate::hazard::HazardCalculator;
    use crate::job::Job;
    use crate::test_data::package_file;
    use crate::{logic_tree, sites};

    #[test]
    fn parts_give_the_same_curves_as_all_sites_at_once() {
        let job = Job::read(&package_file("tests/data/psha/inputs/two_source_models/job.ini")).unwrap();
        let mut sites = sites::read(&job).unwrap();
        let first = sites[0];
        for number in 0..80 {
            let place = LonLat { lon: 9.0 + 0.03 * f64::from(number), lat: first.place.lat };
            sites.push(sites::Site { place, ..first });
        }
        let regions = logic_tree::read_regions(&job, &sites).unwrap();
        let plan = Plan::new(&regions, sites.len());
        assert_eq!((plan.sets.len(), plan.parts.len()), (6, 12));
        for set in &plan.sets {
            let curves = |sites: &[sites::Site]| {
                let calculator = HazardCalculator::new(&job.parameters, sites);
                calculator.curves(&regions[set.trt_id], set.gsim, &|_| ()).swap_remove(1)
            };
            let (imt, whole) = curves(&sites);
            let parts = &plan.parts[set.parts.clone()];
            let of_parts: Vec<_> = parts.iter().map(|part| curves(&sites[part.sites.clone()]).1).collect();
            let views: Vec<_> = of_parts.iter().map(|part| part.view()).collect();
            assert_eq!(concatenate(Axis(0), &views).unwrap(), whole, "{} {imt}", set.key);
        }
    }
}
