//! Where something is copied or moved from and to.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;

use calcstore::key::Key;
use calcstore::{DataStore, ErrorKind, Node, NodeKind};

use super::failure::Failure;
use super::global::Calc;
use super::keys;
use super::operand::split;
use super::source::Source;

/// A KEY of the calculation that `-c` names, or `CALC:KEY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub calc: Option<Calc>,
    pub key: String,
}

/// One thing that goes from one key to another.
#[derive(Debug)]
pub struct Move {
    pub node: Node,
    pub to: String,
    /// Whether something is there that makes room for it.
    pub replaces: bool,
}

/// What is done where something has the key already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Groups are taken with everything in them.
    pub recursive: bool,
    /// Nothing is replaced.
    pub no_clobber: bool,
    /// A group takes the place of a group.
    pub force: bool,
}

/// Stands before a place such as `-2:/a` while the arguments are parsed: a list of values that may begin with hyphens
/// would swallow the options behind it.
const MARK: &str = "\u{2}";

/// The options before or behind a verb whose value is the next word.
const WITH_VALUE: [&str; 5] = ["-c", "--calc", "--datadir", "--lock-timeout", "--color"];

/// Marks the places that begin with a negative ID, behind a verb that takes places.
pub fn mark(given: Vec<OsString>) -> Vec<OsString> {
    let is_place = |word: &OsString| {
        let calc = word.to_str().and_then(|word| word.strip_prefix('-')?.split_once(':'));
        calc.is_some_and(|(id, _)| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let is = |word: Option<&OsString>, these: &[&str]| {
        word.and_then(|word| word.to_str()).is_some_and(|word| these.contains(&word))
    };
    // As in `-qc 3`.
    let ends_with_calc = |word: &OsString| {
        let letters = word.to_str().and_then(|word| word.strip_prefix('-')?.strip_suffix('c'));
        letters.is_some_and(|letters| letters.bytes().all(|letter| letter.is_ascii_alphabetic()))
    };
    // The program itself is no option's value either.
    let is_value = |at: usize| {
        at == 0 || is(given.get(at - 1), &WITH_VALUE) || given.get(at - 1).is_some_and(ends_with_calc)
    };
    let is_option = |word: &OsString| word.as_encoded_bytes().starts_with(b"-");
    let verb = (0..given.len()).find(|&at| !is_value(at) && !is_option(&given[at]));
    let Some(verb) = verb.filter(|&at| is(given.get(at), &["cp", "mv"])) else { return given };
    let behind = given.iter().enumerate().skip(verb + 1).take_while(|(_, word)| *word != "--");
    let places: HashSet<usize> =
        behind.filter(|(at, word)| is_place(word) && !is_value(*at)).map(|(at, _)| at).collect();
    let marked = |(at, word): (usize, OsString)| match word.to_str() {
        Some(text) if places.contains(&at) => format!("{MARK}{text}").into(),
        _ => word,
    };
    given.into_iter().enumerate().map(marked).collect()
}

impl Place {
    /// Understands an argument. No key holds a `:`, so that what is behind the last one is the key.
    pub fn parse(argument: OsString) -> Result<Self, String> {
        let no_text = || "the key is no text".to_owned();
        let argument = match argument.to_str().and_then(|text| text.strip_prefix(MARK)) {
            Some(unmarked) => unmarked.into(),
            None => argument,
        };
        match split(&argument) {
            Some((calc, key)) => {
                let key = key.ok_or_else(no_text)?;
                Ok(Self {
                    calc: Some(Calc::parse(calc)?),
                    key: if key.is_empty() { "/".to_owned() } else { key },
                })
            }
            None => Ok(Self { calc: None, key: argument.into_string().map_err(|_| no_text())? }),
        }
    }
}

/// Finds out what goes where, before anything does: what is named goes to `to`, or into it where it is a group, ends with
/// `/`, or several things are named.
pub fn plan(
    source: &DataStore,
    from: &[&str],
    (target, to): (&DataStore, &str),
    rules: Rules,
) -> Result<Vec<Move>, Failure> {
    let mut nodes: Vec<Node> = Vec::new();
    for key in from {
        nodes.extend(keys::own_nodes(&Source::from(source), key)?);
    }
    nodes.dedup_by(|one, other| one.key == other.key);
    // What is below something else goes with it.
    let keys: HashSet<String> = nodes.iter().map(|node| node.key.clone()).collect();
    nodes.retain(|node| !above(&node.key).any(|key| keys.contains(key)));
    let there = existing(target, to)?;
    let is_group = there.as_ref().is_some_and(|node| node.kind == NodeKind::Group);
    if nodes.len() > 1 && !is_group && !to.ends_with('/') {
        let message =
            format!("is no group, and {} things are to go there; end it with / to make one", nodes.len());
        return Err(Failure::new(ErrorKind::Conflict, message).with_key(to));
    }
    let into = is_group || to.ends_with('/');
    nodes.into_iter().map(|node| one(target, node, to, into, rules)).collect()
}

/// The keys of the groups above a key.
fn above(key: &str) -> impl Iterator<Item = &str> {
    let root = (key != "/").then_some("/");
    root.into_iter().chain(key.match_indices('/').filter(|(at, _)| *at > 0).map(|(at, _)| &key[..at]))
}

/// Refuses where two things would go to one key.
pub fn check_apart<'a>(moves: impl Iterator<Item = &'a Move>) -> Result<(), Failure> {
    let mut targets: HashMap<&str, &str> = HashMap::new();
    for one in moves {
        if let Some(other) = targets.insert(&one.to, &one.node.key) {
            let message = format!("both {other} and {} would go here", one.node.key);
            return Err(Failure::new(ErrorKind::Conflict, message).with_key(&one.to));
        }
    }
    Ok(())
}

fn one(target: &DataStore, node: Node, to: &str, into: bool, rules: Rules) -> Result<Move, Failure> {
    let refuse = |kind, why: &str, key: &str| Err(Failure::new(kind, why).with_key(key));
    let is_group = node.kind == NodeKind::Group;
    if node.key == "/" && !into {
        return refuse(ErrorKind::Conflict, "is everything; '/*' is what is in it", "/");
    }
    if is_group && !rules.recursive {
        return refuse(ErrorKind::Conflict, "is a group; -r takes it with everything in it", &node.key);
    }
    let name = node.key.rsplit('/').next().unwrap_or_default();
    let to = if into && !name.is_empty() { format!("{to}/{name}") } else { to.to_owned() };
    let to = Key::new(&to)?.to_string();
    let there = existing(target, &to)?;
    match &there {
        Some(_) if rules.no_clobber => {
            let message = "there is a value or a group here already";
            refuse(ErrorKind::AlreadyExists, message, &to)
        }
        Some(there) if there.kind == NodeKind::Group && !is_group => {
            refuse(ErrorKind::Conflict, "holds a group, which a value never replaces", &to)
        }
        Some(_) if is_group && !rules.force => {
            refuse(ErrorKind::AlreadyExists, "there is a value or a group here already; -f replaces it", &to)
        }
        there => Ok(Move { node, to, replaces: there.is_some() }),
    }
}

/// What is under a key in this very store, not in its parent.
fn existing(store: &DataStore, key: &str) -> Result<Option<Node>, Failure> {
    match keys::own_nodes(&Source::from(store), &Key::new(key)?.to_string()) {
        Ok(nodes) => Ok(nodes.into_iter().next()),
        Err(Failure::Fault(fault)) if fault.kind == ErrorKind::NotFound => Ok(None),
        Err(failure) => Err(failure),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_behind_cp_and_mv_are_marked() {
        for (typed, places) in [
            ("calcstore cp -2:/a /b", &[2][..]),
            ("calcstore -q --datadir cp mv -v /a -2:", &[7]),
            ("calcstore -c cp rm -2:/a", &[]),
            ("calcstore diff cp -2:/a", &[]),
            ("calcstore rm mv -2:/a", &[]),
            ("calcstore cp -c -2:/a -2:/b /c", &[4]),
            ("calcstore cp -- -2:/a /b", &[]),
            ("cp ls -2:/a", &[]),
            ("calcstore -qc 3 cp -2:/a /b", &[4]),
        ] {
            let marked = mark(typed.split(' ').map(OsString::from).collect());
            let is_marked = |word: &OsString| word.to_str().is_some_and(|word| word.starts_with(MARK));
            let found: Vec<usize> = (0..marked.len()).filter(|&at| is_marked(&marked[at])).collect();
            assert_eq!(found, places, "{typed}");
        }
    }

    #[test]
    fn a_place_is_a_key_or_that_of_another_calculation() {
        let place = |calc, key: &str| Ok(Place { calc, key: key.to_owned() });
        for (typed, expected) in [
            ("/0/a", place(None, "/0/a")),
            ("0/a", place(None, "0/a")),
            ("12", place(None, "12")),
            ("-2:/a", place(Some(Calc::Id(-2)), "/a")),
            ("\u{2}-2:/a", place(Some(Calc::Id(-2)), "/a")),
            ("7:", place(Some(Calc::Id(7)), "/")),
            ("./s:a/", place(Some(Calc::Path("./s".into())), "a/")),
        ] {
            assert_eq!(Place::parse(typed.into()), expected, "{typed}");
        }
        assert!(Place::parse(":/a".into()).is_err());
    }
}
