//! Whole calculations against other programs: the `OpenQuake` engine 3.26.2, summed in double precision, and
//! the intercomparison of Thomas, Wong & Abrahamson (2010), PEER 2010/106.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

use ndarray::Array2;

use crate::area::discretize;
use crate::geometry::LonLat;
use crate::gsim::{DistanceMetric, Gsim};
use crate::hazard::HazardCalculator;
use crate::job::Job;
use crate::logic_tree;
use crate::sites::{self, Site};
use crate::test_data::{package_file, reference};

const DEMO: &str = "examples/classical_psha/demo/job.ini";
const PEER: &str = "tests/data/psha/inputs/peer_s1c10_d2/job.ini";

const STABLE: &str = "tests/data/psha/inputs/stable_continental/job.ini";

/// What a calculation gives: region, model, measure and the probabilities `[site, level]`.
pub type Curves = Vec<(String, Gsim, String, Array2<f64>)>;

/// Runs a calculation.
pub fn calculate(job_ini: &str) -> (Vec<Site>, Curves) {
    let job = Job::read(&package_file(job_ini)).unwrap();
    let sites = sites::read(&job).unwrap();
    let regions = logic_tree::read_regions(&job, &sites).unwrap();
    let calculator = HazardCalculator::new(&job.parameters, &sites);
    let mut all = Vec::new();
    for region in &regions {
        for &gsim in &region.gsims {
            for (imt, curves) in calculator.curves(region, gsim, &|_| ()) {
                all.push((region.name.clone(), gsim, imt, curves));
            }
        }
    }
    (sites, all)
}

/// Compares with a table of curves: models that go by Rrup must agree, those by Rjb nearly, since the engine
/// widens and simplifies the projections of ruptures.
fn assert_equal(job_ini: &str, table: &str, expected_rows: usize) {
    let (sites, all) = calculate(job_ini);
    let mut worst = [0.0_f64; 2];
    let mut by_outline = Vec::new();
    let rows = reference(table);
    assert_eq!(rows.len(), expected_rows);
    let mut level = 0;
    for (index, row) in rows.iter().enumerate() {
        let repeated =
            index > 0 && ["gsim", "imt", "site"].iter().all(|name| row[*name] == rows[index - 1][*name]);
        level = if repeated { level + 1 } else { 0 };
        let is_it = |(region, gsim, imt): (&str, &str, &str)| {
            (region, gsim, imt) == (&row["trt"], &row["gsim"], &row["imt"])
        };
        let (.., gsim, _, curves) =
            all.iter().find(|(region, gsim, imt, _)| is_it((region, gsim.name(), imt))).unwrap();
        let [lon, lat] = ["lon", "lat"].map(|name| row[name].parse().unwrap());
        let site = sites.iter().position(|site| site.place == LonLat { lon, lat }).unwrap();
        let ours = curves[[site, level]];
        let theirs: f64 = row["poe_float64"].parse().unwrap();
        let difference = (ours - theirs).abs();
        // Their `1 - exp(-x)` has an absolute error of that size, which is all there is of tiny
        // probabilities.
        let relative = if difference <= f64::EPSILON { 0.0 } else { difference / theirs.abs() };
        let by_rupture = gsim.metric() == DistanceMetric::Rupture;
        let equal = if by_rupture { relative <= 1e-8 } else { relative <= 1e-2 || difference <= 2e-4 };
        assert!(equal, "{row:?}: {ours}");
        if !by_rupture {
            by_outline.push(relative);
        }
        worst[usize::from(!by_rupture)] = worst[usize::from(!by_rupture)].max(relative);
    }
    by_outline.sort_by(f64::total_cmp);
    let median = by_outline.get(by_outline.len() / 2).copied().unwrap_or_default();
    assert!(median < 2e-4, "{table}: {median:e}");
    let [by_rupture, by_outline] = worst;
    println!(
        "{table}: largest relative differences {by_rupture:.1e} (Rrup), {by_outline:.1e} (Rjb, median {median:.1e})"
    );
}

#[test]
fn three_tectonic_regions_give_the_curves_of_openquake() {
    assert_equal("tests/data/psha/inputs/multi_trt/job.ini", "curves/multi_trt.csv", 1800);
}

#[test]
fn peer_cases_1_and_2_give_the_curves_of_openquake() {
    for (case, rows) in [("peer_s1c01", 126), ("peer_s1c02_rms0.5", 126), ("peer_s1c02_rms0.25", 126)] {
        assert_equal(&format!("tests/data/psha/inputs/{case}/job.ini"), &format!("curves/{case}.csv"), rows);
    }
}

#[test]
fn the_demo_gives_the_curves_of_openquake() {
    assert_equal(DEMO, "curves/tiny_two_trt.csv", 80);
}

#[test]
fn an_area_source_with_dipping_ruptures_gives_the_curves_of_openquake() {
    assert_equal(STABLE, "curves/stable_continental.csv", 600);
}

#[test]
fn peer_case_10_gives_the_curves_of_openquake() {
    assert_equal(PEER, "curves/peer_s1c10_d2.csv", 72);
}

#[test]
fn the_circle_of_peer_is_filled_with_as_many_points_as_by_openquake() {
    let text = fs::read_to_string(package_file(PEER).with_file_name("source_model.xml")).unwrap();
    let (_, rest) = text.split_once("<gml:posList>").unwrap();
    let numbers: Vec<f64> =
        rest.split_once('<').unwrap().0.split_whitespace().map(|word| word.parse().unwrap()).collect();
    let polygon: Vec<_> = numbers.chunks_exact(2).map(|pair| LonLat { lon: pair[0], lat: pair[1] }).collect();
    for (spacing, count) in [(10.0, 309), (5.0, 1248), (2.0, 7834), (1.0, 31371)] {
        assert_eq!(discretize(&polygon, spacing).unwrap().len(), count, "{spacing} km");
    }
}

#[test]
fn curves_do_not_depend_on_the_number_of_threads() {
    let with_threads = |count| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build().unwrap();
        pool.install(|| calculate(PEER)).1.pop().unwrap().3
    };
    assert_eq!(with_threads(1), with_threads(5));
}

#[test]
fn ruptures_beyond_the_maximum_distance_do_not_count() {
    let job = Job::read(&package_file(DEMO)).unwrap();
    let sites = sites::read(&job).unwrap();
    let mut region = logic_tree::read_regions(&job, &sites).unwrap().swap_remove(0);
    // Rrup is 12.5 km to the nearer site, and 39.2 km to the other.
    let counted = [12.0, 13.0, 40.0].map(|maximum_distance| {
        region.maximum_distance = maximum_distance;
        let calculator = HazardCalculator::new(&job.parameters, &sites);
        let (_, curves) = calculator.curves(&region, region.gsims[1], &|_| ()).swap_remove(0);
        [0, 1].map(|site| curves[[site, 0]] > 0.0)
    });
    assert_eq!(counted, [[false, false], [true, false], [true, true]]);
}

#[test]
fn progress_counts_every_pair_of_site_and_rupture_once() {
    let job = Job::read(&package_file(PEER)).unwrap();
    let sites = sites::read(&job).unwrap();
    let regions = logic_tree::read_regions(&job, &sites).unwrap();
    let calculator = HazardCalculator::new(&job.parameters, &sites);
    let done = AtomicU64::new(0);
    calculator.curves(&regions[0], regions[0].gsims[0], &|pairs| {
        done.fetch_add(pairs, Ordering::Relaxed);
    });
    assert_eq!(done.into_inner(), 4 * 7834 * 15);
    assert_eq!(calculator.work(&regions), 4 * 7834 * 15);
}
