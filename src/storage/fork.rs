//! What a process that was forked must not share with its parent.
//!
//! A forked child has everything that its parent had in memory: the same open files, whose locks it would hold
//! and give back together with its parent, and mutexes that a thread held which the child does not have. So the
//! child makes its own, and leaves what it inherited alone.

use std::convert::Infallible;
use std::sync::OnceLock;

use rayon::{Scope, ThreadPool, ThreadPoolBuilder};

use crate::system::process_id;

/// A value for each process: that of the process which made it, and those of the children forked since then.
#[derive(Debug)]
pub(super) struct PerProcess<T> {
    pid: u32,
    value: T,
    child: OnceLock<Box<Self>>,
}

impl<T> PerProcess<T> {
    pub fn new(value: T) -> Self {
        Self { pid: process_id(), value, child: OnceLock::new() }
    }

    /// Gives the value of this process; in a forked child it is made at the first call.
    pub fn get_or_make<E>(&self, make: impl Fn() -> Result<T, E>) -> Result<&T, E> {
        let mut last = self;
        loop {
            // Only children set it, in memory of their own: the value of this process can but be the last.
            while let Some(child) = last.child.get() {
                last = child;
            }
            if is_ours(last.pid) {
                return Ok(&last.value);
            }
            // Of two threads one is quicker; what the other made is dropped again.
            let _ = last.child.set(Box::new(Self::new(make()?)));
        }
    }
}

/// Whether this is the process of that ID, and no child of it.
pub(super) fn is_ours(pid: u32) -> bool {
    pid == process_id()
}

/// The threads of forked children. The first process uses those that rayon has for everybody.
static POOLS: OnceLock<PerProcess<Option<ThreadPool>>> = OnceLock::new();

/// Notes that this process has the threads of rayon, which its children will not have.
pub(super) fn remember_process() {
    // Where no thread can be started one does all. Rayon sees by itself only that the system says so, and else panics.
    #[cfg(target_family = "wasm")]
    let _ = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global();
    POOLS.get_or_init(|| PerProcess::new(None));
}

/// Does work that rayon spreads over threads. In a forked child rayon would wait for ever for those of the parent.
pub(crate) fn in_parallel<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let make = || Ok::<_, Infallible>(ThreadPoolBuilder::new().build().ok());
    let Ok(pool) = POOLS.get_or_init(|| PerProcess::new(None)).get_or_make(make);
    match pool {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// Does work on another thread while something is done on this one; both have ended when this returns.
pub(crate) fn beside<T: Send + Default, U>(
    work: impl FnOnce() -> T + Send,
    here: impl FnOnce() -> U,
) -> (T, U) {
    let make = || Ok::<_, Infallible>(ThreadPoolBuilder::new().build().ok());
    let Ok(pool) = POOLS.get_or_init(|| PerProcess::new(None)).get_or_make(make);
    let mut made = T::default();
    let done = match pool {
        Some(pool) => pool.in_place_scope(|scope| both(scope, &mut made, work, here)),
        None => rayon::in_place_scope(|scope| both(scope, &mut made, work, here)),
    };
    (made, done)
}

fn both<'scope, T: Send, U>(
    scope: &Scope<'scope>,
    made: &'scope mut T,
    work: impl FnOnce() -> T + Send + 'scope,
    here: impl FnOnce() -> U,
) -> U {
    scope.spawn(move |_| *made = work());
    here()
}
