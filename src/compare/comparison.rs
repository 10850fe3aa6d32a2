use std::fmt;

use super::report::{ComparisonProgress, ComparisonReport};
use super::rules::Rules;
use super::side::Side;
use super::telling::{Callback, Telling};
use super::walk::Walk;
use crate::error::{Error, ErrorKind, Result};
use crate::progress::Continue;

/// A comparison of two stores, groups or values, made by [`DataStore::compare`](crate::DataStore::compare): which keys
/// differ, in what, and by how much.
///
/// Two elements `a` of the left and `b` of the right side are equal if they have the same value, if both are NaN, or if
///
/// ```text
/// |a − b| ≤ absolute + relative · |b|
/// ```
///
/// as in `numpy.isclose`, computed in float64; integers are subtracted exactly. So the right side is the reference. Both
/// tolerances are 0 unless they are given. They go for numbers everywhere, in attributes and objects too, but not for
/// `bool` and bytes.
///
/// Compared are kinds, data types, shapes, elements, attributes, and names of axes that somebody gave. How a value is
/// stored, its chunks and codecs, makes no difference, nor does the order of columns, attributes and fields. The
/// attributes `date` and `calcstore_version` of two roots are left out.
///
/// Both sides are read in parallel, some blocks at a time. What others change meanwhile is seen, or not.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let store = calcstore::DataStore::at(dir.path().join("calc_12"))?;
/// # let last = calcstore::DataStore::at(dir.path().join("calc_11"))?;
/// use calcstore::Difference;
///
/// last.extend([("/0/Sadigh", [0.9, 0.5, 0.1]), ("/0/Toro", [0.8, 0.4, 0.2])])?;
/// store.extend([("/0/Sadigh", [0.9, 0.51, 0.1]), ("/0/Toro", [0.8, 0.4, 0.2 + 1e-12])])?;
///
/// let report = store.compare(&last).absolute(1e-9).run()?;
/// assert_eq!(report.differing.len(), 1);
/// assert_eq!(report.differing[0].left, "/0/Sadigh");
/// let Difference::Values(values) = &report.differing[0].differences[0] else { panic!() };
/// assert_eq!((values.differing, values.of), (1, 3));
/// assert_eq!(values.largest_absolute.as_ref().unwrap().index, [1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is compared before `run`"]
pub struct Comparison<'a> {
    sides: (Side<'a>, Side<'a>),
    keys: (String, String),
    rules: Rules,
    progress: Callback<'a>,
}

impl<'a> Comparison<'a> {
    /// Plans to compare everything on two sides.
    pub fn new(left: impl Into<Side<'a>>, right: impl Into<Side<'a>>) -> Self {
        Self {
            sides: (left.into(), right.into()),
            keys: ("/".to_owned(), "/".to_owned()),
            rules: Rules::default(),
            progress: Box::new(|_| Continue::Yes),
        }
    }

    /// Compares what is under these keys alone: two groups, or two values.
    pub fn keys(mut self, left: &str, right: &str) -> Self {
        self.keys = (left.to_owned(), right.to_owned());
        self
    }

    /// Sets how much numbers may differ, whatever their size.
    pub fn absolute(mut self, tolerance: f64) -> Self {
        self.rules.tolerance.absolute = tolerance;
        self
    }

    /// Sets how much numbers may differ, as a part of the number on the right side.
    pub fn relative(mut self, tolerance: f64) -> Self {
        self.rules.tolerance.relative = tolerance;
        self
    }

    /// Lets NaN differ from NaN. Without this they are equal.
    pub fn nan_differs(mut self, nan_differs: bool) -> Self {
        self.rules.tolerance.nan_differs = nan_differs;
        self
    }

    /// Lets values of two types be equal, where their elements are: `float32` and `float64`, or objects of two Rust
    /// types. Without this the type is a difference of its own.
    pub fn ignore_types(mut self, ignore_types: bool) -> Self {
        self.rules.ignore_types = ignore_types;
        self
    }

    /// Compares only what matches this pattern, or others that were given, and what is below. Patterns are those of
    /// [`DataStore::glob`](crate::DataStore::glob); the key on either side may match.
    pub fn only(mut self, pattern: &str) -> Self {
        self.rules.only(pattern);
        self
    }

    /// Leaves out what matches this pattern, and what is below.
    pub fn exclude(mut self, pattern: &str) -> Self {
        self.rules.exclude(pattern);
        self
    }

    /// Looks only which nodes differ: an array is read up to a difference, so that there may be more than are counted.
    pub fn brief(mut self, brief: bool) -> Self {
        self.rules.brief = brief;
        self
    }

    /// Lists so many differing elements and fields of each node in the report, with their values. Of objects one is
    /// always listed.
    pub fn list(mut self, most: usize) -> Self {
        self.rules.most = most;
        self
    }

    /// Sets what is called now and then, by one thread at a time, and may stop the comparison.
    pub fn on_progress(mut self, progress: impl FnMut(ComparisonProgress) -> Continue + Send + 'a) -> Self {
        self.progress = Box::new(progress);
        self
    }

    /// Compares; gives what differs.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where a side lacks the key that was named; [`ErrorKind::InvalidInput`] for a tolerance
    /// that is negative or NaN; [`ErrorKind::Cancelled`]. That a value further down is damaged is no error, but in the
    /// report as [`Difference::NotCompared`](crate::Difference::NotCompared).
    pub fn run(self) -> Result<ComparisonReport> {
        let Self { sides, keys, rules, progress } = self;
        for tolerance in [rules.tolerance.absolute, rules.tolerance.relative] {
            if tolerance.is_nan() || tolerance < 0.0 {
                let message = format!("{tolerance} is no tolerance: it must be 0 or more");
                return Err(Error::new(ErrorKind::InvalidInput, message));
            }
        }
        let telling = Telling::new(progress);
        let walk = Walk { left: &*sides.0.0, right: &*sides.1.0, rules: &rules, telling: &telling };
        walk.run(&keys.0, &keys.1)
    }
}

impl fmt::Debug for Comparison<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Comparison")
            .field("keys", &self.keys)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}
