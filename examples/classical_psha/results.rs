//! What goes into the store beside what is derived from the curves, and in which form.

use std::error::Error;

use calcstore::{AnyArray, DataStore, ErrorKind, Result, Table};
use ndarray::{Array2, ArrayView2, Axis, concatenate};

use crate::imt::Imt;
use crate::job::Job;
use crate::logic_tree::Models;
use crate::plan::{CurveSet, Plan};
use crate::realizations::Realization;
use crate::sites::Site;

/// What is saved last of the input: where it is there, all is.
const REALIZATIONS: &str = "/realizations";

/// Saves what the curves are to be read with, unless it is saved already: the input files as `/input`, the parameters
/// as `/oqparam`, the levels as `/imtls/<measure>`, the names of the tectonic region types in the order of their
/// numbers as `/trts`, the sites as `/sitecol` and the paths through the logic trees as `/realizations`.
///
/// # Errors
/// Those of the store, and that an input file has changed in the meantime.
pub fn save_inputs(
    store: &DataStore,
    job: &Job,
    sites: &[Site],
    models: &Models,
    realizations: &[Realization],
) -> Result<(), Box<dyn Error>> {
    if store.contains_key(REALIZATIONS)? {
        return Ok(());
    }
    let attributes = store.attributes("/")?;
    attributes.insert("program", "classical_psha, an example of calcstore")?;
    attributes.insert("version", env!("CARGO_PKG_VERSION"))?;
    attributes.insert("description", job.parameters.description.as_str())?;
    attributes.insert("started", now().as_str())?;
    store.insert_object("/oqparam", &job.record())?;
    for (imt, levels) in &job.parameters.imtls {
        let key = format!("/imtls/{imt}");
        store.insert(&key, levels)?;
        store.attributes(&key)?.insert("units", imt.unit())?;
    }
    let names: Vec<_> = models.regions.iter().map(|region| region.name.as_str()).collect();
    store.insert("/trts", &names)?;
    store.insert("/sitecol", &site_table(sites)?)?;
    // From here on the calculation can be resumed.
    job.files.keep(store, &job.file)?;
    Ok(store.insert(REALIZATIONS, &realization_table(models, realizations)?)?)
}

/// Gives the time as attributes have it.
pub fn now() -> String {
    jiff::Timestamp::now().round(jiff::Unit::Second).unwrap_or_else(|_| jiff::Timestamp::now()).to_string()
}

fn site_table(sites: &[Site]) -> Result<Table> {
    let mut table = Table::new();
    table.push("lon", sites.iter().map(|site| site.place.lon).collect::<Vec<_>>())?;
    table.push("lat", sites.iter().map(|site| site.place.lat).collect::<Vec<_>>())?;
    if sites.iter().any(|site| site.depth != 0.0) {
        table.push("depth", sites.iter().map(|site| site.depth).collect::<Vec<_>>())?;
    }
    // Models for hard rock do without: then it may be unknown.
    if let Some(vs30) = sites.iter().map(|site| site.vs30).collect::<Option<Vec<_>>>() {
        table.push("vs30", vs30)?;
    }
    Ok(table)
}

/// A row for each path, in the order of the axis `realization`: its weight, its branches, and for each tectonic region
/// type the ground-motion model.
fn realization_table(models: &Models, realizations: &[Realization]) -> Result<Table> {
    let mut table = Table::new();
    table.push("weight", realizations.iter().map(|realization| realization.weight).collect::<Vec<_>>())?;
    table
        .push("path", realizations.iter().map(|realization| realization.path.as_str()).collect::<Vec<_>>())?;
    for (place, (trt, _)) in models.gsims.iter().enumerate() {
        let gsims: Vec<_> = realizations.iter().map(|realization| realization.gsims[place].name()).collect();
        table.push(&calcstore::key::escape_component(trt)?, gsims)?;
    }
    Ok(table)
}

/// Makes a table of curves: a column `[site, level]` for each intensity measure type.
///
/// # Errors
/// Those of the table.
pub fn curves_table(curves: Vec<(String, Array2<f64>)>) -> Result<Table> {
    let mut table = Table::new();
    for (imt, curve) in curves {
        table.push(&imt, curve)?;
    }
    Ok(table)
}

/// Puts the parts of a set of curves together, if all are there and it was not yet done; says whether it is done now.
///
/// # Errors
/// Those of the store.
pub fn assemble(store: &DataStore, plan: &Plan, set: &CurveSet, imtls: &[(Imt, Vec<f64>)]) -> Result<bool> {
    let assembled = try_assemble(store, plan, set, imtls);
    match assembled {
        // Another process was faster, and has removed the parts.
        Err(error) if error.kind() == ErrorKind::NotFound && store.contains_key(&set.key)? => Ok(false),
        other => other,
    }
}

fn try_assemble(store: &DataStore, plan: &Plan, set: &CurveSet, imtls: &[(Imt, Vec<f64>)]) -> Result<bool> {
    if store.contains_key(&set.key)? {
        return Ok(false);
    }
    let mut tables: Vec<Table> = Vec::new();
    for part in &plan.parts[set.parts.clone()] {
        if !store.contains_key(&part.key)? {
            return Ok(false);
        }
        tables.push(store.get(&part.key)?);
    }
    let mut whole = Vec::new();
    for (imt, levels) in imtls {
        let name = imt.to_string();
        let parts: Vec<ArrayView2<'_, f64>> =
            tables.iter().filter_map(|table| curves(table, &name)).collect();
        let joined = concatenate(Axis(0), &parts).unwrap_or_else(|_| Array2::zeros((0, levels.len())));
        whole.push((name, joined));
    }
    store.insert(&set.key, &curves_table(whole)?)?;
    Ok(true)
}

/// The curves of an intensity measure type in a table.
fn curves<'a>(table: &'a Table, imt: &str) -> Option<ArrayView2<'a, f64>> {
    match table.column(imt)? {
        AnyArray::Float64(array) => array.view().into_dimensionality().ok(),
        _ => None,
    }
}
