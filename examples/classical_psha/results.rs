//! What goes into the store beside the curves, and in which form.

use calcstore::{DataStore, Result, Table};
use ndarray::Array2;

use crate::job::Job;
use crate::sites::Site;
use crate::source::TectonicRegion;

/// Saves what the curves are to be read with: the parameters as `/job`, the levels as `/imtls/<measure>`, the
/// names of the tectonic region types in the order of their numbers as `/trts`, and the sites as `/sitecol`.
///
/// # Errors
/// Those of the store.
pub fn save_inputs(store: &DataStore, job: &Job, sites: &[Site], regions: &[TectonicRegion]) -> Result<()> {
    store.insert_object("/job", &job.parameters.record())?;
    for (imt, levels) in &job.parameters.imtls {
        let key = format!("/imtls/{imt}");
        store.insert(&key, levels)?;
        store.attributes(&key)?.insert("units", "g")?;
    }
    let names: Vec<_> = regions.iter().map(|region| region.name.as_str()).collect();
    store.insert("/trts", &names)?;
    let mut table = Table::new();
    table.push("lon", sites.iter().map(|site| site.place.lon).collect::<Vec<_>>())?;
    table.push("lat", sites.iter().map(|site| site.place.lat).collect::<Vec<_>>())?;
    // Models for hard rock do without: then it may be unknown.
    if let Some(vs30) = sites.iter().map(|site| site.vs30).collect::<Option<Vec<_>>>() {
        table.push("vs30", vs30)?;
    }
    store.insert("/sitecol", &table)
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
