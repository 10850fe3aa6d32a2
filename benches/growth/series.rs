//! What grows.

use std::path::Path;
use std::process::{Child, Command};
use std::time::Instant;

use calcstore::DataStore;
use ndarray::Array2;

use crate::{Figures, Outcome};

pub struct Series {
    pub name: &'static str,
    pub what: &'static str,
    pub unit: &'static str,
    pub points: &'static [u64],
    pub run: fn(u64, &Path) -> Outcome<Figures>,
    /// Whether each point is removed at once, since all would not fit.
    pub is_removed: bool,
}

pub static SERIES: &[Series] = &[
    Series {
        name: "values",
        what: "arrays of 100 x 20 f64 in groups of 100, written, listed and read; open the store and read the last one",
        unit: "values",
        points: &[1, 10, 100, 1_000, 10_000, 100_000],
        run: values,
        is_removed: false,
    },
    Series {
        name: "bytes",
        what: "one value of f64, written and read in parts of up to 64 MiB; open the store and read the last element",
        unit: "bytes",
        points: &[1 << 10, 10 << 10, 100 << 10, 1 << 20, 10 << 20, 100 << 20, 1 << 30, 10 << 30],
        run: bytes,
        is_removed: true,
    },
    Series {
        name: "writers",
        what: "6,400 arrays of 100 x 20 f64 by so many processes together, into one store",
        unit: "processes",
        points: &[1, 2, 4, 8, 16, 32, 64],
        run: writers,
        is_removed: false,
    },
    Series {
        name: "depth",
        what: "1,000 arrays so many levels deep: written into new and into known groups, read",
        unit: "levels",
        points: &[1, 2, 4, 8, 16, 32, 64],
        run: depth,
        is_removed: false,
    },
    Series {
        name: "siblings",
        what: "scalars in one group, written, listed; then open the store and write, replace and read one of them",
        unit: "siblings",
        points: &[1, 10, 100, 1_000, 10_000, 100_000],
        run: siblings,
        is_removed: false,
    },
];

fn timed<T>(figures: &mut Figures, phase: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    let start = Instant::now();
    let done = work()?;
    figures.insert(phase.to_owned(), start.elapsed().as_secs_f64());
    Ok(done)
}

fn curves() -> Array2<f64> {
    Array2::from_shape_fn((100, 20), |(row, level)| {
        (-f64::from(u32::try_from(row + level).unwrap_or(0))).exp()
    })
}

fn key(n: u64) -> String {
    format!("/g{:04}/{:02}", n / 100, n % 100)
}

fn reopened(place: &Path) -> calcstore::Result<DataStore> {
    DataStore::options().read_only(true).at(place)
}

fn values(count: u64, place: &Path) -> Outcome<Figures> {
    let (mut figures, array) = (Figures::new(), curves());
    timed(&mut figures, "write", || {
        let store = DataStore::at(place)?;
        Ok((0..count).try_for_each(|n| store.insert(&key(n), &array))?)
    })?;
    timed(&mut figures, "open, read one", || Ok(reopened(place)?.get::<Array2<f64>>(&key(count - 1))?))?;
    timed(&mut figures, "list", || all(reopened(place)?.walk("/")?.count(), count + count.div_ceil(100)))?;
    timed(&mut figures, "read", || {
        let store = reopened(place)?;
        Ok((0..count).try_for_each(|n| store.get::<Array2<f64>>(&key(n)).map(|_| ()))?)
    })?;
    Ok(figures)
}

fn all(found: usize, expected: u64) -> Outcome<()> {
    if u64::try_from(found)? == expected {
        Ok(())
    } else {
        Err(format!("{found} instead of {expected} are there").into())
    }
}

fn bytes(count: u64, place: &Path) -> Outcome<Figures> {
    /// Elements of a part: 64 MiB.
    const PART: u64 = 8 << 20;
    let (mut figures, elements) = (Figures::new(), count / 8);
    let starts = || (0..elements).step_by(usize::try_from(PART).unwrap_or(usize::MAX));
    let mut part = vec![1.5; usize::try_from(PART.min(elements))?];
    timed(&mut figures, "write", || {
        let store = DataStore::at(place)?;
        let dataset = store.new_dataset("/a").create::<f64>(&[elements])?;
        for start in starts() {
            let end = (start + PART).min(elements);
            dataset.write(start..end, &part[..usize::try_from(end - start)?])?;
        }
        Ok(())
    })?;
    let last = elements - 1;
    let one: f64 =
        timed(&mut figures, "open, read one", || Ok(reopened(place)?.dataset("/a")?.read(last)?))?;
    assert_eq!(one.to_bits(), 1.5_f64.to_bits());
    timed(&mut figures, "read", || {
        let dataset = reopened(place)?.dataset("/a")?;
        for start in starts() {
            let end = (start + PART).min(elements);
            let into = ndarray::ArrayViewMut1::from(&mut part[..usize::try_from(end - start)?]);
            dataset.read_into(start..end, into)?;
        }
        Ok(())
    })?;
    Ok(figures)
}

fn writers(count: u64, place: &Path) -> Outcome<Figures> {
    const ALL: u64 = 6_400;
    let mut figures = Figures::new();
    drop(DataStore::at(place)?);
    timed(&mut figures, "write", || {
        let start = |n: u64| {
            let mut command = Command::new(std::env::current_exe()?);
            command
                .arg("--write")
                .arg(place)
                .args([(n * ALL / count).to_string(), (ALL / count).to_string()])
                .spawn()
        };
        let writers: Vec<Child> = (0..count).map(start).collect::<Result<_, _>>()?;
        for mut writer in writers {
            assert!(writer.wait()?.success());
        }
        Ok(())
    })?;
    all(reopened(place)?.walk("/")?.count(), ALL + ALL.div_ceil(100))?;
    Ok(figures)
}

/// What one of several writers does.
pub fn write(place: &Path, first: u64, count: u64) -> Outcome<()> {
    let (store, array) = (DataStore::at(place)?, curves());
    Ok((first..first + count).try_for_each(|n| store.insert(&key(n), &array))?)
}

fn depth(count: u64, place: &Path) -> Outcome<Figures> {
    let (mut figures, array) = (Figures::new(), curves());
    let below = "/level".repeat(usize::try_from(count.saturating_sub(2))?);
    let key = |top: &str, n: u64| match count {
        1 => format!("/{top}-{n:04}"),
        _ => format!("/{top}{below}/{n:04}"),
    };
    let store = DataStore::at(place)?;
    timed(&mut figures, "write, 100 new groups", || {
        Ok((0..100).try_for_each(|n| store.insert(&key(&format!("top{n}"), n), &array))?)
    })?;
    timed(&mut figures, "write", || {
        Ok((0..1000).try_for_each(|n| store.insert(&key("top0", 1000 + n), &array))?)
    })?;
    timed(&mut figures, "read", || {
        let store = reopened(place)?;
        Ok((0..1000).try_for_each(|n| store.get::<Array2<f64>>(&key("top0", 1000 + n)).map(|_| ()))?)
    })?;
    Ok(figures)
}

fn siblings(count: u64, place: &Path) -> Outcome<Figures> {
    let mut figures = Figures::new();
    let key = |n: u64| format!("/all/{n:06}");
    timed(&mut figures, "write", || {
        let store = DataStore::at(place)?;
        Ok((0..count).try_for_each(|n| store.insert(&key(n), 1.5))?)
    })?;
    timed(&mut figures, "list", || all(reopened(place)?.keys("/all")?.count(), count))?;
    timed(&mut figures, "open, write one", || Ok(DataStore::at(place)?.insert(&key(count), 2.5)?))?;
    timed(&mut figures, "open, replace one", || Ok(DataStore::at(place)?.insert(&key(0), 3.5)?))?;
    let one: f64 = timed(&mut figures, "open, read one", || Ok(reopened(place)?.get(&key(count))?))?;
    assert_eq!(one.to_bits(), 2.5_f64.to_bits());
    Ok(figures)
}
