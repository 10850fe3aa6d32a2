//! The first steps with a store; the README shows this program.

use calcstore::{DataStore, Table};
use ndarray::{Array2, array};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Parameters {
    description: String,
    truncation_level: Option<f64>,
}

fn main() -> calcstore::Result<()> {
    // The next free calc_<ID> under $OQ_DATADIR, else under $HOME/oqdata.
    let store = DataStore::create()?;

    // Arrays of any rank, scalars, text, Vec, slices.
    store.insert("/levels", [0.01, 0.1, 1.0])?;
    store.insert("/0/SadighEtAl1997", array![[0.9, 0.5, 0.1], [0.8, 0.4, 0.2]])?;
    store.insert("/description", "two sites, three levels")?;
    store.attributes("/levels")?.insert("units", "g")?;

    // Named columns of one length; each can be read by its own key.
    let mut sites = Table::new();
    sites.push("name", ["Pavia", "Zürich"])?;
    sites.push("lon", [9.16, 8.54])?;
    store.insert("/sites", sites)?;

    // Any serde type.
    let parameters = Parameters { description: "demo".into(), truncation_level: Some(3.0) };
    store.insert_object("/parameters", &parameters)?;

    let curves: Array2<f64> = store.get("/0/SadighEtAl1997")?;
    let lon: Vec<f64> = store.get("/sites/lon")?;
    let parameters: Parameters = store.object("/parameters")?;
    assert_eq!((curves[[1, 0]], lon[1], parameters.truncation_level), (0.8, 8.54, Some(3.0)));

    // One level, sorted, as list(store) and list(store["/0"]) in Python.
    let names: Vec<String> = store.keys("/")?.collect();
    assert_eq!(names, ["0", "description", "levels", "parameters", "sites"]);

    let report = store.export_hdf5()?;
    println!("See the results with hdfview {}", report.file.display());
    store.close()
}
