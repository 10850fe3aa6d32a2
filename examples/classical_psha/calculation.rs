//! A calculation: what goes into it, where its results are, and the steps that lead from one to the other.

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use calcstore::{DataStore, ErrorKind, Status};
use rayon::prelude::*;

use crate::arguments::Share;
use crate::combine;
use crate::console::{Console, print_line};
use crate::hazard::HazardCalculator;
use crate::job::Job;
use crate::logic_tree::{self, Models};
use crate::plan::{CurveSet, PARTS, Part, Plan};
use crate::plot;
use crate::realizations::{self, Realization};
use crate::results;
use crate::sites::{self, Site};
use crate::source::TectonicRegion;
use crate::timer::Timer;

/// All input of a calculation, read and checked.
pub struct Input {
    job: Job,
    sites: Vec<Site>,
    models: Models,
    realizations: Vec<Realization>,
    plan: Plan,
}

impl Input {
    /// Reads the sites and the models of a job.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn read(job: Job) -> Result<Self, Box<dyn Error>> {
        let sites = sites::read(&job)?;
        let models = logic_tree::read(&job, &sites)?;
        let realizations = realizations::enumerate(&models)?;
        let plan = Plan::new(&models.regions, sites.len());
        Ok(Self { job, sites, models, realizations, plan })
    }
}

/// A calculation that is under way.
pub struct Calculation {
    store: DataStore,
    input: Input,
}

impl Calculation {
    /// Begins to fill a store, or goes on.
    pub fn new(store: DataStore, input: Input) -> Self {
        Self { store, input }
    }

    /// Saves the input, if that was not done yet.
    ///
    /// # Errors
    /// Those of the store, and that an input file has changed in the meantime.
    pub fn save_inputs(&self) -> Result<(), Box<dyn Error>> {
        let Input { job, sites, models, realizations, .. } = &self.input;
        if self.store.status()? == Status::Failed {
            self.store.set_status(Status::Created)?;
        }
        results::save_inputs(&self.store, job, sites, models, realizations)
    }

    /// Tells how to compute a calculation that was only made.
    pub fn say_prepared(&self) {
        let (id, parts) = (self.store.calc_id().unwrap_or_default(), self.input.plan.parts.len());
        print_line(&format!(
            "Calculation {id} has {parts} parts; compute them with --resume {id} [--share I/N]"
        ));
    }

    /// Says how much is there already, if anything is.
    ///
    /// # Errors
    /// Those of the store.
    pub fn say_resumed(&self) -> calcstore::Result<()> {
        let (id, parts) = (self.store.calc_id().unwrap_or_default(), self.input.plan.parts.len());
        let saved = self.input.plan.count_saved(&self.store)?;
        print_line(&format!("Going on with calculation {id}: {saved} of {parts} parts were saved"));
        Ok(())
    }

    /// Computes the curves of a share, part by part, without those that are saved; each thread saves what it completes.
    /// Gives how many ruptures × sites × levels that were.
    ///
    /// # Errors
    /// Those of the store.
    #[expect(clippy::cast_precision_loss, reason = "a region has a handful of models")]
    pub fn save_curves(&self, share: Share, timer: &Timer) -> calcstore::Result<f64> {
        let Self { store, input: Input { plan, .. } } = self;
        let mut parts = Vec::new();
        for part in plan.parts_of(share) {
            if !plan.is_saved(store, part)? {
                parts.push(part);
            }
        }
        let (mut work, mut evaluations) = (0, 0.0);
        let missing: Vec<_> = plan.sets.iter().map(|_| AtomicUsize::new(0)).collect();
        for part in &parts {
            let (calculator, region) = (self.calculator(part), self.region(part));
            // Those are of all models of the region, which all do the same work.
            work += calculator.work(std::slice::from_ref(region)) / region.gsims.len() as u64;
            evaluations += calculator.evaluations(std::slice::from_ref(region)) / region.gsims.len() as f64;
            missing[part.set].fetch_add(1, Ordering::Relaxed);
        }
        let console = Console::new(parts.iter().map(|part| &plan.sets[part.set]), work);
        parts.par_iter().try_for_each(|part| {
            let (region, set) = (self.region(part), &plan.sets[part.set]);
            console.considering(set.trt_id, region);
            let curves = self.calculator(part).curves(region, set.gsim, &|pairs| console.advance(pairs));
            timer.saving(|| store.insert(&part.key, &results::curves_table(curves)?))?;
            if missing[part.set].fetch_sub(1, Ordering::AcqRel) == 1 {
                let complete = part.key == set.key || timer.saving(|| self.assemble(set))?;
                if complete { console.saving(set) } else { console.leaving(set) }
            }
            Ok(())
        })?;
        Ok(evaluations)
    }

    fn region(&self, part: &Part) -> &TectonicRegion {
        &self.input.models.regions[self.input.plan.sets[part.set].trt_id]
    }

    /// Computes curves at the sites of a part.
    fn calculator(&self, part: &Part) -> HazardCalculator<'_> {
        HazardCalculator::new(&self.input.job.parameters, &self.input.sites[part.sites.clone()])
    }

    fn assemble(&self, set: &CurveSet) -> calcstore::Result<bool> {
        results::assemble(&self.store, &self.input.plan, set, &self.input.job.parameters.imtls)
    }

    /// Says whether the curves of all regions and models are saved, and else how many are.
    ///
    /// # Errors
    /// Those of the store.
    pub fn has_all_curves(&self) -> calcstore::Result<bool> {
        let (saved, parts) = (self.input.plan.count_saved(&self.store)?, self.input.plan.parts.len());
        if saved < parts {
            print_line(&format!(
                "{saved} of {parts} parts are saved; who saves the last one combines them all"
            ));
        }
        Ok(saved == parts)
    }

    /// Says whether another process, or an earlier one, has come to the end.
    ///
    /// # Errors
    /// Those of the store.
    pub fn is_complete(&self) -> calcstore::Result<bool> {
        Ok(self.store.status()? == Status::Complete)
    }

    /// Combines the curves to those of the realizations, and to all that the job asks for. Two processes that do it at
    /// the same time save the same.
    ///
    /// # Errors
    /// Those of the store.
    pub fn combine(&self) -> calcstore::Result<()> {
        let Input { job, sites, realizations, plan, .. } = &self.input;
        for set in &plan.sets {
            self.assemble(set)?;
        }
        combine::save_hazard(&self.store, job, sites.len(), realizations)?;
        match self.store.remove(PARTS) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Notes what took how long in this process.
    ///
    /// # Errors
    /// Those of the store.
    pub fn save_times(&self, timer: &Timer, share: Share) -> calcstore::Result<()> {
        timer.save(&self.store, &share.to_string())
    }

    /// Marks the calculation as complete.
    ///
    /// # Errors
    /// Those of the store.
    pub fn complete(&self) -> calcstore::Result<()> {
        Timer::note_totals(&self.store)?;
        self.store.attributes("/")?.insert("finished", results::now().as_str())?;
        self.store.set_status(Status::Complete)?;
        self.store.flush()
    }

    /// Exports everything to HDF5, and gives the file: in the directory of the calculation, or with its number in that
    /// which the job asks for.
    ///
    /// # Errors
    /// Those of the store and of the file system.
    pub fn export(&self) -> Result<PathBuf, Box<dyn Error>> {
        let id = self.store.calc_id().unwrap_or_default();
        let file = match &self.input.job.outputs.export_dir {
            None => self.store.calc_dir().join("output.hdf5"),
            Some(directory) => {
                let beside = self.input.job.file.parent().map(|parent| parent.join(directory));
                let directory = beside.unwrap_or_else(|| directory.clone());
                fs::create_dir_all(&directory)
                    .map_err(|error| format!("export_dir: cannot make {}: {error}", directory.display()))?;
                directory.join(format!("calc_{id}.hdf5"))
            }
        };
        self.store.hdf5_export().file(&file).force(true).run()?;
        print_line(&format!("See the results with hdfview {}", file.display()));
        Ok(file)
    }

    /// Draws the mean and quantile curves, and saves the pictures beside `export`.
    ///
    /// # Errors
    /// Those of the store and of the file system.
    pub fn plot(&self, export: &std::path::Path) -> Result<(), Box<dyn Error>> {
        let name = export.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for (imt, levels) in &self.input.job.parameters.imtls {
            let picture = plot::draw(&self.store, &self.input.job, &self.input.sites, *imt, levels)?;
            let path = export.with_file_name(format!("{name}-{imt}.svg"));
            fs::write(&path, picture).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
            print_line(&format!("See the curves of {imt} in {}", path.display()));
        }
        Ok(())
    }

    /// Marks the calculation as given up. What went wrong before is what the user has to know: an error of this is
    /// not told.
    pub fn mark_failed(&self) {
        let _ = self.store.set_status(Status::Failed);
    }
}
