//! Classical probabilistic seismic hazard analysis: from a job.ini of `OpenQuake` to hazard curves in a
//! calculation of their own, and to an HDF5 file that `HDFView` opens.
//!
//! ```text
//! cargo run --release --example classical_psha -- examples/classical_psha/demo/job.ini
//! ```
//!
//! The curves of each ground-motion model are saved by the thread that completes them, under `/<number of the
//! tectonic region type>/<model>`: a table with a column for each intensity measure type, a row for each
//! site, and in it a probability of exceedance for each level.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed"))]

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use calcstore::{DataStore, Status};
use rayon::prelude::*;

use crate::arguments::{Arguments, HELP};
use crate::console::{Console, Timer, print_line};
use crate::hazard::HazardCalculator;
use crate::job::Job;
use crate::source::TectonicRegion;

mod area;
mod arguments;
mod block;
mod console;
mod error;
mod exceedance;
mod fault;
mod floating;
mod geometry;
mod gsim;
mod hazard;
mod imt;
mod ini;
mod job;
mod literal;
mod logic_tree;
mod mfd;
mod nrml;
mod results;
mod rupture;
mod scaling;
mod sites;
mod source;
mod xml;

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod extremes;
#[cfg(test)]
mod peer;
#[cfg(test)]
mod test_data;
#[cfg(test)]
mod verification;

fn compute_classical_psha(job_ini: &Path, timer: &mut Timer) -> Result<(), Box<dyn Error>> {
    // read the configuration, the sites and the sources by tectonic region type, each with its GSIMs: all is
    // checked here
    let job = Job::read(job_ini)?;
    let sites = sites::read(&job)?;
    let regions = logic_tree::read_regions(&job, &sites)?;
    timer.ends("reading");
    // instantiate an empty datastore
    let store = DataStore::create()?;
    let calculator = HazardCalculator::new(&job.parameters, &sites);
    let outcome = results::save_inputs(&store, &job, &sites, &regions)
        .and_then(|()| save_curves(&store, &calculator, &regions, timer));
    timer.ends("computing and saving");
    timer.counts(calculator.evaluations(&regions));
    let outcome = outcome.and_then(|()| {
        store.set_status(Status::Complete)?;
        store.flush()?;
        store.export_hdf5()
    });
    timer.ends("exporting");
    if let Err(error) = outcome {
        // What went wrong first is what the user has to know.
        let _ = store.set_status(Status::Failed);
        return Err(error.into());
    }
    print_line(&format!("See the results with hdfview {}/output.hdf5", store.calc_dir().display()));
    Ok(())
}

/// Computes the curves of each tectonic region type and GSIM; each thread saves what it completes.
fn save_curves(
    store: &DataStore,
    calculator: &HazardCalculator<'_>,
    regions: &[TectonicRegion],
    timer: &Timer,
) -> calcstore::Result<()> {
    let console = Console::new(regions, calculator.work(regions));
    regions.par_iter().enumerate().try_for_each(|(trt_id, region)| {
        console.considering(trt_id, region);
        region.gsims.par_iter().enumerate().try_for_each(|(index, &gsim)| {
            let curves = calculator.curves(region, gsim, &|pairs| console.advance(pairs));
            let dskey = format!("/{trt_id}/{gsim}");
            console.saving(trt_id, index, &dskey);
            timer.saving(|| store.insert(&dskey, &results::curves_table(curves)?))
        })
    })
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse(env::args_os().skip(1)) {
        Ok(Arguments::Help) => {
            print_line(HELP);
            Ok(())
        }
        Ok(Arguments::Run { job_ini, verbose }) => {
            let mut timer = Timer::new();
            let outcome = compute_classical_psha(&job_ini, &mut timer);
            if verbose {
                eprintln!("{}", timer.report());
            }
            outcome
        }
        Err(wrong) => Err(wrong.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("classical_psha: {error}");
            ExitCode::from(2)
        }
    }
}
