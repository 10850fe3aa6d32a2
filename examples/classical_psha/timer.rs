//! How long the parts of a calculation take, for the user and in the store.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use calcstore::{DataStore, ErrorKind, Result, Table};
use serde::{Deserialize, Serialize};

/// The table that each process adds rows to.
const TABLE: &str = "/performance_data";

/// How long the parts of a calculation took.
pub struct Timer {
    started: Instant,
    saving: Mutex<Duration>,
    parts: Vec<(&'static str, Duration)>,
    /// How much was computed, and in what time.
    work: Option<(f64, Duration)>,
}

/// A row of the table.
#[derive(Serialize, Deserialize)]
struct Row {
    share: String,
    operation: String,
    seconds: f64,
}

impl Timer {
    /// Starts.
    pub fn new() -> Self {
        Self { started: Instant::now(), saving: Mutex::default(), parts: Vec::new(), work: None }
    }

    /// Ends a part, and begins the next one.
    pub fn ends(&mut self, part: &'static str) {
        self.parts.push((part, self.started.elapsed()));
        self.started = Instant::now();
    }

    /// Counts the ruptures × sites × levels of the part that has just ended.
    pub fn counts(&mut self, work: f64) {
        self.work = self.parts.last().map(|(_, time)| (work, *time));
    }

    /// Does some saving, which goes on beside computing.
    pub fn saving<T>(&self, save: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let result = save();
        *self.saving.lock().unwrap_or_else(PoisonError::into_inner) += started.elapsed();
        result
    }

    /// All parts, and the saving by all threads.
    fn seconds(&self) -> Vec<(&'static str, f64)> {
        let saving = *self.saving.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = self.parts.iter().copied().chain([("saving", saving)]);
        parts.map(|(part, time)| (part, time.as_secs_f64())).collect()
    }

    /// Tells in one line what took how long.
    pub fn report(&self) -> String {
        let told = self.seconds().into_iter().map(|(part, seconds)| match part {
            "saving" => format!("saving, summed over threads, {seconds:.3} s"),
            part => format!("{part} {seconds:.3} s"),
        });
        let rate = self.work.map(|(work, time)| {
            let millions = work / 1e6;
            let rate = millions / time.as_secs_f64().max(1e-9);
            format!("; {millions:.1} million ruptures × sites × levels, {rate:.0} million a second")
        });
        told.collect::<Vec<_>>().join(", ") + &rate.unwrap_or_default()
    }

    /// Adds what took how long in this process to the table `/performance_data`.
    ///
    /// # Errors
    /// Those of the store.
    pub fn save(&self, store: &DataStore, share: &str) -> Result<()> {
        let row = |(operation, seconds): (&str, f64)| Row {
            share: share.into(),
            operation: operation.into(),
            seconds,
        };
        let rows: Vec<_> = self.seconds().into_iter().map(row).collect();
        let rows = Table::from_rows(&rows)?;
        match store.create_table(TABLE, &rows.schema()) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        store.table(TABLE)?.append(rows).map(|_| ())
    }

    /// Notes as attributes of the root how many seconds the parts took in all processes together.
    ///
    /// # Errors
    /// Those of the store.
    pub fn note_totals(store: &DataStore) -> Result<()> {
        let rows: Vec<Row> = store.table(TABLE)?.read_rows()?;
        let attributes = store.attributes("/")?;
        for (at, Row { operation, .. }) in rows.iter().enumerate() {
            if rows[..at].iter().all(|earlier| earlier.operation != *operation) {
                let total: f64 =
                    rows.iter().filter(|row| row.operation == *operation).map(|row| row.seconds).sum();
                attributes.insert(&format!("seconds_{operation}"), total)?;
            }
        }
        Ok(())
    }
}
