//! When two numbers count as equal.

use half::f16;

use crate::values::DataType;

/// How much numbers may differ.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tolerance {
    pub absolute: f64,
    pub relative: f64,
    pub nan_differs: bool,
}

/// A number, in the widest type of its sort.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Integer(i128),
    Real(f64),
    Complex(f64, f64),
}

/// How far two numbers that differ are apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gap {
    /// `|a − b|`, where that is finite.
    pub absolute: Option<f64>,
    /// `|a − b| / |b|`, where that is finite.
    pub relative: Option<f64>,
}

impl Number {
    /// Reads one little-endian element; `None` for text, and for bytes that are not as many.
    pub fn read(data_type: DataType, bytes: &[u8]) -> Option<Self> {
        let real = |bytes| Some(f64::from_le_bytes(fixed(bytes)?));
        let single = |bytes| Some(f64::from(f32::from_le_bytes(fixed(bytes)?)));
        Some(match data_type {
            DataType::Bool | DataType::UInt8 => Self::Integer(u8::from_le_bytes(fixed(bytes)?).into()),
            DataType::Int8 => Self::Integer(i8::from_le_bytes(fixed(bytes)?).into()),
            DataType::Int16 => Self::Integer(i16::from_le_bytes(fixed(bytes)?).into()),
            DataType::Int32 => Self::Integer(i32::from_le_bytes(fixed(bytes)?).into()),
            DataType::Int64 => Self::Integer(i64::from_le_bytes(fixed(bytes)?).into()),
            DataType::UInt16 => Self::Integer(u16::from_le_bytes(fixed(bytes)?).into()),
            DataType::UInt32 => Self::Integer(u32::from_le_bytes(fixed(bytes)?).into()),
            DataType::UInt64 => Self::Integer(u64::from_le_bytes(fixed(bytes)?).into()),
            DataType::Float16 => Self::Real(f16::from_le_bytes(fixed(bytes)?).to_f64()),
            DataType::Float32 => Self::Real(single(bytes)?),
            DataType::Float64 => Self::Real(real(bytes)?),
            DataType::Complex64 => {
                let (re, im) = bytes.split_at_checked(4)?;
                Self::Complex(single(re)?, single(im)?)
            }
            DataType::Complex128 => {
                let (re, im) = bytes.split_at_checked(8)?;
                Self::Complex(real(re)?, real(im)?)
            }
            DataType::String => return None,
        })
    }

    fn is_nan(self) -> bool {
        match self {
            Self::Integer(_) => false,
            Self::Real(x) => x.is_nan(),
            Self::Complex(re, im) => re.is_nan() || im.is_nan(),
        }
    }

    fn is_finite(self) -> bool {
        match self {
            Self::Integer(_) => true,
            Self::Real(x) => x.is_finite(),
            Self::Complex(re, im) => re.is_finite() && im.is_finite(),
        }
    }

    fn parts(self) -> (f64, f64) {
        match self {
            #[expect(
                clippy::cast_precision_loss,
                reason = "how far apart two numbers are is told in float64"
            )]
            Self::Integer(x) => (x as f64, 0.0),
            Self::Real(x) => (x, 0.0),
            Self::Complex(re, im) => (re, im),
        }
    }

    /// The same number as an integer, where it is one.
    fn integer(self) -> Option<i128> {
        match self {
            Self::Integer(x) => Some(x),
            #[expect(clippy::cast_possible_truncation, reason = "it is whole, and not that large")]
            Self::Real(x) if x.fract() == 0.0 && x.abs() < 1e38 => Some(x as i128),
            _ => None,
        }
    }
}

fn fixed<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

impl Tolerance {
    /// Tells how far `a` and `b` are apart; `None` where they count as equal: where they are, where both are NaN, and
    /// where `|a − b| ≤ absolute + relative · |b|`. That is `numpy.isclose(a, b, relative, absolute, equal_nan=True)`, in
    /// float64; integers are subtracted exactly.
    pub fn gap(&self, a: Number, b: Number) -> Option<Gap> {
        let none = Gap { absolute: None, relative: None };
        if a.is_nan() || b.is_nan() {
            return (self.nan_differs || a.is_nan() != b.is_nan()).then_some(none);
        }
        let (distance, size) = match (a.integer(), b.integer()) {
            (Some(a), Some(b)) => (length(a.abs_diff(b)), length(b.unsigned_abs())),
            _ => {
                let ((a, ai), (b, bi)) = (a.parts(), b.parts());
                // Also infinities, whose difference is none.
                if (a, ai) == (b, bi) {
                    return None;
                }
                ((a - b).hypot(ai - bi), b.hypot(bi))
            }
        };
        if distance == 0.0 {
            return None;
        }
        if !(a.is_finite() && b.is_finite()) {
            return Some(none);
        }
        if distance <= self.absolute + self.relative * size {
            return None;
        }
        let finite = |x: f64| x.is_finite().then_some(x);
        Some(Gap { absolute: finite(distance), relative: finite(distance / size) })
    }
}

#[expect(clippy::cast_precision_loss, reason = "how far apart two numbers are is told in float64")]
fn length(x: u128) -> f64 {
    x as f64
}

#[cfg(test)]
mod tests {
    use super::Number::{Complex, Integer, Real};
    use super::*;

    const EXACT: Tolerance = Tolerance { absolute: 0.0, relative: 0.0, nan_differs: false };

    fn are_equal(tolerance: Tolerance, a: Number, b: Number) -> bool {
        tolerance.gap(a, b).is_none()
    }

    #[test]
    fn equal_numbers_are_equal_in_whatever_type() {
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        for (a, b) in [
            (Integer(1), Integer(1)),
            (Integer(1), Real(1.0)),
            (Integer(1), Complex(1.0, 0.0)),
            (Real(0.0), Real(-0.0)),
            (Real(nan), Real(-nan)),
            (Real(inf), Real(inf)),
            (Real(nan), Complex(0.0, nan)),
        ] {
            assert!(are_equal(EXACT, a, b) && are_equal(EXACT, b, a), "{a:?} {b:?}");
        }
    }

    #[test]
    fn other_numbers_are_not_however_close() {
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        for (a, b) in [
            (Integer(i64::MAX.into()), Integer(i128::from(i64::MAX) - 1)),
            (Integer((1 << 53) + 1), Real(9_007_199_254_740_992.0)),
            (Real(1.0), Real(1.0 + f64::EPSILON)),
            (Real(inf), Real(-inf)),
            (Real(inf), Real(f64::MAX)),
            (Real(nan), Real(0.0)),
            (Complex(1.0, 0.0), Complex(1.0, 1e-300)),
        ] {
            assert!(!are_equal(EXACT, a, b) && !are_equal(EXACT, b, a), "{a:?} {b:?}");
        }
    }

    #[test]
    fn the_tolerance_is_relative_to_the_right_side() {
        let tenth = Tolerance { relative: 0.1, ..EXACT };
        assert!(are_equal(tenth, Real(9.0), Real(10.0)));
        assert!(!are_equal(tenth, Real(10.0), Real(9.0)));
        let half = Tolerance { absolute: 0.5, ..EXACT };
        assert!(are_equal(half, Real(1.0), Real(1.5)), "the very tolerance is tolerated");
        assert!(are_equal(Tolerance { absolute: 1.0, ..tenth }, Real(8.0), Real(10.0)), "the two are added");
        assert!(!are_equal(Tolerance { absolute: f64::INFINITY, ..EXACT }, Real(f64::INFINITY), Real(1.0)));
    }

    #[test]
    fn distances_are_those_that_can_be_told() {
        let gap = |absolute, relative| Some(Gap { absolute, relative });
        assert_eq!(EXACT.gap(Real(3.0), Real(2.0)), gap(Some(1.0), Some(0.5)));
        assert_eq!(EXACT.gap(Real(3.0), Real(0.0)), gap(Some(3.0), None));
        assert_eq!(EXACT.gap(Real(f64::NAN), Real(0.0)), gap(None, None));
        assert_eq!(EXACT.gap(Complex(3.0, 4.0), Real(0.0)), gap(Some(5.0), None));
        let apart = Tolerance { nan_differs: true, ..EXACT };
        assert_eq!(apart.gap(Real(f64::NAN), Real(f64::NAN)), gap(None, None));
    }
}
