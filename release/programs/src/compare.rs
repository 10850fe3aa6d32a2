//! Compares the floating-point numbers of two calculations, and says how far they are apart at most:
//!
//! ```text
//! compare DIRECTORY DIRECTORY
//! ```
//!
//! Ends with an error if keys, shapes or numbers differ, those by a bit. What was measured is left out.

use std::error::Error;

use calcstore::{DataStore, NodeKind, StoredTable};
use ndarray::ArrayD;

/// How long things took differs each time.
const MEASURED: &str = "/performance_data";

fn main() -> Result<(), Box<dyn Error>> {
    let mut places = std::env::args_os().skip(1);
    let (Some(one), Some(other)) = (places.next(), places.next()) else {
        return Err("usage: compare DIRECTORY DIRECTORY".into());
    };
    let open = |place| DataStore::options().read_only(true).at(place);
    let (one, other) = (open(one)?, open(other)?);
    let (keys, others): (Vec<String>, Vec<String>) = (one.walk("/")?.collect(), other.walk("/")?.collect());
    if keys != others {
        return Err("the keys differ".into());
    }
    let (mut most, mut relative, mut count, mut different) = (0.0_f64, 0.0_f64, 0_u64, 0_u64);
    for key in keys.into_iter().filter(|key| !key.starts_with(MEASURED)) {
        let pairs = match one.node(&key)?.kind {
            NodeKind::Table => columns(&one.table(&key)?, &other.table(&key)?)?,
            _ => one.get(&key).ok().zip(other.get(&key).ok()).into_iter().collect(),
        };
        for (here, there) in pairs {
            if here.shape() != there.shape() {
                return Err(format!("{key} has another shape").into());
            }
            for (here, there) in here.iter().zip(&there) {
                count += 1;
                if here.to_bits() != there.to_bits() {
                    different += 1;
                    let apart = (here - there).abs();
                    most = if apart.is_nan() { f64::INFINITY } else { most.max(apart) };
                    relative = relative.max(apart / here.abs().max(there.abs()));
                }
            }
        }
    }
    if count == 0 {
        return Err("there are no numbers".into());
    }
    if different > 0 {
        return Err(format!("{different} of {count} numbers differ, by up to {most:.1e}, relative {relative:.1e}").into());
    }
    println!("{count} numbers, all the same");
    Ok(())
}

/// The columns of two tables that are numbers.
fn columns(
    one: &StoredTable,
    other: &StoredTable,
) -> Result<Vec<(ArrayD<f64>, ArrayD<f64>)>, Box<dyn Error>> {
    if one.schema() != other.schema() {
        return Err(format!("{} has other columns", one.key()).into());
    }
    let column = |name: &str| one.column(name).ok().zip(other.column(name).ok());
    Ok(one.schema().columns().iter().filter_map(|schema| column(&schema.name)).collect())
}
