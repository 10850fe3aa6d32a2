//! Magnitude-frequency distributions: how often earthquakes of which magnitude happen.

/// Earthquakes of one magnitude.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MagnitudeRate {
    /// Moment magnitude, the centre of its bin.
    pub magnitude: f64,
    /// Earthquakes per year.
    pub rate: f64,
}

/// More bins than this are a slip of the pen in their width.
const MOST_BINS: f64 = 10_000.0;

/// Gives one magnitude for each of the yearly `rates`, from `first` on in steps of `width`.
pub fn incremental(first: f64, width: f64, rates: &[f64]) -> Vec<MagnitudeRate> {
    let magnitude_rate = |(index, &rate)| MagnitudeRate { magnitude: first + width * f64::from(index), rate };
    (0_u32..).zip(rates).map(magnitude_rate).collect()
}

/// The law of Gutenberg & Richter (1944) between two magnitudes: `10^(a - b m)` earthquakes a year of at
/// least `m`.
#[derive(Clone, Copy, Debug)]
pub struct TruncatedGutenbergRichter {
    /// The logarithm to the base of ten of the earthquakes per year.
    pub a: f64,
    /// How fast the large ones get rarer.
    pub b: f64,
    /// The smallest magnitude.
    pub smallest: f64,
    /// The largest magnitude.
    pub largest: f64,
}

impl TruncatedGutenbergRichter {
    /// Gives the rates in bins of `width`, to multiples of which both ends are rounded.
    ///
    /// # Errors
    /// When that makes an absurd number of bins.
    pub fn bins(self, width: f64) -> Result<Vec<MagnitudeRate>, String> {
        let round = |magnitude: f64| (magnitude / width + 0.5).floor() * width;
        let (mut first, mut last) = (round(self.smallest), round(self.largest));
        // Equal but for rounding, then there is one bin.
        if last - first > width / 2.0 {
            first += width / 2.0;
            last -= width / 2.0;
        }
        let count = ((last - first) / width + 0.5).floor() + 1.0;
        if count > MOST_BINS {
            return Err(format!(
                "bins of width_of_mfd_bin = {width:?} are {count:.1e}; at most {MOST_BINS} are allowed"
            ));
        }
        let mut bins = Vec::new();
        let mut index = 0.0;
        let mut magnitude = first;
        while index < count {
            let at_least = |m: f64| libm::pow(10.0, self.a - self.b * m);
            let rate = at_least(magnitude - width / 2.0) - at_least(magnitude + width / 2.0);
            bins.push(MagnitudeRate { magnitude, rate });
            magnitude += width;
            index += 1.0;
        }
        Ok(bins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bins_of_gutenberg_and_richter_add_up_to_the_whole() {
        let law = TruncatedGutenbergRichter { a: 3.0, b: 1.0, smallest: 5.0, largest: 6.5 };
        let bins = law.bins(0.5).unwrap();
        let magnitudes: Vec<_> = bins.iter().map(|bin| bin.magnitude).collect();
        assert_eq!(magnitudes, [5.25, 5.75, 6.25]);
        let sum: f64 = bins.iter().map(|bin| bin.rate).sum();
        assert!((sum - (1e-2 - libm::pow(10.0, -3.5))).abs() < 1e-16, "{sum}");
    }

    #[test]
    fn a_range_narrower_than_a_bin_is_one_bin() {
        let law = TruncatedGutenbergRichter { a: 3.0, b: 1.0, smallest: 6.0, largest: 6.02 };
        assert_eq!(law.bins(0.1).unwrap().len(), 1);
        assert_eq!(
            law.bins(1e-9).unwrap_err(),
            "bins of width_of_mfd_bin = 1e-9 are 2.0e7; at most 10000 are allowed"
        );
    }

    #[test]
    fn listed_rates_begin_at_the_first_magnitude() {
        let [a, b] = incremental(5.05, 0.1, &[0.2, 0.1])[..] else { panic!("two rates") };
        assert_eq!((a.magnitude, a.rate, b.rate), (5.05, 0.2, 0.1));
        assert!((b.magnitude - 5.15).abs() < 1e-12);
    }
}
