#![doc = include_str!("README.md")]
// The logarithms and exponentials of libm are the same on every system, and so are the curves.
#![deny(clippy::disallowed_methods)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic, reason = "a test that panics has failed"))]

use std::env;
use std::error::Error;
use std::process::ExitCode;

use calcstore::DataStore;

use crate::arguments::{Arguments, HELP, Run, Which};
use crate::calculation::{Calculation, Input};
use crate::console::print_line;
use crate::job::Job;
use crate::timer::Timer;

mod area;
mod arguments;
mod block;
mod calculation;
mod combine;
mod console;
mod error;
mod exceedance;
mod fault;
mod files;
mod floating;
mod geometry;
mod gsim;
mod hazard;
mod imt;
mod ini;
mod interrupt;
mod job;
mod literal;
mod logic_tree;
mod mfd;
mod nrml;
mod outputs;
mod parameters;
mod plan;
mod plot;
mod realizations;
mod results;
mod rupture;
mod scaling;
mod sites;
mod source;
mod statistics;
mod timer;
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

fn compute_classical_psha(run: &Run, timer: &mut Timer) -> Result<(), Box<dyn Error>> {
    // read the configuration, the sites and the sources by tectonic region type, each with its GSIMs: all is
    // checked here, before there is a calculation
    let (job, kept) = match &run.calculation {
        Which::New(job_ini) => (Job::read(job_ini)?, None),
        Which::Kept(id) => {
            let store = DataStore::open(*id)?;
            (Job::of(&store)?, Some(store))
        }
    };
    for warning in &job.warnings {
        eprintln!("classical_psha: {warning}");
    }
    let input = Input::read(job)?;
    timer.ends("reading");
    // instantiate an empty datastore, or go on with one
    let resumed = kept.is_some();
    let store = kept.map_or_else(DataStore::create, Ok)?;
    interrupt::watch(&store);
    let calculation = Calculation::new(store, input);
    let outcome = calculation.save_inputs().and_then(|()| {
        if resumed {
            calculation.say_resumed()?;
        }
        if run.prepare {
            calculation.say_prepared();
            return Ok(());
        }
        compute(&calculation, run, timer)
    });
    interrupt::complete();
    outcome.inspect_err(|_| calculation.mark_failed())
}

fn compute(calculation: &Calculation, run: &Run, timer: &mut Timer) -> Result<(), Box<dyn Error>> {
    if !calculation.is_complete()? {
        // compute the curves of each tectonic region type and GSIM; each thread saves what it completes
        let evaluations = calculation.save_curves(run.share, timer)?;
        timer.ends("computing");
        timer.counts(evaluations);
        if !calculation.has_all_curves()? {
            return Ok(calculation.save_times(timer, run.share)?);
        }
        // the mean over the realizations, and what is made of it
        calculation.combine()?;
        timer.ends("combining");
        calculation.save_times(timer, run.share)?;
        calculation.complete()?;
    }
    let file = calculation.export()?;
    timer.ends("exporting");
    if run.plot { calculation.plot(&file) } else { Ok(()) }
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse(env::args_os().skip(1)) {
        Ok(Arguments::Help) => {
            print_line(HELP);
            Ok(())
        }
        Ok(Arguments::Run(run)) => {
            let mut timer = Timer::new();
            let outcome = compute_classical_psha(&run, &mut timer);
            if run.verbose {
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
