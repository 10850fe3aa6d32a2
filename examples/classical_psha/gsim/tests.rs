use super::{Event, Gsim};
use crate::test_data::reference;

/// The largest relative difference to the reference implementation (`OpenQuake` engine 3.26.2) that is let
/// pass.
const TOLERANCE: f64 = 1e-12;

#[test]
fn every_model_gives_the_reference_values_of_openquake() {
    let mut checked = 0;
    let mut worst = 0.0_f64;
    for row in reference("tables/gmpe_spot_values.csv") {
        let number = |name: &str| row[name].parse::<f64>().unwrap();
        let gsim = Gsim::by_name(&row["gsim"]).unwrap();
        let event = Event { magnitude: number("mag"), rake: number("rake"), depth: number("hypo_depth") };
        let distance = match gsim.metric() {
            super::DistanceMetric::Rupture => number("rrup"),
            super::DistanceMetric::JoynerBoore => number("rjb"),
        };
        let attenuation = gsim.attenuation(row["imt"].parse().unwrap(), event).unwrap();
        let motion = attenuation.ground_motion(distance, number("vs30"));
        for (ours, theirs) in [(motion.mean, number("mean_ln")), (motion.sigma, number("sigma_ln"))] {
            let difference = (ours - theirs).abs() / theirs.abs();
            assert!(difference <= TOLERANCE, "{gsim} {row:?}: {ours} instead of {theirs}");
            worst = worst.max(difference);
        }
        checked += 1;
    }
    println!("{checked} spot values, largest relative difference {worst:.1e}");
    assert_eq!(checked, 5400);
}

#[test]
fn every_model_is_found_by_its_name_and_sorted_by_it() {
    let names: Vec<_> = Gsim::ALL.iter().map(ToString::to_string).collect();
    assert!(names.is_sorted());
    assert!(names.iter().all(|name| Gsim::by_name(name).is_some_and(|gsim| gsim.name() == name)));
    assert!(Gsim::by_name("Sadigh").is_none());
}
