//! Arrays that are larger than memory, or grow: written, read and compressed in parts; tables of rows; labels.
//!
//! `cargo run --example large_arrays`

#![allow(clippy::float_cmp, clippy::cast_precision_loss, reason = "these numbers are exact")]

use calcstore::{Column, Compression, DataStore, Table};
use ndarray::{Array1, Array2, array, s};
use serde::{Deserialize, Serialize};

/// One row of a table: any serde struct of numbers, text and fixed arrays.
#[derive(Serialize, Deserialize)]
struct Rupture {
    magnitude: f64,
    trt: String,
    hypocenter: [f64; 3],
}

fn main() -> calcstore::Result<()> {
    let store = DataStore::create()?;

    // Before there are any elements; many processes may fill it, each its rows.
    let curves = store
        .new_dataset("/hazard/curves")
        .dimension_names(["site", "level"])
        .chunks([1000, 20])
        .compression(Compression::blosc(5)?)
        .fill_value(f32::NAN)
        .create::<f32>(&[100_000, 20])?;
    curves.write(s![500..510, ..], Array2::<f32>::ones((10, 20)))?;
    let one: Array1<f32> = curves.read("505, ::-1")?;
    assert_eq!(one, Array1::<f32>::ones(20));

    // Rows that come one after the other.
    let residuals = store.new_dataset("/residuals").create::<f64>(&[0, 2])?;
    let mut appender = residuals.appender();
    for step in 0..10_000 {
        appender.append([f64::from(step), 0.5])?;
    }
    assert_eq!(appender.finish()?, 10_000);
    let last: Array2<f64> = residuals.read(s![-2.., ..])?;
    assert_eq!(last, array![[9998.0, 0.5], [9999.0, 0.5]]);

    // Axes with labels, which xarray sees as coordinates.
    let maps = array![[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]];
    store
        .new_dataset("/maps/mean")
        .coordinate("site", [11, 12, 13])
        .coordinate("imt", ["PGA", "SA(0.2)"])
        .insert(&maps)?;
    let maps = store.dataset("/maps/mean")?;
    let pga: Array1<f64> = maps.read(maps.sel("imt", "PGA"))?;
    assert_eq!(pga, array![0.1, 0.3, 0.5]);
    let last_site: Array1<f64> = maps.read(maps.sel("site", -1))?;
    assert_eq!(last_site, array![0.5, 0.6]);

    // Tables that grow, read by column and by condition.
    let rupture =
        |magnitude| Rupture { magnitude, trt: "Stable Shallow Crust".into(), hypocenter: [9.1, 45.2, 10.0] };
    store.insert("/ruptures", Table::from_rows(&[rupture(5.5), rupture(6.5)])?)?;
    let ruptures = store.table("/ruptures")?;
    ruptures.append(&Table::from_rows(&[rupture(7.5)])?)?;
    let large: Vec<Rupture> = ruptures.filter(Column::new("magnitude").ge(6.0)).read_rows()?;
    assert_eq!(large.len(), 2);

    println!("{}", store.calc_dir().display());
    store.close()
}
