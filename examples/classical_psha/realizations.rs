//! The paths through both logic trees: full enumeration.

use std::ops::Range;

use crate::gsim::Gsim;
use crate::logic_tree::Models;

/// More paths than this are a case for sampling, which is not supported.
const MOST_REALIZATIONS: usize = 100_000;

/// A branch of the tree of source models.
#[derive(Clone, Debug)]
pub struct SourceModel {
    /// Its `branchID`.
    pub branch: String,
    /// Its weight.
    pub weight: f64,
    /// Its regions, by number.
    pub regions: Range<usize>,
}

/// A branch of the tree of ground-motion models.
#[derive(Clone)]
pub struct WeightedGsim {
    /// Its `branchID`.
    pub branch: String,
    /// Its weight.
    pub weight: f64,
    /// The model.
    pub gsim: Gsim,
}

/// One path: a source model, and a ground-motion model for each tectonic region type.
#[derive(Clone)]
pub struct Realization {
    /// The product of the weights of its branches.
    pub weight: f64,
    /// The `branchID` of each branch, with `~` between: of the source model first.
    pub path: String,
    /// The ground-motion models, in the order of [`Models::gsims`].
    pub gsims: Vec<Gsim>,
    /// Which curves make up its own: for each region of the source model its number, and the model.
    pub curves: Vec<(usize, Gsim)>,
}

/// A path through the tree of ground-motion models, or its beginning.
struct Path {
    weight: f64,
    name: String,
    gsims: Vec<Gsim>,
}

impl Path {
    fn with(&self, branch: &WeightedGsim) -> Self {
        Self {
            weight: self.weight * branch.weight,
            name: format!("{}~{}", self.name, branch.branch),
            gsims: self.gsims.iter().copied().chain([branch.gsim]).collect(),
        }
    }
}

/// Gives all paths as the `OpenQuake` engine orders them: the source models first, then the tectonic region types of
/// the tree of ground-motion models, the last of which changes fastest. All source models go with all ground-motion
/// models, also where they have no source of a type.
///
/// # Errors
/// When there are too many.
pub fn enumerate(models: &Models) -> Result<Vec<Realization>, String> {
    let per_model =
        models.gsims.iter().try_fold(1_usize, |count, (_, branches)| count.checked_mul(branches.len()));
    let count = per_model.and_then(|count| count.checked_mul(models.source_branches.len()));
    if count.is_none_or(|count| count > MOST_REALIZATIONS) {
        return Err(format!(
            "the logic trees have {} paths; all of up to {MOST_REALIZATIONS} can be followed, sampling is not supported",
            count.map_or("far too many".into(), |count| count.to_string())
        ));
    }
    let mut paths = vec![Path { weight: 1.0, name: String::new(), gsims: Vec::new() }];
    for (_, branches) in &models.gsims {
        let extended =
            |path: &Path| -> Vec<Path> { branches.iter().map(|branch| path.with(branch)).collect() };
        paths = paths.iter().flat_map(extended).collect();
    }
    let of_model = |model: &SourceModel| -> Vec<Realization> {
        let realization = |path: &Path| Realization {
            weight: model.weight * path.weight,
            path: format!("{}{}", model.branch, path.name),
            gsims: path.gsims.clone(),
            curves: model
                .regions
                .clone()
                .filter_map(|id| Some((id, gsim_of(models, id, &path.gsims)?)))
                .collect(),
        };
        paths.iter().map(realization).collect()
    };
    Ok(models.source_branches.iter().flat_map(of_model).collect())
}

/// Gives the model of a path for a region; reading the trees has refused regions without one.
fn gsim_of(models: &Models, region: usize, gsims: &[Gsim]) -> Option<Gsim> {
    let name = &models.regions.get(region)?.name;
    let place = models.gsims.iter().position(|(trt, _)| trt == name)?;
    gsims.get(place).copied()
}
