//! Is there an order of the calls that explains what each of them returned?
//!
//! A history is linearizable if every call can be given one moment between its begin and its end, so that done one
//! after the other at these moments they return what they did (Herlihy and Wing, 1990). The search is that of Wing and
//! Gong (1993), with the states that led nowhere remembered (Lowe, 2017). What does not depend on each other is
//! looked at by itself.

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;

use serde::{Deserialize, Serialize};

/// What a call returned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    Done,
    /// The version of each row.
    Value(Vec<u64>),
    /// The number of rows that there are now.
    Rows(u64),
    NotFound,
    AlreadyExists,
    Conflict,
    /// The array that was opened is another one, or gone.
    Changed,
    /// What no call may ever return.
    Never(String),
}

/// What can be called. Each call that stores something stores what no other one does.
pub trait Call: Copy + Debug {
    /// What is there; nothing at first.
    type State: Clone + Debug + Default + Eq + Hash;

    /// What the call does and returns, if nothing else happens.
    fn step(self, state: &Self::State) -> (Answer, Self::State);

    /// Whether others may find afterwards that the array they had opened is another one.
    fn may_replace(self) -> bool;
}

/// A call in a history. Times are those of a clock that all processes have in common.
#[derive(Clone, Debug)]
pub struct Event<C> {
    pub call: C,
    pub begin: u64,
    /// When it returned, or when its process was dead.
    pub end: u64,
    /// Nothing where its process was killed: then it has happened or not.
    pub answer: Option<Answer>,
}

impl<C: Call> Event<C> {
    /// The state after the call, if it may be done in this one.
    fn after(&self, state: &C::State) -> Option<C::State> {
        if self.answer == Some(Answer::Changed) {
            return Some(state.clone());
        }
        let (answer, after) = self.call.step(state);
        self.answer.as_ref().is_none_or(|given| *given == answer).then_some(after)
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.begin <= other.end && other.begin <= self.end
    }
}

/// How many pairs of calls were under way at the same time.
pub fn overlapping<C: Call>(history: &[Event<C>]) -> usize {
    let pairs =
        history.iter().enumerate().flat_map(|(at, one)| history[..at].iter().map(move |two| (one, two)));
    pairs.filter(|(one, two)| one.overlaps(two)).count()
}

/// Checks a history that began with nothing. The error names the calls that no order explains.
pub fn check<C: Call>(history: &[Event<C>]) -> Result<(), String> {
    let mut events = history.to_vec();
    events.sort_by_key(|event| event.begin);
    for (at, event) in events.iter().enumerate() {
        let others = || events.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other);
        let is_changed = event.answer == Some(Answer::Changed);
        if is_changed && !others().any(|other| other.call.may_replace() && other.overlaps(event)) {
            return Err(format!("nothing was changed meanwhile: {event:?}"));
        }
    }
    Search { events: &events, seen: HashSet::new(), furthest: 0 }.run()
}

/// How far an order has come: all calls before `first` are in it or were never done, and those of `beyond`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Order<S> {
    first: usize,
    beyond: Vec<usize>,
    state: S,
    /// The latest begin of a call in it: a call that ended before cannot come after.
    latest: u64,
}

/// More orders are not tried; a history that can be explained takes some thousands.
const LONGEST_SEARCH: usize = 500_000;

struct Search<'a, C: Call> {
    events: &'a [Event<C>],
    seen: HashSet<Order<C::State>>,
    furthest: usize,
}

impl<C: Call> Search<'_, C> {
    fn run(mut self) -> Result<(), String> {
        let mut open = vec![Order { first: 0, beyond: Vec::new(), state: C::State::default(), latest: 0 }];
        while let Some(order) = open.pop() {
            let order = self.settled(order);
            self.furthest = self.furthest.max(order.first);
            if order.first == self.events.len() {
                return Ok(());
            }
            assert!(
                self.seen.len() < LONGEST_SEARCH,
                "too many orders to try, {} calls explained",
                self.furthest
            );
            if self.seen.insert(order.clone()) {
                open.extend(self.next(&order));
            }
        }
        let around = self.furthest.saturating_sub(4)..(self.furthest + 12).min(self.events.len());
        Err(format!("no order explains the calls around {:#?}", &self.events[around]))
    }

    /// The calls that can be the next in an order: no other one has ended before they began.
    fn candidates(&self, order: &Order<C::State>) -> Vec<usize> {
        let mut end = u64::MAX;
        let mut found = Vec::new();
        for (at, event) in self.events.iter().enumerate().skip(order.first) {
            if event.begin > end {
                break;
            }
            if order.beyond.contains(&at) {
                continue;
            }
            if event.answer.is_some() {
                end = end.min(event.end);
            } else if event.end < order.latest {
                continue;
            }
            found.push(at);
        }
        found.retain(|at| self.events[*at].begin <= end);
        found
    }

    /// Takes what changes nothing as soon as it can be: no other order is better than that, unless what the dead had
    /// begun would then come too late.
    fn settled(&self, mut order: Order<C::State>) -> Order<C::State> {
        loop {
            let candidates = self.candidates(&order);
            let dead = candidates.iter().map(|at| &self.events[*at]).filter(|event| event.answer.is_none());
            let first_dead = dead.map(|event| event.end).min().unwrap_or(u64::MAX);
            let is_idle = |at: &usize| {
                let event = &self.events[*at];
                event.answer.is_some()
                    && event.begin <= first_dead
                    && event.after(&order.state).as_ref() == Some(&order.state)
            };
            let Some(at) = candidates.into_iter().find(is_idle) else { return order };
            let state = order.state.clone();
            order = self.with(&order, at, state);
        }
    }

    fn next(&self, order: &Order<C::State>) -> Vec<Order<C::State>> {
        let mut next = Vec::new();
        for at in self.candidates(order) {
            let event = &self.events[at];
            if let Some(state) = event.after(&order.state) {
                next.push(self.with(order, at, state));
            }
            if event.answer.is_none() {
                // It never happened.
                next.push(Order { latest: order.latest, ..self.with(order, at, order.state.clone()) });
            }
        }
        next
    }

    fn with(&self, order: &Order<C::State>, at: usize, state: C::State) -> Order<C::State> {
        let latest = order.latest.max(self.events[at].begin);
        let mut first = order.first;
        let mut beyond = order.beyond.clone();
        beyond.push(at);
        beyond.sort_unstable();
        loop {
            // Calls of the dead that are too late now were never done.
            let is_late = |event: &Event<C>| event.answer.is_none() && event.end < latest;
            if beyond.first() == Some(&first) {
                beyond.remove(0);
            } else if !self.events.get(first).is_some_and(is_late) {
                return Order { first, beyond, state, latest };
            }
            first += 1;
        }
    }
}
