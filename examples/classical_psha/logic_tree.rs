//! Logic trees: which source models and which ground-motion models are used, and with which weights.

use crate::error::{InputError, Result};
use crate::files::FileReference;
use crate::gsim::Gsim;
use crate::job::{Job, Parameters};
use crate::nrml::SourceModelReader;
use crate::realizations::{SourceModel, WeightedGsim};
use crate::sites::Site;
use crate::source::{Source, TectonicRegion};
use crate::xml::{Element, NrmlFile, check_probabilities};

/// The models of a job.
pub struct Models {
    /// The sources of each tectonic region type of each source model, with the ground-motion models used for them:
    /// their numbers are the `trt_id` of the results.
    pub regions: Vec<TectonicRegion>,
    /// The branches of the tree of source models.
    pub source_branches: Vec<SourceModel>,
    /// The tectonic region types in the order of the tree of ground-motion models, each with its branches.
    pub gsims: Vec<(String, Vec<WeightedGsim>)>,
}

/// Reads the source models and the ground-motion models of a job. Regions are numbered source model by source
/// model, and within by tectonic region type in order of appearance.
///
/// # Errors
/// When a file is missing or malformed, something in it is not supported, or the models do not fit the
/// sources, the sites or the intensity measure types.
pub fn read(job: &Job, sites: &[Site]) -> Result<Models> {
    let tree = GsimTree::read(&job.gsim_logic_tree)?;
    let mut models = Models { regions: Vec::new(), source_branches: Vec::new(), gsims: Vec::new() };
    for SourceBranch { id, weight, files } in source_branches(&job.source_model_logic_tree)? {
        let mut reader = SourceModelReader::new(job);
        for file in files {
            reader.read(&file)?;
        }
        let first = models.regions.len();
        for (name, sources) in reader.sources_by_region {
            let Some(maximum_distance) = job.parameters.maximum_distance.of(&name) else {
                let message = format!("maximum_distance has nothing for the tectonic region type '{name}'");
                return Err(InputError::of(&job.file, message));
            };
            let mut region = TectonicRegion { name, maximum_distance, sources, gsims: Vec::new() };
            region.gsims = tree.gsims(&region, sites, &job.parameters)?;
            models.regions.push(region);
        }
        models.source_branches.push(SourceModel { branch: id, weight, regions: first..models.regions.len() });
    }
    // Branches for types that no source model has make no difference.
    let is_used = |branches: &Branches| models.regions.iter().any(|region| region.name == branches.region);
    let used = tree.branches.into_iter().filter(is_used);
    models.gsims = used.map(|branches| (branches.region, branches.gsims)).collect();
    Ok(models)
}

/// Reads the regions alone.
///
/// # Errors
/// As [`read`].
#[cfg(test)]
pub fn read_regions(job: &Job, sites: &[Site]) -> Result<Vec<TectonicRegion>> {
    read(job, sites).map(|models| models.regions)
}

/// Gives the branch sets of a tree, which older files wrap in branching levels.
fn branch_sets(root: Element<'_>) -> Result<Vec<Element<'_>>> {
    let mut sets = Vec::new();
    for child in root.child("logicTree")?.children() {
        match child.name() {
            "logicTreeBranchingLevel" => sets.extend(child.all("logicTreeBranchSet")?),
            "logicTreeBranchSet" => sets.push(child),
            _ => return Err(child.error("not supported in a logic tree")),
        }
    }
    for set in &sets {
        for name in ["applyToBranches", "applyToSources", "applyToSourceType"] {
            if set.optional(name).is_some_and(|value| !(name == "applyToBranches" && value == "ALL")) {
                return Err(set.error(format!("{name} is not supported: branch sets apply to everything")));
            }
        }
    }
    Ok(sets)
}

fn check_uncertainty_type(set: Element<'_>, supported: &str) -> Result<()> {
    match set.attribute("uncertaintyType")? {
        found if found == supported => Ok(()),
        found => {
            Err(set.error(format!("uncertaintyType '{found}' is not supported here, only '{supported}' is")))
        }
    }
}

/// A branch of a tree, whatever it leads to.
struct Branch<'a> {
    id: &'a str,
    weight: f64,
    model: Element<'a>,
}

/// Gives the branches of a set, whose weights must add up to one.
fn branches(set: Element<'_>) -> Result<Vec<Branch<'_>>> {
    let mut branches: Vec<Branch<'_>> = Vec::new();
    for element in set.all("logicTreeBranch")? {
        let id = element.attribute("branchID")?;
        if branches.iter().any(|earlier| earlier.id == id) {
            return Err(element.error(format!("branchID '{id}' is there twice")));
        }
        let weights = || element.children().filter(|child| child.name() == "uncertaintyWeight");
        if let Some(weight) = weights().find(|weight| weight.optional("imt").is_some()) {
            return Err(weight.error("a weight by intensity measure type is not supported"));
        }
        let weight = element.child("uncertaintyWeight")?.single_number()?;
        branches.push(Branch { id, weight, model: element.child("uncertaintyModel")? });
    }
    check_probabilities(set, branches.iter().map(|branch| branch.weight))?;
    Ok(branches)
}

/// A branch of the tree of source models.
struct SourceBranch {
    id: String,
    weight: f64,
    files: Vec<FileReference>,
}

fn source_branches(tree: &FileReference) -> Result<Vec<SourceBranch>> {
    let text = tree.read()?;
    let nrml = NrmlFile::parse(&tree.path, &text)?;
    let sets = branch_sets(nrml.root())?;
    let Some((set, others)) = sets.split_first() else {
        return Err(nrml.root().child("logicTree")?.error("there is no logicTreeBranchSet in it"));
    };
    check_uncertainty_type(*set, "sourceModel")?;
    if let Some(other) = others.first() {
        let uncertainty = other.attribute("uncertaintyType")?;
        let what = format!(
            "a second branch set, of '{uncertainty}', is not supported: there is one, of 'sourceModel'"
        );
        return Err(other.error(what));
    }
    if set.optional("applyToTectonicRegionType").is_some() {
        return Err(set.error("applyToTectonicRegionType is not supported for source models"));
    }
    let mut found = Vec::new();
    for Branch { id, weight, model } in branches(*set)? {
        let files: Vec<_> =
            model.text().split_whitespace().map(|name| tree.names(name, model.line())).collect();
        if files.is_empty() {
            return Err(model.error("no file is named"));
        }
        found.push(SourceBranch { id: id.into(), weight, files });
    }
    Ok(found)
}

/// The ground-motion models by tectonic region type.
struct GsimTree<'a> {
    reference: &'a FileReference,
    branches: Vec<Branches>,
}

struct Branches {
    region: String,
    /// The models in the order of the file, …
    gsims: Vec<WeightedGsim>,
    /// … and the lines that name them.
    lines: Vec<usize>,
}

impl<'a> GsimTree<'a> {
    fn read(reference: &'a FileReference) -> Result<Self> {
        let text = reference.read()?;
        let nrml = NrmlFile::parse(&reference.path, &text)?;
        let mut tree = Self { reference, branches: Vec::new() };
        for set in branch_sets(nrml.root())? {
            check_uncertainty_type(set, "gmpeModel")?;
            let region = set.attribute("applyToTectonicRegionType")?.to_owned();
            if tree.branches.iter().any(|earlier| earlier.region == region) {
                return Err(set.error(format!("a second one for '{region}'")));
            }
            let mut read = Branches { region, gsims: Vec::new(), lines: Vec::new() };
            for Branch { id, weight, model } in branches(set)? {
                let gsim = gsim(model)?;
                if read.gsims.iter().any(|earlier| earlier.gsim.name() == gsim.name()) {
                    return Err(model.error(format!("'{gsim}' is there twice for '{}'", read.region)));
                }
                read.gsims.push(WeightedGsim { branch: id.into(), weight, gsim });
                read.lines.push(model.line());
            }
            tree.branches.push(read);
        }
        Ok(tree)
    }

    /// Gives the models of a region by name; they must be able to do what will be asked of them.
    fn gsims(&self, region: &TectonicRegion, sites: &[Site], parameters: &Parameters) -> Result<Vec<Gsim>> {
        let file = &self.reference.path;
        let Some(branches) = self.branches.iter().find(|branches| branches.region == region.name) else {
            return Err(InputError::of(
                file,
                format!("nothing for the tectonic region type '{}'", region.name),
            ));
        };
        for (WeightedGsim { gsim, .. }, &line) in branches.gsims.iter().zip(&branches.lines) {
            check(*gsim, region, sites, parameters).map_err(|what| InputError::at(file, line, what))?;
        }
        let mut gsims: Vec<_> = branches.gsims.iter().map(|branch| branch.gsim).collect();
        gsims.sort_by_key(|gsim| gsim.name());
        Ok(gsims)
    }
}

/// Picks the model that an element names, plainly or in brackets.
fn gsim(model: Element<'_>) -> Result<Gsim> {
    let text = model.text();
    let name = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    Gsim::by_name(name).ok_or_else(|| {
        let known = Gsim::ALL.map(|gsim| gsim.name()).join(", ");
        model.error(format!("unknown ground-motion model '{text}'; there are {known}"))
    })
}

/// Says what `gsim` cannot do of what will be asked of it.
fn check(gsim: Gsim, region: &TectonicRegion, sites: &[Site], parameters: &Parameters) -> Result<(), String> {
    if gsim.needs_vs30() && sites.iter().any(|site| site.vs30.is_none()) {
        return Err(format!("{gsim} needs vs30: give a column of the sites or reference_vs30_value"));
    }
    let events = region.sources.iter().flat_map(Source::events);
    let Some(largest) = events.max_by(|a, b| a.magnitude.total_cmp(&b.magnitude)) else { return Ok(()) };
    if largest.magnitude > gsim.largest_magnitude() {
        let limit = gsim.largest_magnitude();
        return Err(format!("{gsim} has no value for magnitude {}, only up to {limit}", largest.magnitude));
    }
    for (imt, _) in &parameters.imtls {
        if gsim.attenuation(*imt, largest).is_none() {
            return Err(format!("{gsim} has no coefficients for {imt}"));
        }
    }
    Ok(())
}
