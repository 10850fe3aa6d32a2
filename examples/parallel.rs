//! Many threads save into one store: `par_iter` and `try_for_each` are all that it takes.
//!
//! ```text
//! cargo run --release --example parallel -- DIRECTORY
//! ```

use std::error::Error;

use calcstore::DataStore;
use ndarray::{Array1, Array2};
use rayon::prelude::*;

/// A hundred sites, twenty levels.
const SHAPE: (usize, usize) = (100, 20);

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args_os().nth(1).ok_or("usage: parallel DIRECTORY")?;
    let store = DataStore::at(directory)?;
    let levels = Array1::linspace(1.0, 20.0, SHAPE.1);
    (0..1000_u32).into_par_iter().try_for_each(|realization| {
        let rate = f64::from(realization + 1) / 1000.0;
        let curve = levels.mapv(|level: f64| 1.0 - (-rate / level).exp());
        store.insert(&format!("/curves/{realization:04}"), Array2::<f64>::ones(SHAPE) * &curve)
    })?;
    println!("{} arrays in {}", store.len("/curves")?, store.calc_dir().display());
    store.close()?;
    Ok(())
}
