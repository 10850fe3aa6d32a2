//! What is derived from the curves, and what says how it came about.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use calcstore::{DataStore, Table};
use ndarray::{Array1, Array2};

use super::processes::{start, success};
use super::{copy_of_demo, program, project, run};

const TWO_MODELS: &str = "tests/data/psha/inputs/two_source_models/job.ini";

fn computed(job_ini: &Path, data: &Path) -> DataStore {
    success(start(program(data).arg(job_ini)));
    DataStore::options().data_dir(data).read_only(true).open(-1).unwrap()
}

/// Gives what the store has for a row of the reference.
fn found(store: &DataStore, [kind, imt, statistic, site, place]: [&str; 5]) -> f64 {
    let [statistic, site, place] = [statistic, site, place].map(|number| number.parse::<usize>().unwrap());
    let curves = |name: &str| store.dataset(&format!("/hazard/curves/{imt}/{name}")).unwrap();
    let map = |name: &str| {
        let maps = store.dataset(&format!("/hazard/maps/{name}")).unwrap();
        let poe = [0.1, 0.02][place];
        let selected = maps.sel("imt", imt).sel("poe", poe).isel("site", site);
        if name == "quantiles" {
            maps.read(selected.sel("quantile", [0.05, 0.5, 0.84][statistic])).unwrap()
        } else {
            maps.read(selected).unwrap()
        }
    };
    match kind {
        "realizations" => curves(kind).read((site, statistic, place)).unwrap(),
        "mean" => curves(kind).read((site, place)).unwrap(),
        "quantiles" => curves(kind).read((statistic, site, place)).unwrap(),
        "map mean" => map("mean"),
        "map quantiles" => map("quantiles"),
        other => panic!("{other}"),
    }
}

#[test]
fn realizations_mean_quantiles_and_maps_are_those_of_the_engine() {
    let data = tempfile::tempdir().unwrap();
    let store = computed(&project(TWO_MODELS), data.path());
    let text = fs::read_to_string(project("tests/data/psha/curves/two_source_models.csv")).unwrap();
    let mut compared = 0;
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let expected: f64 = cells[5].parse().unwrap();
        let found = found(&store, [cells[0], cells[1], cells[2], cells[3], cells[4]]);
        // The engine adds in single precision, and takes small probabilities from 1.
        let allowed = 1e-5 * expected + f64::from(f32::EPSILON);
        assert!((found - expected).abs() <= allowed, "{line}: {found}");
        compared += 1;
    }
    assert_eq!(compared, 1152);

    let realizations: Table = store.get("/realizations").unwrap();
    assert_eq!(realizations.rows(), 8);
    let weights: Vec<f64> = store.get("/realizations/weight").unwrap();
    let expected = [0.189, 0.231, 0.081, 0.099, 0.126, 0.154, 0.054, 0.066];
    assert!(
        weights.iter().zip(expected).all(|(weight, expected)| (weight - expected).abs() < 1e-15),
        "{weights:?}"
    );
    let paths: Vec<String> = store.get("/realizations/path").unwrap();
    assert_eq!(paths[..2], ["b1~b11~b21", "b1~b11~b22"]);
    let gsims: Vec<String> = store.get("/realizations/Stable Continental Crust").unwrap();
    assert_eq!(gsims[6..], ["ToroEtAl2002", "Campbell2003"]);
    // The regions of the second source model have numbers of their own.
    let trts: Vec<String> = store.get("/trts").unwrap();
    assert_eq!(trts, ["Active Shallow Crust", "Stable Continental Crust", "Active Shallow Crust"]);
}

#[test]
fn spectra_are_the_maps_of_all_periods() {
    let data = tempfile::tempdir().unwrap();
    let store = computed(&project(TWO_MODELS), data.path());
    let spectra = store.dataset("/hazard/spectra/mean").unwrap();
    let periods: Vec<f64> = store.get("/hazard/spectra/period").unwrap();
    assert_eq!(periods, [0.0, 0.2, 1.0]);
    let maps = store.dataset("/hazard/maps/mean").unwrap();
    for (imt, period) in ["PGA", "SA(0.2)", "SA(1.0)"].iter().zip(periods) {
        let of_maps: Array2<f64> = maps.read(maps.sel("imt", *imt)).unwrap();
        let of_spectra: Array2<f64> = spectra.read(spectra.sel("period", period)).unwrap();
        assert_eq!(of_maps, of_spectra);
    }
    let quantiles = store.dataset("/hazard/spectra/quantiles").unwrap();
    assert_eq!(quantiles.shape(), [3, 3, 2, 3]);
    let spectrum: Array1<f64> =
        quantiles.read(quantiles.sel("quantile", 0.5).sel("site", 1).sel("poe", 0.02)).unwrap();
    let maps = store.dataset("/hazard/maps/quantiles").unwrap();
    let same: Array1<f64> = maps.read(maps.sel("quantile", 0.5).sel("site", 1).sel("poe", 0.02)).unwrap();
    assert_eq!(spectrum, same);
}

/// Some of the parameters, as another program reads them.
#[derive(serde::Deserialize)]
struct Parameters {
    quantiles: Vec<f64>,
    maximum_distance: BTreeMap<String, f64>,
}

#[test]
fn the_store_says_what_ran_and_with_what() {
    let data = tempfile::tempdir().unwrap();
    let store = computed(&project("examples/classical_psha/demo/job.ini"), data.path());
    let root = store.attributes("/").unwrap();
    let text = |name: &str| root.get::<String>(name).unwrap();
    assert_eq!(text("program"), "classical_psha, an example of calcstore");
    assert_eq!(
        (text("version"), text("description")),
        (env!("CARGO_PKG_VERSION").into(), "tiny two TRTs".into())
    );
    assert!(text("started") <= text("finished") && text("started").ends_with('Z'), "{}", text("started"));
    for part in ["reading", "computing", "combining", "saving"] {
        let seconds: f64 = root.get(&format!("seconds_{part}")).unwrap();
        assert!(seconds > 0.0 && seconds < 600.0, "{part}: {seconds}");
    }
    let Parameters { quantiles, maximum_distance } = store.object("/oqparam").unwrap();
    assert_eq!((quantiles, maximum_distance["default"]), (vec![0.15, 0.5, 0.85], 1000.0));
    let names: Vec<_> = store.files("/input").unwrap().into_iter().map(|file| file.name).collect();
    assert_eq!(names, ["gmmLT.xml", "job.ini", "source_model.xml", "ssmLT.xml"]);
    let job_ini = fs::read(project("examples/classical_psha/demo/job.ini")).unwrap();
    assert_eq!(store.file("/input", "job.ini").unwrap(), job_ini);
    let mean = store.dataset("/hazard/curves/PGA/mean").unwrap();
    assert_eq!(mean.attributes().unwrap().get::<String>("units").unwrap(), "1");
    let maps = store.dataset("/hazard/maps/mean").unwrap();
    assert_eq!(maps.attributes().unwrap().get::<String>("units").unwrap(), "g");
}

#[test]
fn an_unknown_parameter_is_a_warning_and_exports_go_where_the_job_wants_them() {
    let data = tempfile::tempdir().unwrap();
    let input = tempfile::tempdir().unwrap();
    let job_ini = copy_of_demo(input.path(), |text| {
        let wanted = "individual_rlzs = false\nmy_parameter = 1\nexport_dir = out/here";
        text.replace("individual_rlzs = true", wanted)
    });
    let output = run(&job_ini, data.path());
    let said = String::from_utf8(output.stderr).unwrap();
    let warning = format!(
        "classical_psha: {}:35: warning: unknown parameter 'my_parameter' is ignored\n",
        job_ini.display()
    );
    assert_eq!((said, output.status.success()), (warning, true));
    assert!(input.path().join("out/here/calc_1.hdf5").exists());
    let store = DataStore::options().data_dir(data.path()).open(1).unwrap();
    assert!(!store.contains_key("/hazard/curves/PGA/realizations").unwrap());
    assert!(store.contains_key("/hazard/curves/PGA/mean").unwrap());
}
