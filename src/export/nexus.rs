//! What NeXus asks of a file, so that H5Web and NeXpy open it on a labelled plot.
//!
//! # Format
//! <https://manual.nexusformat.org>: the classes `NXroot`, `NXentry`, `NXdata` with `signal` and `axes`, `NXcollection` and
//! `NXnote`; the attribute `default` leads from the root to the plot.

use crate::key::Key;
use crate::values::DataType;
use crate::zarr::ArrayMetadata;

/// The array that a group shows, and the labels of its axes.
#[derive(Debug)]
pub(super) struct Plot {
    signal: String,
    axes: Vec<Option<String>>,
}

/// What of a group can be shown.
#[derive(Debug, Default)]
pub(super) struct Shown {
    plot: Option<Plot>,
    /// The first member that leads to a plot.
    default: Option<String>,
}

impl Plot {
    /// The plot of an array of numbers, if it has an axis.
    pub fn new(name: &str, array: &ArrayMetadata, axes: Vec<Option<String>>) -> Option<Self> {
        let is_shown =
            !array.shape.is_empty() && !matches!(array.data_type, DataType::String | DataType::Bool);
        is_shown.then(|| Self { signal: name.to_owned(), axes })
    }

    fn is_labelled(&self) -> bool {
        self.axes.iter().any(Option::is_some)
    }
}

impl Shown {
    /// Takes a plot, unless there is one already that is at least as well labelled.
    pub fn offer(&mut self, plot: Option<Plot>) {
        if let Some(plot) = plot
            && self.plot.as_ref().is_none_or(|known| !known.is_labelled() && plot.is_labelled())
        {
            self.plot = Some(plot);
        }
    }

    /// Notes that a group below shows something.
    pub fn lead_to(&mut self, name: &str) {
        self.default.get_or_insert_with(|| name.to_owned());
    }

    /// Whether there is something to be shown in the group or below.
    pub fn leads_anywhere(&self) -> bool {
        self.plot.is_some() || self.default.is_some()
    }
}

/// The value of an attribute.
#[derive(Debug)]
pub(super) enum Said {
    Text(String),
    List(Vec<String>),
}

/// What is said of a group by attributes: its class, and what it shows.
pub(super) fn said_of(key: &Key, shown: &Shown) -> Vec<(&'static str, Said)> {
    let is_top = key.parent().is_some_and(|parent| parent.is_root());
    let plot = shown.plot.as_ref().filter(|_| !key.is_root());
    let class = match plot {
        _ if key.is_root() => "NXroot",
        Some(_) => "NXdata",
        None if is_top => "NXentry",
        None => "NXcollection",
    };
    let mut said = vec![("NX_class", Said::Text(class.to_owned()))];
    if let Some(plot) = plot {
        said.push(("signal", Said::Text(plot.signal.clone())));
        if plot.is_labelled() {
            let axes = plot.axes.iter().map(|axis| axis.clone().unwrap_or_else(|| ".".to_owned()));
            said.push(("axes", Said::List(axes.collect())));
        }
    } else if let Some(name) = &shown.default {
        said.push(("default", Said::Text(name.clone())));
    }
    said
}
