//! What is derived from the curves of the realizations: mean and quantile curves, hazard maps.
//!
//! All as in the `OpenQuake` engine 3.26, so that results can be compared.

/// A probability that is taken for smaller ones, which have no useful logarithm: the engine's `EPSILON`.
const SMALLEST: f64 = 1e-30;

/// Gives the probability that one or the other of two independent events happens: `1 - (1 - a)(1 - b)`, without
/// the cancellation that would cost small probabilities their digits.
pub fn either(a: f64, b: f64) -> f64 {
    a + (1.0 - a) * b
}

/// Gives the mean of values with weights: `mean_curve` in `openquake/hazardlib/stats.py`.
pub fn mean(values: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut sum, mut weights) = (0.0, 0.0);
    for (value, weight) in values {
        sum += value * weight;
        weights += weight;
    }
    sum / weights
}

/// Puts values with weights in the order that [`quantile`] wants.
pub fn sort_weighted(values: &mut [(f64, f64)]) {
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
}

/// Gives a quantile of values with weights, sorted by value and then by weight: `quantile_curve` in
/// `openquake/hazardlib/stats.py`. Between two values, it is interpolated by their cumulative weights; below
/// the weight of the smallest value, it is that value.
pub fn quantile(sorted: &[(f64, f64)], quantile: f64) -> f64 {
    let cumulative = sorted.iter().scan(0.0, |sum, (_, weight)| {
        *sum += weight;
        Some(*sum)
    });
    let points: Vec<_> = cumulative.zip(sorted.iter().map(|(value, _)| *value)).collect();
    interpolate(&points, quantile)
}

/// Gives the level that is exceeded with the probability `poe` by a curve over rising `levels`:
/// `compute_hazard_maps` in `openquake/hazardlib/map_array.py`.
/// Logarithms are interpolated linearly. Where `poe` is above the whole curve the
/// level is 0, where it is below, the largest level.
pub fn level_exceeded(curve: &[f64], levels: &[f64], poe: f64) -> f64 {
    let logarithms =
        |(probability, level): (&f64, &f64)| (libm::log(probability.max(SMALLEST)), libm::log(*level));
    let points: Vec<_> = curve.iter().zip(levels).rev().map(logarithms).collect();
    match points.last() {
        Some((highest, _)) if libm::log(poe) <= *highest => libm::exp(interpolate(&points, libm::log(poe))),
        _ => 0.0,
    }
}

/// Interpolates as `numpy.interp` does: beyond the ends there is the value at the end; of points with equal `x`
/// the last counts, from which the next piece leaves.
fn interpolate(points: &[(f64, f64)], x: f64) -> f64 {
    let after = points.partition_point(|point| point.0 <= x);
    match (after.checked_sub(1).and_then(|before| points.get(before)), points.get(after)) {
        (Some(&(x0, y0)), Some(&(x1, y1))) => y0 + (y1 - y0) / (x1 - x0) * (x - x0),
        (Some((_, y)), None) | (None, Some((_, y))) => *y,
        (None, None) => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The functions of the engine 3.26.2 gave the numbers that are expected here.
    #[test]
    fn quantiles_are_those_of_openquake() {
        let mut values = [(0.3, 0.1), (0.1, 0.3), (0.2, 0.15), (0.2, 0.25), (0.5, 0.2)];
        sort_weighted(&mut values);
        for (wanted, expected) in [
            (0.05, 0.1),
            (0.15, 0.1),
            (0.3, 0.1),
            (0.35, 0.133_333_333_333_333_33),
            (0.5, 0.2),
            (0.7, 0.2),
            (0.84, 0.34),
            (0.95, 0.449_999_999_999_999_96),
            (0.999, 0.499),
        ] {
            let ours = quantile(&values, wanted);
            assert!((ours - expected).abs() < 1e-15, "{wanted}: {ours} instead of {expected}");
        }
        assert!((mean(values.into_iter()) - 0.24).abs() < 1e-15);
    }

    #[test]
    fn maps_are_those_of_openquake() {
        let levels = [0.01, 0.02, 0.05, 0.1, 0.3, 0.6, 1.0];
        let poes = [0.95, 0.5, 0.1, 0.02, 1e-4];
        for (curve, expected) in [
            (
                [0.9, 0.5, 0.5, 0.1, 1e-3, 0.0, 0.0],
                [0.0, 0.02, 0.1, 0.146_806_986_069_159_84, 0.307_801_345_412_111_57],
            ),
            ([0.0; 7], [0.0; 5]),
            (
                [1.0, 1.0, 1.0, 0.2, 0.1, 0.05, 0.01],
                [0.051_116_831_416_719_21, 0.067_393_275_801_837_82, 0.3, 0.802_518_299_262_019_2, 1.0],
            ),
        ] {
            let ours = poes.map(|poe| level_exceeded(&curve, &levels, poe));
            for (ours, expected) in ours.into_iter().zip(expected) {
                assert!((ours - expected).abs() < 1e-15, "{curve:?}: {ours} instead of {expected}");
            }
        }
    }

    #[test]
    fn one_of_two_small_probabilities_keeps_its_digits() {
        for (a, b, expected) in
            [(0.0, 1e-20, 1e-20), (1e-20, 1e-20, 2e-20), (1.0, 0.3, 1.0), (0.5, 0.5, 0.75)]
        {
            let ours = either(a, b);
            assert!(
                (ours / expected - 1.0_f64).abs() < 1e-15,
                "{a} or {b}: {ours:e} instead of {expected:e}"
            );
        }
    }
}
