//! What is recorded about each Rust type while a value is written.
//!
//! Every type that is met has one definition, found by its `std::any::type_name`. What further values of the
//! type show is merged into it: an option gets its type with the first `Some`, an enum its variants one by
//! one. Two types that turn up in one place (the elements of a sequence, say) are unified, so that they share
//! a definition from then on. A structure that contradicts the recorded one is a *conflict*: then there is
//! no schema. Different types of one name are therefore harmless: they fit each other, or conflict.

use std::any::type_name;
use std::collections::{BTreeMap, HashMap};
use std::mem;

use super::schema::Primitive;

/// Index of a definition.
pub(super) type Id = usize;

/// What is known about a type so far.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Definition {
    Unknown,
    /// Unified with another one.
    Same(Id),
    Primitive(Primitive),
    Option(Option<Id>),
    Seq(Option<Id>),
    Map(Option<Id>, Option<Id>),
    Newtype(&'static str, Id),
    Members(Members),
    Enum(&'static str, BTreeMap<u32, Case>),
}

/// A tuple (whose members have no names) or a struct.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Members {
    pub(super) head: Head,
    pub(super) list: Vec<(&'static str, Id)>,
}

/// What a value with members says before the first of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    Tuple(Option<&'static str>),
    Struct(&'static str),
}

/// A variant of an enum, with its data.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) payload: Option<Id>,
}

/// All definitions.
#[derive(Default)]
pub(super) struct Graph {
    definitions: Vec<Definition>,
    /// The type of each definition; empty for the payloads of variants, which have no type of their own.
    names: Vec<&'static str>,
    ids: HashMap<&'static str, Id>,
    conflict: bool,
}

impl Graph {
    /// Whether a type showed two structures.
    pub(super) fn conflict(&self) -> bool {
        self.conflict
    }

    /// Finds the definition of a type, which `likely` is in most cases.
    #[inline]
    pub(super) fn id_of<T: ?Sized>(&mut self, likely: Option<Id>) -> Id {
        let name = type_name::<T>();
        match likely {
            // Equal addresses suffice to know it, and spare the hashing of a long name.
            Some(id) if std::ptr::eq(self.names[id], name) => id,
            _ => self.find_or_add(name),
        }
    }

    #[inline(never)]
    fn find_or_add(&mut self, name: &'static str) -> Id {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = self.add(name);
        self.ids.insert(name, id);
        if let Some(target) = pointer_target(name) {
            self.definitions[id] = Definition::Same(self.find_or_add(target));
        }
        id
    }

    fn add(&mut self, name: &'static str) -> Id {
        self.definitions.push(Definition::Unknown);
        self.names.push(name);
        self.definitions.len() - 1
    }

    #[inline]
    pub(super) fn definition(&self, id: Id) -> &Definition {
        &self.definitions[self.representative(id)]
    }

    /// Number of definitions.
    pub(super) fn len(&self) -> usize {
        self.definitions.len()
    }

    /// What an option, sequence or newtype holds.
    pub(super) fn part(&self, id: Id) -> Option<Id> {
        match self.definition(id) {
            Definition::Option(part) | Definition::Seq(part) => *part,
            Definition::Newtype(_, part) => Some(*part),
            _ => None,
        }
    }

    /// The one of the unified definitions that holds what is known.
    #[inline]
    pub(super) fn representative(&self, mut id: Id) -> Id {
        while let Definition::Same(other) = self.definitions[id] {
            id = other;
        }
        id
    }

    /// Records that a value of the type is a primitive.
    #[inline]
    pub(super) fn primitive(&mut self, id: Id, primitive: Primitive) {
        if !matches!(self.definition(id), Definition::Primitive(known) if *known == primitive) {
            self.merge(id, Definition::Primitive(primitive));
        }
    }

    /// Records the variant that a value of the type has.
    pub(super) fn variant(&mut self, id: Id, name: &'static str, index: u32, case: Case) {
        if let Definition::Enum(known, cases) = self.definition(id)
            && *known == name
            && cases.get(&index) == Some(&case)
        {
            return;
        }
        self.merge(id, Definition::Enum(name, BTreeMap::from([(index, case)])));
    }

    /// The payload of a variant with several members, which is made with the first of its kind.
    pub(super) fn payload(&mut self, id: Id, index: u32) -> Id {
        match self.known_payload(id, index) {
            Some(payload) => payload,
            None => self.add(""),
        }
    }

    pub(super) fn known_payload(&self, id: Id, index: u32) -> Option<Id> {
        match self.definition(id) {
            Definition::Enum(_, cases) => cases.get(&index)?.payload,
            _ => None,
        }
    }

    /// The members recorded for a type, if it began with the same head.
    pub(super) fn members(&self, id: Id, head: Head) -> Option<&[(&'static str, Id)]> {
        match self.definition(id) {
            Definition::Members(members) if members.head == head => Some(&members.list),
            _ => None,
        }
    }

    /// Records a further observation of a type.
    #[inline(never)]
    pub(super) fn merge(&mut self, id: Id, seen: Definition) {
        let id = self.representative(id);
        if self.conflict || self.definitions[id] == seen {
            return;
        }
        let mut same = Vec::new();
        self.combine(id, seen, &mut same);
        self.unify_all(same);
    }

    /// Records that two types turned up in one place.
    pub(super) fn unify(&mut self, one: Id, other: Id) {
        if self.representative(one) != self.representative(other) {
            self.unify_all(vec![(one, other)]);
        }
    }

    fn unify_all(&mut self, mut same: Vec<(Id, Id)>) {
        // Each turn makes two definitions one, so that this ends for recursive types too.
        while let Some((one, other)) = same.pop() {
            let (one, other) = (self.representative(one), self.representative(other));
            if one != other && !self.conflict {
                let seen = mem::replace(&mut self.definitions[other], Definition::Same(one));
                self.combine(one, seen, &mut same);
            }
        }
    }

    fn combine(&mut self, id: Id, seen: Definition, same: &mut Vec<(Id, Id)>) {
        let known = mem::replace(&mut self.definitions[id], Definition::Unknown);
        match known.join(seen, same) {
            Some(joined) => self.definitions[id] = joined,
            None => self.conflict = true,
        }
    }

    pub(super) fn set_conflict(&mut self) {
        self.conflict = true;
    }
}

/// The type that a reference or box leads to, as which it is written.
fn pointer_target(name: &'static str) -> Option<&'static str> {
    match name.strip_prefix('&') {
        Some(target) => Some(target.strip_prefix("mut ").unwrap_or(target)),
        None => name.strip_prefix("alloc::boxed::Box<")?.strip_suffix('>'),
    }
}

impl Definition {
    /// What is known from both; the parts that must be the same for that are added to `same`.
    fn join(self, seen: Self, same: &mut Vec<(Id, Id)>) -> Option<Self> {
        Some(match (self, seen) {
            (Self::Unknown, other) | (other, Self::Unknown) => other,
            (Self::Primitive(a), Self::Primitive(b)) if a == b => Self::Primitive(a),
            (Self::Option(a), Self::Option(b)) => Self::Option(join_parts(a, b, same)),
            (Self::Seq(a), Self::Seq(b)) => Self::Seq(join_parts(a, b, same)),
            (Self::Map(key, value), Self::Map(other_key, other_value)) => {
                Self::Map(join_parts(key, other_key, same), join_parts(value, other_value, same))
            }
            (Self::Newtype(name, a), Self::Newtype(other, b)) if name == other => {
                same.push((a, b));
                Self::Newtype(name, a)
            }
            (Self::Members(a), Self::Members(b)) if a.fits(&b) => {
                same.extend(a.list.iter().zip(&b.list).map(|(a, b)| (a.1, b.1)));
                Self::Members(a)
            }
            (Self::Enum(name, mut cases), Self::Enum(other, seen)) if name == other => {
                for (index, case) in seen {
                    join_case(&mut cases, index, &case, same)?;
                }
                Self::Enum(name, cases)
            }
            _ => return None,
        })
    }
}

impl Members {
    fn fits(&self, other: &Self) -> bool {
        self.head == other.head
            && self.list.iter().map(|member| member.0).eq(other.list.iter().map(|member| member.0))
    }
}

fn join_parts(one: Option<Id>, other: Option<Id>, same: &mut Vec<(Id, Id)>) -> Option<Id> {
    if let (Some(one), Some(other)) = (one, other) {
        same.push((one, other));
    }
    one.or(other)
}

fn join_case(
    cases: &mut BTreeMap<u32, Case>,
    index: u32,
    seen: &Case,
    same: &mut Vec<(Id, Id)>,
) -> Option<()> {
    let known = cases.entry(index).or_insert_with(|| seen.clone());
    match (known.payload, seen.payload) {
        _ if known.name != seen.name => return None,
        (Some(one), Some(other)) => same.push((one, other)),
        (None, None) => {}
        _ => return None,
    }
    Some(())
}
