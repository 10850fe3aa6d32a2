//! Intensity measure types: what of the ground motion is looked at.

use std::fmt;
use std::str::FromStr;

/// An intensity measure type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Imt {
    /// Peak ground acceleration, in g.
    Pga,
    /// Peak ground velocity, in cm/s.
    Pgv,
    /// Spectral acceleration at 5 % damping, in g, for a period in s.
    Sa(f64),
}

impl FromStr for Imt {
    type Err = ();

    /// Reads `PGA`, `PGV` or `SA(period)`, with a positive period.
    fn from_str(text: &str) -> Result<Self, ()> {
        match text.trim() {
            "PGA" => Ok(Self::Pga),
            "PGV" => Ok(Self::Pgv),
            other => {
                let period = other.strip_prefix("SA(").and_then(|rest| rest.strip_suffix(')')).ok_or(())?;
                let period: f64 = period.trim().parse().map_err(|_| ())?;
                if period.is_finite() && period > 0.0 { Ok(Self::Sa(period)) } else { Err(()) }
            }
        }
    }
}

impl fmt::Display for Imt {
    /// Writes the one name of the type: `SA(0.20)` and `SA(.2)` are `SA(0.2)`, `SA(1)` is `SA(1.0)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pga => f.write_str("PGA"),
            Self::Pgv => f.write_str("PGV"),
            Self::Sa(period) => write!(f, "SA({period:?})"),
        }
    }
}

impl Imt {
    /// Gives the unit of its levels.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Pga | Self::Sa(_) => "g",
            Self::Pgv => "cm s-1",
        }
    }

    /// Gives the period, in s, under which it is part of a spectrum: 0 for the peak acceleration.
    pub fn period(self) -> Option<f64> {
        match self {
            Self::Pga => Some(0.0),
            Self::Sa(period) => Some(period),
            Self::Pgv => None,
        }
    }
}
