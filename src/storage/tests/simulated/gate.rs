//! What every call of a disk goes through: it is counted, and fails if that was planned.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use rustix::io::Errno;

/// What happens at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Once(Errno),
    ForEver(Errno),
    /// Half of the bytes are written, then there is no space left.
    Short,
    /// Nothing happens any more: the process was killed, or the power is off.
    End,
}

/// Which calls are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Those that change or flush something.
    Changes,
    All,
}

/// What is to go wrong: the call is counted from one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub call: usize,
    pub family: Family,
    pub fault: Fault,
}

#[derive(Debug, Default)]
pub(super) struct Gate {
    plan: Mutex<Option<Plan>>,
    calls: AtomicUsize,
    is_over: AtomicBool,
    /// The call that failed first.
    failed: Mutex<Option<String>>,
    /// The flushes that do nothing: patterns of their paths, `everything`, or `output`.
    ignored: Mutex<Vec<&'static str>>,
}

impl Gate {
    /// Counts a call. Gives whether it is to write only half of what it should.
    pub fn pass(&self, family: Family, what: impl FnOnce() -> String) -> io::Result<bool> {
        if self.is_over.load(SeqCst) {
            return Err(Errno::IO.into());
        }
        let Some(plan) = *self.plan.lock().unwrap() else { return Ok(false) };
        if plan.family == Family::Changes && family == Family::All {
            return Ok(false);
        }
        let call = self.calls.fetch_add(1, SeqCst) + 1;
        if call == plan.call {
            *self.failed.lock().unwrap() = Some(what());
        }
        match plan.fault {
            Fault::Once(error) if call == plan.call => Err(error.into()),
            Fault::ForEver(error) if call >= plan.call => Err(error.into()),
            Fault::Short if call == plan.call => Ok(true),
            Fault::End if call == plan.call => {
                self.is_over.store(true, SeqCst);
                Err(Errno::IO.into())
            }
            _ => Ok(false),
        }
    }
}

impl Gate {
    /// Whether a flush does nothing.
    pub fn ignores(&self, what: impl FnOnce() -> String) -> bool {
        let ignored = self.ignored.lock().unwrap();
        if ignored.is_empty() {
            return false;
        }
        let what = what();
        ignored.iter().any(|pattern| fast_glob::glob_match(pattern, &what))
    }
}

impl Gate {
    /// Lets something go wrong from now on, and counts the calls.
    pub fn plan(&self, plan: Plan) {
        *self.plan.lock().unwrap() = Some(plan);
        self.calls.store(0, SeqCst);
    }

    /// Everything works again.
    pub fn mend(&self) {
        *self.plan.lock().unwrap() = None;
        self.is_over.store(false, SeqCst);
    }

    /// Everything ends here.
    pub fn end(&self) {
        self.is_over.store(true, SeqCst);
    }

    /// How many calls there were since something was planned.
    pub fn calls(&self) -> usize {
        self.calls.load(SeqCst)
    }

    /// The call that failed.
    pub fn failed(&self) -> Option<String> {
        self.failed.lock().unwrap().clone()
    }

    /// Lets flushes do nothing: those of paths like these, `everything`, or `output`.
    pub fn ignore(&self, patterns: &[&'static str]) {
        *self.ignored.lock().unwrap() = patterns.to_vec();
    }
}
