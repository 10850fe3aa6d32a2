//! Set 1 of the intercomparison of Thomas, Wong & Abrahamson (2010), *Verification of probabilistic seismic
//! hazard analysis computer programs*, PEER 2010/106.
//!
//! Cases with a single plane are compared with integrals over all positions of a rectangular rupture on a flat
//! earth, which share with the program nothing but the ground-motion model. Case 3, where the size of ruptures
//! is uncertain, is not among them: NRML has no such sources. Nor is case 9, which asks for models that are not
//! there.

use std::fs;

use crate::geometry::LonLat;
use crate::gsim::{Event, Gsim};
use crate::imt::Imt;
use crate::mfd::{MagnitudeRate, TruncatedGutenbergRichter};
use crate::test_data::package_file;
use crate::verification::calculate;

const LEVELS: [f64; 18] =
    [0.001, 0.01, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9, 1.0];

/// The sites of the fault cases, longitude and latitude, sites 1 to 7.
const FAULT_SITES: [[f64; 2]; 7] = [
    [-122.0, 38.113],
    [-122.114, 38.113],
    [-122.57, 38.111],
    [-122.0, 38.0],
    [-122.0, 37.91],
    [-122.0, 38.225],
    [-121.886, 38.113],
];

/// The sites of the area cases, 1 to 4.
const AREA_SITES: [[f64; 2]; 4] = [[-122.0, 38.0], [-122.0, 37.55], [-122.0, 37.099], [-122.0, 36.874]];

const FAULT_LENGTH: f64 = 25.0;

/// Faults of the report: 25 km long towards north from 122° W, 38° N.
struct Fault {
    top: f64,
    bottom: f64,
    /// Angle against the horizontal, towards west.
    dip: f64,
    rake: f64,
}

const FAULT_1: Fault = Fault { top: 0.0, bottom: 12.0, dip: 90.0, rake: 0.0 };
const FAULT_2: Fault = Fault { top: 1.0, bottom: 12.0, dip: 60.0, rake: 90.0 };

impl Fault {
    /// Gives the probabilities in one year, integrated over so many positions along strike and half as many down
    /// dip.
    fn curve(&self, (bins, positions): (&[MagnitudeRate], u32), n: Option<f64>, site: [f64; 2]) -> Vec<f64> {
        let gsim = Gsim::by_name("SadighEtAl1997").unwrap();
        let mut sums = [0.0; LEVELS.len()];
        for bin in bins {
            let event = Event { magnitude: bin.magnitude, rake: self.rake, depth: 6.0 };
            let attenuation = gsim.attenuation(Imt::Pga, event).unwrap();
            let rate = bin.rate / f64::from(positions * (positions / 2));
            for index in 0..positions * (positions / 2) {
                let part = |index: u32, of: u32| (f64::from(index) + 0.5) / f64::from(of);
                let position = [part(index % positions, positions), part(index / positions, positions / 2)];
                let distance = self.distance(bin.magnitude, position, site);
                let motion = attenuation.ground_motion(distance, 800.0);
                for (sum, level) in sums.iter_mut().zip(LEVELS) {
                    *sum += rate * exceedance(n, motion.mean, motion.sigma, libm::log(level));
                }
            }
        }
        sums.map(|sum| 1.0 - libm::exp(-sum)).to_vec()
    }

    /// Gives the distance to a rupture in a position, from 0 to 1 along strike and down dip.
    fn distance(&self, magnitude: f64, [along, down]: [f64; 2], [lon, lat]: [f64; 2]) -> f64 {
        let (sin, cos) = libm::sincos(self.dip.to_radians());
        let fault_width = (self.bottom - self.top) / sin;
        // Twice as long as wide, within the fault.
        let area = libm::pow(10.0, magnitude - 4.0);
        let mut width = (area / 2.0).sqrt().min(fault_width);
        let length = (area / width).min(FAULT_LENGTH);
        width = (area / length).min(fault_width);

        let degree = 6371.0_f64.to_radians();
        let north = (lat - 38.0) * degree;
        let west = -(lon + 122.0) * degree * libm::cos(38.1124_f64.to_radians());
        let start = along * (FAULT_LENGTH - length);
        let beyond = north - north.clamp(start, start + length);
        // In the plane down dip, and at right angles to it.
        let in_plane = west * cos - self.top * sin;
        let off_plane = west * sin + self.top * cos;
        let first = down * (fault_width - width);
        let below = in_plane - in_plane.clamp(first, first + width);
        (beyond * beyond + below * below + off_plane * off_plane).sqrt()
    }
}

fn exceedance(n: Option<f64>, mean: f64, sigma: f64, log_level: f64) -> f64 {
    let below = |z: f64| 0.5 * libm::erfc(-z / std::f64::consts::SQRT_2);
    let z = (log_level - mean) / sigma;
    match n {
        Some(0.0) => f64::from(u8::from(mean > log_level)),
        Some(n) => ((below(n) - below(z)) / (below(n) - below(-n))).clamp(0.0, 1.0),
        None => below(-z),
    }
}

/// Gives the probabilities of a case at some sites.
fn curves_at<const SITES: usize>(case: &str, wanted: [[f64; 2]; SITES]) -> [Vec<f64>; SITES] {
    let (sites, all) = calculate(&format!("tests/data/psha/inputs/{case}"));
    let [(.., curves)] = &all[..] else { panic!("one region, one model, one measure") };
    wanted.map(|[lon, lat]| {
        let index = sites.iter().position(|site| site.place == LonLat { lon, lat }).unwrap();
        curves.row(index).to_vec()
    })
}

/// Compares probabilities, which must be within `absolute` or `relative` of what is expected where that is above
/// `least`. Gives the largest difference.
fn assert_near(
    case: &str,
    pairs: impl Iterator<Item = (f64, f64)>,
    [absolute, relative, least]: [f64; 3],
) -> f64 {
    let (mut worst, mut worst_relative, mut compared) = (0.0_f64, 0.0_f64, 0);
    for (ours, expected) in pairs {
        let difference = (ours - expected).abs();
        assert!(
            difference <= absolute.max(relative * expected) || expected < least,
            "{case}: {ours:e} instead of {expected:e}"
        );
        compared += 1;
        worst = worst.max(difference);
        if expected >= least && expected > 0.0 {
            worst_relative = worst_relative.max(difference / expected);
        }
    }
    println!("PEER {case}: {compared} values, largest difference {worst:.1e}, relative {worst_relative:.1e}");
    assert!(compared > 0);
    worst
}

/// Compares a case with the integrals; gives the largest difference.
fn assert_integrals(
    (case, n): (&str, Option<f64>),
    fault: &Fault,
    bins: (&[MagnitudeRate], u32),
    bounds: [f64; 3],
) -> f64 {
    let ours = curves_at(case, FAULT_SITES).into_iter().flatten();
    let expected = FAULT_SITES.into_iter().flat_map(|site| fault.curve(bins, n, site));
    assert_near(case, ours.zip(expected), bounds)
}

/// Compares a case with the probabilities that the report gives for some of its levels.
fn assert_published<const SITES: usize>(case: &str, sites: [[f64; 2]; SITES], key: &str, bounds: [f64; 3]) {
    let text = fs::read_to_string(package_file("tests/data/psha/tables/peer_2010_106_set1.json")).unwrap();
    let published: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut pairs = Vec::new();
    for (ours, number) in curves_at(case, sites).into_iter().zip(1..) {
        let values = published[key][format!("site{number}")].as_array().unwrap();
        let levels = published[key]["imls"].as_array().unwrap();
        for (level, value) in levels.iter().zip(values) {
            let index = LEVELS.iter().position(|own| Some(*own) == level.as_f64()).unwrap_or(LEVELS.len());
            // One level of case 2 is in no job.
            pairs.extend(ours.get(index).map(|ours| (*ours, value.as_f64().unwrap())));
        }
    }
    assert_near(case, pairs.into_iter(), bounds);
}

/// The seismic moment of a fault in a year: 2 mm of slip at 3e10 Pa, in N m.
fn moment_rate(width: f64) -> f64 {
    3e10 * 2e-3 * FAULT_LENGTH * width * 1e6
}

fn moment(magnitude: f64) -> f64 {
    libm::pow(10.0, 9.05 + 1.5 * magnitude)
}

/// Gives bins of 0.01 from magnitude 5 on, with rates that are `relative` to each other and make up the moment of
/// fault 1.
fn balanced(count: u32, relative: impl Fn(f64) -> f64, moment_below: f64) -> Vec<MagnitudeRate> {
    let magnitudes = (0..count).map(|index| 5.005 + 0.01 * f64::from(index));
    let bin = |magnitude| MagnitudeRate { magnitude, rate: relative(magnitude) };
    let mut bins: Vec<_> = magnitudes.map(bin).collect();
    let sum: f64 = bins.iter().map(|bin| bin.rate * moment(bin.magnitude)).sum();
    for bin in &mut bins {
        bin.rate *= moment_rate(12.0) / (sum + moment_below);
    }
    bins
}

#[test]
fn case_2_agrees_with_the_report() {
    assert_published("peer_s1c02_rms0.25/job.ini", FAULT_SITES, "case2", [1e-3, 0.0, 0.0]);
}

#[test]
fn case_4_agrees_with_the_integral_over_positions_on_a_dipping_fault() {
    let width = 11.0 / libm::sin(60.0_f64.to_radians());
    let bins = [MagnitudeRate { magnitude: 6.0, rate: moment_rate(width) / moment(6.0) }];
    assert_integrals(("peer_set1/job_c04.ini", Some(0.0)), &FAULT_2, (&bins, 100), [1e-3, 0.0, 0.0]);
}

#[test]
fn case_5_agrees_with_the_report() {
    assert_published("peer_set1/job_c05.ini", FAULT_SITES, "case5", [1e-3, 0.0, 0.0]);
}

#[test]
fn case_6_agrees_with_the_integral_for_a_truncated_normal_distribution_of_magnitudes() {
    let bins = balanced(150, |m| libm::exp(-(m - 6.2).powi(2) / (2.0 * 0.25_f64.powi(2))), 0.0);
    assert_integrals(("peer_set1/job_c06.ini", Some(0.0)), &FAULT_1, (&bins, 60), [2e-4, 0.0, 0.0]);
}

#[test]
fn case_7_agrees_with_the_integral_for_characteristic_earthquakes() {
    // Youngs & Coppersmith (1985), Bulletin of the Seismological Society of America 75(4), 939-964: half a
    // magnitude up to 6.45 is as frequent as at 4.95 by the law of Gutenberg & Richter below.
    let frequency =
        |m: f64| libm::pow(10.0, -0.9 * m.min(5.95)) * if m > 5.95 { libm::pow(10.0, 0.9) } else { 1.0 };
    let below: f64 = (0..500).map(|i| 0.005 + 0.01 * f64::from(i)).map(|m| frequency(m) * moment(m)).sum();
    let bins = balanced(145, frequency, below);
    assert_integrals(("peer_set1/job_c07.ini", Some(0.0)), &FAULT_1, (&bins, 60), [2e-4, 0.0, 0.0]);
}

#[test]
fn case_8_agrees_with_the_integral_over_positions_for_each_truncation() {
    let bins = [MagnitudeRate { magnitude: 6.0, rate: moment_rate(12.0) / moment(6.0) }];
    for (case, n) in [
        ("peer_set1/job_c08a.ini", None),
        ("peer_set1/job_c08b.ini", Some(2.0)),
        ("peer_set1/job_c08c.ini", Some(3.0)),
    ] {
        // Ruptures are a whole number of meshes of 0.1 km wide and long, and positions at both ends weigh
        // 0.1 / 4.9 / 2 more than in the integral.
        assert_integrals((case, n), &FAULT_1, (&bins, 100), [5e-6, 0.015, 0.0]);
    }
    // It is the mesh: with one twice as coarse, the difference is twice as large.
    let differences = [
        ("peer_set1/job_c08b_coarse.ini", [5e-6, 0.03, 0.0]),
        ("peer_set1/job_c08b.ini", [5e-6, 0.015, 0.0]),
    ]
    .map(|(case, bounds)| assert_integrals((case, Some(2.0)), &FAULT_1, (&bins, 100), bounds));
    assert!(differences[1] < 0.6 * differences[0], "{differences:?}");
}

#[test]
fn cases_10_and_11_agree_with_the_report() {
    assert_published("peer_set1/job_c10.ini", [AREA_SITES[0], AREA_SITES[1]], "case10", [0.0, 0.02, 2e-5]);
    // Six depths, as the report has it, give up to 1.8 % more than its answers, which depths without steps meet
    // within 1 %. The rest is the grid of 2 km: it is 1.1 % at most, and less with a finer one.
    assert_published("peer_set1/job_c11.ini", [AREA_SITES[0], AREA_SITES[1]], "case11", [0.0, 0.04, 5e-5]);
}

#[test]
fn case_11_agrees_with_the_areas_of_circles_in_the_middle_of_the_circle() {
    let law = TruncatedGutenbergRichter { a: 3.116_442_933_717_903_6, b: 0.9, smallest: 5.0, largest: 6.5 };
    let bins = law.bins(0.1).unwrap();
    let expected = LEVELS.map(|level| {
        let shares = bins.iter().map(|bin| {
            let radius = distance_of_median(bin.magnitude, level);
            let share = |depth: i32| (radius.powi(2) - f64::from(depth * depth)).clamp(0.0, 1e4) / 1e4;
            bin.rate * (5..=10).map(share).sum::<f64>() / 6.0
        });
        -libm::expm1(-shares.sum::<f64>())
    });
    // A grid of 5 km is 1.6 % off, this one of 2 km 0.8 %, and one of 1 km 0.6 %, of which 0.3 % stay: the outline
    // has corners, and the earth is round.
    let [ours] = curves_at("peer_set1/job_c11.ini", [AREA_SITES[0]]);
    assert_near("peer_set1/job_c11.ini", ours.into_iter().zip(expected), [0.0, 0.01, 2e-5]);
}

/// Gives the distance at which the median is a level, found by halving; 0 if it is nowhere so high.
fn distance_of_median(magnitude: f64, level: f64) -> f64 {
    let gsim = Gsim::by_name("SadighEtAl1997").unwrap();
    let attenuation = gsim.attenuation(Imt::Pga, Event { magnitude, rake: 0.0, depth: 5.0 }).unwrap();
    let (mut near, mut far) = (0.0, 1000.0);
    while far - near > 1e-9 {
        let middle = f64::midpoint(near, far);
        let above = attenuation.ground_motion(middle, 800.0).mean > libm::log(level);
        (near, far) = if above { (middle, far) } else { (near, middle) };
    }
    near
}
