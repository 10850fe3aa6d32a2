//! Commits, appends and region writes against the removal, the move and the replacement of the groups above them.
//!
//! Two places hold nothing, an array or a group of two arrays. All calls on them are one history, which must be
//! linearizable: so no call lands in a group that was removed or moved before it, nothing is half moved, and no value
//! is ever below a value.

use std::time::Instant;

use calcstore::{Continue, DataStore, Error, ErrorKind, NodeKind};
use serde::{Deserialize, Serialize};

use crate::child::{scratch, told};
use crate::histories::checker::{Answer, Call, check, overlapping};
use crate::histories::one_key::{ROWS, What, answer_of, array};
use crate::histories::recorder::{CALLS, PROCESSES, Real, history, run, store_of, take_part};
use crate::random::Random;
use crate::scale::scaled;
use crate::writer::left_behind;

const PLACES: usize = 2;
const MEMBERS: usize = 2;

/// What is in one of the places.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
enum Place {
    #[default]
    Nothing,
    Value(u64),
    Group([Option<Vec<u64>>; MEMBERS]),
}

/// A call on a place, or on something in it.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum InPlace {
    Member {
        place: usize,
        member: usize,
        what: What,
    },
    /// Stores a value where the group may be.
    Insert {
        place: usize,
        version: u64,
    },
    Remove {
        place: usize,
    },
    /// Moves to the other place.
    Move {
        place: usize,
    },
    /// Lets a group of two arrays appear.
    Draft {
        place: usize,
        version: u64,
        replace: bool,
    },
}

fn key_of(place: usize) -> String {
    format!("/all/{place}")
}

fn member_of(place: usize, member: usize) -> String {
    format!("{}/{member}", key_of(place))
}

/// What a place becomes by a call on one of its members.
fn step_member(place: &Place, member: usize, what: What) -> (Answer, Place) {
    match (place, what) {
        (Place::Value(_), What::Insert(_) | What::InsertNew(_)) => (Answer::Conflict, place.clone()),
        (Place::Value(_), _) => (Answer::NotFound, place.clone()),
        (Place::Nothing, What::Insert(_) | What::InsertNew(_)) => {
            step_member(&Place::Group([None, None]), member, what)
        }
        (Place::Nothing, _) => (Answer::NotFound, Place::Nothing),
        (Place::Group(members), _) => {
            let mut members = members.clone();
            let (answer, after) = what.step(members[member].as_ref());
            members[member] = after;
            (answer, Place::Group(members))
        }
    }
}

impl Call for InPlace {
    type State = [Place; PLACES];

    fn step(self, state: &Self::State) -> (Answer, Self::State) {
        let mut after = state.clone();
        let answer = match self {
            Self::Member { place, member, what } => {
                let (answer, becomes) = step_member(&state[place], member, what);
                after[place] = becomes;
                answer
            }
            Self::Insert { place, .. } if matches!(state[place], Place::Group(_)) => Answer::Conflict,
            Self::Insert { place, version } => {
                after[place] = Place::Value(version);
                Answer::Done
            }
            Self::Remove { place } | Self::Move { place } if state[place] == Place::Nothing => {
                Answer::NotFound
            }
            Self::Remove { place } => {
                after[place] = Place::Nothing;
                Answer::Done
            }
            Self::Move { place } if state[1 - place] != Place::Nothing => Answer::AlreadyExists,
            Self::Move { .. } => {
                after.swap(0, 1);
                Answer::Done
            }
            Self::Draft { place, replace: false, .. } if state[place] != Place::Nothing => {
                Answer::AlreadyExists
            }
            Self::Draft { place, version, .. } => {
                after[place] = Place::Group([Some(vec![version; ROWS]), Some(vec![version; ROWS])]);
                Answer::Done
            }
        };
        (answer, after)
    }

    fn may_replace(self) -> bool {
        match self {
            Self::Member { what, .. } => what.may_replace(),
            _ => true,
        }
    }
}

impl InPlace {
    fn call(self, store: &DataStore) -> Result<(), Error> {
        match self {
            Self::Member { .. } => Ok(()),
            Self::Insert { place, version } => store.insert(&key_of(place), array(version, ROWS)),
            Self::Remove { place } => store.remove(&key_of(place)),
            Self::Move { place } => store.rename(&key_of(place), &key_of(1 - place)),
            Self::Draft { place, version, replace } => {
                let draft = store.draft(&key_of(place))?.replace(replace);
                for member in 0..MEMBERS {
                    let planned = draft.new_dataset(&member.to_string())?;
                    planned.chunks([1, 2]).insert(array(version, ROWS))?;
                }
                draft.commit()
            }
        }
    }
}

impl Real for InPlace {
    fn random(random: &mut Random, unique: u64) -> Self {
        let place = random.below(PLACES as u64) as usize;
        match random.below(100) {
            0..72 => {
                let member = random.below(MEMBERS as u64) as usize;
                Self::Member { place, member, what: What::random(random, unique, member > 0) }
            }
            72..74 => Self::Insert { place, version: unique },
            74..79 => Self::Remove { place },
            79..92 => Self::Move { place },
            _ => Self::Draft { place, version: unique, replace: random.once_in(2) },
        }
    }

    fn perform(self, store: &DataStore) -> Answer {
        match self {
            Self::Member { place, member, what } => what.perform(store, &member_of(place, member)),
            _ => self.call(store).map_or_else(|error| answer_of(&error), |()| Answer::Done),
        }
    }
}

#[test]
fn child_takes_part() {
    let Some((directory, number)) = told() else { return };
    take_part::<InPlace>(&directory, number);
}

#[test]
fn what_is_stored_below_groups_that_come_and_go_is_where_it_was_acknowledged() {
    let begun = Instant::now();
    let (mut calls, mut overlaps) = (0, 0);
    for _ in 0..scaled(30) {
        let directory = scratch();
        run("ancestors::child_takes_part", directory.path());
        let members = (0..PLACES).flat_map(|place| (0..MEMBERS).map(move |member| (place, member)));
        let last = members.map(|(place, member)| InPlace::Member { place, member, what: What::Get });
        let history = history(directory.path(), last);
        check(&history).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(history.len() as u64, PROCESSES * CALLS + (PLACES * MEMBERS) as u64);
        (calls, overlaps) = (calls + history.len(), overlaps + overlapping(&history));

        let store = DataStore::at(store_of(directory.path())).unwrap();
        let nodes = store.walk_nodes("/").unwrap();
        for value in nodes.iter().filter(|node| node.kind != NodeKind::Group) {
            let below = nodes.iter().find(|node| node.key.starts_with(&format!("{}/", value.key)));
            assert_eq!(below, None, "below a value");
        }
        assert_eq!(store.check("/", |_| Continue::Yes).unwrap().faults, []);
        drop(store);
        assert_eq!(left_behind(&store_of(directory.path())), [""; 0]);
    }
    println!("{calls} calls, {overlaps} pairs at once, {:?}", begun.elapsed());
}

// A handle whose group had become a value said that it was a column of that value, as if it were a table.
// Whether what was opened is still there is decided first: then what stands above it can only be a group or its table.
#[test]
fn a_handle_whose_group_became_a_value_is_changed() {
    let directory = scratch();
    let store = DataStore::at(directory.path()).unwrap();
    store.insert("/group/array", [1.0, 2.0]).unwrap();
    let array = store.dataset("/group/array").unwrap();
    store.remove("/group").unwrap();
    store.insert("/group", [3.0]).unwrap();
    for changed in [array.append([4.0]).map(|_| ()), array.write(0, 4.0), array.resize(&[1])] {
        assert_eq!(changed.unwrap_err().kind(), ErrorKind::Changed);
    }
}
