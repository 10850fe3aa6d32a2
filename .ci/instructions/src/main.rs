//! Does an operation so many times: usage: calcstore-instructions OPERATION TIMES DIRECTORY.
//!
//! What a run takes beyond another one that does it less often is what the operation takes.

use calcstore::{DataStore, Table};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Site {
    id: u32,
    name: String,
    lon: f64,
    lat: f64,
    levels: Vec<f64>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [operation, times, directory] = &arguments[..] else {
        return Err("usage: calcstore-instructions OPERATION TIMES DIRECTORY".into());
    };
    let times: u32 = times.parse()?;
    let store = DataStore::at(directory)?;
    let array = Array2::from_shape_fn((100, 20), |(row, level)| row as f64 / (1.0 + level as f64));
    let site = Site { id: 7, name: "Pavia".into(), lon: 9.16, lat: 45.18, levels: vec![0.5; 20] };
    let key = |n: u32| format!("/group/{n:04}");
    // What is read below, whatever the operation is.
    for n in 0..100 {
        store.insert(&key(n), &array)?;
    }
    store.insert_object("/site", &site)?;
    let mut table = Table::new();
    for name in ["PGA", "SA(0.2)", "SA(1.0)"] {
        table.push(name, &array)?;
    }
    store.insert("/table", &table)?;
    let rows = store.new_dataset("/rows").create::<f64>(&[0, 20])?;
    let rest = DataStore::options().read_only(true).at(directory)?;
    for n in 0..times {
        match operation.as_str() {
            "insert" => store.insert(&key(1000 + n), &array)?,
            "replace" => store.insert(&key(0), &array)?,
            "insert-table" => store.insert(&key(1000 + n), &table)?,
            "insert-object" => store.insert_object(&key(1000 + n), &site)?,
            "append" => drop(rows.append(&array)?),
            "get" => drop(rest.get::<Array2<f64>>(&key(n % 100))?),
            "get-table" => drop(rest.get::<Table>("/table")?),
            "get-object" => drop(rest.object::<Site>("/site")?),
            "list-100" => drop(rest.nodes("/group")?),
            "export-100" => drop(rest.hdf5_export().file(format!("{directory}/{n}.hdf5")).run()?),
            other => return Err(format!("no operation {other}").into()),
        }
    }
    Ok(())
}
