//! Compares the floating-point numbers of two calculations, bit by bit:
//!
//! ```text
//! compare DIRECTORY DIRECTORY
//! ```
//!
//! Ends with an error if keys, shapes or numbers differ, and says how far these are apart. What was measured is left out.

use std::error::Error;

use calcstore::{DataStore, ErrorKind, NodeKind, Result, StoredTable};
use ndarray::ArrayD;

/// How long things took differs each time.
const MEASURED: &str = "/performance_data";

fn main() -> std::result::Result<(), Box<dyn Error>> {
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
            _ => pair(one.get(&key), other.get(&key)).map_err(|error| format!("{key}: {error}"))?,
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
        return Err(format!(
            "{different} of {count} numbers differ, by up to {most:.1e}, relative {relative:.1e}"
        )
        .into());
    }
    println!("{count} numbers, all the same");
    Ok(())
}

type Pairs = Vec<(ArrayD<f64>, ArrayD<f64>)>;

/// Two arrays, or nothing where neither is of numbers such as these.
fn pair(one: Result<ArrayD<f64>>, other: Result<ArrayD<f64>>) -> Result<Pairs> {
    match (one, other) {
        (Err(one), Err(other)) if one.kind() == ErrorKind::WrongType && other.kind() == one.kind() => {
            Ok(Vec::new())
        }
        (one, other) => Ok(vec![(one?, other?)]),
    }
}

/// The columns of two tables that are numbers.
fn columns(one: &StoredTable, other: &StoredTable) -> std::result::Result<Pairs, Box<dyn Error>> {
    if one.schema() != other.schema() {
        return Err(format!("{} has other columns", one.key()).into());
    }
    let mut pairs = Pairs::new();
    for column in one.schema().columns() {
        pairs.extend(pair(one.column(&column.name), other.column(&column.name))?);
    }
    Ok(pairs)
}
