//! Logic trees: which source models and which ground-motion models are used.

use crate::error::{FileReference, InputError, Result};
use crate::gsim::Gsim;
use crate::job::{Job, Parameters};
use crate::nrml::SourceModelReader;
use crate::sites::Site;
use crate::source::{Source, TectonicRegion};
use crate::xml::{Element, NrmlFile, check_probabilities};

/// Reads the source model and the ground-motion models of a job, by tectonic region type in order of
/// appearance.
///
/// # Errors
/// When a file is missing or malformed, something in it is not supported, or the models do not fit the
/// sources, the sites or the intensity measure types.
pub fn read_regions(job: &Job, sites: &[Site]) -> Result<Vec<TectonicRegion>> {
    let mut reader = SourceModelReader::new(job);
    for file in source_model_files(&job.source_model_logic_tree)? {
        reader.read(&file)?;
    }
    let tree = GsimTree::read(&job.gsim_logic_tree)?;
    let mut regions = Vec::new();
    for (name, sources) in reader.sources_by_region {
        let Some(maximum_distance) = job.parameters.maximum_distance.of(&name) else {
            let message = format!("maximum_distance has nothing for the tectonic region type '{name}'");
            return Err(InputError::of(&job.file, message));
        };
        let mut region = TectonicRegion { name, maximum_distance, sources, gsims: Vec::new() };
        region.gsims = tree.gsims(&region, sites, &job.parameters)?;
        regions.push(region);
    }
    Ok(regions)
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

/// Gives the models of a branch set, whose weights must add up to one.
fn models(set: Element<'_>) -> Result<Vec<Element<'_>>> {
    let branches = set.all("logicTreeBranch")?;
    let mut weights = Vec::new();
    for branch in &branches {
        weights.push(branch.child("uncertaintyWeight")?.single_number()?);
    }
    check_probabilities(set, weights.into_iter())?;
    branches.into_iter().map(|branch| branch.child("uncertaintyModel")).collect()
}

/// Gives the files of the one source model in the tree.
fn source_model_files(tree: &FileReference) -> Result<Vec<FileReference>> {
    let text = tree.read()?;
    let nrml = NrmlFile::parse(&tree.path, &text)?;
    let sets = branch_sets(nrml.root())?;
    let [set] = sets[..] else {
        let message = format!("{} branch sets, only one is supported", sets.len());
        return Err(nrml.root().child("logicTree")?.error(message));
    };
    check_uncertainty_type(set, "sourceModel")?;
    let models = models(set)?;
    let [model] = models[..] else {
        return Err(set.error(format!("{} branches, only one source model is supported", models.len())));
    };
    if model.text().is_empty() {
        return Err(model.error("no file is named"));
    }
    let reference = |name| FileReference::new(name, &tree.path, model.line());
    Ok(model.text().split_whitespace().map(reference).collect())
}

/// The ground-motion models by tectonic region type.
struct GsimTree<'a> {
    reference: &'a FileReference,
    branches: Vec<Branches>,
}

struct Branches {
    region: String,
    /// The models, sorted by name, and the lines that name them.
    gsims: Vec<(Gsim, usize)>,
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
            let mut gsims: Vec<(Gsim, usize)> = Vec::new();
            for model in models(set)? {
                let gsim = gsim(model)?;
                if gsims.iter().any(|(earlier, _)| earlier.name() == gsim.name()) {
                    return Err(model.error(format!("'{gsim}' is there twice for '{region}'")));
                }
                gsims.push((gsim, model.line()));
            }
            gsims.sort_by_key(|(gsim, _)| gsim.name());
            tree.branches.push(Branches { region, gsims });
        }
        Ok(tree)
    }

    /// Gives the models of a region, which must be able to do what will be asked of them.
    fn gsims(&self, region: &TectonicRegion, sites: &[Site], parameters: &Parameters) -> Result<Vec<Gsim>> {
        let file = &self.reference.path;
        let Some(branches) = self.branches.iter().find(|branches| branches.region == region.name) else {
            return Err(InputError::of(
                file,
                format!("nothing for the tectonic region type '{}'", region.name),
            ));
        };
        for &(gsim, line) in &branches.gsims {
            check(gsim, region, sites, parameters).map_err(|what| InputError::at(file, line, what))?;
        }
        Ok(branches.gsims.iter().map(|(gsim, _)| *gsim).collect())
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
