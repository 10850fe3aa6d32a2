//! Places and sources at the limits: the hazard there follows from that elsewhere.

use ndarray::Array2;

use crate::exceedance::Truncation;
use crate::fault::SimpleFault;
use crate::floating::FaultSource;
use crate::geometry::{LonLat, scale, wrap};
use crate::gsim::Gsim;
use crate::hazard::HazardCalculator;
use crate::job::Job;
use crate::mfd::MagnitudeRate;
use crate::rupture::{NodalPlane, Seismogenic};
use crate::scaling::MagnitudeScaling::{Point, WellsCoppersmith1994};
use crate::sites::Site;
use crate::source::{PointSource, Source, TectonicRegion, Weighted};
use crate::test_data::package_file;

const HERE: LonLat = LonLat { lon: 12.0, lat: 0.0 };

const LAYER: Seismogenic = Seismogenic { upper: 0.0, lower: 20.0, aspect_ratio: 1.5 };

/// Gives the curves by one model: for each site the levels of all measures.
fn curves(gsim: &str, sources: Vec<Source>, places: &[LonLat], truncation: Truncation) -> Vec<Vec<f64>> {
    let mut job = Job::read(&package_file("tests/data/psha/inputs/multi_trt/job.ini")).unwrap();
    job.parameters.truncation = truncation;
    let sites: Vec<_> = places.iter().map(|&place| Site { place, depth: 0.0, vs30: Some(500.0) }).collect();
    let gsim = Gsim::by_name(gsim).unwrap();
    let region = TectonicRegion { name: "R".into(), maximum_distance: 1000.0, sources, gsims: vec![gsim] };
    let curves: Vec<(_, Array2<f64>)> =
        HazardCalculator::new(&job.parameters, &sites).curves(&region, gsim, &|_| ());
    let of_site = |site| curves.iter().flat_map(|(_, curve)| curve.row(site).to_vec()).collect();
    (0..sites.len()).map(of_site).collect()
}

fn assert_same(ours: &[Vec<f64>], expected: &[Vec<f64>], tolerance: f64, what: &str) {
    assert_eq!(ours.len(), expected.len());
    for (ours, expected) in ours.iter().flatten().zip(expected.iter().flatten()) {
        assert!(
            (ours - expected).abs() <= tolerance * expected.abs(),
            "{what}: {ours:e} instead of {expected:e}"
        );
    }
}

fn rates(magnitudes: &[f64]) -> Vec<MagnitudeRate> {
    magnitudes.iter().map(|&magnitude| MagnitudeRate { magnitude, rate: 0.01 }).collect()
}

fn fault(trace: Vec<LonLat>) -> Source {
    let mesh = SimpleFault { trace, dip: 40.0, upper: 1.0, lower: 15.0 }.mesh(1.5).unwrap();
    let shape = (WellsCoppersmith1994, 1.5);
    Source::Fault(FaultSource::new(mesh, &rates(&[6.0, 6.4]), shape, 90.0).unwrap())
}

fn points(places: Vec<LonLat>, strike: f64, shares: [f64; 2], depths: &[f64]) -> Source {
    let plane = |(probability, dip)| Weighted { probability, value: NodalPlane { strike, dip, rake: 30.0 } };
    let share = 1.0 / f64::from(u32::try_from(depths.len()).unwrap());
    Source::Points(PointSource {
        places,
        rates: rates(&[5.5, 6.5]),
        scaling: WellsCoppersmith1994,
        layer: LAYER,
        planes: shares.into_iter().zip([90.0, 35.0]).map(plane).collect(),
        depths: depths.iter().map(|&value| Weighted { probability: share, value }).collect(),
    })
}

/// Turns a point near [`HERE`] to the equator at another longitude, or along the meridian by so many degrees.
fn turned(point: LonLat, (east, north): (f64, f64)) -> LonLat {
    let [x, y, z] = LonLat { lon: wrap(point.lon - HERE.lon), lat: point.lat }.direction();
    let (sin, cos) = libm::sincos(north.to_radians());
    let there = LonLat::of(scale([x * cos - z * sin, y, x * sin + z * cos], 1.0));
    LonLat { lon: wrap(there.lon + east), lat: there.lat }
}

const AROUND: [(f64, f64); 5] = [(0.0, 0.0), (30.0, 5.0), (100.0, 12.0), (200.0, 30.0), (290.0, 90.0)];

#[test]
fn a_fault_across_the_date_line_is_as_any_other() {
    let trace = vec![HERE.towards(230.0, 14.0), HERE.towards(10.0, 2.0), HERE.towards(60.0, 13.0)];
    let sites = AROUND.map(|(azimuth, km)| HERE.towards(azimuth, km));
    for gsim in ["SadighEtAl1997", "BooreAtkinson2008"] {
        let here = curves(gsim, vec![fault(trace.clone())], &sites, Truncation::at(3.0));
        assert!(here[0][0] > 0.1, "{here:?}");
        // Away from the equator north is not the same at both ends.
        for (to, tolerance) in [((180.0, 0.0), 1e-8), ((-179.95, 0.0), 1e-8), ((-179.95, 10.0), 1e-3)] {
            let turned_trace = trace.iter().map(|point| turned(*point, to)).collect();
            let places = sites.map(|site| turned(site, to));
            let there = curves(gsim, vec![fault(turned_trace)], &places, Truncation::at(3.0));
            assert_same(&there, &here, tolerance, &format!("{gsim} {to:?}"));
        }
    }
}

#[test]
fn a_trace_near_a_pole_is_refused() {
    let trace = vec![LonLat { lon: 0.0, lat: 84.0 }, LonLat { lon: 0.0, lat: -89.5 }];
    let fault = SimpleFault { trace, dip: 40.0, upper: 1.0, lower: 15.0 };
    assert_eq!(
        fault.mesh(1.5).unwrap_err(),
        "at the latitude -89.5 a trace has no one direction to its right; up to 85 it may lie"
    );
}

#[test]
fn a_point_source_across_the_date_line_or_at_a_pole_is_as_any_other() {
    let sites = AROUND.map(|(azimuth, km)| HERE.towards(azimuth, km));
    for gsim in ["Campbell2003", "ToroEtAl2002"] {
        let here =
            curves(gsim, vec![points(vec![HERE], 25.0, [0.5, 0.5], &[10.0])], &sites, Truncation::at(3.0));
        // At the pole itself the longitude says where north is.
        for (lon, lat) in [(180.0, 0.0), (-180.0, -60.0), (70.0, 90.0), (-20.0, -90.0), (-20.0, 89.99)] {
            let there = LonLat { lon, lat };
            let source = points(vec![there], 25.0, [0.5, 0.5], &[10.0]);
            let places = AROUND.map(|(azimuth, km)| there.towards(azimuth, km));
            let ours = curves(gsim, vec![source], &places, Truncation::at(3.0));
            assert_same(&ours, &here, 1e-8, &format!("{gsim} {there:?}"));
        }
    }
}

/// Turns probabilities into the rates that add up.
fn rates_of(curves: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let rate = |poe: &f64| -libm::log1p(-poe);
    curves.iter().map(|curve| curve.iter().map(rate).collect()).collect()
}

fn sum(of: &[Vec<Vec<f64>>]) -> Vec<Vec<f64>> {
    let mut sum = of[0].clone();
    for other in &of[1..] {
        for (sum, other) in sum.iter_mut().flatten().zip(other.iter().flatten()) {
            *sum += other;
        }
    }
    sum
}

#[test]
fn planes_depths_places_and_sources_add_up() {
    let sites = AROUND.map(|(azimuth, km)| HERE.towards(azimuth, km));
    let there = HERE.towards(80.0, 20.0);
    let trace = || fault(vec![HERE, HERE.towards(100.0, 30.0)]);
    for gsim in ["YoungsEtAl1997SInter", "BooreAtkinson2008"] {
        let rates = |sources| rates_of(&curves(gsim, sources, &sites, Truncation::at(3.0)));
        let whole = points(vec![HERE, there], 40.0, [0.3, 0.7], &[4.0, 11.0]);
        let together = rates(vec![whole.clone(), trace(), whole]);
        // Each alone, at its share of a half, as the places or the depths share.
        let mut parts = vec![rates(vec![trace()])];
        for place in [HERE, there] {
            for depth in [4.0, 11.0] {
                for shares in [[0.15, 0.0], [0.0, 0.35]] {
                    parts.push(rates(vec![points(vec![place], 40.0, shares, &[depth])]));
                }
            }
        }
        assert_same(&together, &sum(&parts), 1e-8, gsim);
    }
}

#[test]
fn without_scatter_a_curve_falls_where_the_median_is_passed() {
    let mut source = points(vec![HERE], 0.0, [1.0, 0.0], &[10.0]);
    if let Source::Points(points) = &mut source {
        (points.scaling, points.rates) = (Point, rates(&[6.0]));
    }
    // On the source, and 7 km beside it.
    let sites = [HERE, HERE.towards(90.0, 7.0)];
    let curves = curves("SadighEtAl1997", vec![source], &sites, Truncation::Median);
    let certain = 1.0 - libm::exp(-50.0 * 0.01);
    for curve in curves {
        let pga = &curve[..20];
        let exceeded = pga.iter().take_while(|poe| (*poe - certain).abs() < 1e-15).count();
        assert!((5..20).contains(&exceeded), "{pga:?}");
        assert!(pga[exceeded..].iter().all(|poe| *poe <= 0.0), "{pga:?}");
    }
}

#[test]
fn coefficients_change_above_their_magnitude_and_not_at_it() {
    use crate::gsim::Event;
    use crate::imt::Imt;
    let sigma = |gsim: &str, magnitude| {
        let event = Event { magnitude, rake: 0.0, depth: 10.0 };
        let attenuation = Gsim::by_name(gsim).unwrap().attenuation(Imt::Pga, event).unwrap();
        attenuation.ground_motion(20.0, 800.0)
    };
    // Sadigh et al. on rock: sigma is 1.39 - 0.14 M up to 7.21 and 0.38 above; the median changes above 6.5.
    assert!((sigma("SadighEtAl1997", 7.21).sigma - (1.39 - 0.14 * 7.21)).abs() < 1e-12);
    assert!((sigma("SadighEtAl1997", 7.211).sigma - 0.38).abs() < 1e-12);
    let mean = -0.624 + 6.5 - 2.1 * libm::log(20.0 + libm::exp(1.29649 + 0.25 * 6.5));
    assert!((sigma("SadighEtAl1997", 6.5).mean - mean).abs() < 1e-12);
    // Campbell: 1.030 - 0.0860 M below 7.16, 0.414 from there on.
    assert!((sigma("Campbell2003", 7.159).sigma - (1.03 - 0.086 * 7.159)).abs() < 1e-12);
    assert!((sigma("Campbell2003", 7.16).sigma - 0.414).abs() < 1e-12);
    // Youngs et al.: 1.45 - 0.1 M, no less than at 8.
    assert!((sigma("YoungsEtAl1997SInter", 8.5).sigma - 0.65).abs() < 1e-12);
}
