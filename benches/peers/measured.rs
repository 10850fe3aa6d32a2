//! The figures of all rounds.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::report::PHASES;
use crate::settings::median;

#[derive(Serialize)]
pub struct Row {
    pub place: &'static str,
    pub workload: &'static str,
    pub party: &'static str,
    /// By phase in seconds, `MiB` of memory, `bytes` and `files` on the disk: one for each round.
    pub figures: BTreeMap<String, Vec<f64>>,
}

impl Row {
    pub fn median(&self, figure: &str) -> Option<f64> {
        self.figures.get(figure).map(|figures| median(figures.clone()))
    }

    /// How often this is as much as another one: the median of the rounds, of which each was measured in one go.
    pub fn ratio(&self, figure: &str, other: &Row, others: &str) -> Option<f64> {
        let (ours, theirs) = (self.figures.get(figure)?, other.figures.get(others)?);
        Some(median(ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect()))
    }
}

#[derive(Default, Serialize)]
pub struct Measured {
    pub rows: Vec<Row>,
    /// Who is not there or failed, and why.
    pub left_out: Vec<String>,
}

impl Measured {
    pub fn of(&self, place: &str, workload: &str) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.place == place && row.workload == workload)
    }

    pub fn row(&self, place: &str, workload: &str, party: &str) -> Option<&Row> {
        self.of(place, workload).find(|row| row.party == party)
    }

    /// The seconds of the longest phase of a party so far, in the round in which it took longest.
    pub fn slowest(&self, place: &str, workload: &str, party: &str) -> f64 {
        let figures = self.row(place, workload, party).map(|row| row.figures.iter());
        let phases = figures.into_iter().flatten().filter(|(name, _)| PHASES.contains(&name.as_str()));
        phases.flat_map(|(_, rounds)| rounds).copied().fold(0.0, f64::max)
    }

    pub fn note(
        &mut self,
        (place, workload, party): (&'static str, &'static str, &'static str),
        figures: impl IntoIterator<Item = (String, f64)>,
    ) {
        let is_same = |row: &Row| (row.place, row.workload, row.party) == (place, workload, party);
        let at = self.rows.iter().position(is_same).unwrap_or_else(|| {
            self.rows.push(Row { place, workload, party, figures: BTreeMap::new() });
            self.rows.len() - 1
        });
        for (name, figure) in figures {
            self.rows[at].figures.entry(name).or_default().push(figure);
        }
    }
}
