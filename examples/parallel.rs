//! Many threads save into one store: `par_iter` and `try_for_each` are all that it takes.
//!
//! ```text
//! cargo run --release --example parallel -- DIRECTORY
//! ```

use std::error::Error;

use calcstore::DataStore;
use ndarray::Array2;
use rayon::prelude::*;

/// A hundred sites, twenty levels.
const SHAPE: (usize, usize) = (100, 20);

fn main() -> Result<(), Box<dyn Error>> {
    let directory = std::env::args_os().nth(1).ok_or("usage: parallel DIRECTORY")?;
    let store = DataStore::at(directory)?;
    (0..1000_u32).into_par_iter().try_for_each(|realization| {
        let rate = f64::from(realization + 1) / 1000.0;
        let curves = Array2::from_shape_fn(SHAPE, |(_, level)| 1.0 - (-rate / (1.0 + level as f64)).exp());
        store.insert(&format!("/curves/{realization:04}"), curves)
    })?;
    println!("{} arrays in {}", store.len("/curves")?, store.calc_dir().display());
    store.close()?;
    Ok(())
}
